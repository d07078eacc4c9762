//! What a request says of the access server that sends it.

use observation::{Basis, Octets, Rule, Rules, attribute};

use super::wire;
use crate::enterprises::maker;
use crate::ip_address::unicast;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Problem, Session};

static IDENTIFIER: Rule = Rule { name: "radius-nas-identifier", read: Rules::text };
static HOST_NAME: Rule = Rule { name: "radius-nas-host-name", read: host_name };
static ADDRESS: Rule = Rule { name: "radius-nas-ip-address", read: unicast };
static PORT_TYPE: Rule = Rule { name: "radius-nas-port-type", read: port_type };
static CALLED_STATION: Rule = Rule { name: "radius-called-station-id", read: Rules::text };
static VENDOR: Rule = Rule { name: "radius-vendor-id", read: vendor };

pub(super) const RULES: &[&Rule] = &[&IDENTIFIER, &HOST_NAME, &ADDRESS, &PORT_TYPE, &CALLED_STATION, &VENDOR];

/// Attributes (RFC 2865 chapter 5, RFC 2869, RFC 3162).
const USER_PASSWORD: u8 = 2;
const CHAP_PASSWORD: u8 = 3;
const NAS_IP_ADDRESS: u8 = 4;
const VENDOR_SPECIFIC: u8 = 26;
const CALLED_STATION_ID: u8 = 30;
const NAS_IDENTIFIER: u8 = 32;
const PROXY_STATE: u8 = 33;
const NAS_PORT_TYPE: u8 = 61;
const TUNNEL_PASSWORD: u8 = 69;
const ARAP_PASSWORD: u8 = 70;
const EAP_MESSAGE: u8 = 79;
const MESSAGE_AUTHENTICATOR: u8 = 80;
const NAS_IPV6_ADDRESS: u8 = 95;

/// Enterprise of Microsoft: its attributes are challenges, answers and keys of all makers' devices (RFC 2548).
const MICROSOFT: u32 = 311;
/// Octets of the enterprise in front of a maker's attributes.
const ENTERPRISE: usize = 4;
/// Authenticator: random in access requests, else a digest with the shared key.
const AUTHENTICATOR: (usize, usize) = (4, 16);

/// Sayings that are not repeated: of one server with many ports and networks.
const REMEMBERED: usize = 16;

/// A name that a host can have: no address, no MAC, no blanks.
fn host_name(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_');
    let is_hexadecimal = text.bytes().all(|octet| octet.is_ascii_hexdigit() || matches!(octet, b'-' | b'.'));
    (text.bytes().all(allowed) && !is_hexadecimal).then_some(text)
}

/// RFC 2865 section 5.41.
fn port_type(octets: &[u8]) -> Option<String> {
    let name = match u32::from_be_bytes(octets.try_into().ok()?) {
        0 => "asynchronous",
        1 => "synchronous",
        2 => "ISDN",
        5 => "virtual",
        15 => "Ethernet",
        17 => "cable",
        18 => "wireless",
        19 => "wireless IEEE 802.11",
        other => return Some(other.to_string()),
    };
    Some(name.to_owned())
}

/// The enterprise number of an attribute of a maker's own.
fn enterprise(octets: &[u8]) -> Option<u32> {
    octets.first_chunk().map(|number| u32::from_be_bytes(*number)).filter(|number| *number != MICROSOFT)
}

fn vendor(octets: &[u8]) -> Option<String> {
    maker(enterprise(octets)?)
}

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Radius {
    told: Told<REMEMBERED>,
}

impl Session for Radius {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(code) = message.get(0) else {
            return Err(Malformed { what: "code", offset: 0, problem: Problem::Truncated { missing: 1 } });
        };
        let Some(is_request) = wire::is_request(code) else {
            return Err(Malformed {
                what: "code",
                offset: 0,
                problem: Problem::Value { value: code.into() },
            });
        };
        output.server_is = Some(if is_request { context.from.other() } else { context.from });
        if code != wire::ACCESS_REQUEST
            && let Some(authenticator) = message.slice(AUTHENTICATOR.0, AUTHENTICATOR.1)
        {
            output.secret(authenticator);
        }
        let is_of_server = matches!(code, wire::ACCESS_REQUEST | wire::ACCOUNTING_REQUEST);
        let mut is_passed_on = message.is_cut();
        let first = wire::attributes(message, |kind, value| {
            is_passed_on |= kind == PROXY_STATE;
            match kind {
                USER_PASSWORD
                | CHAP_PASSWORD
                | TUNNEL_PASSWORD
                | ARAP_PASSWORD
                | EAP_MESSAGE
                | MESSAGE_AUTHENTICATOR => output.secret(value),
                VENDOR_SPECIFIC if value.len() > ENTERPRISE && enterprise(value.bytes).is_none() => {
                    output.secret(value.tail(ENTERPRISE));
                }
                _ => {}
            }
        });
        // What a proxy passes on says nothing of its sender; where octets are missing, that cannot be told.
        if !is_of_server || is_passed_on || first.is_err() {
            return first;
        }
        let source = context.source();
        wire::attributes(message, |kind, value| {
            let says: &[(&'static str, Basis, &'static Rule)] = match kind {
                NAS_IDENTIFIER => &[
                    ("radius.nas_identifier", Basis::Stated, &IDENTIFIER),
                    (attribute::HOSTNAME, Basis::Stated, &HOST_NAME),
                ],
                NAS_IP_ADDRESS | NAS_IPV6_ADDRESS => &[("radius.nas_ip_address", Basis::Stated, &ADDRESS)],
                NAS_PORT_TYPE => &[("radius.nas_port_type", Basis::Stated, &PORT_TYPE)],
                CALLED_STATION_ID => &[("radius.called_station_id", Basis::Stated, &CALLED_STATION)],
                VENDOR_SPECIFIC => &[(attribute::VENDOR, Basis::Inferred, &VENDOR)],
                _ => return,
            };
            let value = if kind == VENDOR_SPECIFIC { value.head(ENTERPRISE) } else { value };
            if self.told.is_new(Print::new().with(&[context.from.index() as u8, kind]).with(value.bytes)) {
                for (attribute, basis, rule) in says {
                    output.fact(&source, attribute, *basis, rule, value);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Piece, Transport};

    use super::*;

    fn say(session: &mut Radius, from: End, octets: &[u8]) -> (Vec<String>, Option<End>, Vec<u32>) {
        let context = Context::of_test(from, ("10.0.0.2", 40_000), ("10.0.0.1", 1812), Transport::Udp);
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let mut output = Output::default();
        session.message(&context, Octets::new(octets, &pieces), &mut output).unwrap();
        let facts =
            output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value));
        let secrets = output.secrets.iter().flat_map(|secret| &secret.ranges).map(|range| range.length);
        (facts.collect(), output.server_is, secrets.collect())
    }

    #[test]
    fn a_request_names_the_access_server_and_neither_user_nor_password() {
        let (mut session, octets) = (Radius::default(), include_bytes!("messages/access-request.bin"));
        let (facts, server, secrets) = say(&mut session, End::Client, octets);
        assert_eq!(
            facts,
            [
                "10.0.0.2 radius.nas_ip_address=10.0.0.2",
                "10.0.0.2 radius.nas_identifier=ap-hall-3",
                "10.0.0.2 hostname=ap-hall-3",
                "10.0.0.2 radius.nas_port_type=wireless IEEE 802.11",
                "10.0.0.2 radius.called_station_id=00-10-20-30-40-50:PLANT",
                "10.0.0.2 vendor=Cisco",
            ]
        );
        // Password, EAP message, Microsoft's answer, digest of the message.
        assert_eq!((server, secrets), (Some(End::Server), vec![16, 7, 52, 16]));
        assert_eq!(say(&mut session, End::Client, octets).0, Vec::<String>::new());
    }

    #[test]
    fn an_answer_and_what_a_proxy_passes_on_say_nothing_of_identity() {
        let answer = include_bytes!("messages/access-accept.bin");
        let (facts, server, secrets) = say(&mut Radius::default(), End::Client, answer);
        assert_eq!((facts.len(), server, secrets), (0, Some(End::Client), vec![16, 16]));
        let passed_on = include_bytes!("messages/accounting-request-proxy.bin");
        let (facts, server, secrets) = say(&mut Radius::default(), End::Client, passed_on);
        assert_eq!((facts.len(), server, secrets), (0, Some(End::Server), vec![16]));
    }

    #[test]
    fn addresses_are_no_host_names() {
        assert_eq!(host_name(b"00-10-20-30-40-50"), None);
        assert_eq!(host_name(b"10.0.0.2"), None);
        assert_eq!(host_name(b"Main Switch"), None);
        assert_eq!(host_name(b"sw1.plant.example").as_deref(), Some("sw1.plant.example"));
        assert_eq!(vendor(&[0, 0, 1, 0x37]), None);
    }
}
