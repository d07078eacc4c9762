//! Parameters of the system variables, by which a ROC names itself.
//!
//! A parameter is told by point type, logical number and number of the parameter. Its length stands in no message, so
//! that one of unknown length ends the reading.

use observation::{Basis, Octets, Rule, Station, attribute};

use super::rules;
use crate::{Malformed, Output, Reader};

/// Point type of the system variables of ROC800 and DL8000 (section 3.4.2).
const SYSTEM_VARIABLES: u8 = 91;

/// Octets of a text.
const TEXT: usize = 20;

/// What a parameter of the system variables is said as, by which rule, and how long it is.
fn system_variable(number: u8) -> Option<(Option<&'static str>, &'static Rule, usize)> {
    Some(match number {
        0 | 1 => (None, &rules::TEXT, 1),
        2 => (Some(attribute::STATION_NAME), &rules::TEXT, TEXT),
        3 => (Some(attribute::FIRMWARE_VERSION), &rules::TEXT, TEXT),
        4 => (None, &rules::TEXT, TEXT),
        5 => (Some(attribute::VENDOR), &rules::TEXT, TEXT),
        6 => (Some(attribute::DESCRIPTION), &rules::TEXT, TEXT),
        7 => (Some(attribute::SERIAL_NUMBER), &rules::SERIAL_NUMBER, 4),
        _ => return None,
    })
}

fn says(station: &Station, number: u8, octets: Octets<'_>, output: &mut Output<'_>) {
    if let Some((Some(attribute), rule, _)) = system_variable(number) {
        output.fact(station, attribute, Basis::Stated, rule, octets);
    }
}

/// Reads the answer to "request single point parameters": type, logical number, number of parameters, the first of
/// them, and their values one after another.
///
/// # Errors
///
/// Fails if it ends before a value whose length is known. What was read before is said.
pub(super) fn single_point<'m>(
    station: &Station,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let point_type = data.u8("point type")?;
    let logical = data.u8("logical number")?;
    let count = data.u8("number of parameters")?;
    let first = data.u8("first parameter")?;
    if point_type != SYSTEM_VARIABLES || logical != 0 {
        return Ok(());
    }
    for index in 0..count {
        let number = first.saturating_add(index);
        let Some((_, _, length)) = system_variable(number) else { break };
        says(station, number, data.take(length, "parameter")?, output);
    }
    Ok(())
}

/// Reads the answer to "request parameters": the number of them, each with type, logical number, number and value.
///
/// # Errors
///
/// Fails if it ends before a value whose length is known. What was read before is said.
pub(super) fn several<'m>(
    station: &Station,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    for _ in 0..data.u8("number of parameters")? {
        let (point_type, logical) = (data.u8("point type")?, data.u8("logical number")?);
        let number = data.u8("parameter number")?;
        if point_type != SYSTEM_VARIABLES || logical != 0 {
            break;
        }
        let Some((_, _, length)) = system_variable(number) else { break };
        says(station, number, data.take(length, "parameter")?, output);
    }
    Ok(())
}
