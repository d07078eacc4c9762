//! The header of FINS (W342 section 3-2), and that of FINS/TCP (W421 section 7-4).

use observation::{Octets, Transport};

use super::command::Command;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the FINS header.
const HEADER: usize = 10;

/// Octets of the header with the command code: the shortest command.
const COMMAND_MIN: usize = 12;

/// The first octets of a FINS/TCP header.
const MAGIC: &[u8; 4] = b"FINS";

/// Octets of a FINS/TCP header up to and with its length.
const TCP_COUNTED_FROM: usize = 8;

/// Least value of the length: command and error code.
const TCP_LENGTH_MIN: u32 = 8;

/// Greatest value of the length that is taken for one: frames hold at most some 2,000 octets.
const TCP_LENGTH_MAX: u32 = 8192;

/// Bit of ICF: this is a response.
const RESPONSE: u8 = 0x40;

/// The other bits of ICF: 7 is always set, 0 says that no response is wanted, the rest is 0.
const ICF_FIXED: u8 = 0xbe;
const ICF_VALUE: u8 = 0x80;

/// Greatest count of gateways that may still be passed.
const GATEWAYS_MAX: u8 = 7;

/// Greatest network number.
const NETWORK_MAX: u8 = 127;

/// Counts of gateways that nodes begin with.
const GATEWAYS_USUAL: [u8; 2] = [2, 7];

/// True if octets begin with a header of FINS.
fn is_header(octets: &[u8]) -> bool {
    match octets.first_chunk::<COMMAND_MIN>() {
        Some(&[icf, reserved, gateways, network, _, _, source, ..]) => {
            icf & ICF_FIXED == ICF_VALUE
                && reserved == 0
                && gateways <= GATEWAYS_MAX
                && network <= NETWORK_MAX
                && source <= NETWORK_MAX
        }
        None => false,
    }
}

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return if is_header(octets) { Frame::Message(octets.len()) } else { Frame::Foreign };
    }
    let beginning = octets.get(..MAGIC.len()).unwrap_or(octets);
    if !MAGIC.starts_with(beginning) {
        return Frame::Foreign;
    }
    let Some(&length) = octets.get(MAGIC.len()..TCP_COUNTED_FROM).and_then(|octets| octets.first_chunk())
    else {
        return Frame::Partial(TCP_COUNTED_FROM);
    };
    let length = u32::from_be_bytes(length);
    if !(TCP_LENGTH_MIN..=TCP_LENGTH_MAX).contains(&length) {
        return Frame::Foreign;
    }
    let whole = TCP_COUNTED_FROM.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
    if octets.len() < whole { Frame::Partial(whole) } else { Frame::Message(whole) }
}

/// FINS/TCP has a magic number. A datagram is certain where all fixed bits, the count of gateways and a known command
/// are right: more than four octets of it.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if transport == Transport::Tcp {
        return match frame(octets, transport) {
            Frame::Message(_) => Probe::Certain,
            Frame::Partial(_) if octets.starts_with(MAGIC) => Probe::Certain,
            _ => Probe::Foreign,
        };
    }
    if transport != Transport::Udp || !is_header(octets) {
        return Probe::Foreign;
    }
    let command = octets.get(HEADER..COMMAND_MIN).and_then(|octets| octets.first_chunk());
    let known = command.is_some_and(|code| Command(u16::from_be_bytes(*code)).known().is_some());
    let usual = octets.get(2).is_some_and(|gateways| GATEWAYS_USUAL.contains(gateways));
    match (known, usual) {
        (true, true) => Probe::Certain,
        (true, false) => Probe::Unsure,
        (false, _) => Probe::Foreign,
    }
}

/// What a FINS/TCP message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The client sends its node address, or asks for one.
    ClientNode,
    /// The server answers with both node addresses.
    ServerNode,
    /// A FINS frame.
    Frame,
    /// Errors, confirmations.
    Other,
}

/// A message: what FINS/TCP says of it, and what it carries.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// What it is for; datagrams carry frames only.
    pub(super) purpose: Purpose,
    /// What follows.
    pub(super) body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads one whole message, as [`frame`] delimits it.
    ///
    /// # Errors
    ///
    /// Fails if a FINS/TCP header is cut short.
    pub(super) fn parse(message: Octets<'a>, transport: Transport) -> Result<Self, Malformed> {
        let mut body = Reader::new(message);
        if transport != Transport::Tcp {
            return Ok(Self { purpose: Purpose::Frame, body });
        }
        body.skip(TCP_COUNTED_FROM, "fins/tcp header")?;
        let purpose = match body.u32_be("fins/tcp command")? {
            0 => Purpose::ClientNode,
            1 => Purpose::ServerNode,
            2 => Purpose::Frame,
            _ => Purpose::Other,
        };
        body.skip(4, "fins/tcp error code")?;
        Ok(Self { purpose, body })
    }
}

/// Network, node and unit.
pub(super) type FinsAddress = [u8; 3];

/// A command or response.
#[derive(Clone, Debug)]
pub(super) struct Fins<'a> {
    /// True for a response.
    pub(super) is_response: bool,
    /// For whom.
    pub(super) destination: FinsAddress,
    /// The octets of it.
    pub(super) destination_octets: Octets<'a>,
    /// By whom.
    pub(super) source: FinsAddress,
    /// The octets of it.
    pub(super) source_octets: Octets<'a>,
    /// Command code, which the response repeats.
    pub(super) command: Command,
    /// The octets of it.
    pub(super) command_octets: Octets<'a>,
    /// Arguments; in a response, the end code is the first.
    pub(super) data: Reader<'a>,
}

fn address(reader: &mut Reader<'_>, what: &'static str) -> Result<FinsAddress, Malformed> {
    Ok([reader.u8(what)?, reader.u8(what)?, reader.u8(what)?])
}

impl<'a> Fins<'a> {
    /// Reads a frame that fills `reader`.
    ///
    /// # Errors
    ///
    /// Fails if it ends before the arguments, or if fixed bits of ICF are wrong.
    pub(super) fn parse(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let offset = reader.offset();
        let icf = reader.u8("icf")?;
        if icf & ICF_FIXED != ICF_VALUE {
            return Err(Malformed { what: "icf", offset, problem: Problem::Value { value: icf.into() } });
        }
        reader.skip(2, "gateway count")?;
        let destination_octets = reader.peek().head(3);
        let destination = address(&mut reader, "destination address")?;
        let source_octets = reader.peek().head(3);
        let source = address(&mut reader, "source address")?;
        reader.skip(1, "service id")?;
        let command_octets = reader.peek().head(2);
        let command = Command(reader.u16_be("command code")?);
        let is_response = icf & RESPONSE != 0;
        Ok(Self {
            is_response,
            destination,
            destination_octets,
            source,
            source_octets,
            command,
            command_octets,
            data: reader,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_by_the_length_of_its_header() {
        let octets = include_bytes!("messages/stop.bin");
        assert_eq!(frame(octets, Transport::Tcp), Frame::Message(octets.len()));
        assert_eq!(frame(&octets[..3], Transport::Tcp), Frame::Partial(8));
        assert_eq!(frame(&octets[..20], Transport::Tcp), Frame::Partial(octets.len()));
        assert_eq!(probe(octets, Transport::Tcp), Probe::Certain);
        assert_eq!(frame(b"FINS\0\0\0\x07", Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(b"FINX", Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn a_datagram_is_known_by_its_fixed_bits_and_its_command() {
        let octets = include_bytes!("messages/controller-data-udp.bin");
        assert_eq!(probe(octets, Transport::Udp), Probe::Certain);
        let mut changed = octets.to_vec();
        changed[2] = 5;
        assert_eq!(probe(&changed, Transport::Udp), Probe::Unsure);
        changed[10] = 0x77;
        assert_eq!(probe(&changed, Transport::Udp), Probe::Foreign);
        changed[1] = 1;
        assert_eq!(frame(&changed, Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&octets[..11], Transport::Udp), Frame::Foreign);
    }

    #[test]
    fn a_header_tells_addresses_and_command() {
        let octets = [0xc0, 0, 2, 1, 2, 3, 4, 5, 6, 9, 0x05, 0x01, 0, 0];
        let fins = Fins::parse(Reader::new(Octets::unplaced(&octets))).unwrap();
        assert!(fins.is_response);
        assert_eq!((fins.destination, fins.source), ([1, 2, 3], [4, 5, 6]));
        assert_eq!((fins.command, fins.data.remaining()), (Command::CONTROLLER_DATA_READ, 2));
        assert!(Fins::parse(Reader::new(Octets::unplaced(&[0x10; 14]))).is_err());
    }
}
