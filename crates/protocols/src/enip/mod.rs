//! EtherNet/IP and the Common Industrial Protocol: ODVA, The CIP Networks Library, volumes 1 and 2.
//!
//! One address may answer for a whole chassis: a request travels from the server at that address through ports (in a
//! chassis, port 1 is the backplane) to link addresses (the slot), and the reply comes back without the way it took.
//! So every reply is paired with its request, and what it says is said of the station at the end of the route.

mod cip;
mod cpf;
mod encapsulation;
mod epath;
mod forward_open;
mod identity;
mod list;
mod names;
mod objects;
mod observe;
mod operations;
mod pending;
mod reply;
mod request;
mod routes;
mod rules;

use crate::{Depth, Protocol};

/// EtherNet/IP with CIP.
pub const PROTOCOL: Protocol = Protocol {
    name: "enip",
    title: "EtherNet/IP, CIP",
    specification: "ODVA, The CIP Networks Library, volume 1 (CIP) and volume 2 (EtherNet/IP adaptation); \
                    tag services and controller status: Rockwell Automation 1756-PM020, 1756-RM003",
    tcp: &[44818],
    udp: &[44818, 2222],
    ethertypes: &[],
    ip_protocols: &[],
    frame: encapsulation::frame,
    probe: encapsulation::probe,
    session: || Box::<observe::Enip>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "ListIdentity and Identity object (all, list, single attributes, also packed): vendor, device type, \
                   product code and name, revision, serial number, status, state; mode, key switch and name of Logix \
                   controllers; TCP/IP Interface, Ethernet Link and Port objects; ListServices; electronic keys of \
                   devices that others expect; originator of connections",
        operations: "every CIP request by service and object, also packed and routed: tags, assemblies, programs, \
                     files, firmware, start, stop, reset; class 1 I/O",
        nesting: "Unconnected Send routes and connection paths: chassis slots and devices beyond, as port and link",
        not_read: "facts through connections whose Forward Open was not captured; values of tags and I/O; \
                   CIP Security; CIP Safety; who scans whom in class 1 I/O; further instances of Identity",
        tried_on: "corpus, lab",
    },
};
