//! PC Worx, the information service of Phoenix Contact's ILC controllers: TCP port 1962.
//!
//! The maker publishes no specification. The layout follows Digital Bond's Redpoint script `pcworx-info`, which is part of
//! Nmap, too. Numbers are most significant octet first.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// PC Worx.
pub const PROTOCOL: Protocol = Protocol {
    name: "pcworx",
    title: "PC Worx (Phoenix Contact)",
    specification: "not published by its maker; Redpoint and Nmap pcworx-info",
    tcp: &[1962],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<observe::PcWorx>::default(),
    rules: observe::RULES,
    depth: Depth {
        identity: "information answer (type, model number, firmware version with date and time)",
        operations: "opening and information by name, others by number",
        nesting: "",
        not_read: "project transfer and other services (layouts not published)",
        tried_on: "messages made up by the published layout only",
    },
};
