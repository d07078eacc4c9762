//! What answers tell (SH-080008 section 12.1; BAP-C2006ENG, node search).

use observation::{Basis, Octets, Station, attribute};

use super::rules;
use crate::{Malformed, Output, Reader};

/// Octets of a type name.
const NAME: usize = 16;

/// Octets of a type code in a binary answer, and its digits in an ASCII one.
const CODE: usize = 2;
const CODE_ASCII: usize = 4;

/// True if the data look like the answer to "read type name": a text of [`NAME`] printable octets, and a code.
pub(super) fn is_type_name(data: &Reader<'_>) -> bool {
    let octets = data.peek();
    let name = octets.slice(0, NAME).map(|name| name.bytes).unwrap_or_default();
    let end = name.iter().position(|octet| matches!(octet, 0)).unwrap_or(name.len());
    let (text, padding) = name.split_at_checked(end).unwrap_or_default();
    let printable = text.iter().all(|octet| matches!(octet, b' '..=b'~'));
    let is_text = text.first().is_some_and(u8::is_ascii_alphanumeric) && printable;
    is_text && padding.iter().all(|octet| *octet == 0)
}

/// Says model, code and maker of an answer to "read type name".
///
/// # Errors
///
/// Fails if it ends before the code.
pub(super) fn type_name<'m>(
    station: &Station,
    mut data: Reader<'m>,
    is_ascii: bool,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let name = data.take(NAME, "type name")?;
    output.fact(station, attribute::MODEL, Basis::Stated, &rules::MODEL, name);
    output.fact(station, attribute::VENDOR, Basis::Inferred, &rules::VENDOR, name);
    let (length, rule) =
        if is_ascii { (CODE_ASCII, &rules::MODEL_CODE_ASCII) } else { (CODE, &rules::MODEL_CODE) };
    let code = data.take(length, "type code")?;
    output.fact(station, "melsec.type_code", Basis::Stated, rule, code);
    Ok(())
}

/// An IPv4 address with its size in front, which must be 4.
fn address<'m>(data: &mut Reader<'m>, what: &'static str) -> Result<Octets<'m>, Malformed> {
    let size = data.u8(what)?;
    data.take(size.into(), what)
}

/// Says what an answer to a node search tells of the node: the one who searched, then the node itself.
///
/// # Errors
///
/// Fails if it ends before the version. What was read before is said.
pub(super) fn node<'m>(
    station: &Station,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    data.skip(6, "mac address of the searching node")?;
    address(&mut data, "ip address of the searching node")?;
    let mac = data.take(6, "mac address")?;
    output.fact(station, attribute::MAC_ADDRESS, Basis::Stated, &rules::MAC_ADDRESS, mac);
    address(&mut data, "ip address")?;
    data.skip(8, "subnet mask and gateway")?;
    let length = data.u8("host name size")?;
    let mut says = |attribute, rule, octets| output.fact(station, attribute, Basis::Stated, rule, octets);
    says(attribute::HOSTNAME, &rules::HOSTNAME, data.take(length.into(), "host name")?);
    says("melsec.vendor_code", &rules::VENDOR_CODE, data.take(2, "vendor code")?);
    says("melsec.node_model_code", &rules::NODE_MODEL_CODE, data.take(4, "model code")?);
    says("melsec.equipment_version", &rules::VERSION, data.take(2, "equipment version")?);
    Ok(())
}
