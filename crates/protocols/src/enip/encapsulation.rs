//! The encapsulation of EtherNet/IP: CIP Networks Library volume 2, chapter 2.
//!
//! All numbers are little-endian except those in socket addresses. [`Message::parse`] never panics, and what it
//! returns was all there.

use observation::{Octets, Transport};

use super::cpf;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the header (2-3.1).
pub(super) const HEADER: usize = 24;

/// Highest encapsulation status that the specification assigns or reserves (2-3.5).
const STATUS_MAX: u32 = 0xffff;

/// What the message is for (2-3.2). Unknown values survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command(pub(super) u16);

impl Command {
    pub(super) const LIST_SERVICES: Self = Self(0x0004);
    pub(super) const LIST_IDENTITY: Self = Self(0x0063);
    pub(super) const LIST_INTERFACES: Self = Self(0x0064);
    pub(super) const REGISTER_SESSION: Self = Self(0x0065);
    pub(super) const UNREGISTER_SESSION: Self = Self(0x0066);
    pub(super) const SEND_RR_DATA: Self = Self(0x006f);
    pub(super) const SEND_UNIT_DATA: Self = Self(0x0070);

    /// True for the commands of the specification, and for those it reserves for earlier products, which are still
    /// sent (0x0001 by the browsers of one maker).
    fn is_known(self) -> bool {
        matches!(self.0, 0x0000..=0x0005 | 0x0063..=0x00c8)
    }
}

/// The header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// What it is for.
    pub(super) command: Command,
    /// Octets behind the header.
    pub(super) length: u16,
    /// Session handle, given by the target; 0 before that.
    pub(super) session: u32,
    /// 0 in requests and for success.
    pub(super) status: u32,
    /// Chosen by the sender of a request and returned in the reply.
    pub(super) context: u64,
    /// 0; receivers discard messages with another value.
    pub(super) options: u32,
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            command: Command(reader.u16_le("command")?),
            length: reader.u16_le("length")?,
            session: reader.u32_le("session handle")?,
            status: reader.u32_le("status")?,
            context: reader.u64_le("sender context")?,
            options: reader.u32_le("options")?,
        })
    }

    fn is_plausible(&self) -> bool {
        self.command.is_known() && self.status <= STATUS_MAX && self.options == 0
    }

    /// Octets of the whole message.
    fn total(&self) -> usize {
        HEADER.saturating_add(self.length.into())
    }
}

/// A message: the header and what it carries.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// The header.
    pub(super) header: Header,
    /// What follows it.
    pub(super) data: Reader<'a>,
    /// Octets of the datagram behind the length that the header gives.
    pub(super) excess: Option<Malformed>,
}

impl<'a> Message<'a> {
    /// Reads one whole message, as [`frame`] delimits it.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before its length though the capture did not cut it, or if its options are not 0.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let header = Header::read(&mut reader)?;
        if header.options != 0 {
            let problem = Problem::Value { value: header.options.into() };
            return Err(Malformed { what: "options", offset: 20, problem });
        }
        let data = reader.part(header.length.into(), "encapsulated data")?;
        Ok(Self { header, data, excess: reader.finish("message").err() })
    }

    /// The items of SendRRData and SendUnitData, behind interface handle and timeout (2-4.7).
    ///
    /// # Errors
    ///
    /// Fails if the message ends before the items, or is not for the CIP interface, whose handle is 0.
    pub(super) fn items(&self) -> Result<cpf::Items<'a>, Malformed> {
        let mut reader = self.data.clone();
        let offset = reader.offset();
        let interface = reader.u32_le("interface handle")?;
        if interface != 0 {
            let problem = Problem::Value { value: interface.into() };
            return Err(Malformed { what: "interface handle", offset, problem });
        }
        reader.skip(2, "timeout")?;
        cpf::Items::read(reader)
    }
}

/// Delimits the first message: a whole datagram, or as much of a stream as the header says.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let datagram = transport != Transport::Tcp;
    // Where the capture cut it, it is shorter than it says.
    if datagram && cpf::begins_class_1(octets) {
        return Frame::Message(octets.len());
    }
    let mut reader = Reader::new(Octets::unplaced(octets));
    let Ok(header) = Header::read(&mut reader) else {
        let known = Reader::new(Octets::unplaced(octets))
            .u16_le("command")
            .is_ok_and(|value| !Command(value).is_known());
        return if known { Frame::Foreign } else { Frame::Partial(HEADER) };
    };
    match header.total() {
        _ if !header.is_plausible() => Frame::Foreign,
        // A datagram is one message, and its length is judged when it is read.
        _ if datagram => Frame::Message(octets.len()),
        total if total > octets.len() => Frame::Partial(total),
        total => Frame::Message(total),
    }
}

/// Tells by content alone whether octets are EtherNet/IP.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let datagram = transport != Transport::Tcp;
    if datagram && cpf::is_class_1(octets) {
        return Probe::Certain;
    }
    let mut reader = Reader::new(Octets::unplaced(octets));
    let Ok(header) = Header::read(&mut reader) else { return Probe::Foreign };
    if !header.is_plausible() || (datagram && header.total() != octets.len()) {
        return Probe::Foreign;
    }
    let data = reader.peek().bytes;
    match header.command {
        Command::REGISTER_SESSION if header.length == 4 && data.starts_with(&[1, 0, 0, 0]) => Probe::Certain,
        Command::LIST_IDENTITY if header.length == 0 && header.status == 0 => Probe::Certain,
        Command::LIST_IDENTITY if data.get(2..4) == Some(&[0x0c, 0x00]) => Probe::Certain,
        // Interface handle 0, then an address item: null, connected or sequenced.
        Command::SEND_RR_DATA | Command::SEND_UNIT_DATA
            if data.starts_with(&[0; 4])
                && matches!(data.get(8..10), Some([0x00, 0x00] | [0xa1, 0x00] | [0x02, 0x80])) =>
        {
            Probe::Certain
        }
        Command::LIST_SERVICES | Command::LIST_INTERFACES if header.status == 0 => Probe::Unsure,
        Command::UNREGISTER_SESSION if header.length == 0 && header.session != 0 => Probe::Unsure,
        _ => Probe::Foreign,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    const REGISTER: &[u8] = include_bytes!("messages/register-session.bin");

    #[test]
    fn a_header_is_read_field_by_field() {
        let message = Message::parse(Octets::unplaced(&REGISTER[28..])).unwrap();
        assert_eq!(message.header.command, Command::REGISTER_SESSION);
        assert_eq!((message.header.length, message.header.status, message.header.options), (4, 0, 0));
        assert_ne!(message.header.session, 0);
        assert_eq!(message.data.peek().bytes, [1, 0, 0, 0]);
    }

    #[test]
    fn a_stream_is_delimited_by_the_length_field() {
        assert_eq!(frame(REGISTER, Transport::Tcp), Frame::Message(28));
        assert_eq!(frame(&REGISTER[..27], Transport::Tcp), Frame::Partial(28));
        assert_eq!(frame(&REGISTER[..5], Transport::Tcp), Frame::Partial(HEADER));
        assert_eq!(frame(&[], Transport::Tcp), Frame::Partial(HEADER));
    }

    #[test]
    fn other_commands_options_and_statuses_are_foreign() {
        for (at, value) in [(0, 0x20), (20, 1), (10, 1)] {
            let mut octets = REGISTER.to_vec();
            octets[at] = value;
            assert_eq!(frame(&octets, Transport::Tcp), Frame::Foreign, "octet {at}");
            assert_eq!(probe(&octets, Transport::Tcp), Probe::Foreign, "octet {at}");
        }
        assert_eq!(frame(&[0x16, 0x03, 0x01], Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn a_probe_is_certain_of_what_chance_does_not_make() {
        assert_eq!(probe(&REGISTER[..28], Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/list-identity-udp.bin"), Transport::Udp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/class-1-io-udp.bin"), Transport::Udp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/identity-by-route.bin"), Transport::Tcp), Probe::Certain);
        assert_eq!(probe(&[0; 24], Transport::Udp), Probe::Foreign);
        assert_eq!(probe(&REGISTER[..20], Transport::Tcp), Probe::Foreign);
    }

    #[test]
    fn a_datagram_longer_than_it_says_is_read_and_the_rest_reported() {
        let mut octets = include_bytes!("messages/list-identity-udp.bin").to_vec();
        octets.push(0);
        let message = Message::parse(Octets::unplaced(&octets)).unwrap();
        assert_eq!(message.excess.unwrap().problem, Problem::Trailing { octets: 1 });
    }
}
