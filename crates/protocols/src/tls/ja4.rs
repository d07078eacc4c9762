//! JA4, the fingerprint of a TLS client: FoxIO, "JA4: TLS Client Fingerprinting", technical details of 2023, published
//! under the BSD 3-clause licence. The rest of JA4+ is licensed otherwise and not made here.

use std::fmt::Write;

use observation::{Octets, Rules};
use sha2::{Digest, Sha256};

use super::handshake::{Hello, extension, is_grease, protocol_names};
use crate::Reader;

/// Two digits show no more.
const SHOWN_MAX: usize = 99;

/// Hexadecimal digits kept of each hash.
const HASH_CHARS: usize = 12;

/// Octets of the head of a handshake message: type and length.
const HEAD: usize = 4;

/// The fingerprint of a ClientHello, given with the head of its message.
pub(super) fn ja4(octets: &[u8]) -> Option<String> {
    let octets = Octets::unplaced(octets.get(HEAD..)?);
    Some(print(&Hello::client(&mut Reader::new(octets)).ok()?, 't'))
}

/// The fingerprint of a ClientHello that this carried: `t` TCP, `q` QUIC, `d` DTLS.
pub(crate) fn print(hello: &Hello<'_>, carrier: char) -> String {
    let extensions: Vec<(u16, Octets<'_>)> =
        hello.extensions().filter(|(kind, _)| !is_grease(*kind)).collect();
    let of = |wanted| extensions.iter().find(|(kind, _)| *kind == wanted).map(|(_, octets)| *octets);
    let ciphers = numbers(hello.ciphers.bytes);
    let first_name = of(extension::ALPN).and_then(protocol_names).and_then(|names| {
        let length = usize::from(names.get(0)?);
        names.slice(1, length)
    });
    let mut print = format!(
        "{carrier}{}{}{:02}{:02}{}_",
        version(hello, of(extension::SUPPORTED_VERSIONS)),
        if of(extension::SERVER_NAME).is_some() { 'd' } else { 'i' },
        ciphers.len().min(SHOWN_MAX),
        extensions.len().min(SHOWN_MAX),
        ends(first_name.map_or(&[], |name| name.bytes)),
    );
    print.push_str(&hash(&sorted(ciphers)));
    print.push('_');
    let kinds = extensions.iter().map(|(kind, _)| *kind);
    let mut text =
        sorted(kinds.filter(|kind| !matches!(*kind, extension::SERVER_NAME | extension::ALPN)).collect());
    let algorithms = of(extension::SIGNATURE_ALGORITHMS).and_then(|list| list.bytes.get(2..)).map(numbers);
    if let Some(algorithms) = algorithms.filter(|algorithms| !algorithms.is_empty()) {
        let _ = write!(text, "_{}", joined(&algorithms));
    }
    print.push_str(&hash(&text));
    print
}

/// The highest version that is offered.
fn version(hello: &Hello<'_>, offered: Option<Octets<'_>>) -> &'static str {
    let offered =
        offered.and_then(|list| list.bytes.get(1..)).map(numbers).and_then(|list| list.into_iter().max());
    let own = numbers(hello.version.bytes).into_iter().max();
    match offered.or(own) {
        Some(0x0304) => "13",
        Some(0x0303) => "12",
        Some(0x0302) => "11",
        Some(0x0301) => "10",
        Some(0x0300) => "s3",
        Some(0x0002) => "s2",
        Some(0xfeff) => "d1",
        Some(0xfefd) => "d2",
        Some(0xfefc) => "d3",
        _ => "00",
    }
}

/// First and last character of a protocol name, or of its hexadecimal form if they are no letters or digits.
fn ends(name: &[u8]) -> String {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return "00".to_owned() };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)].iter().collect();
    }
    let digits = format!("{first:02x}{last:02x}");
    digits.chars().take(1).chain(digits.chars().skip(3)).collect()
}

/// Numbers of two octets without those that mean nothing.
fn numbers(octets: &[u8]) -> Vec<u16> {
    let pairs = octets.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
    pairs.map(u16::from_be_bytes).filter(|number| !is_grease(*number)).collect()
}

fn sorted(mut numbers: Vec<u16>) -> String {
    numbers.sort_unstable();
    joined(&numbers)
}

fn joined(numbers: &[u16]) -> String {
    let mut text = String::with_capacity(numbers.len().saturating_mul(5));
    for (index, number) in numbers.iter().enumerate() {
        let _ = write!(text, "{}{number:04x}", if index == 0 { "" } else { "," });
    }
    text
}

fn hash(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(HASH_CHARS);
    }
    let digits = Rules::hexadecimal(&Sha256::digest(text.as_bytes())).unwrap_or_default();
    digits.chars().take(HASH_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the published description.
    #[test]
    fn lists_hash_as_in_the_published_example() {
        let ciphers = [
            0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ];
        assert_eq!(hash(&sorted(ciphers.to_vec())), "8daaf6152771");
        let extensions = [
            0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b,
            0x000a, 0x0015,
        ];
        let algorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
        assert_eq!(hash(&format!("{}_{}", sorted(extensions.to_vec()), joined(&algorithms))), "e5627efa2ab1");
    }

    #[test]
    fn names_are_shown_by_their_ends() {
        assert_eq!(ends(b"h2"), "h2");
        assert_eq!(ends(b"http/1.1"), "h1");
        assert_eq!(ends(b""), "00");
        assert_eq!(ends(&[0xab]), "ab");
        assert_eq!(ends(&[0x20, 0x61, 0x42]), "22");
    }

    #[test]
    fn a_hello_without_anything_has_zeros() {
        let hello = [&[1, 0, 0, 38, 3, 1][..], &[0; 32], &[0, 0, 0, 0]].concat();
        assert_eq!(ja4(&hello).as_deref(), Some("t10i000000_000000000000_000000000000"));
    }
}
