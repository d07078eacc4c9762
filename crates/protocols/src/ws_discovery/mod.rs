//! Web services dynamic discovery: OASIS WS-Discovery 1.1 and the draft of April 2005; scopes by ONVIF Core
//! Specification section 7.3.2.

mod observe;
mod rules;
mod xml;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// WS-Discovery.
pub const PROTOCOL: Protocol = Protocol {
    name: "ws_discovery",
    title: "WS-Discovery (ONVIF, DPWS)",
    specification: "OASIS WS-Discovery 1.1; ONVIF Core Specification, section 7.3",
    tcp: &[],
    udp: &[3702],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe,
    session: || Box::new(observe::WsDiscovery::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "endpoint, types, addresses of services; ONVIF scopes: name, hardware, location",
        operations: "probe, resolve",
        nesting: "",
        not_read: "metadata over HTTP, other scopes",
        tried_on: "messages made up by the layout of the specifications only",
    },
};

/// Namespaces of the two editions.
const NAMESPACES: [&str; 2] =
    ["schemas.xmlsoap.org/ws/2005/04/discovery", "docs.oasis-open.org/ws-dd/ns/discovery"];

/// Delimits a datagram: a document.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    let octets_behind_mark = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets).trim_ascii_start();
    match octets_behind_mark.first() {
        _ if transport != Transport::Udp => Frame::Foreign,
        Some(b'<') => Frame::Message(octets.len()),
        Some(_) => Frame::Foreign,
        None => Frame::Partial(octets.len().saturating_add(1)),
    }
}

/// Certain where a namespace of the protocol is named.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    let names = |name: &&str| octets.windows(name.len()).any(|part| part == name.as_bytes());
    match frame(octets, transport) {
        Frame::Message(_) if NAMESPACES.iter().any(names) => Probe::Certain,
        _ => Probe::Foreign,
    }
}
