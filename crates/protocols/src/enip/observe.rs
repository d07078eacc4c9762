//! What the messages of one conversation say: requests are paired with replies, and each is about the device at the
//! end of its route.

use observation::{End, Octets, OperationKind, Station, Transport};

use super::cip::is_reply;
use super::cpf::{self, ItemType};
use super::encapsulation::{Command, Message};
use super::list;
use super::pending::{Connections, Key, Requests};
use super::routes::{Node, Routes};
use crate::pccc::Commands;
use crate::{Context, Malformed, Output, Reader, Repeat, Session};

/// One conversation: the devices it reached, the requests under way, the connections it opened.
#[derive(Debug, Default)]
pub(super) struct Enip {
    pub(super) routes: Routes,
    pub(super) requests: Requests,
    pub(super) connections: Connections,
    /// What the PCCC object carries; most conversations carry none.
    pub(super) pccc: Option<Box<Pccc>>,
}

/// Commands of older controllers in one conversation.
#[derive(Debug, Default)]
pub(super) struct Pccc {
    /// Those that wait for their reply.
    pub(super) commands: Commands,
    /// True if the conversation has other services, too.
    pub(super) has_company: bool,
}

/// What cyclic data are counted as.
const CLASS_1: (OperationKind, &str) = (OperationKind::Read, "class 1 i/o");

/// How a CIP message travels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// What pairs request and reply; `None` for connections whose opening was not seen.
    pub(super) key: Option<Key>,
    /// The device that it is for or from, as far as the request tells; `None` if it is not known.
    pub(super) node: Option<Node>,
}

impl Session for Enip {
    fn repeat(&mut self, _: End, transport: Transport, message: &[u8]) -> Repeat {
        if transport == Transport::Udp && cpf::is_class_1(message) {
            return Repeat::Asks(CLASS_1.0, CLASS_1.1);
        }
        Repeat::No
    }

    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let class_1 = if message.is_cut() { cpf::begins_class_1 } else { cpf::is_class_1 };
        if context.transport == Transport::Udp && class_1(message.bytes) {
            // Its connection was opened over TCP, in another conversation: which end scans is not known here.
            output.operation(CLASS_1.0, CLASS_1.1, message);
            return Ok(());
        }
        let parsed = Message::parse(message)?;
        output.malformed.extend(parsed.excess.clone());
        let header = parsed.header;
        let empty = header.length == 0;
        let asks = match header.command {
            Command::LIST_IDENTITY if empty => Some("list identity"),
            Command::LIST_SERVICES if empty => Some("list services"),
            Command::LIST_INTERFACES if empty => Some("list interfaces"),
            _ => None,
        };
        match header.command {
            _ if asks.is_some_and(|_| header.status == 0) => {
                output.server_is = Some(context.from.other());
                if let Some(name) = asks {
                    output.operation(OperationKind::Identify, name, message);
                }
            }
            Command::LIST_IDENTITY | Command::LIST_SERVICES => {
                output.server_is = Some(context.from);
                self.list(context, parsed.data, output)?;
            }
            Command::LIST_INTERFACES => output.server_is = Some(context.from),
            Command::REGISTER_SESSION => {
                let request = header.session == 0 && header.status == 0;
                output.server_is = Some(if request { context.from.other() } else { context.from });
            }
            Command::UNREGISTER_SESSION => (),
            // A failed request is returned with a status and without items.
            Command::SEND_RR_DATA | Command::SEND_UNIT_DATA if header.status == 0 => {
                self.items(context, &parsed, output)?;
            }
            _ => (),
        }
        Ok(())
    }
}

impl Enip {
    fn list<'m>(
        &mut self,
        context: &Context,
        data: Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if data.is_empty() {
            return Ok(());
        }
        let station = context.source();
        for item in cpf::Items::read(data)? {
            let item = item?;
            match item.kind {
                ItemType::IDENTITY => {
                    let logix_controller = list::identity(item.body, &station, output)?;
                    if logix_controller {
                        self.routes.set_logix_controller(Node::SERVER);
                    }
                }
                ItemType::SERVICES => list::service(item.body, &station, output)?,
                _ => (),
            }
        }
        Ok(())
    }

    fn items<'m>(
        &mut self,
        context: &Context,
        message: &Message<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut connection = None;
        for item in message.items()? {
            let mut item = item?;
            let way = match item.kind {
                ItemType::CONNECTED_ADDRESS => {
                    connection = Some(item.body.u32_le("connection id")?);
                    continue;
                }
                ItemType::UNCONNECTED_DATA => {
                    let key = Key::Unconnected(message.header.session, message.header.context);
                    Way { key: Some(key), node: Some(Node::SERVER) }
                }
                ItemType::CONNECTED_DATA => {
                    let sequence = item.body.u16_le("sequence count")?;
                    self.connected(connection, sequence, is_reply(&item.body))
                }
                _ => continue,
            };
            let read = if is_reply(&item.body) {
                self.reply(context, way, item.body, output)
            } else {
                self.request(context, way, item.body, 0, output)
            };
            output.malformed.extend(read.err());
        }
        Ok(())
    }

    /// The way of a connected message, if its connection was seen to open.
    fn connected(&self, id: Option<u32>, sequence: u16, reply: bool) -> Way {
        let find =
            |id| if reply { self.connections.to_originator(id) } else { self.connections.to_target(id) };
        match id.and_then(find) {
            Some(connection) => {
                let key = Key::Connected(connection.to_target, sequence);
                Way { key: Some(key), node: Some(connection.node) }
            }
            None => Way { key: None, node: None },
        }
    }

    /// The station of a device behind the server, or the server's own.
    pub(super) fn station(&self, node: Node, server: Station) -> Station {
        server.below(self.routes.path(node).0.iter().cloned())
    }

    pub(super) fn speaks(&mut self, context: &Context, node: Node, output: &mut Output<'_>) {
        if self.routes.speaks(node, context.time.day()) {
            output.spoke(self.station(node, context.source()));
        }
    }

    pub(super) fn mention(
        &mut self,
        context: &Context,
        node: Node,
        reason: &'static str,
        octets: Octets<'_>,
        output: &mut Output<'_>,
    ) {
        if self.routes.is_mentioned(node, context.time.day()) {
            output.mentioned(self.station(node, context.destination()), context.source(), reason, octets);
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Basis, Day, End, NANOS_PER_DAY, Time};

    use super::super::encapsulation;
    use super::*;
    use crate::Frame;

    /// What a session said of messages that client and server sent in turn.
    #[derive(Debug, Default)]
    struct Said {
        facts: Vec<(String, &'static str, String, Basis)>,
        operations: Vec<(OperationKind, &'static str)>,
        spoke: Vec<String>,
        mentioned: Vec<(String, String, &'static str)>,
        servers: Vec<Option<End>>,
        carries: Vec<Option<&'static str>>,
        malformed: Vec<String>,
        dropped: u64,
    }

    impl Said {
        fn has(&self, station: &str, attribute: &str, value: &str) -> bool {
            self.facts.iter().any(|fact| fact.0 == station && fact.1 == attribute && fact.2 == value)
        }
    }

    fn context(from: End, transport: Transport) -> Context {
        let context = Context::of_test(from, ("10.0.0.1", 50_000), ("10.0.0.2", 44_818), transport);
        let time = Time(NANOS_PER_DAY);
        assert_eq!(time.day(), Day(1));
        Context { time, ..context }
    }

    fn say(session: &mut Enip, octets: &[u8], said: &mut Said) {
        let (mut at, mut from) = (0, End::Client);
        while at < octets.len() {
            let Frame::Message(length) = encapsulation::frame(&octets[at..], Transport::Tcp) else {
                panic!("no message at octet {at}");
            };
            let mut output = Output::default();
            let message = Octets::unplaced(&octets[at..at + length]);
            session.message(&context(from, Transport::Tcp), message, &mut output).unwrap();
            let facts = std::mem::take(&mut output.facts).into_iter();
            said.facts
                .extend(facts.map(|fact| (fact.station.to_string(), fact.attribute, fact.value, fact.basis)));
            said.operations
                .extend(output.operations.iter().map(|operation| (operation.kind, operation.name)));
            said.spoke.extend(output.spoke.iter().map(|spoke| spoke.station.to_string()));
            let mentioned = output.mentioned.iter();
            said.mentioned.extend(
                mentioned.map(|named| (named.station.to_string(), named.by.to_string(), named.reason)),
            );
            said.servers.push(output.server_is);
            said.carries.push(output.carries);
            said.malformed.extend(output.malformed.iter().map(ToString::to_string));
            said.dropped += u64::from(output.dropped);
            (at, from) = (at + length, from.other());
        }
    }

    fn said(octets: &[u8]) -> Said {
        let mut said = Said::default();
        say(&mut Enip::default(), octets, &mut said);
        said
    }

    const SLOT: &str = "10.0.0.2 port=1/link=0";

    #[test]
    fn a_direct_identity_is_that_of_the_server() {
        let said = said(include_bytes!("messages/identity-direct.bin"));
        assert!(said.has("10.0.0.2", "model", "1734-AENTR/C"));
        assert!(said.has("10.0.0.2", "firmware_version", "6.12"));
        assert!(said.has("10.0.0.2", "serial_number", "60a1b2c3"));
        assert_eq!(said.operations, [(OperationKind::Identify, "get attributes all identity")]);
        assert_eq!(said.servers, [Some(End::Server); 2]);
        assert!(said.spoke.is_empty() && said.mentioned.is_empty() && said.malformed.is_empty());
    }

    #[test]
    fn a_pccc_command_is_told_by_its_own_name_and_its_reply_tells_the_controller() {
        let said = said(include_bytes!("messages/pccc-status.bin"));
        assert!(said.has("10.0.0.2", "model", "1762-L24BWA"));
        assert!(said.has("10.0.0.2", "mode", "run") && said.has("10.0.0.2", "key_switch", "run"));
        assert!(said.has("10.0.0.2", "pccc.fault", "major error 0020h"));
        assert_eq!(said.operations, [(OperationKind::Identify, "diagnostic status")]);
        assert_eq!(said.carries, [Some("pccc"), None]);
    }

    #[test]
    fn a_conversation_with_tags_beside_pccc_keeps_its_name() {
        let (mut session, mut said) = (Enip::default(), Said::default());
        let pccc: &[u8] = include_bytes!("messages/pccc-status.bin");
        say(&mut session, pccc, &mut said);
        say(&mut session, include_bytes!("messages/tags.bin"), &mut said);
        say(&mut session, pccc, &mut said);
        let names: Vec<_> = said.carries.iter().flatten().collect();
        assert_eq!(names, [&"pccc", &"enip"]);
    }

    #[test]
    fn a_routed_identity_is_that_of_the_slot() {
        let said = said(include_bytes!("messages/identity-by-route.bin"));
        assert!(said.has(SLOT, "model", "1756-L83E/B"));
        assert!(said.has(SLOT, "mode", "run"));
        assert!(said.has(SLOT, "key_switch", "remote"));
        assert!(said.facts.iter().all(|fact| fact.0 == SLOT && fact.3 == Basis::Stated));
        assert_eq!(said.operations, [(OperationKind::Identify, "get attributes all identity")]);
        assert_eq!(said.spoke, [SLOT]);
        assert!(said.mentioned.is_empty());
    }

    #[test]
    fn a_device_that_a_router_answers_for_has_not_spoken() {
        let said = said(include_bytes!("messages/route-fails.bin"));
        assert!(said.facts.is_empty() && said.spoke.is_empty() && said.mentioned.is_empty());
    }

    #[test]
    fn a_device_that_is_asked_again_and_again_without_a_reply_is_named() {
        let request = &include_bytes!("messages/identity-by-route.bin")[..60];
        let (mut session, mut said) = (Enip::default(), Said::default());
        for _ in 0..3 {
            say(&mut session, request, &mut said);
        }
        assert_eq!(said.mentioned, [(SLOT.to_owned(), "10.0.0.1".to_owned(), "unconnected send route")]);
        assert!(said.spoke.is_empty());
    }

    #[test]
    fn a_connection_leads_where_its_path_does() {
        let said = said(include_bytes!("messages/controller-by-connection.bin"));
        let slot = "10.0.0.2 port=1/link=2";
        assert!(said.has(slot, "name", "Packaging"));
        assert!(said.has(slot, "description", "Line 1 east"));
        // The status read first said the key was at program, the packed one that it is at remote.
        assert!(said.has(slot, "key_switch", "program") && said.has(slot, "key_switch", "remote"));
        assert!(said.has(slot, "mode", "run"));
        assert!(said.has("10.0.0.1", "cip.originator_vendor_id", "77"));
        assert!(said.has("10.0.0.1", "cip.originator_serial", "5eed5eed"));
        assert_eq!(
            said.operations,
            [
                (OperationKind::Identify, "get attributes all identity"),
                (OperationKind::Diagnostic, "forward open"),
                (OperationKind::Diagnostic, "get attribute list controller name"),
                (OperationKind::Identify, "get attribute list identity"),
                (OperationKind::Read, "read tag"),
                (OperationKind::Diagnostic, "get attribute list program"),
                (OperationKind::Control, "stop controller"),
                (OperationKind::Diagnostic, "forward close"),
            ]
        );
        assert_eq!(said.spoke, [slot]);
        assert!(said.malformed.is_empty());
    }

    #[test]
    fn through_a_connection_whose_opening_was_not_seen_nothing_is_said() {
        let octets = include_bytes!("messages/controller-by-connection.bin");
        let opened = octets.windows(2).position(|pair| pair == [0x70, 0x00]).unwrap();
        let said = said(&octets[opened..]);
        assert!(said.facts.is_empty() && said.spoke.is_empty());
        assert_eq!(said.operations.len(), 6);
        assert_eq!(said.servers, [Some(End::Server); 8]);
    }

    #[test]
    fn a_key_reports_what_a_silent_module_should_be() {
        let said = said(include_bytes!("messages/electronic-key.bin"));
        let slot = "10.0.0.2 port=1/link=5";
        for (attribute, value) in [
            ("vendor", "Rockwell Automation/Allen-Bradley"),
            ("device_type", "General Purpose Discrete I/O"),
            ("cip.product_code", "11"),
            ("cip.expected_revision", "3.1 or compatible"),
        ] {
            assert!(
                said.facts.contains(&(slot.to_owned(), attribute, value.to_owned(), Basis::Reported)),
                "{attribute}"
            );
        }
        assert!(said.has(slot, "cip.key_mismatch", "revision"));
        assert_eq!(said.operations, [(OperationKind::Diagnostic, "forward open i/o connection")]);
        assert_eq!(
            said.mentioned.iter().map(|named| named.2).collect::<Vec<_>>(),
            ["electronic key", "connection path"]
        );
        assert!(said.spoke.is_empty());
    }

    #[test]
    fn interface_objects_tell_addresses_and_names() {
        let said = said(include_bytes!("messages/interface-objects.bin"));
        for (attribute, value) in [
            ("ip_address", "10.10.10.19"),
            ("cip.subnet_mask", "255.255.255.0"),
            ("cip.gateway", "10.10.10.1"),
            ("cip.name_server", "10.10.10.53"),
            ("cip.domain_name", "cell.plant1"),
            ("hostname", "adapter7"),
            ("cip.configuration_method", "DHCP"),
            ("mac_address", "00:1d:9c:10:00:19"),
            ("cip.interface_label", "Port 1"),
            ("cip.node_address", "port=1/link=4"),
        ] {
            assert!(said.has("10.0.0.2", attribute, value), "{attribute} in {:?}", said.facts);
        }
        assert!(said.malformed.is_empty(), "{:?}", said.malformed);
    }

    #[test]
    fn lists_tell_who_answers() {
        let identity = said(include_bytes!("messages/list-identity.bin"));
        assert!(identity.has("10.0.0.2", "serial_number", "00c0ffee"));
        assert!(identity.has("10.0.0.2", "mode", "run"));
        assert_eq!(identity.operations, [(OperationKind::Identify, "list identity")]);
        let services = said(include_bytes!("messages/list-services.bin"));
        assert!(services.has("10.0.0.2", "enip.service", "Communications"));
        let session = said(include_bytes!("messages/register-session.bin"));
        for said in [identity, services, session] {
            assert_eq!(said.servers, [Some(End::Server); 2]);
        }
    }

    #[test]
    fn tags_and_io_are_counted_and_say_nothing() {
        let tags = said(include_bytes!("messages/tags.bin"));
        assert_eq!(tags.operations, [(OperationKind::Read, "read tag"), (OperationKind::Write, "write tag")]);
        assert!(tags.facts.is_empty());
        let mut output = Output::default();
        let datagram = Octets::unplaced(include_bytes!("messages/class-1-io-udp.bin"));
        Enip::default().message(&context(End::Client, Transport::Udp), datagram, &mut output).unwrap();
        assert_eq!(output.operations.len(), 1);
        assert!(output.facts.is_empty() && output.server_is.is_none());
    }

    #[test]
    fn a_lost_reply_makes_no_device_of_another() {
        let octets = include_bytes!("messages/identity-by-route.bin");
        let mut other = octets[..60].to_vec();
        // The same client asks slot 7, and only the second answer is there: whose it is cannot be told.
        *other.last_mut().unwrap() = 7;
        let (mut session, mut said) = (Enip::default(), Said::default());
        say(&mut session, &other, &mut said);
        say(&mut session, octets, &mut said);
        assert!(said.facts.is_empty() && said.spoke.is_empty());
        say(&mut session, octets, &mut said);
        assert!(said.has(SLOT, "model", "1756-L83E/B"));
    }

    #[test]
    fn a_sequence_count_that_comes_round_finds_no_earlier_request() {
        let octets = include_bytes!("messages/controller-by-connection.bin");
        let (mut messages, mut rest) = (Vec::new(), &octets[..]);
        while let Frame::Message(length) = encapsulation::frame(rest, Transport::Tcp) {
            messages.push(&rest[..length]);
            rest = &rest[length..];
        }
        // Identity and Forward Open; then the packed requests, whose reply is lost; then a stop under their count.
        let (mut session, mut said) = (Enip::default(), Said::default());
        say(&mut session, &messages[..4].concat(), &mut said);
        say(&mut session, messages[6], &mut said);
        let mut stop = messages[8].to_vec();
        stop[44..46].copy_from_slice(&2_u16.to_le_bytes());
        say(&mut session, &stop, &mut said);
        let before = said.facts.len();
        say(&mut session, &[messages[0], messages[7]].concat(), &mut said);
        assert_eq!(said.facts.len(), before);
    }
}
