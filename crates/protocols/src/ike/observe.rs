//! What messages say of the two ends.

use observation::{Basis, Octets, Rule, Rules};

use super::vendor_ids::{Meaning, meaning};
use super::wire::{self, Header, Kind, Payload};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

static VERSION: Rule = Rule { name: "ike-version", read: version };
static MODE: Rule = Rule { name: "ike-mode", read: mode };
static VENDOR_ID: Rule = Rule { name: "ike-vendor-id", read: vendor_id };
static IMPLEMENTATION: Rule = Rule { name: "ike-implementation", read: implementation };
static EXTENSION: Rule = Rule { name: "ike-extension", read: extension };
static IDENTIFICATION: Rule = Rule { name: "ike-identification", read: identification };

pub(super) const RULES: &[&Rule] =
    &[&VERSION, &MODE, &VENDOR_ID, &IMPLEMENTATION, &EXTENSION, &IDENTIFICATION];

/// Name of what ESP in UDP is counted as where no exchange was seen.
const ESP: &str = "esp";
/// Octets of a vendor id that are shown; a longer one is none.
const VENDOR_ID_MAX: usize = 128;
/// Sayings that are not repeated: of two ends with a dozen vendor ids each.
const REMEMBERED: usize = 32;

fn version(octets: &[u8]) -> Option<String> {
    let [version] = octets else { return None };
    matches!(*version, wire::VERSION_1 | wire::VERSION_2)
        .then(|| format!("{}.{}", version >> 4, version & 15))
}

/// Version and exchange.
fn mode(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [wire::VERSION_1, wire::MAIN_MODE] => "main mode",
        [wire::VERSION_1, wire::AGGRESSIVE_MODE] => "aggressive mode",
        _ => return None,
    };
    Some(name.to_owned())
}

fn vendor_id(octets: &[u8]) -> Option<String> {
    Rules::hexadecimal(octets).filter(|_| octets.len() <= VENDOR_ID_MAX)
}

fn implementation(octets: &[u8]) -> Option<String> {
    match meaning(octets)? {
        Meaning::Implementation(name) => Some(name.to_owned()),
        Meaning::Extension(_) => None,
    }
}

fn extension(octets: &[u8]) -> Option<String> {
    match meaning(octets)? {
        Meaning::Extension(name) => Some(name.to_owned()),
        Meaning::Implementation(_) => None,
    }
}

/// Type, protocol, port, value (RFC 2407 section 4.6.2): an IPv4 address or the name of a host. Names of users and of
/// groups are left out.
fn identification(octets: &[u8]) -> Option<String> {
    match octets {
        [1, _, _, _, address @ ..] => Rules::ipv4(address),
        [2, _, _, _, name @ ..] => Rules::text(name),
        _ => None,
    }
}

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Ike {
    told: Told<REMEMBERED>,
    exchange: bool,
}

impl Session for Ike {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let ike = match wire::kind(message) {
            Kind::Ike(ike) => ike,
            Kind::Esp => {
                output.carries = (!self.exchange).then_some(ESP);
                return Ok(());
            }
            Kind::KeepAlive => return Ok(()),
        };
        let source = context.source();
        let (told, exchange) = (&mut self.told, &mut self.exchange);
        let mut is_new = |octets: Octets<'_>| {
            told.is_new(Print::new().with(&[context.from.index() as u8]).with(octets.bytes))
        };
        let (mut header, mut payloads) = (None, Vec::new());
        let result = wire::read(ike, |seen| header = Some(seen), |payload| payloads.push(payload));
        let Some(Header { version, exchange: kind, is_initiator }) = header else { return result };
        if !std::mem::replace(exchange, true) {
            output.carries = Some(super::PROTOCOL.name);
        }
        if let Some(is_initiator) = is_initiator {
            output.server_is = Some(if is_initiator { context.from.other() } else { context.from });
        }
        if is_new(kind) {
            output.fact(&source, "ike.version", Basis::Stated, &VERSION, version);
            output.fact(&source, "ike.mode", Basis::Stated, &MODE, kind);
        }
        for payload in payloads {
            match payload {
                Payload::Hash(hash) => output.secret(hash),
                Payload::VendorId(id) if is_new(id) => {
                    output.fact(&source, "ike.vendor_id", Basis::Stated, &VENDOR_ID, id);
                    output.fact(&source, "ike.implementation", Basis::Stated, &IMPLEMENTATION, id);
                    output.fact(&source, "ike.extension", Basis::Stated, &EXTENSION, id);
                }
                Payload::Identification(id) if is_new(id) => {
                    output.fact(&source, "ike.identification", Basis::Stated, &IDENTIFICATION, id);
                }
                Payload::VendorId(_) | Payload::Identification(_) => {}
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Piece, Transport};

    use super::*;

    struct Said {
        facts: Vec<String>,
        server: Option<End>,
        secret: u32,
        carries: Option<&'static str>,
        result: Result<(), Malformed>,
    }

    fn say(session: &mut Ike, from: End, octets: &[u8]) -> Said {
        let context = Context::of_test(from, ("10.0.0.2", 500), ("10.0.0.1", 500), Transport::Udp);
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let mut output = Output::default();
        let result = session.message(&context, Octets::new(octets, &pieces), &mut output);
        Said {
            facts: output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect(),
            server: output.server_is,
            secret: output.secrets.iter().flat_map(|secret| &secret.ranges).map(|range| range.length).sum(),
            carries: output.carries,
            result,
        }
    }

    #[test]
    fn main_mode_tells_vendor_ids_once_and_who_opens() {
        let (mut session, octets) = (Ike::default(), include_bytes!("messages/main-mode-1.bin"));
        let said = say(&mut session, End::Client, octets);
        assert_eq!(
            said.facts,
            [
                "ike.version=1.0",
                "ike.mode=main mode",
                "ike.vendor_id=882fe56d6fd20dbc2251613b2ebe5beb",
                "ike.implementation=strongSwan",
                "ike.vendor_id=afcad71368a1f1c96b8696fc77570100",
                "ike.extension=dead peer detection (RFC 3706)",
                "ike.vendor_id=4a131c81070358455c5728f20e95452f",
                "ike.extension=NAT traversal (RFC 3947)",
            ]
        );
        assert_eq!((said.server, said.carries, said.result), (Some(End::Server), Some("ike"), Ok(())));
        assert_eq!(say(&mut session, End::Client, octets).facts.len(), 0);
        let cut = say(&mut Ike::default(), End::Client, &octets[..octets.len() - 3]);
        assert_eq!(cut.facts.len(), 6);
        assert!(cut.result.is_err());
    }

    #[test]
    fn aggressive_mode_tells_the_name_and_its_digest_is_masked() {
        let said =
            say(&mut Ike::default(), End::Server, include_bytes!("messages/aggressive-mode-1-answer.bin"));
        assert_eq!(
            said.facts,
            ["ike.version=1.0", "ike.mode=aggressive mode", "ike.identification=gw.plant.example"]
        );
        assert_eq!((said.server, said.secret), (None, 20));
        assert_eq!(identification(b"\x03\x11\x01\xf4me@plant.example"), None);
        assert_eq!(identification(&[1, 0, 0, 0, 10, 0, 0, 1]).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn version_2_tells_who_opened_in_every_message() {
        let octets = include_bytes!("messages/init-2-marked.bin");
        let said = say(&mut Ike::default(), End::Client, octets);
        assert_eq!(
            said.facts,
            [
                "ike.version=2.0",
                "ike.vendor_id=1e2b516905991c7d7c96fcbfb587e46100000009",
                "ike.implementation=Microsoft Windows",
            ]
        );
        assert_eq!(said.server, Some(End::Server));
        let answer = say(&mut Ike::default(), End::Client, include_bytes!("messages/encrypted-2-answer.bin"));
        assert_eq!(
            (answer.facts.as_slice(), answer.server),
            (["ike.version=2.0".to_owned()].as_slice(), Some(End::Client))
        );
    }

    #[test]
    fn esp_alone_is_no_exchange() {
        let mut session = Ike::default();
        let esp = include_bytes!("messages/esp.bin");
        assert_eq!(say(&mut session, End::Client, esp).carries, Some("esp"));
        say(&mut session, End::Client, include_bytes!("messages/init-2-marked.bin"));
        assert_eq!(say(&mut session, End::Client, esp).carries, None);
    }
}
