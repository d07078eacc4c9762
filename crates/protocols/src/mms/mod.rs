//! Manufacturing Message Specification, as IEC 61850 stations and ICCP/TASE.2 control centres speak it, on TCP port 102.
//!
//! Layers: packets and transport (`tpkt`, `cotp`), session, presentation and association (`layers`), MMS itself
//! (`wire`), and what it says (`observe`). MMS directly in the transport, without the layers between, is read too.
//! Sections: ISO 8327-1 (session), ISO 8823-1 (presentation), ISO 8650-1 (association), ISO 9506-2 (MMS),
//! IEC 61850-8-1 (names of data in MMS), IEC 61850-7-3 and 7-4 (name plates), IEC 60870-6-802 (TASE.2 objects).

mod layers;
mod names;
mod observe;
mod plates;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use observation::Octets;

use crate::{Depth, Frame, Probe, Protocol, cotp, tpkt};

/// MMS.
pub const PROTOCOL: Protocol = Protocol {
    name: "mms",
    title: "MMS (IEC 61850, TASE.2)",
    specification: "RFC 1006; ISO/IEC 8073, 8327-1, 8823-1, 8650-1; ISO 9506-2; IEC 61850-8-1, -7-3, -7-4; IEC 60870-6-802",
    tcp: &[102],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| tpkt::frame(octets),
    probe: |octets, _| probe(octets),
    session: || Box::new(session::Mms::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "Identify (vendor, model, revision); name plates of LPHD and LLN0 by attribute or as a structure whose \
                   parts were asked for (vendor, revisions, serial number, model, location, names, configuration \
                   revision); logical devices by name lists and reports; application process titles; TASE.2 and \
                   IEC 61850 told apart by their names",
        operations: "all confirmed services; writes by what they write (operate, select, cancel, setting group, reports, \
                     GOOSE control blocks), files, domains, program invocations",
        nesting: "",
        not_read: "values of process data, contents of files and reports, named variable lists, several physical devices \
                   behind one address, secured associations (IEC 62351) beyond their names",
        tried_on: "corpus (IEC 61850 stations, single services), lab (libiec61850), further messages made up by the layout",
    },
};

/// Certain for data whose session, presentation and MMS lengths all agree, and for a connection that names MMS.
fn probe(octets: &[u8]) -> Probe {
    let Frame::Message(length) = tpkt::frame(octets) else { return Probe::Foreign };
    match cotp::Tpdu::parse(Octets::unplaced(octets).head(length)) {
        Ok(cotp::Tpdu::Data(data)) if layers::is_start(data.octets, data.last) => Probe::Certain,
        _ => Probe::Foreign,
    }
}
