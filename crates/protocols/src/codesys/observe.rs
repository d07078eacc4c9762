//! What controllers say of themselves.

use observation::{Basis, Octets, OperationKind, Rule, Rules, Station, attribute};

use super::wire::{self, Message};
use crate::{Context, Malformed, Output, Reader, Session};

static TEXT: Rule = Rule { name: "codesys-text", read: Rules::text };
static WIDE_TEXT: Rule = Rule { name: "codesys-wide-text", read: Rules::text_utf16_le };
static VERSION: Rule = Rule { name: "codesys-version", read: version };
static NUMBER: Rule = Rule { name: "codesys-number", read: number };

pub(super) const RULES: &[&Rule] = &[&TEXT, &WIDE_TEXT, &VERSION, &NUMBER];

/// Four octets of a version, the last first; `None` for all zeros.
fn version(octets: &[u8]) -> Option<String> {
    let [build, service, minor, major] = *octets.first_chunk::<4>()?;
    (octets.len() == 4 && octets != [0; 4]).then(|| format!("{major}.{minor}.{service}.{build}"))
}

/// A number of four octets in hexadecimal; `None` for zero.
fn number(octets: &[u8]) -> Option<String> {
    let number = u32::from_le_bytes(*octets.first_chunk()?);
    (octets.len() == 4 && number != 0).then(|| format!("0x{number:08x}"))
}

/// Where the texts of an identification of version 2 stand, each ended by a zero.
const V2_TEXTS: [(&str, usize, usize); 3] =
    [(attribute::OS, 64, 32), ("codesys.os_details", 96, 32), ("codesys.product", 128, 32)];

/// Octets of the question for it, and of the least answer with all texts.
const V2_QUESTION: usize = 7;
const V2_ANSWER_MIN: usize = 129;

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Codesys {
    /// The client asked for the identification of version 2 and waits.
    asked: bool,
}

impl Session for Codesys {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut datagram = match Message::parse(message, context.transport)? {
            Message::Datagram(datagram) => datagram,
            Message::Version2(octets) => {
                self.version_2(context, octets, output);
                return Ok(());
            }
        };
        match datagram.service {
            wire::NAME_REQUEST => {
                output.server_is = Some(context.from.other());
                let name = match datagram.body.u16_le("package")? {
                    wire::RESOLVE_NAME => "resolve name",
                    wire::RESOLVE_ADDRESS => "resolve address",
                    wire::RESOLVE_GATEWAY => "resolve gateway",
                    _ => "name service",
                };
                output.operation(OperationKind::Identify, name, message);
            }
            wire::NAME_RESPONSE => {
                output.server_is = Some(context.from);
                let package = datagram.body.u16_le("package")?;
                datagram.body.skip(6, "version and request id")?;
                if package == wire::IDENTIFICATION {
                    return identification(&context.source(), &mut datagram.body, output);
                }
            }
            wire::CHANNEL if context.from == observation::End::Client => {
                output.operation(OperationKind::Diagnostic, "channel message", message);
            }
            _ => {}
        }
        Ok(())
    }
}

/// A node says who it is.
fn identification(
    station: &Station,
    body: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    body.skip(2, "channels")?;
    let little = body.u8("byte order")? != 0;
    body.skip(1, "address difference")?;
    let size = |octets: [u8; 2]| {
        usize::from(if little { u16::from_le_bytes(octets) } else { u16::from_be_bytes(octets) })
    };
    let mut sizes = [0_usize; 4];
    for place in &mut sizes {
        *place = size([body.u8("length")?, body.u8("length")?]);
    }
    let [parent, node, device, vendor] = sizes;
    let target_type = body.take(4, "target type")?;
    let target = body.take(4, "target id")?;
    let version = body.take(4, "target version")?;
    body.skip(4, "flags")?;
    let serial = usize::from(body.u8("length of serial number")?);
    body.skip(2, "length of data of the maker, block driver")?;
    body.skip(9, "reserved")?;
    body.skip(parent, "parent address")?;
    let mut says = |attribute, rule, octets| output.fact(station, attribute, Basis::Stated, rule, octets);
    if little {
        says("codesys.target_type", &NUMBER, target_type);
        says("codesys.target_id", &NUMBER, target);
        says(attribute::FIRMWARE_VERSION, &VERSION, version);
    }
    let texts = [(attribute::NAME, node), (attribute::MODEL, device), (attribute::VENDOR, vendor)];
    for (attribute, length) in texts {
        let text = body.take(length.saturating_mul(2), attribute)?;
        if little {
            says(attribute, &WIDE_TEXT, text);
        }
        body.skip(2, "end of text")?;
    }
    says(attribute::SERIAL_NUMBER, &TEXT, body.take(serial, "serial number")?);
    Ok(())
}

impl Codesys {
    fn version_2<'m>(&mut self, context: &Context, octets: Octets<'m>, output: &mut Output<'m>) {
        if context.from == observation::End::Client {
            self.asked = octets.len() == V2_QUESTION && octets.get(6) == Some(1);
            let name = if self.asked { "identify" } else { "request" };
            let kind = if self.asked { OperationKind::Identify } else { OperationKind::Diagnostic };
            output.operation(kind, name, octets);
            return;
        }
        if !std::mem::take(&mut self.asked) || octets.len() < V2_ANSWER_MIN {
            return;
        }
        let station = context.source();
        for (attribute, at, length) in V2_TEXTS {
            let text = octets.tail(at).head(length);
            if !text.is_empty() {
                output.fact(&station, attribute, Basis::Stated, &TEXT, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    const EXPECTED: [(&str, &str); 7] = [
        ("name", "press-plc"),
        ("model", "Lab PFC 200"),
        ("vendor", "Lab Automation"),
        ("firmware_version", "3.5.18.40"),
        ("serial_number", "LA-00731"),
        ("codesys.target_id", "0x10061204"),
        ("codesys.target_type", "0x00001000"),
    ];

    #[test]
    fn a_node_says_who_it_is_over_both_transports() {
        let messages: [(Transport, &[u8]); 2] = [
            (Transport::Udp, include_bytes!("messages/identification-udp.bin")),
            (Transport::Tcp, include_bytes!("messages/identification.bin")),
        ];
        for (transport, octets) in messages {
            let heard = hear(&PROTOCOL, transport, &[(End::Server, octets)]);
            for (attribute, value) in EXPECTED {
                assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
            }
            assert_eq!((heard.facts.len(), heard.servers), (EXPECTED.len(), vec![End::Server]));
        }
    }

    #[test]
    fn who_asks_is_the_client_whoever_sends_first() {
        let request = include_bytes!("messages/resolve-address-udp.bin");
        let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Server, request)]);
        assert_eq!(heard.servers, [End::Client]);
        assert_eq!(heard.operations, [(OperationKind::Identify, "resolve address")]);
    }

    #[test]
    fn version_2_answers_with_operating_system_and_product() {
        let answer = include_bytes!("messages/v2-identification.bin");
        let identify = include_bytes!("messages/v2-identify.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, identify), (End::Server, answer)]);
        assert!(heard.has("10.0.0.5", "os", "Lab RTOS"), "{heard:?}");
        assert!(heard.has("10.0.0.5", "codesys.os_details", "Lab RTOS 2.1"));
        assert!(heard.has("10.0.0.5", "codesys.product", "Lab Controllers"));
        assert_eq!(heard.operations, [(OperationKind::Identify, "identify")]);
        assert!(hear(&PROTOCOL, Transport::Tcp, &[(End::Server, answer)]).facts.is_empty());
    }

    #[test]
    fn a_cut_identification_says_what_stood_before() {
        let octets = include_bytes!("messages/identification-udp.bin");
        let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Server, &octets[..octets.len() - 5])]);
        assert_eq!(heard.malformed.len(), 1);
        assert!(
            heard.has("10.0.0.5", "vendor", "Lab Automation")
                && !heard.has("10.0.0.5", "serial_number", "LA-0")
        );
    }
}
