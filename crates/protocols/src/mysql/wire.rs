//! Packets, the server's greeting and the client's answer.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Reader, strings};

/// Octets before the payload of a packet: its length, least significant first, and its number.
pub(super) const HEADER: usize = 4;
/// Octets of the payload of an opening at most; attributes are the longest, 64 Ki in all.
const PAYLOAD_MAX: usize = 1 << 17;
/// First octet of the greeting: version of the handshake.
const HANDSHAKE: u8 = 10;

/// What both ends can do: bits of the first number of the client's answer.
mod capability {
    pub(super) const DATABASE: u32 = 0x0000_0008;
    pub(super) const PROTOCOL_41: u32 = 0x0000_0200;
    pub(super) const TLS: u32 = 0x0000_0800;
    pub(super) const SECURE: u32 = 0x0000_8000;
    pub(super) const PLUGIN: u32 = 0x0008_0000;
    pub(super) const ATTRIBUTES: u32 = 0x0010_0000;
    pub(super) const LONG_ANSWER: u32 = 0x0020_0000;
}

/// Delimits a packet.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    let [a, b, c, ..] = octets else { return Frame::Partial(HEADER) };
    let payload = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
    match payload.saturating_add(HEADER) {
        _ if payload > PAYLOAD_MAX => Frame::Foreign,
        length if length > octets.len() => Frame::Partial(length),
        length => Frame::Message(length),
    }
}

/// Certain for a greeting: its kind, and zeros at two places that depend on the length of the version.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match frame(octets, transport) {
        Frame::Message(length) => {
            let message = Octets::unplaced(octets.get(..length).unwrap_or_default());
            if is_greeting(message) { Probe::Certain } else { Probe::Foreign }
        }
        _ => Probe::Foreign,
    }
}

/// True for the packet that a server opens with.
pub(super) fn is_greeting(message: Octets<'_>) -> bool {
    let Some((version, rest)) = greeting(message) else { return false };
    let is_version =
        version.first().is_some_and(u8::is_ascii_digit) && version.iter().all(u8::is_ascii_graphic);
    // Behind the version: thread 4, challenge 8, zero, capabilities 2, set of characters, status 2, capabilities 2,
    // length of the challenge, six zeros.
    is_version && rest.get(12) == Some(&0) && rest.get(21..27) == Some(&[0; 6])
}

fn greeting<'a>(message: Octets<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let (number, rest) = message.bytes.get(3..)?.split_first()?;
    let (kind, rest) = rest.split_first()?;
    let end = rest.iter().position(|octet| *octet == 0)?;
    (*number == 0 && *kind == HANDSHAKE).then_some(())?;
    Some((rest.get(..end)?, rest.get(end.checked_add(1)?..)?))
}

/// The version in a greeting, without its zero.
pub(super) fn version<'a>(message: Octets<'a>) -> Option<Octets<'a>> {
    let (version, _) = greeting(message)?;
    message.slice(HEADER.saturating_add(1), version.len())
}

/// How a client answers the greeting.
#[derive(Clone, Debug)]
pub(super) enum Answer<'a> {
    /// It encrypts from here on.
    Tls,
    /// It logs on: what proves that it may, and a reader of what stands behind that.
    Login {
        /// The answer to the challenge, or the password; what is there of it.
        secret: Octets<'a>,
        /// The fields behind it.
        rest: Rest<'a>,
    },
}

/// The fields behind the proof.
#[derive(Clone, Debug)]
pub(super) struct Rest<'a> {
    reader: Reader<'a>,
    capabilities: u32,
}

impl<'a> Answer<'a> {
    /// Reads the packet that follows the greeting.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        /// Octets of the packet that asks for encryption.
        const TLS: usize = 32;
        let mut reader = Reader::new(message);
        reader.skip(HEADER, "header")?;
        let low = reader.u16_le("capabilities")?;
        if u32::from(low) & capability::PROTOCOL_41 == 0 {
            // Before 4.1: nothing of interest follows. Whatever stands behind the user is the password.
            if u32::from(low) & capability::TLS != 0 && reader.remaining() <= 3 {
                return Ok(Self::Tls);
            }
            reader.skip(3, "packet size")?;
            let _ = strings::zero_terminated(&mut reader);
            let secret = reader.rest();
            return Ok(Self::Login { secret, rest: Rest { reader, capabilities: 0 } });
        }
        let high = reader.u16_le("capabilities")?;
        let capabilities = u32::from(high) << 16 | u32::from(low);
        if capabilities & capability::TLS != 0 && message.len() <= HEADER.saturating_add(TLS) {
            return Ok(Self::Tls);
        }
        reader.skip(28, "packet size, characters and filler")?;
        let _ = strings::zero_terminated(&mut reader);
        let secret = if capabilities & capability::LONG_ANSWER != 0 {
            let length = number(&mut reader)?;
            part(&mut reader, length)
        } else if capabilities & capability::SECURE != 0 {
            let length = reader.u8("length of the answer")?;
            part(&mut reader, length.into())
        } else {
            strings::zero_terminated(&mut reader)
        };
        Ok(Self::Login { secret, rest: Rest { reader, capabilities } })
    }
}

impl<'a> Rest<'a> {
    /// The database, if one is asked for.
    pub(super) fn database(&mut self) -> Option<Octets<'a>> {
        let asked = self.capabilities & capability::DATABASE != 0;
        asked.then(|| strings::zero_terminated(&mut self.reader))
    }

    /// Names and values of the attributes, behind the database; `each` gets them.
    pub(super) fn attributes(
        mut self,
        mut each: impl FnMut(Octets<'a>, Octets<'a>),
    ) -> Result<(), Malformed> {
        /// Attributes that are looked at; a client has about ten.
        const ATTRIBUTES_MAX: usize = 64;
        if self.capabilities & capability::PLUGIN != 0 {
            let _ = strings::zero_terminated(&mut self.reader);
        }
        if self.capabilities & capability::ATTRIBUTES == 0 || self.reader.is_empty() {
            return Ok(());
        }
        let length = number(&mut self.reader)?;
        let mut attributes = self.reader.part(length, "attributes")?;
        for _ in 0..ATTRIBUTES_MAX {
            if attributes.is_empty() {
                break;
            }
            let length = number(&mut attributes)?;
            let name = attributes.take(length, "name of an attribute")?;
            let length = number(&mut attributes)?;
            each(name, attributes.take(length, "value of an attribute")?);
        }
        Ok(())
    }
}

/// What is there of the next octets.
fn part<'a>(reader: &mut Reader<'a>, length: usize) -> Octets<'a> {
    let octets = reader.peek().head(length);
    // It is at most what is left.
    let _ = reader.skip(octets.len(), "answer");
    octets
}

/// A number of one, or of two, three or eight octets behind a mark.
fn number(reader: &mut Reader<'_>) -> Result<usize, Malformed> {
    Ok(match reader.u8("length")? {
        0xfc => reader.u16_le("length")?.into(),
        0xfd => usize::from(reader.u16_le("length")?) | usize::from(reader.u8("length")?) << 16,
        0xfe => usize::try_from(reader.u64_le("length")?).unwrap_or(usize::MAX),
        length => length.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_are_recognised_on_any_port() {
        let greeting = include_bytes!("messages/greeting.bin");
        assert_eq!(frame(greeting, Transport::Tcp), Frame::Message(greeting.len()));
        assert_eq!(probe(greeting, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/greeting-mariadb.bin"), Transport::Tcp), Probe::Certain);
        let mut other = greeting.to_vec();
        other[4] = 9;
        assert_eq!(probe(&other, Transport::Tcp), Probe::Foreign);
        assert_eq!(frame(b"GET / HTTP/1.1", Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&greeting[..9], Transport::Tcp), Frame::Partial(greeting.len()));
    }

    #[test]
    fn numbers_are_as_long_as_their_mark_says() {
        let of = |octets: &[u8]| number(&mut Reader::new(Octets::unplaced(octets)));
        assert_eq!((of(&[250]), of(&[0xfc, 1, 2])), (Ok(250), Ok(513)));
        assert_eq!((of(&[0xfd, 1, 0, 1]), of(&[0xfe, 1, 0, 0, 0, 0, 0, 0, 0])), (Ok(65_537), Ok(1)));
        assert!(of(&[0xfc, 1]).is_err());
    }
}
