//! DNP3 over TCP and UDP: IEEE 1815-2012.
//!
//! Link layer: clause 9; transport function: clause 8; application layer: clauses 4 and 5; object library: annex A;
//! IP networking: clause 13. A message here is one link frame.
//!
//! The outstation is the server: it holds the data, whoever opened the connection. Link addresses of outstations are
//! stations below the address; the link address of a master is a fact about its address.

mod application;
mod attributes;
mod link;
mod objects;
mod session;
mod transport;

use crate::{Depth, Protocol};

pub use application::Function;
pub use link::LinkFrame;

/// DNP3.
pub const PROTOCOL: Protocol = Protocol {
    name: "dnp3",
    title: "DNP3",
    specification: "IEEE 1815-2012",
    tcp: &[20000, 19999],
    udp: &[20000, 19999],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| link::frame(octets),
    probe: |octets, _| link::probe(octets),
    session: || Box::new(session::Dnp3::default()),
    rules: session::RULES,
    depth: Depth {
        identity: "device attributes (group 0: all standard variations, sets of users), link addresses, internal indications, file names",
        operations: "all function codes and link functions by name; time, files and device attributes by their objects",
        nesting: "outstations by link address; the link address of masters",
        not_read: "process values, contents of files, data sets, secure authentication (its objects are masked), TLS",
        tried_on: "corpus, lab; data types of attributes and file authentication made-up",
    },
};
