//! Spanning tree: STP, RSTP and MSTP of IEEE 802.1Q-2018 clause 14 (bridge protocol data units, formerly IEEE 802.1D
//! clause 9), and Cisco's spanning tree per VLAN (PVST+), which carries the same units over SNAP.
//!
//! A bridge sends them from the MAC of each port and names itself by its bridge identifier: so the ports of one bridge
//! become one device, and which bridge is the root of the network is known.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub use wire::{Bpdu, BpduType, Configuration, Unit};

/// STP.
pub const PROTOCOL: Protocol = Protocol {
    name: "stp",
    title: "Spanning tree (STP, RSTP, MSTP, PVST+)",
    specification: "IEEE 802.1Q-2018 clause 14; IEEE 802.1D-2004 clause 9; Cisco PVST+ (SNAP 00-00-0C 0x010b)",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x0042, 0x010b],
    ip_protocols: &[],
    frame: |octets, _| {
        if octets.is_empty() { Frame::Partial(wire::HEADER) } else { Frame::Message(octets.len()) }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Stp),
    rules: observe::RULES,
    depth: Depth {
        identity: "bridge identifier: the bridge's own MAC, which joins the MACs of its ports to one device; version of the protocol, MST region",
        operations: "who bridges (switch); root bridge, which is named although it may not be heard; topology changes; GARP is told apart",
        nesting: "",
        not_read: "timers, costs, states of ports, instances of MSTP, shortest path bridging",
        tried_on: "corpus (STP, RSTP, PVST+); MSTP on messages made up by the layout of IEEE 802.1Q only",
    },
};
