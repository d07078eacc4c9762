//! Niagara Fox: TCP port 1911, and 4911 with TLS.
//!
//! Tridium publishes no specification. The layout follows what others published from their own observation: the scripts
//! `fox-info` of Digital Bond's Redpoint and of Nmap, and the capture that came with the former. Messages are text: a
//! header line, and a list of `name=type:value` in braces. Both ends say in their hello who they are, before any login.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// Niagara Fox.
pub const PROTOCOL: Protocol = Protocol {
    name: "fox",
    title: "Niagara Fox (Tridium)",
    specification: "not published by its maker; Redpoint and Nmap fox-info",
    tcp: &[1911],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<observe::Fox>::default(),
    rules: observe::RULES,
    depth: Depth {
        identity: "hello of both ends (host name and address, application and version, virtual machine, operating \
                   system, station, host identifier, brand, time zone)",
        operations: "hello and login; other requests are counted as one kind",
        nesting: "",
        not_read: "requests behind the login, names of users; whatever authenticates is masked",
        tried_on: "corpus (a JACE station and a workbench)",
    },
};
