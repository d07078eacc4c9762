//! Telegrams of the bus in their common form (cEMI: KNX Standard 3/6/3, chapter 4; services: 3/3/7).

use observation::{Octets, OperationKind};

use crate::{Malformed, Reader};

/// A telegram of the link layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telegram<'a> {
    /// True if the bus sent it; false for a client's request to send it.
    pub(super) is_from_bus: bool,
    /// Individual address of the device that sent it, two octets.
    pub(super) source: Octets<'a>,
    /// What it asks for, if it does.
    pub(super) asks: Option<(OperationKind, &'static str)>,
}

/// Reads a telegram; `None` for other messages.
///
/// # Errors
///
/// Fails if it is cut short.
pub(super) fn telegram<'a>(body: &mut Reader<'a>) -> Result<Option<Telegram<'a>>, Malformed> {
    let code = body.u8("message code")?;
    let is_from_bus = match code {
        0x11 => false,
        0x29 => true,
        _ => return Ok(None),
    };
    let length = body.u8("length of additional information")?;
    body.skip(length.into(), "additional information")?;
    body.skip(2, "control")?;
    let source = body.take(2, "source")?;
    body.skip(2, "destination")?;
    let length = body.u8("length")?;
    let asks = if length == 0 { None } else { asks(body.u16_be("service")? & 0x03ff) };
    Ok(Some(Telegram { is_from_bus, source, asks }))
}

/// Services of the application layer that ask for something.
fn asks(service: u16) -> Option<(OperationKind, &'static str)> {
    use OperationKind::{Control, Identify, Program, Read, Write};
    Some(match service {
        0x000 => (Read, "group value read"),
        0x080..=0x0bf => (Write, "group value write"),
        0x0c0 => (Program, "individual address write"),
        0x100 => (Identify, "individual address read"),
        0x200..=0x20f => (Program, "memory read"),
        0x280..=0x28f => (Program, "memory write"),
        0x300..=0x33f => (Identify, "device descriptor read"),
        0x380..=0x3bf => (Control, "restart"),
        0x3d5 => (Read, "property value read"),
        0x3d7 => (Program, "property value write"),
        0x3dc => (Identify, "individual address serial number read"),
        0x3de => (Program, "individual address serial number write"),
        _ => return None,
    })
}
