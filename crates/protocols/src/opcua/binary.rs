//! Built-in types in UA Binary: OPC 10000-6 section 5.2.2.
//!
//! Values that no one asks for are passed over without a copy; nesting is bounded.

use std::sync::Arc;

use observation::{Octets, Rules};

use crate::told::Print;
use crate::{Malformed, Problem, Reader};

/// Depth of values within values that is followed (section 5.1.6 asks for 100; public stacks never go beyond a few).
const DEPTH_MAX: u8 = 8;

/// A String or ByteString; `None` for a null one.
pub(super) fn string<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
) -> Result<Option<Octets<'a>>, Malformed> {
    match reader.u32_le(what)? {
        u32::MAX => Ok(None),
        length => reader.take(length as usize, what).map(Some),
    }
}

/// Number of elements of an array; a null array has none.
pub(super) fn count(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Malformed> {
    reader.u32_le(what).map(|count| if count > i32::MAX as u32 { 0 } else { count })
}

/// Passes over an array of strings.
pub(super) fn skip_strings(reader: &mut Reader<'_>, what: &'static str) -> Result<(), Malformed> {
    for _ in 0..count(reader, what)? {
        string(reader, what)?;
    }
    Ok(())
}

/// The text of a LocalizedText.
pub(super) fn localized_text<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
) -> Result<Option<Octets<'a>>, Malformed> {
    let mask = reader.u8(what)?;
    if mask & 0x01 != 0 {
        string(reader, what)?;
    }
    if mask & 0x02 != 0 { string(reader, what) } else { Ok(None) }
}

/// A NodeId.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    /// Namespace; `None` where an expanded one names it by its URI or stands on another server.
    namespace: Option<u16>,
    id: Id<'a>,
}

/// What a node is told by.
#[derive(Clone, Copy, Debug)]
enum Id<'a> {
    Number(u32),
    Text(Octets<'a>),
    /// A GUID or octets of the server's own.
    Opaque(Octets<'a>),
}

impl Node<'_> {
    /// The number, of a node of the namespace of OPC UA itself.
    pub(super) fn standard(&self) -> Option<u32> {
        match self.id {
            Id::Number(number) if self.namespace == Some(0) => Some(number),
            _ => None,
        }
    }

    /// A fingerprint, whatever the encoding.
    pub(super) fn print(&self) -> Print {
        let print = Print::new().with(&self.namespace.unwrap_or(u16::MAX).to_le_bytes());
        match self.id {
            Id::Number(number) => print.with(b"i").with(&number.to_le_bytes()),
            Id::Text(text) => print.with(b"s").with(text.bytes),
            Id::Opaque(octets) => print.with(b"b").with(octets.bytes),
        }
    }

    /// What it is called, as the position of a station.
    pub(super) fn name(&self) -> Arc<str> {
        let namespace = self.namespace.unwrap_or_default();
        match self.id {
            Id::Number(number) => device_name(namespace, number.to_string().as_bytes()),
            Id::Text(text) => device_name(namespace, text.bytes),
            Id::Opaque(octets) => {
                device_name(namespace, Rules::hexadecimal(octets.bytes).unwrap_or_default().as_bytes())
            }
        }
    }

    /// Namespace, device and field of an identifier that spells both: `Device1.Manufacturer`.
    pub(super) fn spelt(&self) -> Option<(u16, &[u8], &[u8])> {
        let (Id::Text(text), Some(namespace)) = (self.id, self.namespace) else { return None };
        let at = text.bytes.iter().rposition(|octet| matches!(octet, b'.' | b'/' | b'|' | b':'))?;
        let (device, name) = text.bytes.split_at_checked(at)?;
        Some((namespace, device, name.get(1..)?)).filter(|_| !device.is_empty())
    }
}

/// `3:Device1`, with what would act as a separator of a path escaped.
pub(super) fn device_name(namespace: u16, name: &[u8]) -> Arc<str> {
    let name = Rules::text(name).unwrap_or_default();
    format!("{namespace}:{}", name.replace('%', "%25").replace('/', "%2f").replace('=', "%3d")).into()
}

/// A NodeId: its number if it is a number of the namespace of OPC UA itself.
pub(super) fn node_id(reader: &mut Reader<'_>, what: &'static str) -> Result<Option<u32>, Malformed> {
    node(reader, what).map(|node| node.standard())
}

/// A NodeId. Flags of an expanded one are obeyed.
pub(super) fn node<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Node<'a>, Malformed> {
    let encodings = reader.clone();
    let encoding = reader.u8(what)?;
    let (namespace, id) = match encoding & 0x3f {
        0x00 => (0, Id::Number(reader.u8(what)?.into())),
        0x01 => {
            let namespace = reader.u8(what)?.into();
            (namespace, Id::Number(reader.u16_le(what)?.into()))
        }
        0x02 => (reader.u16_le(what)?, Id::Number(reader.u32_le(what)?)),
        kind @ (0x03 | 0x05) => {
            let namespace = reader.u16_le(what)?;
            let octets = string(reader, what)?.unwrap_or(Octets::unplaced(&[]));
            (namespace, if kind == 0x03 { Id::Text(octets) } else { Id::Opaque(octets) })
        }
        0x04 => (reader.u16_le(what)?, Id::Opaque(reader.take(16, what)?)),
        other => return Err(encodings.malformed(what, Problem::Value { value: other.into() })),
    };
    let mut namespace = Some(namespace);
    if encoding & 0x80 != 0 && string(reader, what)?.is_some() {
        namespace = None;
    }
    if encoding & 0x40 != 0 {
        reader.skip(4, what)?;
    }
    Ok(Node { namespace, id })
}

/// An ExtensionObject: number of its type, and its body where it is binary.
pub(super) fn extension_object<'a>(
    reader: &mut Reader<'a>,
    what: &'static str,
) -> Result<(Option<u32>, Option<Reader<'a>>), Malformed> {
    let kind = node_id(reader, what)?;
    match reader.u8(what)? {
        0x01 => match reader.u32_le(what)? {
            u32::MAX => Ok((kind, None)),
            length => Ok((kind, Some(reader.sub(length as usize, what)?))),
        },
        0x02 => {
            string(reader, what)?;
            Ok((kind, None))
        }
        _ => Ok((kind, None)),
    }
}

/// Passes over a DiagnosticInfo.
pub(super) fn skip_diagnostic_info(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let what = "diagnostic info";
    for _ in 0..DEPTH_MAX {
        let mask = reader.u8(what)?;
        for bit in [0x01, 0x02, 0x04, 0x08] {
            if mask & bit != 0 {
                reader.skip(4, what)?;
            }
        }
        if mask & 0x10 != 0 {
            string(reader, what)?;
        }
        if mask & 0x20 != 0 {
            reader.skip(4, what)?;
        }
        if mask & 0x40 == 0 {
            return Ok(());
        }
    }
    Err(reader.malformed(what, Problem::Value { value: DEPTH_MAX.into() }))
}

/// What a Variant holds.
#[derive(Clone, Debug)]
pub(super) enum Variant<'a> {
    /// String, or the text of a LocalizedText.
    Text(Octets<'a>),
    /// Array of strings: its length, and a reader that stands at the first one.
    Texts(u32, Reader<'a>),
    /// DateTime: eight octets.
    Time(Octets<'a>),
    /// ExtensionObject with a binary body: type and body.
    Structure(u32, Reader<'a>),
    /// Anything else.
    Other,
}

mod builtin {
    pub(super) const STRING: u8 = 12;
    pub(super) const DATE_TIME: u8 = 13;
    pub(super) const LOCALIZED_TEXT: u8 = 21;
    pub(super) const EXTENSION_OBJECT: u8 = 22;
    pub(super) const DATA_VALUE: u8 = 23;
    pub(super) const VARIANT: u8 = 24;
    pub(super) const DIAGNOSTIC_INFO: u8 = 25;
}

/// Reads a Variant that stands `depth` values deep.
fn variant_at<'a>(reader: &mut Reader<'a>, depth: u8) -> Result<Variant<'a>, Malformed> {
    let what = "value";
    let mask = reader.u8(what)?;
    let kind = mask & 0x3f;
    let held = if mask & 0x80 != 0 {
        let length = count(reader, what)?;
        let first = reader.clone();
        for _ in 0..length {
            skip_scalar(reader, kind, depth)?;
        }
        if kind == builtin::STRING { Variant::Texts(length, first) } else { Variant::Other }
    } else {
        match kind {
            0 => Variant::Other,
            builtin::STRING => string(reader, what)?.map_or(Variant::Other, Variant::Text),
            builtin::LOCALIZED_TEXT => localized_text(reader, what)?.map_or(Variant::Other, Variant::Text),
            builtin::DATE_TIME => Variant::Time(reader.take(8, what)?),
            builtin::EXTENSION_OBJECT => match extension_object(reader, what)? {
                (Some(kind), Some(body)) => Variant::Structure(kind, body),
                _ => Variant::Other,
            },
            _ => {
                skip_scalar(reader, kind, depth)?;
                Variant::Other
            }
        }
    };
    if mask & 0x40 != 0 {
        for _ in 0..count(reader, what)? {
            reader.skip(4, what)?;
        }
    }
    Ok(held)
}

/// Passes over one value of a built-in type (section 5.1.2, table 1).
fn skip_scalar(reader: &mut Reader<'_>, kind: u8, depth: u8) -> Result<(), Malformed> {
    let what = "value";
    if depth >= DEPTH_MAX {
        return Err(reader.malformed(what, Problem::Value { value: depth.into() }));
    }
    let deeper = depth.saturating_add(1);
    match kind {
        1..=3 => reader.skip(1, what),
        4 | 5 => reader.skip(2, what),
        6 | 7 | 10 | 19 => reader.skip(4, what),
        8 | 9 | 11 | builtin::DATE_TIME => reader.skip(8, what),
        14 => reader.skip(16, what),
        builtin::STRING | 15 | 16 => string(reader, what).map(drop),
        17 | 18 => node_id(reader, what).map(drop),
        20 => {
            reader.skip(2, what)?;
            string(reader, what).map(drop)
        }
        builtin::LOCALIZED_TEXT => localized_text(reader, what).map(drop),
        builtin::EXTENSION_OBJECT => extension_object(reader, what).map(drop),
        builtin::DATA_VALUE => data_value_at(reader, deeper).map(drop),
        builtin::VARIANT => variant_at(reader, deeper).map(drop),
        builtin::DIAGNOSTIC_INFO => skip_diagnostic_info(reader),
        // Types 26 to 31 are reserved and encoded as a ByteString (section 5.2.2.16).
        26..=31 => string(reader, what).map(drop),
        other => Err(reader.malformed(what, Problem::Value { value: other.into() })),
    }
}

/// Reads a DataValue: its value if it has one and its status is not bad.
pub(super) fn data_value<'a>(reader: &mut Reader<'a>) -> Result<Variant<'a>, Malformed> {
    data_value_at(reader, 0)
}

fn data_value_at<'a>(reader: &mut Reader<'a>, depth: u8) -> Result<Variant<'a>, Malformed> {
    /// The two highest bits of a status code: bad.
    const BAD: u32 = 0x8000_0000;
    let what = "data value";
    let mask = reader.u8(what)?;
    let value = if mask & 0x01 != 0 { variant_at(reader, depth)? } else { Variant::Other };
    let status = if mask & 0x02 != 0 { reader.u32_le(what)? } else { 0 };
    for (bit, length) in [(0x04, 8), (0x10, 2), (0x08, 8), (0x20, 2)] {
        if mask & bit != 0 {
            reader.skip(length, what)?;
        }
    }
    Ok(if status & BAD == 0 { value } else { Variant::Other })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(octets: &[u8]) -> Reader<'_> {
        Reader::new(Octets::unplaced(octets))
    }

    #[test]
    fn node_ids_of_every_encoding_are_passed_and_numbers_of_the_standard_are_read() {
        for (octets, expected) in [
            (&[0x00, 85][..], Some(85)),
            (&[0x01, 0, 0xd0, 0x08], Some(2256)),
            (&[0x01, 3, 0xd0, 0x08], None),
            (&[0x02, 0, 0, 0xd4, 0x08, 0, 0], Some(2260)),
            (&[0x03, 1, 0, 2, 0, 0, 0, b'a', b'b'], None),
            (&[0x04, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], None),
            (&[0x05, 1, 0, 1, 0, 0, 0, 9], None),
            (&[0xc0, 85, 1, 0, 0, 0, b'u', 0, 0, 0, 0], None),
        ] {
            let mut reader = reader(octets);
            assert_eq!(node_id(&mut reader, "node"), Ok(expected));
            assert_eq!(reader.finish("node"), Ok(()), "{octets:?}");
        }
        assert!(node_id(&mut reader(&[0x06]), "node").is_err());
    }

    #[test]
    fn values_are_passed_over_whole_and_texts_come_out() {
        // An array of two DataValues, each a Variant with an Int32.
        let nested = [0x97, 2, 0, 0, 0, 0x01, 6, 1, 0, 0, 0, 0x03, 6, 2, 0, 0, 0, 0, 0, 0, 0];
        let mut values = reader(&nested);
        assert!(matches!(variant_at(&mut values, 0), Ok(Variant::Other)));
        assert!(values.is_empty());
        let mut text =
            reader(&[0x0d, 12, 2, 0, 0, 0, b'o', b'k', 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(matches!(data_value(&mut text), Ok(Variant::Text(octets)) if octets.bytes == b"ok"));
        assert!(text.is_empty());
        let mut bad = reader(&[0x03, 12, 2, 0, 0, 0, b'n', b'o', 0, 0, 0x34, 0x80]);
        assert!(matches!(data_value(&mut bad), Ok(Variant::Other)));
    }

    #[test]
    fn endless_nesting_is_refused() {
        assert!(variant_at(&mut reader(&[0x98, 1, 0, 0, 0].repeat(200)), 0).is_err());
        assert!(skip_diagnostic_info(&mut reader(&[0x40; 200])).is_err());
    }
}
