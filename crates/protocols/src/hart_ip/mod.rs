//! HART-IP: FieldComm Group FCG TS20085 (HART-IP network management: message header and bodies), FCG TS20081 (token-passing
//! data link: frames), FCG TS20127 (universal commands), FCG TS20151 (common practice commands), FCG TS20183 (common tables).
//!
//! The server at the address is a device, or an I/O system or gateway with devices behind it. Whoever answers by another
//! unique address than the server's own is a station below it; where the I/O system told them, I/O card and channel are
//! part of the path.

mod commands;
mod identity;
mod pdu;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use crate::{Depth, Protocol};

pub use commands::Command;
pub use pdu::{Pdu, UniqueAddress};
pub use wire::Header;

/// HART-IP.
pub const PROTOCOL: Protocol = Protocol {
    name: "hart_ip",
    title: "HART-IP",
    specification: "FCG TS20085, TS20081, TS20127, TS20151, TS20183",
    tcp: &[5094],
    udp: &[5094],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| wire::frame(octets),
    probe: |octets, _| session::probe(octets),
    session: || Box::<session::HartIp>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "commands 0, 11, 21, 73, 75: manufacturer, expanded device type (names by the common tables), device id, \
                   revisions, profile, private label; tag, descriptor, message, long tag, process unit tag, assembly and \
                   transducer numbers (12 to 16, 20, 520 and what writing them confirms); devices detected (74)",
        operations: "every command by name or class, also direct, extended and sent on to sub-devices; passwords and keys \
                     are masked",
        nesting: "sub-devices of I/O systems by I/O card, channel and unique address (75, 77, 84); other devices behind the \
                  server by unique or polling address",
        not_read: "process values, device status, audit log, aggregated and delayed answers, HART-IP over TLS and DTLS",
        tried_on: "corpus (a flow device, direct and token-passing messages), lab; sub-devices, HART 5 and masked keys by \
                   made-up messages",
    },
};
