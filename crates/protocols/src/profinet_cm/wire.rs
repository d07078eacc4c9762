//! Interfaces, objects and the parameters that all calls share (IEC 61158-6-10, chapter 4.10.3).

use observation::Octets;

use crate::dcerpc_datagram::{Pdu, Uuid, number32, uuid};
use crate::{Malformed, Reader};

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interface {
    /// An IO device: most calls.
    Device,
    /// An IO controller, called by its devices.
    Controller,
    /// An IO supervisor or a parameter server.
    OtherPeer,
    /// The endpoint mapper that every RPC server has.
    EndpointMapper,
    /// None of these.
    Unknown,
}

/// The interfaces of PROFINET IO but for the last octet of the first number.
const PROFINET: [u8; 12] = [0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71, 0x00, 0xa0, 0x24, 0x42, 0xdf, 0x7d];

/// C706, appendix O.
const ENDPOINT_MAPPER: Uuid =
    [0xe1, 0xaf, 0x83, 0x08, 0x5d, 0x1f, 0x11, 0xc9, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa];

/// Objects of PROFINET IO: these octets, then instance, device number and vendor number of two octets each.
const OBJECT: [u8; 10] = [0xde, 0xa0, 0x00, 0x00, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71];

impl Interface {
    pub(super) fn of(pdu: &Pdu<'_>) -> Self {
        match pdu.interface {
            ENDPOINT_MAPPER => Self::EndpointMapper,
            [0xde, 0xa0, 0x00, number @ 1..=4, ref rest @ ..] if *rest == PROFINET => match number {
                1 => Self::Device,
                2 => Self::Controller,
                _ => Self::OtherPeer,
            },
            _ => Self::Unknown,
        }
    }

    pub(super) fn is_profinet(self) -> bool {
        matches!(self, Self::Device | Self::Controller | Self::OtherPeer)
    }
}

/// Device number and vendor number of a PROFINET object, two octets each.
pub(super) fn numbers(object: Octets<'_>, is_little: bool) -> Option<(Octets<'_>, Octets<'_>)> {
    let known = uuid(object.bytes, is_little);
    if !known.starts_with(&OBJECT) {
        return None;
    }
    Some((object.slice(12, 2)?, object.slice(14, 2)?))
}

/// The blocks of a call or its answer, behind the parameters that say how long they are. `None` if the answer is an
/// error.
///
/// # Errors
///
/// Fails if the parameters are cut short.
pub(super) fn arguments<'a>(
    body: Octets<'a>,
    base: usize,
    is_little: bool,
    is_response: bool,
) -> Result<Option<Reader<'a>>, Malformed> {
    let mut reader = Reader::nested(body, base);
    let first = number32(&mut reader, is_little, "ArgsMaximum or PNIOStatus")?;
    let length = number32(&mut reader, is_little, "ArgsLength")?;
    reader.skip(12, "array")?;
    let base = reader.offset();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let blocks = Reader::nested(reader.rest().head(length), base);
    Ok((!is_response || first == 0).then_some(blocks))
}
