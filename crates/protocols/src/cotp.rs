//! Connection-oriented transport protocol, class 0 (ISO/IEC 8073, chapter 13: structure and encoding of TPDUs).
//!
//! [`Tpdu::parse`] never panics, and what it returns was all there. It knows nothing of what the data carries.

use observation::Octets;

use crate::{Malformed, Problem, Reader, tpkt};

/// Code of a connection request, credit in the low half.
const CONNECTION_REQUEST: u8 = 0xe0;
/// Code of a connection confirm, credit in the low half.
const CONNECTION_CONFIRM: u8 = 0xd0;
/// Code of data.
const DATA: u8 = 0xf0;
/// Every code of the standard: ER, RJ, AK, EA, ED, DR, DC, CC, CR, DT.
const CODES: [u8; 10] =
    [0x70, 0x50, 0x60, 0x20, 0x10, 0x80, 0xc0, CONNECTION_CONFIRM, CONNECTION_REQUEST, DATA];
/// Parameter: transport selector of the caller.
const CALLING_TSAP: u8 = 0xc1;
/// Parameter: transport selector that is called.
const CALLED_TSAP: u8 = 0xc2;
/// End of the service data unit: no further fragment follows.
const END_OF_TSDU: u8 = 0x80;

/// A transport protocol data unit.
#[derive(Clone, Debug)]
pub(crate) enum Tpdu<'a> {
    /// Somebody wants to connect.
    Request(Selectors<'a>),
    /// The other end agrees.
    Confirm(Selectors<'a>),
    /// Data, perhaps a fragment.
    Data(Data<'a>),
    /// Any other: disconnect, error, acknowledgement.
    Other,
}

/// Who calls and who is called.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Selectors<'a> {
    /// Transport selector of the caller.
    pub(crate) calling: Option<Octets<'a>>,
    /// Transport selector that is called.
    pub(crate) called: Option<Octets<'a>>,
}

/// Data of one TPDU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'a> {
    /// True if the service data unit ends here.
    pub(crate) last: bool,
    /// The octets; empty in the bare acknowledgements that STEP 7 sends.
    pub(crate) octets: Octets<'a>,
    /// Where they start in the packet.
    pub(crate) at: usize,
}

impl<'a> Tpdu<'a> {
    /// Reads the TPDU of a TPKT packet.
    ///
    /// # Errors
    ///
    /// Fails if the packet or a header is cut short, or if the code is none of the standard.
    pub(crate) fn parse(packet: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = tpkt::tpdu(packet)?;
        let length = reader.u8("COTP length indicator")?;
        let mut header = reader.sub(length.into(), "COTP header")?;
        let at = header.offset();
        let code = header.u8("COTP code")?;
        match code & 0xf0 {
            CONNECTION_REQUEST => Selectors::parse(header).map(Self::Request),
            CONNECTION_CONFIRM => Selectors::parse(header).map(Self::Confirm),
            DATA => {
                let last = header.u8("COTP number and end of TSDU")? & END_OF_TSDU != 0;
                let at = reader.offset();
                Ok(Self::Data(Data { last, octets: reader.rest(), at }))
            }
            code if CODES.contains(&code) => Ok(Self::Other),
            _ => Err(Malformed {
                what: "COTP code",
                offset: at,
                problem: Problem::Value { value: code.into() },
            }),
        }
    }
}

impl<'a> Selectors<'a> {
    /// Reads what follows the code of a connection request or confirm: references, class, parameters.
    fn parse(mut header: Reader<'a>) -> Result<Self, Malformed> {
        header.skip(5, "COTP references and class")?;
        let mut selectors = Self::default();
        while !header.is_empty() {
            let code = header.u8("COTP parameter code")?;
            let length = header.u8("COTP parameter length")?;
            let value = header.take(length.into(), "COTP parameter")?;
            match code {
                CALLING_TSAP => selectors.calling = Some(value),
                CALLED_TSAP => selectors.called = Some(value),
                _ => {}
            }
        }
        Ok(selectors)
    }
}

/// Whether these octets, as far as they are there, can start a TPDU of `length` octets.
pub(crate) fn may_start(octets: &[u8], length: usize) -> bool {
    let header_fits = octets.first().is_none_or(|header| *header >= 2 && usize::from(*header) < length);
    header_fits && octets.get(1).is_none_or(|code| CODES.contains(&(code & 0xf0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(octets: &[u8]) -> Result<Tpdu<'_>, Malformed> {
        Tpdu::parse(Octets::unplaced(octets))
    }

    #[test]
    fn a_connection_request_names_both_selectors() {
        // As PG of rack 0, slot 2: written from ISO/IEC 8073 section 13.3.
        let octets = [3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2];
        let Tpdu::Request(selectors) = parse(&octets).unwrap() else { panic!("no request") };
        assert_eq!(selectors.calling.unwrap().bytes, [1, 0]);
        assert_eq!(selectors.called.unwrap().bytes, [1, 2]);
    }

    #[test]
    fn data_says_whether_it_is_the_last_fragment() {
        let Tpdu::Data(data) = parse(&[3, 0, 0, 9, 2, 0xf0, 0x00, 0x32, 1]).unwrap() else {
            panic!("no data")
        };
        assert_eq!((data.last, data.octets.bytes, data.at), (false, [0x32, 1].as_slice(), 7));
        let Tpdu::Data(data) = parse(&[3, 0, 0, 7, 2, 0xf0, 0x80]).unwrap() else { panic!("no data") };
        assert!(data.last && data.octets.is_empty());
    }

    #[test]
    fn a_parameter_longer_than_the_header_is_named() {
        let error = parse(&[3, 0, 0, 15, 10, 0xe0, 0, 0, 0, 1, 0, 0xc2, 16, b'S', b'I']).unwrap_err();
        assert_eq!(error.to_string(), "COTP parameter at octet 13: 14 octets missing");
        let error = parse(&[3, 0, 0, 7, 2, 0x30, 0x80]).unwrap_err();
        assert_eq!(error.to_string(), "COTP code at octet 5: value 0x30 is not allowed");
    }

    #[test]
    fn what_the_capture_left_of_data_is_read() {
        let cut = Octets::unplaced(&[3, 0, 0, 20, 2, 0xf0, 0x80, 0x32, 1]).cut();
        let Tpdu::Data(data) = Tpdu::parse(cut).unwrap() else { panic!("no data") };
        assert!(data.octets.bytes == [0x32, 1] && data.octets.is_cut());
        assert!(Tpdu::parse(Octets::unplaced(&[3, 0, 0, 20, 2]).cut()).is_err());
    }

    #[test]
    fn a_disconnect_is_passed_over() {
        assert!(matches!(parse(&[3, 0, 0, 11, 6, 0x80, 0, 1, 0, 1, 0]), Ok(Tpdu::Other)));
    }
}
