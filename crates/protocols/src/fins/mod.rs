//! FINS, the messages of Omron's controllers, in datagrams and in the FINS/TCP header.
//!
//! Omron W342, "CS/CJ/CP/NSJ-series Communications Commands Reference Manual", chapters 3 to 5 (header, commands,
//! answers); W421, "Ethernet Units, Construction of Applications", section 7 (FINS/UDP and FINS/TCP headers); commands of
//! older series: W227, "FINS Commands Reference Manual". Numbers are most significant octet first.
//!
//! A station is known by network, node and unit. A message for another network is passed on by the controller that the
//! connection leads to, and the one at the end answers: that one is a station below the address.

mod command;
mod observe;
mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// FINS.
pub const PROTOCOL: Protocol = Protocol {
    name: "fins",
    title: "FINS (Omron)",
    specification: "Omron W342 (CS/CJ/CP/NSJ Communications Commands), W421 (FINS/UDP, FINS/TCP), W227 (CV)",
    tcp: &[9600],
    udp: &[9600],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<session::Conversation>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "controller data (model, version, internal version, program area, memory card), connection data \
                   (models of the units), controller status (mode, fatal errors, message), name; FINS addresses of both \
                   ends",
        operations: "all commands by name: memory areas, program and parameter areas, run, stop, clock, files, forces, \
                     access rights; passwords are masked",
        nesting: "networks and nodes behind the controller, units in its racks (as module)",
        not_read: "values, program and files, CPU bus unit configuration, clock values; requests that the answering end \
                   sends itself in the same conversation",
        tried_on: "corpus (a CP1L, an invented answer), lab (our own responder)",
    },
};
