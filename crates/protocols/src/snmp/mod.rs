//! SNMP versions 1, 2c and 3 over UDP: RFC 1157, RFC 3416, RFC 3412 to 3414.
//!
//! What an agent says of the system (SNMPv2-MIB, RFC 3418), of its parts (ENTITY-MIB, RFC 6933), and, where it is a
//! printer or a power supply, of that (RFC 3805, RFC 1628); which network cards and addresses it has (RFC 2863, RFC 4293). Version 3 names the engine in clear even where it encrypts
//! the rest.

mod objects;
mod observe;
mod rules;
mod wire;

use crate::{Depth, Protocol};

/// SNMP.
pub const PROTOCOL: Protocol = Protocol {
    name: "snmp",
    title: "SNMP",
    specification: "RFC 1157, RFC 3416, RFC 3412, RFC 3414; objects: RFC 3418, RFC 6933, RFC 3805, RFC 1628, RFC 2863, RFC 4293",
    tcp: &[],
    udp: &[161, 162],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Snmp::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "system group (description, object id, name, location), maker by enterprise number; serial number, model, revisions and maker of the chassis and of the modules in it (ENTITY-MIB), of printers and of power supplies; MAC and IPv4 addresses of the interfaces (IF-MIB, IP-MIB); engine id of version 3 with enterprise and MAC address; enterprise of traps",
        operations: "get, get-next, get-bulk, set; communities and authentication codes are masked",
        nesting: "modules of a chassis, by their row",
        not_read: "other parts than modules, names and counters of interfaces, neighbour tables, makers' own MIBs, system contact (a person), encrypted messages",
        tried_on: "lab (net-snmp 5.9.3, version 2c), corpus (version 1); version 3, traps, ENTITY-MIB and interfaces made up by the layout of the RFCs",
    },
};
