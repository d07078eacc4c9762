//! QUIC: RFC 9000 and RFC 9001 (version 1), RFC 9369 (version 2); what a client says in its first packets.
//!
//! Initial packets are encrypted with keys that anybody can make of them (RFC 9001 section 5.2), so the ClientHello in
//! them can be read, and nothing else. It may take several packets; these are the evidence, and the rules decrypt them.

mod initial;
mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// QUIC.
pub const PROTOCOL: Protocol = Protocol {
    name: "quic",
    title: "QUIC",
    specification: "RFC 9000, RFC 9001, RFC 9369; JA4 (FoxIO, BSD 3-clause part)",
    tcp: &[],
    udp: &[443],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe,
    session: || Box::new(observe::Quic::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "version, server name, ALPN and JA4 of clients",
        operations: "who opens a secured connection to whom",
        nesting: "",
        not_read: "all that servers say, 0-RTT, what is encrypted with secret keys, drafts",
        tried_on: "handshakes of aioquic",
    },
};

/// Octets that a datagram of a client with an Initial packet has at least (RFC 9000 section 14.1).
const CLIENT_DATAGRAM_MIN: usize = 1_200;

/// A datagram is one message, whatever packets are in it.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    match octets.first() {
        _ if transport != Transport::Udp => Frame::Foreign,
        Some(first) if first & 0xc0 == 0x40 => Frame::Message(octets.len()),
        Some(first) if first & 0x80 != 0 && initial::is_version(octets) => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    }
}

/// Certain of an Initial packet in a datagram as long as it must be.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    if transport == Transport::Udp
        && octets.len() >= CLIENT_DATAGRAM_MIN
        && initial::Packet::first(octets).is_some_and(|packet| packet.is_initial)
    {
        Probe::Certain
    } else {
        Probe::Foreign
    }
}
