//! Link-local multicast name resolution: RFC 4795.
//!
//! The format is that of DNS. Only the owner of a name answers, and it answers with its own addresses; before it uses
//! a name, it asks for it itself.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// LLMNR.
pub const PROTOCOL: Protocol = Protocol {
    name: "llmnr",
    title: "LLMNR",
    specification: "RFC 4795; RFC 1035 section 4.1",
    tcp: &[],
    udp: &[5355],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Llmnr),
    rules: observe::RULES,
    depth: Depth {
        identity: "host name and addresses of whoever answers; host name by the query for all records of an own name",
        operations: "name queries",
        nesting: "",
        not_read: "names that are asked for, LLMNR over TCP",
        tried_on: "corpus (queries, verifications of own names); answers made up by the layout of RFC 4795",
    },
};
