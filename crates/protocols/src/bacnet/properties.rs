//! What devices say of themselves: I-Am, I-Have, and the properties of their device object and network ports (ANSI/ASHRAE
//! 135-2020, clauses 12.11, 12.56, 15.5, 15.7, 16.9, 16.10).

use observation::{Basis, Octets, Rule, Station, attribute};

use super::rules;
use super::tags::{Class, Object, Tag, data_type, skip_list};
use crate::{Malformed, Output, Reader};

/// The identifier of a property: clause 21, BACnetPropertyIdentifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property(pub u32);

impl Property {
    const OBJECT_IDENTIFIER: Self = Self(75);
    const VENDOR_IDENTIFIER: Self = Self(120);

    /// True for the properties of a device object that those read who want to know what it is.
    #[must_use]
    pub fn identifies(self) -> bool {
        self.said().is_some() || matches!(self.0, 8 | 62 | 75 | 76 | 80 | 96 | 97 | 105 | 107 | 120 | 167)
    }

    /// The attribute that a property of the device object is, with its data type and rule.
    fn said(self) -> Option<(&'static str, u8, &'static Rule)> {
        use data_type::{CHARACTERS, ENUMERATED, OCTETS, UNSIGNED};
        let text = |name| Some((name, CHARACTERS, &rules::CHARACTERS));
        match self.0 {
            12 => text("bacnet.application_software_version"),
            28 => text(attribute::DESCRIPTION),
            44 => text(attribute::FIRMWARE_VERSION),
            58 => text(attribute::LOCATION),
            70 => text(attribute::MODEL),
            77 => text(attribute::NAME),
            98 => Some(("bacnet.protocol_version", UNSIGNED, &rules::UNSIGNED)),
            112 => Some(("bacnet.system_status", ENUMERATED, &rules::STATUS)),
            121 => text(attribute::VENDOR),
            139 => Some(("bacnet.protocol_revision", UNSIGNED, &rules::UNSIGNED)),
            168 => text("bacnet.profile_name"),
            372 => text(attribute::SERIAL_NUMBER),
            507 => Some(("bacnet.device_uuid", OCTETS, &rules::OCTETS)),
            _ => None,
        }
    }
}

/// Property IP_Address of a network port (clause 12.56.36).
const IP_ADDRESS: Property = Property(400);

/// Whom messages are about, and how it is known.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) station: Station,
    /// Stated; reported where a broadcast management device passes on what a station said that is not heard itself.
    pub(super) basis: Basis,
}

impl Subject {
    fn fact(&self, name: &'static str, rule: &'static Rule, octets: Octets<'_>, output: &mut Output<'_>) {
        output.fact(&self.station, name, self.basis, rule, octets);
    }

    fn vendor(&self, number: Octets<'_>, output: &mut Output<'_>) {
        self.fact("bacnet.vendor_id", &rules::VENDOR_ID, number, output);
        // The name is the table's, not the device's: what the device itself calls its maker goes before it.
        output.fact(&self.station, attribute::VENDOR, Basis::Inferred, &rules::VENDOR, number);
    }

    fn device(&self, object: Octets<'_>, output: &mut Output<'_>) {
        self.fact("bacnet.instance", &rules::INSTANCE, object, output);
    }

    /// Device identifier, octets accepted, segmentation supported, vendor id.
    pub(super) fn i_am(&self, data: &mut Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
        let device = typed(data, data_type::OBJECT, "i-am device identifier")?;
        self.device(device.content, output);
        typed(data, data_type::UNSIGNED, "octets accepted")?;
        typed(data, data_type::ENUMERATED, "segmentation supported")?;
        let vendor = typed(data, data_type::UNSIGNED, "vendor id")?;
        self.vendor(vendor.content, output);
        Ok(())
    }

    /// Device identifier, object identifier, object name.
    pub(super) fn i_have(&self, data: &mut Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
        let device = typed(data, data_type::OBJECT, "i-have device identifier")?;
        self.device(device.content, output);
        let object = typed(data, data_type::OBJECT, "object identifier")?;
        let name = typed(data, data_type::CHARACTERS, "object name")?;
        if object.number_of().is_some_and(|object| Object(object).kind() == Object::DEVICE) {
            self.fact(attribute::NAME, &rules::CHARACTERS, name.content, output);
        }
        Ok(())
    }

    /// The answer of ReadProperty: object, property, index into an array, value.
    pub(super) fn read_property(
        &self,
        data: &mut Reader<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let object = context(data, 0, "object identifier")?;
        let property = context(data, 1, "property identifier")?;
        let index = Tag::read_if(data, Class::Context, 2);
        list(data, 3, "property value")?;
        self.object(object, output);
        if index.is_none() {
            self.property(object, property, data, output);
        }
        skip_list(data)
    }

    /// The answer of ReadPropertyMultiple: objects, each with properties, each with a value or an error.
    pub(super) fn read_property_multiple(
        &self,
        data: &mut Reader<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        while !data.is_empty() {
            let object = context(data, 0, "object identifier")?;
            list(data, 1, "list of results")?;
            self.object(object, output);
            while Tag::read_if(data, Class::Closing, 1).is_none() {
                let property = context(data, 2, "property identifier")?;
                let index = Tag::read_if(data, Class::Context, 3);
                if Tag::read_if(data, Class::Opening, 5).is_none() {
                    list(data, 4, "property value")?;
                    if index.is_none() {
                        self.property(object, property, data, output);
                    }
                }
                skip_list(data)?;
            }
        }
        Ok(())
    }

    /// A device answers for its own device object only.
    fn object(&self, object: Tag<'_>, output: &mut Output<'_>) {
        if object.number_of().is_some_and(|object| Object(object).kind() == Object::DEVICE) {
            self.device(object.content, output);
        }
    }

    fn property(&self, object: Tag<'_>, property: Tag<'_>, data: &Reader<'_>, output: &mut Output<'_>) {
        let (Some(object), Some(property)) = (object.number_of(), property.number_of()) else { return };
        let (object, property) = (Object(object), Property(property));
        let value = |data_type| Tag::read_if(&mut data.clone(), Class::Application, data_type);
        match (object.kind(), property) {
            (Object::DEVICE, Property::OBJECT_IDENTIFIER) => {
                value(data_type::OBJECT).into_iter().for_each(|value| self.device(value.content, output));
            }
            (Object::DEVICE, Property::VENDOR_IDENTIFIER) => {
                value(data_type::UNSIGNED).into_iter().for_each(|value| self.vendor(value.content, output));
            }
            (Object::DEVICE, property) => {
                if let Some((name, data_type, rule)) = property.said()
                    && let Some(value) = value(data_type)
                {
                    self.fact(name, rule, value.content, output);
                }
            }
            (Object::NETWORK_PORT, IP_ADDRESS) => {
                value(data_type::OCTETS).into_iter().for_each(|value| {
                    self.fact(attribute::IP_ADDRESS, &rules::IP_ADDRESS, value.content, output);
                });
            }
            _ => {}
        }
    }
}

/// The next tag, which must be a value of this data type.
fn typed<'a>(data: &mut Reader<'a>, data_type: u8, what: &'static str) -> Result<Tag<'a>, Malformed> {
    expect(data, Class::Application, data_type, what)
}

/// The next tag, which must be a value of this number in its context.
pub(super) fn context<'a>(
    data: &mut Reader<'a>,
    number: u8,
    what: &'static str,
) -> Result<Tag<'a>, Malformed> {
    expect(data, Class::Context, number, what)
}

/// The next tag, which must open the list of this number.
pub(super) fn list(data: &mut Reader<'_>, number: u8, what: &'static str) -> Result<(), Malformed> {
    expect(data, Class::Opening, number, what).map(drop)
}

fn expect<'a>(
    data: &mut Reader<'a>,
    class: Class,
    number: u8,
    what: &'static str,
) -> Result<Tag<'a>, Malformed> {
    let before = data.clone();
    let tag = Tag::read(data)?;
    if (tag.class, tag.number) == (class, number) {
        return Ok(tag);
    }
    let value = before.peek().get(0).unwrap_or_default();
    Err(before.malformed(what, crate::Problem::Value { value: value.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(
        read: fn(&Subject, &mut Reader<'_>, &mut Output<'_>) -> Result<(), Malformed>,
        octets: &[u8],
    ) -> (Vec<(&'static str, String)>, Option<String>) {
        let subject =
            Subject { station: Station::root("10.0.0.2".parse().unwrap(), None), basis: Basis::Stated };
        let mut output = Output::default();
        let result = read(&subject, &mut Reader::new(Octets::unplaced(octets)), &mut output);
        let facts =
            std::mem::take(&mut output.facts).into_iter().map(|fact| (fact.attribute, fact.value)).collect();
        (facts, result.err().map(|malformed| malformed.to_string()))
    }

    #[test]
    fn i_am_tells_instance_and_maker() {
        let octets = [0xc4, 2, 0, 0x30, 0x39, 0x22, 4, 0, 0x91, 3, 0x21, 5];
        let (facts, error) = said(Subject::i_am, &octets);
        assert_eq!(error, None);
        assert_eq!(
            facts,
            [
                ("bacnet.instance", "12345".to_owned()),
                ("bacnet.vendor_id", "5".to_owned()),
                ("vendor", "Johnson Controls Inc.".to_owned())
            ]
        );
        let (facts, error) = said(Subject::i_am, &octets[..9]);
        assert_eq!(facts.len(), 1);
        assert_eq!(error.as_deref(), Some("tag content at octet 9: 1 octet missing"));
        let (_, error) = said(Subject::i_am, &[0x21, 5]);
        assert_eq!(error.as_deref(), Some("i-am device identifier at octet 0: value 0x21 is not allowed"));
    }

    #[test]
    fn a_property_of_another_object_is_nothing_of_the_device() {
        let octets = b"\x0c\x00\x00\x00\x01\x19\x4d\x3e\x74\0AI1\x3f";
        assert_eq!(said(Subject::read_property, octets), (vec![], None));
        let octets = b"\x0c\x02\x3f\xff\xff\x19\x4d\x3e\x74\0AHU\x3f";
        assert_eq!(said(Subject::read_property, octets), (vec![("name", "AHU".to_owned())], None));
        let element = b"\x0c\x02\x3f\xff\xff\x19\x4d\x29\x01\x3e\x74\0AHU\x3f";
        assert_eq!(said(Subject::read_property, element), (vec![], None));
    }

    #[test]
    fn several_properties_are_read_over_errors_and_lists() {
        let octets = b"\x0c\x02\0\0\x07\x1e\
            \x29\x4d\x4e\x74\0AHU\x4f\
            \x29\x1c\x5e\x91\x02\x91\x20\x5f\
            \x29\x4c\x4e\xc4\x02\0\0\x07\xc4\0\0\0\x01\x4f\
            \x2a\x01\x74\x4e\x75\x06\0S-123\x4f\
            \x29\x70\x4e\x91\x00\x4f\
            \x1f\x0c\0\0\0\x01\x1e\x29\x55\x4e\x44\0\0\0\0\x4f\x1f";
        let (facts, error) = said(Subject::read_property_multiple, octets);
        assert_eq!(error, None);
        assert_eq!(
            facts,
            [
                ("bacnet.instance", "7".to_owned()),
                ("name", "AHU".to_owned()),
                ("serial_number", "S-123".to_owned()),
                ("bacnet.system_status", "operational".to_owned())
            ]
        );
        let (facts, error) = said(Subject::read_property_multiple, &octets[..30]);
        assert_eq!(facts.len(), 2, "what stands before the cut");
        assert!(error.is_some());
    }

    #[test]
    fn a_network_port_tells_its_address() {
        let octets = [0x0c, 0x0e, 0, 0, 1, 0x1a, 1, 0x90, 0x3e, 0x64, 10, 0, 0, 9, 0x3f];
        assert_eq!(
            said(Subject::read_property, &octets),
            (vec![("ip_address", "10.0.0.9".to_owned())], None)
        );
    }

    #[test]
    fn i_have_names_the_device_if_the_object_is_the_device() {
        let octets = b"\xc4\x02\0\0\x07\xc4\x02\0\0\x07\x74\0AHU";
        let (facts, _) = said(Subject::i_have, octets);
        assert_eq!(facts, [("bacnet.instance", "7".to_owned()), ("name", "AHU".to_owned())]);
    }
}
