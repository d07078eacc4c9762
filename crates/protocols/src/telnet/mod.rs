//! Telnet: RFC 854.

mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// Telnet.
pub const PROTOCOL: Protocol = Protocol {
    name: "telnet",
    title: "Telnet",
    specification: "RFC 854, RFC 855",
    tcp: &[23],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, transport| match (transport, octets.len()) {
        (Transport::Tcp, 0) => Frame::Partial(1),
        (Transport::Tcp, length) => Frame::Message(length),
        _ => Frame::Foreign,
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Telnet::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "greeting of the server up to the login",
        operations: "",
        nesting: "",
        not_read: "commands and their answers; what is typed behind a prompt for a password is masked",
        tried_on: "messages made up by the layout of RFC 854 only",
    },
};
