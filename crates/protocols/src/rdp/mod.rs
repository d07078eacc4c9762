//! Remote Desktop Protocol: MS-RDPBCGR sections 2.2.1.1 to 2.2.1.3; core data of the client: section 2.2.1.3.2.
//!
//! A message here is one TPKT packet, or one TLS record once both ends agreed on TLS: what its handshake says is said as
//! TLS's. The cookie of the first packet names a user and is passed over.

mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// RDP.
pub const PROTOCOL: Protocol = Protocol {
    name: "rdp",
    title: "Remote Desktop (RDP)",
    specification: "MS-RDPBCGR 2.2.1.1 to 2.2.1.3; ITU-T X.224, T.125",
    tcp: &[3389],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: |octets, _| wire::probe(octets),
    session: || Box::new(session::Rdp::default()),
    rules: rules::RULES,
    depth: Depth {
        identity: "security asked for, chosen or refused; name and build of clients without TLS; TLS handshakes inside (certificates to TLS 1.2 name the computer)",
        operations: "who opens a remote desktop on whom",
        nesting: "",
        not_read: "names of users, whatever TLS protects (CredSSP), pictures and input, RDP over UDP",
        tried_on: "lab (xrdp); a client without TLS and refusals made-up",
    },
};
