//! Location of domain controllers: [MS-ADTS] sections 6.3.1 to 6.3.5.
//!
//! Computers ask for a domain controller by datagram (mailslot) or by LDAP over UDP; the controller's answer names it,
//! its domain, forest and site. The folders `nbdgm` and `ldap` hand the messages over.

mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub(crate) use observe::read;

/// Netlogon.
pub const PROTOCOL: Protocol = Protocol {
    name: "netlogon",
    title: "Domain controller location",
    specification: "[MS-ADTS] section 6.3.1; RFC 1035 section 4.1.4 (names)",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| match octets {
        [] | [_] => Frame::Partial(2),
        [opcode, 0, ..] if observe::is_known(*opcode) => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Netlogon),
    rules: observe::RULES,
    depth: Depth {
        identity: "requests (host name of the client), answers (host name, domain, forest, site and kind of the \
                   controller, site of the client)",
        operations: "domain controllers by their answers",
        nesting: "",
        not_read: "names of users, domain GUID and SID, addresses in answers",
        tried_on: "messages made up by the layout of [MS-ADTS] only",
    },
};
