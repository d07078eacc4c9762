//! Records: RFC 8446 section 5.1, RFC 5246 section 6.2.

use observation::Octets;

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the header: type, version, length.
const HEADER: usize = 5;

/// Longest fragment: 2^14 octets and what encryption may add (RFC 5246 section 6.2.3).
const FRAGMENT_OCTETS_MAX: u16 = (1 << 14) + 2_048;

/// A change of the cipher in clear is one octet; when keys are renewed it is encrypted as all else, and has at least the
/// octets of a hash besides (RFC 5246 sections 6.2.3 and 7.1).
const CHANGE: u16 = 1;
const CHANGE_ENCRYPTED_MIN: u16 = 17;

/// Octets of an alert in clear.
const ALERT: u16 = 2;

/// What a record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From here on this direction is encrypted (a mere dummy in 1.3).
    ChangeCipherSpec,
    /// Warnings and the end.
    Alert,
    /// Hellos, certificates, keys.
    Handshake,
    /// What is protected.
    ApplicationData,
    /// RFC 6520.
    Heartbeat,
}

fn header(octets: &[u8]) -> Option<(Kind, u16)> {
    let &[kind, 3, 0..=4, high, low, ..] = octets else { return None };
    let kind = match kind {
        20 => Kind::ChangeCipherSpec,
        21 => Kind::Alert,
        22 => Kind::Handshake,
        23 => Kind::ApplicationData,
        24 => Kind::Heartbeat,
        _ => return None,
    };
    let length = u16::from_be_bytes([high, low]);
    let fits = match kind {
        Kind::ChangeCipherSpec => length == CHANGE || length >= CHANGE_ENCRYPTED_MIN,
        Kind::Alert => length >= ALERT,
        _ => length > 0,
    };
    (fits && length <= FRAGMENT_OCTETS_MAX).then_some((kind, length))
}

/// Delimits the first record.
pub(super) fn frame(octets: &[u8]) -> Frame {
    match header(octets) {
        Some((_, length)) => match HEADER.saturating_add(length.into()) {
            needed if needed <= octets.len() => Frame::Message(needed),
            needed => Frame::Partial(needed),
        },
        None => match octets {
            [] | [20..=24] | [20..=24, 3] | [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, _] => {
                Frame::Partial(HEADER)
            }
            _ => Frame::Foreign,
        },
    }
}

/// A hello whose lengths agree is certain; other records have too little that is fixed.
pub(super) fn probe(octets: &[u8]) -> Probe {
    let Some((kind, length)) = header(octets) else { return Probe::Foreign };
    match (kind, octets.get(HEADER..)) {
        // Type, length, version of the hello.
        (Kind::Handshake, Some(&[1 | 2, 0, high, low, 3, 0..=4, ..])) => {
            let hello = u16::from_be_bytes([high, low]).saturating_add(4);
            // A hello may be longer than its first record; a server adds more messages behind its own.
            if hello >= 38 && (hello <= length || octets.get(HEADER) == Some(&1)) {
                Probe::Certain
            } else {
                Probe::Foreign
            }
        }
        _ => Probe::Unsure,
    }
}

/// One record, perhaps cut by the capture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) kind: Kind,
    pub(super) fragment: Octets<'a>,
    /// Octets that its length announces and that are not there.
    pub(super) missing: usize,
}

impl<'a> Record<'a> {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut or of no known type.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let start = reader.clone();
        reader.skip(HEADER, "record header")?;
        let Some((kind, length)) = header(octets.bytes) else {
            return Err(start.malformed("record header", Problem::Unrecognised));
        };
        let rest = reader.rest();
        let fragment = rest.head(length.into());
        Ok(Self { kind, fragment, missing: usize::from(length).saturating_sub(rest.len()) })
    }
}

/// Octets before the fragment of a record.
pub(super) const FRAGMENT_AT: usize = HEADER;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_delimited_by_their_length() {
        assert_eq!(frame(&[22, 3, 1, 0, 2, 9, 9, 9]), Frame::Message(7));
        assert_eq!(frame(&[22, 3, 1, 0, 2]), Frame::Partial(7));
        assert_eq!(frame(&[22, 3]), Frame::Partial(5));
        assert_eq!(frame(&[22, 4, 1, 0, 2]), Frame::Foreign);
        assert_eq!(frame(&[23, 3, 3, 0x60, 0]), Frame::Foreign);
        assert_eq!(frame(&[20, 3, 3, 0, 2, 1, 1]), Frame::Foreign);
        assert_eq!(frame(&[20, 3, 0, 0, 32, 1, 1]), Frame::Partial(37), "encrypted, as keys are renewed");
    }

    #[test]
    fn only_hellos_are_certain() {
        assert_eq!(probe(include_bytes!("messages/client-hello-1.2.bin")), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/server-1.2.bin")), Probe::Certain);
        assert_eq!(probe(&[23, 3, 3, 0, 1, 0]), Probe::Unsure);
        assert_eq!(probe(&[22, 3, 3, 0, 1, 0]), Probe::Unsure);
        assert_eq!(probe(b"\x16\x03\x01\0\x40\x01\0\0\x05\x03\x03"), Probe::Foreign);
        assert_eq!(probe(b"GET / HTTP/1.1"), Probe::Foreign);
    }
}
