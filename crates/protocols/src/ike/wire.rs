//! Header and payloads (RFC 2408 sections 3.1 and 3.2; RFC 7296 sections 3.1 and 3.2), and what else the ports carry.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the header.
pub(super) const HEADER: usize = 28;
/// Octets of zero that tell IKE from ESP on port 4500 (RFC 3948 section 2.2).
const MARKER: &[u8] = &[0; 4];
/// What keeps an address translation alive (RFC 3948 section 2.3).
const KEEP_ALIVE: &[u8] = &[0xff];

/// Versions, major and minor in one octet.
pub(super) const VERSION_1: u8 = 0x10;
pub(super) const VERSION_2: u8 = 0x20;

/// Exchanges that open a security association.
pub(super) const MAIN_MODE: u8 = 2;
pub(super) const AGGRESSIVE_MODE: u8 = 4;
pub(super) const SA_INIT: u8 = 34;

/// Flags: encrypted (version 1), from the one who opened (version 2).
const ENCRYPTED: u8 = 0x01;
const INITIATOR: u8 = 0x08;

/// First payloads of an exchange that opens.
const SA_1: u8 = 1;
const SA_2: u8 = 33;
/// Payloads that are read.
const IDENTIFICATION_1: u8 = 5;
const HASH_1: u8 = 8;
const VENDOR_ID_1: u8 = 13;
const VENDOR_ID_2: u8 = 43;
/// Payloads of version 2 that hold encrypted ones.
const ENCRYPTED_2: [u8; 2] = [46, 53];

/// Payloads read of one message; a real one has less than 30.
const PAYLOADS_MAX: usize = 64;

/// Octets of ESP at least: identifier, number, and what is padded to a multiple of four (RFC 4303 section 2).
const ESP_MIN: usize = 20;
/// Lowest identifier of ESP that is not reserved.
const ESP_IDENTIFIER_MIN: u32 = 256;

/// What a datagram is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    /// A message of IKE, without the marker.
    Ike(Octets<'a>),
    /// An encrypted packet.
    Esp,
    /// What keeps an address translation alive.
    KeepAlive,
}

/// What a datagram is, as far as there.
pub(super) fn kind(message: Octets<'_>) -> Kind<'_> {
    match message.bytes {
        KEEP_ALIVE => Kind::KeepAlive,
        bytes if bytes.starts_with(MARKER) => Kind::Ike(message.tail(MARKER.len())),
        bytes if is_version(bytes) => Kind::Ike(message),
        bytes if is_esp(bytes) => Kind::Esp,
        _ => Kind::Ike(message),
    }
}

fn is_version(ike: &[u8]) -> bool {
    matches!(ike.get(17), Some(&VERSION_1 | &VERSION_2))
        && declared(ike).is_none_or(|length| length == ike.len())
}

fn declared(ike: &[u8]) -> Option<usize> {
    let length = ike.get(24..HEADER)?;
    usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()
}

fn is_esp(octets: &[u8]) -> bool {
    octets.len() >= ESP_MIN
        && octets.len().is_multiple_of(4)
        && octets.first_chunk().is_some_and(|first| u32::from_be_bytes(*first) >= ESP_IDENTIFIER_MIN)
}

/// Delimits a datagram: a message whose version and length agree, behind a marker or not; ESP; a keep-alive.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Udp {
        return Frame::Foreign;
    }
    if octets == KEEP_ALIVE {
        return Frame::Message(1);
    }
    let marker = if octets.starts_with(MARKER) { MARKER.len() } else { 0 };
    let ike = octets.get(marker..).unwrap_or_default();
    let version_fits = ike.get(17).is_none_or(|version| matches!(*version, VERSION_1 | VERSION_2));
    match declared(ike) {
        Some(length) if version_fits && length == ike.len() => Frame::Message(octets.len()),
        Some(length) if version_fits && length > ike.len() && length <= usize::from(u16::MAX) => {
            Frame::Partial(length.saturating_add(marker))
        }
        None if version_fits => Frame::Partial(HEADER.saturating_add(marker)),
        _ if marker == 0 && is_esp(octets) => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    }
}

/// Certain for a first message: no cookie of the responder, number 0, a length that agrees.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let ike = octets.strip_prefix(MARKER).unwrap_or(octets);
    let is_whole = matches!(frame(octets, transport), Frame::Message(_)) && declared(ike) == Some(ike.len());
    let opens = match ike.get(8..24) {
        Some([0, 0, 0, 0, 0, 0, 0, 0, next, version, exchange, flags, 0, 0, 0, 0]) => matches!(
            (*next, *version, *exchange, *flags),
            (SA_1, VERSION_1, MAIN_MODE | AGGRESSIVE_MODE, 0) | (SA_2, VERSION_2, SA_INIT, INITIATOR)
        ),
        _ => false,
    };
    let has_cookie = ike.first_chunk::<8>().is_some_and(|cookie| *cookie != [0; 8]);
    if is_whole && opens && has_cookie { Probe::Certain } else { Probe::Foreign }
}

/// What stands in the header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    /// Version, one octet.
    pub(super) version: Octets<'a>,
    /// Version and exchange, two octets.
    pub(super) exchange: Octets<'a>,
    /// True if it was sent by the one who opened; `None` where it does not tell.
    pub(super) is_initiator: Option<bool>,
}

/// A payload that is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Payload<'a> {
    /// Vendor id.
    VendorId(Octets<'a>),
    /// Identification: type, protocol, port, value.
    Identification(Octets<'a>),
    /// Digest by the shared key, which can be guessed with it.
    Hash(Octets<'a>),
}

/// Reads the header, then payload by payload what is not encrypted.
///
/// # Errors
///
/// Fails where a part is cut short or shorter than its own header; what stands before was given.
pub(super) fn read<'a>(
    ike: Octets<'a>,
    header: impl FnOnce(Header<'a>),
    mut payload: impl FnMut(Payload<'a>),
) -> Result<(), Malformed> {
    let mut reader = Reader::new(ike);
    reader.skip(8, "initiator's cookie")?;
    let is_first = reader.take(8, "responder's cookie")?.bytes == [0; 8];
    let mut next = reader.u8("next payload")?;
    let exchange = reader.peek().head(2);
    let version = reader.take(1, "version")?;
    let kind = reader.u8("exchange type")?;
    let flags = reader.u8("flags")?;
    let is_2 = version.bytes == [VERSION_2];
    let opens = is_first && matches!(kind, MAIN_MODE | AGGRESSIVE_MODE);
    let is_initiator = if is_2 { Some(flags & INITIATOR != 0) } else { opens.then_some(true) };
    header(Header { version, exchange, is_initiator });
    reader.skip(8, "message id and length")?;
    if !is_2 && flags & ENCRYPTED != 0 {
        return Ok(());
    }
    for _ in 0..PAYLOADS_MAX {
        if next == 0 || is_2 && ENCRYPTED_2.contains(&next) {
            break;
        }
        let this = next;
        next = reader.u8("next payload")?;
        reader.skip(1, "reserved")?;
        let length = reader.u16_be("payload length")?;
        let Some(length) = length.checked_sub(4) else {
            return Err(reader.malformed("payload length", Problem::Value { value: length.into() }));
        };
        let body = reader.take(length.into(), "payload")?;
        match (is_2, this) {
            (false, VENDOR_ID_1) | (true, VENDOR_ID_2) => payload(Payload::VendorId(body)),
            (false, IDENTIFICATION_1) => payload(Payload::Identification(body)),
            (false, HASH_1) => payload(Payload::Hash(body)),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_with_and_without_the_marker() {
        let main = include_bytes!("messages/main-mode-1.bin");
        let marked = include_bytes!("messages/init-2-marked.bin");
        for octets in [main.as_slice(), marked] {
            assert_eq!(frame(octets, Transport::Udp), Frame::Message(octets.len()));
            assert_eq!(frame(&octets[..41], Transport::Udp), Frame::Partial(octets.len()));
            assert_eq!(probe(octets, Transport::Udp), Probe::Certain);
            assert_eq!(frame(octets, Transport::Tcp), Frame::Foreign);
        }
        assert_eq!(frame(&main[..20], Transport::Udp), Frame::Partial(28));
        assert_eq!(
            probe(include_bytes!("messages/aggressive-mode-1-answer.bin"), Transport::Udp),
            Probe::Foreign
        );
    }

    #[test]
    fn esp_and_keep_alives_share_the_port() {
        let esp = include_bytes!("messages/esp.bin");
        assert_eq!(frame(esp, Transport::Udp), Frame::Message(esp.len()));
        assert!(matches!(kind(Octets::unplaced(esp)), Kind::Esp));
        assert!(matches!(kind(Octets::unplaced(&[0xff])), Kind::KeepAlive));
        assert_eq!(frame(&[0xff], Transport::Udp), Frame::Message(1));
        assert_eq!(frame(&[0; 40], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&esp[..esp.len() - 1], Transport::Udp), Frame::Foreign);
    }

    #[test]
    fn a_payload_shorter_than_its_header_ends_it() {
        let mut octets = include_bytes!("messages/main-mode-1.bin").to_vec();
        octets[30..32].copy_from_slice(&[0, 3]);
        let mut payloads = 0;
        let error = read(Octets::unplaced(&octets), |_| {}, |_| payloads += 1).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), payloads),
            ("payload length at octet 32: value 0x3 is not allowed", 0)
        );
    }
}
