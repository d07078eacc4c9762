//! The fixed part of messages of the application layer (ANSI/ASHRAE 135-2020, clause 20.1).

use crate::{Malformed, Problem, Reader};

/// Which part of a segmented message this is (clause 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// More follow.
    pub more: bool,
    /// Counts from 0, modulo 256.
    pub number: u8,
}

/// A message of the application layer.
#[derive(Clone, Debug)]
pub enum Apdu<'a> {
    /// A request that is answered.
    Confirmed {
        /// Part of a longer request.
        segment: Option<Segment>,
        /// Names the request until it is answered.
        invoke_id: u8,
        /// Service choice.
        service: u8,
        /// What the service asks.
        data: Reader<'a>,
    },
    /// A request or statement that is not answered by this means.
    Unconfirmed {
        /// Service choice.
        service: u8,
        /// What the service says.
        data: Reader<'a>,
    },
    /// Done.
    SimpleAck {
        /// Service choice of the request.
        service: u8,
    },
    /// An answer with content.
    ComplexAck {
        /// Part of a longer answer.
        segment: Option<Segment>,
        /// That of the request.
        invoke_id: u8,
        /// Service choice of the request.
        service: u8,
        /// The answer.
        data: Reader<'a>,
    },
    /// Segments have arrived.
    SegmentAck {
        /// True if the server of the request sends it.
        from_server: bool,
    },
    /// Not done; the service says why.
    Error {
        /// Service choice of the request.
        service: u8,
    },
    /// Not understood.
    Reject,
    /// Given up.
    Abort {
        /// True if the server of the request sends it.
        from_server: bool,
    },
}

impl<'a> Apdu<'a> {
    /// Reads the fixed part.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or of a type that is reserved.
    pub fn parse(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let first = reader.u8("apdu type")?;
        let is_set = |bit: u8| first & bit != 0;
        let segment = |reader: &mut Reader<'a>| -> Result<Option<Segment>, Malformed> {
            if !is_set(0x08) {
                return Ok(None);
            }
            let number = reader.u8("sequence number")?;
            reader.skip(1, "proposed window size")?;
            Ok(Some(Segment { more: is_set(0x04), number }))
        };
        Ok(match first >> 4 {
            0 => {
                reader.skip(1, "segments and octets accepted")?;
                let invoke_id = reader.u8("invoke id")?;
                let segment = segment(&mut reader)?;
                let service = reader.u8("service choice")?;
                Self::Confirmed { segment, invoke_id, service, data: reader }
            }
            1 => Self::Unconfirmed { service: reader.u8("service choice")?, data: reader },
            2 => {
                reader.skip(1, "invoke id")?;
                Self::SimpleAck { service: reader.u8("service choice")? }
            }
            3 => {
                let invoke_id = reader.u8("invoke id")?;
                let segment = segment(&mut reader)?;
                let service = reader.u8("service choice")?;
                Self::ComplexAck { segment, invoke_id, service, data: reader }
            }
            4 => Self::SegmentAck { from_server: is_set(0x01) },
            5 => {
                reader.skip(1, "invoke id")?;
                Self::Error { service: reader.u8("service choice")? }
            }
            6 => Self::Reject,
            7 => Self::Abort { from_server: is_set(0x01) },
            _ => {
                let offset = reader.offset().saturating_sub(1);
                return Err(Malformed {
                    what: "apdu type",
                    offset,
                    problem: Problem::Value { value: first.into() },
                });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use observation::Octets;

    use super::*;

    fn parse(octets: &[u8]) -> Result<Apdu<'_>, Malformed> {
        Apdu::parse(Reader::new(Octets::unplaced(octets)))
    }

    #[test]
    fn requests_and_answers_tell_their_service() {
        let Ok(Apdu::Confirmed { segment: None, invoke_id: 7, service: 12, data }) =
            parse(&[0x00, 0x05, 7, 12, 0x0c])
        else {
            panic!("a request");
        };
        assert_eq!(data.remaining(), 1);
        let Ok(Apdu::ComplexAck { segment: Some(segment), invoke_id: 9, service: 14, .. }) =
            parse(&[0x3c, 9, 2, 16, 14, 0])
        else {
            panic!("a segment");
        };
        assert_eq!(segment, Segment { more: true, number: 2 });
        assert!(matches!(parse(&[0x20, 1, 15]), Ok(Apdu::SimpleAck { service: 15 })));
        assert!(matches!(parse(&[0x71, 1, 0]), Ok(Apdu::Abort { from_server: true })));
        assert!(matches!(parse(&[0x10, 8]), Ok(Apdu::Unconfirmed { service: 8, .. })));
    }

    #[test]
    fn cut_and_reserved_ones_are_malformed() {
        assert!(parse(&[0x0c, 5, 1, 0]).is_err());
        assert_eq!(
            parse(&[0x80]).unwrap_err().to_string(),
            "apdu type at octet 0: value 0x80 is not allowed"
        );
    }
}
