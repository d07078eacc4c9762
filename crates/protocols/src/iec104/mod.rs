//! Telecontrol over TCP: a controlling station (control centre, gateway) and controlled stations (RTUs, bays, plants).
//!
//! IEC 60870-5-104 (control information, start and stop of data transfer, chapter 5), IEC 60870-5-101 chapter 7 (data
//! units, types, causes, information elements), IEC 60870-5-7 (authentication).

mod names;
mod rules;
mod session;
mod types;
mod wire;

use crate::{Depth, Protocol};

/// IEC 60870-5-104.
pub const PROTOCOL: Protocol = Protocol {
    name: "iec104",
    title: "IEC 60870-5-104",
    specification: "IEC 60870-5-104:2006 chapters 5 to 7; IEC 60870-5-101 chapter 7; IEC TS 60870-5-7",
    tcp: &[2404],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| wire::frame(octets),
    probe: |octets, _| wire::probe(octets),
    session: || Box::new(session::Iec104::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "cause of the end of initialisation, originator address of the controlling station; the protocol names no \
                   maker or model",
        operations: "commands and set points (select and execute), interrogations, clock, reset of process, parameters, \
                     files; controlling and controlled station by start of data transfer, types and causes",
        nesting: "stations by their common address",
        not_read: "values and information object addresses, contents of files, other lengths of address fields than those of \
                   this standard, secure authentication beyond its names, IEC 62351-3 (TLS)",
        tried_on: "corpus (RTUs and control centres, damaged messages), lab (lib60870), further messages made up by the layout",
    },
};
