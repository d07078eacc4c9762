//! FOCAS2 over Ethernet, by which programs talk to FANUC's numerical controls: TCP port 8193.
//!
//! FANUC publishes the functions of its library, not what it sends. The layout follows what others published from their own
//! observation (pyfanuc). Numbers are most significant octet first.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// FOCAS.
pub const PROTOCOL: Protocol = Protocol {
    name: "focas",
    title: "FOCAS2 (FANUC)",
    specification: "not published by its maker; pyfanuc; names of functions by FANUC B-63783EN, FOCAS1/2 library",
    tcp: &[8193],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Focas),
    rules: observe::RULES,
    depth: Depth {
        identity: "system information (series of the control, kind of machine, software series and version, axes)",
        operations: "known functions by name, others as one kind",
        nesting: "",
        not_read: "positions, programs, parameters, names of programs",
        tried_on: "messages made up by the published layout only",
    },
};
