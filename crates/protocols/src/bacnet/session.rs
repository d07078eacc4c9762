//! Reads the messages of one conversation.

use std::net::IpAddr;

use observation::{Address, Basis, End, Octets, OperationKind, Station, Transport};

use super::apdu::{Apdu, Segment};
use super::bvlc::{ADDRESS, Bvlc, ENTRY, Function};
use super::npdu::{Npdu, Remote};
use super::properties::Subject;
use super::rules;
use super::segments::Segments;
use super::services::{Confirmed, Unconfirmed, carries_keys, network_operation};
use crate::{Context, Malformed, Output, Problem, Reader, Session};

/// Octets of a request kept as the evidence of an operation: service, object and property.
const OPERATION_OCTETS: usize = 16;

/// Stations beyond a router that one conversation remembers to have spoken, and to have been asked. Beyond that, what was
/// said first is said again.
const REMOTES_MAX: usize = 128;

/// Types of messages between routers (clause 6.2.4).
mod between_routers {
    pub(super) const I_AM_ROUTER: u8 = 0x01;
    pub(super) const INITIALIZE_ACK: u8 = 0x07;
    pub(super) const NETWORK_NUMBER_IS: u8 = 0x13;
}

/// Stations beyond a router, oldest first.
#[derive(Debug, Default)]
struct Remotes(Vec<(u16, u64)>);

impl Remotes {
    /// True the first time; the oldest gives way for it, which `dropped` counts.
    fn insert(&mut self, remote: &Remote<'_>, dropped: &mut u32) -> bool {
        let Some(key) = remote.key().filter(|key| !self.0.contains(key)) else { return false };
        if self.0.len() >= REMOTES_MAX {
            self.0.remove(0);
            *dropped = dropped.saturating_add(1);
        }
        self.0.push(key);
        true
    }
}

/// Remembers who has spoken and been asked beyond routers, and answers that are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Bacnet {
    spoke: Remotes,
    asked: Remotes,
    segments: Segments,
    said_broadcast_management: [bool; 2],
}

/// Who sent a message: the sender of the datagram, or whoever it forwards for.
#[derive(Clone, Copy)]
struct Speaker<'a> {
    /// Address of the sender, in six octets, where a broadcast management device forwards.
    origin: Option<Octets<'a>>,
    /// The station beyond a router.
    remote: Option<Remote<'a>>,
}

impl Speaker<'_> {
    /// The IP address that a message is forwarded for, unless the forwarder speaks for itself.
    fn forwarded_for(&self, context: &Context) -> Option<Address> {
        let [a, b, c, d, ..] = *self.origin?.bytes else { return None };
        let origin = Address::Ip(IpAddr::from([a, b, c, d]));
        (origin != context.source && origin.is_unicast()).then_some(origin)
    }

    fn subject(&self, context: &Context) -> Subject {
        let (station, basis) = match self.forwarded_for(context) {
            // Its VLAN is not known: it is that of another network.
            Some(origin) => (Station::root(origin, None), Basis::Reported),
            None => (context.source(), Basis::Stated),
        };
        match self.remote(station.address) {
            Some(remote) => Subject { station: station.below(remote.steps()), basis },
            None => Subject { station, basis },
        }
    }

    /// The station beyond the router at `address`; a router that names itself by its own address is no other station.
    fn remote(&self, address: Address) -> Option<&Remote<'_>> {
        let is_other =
            |remote: &&Remote<'_>| remote.ipv4().is_none_or(|ip| Address::Ip(ip.into()) != address);
        self.remote.as_ref().filter(|remote| remote.is_one()).filter(is_other)
    }
}

impl Session for Bacnet {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if context.transport == Transport::Ethernet {
            return self.npdu(context, Reader::new(message), None, 0, output);
        }
        let Bvlc { function, function_octets, missing, trailing, rest: mut data } = Bvlc::parse(message)?;
        if trailing > 0 {
            let offset = message.len().saturating_sub(trailing);
            let problem = Problem::Trailing { octets: trailing };
            output.malformed(Malformed { what: "bvlc", offset, problem });
        }
        match function {
            Function::ORIGINAL_UNICAST | Function::ORIGINAL_BROADCAST | Function::DISTRIBUTE_BROADCAST => {
                self.npdu(context, data.clone(), None, missing, output)
            }
            Function::FORWARDED_NPDU => {
                self.manages_broadcasts(context, function_octets, output);
                let origin = data.take(ADDRESS, "originating address")?;
                self.npdu(context, data.clone(), Some(origin), missing, output)
            }
            Function::READ_TABLE_ACK | Function::READ_FOREIGN_TABLE_ACK => {
                self.manages_broadcasts(context, function_octets, output);
                output.server_is = Some(context.from);
                table(context, function, &mut data, output)
            }
            _ => {
                if let Some((kind, name)) = virtual_link_operation(function) {
                    output.server_is = Some(context.from.other());
                    output.operation(kind, name, function_octets);
                }
                Ok(())
            }
        }?;
        match missing {
            0 => Ok(()),
            missing => Err(Malformed {
                what: "bvlc",
                offset: message.len(),
                problem: Problem::Truncated { missing },
            }),
        }
    }

    fn gap(&mut self, _: End) {
        self.segments.clear();
    }
}

impl Bacnet {
    /// Says once for each end that it manages broadcasts.
    fn manages_broadcasts(&mut self, context: &Context, function: Octets<'_>, output: &mut Output<'_>) {
        let Some(said) = self.said_broadcast_management.get_mut(context.from.index()) else { return };
        if !std::mem::replace(said, true) {
            output.fact(
                &context.source(),
                "bacnet.broadcast_management",
                Basis::Stated,
                &rules::BROADCAST_MANAGEMENT,
                function,
            );
        }
    }

    fn npdu<'m>(
        &mut self,
        context: &Context,
        data: Reader<'m>,
        origin: Option<Octets<'m>>,
        missing: usize,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let npdu = Npdu::parse(data)?;
        let speaker = Speaker { origin, remote: npdu.source };
        self.speaks(context, &speaker, output);
        match npdu.network_message {
            Some(kind) => between_routers(context, &speaker, kind, npdu.rest, output),
            None => self.apdu(context, &speaker, &npdu, missing, output),
        }
    }

    /// Counts a station beyond a router as speaking, once.
    fn speaks(&mut self, context: &Context, speaker: &Speaker<'_>, output: &mut Output<'_>) {
        let root = speaker.forwarded_for(context).unwrap_or(context.source);
        if let Some(remote) = speaker.remote(root)
            && self.spoke.insert(remote, &mut output.dropped)
        {
            output.spoke(speaker.subject(context).station);
        }
    }

    fn apdu<'m>(
        &mut self,
        context: &Context,
        speaker: &Speaker<'m>,
        npdu: &Npdu<'m>,
        missing: usize,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let asks = npdu.rest.peek().head(OPERATION_OCTETS);
        let (sender, receiver) = (context.from, context.from.other());
        match Apdu::parse(npdu.rest.clone())? {
            Apdu::Confirmed { segment, service, data, .. } => {
                let service = Confirmed(service);
                if let Some(secret) = service.secret(&data) {
                    output.secret(secret);
                }
                if service.is_notification() {
                    output.server_seems = Some(sender);
                    return Ok(());
                }
                output.server_is = Some(receiver);
                if segment.is_some_and(|segment| segment.number > 0) {
                    return Ok(());
                }
                if let Some((kind, name)) = service.operation(&data) {
                    output.operation(kind, name, asks);
                }
                self.asks(context, npdu, output);
                Ok(())
            }
            Apdu::Unconfirmed { service, data } => {
                unconfirmed(context, speaker, Unconfirmed(service), data, asks, output)
            }
            Apdu::SimpleAck { service } | Apdu::Error { service } => {
                if !Confirmed(service).is_notification() {
                    output.server_is = Some(sender);
                }
                Ok(())
            }
            Apdu::ComplexAck { segment, invoke_id, service, data } => {
                output.server_is = Some(sender);
                let service = Confirmed(service);
                if !matches!(service, Confirmed::READ_PROPERTY | Confirmed::READ_PROPERTY_MULTIPLE) {
                    return Ok(());
                }
                match segment {
                    None => answer(&speaker.subject(context), service, data, output),
                    // What a cut segment lacks cannot be put together.
                    Some(_) if missing > 0 => Ok(()),
                    Some(segment) => {
                        self.segment(context, speaker, (invoke_id, service), segment, data.peek(), output)
                    }
                }
            }
            Apdu::SegmentAck { from_server } | Apdu::Abort { from_server } => {
                output.server_is = Some(if from_server { sender } else { receiver });
                Ok(())
            }
            Apdu::Reject => {
                output.server_is = Some(sender);
                Ok(())
            }
        }
    }

    /// A station beyond a router is asked: said once.
    fn asks(&mut self, context: &Context, npdu: &Npdu<'_>, output: &mut Output<'_>) {
        let Some(remote) = npdu.destination.filter(Remote::is_one) else { return };
        let asked = Speaker { origin: None, remote: Some(remote) };
        if context.destination.is_unicast()
            && let Some(remote) = asked.remote(context.destination)
            && self.asked.insert(remote, &mut output.dropped)
        {
            let station = context.destination().below(remote.steps());
            output.mentioned(station, context.source(), "bacnet request", remote.octets);
        }
    }

    /// A segment of an answer. The whole is read with its last.
    fn segment(
        &mut self,
        context: &Context,
        speaker: &Speaker<'_>,
        (invoke_id, service): (u8, Confirmed),
        segment: Segment,
        octets: Octets<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let remote = speaker.remote.and_then(|remote| remote.key()).unwrap_or_default();
        let name = (context.from, remote, invoke_id, service.0);
        output.hold = segment.more;
        match self.segments.add(name, segment, octets, &mut output.dropped) {
            Some(whole) => answer(&speaker.subject(context), service, Reader::new(whole.octets()), output),
            None => Ok(()),
        }
    }
}

/// What the virtual link layer is asked (annex J.2).
fn virtual_link_operation(function: Function) -> Option<(OperationKind, &'static str)> {
    Some(match function {
        Function::WRITE_TABLE => (OperationKind::Program, "write broadcast distribution table"),
        Function::READ_TABLE => (OperationKind::Identify, "read broadcast distribution table"),
        Function::REGISTER_FOREIGN_DEVICE => (OperationKind::Diagnostic, "register foreign device"),
        Function::READ_FOREIGN_TABLE => (OperationKind::Identify, "read foreign device table"),
        Function::DELETE_FOREIGN_ENTRY => (OperationKind::Program, "delete foreign device table entry"),
        _ => return None,
    })
}

/// Entries of a broadcast distribution or foreign device table.
fn table(
    context: &Context,
    function: Function,
    data: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let (attribute, rule) = match function {
        Function::READ_TABLE_ACK => ("bacnet.broadcast_peer", &rules::BROADCAST_PEER),
        _ => ("bacnet.foreign_device", &rules::FOREIGN_DEVICE),
    };
    while !data.is_empty() {
        let entry = data.take(ENTRY, "table entry")?;
        output.fact(&context.source(), attribute, Basis::Stated, rule, entry);
    }
    Ok(())
}

fn unconfirmed<'m>(
    context: &Context,
    speaker: &Speaker<'_>,
    service: Unconfirmed,
    mut data: Reader<'_>,
    asks: Octets<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let is_forwarded = speaker.forwarded_for(context).is_some();
    if service.is_statement() {
        if !is_forwarded {
            output.server_seems = Some(context.from);
        }
        return match service {
            Unconfirmed::I_AM => speaker.subject(context).i_am(&mut data, output),
            Unconfirmed::I_HAVE => speaker.subject(context).i_have(&mut data, output),
            _ => Ok(()),
        };
    }
    // Whoever forwards for another does not ask.
    if let Some((kind, name)) = service.operation().filter(|_| !is_forwarded) {
        output.server_seems = Some(context.from.other());
        output.operation(kind, name, asks);
    }
    Ok(())
}

fn answer(
    subject: &Subject,
    service: Confirmed,
    mut data: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    match service {
        Confirmed::READ_PROPERTY => subject.read_property(&mut data, output),
        _ => subject.read_property_multiple(&mut data, output),
    }
}

/// A message of the network layer itself: which networks a router leads to, its own network's number, keys.
fn between_routers<'m>(
    context: &Context,
    speaker: &Speaker<'m>,
    kind: u8,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    if carries_keys(kind) {
        output.secret(data.peek());
    }
    if let Some((operation, name)) = network_operation(kind, &data) {
        output.operation(operation, name, data.peek().head(OPERATION_OCTETS));
        return Ok(());
    }
    let subject = || speaker.subject(context);
    let mut routed = |subject: &Subject, network: Octets<'_>| {
        output.fact(&subject.station, "bacnet.routed_network", subject.basis, &rules::NETWORK, network);
    };
    match kind {
        between_routers::I_AM_ROUTER => {
            let subject = subject();
            while !data.is_empty() {
                routed(&subject, data.take(2, "network number")?);
            }
        }
        between_routers::INITIALIZE_ACK => {
            let subject = subject();
            for _ in 0..data.u8("number of ports")? {
                routed(&subject, data.take(2, "network number")?);
                data.skip(1, "port id")?;
                let length = data.u8("port info length")?;
                data.skip(length.into(), "port info")?;
            }
        }
        between_routers::NETWORK_NUMBER_IS => {
            let (subject, network) = (subject(), data.take(2, "network number")?);
            output.fact(&subject.station, "bacnet.network_number", subject.basis, &rules::NETWORK, network);
        }
        _ => {}
    }
    Ok(())
}
