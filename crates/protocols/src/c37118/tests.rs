//! Conversations of whole frames.

use observation::{Basis, End, Octets, OperationKind, Time, Transport};

use super::session::Synchrophasor;
use super::wire::frame;
use crate::{Context, Frame, Output, Session};

fn read<'m>(session: &mut Synchrophasor, from: End, octets: &'m [u8]) -> (Output<'m>, Option<String>) {
    let ends = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
    let [source, destination] = if from == End::Client { ends } else { [ends[1], ends[0]] };
    let context = Context {
        source,
        destination,
        vlan: None,
        destination_vlan: None,
        transport: Transport::Tcp,
        source_port: 50_000,
        destination_port: 4712,
        from,
        time: Time(0),
    };
    let mut output = Output::default();
    let result = session.message(&context, Octets::unplaced(octets), &mut output);
    (output, result.err().map(|malformed| malformed.to_string()))
}

fn facts(output: &Output<'_>) -> Vec<(String, &'static str, String)> {
    let facts = output.facts.iter();
    facts.map(|fact| (fact.station.to_string(), fact.attribute, fact.value.clone())).collect()
}

fn fact(station: &str, attribute: &'static str, value: &str) -> (String, &'static str, String) {
    (station.to_owned(), attribute, value.to_owned())
}

#[test]
fn a_unit_states_its_name_code_and_rate() {
    let octets = include_bytes!("messages/configuration-2.bin");
    let (output, error) = read(&mut Synchrophasor::default(), End::Server, octets);
    assert_eq!((error, output.server_is), (None, Some(End::Server)));
    let stated = |attribute, value| fact("10.0.0.2", attribute, value);
    assert_eq!(
        facts(&output),
        [
            stated("c37118.stream_id_code", "60"),
            stated("station_name", "STATION EAST"),
            stated("c37118.id_code", "60"),
            stated("c37118.phasors", "3"),
            stated("c37118.analog_values", "1"),
            stated("c37118.digital_words", "1"),
            stated("c37118.nominal_frequency", "50 Hz"),
            stated("c37118.data_rate", "50 frames per second"),
        ]
    );
    let (output, error) = read(&mut Synchrophasor::default(), End::Server, &octets[..80]);
    assert!(error.unwrap().starts_with("channel names at octet"));
    assert_eq!(facts(&output), [stated("c37118.stream_id_code", "60")]);
}

#[test]
fn units_of_a_concentrator_are_stations_below_it() {
    let octets = include_bytes!("messages/concentrator-udp.bin");
    let (output, error) = read(&mut Synchrophasor::default(), End::Server, octets);
    assert_eq!(error, None);
    let named: Vec<_> = output.mentioned.iter().map(|named| named.station.to_string()).collect();
    assert_eq!(named, ["10.0.0.2 device=60", "10.0.0.2 device=61"]);
    assert!(facts(&output).contains(&fact("10.0.0.2 device=61", "station_name", "STATION WEST")));
    assert!(facts(&output).contains(&fact("10.0.0.2", "c37118.data_rate", "1 frame in 10 seconds")));
    assert!(output.facts.iter().any(|fact| fact.basis == Basis::Reported));
}

#[test]
fn configuration_3_is_read_whole_and_in_fragments() {
    let octets = include_bytes!("messages/configuration-3.bin");
    let (whole, error) = read(&mut Synchrophasor::default(), End::Server, octets);
    assert_eq!(error, None);
    let said = facts(&whole);
    for (attribute, value) in [
        ("station_name", "STATION EAST with a long name"),
        ("c37118.global_id", "0102030405060708090a0b0c0d0e0f10"),
        ("location", "latitude 52.5, longitude 13.25, 34 m"),
        ("c37118.service_class", "M"),
        ("c37118.nominal_frequency", "60 Hz"),
        ("c37118.data_rate", "60 frames per second"),
    ] {
        assert!(said.contains(&fact("10.0.0.2", attribute, value)), "{attribute}");
    }
    let mut session = Synchrophasor::default();
    let mut rest = include_bytes!("messages/configuration-3-fragments.bin").as_slice();
    let mut last = Vec::new();
    let mut held = Vec::new();
    while let Frame::Message(length) = frame(rest) {
        let (message, after) = rest.split_at(length);
        let (output, error) = read(&mut session, End::Server, message);
        assert_eq!(error, None);
        held.push(output.hold);
        last = facts(&output);
        rest = after;
    }
    assert_eq!(held, [true, true, false]);
    assert_eq!(last, said);
    let (output, _) =
        read(&mut session, End::Server, &include_bytes!("messages/configuration-3-fragments.bin")[..68]);
    assert!(output.hold);
    let (output, error) = read(&mut session, End::Server, last_fragment());
    assert_eq!(output.facts.len(), 1, "the second is missing: only the stream's code is said");
    assert!(error.is_some());
}

/// The last fragment alone.
fn last_fragment() -> &'static [u8] {
    let octets = include_bytes!("messages/configuration-3-fragments.bin").as_slice();
    let mut rest = octets;
    while let Frame::Message(length) = frame(rest) {
        if length == rest.len() {
            break;
        }
        rest = &rest[length..];
    }
    rest
}

#[test]
fn a_command_tells_who_serves_and_text_is_for_people() {
    let mut session = Synchrophasor::default();
    let (output, error) =
        read(&mut session, End::Client, include_bytes!("messages/send-configuration-2.bin"));
    assert_eq!((error, output.server_is), (None, Some(End::Server)));
    assert_eq!(
        (output.operations[0].kind, output.operations[0].name),
        (OperationKind::Identify, "send configuration 2 frame")
    );
    let (output, _) = read(&mut session, End::Server, include_bytes!("messages/header.bin"));
    assert_eq!(facts(&output)[0], fact("10.0.0.2", "description", "Substation East, feeder 3"));
    let (output, _) = read(&mut session, End::Server, include_bytes!("messages/data.bin"));
    assert!(output.facts.is_empty() && output.operations.is_empty());
}
