//! HSMS, which carries SECS-II and GEM of semiconductor equipment over TCP; its port is by agreement, often 5000.
//!
//! SEMI E37 (HSMS: message format, chapter 8) and SEMI E5 (SECS-II: items, chapter 9, and messages, chapter 10). Numbers are
//! most significant octet first.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// HSMS.
pub const PROTOCOL: Protocol = Protocol {
    name: "hsms",
    title: "HSMS (SECS/GEM)",
    specification: "SEMI E37 (HSMS) chapter 8; SEMI E5 (SECS-II) chapters 9 and 10; SEMI E30 (GEM)",
    tcp: &[5000],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Hsms),
    rules: observe::RULES,
    depth: Depth {
        identity: "S1F2, S1F13 and S1F14 (model type, software revision), device id of the session",
        operations: "select and the primary messages of GEM that hosts send, by name; others as one kind",
        nesting: "",
        not_read: "reports, alarms, variables, process programs, materials",
        tried_on: "messages made up by the layout of SEMI E37 and E5 only",
    },
};
