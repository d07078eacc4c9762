//! What a message says of its sender.

use observation::{Basis, Octets, OperationKind, Rule, Rules, attribute};

use crate::http_head;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Problem, Session};

static TEXT: Rule = Rule { name: "ssdp-text", read: Rules::text };
static SYSTEM: Rule = Rule { name: "ssdp-server-system", read: |octets| Some(system(octets)?.0) };
static SYSTEM_VERSION: Rule = Rule { name: "ssdp-server-system-version", read: |octets| system(octets)?.1 };
static UUID: Rule = Rule { name: "ssdp-uuid", read: uuid };
static DEVICE_TYPE: Rule = Rule { name: "ssdp-device-type", read: device_type };

pub(super) const RULES: &[&Rule] = &[&TEXT, &SYSTEM, &SYSTEM_VERSION, &UUID, &DEVICE_TYPE];

/// System and version of a server line, which names system, UPnP and product in this order (section 1.2.2).
fn system(octets: &[u8]) -> Option<(String, Option<String>)> {
    let text = Rules::text(octets)?;
    let (before, _) = text.split_once("UPnP/")?;
    let system = before.trim_end_matches([' ', ',']);
    let (name, version) = match system.split_once('/') {
        Some((name, version)) => (name, Some(version)),
        None => (system, None),
    };
    let version =
        version.filter(|version| version.bytes().any(|octet| octet.is_ascii_digit())).map(str::to_owned);
    (!name.is_empty()).then(|| (name.to_owned(), version))
}

/// `uuid:` and what follows up to the next colon.
fn uuid(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let (uuid, _) = text.strip_prefix("uuid:").map(|rest| rest.split_once("::").unwrap_or((rest, "")))?;
    let is_set = uuid.bytes().any(|octet| !matches!(octet, b'0' | b'-'));
    is_set.then(|| uuid.to_owned())
}

/// The name in `urn:…:device:InternetGatewayDevice:1`.
fn device_type(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let (_, rest) = text.strip_prefix("urn:")?.split_once(":device:")?;
    rest.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Messages that are not said again while they repeat.
const REMEMBERED: usize = 16;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Ssdp {
    told: Told<REMEMBERED>,
}

impl Session for Ssdp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let source = context.source();
        let searches = message.bytes.starts_with(b"M-SEARCH");
        if searches {
            output.operation(OperationKind::Identify, "search", message);
        } else if message.bytes.starts_with(b"HTTP/") {
            output.server_is = Some(context.from);
        }
        if !self.told.is_new(Print::new().with(message.bytes)) {
            return Ok(());
        }
        for (name, value) in http_head::fields(message) {
            let mut says = |attribute, basis, rule| output.fact(&source, attribute, basis, rule, value);
            match name.bytes.to_ascii_lowercase().as_slice() {
                b"user-agent" if searches => says("http.user_agent", Basis::Stated, &TEXT),
                b"server" if !searches => {
                    says("http.server", Basis::Stated, &TEXT);
                    // Often that of the library, not of the device.
                    says(attribute::OS, Basis::Inferred, &SYSTEM);
                    says(attribute::OS_VERSION, Basis::Inferred, &SYSTEM_VERSION);
                }
                b"location" if !searches => says("ssdp.location", Basis::Stated, &TEXT),
                b"usn" if !searches => says("ssdp.uuid", Basis::Stated, &UUID),
                b"nt" | b"st" if !searches => says("ssdp.device_type", Basis::Stated, &DEVICE_TYPE),
                _ => {}
            }
        }
        match http_head::length(message.bytes) {
            None if message.is_cut() => {
                let problem = Problem::Truncated { missing: 2 };
                Err(Malformed { what: "fields", offset: message.len(), problem })
            }
            // Some devices leave the empty line out.
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: Octets<'_>) -> (Vec<String>, Result<(), Malformed>) {
        let context = Context {
            source: "10.10.10.1".parse().unwrap(),
            destination: "239.255.255.250".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 1900,
            destination_port: 1900,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = Ssdp::default().message(&context, octets, &mut output);
        let facts = output
            .facts
            .iter()
            .map(|fact| format!("{} {}={}", fact.basis.as_str(), fact.attribute, fact.value));
        (facts.collect(), result)
    }

    #[test]
    fn a_notification_says_what_the_device_is() {
        let octets = Octets::unplaced(include_bytes!("messages/notify.bin"));
        let all = [
            "stated ssdp.location=http://10.10.10.1:49152/gate.xml",
            "stated http.server=Exemplix/3.1 UPnP/1.0 EX-GATE/2.0",
            "inferred os=Exemplix",
            "inferred os_version=3.1",
            "stated ssdp.device_type=InternetGatewayDevice",
            "stated ssdp.uuid=5e1f0000-7ab1-4a00-8000-001b1b100001",
        ];
        assert_eq!(said(octets), (all.map(str::to_owned).to_vec(), Ok(())));
        let (facts, result) = said(octets.head(140).cut());
        assert_eq!(facts, all[..1]);
        assert_eq!(result.unwrap_err().to_string(), "fields at octet 140: 2 octets missing");
    }

    #[test]
    fn a_search_says_who_searches_and_is_an_operation() {
        let (facts, _) = said(Octets::unplaced(include_bytes!("messages/search.bin")));
        assert_eq!(facts, ["stated http.user_agent=Exemplum Browser/7"]);
        let (facts, _) = said(Octets::unplaced(include_bytes!("messages/answer.bin")));
        assert!(facts.contains(&"stated http.server=UPnP/1.0 EX-GATE/2.0".to_owned()), "{facts:?}");
        assert!(!facts.iter().any(|fact| fact.contains(" os")), "{facts:?}");
    }
}
