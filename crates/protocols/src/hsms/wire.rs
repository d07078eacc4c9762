//! The header (E37, table 2), and items of SECS-II (E5, section 9).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the length, which does not count itself, and of the header that it counts.
const LENGTH: usize = 4;
const HEADER: usize = 10;

/// Longest message that is waited for, in octets; process programs are longer and are passed over.
const MESSAGE_MAX: usize = 262_144;

/// Session types.
pub(super) const DATA: u8 = 0;
pub(super) const SELECT_REQUEST: u8 = 1;
pub(super) const SELECT_RESPONSE: u8 = 2;

/// Session id of messages that are for no device.
const NO_SESSION: [u8; 2] = [0xff, 0xff];

/// True for a session type of the standard, with what it prescribes for the other octets.
fn is_header(header: &[u8; HEADER], length: usize) -> bool {
    let [high, _, stream, function, presentation, kind, ..] = *header;
    presentation == 0
        && match kind {
            // Streams 0 and functions 0 answer what was aborted.
            DATA => high < 0x80 && (stream & 0x7f != 0 || function == 0),
            1..=7 | 9 => length == HEADER,
            _ => false,
        }
}

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    let Some(length) = octets.first_chunk::<LENGTH>() else { return Frame::Partial(LENGTH) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if !(HEADER..MESSAGE_MAX).contains(&length) {
        return Frame::Foreign;
    }
    let whole = LENGTH.saturating_add(length);
    match octets.get(LENGTH..).and_then(|rest| rest.first_chunk()) {
        Some(header) if !is_header(header, length) => Frame::Foreign,
        _ if octets.len() < whole => Frame::Partial(whole),
        _ => Frame::Message(whole),
    }
}

/// Certain of a control message for no device, ten octets of which are fixed; data fit many things.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match (frame(octets, transport), octets) {
        (Frame::Message(_), [_, _, _, _, high, low, 0, 0, 0, 1..=9, ..]) if [*high, *low] == NO_SESSION => {
            Probe::Certain
        }
        (Frame::Message(_), _) => Probe::Unsure,
        _ => Probe::Foreign,
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// Session or device id.
    pub(super) session: Octets<'a>,
    pub(super) stream: u8,
    pub(super) function: u8,
    pub(super) kind: u8,
    /// Items.
    pub(super) text: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads a whole message, as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut text = Reader::new(octets);
        text.skip(LENGTH, "length")?;
        let session = text.take(2, "session id")?;
        let stream = text.u8("stream")? & 0x7f;
        let function = text.u8("function")?;
        text.skip(1, "presentation type")?;
        let kind = text.u8("session type")?;
        text.skip(4, "system octets")?;
        Ok(Self { session, stream, function, kind, text })
    }
}

/// An item of SECS-II.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// A list of so many items, which follow.
    List(usize),
    /// Text in ASCII.
    Text(Octets<'a>),
    Other,
}

/// The next item.
///
/// # Errors
///
/// Fails if it is cut short, or its length has no octets.
pub(super) fn item<'a>(reader: &mut Reader<'a>) -> Result<Item<'a>, Malformed> {
    let format = reader.u8("item format")?;
    let octets = format & 3;
    if octets == 0 {
        return Err(reader.malformed("item format", Problem::Value { value: format.into() }));
    }
    let mut length = 0_usize;
    for _ in 0..octets {
        length = length << 8 | usize::from(reader.u8("item length")?);
    }
    Ok(match format >> 2 {
        0 => Item::List(length),
        0o20 => Item::Text(reader.take(length, "text item")?),
        _ => {
            reader.skip(length, "item")?;
            Item::Other
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_delimited_and_only_control_is_certain() {
        let select = include_bytes!("messages/select-request.bin");
        let data = include_bytes!("messages/s1f2.bin");
        assert_eq!(frame(select, Transport::Tcp), Frame::Message(14));
        assert_eq!(
            (probe(select, Transport::Tcp), probe(data, Transport::Tcp)),
            (Probe::Certain, Probe::Unsure)
        );
        assert_eq!(frame(&data[..3], Transport::Tcp), Frame::Partial(4));
        assert_eq!(frame(&data[..16], Transport::Tcp), Frame::Partial(data.len()));
        assert_eq!(frame(b"GET / HTTP/1.1\r\n", Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0; 14], Transport::Tcp), Frame::Foreign);
        assert!(item(&mut Reader::new(Octets::unplaced(&[0x40, 1]))).is_err());
    }
}
