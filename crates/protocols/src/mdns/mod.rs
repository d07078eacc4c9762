//! Multicast DNS and service discovery: RFC 6762, RFC 6763.

mod observe;
mod rules;

use observation::{Octets, Transport};

use crate::dns_message::{HEADER, Header, QUERY};
use crate::{Depth, Frame, Probe, Protocol, Reader};

/// mDNS.
pub const PROTOCOL: Protocol = Protocol {
    name: "mdns",
    title: "mDNS and DNS-SD",
    specification: "RFC 6762, RFC 6763, RFC 1035",
    tcp: &[],
    udp: &[5353],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Mdns::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "own host name and further addresses, system (HINFO), services, and what their texts say: model, maker, serial number, firmware, MAC, place; what a reflector passes on is reported of the address it names",
        operations: "query",
        nesting: "",
        not_read: "names that are asked for, known answers, names of people's devices in service texts",
        tried_on: "lab (avahi 0.8), corpus (queries and responses); service texts made up by the layout of RFC 6763",
    },
};

/// Delimits a datagram whose counts its octets can hold.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Udp {
        return Frame::Foreign;
    }
    match Header::read(&mut Reader::new(Octets::unplaced(octets))) {
        Ok(header) if header.opcode == QUERY && header.fits(octets.len().saturating_sub(HEADER)) => {
            Frame::Message(octets.len())
        }
        // What a snaplen cut cannot hold what it counts.
        Ok(header) if header.opcode == QUERY && header.fits(usize::MAX) => {
            Frame::Partial(octets.len().saturating_add(1))
        }
        Ok(_) => Frame::Foreign,
        Err(_) => Frame::Partial(HEADER),
    }
}
