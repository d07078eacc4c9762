//! Moxa's Device Server Configuration Interface: UDP port 4800.
//!
//! The maker publishes no specification. The layout follows what M. Davidsaver published from his own observation of an
//! NPort 5110A ("Moxa UDP Protocol", with `nport-scan`). The header is most significant octet first.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// Moxa DSCI.
pub const PROTOCOL: Protocol = Protocol {
    name: "moxa_dsci",
    title: "Moxa DSCI (NPort search)",
    specification: "not published by its maker; M. Davidsaver, Moxa UDP Protocol",
    tcp: &[],
    udp: &[4800],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Dsci),
    rules: observe::RULES,
    depth: Depth {
        identity: "search and information answers (hardware id, MAC, IP address, name, serial number)",
        operations: "search and information requests by name, others by number",
        nesting: "",
        not_read: "configuration, firmware version, the same over TCP (layouts not published)",
        tried_on: "messages made up by the published layout only",
    },
};
