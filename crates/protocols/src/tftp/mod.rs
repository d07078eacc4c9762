//! Trivial file transfer protocol, its requests: RFC 1350, RFC 2347.

mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// TFTP.
pub const PROTOCOL: Protocol = Protocol {
    name: "tftp",
    title: "TFTP",
    specification: "RFC 1350, RFC 2347",
    tcp: &[],
    udp: &[69],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Tftp),
    rules: observe::RULES,
    depth: Depth {
        identity: "names of the files that a station reads and writes: firmware, configurations",
        operations: "read request, write request",
        nesting: "",
        not_read: "the transfer itself, which has ports of its own",
        tried_on: "messages made up by the layout of RFC 1350 only",
    },
};

/// Delimits a datagram: a request with a name, its zero and a known mode.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    const MODES: [&[u8]; 3] = [b"octet\0", b"netascii\0", b"mail\0"];
    let [0, 1 | 2, rest @ ..] = octets else {
        let is_start = octets.is_empty() || octets == [0];
        return if is_start { Frame::Partial(4) } else { Frame::Foreign };
    };
    let Some(end) = rest.iter().position(|octet| *octet == 0) else {
        return Frame::Partial(octets.len().saturating_add(1));
    };
    let mode = rest.get(end.saturating_add(1)..).unwrap_or_default();
    let begins = |known: &&[u8]| mode.get(..known.len()).is_some_and(|mode| mode.eq_ignore_ascii_case(known));
    let may_begin =
        |known: &&[u8]| known.get(..mode.len()).is_some_and(|known| known.eq_ignore_ascii_case(mode));
    if transport != Transport::Udp {
        Frame::Foreign
    } else if MODES.iter().any(begins) {
        Frame::Message(octets.len())
    } else if MODES.iter().any(may_begin) {
        Frame::Partial(octets.len().saturating_add(1))
    } else {
        Frame::Foreign
    }
}
