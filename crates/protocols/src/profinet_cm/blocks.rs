//! Blocks: what records and calls are made of (IEC 61158-6-10, chapter 5.2.1).

use observation::{Position, Station};

use crate::{Malformed, Reader};

/// A block: type and version, and what follows.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub(super) kind: u16,
    /// High and low number.
    pub(super) version: (u8, u8),
    pub(super) body: Reader<'a>,
}

/// The next block.
///
/// # Errors
///
/// Fails if the message ends before it does.
pub(super) fn next<'a>(reader: &mut Reader<'a>) -> Result<Block<'a>, Malformed> {
    let kind = reader.u16_be("BlockType")?;
    let length = reader.u16_be("BlockLength")?;
    let mut body = reader.sub(length.into(), "block")?;
    let version = (body.u8("BlockVersionHigh")?, body.u8("BlockVersionLow")?);
    Ok(Block { kind, version, body })
}

/// Passes over octets until the next is `multiple` octets from `start`, or nothing is left.
pub(super) fn align(reader: &mut Reader<'_>, start: usize, multiple: usize) {
    let past = reader.offset().saturating_sub(start).checked_rem(multiple).unwrap_or(0);
    let more = multiple.saturating_sub(past).checked_rem(multiple).unwrap_or(0);
    let _ = reader.skip(more.min(reader.remaining()), "padding");
}

/// First subslot of interfaces and ports of a device.
const PHYSICAL: u16 = 0x8000;

/// The station that a slot of a device is.
pub(super) fn module(device: &Station, slot: u16) -> Station {
    if slot == 0 { device.clone() } else { device.below([Position::new("slot", slot)]) }
}

/// The station that a submodule is; `None` for interfaces and ports, which are the device's own.
pub(super) fn submodule(device: &Station, slot: u16, subslot: u16) -> Option<Station> {
    match (slot, subslot) {
        (_, PHYSICAL..) => None,
        (_, 0 | 1) => Some(module(device, slot)),
        // Further parts of the access point.
        (0, _) => None,
        _ => Some(module(device, slot).below([Position::new("subslot", subslot)])),
    }
}

/// Where a record is read from or written to, and which.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) slot: u16,
    pub(super) subslot: u16,
    pub(super) index: u16,
    /// Octets of the record.
    pub(super) length: u32,
}

/// Reads the head that requests and answers about records have in common, behind its block header.
///
/// # Errors
///
/// Fails if it is cut short.
pub(super) fn target(body: &mut Reader<'_>) -> Result<Target, Malformed> {
    body.skip(22, "SeqNumber, ARUUID and API")?;
    let slot = body.u16_be("SlotNumber")?;
    let subslot = body.u16_be("SubslotNumber")?;
    body.skip(2, "padding")?;
    let index = body.u16_be("Index")?;
    let length = body.u32_be("RecordDataLength")?;
    Ok(Target { slot, subslot, index, length })
}
