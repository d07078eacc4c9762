//! The protocol data unit and its blocks (IEC 61158-6-10, chapter 4.3.1).
//!
//! Nothing here panics, and what is returned was all there.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Problem, Reader};

/// FrameID, ServiceID, ServiceType, Xid, ResponseDelay or reserved, DCPDataLength.
pub(super) const HEADER: usize = 12;

/// FrameIDs of DCP.
const FRAME_IDS: std::ops::RangeInclusive<u16> = 0xfefc..=0xfeff;

/// What is asked or answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Some values of one device.
    Get,
    /// New values for one device.
    Set,
    /// Who is there.
    Identify,
    /// A device says after power-on that it is there.
    Hello,
}

/// A protocol data unit.
#[derive(Clone, Debug)]
pub(super) struct Pdu<'a> {
    pub(super) service: Service,
    /// True if it answers, and with success.
    pub(super) is_response: bool,
    /// True if the answer is that the service is not supported.
    pub(super) is_refusal: bool,
    /// Octets of blocks that the message says it has.
    length: usize,
    /// Blocks, or what the capture left of them.
    blocks: Reader<'a>,
}

impl<'a> Pdu<'a> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short, or if FrameID, ServiceID and ServiceType do not belong together.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let frame_id = reader.u16_be("FrameID")?;
        let service_id = reader.u8("ServiceID")?;
        let service_type = reader.u8("ServiceType")?;
        let service = match (frame_id, service_id) {
            (0xfefc, 6) => Service::Hello,
            (0xfefd, 3) => Service::Get,
            (0xfefd, 4) => Service::Set,
            (0xfefe | 0xfeff, 5) => Service::Identify,
            _ => {
                return Err(Malformed {
                    what: "ServiceID",
                    offset: 2,
                    problem: Problem::Value { value: service_id.into() },
                });
            }
        };
        // Bit 0: response; bit 2: the service is not supported.
        let is_fitting = match frame_id {
            0xfefc | 0xfefe => service_type == 0,
            0xfeff => service_type == 1,
            _ => matches!(service_type, 0 | 1 | 5),
        };
        if !is_fitting {
            let problem = Problem::Value { value: service_type.into() };
            return Err(Malformed { what: "ServiceType", offset: 3, problem });
        }
        reader.skip(6, "Xid and ResponseDelay")?;
        let length = usize::from(reader.u16_be("DCPDataLength")?);
        let base = reader.offset();
        let blocks = Reader::nested(reader.rest().head(length), base);
        Ok(Self { service, is_response: service_type == 1, is_refusal: service_type == 5, length, blocks })
    }

    /// The option and suboption pairs of a Get request.
    pub(super) fn selectors(&self) -> impl Iterator<Item = (u8, u8)> + use<'a> {
        let octets = self.blocks.peek().bytes;
        octets.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)))
    }

    /// The blocks of all other messages.
    pub(super) fn blocks(&self) -> Blocks<'a> {
        Blocks { reader: Some(self.blocks.clone()), missing: self.missing() }
    }

    /// What the capture or the frame lacks of the blocks that the header promises.
    fn missing(&self) -> Option<Malformed> {
        let missing = self.length.saturating_sub(self.blocks.remaining());
        let offset = self.blocks.offset().saturating_add(self.blocks.remaining());
        (missing > 0).then_some(Malformed { what: "block", offset, problem: Problem::Truncated { missing } })
    }
}

/// Option, suboption and value of a block. In answers, in Hello and in Set requests two octets of BlockInfo or
/// BlockQualifier come before the value; they are part of `value` here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    pub(super) option: u8,
    pub(super) suboption: u8,
    pub(super) value: Octets<'a>,
}

impl<'a> Block<'a> {
    /// BlockInfo or BlockQualifier, and the value behind it.
    pub(super) fn qualified(&self) -> Option<(u16, Octets<'a>)> {
        let word = self.value.slice(0, 2)?;
        let word = u16::from_be_bytes(word.bytes.try_into().ok()?);
        Some((word, self.value.tail(2)))
    }
}

/// Goes through blocks; ends with an error where they do not end with the message.
pub(super) struct Blocks<'a> {
    reader: Option<Reader<'a>>,
    missing: Option<Malformed>,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        if reader.is_empty() {
            self.reader = None;
            return self.missing.take().map(Err);
        }
        let block = block(reader);
        if block.is_err() {
            self.reader = None;
        }
        Some(block)
    }
}

fn block<'a>(reader: &mut Reader<'a>) -> Result<Block<'a>, Malformed> {
    let option = reader.u8("option")?;
    let suboption = reader.u8("suboption")?;
    let length = reader.u16_be("DCPBlockLength")?;
    let value = reader.take(length.into(), "block")?;
    // Blocks begin at even octets.
    if length % 2 == 1 && !reader.is_empty() {
        reader.skip(1, "padding")?;
    }
    Ok(Block { option, suboption, value })
}

/// A message is the whole payload: Ethernet pads it.
pub(super) fn frame(octets: &[u8], _: Transport) -> Frame {
    let Some(id) = octets.first_chunk::<2>() else { return Frame::Partial(HEADER) };
    if !FRAME_IDS.contains(&u16::from_be_bytes(*id)) {
        return Frame::Foreign;
    }
    let Some(header) = octets.first_chunk::<HEADER>() else { return Frame::Partial(HEADER) };
    let [.., high, low] = *header;
    let whole = HEADER.saturating_add(u16::from_be_bytes([high, low]).into());
    if whole > octets.len() { Frame::Partial(whole) } else { Frame::Message(octets.len()) }
}
