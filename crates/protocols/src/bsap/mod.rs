//! BSAP, the protocol of Bristol's controllers (ControlWave, Network 3000), over IP and as it is on a serial line.
//!
//! Emerson D301401X012, "Network 3000 Communications Application Programmer's Reference" (serial frame, functions,
//! remote data base access); the header over IP is not in it: its layout and names are those of the parser of CISA's
//! ICSNPP project (cisagov/icsnpp-bsap). Numbers are least significant octet first.

mod function;
mod ip;
mod serial;
mod session;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// BSAP.
pub const PROTOCOL: Protocol = Protocol {
    name: "bsap",
    title: "BSAP (Bristol, Emerson)",
    specification: "Emerson D301401X012 (Network 3000 Communications Application Programmer's Reference); over IP as in \
                    cisagov/icsnpp-bsap",
    tcp: &[],
    udp: &[1234, 1235],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe,
    session: || Box::<session::Bsap>::default(),
    rules: &[],
    depth: Depth {
        identity: "",
        operations: "remote data base access by function (signals and lists, read and written, by name and address), its \
                     extensions (reset, clock, node address), downloads, polls",
        nesting: "nodes of a serial line by local address",
        not_read: "values and signal names, global addresses as a tree, alarms, the identity of a node",
        tried_on: "corpus",
    },
};

/// Delimits the first message: a datagram holds one.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    let fits = transport == Transport::Udp && (serial::is_frame(octets) || ip::is_message(octets));
    if fits { Frame::Message(octets.len()) } else { Frame::Foreign }
}

/// A serial frame has four octets of delimiters and a check; over IP, header and lengths agree over the whole datagram.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    if frame(octets, transport) == Frame::Foreign {
        Probe::Foreign
    } else if serial::is_frame(octets) || ip::is_certain(octets) {
        Probe::Certain
    } else {
        Probe::Unsure
    }
}
