//! What the conversation of a flow is called, and when it was read.

use observation::{Time, Transport};

use super::flow::Flow;
use super::reader::{OperationCount, ethertype_name, ip_protocol_name};

/// First and last time of operations that were read after their frames had been counted.
pub(super) fn read_late(flow: &Flow) -> Option<(Time, Time)> {
    let reader = flow.reader.as_ref()?;
    let read = || reader.operations.iter().filter_map(OperationCount::sighting);
    Some((read().map(|read| read.first).min()?, read().map(|read| read.last).max()?))
}

/// The protocol of a flow's conversation.
pub(super) fn protocol_name(flow: &Flow) -> &'static str {
    if let Some(reader) = &flow.reader {
        return reader.carries.unwrap_or(reader.protocol.name);
    }
    match flow.transport() {
        Transport::Ethernet => ethertype_name(flow.number()),
        Transport::Ip => ip_protocol_name(flow.number()),
        transport => transport.as_str(),
    }
}

/// The port of a flow's conversation: the protocol's own where one side uses it, else the server's.
pub(super) fn port(flow: &Flow) -> u16 {
    match flow.transport() {
        Transport::Ethernet | Transport::Ip => flow.number(),
        transport => {
            let (server, client) = (flow.port(flow.server()), flow.port(flow.client()));
            let registered = flow.reader.as_ref().map_or(&[][..], |reader| match transport {
                Transport::Tcp => reader.protocol.tcp,
                _ => reader.protocol.udp,
            });
            if !registered.contains(&server) && registered.contains(&client) { client } else { server }
        }
    }
}
