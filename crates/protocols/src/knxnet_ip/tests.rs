//! Datagrams in, interfaces and bus devices out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use observation::{End, Octets, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Output, Probe, Session};

fn context() -> Context {
    Context {
        source: "10.10.10.70".parse().unwrap(),
        destination: "10.10.10.60".parse().unwrap(),
        vlan: None,
        destination_vlan: None,
        transport: Transport::Udp,
        source_port: 3671,
        destination_port: 50_000,
        from: End::Client,
        time: Time(0),
    }
}

fn read<'m>(session: &mut dyn Session, octets: &'m [u8]) -> Output<'m> {
    let mut output = Output::default();
    session.message(&context(), Octets::unplaced(octets), &mut output).unwrap();
    output
}

fn fresh(octets: &[u8]) -> Output<'_> {
    read(&mut *(PROTOCOL.session)(), octets)
}

fn facts(output: &Output<'_>) -> Vec<String> {
    output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)).collect()
}

#[test]
fn a_router_tells_who_it_is() {
    let output = fresh(include_bytes!("messages/udp-search-response.bin"));
    let device = [
        "10.10.10.70 knxnet_ip.medium=twisted pair",
        "10.10.10.70 knxnet_ip.individual_address=1.1.0",
        "10.10.10.70 knxnet_ip.project=project 2 installation 1",
        "10.10.10.70 serial_number=00c501020304",
        "10.10.10.70 vendor=Weinzierl Engineering",
        "10.10.10.70 mac_address=00:24:6d:10:00:46",
        "10.10.10.70 name=KNX IP Router Küche",
        "10.10.10.70 knxnet_ip.services=core 1, device management 1, tunnelling 1, routing 1",
    ];
    assert_eq!(facts(&output), device);
    assert_eq!(output.server_is, Some(End::Client));
    let described = facts(&fresh(include_bytes!("messages/udp-description-response.bin")));
    assert_eq!(described[..8], device);
    assert_eq!(
        described[8..],
        [
            "10.10.10.70 knxnet_ip.subnet_mask=255.255.255.0",
            "10.10.10.70 knxnet_ip.gateway=10.10.10.1",
            "10.10.10.70 knxnet_ip.device_descriptor=0x091a",
        ]
    );
}

#[test]
fn bus_devices_show_once_by_their_telegrams() {
    let mut session = (PROTOCOL.session)();
    let telegram = include_bytes!("messages/udp-tunnelling-from-bus.bin");
    let output = read(&mut *session, telegram);
    assert_eq!(facts(&output), ["10.10.10.70 device=1.1.7 knxnet_ip.individual_address=1.1.7"]);
    assert_eq!(output.spoke.len(), 1);
    let again = read(&mut *session, telegram);
    assert!(again.facts.is_empty() && again.spoke.is_empty());
    let routed = read(&mut *session, include_bytes!("messages/udp-routing-from-bus.bin"));
    assert_eq!(facts(&routed), ["10.10.10.70 device=1.2.9 knxnet_ip.individual_address=1.2.9"]);
}

#[test]
fn what_is_asked_for_is_named() {
    let name = |octets: &[u8]| {
        let output = fresh(octets);
        let operation = output.operations.first().unwrap();
        format!("{} {}", operation.kind.as_str(), operation.name)
    };
    assert_eq!(name(include_bytes!("messages/udp-search-request.bin")), "identify search");
    assert_eq!(name(include_bytes!("messages/udp-description-request.bin")), "identify description");
    assert_eq!(name(include_bytes!("messages/udp-connect-request.bin")), "diagnostic connect");
    assert_eq!(name(include_bytes!("messages/udp-tunnelling-group-write.bin")), "write group value write");
    assert_eq!(name(include_bytes!("messages/udp-tunnelling-memory-write.bin")), "program memory write");
    let write = include_bytes!("messages/udp-device-configuration-write.bin");
    assert_eq!(name(write), "program device configuration write");
}

#[test]
fn frames_are_told_by_header_and_service() {
    let octets = include_bytes!("messages/udp-search-request.bin");
    assert_eq!((PROTOCOL.frame)(octets, Transport::Udp), Frame::Message(14));
    assert_eq!((PROTOCOL.frame)(&octets[..8], Transport::Tcp), Frame::Partial(14));
    assert_eq!((PROTOCOL.frame)(&[6, 0x11], Transport::Udp), Frame::Foreign);
    assert_eq!((PROTOCOL.probe)(octets, Transport::Udp), Probe::Certain);
    assert_eq!((PROTOCOL.probe)(&[6, 0x10, 0x77, 0, 0, 6], Transport::Udp), Probe::Foreign);
}

#[test]
fn a_cut_answer_says_what_stood_before_the_cut() {
    let octets = include_bytes!("messages/udp-description-response.bin");
    let mut output = Output::default();
    let result = (PROTOCOL.session)().message(&context(), Octets::unplaced(&octets[..65]), &mut output);
    assert!(result.is_err());
    assert_eq!(output.facts.len(), 7);
}
