//! PROFINET IO context management: UDP port 34964 and the ports it leads to.
//!
//! IEC 61158-6-10, chapters 4.10 (remote procedure calls) and 5.2 (blocks); C706 (DCE/RPC, connectionless). An IO
//! controller connects to a device and tells which modules it expects in which slots; the device tells what differs;
//! anybody may read its identification and maintenance records. Calls are made in both directions: the device, too,
//! calls its controller (application ready). The device is always taken for the server.
//!
//! Slot 0 is the device itself. Modules are stations below its address, `slot=2`; their first submodule is the module
//! itself, further ones are `slot=2/subslot=2`.

mod blocks;
mod connect;
mod endpoint;
mod identification;
mod operations;
mod physical;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use observation::{Octets, Transport};

use crate::{Depth, Frame, Probe, Protocol, dcerpc_datagram as rpc};

/// PROFINET CM.
pub const PROTOCOL: Protocol = Protocol {
    name: "profinet_cm",
    title: "PROFINET IO CM",
    specification: "IEC 61158-6-10:2019 chapters 4.10 and 5.2; PI Profile Guidelines Part 1 (I&M functions); C706 chapter 12",
    tcp: &[],
    udp: &[34964],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, transport| if transport == Transport::Udp { rpc::frame(octets) } else { Frame::Foreign },
    probe,
    session: || Box::new(session::Cm::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "Connect: station name, MAC, vendor and device number of controller and device, kind of relation; I&M0 \
                   to I&M3 and I&M5: vendor, order number, serial number, hardware and firmware version, profile, \
                   function, location, date, description; annotation of the endpoint mapper: type, order number, \
                   versions; interface and neighbours of ports (PDRealData)",
        operations: "connect (as controller or supervisor), release, parameter end, read and write records by name, \
                     identification reads, endpoint mapper look-ups",
        nesting: "modules and submodules by slot and subslot: expected by the controller, reported by the device \
                  (differences, I&M0 filter, real identification)",
        not_read: "communication relations in detail, parameters, diagnosis, what is written, APIs",
        tried_on: "corpus (Connect, Write, Control, I&M0 filter, PDRealData of many makers, fragments); I&M records, real \
                   identification and endpoint mapper made up by the layout of IEC 61158-6-10 only",
    },
};

/// Certain by the identifier of the interface, 16 octets.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    match rpc::Pdu::parse(Octets::unplaced(octets)) {
        Ok(pdu) if transport == Transport::Udp && wire::Interface::of(&pdu).is_profinet() => Probe::Certain,
        _ => Probe::Foreign,
    }
}
