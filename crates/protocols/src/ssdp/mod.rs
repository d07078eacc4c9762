//! Simple service discovery: UPnP Device Architecture 2.0, chapter 1.

mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// SSDP.
pub const PROTOCOL: Protocol = Protocol {
    name: "ssdp",
    title: "SSDP (UPnP)",
    specification: "UPnP Device Architecture 2.0, chapter 1",
    tcp: &[],
    udp: &[1900],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe: |octets, transport| match frame(octets, transport) {
        Frame::Message(_) => Probe::Certain,
        _ => Probe::Foreign,
    },
    session: || Box::new(observe::Ssdp::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "server line with system and product, UUID, device types, address of the description; user agent of whoever searches",
        operations: "search",
        nesting: "",
        not_read: "the description itself (HTTP), services, embedded devices",
        tried_on: "corpus (notifications, searches and answers of routers, Windows and Windows CE); messages made up by the layout of the architecture",
    },
};

/// First words of the three kinds of messages.
const STARTS: [&[u8]; 3] = [b"NOTIFY * HTTP/1.", b"M-SEARCH * HTTP/1.", b"HTTP/1.1 200"];

/// Delimits a datagram by its first words.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    let begins = |start: &&[u8]| octets.starts_with(start) || start.starts_with(octets);
    match STARTS.iter().find(|start| begins(start)) {
        _ if transport != Transport::Udp => Frame::Foreign,
        Some(start) if octets.len() >= start.len() => Frame::Message(octets.len()),
        Some(start) => Frame::Partial(start.len()),
        None => Frame::Foreign,
    }
}
