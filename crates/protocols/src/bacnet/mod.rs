//! BACnet/IP: ANSI/ASHRAE 135-2020, annex J (virtual link layer of IPv4), clause 6 (network layer), clauses 12 to 17, 20
//! and 21 (application layer). BACnet over ISO 8802-3 (clause 7) is the same without the virtual link layer.
//!
//! A station beyond a router (MS/TP, ARCNET, another IP network) is a station below the router's address: network number
//! and address there. Who a broadcast management device forwards for is a station of its own, by its IP address.

mod apdu;
mod bvlc;
mod npdu;
mod properties;
mod rules;
mod segments;
mod services;
mod session;
mod tags;
#[cfg(test)]
mod tests;

use crate::{Depth, Protocol};

pub use apdu::{Apdu, Segment};
pub use bvlc::{Bvlc, Function};
pub use npdu::{Npdu, Remote};
pub use properties::Property;
pub use services::{Confirmed, Unconfirmed};
pub use tags::Object;

/// BACnet/IP.
pub const PROTOCOL: Protocol = Protocol {
    name: "bacnet",
    title: "BACnet/IP",
    specification: "ANSI/ASHRAE 135-2020, clauses 6, 12-17, 20, 21, annex J",
    tcp: &[],
    udp: &[47808],
    ethertypes: &[0x0082],
    ip_protocols: &[],
    frame: bvlc::frame,
    probe: bvlc::probe,
    session: || Box::<session::Bacnet>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "I-Am, I-Have; the device object by ReadProperty and ReadPropertyMultiple, also in segments: instance, \
                   name, vendor (its own word, and by the table of vendor ids), model, firmware, application software, \
                   serial number, location, description, status, protocol revision, profile, UUID; IP address of network \
                   ports; networks of routers; tables of broadcast management and foreign devices",
        operations: "every confirmed and unconfirmed service by name; ReinitializeDevice and DeviceCommunicationControl by \
                     what they ask (passwords masked); virtual link and network layer requests",
        nesting: "stations beyond routers, by network number and address (MS/TP, ARCNET, LonTalk, other IP networks)",
        not_read: "values of other objects, contents of files, object lists, private transfers, BACnet/SC, BACnet/IPv6 \
                   (annex U), MS/TP captured on its own line, secured messages (keys masked)",
        tried_on: "corpus, lab; tables, routers' messages, BACnet over ISO 8802-3 and passwords by made-up messages",
    },
};
