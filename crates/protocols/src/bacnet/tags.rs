//! Encoding of the application layer (ANSI/ASHRAE 135-2020, clause 20.2.1): tag number, class and length, then content.

use observation::Octets;

use crate::{Malformed, Reader};

/// What a tag begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A value whose data type is the tag number (clause 20.2.1.4).
    Application,
    /// A value whose meaning the service gives.
    Context,
    /// A list of values, up to [`Closing`](Self::Closing) of the same number.
    Opening,
    /// The end of such a list.
    Closing,
}

/// Tag numbers of data types (clause 20.2.1.4).
pub(super) mod data_type {
    /// Unsigned integer.
    pub(crate) const UNSIGNED: u8 = 2;
    /// Octet string.
    pub(crate) const OCTETS: u8 = 6;
    /// Character string.
    pub(crate) const CHARACTERS: u8 = 7;
    /// Enumerated.
    pub(crate) const ENUMERATED: u8 = 9;
    /// Object identifier.
    pub(crate) const OBJECT: u8 = 12;
}

/// Boolean: its value stands in the place of the length (clause 20.2.3).
const BOOLEAN: u8 = 1;

/// One tag with its content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'a> {
    pub(super) number: u8,
    pub(super) class: Class,
    /// Empty for the tags of lists and for booleans.
    pub(super) content: Octets<'a>,
}

impl<'a> Tag<'a> {
    /// Reads the next tag.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let first = reader.u8("tag")?;
        let number = match first >> 4 {
            15 => reader.u8("extended tag number")?,
            number => number,
        };
        let is_context = first & 0x08 != 0;
        let class = match (is_context, first & 0x07) {
            (true, 6) => Class::Opening,
            (true, 7) => Class::Closing,
            (true, _) => Class::Context,
            (false, _) => Class::Application,
        };
        let length = match (class, first & 0x07) {
            (Class::Opening | Class::Closing, _) => 0,
            (Class::Application, _) if number == BOOLEAN => 0,
            (_, 5) => match reader.u8("extended length")? {
                254 => u32::from(reader.u16_be("extended length")?),
                255 => reader.u32_be("extended length")?,
                length => u32::from(length),
            },
            (_, length) => u32::from(length),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Self { number, class, content: reader.take(length, "tag content")? })
    }

    /// The next tag, if it is of this class and number; nothing is read otherwise.
    pub(super) fn read_if(reader: &mut Reader<'a>, class: Class, number: u8) -> Option<Self> {
        let mut ahead = reader.clone();
        let tag = Self::read(&mut ahead).ok().filter(|tag| tag.class == class && tag.number == number)?;
        *reader = ahead;
        Some(tag)
    }

    /// The content as a number of up to four octets.
    pub(super) fn number_of(&self) -> Option<u32> {
        (1..=4)
            .contains(&self.content.len())
            .then(|| self.content.bytes.iter().fold(0_u32, |value, octet| value << 8 | u32::from(*octet)))
    }
}

/// Passes over everything up to the closing tag of a list whose opening tag was read.
pub(super) fn skip_list(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let mut depth = 1_usize;
    while depth > 0 {
        match Tag::read(reader)?.class {
            Class::Opening => depth = depth.saturating_add(1),
            Class::Closing => depth = depth.saturating_sub(1),
            Class::Application | Class::Context => {}
        }
    }
    Ok(())
}

/// An object: its type and its instance, in four octets (clause 20.2.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object(pub u32);

impl Object {
    /// The object of the device itself.
    pub const DEVICE: u32 = 8;
    /// A port to a network.
    pub const NETWORK_PORT: u32 = 56;
    /// The instance that stands for whichever there is (clause 15.5.2).
    pub const ANY_INSTANCE: u32 = 0x3f_ffff;

    /// Its type (clause 21, BACnetObjectType).
    #[must_use]
    pub fn kind(self) -> u32 {
        self.0 >> 22
    }

    /// Its instance, or [`ANY_INSTANCE`](Self::ANY_INSTANCE).
    #[must_use]
    pub fn instance(self) -> u32 {
        self.0 & Self::ANY_INSTANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(octets: &[u8]) -> Vec<(u8, Class, usize)> {
        let mut reader = Reader::new(Octets::unplaced(octets));
        let mut found = Vec::new();
        while let Ok(tag) = Tag::read(&mut reader) {
            found.push((tag.number, tag.class, tag.content.len()));
        }
        found
    }

    #[test]
    fn tags_of_all_forms_are_read() {
        let octets = [0x21, 5, 0x3e, 0x11, 0x75, 2, 0, 65, 0x3f, 0xf9, 40, 1, 0x0c, 2, 0, 0, 1];
        assert_eq!(
            tags(&octets),
            [
                (2, Class::Application, 1),
                (3, Class::Opening, 0),
                (1, Class::Application, 0),
                (7, Class::Application, 2),
                (3, Class::Closing, 0),
                (40, Class::Context, 1),
                (0, Class::Context, 4),
            ]
        );
        assert_eq!(tags(&[0x75, 254, 0, 3, 0, 65, 66]), [(7, Class::Application, 3)]);
        assert_eq!(tags(&[0x75, 255, 0, 0, 0, 2, 0, 65]), [(7, Class::Application, 2)]);
        assert_eq!(tags(&[0x75, 255, 0xff, 0xff, 0xff, 0xff, 0]), []);
    }

    #[test]
    fn a_list_ends_with_its_own_closing_tag() {
        let mut reader = Reader::new(Octets::unplaced(&[0x0e, 0x21, 5, 0x1e, 0x1f, 0x0f, 0x4f, 0x21]));
        skip_list(&mut reader).unwrap();
        assert_eq!(reader.remaining(), 1);
        assert!(skip_list(&mut reader).is_err());
    }

    #[test]
    fn an_object_is_type_and_instance() {
        let object = Object(0x0200_3039);
        assert_eq!((object.kind(), object.instance()), (Object::DEVICE, 12345));
    }
}
