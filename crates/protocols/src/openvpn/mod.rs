//! OpenVPN with TLS: who opens a tunnel, who answers, and how the control channel is protected (OpenVPN: doxygen
//! documentation, "Network protocol"; `doc/tls-crypt-v2.txt`).

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// OpenVPN.
pub const PROTOCOL: Protocol = Protocol {
    name: "openvpn",
    title: "OpenVPN",
    specification: "OpenVPN documentation: network protocol, control channel, tls-crypt and tls-crypt-v2",
    tcp: &[1194],
    udp: &[1194],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::OpenVpn::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "who opens the tunnel and who answers, on any port; key method, protection of the control channel",
        operations: "",
        nesting: "",
        not_read: "the TLS handshake inside, data, tunnels with a static key (no handshake)",
        tried_on: "messages made up by the layout of the documentation only",
    },
};
