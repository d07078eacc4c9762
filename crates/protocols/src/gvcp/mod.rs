//! GigE Vision control protocol: UDP port 3956.
//!
//! AIA GigE Vision Specification 2.0, chapters 14 to 16 (messages) and 28 (bootstrap registers). Cameras of machine vision
//! answer a discovery with maker, model, version, serial number and addresses.

mod observe;
#[cfg(test)]
mod tests;
mod wire;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// GVCP.
pub const PROTOCOL: Protocol = Protocol {
    name: "gvcp",
    title: "GigE Vision GVCP",
    specification: "AIA GigE Vision Specification 2.0 chapters 14 to 16 and 28",
    tcp: &[],
    udp: &[3956],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    // Discovery alone has enough that cannot be chance: key or status, command and exact length.
    probe: |octets, transport| match wire::frame(octets, transport) {
        Frame::Message(_) if wire::is_discovery(octets) => Probe::Certain,
        _ => Probe::Foreign,
    },
    session: || Box::new(observe::Gvcp),
    rules: observe::RULES,
    depth: Depth {
        identity: "discovery answers and bootstrap registers: maker, model, version, serial number, user-defined name, MAC, \
                   IP parameters",
        operations: "discovery, force IP, read and write registers and memory, actions",
        nesting: "",
        not_read: "registers of the maker, events, streams (GVSP)",
        tried_on: "messages made up by the layout of the GigE Vision Specification only",
    },
};

/// Only datagrams carry it.
const CARRIED_BY: Transport = Transport::Udp;
