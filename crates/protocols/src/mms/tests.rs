//! Whole messages in, everything that is said of them out.
#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use observation::{End, Octets, Piece, Time, Transport};

use super::PROTOCOL;
use super::session::Mms;
use crate::{Context, Frame, Output, Probe, Session, tpkt};

const CLIENT: &[u8] = include_bytes!("messages/client.bin");
const SERVER: &[u8] = include_bytes!("messages/server.bin");

fn context(from: End) -> Context {
    let (client, server) = ("10.10.20.50".parse().unwrap(), "10.10.20.23".parse().unwrap());
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
    operation_octets: Vec<usize>,
    malformed: Vec<String>,
    secrets: usize,
    server_is: Vec<End>,
    held: Vec<bool>,
}

fn say(said: &mut Said, session: &mut Mms, from: End, message: &[u8]) {
    hear(said, session, from, Octets::new(message, &[Piece { at: 0, frame: 1, offset: 54 }]));
}

fn hear(said: &mut Said, session: &mut Mms, from: End, message: Octets<'_>) {
    let mut output = Output::default();
    if let Err(malformed) = session.message(&context(from), message, &mut output) {
        said.malformed.push(malformed.to_string());
    }
    let facts = output.facts.iter();
    said.facts.extend(facts.map(|fact| format!("{} {} = {}", fact.station, fact.attribute, fact.value)));
    for operation in &output.operations {
        said.operations.push(format!("{} {}", operation.kind.as_str(), operation.name));
        said.operation_octets.push(operation.octets.len());
    }
    said.secrets += output
        .secrets
        .iter()
        .flat_map(|secret| &secret.ranges)
        .map(|range| range.length as usize)
        .sum::<usize>();
    said.server_is.extend(output.server_is);
    said.held.push(output.hold);
}

fn packets(mut octets: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    while let Frame::Message(length) = tpkt::frame(octets) {
        let (packet, rest) = octets.split_at(length);
        packets.push(packet);
        octets = rest;
    }
    assert!(octets.is_empty());
    packets
}

/// Requests and answers in turn.
fn conversation(client: &[u8], server: &[u8]) -> Said {
    let (mut said, mut session) = (Said::default(), Mms::default());
    let (client, server) = (packets(client), packets(server));
    for index in 0..client.len().max(server.len()) {
        for (from, packets) in [(End::Client, &client), (End::Server, &server)] {
            if let Some(packet) = packets.get(index) {
                say(&mut said, &mut session, from, packet);
            }
        }
    }
    said
}

#[test]
fn a_recorded_association_tells_who_the_device_is() {
    let said = conversation(CLIENT, SERVER);
    assert_eq!(
        said.facts,
        [
            "10.10.20.50 mms.ap_title = 1.1.1.999",
            "10.10.20.23 mms.ap_title = 1.1.1.999.1",
            "10.10.20.23 vendor = Schweitzer Engineering Laboratories",
            "10.10.20.23 model = SEL-421-7",
            "10.10.20.23 software_version = R328-V0",
            "10.10.20.23 mms.revision = R328-V0",
            "10.10.20.23 mms.logical_device = SEL421ACFG",
            "10.10.20.23 station_name = SEL421ACFG",
            "10.10.20.23 mms.application = IEC 61850",
            "10.10.20.23 vendor = SEL",
            "10.10.20.23 model = SEL-421-7",
            "10.10.20.23 serial_number = 1191230017",
            "10.10.20.23 firmware_version = R328-V0",
            "10.10.20.23 mms.function_version = SEL-421-7-R328",
        ]
    );
    let mut operations = said.operations.clone();
    operations.dedup();
    assert_eq!(operations, ["identify identify", "read get name list", "read file directory", "read read"]);
    assert_eq!(said.server_is, [End::Server]);
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn answers_without_their_requests_say_only_what_they_are_certain_of() {
    let said = conversation(&[], SERVER);
    assert_eq!(said.facts.len(), 4, "{:?}", said.facts);
    assert_eq!(said.server_is, [End::Server]);
}

#[test]
fn a_whole_name_plate_is_read_by_the_names_that_its_type_listed() {
    let client = include_bytes!("messages/plate-client.bin");
    let said = conversation(client, include_bytes!("messages/plate-server.bin"));
    assert_eq!(
        said.facts,
        [
            "10.10.20.23 mms.application = IEC 61850",
            "10.10.20.23 vendor = Example Power",
            "10.10.20.23 hardware_revision = B2",
            "10.10.20.23 serial_number = EP-2026-0042",
            "10.10.20.23 model = EP-7000",
            "10.10.20.23 mms.function_vendor = Example Control",
        ]
    );
    // Without the type only the first part is certain.
    let mut session = Mms::default();
    let mut said = Said::default();
    say(&mut said, &mut session, End::Client, packets(client)[1]);
    say(&mut said, &mut session, End::Server, packets(include_bytes!("messages/plate-server.bin"))[1]);
    assert_eq!(
        said.facts[1..],
        ["10.10.20.23 vendor = Example Power", "10.10.20.23 mms.function_vendor = Example Control"]
    );
}

#[test]
fn fragments_of_the_transport_are_put_together() {
    let said = conversation(
        include_bytes!("messages/name-list-client.bin"),
        include_bytes!("messages/name-list-fragments.bin"),
    );
    assert_eq!(
        said.facts,
        [
            "10.10.20.23 mms.logical_device = BAY1_CTRL",
            "10.10.20.23 mms.logical_device = BAY1_PROT",
            "10.10.20.23 station_name = BAY1",
        ]
    );
    assert_eq!(said.held, [false, true, true, false]);
}

#[test]
fn operations_are_named_by_what_they_do_and_hold_no_values() {
    let said = conversation(include_bytes!("messages/operations.bin"), &[]);
    assert_eq!(
        said.operations,
        [
            "control select",
            "control operate",
            "control select active setting group",
            "read set report control block",
            "read file open",
            "read file read",
            "program file delete",
            "program obtain file",
            "control start",
        ]
    );
    let operate = packets(include_bytes!("messages/operations.bin"))[1];
    // The list of values: a0 05 a2 03 83 01 01.
    assert_eq!(said.operation_octets[1], operate.len() - 7 - 7);
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn control_centres_are_told_by_the_names_of_tase2() {
    let said = conversation(
        include_bytes!("messages/tase2-client.bin"),
        include_bytes!("messages/tase2-server.bin"),
    );
    assert_eq!(
        said.facts,
        ["10.10.20.23 mms.application = TASE.2", "10.10.20.23 mms.bilateral_table = BLT-2026"]
    );
    assert_eq!(said.operations, ["read read", "read read", "read set transfer set"]);
}

#[test]
fn a_report_names_its_logical_device_once() {
    let said = conversation(&[], include_bytes!("messages/report.bin"));
    assert_eq!(
        said.facts,
        ["10.10.20.23 mms.logical_device = BAY1_CTRL", "10.10.20.23 station_name = BAY1_CTRL"]
    );
}

#[test]
fn the_password_of_an_association_is_secret() {
    let said = conversation(include_bytes!("messages/associate-with-password.bin"), &[]);
    assert_eq!(said.secrets, "password".len() + 2);
    assert_eq!(
        said.facts,
        ["10.10.20.50 mms.ap_title = 1.1.1.999.2", "10.10.20.23 mms.ap_title = 1.1.1.999.1"]
    );
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn mms_directly_in_the_transport_is_read() {
    let said = conversation(
        include_bytes!("messages/without-session.bin"),
        &[packets(SERVER)[0], include_bytes!("messages/without-session-answer.bin").as_slice()].concat(),
    );
    assert_eq!(
        said.facts,
        [
            "10.10.20.23 vendor = Example Power",
            "10.10.20.23 model = EP-7000",
            "10.10.20.23 software_version = 3.1",
            "10.10.20.23 mms.revision = 3.1",
        ]
    );
    assert_eq!(
        (said.operations.as_slice(), said.server_is.as_slice()),
        (["identify identify".to_owned()].as_slice(), [End::Server].as_slice())
    );
}

#[test]
fn what_the_capture_left_of_a_message_is_read_with_a_word_about_the_rest() {
    let (mut said, mut session) = (Said::default(), Mms::default());
    let identify = packets(SERVER)[2];
    let cut = Octets::unplaced(&identify[..identify.len() - 4]).cut();
    hear(&mut said, &mut session, End::Server, cut);
    assert_eq!(said.facts.len(), 2, "{:?}", said.facts);
    assert_eq!(said.malformed.len(), 1, "{:?}", said.malformed);
}

#[test]
fn content_alone_tells_mms_from_its_relatives() {
    let probe = |octets: &[u8]| (PROTOCOL.probe)(octets, Transport::Tcp);
    let certain = |octets: &[u8]| {
        packets(octets).iter().map(|packet| probe(packet) == Probe::Certain).collect::<Vec<_>>()
    };
    assert_eq!(certain(CLIENT)[..3], [false, true, true]);
    assert_eq!(certain(SERVER)[..3], [false, true, true]);
    assert_eq!(certain(include_bytes!("messages/without-session.bin")), [true, true, false]);
    assert_eq!(certain(include_bytes!("messages/report.bin")), [true, true]);
    assert!(certain(include_bytes!("messages/operations.bin")).iter().all(|certain| *certain));
    assert_eq!(probe(include_bytes!("../s7comm/messages/szl-0011.bin")), Probe::Foreign);
    assert_eq!(probe(include_bytes!("../s7comm_plus/messages/identification.bin")), Probe::Foreign);
    assert_eq!(probe(include_bytes!("../s7comm_plus/messages/tls.bin")), Probe::Foreign);
}
