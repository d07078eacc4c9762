//! Records that a device answers: identification and maintenance, and which modules it has (IEC 61158-6-10, chapters
//! 5.2.13 and 5.2.17; PI Profile Guidelines Part 1: Identification & Maintenance Functions).

use observation::{Basis, Octets, Rule, Station, attribute};

use super::blocks::{self, Block, Target};
use super::physical;
use super::rules::{DECIMAL, MODULE, NUMBER, PROFILE, TEXT, VENDOR, VERSION};
use crate::{Malformed, Output, Reader};

/// Says what the blocks of an answered record tell.
///
/// # Errors
///
/// Fails if a block is cut short; what was read before is said.
pub(super) fn record(
    data: &mut Reader<'_>,
    target: Target,
    device: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    while data.remaining() >= 6 {
        let block = blocks::next(data)?;
        match block.kind {
            0x0020..=0x0025 => maintenance(block, target, device, output)?,
            0x0030..=0x0032 => modules(&mut block.body.clone(), true, device, output)?,
            0x0013 => modules(&mut block.body.clone(), block.version != (1, 0), device, output)?,
            0x0400 => physical::several(block, device, output)?,
            0x0240 | 0x020f => physical::one(&block, device, output)?,
            _ => {}
        }
    }
    Ok(())
}

/// I&M0 to I&M5 of the submodule that was asked.
fn maintenance(
    block: Block<'_>,
    target: Target,
    device: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let Some(station) = blocks::submodule(device, target.slot, target.subslot) else { return Ok(()) };
    let mut body = block.body;
    let mut say = |attribute, rule: &'static Rule, octets: Octets<'_>| {
        output.fact(&station, attribute, Basis::Stated, rule, octets);
    };
    match block.kind {
        0x0020 => {
            let vendor = body.take(2, "VendorID")?;
            say(attribute::VENDOR, &VENDOR, vendor);
            say("profinet_dcp.vendor_id", &NUMBER, vendor);
            say(attribute::ORDER_NUMBER, &TEXT, body.take(20, "OrderID")?);
            say(attribute::SERIAL_NUMBER, &TEXT, body.take(16, "IM_Serial_Number")?);
            say(attribute::HARDWARE_REVISION, &DECIMAL, body.take(2, "IM_Hardware_Revision")?);
            say(attribute::FIRMWARE_VERSION, &VERSION, body.take(4, "IM_Software_Revision")?);
            body.skip(2, "IM_Revision_Counter")?;
            say("profinet_cm.profile", &PROFILE, body.take(4, "IM_Profile_ID")?);
        }
        0x0021 => {
            say(attribute::PLANT_ID, &TEXT, body.take(32, "IM_Tag_Function")?);
            say(attribute::LOCATION, &TEXT, body.take(22, "IM_Tag_Location")?);
        }
        0x0022 => say("profinet_cm.installation_date", &TEXT, body.take(16, "IM_Date")?),
        0x0023 => say(attribute::DESCRIPTION, &TEXT, body.take(54, "IM_Descriptor")?),
        0x0025 => {
            for _ in 0..body.u16_be("NumberOfEntries")? {
                let mut entry = blocks::next(&mut body)?.body;
                say("profinet_cm.component", &TEXT, entry.take(64, "IM_Annotation")?);
                say("profinet_cm.component_order_number", &TEXT, entry.take(64, "IM_OrderID")?);
                entry.skip(2, "VendorID")?;
                say("profinet_cm.component_serial_number", &TEXT, entry.take(16, "IM_Serial_Number")?);
                entry.skip(2, "IM_Hardware_Revision")?;
                say("profinet_cm.component_version", &VERSION, entry.take(4, "IM_Software_Revision")?);
            }
        }
        // I&M4 is a signature for safety profiles.
        _ => {}
    }
    Ok(())
}

/// The modules and submodules that a device has. Version 1.0 of the real identification names no APIs.
fn modules(
    body: &mut Reader<'_>,
    has_apis: bool,
    device: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let apis = if has_apis { body.u16_be("NumberOfAPIs")? } else { 1 };
    for _ in 0..apis {
        if has_apis {
            body.skip(4, "API")?;
        }
        for _ in 0..body.u16_be("NumberOfModules")? {
            let slot = body.u16_be("SlotNumber")?;
            let ident = body.take(4, "ModuleIdentNumber")?;
            let module = blocks::module(device, slot);
            output.fact(&module, "profinet_cm.module_ident", Basis::Stated, &MODULE, ident);
            for _ in 0..body.u16_be("NumberOfSubmodules")? {
                let subslot = body.u16_be("SubslotNumber")?;
                let ident = body.take(4, "SubmoduleIdentNumber")?;
                if let Some(station) = blocks::submodule(device, slot, subslot).filter(|_| subslot > 1) {
                    output.fact(&station, "profinet_cm.module_ident", Basis::Stated, &MODULE, ident);
                }
            }
        }
    }
    Ok(())
}
