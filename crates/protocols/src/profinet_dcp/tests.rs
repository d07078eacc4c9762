//! Messages in, facts and operations out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use observation::{Address, End, Mac, Octets, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Malformed, Output, Probe};

const CONTEXT: Context = Context {
    source: Address::Mac(Mac([0x28, 0x63, 0x36, 0x10, 0x00, 0x17])),
    destination: Address::Mac(Mac([0x18, 0x66, 0xda, 0x10, 0x00, 0x60])),
    vlan: None,
    destination_vlan: None,
    transport: Transport::Ethernet,
    source_port: 0,
    destination_port: 0x8892,
    from: End::Client,
    time: Time(0),
};

fn read(octets: &[u8]) -> (Output<'_>, Result<(), Malformed>) {
    let mut output = Output::default();
    let result = (PROTOCOL.session)().message(&CONTEXT, Octets::unplaced(octets), &mut output);
    (output, result)
}

fn facts(octets: &[u8]) -> Vec<(&'static str, String)> {
    let (output, result) = read(octets);
    result.unwrap();
    output.into_said().facts.into_iter().map(|fact| (fact.attribute, fact.value)).collect()
}

fn operations(octets: &[u8]) -> Vec<String> {
    let (output, result) = read(octets);
    result.unwrap();
    output
        .operations
        .iter()
        .map(|operation| format!("{} {}", operation.kind.as_str(), operation.name))
        .collect()
}

fn pairs(expected: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    expected.iter().map(|(attribute, value)| (*attribute, (*value).to_owned())).collect()
}

#[test]
fn a_device_answers_who_it_is() {
    let octets = include_bytes!("messages/identify-response.bin");
    assert_eq!(
        facts(octets),
        pairs(&[
            ("model", "ET200SP"),
            ("device_type", "ET200SP"),
            ("station_name", "et200sp-line1"),
            ("vendor", "Siemens AG"),
            ("profinet_dcp.vendor_id", "0x002a"),
            ("profinet_dcp.device_id", "0x0313"),
            ("profinet_dcp.role", "IO-Device"),
            ("profinet_dcp.ip_info", "set"),
            ("ip_address", "10.10.10.17"),
            ("profinet_dcp.subnet_mask", "255.255.255.0"),
            ("profinet_dcp.gateway", "10.10.10.1"),
        ])
    );
    assert_eq!(read(octets).0.server_is, Some(End::Client));
}

#[test]
fn every_block_is_read_and_empty_ones_say_nothing() {
    assert_eq!(
        facts(include_bytes!("messages/identify-full.bin")),
        pairs(&[
            ("profinet_dcp.ip_info", "set by DHCP"),
            ("ip_address", "10.1.2.3"),
            ("profinet_dcp.subnet_mask", "255.255.0.0"),
            ("profinet_dcp.gateway", "10.1.0.1"),
            ("profinet_dcp.dns_server", "10.1.0.53"),
            ("profinet_dcp.dns_server", "10.1.1.53"),
            ("mac_address", "02:a1:b2:c3:d4:e5"),
            ("model", "Valve terminal"),
            ("device_type", "Valve terminal"),
            ("vendor", "Festo"),
            ("profinet_dcp.vendor_id", "0x014d"),
            ("profinet_dcp.device_id", "0x0010"),
            ("profinet_dcp.role", "IO-Device, IO-Controller"),
            ("profinet_dcp.options", "1/1 1/3 2/1 255/255"),
            ("profinet_dcp.alias_name", "port-001.switch-3"),
            ("profinet_dcp.instance", "0.100"),
            ("profinet_dcp.gateway", "10.1.0.1"),
            ("profinet_dcp.rsi_properties", "0x0003"),
            ("hostname", "valve"),
            ("profinet_dcp.dhcp_server", "10.1.0.67"),
            ("dhcp.vendor_class", "PN-1"),
            ("profinet_dcp.dhcp_client_id", "01a1b2c3d4e5f6"),
        ])
    );
}

#[test]
fn hello_and_get_are_the_devices_own_word() {
    let hello = facts(include_bytes!("messages/hello.bin"));
    assert!(hello.contains(&("station_name", "pump-7".to_owned())));
    assert!(hello.contains(&("profinet_dcp.oem_vendor_id", "0x00b0".to_owned())));
    assert!(hello.contains(&("profinet_dcp.device_initiative", "Hello after power-on".to_owned())));
    assert_eq!(
        facts(include_bytes!("messages/get-response.bin")),
        pairs(&[("station_name", "et200sp-line1")])
    );
    assert_eq!(facts(include_bytes!("messages/set-response-odd.bin")), []);
    assert_eq!(facts(include_bytes!("messages/get-refused.bin")), []);
}

#[test]
fn what_is_asked_for_is_named() {
    assert_eq!(operations(include_bytes!("messages/identify-all.bin")), ["identify identify all"]);
    assert_eq!(
        operations(include_bytes!("messages/identify-name.bin")),
        ["identify identify by name of station"]
    );
    assert_eq!(operations(include_bytes!("messages/get-name.bin")), ["identify get"]);
    assert_eq!(operations(include_bytes!("messages/set-signal.bin")), ["control signal"]);
    assert_eq!(operations(include_bytes!("messages/set-name.bin")), ["program set name of station"]);
    assert_eq!(
        operations(include_bytes!("messages/set-ip.bin")),
        ["control set temporary ip parameter", "program set ip parameter", "control reset to factory"]
    );
    assert_eq!(operations(include_bytes!("messages/set-response.bin")), Vec::<String>::new());
    assert_eq!(read(include_bytes!("messages/set-ip.bin")).0.server_is, Some(End::Server));
}

#[test]
fn the_name_that_is_looked_for_is_of_the_one_who_looks() {
    let octets = include_bytes!("messages/identify-name.bin");
    assert_eq!(facts(octets), pairs(&[("profinet_dcp.sought_station", "turck-5")]));
}

#[test]
fn hostile_names_are_shown_as_they_are() {
    let mut octets = include_bytes!("messages/get-response.bin").to_vec();
    octets[18..31].copy_from_slice(b"%n%n%n \0\0\0\0\0\0");
    assert_eq!(facts(&octets), pairs(&[("station_name", "%n%n%n")]));
}

#[test]
fn a_cut_answer_says_what_stood_before_the_cut() {
    let octets = include_bytes!("messages/identify-response.bin");
    let (output, result) = read(&octets[..30]);
    assert_eq!(result.unwrap_err().to_string(), "block at octet 30: 15 octets missing");
    assert_eq!(output.facts.len(), 2);
}

#[test]
fn only_its_own_frame_ids_are_framed() {
    let octets = include_bytes!("messages/identify-response.bin");
    let frame = |octets: &[u8]| (PROTOCOL.frame)(octets, Transport::Ethernet);
    assert_eq!(frame(octets), Frame::Message(octets.len()));
    assert_eq!(frame(&octets[..20]), Frame::Partial(82));
    assert_eq!(frame(&[0x80, 0x00]), Frame::Foreign);
    assert_eq!((PROTOCOL.probe)(octets, Transport::Ethernet), Probe::Certain);
    assert_eq!((PROTOCOL.probe)(octets, Transport::Udp), Probe::Foreign);
}
