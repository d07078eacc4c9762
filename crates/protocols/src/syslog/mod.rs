//! Syslog over UDP: RFC 5424, RFC 3164, RFC 5426.

mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// Syslog.
pub const PROTOCOL: Protocol = Protocol {
    name: "syslog",
    title: "Syslog",
    specification: "RFC 5424, RFC 3164, RFC 5426",
    tcp: &[],
    udp: &[514],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Syslog::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "host name and application of the sender, as its header says (reported, as relays pass on the words of others)",
        operations: "",
        nesting: "",
        not_read: "the message itself, syslog over TCP and TLS",
        tried_on: "corpus (one message); messages made up by the layout of the RFCs",
    },
};

/// Digits of a priority at most.
const PRIORITY_DIGITS_MAX: usize = 3;

/// Octets in front of the header: the priority, in angle brackets.
fn priority(octets: &[u8]) -> Option<usize> {
    let rest = octets.strip_prefix(b"<")?;
    let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let is_whole = (1..=PRIORITY_DIGITS_MAX).contains(&digits) && rest.get(digits) == Some(&b'>');
    is_whole.then(|| digits.saturating_add(2))
}

/// Delimits a datagram that begins with a priority.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    match priority(octets) {
        _ if transport != Transport::Udp => Frame::Foreign,
        Some(_) => Frame::Message(octets.len()),
        None if octets.len() < PRIORITY_DIGITS_MAX.saturating_add(2)
            && (octets.is_empty() || octets.starts_with(b"<")) =>
        {
            Frame::Partial(octets.len().saturating_add(1))
        }
        None => Frame::Foreign,
    }
}
