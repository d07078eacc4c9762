//! Frame header and datagrams (ETG.1000.4, chapter 5).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Reader};

/// Octets of the header of a frame.
pub(super) const HEADER: usize = 2;

/// Octets of the header of a datagram, and of the working counter behind its data.
const DATAGRAM: usize = 10;

/// A frame of commands; 4 and 5 are network variables and mailboxes between masters.
const COMMANDS: u16 = 1;

/// How slaves are addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressing {
    /// By place: every slave counts the address up.
    Position,
    /// By the station address that the master gave.
    Station,
    /// All slaves; every one counts the address up.
    Broadcast,
    /// By memory that is mapped to slaves: process data.
    Logical,
}

/// One datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    pub(super) addressing: Addressing,
    pub(super) is_read: bool,
    pub(super) is_write: bool,
    /// Position or station address, two octets.
    pub(super) address: Octets<'a>,
    /// Register.
    pub(super) offset: u16,
    pub(super) data: Octets<'a>,
    pub(super) working_counter: u16,
}

impl Datagram<'_> {
    /// Position or station address.
    pub(super) fn slave(&self) -> u16 {
        self.address.bytes.try_into().map_or(0, u16::from_le_bytes)
    }
}

/// The datagrams of a frame of commands.
#[derive(Clone, Debug)]
pub(super) struct Datagrams<'a> {
    reader: Option<Reader<'a>>,
}

impl<'a> Datagrams<'a> {
    /// The datagrams of a frame; none if it is of another type.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short.
    pub(super) fn of(frame: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(frame);
        let header = reader.u16_le("frame header")?;
        Ok(Self { reader: (header >> 12 == COMMANDS).then_some(reader) })
    }
}

impl<'a> Iterator for Datagrams<'a> {
    type Item = Result<Datagram<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = self.reader.take()?;
        match datagram(&mut reader) {
            Ok((datagram, more)) => {
                self.reader = more.then_some(reader);
                Some(Ok(datagram))
            }
            Err(malformed) => Some(Err(malformed)),
        }
    }
}

fn datagram<'a>(reader: &mut Reader<'a>) -> Result<(Datagram<'a>, bool), Malformed> {
    let command = reader.u8("command")?;
    reader.skip(1, "index")?;
    let address = reader.take(2, "address")?;
    let offset = reader.u16_le("register")?;
    let length = reader.u16_le("length")?;
    reader.skip(2, "interrupt")?;
    let data = reader.take(usize::from(length & 0x07ff), "data")?;
    let working_counter = reader.u16_le("working counter")?;
    let (addressing, is_read, is_write) = match command {
        1 => (Addressing::Position, true, false),
        2 => (Addressing::Position, false, true),
        3 | 13 => (Addressing::Position, true, true),
        4 => (Addressing::Station, true, false),
        5 => (Addressing::Station, false, true),
        6 | 14 => (Addressing::Station, true, true),
        7 => (Addressing::Broadcast, true, false),
        8 => (Addressing::Broadcast, false, true),
        9 => (Addressing::Broadcast, true, true),
        _ => (Addressing::Logical, false, false),
    };
    let datagram = Datagram { addressing, is_read, is_write, address, offset, data, working_counter };
    Ok((datagram, length & 0x8000 != 0))
}

/// A frame is the whole payload: Ethernet pads it.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if !matches!(transport, Transport::Ethernet | Transport::Udp) {
        return Frame::Foreign;
    }
    let Some(header) = octets.first_chunk::<HEADER>() else { return Frame::Partial(HEADER) };
    let header = u16::from_le_bytes(*header);
    let length = usize::from(header & 0x07ff);
    match header >> 12 {
        COMMANDS if length >= DATAGRAM.saturating_add(2) => {
            let whole = length.saturating_add(HEADER);
            if whole > octets.len() { Frame::Partial(whole) } else { Frame::Message(octets.len()) }
        }
        4 | 5 => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    }
}
