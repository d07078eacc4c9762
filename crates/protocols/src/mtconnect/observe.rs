//! What a document says of the agent and of its devices.

use std::net::IpAddr;

use observation::{Basis, Octets, Position, Rule, Rules, Station, attribute};

use super::xml;
use crate::{Context, Output};

static TEXT: Rule = Rule { name: "mtconnect-text", read: text };
static HOST: Rule = Rule { name: "mtconnect-sender-host", read: host };

pub(super) const RULES: &[&Rule] = &[&TEXT, &HOST];

/// Text of an attribute, with the entities that XML has by itself.
fn text(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let text = entities.iter().fold(text, |text, (entity, character)| text.replace(entity, character));
    Rules::text(text.as_bytes())
}

/// The sender of a document, where it is a host name and no address.
fn host(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let is_name =
        text.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.'));
    let is_set = text.bytes().any(|octet| octet.is_ascii_alphabetic()) && text != "localhost";
    (is_name && is_set && text.parse::<IpAddr>().is_err()).then_some(text)
}

/// The attributes that are said, of which element.
type Says = &'static [(&'static [u8], &'static str, &'static Rule)];

fn say(station: &Station, tag: Octets<'_>, says: Says, output: &mut Output<'_>) {
    for (name, value) in xml::attributes(tag) {
        for (_, attribute, rule) in says.iter().filter(|(known, ..)| *known == name) {
            output.fact(station, attribute, Basis::Stated, rule, value);
        }
    }
}

/// The header (part 1 section 6.1): the agent.
pub(super) fn header(context: &Context, tag: Octets<'_>, output: &mut Output<'_>) {
    const SAYS: Says = &[
        (b"sender", "mtconnect.sender", &TEXT),
        (b"sender", attribute::HOSTNAME, &HOST),
        (b"version", "mtconnect.version", &TEXT),
        (b"instanceId", "mtconnect.instance_id", &TEXT),
    ];
    say(&context.source(), tag, SAYS, output);
}

/// A device (part 2 section 4.3), or the values of one (part 3 section 4.3): a station below the agent, by its uuid.
pub(super) fn device(context: &Context, tag: Octets<'_>, output: &mut Output<'_>) -> Option<Station> {
    const SAYS: Says = &[
        (b"name", attribute::NAME, &TEXT),
        (b"uuid", "mtconnect.uuid", &TEXT),
        (b"nativeName", "mtconnect.native_name", &TEXT),
    ];
    let (_, uuid) = xml::attributes(tag).find(|(name, _)| *name == b"uuid")?;
    // What would act as a separator of a path is escaped.
    let value = text(uuid.bytes)?.replace('%', "%25").replace('/', "%2f").replace('=', "%3d");
    let device = context.source().below([Position::new("device", value)]);
    say(&device, tag, SAYS, output);
    output.mentioned(device.clone(), context.source(), "mtconnect agent", uuid);
    Some(device)
}

/// The description of a device (part 2 section 4.4.1.1).
pub(super) fn description(device: &Station, tag: Octets<'_>, output: &mut Output<'_>) {
    const SAYS: Says = &[
        (b"manufacturer", attribute::VENDOR, &TEXT),
        (b"model", attribute::MODEL, &TEXT),
        (b"serialNumber", attribute::SERIAL_NUMBER, &TEXT),
        (b"station", "mtconnect.station", &TEXT),
    ];
    say(device, tag, SAYS, output);
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Transport};

    use super::super::{Document, PROTOCOL};
    use super::*;
    use crate::trial::hear;

    const DEVICES: &[u8] = include_bytes!("../mtconnect/messages/devices.bin");

    fn said(octets: &[u8]) -> Vec<String> {
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Server, octets)]);
        heard
            .facts
            .iter()
            .map(|(station, attribute, value, _)| format!("{station} {attribute}={value}"))
            .collect()
    }

    #[test]
    fn an_agent_names_itself_and_its_machines() {
        assert_eq!(
            said(DEVICES),
            [
                "10.0.0.5 mtconnect.instance_id=1700000001",
                "10.0.0.5 mtconnect.version=1.4.0.7",
                "10.0.0.5 mtconnect.sender=cell7-agent",
                "10.0.0.5 hostname=cell7-agent",
                "10.0.0.5 device=EX-MILL-0001 name=Mill1",
                "10.0.0.5 device=EX-MILL-0001 mtconnect.uuid=EX-MILL-0001",
                "10.0.0.5 device=EX-MILL-0001 vendor=Exemplum & Sons",
                "10.0.0.5 device=EX-MILL-0001 model=EX-VTC 300",
                "10.0.0.5 device=EX-MILL-0001 serial_number=MX77-0042",
                "10.0.0.5 device=EX-MILL-0001 mtconnect.station=Cell 7",
                "10.0.0.5 device=EX%2fLATHE name=Lathe1",
                "10.0.0.5 device=EX%2fLATHE mtconnect.uuid=EX/LATHE",
            ],
            "the description of a component is not that of its device"
        );
    }

    #[test]
    fn the_values_of_a_machine_name_it() {
        let facts = said(include_bytes!("messages/streams.bin"));
        assert!(facts.contains(&"10.0.0.5 device=EX-MILL-0001 name=Mill1".to_owned()), "{facts:?}");
        assert!(said(b"<?xml version='1.0'?><html><Header sender='x'/></html>").is_empty());
    }

    #[test]
    fn pieces_say_what_the_whole_says() {
        let context = Context::of_test(End::Server, ("10.0.0.1", 50_000), ("10.0.0.5", 5000), Transport::Tcp);
        let whole = said(DEVICES).len();
        for length in [1, 7, 64, 500] {
            let (mut document, mut facts) = (Document::default(), 0);
            for piece in DEVICES.chunks(length) {
                let mut output = Output::default();
                assert!(document.piece(&context, Octets::unplaced(piece), &mut output));
                facts += output.facts.len();
            }
            assert_eq!(facts, whole, "in pieces of {length}");
        }
    }
}
