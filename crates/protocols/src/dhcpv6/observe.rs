//! What a message says about the client and the server.

use observation::{Address, Basis, Octets, OperationKind, Rule, Station, attribute};

use super::rules;
use super::wire::{self, Message, Options};
use crate::ip_address::address;
use crate::{Context, Malformed, Output, Session};

/// Relay agents that a message may have passed (RFC 8415 section 7.6, HOP_COUNT_LIMIT).
const RELAYS_MAX: usize = 8;

/// Stateless: every message names its client.
#[derive(Debug)]
pub(super) struct Dhcpv6;

impl Session for Dhcpv6 {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(octets)?;
        let is_of_server = message.is_of_server();
        output.server_is = Some(if is_of_server { context.from } else { context.from.other() });
        let (client, server) = if is_of_server {
            (context.destination(), context.source())
        } else {
            (context.source(), context.destination())
        };
        let ends = Ends { client, server, relays: 0 };
        ends.read(message, octets, output)
    }
}

/// Whom the options are about.
struct Ends {
    client: Station,
    server: Station,
    relays: usize,
}

impl Ends {
    fn read<'m>(
        self,
        message: Message<'m>,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match message.peer {
            Some(peer) => self.relayed(peer, message.options, output),
            None if message.is_of_server() => self.of_server(message.kind, message.options, output),
            None => {
                let operation = match message.kind {
                    wire::SOLICIT => Some((OperationKind::Identify, "solicit")),
                    wire::REQUEST => Some((OperationKind::Read, "request")),
                    wire::INFORMATION_REQUEST => Some((OperationKind::Read, "information-request")),
                    _ => None,
                };
                if let Some((kind, name)) = operation {
                    output.operation(kind, name, octets.head(1));
                }
                self.of_client(message.options, output)
            }
        }
    }

    /// What a relay agent passes on is said by the peer, and what it adds is said of the peer.
    fn relayed<'m>(
        self,
        peer: Octets<'m>,
        options: Options<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(peer) = address(peer.bytes).map(Address::Ip).filter(|_| self.relays < RELAYS_MAX) else {
            return Ok(());
        };
        let client = Station::root(peer, None);
        for option in options {
            let (code, value) = option?;
            let mut reports = |attribute: &'static str, rule: &'static Rule| {
                if peer.is_unicast() {
                    output.fact(&client, attribute, Basis::Reported, rule, value);
                }
            };
            match code {
                wire::INTERFACE_ID => reports("dhcpv6.relay_interface_id", &rules::CIRCUIT),
                wire::REMOTE_ID => reports("dhcpv6.relay_remote_id", &rules::CIRCUIT),
                wire::CLIENT_LINK_LAYER => reports(attribute::MAC_ADDRESS, &rules::LINK_LAYER),
                wire::RELAYED => {
                    let ends = Self {
                        client: client.clone(),
                        server: self.server.clone(),
                        relays: self.relays.saturating_add(1),
                    };
                    ends.read(Message::parse(value)?, value, output)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn of_client<'m>(&self, options: Options<'m>, output: &mut Output<'m>) -> Result<(), Malformed> {
        for option in options {
            let (code, value) = option?;
            if code == wire::AUTHENTICATION {
                output.secret(value);
            }
            if !self.client.address.is_unicast() {
                continue;
            }
            let mut says = |attribute: &'static str, rule: &'static Rule| {
                output.fact(&self.client, attribute, Basis::Stated, rule, value);
            };
            match code {
                wire::CLIENT_ID => {
                    says("dhcpv6.duid", &rules::DUID);
                    says("dhcpv6.duid_mac", &rules::DUID_MAC);
                }
                wire::CLIENT_FQDN => says(attribute::HOSTNAME, &rules::FQDN),
                wire::VENDOR_CLASS => says("dhcpv6.vendor_class", &rules::VENDOR_CLASS),
                wire::OPTION_REQUEST => says("dhcpv6.options_requested", &rules::OPTION_REQUEST),
                _ => {}
            }
        }
        Ok(())
    }

    fn of_server<'m>(
        &self,
        kind: u8,
        options: Options<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        for option in options {
            let (code, value) = option?;
            let mut says = |attribute: &'static str, rule: &'static Rule| {
                if self.server.address.is_unicast() {
                    output.fact(&self.server, attribute, Basis::Stated, rule, value);
                }
            };
            match code {
                wire::SERVER_ID => says("dhcpv6.duid", &rules::DUID),
                wire::NAME_SERVERS => says("dhcpv6.name_servers", &rules::ADDRESSES),
                wire::SEARCH_LIST => says("dhcpv6.domain", &rules::DOMAIN),
                wire::AUTHENTICATION => output.secret(value),
                wire::ASSOCIATION if kind == wire::REPLY && self.client.address.is_unicast() => {
                    for given in Options::nested(value.tail(wire::ASSOCIATION_HEADER)) {
                        if let (wire::ADDRESS, address) = given? {
                            let (client, address) = (&self.client, address.head(16));
                            output.fact(
                                client,
                                attribute::IP_ADDRESS,
                                Basis::Reported,
                                &rules::ADDRESS,
                                address,
                            );
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(octets: &[u8], source: &str, destination: &str) -> (Vec<String>, Option<End>, Option<String>) {
        let context = Context {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 546,
            destination_port: 547,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let error = Dhcpv6.message(&context, Octets::unplaced(octets), &mut output).err();
        let facts = output.facts.iter().map(|fact| {
            format!("{} {} {}={}", fact.station, fact.basis.as_str(), fact.attribute, fact.value)
        });
        (facts.collect(), output.server_is, error.map(|error| error.to_string()))
    }

    #[test]
    fn a_client_states_its_identifier_name_and_class() {
        let (facts, server, error) = seen(include_bytes!("messages/solicit.bin"), "fe80::50", "ff02::1:2");
        assert_eq!((server, error), (Some(End::Server), None));
        assert_eq!(
            facts,
            [
                "fe80::50 stated dhcpv6.duid=000100011c39cf88001b1b100050",
                "fe80::50 stated dhcpv6.duid_mac=00:1b:1b:10:00:50",
                "fe80::50 stated hostname=press-4",
                "fe80::50 stated dhcpv6.vendor_class=311 MSFT 5.0",
                "fe80::50 stated dhcpv6.options_requested=24,23,17",
            ]
        );
    }

    #[test]
    fn a_server_reports_the_address_that_it_gives() {
        let (facts, server, error) = seen(include_bytes!("messages/reply.bin"), "fe80::1", "fe80::50");
        assert_eq!((server, error), (Some(End::Client), None));
        assert_eq!(
            facts,
            [
                "fe80::1 stated dhcpv6.duid=0003000100090f0a0001",
                "fe80::50 reported ip_address=fd00::50",
                "fe80::1 stated dhcpv6.name_servers=fd00::5",
                "fe80::1 stated dhcpv6.domain=plant.example",
            ]
        );
    }

    #[test]
    fn behind_a_relay_agent_the_client_is_its_peer() {
        let (facts, _, error) = seen(include_bytes!("messages/relay_forward.bin"), "fd00::1", "fd00::5");
        assert_eq!(error, None);
        assert_eq!(
            facts,
            [
                "fe80::50 reported dhcpv6.relay_interface_id=Gi1/0/7",
                "fe80::50 reported mac_address=00:1b:1b:10:00:50",
                "fe80::50 stated dhcpv6.duid=00030001001b1b100050",
                "fe80::50 stated dhcpv6.duid_mac=00:1b:1b:10:00:50",
            ]
        );
        let solicit = include_bytes!("messages/solicit.bin");
        assert!(seen(&solicit[..30], "fe80::50", "ff02::1:2").2.is_some());
    }
}
