//! Address Resolution Protocol for IPv4 over Ethernet: RFC 826, address conflict detection: RFC 5227.
//!
//! ARP is first-hand: the sender names its own pair of MAC and IP, whatever router the rest of its traffic crosses.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Operation, Packet};

/// ARP.
pub const PROTOCOL: Protocol = Protocol {
    name: "arp",
    title: "ARP",
    specification: "RFC 826; RFC 5227",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x0806],
    ip_protocols: &[],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::LENGTH) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Arp),
    rules: observe::RULES,
    depth: Depth {
        identity: "own pair of MAC and IP address, first-hand",
        operations: "requests; gratuitous and probe packets are told apart",
        nesting: "",
        not_read: "hardware types other than Ethernet, protocols other than IPv4, RARP",
        tried_on: "corpus, lab",
    },
};
