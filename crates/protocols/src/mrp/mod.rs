//! Media Redundancy Protocol: IEC 62439-2 (frames of clause 8; also IEC 61158-6-10, "MRP").
//!
//! The manager of a ring sends test frames every few milliseconds from both ring ports, clients tell when a link goes down
//! or up. Each names its own MAC, which joins the MACs of its ports.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Message, Subject};

/// MRP.
pub const PROTOCOL: Protocol = Protocol {
    name: "mrp",
    title: "MRP",
    specification: "IEC 62439-2 clause 8; IEC 61158-6-10",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x88e3],
    ip_protocols: &[],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Mrp::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "own MAC of a ring node, which joins its port MACs to one device; domain of the ring",
        operations: "who manages the ring and who is a client; whether the ring is open",
        nesting: "",
        not_read: "interconnection of rings, manager's negotiation (options)",
        tried_on: "messages made up by the layout of the documents only",
    },
};
