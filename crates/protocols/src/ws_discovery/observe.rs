//! What a message says of its sender.

use observation::{Basis, Octets, OperationKind, Station, attribute};

use super::{rules, xml};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Problem, Session};

/// Where the scopes of ONVIF begin.
const ONVIF: &[u8] = b"onvif://www.onvif.org/";

/// Categories of scopes that say what the device is.
const CATEGORIES: [(&[u8], &str, &observation::Rule); 3] = [
    (b"name/", attribute::NAME, &rules::SCOPE),
    (b"hardware/", attribute::MODEL, &rules::SCOPE),
    (b"location/", attribute::LOCATION, &rules::LOCATION),
];

/// Messages that are not said again while they repeat.
const REMEMBERED: usize = 8;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct WsDiscovery {
    told: Told<REMEMBERED>,
}

impl Session for WsDiscovery {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let (source, mut tells, mut ended) = (context.source(), false, false);
        if !self.told.is_new(Print::new().with(message.bytes)) {
            // Requests have identifiers of their own: what repeats is a copy or an announcement.
            return Ok(());
        }
        for (name, text) in xml::elements(message) {
            match name {
                b"Probe" => output.operation(OperationKind::Identify, "probe", message),
                b"Resolve" => output.operation(OperationKind::Identify, "resolve", message),
                // What announces or answers says something of the sender; what asks says what is looked for.
                b"ProbeMatches" | b"ResolveMatches" => {
                    output.server_is = Some(context.from);
                    tells = true;
                }
                b"Hello" => tells = true,
                b"Envelope" => ended = message.bytes.trim_ascii_end().ends_with(b"Envelope>"),
                _ if tells => says(&source, name, text, output),
                _ => {}
            }
        }
        if ended {
            return Ok(());
        }
        let problem = Problem::Truncated { missing: 1 };
        Err(Malformed { what: "envelope", offset: message.len(), problem })
    }
}

fn says(source: &Station, name: &[u8], text: Octets<'_>, output: &mut Output<'_>) {
    let stated = Basis::Stated;
    match name {
        b"Address" => output.fact(source, "ws_discovery.endpoint", stated, &rules::ENDPOINT, text),
        b"XAddrs" => xml::words(text)
            .for_each(|word| output.fact(source, "ws_discovery.address", stated, &rules::TEXT, word)),
        b"Types" => {
            xml::words(text)
                .for_each(|word| output.fact(source, "ws_discovery.type", stated, &rules::TYPE, word));
        }
        b"Scopes" => {
            for word in xml::words(text) {
                let Some(scope) = word.bytes.strip_prefix(ONVIF) else { continue };
                for (category, attribute, rule) in CATEGORIES {
                    if scope.starts_with(category) {
                        let from = ONVIF.len().saturating_add(category.len());
                        output.fact(source, attribute, stated, rule, word.tail(from));
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: Octets<'_>) -> (Vec<String>, usize, Result<(), Malformed>) {
        let context = Context {
            source: "10.10.10.90".parse().unwrap(),
            destination: "10.10.10.60".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 3702,
            destination_port: 50_000,
            from: End::Server,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = WsDiscovery::default().message(&context, octets, &mut output);
        let facts = output
            .facts
            .iter()
            .map(|fact| format!("{} {}={}", fact.basis.as_str(), fact.attribute, fact.value));
        (facts.collect(), output.operations.len(), result)
    }

    #[test]
    fn a_camera_answers_with_name_hardware_and_place() {
        let octets = Octets::unplaced(include_bytes!("messages/probe-matches.bin"));
        let all = [
            "stated ws_discovery.endpoint=5e1f0000-7ab1-4a00-8000-001b1b100090",
            "stated ws_discovery.type=NetworkVideoTransmitter",
            "stated ws_discovery.type=Device",
            "stated name=EX Cam 7",
            "stated model=EX-7100",
            "stated location=country, exland",
            "stated ws_discovery.address=http://10.10.10.90/onvif/device_service",
        ];
        assert_eq!(said(octets), (all.map(str::to_owned).to_vec(), 0, Ok(())));
        let at = octets.bytes.windows(6).position(|part| part == b"EX-710").unwrap();
        let (facts, _, result) = said(octets.head(at + 6).cut());
        assert_eq!(facts, all[..4]);
        assert!(matches!(result.unwrap_err().problem, Problem::Truncated { .. }));
    }

    #[test]
    fn what_is_looked_for_is_no_fact() {
        let (facts, operations, result) = said(Octets::unplaced(include_bytes!("messages/probe.bin")));
        assert_eq!((facts.len(), operations, result), (0, 1, Ok(())));
        let (facts, ..) = said(Octets::unplaced(include_bytes!("messages/hello.bin")));
        assert_eq!(facts[0], "stated ws_discovery.endpoint=5e1f0000-7ab1-4a00-8000-001b1b100091");
    }
}
