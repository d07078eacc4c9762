//! What a diagnostic status tells (1770-6.5.16, chapter 10, "Diagnostic status information").

use observation::{Basis, Octets, Station, attribute};

use super::rules;
use crate::{Malformed, Output, Reader};

/// Octets of the name of SLC 500 and MicroLogix processors.
const NAME: usize = 11;

/// The type extender, if these octets look like the status of a processor that is read here.
fn extender<'a>(data: &Reader<'a>) -> Option<Octets<'a>> {
    data.peek().slice(1, 1).filter(|octet| matches!(octet.bytes, [rules::SLC | rules::PLC5]))
}

/// True if the reply says of itself that it is a diagnostic status: needed where its request was not captured.
pub(super) fn is_status(data: &Reader<'_>) -> bool {
    let name = data.peek().slice(5, NAME);
    let printable = |name: Octets<'_>| name.bytes.iter().all(|octet| matches!(octet, b' '..=b'~'));
    data.peek().get(1) == Some(rules::SLC) && name.is_some_and(printable)
}

/// Reads a diagnostic status and says what it tells of the processor.
///
/// # Errors
///
/// Fails if it ends before the mode. What was read before is said.
pub(super) fn observe<'m>(
    station: &Station,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let Some(extender) = extender(&data) else { return Ok(()) };
    output.fact(station, attribute::VENDOR, Basis::Inferred, &rules::VENDOR, extender);
    let mut says = |attribute, rule, octets| output.fact(station, attribute, Basis::Stated, rule, octets);
    let operating = data.take(1, "operating status")?;
    data.skip(1, "type extender")?;
    if extender.bytes == [rules::PLC5] {
        says(attribute::MODEL, &rules::PLC5_MODEL, data.take(1, "processor type")?);
        says(attribute::MODE, &rules::PLC5_MODE, operating);
        says(attribute::KEY_SWITCH, &rules::PLC5_KEY_SWITCH, operating);
        return Ok(());
    }
    data.skip(2, "interface and processor type")?;
    let series = data.take(1, "series and revision")?;
    says(attribute::MODEL, &rules::CATALOGUE, data.take(NAME, "bulletin number")?);
    says(attribute::HARDWARE_REVISION, &rules::SERIES, series);
    says("pccc.fault", &rules::FAULT, data.take(2, "major error word")?);
    let mode = data.take(1, "mode")?;
    says(attribute::MODE, &rules::MODE, mode);
    says(attribute::KEY_SWITCH, &rules::KEY_SWITCH, mode);
    Ok(())
}
