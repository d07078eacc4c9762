//! Lengths that each function prescribes for its request and its response (Application Protocol V1.1b3, chapter 6).
//!
//! They delimit serial-line frames, tell a request from a response, and show a message that is too short or too long.

use super::function::Function;

/// The encapsulated interface that identifies devices (function 43, section 6.21).
pub(super) const MEI_IDENTIFICATION: u8 = 0x0e;

/// Octets of a 43/14 response before its objects: function, interface, code, conformity, more follows, next, number.
pub(super) const IDENTIFICATION_HEADER: usize = 7;

/// How long a protocol data unit is, by its function and its own counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// This many octets.
    Exactly(usize),
    /// Not even the octet is there that says it; at least this many are needed.
    AtLeast(usize),
    /// Its specification is not public, or leaves it open.
    Open,
}

impl Length {
    /// True if a protocol data unit of `octets` may be whole, of which `missing` are not there to say it.
    pub(super) fn allows(self, octets: usize, missing: usize) -> bool {
        match self {
            Self::Exactly(length) => length == octets,
            Self::AtLeast(length) => missing > 0 && length <= octets,
            Self::Open => true,
        }
    }
}

/// `fixed` octets and as many as the octet at `at` counts.
fn counted(pdu: &[u8], at: usize, fixed: usize) -> Length {
    match pdu.get(at) {
        Some(count) => Length::Exactly(fixed.saturating_add(usize::from(*count))),
        None => Length::AtLeast(fixed),
    }
}

/// Length of the request that starts with these octets; `None` if no request does.
pub(super) fn request_length(pdu: &[u8]) -> Option<Length> {
    let function = Function(*pdu.first()?);
    Some(match function {
        Function(0x80..) => return None,
        Function(1..=6) => Length::Exactly(5),
        Function(7 | 11 | 12 | 17) => Length::Exactly(1),
        Function::DIAGNOSTICS => diagnostic_length(pdu),
        Function(15 | 16) => counted(pdu, 5, 6),
        Function(20 | 21) => counted(pdu, 1, 2),
        Function(22) => Length::Exactly(7),
        Function(23) => counted(pdu, 9, 10),
        Function(24) => Length::Exactly(3),
        Function::ENCAPSULATED => match pdu.get(1) {
            Some(&MEI_IDENTIFICATION) => Length::Exactly(4),
            Some(_) => Length::Open,
            None => Length::AtLeast(2),
        },
        _ => Length::Open,
    })
}

/// Length of the response or exception that starts with these octets; `None` if none does.
pub(super) fn response_length(pdu: &[u8]) -> Option<Length> {
    let function = Function(*pdu.first()?);
    Some(match function {
        Function(0x80..) => Length::Exactly(2),
        Function(1..=4 | 12 | 17 | 20 | 21 | 23) => counted(pdu, 1, 2),
        Function(5 | 6 | 11 | 15 | 16) => Length::Exactly(5),
        Function(7) => Length::Exactly(2),
        Function::DIAGNOSTICS => diagnostic_length(pdu),
        Function(22) => Length::Exactly(7),
        Function(24) => match pdu.get(1..3) {
            Some(&[high, low]) => {
                Length::Exactly(usize::from(u16::from_be_bytes([high, low])).saturating_add(3))
            }
            _ => Length::AtLeast(3),
        },
        Function::ENCAPSULATED => match pdu.get(1) {
            Some(&MEI_IDENTIFICATION) => identification_length(pdu),
            Some(_) => Length::Open,
            None => Length::AtLeast(2),
        },
        _ => Length::Open,
    })
}

/// Sub-function 0 echoes any number of words; all others have one.
fn diagnostic_length(pdu: &[u8]) -> Length {
    match pdu.get(1..3) {
        Some([0, 0]) => Length::Open,
        Some(_) => Length::Exactly(5),
        None => Length::AtLeast(5),
    }
}

fn identification_length(pdu: &[u8]) -> Length {
    let Some(&[.., number]) = pdu.get(..IDENTIFICATION_HEADER) else {
        return Length::AtLeast(IDENTIFICATION_HEADER);
    };
    let mut end = IDENTIFICATION_HEADER;
    for _ in 0..number {
        let Some(length) = pdu.get(end.saturating_add(1)) else {
            return Length::AtLeast(end.saturating_add(2));
        };
        end = end.saturating_add(2).saturating_add(usize::from(*length));
    }
    Length::Exactly(end)
}

/// Which of both a message can be, by its length alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A request and nothing else.
    Request,
    /// A response or exception and nothing else.
    Response,
    /// Both.
    Either,
    /// None of both: malformed.
    Neither,
}

impl Shape {
    /// The shape of a whole protocol data unit.
    pub(super) fn of(pdu: &[u8]) -> Self {
        Self::of_part(pdu, 0)
    }

    /// The shape of a protocol data unit of which further octets are announced that are missing.
    pub(super) fn of_part(pdu: &[u8], missing: usize) -> Self {
        let octets = pdu.len().saturating_add(missing);
        let fits = |length: Option<Length>| length.is_some_and(|length| length.allows(octets, missing));
        match (fits(request_length(pdu)), fits(response_length(pdu))) {
            (true, false) => Self::Request,
            (false, true) => Self::Response,
            (true, true) => Self::Either,
            (false, false) => Self::Neither,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_responses_are_told_apart_by_length() {
        let cases: [(&[u8], Shape); 16] = [
            (&[3, 0, 0, 0, 2], Shape::Request),
            (&[3, 4, 0, 0, 0, 0], Shape::Response),
            (&[1, 3, 0, 0, 0], Shape::Either),
            (&[3, 4, 0, 0], Shape::Neither),
            (&[6, 0, 1, 0, 2], Shape::Either),
            (&[7], Shape::Request),
            (&[7, 0], Shape::Response),
            (&[8, 0, 1, 0xff, 0], Shape::Either),
            (&[15, 0, 0, 0, 9, 2, 0xff, 1], Shape::Request),
            (&[16, 0, 0, 0, 1], Shape::Response),
            (&[17], Shape::Request),
            (&[17, 2, 0x0a, 0xff], Shape::Response),
            (&[23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0], Shape::Request),
            (&[24, 0, 4, 0, 1, 0, 9], Shape::Response),
            (&[0x83, 2], Shape::Response),
            (&[66, 1, 2, 3], Shape::Either),
        ];
        for (pdu, shape) in cases {
            assert_eq!(Shape::of(pdu), shape, "{pdu:02x?}");
        }
    }

    #[test]
    fn what_a_cut_message_is_shows_in_the_length_it_announces() {
        assert_eq!(Shape::of_part(&[3, 0], 3), Shape::Request);
        assert_eq!(Shape::of_part(&[3, 4, 0], 3), Shape::Response);
        assert_eq!(Shape::of_part(&[43, 14, 1], 1), Shape::Request);
        assert_eq!(Shape::of_part(&[43, 14, 1], 40), Shape::Response);
        assert_eq!(Shape::of_part(&[16, 0, 0, 0, 2, 4], 4), Shape::Request);
        assert_eq!(Shape::of_part(&[3, 4, 0], 9), Shape::Neither);
    }

    #[test]
    fn an_identification_is_as_long_as_its_objects() {
        assert_eq!(Shape::of(&[43, 14, 1, 0]), Shape::Request);
        assert_eq!(Shape::of(&[43, 14, 1, 1, 0, 0, 1, 0, 2, b'A', b'B']), Shape::Response);
        assert_eq!(Shape::of(&[43, 14, 1, 1, 0, 0, 2, 0, 2, b'A', b'B']), Shape::Neither);
        assert_eq!(response_length(&[43, 14, 1, 1, 0, 0, 2, 0, 2, b'A', b'B']), Some(Length::AtLeast(13)));
    }
}
