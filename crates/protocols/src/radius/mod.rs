//! RADIUS, authentication and accounting: RFC 2865, RFC 2866, RFC 2869.

mod observe;
mod wire;

use crate::{Depth, Probe, Protocol};

/// RADIUS.
pub const PROTOCOL: Protocol = Protocol {
    name: "radius",
    title: "RADIUS",
    specification: "RFC 2865, RFC 2866, RFC 2869",
    tcp: &[],
    udp: &[1812, 1813, 1645, 1646],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Radius::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "network access servers by their requests (identifier, host name, address, kind of port, called station, maker); nothing where a proxy passed it on",
        operations: "passwords, digests, EAP and Microsoft's attributes are masked; names of users are not told",
        nesting: "",
        not_read: "calling stations, sessions and counters, change of authorisation, RADIUS over TCP and TLS",
        tried_on: "messages made up by the layout of the RFCs only",
    },
};
