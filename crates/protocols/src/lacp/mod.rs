//! Link Aggregation Control Protocol: IEEE 802.1AX-2020 clause 6.4, over the slow protocols' EtherType (IEEE 802.3 annex
//! 57A). The other slow protocols (marker, OAM) are passed over.
//!
//! The system identifier is no reason to join ports: two chassis that aggregate together state the same one.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Message, System};

/// LACP.
pub const PROTOCOL: Protocol = Protocol {
    name: "lacp",
    title: "LACP",
    specification: "IEEE 802.1AX-2020 clause 6.4; IEEE 802.3 annex 57A",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x8809],
    ip_protocols: &[],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Lacp),
    rules: observe::RULES,
    depth: Depth {
        identity: "system identifier and port of the sender and, reported, of its partner",
        operations: "",
        nesting: "",
        not_read: "states and keys of ports, markers, OAM, synchronisation messages",
        tried_on: "messages made up by the layout of the documents only",
    },
};
