//! 3E and 4E frames, binary and ASCII (SH-080008, chapter 4), and the header of the MELSOFT connection.

use observation::{Octets, Transport};

use super::command::Command;
use super::e1;
use super::route::Route;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Longest data of a frame that is taken for one; the manuals allow some 2,000 octets, twice that in ASCII.
const LENGTH_MAX: usize = 8192;

/// Octets of a MELSOFT header up to its length, which counts what follows it.
const MELSOFT_HEADER: usize = 21;

/// What every MELSOFT header holds behind its first two octets.
const MELSOFT_MAGIC: [u8; 5] = [0, 0, 0, 0x11, 0x11];

/// Octets behind a MELSOFT header before the command: in a request, in a response.
const MELSOFT_INNER: [usize; 2] = [24, 26];

/// Octets of the request by which GX Works looks for controllers.
const SEARCH: usize = 4;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// 3E or 4E in binary.
    Binary,
    /// 3E or 4E in ASCII.
    Ascii,
    /// 1E in binary.
    E1,
    /// The MELSOFT connection.
    Melsoft,
    /// The search of the MELSOFT connection.
    Search,
}

/// Form, direction and whole length by the first octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    form: Form,
    is_response: bool,
    /// Octets before the access route.
    route_at: usize,
    whole: usize,
    /// True where chance would have to produce more than four octets.
    is_certain: bool,
}

/// What the first octets are; `Err` with the octets needed to tell, or with nothing if they are none.
fn head(octets: &[u8]) -> Result<Head, Option<usize>> {
    match octets {
        [0x50 | 0xd0 | 0x54 | 0xd4, 0x00, ..] => binary(octets),
        [b'5' | b'D', b'0' | b'4', b'0', b'0', ..] => ascii(octets),
        [0x57 | 0xd7, ..] => melsoft(octets),
        [0x50 | 0xd0 | 0x54 | 0xd4] => Err(Some(2)),
        [b'5' | b'D'] | [b'5' | b'D', b'0' | b'4'] | [b'5' | b'D', b'0' | b'4', b'0'] => Err(Some(4)),
        [] => Err(Some(2)),
        _ => Err(None),
    }
}

fn binary(octets: &[u8]) -> Result<Head, Option<usize>> {
    let first = octets.first().copied().unwrap_or_default();
    let is_4e = first & 0x04 != 0;
    let route_at: usize = if is_4e { 6 } else { 2 };
    let start = route_at.saturating_add(7);
    let Some(fields) = octets.get(route_at..start) else { return Err(Some(start)) };
    if is_4e && octets.get(4..6) != Some(&[0, 0]) {
        return Err(None);
    }
    let &[network, station, low, high, multidrop, length_low, length_high] = fields else { return Err(None) };
    let route = Route { network, station, module: u16::from_le_bytes([low, high]), multidrop };
    let length = usize::from(u16::from_le_bytes([length_low, length_high]));
    let is_response = first & 0x80 != 0;
    let least = if is_response { 2 } else { 6 };
    if !route.is_plausible() || !(least..=LENGTH_MAX).contains(&length) {
        return Err(None);
    }
    let whole = start.saturating_add(length);
    // The route to the own CPU, both octets of the subheader, a length that fills the segment.
    let is_certain = route.is_own() && octets.len() == whole;
    Ok(Head { form: Form::Binary, is_response, route_at, whole, is_certain })
}

/// A number of hexadecimal digits in capital letters.
fn digits(octets: &[u8]) -> Option<u16> {
    let capital = octets.iter().all(|octet| matches!(octet, b'0'..=b'9' | b'A'..=b'F'));
    let text = std::str::from_utf8(octets).ok().filter(|_| capital)?;
    u16::from_str_radix(text, 16).ok()
}

fn ascii(octets: &[u8]) -> Result<Head, Option<usize>> {
    let is_4e = octets.get(1) == Some(&b'4');
    let route_at: usize = if is_4e { 12 } else { 4 };
    let start = route_at.saturating_add(14);
    let Some(fields) = octets.get(route_at..start) else { return Err(Some(start)) };
    let number = |from: usize, to: usize| fields.get(from..to).and_then(digits);
    let small = |from: usize, to: usize| number(from, to).and_then(|number| u8::try_from(number).ok());
    let route = (|| {
        let (network, station) = (small(0, 2)?, small(2, 4)?);
        Some(Route { network, station, module: number(4, 8)?, multidrop: small(8, 10)? })
    })();
    let (Some(route), Some(length)) = (route, number(10, 14)) else { return Err(None) };
    let (length, is_response) = (usize::from(length), octets.first() == Some(&b'D'));
    let least = if is_response { 4 } else { 12 };
    if !route.is_plausible() || !(least..=LENGTH_MAX).contains(&length) {
        return Err(None);
    }
    Ok(Head {
        form: Form::Ascii,
        is_response,
        route_at,
        whole: start.saturating_add(length),
        is_certain: true,
    })
}

fn melsoft(octets: &[u8]) -> Result<Head, Option<usize>> {
    let Some(header) = octets.get(..MELSOFT_HEADER) else { return Err(Some(MELSOFT_HEADER)) };
    let is_response = header.first() == Some(&0xd7);
    if header.get(2..7) != Some(&MELSOFT_MAGIC) {
        return Err(None);
    }
    let Some(&[low, high]) = header.get(19..).and_then(|octets| octets.first_chunk()) else {
        return Err(None);
    };
    let length = usize::from(u16::from_le_bytes([low, high]));
    if length > LENGTH_MAX {
        return Err(None);
    }
    let whole = MELSOFT_HEADER.saturating_add(length);
    Ok(Head { form: Form::Melsoft, is_response, route_at: 0, whole, is_certain: true })
}

/// A datagram of the search: two octets of kind, two of number; the answer is longer.
fn is_search(octets: &[u8], transport: Transport) -> bool {
    transport == Transport::Udp
        && match octets {
            [0x5a, 0, 0, _] => octets.len() == SEARCH,
            [0xda, 0, 0, ..] => octets.len() > SEARCH,
            _ => false,
        }
}

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match head(octets) {
        Ok(head) if head.whole <= octets.len() => Frame::Message(head.whole),
        Ok(head) if transport == Transport::Tcp => Frame::Partial(head.whole),
        Err(Some(needed)) if transport == Transport::Tcp => Frame::Partial(needed),
        Err(None) if is_search(octets, transport) => Frame::Message(octets.len()),
        Err(None) if e1::is_request(octets) || e1::is_answer(octets, transport) => {
            Frame::Message(octets.len())
        }
        _ => Frame::Foreign,
    }
}

/// Binary frames to the own CPU and MELSOFT hold more than four fixed octets, ASCII frames as many digits. Where only
/// the shape fits, a request must hold a known command.
pub(super) fn probe(octets: &[u8], _: Transport) -> Probe {
    let Ok(head) = head(octets) else { return Probe::Foreign };
    if head.whole != octets.len() {
        return Probe::Foreign;
    }
    if head.is_certain {
        return Probe::Certain;
    }
    match Message::parse(Octets::unplaced(octets)) {
        Ok(message) if message.command.is_some_and(|command| command.known().is_some()) => Probe::Unsure,
        Ok(message) if message.is_response => Probe::Unsure,
        _ => Probe::Foreign,
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// How it is written.
    pub(super) form: Form,
    /// True for a response.
    pub(super) is_response: bool,
    /// Whom it is for, or who answers; `None` where the frame does not tell.
    pub(super) route: Option<Route>,
    /// The octets of the route.
    pub(super) route_octets: Octets<'a>,
    /// Number that pairs a request of a 4E frame or of MELSOFT with its response.
    pub(super) serial: Option<u16>,
    /// Command of a request, and of a MELSOFT response.
    pub(super) command: Option<Command>,
    /// Sub-command of a 3E or 4E request.
    pub(super) subcommand: u16,
    /// The octets of the command.
    pub(super) command_octets: Octets<'a>,
    /// End code of a response; 0 is success.
    pub(super) end_code: u16,
    /// What follows.
    pub(super) data: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if it is none, or ends before what its form prescribes.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let mut message = Self {
            form: Form::E1,
            is_response: false,
            route: None,
            route_octets: octets.head(0),
            serial: None,
            command: None,
            subcommand: 0,
            command_octets: octets.head(1),
            end_code: 0,
            data: reader.clone(),
        };
        match head(octets.bytes) {
            Ok(head) => {
                (message.form, message.is_response) = (head.form, head.is_response);
                match head.form {
                    Form::Ascii => message.ascii(&mut reader, head.route_at)?,
                    Form::Melsoft => message.melsoft(&mut reader)?,
                    _ => message.binary(&mut reader, head.route_at)?,
                }
            }
            Err(Some(needed)) => {
                let missing = needed.saturating_sub(octets.len());
                return Err(reader.malformed("access route", Problem::Truncated { missing }));
            }
            Err(None) => match octets.bytes {
                [first @ (0x5a | 0xda), 0, 0, _, ..] => {
                    (message.form, message.is_response) = (Form::Search, *first == 0xda);
                }
                [first, ..] => message.is_response = first & 0x80 != 0,
                [] => (),
            },
        }
        if message.form != Form::E1 && message.form != Form::Search {
            message.data = reader;
        }
        Ok(message)
    }

    fn binary(&mut self, reader: &mut Reader<'a>, route_at: usize) -> Result<(), Malformed> {
        reader.skip(2, "subheader")?;
        if route_at > 2 {
            self.serial = Some(reader.u16_le("serial number")?);
            reader.skip(2, "fixed value")?;
        }
        self.route_octets = reader.peek().head(5);
        let (network, station) = (reader.u8("network number")?, reader.u8("station number")?);
        let (module, multidrop) = (reader.u16_le("module i/o number")?, reader.u8("multidrop station")?);
        self.route = Some(Route { network, station, module, multidrop });
        reader.skip(2, "data length")?;
        if self.is_response {
            self.end_code = reader.u16_le("end code")?;
            return Ok(());
        }
        reader.skip(2, "monitoring timer")?;
        self.command_octets = reader.peek().head(4);
        self.command = Some(Command(reader.u16_le("command")?));
        self.subcommand = reader.u16_le("sub-command")?;
        Ok(())
    }

    fn ascii(&mut self, reader: &mut Reader<'a>, route_at: usize) -> Result<(), Malformed> {
        reader.skip(4, "subheader")?;
        if route_at > 4 {
            self.serial = Some(number(reader, 4, "serial number")?);
            reader.skip(4, "fixed value")?;
        }
        self.route_octets = reader.peek().head(10);
        let small = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
        let (network, station) = (number(reader, 2, "network number")?, number(reader, 2, "station number")?);
        let (module, multidrop) =
            (number(reader, 4, "module i/o number")?, number(reader, 2, "multidrop station")?);
        let (network, station, multidrop) = (small(network), small(station), small(multidrop));
        self.route = Some(Route { network, station, module, multidrop });
        reader.skip(4, "data length")?;
        if self.is_response {
            self.end_code = number(reader, 4, "end code")?;
            return Ok(());
        }
        reader.skip(4, "monitoring timer")?;
        self.command_octets = reader.peek().head(8);
        self.command = Some(Command(number(reader, 4, "command")?));
        self.subcommand = number(reader, 4, "sub-command")?;
        Ok(())
    }

    fn melsoft(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        reader.skip(MELSOFT_HEADER, "melsoft header")?;
        let [request, response] = MELSOFT_INNER;
        reader.skip(if self.is_response { response } else { request }, "melsoft inner header")?;
        self.command_octets = reader.peek().head(2);
        self.command = Some(Command(reader.u16_be("command")?));
        self.serial = Some(reader.u16_le("serial number")?);
        if self.is_response {
            self.end_code = reader.u16_le("result")?;
        }
        Ok(())
    }
}

fn number(reader: &mut Reader<'_>, length: usize, what: &'static str) -> Result<u16, Malformed> {
    let offset = reader.offset();
    let octets = reader.take(length, what)?;
    let first = octets.get(0).unwrap_or_default();
    digits(octets.bytes).ok_or(Malformed { what, offset, problem: Problem::Value { value: first.into() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_delimited_and_recognised() {
        let samples: [(&[u8], Form, bool); 6] = [
            (include_bytes!("messages/read-type-name-3e.bin"), Form::Binary, false),
            (include_bytes!("messages/read-type-name-4e-response.bin"), Form::Binary, true),
            (include_bytes!("messages/read-type-name-ascii.bin"), Form::Ascii, false),
            (include_bytes!("messages/read-type-name-ascii-response.bin"), Form::Ascii, true),
            (include_bytes!("messages/melsoft-type-name.bin"), Form::Melsoft, false),
            (include_bytes!("messages/melsoft-type-name-response.bin"), Form::Melsoft, true),
        ];
        for (octets, form, is_response) in samples {
            assert_eq!(frame(octets, Transport::Tcp), Frame::Message(octets.len()));
            assert_eq!(probe(octets, Transport::Tcp), Probe::Certain, "{octets:02x?}");
            let cut = &octets[..octets.len() - 1];
            assert_eq!(frame(cut, Transport::Tcp), Frame::Partial(octets.len()));
            assert_eq!(frame(cut, Transport::Udp), Frame::Foreign);
            let message = Message::parse(Octets::unplaced(octets)).unwrap();
            assert_eq!((message.form, message.is_response), (form, is_response));
        }
    }

    #[test]
    fn a_route_elsewhere_is_unsure_and_an_impossible_one_foreign() {
        let mut octets = include_bytes!("messages/read-type-name-3e.bin").to_vec();
        octets[2..4].copy_from_slice(&[2, 9]);
        assert_eq!(probe(&octets, Transport::Tcp), Probe::Unsure);
        octets[11] = 0x77;
        assert_eq!(probe(&octets, Transport::Tcp), Probe::Foreign);
        octets[5] = 0x77;
        assert_eq!(frame(&octets, Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(b"500 Internal error", Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn a_4e_frame_has_a_serial_number() {
        let octets = include_bytes!("messages/read-type-name-4e-response.bin");
        let message = Message::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((message.serial, message.end_code), (Some(0), 0));
        assert_eq!(message.data.remaining(), 18);
        let error = Message::parse(Octets::unplaced(&octets[..14])).unwrap_err();
        assert_eq!(error.to_string(), "end code at octet 13: 1 octet missing");
    }
}
