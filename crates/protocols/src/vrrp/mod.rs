//! Virtual Router Redundancy Protocol: version 2 (RFC 3768) and 3 (RFC 9568); and CARP, which has the same IP protocol
//! number and first octet (OpenBSD `carp(4)`, `ip_carp.h`).
//!
//! The address of the group passes from one router to the other: it is told, but is no device.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Advertisement, Carp, Packet};

/// VRRP.
pub const PROTOCOL: Protocol = Protocol {
    name: "vrrp",
    title: "VRRP and CARP",
    specification: "RFC 3768 (version 2); RFC 9568 (version 3); OpenBSD carp(4)",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[112],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Vrrp),
    rules: observe::RULES,
    depth: Depth {
        identity: "group, priority and version of the sender; virtual addresses, which are no assets; the owner's own addresses; CARP group",
        operations: "who routes; passwords are masked",
        nesting: "",
        not_read: "which member is the standby, until it speaks; CARP's addresses, which are only in its digest",
        tried_on: "messages made up by the layout of the documents only",
    },
};
