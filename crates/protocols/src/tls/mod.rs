//! TLS: RFC 8446 (1.3), RFC 5246 (1.2) and before; what its handshakes say in clear.
//!
//! A message here is one record. Hellos are in clear in every version, certificates up to 1.2. With the first record of
//! application data nothing more can be read, and the rest of the connection is left.

pub(crate) mod handshake;
mod ja4;
mod record;
mod rules;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use ja4::print;
pub(crate) use rules::{cipher_suite, protocol_names};

use crate::{Depth, Protocol};

/// TLS.
pub const PROTOCOL: Protocol = Protocol {
    name: "tls",
    title: "TLS",
    specification: "RFC 8446, RFC 5246, RFC 6066, RFC 7301; JA4 (FoxIO, BSD 3-clause part)",
    // HTTPS and its customary neighbours; mail, directory and name services; Modbus Security 802, CIP Security 2221,
    // OPC UA 4843, Niagara 4911, SIP 5061, AMQP 5671, WinRM 5986, syslog 6514, MQTT 8883, docker and agents 9443.
    tcp: &[
        443, 465, 636, 802, 853, 989, 990, 992, 993, 995, 2221, 3269, 4843, 4911, 5061, 5671, 5986, 6514,
        8443, 8883, 9443,
    ],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| record::frame(octets),
    probe: |octets, _| record::probe(octets),
    session: || Box::new(session::Tls::default()),
    rules: rules::RULES,
    depth: Depth {
        identity: "server name, ALPN and JA4 of clients; version, cipher suite and (to 1.2) certificates of servers and devices",
        operations: "who opens a secured connection to whom",
        nesting: "",
        not_read: "certificates of TLS 1.3 (encrypted) and of persons, application data, SSL 2, JA4S and other JA4+ (licensed otherwise)",
        tried_on: "corpus, lab, handshakes of OpenSSL",
    },
};
