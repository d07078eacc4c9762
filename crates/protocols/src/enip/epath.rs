//! Paths of segments: CIP Networks Library volume 1, appendix C-1 (padded form, the only one in messages).

use std::fmt::Write;

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Longest link address that is read, in octets: an IPv6 address as text has 45.
pub(super) const LINK_OCTETS_MAX: usize = 64;

/// One segment.
#[derive(Clone, Debug)]
pub(super) enum Segment<'a> {
    /// Leave the device by this port to this link address (C-1.4.1).
    Port(Hop<'a>),
    /// Class, instance, attribute, member, connection point or service (C-1.4.2).
    Logical(Logical, u32),
    /// What the device at this point of the path must be (C-1.4.2, electronic key).
    Key(Key<'a>),
    /// A name (C-1.4.4, C-1.4.5): a tag of a Logix controller.
    Symbol,
    /// Configuration data for the target, or a timing of the network: passed over.
    Other,
}

/// What the value of a logical segment counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logical {
    Class,
    Instance,
    Member,
    ConnectionPoint,
    Attribute,
    Service,
}

/// One port segment: in a chassis port 1 is the backplane and the link address the slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop<'a> {
    /// Port of the device that routes.
    pub(super) port: u16,
    /// One octet, or the text of an extended address.
    pub(super) link: Octets<'a>,
}

impl Hop<'_> {
    /// The link address as people write it: a number, the text, or else hexadecimal. The characters that separate
    /// steps of a path are escaped.
    pub(super) fn link_address(link: &[u8]) -> String {
        if let [number] = link {
            return number.to_string();
        }
        // An odd address is padded to whole words; its own length leaves the padding out.
        let text = link.iter().all(u8::is_ascii_graphic) && !link.is_empty();
        let mut shown = String::new();
        for octet in link {
            let _infallible = match octet {
                b'/' | b'=' | b'%' if text => write!(shown, "%{octet:02x}"),
                _ if text => write!(shown, "{}", char::from(*octet)),
                _ => write!(shown, "{octet:02x}"),
            };
        }
        shown
    }
}

/// An electronic key (volume 1, table C-1.5): 0 in a field means that any value will do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    /// The whole segment.
    pub(super) segment: Octets<'a>,
    /// Two octets.
    pub(super) vendor_id: Octets<'a>,
    /// Two octets.
    pub(super) device_type: Octets<'a>,
    /// Two octets.
    pub(super) product_code: Octets<'a>,
    /// Major revision, whose highest bit allows compatible devices, and minor revision.
    pub(super) revision: Octets<'a>,
    /// Four octets, in key format 5 only.
    pub(super) serial_number: Option<Octets<'a>>,
}

/// The segments of a path, in order. After one that cannot be read there is no further one.
#[derive(Clone, Debug)]
pub(super) struct Segments<'a> {
    reader: Reader<'a>,
}

impl<'a> Segments<'a> {
    /// Reads a path that fills `reader`.
    pub(super) fn new(reader: Reader<'a>) -> Self {
        Self { reader }
    }

    /// Octets of the first segment.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read.
    pub(super) fn first_length(mut self) -> Result<usize, Malformed> {
        let octets = self.reader.remaining();
        self.segment()?;
        Ok(octets.saturating_sub(self.reader.remaining()))
    }

    fn segment(&mut self) -> Result<Segment<'a>, Malformed> {
        let reader = &mut self.reader;
        let whole = reader.peek();
        let left = reader.remaining();
        let offset = reader.offset();
        let first = reader.u8("segment")?;
        let unknown = Malformed { what: "segment", offset, problem: Problem::Value { value: first.into() } };
        match first >> 5 {
            0 => port(reader, first).map(Segment::Port),
            1 if first == 0x34 => {
                let mut key = key(reader)?;
                key.segment = whole.head(left.saturating_sub(reader.remaining()));
                Ok(Segment::Key(key))
            }
            1 => {
                let kind = match first >> 2 & 0x07 {
                    0 => Logical::Class,
                    1 => Logical::Instance,
                    2 => Logical::Member,
                    3 => Logical::ConnectionPoint,
                    4 => Logical::Attribute,
                    6 => Logical::Service,
                    _ => return Err(unknown),
                };
                let value = match first & 0x03 {
                    0 => reader.u8("logical value")?.into(),
                    1 => {
                        reader.skip(1, "pad")?;
                        reader.u16_le("logical value")?.into()
                    }
                    2 => {
                        reader.skip(1, "pad")?;
                        reader.u32_le("logical value")?
                    }
                    _ => return Err(unknown),
                };
                Ok(Segment::Logical(kind, value))
            }
            2 => {
                // Network segments (C-1.4.3): one octet of data, or a count of words.
                let count = reader.u8("network segment")?;
                if first & 0x10 != 0 || first == 0x44 {
                    reader.skip(usize::from(count).saturating_mul(2), "network segment")?;
                }
                Ok(Segment::Other)
            }
            3 => symbol(reader, first),
            4 => {
                let count = usize::from(reader.u8("data length")?);
                match first {
                    0x80 => reader.skip(count.saturating_mul(2), "data segment").map(|()| Segment::Other),
                    0x91 => {
                        reader.skip(count, "symbol")?;
                        pad(reader, count)?;
                        Ok(Segment::Symbol)
                    }
                    _ => Err(unknown),
                }
            }
            _ => Err(unknown),
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let segment = self.segment();
        if segment.is_err() {
            self.reader.rest();
        }
        Some(segment)
    }
}

/// Segments fill whole words: an odd number of octets is followed by a pad.
fn pad(reader: &mut Reader<'_>, octets: usize) -> Result<(), Malformed> {
    if octets % 2 == 1 { reader.skip(1, "pad") } else { Ok(()) }
}

fn port<'a>(reader: &mut Reader<'a>, first: u8) -> Result<Hop<'a>, Malformed> {
    let length = if first & 0x10 != 0 { Some(reader.u8("link address length")?) } else { None };
    let port = match first & 0x0f {
        15 => reader.u16_le("extended port")?,
        port => port.into(),
    };
    let offset = reader.offset();
    let octets = usize::from(length.unwrap_or(1));
    if octets == 0 || octets > LINK_OCTETS_MAX {
        let problem = Problem::Value { value: octets.try_into().unwrap_or(u64::MAX) };
        return Err(Malformed { what: "link address length", offset, problem });
    }
    let link = reader.take(octets, "link address")?;
    if length.is_some() {
        pad(reader, octets)?;
    }
    Ok(Hop { port, link })
}

fn key<'a>(reader: &mut Reader<'a>) -> Result<Key<'a>, Malformed> {
    let offset = reader.offset();
    let format = reader.u8("key format")?;
    if !matches!(format, 4 | 5) {
        let problem = Problem::Value { value: format.into() };
        return Err(Malformed { what: "key format", offset, problem });
    }
    Ok(Key {
        segment: reader.peek(),
        vendor_id: reader.take(2, "key vendor id")?,
        device_type: reader.take(2, "key device type")?,
        product_code: reader.take(2, "key product code")?,
        revision: reader.take(2, "key revision")?,
        serial_number: if format == 5 { Some(reader.take(4, "key serial number")?) } else { None },
    })
}

/// Symbolic segments: the length in five bits, or 0 and an octet of format and count for characters of two or three
/// octets and for numbers.
fn symbol<'a>(reader: &mut Reader<'a>, first: u8) -> Result<Segment<'a>, Malformed> {
    let octets = match usize::from(first & 0x1f) {
        0 => {
            let format = reader.u8("symbol format")?;
            let count = usize::from(format & 0x1f);
            match format >> 5 {
                1 => count.saturating_mul(2),
                2 => count.saturating_mul(3),
                _ => count,
            }
        }
        octets => octets,
    };
    reader.skip(octets, "symbol")?;
    let extended = usize::from(first & 0x1f == 0);
    pad(reader, octets.saturating_add(1).saturating_add(extended))?;
    Ok(Segment::Symbol)
}

/// What a request addresses: the last class of the path, with the instance and attribute behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// Number of class segments: more than one where an object lies within another.
    pub(super) classes: u8,
    /// Class, if the path has one.
    pub(super) class: Option<u32>,
    /// Instance; 0 is the class itself.
    pub(super) instance: Option<u32>,
    /// Attribute.
    pub(super) attribute: Option<u32>,
    /// True if the path names a tag.
    pub(super) symbolic: bool,
}

impl Target {
    /// Reads a request path, and what is wrong with it where it cannot be read to the end.
    pub(super) fn read(path: Reader<'_>) -> (Self, Option<Malformed>) {
        let mut target = Self::default();
        for segment in Segments::new(path) {
            match segment {
                Ok(Segment::Logical(Logical::Class, class)) => {
                    target.classes = target.classes.saturating_add(1);
                    target.class = Some(class);
                    target.instance = None;
                    target.attribute = None;
                }
                Ok(Segment::Logical(Logical::Instance, instance)) => target.instance = Some(instance),
                Ok(Segment::Logical(Logical::Attribute, attribute)) => target.attribute = Some(attribute),
                Ok(Segment::Symbol) => target.symbolic = true,
                Ok(_) => (),
                Err(malformed) => return (target, Some(malformed)),
            }
        }
        (target, None)
    }

    /// True for one class alone, not an object within another nor a tag.
    pub(super) fn is_class(&self, class: u32) -> bool {
        self.class == Some(class) && self.classes == 1 && !self.symbolic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(octets: &[u8]) -> Vec<String> {
        Segments::new(Reader::new(Octets::unplaced(octets)))
            .map(|segment| match segment {
                Ok(Segment::Port(hop)) => {
                    format!("port {} link {}", hop.port, Hop::link_address(hop.link.bytes))
                }
                Ok(Segment::Logical(kind, value)) => format!("{kind:?} {value:#x}"),
                Ok(Segment::Key(key)) => format!("key {:02x?} of {}", key.revision.bytes, key.segment.len()),
                Ok(other) => format!("{other:?}"),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    #[test]
    fn ports_lead_through_a_chassis_to_an_address() {
        let path = b"\x01\x03\x12\x0d192.168.10.55\x00\x0f\x12\x00\x07\x1f\x02\x34\x12\xc0\xa8";
        assert_eq!(
            shown(path),
            ["port 1 link 3", "port 2 link 192.168.10.55", "port 18 link 7", "port 4660 link c0a8"]
        );
        assert_eq!(Hop::link_address(b"a/b=c%"), "a%2fb%3dc%25");
    }

    #[test]
    fn logical_values_have_8_16_and_32_bits() {
        let path = b"\x20\x04\x25\x00\x00\x01\x2e\x00\x01\x02\x03\x04\x30\x07\x28\x01\x39\x00\x02\x00";
        assert_eq!(
            shown(path),
            [
                "Class 0x4",
                "Instance 0x100",
                "ConnectionPoint 0x4030201",
                "Attribute 0x7",
                "Member 0x1",
                "Service 0x2"
            ]
        );
    }

    #[test]
    fn keys_symbols_data_and_network_segments_have_their_own_lengths() {
        let path = b"\x34\x04\x01\x00\x0c\x00\xa6\x00\x85\x01\x43\x05\x51\x02abcd\x91\x05Motor\x00\x63abc\x62ab\x00\x80\x01xy\x24\x01";
        assert_eq!(
            shown(path),
            ["key [85, 01] of 10", "Other", "Other", "Symbol", "Symbol", "Symbol", "Other", "Instance 0x1"]
        );
        let with_serial = b"\x34\x05\x01\x00\x0c\x00\xa6\x00\x85\x01\x0d\xf0\xad\x8b\x24\x01";
        assert_eq!(shown(with_serial), ["key [85, 01] of 14", "Instance 0x1"]);
    }

    #[test]
    fn what_cannot_be_read_ends_the_path() {
        assert_eq!(
            shown(b"\x20\x01\xe0\x00\x24\x01"),
            ["Class 0x1", "segment at octet 2: value 0xe0 is not allowed"]
        );
        assert_eq!(shown(b"\x91\x09Mo"), ["symbol at octet 2: 7 octets missing"]);
        assert_eq!(shown(b"\x34\x06\x00\x00"), ["key format at octet 1: value 0x6 is not allowed"]);
    }

    #[test]
    fn the_last_class_is_the_target() {
        let (target, error) =
            Target::read(Reader::new(Octets::unplaced(b"\x20\x68\x24\x02\x20\x6b\x25\x00\x34\x12")));
        assert_eq!(
            target,
            Target {
                classes: 2,
                class: Some(0x6b),
                instance: Some(0x1234),
                attribute: None,
                symbolic: false
            }
        );
        assert!(error.is_none() && !target.is_class(0x6b));
    }
}
