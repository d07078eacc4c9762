//! Domain name system over UDP and TCP: RFC 1035, updates by RFC 2136.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// DNS.
pub const PROTOCOL: Protocol = Protocol {
    name: "dns",
    title: "DNS",
    specification: "RFC 1035, RFC 2136, RFC 3596",
    tcp: &[53],
    udp: &[53],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: |_, _| crate::Probe::Foreign,
    session: || Box::new(observe::Dns::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "host names of inside addresses (addresses and reverse names in answers: reported), own host name in a dynamic update; remote access portals, clouds and AI services that a client asks for",
        operations: "query, update, notify, zone transfer",
        nesting: "",
        not_read: "names of outside addresses, other names that are asked for, services (SRV), signatures, DNS over TLS or HTTPS",
        tried_on: "lab (dnsmasq 2.90), corpus (queries and answers); updates, reverse names and portals made up by the layout of the RFCs",
    },
};
