//! Name plates of IEC 61850-7-3: of the physical device (`LPHD…$DC$PhyNam`, class DPL) and of a logical device
//! (`LLN0$DC$NamPlt`, class LPL).

use observation::{Rule, attribute};

use super::rules;
use crate::ber::Element;

/// Parts of a name plate that are kept in order; the classes have about 20.
const PARTS_MAX: usize = 24;
/// Levels of a type that are looked through for a name plate: logical node, functional constraint, data object.
const LEVELS_MAX: u8 = 4;

/// Which name plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plate {
    /// Of the physical device.
    Physical,
    /// Of a logical device.
    Logical,
}

/// A part of a name plate: where its value belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Attribute.
    pub(super) attribute: &'static str,
    /// Rule.
    pub(super) rule: &'static Rule,
}

impl Plate {
    /// The plate that a name of data ends in.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        match name {
            b"PhyNam" => Some(Self::Physical),
            b"NamPlt" => Some(Self::Logical),
            _ => None,
        }
    }

    /// Where the value of a part belongs. A logical device says the maker and software of its function, not those of
    /// the device.
    pub(super) fn part(self, name: &[u8]) -> Option<Part> {
        let attribute = match (self, name) {
            (Self::Physical, b"vendor") => attribute::VENDOR,
            (Self::Physical, b"hwRev") => attribute::HARDWARE_REVISION,
            (Self::Physical, b"swRev") => attribute::FIRMWARE_VERSION,
            (Self::Physical, b"serNum") => attribute::SERIAL_NUMBER,
            (Self::Physical, b"model") => attribute::MODEL,
            (Self::Physical, b"location") => attribute::LOCATION,
            (Self::Physical, b"name") => attribute::NAME,
            (Self::Logical, b"vendor") => "mms.function_vendor",
            (Self::Logical, b"swRev") => "mms.function_version",
            (Self::Logical, b"configRev") => "mms.configuration_revision",
            (Self::Logical, b"d") => attribute::DESCRIPTION,
            _ => return None,
        };
        Some(Part { attribute, rule: &rules::PLATE_TEXT })
    }

    /// The part that every plate begins with, whatever else it has.
    pub(super) fn first(self) -> Option<Part> {
        self.part(b"vendor")
    }
}

/// What a variable is, by its name: a plate, or one part of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// A whole plate.
    Whole(Plate),
    /// One part.
    One(Part),
    /// The table of the other control centre (TASE.2).
    BilateralTable,
}

impl Asked {
    /// By the item of a variable's name.
    pub(super) fn of(item: &[u8]) -> Option<Self> {
        if item == b"Bilateral_Table_ID" {
            return Some(Self::BilateralTable);
        }
        let mut parts = item.split(|octet| *octet == b'$');
        let (node, constraint, object) = (parts.next()?, parts.next()?, parts.next()?);
        let plate = Plate::of(object).filter(|_| constraint == b"DC")?;
        // The plates of other nodes speak of functions.
        let fits = match plate {
            Plate::Physical => node.starts_with(b"LPHD"),
            Plate::Logical => node == b"LLN0",
        };
        match parts.next() {
            _ if !fits => None,
            None => Some(Self::Whole(plate)),
            Some(name) => plate.part(name).map(Self::One),
        }
    }
}

/// Names of the components of a structure, as a type description lists them.
fn components<'a>(description: &Element<'a>) -> Option<Element<'a>> {
    // A structure [2] of components [1], packed [0] in front.
    match description.tag.octet {
        0xa2 => description.find(0xa1),
        _ => None,
    }
}

/// The plate whose type a variable of this name has, or none if there is one further down; `None` if the variable holds
/// no plate that is read.
pub(super) fn type_asked(item: &[u8]) -> Option<Option<Plate>> {
    let holds = item.starts_with(b"LPHD") || item == b"LLN0" || item.starts_with(b"LLN0$");
    holds.then(|| item.rsplit(|octet| *octet == b'$').next().and_then(Plate::of))
}

/// Calls `found` for each name plate in a type, with the places of its parts in order.
pub(super) fn in_type(
    plate: Option<Plate>,
    description: &Element<'_>,
    found: &mut impl FnMut(Plate, Vec<Option<Part>>),
) {
    search(plate, description, 0, found);
}

fn search(
    plate: Option<Plate>,
    description: &Element<'_>,
    level: u8,
    found: &mut impl FnMut(Plate, Vec<Option<Part>>),
) {
    let Some(list) = components(description) else { return };
    let (mut parts, mut list) = (Vec::new(), list.elements());
    while let Ok(component) = Element::read(&mut list) {
        let Some(name) = component.find(0x80) else { continue };
        if let Some(plate) = plate {
            if parts.len() < PARTS_MAX {
                parts.push(plate.part(name.contents.bytes));
            }
        } else if level < LEVELS_MAX
            && let Some(kind) = component.find(0xa1)
            && let Ok(inner) = Element::read(&mut kind.elements())
        {
            search(Plate::of(name.contents.bytes), &inner, level.saturating_add(1), found);
        }
    }
    if let Some(plate) = plate {
        found(plate, parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_variable_tells_what_its_value_is() {
        let asked = |item: &str| match Asked::of(item.as_bytes())? {
            Asked::Whole(Plate::Physical) => Some("physical"),
            Asked::Whole(Plate::Logical) => Some("logical"),
            Asked::One(part) => Some(part.attribute),
            Asked::BilateralTable => Some("bilateral table"),
        };
        assert_eq!(asked("LPHD1$DC$PhyNam$serNum"), Some("serial_number"));
        assert_eq!(asked("LPHD1$DC$PhyNam"), Some("physical"));
        assert_eq!(asked("LLN0$DC$NamPlt$configRev"), Some("mms.configuration_revision"));
        assert_eq!(asked("LLN0$DC$NamPlt"), Some("logical"));
        assert_eq!(asked("XCBR1$DC$NamPlt$vendor"), None);
        assert_eq!(asked("LPHD1$DC$PhyNam$ldNs"), None);
        assert_eq!(asked("LPHD1$ST$PhyHealth$stVal"), None);
        assert_eq!(asked("Bilateral_Table_ID"), Some("bilateral table"));
    }
}
