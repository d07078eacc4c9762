//! Messages that the snaplen cuts: what stands before the cut is read, what is missing is nobody's fault.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

mod frames;

use std::collections::{BTreeMap, BTreeSet};

use capture::{Pipeline, RawFrame};
use frames::*;

macro_rules! message {
    ($name:literal) => {
        include_bytes!(concat!("../../protocols/src/", $name)).as_slice()
    };
}

/// What a capture of one frame says, each fact read again from the octets that the capture holds, and its counters.
fn read(octets: &[u8], captured: usize) -> (BTreeSet<(String, String)>, BTreeMap<String, u64>) {
    let held = &octets[..captured];
    let frame = RawFrame { octets: held, ..frame(octets) };
    let mut pipeline = Pipeline::default();
    pipeline.frame(&frame);
    let (batch, totals) = pipeline.finish();
    let facts = batch.facts.iter().map(|fact| {
        let mut proof = Vec::new();
        for range in &fact.evidence.ranges {
            proof.extend_from_slice(&held[range.offset as usize..][..range.length as usize]);
        }
        let value = (protocols::rule(&fact.rule).unwrap().read)(&proof);
        assert_eq!(value.as_ref(), Some(&fact.value), "{}", fact.attribute);
        (fact.attribute.to_string(), fact.value.clone())
    });
    (facts.collect(), totals.counters)
}

#[test]
fn headers_that_the_capture_cut_are_counted_as_cut_and_not_as_malformed() {
    let octets = over_tcp(502, message!("modbus/messages/identify-request.bin"));
    for captured in 0..octets.len() {
        let counters = read(&octets, captured).1;
        let malformed: Vec<_> = counters.keys().filter(|name| name.starts_with("malformed")).collect();
        assert!(malformed.is_empty(), "{captured}: {counters:?}");
    }
    let (_, counters) = read(&octets, 20);
    let (_, tcp) = read(&octets, 14 + 20 + 2);
    assert_eq!(counters.get("ipv4 header cut by the capture"), Some(&1), "{counters:?}");
    assert_eq!(tcp.get("tcp header cut by the capture"), Some(&1), "{tcp:?}");
}

/// Cuts a frame at every length behind its headers.
fn check(octets: &[u8], message: &[u8], half: &str) {
    let (whole, counters) = read(octets, octets.len());
    assert!(!counters.contains_key("messages cut by the capture"), "{counters:?}");
    let mut said = BTreeSet::new();
    for captured in octets.len() - message.len() + 1..octets.len() {
        let (facts, counters) = read(octets, captured);
        let made_up: Vec<_> = facts.difference(&whole).collect();
        assert!(made_up.is_empty(), "{captured}: {made_up:?}");
        assert_eq!(counters.get("messages cut by the capture"), Some(&1), "{captured}: {counters:?}");
        let malformed: Vec<_> = counters.keys().filter(|name| name.starts_with("malformed")).collect();
        assert!(malformed.is_empty(), "{captured}: {malformed:?}");
        said = facts;
    }
    assert!(said.iter().any(|(attribute, _)| attribute == half), "{said:?}");
}

/// A message over TCP, to this port.
fn over_tcp(port: u16, message: &[u8]) -> Vec<u8> {
    let mut segment = tcp(message);
    segment[2..4].copy_from_slice(&port.to_be_bytes());
    ethernet(0x0800, &ipv4(6, &segment))
}

#[test]
fn objects_of_a_modbus_identification_before_the_cut_are_said() {
    let message = message!("modbus/messages/identify-regular-response.bin");
    check(&over_tcp(502, message), message, "vendor");
}

#[test]
fn records_of_a_system_status_list_before_the_cut_are_said() {
    let message = message!("s7comm/messages/szl-0011.bin");
    check(&over_tcp(102, message), message, "order_number");
}

#[test]
fn fields_of_an_identity_before_the_cut_are_said() {
    let message = message!("enip/messages/list-identity-udp.bin");
    check(&ethernet(0x0800, &ipv4(17, &udp(44_818, message))), message, "serial_number");
}

#[test]
fn device_attributes_in_whole_blocks_before_the_cut_are_said() {
    let message = message!("dnp3/messages/device-attributes.bin");
    check(&over_tcp(20_000, message), message, "model");
    check(&ethernet(0x0800, &ipv4(17, &udp(20_000, message))), message, "model");
}
