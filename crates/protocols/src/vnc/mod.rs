//! VNC, the Remote Framebuffer protocol: RFC 6143 section 7; versions 3.3 and 3.7: its appendix A.
//!
//! Messages have no common head: the version of each end is a message, and then whatever a segment carries. The session
//! follows the opening step by step; with its end, or with a way to log on that is encrypted, nothing more is read.

mod rules;
mod session;

use crate::{Depth, Frame, Probe, Protocol};

/// Octets of a version: `RFB 003.008` and a line feed.
const VERSION: usize = 12;

/// VNC.
pub const PROTOCOL: Protocol = Protocol {
    name: "vnc",
    title: "VNC (RFB)",
    specification: "RFC 6143",
    tcp: &[5900, 5901, 5902, 5903, 5904, 5905, 5906, 5907, 5908, 5909, 5910],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| frame(octets),
    probe: |octets, _| if is_version(octets) { Probe::Certain } else { Probe::Foreign },
    session: || Box::new(session::Vnc::default()),
    rules: rules::RULES,
    depth: Depth {
        identity: "version of both ends, ways to log on that are offered, name of the desktop (without names of users)",
        operations: "who opens a desktop on whom; answers to challenges are masked",
        nesting: "",
        not_read: "pictures and input, whatever follows an encrypted or a maker's own way to log on",
        tried_on: "lab (TigerVNC); desktop names and older versions made-up",
    },
};

fn is_version(octets: &[u8]) -> bool {
    match octets {
        [b'R', b'F', b'B', b' ', a, b, c, b'.', d, e, f, b'\n', ..] => {
            [a, b, c, d, e, f].into_iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

fn frame(octets: &[u8]) -> Frame {
    let shortened = octets.get(..octets.len().min(4)).unwrap_or_default();
    match octets.len() {
        0 => Frame::Partial(VERSION),
        _ if is_version(octets) => Frame::Message(VERSION),
        length if length < VERSION && b"RFB ".starts_with(shortened) => Frame::Partial(VERSION),
        length => Frame::Message(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_message_of_its_own() {
        assert_eq!(frame(b"RFB 003.008\n\x01\x02"), Frame::Message(12));
        assert_eq!(frame(b"RFB 0"), Frame::Partial(12));
        assert_eq!(frame(b"\x01\x02"), Frame::Message(2));
        assert!(is_version(b"RFB 003.889\n") && !is_version(b"RFB 003,008\n"));
    }
}
