//! What a message says about the client and the server.

use observation::{Address, Basis, Mac, Octets, OperationKind, Rule, Station, attribute};

use super::rules;
use super::wire::{self, Message, MessageType};
use crate::ip_address::address;
use crate::{Context, Malformed, Output, Session};

/// Stateless: every message names its client.
#[derive(Debug)]
pub(super) struct Dhcp;

impl Session for Dhcp {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(octets)?;
        output.server_is = Some(if message.is_reply { context.from } else { context.from.other() });
        if message.is_reply {
            of_server(context, &message, output);
        } else {
            of_client(context, &message, octets, output);
        }
        for (code, value) in message.options.iter() {
            // Digests made with a shared key (RFC 3118).
            if code == wire::AUTHENTICATION {
                output.secret(value);
            }
        }
        message.options.check()
    }
}

/// The client, by its MAC. Behind a relay agent its VLAN is not that of this frame.
fn client(context: &Context, message: &Message<'_>) -> Option<Station> {
    let mac =
        Mac::from_slice(message.client_hardware?.bytes).filter(|mac| Address::Mac(*mac).is_unicast())?;
    let is_relayed = message.relay_address.bytes.iter().any(|octet| *octet != 0);
    Some(Station::root(mac.into(), if is_relayed { None } else { context.vlan }))
}

fn of_client<'m>(context: &Context, message: &Message<'m>, octets: Octets<'m>, output: &mut Output<'m>) {
    let kind = message.kind();
    let operation = match kind {
        MessageType::DISCOVER => Some((OperationKind::Identify, "discover")),
        MessageType::REQUEST => Some((OperationKind::Read, "request")),
        MessageType::INFORM => Some((OperationKind::Read, "inform")),
        MessageType::NONE => Some((OperationKind::Read, "bootp request")),
        _ => None,
    };
    if let Some((kind, name)) = operation {
        output.operation(kind, name, octets.head(1));
    }
    let Some(client) = client(context, message) else { return };
    output.fact(&client, attribute::IP_ADDRESS, Basis::Stated, &rules::ADDRESS, message.client_address);
    // The name in the FQDN stands for the host name only where the whole message has none.
    let has_host_name = octets.is_cut() || message.options.find(wire::HOST_NAME).is_some();
    for (code, value) in message.options.iter() {
        let mut says = |attribute: &'static str, basis: Basis, rule: &'static Rule| {
            output.fact(&client, attribute, basis, rule, value);
        };
        match code {
            wire::HOST_NAME => says(attribute::HOSTNAME, Basis::Stated, &rules::TEXT),
            wire::CLIENT_FQDN => {
                says("dhcp.fqdn", Basis::Stated, &rules::FQDN);
                if !has_host_name {
                    says(attribute::HOSTNAME, Basis::Stated, &rules::FQDN);
                }
            }
            wire::VENDOR_CLASS => {
                says("dhcp.vendor_class", Basis::Stated, &rules::TEXT);
                says(attribute::OS, Basis::Inferred, &rules::SYSTEM);
                says(attribute::OS_VERSION, Basis::Inferred, &rules::SYSTEM_VERSION);
            }
            wire::VENDOR_IDENTIFYING_CLASS => {
                says("dhcp.vendor_identifying_class", Basis::Stated, &rules::VENDOR_IDENTIFYING_CLASS);
            }
            wire::USER_CLASS => says("dhcp.user_class", Basis::Stated, &rules::CIRCUIT),
            wire::CLIENT_ID => says("dhcp.client_id", Basis::Stated, &rules::CLIENT_ID),
            wire::CLIENT_UUID => says("dhcp.client_uuid", Basis::Stated, &rules::UUID),
            wire::PARAMETERS => says("dhcp.parameters", Basis::Stated, &rules::PARAMETERS),
            wire::REQUESTED_ADDRESS => says("dhcp.requested_address", Basis::Stated, &rules::ADDRESS),
            wire::RELAY_AGENT => relay(&client, value, output),
            _ => {}
        }
    }
}

/// What a relay agent adds: sub-options 1 and 2 say where the client is plugged in (RFC 3046 section 3).
fn relay<'m>(client: &Station, value: Octets<'m>, output: &mut Output<'m>) {
    let mut at = 0_usize;
    while let Some(&[code, length]) = value.bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()) {
        let Some(id) = value.slice(at.saturating_add(2), length.into()) else { return };
        let attribute = match code {
            1 => Some("dhcp.relay_circuit_id"),
            2 => Some("dhcp.relay_remote_id"),
            _ => None,
        };
        if let Some(attribute) = attribute {
            output.fact(client, attribute, Basis::Reported, &rules::CIRCUIT, id);
        }
        at = at.saturating_add(2).saturating_add(length.into());
    }
}

fn of_server<'m>(context: &Context, message: &Message<'m>, output: &mut Output<'m>) {
    let is_given = matches!(message.kind(), MessageType::ACK | MessageType::NONE);
    if is_given && let Some(client) = client(context, message) {
        output.fact(&client, attribute::IP_ADDRESS, Basis::Reported, &rules::ADDRESS, message.your_address);
        if let Some(name) = message.options.find(wire::HOST_NAME) {
            output.fact(&client, attribute::HOSTNAME, Basis::Reported, &rules::TEXT, name);
        }
    }
    let named = message.options.find(wire::SERVER_ID).and_then(|id| address(id.bytes)).map(Address::Ip);
    let server = match named.filter(|address| address.is_unicast()) {
        // A relay agent passed the answer on.
        Some(named) if named != context.source => Station::root(named, None),
        _ => context.source(),
    };
    if !server.address.is_unicast() {
        return;
    }
    for (code, value) in message.options.iter() {
        let mut says = |attribute: &'static str, rule: &'static Rule| {
            output.fact(&server, attribute, Basis::Stated, rule, value);
        };
        match code {
            wire::SUBNET_MASK => says("dhcp.subnet_mask", &rules::ADDRESS),
            wire::NAME_SERVERS => says("dhcp.name_servers", &rules::ADDRESSES),
            wire::TIME_SERVERS => says("dhcp.time_servers", &rules::ADDRESSES),
            wire::DOMAIN_NAME => says("dhcp.domain", &rules::TEXT),
            wire::ROUTERS => {
                says("dhcp.routers", &rules::ADDRESSES);
                let first = value.head(4);
                if let Some(router) = address(first.bytes).map(Address::Ip).filter(|ip| ip.is_unicast()) {
                    output.mentioned(
                        Station::root(router, None),
                        server.clone(),
                        "router for dhcp clients",
                        first,
                    );
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(octets: &[u8], source: &str, from: End) -> (Vec<String>, Option<End>, Option<String>) {
        let context = Context {
            source: source.parse().unwrap(),
            destination: "255.255.255.255".parse().unwrap(),
            vlan: Some(99),
            destination_vlan: Some(99),
            transport: Transport::Udp,
            source_port: 68,
            destination_port: 67,
            from,
            time: Time(0),
        };
        let mut output = Output::default();
        let error = Dhcp.message(&context, Octets::unplaced(octets), &mut output).err();
        let facts = output.facts.iter().map(|fact| {
            format!("{} | {} {}={}", fact.station, fact.basis.as_str(), fact.attribute, fact.value)
        });
        (facts.collect(), output.server_is, error.map(|error| error.to_string()))
    }

    #[test]
    fn a_client_is_its_mac_and_says_its_name_and_fingerprint() {
        let (facts, server, error) = seen(include_bytes!("messages/discover.bin"), "0.0.0.0", End::Client);
        assert_eq!((server, error), (Some(End::Server), None));
        assert_eq!(
            facts,
            [
                "00:24:8c:99:00:64 vlan 99 | stated hostname=PC-ALICE",
                "00:24:8c:99:00:64 vlan 99 | stated dhcp.parameters=1,3,15,6",
                "00:24:8c:99:00:64 vlan 99 | stated dhcp.vendor_class=MSFT 5.0",
                "00:24:8c:99:00:64 vlan 99 | inferred os=Windows",
            ]
        );
    }

    #[test]
    fn the_server_reports_the_pair_and_states_what_it_hands_out() {
        let (facts, server, error) = seen(include_bytes!("messages/ack.bin"), "192.168.99.5", End::Server);
        assert_eq!((server, error), (Some(End::Server), None));
        assert_eq!(
            facts,
            [
                "00:24:8c:99:00:64 vlan 99 | reported ip_address=192.168.99.105",
                "192.168.99.5 vlan 99 | stated dhcp.subnet_mask=255.255.255.0",
                "192.168.99.5 vlan 99 | stated dhcp.name_servers=192.168.99.5",
                "192.168.99.5 vlan 99 | stated dhcp.domain=corp.example",
                "192.168.99.5 vlan 99 | stated dhcp.routers=192.168.99.1",
            ]
        );
        // An offer binds nothing, and only its sender says which end serves.
        let offer: Vec<u8> = {
            let mut octets = include_bytes!("messages/ack.bin").to_vec();
            let at = octets.windows(3).position(|window| window == [53, 1, 5]).unwrap();
            octets[at + 2] = 2;
            octets
        };
        assert!(!seen(&offer, "192.168.99.5", End::Client).0[0].contains("ip_address"));
        assert_eq!(seen(&offer, "192.168.99.5", End::Client).1, Some(End::Client));
    }

    #[test]
    fn a_relayed_request_tells_the_port_and_not_the_vlan() {
        let (facts, _, error) =
            seen(include_bytes!("messages/relayed_request.bin"), "10.10.30.1", End::Client);
        assert_eq!(error, None);
        assert_eq!(
            facts,
            [
                "00:1b:1b:10:00:50 | stated ip_address=10.10.10.50",
                "00:1b:1b:10:00:50 | stated dhcp.client_id=press-4",
                "00:1b:1b:10:00:50 | stated dhcp.requested_address=10.10.10.50",
                "00:1b:1b:10:00:50 | stated dhcp.fqdn=press-4.plant",
                "00:1b:1b:10:00:50 | stated hostname=press-4.plant",
                "00:1b:1b:10:00:50 | stated dhcp.client_uuid=00112233445566778899aabbccddeeff",
                "00:1b:1b:10:00:50 | stated dhcp.vendor_identifying_class=4329 SIMATIC",
                "00:1b:1b:10:00:50 | reported dhcp.relay_circuit_id=Gi1/0/7",
                "00:1b:1b:10:00:50 | reported dhcp.relay_remote_id=0006001b1b100002",
            ]
        );
    }

    #[test]
    fn of_a_cut_message_what_is_whole_is_read() {
        let octets = include_bytes!("messages/discover.bin");
        let (facts, _, error) = seen(&octets[..254], "0.0.0.0", End::Client);
        assert_eq!(facts.len(), 1, "{facts:?}");
        assert!(error.is_some());
        assert!(seen(&[1; 100], "0.0.0.0", End::Client).2.is_some());
    }
}
