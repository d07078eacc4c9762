//! Device attributes: group 0 (IEEE 1815-2012, annex A.1; data types: clause 5.5.4.3, table 5-16).

use observation::{Basis, Rule, Rules, Station, attribute};

use super::objects::Object;
use crate::Output;

pub(super) static ATTRIBUTE: Rule = Rule { name: "dnp3-device-attribute", read: value };
pub(super) static SET_ATTRIBUTE: Rule = Rule { name: "dnp3-device-attribute-of-set", read: value_of_set };

/// Says a device attribute of an outstation.
pub(super) fn observe(station: &Station, object: &Object<'_>, output: &mut Output<'_>) {
    let Some(set) = object.index else { return };
    match name(object.variation) {
        Some(attribute) if set.bytes == [0] => {
            output.fact(station, attribute, Basis::Stated, &ATTRIBUTE, object.octets)
        }
        // Set 0 is the standard's; its other variations are lists and reserved.
        _ if set.bytes == [0] => {}
        _ => {
            let octets = [set, object.variation_octet, object.octets];
            output.fact_of(station, "dnp3.user_attribute", Basis::Stated, &SET_ATTRIBUTE, &octets);
        }
    }
}

/// The attribute of a variation of the standard's own set.
fn name(variation: u8) -> Option<&'static str> {
    Some(match variation {
        196 => "dnp3.configuration_id",
        197 => "dnp3.configuration_version",
        198 => "dnp3.configuration_build_date",
        199 => "dnp3.configuration_last_change_date",
        200 => "dnp3.configuration_signature",
        201 => "dnp3.configuration_signature_algorithm",
        202 => "dnp3.master_resource_id",
        203 => "dnp3.device_location_altitude",
        204 => "dnp3.device_location_longitude",
        205 => "dnp3.device_location_latitude",
        206 => "dnp3.secondary_operator",
        207 => "dnp3.primary_operator",
        208 => "dnp3.system_name",
        209 => "dnp3.secure_authentication_version",
        210 => "dnp3.security_statistics_per_association",
        211 => "dnp3.user_attributes_id",
        212 => "dnp3.master_defined_data_set_prototypes",
        213 => "dnp3.outstation_defined_data_set_prototypes",
        214 => "dnp3.master_defined_data_sets",
        215 => "dnp3.outstation_defined_data_sets",
        216 => "dnp3.binary_outputs_per_request_max",
        217 => "dnp3.local_timing_accuracy",
        218 => "dnp3.duration_of_time_accuracy",
        219 => "dnp3.analog_output_events",
        220 => "dnp3.analog_output_index_max",
        221 => "dnp3.analog_outputs",
        222 => "dnp3.binary_output_events",
        223 => "dnp3.binary_output_index_max",
        224 => "dnp3.binary_outputs",
        225 => "dnp3.frozen_counter_events",
        226 => "dnp3.frozen_counters",
        227 => "dnp3.counter_events",
        228 => "dnp3.counter_index_max",
        229 => "dnp3.counters",
        230 => "dnp3.frozen_analog_inputs",
        231 => "dnp3.analog_input_events",
        232 => "dnp3.analog_input_index_max",
        233 => "dnp3.analog_inputs",
        234 => "dnp3.double_bit_binary_input_events",
        235 => "dnp3.double_bit_binary_input_index_max",
        236 => "dnp3.double_bit_binary_inputs",
        237 => "dnp3.binary_input_events",
        238 => "dnp3.binary_input_index_max",
        239 => "dnp3.binary_inputs",
        240 => "dnp3.transmit_fragment_octets_max",
        241 => "dnp3.receive_fragment_octets_max",
        242 => attribute::FIRMWARE_VERSION,
        243 => attribute::HARDWARE_REVISION,
        244 => "dnp3.owner",
        245 => attribute::LOCATION,
        246 => "dnp3.id_code",
        247 => attribute::STATION_NAME,
        248 => attribute::SERIAL_NUMBER,
        249 => "dnp3.subset_and_conformance",
        250 => attribute::MODEL,
        252 => attribute::VENDOR,
        _ => return None,
    })
}

/// The value of an object: data type code, length, and so many octets.
fn value(octets: &[u8]) -> Option<String> {
    let [kind, _, value @ ..] = octets else { return None };
    match kind {
        1 | 8 => Rules::text(value),
        2 => Rules::decimal_le(value),
        3 => signed(value),
        4 => float(value),
        7 => time(value),
        _ => Rules::hexadecimal(value),
    }
}

/// `set 2, variation 5: text` of set, variation and object.
fn value_of_set(octets: &[u8]) -> Option<String> {
    let [set, variation, object @ ..] = octets else { return None };
    Rules::text(format!("set {set}, variation {variation}: {}", value(object)?).as_bytes())
}

fn signed(octets: &[u8]) -> Option<String> {
    let negative = octets.last()? & 0x80 != 0;
    let mut all = [if negative { 0xff } else { 0 }; 8];
    all.get_mut(..octets.len())?.copy_from_slice(octets);
    Some(i64::from_le_bytes(all).to_string())
}

fn float(octets: &[u8]) -> Option<String> {
    match octets.len() {
        4 => octets.first_chunk().map(|octets| f32::from_le_bytes(*octets).to_string()),
        8 => octets.first_chunk().map(|octets| f64::from_le_bytes(*octets).to_string()),
        _ => None,
    }
}

/// Milliseconds since 1970-01-01T00:00Z in six octets, as `2026-01-02T03:04:05.006Z`; `None` for 0, which is unset.
fn time(octets: &[u8]) -> Option<String> {
    let octets: [u8; 6] = octets.try_into().ok()?;
    let [a, b, c, d, e, f] = octets;
    let millis = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
    let (days, of_day) = (millis / MILLIS_PER_DAY, millis % MILLIS_PER_DAY);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60);
    let millis_of_second = of_day % 1000;
    (millis != 0).then(|| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis_of_second:03}Z")
    })
}

const MILLIS_PER_DAY: u64 = 86_400_000;

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970_u64, days);
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while let Some(after) = left.checked_sub(if is_leap(year) { 366 } else { 365 }) {
        (year, left) = (year.saturating_add(1), after);
    }
    let mut month = 1_u64;
    for length in [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        let Some(after) = left.checked_sub(length) else { break };
        (month, left) = (month.saturating_add(1), after);
    }
    (year, month, left.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_data_type() {
        assert_eq!(value(b"\x01\x04SEL \0").as_deref(), Some("SEL"));
        assert_eq!(value(&[2, 2, 0x00, 0x08]).as_deref(), Some("2048"));
        assert_eq!(value(&[3, 2, 0xfe, 0xff]).as_deref(), Some("-2"));
        assert_eq!(value(&[4, 4, 0, 0, 0x48, 0x42]).as_deref(), Some("50"));
        assert_eq!(value(&[4, 8, 0, 0, 0, 0, 0, 0, 0x49, 0xc0]).as_deref(), Some("-50"));
        assert_eq!(value(&[5, 2, 0xca, 0xfe]).as_deref(), Some("cafe"));
        assert_eq!(value(&[1, 0]), None);
        assert_eq!(value(&[3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn times_are_of_the_calendar() {
        let at = |millis: u64| value(&[&[7, 6], &millis.to_le_bytes()[..6]].concat());
        assert_eq!(at(951_868_799_999).as_deref(), Some("2000-02-29T23:59:59.999Z"));
        assert_eq!(at(1_767_323_045_006).as_deref(), Some("2026-01-02T03:04:05.006Z"));
        assert_eq!(at(0), None);
        assert!(at(u64::MAX).is_some());
    }

    #[test]
    fn attributes_of_a_users_set_name_set_and_variation() {
        assert_eq!(value_of_set(b"\x01\x05\x01\x03abc").as_deref(), Some("set 1, variation 5: abc"));
    }

    #[test]
    fn all_standard_variations_have_a_name_of_their_own() {
        let names: std::collections::BTreeSet<_> = (196..=252).filter_map(name).collect();
        assert_eq!(names.len(), 56, "251 is reserved");
        assert_eq!((0..196).chain(253..=255).filter_map(name).count(), 0);
    }
}
