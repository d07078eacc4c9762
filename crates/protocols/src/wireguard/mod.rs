//! WireGuard: the handshake of two ends and the tunnel between them (Donenfeld, "WireGuard: Next Generation Kernel
//! Network Tunnel", NDSS 2017, section 5.4).

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// WireGuard.
pub const PROTOCOL: Protocol = Protocol {
    name: "wireguard",
    title: "WireGuard",
    specification: "Donenfeld: WireGuard: Next Generation Kernel Network Tunnel (NDSS 2017), section 5.4",
    tcp: &[],
    udp: &[51_820],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::WireGuard::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "who opens the tunnel and who answers, on any port",
        operations: "",
        nesting: "",
        not_read: "everything inside (encrypted from the first message on)",
        tried_on: "messages made up by the layout of the paper only",
    },
};
