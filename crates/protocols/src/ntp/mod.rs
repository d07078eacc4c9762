//! Network time protocol: RFC 5905 section 7.3, RFC 4330.

mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// NTP.
pub const PROTOCOL: Protocol = Protocol {
    name: "ntp",
    title: "NTP, SNTP",
    specification: "RFC 5905, RFC 4330",
    tcp: &[],
    udp: &[123],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Ntp::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "stratum and reference (clock or address) of servers and peers",
        operations: "time request",
        nesting: "",
        not_read: "times, control and private messages (modes 6 and 7), authentication",
        tried_on: "corpus (clients and servers of an IEC 61850 plant); messages made up by the layout of RFC 5905",
    },
};

/// Octets of the header.
const HEADER: usize = 48;

/// Modes of time messages: symmetric active and passive, client, server, broadcast.
const MODES: std::ops::RangeInclusive<u8> = 1..=5;

/// Delimits a datagram: a known version, and a mode of time messages with a whole header, or another mode.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    let Some(first) = octets.first() else { return Frame::Partial(HEADER) };
    let (version, mode) = (first >> 3 & 7, first & 7);
    match (1..=4).contains(&version) {
        _ if transport != Transport::Udp => Frame::Foreign,
        true if MODES.contains(&mode) && octets.len() < HEADER => Frame::Partial(HEADER),
        true if mode != 0 => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    }
}
