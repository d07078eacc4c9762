//! Dynamic Host Configuration Protocol and BOOTP for IPv4: RFC 2131, options of RFC 2132, RFC 3046 (relay agent), RFC 4702
//! (client FQDN), RFC 3925 (vendor-identifying classes), RFC 951 (BOOTP).
//!
//! A client has no address yet when it asks: all that it says is said of its MAC, the client hardware address, whoever
//! relayed the message.

mod observe;
mod rules;
mod wire;

use crate::{Depth, Protocol};

pub use wire::{Message, MessageType, Options};

/// DHCP.
pub const PROTOCOL: Protocol = Protocol {
    name: "dhcp",
    title: "DHCP and BOOTP",
    specification: "RFC 2131; RFC 2132; RFC 951; RFC 3046; RFC 3925; RFC 4702; RFC 4578 (UUID)",
    tcp: &[],
    udp: &[67],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Dhcp),
    rules: rules::ALL,
    depth: Depth {
        identity: "of the client's MAC: host name, FQDN, vendor class (operating system), client id, UUID, parameter list as fingerprint, address in use, address that the server gave; switch port and remote id that a relay adds",
        operations: "discover, request, inform; who serves; routers, name and time servers and domain that the server hands out",
        nesting: "",
        not_read: "long options in several parts (RFC 3396), vendor-specific information (option 43), leases' times",
        tried_on: "corpus, lab (dhclient, dnsmasq); relay, FQDN and UUID on messages made up by the layout of the documents only",
    },
};
