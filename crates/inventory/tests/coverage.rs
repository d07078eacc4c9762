//! What a port cannot see.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::inventory;
use inventory::NoEstimate;

#[test]
fn half_conversations_silent_targets_and_missing_vlans_are_counted() {
    let inventory = inventory(
        "sent 10.0.0.1 vlan=10
         sent 10.0.0.9
         talk 10.0.0.9 10.0.0.1 modbus:502 9/9
         talk 10.0.0.9 10.0.0.1 http:80 9/0
         asked 10.0.0.7 by 10.0.0.9
         asked 10.0.0.1 by 10.0.0.9
         fact 00:1b:1b:00:00:01 | lldp: lldp.port_vlan=10
         fact 00:1b:1b:00:00:01 | lldp: lldp.port_vlan=20",
    );
    let coverage = &inventory.coverage[0];
    assert_eq!((coverage.captures[0].one_way, coverage.captures[0].tcp), (1, 2));
    assert_eq!(coverage.silent_targets, ["10.0.0.7".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(
        (coverage.vlans_carried.as_slice(), coverage.vlans_missing.as_slice()),
        (&[10][..], &[20][..])
    );
    assert_eq!(coverage.estimate, Err(NoEstimate::OneOccasion));
}

#[test]
fn what_captures_lasted_is_counted_once_where_they_overlap() {
    let mut observed =
        common::observed("capture a\nsent 10.0.0.1\ncapture b\nsent 10.0.0.1\ncapture c\nsent 10.0.0.1");
    let hour = |hour: i64| Some(observation::Time(hour * 3_600_000_000_000));
    for (capture, (first, last)) in observed.captures.iter_mut().zip([(0, 2), (1, 3), (10, 11)]) {
        (capture.summary.first, capture.summary.last) = (hour(first), hour(last));
    }
    let coverage = inventory::resolve(&observed, &inventory::Options::default()).coverage;
    assert_eq!(coverage[0].captured, 4 * 3_600_000_000_000);
}

#[test]
fn days_are_occasions_and_captures_where_there_is_one_day() {
    let days = inventory(
        "sent 10.0.0.1\nsent 10.0.0.2\nsent 10.0.0.3\nat 90000\nsent 10.0.0.1\nsent 10.0.0.4\nsent 10.0.0.5\nat 180000\nsent 10.0.0.1\nsent 10.0.0.2",
    );
    let estimate = days.coverage[0].estimate.unwrap();
    assert_eq!((estimate.occasions, estimate.heard, estimate.once, estimate.twice), (3, 5, 3, 1));
    let captures = inventory(
        "capture a\nsent 10.0.0.1\nsent 10.0.0.2\ncapture b\nsent 10.0.0.1\nsent 10.0.0.3\ncapture c\nsent 10.0.0.1",
    );
    let estimate = captures.coverage[0].estimate.unwrap();
    assert_eq!((estimate.occasions, estimate.once), (3, 2));
    let cyclic = inventory("sent 10.0.0.1\nat 90000\nsent 10.0.0.1");
    assert_eq!(cyclic.coverage[0].estimate, Err(NoEstimate::NobodyOnce));
}
