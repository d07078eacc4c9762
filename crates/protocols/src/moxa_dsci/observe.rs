//! What device servers say of themselves.

use observation::{Basis, Octets, OperationKind, Rule, Rules, attribute};

use super::wire::{self, Device, Message};
use crate::{Context, Malformed, Output, Session};

static VENDOR: Rule = Rule { name: "moxa-dsci-vendor", read: |_| Some("Moxa".to_owned()) };
static HARDWARE: Rule = Rule { name: "moxa-dsci-hardware", read: hardware };
static MODEL: Rule = Rule { name: "moxa-dsci-model", read: model };
static PRODUCT: Rule = Rule { name: "moxa-dsci-product", read: product };
static MAC: Rule = Rule { name: "moxa-dsci-mac", read: Rules::mac };
static ADDRESS: Rule = Rule { name: "moxa-dsci-address", read: Rules::ipv4 };
static NAME: Rule = Rule { name: "moxa-dsci-name", read: Rules::text };
static SERIAL: Rule = Rule { name: "moxa-dsci-serial", read: serial };

pub(super) const RULES: &[&Rule] = &[&VENDOR, &HARDWARE, &MODEL, &PRODUCT, &MAC, &ADDRESS, &NAME, &SERIAL];

/// The hardware id of two octets, the lesser first, in hexadecimal.
fn hardware(octets: &[u8]) -> Option<String> {
    let id = u16::from_le_bytes(octets.try_into().ok()?);
    (id != 0).then(|| format!("0x{id:04x}"))
}

/// The models whose hardware id is published: one.
fn model(octets: &[u8]) -> Option<String> {
    (octets == [0x1a, 0x51]).then(|| "NPort 5110A".to_owned())
}

/// The product id of four octets, in hexadecimal.
fn product(octets: &[u8]) -> Option<String> {
    octets.iter().any(|octet| *octet != 0).then(|| Rules::hexadecimal(octets)).flatten()
}

/// A serial number; `None` for zero and for all ones.
fn serial(octets: &[u8]) -> Option<String> {
    let is_none = octets == [0, 0] || octets == [0xff, 0xff];
    (!is_none).then(|| Rules::decimal_le(octets)).flatten()
}

/// What a request asks for.
fn operation(request: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Identify, Read};
    match request {
        wire::SEARCH => (Identify, "search"),
        0x10 => (Identify, "get device name"),
        0x16 => (Identify, "get serial number"),
        0x21 => (Read, "get ip address"),
        0x22 => (Read, "get subnet mask"),
        0x23 => (Read, "get gateway"),
        code => (Diagnostic, crate::numbered::function(code)),
    }
}

/// Stateless.
#[derive(Debug)]
pub(super) struct Dsci;

impl Session for Dsci {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Message { is_answer, request, status, mut body } = Message::parse(octets)?;
        if !is_answer {
            output.server_is = Some(context.from.other());
            let (kind, name) = operation(request);
            output.operation(kind, name, octets);
            return Ok(());
        }
        output.server_is = Some(context.from);
        if status != 0 {
            return Ok(());
        }
        let device = Device::parse(&mut body)?;
        let station = context.source();
        let mut says =
            |attribute, rule, octets| output.fact(&station, attribute, Basis::Stated, rule, octets);
        says(attribute::MAC_ADDRESS, &MAC, device.mac);
        says("moxa_dsci.hardware_id", &HARDWARE, device.hardware);
        says("moxa_dsci.product_id", &PRODUCT, device.product);
        says(attribute::MODEL, &MODEL, device.hardware);
        match request {
            wire::SEARCH | 0x21 => says(attribute::IP_ADDRESS, &ADDRESS, body.take(4, "ip address")?),
            0x10 => says(attribute::NAME, &NAME, body.take(40, "device name")?),
            0x16 => {
                body.skip(8, "information")?;
                says(attribute::SERIAL_NUMBER, &SERIAL, body.take(2, "serial number")?);
            }
            0x22 => says("moxa_dsci.subnet_mask", &ADDRESS, body.take(4, "subnet mask")?),
            0x23 => says("moxa_dsci.gateway", &ADDRESS, body.take(4, "gateway")?),
            _ => {}
        }
        output.fact(&station, attribute::VENDOR, Basis::Inferred, &VENDOR, device.product);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    #[test]
    fn a_search_finds_addresses_and_model() {
        let heard = hear(
            &PROTOCOL,
            Transport::Udp,
            &[
                (End::Client, include_bytes!("messages/search.bin")),
                (End::Server, include_bytes!("messages/search-answer.bin")),
            ],
        );
        for (attribute, value) in [
            ("mac_address", "00:90:e8:01:02:03"),
            ("ip_address", "10.0.0.5"),
            ("model", "NPort 5110A"),
            ("moxa_dsci.hardware_id", "0x511a"),
            ("vendor", "Moxa"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        assert_eq!(heard.operations, [(OperationKind::Identify, "search")]);
        assert_eq!(heard.servers, [End::Server; 2]);
    }

    #[test]
    fn name_and_serial_number_are_said_and_refusals_say_nothing() {
        let name = include_bytes!("messages/name-answer.bin");
        let heard = hear(
            &PROTOCOL,
            Transport::Udp,
            &[(End::Server, name), (End::Server, include_bytes!("messages/serial-answer.bin"))],
        );
        assert!(heard.has("10.0.0.5", "name", "NP-line4") && heard.has("10.0.0.5", "serial_number", "4711"));
        let mut refused = *name;
        refused[1] = 4;
        assert!(hear(&PROTOCOL, Transport::Udp, &[(End::Server, &refused)]).facts.is_empty());
        let cut = hear(&PROTOCOL, Transport::Udp, &[(End::Server, &name[..30])]);
        assert!(cut.malformed.len() == 1 && cut.has("10.0.0.5", "model", "NPort 5110A"));
    }
}
