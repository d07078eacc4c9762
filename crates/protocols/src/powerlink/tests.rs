//! Frames in, nodes out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use observation::{Address, End, Mac, Octets, Piece, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Output, Session};

const CONTEXT: Context = Context {
    source: Address::Mac(Mac([0x00, 0x60, 0x65, 0x10, 0x00, 0x03])),
    destination: Address::Mac(Mac([0x01, 0x11, 0x1e, 0x00, 0x00, 0x04])),
    vlan: None,
    destination_vlan: None,
    transport: Transport::Ethernet,
    source_port: 0,
    destination_port: 0x88ab,
    from: End::Client,
    time: Time(0),
};

const PLACE: [Piece; 1] = [Piece { at: 0, frame: 1, offset: 14 }];

fn read<'m>(session: &mut dyn Session, octets: &'m [u8]) -> Output<'m> {
    let mut output = Output::default();
    session.message(&CONTEXT, Octets::new(octets, &PLACE), &mut output).unwrap();
    output
}

fn facts(output: &Output<'_>) -> Vec<(&'static str, String)> {
    output.facts.iter().map(|fact| (fact.attribute, fact.value.clone())).collect()
}

fn operation(octets: &[u8]) -> String {
    let output = read(&mut *(PROTOCOL.session)(), octets);
    let operation = output.operations.first().unwrap();
    format!("{} {}", operation.kind.as_str(), operation.name)
}

#[test]
fn a_node_tells_who_it_is() {
    let output = read(&mut *(PROTOCOL.session)(), include_bytes!("messages/ident-response.bin"));
    let expected = [
        ("powerlink.node_id", "3"),
        ("powerlink.node", "controlled node"),
        ("mode", "OPERATIONAL"),
        ("powerlink.profile", "402"),
        ("vendor", "B&R Industrial Automation"),
        ("powerlink.vendor_id", "0x0100006c"),
        ("powerlink.product_code", "0x0000e6b6"),
        ("powerlink.revision", "0x00010002"),
        ("serial_number", "1234567"),
        ("powerlink.application_date", "2025-11-22"),
        ("hostname", "axis-3"),
        ("ip_address", "192.168.100.3"),
    ];
    assert_eq!(facts(&output), expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(output.server_is, Some(End::Client));
}

#[test]
fn an_address_in_network_order_is_told_by_the_node_number() {
    let octets = include_bytes!("messages/ident-response-network-order.bin");
    let said = facts(&read(&mut *(PROTOCOL.session)(), octets));
    assert!(said.contains(&("ip_address", "192.168.100.4".to_owned())));
    assert!(said.iter().all(|(name, _)| !matches!(*name, "hostname" | "vendor")));
}

#[test]
fn cyclic_frames_say_number_and_state_once_and_their_change() {
    let mut session = (PROTOCOL.session)();
    let response = include_bytes!("messages/poll-response.bin");
    assert_eq!(facts(&read(&mut *session, response)).len(), 3);
    assert!(read(&mut *session, response).facts.is_empty());
    let stopped = facts(&read(&mut *session, include_bytes!("messages/status-response.bin")));
    assert_eq!(stopped, [("mode", "STOPPED".to_owned())]);
    assert_eq!(read(&mut *session, include_bytes!("messages/poll-request.bin")).server_is, Some(End::Server));
    let mut session = (PROTOCOL.session)();
    let cycle = include_bytes!("messages/start-of-cycle.bin");
    let managing = facts(&read(&mut *session, cycle));
    assert_eq!(managing[1], ("powerlink.node", "managing node".to_owned()));
    assert!(read(&mut *session, cycle).facts.is_empty());
}

#[test]
fn what_is_asked_for_is_named() {
    assert_eq!(operation(include_bytes!("messages/start-of-asynchronous.bin")), "identify ident request");
    assert_eq!(operation(include_bytes!("messages/nmt-stop-node.bin")), "diagnostic stop node");
    assert_eq!(operation(include_bytes!("messages/nmt-set-host-name.bin")), "program set host name");
    assert_eq!(operation(include_bytes!("messages/sdo-read.bin")), "read read by index");
    let answer = include_bytes!("messages/sdo-answer.bin");
    assert!(read(&mut *(PROTOCOL.session)(), answer).operations.is_empty());
}

#[test]
fn a_cut_answer_says_what_stood_before_the_cut() {
    let octets = include_bytes!("messages/ident-response.bin");
    let mut output = Output::default();
    let result = (PROTOCOL.session)().message(&CONTEXT, Octets::new(&octets[..40], &PLACE), &mut output);
    assert_eq!(result.unwrap_err().to_string(), "IdentResponse at octet 40: 74 octets missing");
    assert_eq!(facts(&output).last().unwrap().0, "powerlink.product_code");
}

#[test]
fn only_its_message_types_are_framed() {
    assert_eq!((PROTOCOL.frame)(&[6, 255, 3, 1], Transport::Ethernet), Frame::Message(4));
    assert_eq!((PROTOCOL.frame)(&[6, 255], Transport::Ethernet), Frame::Partial(4));
    assert_eq!((PROTOCOL.frame)(&[0x20, 255, 3, 1], Transport::Ethernet), Frame::Foreign);
    assert_eq!((PROTOCOL.frame)(&[6, 255, 3, 1], Transport::Udp), Frame::Foreign);
}
