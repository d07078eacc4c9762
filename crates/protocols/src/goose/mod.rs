//! Generic object oriented substation events, on Ethernet and routed over UDP.
//!
//! IEC 61850-8-1 chapter 18 and annexes A (data unit) and C (header); IEC TR 61850-90-5 section 11.3 (routed session).
//! Publishers repeat each message for ever: what does not change in it is said once.

mod observe;

use crate::process_bus::Kind;
use crate::{Depth, Protocol};

/// Routed, GOOSE is session 0xa1 and payload 0x81.
const KIND: Kind = Kind { session: 0xa1, payload: 0x81 };

/// GOOSE.
pub const PROTOCOL: Protocol = Protocol {
    name: "goose",
    title: "GOOSE and R-GOOSE (IEC 61850)",
    specification: "IEC 61850-8-1 chapter 18, annexes A and C; IEC TR 61850-90-5 section 11.3",
    tcp: &[],
    udp: &[102],
    ethertypes: &[0x88b8],
    ip_protocols: &[],
    frame: |octets, transport| KIND.frame(octets, transport),
    probe: |octets, transport| observe::probe(octets, transport),
    session: || Box::new(observe::Goose::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "name of the device by the reference of its control block; control block, data set, identifier, APPID, \
                   configuration revision, simulation, needs commissioning",
        operations: "",
        nesting: "",
        not_read: "values of the data set, state and sequence numbers, GSE management, encrypted R-GOOSE",
        tried_on: "corpus (ABB and GE relays, changed messages), lab (libiec61850); R-GOOSE on messages made up by the layout only",
    },
};
