//! S7comm-plus: SIMATIC S7-1200 and S7-1500 with TIA Portal, panels and SCADA systems, on TCP port 102.
//!
//! Siemens has not published the protocol. Layouts, function codes and attribute numbers are those that public analyses
//! agree on: the S7comm-plus notes of T. Wiens, the data model of the open S7CommPlusDriver and s7commplus projects,
//! and C. Lei, L. Li, M. Liang, "The spear to break the security wall of S7CommPlus" (Black Hat Europe 2017).
//! The block of identification and maintenance data is that of IEC 61158-6-10 (PROFINET I&M0).
//!
//! Layers: packets and transport (`tpkt`, `cotp`), protocol data units with their own fragments (`wire`), values
//! and object trees (`value`), and what they say (`observe`). Digests (version 3) are passed over, never checked.
//! From TIA Portal V17 on everything runs in TLS inside the same transport; there only that is said.

mod names;
mod observe;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use observation::Octets;

use crate::{Depth, Frame, Probe, Protocol, cotp, tpkt};

/// S7comm-plus.
pub const PROTOCOL: Protocol = Protocol {
    name: "s7comm_plus",
    title: "S7comm-plus",
    specification: "RFC 1006; ISO/IEC 8073 class 0; public analyses of protocol id 0x72; IEC 61158-6-10 (I&M0)",
    tcp: &[102],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| tpkt::frame(octets),
    probe: |octets, _| probe(octets),
    session: || Box::new(session::S7Plus::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "session version string of the CPU (order number, firmware), I&M0 (order number, serial number, \
                   hardware and firmware version, maker), operating state; host, application, comment and network \
                   card of the client",
        operations: "explore, read and write variables, create and delete objects, download transactions, links, \
                     invoke, start and stop by the requested operating state",
        nesting: "",
        not_read: "values and names of variables, contents of blocks, alarms, digests, everything inside TLS",
        tried_on: "corpus (S7-1200 V2.2 and V3.0, S7-1500), lab (s7commplus), further messages made up by the layout",
    },
};

/// Certain for S7comm-plus with a known function or a length that agrees, and for a record of TLS in a TPDU.
fn probe(octets: &[u8]) -> Probe {
    let Frame::Message(length) = tpkt::frame(octets) else { return Probe::Foreign };
    match cotp::Tpdu::parse(Octets::unplaced(octets).head(length)) {
        Ok(cotp::Tpdu::Data(data)) if wire::is_tls(data.octets.bytes) || wire::is_start(data.octets) => {
            Probe::Certain
        }
        _ => Probe::Foreign,
    }
}
