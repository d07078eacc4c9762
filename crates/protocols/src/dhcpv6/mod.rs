//! Dynamic Host Configuration Protocol for IPv6: RFC 8415, client FQDN (RFC 4704), client link-layer address (RFC 6939),
//! name servers (RFC 3646).

mod observe;
mod rules;
mod wire;

use crate::{Depth, Probe, Protocol};

pub use wire::{Message, Options};

/// DHCPv6.
pub const PROTOCOL: Protocol = Protocol {
    name: "dhcpv6",
    title: "DHCPv6",
    specification: "RFC 8415; RFC 3646; RFC 4704; RFC 6939",
    tcp: &[],
    udp: &[547],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Dhcpv6),
    rules: rules::ALL,
    depth: Depth {
        identity: "of the client: DUID and the MAC in it, host name (FQDN), vendor class, option list as fingerprint, address that the server gave; switch port and MAC that a relay adds; DUID of the server",
        operations: "solicit, request, information-request; who serves; name servers and search list",
        nesting: "",
        not_read: "delegated prefixes, authentication, leases' times",
        tried_on: "corpus (solicitations of Windows); answers and relays on messages made up by the layout of the documents only",
    },
};
