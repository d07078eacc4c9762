//! One connection: which context is which interface, and which call an answer answers.

use observation::{Basis, Octets, Rule};

use super::interfaces::{self, INTERFACES, Interface, RESOLVE_OXID, RESOLVE_OXID_2, SERVER_ALIVE_2};
use super::wire::{self, Kind, Pdu};
use super::{endpoints, oxid};
use crate::pending::Pending;
use crate::{Assembly, Context, Malformed, Output, Session, security_token};

static INTERFACE: Rule = Rule { name: "dcerpc-interface", read: interfaces::name };

pub(super) const RULES: &[&Rule] = &[
    &INTERFACE,
    &oxid::ADDRESS,
    &oxid::HOST_NAME,
    &endpoints::ENDPOINT,
    &endpoints::ANNOTATION,
    &endpoints::ADDRESS,
];

/// Contexts remembered of one connection; the oldest goes first. DCOM clients alter a handful.
const CONTEXTS_MAX: usize = 16;
/// Calls to the object exporter and the endpoint mapper that wait for their answer; the oldest goes first.
const CALLS_MAX: usize = 8;

/// A context that a client proposes.
#[derive(Debug)]
struct Proposed {
    /// Place of the interface in the table, where it is known.
    interface: Option<usize>,
    /// Its identifier with its origin.
    id: Assembly,
}

/// An answer that is waited for.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// Of the object exporter, to this call.
    Exporter(u16),
    /// Of the endpoint mapper, to this call.
    Mapper(u16),
}

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Rpc {
    /// What the last bind proposes, until it is answered.
    proposed: Vec<Proposed>,
    /// Interfaces by context.
    contexts: Vec<(u16, usize)>,
    /// Calls whose answers are read, by their number.
    calls: Pending<u32, Answer, CALLS_MAX>,
}

impl Session for Rpc {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let pdu = Pdu::parse(message)?;
        output.server_is =
            pdu.kind.is_answer().map(|answer| if answer { context.from } else { context.from.other() });
        if let Some(token) = pdu.token {
            security_token::read(context, token, output);
        }
        if !pdu.little {
            return Ok(());
        }
        let result = match pdu.kind {
            Kind::BIND | Kind::ALTER_CONTEXT => self.propose(&pdu, output),
            Kind::BIND_ACK | Kind::ALTER_CONTEXT_RESPONSE => self.accept(context, &pdu, output),
            Kind::REQUEST => self.request(&pdu, message, output),
            Kind::RESPONSE => self.response(context, pdu, output),
            _ => Ok(()),
        };
        output.hold = !self.proposed.is_empty();
        result
    }

    fn gap(&mut self, _: observation::End) {
        self.proposed.clear();
        self.calls.clear();
    }
}

impl Rpc {
    fn propose(&mut self, pdu: &Pdu<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
        self.proposed.clear();
        wire::proposals(pdu.body.clone(), |proposal| {
            if self.proposed.len() >= CONTEXTS_MAX {
                output.dropped = output.dropped.saturating_add(1);
                return;
            }
            let interface = interfaces::place(proposal.interface.bytes);
            let mut id = Assembly::new();
            if let Some(interface) = interface {
                id.push(proposal.interface, proposal.interface.len());
                // Whether the server accepts it is seen in an answer that may not be in the capture.
                self.remember(proposal.context, interface, output);
            }
            self.proposed.push(Proposed { interface, id });
        })
    }

    fn remember(&mut self, context: u16, interface: usize, output: &mut Output<'_>) {
        self.contexts.retain(|(known, _)| *known != context);
        if self.contexts.len() >= CONTEXTS_MAX {
            self.contexts.remove(0);
            output.dropped = output.dropped.saturating_add(1);
        }
        self.contexts.push((context, interface));
    }

    fn accept(&mut self, context: &Context, pdu: &Pdu<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
        let proposed = std::mem::take(&mut self.proposed);
        let server = context.source();
        wire::accepted(pdu.body.clone(), |place| {
            let Some(Proposed { interface: Some(interface), id }) = proposed.get(place) else { return };
            output.fact(&server, "dcerpc.interface", Basis::Stated, &INTERFACE, id.octets());
            if INTERFACES.get(*interface).is_some_and(|interface| interface.opc) {
                output.carries = Some("opc_da");
            }
        })
    }

    fn interface(&self, context: u16) -> Option<&'static Interface> {
        let (_, interface) = self.contexts.iter().find(|(known, _)| *known == context)?;
        INTERFACES.get(*interface)
    }

    fn request<'m>(
        &mut self,
        pdu: &Pdu<'_>,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut body = pdu.body.clone();
        body.skip(4, "allocation hint")?;
        let (context, number) = (body.u16_le("context id")?, body.u16_le("operation number")?);
        let Some(interface) = self.interface(context) else { return Ok(()) };
        if interface.opc {
            output.carries = Some("opc_da");
        }
        if let Some((kind, name)) = interface.operation(number) {
            output.operation(kind, name, message.head(wire::HEADER.saturating_add(8)));
        }
        let answer = if interface.is_object_exporter() {
            Some(Answer::Exporter(number))
        } else {
            interface.is_endpoint_mapper().then_some(Answer::Mapper(number))
        };
        if let Some(answer) = answer.filter(|_| !pdu.object) {
            self.calls.ask(pdu.call, answer, output);
        }
        Ok(())
    }

    fn response(
        &mut self,
        context: &Context,
        pdu: Pdu<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let Some(answer) = self.calls.take(&pdu.call) else { return Ok(()) };
        if pdu.encrypted || !pdu.whole {
            return Ok(());
        }
        let mut body = pdu.body;
        body.skip(8, "response header")?;
        match answer {
            Answer::Exporter(RESOLVE_OXID | RESOLVE_OXID_2) => {
                oxid::bindings(context, &context.source(), body, output)
            }
            Answer::Exporter(SERVER_ALIVE_2) => {
                body.skip(4, "version of COM")?;
                oxid::bindings(context, &context.source(), body, output)
            }
            Answer::Mapper(endpoints::LOOKUP) => endpoints::lookup(context, body, output),
            Answer::Mapper(endpoints::MAP) => endpoints::map(context, body, output),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;
    use crate::Frame;

    /// Reads messages of both ends in turn, the client first; returns facts, operations and what is carried.
    fn conversation(octets: &[u8]) -> (Vec<String>, Vec<&'static str>, Option<&'static str>) {
        let mut rpc = Rpc::default();
        let (mut facts, mut operations, mut carries) = (Vec::new(), Vec::new(), None);
        let (mut at, mut from) = (0, End::Client);
        while let Frame::Message(length) = wire::frame(&octets[at..], Transport::Tcp) {
            let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
            let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
            let context = Context {
                source,
                destination,
                vlan: None,
                destination_vlan: None,
                transport: Transport::Tcp,
                source_port: 50_000,
                destination_port: 135,
                from,
                time: Time(0),
            };
            let mut output = Output::default();
            let message = Octets::unplaced(&octets[at..][..length]);
            assert_eq!(rpc.message(&context, message, &mut output), Ok(()));
            assert_eq!(output.server_is, Some(End::Server));
            facts.extend(
                output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)),
            );
            operations.extend(output.operations.iter().map(|operation| operation.name));
            carries = carries.or(output.carries);
            (at, from) = (at + length, from.other());
            if at == octets.len() {
                break;
            }
        }
        (facts, operations, carries)
    }

    #[test]
    fn the_object_exporter_tells_all_addresses_of_its_host() {
        let (facts, operations, carries) = conversation(include_bytes!("messages/server-alive-2.bin"));
        assert_eq!(
            facts,
            [
                "10.0.0.2 dcerpc.interface=object exporter",
                "10.0.0.2 hostname=OPC1",
                "10.0.0.2 ip_address=192.168.7.50",
                "10.0.0.2 ip_address=fe80::21b:1bff:fe10:50",
            ]
        );
        assert_eq!((operations, carries), (vec!["server alive 2"], None));
    }

    #[test]
    fn an_oxid_is_resolved_to_addresses() {
        let (facts, operations, _) = conversation(include_bytes!("messages/resolve-oxid-2.bin"));
        assert_eq!(facts[1..], ["10.0.0.2 hostname=OPC1", "10.0.0.2 ip_address=192.168.7.50"]);
        assert_eq!(operations, ["resolve oxid 2"]);
    }

    #[test]
    fn the_endpoint_mapper_tells_what_listens_where() {
        let (facts, operations, _) = conversation(include_bytes!("messages/endpoint-lookup.bin"));
        assert_eq!(
            facts,
            [
                "10.0.0.2 dcerpc.interface=endpoint mapper",
                "10.0.0.2 dcerpc.annotation=Exemplum plant service",
                "10.0.0.2 dcerpc.endpoint=OPC server list 2 on tcp 49152",
                "10.0.0.2 ip_address=192.168.7.50",
                "10.0.0.2 dcerpc.endpoint=service control on tcp 49153",
            ]
        );
        assert_eq!(operations, ["endpoint lookup"]);
        let (facts, operations, _) = conversation(include_bytes!("messages/endpoint-map.bin"));
        assert_eq!(facts[1..], ["10.0.0.2 dcerpc.endpoint=OPC server list on tcp 49160"]);
        assert_eq!(operations, ["endpoint map"]);
    }

    #[test]
    fn opc_is_named_and_its_reads_and_writes_are_operations() {
        let (facts, operations, carries) = conversation(include_bytes!("messages/opc-da.bin"));
        assert_eq!(facts, ["10.0.0.2 dcerpc.interface=OPC DA sync"]);
        assert_eq!(operations, ["sync read", "sync write"]);
        assert_eq!(carries, Some("opc_da"));
    }

    #[test]
    fn a_bind_carries_ntlm() {
        let (facts, ..) = conversation(include_bytes!("messages/bind-ntlm.bin"));
        assert!(facts.contains(&"10.0.0.2 hostname=HIST1".to_owned()), "{facts:?}");
    }

    #[test]
    fn a_rejected_interface_is_no_fact() {
        let mut octets = include_bytes!("messages/server-alive-2.bin").to_vec();
        let Frame::Message(bind) = wire::frame(&octets, Transport::Tcp) else { panic!("no bind") };
        // Result of the first context: provider rejection.
        let result = bind + 36;
        assert_eq!(octets[result..result + 2], [0, 0]);
        octets[result] = 2;
        let (facts, ..) = conversation(&octets);
        assert!(!facts.iter().any(|fact| fact.contains("interface")), "{facts:?}");
    }
}
