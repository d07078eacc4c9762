//! File transfer protocol, its control connection: RFC 959.

mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// FTP.
pub const PROTOCOL: Protocol = Protocol {
    name: "ftp",
    title: "FTP",
    specification: "RFC 959, RFC 2228, RFC 4217",
    tcp: &[21],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Ftp::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "greeting and system of the server",
        operations: "transfers, deletions and renaming by command; passwords are masked",
        nesting: "",
        not_read: "names and contents of files, user names",
        tried_on: "corpus (logins to a controller); messages made up by the layout of RFC 959",
    },
};

/// Octets of a line at most: makers' greetings are long, paths are not.
const LINE_MAX: usize = 4_096;

/// Delimits a line.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    let line = octets.get(..LINE_MAX).unwrap_or(octets);
    let is_text = |octet: &u8| *octet >= b' ' || matches!(octet, b'\r' | b'\n' | b'\t' | 0x1b);
    match line.iter().position(|octet| *octet == b'\n') {
        _ if transport != Transport::Tcp => Frame::Foreign,
        Some(end) => Frame::Message(end.saturating_add(1)),
        None if octets.len() < LINE_MAX && line.iter().all(is_text) => {
            Frame::Partial(octets.len().saturating_add(1))
        }
        None => Frame::Foreign,
    }
}
