//! Precision Time Protocol: IEEE 1588-2008 clauses 13 and 15 (version 2, of which IEEE 802.1AS is a profile), IEEE
//! 1588-2002 annex D (version 1, of which only sender and domain are read).
//!
//! An identity of a clock is an EUI-64, as a rule made of a MAC. Management and signaling messages may be passed on by
//! boundary clocks, so they tell of their sender only where the count of hops shows that nobody did.

mod description;
mod observe;
mod rules;
mod wire;

use crate::{Depth, Probe, Protocol};

/// PTP.
pub const PROTOCOL: Protocol = Protocol {
    name: "ptp",
    title: "PTP (IEEE 1588)",
    specification: "IEEE 1588-2008 clauses 13 and 15, annexes D to F; IEEE 1588-2002 annex D; IEEE 802.1AS",
    tcp: &[],
    udp: &[319, 320],
    ethertypes: &[0x88f7],
    ip_protocols: &[],
    frame: wire::frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Ptp::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "clock identity with its MAC, version and domain of every sender; Announce (grandmaster, class, accuracy, \
                   priorities, time source, steps); clock description (maker, model, revisions, name, place, addresses)",
        operations: "management: get, set, command",
        nesting: "",
        not_read: "times and corrections, unicast negotiation, other management data; fields of version 1 but sender and domain",
        tried_on: "messages made up by the layout of IEEE 1588 only",
    },
};
