//! Whole messages in, everything that is said of them out.
#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use observation::{End, Octets, Piece, Time, Transport};

use super::PROTOCOL;
use super::session::S7Plus;
use crate::{Context, Frame, Output, Probe, Session, tpkt};

const IDENTIFICATION: &[u8] = include_bytes!("messages/identification.bin");

fn context(from: End) -> Context {
    let (client, server) = ("10.10.10.60".parse().unwrap(), "10.10.10.15".parse().unwrap());
    let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
    let (source_port, destination_port) = if from == End::Client { (55_000, 102) } else { (102, 55_000) };
    Context {
        source,
        destination,
        vlan: None,
        destination_vlan: None,
        transport: Transport::Tcp,
        source_port,
        destination_port,
        from,
        time: Time(0),
    }
}

#[derive(Debug, Default)]
struct Said {
    facts: Vec<String>,
    operations: Vec<String>,
    malformed: Vec<String>,
    secrets: usize,
    server_is: Vec<End>,
    hand_over: bool,
}

fn say(said: &mut Said, session: &mut S7Plus, from: End, message: &[u8]) {
    hear(said, session, from, Octets::new(message, &[Piece { at: 0, frame: 1, offset: 54 }]));
}

fn hear(said: &mut Said, session: &mut S7Plus, from: End, message: Octets<'_>) {
    let mut output = Output::default();
    if let Err(malformed) = session.message(&context(from), message, &mut output) {
        said.malformed.push(malformed.to_string());
    }
    let facts = output.facts.iter();
    said.facts.extend(facts.map(|fact| format!("{} {} = {}", fact.station, fact.attribute, fact.value)));
    let operations = output.operations.iter();
    said.operations
        .extend(operations.map(|operation| format!("{} {}", operation.kind.as_str(), operation.name)));
    said.malformed.extend(output.malformed.iter().map(ToString::to_string));
    said.secrets += output.secrets.iter().flat_map(|secret| &secret.ranges).count();
    said.server_is.extend(output.server_is);
    said.hand_over |= output.hand_over;
}

fn conversation(messages: &[(End, &[u8])]) -> Said {
    let (mut said, mut session) = (Said::default(), S7Plus::default());
    for (from, octets) in messages {
        let mut octets = *octets;
        while let Frame::Message(length) = tpkt::frame(octets) {
            let (packet, rest) = octets.split_at(length);
            say(&mut said, &mut session, *from, packet);
            octets = rest;
        }
        assert!(octets.is_empty());
    }
    said
}

#[test]
fn the_session_tells_client_and_cpu() {
    let said = conversation(&[
        (End::Client, include_bytes!("messages/create-session.bin")),
        (End::Server, include_bytes!("messages/session-version.bin")),
    ]);
    assert_eq!(
        said.facts,
        [
            "10.10.10.60 s7comm_plus.client_network_card = Example Gigabit NIC",
            "10.10.10.60 s7comm_plus.client_application = Example Runtime",
            "10.10.10.60 hostname = ENG-PC-07",
            "10.10.10.60 s7comm_plus.client_host = ENG-PC-07_12345678",
            "10.10.10.60 s7comm_plus.client_comment = Read/Write tags",
            "10.10.10.15 order_number = 6ES7 214-1AG40-0XB0",
            "10.10.10.15 firmware_version = V4.3",
            "10.10.10.15 vendor = Siemens AG",
        ]
    );
    assert_eq!(said.operations, ["diagnostic create session"]);
    assert_eq!(said.server_is, [End::Server]);
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

const IM0: [&str; 5] = [
    "10.10.10.15 vendor = Siemens AG",
    "10.10.10.15 order_number = 6ES7 214-1AG40-0XB0",
    "10.10.10.15 serial_number = S C-X0AB12345678",
    "10.10.10.15 hardware_revision = 7",
    "10.10.10.15 firmware_version = V4.3.1",
];

#[test]
fn the_identification_block_is_read_behind_a_digest_and_in_parts() {
    let said = conversation(&[
        (End::Client, include_bytes!("messages/get-identification.bin")),
        (End::Server, IDENTIFICATION),
    ]);
    assert_eq!(
        (said.facts.as_slice(), said.operations.as_slice()),
        (IM0.map(str::to_owned).as_slice(), ["identify get identification".to_owned()].as_slice())
    );
    let said = conversation(&[(End::Server, include_bytes!("messages/identification-in-parts.bin"))]);
    assert_eq!(said.facts, IM0);
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn what_the_capture_left_of_a_message_is_read() {
    let (mut said, mut session) = (Said::default(), S7Plus::default());
    let version: &[u8] = include_bytes!("messages/session-version.bin");
    // The order number and the firmware stand before the cut, another text behind.
    let cut = Octets::unplaced(&version[..version.len() - 12]).cut();
    hear(&mut said, &mut session, End::Server, cut);
    assert_eq!(said.facts.len(), 3, "{:?}", said.facts);
    assert_eq!(said.malformed.len(), 1, "{:?}", said.malformed);
    hear(&mut said, &mut session, End::Server, Octets::unplaced(&IDENTIFICATION[..100]).cut());
    assert_eq!(said.facts.len(), 3, "half a block says nothing");
    session.gap(End::Server);
    say(&mut said, &mut session, End::Server, IDENTIFICATION);
    assert_eq!(said.facts[3..], IM0);
}

#[test]
fn the_operating_state_is_said_only_where_it_was_asked_for() {
    let asks: &[u8] = include_bytes!("messages/get-operating-state.bin");
    let answers: &[u8] = include_bytes!("messages/operating-state.bin");
    assert_eq!(
        conversation(&[(End::Client, asks), (End::Server, answers)]).facts,
        ["10.10.10.15 mode = STOP"]
    );
    assert!(conversation(&[(End::Server, answers)]).facts.is_empty());
}

#[test]
fn operations_are_told_apart_by_what_they_ask_for() {
    let said = conversation(&[
        (End::Client, include_bytes!("messages/stop-and-start.bin")),
        (End::Client, include_bytes!("messages/download.bin")),
        (End::Client, include_bytes!("messages/subscription.bin")),
    ]);
    assert_eq!(
        said.operations,
        [
            "control plc stop",
            "control plc start",
            "program begin download transaction",
            "program create object",
            "program delete object",
            "program end sequence",
            "read resolve address",
            "diagnostic delete session",
            "read create subscription",
            "diagnostic delete session object",
        ]
    );
    assert_eq!(said.facts, ["10.10.10.15 s7comm_plus.downloaded_object = Main"]);
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn a_recorded_session_is_read() {
    let said = conversation(&[
        (End::Client, include_bytes!("messages/client.bin")),
        (End::Server, include_bytes!("messages/server.bin")),
    ]);
    assert_eq!(said.facts, ["10.10.10.60 s7comm_plus.client_host = s7commplus", "10.10.10.15 mode = RUN"]);
    assert_eq!(
        said.operations,
        [
            "diagnostic initialise tls",
            "diagnostic create session",
            "write set multi variables",
            "read get variable substreamed",
            "read explore",
            "read get multi variables",
            "read explore",
            "diagnostic delete session",
        ]
    );
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn the_answer_to_a_challenge_is_secret() {
    let said = conversation(&[(End::Client, include_bytes!("messages/log-in.bin"))]);
    assert_eq!((said.secrets, said.operations), (1, vec!["write set variable".to_owned()]));
}

#[test]
fn tls_is_named_and_passed_over() {
    let said =
        conversation(&[(End::Client, include_bytes!("messages/tls.bin")), (End::Server, IDENTIFICATION)]);
    assert_eq!(said.facts[0], "10.10.10.15 s7comm_plus.encryption = TLS");
    assert_eq!(said.facts.len(), 1 + IM0.len());
}

#[test]
fn s7comm_takes_over_and_content_alone_tells_them_apart() {
    let s7comm: &[u8] = include_bytes!("../s7comm/messages/szl-0011.bin");
    assert!(conversation(&[(End::Server, s7comm)]).hand_over);
    let probe = |octets: &[u8]| (PROTOCOL.probe)(octets, Transport::Tcp);
    assert_eq!(probe(s7comm), Probe::Foreign);
    assert_eq!(probe(IDENTIFICATION), Probe::Certain);
    assert_eq!(probe(include_bytes!("messages/tls.bin")), Probe::Certain);
    assert_eq!(probe(include_bytes!("messages/identification-in-parts.bin")), Probe::Certain);
    assert_eq!(probe(&IDENTIFICATION[..60]), Probe::Foreign);
}
