//! The envelope: an association of ACSE, whose user information is an EPSEM message.

use observation::{Octets, Transport};

use crate::ber::{self, Element};
use crate::{Frame, Malformed, Probe, Reader};

/// Tag of a message.
const MESSAGE: u8 = 0x60;
/// Tags of what it holds.
const CALLED_INVOCATION: u8 = 0xa4;
const CALLING_TITLE: u8 = 0xa6;
const CALLING_INVOCATION: u8 = 0xa8;
const USER_INFORMATION: u8 = 0xbe;
/// Tag of the octets in the external of the user information.
const OCTET_ALIGNED: u8 = 0x81;

/// Longest message that is taken for one.
const LENGTH_MAX: usize = 65_535;

/// Most elements of one message.
const ELEMENTS_MAX: usize = 32;

/// A definite length of the basic encoding rules: the length, and how many octets say it. `Err` if more are needed,
/// `Ok(None)` if it is none that is used here.
fn length(octets: &[u8]) -> Result<Option<(usize, usize)>, ()> {
    let Some((&first, rest)) = octets.split_first() else { return Err(()) };
    let more = usize::from(first & 0x7f);
    if first < 0x80 {
        return Ok(Some((more, 1)));
    }
    if !(1..=3).contains(&more) {
        return Ok(None);
    }
    let digits = rest.get(..more).ok_or(())?;
    let length = digits.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    Ok(Some((length, more.saturating_add(1))))
}

/// Reads the length of an element.
pub(super) fn read_length(reader: &mut Reader<'_>, what: &'static str) -> Result<usize, Malformed> {
    match length(reader.peek().bytes) {
        Ok(Some((length, octets))) => reader.skip(octets, what).map(|()| length),
        // What cannot be a length counts more than is there.
        Ok(None) => reader.skip(reader.remaining().saturating_add(1), what).map(|()| 0),
        Err(()) => reader.skip(reader.remaining().saturating_add(1), what).map(|()| 0),
    }
}

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let stream = transport == Transport::Tcp;
    let partial = |needed| if stream { Frame::Partial(needed) } else { Frame::Foreign };
    let rest = match octets {
        [] => return partial(2),
        [MESSAGE, rest @ ..] => rest,
        _ => return Frame::Foreign,
    };
    match length(rest) {
        Err(()) => partial(octets.len().saturating_add(1)),
        Ok(Some((length, octets_of_it))) if (2..=LENGTH_MAX).contains(&length) => {
            // The first element is one of ACSE: a context or a title.
            if rest.get(octets_of_it).is_some_and(|tag| !matches!(tag, 0xa0..=0xa8)) {
                return Frame::Foreign;
            }
            let whole = length.saturating_add(octets_of_it).saturating_add(1);
            if octets.len() < whole { partial(whole) } else { Frame::Message(whole) }
        }
        Ok(_) => Frame::Foreign,
    }
}

/// Tags and lengths within one another, down to the octets of the service: more than four octets.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if frame(octets, transport) != Frame::Message(octets.len()) {
        return Probe::Foreign;
    }
    match Acse::parse(Octets::unplaced(octets)) {
        Ok(acse) if acse.epsem.is_some() && acse.calling_title.is_some() => Probe::Certain,
        _ => Probe::Foreign,
    }
}

/// The elements that are read.
#[derive(Clone, Debug)]
pub(super) struct Acse<'a> {
    /// AP title of the sender: tag and contents, an object identifier, absolute or relative.
    pub(super) calling_title: Option<Octets<'a>>,
    /// The number that an answer repeats: that of the called end, else that of the calling one.
    pub(super) invocation: Option<u32>,
    /// The EPSEM message.
    pub(super) epsem: Option<Reader<'a>>,
}

impl<'a> Acse<'a> {
    /// Reads a message as [`frame`] delimits it.
    ///
    /// # Errors
    ///
    /// Fails if an element is cut short.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Element::read(&mut Reader::new(message))?.elements();
        let (mut calling_title, mut epsem) = (None, None);
        let (mut called, mut calling) = (None, None);
        for _ in 0..ELEMENTS_MAX {
            if reader.is_empty() {
                break;
            }
            let element = Element::read(&mut reader)?;
            let number = || element.find(ber::INTEGER).and_then(|number| number.number());
            match element.tag.octet {
                CALLED_INVOCATION => called = number(),
                CALLING_INVOCATION => calling = number(),
                CALLING_TITLE => calling_title = Some(element.contents),
                USER_INFORMATION => {
                    let octets =
                        element.find(ber::EXTERNAL).and_then(|external| external.find(OCTET_ALIGNED));
                    epsem = octets.map(|octets| octets.elements());
                }
                _ => (),
            }
        }
        Ok(Self { calling_title, invocation: called.or(calling), epsem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_its_outer_length() {
        let octets = include_bytes!("messages/identification.bin");
        assert_eq!(frame(octets, Transport::Tcp), Frame::Message(octets.len()));
        assert_eq!(frame(&octets[..1], Transport::Tcp), Frame::Partial(2));
        assert_eq!(frame(&octets[..9], Transport::Tcp), Frame::Partial(octets.len()));
        assert_eq!(frame(&octets[..9], Transport::Udp), Frame::Foreign);
        assert_eq!(probe(octets, Transport::Udp), Probe::Certain);
        assert_eq!(frame(&[0x60, 0x82, 0x01], Transport::Tcp), Frame::Partial(4));
        assert_eq!(frame(&[0x60, 0x10, 0x06, 0x06], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0x60, 0xff], Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn titles_and_invocation_are_found() {
        let octets = include_bytes!("messages/identification.bin");
        let acse = Acse::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!(acse.invocation, Some(7));
        assert_eq!(acse.calling_title.unwrap().get(0), Some(0x06));
        assert!(Acse::parse(Octets::unplaced(&octets[..12])).is_err());
    }
}
