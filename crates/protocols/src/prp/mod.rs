//! Supervision of PRP and HSR: IEC 62439-3 clauses 4.4 and 5.7 (editions of 2010 to 2021).
//!
//! Every node of a redundant network says every two seconds who it is; a redundancy box says it for the nodes behind it,
//! which are not in the redundant network themselves.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Node, Supervision};

/// PRP and HSR supervision.
pub const PROTOCOL: Protocol = Protocol {
    name: "prp",
    title: "PRP and HSR supervision",
    specification: "IEC 62439-3:2021 clauses 4.4 and 5.7",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x88fb],
    ip_protocols: &[],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Prp),
    rules: observe::RULES,
    depth: Depth {
        identity: "MACs of a node, which are one device; kind of redundancy",
        operations: "redundancy boxes, and the nodes behind them, which are named",
        nesting: "",
        not_read: "sequence numbers",
        tried_on: "messages made up by the layout of the documents only",
    },
};
