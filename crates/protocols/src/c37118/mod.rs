//! Synchrophasors: IEEE C37.118.2-2011 (messages, clause 6); IEEE C37.118-2005 has the same frames but configuration 3.
//!
//! Whoever sends phasors is the server: a measurement unit, or a concentrator that passes on those of several units. The
//! units of a concentrator are stations below its address, by their identification codes.

mod configuration;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use crate::{Depth, Protocol};

pub use wire::{FrameType, Header};

/// Synchrophasors.
pub const PROTOCOL: Protocol = Protocol {
    name: "c37118",
    title: "Synchrophasor C37.118",
    specification: "IEEE C37.118.2-2011, clause 6; IEEE C37.118-2005",
    tcp: &[4712],
    udp: &[4713, 4712],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| wire::frame(octets),
    probe: |octets, _| wire::probe(octets),
    session: || Box::<session::Synchrophasor>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "configuration frames 1, 2 and 3 (also in fragments): station name, identification code, numbers of \
                   channels, nominal frequency, data rate, global identification, position, service class; header frame",
        operations: "every command by name",
        nesting: "measurement units of a data concentrator, by identification code",
        not_read: "phasors and other values, names of channels, extended command frames",
        tried_on: "corpus (configuration 2, header, data, commands; TCP and UDP); configuration 3, concentrators and \
                   fragments by made-up messages",
    },
};
