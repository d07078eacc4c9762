//! NetBIOS datagram service: RFC 1001 chapter 17, RFC 1002 section 4.4; mailslots in it: [MS-MAIL] section 2.2.
//!
//! A datagram names its sender. What Windows sends in it are writes to mailslots: announcements of the browser and
//! requests for domain controllers, which the folders `browser` and `netlogon` read.

mod mailslot;
mod observe;
mod wire;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol, netbios};

/// NetBIOS datagram service.
pub const PROTOCOL: Protocol = Protocol {
    name: "nbdgm",
    title: "NetBIOS datagram service",
    specification: "RFC 1001; RFC 1002 section 4.4; [MS-MAIL]; [MS-CIFS] section 2.2.4.33",
    tcp: &[],
    udp: &[138],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe,
    session: || Box::new(observe::Nbdgm),
    rules: observe::RULES,
    depth: Depth {
        identity: "source name (host name) and source address; mailslots of the browser and of netlogon by their own",
        operations: "",
        nesting: "",
        not_read: "fragmented datagrams behind their first part, other mailslots, names of users",
        tried_on: "corpus (Windows XP, Server 2003, Samba); an address that differs made up by the layout of RFC 1002",
    },
};

/// Certain where the header is followed by a NetBIOS name.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    match wire::frame(octets, transport) {
        Frame::Message(_) if octets.get(wire::NAMES..).is_some_and(netbios::starts) => Probe::Certain,
        _ => Probe::Foreign,
    }
}
