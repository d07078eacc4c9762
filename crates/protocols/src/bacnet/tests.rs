//! Conversations of whole messages.
#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use observation::{Basis, End, Octets, OperationKind, Time, Transport};

use crate::{Context, Output, Session};

/// One conversation; both ends use the port of BACnet/IP.
struct Conversation {
    session: super::session::Bacnet,
    client: &'static str,
    server: &'static str,
}

impl Conversation {
    fn new() -> Self {
        Self { session: Default::default(), client: "10.0.0.1", server: "10.0.0.2" }
    }

    fn says<'m>(&mut self, from: End, octets: &'m [u8]) -> (Output<'m>, Option<String>) {
        let ends = [self.client, self.server].map(|address| address.parse().unwrap());
        let [source, destination] = if from == End::Client { ends } else { [ends[1], ends[0]] };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 47808,
            destination_port: 47808,
            from,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = self.session.message(&context, Octets::unplaced(octets), &mut output);
        (output, result.err().map(|malformed| malformed.to_string()))
    }
}

fn facts(output: &Output<'_>) -> Vec<(String, &'static str, String, Basis)> {
    let facts = output.facts.iter();
    facts.map(|fact| (fact.station.to_string(), fact.attribute, fact.value.clone(), fact.basis)).collect()
}

fn fact(station: &str, attribute: &'static str, value: &str) -> (String, &'static str, String, Basis) {
    (station.to_owned(), attribute, value.to_owned(), Basis::Stated)
}

fn operations(output: &Output<'_>) -> Vec<(OperationKind, &'static str)> {
    output.operations.iter().map(|operation| (operation.kind, operation.name)).collect()
}

#[test]
fn a_device_names_itself_and_is_likely_the_one_that_serves() {
    let mut conversation = Conversation::new();
    conversation.server = "10.0.0.255";
    let (output, error) = conversation.says(End::Client, include_bytes!("messages/i-am.bin"));
    assert_eq!(error, None);
    assert_eq!((output.server_is, output.server_seems), (None, Some(End::Client)));
    let facts = facts(&output);
    assert_eq!(facts[0], fact("10.0.0.1", "bacnet.instance", "260042"));
    assert_eq!(facts[1], fact("10.0.0.1", "bacnet.vendor_id", "5"));
    assert_eq!((facts[2].1, facts[2].3), ("vendor", Basis::Inferred));
    let (output, _) = conversation.says(End::Client, include_bytes!("messages/who-is.bin"));
    assert_eq!(operations(&output), [(OperationKind::Identify, "who-is")]);
    assert_eq!(output.server_seems, Some(End::Server));
}

#[test]
fn a_request_and_its_answer_prove_who_serves() {
    let mut conversation = Conversation::new();
    let (output, error) = conversation.says(End::Client, include_bytes!("messages/read-vendor-name.bin"));
    assert_eq!((error, output.server_is), (None, Some(End::Server)));
    assert_eq!(operations(&output), [(OperationKind::Identify, "read property")]);
    let (output, error) = conversation.says(End::Server, include_bytes!("messages/vendor-name-ack.bin"));
    assert_eq!((error, output.server_is), (None, Some(End::Server)));
    assert_eq!(
        facts(&output),
        [fact("10.0.0.2", "bacnet.instance", "260042"), fact("10.0.0.2", "vendor", "Johnson Controls, Inc.")]
    );
    let (output, _) = conversation.says(End::Server, include_bytes!("messages/write-property-ack.bin"));
    assert_eq!(output.server_is, Some(End::Server));
}

#[test]
fn a_station_behind_a_router_is_asked_speaks_and_answers_in_segments() {
    let mut conversation = Conversation::new();
    let child = "10.0.0.2 network=2001/device=23";
    let request = include_bytes!("messages/read-device-behind-router.bin");
    let (output, _) = conversation.says(End::Client, request);
    let named = &output.mentioned[0];
    assert_eq!((named.station.to_string().as_str(), named.reason), (child, "bacnet request"));
    assert!(conversation.says(End::Client, request).0.mentioned.is_empty(), "said once");
    let segments = include_bytes!("messages/device-behind-router-segments.bin");
    let mut rest = segments.as_slice();
    let mut outputs = Vec::new();
    while let [_, _, high, low, ..] = rest {
        let (message, after) = rest.split_at(u16::from_be_bytes([*high, *low]).into());
        let (output, error) = conversation.says(End::Server, message);
        assert_eq!(error, None);
        outputs.push(output);
        rest = after;
    }
    let [first, second, last] = outputs.as_slice() else { panic!("three segments") };
    assert_eq!(first.spoke[0].station.to_string(), child);
    assert!(second.spoke.is_empty() && first.facts.is_empty());
    assert_eq!([first.hold, second.hold, last.hold], [true, true, false]);
    assert_eq!(
        facts(last),
        [
            fact(child, "bacnet.instance", "4711"),
            fact(child, "name", "AHU-3 Controller"),
            fact(child, "vendor", "Example Controls"),
            fact(child, "model", "VAV-42"),
            fact(child, "firmware_version", "2.4.1"),
            fact(child, "bacnet.application_software_version", "prog 7"),
            fact(child, "serial_number", "SN-000471"),
            fact(child, "location", "Roof, east"),
            fact(child, "bacnet.system_status", "operational"),
            fact(child, "bacnet.protocol_version", "1"),
            fact(child, "bacnet.protocol_revision", "22"),
        ]
    );
}

#[test]
fn whoever_forwards_is_not_who_speaks() {
    let mut conversation = Conversation::new();
    let forwarded = include_bytes!("messages/forwarded-i-am.bin");
    let (output, error) = conversation.says(End::Client, forwarded);
    assert_eq!(error, None);
    let said = facts(&output);
    assert_eq!(said[0], fact("10.0.0.1", "bacnet.broadcast_management", "broadcast management device"));
    assert_eq!(said[1], ("192.0.2.77".to_owned(), "bacnet.instance", "4711".to_owned(), Basis::Reported));
    assert_eq!((said.len(), output.server_seems), (4, None));
    // For itself.
    let mut own = forwarded.to_vec();
    own[4..8].copy_from_slice(&[10, 0, 0, 1]);
    let (output, _) = conversation.says(End::Client, &own);
    assert_eq!(facts(&output)[0], fact("10.0.0.1", "bacnet.instance", "4711"));
}

#[test]
fn a_router_that_names_itself_by_its_own_address_is_no_station_below_itself() {
    let who_is = [0x81, 0x0b, 0, 19, 1, 0x08, 2, 0xbf, 6, 10, 0, 0, 1, 0xba, 0xc0, 0x10, 8, 9, 1];
    let (output, error) = Conversation::new().says(End::Client, &who_is);
    assert_eq!((error, output.spoke.len()), (None, 0));
    let mut other = who_is;
    other[12] = 9;
    let (output, _) = Conversation::new().says(End::Client, &other);
    assert_eq!(output.spoke[0].station.to_string(), "10.0.0.1 network=703/device=10.0.0.9:47808");
}

#[test]
fn routers_tell_their_networks() {
    let mut conversation = Conversation::new();
    let (output, error) = conversation.says(End::Client, include_bytes!("messages/i-am-router.bin"));
    assert_eq!(error, None);
    let network = |number| fact("10.0.0.1", "bacnet.routed_network", number);
    assert_eq!(facts(&output), [network("2001"), network("2002"), network("17")]);
    let octets = include_bytes!("messages/initialize-routing-table-ack.bin");
    let (output, error) = conversation.says(End::Client, octets);
    assert_eq!((error, facts(&output)), (None, vec![network("2001"), network("2002")]));
    let (output, _) = conversation.says(End::Client, include_bytes!("messages/network-number-is.bin"));
    assert_eq!(facts(&output), [fact("10.0.0.1", "bacnet.network_number", "17")]);
}

#[test]
fn tables_of_broadcast_management_are_read() {
    let octets = include_bytes!("messages/tables-ack.bin");
    let mut conversation = Conversation::new();
    let (output, error) = conversation.says(End::Server, &octets[..24]);
    assert_eq!((error, output.server_is), (None, Some(End::Server)));
    assert_eq!(
        facts(&output)[1..],
        [
            fact("10.0.0.2", "bacnet.broadcast_peer", "10.0.0.2:47808 mask 255.255.255.255"),
            fact("10.0.0.2", "bacnet.broadcast_peer", "10.0.1.2:47808 mask 255.255.255.255")
        ]
    );
    let (output, _) = conversation.says(End::Server, &octets[24..]);
    assert_eq!(facts(&output), [fact("10.0.0.2", "bacnet.foreign_device", "192.0.2.9:50000")]);
    let (output, _) = conversation.says(End::Client, include_bytes!("messages/register-foreign-device.bin"));
    assert_eq!(operations(&output), [(OperationKind::Diagnostic, "register foreign device")]);
}

#[test]
fn passwords_and_keys_are_secret_and_what_they_are_for_is_named() {
    let mut conversation = Conversation::new();
    let octets = include_bytes!("messages/reinitialize-with-password.bin");
    let (output, _) = conversation.says(End::Client, octets);
    assert_eq!(operations(&output), [(OperationKind::Control, "reinitialize device, coldstart")]);
    assert_eq!((output.secrets.len(), output.facts.len()), (1, 0));
    let octets = include_bytes!("messages/communication-control.bin");
    let (output, _) = conversation.says(End::Client, octets);
    assert_eq!(operations(&output), [(OperationKind::Control, "device communication control, disable")]);
    assert_eq!(output.secrets.len(), 1);
    let (output, _) = conversation.says(End::Client, include_bytes!("messages/set-master-key.bin"));
    assert_eq!(operations(&output), [(OperationKind::Program, "set master key")]);
    assert_eq!(output.secrets.len(), 1);
}

#[test]
fn a_password_behind_a_wrong_length_is_secret_too() {
    let mut octets = include_bytes!("messages/reinitialize-with-password.bin").to_vec();
    octets[3] -= 5;
    let pieces = [observation::Piece { at: 0, frame: 1, offset: 0 }];
    let mut output = Output::default();
    let ends = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
    let context = Context {
        source: ends[0],
        destination: ends[1],
        vlan: None,
        destination_vlan: None,
        transport: Transport::Udp,
        source_port: 47808,
        destination_port: 47808,
        from: End::Client,
        time: Time(0),
    };
    let mut session = super::session::Bacnet::default();
    session.message(&context, Octets::new(&octets, &pieces), &mut output).unwrap();
    let range = output.secrets[0].ranges[0];
    assert_eq!(&octets[range.offset as usize..][..range.length as usize], b"\0secret");
    assert_eq!(output.malformed[0].to_string(), "bvlc at octet 16: 5 octets too many");
}

#[test]
fn a_notification_comes_from_the_one_that_serves_and_asks_nothing() {
    let (output, error) =
        Conversation::new().says(End::Client, include_bytes!("messages/cov-notification.bin"));
    assert_eq!((error, output.operations.len()), (None, 0));
    assert_eq!(output.server_seems, Some(End::Client));
}

#[test]
fn what_stands_before_a_cut_is_read() {
    let octets = include_bytes!("messages/i-am.bin");
    let (output, error) = Conversation::new().says(End::Client, &octets[..octets.len() - 1]);
    assert_eq!(facts(&output).len(), 1);
    assert!(error.is_some());
    let octets = include_bytes!("messages/cov-notification.bin");
    let (_, error) = Conversation::new().says(End::Client, &octets[..octets.len() - 4]);
    assert_eq!(error.as_deref(), Some("bvlc at octet 31: 4 octets missing"));
}

#[test]
fn without_a_virtual_link_layer_the_network_layer_comes_first() {
    let octets = &include_bytes!("messages/i-am-behind-router.bin")[4..];
    let context = Context {
        source: "00:10:8d:00:00:01".parse().unwrap(),
        destination: "ff:ff:ff:ff:ff:ff".parse().unwrap(),
        vlan: None,
        destination_vlan: None,
        transport: Transport::Ethernet,
        source_port: 0,
        destination_port: 0x82,
        from: End::Client,
        time: Time(0),
    };
    let mut output = Output::default();
    let mut session = super::session::Bacnet::default();
    session.message(&context, Octets::unplaced(octets), &mut output).unwrap();
    assert_eq!(
        facts(&output)[0],
        fact("00:10:8d:00:00:01 network=2001/device=23", "bacnet.instance", "4711")
    );
}
