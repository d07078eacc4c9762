//! ADS over AMS, the messages of Beckhoff's TwinCAT, and the search for it.
//!
//! Beckhoff Information System, TwinCAT 3, "ADS/AMS Specification" (TE1000: AMS/TCP header, AMS header, ADS commands,
//! index groups and offsets), "ADS ports", "ADS status". The datagrams of port 48899 (search, routes) are not part of
//! it; their layout is that of Beckhoff's own open library (Beckhoff/ADS, `AdsTool`) and of the crate `ads` (MIT).
//! Numbers are least significant octet first.

mod command;
mod description;
mod discovery;
mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// ADS/AMS.
pub const PROTOCOL: Protocol = Protocol {
    name: "ads",
    title: "ADS/AMS (Beckhoff TwinCAT)",
    specification: "Beckhoff Information System, ADS/AMS Specification; search and routes as in Beckhoff/ADS",
    tcp: &[48898],
    udp: &[48899],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<session::Ads>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "AMS NetId of both ends; search answer (host name, operating system, TwinCAT version, fingerprint); \
                   target description (model, serial number, hardware and image version, operating system); host name; \
                   device info of every port; state",
        operations: "all commands, by port and index group where they are documented: symbols, sums, files, registry, \
                     processes, I/O server, run, stop and config, notifications, new routes (their passwords and user \
                     names are masked)",
        nesting: "",
        not_read: "values, symbol tables, devices behind an EtherCAT master, the router's table of routes, secure ADS \
                   (TLS, port 8016)",
        tried_on: "corpus (a CX1020), lab (pyads test server)",
    },
};
