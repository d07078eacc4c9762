//! Packets: on TCP two octets of length, then an octet of opcode (five bits) and key id (three bits).

use observation::{Octets, Transport};

use crate::{Frame, Probe};

/// Opcodes that begin a tunnel: hard resets of client and server by key methods 1 and 2, and with a client's own key.
pub(super) const RESET_CLIENT_1: u8 = 1;
pub(super) const RESET_SERVER_1: u8 = 2;
pub(super) const RESET_CLIENT_2: u8 = 7;
pub(super) const RESET_SERVER_2: u8 = 8;
pub(super) const RESET_CLIENT_3: u8 = 10;
/// Opcodes of data.
pub(super) const DATA_1: u8 = 6;
pub(super) const DATA_2: u8 = 9;
/// The last opcode: a control packet with the client's own key.
const LAST: u8 = 11;

/// Octets of a control packet at least: opcode, session id, number of acknowledgements, packet id.
const CONTROL_MIN: usize = 14;
/// Octets of data at least: a header and a tag.
const DATA_MIN: usize = 10;
/// Octets of the length on TCP.
const LENGTH: usize = 2;

/// Octets of the session id, behind the opcode.
const SESSION_ID: usize = 8;
/// Where what protects the packet starts.
const PROTECTION_AT: usize = SESSION_ID + 1;
/// Octets of packet number and time against replays.
const REPLAY: usize = 8;
/// Octets of the tag of tls-crypt.
const CRYPT_TAG: usize = 32;
/// Octets of the digests that tls-auth can be set to use: MD5, SHA-1, SHA-2.
const DIGESTS: [usize; 6] = [16, 20, 28, 32, 48, 64];
/// Octets behind the protection: a reset that acknowledges nothing, and one that acknowledges the other.
const BARE: usize = 5;
const ACKNOWLEDGING: usize = 17;
/// Octets that a server may add to say what it can do early.
const EARLY_MAX: usize = 16;
/// Octets of a client's wrapped key: 256 of key, 32 of tag, two of length, and metadata.
const WRAPPED_KEY: std::ops::RangeInclusive<usize> = 290..=1024;
/// Number of a repeated reset at most.
const REPEATED_MAX: u8 = 64;
/// What newer clients put in front of the number to say that they can do more.
const EARLY_NEGOTIATION: u8 = 0x0f;

/// How a reset is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// Not at all.
    None,
    /// tls-auth: a digest of so many octets.
    Auth(usize),
    /// tls-crypt: encrypted by a key of all.
    Crypt,
    /// tls-crypt-v2: encrypted by a key of the client.
    CryptV2,
}

/// The opcode of a packet without its length.
pub(super) fn opcode(packet: &[u8]) -> Option<u8> {
    packet.first().map(|octet| octet >> 3)
}

/// The packet of a message.
pub(super) fn packet(message: Octets<'_>, transport: Transport) -> Octets<'_> {
    if transport == Transport::Tcp { message.tail(LENGTH) } else { message }
}

/// Delimits a packet: a known opcode and its least length.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let fits = |first: u8, length: usize| match first >> 3 {
        DATA_1 | DATA_2 => length >= DATA_MIN,
        RESET_CLIENT_1..=LAST => length >= CONTROL_MIN,
        _ => false,
    };
    match (transport, octets) {
        (Transport::Udp, [first, ..]) if fits(*first, octets.len()) => Frame::Message(octets.len()),
        (Transport::Udp, []) => Frame::Partial(1),
        (Transport::Udp, [first, ..]) if fits(*first, CONTROL_MIN) => Frame::Partial(CONTROL_MIN),
        (Transport::Tcp, [high, low, first, ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            match length.saturating_add(LENGTH) {
                _ if !fits(*first, length) => Frame::Foreign,
                whole if whole <= octets.len() => Frame::Message(whole),
                whole => Frame::Partial(whole),
            }
        }
        (Transport::Tcp, _) => Frame::Partial(LENGTH + 1),
        _ => Frame::Foreign,
    }
}

/// Certain for a hard reset: opcode, length and at least three octets of fixed value agree, and the session id looks
/// random.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(whole) = frame(octets, transport) else { return Probe::Foreign };
    let packet = octets.get(if transport == Transport::Tcp { LENGTH } else { 0 }..whole).unwrap_or_default();
    let id = packet.get(1..PROTECTION_AT).unwrap_or_default();
    // Of eight random octets five differ, but for one time of 200,000.
    let different =
        id.iter().enumerate().filter(|(at, octet)| !id.get(..*at).unwrap_or_default().contains(octet));
    if different.count() > 4 && protection(packet).is_some() { Probe::Certain } else { Probe::Foreign }
}

/// How a hard reset is protected; `None` where the packet is none.
pub(super) fn protection(packet: &[u8]) -> Option<Protection> {
    // The first key of a tunnel has the id 0.
    let opcode = opcode(packet).filter(|_| packet.first().is_some_and(|first| first & 7 == 0))?;
    let is_server = matches!(opcode, RESET_SERVER_1 | RESET_SERVER_2);
    if !is_server && !matches!(opcode, RESET_CLIENT_1 | RESET_CLIENT_2 | RESET_CLIENT_3) {
        return None;
    }
    let body = packet.get(PROTECTION_AT..)?;
    if opcode == RESET_CLIENT_3 {
        let (rest, length) = body.split_last_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let before = rest.len().checked_add(2)?.checked_sub(length)?;
        let fits = WRAPPED_KEY.contains(&length) && is_encrypted(body, before, BARE);
        return fits.then_some(Protection::CryptV2);
    }
    if is_end(body, is_server) {
        return Some(Protection::None);
    }
    for digest in DIGESTS {
        let behind = body.get(digest..).unwrap_or_default();
        if is_number(behind) && behind.get(REPLAY..).is_some_and(|end| is_end(end, is_server)) {
            return Some(Protection::Auth(digest));
        }
    }
    let bare = is_encrypted(body, body.len(), BARE);
    let acknowledging = is_server && is_encrypted(body, body.len(), ACKNOWLEDGING);
    (bare || acknowledging).then_some(Protection::Crypt)
}

/// What stands behind the protection of a reset in the clear: a packet id of zero, and with the server's the
/// acknowledgement of the client's in front.
fn is_end(end: &[u8], is_server: bool) -> bool {
    match end {
        [0, 0, 0, 0, 0] => true,
        [1, 0, 0, 0, 0, _, _, _, _, _, _, _, _, 0, 0, 0, 0] => is_server,
        _ => false,
    }
}

/// The first number against replays, or that of a reset sent again.
fn is_number(octets: &[u8]) -> bool {
    matches!(octets, [0 | EARLY_NEGOTIATION, 0, 0, 1..=REPEATED_MAX, ..])
}

/// True for number, time, tag and `inner` encrypted octets in `length` octets, with little more.
fn is_encrypted(body: &[u8], length: usize, inner: usize) -> bool {
    let least = REPLAY.saturating_add(CRYPT_TAG).saturating_add(inner);
    // Only what says more can be longer.
    let most = if body.starts_with(&[EARLY_NEGOTIATION]) || inner == ACKNOWLEDGING { EARLY_MAX } else { 0 };
    is_number(body) && (least..=least.saturating_add(most)).contains(&length)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn packets_are_delimited_by_length_on_tcp_and_by_the_datagram_on_udp() {
        let (udp, tcp) = (
            include_bytes!("messages/client-plain-udp.bin"),
            include_bytes!("messages/client-plain-tcp.bin"),
        );
        assert_eq!(frame(udp, Transport::Udp), Frame::Message(14));
        assert_eq!(frame(&udp[..9], Transport::Udp), Frame::Partial(14));
        assert_eq!(frame(tcp, Transport::Tcp), Frame::Message(16));
        assert_eq!(frame(&tcp[..9], Transport::Tcp), Frame::Partial(16));
        assert_eq!(frame(&tcp[..2], Transport::Tcp), Frame::Partial(3));
        assert_eq!(frame(&[0, 14, 0x60, 1], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0, 3, 0x38, 1], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0; 40], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(udp, Transport::Ethernet), Frame::Foreign);
    }

    #[test]
    fn a_reset_shows_its_protection() {
        for (octets, expected) in [
            (include_bytes!("messages/client-plain-udp.bin").as_slice(), Protection::None),
            (include_bytes!("messages/server-plain-udp.bin"), Protection::None),
            (include_bytes!("messages/client-auth-udp.bin"), Protection::Auth(20)),
            (include_bytes!("messages/server-auth-udp.bin"), Protection::Auth(32)),
            (include_bytes!("messages/client-crypt-udp.bin"), Protection::Crypt),
            (include_bytes!("messages/server-crypt-udp.bin"), Protection::Crypt),
            (include_bytes!("messages/client-crypt-v2-udp.bin"), Protection::CryptV2),
        ] {
            assert_eq!(protection(octets), Some(expected));
            assert_eq!(probe(octets, Transport::Udp), Probe::Certain);
            assert_eq!(protection(&octets[..octets.len() - 1]), None);
            assert_eq!(probe(&octets[1..], Transport::Udp), Probe::Foreign);
        }
    }

    #[test]
    fn a_counted_session_id_is_not_enough() {
        assert_eq!(probe(&[0x38, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], Transport::Udp), Probe::Foreign);
        assert_eq!(probe(include_bytes!("messages/data-udp.bin"), Transport::Udp), Probe::Foreign);
    }
}
