//! NetBIOS name service: RFC 1001 chapters 15 to 17, RFC 1002 section 4.2.
//!
//! Stations announce their own names, ask for those of others, and list all their names to whoever asks. Names of users
//! (suffix 03) are passed over.

mod observe;
mod wire;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol, netbios};

/// NetBIOS name service.
pub const PROTOCOL: Protocol = Protocol {
    name: "nbns",
    title: "NetBIOS name service",
    specification: "RFC 1001; RFC 1002 section 4.2; Microsoft KB 163409 (suffixes)",
    tcp: &[],
    udp: &[137],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe,
    session: || Box::new(observe::Nbns),
    rules: observe::RULES,
    depth: Depth {
        identity: "registration, refresh, release and positive answers (host name, workgroup or domain, further \
                   addresses), node status (all names, MAC address)",
        operations: "name query and node status requests; domain controllers, file servers and master browsers by suffix",
        nesting: "",
        not_read: "names of users (suffix 03), redirects, negotiation with name servers, names longer than 15 characters",
        tried_on: "corpus (queries, registrations, node status with MAC of Windows XP); name servers, second interfaces and \
                   domain controllers made up by the layout of RFC 1002",
    },
};

/// Certain where a header of the name service is followed by a NetBIOS name: 32 letters of 16 possible.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    let named = octets.get(wire::HEADER..).is_some_and(netbios::starts);
    match wire::frame(octets, transport) {
        Frame::Message(_) if named => Probe::Certain,
        _ => Probe::Foreign,
    }
}
