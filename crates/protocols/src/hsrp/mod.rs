//! Hot Standby Router Protocol of Cisco: version 1 (RFC 2281) and version 2 (Cisco, "HSRP Version 2", TLVs).
//!
//! The address of the group passes from one router to the other: it is told, but is no device. All members speak.

mod observe;
mod wire;

use crate::{Depth, Probe, Protocol};

pub use wire::{Group, Item};

/// HSRP.
pub const PROTOCOL: Protocol = Protocol {
    name: "hsrp",
    title: "HSRP",
    specification: "RFC 2281 (version 1); Cisco: First Hop Redundancy Protocols, HSRP version 2 packet format",
    tcp: &[],
    udp: &[1985, 2029],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Hsrp),
    rules: observe::RULES,
    depth: Depth {
        identity: "group, state and priority of the sender; the virtual address, which is no asset; the sender's MAC (version 2)",
        operations: "who routes and who stands by; passwords and digests are masked",
        nesting: "",
        not_read: "advertisements of interface states, timers, GLBP",
        tried_on: "corpus (both versions)",
    },
};
