//! HTTP/2 in clear: RFC 9113 (frames), RFC 7541 (HPACK). gRPC is HTTP/2 with a content type of its own.
//!
//! Of header fields those are read that stand there as plain text; what is compressed is only told apart. Values that may
//! be secret are masked, whether they can be read or not.

mod fields;
mod observe;

use observation::Transport;

use crate::{Depth, Frame, Probe, Protocol};

/// HTTP/2.
pub const PROTOCOL: Protocol = Protocol {
    name: "http2",
    title: "HTTP/2, gRPC",
    specification: "RFC 9113, RFC 7541; gRPC over HTTP/2",
    // Customary for gRPC.
    tcp: &[50_051],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    probe,
    session: || Box::new(observe::Http2::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "user agent and server line where they stand in plain text",
        operations: "methods; gRPC is told by its content type; credentials and cookies are masked",
        nesting: "",
        not_read: "compressed fields, paths, bodies, whatever TLS protects",
        tried_on: "messages made up by the layout of the RFCs (fields by hpack of Python)",
    },
};

/// What a client sends first (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Octets of the header of a frame: length, type, flags, stream.
const HEADER: usize = 9;

/// Octets of a frame at most: sixteen kilobytes unless an end allows more.
const FRAME_MAX: usize = 1 << 20;

/// Types of frames.
mod kind {
    pub(super) const HEADERS: u8 = 0x01;
    pub(super) const SETTINGS: u8 = 0x04;
    pub(super) const CONTINUATION: u8 = 0x09;
    /// Priority update (RFC 9218), the highest in use.
    pub(super) const LAST: u8 = 0x10;
}

/// Delimits the preface, or a frame by its length.
fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    if octets.starts_with(PREFACE) {
        return Frame::Message(PREFACE.len());
    }
    if PREFACE.starts_with(octets) {
        return Frame::Partial(PREFACE.len());
    }
    match octets {
        &[high, middle, low, kind, _, stream, _, _, _, ..] if kind <= kind::LAST && stream & 0x80 == 0 => {
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            match length.saturating_add(HEADER) {
                _ if length > FRAME_MAX => Frame::Foreign,
                whole if whole > octets.len() => Frame::Partial(whole),
                whole => Frame::Message(whole),
            }
        }
        _ if octets.len() < HEADER => Frame::Partial(HEADER),
        _ => Frame::Foreign,
    }
}

/// Certain of the preface.
fn probe(octets: &[u8], transport: Transport) -> Probe {
    match octets {
        _ if transport != Transport::Tcp => Probe::Foreign,
        _ if octets.starts_with(PREFACE) => Probe::Certain,
        // The settings of a server, which come first.
        &[0, 0, length, kind::SETTINGS, 0, 0, 0, 0, 0, ..] if length % 6 == 0 => Probe::Unsure,
        _ => Probe::Foreign,
    }
}
