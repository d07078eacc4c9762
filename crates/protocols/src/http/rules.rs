//! How values are read from fields and pages.

use observation::{Rule, Rules};

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    /// A field as it is.
    TEXT = "http-field", Rules::text;
    /// The realm of a challenge (RFC 9110 section 11.5).
    REALM = "http-realm", realm;
    /// Title of a page, in one line.
    TITLE = "http-title", title;
}

fn realm(octets: &[u8]) -> Option<String> {
    let name = b"realm=";
    let at = octets.windows(name.len()).position(|part| part.eq_ignore_ascii_case(name))?;
    let behind = octets.get(at.saturating_add(name.len())..)?;
    let realm = match behind.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|octet| *octet == b'"').next()?,
        None => behind.split(|octet| matches!(octet, b',' | b' ')).next()?,
    };
    Rules::text(realm)
}

fn title(octets: &[u8]) -> Option<String> {
    let text = Rules::text(
        &octets
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(&b' '),
    )?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", " "), ("&amp;", "&")];
    let text = entities.iter().fold(text, |text, (entity, character)| text.replace(entity, character));
    Rules::text(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_and_titles_are_read() {
        assert_eq!(realm(b"Basic realm=\"EX-7 Web\", charset=\"UTF-8\"").as_deref(), Some("EX-7 Web"));
        assert_eq!(realm(b"Digest nonce=1, Realm=plc, qop=auth").as_deref(), Some("plc"));
        assert_eq!((realm(b"NTLM"), realm(b"Basic realm=\"\"")), (None, None));
        assert_eq!(title(b"\n  EX-7 &amp;\n  friends ").as_deref(), Some("EX-7 & friends"));
        assert_eq!(title(b" \n"), None);
    }
}
