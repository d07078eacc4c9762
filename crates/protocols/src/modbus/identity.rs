//! What answers say about the device: identification objects, server ID, gateway exceptions.

use observation::{Basis, Octets, Rule, Rules, Station, attribute};

use super::pdu::{IDENTIFICATION_HEADER, MEI_IDENTIFICATION};
use crate::{Malformed, Output, Reader};

static OBJECT: Rule = Rule { name: "modbus-identification-object", read: Rules::text };
static NUMBERED_OBJECT: Rule = Rule { name: "modbus-numbered-object", read: numbered_object };
static SERVER_ID: Rule = Rule { name: "modbus-server-id", read: server_id };
static RUN_INDICATOR: Rule = Rule { name: "modbus-run-indicator", read: run_indicator };
static GATEWAY: Rule = Rule { name: "modbus-gateway-exception", read: gateway };

pub(super) const RULES: &[&Rule] = &[&OBJECT, &NUMBERED_OBJECT, &SERVER_ID, &RUN_INDICATOR, &GATEWAY];

/// Exceptions of a gateway (Application Protocol V1.1b3, chapter 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GatewayException {
    /// 0x0A: it is misconfigured or overloaded.
    PathUnavailable,
    /// 0x0B: the target device behind it is silent.
    TargetFailed,
}

impl GatewayException {
    /// The exception of that code.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        match code {
            0x0a => Some(Self::PathUnavailable),
            0x0b => Some(Self::TargetFailed),
            _ => None,
        }
    }

    /// In the standard's words.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::PathUnavailable => "gateway path unavailable",
            Self::TargetFailed => "gateway target device failed to respond",
        }
    }
}

/// True for an answer to "read device identification", by its function and interface.
pub(super) fn is_identification(pdu: &[u8]) -> bool {
    matches!(pdu, [43, MEI_IDENTIFICATION, ..]) && pdu.len() >= IDENTIFICATION_HEADER
}

/// Reads the objects of an answer to "read device identification" (section 6.21), each for itself, whatever the
/// conformity level and whether more follows.
///
/// ProductCode, which the basic category prescribes, is the model; ModelName is optional and often a short form of it.
///
/// # Errors
///
/// Fails if an object is not all there; those before it are said.
pub(super) fn identification(
    station: &Station,
    pdu: Octets<'_>,
    pdu_offset: usize,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let mut reader = Reader::nested(pdu, pdu_offset);
    reader.skip(IDENTIFICATION_HEADER.saturating_sub(1), "device identification")?;
    let number = reader.u8("number of objects")?;
    for _ in 0..number {
        let object = reader.peek();
        let id = reader.u8("object id")?;
        let length = reader.u8("object length")?;
        let text = reader.take(length.into(), "object value")?;
        let mut says = |attribute| output.fact(station, attribute, Basis::Stated, &OBJECT, text);
        match id {
            0 => says(attribute::VENDOR),
            1 => {
                says(attribute::MODEL);
                says(attribute::ORDER_NUMBER);
            }
            2 => says(attribute::FIRMWARE_VERSION),
            3 => says("modbus.vendor_url"),
            4 => says("modbus.product_name"),
            5 => says("modbus.model_name"),
            6 => says(attribute::PROJECT),
            _ => {
                let attribute = if id < 0x80 { "modbus.reserved_object" } else { "modbus.private_object" };
                output.fact(
                    station,
                    attribute,
                    Basis::Stated,
                    &NUMBERED_OBJECT,
                    object.head(usize::from(length).saturating_add(2)),
                );
            }
        }
    }
    reader.finish("device identification")
}

/// Reads an answer to "report server ID" (section 6.13).
///
/// Its layout is the device's own: an identifier, the run indicator, more. Where the indicator stands is known only
/// if it is the second octet, as PI-MBUS-300 prints it, or the last one, behind an identifier in text.
///
/// # Errors
///
/// Fails if it is shorter or longer than its count says.
pub(super) fn server_identity(
    station: &Station,
    pdu: Octets<'_>,
    pdu_offset: usize,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let mut reader = Reader::nested(pdu, pdu_offset);
    reader.skip(1, "function code")?;
    let count = reader.u8("byte count")?;
    let identity = reader.take(count.into(), "server ID")?;
    output.fact(station, "modbus.server_id", Basis::Stated, &SERVER_ID, identity);
    let indicator = [identity.slice(1, 1), identity.slice(identity.len().saturating_sub(1), 1)];
    let indicator = indicator.into_iter().flatten().find(|octet| run_indicator(octet.bytes).is_some());
    if let Some(indicator) = indicator.filter(|_| identity.len() > 1) {
        output.fact(station, attribute::MODE, Basis::Stated, &RUN_INDICATOR, indicator);
    }
    reader.finish("server ID")
}

/// Says that a server is a gateway, from unit, function and exception code.
pub(super) fn is_gateway(server: &Station, exception: Octets<'_>, output: &mut Output<'_>) {
    output.fact(server, "modbus.gateway", Basis::Stated, &GATEWAY, exception);
}

/// `0x80: text` of object id, length and value; hexadecimal where the value is no printable ASCII.
fn numbered_object(octets: &[u8]) -> Option<String> {
    let [id, _, value @ ..] = octets else { return None };
    let ascii = value.iter().all(|octet| matches!(octet, 0 | b' '..=b'~'));
    let value = if ascii { Rules::text(value) } else { Rules::hexadecimal(value) }?;
    Rules::text(format!("{id:#04x}: {value}").as_bytes())
}

/// Text with a dot for each octet that is no printable ASCII, as the field prints it; hexadecimal if text is the lesser part.
fn server_id(octets: &[u8]) -> Option<String> {
    let printable = octets.iter().filter(|octet| matches!(octet, b' '..=b'~')).count();
    if printable < 3 || printable.saturating_mul(2) < octets.len() {
        return Rules::hexadecimal(octets);
    }
    let dotted: Vec<u8> =
        octets.iter().map(|octet| if matches!(octet, b' '..=b'~') { *octet } else { b'.' }).collect();
    Rules::text(&dotted)
}

fn run_indicator(octets: &[u8]) -> Option<String> {
    match octets {
        [0x00] => Some("stop".to_owned()),
        [0xff] => Some("run".to_owned()),
        _ => None,
    }
}

/// `unit 5: gateway target device failed to respond` of unit, function and exception code.
fn gateway(octets: &[u8]) -> Option<String> {
    let [unit, _, code] = octets else { return None };
    GatewayException::from_code(*code).map(|exception| format!("unit {unit}: {}", exception.reason()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station() -> Station {
        Station::root("10.0.0.2".parse().unwrap(), None)
    }

    fn said(
        read: fn(&Station, Octets<'_>, usize, &mut Output<'_>) -> Result<(), Malformed>,
        pdu: &[u8],
    ) -> (Vec<(&'static str, String)>, Option<String>) {
        let mut output = Output::default();
        let result = read(&station(), Octets::unplaced(pdu), 7, &mut output);
        let facts =
            std::mem::take(&mut output.facts).into_iter().map(|fact| (fact.attribute, fact.value)).collect();
        (facts, result.err().map(|malformed| malformed.to_string()))
    }

    #[test]
    fn objects_of_every_category_have_their_attribute() {
        let mut pdu = vec![43, 14, 4, 0x83, 0, 0, 9];
        for (id, text) in [
            (0, "Acme"),
            (1, "PLC-1"),
            (2, "V1.2"),
            (3, "http://a"),
            (4, "Controller"),
            (5, "PLC"),
            (6, "Line 3"),
            (7, "later"),
            (0x80, "SN42"),
        ] {
            pdu.extend([id, text.len() as u8]);
            pdu.extend(text.as_bytes());
        }
        let (facts, error) = said(identification, &pdu);
        let expected = [
            ("vendor", "Acme"),
            ("model", "PLC-1"),
            ("order_number", "PLC-1"),
            ("firmware_version", "V1.2"),
            ("modbus.vendor_url", "http://a"),
            ("modbus.product_name", "Controller"),
            ("modbus.model_name", "PLC"),
            ("project", "Line 3"),
            ("modbus.reserved_object", "0x07: later"),
            ("modbus.private_object", "0x80: SN42"),
        ];
        assert_eq!(facts, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(error, None);
    }

    #[test]
    fn a_cut_object_says_nothing_and_those_before_it_do() {
        let (facts, error) = said(identification, &[43, 14, 1, 1, 0, 0, 2, 0, 2, b'A', b'B', 1, 9, b'X']);
        assert_eq!(facts, [("vendor", "AB".to_owned())]);
        assert_eq!(error.as_deref(), Some("object value at octet 20: 8 octets missing"));
    }

    #[test]
    fn a_server_id_is_text_with_dots_or_hexadecimal() {
        let (facts, error) = said(server_identity, b"\x11\x0a\x00\xffTurbine");
        assert_eq!((facts, error.as_deref()), (vec![], Some("server ID at octet 9: 1 octet missing")));
        let (facts, _) = said(server_identity, b"\x11\x09\x00\xffTurbine");
        assert_eq!(facts, [("modbus.server_id", "..Turbine".to_owned()), ("mode", "run".to_owned())]);
        let (facts, _) = said(server_identity, b"\x11\x08Turbine\x00");
        assert_eq!(facts, [("modbus.server_id", "Turbine.".to_owned()), ("mode", "stop".to_owned())]);
        let (facts, _) = said(server_identity, b"\x11\x02\x0a\xff");
        assert_eq!(facts, [("modbus.server_id", "0aff".to_owned()), ("mode", "run".to_owned())]);
        let (facts, error) = said(server_identity, b"\x11\x01\xff");
        assert_eq!((facts, error), (vec![("modbus.server_id", "ff".to_owned())], None));
    }

    #[test]
    fn a_gateway_exception_names_the_unit() {
        assert_eq!(
            gateway(&[5, 0x83, 0x0b]).as_deref(),
            Some("unit 5: gateway target device failed to respond")
        );
        assert_eq!(gateway(&[5, 0x83, 0x0a]).as_deref(), Some("unit 5: gateway path unavailable"));
        assert_eq!(gateway(&[5, 0x83, 0x02]), None);
    }
}
