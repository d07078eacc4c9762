//! The rules by which octets become values, each named and listed once.

use observation::{Rule, Rules};

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    TEXT = "c37118-text", Rules::text;
    NUMBER = "c37118-number", Rules::decimal_be;
    ID_CODE = "c37118-identification-code", id_code;
    DATA_RATE = "c37118-data-rate", data_rate;
    NOMINAL_FREQUENCY = "c37118-nominal-frequency", nominal_frequency;
    GLOBAL_ID = "c37118-global-identification", global_id;
    POSITION = "c37118-position", position;
    SERVICE_CLASS = "c37118-service-class", service_class;
}

/// 0 and 65535 are reserved (clause 6.2, IDCODE).
fn id_code(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    (!matches!(number, 0 | u16::MAX)).then(|| number.to_string())
}

/// Above zero frames per second, below zero seconds per frame (table 9, DATA_RATE).
fn data_rate(octets: &[u8]) -> Option<String> {
    match i16::from_be_bytes(octets.try_into().ok()?) {
        0 => None,
        1 | -1 => Some("1 frame per second".to_owned()),
        rate if rate > 0 => Some(format!("{rate} frames per second")),
        rate => Some(format!("1 frame in {} seconds", rate.unsigned_abs())),
    }
}

/// Bit 0 (table 9, FNOM).
fn nominal_frequency(octets: &[u8]) -> Option<String> {
    let [_, low] = octets else { return None };
    Some(if low & 1 == 1 { "50 Hz" } else { "60 Hz" }.to_owned())
}

fn global_id(octets: &[u8]) -> Option<String> {
    octets.iter().any(|octet| *octet != 0).then(|| Rules::hexadecimal(octets))?
}

/// Latitude, longitude in degrees (north and east above zero) and elevation in metres; infinity stands for unknown.
fn position(octets: &[u8]) -> Option<String> {
    let mut numbers = octets
        .chunks_exact(4)
        .map(|four| f32::from_be_bytes(four.try_into().unwrap_or_default()))
        .map(|number| number.is_finite().then_some(number));
    let (latitude, longitude) = (numbers.next()??, numbers.next()??);
    if latitude.abs() > 90.0 || longitude.abs() > 180.0 || (latitude == 0.0 && longitude == 0.0) {
        return None;
    }
    let elevation = numbers.next().flatten().map(|metres| format!(", {metres} m")).unwrap_or_default();
    Some(format!("latitude {latitude}, longitude {longitude}{elevation}"))
}

fn service_class(octets: &[u8]) -> Option<String> {
    matches!(octets, [b'M' | b'P']).then(|| Rules::text(octets))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_worded_as_the_standard_means_them() {
        assert_eq!(data_rate(&50_i16.to_be_bytes()).as_deref(), Some("50 frames per second"));
        assert_eq!(data_rate(&(-10_i16).to_be_bytes()).as_deref(), Some("1 frame in 10 seconds"));
        assert_eq!((data_rate(&[0, 0]), data_rate(&[0])), (None, None));
        assert_eq!(nominal_frequency(&[0, 1]).as_deref(), Some("50 Hz"));
        assert_eq!((id_code(&[0, 0]), id_code(&[0, 60]).as_deref()), (None, Some("60")));
    }

    #[test]
    fn a_position_is_said_only_if_it_is_known() {
        let octets = |numbers: [f32; 3]| numbers.map(f32::to_be_bytes).concat();
        assert_eq!(
            position(&octets([52.5, -13.25, 34.0])).as_deref(),
            Some("latitude 52.5, longitude -13.25, 34 m")
        );
        assert_eq!(
            position(&octets([52.5, 13.25, f32::INFINITY])).as_deref(),
            Some("latitude 52.5, longitude 13.25")
        );
        assert_eq!(position(&octets([f32::INFINITY, 13.0, 0.0])), None);
        assert_eq!((position(&octets([0.0; 3])), position(&octets([f32::NAN, 1.0, 1.0]))), (None, None));
        assert_eq!(
            (global_id(&[0; 16]), service_class(b"X"), service_class(b"M").as_deref()),
            (None, None, Some("M"))
        );
    }
}
