//! What the messages of one conversation say: requests are paired with replies, and each is about the device at the
//! end of its route.

use observation::{Basis, Octets, OperationKind, Station, Transport};

use super::cip::{
    CONNECTION_FAILURE, EMBEDDED_SERVICE_ERROR, Packed, Reply, Request, SUCCESS, UnconnectedSend, is_reply,
    service,
};
use super::cpf::{self, ItemType};
use super::encapsulation::{Command, Message};
use super::epath::{Hop, Segment, Segments};
use super::forward_open::{self, ForwardOpen, Opened};
use super::objects::{self, Asked, Subject};
use super::pending::{Connection, Connections, Key, Pending, Requests};
use super::routes::{Node, Routes};
use super::{identity, list, operations, rules};
use crate::{Context, Malformed, Output, Reader, Session};

/// Most Unconnected Sends within one another that are followed. Real ones hold one message.
const NESTING_MAX: u8 = 3;

/// One conversation: the devices it reached, the requests under way, the connections it opened.
#[derive(Debug, Default)]
pub(super) struct Enip {
    routes: Routes,
    requests: Requests,
    connections: Connections,
}

/// How a CIP message travels.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// What pairs request and reply; `None` for connections whose opening was not seen.
    key: Option<Key>,
    /// The device that it is for or from, as far as the request tells; `None` if it is not known.
    node: Option<Node>,
}

impl Session for Enip {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if context.transport == Transport::Udp && cpf::is_class_1(message.bytes) {
            // Its connection was opened over TCP, in another conversation: which end scans is not known here.
            output.operation(OperationKind::Read, "class 1 i/o", message);
            return Ok(());
        }
        let parsed = Message::parse(message)?;
        output.malformed.extend(parsed.excess.clone());
        let header = parsed.header;
        let empty = parsed.data.is_empty();
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

    fn request<'m>(
        &mut self,
        context: &Context,
        way: Way,
        message: Reader<'m>,
        depth: u8,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let request = Request::parse(message)?;
        output.malformed.extend(request.path_error.clone());
        output.server_is = Some(context.from.other());
        if request.is_of_connection_manager(service::UNCONNECTED_SEND) && depth < NESTING_MAX {
            let send = UnconnectedSend::parse(request.data)?;
            let node = self.follow(context, way.node, &send, output);
            return self.request(context, Way { node, ..way }, send.message, depth.saturating_add(1), output);
        }
        let (kind, name) = operations::operation(&request);
        let mut pending = way.key.map(|key| Pending {
            key,
            service: request.service,
            node: way.node,
            asked: Asked::of(&request),
            packed: Vec::new(),
            opens: None,
        });
        let mut read = Ok(());
        if request.service == service::MULTIPLE_SERVICE_PACKET {
            let mut packed = Vec::new();
            read = unpack(&request, &mut packed, output);
            if let Some(pending) = &mut pending {
                pending.packed = packed;
            }
        } else if request.is_of_connection_manager(service::FORWARD_OPEN)
            || request.is_of_connection_manager(service::LARGE_FORWARD_OPEN)
        {
            let large = request.service == service::LARGE_FORWARD_OPEN;
            let open = ForwardOpen::parse(request.data.clone(), large)?;
            let name = if open.carries_io() { "forward open i/o connection" } else { name };
            output.operation(kind, name, request.head);
            let opens = self.open(context, way.node, &open, output);
            if let Some(pending) = &mut pending {
                pending.opens = opens;
            }
        } else {
            output.operation(kind, name, request.head);
        }
        // Of a connected message the reply tells the connection; only what is read of it needs the request.
        let wanted = |pending: &Pending| {
            matches!(pending.key, Key::Unconnected(..))
                || pending.asked.is_some()
                || !pending.packed.is_empty()
        };
        if let Some(pending) = pending.filter(wanted) {
            let full = self.requests.push(pending);
            output.forgotten = output.forgotten.saturating_add(full.into());
        }
        read
    }

    /// Follows the route of an Unconnected Send.
    fn follow<'m>(
        &mut self,
        context: &Context,
        from: Option<Node>,
        send: &UnconnectedSend<'m>,
        output: &mut Output<'m>,
    ) -> Option<Node> {
        let mut node = from;
        for segment in Segments::new(send.route.clone()) {
            match segment {
                Ok(Segment::Port(hop)) => node = self.step(node, &hop, output),
                Ok(_) => (),
                Err(malformed) => {
                    // A route that cannot be read to its end leads to no known device.
                    output.malformed(malformed);
                    return None;
                }
            }
        }
        self.mention(context, node?, "unconnected send route", send.route.peek(), output);
        node
    }

    /// Follows the path of a connection, and says what its electronic keys expect and who opens it.
    fn open<'m>(
        &mut self,
        context: &Context,
        from: Option<Node>,
        open: &ForwardOpen<'m>,
        output: &mut Output<'m>,
    ) -> Option<Node> {
        let client = context.source();
        let (vendor_id, serial) = (open.originator_vendor_id, open.originator_serial);
        output.fact(
            &client,
            "cip.originator_vendor_id",
            Basis::Stated,
            &rules::ORIGINATOR_VENDOR_ID,
            vendor_id,
        );
        output.fact(&client, "cip.originator_serial", Basis::Stated, &rules::ORIGINATOR_SERIAL, serial);
        let mut node = from;
        for segment in Segments::new(open.path.clone()) {
            match segment {
                Ok(Segment::Port(hop)) => node = self.step(node, &hop, output),
                // A key is about the device at this point of the path.
                Ok(Segment::Key(key)) => {
                    if let Some(keyed) = node {
                        let station = self.station(keyed, context.destination());
                        identity::say_key(&key, &station, output);
                        if keyed != Node::SERVER {
                            output.mentioned(station, context.source(), "electronic key", key.segment);
                        }
                    }
                }
                Ok(_) => (),
                Err(malformed) => {
                    output.malformed(malformed);
                    return None;
                }
            }
        }
        self.mention(context, node?, "connection path", open.path.peek(), output);
        node
    }

    fn step(&mut self, from: Option<Node>, hop: &Hop<'_>, output: &mut Output<'_>) -> Option<Node> {
        let node = self.routes.step(from?, hop);
        output.forgotten = output.forgotten.saturating_add(node.is_none().into());
        node
    }

    fn reply<'m>(
        &mut self,
        context: &Context,
        way: Way,
        message: Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let reply = Reply::parse(message)?;
        output.server_is = Some(context.from);
        let pending = way.key.and_then(|key| self.requests.take(key));
        let connected = matches!(way.key, None | Some(Key::Connected(..)));
        let node = if connected { way.node } else { pending.as_ref().and_then(|pending| pending.node) };
        // An Unconnected Send that fails on its way is answered by a router, under its own service code.
        if pending.as_ref().is_some_and(|pending| pending.service != reply.service) {
            return Ok(());
        }
        let Some(node) = node else { return Ok(()) };
        if reply.status != CONNECTION_FAILURE {
            self.speaks(context, node, output);
        }
        let Some(pending) = pending else { return Ok(()) };
        if let Some(opens) = pending.opens {
            self.opened(context, opens, &reply, output)
        } else if reply.service == service::FORWARD_CLOSE && reply.status == SUCCESS && !connected {
            forward_open::triad(&mut reply.data.clone()).map(|triad| self.connections.close(triad))
        } else if let Some(asked) = pending.asked {
            self.answer(context, node, asked, &reply, output)
        } else if !pending.packed.is_empty() && matches!(reply.status, SUCCESS | EMBEDDED_SERVICE_ERROR) {
            for packed in Packed::parse(reply.data)? {
                let (index, message) = packed?;
                if let Some((_, asked)) = pending.packed.iter().find(|(number, _)| *number == index) {
                    self.answer(context, node, *asked, &Reply::parse(message)?, output)?;
                }
            }
            Ok(())
        } else {
            Ok(())
        }
    }

    /// A Forward Open is answered.
    fn opened<'m>(
        &mut self,
        context: &Context,
        node: Node,
        reply: &Reply<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if reply.status == SUCCESS {
            let Opened { to_target, to_originator, triad } = Opened::parse(reply.data.clone())?;
            let full = self.connections.open(Connection { triad, to_target, to_originator, node });
            output.forgotten = output.forgotten.saturating_add(full.into());
            self.speaks(context, node, output);
        } else if let Some(extended) = reply.additional.slice(0, 2) {
            let station = self.station(node, context.source());
            output.fact(&station, "cip.key_mismatch", Basis::Stated, &rules::KEY_MISMATCH, extended);
        }
        Ok(())
    }

    /// Says what a reply tells of the device it comes from.
    fn answer<'m>(
        &mut self,
        context: &Context,
        node: Node,
        asked: Asked,
        reply: &Reply<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let station = self.station(node, context.source());
        let subject = Subject { station: &station, logix_controller: self.routes.is_logix_controller(node) };
        if objects::observe(asked, reply, &subject, output)? {
            self.routes.set_logix_controller(node);
        }
        Ok(())
    }

    /// The station of a device behind the server, or the server's own.
    fn station(&self, node: Node, server: Station) -> Station {
        server.below(self.routes.path(node).0.iter().cloned())
    }

    fn speaks(&mut self, context: &Context, node: Node, output: &mut Output<'_>) {
        if self.routes.speaks(node, context.time.day()) {
            output.spoke(self.station(node, context.source()));
        }
    }

    fn mention(
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

/// Counts the operations of a Multiple Service Packet and notes those whose answers are read.
fn unpack<'m>(
    request: &Request<'m>,
    wanted: &mut Vec<(u16, Asked)>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    for packed in Packed::parse(request.data.clone())? {
        let (index, message) = packed?;
        let request = Request::parse(message)?;
        output.malformed.extend(request.path_error.clone());
        let (kind, name) = operations::operation(&request);
        output.operation(kind, name, request.head);
        wanted.extend(Asked::of(&request).map(|asked| (index, asked)));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Day, End, NANOS_PER_DAY, Time};

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
        malformed: Vec<String>,
        forgotten: u64,
    }

    impl Said {
        fn has(&self, station: &str, attribute: &str, value: &str) -> bool {
            self.facts.iter().any(|fact| fact.0 == station && fact.1 == attribute && fact.2 == value)
        }
    }

    fn context(from: End, transport: Transport) -> Context {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let (source_port, destination_port) =
            if from == End::Client { (50_000, 44818) } else { (44818, 50_000) };
        let time = Time(NANOS_PER_DAY);
        assert_eq!(time.day(), Day(1));
        Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport,
            source_port,
            destination_port,
            from,
            time,
        }
    }

    fn say(session: &mut Enip, octets: &[u8], said: &mut Said) {
        let (mut at, mut from) = (0, End::Client);
        while at < octets.len() {
            let Frame::Message(length) = super::super::encapsulation::frame(&octets[at..], Transport::Tcp)
            else {
                panic!("no message at octet {at}");
            };
            let mut output = Output::default();
            let message = Octets::unplaced(&octets[at..at + length]);
            session.message(&context(from, Transport::Tcp), message, &mut output).unwrap();
            let facts = output.facts.into_iter();
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
            said.malformed.extend(output.malformed.iter().map(ToString::to_string));
            said.forgotten += output.forgotten;
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
    fn a_routed_identity_is_that_of_the_slot() {
        let said = said(include_bytes!("messages/identity-by-route.bin"));
        assert!(said.has(SLOT, "model", "1756-L83E/B"));
        assert!(said.has(SLOT, "mode", "run"));
        assert!(said.has(SLOT, "key_switch", "remote"));
        assert!(said.facts.iter().all(|fact| fact.0 == SLOT && fact.3 == Basis::Stated));
        assert_eq!(said.operations, [(OperationKind::Identify, "get attributes all identity")]);
        assert_eq!(said.spoke, [SLOT]);
        assert_eq!(said.mentioned, [(SLOT.to_owned(), "10.0.0.1".to_owned(), "unconnected send route")]);
    }

    #[test]
    fn a_device_that_a_router_answers_for_has_not_spoken() {
        let said = said(include_bytes!("messages/route-fails.bin"));
        assert!(said.facts.is_empty() && said.spoke.is_empty());
        assert_eq!(said.mentioned[0].0, "10.0.0.2 port=1/link=9");
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
}
