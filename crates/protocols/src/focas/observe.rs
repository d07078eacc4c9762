//! What controls say of themselves (`cnc_sysinfo`), and what is asked of them.

use observation::{Basis, Octets, OperationKind, Rule, Rules, Station, attribute};

use super::wire::{Packet, Part};
use crate::{Context, Malformed, Output, Reader, Session};

static VENDOR: Rule = Rule { name: "focas-vendor", read: |_| Some("FANUC".to_owned()) };
static TEXT: Rule = Rule { name: "focas-text", read: Rules::text };
static MODEL: Rule = Rule { name: "focas-model", read: model };
static MACHINE: Rule = Rule { name: "focas-machine", read: machine };
static SOFTWARE: Rule = Rule { name: "focas-software", read: software };

pub(super) const RULES: &[&Rule] = &[&VENDOR, &TEXT, &MODEL, &MACHINE, &SOFTWARE];

/// The series of a control, as its name begins: `30` for Series 30i.
fn model(octets: &[u8]) -> Option<String> {
    let series = Rules::text(octets)?;
    Some(match series.as_str() {
        "0" | "15" | "16" | "18" | "21" | "30" | "31" | "32" | "35" => format!("Series {series}i"),
        _ => format!("Series {series}"),
    })
}

/// Kind of machine, by the letter that `cnc_sysinfo` documents.
fn machine(octets: &[u8]) -> Option<String> {
    let kind = Rules::text(octets)?;
    let name = match kind.trim() {
        "M" | "MM" => "machining centre",
        "T" | "TT" => "lathe",
        "P" => "punch press",
        "L" => "laser",
        "W" => "wire cut",
        _ => return Some(kind),
    };
    Some(name.to_owned())
}

/// Series and version of the software: `G0B1 34.0`.
fn software(octets: &[u8]) -> Option<String> {
    let (series, version) = octets.split_at_checked(4)?;
    Some(format!("{} {}", Rules::text(series)?, Rules::text(version)?))
}

/// The function `cnc_sysinfo`.
const SYSTEM_INFORMATION: [u16; 3] = [1, 1, 0x18];

/// What a function does, by the functions of the library that send it.
fn operation(function: [u16; 3]) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
    match function {
        SYSTEM_INFORMATION => (Identify, "cnc_sysinfo"),
        [1, 1, 0x06] => (Read, "cnc_rdprogdir"),
        [1, 1, 0x0e | 0x8d] => (Read, "cnc_rdparam"),
        [1, 1, 0x15 | 0xa7] => (Read, "cnc_rdmacro"),
        [1, 1, 0x19] => (Read, "cnc_statinfo"),
        [1, 1, 0x1a | 0x23] => (Read, "cnc_alarm"),
        [1, 1, 0x1c] => (Read, "cnc_rdprgnum"),
        [1, 1, 0x20] => (Read, "cnc_rdexecprog"),
        [1, 1, 0x26] => (Read, "cnc_rdposition"),
        [1, 1, 0x30] => (Diagnostic, "cnc_diagnoss"),
        [1, 1, 0x45] => (Diagnostic, "cnc_gettimer"),
        [1, 1, 0x46] => (Control, "cnc_settimer"),
        [1, 1, 0xb0 | 0xb3 | 0xb4] => (Program, "cnc_rdpdf_alldir"),
        [2, 1, 0x8001] => (Read, "pmc_rdpmcrng"),
        [2, 1, 0x8002] => (Write, "pmc_wrpmcrng"),
        _ => (Diagnostic, "function"),
    }
}

/// Parts of a packet that are looked at; libraries send few at once.
const PARTS_MAX: u16 = 64;

/// Stateless.
#[derive(Debug)]
pub(super) struct Focas;

impl Session for Focas {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let (is_request, count, mut parts) = match Packet::parse(message)? {
            Packet::Open { is_request } | Packet::Close { is_request } => {
                output.server_is = Some(if is_request { context.from.other() } else { context.from });
                return Ok(());
            }
            Packet::Functions { is_request, count, parts } => (is_request, count, parts),
            Packet::Other => return Ok(()),
        };
        output.server_is = Some(if is_request { context.from.other() } else { context.from });
        for _ in 0..count.min(PARTS_MAX) {
            let mut part = Part::parse(&mut parts)?;
            if is_request {
                let (kind, name) = operation(part.function);
                output.operation(kind, name, message);
            } else if part.function == SYSTEM_INFORMATION {
                information(&context.source(), &mut part.data, output)?;
            }
        }
        Ok(())
    }
}

/// A control says who it is: the structure `ODBSYS`.
fn information(station: &Station, data: &mut Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    // Error code and detail, all zero unless the function failed.
    if data.take(6, "result")?.bytes != [0; 6] {
        return Ok(());
    }
    data.skip(2, "length of the result")?;
    data.skip(4, "additional information, axes at most")?;
    let mut says = |attribute, basis, rule, octets| output.fact(station, attribute, basis, rule, octets);
    let series = data.take(2, "series of the control")?;
    says(attribute::VENDOR, Basis::Inferred, &VENDOR, series);
    says(attribute::MODEL, Basis::Stated, &MODEL, series);
    says("focas.machine_type", Basis::Stated, &MACHINE, data.take(2, "kind of machine")?);
    says(
        attribute::FIRMWARE_VERSION,
        Basis::Stated,
        &SOFTWARE,
        data.take(8, "series and version of the software")?,
    );
    says("focas.axes", Basis::Stated, &TEXT, data.take(2, "axes")?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    #[test]
    fn a_control_says_who_it_is() {
        let answer = include_bytes!("messages/system-information-answer.bin");
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, include_bytes!("messages/open.bin")),
                (End::Client, include_bytes!("messages/system-information.bin")),
                (End::Server, answer),
            ],
        );
        for (attribute, value) in [
            ("vendor", "FANUC"),
            ("model", "Series 31i"),
            ("focas.machine_type", "machining centre"),
            ("firmware_version", "G433 27.0"),
            ("focas.axes", "05"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        assert_eq!(heard.operations, [(OperationKind::Identify, "cnc_sysinfo")]);
        assert_eq!(heard.servers, [End::Server; 3]);
        let cut = hear(&PROTOCOL, Transport::Tcp, &[(End::Server, &answer[..36])]);
        assert!(cut.malformed.len() == 1 && cut.has("10.0.0.5", "model", "Series 31i"));
    }

    #[test]
    fn a_refused_function_says_nothing_and_several_parts_are_several_operations() {
        let mut refused = *include_bytes!("messages/system-information-answer.bin");
        refused[21] = 1;
        assert!(hear(&PROTOCOL, Transport::Tcp, &[(End::Server, &refused)]).facts.is_empty());
        let heard =
            hear(&PROTOCOL, Transport::Tcp, &[(End::Client, include_bytes!("messages/two-parts.bin"))]);
        assert_eq!(
            heard.operations,
            [(OperationKind::Read, "cnc_statinfo"), (OperationKind::Read, "pmc_rdpmcrng")]
        );
    }
}
