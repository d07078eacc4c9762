//! What a file is that is no capture, so that the refusal helps.

use std::fmt::Write;

/// Octets looked at.
pub(super) const LOOKED_AT: usize = 512;

/// Octets quoted.
const QUOTED: usize = 4;

/// First octets of formats that lie about in folders of captures, from their specifications.
const KNOWN: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive"),
    (b"\xFD7zXZ\x00", "compressed by xz"),
    (b"BZh", "compressed by bzip2"),
    (b"\x04\x22\x4D\x18", "compressed by lz4"),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x1F\x8B", "compressed by gzip once more"),
    (b"\x28\xB5\x2F\xFD", "compressed by zstd once more"),
    (b"snoop\0\0\0", "a snoop capture"),
    (b"GMBU", "a Network Monitor capture"),
    (b"RTSS", "a Network Monitor capture"),
    (b"TRSNIFF data", "a Sniffer capture"),
    (b"\x1C\x00\x01\xAC", "an IXIA capture"),
    (b"\xAC\x01\x00\x1C", "an IXIA capture"),
    (b"\x7FELF", "a program"),
    (b"MZ", "a program"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
];

/// "starts with 50 4b 03 04, a zip archive".
pub(super) fn describe(octets: &[u8]) -> String {
    if octets.is_empty() {
        return "is empty".into();
    }
    let mut text = String::from("starts with");
    for octet in octets.iter().take(QUOTED) {
        // Writing to a string cannot fail.
        let _ = write!(text, " {octet:02x}");
    }
    let known = KNOWN.iter().find(|(magic, _)| octets.starts_with(magic)).map(|&(_, name)| name);
    let printable = || octets.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
    let name = known.or_else(|| printable().then_some("text")).or_else(|| {
        let ustar = octets.get(257..262) == Some(b"ustar");
        ustar.then_some("a tar archive")
    });
    if let Some(name) = name {
        text.push_str(", ");
        text.push_str(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_formats_are_named_and_others_quoted() {
        assert_eq!(describe(b"PK\x03\x04\x14\x00"), "starts with 50 4b 03 04, a zip archive");
        assert_eq!(describe(b"# Captures\n"), "starts with 23 20 43 61, text");
        assert_eq!(describe(b"\x00\x01"), "starts with 00 01");
        assert_eq!(describe(b""), "is empty");
        let mut tar = [0; LOOKED_AT];
        tar[0] = b'x';
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(describe(&tar), "starts with 78 00 00 00, a tar archive");
    }
}
