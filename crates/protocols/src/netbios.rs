//! NetBIOS names as packets carry them: RFC 1001 chapter 14, RFC 1002 section 4.1.
//!
//! A name is 15 characters and a suffix that tells what it stands for; each octet travels as two letters `A` to `P`.

use observation::{Octets, Rules};

use crate::{Malformed, Problem, Reader};

/// Octets of a name in its encoding.
pub(crate) const ENCODED: usize = 32;

/// Characters of a name before its suffix.
const CHARACTERS: usize = 15;

/// Labels of a scope behind a name that are passed over; a name has 255 octets at most (RFC 1002 section 4.1).
const SCOPE_LABELS_MAX: usize = 64;

/// Names of Internet Information Services, which look like host and domain names and are none (Microsoft KB 163409).
const SERVICE_NAMES: [&[u8]; 2] = [b"IS~", b"INet~"];

/// What a name stands for: its sixteenth octet (Microsoft KB 163409, "NetBIOS Suffixes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suffix(pub(crate) u8);

impl Suffix {
    /// A computer (unique) or a workgroup or domain (group).
    pub(crate) const WORKSTATION: Self = Self(0x00);
    /// A computer that serves files and printers.
    pub(crate) const SERVER: Self = Self(0x20);
    /// The domain master browser, which is the primary domain controller.
    pub(crate) const DOMAIN_MASTER: Self = Self(0x1b);
    /// The domain controllers of a domain (group).
    pub(crate) const CONTROLLERS: Self = Self(0x1c);
    /// The master browser of a workgroup or domain in one network.
    pub(crate) const MASTER: Self = Self(0x1d);
    /// Whoever takes part in the election of the master browser (group).
    pub(crate) const ELECTION: Self = Self(0x1e);

    /// True for the name of a computer, where it is unique. Suffix 03 is the messenger's, which users have too.
    pub(crate) fn is_host(self) -> bool {
        matches!(self, Self::WORKSTATION | Self::SERVER)
    }
}

/// A name in its encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    /// The 32 octets.
    pub(crate) encoded: Octets<'a>,
    /// What it stands for.
    pub(crate) suffix: Suffix,
}

impl<'a> Name<'a> {
    /// Reads a name with its scope, which is passed over; `message` is what a pointer in place of the name counts from.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, or if it is no NetBIOS name.
    pub(crate) fn parse(reader: &mut Reader<'a>, message: Octets<'a>) -> Result<Self, Malformed> {
        let start = reader.offset();
        match reader.u8("NetBIOS name")? {
            high @ 0xc0..=0xff => {
                let low = reader.u8("pointer to a NetBIOS name")?;
                let at = usize::from(u16::from_be_bytes([high & 0x3f, low]));
                // A pointer leads backwards to a name itself (RFC 883 section 3.1.3), never to another pointer.
                let mut there = Reader::nested(message.tail(at), at);
                if at >= start || there.u8("NetBIOS name")? != 0x20 {
                    let problem = Problem::Value { value: at as u64 };
                    return Err(Malformed { what: "pointer to a NetBIOS name", offset: start, problem });
                }
                Self::decoded(there.take(ENCODED, "NetBIOS name")?, start)
            }
            0x20 => {
                let encoded = reader.take(ENCODED, "NetBIOS name")?;
                skip_scope(reader)?;
                Self::decoded(encoded, start)
            }
            other => {
                let problem = Problem::Value { value: other.into() };
                Err(Malformed { what: "length of a NetBIOS name", offset: start, problem })
            }
        }
    }

    fn decoded(encoded: Octets<'a>, offset: usize) -> Result<Self, Malformed> {
        match decode(encoded.bytes) {
            Some(name) => Ok(Self { encoded, suffix: Suffix(name[CHARACTERS]) }),
            None => Err(Malformed { what: "NetBIOS name", offset, problem: Problem::Unrecognised }),
        }
    }
}

fn skip_scope(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    for _ in 0..SCOPE_LABELS_MAX {
        match reader.u8("scope of a NetBIOS name")? {
            0 => return Ok(()),
            0xc0..=0xff => return reader.skip(1, "pointer to a scope"),
            length => reader.skip(length.into(), "scope of a NetBIOS name")?,
        }
    }
    Err(reader.malformed("scope of a NetBIOS name", Problem::Unrecognised))
}

/// The sixteen octets of an encoded name; `None` if it has other letters or another length.
pub(crate) fn decode(encoded: &[u8]) -> Option<[u8; 16]> {
    let mut name = [0; 16];
    if encoded.len() != ENCODED {
        return None;
    }
    for (octet, pair) in name.iter_mut().zip(encoded.chunks_exact(2)) {
        let nibble = |at: usize| pair.get(at)?.checked_sub(b'A').filter(|nibble| *nibble < 16);
        *octet = nibble(0)? << 4 | nibble(1)?;
    }
    Some(name)
}

/// A rule: the characters of an encoded name; `None` for wildcards and for the names of services.
pub(crate) fn text(encoded: &[u8]) -> Option<String> {
    let name = decode(encoded)?;
    plain(name.get(..CHARACTERS)?)
}

/// A rule: the characters of a name that stands in clear, padded with blanks or zeros; `None` for wildcards and for the
/// names of services and of user agents.
pub(crate) fn plain(name: &[u8]) -> Option<String> {
    let first = name.first()?;
    let is_service = SERVICE_NAMES.iter().any(|service| name.starts_with(service));
    // `*` asks for any name; 01 02 frames __MSBROWSE__, which all master browsers share.
    (*first > b' ' && *first != b'*' && !is_service).then(|| Rules::text(name)).flatten()
}

/// A rule: the suffix of an encoded name, in two hexadecimal digits.
pub(crate) fn suffix(encoded: &[u8]) -> Option<u8> {
    decode(encoded).map(|name| name[CHARACTERS])
}

/// True if octets begin with a name in its encoding, its length before it.
pub(crate) fn starts(octets: &[u8]) -> bool {
    octets.split_first().is_some_and(|(length, name)| {
        *length == 0x20 && name.get(..ENCODED).is_some_and(|name| decode(name).is_some())
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    /// Writes a name in its encoding.
    fn encode(name: &str, suffix: u8) -> Vec<u8> {
        let mut padded = [b' '; 16];
        padded[..name.len()].copy_from_slice(name.as_bytes());
        padded[CHARACTERS] = suffix;
        padded.iter().flat_map(|octet| [b'A' + (octet >> 4), b'A' + (octet & 15)]).collect()
    }

    #[test]
    fn the_example_of_rfc_1001_is_decoded() {
        // Section 14.1: "The NetBIOS name", whose second letter the document prints as GH, which is a g.
        let encoded = b"FEGIGFCAEOGFHEECEJEPFDCAGOGBGNGF";
        assert_eq!(decode(encoded).as_ref(), Some(b"The NetBIOS name"));
        assert_eq!(text(&encode("PC1", 0x20)).as_deref(), Some("PC1"));
        assert_eq!(suffix(&encode("PC1", 0x20)), Some(0x20));
        assert_eq!(decode(b"FEGIGFCAEOGFHEECEJEPFDCAGOGBGNGQ"), None);
    }

    #[test]
    fn wildcards_and_names_of_services_name_no_host() {
        assert_eq!(text(&encode("*", 0)), None);
        assert_eq!(text(&encode("\x01\x02__MSBROWSE__\x02", 1)), None);
        assert_eq!(text(&encode("IS~PC1", 0)), None);
        assert_eq!(text(&encode("INet~Services", 0x1c)), None);
    }

    #[test]
    fn a_name_is_read_with_its_scope_and_through_a_pointer() {
        let mut message = vec![0x20];
        message.extend(encode("PC1", 0));
        message.extend_from_slice(b"\x05scope\x00\xc0\x00\xc0\x28\x07");
        let octets = Octets::unplaced(&message);
        let mut reader = Reader::new(octets);
        for _ in 0..2 {
            let name = Name::parse(&mut reader, octets).unwrap();
            assert_eq!(
                (text(name.encoded.bytes).as_deref(), name.suffix),
                (Some("PC1"), Suffix::WORKSTATION)
            );
        }
        assert!(Name::parse(&mut reader, octets).is_err(), "a pointer to itself or to a pointer is refused");
        assert!(Name::parse(&mut reader, octets).is_err());
    }
}
