//! Messages made up by the published layout.

use observation::{Basis, End, OperationKind, Transport};

use super::PROTOCOL;
use crate::trial::hear;
use crate::{Frame, Probe};

const ANNUNCIATION: &[u8] = include_bytes!("messages/annunciation-udp.bin");
const IDENTIFY: &[u8] = include_bytes!("messages/identify-node-request-udp.bin");
const IDENTIFIED: &[u8] = include_bytes!("messages/identify-node-response-udp.bin");

#[test]
fn a_linking_device_announces_itself_and_its_links() {
    let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Server, ANNUNCIATION), (End::Server, ANNUNCIATION)]);
    let facts: Vec<_> = heard
        .facts
        .iter()
        .map(|(station, attribute, value, _)| format!("{station} {attribute}={value}"))
        .collect();
    assert_eq!(
        facts,
        [
            "10.0.0.5 ff_hse.device_type=linking device",
            "10.0.0.5 ff_hse.device_index=5",
            "10.0.0.5 ip_address=10.10.30.7",
            "10.0.0.5 ff_hse.device_id=0E1AB00001EX-0000123",
            "10.0.0.5 ff_hse.manufacturer_id=0E1AB0",
            "10.0.0.5 ff_hse.device_type_id=0001",
            "10.0.0.5 serial_number=EX-0000123",
            "10.0.0.5 name=LD-EX-1",
            "10.0.0.5 ff_hse.h1_link=4097",
            "10.0.0.5 ff_hse.h1_link=4098",
        ],
        "and once only"
    );
    assert!(heard.malformed.is_empty() && heard.facts.iter().all(|fact| fact.3 == Basis::Stated));
}

#[test]
fn a_device_on_an_h1_link_is_asked_and_answers() {
    let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Client, IDENTIFY), (End::Server, IDENTIFIED)]);
    assert_eq!(heard.operations, [(OperationKind::Identify, "identify")]);
    assert_eq!(heard.servers, [End::Server, End::Server]);
    let below = "10.0.0.5 link=4097/node=24";
    assert_eq!(heard.mentioned, [(below.to_owned(), "ff address")]);
    assert!(heard.has(below, "vendor", "Exemplum Process"), "{:?}", heard.facts);
    assert!(heard.has(below, "model", "EX-PT 100") && heard.has(below, "firmware_version", "3.14"));
}

#[test]
fn who_has_a_tag_is_told_by_its_holder() {
    let octets = include_bytes!("messages/find-tag-reply-udp.bin");
    let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Server, octets)]);
    assert_eq!(heard.mentioned, [("10.10.30.7 link=4097/node=24".to_owned(), "ff tag reply")]);
    assert!(heard.facts.is_empty(), "another address tells it");
}

#[test]
fn writes_and_stops_over_tcp_are_operations() {
    let octets = include_bytes!("messages/write-and-stop.bin");
    let Frame::Message(first) = (PROTOCOL.frame)(octets, Transport::Tcp) else { panic!("no message") };
    let heard =
        hear(&PROTOCOL, Transport::Tcp, &[(End::Client, &octets[..first]), (End::Client, &octets[first..])]);
    assert_eq!(heard.operations, [(OperationKind::Write, "write"), (OperationKind::Control, "stop")]);
}

#[test]
fn only_announcements_with_names_are_certain() {
    assert_eq!((PROTOCOL.probe)(ANNUNCIATION, Transport::Udp), Probe::Certain);
    assert_eq!((PROTOCOL.probe)(IDENTIFY, Transport::Udp), Probe::Unsure);
    assert_eq!((PROTOCOL.probe)(&ANNUNCIATION[..40], Transport::Udp), Probe::Foreign);
    assert_eq!(
        (PROTOCOL.probe)(&[1, 0x80, 0x08, 0x10, 0, 0, 0, 0, 0, 0, 0, 4], Transport::Udp),
        Probe::Foreign
    );
}
