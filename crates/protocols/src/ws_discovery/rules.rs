//! How values are read from words of the document.

use observation::{Rule, Rules};

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    /// Text as it is.
    TEXT = "ws-discovery-text", Rules::text;
    /// `urn:uuid:` and an identifier.
    ENDPOINT = "ws-discovery-endpoint", endpoint;
    /// A type without its prefix.
    TYPE = "ws-discovery-type", local;
    /// What a scope says behind its category, with percent signs resolved.
    SCOPE = "ws-discovery-scope", scope;
    /// A place of several parts.
    LOCATION = "ws-discovery-location", |octets| Some(scope(octets)?.replace('/', ", "));
}

fn endpoint(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let uuid = text.strip_prefix("urn:uuid:").or_else(|| text.strip_prefix("uuid:"))?;
    uuid.bytes().any(|octet| !matches!(octet, b'0' | b'-')).then(|| uuid.to_owned())
}

fn local(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    text.rsplit(':').next().filter(|local| !local.is_empty()).map(str::to_owned)
}

fn scope(octets: &[u8]) -> Option<String> {
    let mut shown = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, behind)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| behind.get(..2)).flatten();
        let octet = escaped.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        shown.push(octet.unwrap_or(*first));
        rest = if octet.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    Rules::text(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_types_are_read() {
        assert_eq!(scope(b"EX%20Cam%2").as_deref(), Some("EX Cam%2"));
        assert_eq!((LOCATION.read)(b"country/exland").as_deref(), Some("country, exland"));
        assert_eq!(local(b"dn:NetworkVideoTransmitter").as_deref(), Some("NetworkVideoTransmitter"));
        assert_eq!(endpoint(b"urn:uuid:00000000-0000"), None);
    }
}
