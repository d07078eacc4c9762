//! UMAS, the messages of Schneider Electric's programming software to its controllers, in Modbus function 90.
//!
//! The maker publishes no specification. The layouts follow what others published from their own observation: Apache
//! PLC4X (`protocols/umas`, `umas.mspec`), Kaspersky ICS CERT, "The secrets of Schneider Electric's UMAS protocol"
//! (2022), and the articles on UMAS of the blog "Liras en la Red" (2017). All numbers are least significant octet
//! first.
//!
//! `modbus` hands over the protocol data unit of function 90, request and response, and says which station it is about.

mod function;
mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

pub(crate) use session::{Exchange, Umas};
pub(crate) use wire::{is_message, is_response};

/// UMAS.
pub const PROTOCOL: Protocol = Protocol {
    name: "umas",
    title: "UMAS (Schneider Electric, in Modbus)",
    specification: "not published by its maker; Apache PLC4X umas.mspec; Kaspersky ICS CERT, The secrets of Schneider \
                    Electric's UMAS protocol",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<session::Bare>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "read id (CPU or network module, firmware, hardware id), project info (name, revision, dates), \
                   project texts in memory (programming PC, version of its software), card info; host name of the \
                   client in a reservation, and who holds it",
        operations: "all known functions by name, others by number: reservation, download and upload, start, stop, \
                     variables, memory blocks; only controllers answer it",
        nesting: "Modbus unit",
        not_read: "run and stop state, program blocks, values, functions wrapped in authentication (0x38, 0x6D)",
        tried_on: "corpus (one Quantum CPU), messages made up by the published layouts",
    },
};
