//! Whole conversations: recorded messages in, everything that is said of them out.
#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use std::collections::BTreeSet;

use observation::{End, Octets, Piece, Range, Transport};

use super::PROTOCOL;
use super::session::S7;
use crate::{Context, Frame, Output, Probe, Session, tpkt};

const CLIENT: &[u8] = include_bytes!("messages/client.bin");
const SERVER: &[u8] = include_bytes!("messages/server.bin");

fn context(from: End) -> Context {
    Context::of_test(from, ("10.10.10.50", 51_954), ("10.10.10.11", 102), Transport::Tcp)
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

/// Everything that a conversation said, in order.
#[derive(Debug, Default)]
struct Said {
    facts: Vec<String>,
    operations: Vec<String>,
    mentioned: Vec<String>,
    spoke: Vec<String>,
    secrets: Vec<Range>,
    malformed: Vec<String>,
    server_is: Vec<End>,
    carries: Vec<&'static str>,
    held: Vec<bool>,
    dropped: u32,
}

impl Said {
    fn of(session: &mut S7, messages: &[(End, &[u8])]) -> Self {
        let mut said = Self::default();
        for (number, (from, message)) in messages.iter().enumerate() {
            let pieces = [Piece { at: 0, frame: number as u64 + 1, offset: 54 }];
            let mut output = Output::default();
            if let Err(malformed) =
                session.message(&context(*from), Octets::new(message, &pieces), &mut output)
            {
                said.malformed.push(malformed.to_string());
            }
            said.facts.extend(output.facts.iter().map(|fact| {
                format!("{} {}={} ({})", fact.station, fact.attribute, fact.value, fact.basis.as_str())
            }));
            said.operations.extend(
                output
                    .operations
                    .iter()
                    .map(|operation| format!("{} {}", operation.kind.as_str(), operation.name)),
            );
            said.mentioned.extend(
                output
                    .mentioned
                    .iter()
                    .map(|named| format!("{} by {}: {}", named.station, named.by, named.reason)),
            );
            said.spoke.extend(output.spoke.iter().map(|spoke| spoke.station.to_string()));
            said.secrets.extend(output.secrets.iter().flat_map(|secret| secret.ranges.clone()));
            said.malformed.extend(output.malformed.iter().map(ToString::to_string));
            said.server_is.extend(output.server_is);
            said.carries.extend(output.carries);
            said.held.push(output.hold);
            said.dropped += output.dropped;
        }
        said
    }

    /// The packets of one file, all from one end.
    fn file(from: End, octets: &[u8]) -> Self {
        let messages: Vec<_> = packets(octets).into_iter().map(|packet| (from, packet)).collect();
        Self::of(&mut S7::default(), &messages)
    }
}

#[test]
fn a_programming_device_is_followed_through_its_conversation() {
    let (asked, answered) = (packets(CLIENT), packets(SERVER));
    // Connection request, confirm, then each question with its answer.
    let messages: Vec<_> = asked
        .iter()
        .map(|packet| (End::Client, *packet))
        .zip(answered.iter().map(|packet| (End::Server, *packet)))
        .flat_map(|(ask, answer)| [ask, answer])
        .collect();
    let said = Said::of(&mut S7::default(), &messages);
    assert_eq!(
        said.operations,
        [
            "diagnostic setup communication",
            "identify read identification szl",
            "read list blocks",
            "diagnostic read clock",
            "read block info",
            "program start upload",
            "control plc stop",
            "control plc start",
            "control plc password",
            "read read variables",
        ]
    );
    assert_eq!(
        said.facts[..3],
        [
            "10.10.10.50 s7comm.connection_type=PG (stated)",
            "10.10.10.11 rack=0/slot=2 s7comm.rack=0 (reported)",
            "10.10.10.11 rack=0/slot=2 s7comm.slot=2 (reported)",
        ]
    );
    assert!(
        said.facts.contains(&"10.10.10.11 rack=0/slot=2 serial_number=S C-F1LAB0000011 (stated)".to_owned()),
        "{:#?}",
        said.facts
    );
    let blocks =
        "10.10.10.11 rack=0/slot=2 s7comm.blocks=OB 0, FB 0, FC 0, DB 2, SDB 0, SFC 0, SFB 0 (stated)";
    assert!(said.facts.contains(&blocks.to_owned()), "{:#?}", said.facts);
    assert_eq!(said.mentioned, ["10.10.10.11 rack=0/slot=2 by 10.10.10.50: connection request"]);
    assert_eq!(said.spoke, ["10.10.10.11 rack=0/slot=2"]);
    assert_eq!(said.server_is, [End::Server]);
    assert!(said.malformed.is_empty() && said.carries.is_empty(), "{said:?}");
    // The connection request stays needed until the first S7 message has proved what its selectors mean.
    assert_eq!(said.held[..3], [true, true, false]);
}

#[test]
fn values_that_are_read_cost_a_count_and_nothing_else() {
    let (ask, answer) = (*packets(CLIENT).last().unwrap(), *packets(SERVER).last().unwrap());
    let mut session = S7::default();
    for (from, packet) in [(End::Client, ask), (End::Server, answer)] {
        let mut output = Output::default();
        session.message(&context(from), Octets::unplaced(packet), &mut output).unwrap();
        assert!(
            output.facts.capacity() == 0 && output.mentioned.capacity() == 0 && output.spoke.capacity() == 0
        );
        assert_eq!(output.operations.len(), usize::from(from == End::Client));
    }
}

#[test]
fn an_answer_tells_who_the_server_is_whatever_the_ports_say() {
    // Joined in the middle, with the ends taken for each other: the sender of an answer is the server.
    let answer = packets(include_bytes!("messages/szl-0011.bin"));
    let said = Said::of(&mut S7::default(), &[(End::Client, answer[0])]);
    assert_eq!(said.server_is, [End::Client]);
    assert_eq!(said.facts[0], "10.10.10.50 order_number=6ES7 315-2EH14-0AB0 (stated)");
    assert!(said.spoke.is_empty(), "no rack and slot is known");
}

#[test]
fn a_list_in_several_units_is_read_when_the_last_has_come() {
    let units = packets(include_bytes!("messages/szl-001c-units.bin"));
    let ask = packets(CLIENT)[10];
    let said =
        Said::of(&mut S7::default(), &[(End::Server, units[0]), (End::Client, ask), (End::Server, units[1])]);
    assert_eq!(said.held, [true, true, false]);
    let expected = [
        "station_name=LINE9",
        "name=CPU9",
        "serial_number=S TEST0000009",
        "model=CPU 317-2 PN/DP",
        "location=HALL 9",
    ];
    assert_eq!(said.facts, expected.map(|fact| format!("10.10.10.11 {fact} (stated)")));
    // Without its beginning it is no list, and it is not kept waiting for.
    let said = Said::of(&mut S7::default(), &[(End::Server, units[1])]);
    assert!(said.facts.is_empty() && said.malformed.is_empty() && said.held == [false], "{said:?}");
}

#[test]
fn the_first_unit_of_a_list_is_read_up_to_where_the_capture_cut_it() {
    let units = packets(include_bytes!("messages/szl-001c-units.bin"));
    let (ask, ask_on) = (packets(CLIENT)[2], packets(CLIENT)[10]);
    let pieces = [Piece { at: 0, frame: 1, offset: 54 }];
    let say = |asked: &[u8], kept: usize| {
        let mut session = S7::default();
        let mut output = Output::default();
        let asks = Octets::new(asked, &pieces);
        session.message(&context(End::Client), asks, &mut output).unwrap();
        let mut output = Output::default();
        let answer = Octets::new(&units[0][..kept], &pieces).cut();
        session.message(&context(End::Server), answer, &mut output).unwrap();
        session.gap(End::Server);
        std::mem::take(&mut output.facts).into_iter().map(|fact| fact.value).collect::<Vec<_>>()
    };
    // Header of the list at octet 33, records of 34 octets behind its eight.
    assert_eq!(say(ask, 33 + 8 + 34 + 33), ["LINE9", "CPU9"]);
    assert_eq!(say(ask, 33 + 8 + 34 + 20), ["LINE9"]);
    // A further unit has no header.
    assert!(say(ask_on, 33 + 8 + 34 + 33).is_empty());
}

#[test]
fn an_answer_that_never_ends_is_given_up_and_counted() {
    let units = packets(include_bytes!("messages/szl-001c-units.bin"));
    let ask = packets(CLIENT)[10];
    let mut messages = vec![(End::Server, units[0])];
    messages.extend([(End::Client, ask); 80]);
    let said = Said::of(&mut S7::default(), &messages);
    assert_eq!((said.dropped, said.malformed.len()), (1, 0));
    assert_eq!(said.held.iter().filter(|held| **held).count(), 65);
}

#[test]
fn lost_octets_make_the_gathered_worthless() {
    let units = packets(include_bytes!("messages/szl-001c-units.bin"));
    let mut session = S7::default();
    Said::of(&mut session, &[(End::Server, units[0])]);
    session.gap(End::Client);
    assert_eq!(Said::of(&mut session, &[(End::Client, packets(CLIENT)[10])]).held, [true]);
    session.gap(End::Server);
    let said = Said::of(&mut session, &[(End::Server, units[1])]);
    assert!(said.facts.is_empty() && said.held == [false]);
}

#[test]
fn fragments_of_the_transport_are_put_together() {
    let said = Said::file(End::Server, include_bytes!("messages/cotp-fragments.bin"));
    assert_eq!(said.facts.len(), 5);
    assert_eq!(said.held, [true, true, false]);
    // More than a protocol data unit can hold is refused, counted, and passed over to its end.
    let mut fragment = vec![3, 0, 0x40, 7, 2, 0xf0, 0];
    fragment.extend([0x32; 0x4000]);
    let said = Said::of(&mut S7::default(), &[(End::Server, fragment.as_slice()); 6]);
    assert_eq!(said.malformed, ["COTP fragments at octet 7: 16384 octets too many"]);
    assert_eq!(said.held, [true, true, true, true, false, false]);
}

#[test]
fn blocks_are_told_of_by_the_cpu_that_loads_or_gives_them() {
    let said = Said::file(End::Server, include_bytes!("messages/download.bin"));
    assert_eq!(said.facts, ["10.10.10.11 s7comm.downloaded_block=DB 1 (stated)"]);
    assert_eq!(said.operations, ["program download block", "program download ended"]);
    assert_eq!(said.server_is, [End::Server]);
    let said = Said::file(End::Server, include_bytes!("messages/block-info.bin"));
    assert_eq!(
        said.facts,
        ["10.10.10.11 s7comm.block=DB 1 version 0.1, DB, code of 1999-11-18 00:00:00 (stated)"]
    );
}

#[test]
fn blocks_beyond_the_bound_are_dropped_and_counted() {
    let ended = packets(include_bytes!("messages/download.bin")).pop().unwrap();
    let at = ended.windows(5).position(|digits| digits == b"00001").unwrap();
    let blocks: Vec<Vec<u8>> = (0..80)
        .map(|number| [&ended[..at], format!("{number:05}").as_bytes(), &ended[at + 5..]].concat())
        .collect();
    // Each one twice: what was told is told again.
    let messages: Vec<_> =
        blocks.iter().chain(&blocks).map(|block| (End::Server, block.as_slice())).collect();
    let said = Said::of(&mut S7::default(), &messages);
    assert_eq!(said.facts.iter().collect::<BTreeSet<_>>().len(), 64);
    assert_eq!((said.facts.len(), said.dropped), (128, 32));
}

#[test]
fn a_selector_too_long_to_keep_is_counted() {
    let mut request = vec![3, 0, 0, 0, 0, 0xe0, 0, 0, 0, 1, 0, 0xc2, 70];
    request.extend([b'x'; 70]);
    (request[3], request[4]) = (request.len() as u8, request.len() as u8 - 5);
    assert_eq!(Said::of(&mut S7::default(), &[(End::Client, &request)]).dropped, 1);
}

#[test]
fn a_mode_transition_is_stated_unasked() {
    let said = Said::file(End::Server, include_bytes!("messages/mode-transition.bin"));
    assert_eq!(said.facts, ["10.10.10.11 mode=STOP (stated)", "10.10.10.11 mode=RUN (stated)"]);
}

#[test]
fn a_password_is_masked() {
    let said = Said::file(End::Client, include_bytes!("messages/password.bin"));
    // TPKT 4, COTP 3, header 10, parameters 8, data header 4; the frame's own headers are 54.
    assert_eq!(said.secrets, [Range { frame: 1, offset: 54 + 29, length: 8 }]);
    assert_eq!(said.operations, ["control plc password"]);
    // Also where the length field lies.
    let mut octets = include_bytes!("messages/password.bin").to_vec();
    octets[28] = 9;
    let said = Said::file(End::Client, &octets);
    assert_eq!(said.secrets, [Range { frame: 1, offset: 54 + 25, length: 12 }]);
    assert_eq!(said.malformed, ["data at octet 29: 1 octet missing"]);
}

#[test]
fn relatives_in_the_same_transport_are_named_and_left_alone() {
    let said = Said::file(End::Client, include_bytes!("messages/other-s7comm-plus.bin"));
    assert_eq!(said.facts, ["10.10.10.50 s7comm.tsap=SIMATIC-ROOT-HMI (stated)"]);
    assert_eq!(said.carries, ["s7comm_plus"]);
    let said = Said::file(End::Client, include_bytes!("messages/other-mms.bin"));
    assert_eq!(said.carries, ["mms", "mms"]);
    assert!(said.facts.is_empty() && said.operations.is_empty() && said.malformed.is_empty(), "{said:?}");
    assert_eq!(said.held, [true, false, false]);
}

#[test]
fn a_list_without_lengths_is_read_by_position_and_counted() {
    let said = Said::file(End::Server, include_bytes!("messages/szl-001c-empty-header.bin"));
    let expected = [
        "station_name=SNAP7-SERVER",
        "name=CPU 315-2 PN/DP",
        "s7comm.copyright=Original Siemens Equipment",
        "serial_number=S C-C2UR28922012",
        "model=CPU 315-2 PN/DP",
    ];
    assert_eq!(said.facts, expected.map(|fact| format!("10.10.10.11 {fact} (stated)")));
    assert_eq!(said.malformed, ["SZL data records at octet 8: 206 octets too many"]);
    // An index that is not 0 makes it no such list.
    let mut octets = include_bytes!("messages/szl-001c-empty-header.bin").to_vec();
    octets[33 + 8 + 34] = 1;
    assert!(Said::file(End::Server, &octets).facts.is_empty());
}

#[test]
fn a_call_from_the_cpu_does_not_move_it_to_the_callers_slot() {
    // The end that called also answers: its own rack and slot are not those that it called.
    let call = packets(CLIENT)[0];
    let answer = packets(include_bytes!("messages/szl-0424.bin"))[0];
    let said = Said::of(&mut S7::default(), &[(End::Client, call), (End::Client, answer)]);
    assert_eq!(said.facts.last().unwrap(), "10.10.10.50 mode=RUN (stated)");
    assert!(said.spoke.is_empty());
}

#[test]
fn only_whole_s7_messages_are_certain_on_a_foreign_port() {
    let probe = |octets: &[u8]| (PROTOCOL.probe)(octets, Transport::Tcp);
    assert_eq!(probe(include_bytes!("messages/szl-0011.bin")), Probe::Certain);
    assert_eq!(probe(CLIENT), Probe::Unsure, "a connection request");
    assert_eq!(probe(&CLIENT[22..]), Probe::Certain, "setup communication");
    assert_eq!(probe(&[3, 0, 0, 7, 2, 0xf0, 0x80]), Probe::Unsure);
    assert_eq!(probe(packets(include_bytes!("messages/other-mms.bin"))[1]), Probe::Foreign);
    // RDP asks to connect in the same transport, without selectors.
    assert_eq!(probe(&[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0]), Probe::Foreign);
}
