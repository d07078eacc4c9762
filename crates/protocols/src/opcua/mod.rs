//! OPC UA over TCP, UA Binary: OPC 10000-6 (mappings), -4 (services), -5 (information model).
//!
//! Transport: OPC 10000-6 section 7.1; secure conversation: section 6.7; encoding: section 5.2. A message here is one
//! chunk; messages of several chunks are put together where what they say is read.
//!
//! What a secure channel encrypts stays unread, but for the certificates by which it is opened. Whether a chunk can be
//! read shows in the chunk itself: its service must be a known one.

mod application;
mod binary;
mod chunk;
mod message;
mod nameplate;
mod observe;
mod reads;
mod rules;
mod service;
mod session;
#[cfg(test)]
mod tests;

use crate::{Depth, Protocol};

/// OPC UA.
pub const PROTOCOL: Protocol = Protocol {
    name: "opcua",
    title: "OPC UA (TCP, binary)",
    specification: "OPC 10000-4, -5, -6, -100 (edition 1.05)",
    tcp: &[4840],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| chunk::frame(octets),
    probe: |octets, _| chunk::probe(octets),
    session: || Box::new(session::OpcUa::default()),
    rules: rules::RULES,
    depth: Depth {
        identity: "application descriptions of servers and clients (GetEndpoints, FindServers, RegisterServer, CreateSession, reverse hello), BuildInfo, server and namespace arrays, certificates, host names; nameplates of devices (Devices companion specification) that are browsed, or whose node identifiers spell them",
        operations: "all services by name; security policies and modes, ways to log on that are offered; passwords are masked",
        nesting: "servers that a discovery server lists, by address; devices with a nameplate, by node",
        not_read: "process values, other browsed nodes, whatever a channel encrypts, HTTPS, WebSocket and PubSub",
        tried_on: "corpus, lab; chunked, signed and reverse connections made-up",
    },
};
