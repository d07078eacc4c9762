//! From octets to values.

use observation::{Octets, Rule, Rules};

use super::ja4;
use crate::Reader;

crate::x509::certificate_facts!("tls");

pub(super) static SERVER_NAME: Rule = Rule { name: "tls-server-name", read: Rules::text };
pub(super) static ALPN: Rule = Rule { name: "tls-alpn", read: protocol_names };
pub(super) static JA4: Rule = Rule { name: "tls-ja4", read: ja4::ja4 };
pub(super) static VERSION: Rule = Rule { name: "tls-version", read: version };
pub(super) static CIPHER_SUITE: Rule = Rule { name: "tls-cipher-suite", read: cipher_suite };

pub(super) const RULES: &[&Rule] = &[
    &SERVER_NAME,
    &ALPN,
    &JA4,
    &VERSION,
    &CIPHER_SUITE,
    &certificate::SUBJECT,
    &certificate::ORGANIZATION,
    &certificate::ISSUER,
    &certificate::SERIAL,
    &certificate::NOT_AFTER,
    &certificate::SHA256,
    &certificate::DNS,
    &certificate::URI,
    &certificate::ADDRESS,
    &certificate::SELF_SIGNED,
];

/// Names of protocols, each behind its length (RFC 7301 section 3.1): `h2,http/1.1`.
pub(crate) fn protocol_names(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(Octets::unplaced(octets));
    let mut names: Vec<String> = Vec::new();
    while !reader.is_empty() {
        let length = reader.u8("protocol name").ok()?;
        let name = reader.take(length.into(), "protocol name").ok()?;
        let grease = matches!(name.bytes, [a, b] if a == b && a & 0x0f == 0x0a);
        names.extend(Rules::text(name.bytes).filter(|_| !grease));
    }
    Rules::text(names.join(",").as_bytes())
}

/// A version, two octets.
fn version(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [3, 0] => "SSL 3.0",
        [3, 1] => "TLS 1.0",
        [3, 2] => "TLS 1.1",
        [3, 3] => "TLS 1.2",
        [3, 4] => "TLS 1.3",
        _ => return None,
    };
    Some(name.to_owned())
}

/// A cipher suite by its number in the IANA registry "TLS Cipher Suites": `0x1301`.
pub(crate) fn cipher_suite(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    Some(format!("0x{number:04x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_names_are_listed_without_grease() {
        assert_eq!(protocol_names(b"\x02\x0a\x0a\x02h2\x08http/1.1").as_deref(), Some("h2,http/1.1"));
        assert_eq!(protocol_names(b"\x05h2"), None);
        assert_eq!(protocol_names(b""), None);
    }

    #[test]
    fn versions_have_names() {
        assert_eq!(version(&[3, 4]).as_deref(), Some("TLS 1.3"));
        assert_eq!(version(&[3, 0]).as_deref(), Some("SSL 3.0"));
        assert_eq!(version(&[0x7f, 0x1c]), None);
        assert_eq!(cipher_suite(&[0xc0, 0x2f]).as_deref(), Some("0xc02f"));
    }
}
