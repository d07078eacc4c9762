//! Cisco Discovery Protocol, versions 1 and 2, and Foundry's protocol of the same layout: as Cisco describes it in "Cisco
//! Discovery Protocol Version 2" and in the frame format pages of its LAN switching documents ("CDP frame format").
//!
//! Switches and routers send it to a group address of their own; no bridge that knows it forwards it. Cisco's phones,
//! cameras and other makers' equipment speak it, too: only what they say tells the maker.

mod observe;
mod rules;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Message, Tlv, Tlvs};

/// CDP.
pub const PROTOCOL: Protocol = Protocol {
    name: "cdp",
    title: "CDP",
    specification: "Cisco: Cisco Discovery Protocol version 1 and 2, frame format; RFC 1042 (SNAP)",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x2000],
    ip_protocols: &[],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Cdp),
    rules: rules::ALL,
    depth: Depth {
        identity: "device id and system name (host name), platform (model, maker), software version (operating system and its version), addresses and management addresses, serial number where the device id holds it, location",
        operations: "capabilities: router, bridge, switch, telephone …; port, native VLAN, voice VLAN, VTP domain, duplex",
        nesting: "",
        not_read: "power, cluster management, prefixes of on-demand routing, EDP",
        tried_on: "corpus (Cisco IOS), lab (lldpd); fields beyond those, and Foundry, on messages made up by the layout only",
    },
};
