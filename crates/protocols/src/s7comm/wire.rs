//! The S7 protocol data unit, field by field: header, parameters, data, and the parameters of userdata.
//!
//! Siemens has not published the protocol; the layouts are those that public analyses agree on. Names are those of
//! STEP 7. [`Pdu::parse`] never panics, and what it returns was all there but for data that the capture cut.

use observation::{End, Octets};

use crate::{Malformed, Problem, Reader};

/// First octet of every S7 protocol data unit.
pub(super) const PROTOCOL_ID: u8 = 0x32;
/// First octet of S7comm-plus.
pub(super) const PROTOCOL_ID_PLUS: u8 = 0x72;
/// Kind of a protocol data unit ("remote operation service control").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u8);

impl Kind {
    /// Asks for a function.
    pub(super) const JOB: Self = Self(1);
    /// Answers without data; mostly a refusal.
    pub(super) const ACK: Self = Self(2);
    /// Answers a job.
    pub(super) const ACK_DATA: Self = Self(3);
    /// Everything newer than the jobs: system status lists, block lists, cyclic data, clock, password.
    pub(super) const USERDATA: Self = Self(7);
}

/// Function of a job and of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function(pub(super) u8);

impl Function {
    /// One chunk of a block on its way to the CPU: the CPU asks for it.
    pub(super) const DOWNLOAD_BLOCK: Self = Self(0x1b);
    /// The CPU has the whole block.
    pub(super) const DOWNLOAD_ENDED: Self = Self(0x1c);
    /// One chunk of a block on its way from the CPU.
    pub(super) const UPLOAD: Self = Self(0x1e);
    /// Program invocation service: start, insert block, delete block, compress …
    pub(super) const PI_SERVICE: Self = Self(0x28);

    /// Which end asks for this function: the CPU itself fetches the blocks that are loaded into it.
    pub(super) fn asked_by(self) -> Option<End> {
        match self {
            Self::DOWNLOAD_BLOCK | Self::DOWNLOAD_ENDED => Some(End::Server),
            Self(0x04 | 0x05 | 0x1a | 0x1d..=0x1f | 0x28 | 0x29 | 0xf0) => Some(End::Client),
            _ => None,
        }
    }
}

/// A protocol data unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pdu<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// Error class and code of an answer; 0 in all others.
    pub(super) error: u16,
    /// Parameters; the first octet of a job's is its function.
    pub(super) parameters: Octets<'a>,
    /// Data; as much of it as there is where the capture cut it.
    pub(super) data: Octets<'a>,
    /// Where the data starts in the message.
    pub(super) data_at: usize,
    /// Octets of header and parameters.
    pub(super) head: usize,
    /// Octets behind the data that no length field accounts for.
    pub(super) trailing: usize,
}

impl<'a> Pdu<'a> {
    /// Reads a protocol data unit that starts `base` octets into the message.
    ///
    /// # Errors
    ///
    /// Fails if it does not start with 0x32, or if it ends before its length fields say, unless the capture cut its data.
    pub(super) fn parse(octets: Octets<'a>, base: usize) -> Result<Self, Malformed> {
        let mut reader = Reader::nested(octets, base);
        let protocol = reader.u8("protocol id")?;
        if protocol != PROTOCOL_ID {
            return Err(Malformed {
                what: "protocol id",
                offset: base,
                problem: Problem::Value { value: protocol.into() },
            });
        }
        let kind = Kind(reader.u8("ROSCTR")?);
        reader.skip(4, "redundancy identification and PDU reference")?;
        let parameters = reader.u16_be("parameter length")?;
        let data = reader.u16_be("data length")?;
        let error = if matches!(kind, Kind::ACK | Kind::ACK_DATA) {
            reader.u16_be("error class and code")?
        } else {
            0
        };
        let parameters = reader.take(parameters.into(), "parameters")?;
        let (data_at, head) = (reader.offset(), octets.len().saturating_sub(reader.remaining()));
        let data = reader.part(data.into(), "data")?.rest();
        Ok(Self { kind, error, parameters, data, data_at, head, trailing: reader.remaining() })
    }

    /// The function of a job or of its answer.
    pub(super) fn function(&self) -> Option<Function> {
        match self.kind {
            Kind::JOB | Kind::ACK_DATA => self.parameters.get(0).map(Function),
            _ => None,
        }
    }

    /// Which end of the conversation sends such a message, where the message proves it.
    pub(super) fn sender(&self) -> Option<End> {
        match self.kind {
            Kind::JOB => self.function()?.asked_by(),
            Kind::ACK_DATA => self.function()?.asked_by().map(End::other),
            Kind::USERDATA => Userdata::parse(self)?.sender(),
            _ => None,
        }
    }
}

/// Whether these octets are one protocol data unit: all lengths agree, and the kind is a known one.
pub(super) fn is_whole(octets: &[u8]) -> bool {
    let Ok(pdu) = Pdu::parse(Octets::unplaced(octets), 0) else { return false };
    matches!(pdu.kind, Kind::JOB | Kind::ACK | Kind::ACK_DATA | Kind::USERDATA) && pdu.trailing == 0
}

/// Which way userdata goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Sent without being asked: mode transitions, alarms, cyclic values.
    Push,
    /// Asks.
    Request,
    /// Answers.
    Response,
}

/// Parameters of userdata.
#[derive(Clone, Copy, Debug)]
pub(super) struct Userdata<'a> {
    /// Which way it goes.
    pub(super) way: Way,
    /// Function group: 1 programmer commands, 2 cyclic data, 3 blocks, 4 CPU, 5 security, 6 BSEND, 7 time, 15 NC.
    pub(super) group: u8,
    /// Function within the group; the new mode of a mode transition.
    pub(super) subfunction: u8,
    /// The octet of [`subfunction`](Self::subfunction).
    pub(super) subfunction_octet: Octets<'a>,
    /// Ties the units of one answer together; 0 if there is only one.
    pub(super) unit: u8,
    /// True if further units of this answer follow.
    pub(super) more: bool,
    /// True if the parameters have the long form of answers and of requests that continue something.
    pub(super) long: bool,
    /// Error code of an answer.
    pub(super) error: u16,
}

impl<'a> Userdata<'a> {
    /// Reads the parameters; `None` if they are too short for any.
    pub(super) fn parse(pdu: &Pdu<'a>) -> Option<Self> {
        let parameters = pdu.parameters;
        let octet = |at| parameters.get(at);
        let (way, group) = (octet(5)? >> 4, octet(5)? & 0x0f);
        let way = match way {
            0 => Way::Push,
            4 => Way::Request,
            8 => Way::Response,
            _ => return None,
        };
        let error = u16::from_be_bytes([octet(10).unwrap_or(0), octet(11).unwrap_or(0)]);
        Some(Self {
            way,
            group,
            subfunction: octet(6)?,
            subfunction_octet: parameters.slice(6, 1)?,
            unit: octet(8).unwrap_or(0),
            more: octet(9).unwrap_or(0) != 0,
            long: parameters.len() >= 12,
            error,
        })
    }

    /// Which end sends this. BSEND (group 6) is between equals.
    pub(super) fn sender(&self) -> Option<End> {
        match self.way {
            _ if self.group == 6 => None,
            Way::Request => Some(End::Client),
            Way::Push | Way::Response => Some(End::Server),
        }
    }
}

/// The octets behind the data header of userdata, as far as they are there: return code, transport size, length.
///
/// Nothing is returned where the return code says that there is none.
///
/// # Errors
///
/// Fails if the data ends before its length.
pub(super) fn payload<'a>(pdu: &Pdu<'a>) -> Result<Option<Octets<'a>>, Malformed> {
    /// Return code: success.
    const SUCCESS: u8 = 0xff;
    let mut reader = Reader::nested(pdu.data, pdu.data_at);
    if reader.is_empty() || reader.u8("return code")? != SUCCESS {
        return Ok(None);
    }
    reader.skip(1, "transport size")?;
    let length = reader.u16_be("length of data")?;
    reader.part(length.into(), "data").map(|mut data| Some(data.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SZL_0424: &[u8] = include_bytes!("messages/szl-0424.bin");

    #[test]
    fn an_answer_of_userdata_is_read_field_by_field() {
        let pdu = Pdu::parse(Octets::unplaced(&SZL_0424[7..]), 7).unwrap();
        assert_eq!((pdu.kind, pdu.error, pdu.parameters.len(), pdu.data.len()), (Kind::USERDATA, 0, 12, 32));
        assert_eq!((pdu.head, pdu.data_at), (22, 29));
        let userdata = Userdata::parse(&pdu).unwrap();
        assert_eq!((userdata.way, userdata.group, userdata.subfunction), (Way::Response, 4, 1));
        assert_eq!((userdata.unit, userdata.more, userdata.long, userdata.error), (0, false, true, 0));
        assert_eq!(pdu.sender(), Some(End::Server));
        assert_eq!(payload(&pdu).unwrap().unwrap().bytes[..4], [0x04, 0x24, 0, 0]);
    }

    #[test]
    fn the_cpu_asks_for_the_blocks_that_are_loaded_into_it() {
        let job = |function| [0x32, 1, 0, 0, 0, 1, 0, 1, 0, 0, function];
        let sender = |octets: &[u8]| Pdu::parse(Octets::unplaced(octets), 0).unwrap().sender();
        assert_eq!(sender(&job(0x04)), Some(End::Client));
        assert_eq!(sender(&job(0x1a)), Some(End::Client));
        assert_eq!(sender(&job(0x1b)), Some(End::Server));
        assert_eq!(sender(&job(0x77)), None);
        assert_eq!(sender(&[0x32, 3, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0x1b]), Some(End::Client));
    }

    #[test]
    fn lengths_that_disagree_are_named() {
        let error = Pdu::parse(Octets::unplaced(&[0x32, 1, 0, 0, 0, 1, 0, 9, 0, 0, 4]), 7).unwrap_err();
        assert_eq!(error.to_string(), "parameters at octet 17: 8 octets missing");
        let pdu = Pdu::parse(Octets::unplaced(&[0x32, 1, 0, 0, 0, 1, 0, 1, 0, 0, 4, 4]), 7).unwrap();
        assert_eq!((pdu.parameters.bytes, pdu.trailing), ([4].as_slice(), 1));
        assert!(is_whole(&SZL_0424[7..]));
        assert!(!is_whole(&SZL_0424[7..40]));
    }
}
