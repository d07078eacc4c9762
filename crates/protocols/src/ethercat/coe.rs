//! Mailboxes, and in them CANopen over EtherCAT and file access (ETG.1000.6, chapters 5.6 and 5.8).

use observation::{Octets, OperationKind};

use crate::{Malformed, Reader};

/// What a mailbox holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mail<'a> {
    /// A value of an object, answered whole.
    Value { index: u16, subindex: u8, is_complete: bool, value: Octets<'a> },
    /// A request.
    Request(OperationKind, &'static str),
    /// Anything else.
    Other,
}

/// Header of a mailbox.
const HEADER: usize = 6;

/// Reads data that a mailbox may be. `None` if it is none: mailboxes lie where the maker wants them, among other memory.
pub(super) fn mail(data: Octets<'_>) -> Option<Mail<'_>> {
    parse(data).ok().flatten()
}

fn parse(data: Octets<'_>) -> Result<Option<Mail<'_>>, Malformed> {
    let mut reader = Reader::new(data);
    let length = usize::from(reader.u16_le("length")?);
    let _station = reader.u16_le("address")?;
    let channel = reader.u8("channel and priority")?;
    let kind = reader.u8("type and counter")?;
    let is_mail =
        length >= 2 && length <= data.len().saturating_sub(HEADER) && channel & 0x3f == 0 && kind & 0x80 == 0;
    if !is_mail {
        return Ok(None);
    }
    let mut body = reader.sub(length, "mailbox data")?;
    match kind & 0x0f {
        3 => coe(&mut body).map(Some),
        4 => Ok(Some(match body.u16_le("OpCode")? {
            1 => Mail::Request(OperationKind::Program, "foe read"),
            2 => Mail::Request(OperationKind::Program, "foe write"),
            _ => Mail::Other,
        })),
        1 | 2 | 5 | 15 => Ok(Some(Mail::Other)),
        _ => Ok(None),
    }
}

fn coe<'a>(body: &mut Reader<'a>) -> Result<Mail<'a>, Malformed> {
    let service = body.u16_le("CoE header")? >> 12;
    if !matches!(service, 2 | 3) {
        return Ok(Mail::Other);
    }
    let command = body.u8("SDO command")?;
    let index = body.u16_le("index")?;
    let subindex = body.u8("subindex")?;
    let is_complete = command & 0x10 != 0;
    match (service, command >> 5) {
        (2, 1) => Ok(Mail::Request(OperationKind::Write, "sdo download")),
        (2, 2) => Ok(Mail::Request(OperationKind::Read, "sdo upload")),
        (3, 2) => {
            // Expedited: up to four octets stand in place of the size.
            let value = if command & 0x02 != 0 {
                let unused = if command & 0x01 != 0 { command >> 2 & 0x03 } else { 0 };
                body.take(4_usize.saturating_sub(unused.into()), "value")?
            } else {
                let size = usize::try_from(body.u32_le("complete size")?).unwrap_or(usize::MAX);
                // A longer value goes on in segments.
                match body.peek().slice(0, size) {
                    Some(value) => value,
                    None => return Ok(Mail::Other),
                }
            };
            Ok(Mail::Value { index, subindex, is_complete, value })
        }
        _ => Ok(Mail::Other),
    }
}
