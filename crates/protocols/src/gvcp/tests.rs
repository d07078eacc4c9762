//! Datagrams in, cameras out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use observation::{End, Octets, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Output, Probe};

fn context() -> Context {
    Context {
        source: "10.10.10.81".parse().unwrap(),
        destination: "10.10.10.60".parse().unwrap(),
        vlan: None,
        destination_vlan: None,
        transport: Transport::Udp,
        source_port: 3956,
        destination_port: 50_000,
        from: End::Server,
        time: Time(0),
    }
}

fn read(octets: &[u8]) -> Output<'_> {
    let mut output = Output::default();
    (PROTOCOL.session)().message(&context(), Octets::unplaced(octets), &mut output).unwrap();
    output
}

fn facts(octets: &[u8]) -> Vec<(&'static str, String)> {
    read(octets).into_said().facts.into_iter().map(|fact| (fact.attribute, fact.value)).collect()
}

#[test]
fn a_camera_tells_who_it_is() {
    let octets = include_bytes!("messages/discovery-answer.bin");
    let expected = [
        ("mac_address", "00:0f:31:10:00:51"),
        ("gvcp.subnet_mask", "255.255.255.0"),
        ("gvcp.gateway", "10.10.10.1"),
        ("vendor", "Lab Vision"),
        ("model", "LV-1400C"),
        ("firmware_version", "2.4.1"),
        ("description", "Line 1 top view"),
        ("serial_number", "LV00017"),
        ("name", "cam-1"),
    ];
    assert_eq!(facts(octets), expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(read(octets).server_is, Some(End::Server));
    let memory = facts(include_bytes!("messages/read-memory-answer.bin"));
    assert_eq!(memory, [("serial_number", "LV00017".to_owned())]);
    assert!(facts(include_bytes!("messages/refused.bin")).is_empty());
}

#[test]
fn what_is_asked_for_is_named_and_events_come_from_the_camera() {
    let name = |octets: &[u8]| {
        let output = read(octets);
        assert_eq!(output.server_is, Some(End::Client));
        let operation = output.operations.first().unwrap();
        format!("{} {}", operation.kind.as_str(), operation.name)
    };
    assert_eq!(name(include_bytes!("messages/discovery.bin")), "identify discovery");
    assert_eq!(name(include_bytes!("messages/force-ip.bin")), "program force ip");
    assert_eq!(name(include_bytes!("messages/read-memory.bin")), "read read memory");
    assert_eq!(name(include_bytes!("messages/write-register.bin")), "write write registers");
    let event = read(include_bytes!("messages/event.bin"));
    assert!(event.operations.is_empty());
    assert_eq!(event.server_is, Some(End::Server));
}

#[test]
fn only_discovery_is_certain_elsewhere() {
    let probe = |octets: &[u8], transport| (PROTOCOL.probe)(octets, transport);
    assert_eq!(probe(include_bytes!("messages/discovery.bin"), Transport::Udp), Probe::Certain);
    assert_eq!(probe(include_bytes!("messages/discovery-answer.bin"), Transport::Udp), Probe::Certain);
    assert_eq!(probe(include_bytes!("messages/read-memory.bin"), Transport::Udp), Probe::Foreign);
    assert_eq!(probe(include_bytes!("messages/discovery.bin"), Transport::Tcp), Probe::Foreign);
    assert_eq!((PROTOCOL.frame)(&[0x43; 20], Transport::Udp), Frame::Foreign);
    let answer = include_bytes!("messages/discovery-answer.bin");
    assert_eq!((PROTOCOL.frame)(&answer[..100], Transport::Udp), Frame::Partial(256));
}

#[test]
fn a_cut_answer_says_what_stood_before_the_cut() {
    let octets = include_bytes!("messages/discovery-answer.bin");
    let mut output = Output::default();
    let result = (PROTOCOL.session)().message(&context(), Octets::unplaced(&octets[..150]), &mut output);
    assert!(result.unwrap_err().to_string().contains("missing"));
    assert_eq!(output.facts.last().unwrap().value, "LV-1400C");
}
