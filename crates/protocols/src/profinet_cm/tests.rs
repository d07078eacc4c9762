//! Datagrams in, facts and operations out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use observation::{End, Octets, Piece, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Malformed, Output, Probe, Session};

fn context(from: End) -> Context {
    let (controller, device) = ("10.10.10.50".parse().unwrap(), "10.10.10.17".parse().unwrap());
    let (source, destination) = if from == End::Client { (controller, device) } else { (device, controller) };
    Context {
        source,
        destination,
        vlan: None,
        destination_vlan: None,
        transport: Transport::Udp,
        source_port: 0,
        destination_port: 34964,
        from,
        time: Time(0),
    }
}

fn read_by<'m>(
    session: &mut dyn Session,
    from: End,
    octets: &'m [u8],
) -> (Output<'m>, Result<(), Malformed>) {
    let mut output = Output::default();
    let result = session.message(&context(from), Octets::unplaced(octets), &mut output);
    (output, result)
}

fn read(from: End, octets: &[u8]) -> Output<'_> {
    let (output, result) = read_by(&mut *(PROTOCOL.session)(), from, octets);
    result.unwrap();
    output
}

fn facts(output: &Output<'_>) -> Vec<String> {
    output
        .facts
        .iter()
        .map(|fact| {
            let (attribute, value) = (fact.attribute, &fact.value);
            format!("{} {attribute}={value} ({})", fact.station, fact.basis.as_str())
        })
        .collect()
}

fn operations(octets: &[u8]) -> Vec<String> {
    let output = read(End::Client, octets);
    assert_eq!(output.server_is, Some(End::Server));
    output
        .operations
        .iter()
        .map(|operation| format!("{} {}", operation.kind.as_str(), operation.name))
        .collect()
}

#[test]
fn a_controller_connects_and_names_itself_and_the_modules_it_expects() {
    let octets = include_bytes!("messages/connect-request.bin");
    let output = read(End::Client, octets);
    assert_eq!(
        facts(&output),
        [
            "10.10.10.17 vendor=Siemens AG (reported)",
            "10.10.10.17 profinet_dcp.vendor_id=0x002a (reported)",
            "10.10.10.17 profinet_dcp.device_id=0x0313 (reported)",
            "10.10.10.50 profinet_cm.relation=IO controller (stated)",
            "10.10.10.50 mac_address=00:1b:1b:10:00:50 (stated)",
            "10.10.10.50 vendor=Siemens AG (stated)",
            "10.10.10.50 profinet_dcp.vendor_id=0x002a (stated)",
            "10.10.10.50 profinet_dcp.device_id=0x0101 (stated)",
            "10.10.10.50 station_name=plc-1 (stated)",
            "10.10.10.17 profinet_cm.module_ident=0x00000001 (reported)",
            "10.10.10.17 slot=1 profinet_cm.module_ident=0x00000025 (reported)",
            "10.10.10.17 slot=2 profinet_cm.module_ident=0x00000026 (reported)",
            "10.10.10.17 slot=2/subslot=2 profinet_cm.module_ident=0x00000012 (reported)",
        ]
    );
    let named: Vec<_> = output.mentioned.iter().map(|named| named.station.to_string()).collect();
    assert_eq!(named, ["10.10.10.17 slot=1", "10.10.10.17 slot=2", "10.10.10.17 slot=2/subslot=2"]);
    assert_eq!(operations(octets), ["diagnostic connect"]);
}

#[test]
fn a_device_tells_what_differs() {
    let output = read(End::Server, include_bytes!("messages/connect-response.bin"));
    assert_eq!(
        facts(&output),
        [
            "10.10.10.17 mac_address=28:63:36:10:00:17 (stated)",
            "10.10.10.17 station_name=et200sp-line1 (stated)",
            "10.10.10.17 slot=1 profinet_cm.module_state=wrong module (stated)",
            "10.10.10.17 slot=1 profinet_cm.module_ident=0x00000027 (stated)",
            "10.10.10.17 slot=2 profinet_cm.module_state=no module (reported)",
        ]
    );
    assert_eq!(output.server_is, Some(End::Server));
}

#[test]
fn a_device_that_calls_its_controller_stays_the_server() {
    let output = read(End::Server, include_bytes!("messages/control-application-ready.bin"));
    assert_eq!(output.server_is, Some(End::Server));
    assert!(output.operations.is_empty());
    assert_eq!(
        facts(&output)[1..],
        [
            "10.10.10.50 profinet_dcp.vendor_id=0x002a (reported)",
            "10.10.10.50 profinet_dcp.device_id=0x0101 (reported)",
            "10.10.10.17 slot=1 profinet_cm.module_state=proper module (stated)",
            "10.10.10.17 slot=1 profinet_cm.module_ident=0x00000025 (stated)",
        ]
    );
}

#[test]
fn identification_records_are_those_of_the_slot_that_was_asked() {
    let device = [
        "10.10.10.17 vendor=Siemens AG (stated)",
        "10.10.10.17 profinet_dcp.vendor_id=0x002a (stated)",
        "10.10.10.17 order_number=6ES7 155-6AU01-0BN0 (stated)",
        "10.10.10.17 serial_number=S C-LAB0000001 (stated)",
        "10.10.10.17 hardware_revision=4 (stated)",
        "10.10.10.17 firmware_version=V4.2.3 (stated)",
    ];
    assert_eq!(facts(&read(End::Server, include_bytes!("messages/read-im0-device.bin"))), device);
    let said = |octets| facts(&read(End::Server, octets));
    assert_eq!(
        said(include_bytes!("messages/read-im0-module.bin")),
        [
            "10.10.10.17 slot=2 vendor=Phoenix Contact (stated)",
            "10.10.10.17 slot=2 profinet_dcp.vendor_id=0x00b0 (stated)",
            "10.10.10.17 slot=2 order_number=2700786 (stated)",
            "10.10.10.17 slot=2 hardware_revision=1 (stated)",
            "10.10.10.17 slot=2 profinet_cm.profile=0xf600 type 0x0003 (stated)",
        ]
    );
    assert_eq!(
        said(include_bytes!("messages/read-im1.bin")),
        ["10.10.10.17 plant_id==A1+K3 (stated)", "10.10.10.17 location=Hall 2 (stated)"]
    );
    assert_eq!(
        said(include_bytes!("messages/read-im2.bin")),
        ["10.10.10.17 profinet_cm.installation_date=2026-11-22 08:30 (stated)"]
    );
    assert_eq!(
        said(include_bytes!("messages/read-im3.bin")),
        ["10.10.10.17 slot=2/subslot=2 description=Valves of line 1 (stated)"]
    );
    assert_eq!(
        said(include_bytes!("messages/read-im5.bin")),
        [
            "10.10.10.17 profinet_cm.component=Antenna (stated)",
            "10.10.10.17 profinet_cm.component_order_number=AN-1 (stated)",
            "10.10.10.17 profinet_cm.component_serial_number=A77 (stated)",
            "10.10.10.17 profinet_cm.component_version=V1.0.2 (stated)",
        ]
    );
    assert!(said(include_bytes!("messages/read-refused.bin")).is_empty());
}

#[test]
fn modules_that_are_there_are_named_by_slot_and_subslot() {
    let said = |octets| facts(&read(End::Server, octets));
    assert_eq!(
        said(include_bytes!("messages/read-real-identification.bin")),
        [
            "10.10.10.17 profinet_cm.module_ident=0x00000001 (stated)",
            "10.10.10.17 slot=3 profinet_cm.module_ident=0x0000002b (stated)",
            "10.10.10.17 slot=3/subslot=2 profinet_cm.module_ident=0x00000007 (stated)",
        ]
    );
    assert_eq!(
        said(include_bytes!("messages/read-real-identification-old.bin")),
        ["10.10.10.17 slot=4 profinet_cm.module_ident=0x0000002c (stated)"]
    );
    assert_eq!(
        said(include_bytes!("messages/read-filter.bin")),
        ["10.10.10.17 slot=5 profinet_cm.module_ident=0x0000002d (stated)"]
    );
    assert_eq!(
        said(include_bytes!("messages/read-physical.bin")),
        [
            "10.10.10.17 station_name=et200sp-line1 (stated)",
            "10.10.10.17 mac_address=28:63:36:10:00:17 (stated)",
            "10.10.10.17 profinet_dcp.subnet_mask=255.255.255.0 (stated)",
            "10.10.10.17 profinet_dcp.gateway=10.10.10.1 (stated)",
            "10.10.10.17 profinet_cm.neighbour=port-001: switch-3 port-004 (stated)",
        ]
    );
}

#[test]
fn the_endpoint_mapper_names_the_product_in_columns() {
    assert_eq!(
        facts(&read(End::Server, include_bytes!("messages/lookup-response.bin"))),
        [
            "10.10.10.17 vendor=Siemens AG (stated)",
            "10.10.10.17 profinet_dcp.vendor_id=0x002a (stated)",
            "10.10.10.17 profinet_dcp.device_id=0x010d (stated)",
            "10.10.10.17 profinet_cm.annotation=S7-1500                   6ES7 511-1AK02-0AB0      3 V  2  8  1 (stated)",
            "10.10.10.17 model=S7-1500 (stated)",
            "10.10.10.17 device_type=S7-1500 (stated)",
            "10.10.10.17 order_number=6ES7 511-1AK02-0AB0 (stated)",
            "10.10.10.17 hardware_revision=3 (stated)",
            "10.10.10.17 firmware_version=V2.8.1 (stated)",
        ]
    );
}

#[test]
fn what_is_asked_for_is_named() {
    assert_eq!(
        operations(include_bytes!("messages/connect-supervisor.bin")),
        ["control connect as supervisor"]
    );
    assert_eq!(
        operations(include_bytes!("messages/control-parameter-end.bin")),
        ["diagnostic parameter end"]
    );
    assert_eq!(operations(include_bytes!("messages/read-im0-request.bin")), ["identify read i&m0"]);
    assert_eq!(operations(include_bytes!("messages/write-multiple.bin")), ["write write multiple records"]);
    assert_eq!(operations(include_bytes!("messages/write-im1.bin")), ["program write i&m record"]);
    assert_eq!(
        operations(include_bytes!("messages/lookup-request.bin")),
        ["identify endpoint mapper lookup"]
    );
    assert_eq!(operations(include_bytes!("messages/ping.bin")), Vec::<String>::new());
}

#[test]
fn fragments_make_a_call_and_point_at_both_datagrams() {
    let (first, second) =
        (include_bytes!("messages/fragment-1.bin"), include_bytes!("messages/fragment-2.bin"));
    let mut session = (PROTOCOL.session)();
    let (output, _) = read_by(&mut *session, End::Server, first);
    assert!(output.hold && output.facts.is_empty());
    // The first sent again changes nothing.
    assert!(read_by(&mut *session, End::Server, first).0.hold);
    let pieces = [Piece { at: 0, frame: 8, offset: 42 }];
    let mut output = Output::default();
    session.message(&context(End::Server), Octets::new(second, &pieces), &mut output).unwrap();
    assert_eq!(
        facts(&output)[2..4],
        [
            "10.10.10.17 order_number=6ES7 155-6AU01-0BN0 (stated)",
            "10.10.10.17 serial_number=S C-LAB0000001 (stated)"
        ]
    );
    // A second fragment alone, and one of another call, say nothing.
    let mut session = (PROTOCOL.session)();
    assert!(read_by(&mut *session, End::Server, second).0.facts.is_empty());
    let mut other = second.to_vec();
    other[64] = 9;
    let _ = read_by(&mut *session, End::Server, first);
    let (output, _) = read_by(&mut *session, End::Server, &other);
    assert_eq!((output.facts.len(), output.dropped), (0, 1));
}

#[test]
fn a_cut_answer_says_what_stood_before_the_cut() {
    let octets = include_bytes!("messages/connect-response.bin");
    let (output, result) = read_by(&mut *(PROTOCOL.session)(), End::Server, &octets[..150]);
    assert_eq!(output.facts.len(), 1);
    assert!(result.is_err());
}

#[test]
fn only_its_interfaces_are_recognised_on_other_ports() {
    let probe = |octets: &[u8], transport| (PROTOCOL.probe)(octets, transport);
    let octets = include_bytes!("messages/connect-request.bin");
    assert_eq!(probe(octets, Transport::Udp), Probe::Certain);
    assert_eq!(probe(octets, Transport::Tcp), Probe::Foreign);
    assert_eq!(probe(include_bytes!("messages/lookup-request.bin"), Transport::Udp), Probe::Foreign);
    assert_eq!((PROTOCOL.frame)(octets, Transport::Tcp), Frame::Foreign);
}
