//! Conversations of whole messages.

use observation::{Basis, End, Octets, OperationKind, Time, Transport};

use super::session::{HartIp, probe};
use super::wire::frame;
use crate::{Context, Frame, Output, Probe, Session};

/// What the messages of a file say, one after another, with the end that sends each.
fn reads(session: &mut HartIp, octets: &'static [u8]) -> Vec<(Output<'static>, Option<String>)> {
    let mut outputs = Vec::new();
    let mut rest = octets;
    while let Frame::Message(length) = frame(rest) {
        let (message, after) = rest.split_at(length);
        let from = if message[1] == 0 { End::Client } else { End::Server };
        let ends = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let [source, destination] = if from == End::Client { ends } else { [ends[1], ends[0]] };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 50_000,
            destination_port: 5094,
            from,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = session.message(&context, Octets::unplaced(message), &mut output);
        assert_eq!(output.server_is, Some(End::Server));
        outputs.push((output, result.err().map(|malformed| malformed.to_string())));
        rest = after;
    }
    outputs
}

fn facts(output: &Output<'_>) -> Vec<(String, &'static str, String, Basis)> {
    let facts = output.facts.iter();
    facts.map(|fact| (fact.station.to_string(), fact.attribute, fact.value.clone(), fact.basis)).collect()
}

fn fact(
    station: &str,
    attribute: &'static str,
    value: &str,
    basis: Basis,
) -> (String, &'static str, String, Basis) {
    (station.to_owned(), attribute, value.to_owned(), basis)
}

#[test]
fn a_server_states_its_identity() {
    let mut session = HartIp::default();
    let outputs = reads(&mut session, include_bytes!("messages/read-unique-identifier.bin"));
    assert_eq!(outputs[0].0.operations[0].name, "read unique identifier");
    let outputs = reads(&mut session, include_bytes!("messages/unique-identifier.bin"));
    assert_eq!(outputs[0].1, None);
    let stated = |attribute, value| fact("10.0.0.2", attribute, value, Basis::Stated);
    assert_eq!(
        facts(&outputs[0].0),
        [
            stated("hart_ip.expanded_device_type", "0x2606"),
            stated("hart_ip.device_id", "123456"),
            stated("serial_number", "123456"),
            stated("hart_ip.manufacturer_id", "38"),
            fact("10.0.0.2", "vendor", "ROSEMOUNT", Basis::Inferred),
            fact("10.0.0.2", "model", "3051SOR3051", Basis::Inferred),
            stated("hart_ip.universal_revision", "7"),
            stated("hart_ip.device_revision", "2"),
            stated("firmware_version", "3"),
            stated("hardware_revision", "1"),
            stated("hart_ip.private_label", "ROSEMOUNT"),
            stated("device_type", "process automation device"),
        ]
    );
}

#[test]
fn an_older_identity_names_the_manufacturer_in_the_type() {
    let outputs = reads(&mut HartIp::default(), include_bytes!("messages/hart-5-identity.bin"));
    let said = facts(&outputs[0].0);
    assert!(said.contains(&fact("10.0.0.2", "hart_ip.manufacturer_id", "38", Basis::Stated)));
    assert!(said.contains(&fact("10.0.0.2", "hart_ip.universal_revision", "5", Basis::Stated)));
    assert!(!said.iter().any(|fact| fact.1 == "device_type"));
}

#[test]
fn devices_of_an_io_system_sit_on_card_and_channel() {
    let mut session = HartIp::default();
    reads(&mut session, include_bytes!("messages/direct-io-system.bin"));
    let outputs = reads(&mut session, include_bytes!("messages/io-system-capabilities.bin"));
    assert_eq!(facts(&outputs[1].0), [fact("10.0.0.2", "hart_ip.devices_detected", "3", Basis::Stated)]);
    let outputs = reads(&mut session, include_bytes!("messages/sub-device-identity.bin"));
    let child = "10.0.0.2 module=2/channel=5/device=26060a1b2c";
    let named = &outputs[1].0.mentioned[0];
    assert_eq!((named.station.to_string().as_str(), named.reason), (child, "module of the hart i/o system"));
    let said = facts(&outputs[1].0);
    assert!(said.contains(&fact(child, "name", "PT-101 feed pressure", Basis::Reported)));
    assert!(said.contains(&fact(child, "serial_number", "0a1b2c", Basis::Reported)));
    assert!(outputs[1].0.spoke.is_empty());
    let outputs = reads(&mut session, include_bytes!("messages/sub-device-by-unique-address.bin"));
    assert_eq!(outputs[1].0.spoke[0].station.to_string(), child);
    assert_eq!(facts(&outputs[1].0), [fact(child, "name", "PT-101 feed pressure", Basis::Stated)]);
    assert_eq!(
        facts(&outputs[3].0),
        [
            fact(child, "hart_ip.tag", "PT-101", Basis::Stated),
            fact(child, "description", "FEED PRESSURE", Basis::Stated)
        ]
    );
    let outputs = reads(&mut session, include_bytes!("messages/send-command-to-sub-device.bin"));
    assert_eq!(outputs[0].0.operations[0].name, "read unique identifier");
    assert_eq!(outputs[1].0.spoke[0].station.to_string(), "10.0.0.2 module=2/channel=6/device=26060a1b2d");
    let outputs = reads(&mut session, include_bytes!("messages/poll-sub-device.bin"));
    let child = "10.0.0.2 module=3/channel=1/device=11120c0d0e";
    assert!(facts(&outputs[1].0).contains(&fact(child, "model", "FMP4X", Basis::Inferred)));
}

#[test]
fn a_device_whose_place_is_not_known_is_below_by_its_address_alone() {
    let octets = include_bytes!("messages/sub-device-by-unique-address.bin");
    let outputs = reads(&mut HartIp::default(), octets);
    assert_eq!(outputs[1].0.spoke[0].station.to_string(), "10.0.0.2 device=26060a1b2c");
    let outputs = reads(&mut HartIp::default(), include_bytes!("messages/burst.bin"));
    assert!(outputs[0].0.is_empty() || outputs[0].0.spoke.is_empty(), "values alone make no station");
}

#[test]
fn what_changes_a_device_is_named_and_keys_are_secret() {
    let mut session = HartIp::default();
    let operation = |outputs: &[(Output<'_>, _)]| {
        outputs[0].0.operations.iter().map(|operation| (operation.kind, operation.name)).next()
    };
    let outputs = reads(&mut session, include_bytes!("messages/write-long-tag.bin"));
    assert_eq!(operation(&outputs), Some((OperationKind::Program, "write long tag")));
    assert_eq!(outputs[1].0.facts[0].value, "PT-102", "the device confirms it");
    let outputs = reads(&mut session, include_bytes!("messages/device-reset.bin"));
    assert_eq!(operation(&outputs), Some((OperationKind::Control, "perform device reset")));
    let outputs = reads(&mut session, include_bytes!("messages/write-key.bin"));
    assert_eq!(operation(&outputs), Some((OperationKind::Program, "write client pre-shared key")));
    assert_eq!(outputs[0].0.secrets.len(), 1);
    let outputs = reads(&mut session, include_bytes!("messages/process-unit-tag-extended.bin"));
    assert_eq!(operation(&outputs), Some((OperationKind::Identify, "read process unit tag")));
    assert_eq!(
        (outputs[1].0.facts[0].attribute, outputs[1].0.facts[0].value.as_str()),
        ("plant_id", "Unit 300")
    );
    let outputs = reads(&mut session, include_bytes!("messages/communication-error.bin"));
    assert!(outputs[0].0.facts.is_empty());
}

#[test]
fn a_wrong_check_octet_and_a_cut_are_malformed() {
    let mut changed = include_bytes!("messages/unique-identifier.bin").to_vec();
    changed[20] ^= 1;
    let outputs = reads(&mut HartIp::default(), changed.leak());
    assert!(outputs[0].1.as_deref().is_some_and(|error| error.contains("checksum")));
    assert!(outputs[0].0.facts.is_empty());
}

#[test]
fn content_alone_is_certain_only_if_the_body_fits() {
    assert_eq!(probe(include_bytes!("messages/session-initiate.bin")), Probe::Certain);
    assert_eq!(probe(include_bytes!("messages/unique-identifier.bin")), Probe::Certain);
    assert_eq!(probe(include_bytes!("messages/direct-io-system.bin")), Probe::Certain);
    assert_eq!(probe(include_bytes!("messages/session-close.bin")), Probe::Unsure);
    assert_eq!(probe(&[1, 0, 0, 0, 0, 1, 0, 13, 2, 0, 0, 0, 0]), Probe::Foreign);
    assert_eq!(probe(&[1, 0, 3, 0, 0, 1, 0, 13, 2, 0x80, 0, 0, 0x83]), Probe::Foreign);
}
