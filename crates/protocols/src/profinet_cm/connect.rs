//! Connect and Control: who controls whom, and which modules are expected and found (IEC 61158-6-10, chapters 5.2.4 to 5.2.8).

use observation::{Basis, Octets, OperationKind, Station, attribute};

use super::blocks::{self, Block};
use super::rules::{MAC, MODULE, MODULE_STATE, NUMBER, RELATION, TEXT, VENDOR};
use super::wire::numbers;
use crate::{Malformed, Output, Reader};

/// Both ends of a relation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<'s> {
    pub(super) controller: &'s Station,
    pub(super) device: &'s Station,
}

/// Says what a block of Connect or Control tells.
///
/// # Errors
///
/// Fails if the block is cut short.
pub(super) fn block(block: Block<'_>, ends: Ends<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut body = block.body;
    match block.kind {
        0x0101 => relation_request(&mut body, ends.controller, output),
        0x8101 => {
            body.skip(20, "ARType, ARUUID and SessionKey")?;
            let mac = body.take(6, "CMResponderMacAdd")?;
            output.fact(ends.device, attribute::MAC_ADDRESS, Basis::Stated, &MAC, mac);
            Ok(())
        }
        0x8106 => {
            let name = name(&mut body)?;
            output.fact(ends.device, attribute::STATION_NAME, Basis::Stated, &TEXT, name);
            Ok(())
        }
        0x0104 => expected(&mut body, ends, output),
        0x8104 => difference(&mut body, ends.device, output),
        _ => Ok(()),
    }
}

/// What Connect asks for: the kind of relation tells a controller from a supervisor.
pub(super) fn operation(first: Option<&Block<'_>>) -> (OperationKind, &'static str) {
    let kind =
        first.filter(|block| block.kind == 0x0101).and_then(|block| block.body.clone().u16_be("ARType").ok());
    match kind {
        Some(6) => (OperationKind::Control, "connect as supervisor"),
        _ => (OperationKind::Diagnostic, "connect"),
    }
}

fn relation_request(
    body: &mut Reader<'_>,
    controller: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let kind = body.take(2, "ARType")?;
    output.fact(controller, "profinet_cm.relation", Basis::Stated, &RELATION, kind);
    body.skip(18, "ARUUID and SessionKey")?;
    let mac = body.take(6, "CMInitiatorMacAdd")?;
    output.fact(controller, attribute::MAC_ADDRESS, Basis::Stated, &MAC, mac);
    let object = body.take(16, "CMInitiatorObjectUUID")?;
    object_numbers(object, false, controller, Basis::Stated, output);
    body.skip(8, "ARProperties, timeout and port")?;
    let name = name(body)?;
    output.fact(controller, attribute::STATION_NAME, Basis::Stated, &TEXT, name);
    Ok(())
}

/// Says vendor and device of an object. The numbers in it are always most significant octet first.
pub(super) fn object_numbers(
    object: Octets<'_>,
    is_little: bool,
    station: &Station,
    basis: Basis,
    output: &mut Output<'_>,
) {
    let Some((device, vendor)) = numbers(object, is_little) else { return };
    output.fact(station, attribute::VENDOR, basis, &VENDOR, vendor);
    output.fact(station, "profinet_dcp.vendor_id", basis, &NUMBER, vendor);
    output.fact(station, "profinet_dcp.device_id", basis, &NUMBER, device);
}

fn name<'a>(body: &mut Reader<'a>) -> Result<Octets<'a>, Malformed> {
    let length = body.u16_be("StationNameLength")?;
    body.take(length.into(), "station name")
}

/// The modules that the controller wants, by slot.
fn expected(body: &mut Reader<'_>, ends: Ends<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    for _ in 0..body.u16_be("NumberOfAPIs")? {
        body.skip(4, "API")?;
        let slot = body.u16_be("SlotNumber")?;
        let ident = body.take(4, "ModuleIdentNumber")?;
        body.skip(2, "ModuleProperties")?;
        expect(&blocks::module(ends.device, slot), ident, ends, output);
        for _ in 0..body.u16_be("NumberOfSubmodules")? {
            let subslot = body.u16_be("SubslotNumber")?;
            let ident = body.take(4, "SubmoduleIdentNumber")?;
            let properties = body.u16_be("SubmoduleProperties")?;
            // Submodules with input and output have two descriptions, all others one.
            let descriptions = if properties & 0x03 == 3 { 12 } else { 6 };
            body.skip(descriptions, "DataDescription")?;
            let submodule = blocks::submodule(ends.device, slot, subslot);
            if let Some(submodule) = submodule.filter(|_| subslot > 1) {
                expect(&submodule, ident, ends, output);
            }
        }
    }
    Ok(())
}

fn expect(module: &Station, ident: Octets<'_>, ends: Ends<'_>, output: &mut Output<'_>) {
    output.fact(module, "profinet_cm.module_ident", Basis::Reported, &MODULE, ident);
    if !module.path.is_root() {
        output.mentioned(module.clone(), ends.controller.clone(), "expected module", ident);
    }
}

/// What the device says of slots that differ from what is expected, or that it has something to say about.
fn difference(body: &mut Reader<'_>, device: &Station, output: &mut Output<'_>) -> Result<(), Malformed> {
    for _ in 0..body.u16_be("NumberOfAPIs")? {
        body.skip(4, "API")?;
        for _ in 0..body.u16_be("NumberOfModules")? {
            let slot = body.u16_be("SlotNumber")?;
            let ident = body.take(4, "ModuleIdentNumber")?;
            let state = body.take(2, "ModuleState")?;
            let module = blocks::module(device, slot);
            // An empty slot says nothing of itself: the device says that it is empty.
            let basis = if state.bytes == [0, 0] { Basis::Reported } else { Basis::Stated };
            output.fact(&module, "profinet_cm.module_state", basis, &MODULE_STATE, state);
            if basis == Basis::Stated {
                output.fact(&module, "profinet_cm.module_ident", basis, &MODULE, ident);
            }
            let submodules = body.u16_be("NumberOfSubmodules")?;
            body.skip(usize::from(submodules).saturating_mul(8), "submodules")?;
        }
    }
    Ok(())
}
