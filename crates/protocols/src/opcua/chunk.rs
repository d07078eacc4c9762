//! Chunks: OPC 10000-6 section 7.1.2 (transport) and section 6.7.2 (secure conversation).
//!
//! [`Chunk::parse`] never panics, and what it returns was all there but for a body that the capture cut.

use observation::Octets;

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the header: type, kind of chunk, size.
const HEADER: usize = 8;

/// Largest chunk: senders agree on a limit, which is 65,535 octets by default in all public stacks.
const CHUNK_OCTETS_MAX: usize = 1 << 24;

/// Longest name of a security policy (section 6.7.2.3).
const POLICY_OCTETS_MAX: u32 = 255;

/// What a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The client opens the transport.
    Hello,
    /// The server agrees.
    Acknowledge,
    /// The transport ends.
    Error,
    /// The server opened the connection and asks to be greeted.
    ReverseHello,
    /// Opens a secure channel.
    Open,
    /// Closes one.
    Close,
    /// A service.
    Message,
}

/// Whether more follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// More chunks follow.
    Intermediate,
    /// The last one.
    Final,
    /// The message is given up.
    Abort,
}

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) kind: Kind,
    pub(super) part: Part,
    /// What follows the header.
    pub(super) body: Octets<'a>,
    /// Octets that its size announces and that are not there.
    pub(super) missing: usize,
}

fn kind(octets: &[u8]) -> Option<(Kind, Part)> {
    let (kind, part) = octets.split_at_checked(3)?;
    let kind = match kind {
        b"HEL" => Kind::Hello,
        b"ACK" => Kind::Acknowledge,
        b"ERR" => Kind::Error,
        b"RHE" => Kind::ReverseHello,
        b"OPN" => Kind::Open,
        b"CLO" => Kind::Close,
        b"MSG" => Kind::Message,
        _ => return None,
    };
    let part = match part {
        b"F" => Part::Final,
        b"C" if kind == Kind::Message => Part::Intermediate,
        b"A" if kind == Kind::Message => Part::Abort,
        _ => return None,
    };
    Some((kind, part))
}

/// Type and size of the chunk that begins here.
fn header(octets: &[u8]) -> Option<(Kind, Part, usize)> {
    let (kind, part) = kind(octets.get(..4)?)?;
    let size = <[u8; 4]>::try_from(octets.get(4..HEADER)?).ok().map(u32::from_le_bytes)?;
    let size = usize::try_from(size).ok().filter(|size| (HEADER..=CHUNK_OCTETS_MAX).contains(size))?;
    Some((kind, part, size))
}

/// Delimits the first chunk.
pub(super) fn frame(octets: &[u8]) -> Frame {
    const TYPES: [&[u8; 3]; 7] = [b"HEL", b"ACK", b"ERR", b"RHE", b"OPN", b"CLO", b"MSG"];
    match header(octets) {
        Some((_, _, size)) if size <= octets.len() => Frame::Message(size),
        Some((_, _, size)) => Frame::Partial(size),
        None if octets.len() >= HEADER => Frame::Foreign,
        None if octets.len() >= 4 && kind(octets.get(..4).unwrap_or_default()).is_none() => Frame::Foreign,
        None if TYPES.iter().any(|name| octets.iter().zip(name.iter()).all(|(a, b)| a == b)) => {
            Frame::Partial(HEADER)
        }
        None => Frame::Foreign,
    }
}

/// Four letters and a possible size.
pub(super) fn probe(octets: &[u8]) -> Probe {
    if header(octets).is_some() { Probe::Certain } else { Probe::Foreign }
}

impl<'a> Chunk<'a> {
    /// Reads a chunk, whole or cut by the capture.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut or of no known type.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let kinds = reader.clone();
        let name = reader.take(4, "message type")?;
        let Some((kind, part)) = kind(name.bytes) else {
            return Err(kinds.malformed("message type", Problem::Unrecognised));
        };
        let sizes = reader.clone();
        let size = reader.u32_le("message size")?;
        let Some(length) = usize::try_from(size).ok().and_then(|size| size.checked_sub(HEADER)) else {
            return Err(sizes.malformed("message size", Problem::Value { value: size.into() }));
        };
        let body = reader.rest();
        Ok(Self { kind, part, body: body.head(length), missing: length.saturating_sub(body.len()) })
    }

    /// A reader of the body, whose errors name offsets of the chunk.
    pub(super) fn reader(&self) -> Reader<'a> {
        Reader::nested(self.body, HEADER)
    }
}

/// The asymmetric security header and the sequence header's place (section 6.7.2.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenHeader<'a> {
    /// Name of the security policy.
    pub(super) policy: Octets<'a>,
    /// Where the sender's certificate starts in the chunk.
    pub(super) certificate_at: usize,
    /// Certificate of the sender, or none.
    pub(super) certificate: Option<Octets<'a>>,
}

impl<'a> OpenHeader<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.skip(4, "secure channel id")?;
        let lengths = reader.clone();
        let length = reader.u32_le("security policy")?;
        if length > POLICY_OCTETS_MAX {
            return Err(lengths.malformed("security policy", Problem::Value { value: length.into() }));
        }
        let policy = reader.take(length as usize, "security policy")?;
        let mut octets = |what| match reader.u32_le(what)? {
            0 | u32::MAX => Ok((reader.offset(), None)),
            length => {
                let at = reader.offset();
                reader.take(length as usize, what).map(|octets| (at, Some(octets)))
            }
        };
        let (certificate_at, certificate) = octets("sender certificate")?;
        octets("receiver certificate thumbprint")?;
        Ok(Self { policy, certificate_at, certificate })
    }
}

/// Octets of the signature at the end of each chunk under a policy (OPC 10000-7, security policies: HMAC-SHA1 for the
/// two oldest, HMAC-SHA256 for all others).
pub(super) fn signature_octets(policy: &[u8]) -> u8 {
    let name = policy.rsplit(|octet| *octet == b'#').next().unwrap_or_default();
    match name {
        b"None" | b"" => 0,
        b"Basic128Rsa15" | b"Basic256" => 20,
        _ => 32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_delimited_by_its_size() {
        let hello = include_bytes!("messages/hello.bin");
        assert_eq!(frame(hello), Frame::Message(hello.len()));
        assert_eq!(frame(&hello[..9]), Frame::Partial(hello.len()));
        assert_eq!(frame(b"ME"), Frame::Foreign);
        assert_eq!(frame(b"MS"), Frame::Partial(8));
        assert_eq!(frame(b"HELC\x20\0\0\0"), Frame::Foreign);
        assert_eq!(frame(b"HELO mail"), Frame::Foreign);
        assert_eq!(probe(b"MSGF\xff\xff\xff\xff"), Probe::Foreign);
        assert_eq!(probe(hello), Probe::Certain);
    }

    #[test]
    fn a_size_below_the_header_is_refused_by_name() {
        let error = Chunk::parse(Octets::unplaced(b"MSGF\x04\0\0\0")).unwrap_err();
        assert_eq!(error.to_string(), "message size at octet 4: value 0x4 is not allowed");
    }
}
