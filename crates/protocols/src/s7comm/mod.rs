//! S7 communication of SIMATIC S7-300/400 and of all that speak like them, on TCP port 102.
//!
//! Three layers: packets (`tpkt`, RFC 1006), transport (`cotp`, ISO/IEC 8073 class 0), S7 protocol data units
//! (`wire`). The transport carries S7comm-plus and MMS too; those are handed over to their own folders.

mod lane;
pub(crate) mod names;
mod observe;
mod racks;
mod rules;
mod session;
mod szl;
#[cfg(test)]
mod tests;
mod wire;

use observation::Octets;

use crate::{Depth, Frame, Probe, Protocol, cotp, tpkt};

/// S7comm.
pub const PROTOCOL: Protocol = Protocol {
    name: "s7comm",
    title: "S7comm",
    specification: "RFC 1006; ISO/IEC 8073 class 0; Siemens A5E00739858-01 chapter 33 (system status lists); \
                    public analyses of protocol id 0x32",
    tcp: &[102],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| tpkt::frame(octets),
    probe: |octets, _| probe(octets),
    session: || Box::new(session::S7::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "SZL 0011 (order number, hardware and firmware version), 001C (names, plant, serial numbers, type, \
                   OEM, location), 0424/0124 (mode), 0131 (capability), 0132/0232 (protection, key switch, checksums); \
                   blocks by count, info, upload and download; mode transitions; connection type and TSAP of the client",
        operations: "jobs (read and write variables, up- and download, PI services, stop), userdata (programmer \
                     commands, cyclic data, block lists, SZL, messages, password, BSEND, clock, NC programs)",
        nesting: "rack and slot of the CPU; modules, racks, DP and PROFINET stations it was configured with (SZL 91, 92, 94)",
        not_read: "values and addresses of variables, contents of blocks, SZL 95/96 and diagnostic buffer, alarms, \
                   routed connections, blocks beyond 64 of one conversation, S7-200 and NCK variable services",
        tried_on: "corpus (S7-300, S7-400, ET 200S CPU), lab (snap7, python-snap7), lists 91, 92 and 94 made up",
    },
};

/// Certain for a whole S7 protocol data unit whose every length agrees; a connection request or confirm with
/// transport selectors, and data of the relatives, fit but could be something else.
fn probe(octets: &[u8]) -> Probe {
    let Frame::Message(length) = tpkt::frame(octets) else { return Probe::Foreign };
    let Ok(tpdu) = cotp::Tpdu::parse(Octets::unplaced(octets).head(length)) else { return Probe::Foreign };
    match tpdu {
        cotp::Tpdu::Data(data) if data.last && wire::is_whole(data.octets.bytes) => Probe::Certain,
        cotp::Tpdu::Data(data) if data.octets.is_empty() || data.octets.get(0) == Some(wire::PROTOCOL_ID) => {
            Probe::Unsure
        }
        cotp::Tpdu::Request(selectors) | cotp::Tpdu::Confirm(selectors) if selectors.called.is_some() => {
            Probe::Unsure
        }
        _ => Probe::Foreign,
    }
}
