//! Kerberos version 5: RFC 4120 chapter 5, on port 88 and in the security tokens of other protocols (RFC 4121).
//!
//! Accounts of machines are told from those of users by their form (`NAME$`, `host/NAME`); users are passed over. A
//! ticket names the service it is for, and so the host that it is sent to.

mod observe;
mod rules;
mod wire;

use crate::{Depth, Protocol};

pub(crate) use observe::read_ticket;
pub(crate) use wire::find;

/// Kerberos.
pub const PROTOCOL: Protocol = Protocol {
    name: "kerberos",
    title: "Kerberos",
    specification: "RFC 4120 chapter 5; RFC 4121 section 4.1; [MS-KILE]",
    tcp: &[88],
    udp: &[88],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Kerberos),
    rules: rules::ALL,
    depth: Depth {
        identity: "accounts of machines and NetBIOS addresses in requests (host name of the client), realm of the key \
                   distribution center, service and realm of tickets sent to servers (in SMB, DCE/RPC, LDAP)",
        operations: "whoever answers is a domain controller",
        nesting: "",
        not_read: "names of users, encrypted parts (they are masked), password changes, authorisation data",
        tried_on: "corpus (tickets in LDAP binds); port 88 by messages made up by the layout of RFC 4120",
    },
};
