//! Sampled values, on Ethernet and routed over UDP.
//!
//! IEC 61850-9-2 chapter 8 and annexes A (header) and C; IEC 61869-9 (merging units); IEC TR 61850-90-5 section 11.3
//! (routed session). A merging unit sends thousands of messages a second: what does not change in them is said once.

mod observe;

use crate::process_bus::Kind;
use crate::{Depth, Protocol};

/// Routed, sampled values are session 0xa2 and payload 0x82.
const KIND: Kind = Kind { session: 0xa2, payload: 0x82 };

/// Sampled values.
pub const PROTOCOL: Protocol = Protocol {
    name: "sv",
    title: "Sampled values (IEC 61850-9-2)",
    specification: "IEC 61850-9-2 chapter 8, annexes A and C; IEC 61869-9; IEC TR 61850-90-5 section 11.3",
    tcp: &[],
    udp: &[102],
    ethertypes: &[0x88ba],
    ip_protocols: &[],
    frame: |octets, transport| KIND.frame(octets, transport),
    probe: |octets, transport| observe::probe(octets, transport),
    session: || Box::new(observe::SampledValues::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "identifier of the stream, data set, APPID, configuration revision, sample rate, simulation, grandmaster \
                   clock; name of the device where a reference names it",
        operations: "",
        nesting: "",
        not_read: "samples, sample counter, synchronisation, encrypted routed sessions",
        tried_on: "messages made up by the layout only",
    },
};
