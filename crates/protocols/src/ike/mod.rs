//! Internet Key Exchange, versions 1 and 2: RFC 2408, RFC 2409, RFC 7296; through address translation RFC 3947, RFC 3948.

mod observe;
mod vendor_ids;
mod wire;

use crate::{Depth, Protocol};

/// IKE.
pub const PROTOCOL: Protocol = Protocol {
    name: "ike",
    title: "IKE (IPsec), versions 1 and 2",
    specification: "RFC 2408 chapter 3, RFC 2409, RFC 7296 chapter 3, RFC 3947, RFC 3948",
    tcp: &[],
    udp: &[500, 4500],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Ike::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "who opens the exchange and who answers; version and mode, vendor ids with names of known ones, name or address of an end (aggressive mode)",
        operations: "digests of aggressive mode are masked",
        nesting: "",
        not_read: "proposals of ciphers, certificates, everything encrypted, IKE over TCP; ESP in UDP is told but not read",
        tried_on: "messages made up by the layout of the RFCs only",
    },
};
