//! MELSEC communication protocol (MC protocol), SLMP, and the MELSOFT connection of the programming software.
//!
//! Mitsubishi Electric SH-080008, "MELSEC Communication Protocol Reference Manual" (1E, 3E and 4E frames, commands);
//! SH-080956ENG and CC-Link Partner Association BAP-C2006ENG, "SLMP Specification" (the same frames, node search).
//! Binary numbers are least significant octet first; ASCII frames write them in hexadecimal digits.
//!
//! The MELSOFT connection is not published. Its header and the answer with the type name are as recordings of GX Works
//! show them, and as public scanners ask for it; its commands are told by the families they share with MC protocol.
//!
//! A request names network, station, module and multidrop station: the controller at the address passes it on.

mod command;
mod e1;
mod observe;
mod route;
mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// MC protocol, SLMP, MELSOFT.
pub const PROTOCOL: Protocol = Protocol {
    name: "melsec",
    title: "MELSEC MC protocol, SLMP, MELSOFT",
    specification: "Mitsubishi Electric SH-080008 (MELSEC Communication Protocol), SH-080956ENG (SLMP); CC-Link Partner \
                    Association BAP-C2006ENG; MELSOFT is not published",
    tcp: &[5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010, 5560, 5562],
    udp: &[5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010, 5560, 61440],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<session::Melsec>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "read type name (model and its code) in 3E and 4E frames, binary and ASCII, and in MELSOFT; SLMP node \
                   search (MAC, host name, vendor, model and version numbers)",
        operations: "all commands of the manuals by name, also in 1E frames: devices, buffer memory, remote run, stop, \
                     pause and reset, files, passwords (masked); MELSOFT by family",
        nesting: "stations of other networks (network, node), modules and other CPUs of the rack, multidrop stations",
        not_read: "values, file contents, answers of 1E frames, MELSOFT beyond type name and families of commands, \
                   CC-Link IE Field Basic cyclic data",
        tried_on: "corpus (MELSOFT with an FX5U), lab (4E, our own responder); 1E, 3E, ASCII and node search on messages \
                   made up by the published layouts only",
    },
};
