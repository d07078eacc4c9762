//! Messages in base64, as HTTP carries them (RFC 4559 section 4; [MS-NTHT] section 2.2): the evidence is the whole token,
//! and each rule decodes it.
//!
//! What is secret in a token is masked character by character: whoever reads it again finds the same values, because
//! the rules pass over those characters themselves.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use observation::{Evidence, Octets, Piece, Rule, Station};

use super::{observe, wire};
use crate::{Output, Said};

/// Stands for a secret octet in frames that are kept.
const MASK: u8 = b'*';
/// Six bits of zeros.
const ZEROS: u8 = b'A';

/// Padding is customary, and not all write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

macro_rules! encoded {
    ($($constant:ident, $name:literal;)*) => {
        $(static $constant: Rule = Rule { name: $name, read: |token| value(token, &observe::$constant) };)*

        /// Every rule: those of bare messages, and those of tokens.
        pub(super) const RULES: &[&Rule] = &[$(&observe::$constant, &$constant),*];

        /// The rule that reads from a token what another reads from a bare message.
        fn of_token(rule: &str) -> Option<&'static Rule> {
            [$((&observe::$constant, &$constant)),*].into_iter().find(|(bare, _)| bare.name == rule).map(|(_, own)| own)
        }
    };
}

encoded! {
    WORKSTATION, "ntlm-base64-workstation";
    WORKSTATION_OEM, "ntlm-base64-workstation-oem";
    NETBIOS_COMPUTER, "ntlm-base64-netbios-computer";
    NETBIOS_DOMAIN, "ntlm-base64-netbios-domain";
    DNS_COMPUTER, "ntlm-base64-dns-computer";
    DNS_DOMAIN, "ntlm-base64-dns-domain";
    DNS_FOREST, "ntlm-base64-dns-forest";
    OS_VERSION, "ntlm-base64-version";
    OS, "ntlm-base64-os";
}

/// Reads a token that `source` sent; false if it is no whole message in base64, and nothing was said or masked then.
pub(crate) fn read_base64(source: &Station, token: Octets<'_>, output: &mut Output<'_>) -> bool {
    if token.is_cut() {
        return false;
    }
    let Some(decoded) = decode(token.bytes) else { return false };
    let Some(said) = said(source, &decoded) else { return false };
    for (from, to) in characters(&said.secrets) {
        if let Some(secret) = token.slice(from, to.saturating_sub(from)) {
            output.secret(secret);
        }
    }
    for fact in said.facts {
        if let Some(rule) = of_token(fact.rule) {
            output.fact(source, fact.attribute, fact.basis, rule, token);
        }
    }
    output.malformed.extend(said.malformed);
    true
}

/// What a decoded token says; `None` if no message is in it.
fn said(source: &Station, decoded: &[u8]) -> Option<Said> {
    let pieces = [Piece { at: 0, frame: 0, offset: 0 }];
    let message = wire::find(Octets::new(decoded, &pieces))?;
    let mut said = Output::default();
    let result = observe::read(source, message, &mut said);
    said.malformed.extend(result.err());
    Some(said.into_said())
}

fn decode(token: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> =
        token.iter().map(|character| if *character == MASK { ZEROS } else { *character }).collect();
    BASE64.decode(text).ok()
}

/// The characters, from and up to, that hold a bit of the secret octets.
fn characters(secrets: &[Evidence]) -> impl Iterator<Item = (usize, usize)> {
    secrets.iter().flat_map(|secret| &secret.ranges).map(|range| {
        let from = u64::from(range.offset).saturating_mul(8);
        let to = from.saturating_add(u64::from(range.length).saturating_mul(8));
        let place = |bits: u64| usize::try_from(bits).unwrap_or(usize::MAX);
        (place(from / 6), place(to.div_ceil(6)))
    })
}

/// The value that a rule for bare messages reads from a token, be the secrets in it masked or not.
fn value(token: &[u8], rule: &Rule) -> Option<String> {
    let nobody = Station::root(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into(), None);
    let mut text = token.to_vec();
    for (from, to) in characters(&said(&nobody, &decode(token)?)?.secrets) {
        text.get_mut(from..to)?.fill(MASK);
    }
    let said = said(&nobody, &decode(&text)?)?;
    said.facts.into_iter().find(|fact| fact.rule == rule.name).map(|fact| fact.value)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    fn facts(token: &[u8]) -> (bool, Vec<String>, Vec<(usize, usize)>) {
        let mut output = Output::default();
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let source = Station::root("10.10.20.50".parse().unwrap(), None);
        let is_message = read_base64(&source, Octets::new(token, &pieces), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        let ranges = output.secrets.iter().flat_map(|secret| &secret.ranges);
        let secrets = ranges.map(|range| (range.offset as usize, range.length as usize)).collect();
        (is_message, facts, secrets)
    }

    #[test]
    fn a_token_tells_what_the_bare_message_tells() {
        let (is_message, facts, secrets) =
            facts(BASE64.encode(include_bytes!("messages/challenge-server-2019.bin")).as_bytes());
        assert!(is_message && secrets.is_empty());
        assert_eq!(facts.len(), 7);
        assert!(facts.contains(&"os_version=10.0.17763".to_owned()), "{facts:?}");
    }

    #[test]
    fn a_masked_token_tells_the_same_and_nothing_secret() {
        let message = include_bytes!("messages/authenticate-xp.bin");
        // In front of it what SPNEGO would put there, so that every phase of the groups of three is tried.
        for front in [&b""[..], b"\x60", b"\x60\x40"] {
            let mut token = BASE64.encode([front, message].concat()).into_bytes();
            let (_, said, secrets) = facts(&token);
            assert_eq!(said, ["hostname=ENG1", "os_version=5.1.2600", "os=Windows XP"]);
            assert_eq!(secrets.len(), 3);
            for (from, length) in secrets {
                token[from..from + length].fill(MASK);
            }
            assert_eq!(facts(&token).1, said);
            let left = decode(&token).unwrap();
            for secret in [b"LL", b"NN", b"KK"] {
                assert!(!left.windows(2).any(|part| part == secret), "a response or key is left");
            }
        }
    }

    #[test]
    fn other_tokens_are_left_to_the_caller() {
        assert!(!facts(b"dXNlcjpwYXNz").0);
        assert!(!facts(b"TlRM").0 && !facts(b"!").0 && !facts(b"").0);
    }
}
