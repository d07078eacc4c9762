//! SSH transport layer: RFC 4253 sections 4, 6 and 7. Everything after the new keys is encrypted.

mod fingerprint;
mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// SSH.
pub const PROTOCOL: Protocol = Protocol {
    name: "ssh",
    title: "SSH",
    specification: "RFC 4253, RFC 4251 section 5; RFC 5656 section 4 for elliptic curves; HASSH (Salesforce, 2018)",
    tcp: &[22],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe,
    session: || Box::new(observe::Ssh::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "software of both ends with its comment, HASSH of client and server, host key of the server with its SHA-256 fingerprint",
        operations: "",
        nesting: "",
        not_read: "what is encrypted, SSH 1 beyond its banner",
        tried_on: "lab (OpenSSH 9.2)",
    },
};

/// First characters of an identification.
const START: &[u8] = b"SSH-";

/// Octets of an identification at most (section 4.2).
const IDENTIFICATION_MAX: usize = 255;

/// Octets of a packet at most (section 6.1).
const PACKET_MAX: usize = 35_000;

/// Delimits an identification by its line, a packet by its length.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    if octets.starts_with(START) || START.starts_with(octets) {
        let line = octets.get(..IDENTIFICATION_MAX).unwrap_or(octets);
        return match line.iter().position(|octet| *octet == b'\n') {
            Some(end) => Frame::Message(end.saturating_add(1)),
            None if octets.len() >= IDENTIFICATION_MAX => Frame::Foreign,
            None => Frame::Partial(octets.len().saturating_add(1)),
        };
    }
    let Some(length) = octets.first_chunk::<4>().map(|length| u32::from_be_bytes(*length)) else {
        return Frame::Partial(4);
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    // Padding is of four octets at least, and type and padding length come before it.
    if !(6..=PACKET_MAX).contains(&length) {
        return Frame::Foreign;
    }
    match length.saturating_add(4) {
        whole if whole <= octets.len() => Frame::Message(whole),
        whole => Frame::Partial(whole),
    }
}

/// Certain where an identification begins.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    let versions = [b"SSH-2.0-".as_slice(), b"SSH-1.99-", b"SSH-1.5-"];
    if transport == Transport::Tcp && versions.iter().any(|version| octets.starts_with(version)) {
        Probe::Certain
    } else {
        Probe::Foreign
    }
}
