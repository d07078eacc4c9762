//! CODESYS, version 3 (UDP ports 1740 to 1743, TCP 11740 to 11743 and the gateway's 1217) and version 2 (TCP 1200, 2455).
//!
//! The maker publishes no specification. Layouts follow what others published from their own observation: Rapid7's
//! `codesys3.lua` for the name service of version 3, Kaspersky ICS CERT, "Security research: CODESYS Runtime, a PLC control
//! framework" (2019) for what carries it, Digital Bond's Redpoint `codesys-v2-discover` for version 2.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// CODESYS.
pub const PROTOCOL: Protocol = Protocol {
    name: "codesys",
    title: "CODESYS V3 and V2",
    specification: "not published by its maker; Rapid7 codesys3.lua; Kaspersky ICS CERT, Security research: CODESYS \
                    Runtime; Redpoint codesys-v2-discover",
    tcp: &[11740, 11741, 11742, 11743, 1217, 1200, 2455],
    udp: &[1740, 1741, 1742, 1743],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<observe::Codesys>::default(),
    rules: observe::RULES,
    depth: Depth {
        identity: "V3 name service (node, device, vendor, target, version, serial number), V2 identification (operating \
                   system, product)",
        operations: "name and address requests, identification; what channels carry is one kind",
        nesting: "",
        not_read: "services in channels (login, download, start and stop), nodes behind others, network variables",
        tried_on: "messages made up by the published layouts only",
    },
};
