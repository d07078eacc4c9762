//! Frames in, status and alarms out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

use observation::{Address, End, Mac, Octets, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Output, Session};

const CONTEXT: Context = Context {
    source: Address::Mac(Mac([0x00, 0x1b, 0x1b, 0x10, 0x00, 0x01])),
    destination: Address::Mac(Mac([0x00, 0x1b, 0x1b, 0x10, 0x00, 0x02])),
    vlan: None,
    destination_vlan: None,
    transport: Transport::Ethernet,
    source_port: 0,
    destination_port: 0x8892,
    from: End::Client,
    time: Time(0),
};

fn cyclic(frame_id: u16, counter: u16, status: u8) -> Vec<u8> {
    let mut octets = include_bytes!("messages/cyclic.bin").to_vec();
    octets[..2].copy_from_slice(&frame_id.to_be_bytes());
    octets[42..44].copy_from_slice(&counter.to_be_bytes());
    octets[44] = status;
    octets
}

fn said(session: &mut dyn Session, octets: &[u8]) -> Vec<(&'static str, String)> {
    let mut output = Output::default();
    session.message(&CONTEXT, Octets::unplaced(octets), &mut output).unwrap();
    std::mem::take(&mut output.facts).into_iter().map(|fact| (fact.attribute, fact.value)).collect()
}

#[test]
fn a_provider_runs_and_stops_and_repeats_itself_for_nothing() {
    let mut session = (PROTOCOL.session)();
    for counter in [64, 128] {
        assert_eq!(said(&mut *session, &cyclic(0x8001, counter, 0x35)), []);
    }
    let running = said(&mut *session, &cyclic(0x8001, 192, 0x35));
    assert_eq!(
        running,
        [
            ("mode", "RUN".to_owned()),
            ("profinet_rt.state", "primary".to_owned()),
            ("profinet_rt.station_problem", "normal operation".to_owned())
        ]
    );
    assert_eq!(said(&mut *session, &cyclic(0x8001, 256, 0x35)), []);
    for counter in [320, 384] {
        assert_eq!(said(&mut *session, &cyclic(0x8001, counter, 0x25)), []);
    }
    assert_eq!(said(&mut *session, &cyclic(0x8001, 448, 0x25))[0], ("mode", "STOP".to_owned()));
}

#[test]
fn frames_that_end_in_data_say_nothing() {
    let mut session = (PROTOCOL.session)();
    for status in [0x31, 0x7d, 0x35] {
        for _ in 0..5 {
            // The same counter again and again: no cycle is counted there.
            assert_eq!(said(&mut *session, &cyclic(0x8001, 7, status)), []);
        }
    }
    for counter in 1..5 {
        assert_eq!(said(&mut *session, &cyclic(0x8001, counter * 64, 0x35)[..45]), []);
    }
}

#[test]
fn more_relations_than_there_is_room_for_are_counted_once() {
    let mut session = (PROTOCOL.session)();
    let mut dropped = 0;
    for frame_id in 0x8000..0x8010 {
        for counter in 1..4 {
            let octets = cyclic(frame_id, counter, 0x35);
            let mut output = Output::default();
            session.message(&CONTEXT, Octets::unplaced(&octets), &mut output).unwrap();
            dropped += output.dropped;
        }
    }
    assert_eq!(dropped, 1);
}

#[test]
fn an_alarm_names_the_module_and_shows_who_is_the_device() {
    let octets = include_bytes!("messages/alarm-plug.bin");
    let mut output = Output::default();
    (PROTOCOL.session)().message(&CONTEXT, Octets::unplaced(octets), &mut output).unwrap();
    assert_eq!(output.server_is, Some(End::Client));
    assert_eq!(output.facts[0].value, "plug, slot 2 subslot 1, module 0x00000025 submodule 0x00000001");
    let mut output = Output::default();
    let octets = include_bytes!("messages/alarm-ack.bin");
    (PROTOCOL.session)().message(&CONTEXT, Octets::unplaced(octets), &mut output).unwrap();
    assert_eq!(output.server_is, Some(End::Server));
}

#[test]
fn frames_of_dcp_are_not_its_own() {
    let frame = |octets: &[u8]| (PROTOCOL.frame)(octets, Transport::Ethernet);
    assert_eq!(frame(&[0xfe, 0xfe, 5, 0]), Frame::Foreign);
    assert_eq!(frame(&[0x80, 0x01, 5, 0]), Frame::Message(4));
    assert_eq!(frame(&[0x80]), Frame::Partial(2));
}
