//! GENISYS, by which an office polls the interlockings and field codes of a railway, carried by TCP as it is on the line.
//!
//! Union Switch & Signal's documents are not public; layout and names as in the parser of CISA's ICSNPP project
//! (cisagov/icsnpp-genisys, README) and the notes of Wireshark issue 3422 that it names. The office asks; every field
//! unit on the line has an address of one octet and answers when it is polled.

mod session;
mod wire;

use crate::{Depth, Protocol};

/// GENISYS.
pub const PROTOCOL: Protocol = Protocol {
    name: "genisys",
    title: "GENISYS (railway)",
    specification: "Union Switch & Signal GENISYS, not published; layout as in cisagov/icsnpp-genisys",
    tcp: &[10001],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<session::Genisys>::default(),
    rules: &[],
    depth: Depth {
        identity: "",
        operations: "polls, recalls, controls and their execution, by name",
        nesting: "field units by their address",
        not_read: "indications and controls; the protocol has no identity",
        tried_on: "corpus (generated)",
    },
};
