//! Text as it may be shown anywhere.

use std::borrow::Cow;

use observation::acts;

/// The text with everything written out that a terminal, a spreadsheet or a page could act on instead of showing:
/// control characters as `\x1b`, direction and invisible characters as `\u{202e}`.
///
/// Values of facts come like this from their rules; names of files, of assets and of people do not. Doing it twice
/// changes nothing.
#[must_use]
pub fn safe_text(text: &str) -> Cow<'_, str> {
    // Nearly every text is printable ASCII, and that is told octet by octet.
    if text.bytes().all(|octet| matches!(octet, b' '..=b'~')) || !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len().saturating_add(16));
    for character in text.chars() {
        match u32::from(character) {
            _ if !acts(character) => safe.push(character),
            code @ ..=0xff => safe.push_str(&format!("\\x{code:02x}")),
            code => safe.push_str(&format!("\\u{{{code:x}}}")),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_is_written_out() {
        assert_eq!(safe_text("a\x1b[2Jb\r\n\tc"), "a\\x1b[2Jb\\x0d\\x0a\\x09c");
        assert_eq!(safe_text("exe\u{202e}fdp.\u{200b}x"), "exe\\u{202e}fdp.\\u{200b}x");
        assert_eq!(safe_text("\u{85}"), "\\x85");
    }

    #[test]
    fn what_only_shows_stays_as_it_is_and_so_does_safe_text() {
        for text in ["", "6ES7 315-2EH14-0AB0", "Köln, Halle 3 – 電動機", "=1+1", "<b>&amp;"] {
            assert!(matches!(safe_text(text), Cow::Borrowed(same) if same == text));
        }
        let once = safe_text("a\x00\u{202e}\\").into_owned();
        assert_eq!(safe_text(&once), once);
    }
}
