//! DTLS: RFC 6347 (1.2) and RFC 9147 (1.3); what its handshakes say in clear.
//!
//! A message here is one record. Hellos are in clear in every version, certificates up to 1.2.

mod observe;
mod record;

use crate::{Depth, Protocol};

/// DTLS.
pub const PROTOCOL: Protocol = Protocol {
    name: "dtls",
    title: "DTLS",
    specification: "RFC 6347, RFC 9147, RFC 6066, RFC 7301; JA4 (FoxIO, BSD 3-clause part)",
    tcp: &[],
    // Remote Desktop Gateway, TURN, CoAP, SNMP and its traps.
    udp: &[3391, 5349, 5684, 10161, 10162],
    ethertypes: &[],
    ip_protocols: &[],
    frame: record::frame,
    probe: record::probe,
    session: || Box::new(observe::Dtls::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "server name, ALPN and JA4 of clients; version, cipher suite and (to 1.2) certificates of servers",
        operations: "who opens a secured connection to whom",
        nesting: "",
        not_read: "messages whose fragments come out of order, what is encrypted",
        tried_on: "handshakes of OpenSSL 3",
    },
};
