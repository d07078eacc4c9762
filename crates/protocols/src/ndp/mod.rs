//! Neighbour discovery of IPv6: RFC 4861 (messages, options), RFC 4443 (ICMPv6), RFC 8106 (name servers in router
//! advertisements).
//!
//! Nodes answer only messages that no router has forwarded, so a pair of MAC and address is as first-hand as in ARP. All
//! other messages of ICMPv6 are passed over, and a conversation of such only is named after them.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Kind, Message, Options};

/// NDP.
pub const PROTOCOL: Protocol = Protocol {
    name: "ndp",
    title: "Neighbour discovery (ICMPv6)",
    specification: "RFC 4861; RFC 4443; RFC 8106",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[58],
    frame: |octets, _| {
        if octets.len() < wire::HEADER { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Ndp::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "own pair of MAC and IPv6 address, first-hand",
        operations: "solicitations; who routes, the prefixes and name servers it advertises",
        nesting: "",
        not_read: "hop limit (255 proves that no router was between), secure neighbour discovery, echo, errors, multicast listeners",
        tried_on: "corpus, and messages made up by the layout of the documents",
    },
};
