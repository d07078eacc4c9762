//! SQL Server resolution, the service of SQL Server Browser: [MC-SQLR] section 2.2.
//!
//! Clients ask which instances a server has; it answers with its name and, for each instance, name, version and ports.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// SQL Server resolution.
pub const PROTOCOL: Protocol = Protocol {
    name: "ssrp",
    title: "SQL Server Browser (SSRP)",
    specification: "[MC-SQLR] section 2.2",
    tcp: &[],
    udp: &[1434],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Ssrp),
    rules: observe::RULES,
    depth: Depth {
        identity: "answers (host name; instances with version, TCP port and pipe)",
        operations: "requests for all instances, for one, for its administrator's port",
        nesting: "",
        not_read: "other transports of an instance (Banyan, SPX, AppleTalk)",
        tried_on: "messages made up by the layout of [MC-SQLR] only",
    },
};
