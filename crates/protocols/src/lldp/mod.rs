//! Link Layer Discovery Protocol: IEEE 802.1AB-2016, with the organisation-specific TLVs of IEEE 802.1 (802.1Q annex D),
//! IEEE 802.3 (clause 79), LLDP-MED (ANSI/TIA-1057) and PROFINET (IEC 61158-6-10, "LLDP").
//!
//! The sender describes itself, and no bridge forwards the frame: all of it is first-hand. It is sent by a port; what it
//! says is said of the whole device, whose own MAC is that of the chassis.

mod observe;
mod rules;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Organisation, Tlv, Tlvs};

/// LLDP.
pub const PROTOCOL: Protocol = Protocol {
    name: "lldp",
    title: "LLDP",
    specification: "IEEE 802.1AB-2016; IEEE 802.1Q annex D; IEEE 802.3 clause 79; ANSI/TIA-1057 (LLDP-MED); IEC 61158-6-10 (PROFINET TLVs); RFC 8520 section 11 (MUD)",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x88cc],
    ip_protocols: &[],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Lldp),
    rules: rules::ALL,
    depth: Depth {
        identity: "chassis and port id of every subtype, chassis MAC (joins the MACs of ports to one device), system name and description (maker, model, order number, versions and serial number where it is a list with commas), management addresses, LLDP-MED inventory (revisions, serial number, maker, model, asset id) and location, PROFINET station name and alias, MUD address",
        operations: "capabilities that are enabled: bridge, router, access point …; VLAN of the port and names of VLANs; MRP domain",
        nesting: "",
        not_read: "power, link aggregation, data centre bridging, PROFINET delays and PTCP status",
        tried_on: "corpus, lab; LLDP-MED inventory, PROFINET alias and MRP on messages made up by the layout of the documents only",
    },
};
