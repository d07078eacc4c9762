//! What answers tell (W342 sections 5-3-17 to 5-3-19; W227 sections 2-19 to 2-21).

use observation::{Basis, Octets, Position, Station, attribute};

use super::command::Command;
use super::rules;
use super::wire::Fins;
use crate::{Malformed, Output, Reader};

/// Octets of an answer that holds the CPU bus unit configuration alone: configuration, remote I/O, status.
const CONFIGURATION: usize = 67;

/// Octets of a model or version.
const TEXT: usize = 20;

/// Octets of a controller's answer that are its own.
const SYSTEM_USE: usize = 40;

/// Reads an answer and says what it tells of `station`, which sent it.
///
/// # Errors
///
/// Fails if it ends before what its command prescribes. What was read before is said.
pub(super) fn observe<'m>(
    station: &Station,
    fins: &Fins<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let mut data = fins.data.clone();
    let end_code = data.u16_be("end code")?;
    // The two highest bits of the second octet only say that the controller has an error at the same time.
    if end_code & 0xff3f != 0 {
        return Ok(());
    }
    match fins.command {
        Command::CONTROLLER_DATA_READ if data.remaining() != CONFIGURATION => {
            controller(station, fins.command_octets, data, output)
        }
        Command::CONNECTION_DATA_READ => connections(station, data, output),
        Command::CONTROLLER_STATUS_READ => status(station, data, output),
        Command::NAME_READ => {
            output.fact(station, attribute::NAME, Basis::Stated, &rules::NAME, data.rest());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn controller<'m>(
    station: &Station,
    command: Octets<'m>,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    output.fact(station, attribute::VENDOR, Basis::Inferred, &rules::VENDOR, command);
    let mut says = |attribute, rule, octets| output.fact(station, attribute, Basis::Stated, rule, octets);
    says(attribute::MODEL, &rules::MODEL, data.take(TEXT, "controller model")?);
    let version = data.take(TEXT, "controller version")?;
    says(attribute::FIRMWARE_VERSION, &rules::VERSION, version);
    says("fins.internal_version", &rules::INTERNAL_VERSION, version);
    data.skip(SYSTEM_USE, "for system use")?;
    says("fins.program_area", &rules::PROGRAM_AREA, data.take(2, "program area size")?);
    data.skip(7, "area sizes")?;
    says("fins.memory_card", &rules::MEMORY_CARD, data.take(3, "memory card")?);
    Ok(())
}

/// Address and model of each unit, as the controller reports them.
fn connections<'m>(
    station: &Station,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let number = data.u8("number of units")? & 0x7f;
    for _ in 0..number {
        let record = data.peek();
        let unit = data.u8("unit address")?;
        let model = data.take(TEXT, "unit model")?;
        let below = station.below([Position::new("module", unit)]);
        output.fact(&below, attribute::MODEL, Basis::Reported, &rules::MODEL, model);
        output.mentioned(
            below,
            station.clone(),
            "module in connection data",
            record.head(TEXT.saturating_add(1)),
        );
    }
    Ok(())
}

fn status<'m>(station: &Station, mut data: Reader<'m>, output: &mut Output<'m>) -> Result<(), Malformed> {
    let mut says = |attribute, rule, octets| output.fact(station, attribute, Basis::Stated, rule, octets);
    says("fins.status", &rules::STATUS, data.take(1, "status")?);
    says(attribute::MODE, &rules::MODE, data.take(1, "mode")?);
    says("fins.fatal_error", &rules::FATAL, data.take(2, "fatal error data")?);
    data.skip(6, "error data")?;
    says("fins.error_message", &rules::MESSAGE, data.take(16, "error message")?);
    Ok(())
}
