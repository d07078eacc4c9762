//! One conversation: who asks, and which station below the address is meant.

use std::net::IpAddr;

use observation::{Address, Basis, Day, End, Octets, Position, Station, Transport};

use super::command::Command;
use super::observe;
use super::rules;
use super::wire::{Fins, FinsAddress, Message, Purpose};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Reader, Session};

/// Stations below the address that one conversation remembers; those beyond are said again.
const BELOW_MAX: usize = 16;

/// Octets before the password of the commands that protect the program: number of the program and protect code.
const BEFORE_PASSWORD: usize = 3;

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The end that answers, once a message told.
    server: Option<(Address, u16)>,
    /// Node address that the server stated in FINS/TCP.
    server_node: Option<u8>,
    /// The FINS address that each end was said to have, and on which day: client, server.
    own: [Option<(Day, FinsAddress)>; 2],
    /// Stations below the address that were asked, and that answered.
    asked: Told<BELOW_MAX>,
    answered: Told<BELOW_MAX>,
}

impl Session for Conversation {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(message, context.transport)?;
        match message.purpose {
            Purpose::ClientNode => {
                self.orient(context, false, output);
                Ok(())
            }
            Purpose::ServerNode => {
                self.orient(context, true, output);
                self.nodes(context, message.body, output)
            }
            Purpose::Frame => {
                let fins = Fins::parse(message.body)?;
                self.orient(context, fins.is_response, output);
                if fins.is_response {
                    self.response(context, &fins, output)
                } else {
                    self.request(context, &fins, output);
                    Ok(())
                }
            }
            Purpose::Other => Ok(()),
        }
    }
}

impl Conversation {
    /// The first message that tells who answers decides; two controllers may ask each other on one pair of ports.
    fn orient(&mut self, context: &Context, answers: bool, output: &mut Output<'_>) {
        if self.server.is_none() {
            let end = if answers { context.from } else { context.from.other() };
            self.server = Some(match answers {
                true => (context.source, context.source_port),
                false => (context.destination, context.destination_port),
            });
            output.server_is = Some(end);
        }
    }

    fn is_from_server(&self, context: &Context) -> bool {
        self.server == Some((context.source, context.source_port))
    }

    /// The server's answer with both node addresses.
    fn nodes<'m>(
        &mut self,
        context: &Context,
        mut body: Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let client = body.take(4, "client node address")?;
        let server = body.take(4, "server node address")?;
        self.server_node = server.bytes.last().copied();
        let (ours, theirs) = (context.source(), context.destination());
        output.fact(&theirs, "fins.node", Basis::Reported, &rules::NODE, client);
        output.fact(&ours, "fins.node", Basis::Stated, &rules::NODE, server);
        Ok(())
    }

    fn request<'m>(&mut self, context: &Context, fins: &Fins<'m>, output: &mut Output<'m>) {
        if matches!(fins.command, Command::PROGRAM_AREA_PROTECT | Command::PROGRAM_AREA_PROTECT_CLEAR) {
            output.secret(fins.data.peek().tail(BEFORE_PASSWORD));
        }
        if self.is_from_server(context) {
            return;
        }
        let (kind, name) = fins.command.operation();
        output.operation(kind, name, fins.command_octets);
        self.own_address(context.source(), End::Client, context.time.day(), fins, output);
        let server = context.destination();
        if context.destination.is_unicast()
            && let Some(below) = self.below(&server, context.transport, fins.destination)
            && self.asked.is_new(Print::of_day(context.time.day()).with(&fins.destination))
        {
            output.mentioned(below, context.source(), "fins command", fins.destination_octets);
        }
    }

    fn response<'m>(
        &mut self,
        context: &Context,
        fins: &Fins<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let server = context.source();
        let Some(below) = self.below(&server, context.transport, fins.source) else {
            self.own_address(server.clone(), End::Server, context.time.day(), fins, output);
            return observe::observe(&server, fins, output);
        };
        if self.answered.is_new(Print::of_day(context.time.day()).with(&fins.source)) {
            output.spoke(below.clone());
        }
        observe::observe(&below, fins, output)
    }

    /// Says the FINS address of the sender, once a day and when it changes.
    fn own_address<'m>(
        &mut self,
        station: Station,
        end: End,
        day: Day,
        fins: &Fins<'m>,
        output: &mut Output<'m>,
    ) {
        let Some(known) = self.own.get_mut(end.index()) else { return };
        if known.replace((day, fins.source)) != Some((day, fins.source)) {
            output.fact(&station, "fins.address", Basis::Stated, &rules::ADDRESS, fins.source_octets);
        }
    }

    /// The station below the server that a FINS address stands for; `None` for the server itself.
    ///
    /// Network 0 is the one at hand. Another number may be that of the network at hand, too: there the node address is
    /// the server's own, which it states in FINS/TCP and which is the last octet of its IP address otherwise (W421,
    /// section 5-4, automatic generation). Unit 0 is the CPU; others are units in its racks.
    fn below(&self, server: &Station, transport: Transport, address: FinsAddress) -> Option<Station> {
        let [network, node, unit] = address;
        let own = match (transport, server.address) {
            (Transport::Tcp, _) if self.server_node.is_some() => self.server_node,
            (_, Address::Ip(IpAddr::V4(ip))) => ip.octets().last().copied(),
            _ => None,
        };
        let elsewhere = network != 0 && own != Some(node);
        if !elsewhere && unit == 0 {
            return None;
        }
        let path = elsewhere.then(|| [Position::new("network", network), Position::new("node", node)]);
        let module = (unit != 0).then(|| Position::new("module", unit));
        Some(server.below(path.into_iter().flatten().chain(module)))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::OperationKind;

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::{self, Heard};

    fn hear(messages: &[(End, &[u8])], transport: Transport) -> Heard {
        let heard = trial::hear(&PROTOCOL, transport, messages);
        assert!(heard.malformed.is_empty(), "{:?}", heard.malformed);
        heard
    }

    #[test]
    fn controller_data_tells_model_versions_and_card() {
        let heard = hear(
            &[
                (End::Client, include_bytes!("messages/controller-data-udp.bin")),
                (End::Server, include_bytes!("messages/controller-data-response-udp.bin")),
            ],
            Transport::Udp,
        );
        for (attribute, value) in [
            ("vendor", "Omron"),
            ("model", "CJ2M-CPU33"),
            ("firmware_version", "02.01"),
            ("fins.address", "0.31.0"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        assert!(heard.has("10.0.0.1", "fins.address", "0.60.0"));
        assert_eq!(heard.operations, [(OperationKind::Identify, "controller data read")]);
        assert_eq!(heard.servers, [End::Server]);
        assert!(heard.spoke.is_empty() && heard.mentioned.is_empty());
    }

    #[test]
    fn fins_tcp_exchanges_node_addresses_before_commands() {
        let heard = hear(
            &[
                (End::Client, include_bytes!("messages/node-address-request.bin")),
                (End::Server, include_bytes!("messages/node-address-response.bin")),
                (End::Client, include_bytes!("messages/stop.bin")),
            ],
            Transport::Tcp,
        );
        assert!(heard.has("10.0.0.5", "fins.node", "200") && heard.has("10.0.0.1", "fins.node", "251"));
        assert_eq!(heard.operations, [(OperationKind::Control, "stop")]);
        assert!(heard.mentioned.is_empty());
    }

    #[test]
    fn a_node_of_another_network_and_a_unit_are_stations_below() {
        let mut request = include_bytes!("messages/controller-data-udp.bin").to_vec();
        request[3..6].copy_from_slice(&[2, 9, 16]);
        let mut response = include_bytes!("messages/controller-data-response-udp.bin").to_vec();
        response[6..9].copy_from_slice(&[2, 9, 16]);
        let heard = hear(&[(End::Client, &request), (End::Server, &response)], Transport::Udp);
        let below = "10.0.0.5 network=2/node=9/module=16";
        assert!(heard.has(below, "model", "CJ2M-CPU33"));
        assert_eq!(heard.spoke, [below]);
        assert_eq!(heard.mentioned, [(below.to_owned(), "fins command")]);
        // Its own node address on a numbered network is the server itself.
        request[3..6].copy_from_slice(&[2, 5, 0]);
        assert!(hear(&[(End::Client, &request)], Transport::Udp).mentioned.is_empty());
    }

    #[test]
    fn connection_data_reports_the_units() {
        let heard =
            hear(&[(End::Server, include_bytes!("messages/connection-data-response.bin"))], Transport::Tcp);
        let unit = "10.0.0.5 module=16";
        assert!(heard.facts.contains(&(unit.to_owned(), "model", "CJ1W-ETN21".to_owned(), Basis::Reported)));
        assert_eq!(heard.mentioned.len(), 2);
    }

    #[test]
    fn a_status_tells_mode_and_error() {
        let heard =
            hear(&[(End::Server, include_bytes!("messages/controller-status-response.bin"))], Transport::Tcp);
        assert!(heard.has("10.0.0.5", "mode", "monitor") && heard.has("10.0.0.5", "fins.status", "run"));
        assert!(heard.has("10.0.0.5", "fins.error_message", "LOW PRESSURE"));
    }

    #[test]
    fn an_error_answer_says_nothing_and_a_password_is_secret() {
        let mut response = include_bytes!("messages/controller-data-response-udp.bin").to_vec();
        response[12] = 0x21;
        let heard = hear(&[(End::Server, &response)], Transport::Udp);
        assert!(heard.facts.iter().all(|fact| fact.1 == "fins.address"));
        let protect = include_bytes!("messages/program-area-protect-clear.bin");
        assert_eq!(hear(&[(End::Client, protect)], Transport::Tcp).secrets.len(), 1);
    }

    #[test]
    fn a_request_of_the_answering_end_is_not_counted_as_the_clients() {
        let request: &[u8] = include_bytes!("messages/controller-data-udp.bin");
        let heard = hear(&[(End::Client, request), (End::Server, request)], Transport::Udp);
        assert_eq!((heard.operations.len(), heard.servers.len()), (1, 1));
    }
}
