//! Delimiting heads. What does not begin like a head is a piece of a body, which only the session can tell.

use observation::Transport;

use crate::http_head::{self, HEAD_OCTETS_MAX};
use crate::{Frame, Probe};

/// Methods (RFC 9110 section 9, RFC 5789; WebDAV and SSDP have more, which bodies may begin with too).
const METHODS: [&[u8]; 9] =
    [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"TRACE ", b"CONNECT "];

/// How an answer begins.
const VERSION: &[u8] = b"HTTP/1.";

/// True if a head begins here, or if there are too few octets to tell.
pub(super) fn is_head(octets: &[u8]) -> bool {
    let begins = |start: &[u8]| octets.starts_with(start) || start.starts_with(octets);
    begins(VERSION) || METHODS.iter().any(|method| begins(method))
}

/// True if this is an answer.
pub(super) fn is_answer(octets: &[u8]) -> bool {
    octets.starts_with(VERSION)
}

/// Delimits a head by its empty line; all other octets there are as a piece of a body.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    if octets.is_empty() {
        return Frame::Partial(1);
    }
    if !is_head(octets) {
        return Frame::Message(octets.len());
    }
    match http_head::length(octets) {
        Some(length) => Frame::Message(length),
        None if octets.len() >= HEAD_OCTETS_MAX => Frame::Message(octets.len()),
        None => Frame::Partial(octets.len().saturating_add(1)),
    }
}

/// Certain where the first line is whole and names the version.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if transport != Transport::Tcp || octets.is_empty() || !is_head(octets) {
        return Probe::Foreign;
    }
    let line = octets.split(|octet| *octet == b'\n').next().unwrap_or_default().trim_ascii_end();
    let names_version = line.len() > VERSION.len()
        && line.iter().rposition(|octet| *octet == b' ').is_some_and(|at| {
            line.get(at.saturating_add(1)..).is_some_and(|version| version.starts_with(VERSION))
        });
    let is_status =
        matches!(octets.get(VERSION.len()..), Some([_, b' ', b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', ..]));
    if names_version || is_answer(octets) && is_status { Probe::Certain } else { Probe::Foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_delimited_and_bodies_are_pieces() {
        let tcp = |octets: &[u8]| frame(octets, Transport::Tcp);
        assert_eq!(tcp(b"GET / HTTP/1.1\r\n\r\nrest"), Frame::Message(18));
        assert_eq!(tcp(b"GET / HTTP/1.1\r\n"), Frame::Partial(17));
        assert_eq!(tcp(b"HT"), Frame::Partial(3));
        assert_eq!(tcp(b"<html>"), Frame::Message(6));
        assert_eq!(frame(b"GET / HTTP/1.1\r\n\r\n", Transport::Udp), Frame::Foreign);
    }

    #[test]
    fn only_whole_first_lines_are_certain() {
        let tcp = |octets: &[u8]| probe(octets, Transport::Tcp);
        assert_eq!(tcp(b"GET /a b HTTP/1.1\r\nHost: x"), Probe::Certain);
        assert_eq!(tcp(b"HTTP/1.0 401 Unauthorized\r\n"), Probe::Certain);
        assert_eq!(tcp(b"GET me out of here\r\n"), Probe::Foreign);
        assert_eq!(tcp(b"HTTP/1.1"), Probe::Foreign);
        assert_eq!(tcp(b"<html>"), Probe::Foreign);
    }
}
