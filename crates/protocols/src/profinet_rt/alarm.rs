//! Alarms (RTA): IEC 61158-6-10, chapters 4.8.1 and 5.2.7.

use observation::Octets;

use crate::{Malformed, Reader};

/// FrameIDs of alarms of high and low priority.
pub(super) fn is_alarm(frame_id: u16) -> bool {
    matches!(frame_id, 0xfc01 | 0xfe01)
}

/// What an alarm frame is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Alarm<'a> {
    /// A device tells of an event: type, API, slot, subslot, module and submodule number (18 octets).
    Notification(Octets<'a>),
    /// A controller has taken note of one.
    Acknowledgement,
    /// Transport: acknowledged, refused, broken off.
    Other,
}

/// Reads what follows the FrameID.
///
/// # Errors
///
/// Fails if the frame is cut short.
pub(super) fn parse(frame: Octets<'_>) -> Result<Alarm<'_>, Malformed> {
    let mut reader = Reader::new(frame);
    reader.skip(6, "FrameID and alarm endpoints")?;
    let kind = reader.u8("PDUType")?;
    reader.skip(5, "AddFlags and sequence numbers")?;
    let length = reader.u16_be("VarPartLen")?;
    // Version 1, DATA-RTA-PDU.
    if kind != 0x11 || length == 0 {
        return Ok(Alarm::Other);
    }
    let mut reader = reader.sub(length.into(), "alarm")?;
    let block = reader.u16_be("BlockType")?;
    reader.skip(4, "BlockLength and version")?;
    match block {
        0x0001 | 0x0002 => Ok(Alarm::Notification(reader.take(18, "alarm notification")?)),
        0x8001 | 0x8002 => Ok(Alarm::Acknowledgement),
        _ => Ok(Alarm::Other),
    }
}

/// Names of alarm types (IEC 61158-6-10, table "AlarmType").
const TYPES: [(u16, &str); 16] = [
    (0x01, "diagnosis"),
    (0x02, "process"),
    (0x03, "pull"),
    (0x04, "plug"),
    (0x05, "status"),
    (0x06, "update"),
    (0x07, "media redundancy"),
    (0x08, "controlled by supervisor"),
    (0x09, "released"),
    (0x0a, "plug wrong submodule"),
    (0x0b, "return of submodule"),
    (0x0c, "diagnosis disappears"),
    (0x0e, "port data change"),
    (0x0f, "sync data changed"),
    (0x10, "isochronous mode problem"),
    (0x1f, "pull module"),
];

/// `plug, slot 2 subslot 1, module 0x00000025 submodule 0x00000001`.
pub(super) fn show(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(Octets::unplaced(octets));
    let kind = reader.u16_be("AlarmType").ok()?;
    let _api = reader.u32_be("API").ok()?;
    let slot = reader.u16_be("SlotNumber").ok()?;
    let subslot = reader.u16_be("SubslotNumber").ok()?;
    let module = reader.u32_be("ModuleIdentNumber").ok()?;
    let submodule = reader.u32_be("SubmoduleIdentNumber").ok()?;
    let name = TYPES.iter().find(|(number, _)| *number == kind);
    let name = name.map_or_else(|| format!("alarm type {kind}"), |(_, name)| (*name).to_owned());
    Some(format!("{name}, slot {slot} subslot {subslot}, module {module:#010x} submodule {submodule:#010x}"))
}
