//! PCCC, the commands of Allen-Bradley's PLC-5, SLC 500 and MicroLogix controllers.
//!
//! Commands: Allen-Bradley 1770-6.5.16, "DF1 Protocol and Command Set", chapters 7 to 10. They travel in the PCCC
//! object of CIP (Rockwell Automation 1756-PM020, service Execute PCCC), which `enip` hands over, and over TCP behind
//! the header of the older CSPv4, which is not published: its layout is as in public clients (the ABEL library and its
//! successors). Numbers of commands are least significant octet first, those of CSPv4 most significant first.

mod command;
mod rules;
mod session;
mod status;
mod wire;

use crate::{Depth, Protocol};

pub(crate) use session::Commands;
pub(crate) use wire::skip_requester;

/// PCCC.
pub const PROTOCOL: Protocol = Protocol {
    name: "pccc",
    title: "PCCC (in CIP), CSPv4",
    specification: "Allen-Bradley 1770-6.5.16 (DF1 Protocol and Command Set); 1756-PM020 (PCCC object); CSPv4 is not \
                    published",
    tcp: &[2222],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<session::Csp>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "diagnostic status of SLC 500 and MicroLogix (catalogue number, series and revision, mode, key \
                   switch, fault) and PLC-5 (model by its type, mode)",
        operations: "all commands of the command set by name: logical, typed and physical reads and writes, mode, \
                     downloads, uploads, edit resource, forces, memory",
        nesting: "in CIP, the end of the CIP route; none over CSPv4",
        not_read: "values, program files, stations behind DH+ and DH-485 links, the CIP object for DH+ (0xA6)",
        tried_on: "corpus (MicroLogix 1100 in CIP); CSPv4 and PLC-5 on messages made up by the published layouts only",
    },
};
