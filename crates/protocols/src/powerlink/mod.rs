//! Ethernet POWERLINK: EtherType 0x88AB.
//!
//! EPSG DS 301 V1.3.0, chapters 4.6 (frames), 7.1 (states), 7.3 (identification, status, commands) and 6.3 (SDO). One
//! managing node (240) polls the controlled nodes (1 to 239); at start-up it asks each who it is.

mod observe;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

use crate::{Depth, Probe, Protocol};

/// Ethernet POWERLINK.
pub const PROTOCOL: Protocol = Protocol {
    name: "powerlink",
    title: "Ethernet POWERLINK",
    specification: "EPSG DS 301 V1.3.0",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x88ab],
    ip_protocols: &[],
    frame: |octets, transport| wire::frame(octets, transport),
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Powerlink::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "IdentResponse: vendor, product code, revision, serial number, device profile, host name, IP address, \
                   date of the application; node number, managing or controlled node, NMT state",
        operations: "ident and status requests, NMT commands and SDO requests by name",
        nesting: "",
        not_read: "process data, SDO contents (hardware and software version strings), error entries, SDO over UDP",
        tried_on: "messages made up by the layout of EPSG DS 301 only",
    },
};
