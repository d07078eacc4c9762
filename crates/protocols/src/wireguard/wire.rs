//! The four kinds of datagrams (section 5.4): one octet of type, three of zero, and a fixed length for three of them.

use observation::Transport;

use crate::{Frame, Probe};

/// First octet of each kind.
pub(super) const INITIATION: u8 = 1;
pub(super) const RESPONSE: u8 = 2;
pub(super) const COOKIE: u8 = 3;
pub(super) const DATA: u8 = 4;

/// Octets of each kind; data at least, which is padded to a multiple of 16, but not beyond what the link carries.
const INITIATION_LENGTH: usize = 148;
const RESPONSE_LENGTH: usize = 92;
const COOKIE_LENGTH: usize = 64;
const DATA_LENGTH_MIN: usize = 32;
const PADDING: usize = 16;

/// Octets in front that tell the kind.
const HEADER: usize = 4;

/// Delimits a datagram: all of it is one message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Udp {
        return Frame::Foreign;
    }
    let length = match octets {
        [kind, 0, 0, 0, ..] => match *kind {
            INITIATION => INITIATION_LENGTH,
            RESPONSE => RESPONSE_LENGTH,
            COOKIE => COOKIE_LENGTH,
            DATA => octets.len().max(DATA_LENGTH_MIN),
            _ => return Frame::Foreign,
        },
        [] => HEADER,
        [INITIATION..=DATA, zeros @ ..] if zeros.len() < 3 && zeros.iter().all(|octet| *octet == 0) => HEADER,
        _ => return Frame::Foreign,
    };
    match octets.len() {
        there if there == length => Frame::Message(length),
        there if there < length => Frame::Partial(length),
        _ => Frame::Foreign,
    }
}

/// Certain for a handshake: four octets and the length of the datagram, and a key or nonce that looks random.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if !matches!(frame(octets, transport), Frame::Message(_)) {
        return Probe::Foreign;
    }
    let random = match octets.first() {
        Some(&INITIATION) => octets.get(8..40),
        Some(&RESPONSE) => octets.get(12..44),
        Some(&COOKIE) => octets.get(8..32),
        // Data has no other mark than its first four octets and a length that mostly is a multiple of 16.
        _ if octets.len().is_multiple_of(PADDING) => return Probe::Unsure,
        _ => return Probe::Foreign,
    };
    if random.is_some_and(is_random) { Probe::Certain } else { Probe::Foreign }
}

/// True where at least three of four octets differ from all before them: random octets do so with a chance of more than
/// 0.999, counters, texts and tables do not.
fn is_random(octets: &[u8]) -> bool {
    let different = octets
        .iter()
        .enumerate()
        .filter(|(at, octet)| !octets.get(..*at).unwrap_or_default().contains(octet));
    let steps = octets.windows(2).filter(|pair| matches!(pair, [a, b] if a.abs_diff(*b) <= 1)).count();
    different.count() >= octets.len().saturating_mul(3) / 4 && steps < octets.len() / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_length() {
        let initiation = include_bytes!("messages/initiation.bin");
        assert_eq!(frame(initiation, Transport::Udp), Frame::Message(148));
        assert_eq!(frame(&initiation[..90], Transport::Udp), Frame::Partial(148));
        assert_eq!(frame(&initiation[..3], Transport::Udp), Frame::Partial(4));
        assert_eq!(frame(initiation, Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(include_bytes!("messages/data.bin"), Transport::Udp), Frame::Message(80));
        // The padding of a full packet ends where the link does (section 5.4.6).
        let full = [&include_bytes!("messages/data.bin")[..], &[7; 10]].concat();
        assert_eq!(frame(&full, Transport::Udp), Frame::Message(90));
        assert_eq!(probe(&full, Transport::Udp), Probe::Foreign);
        let mut long = initiation.to_vec();
        long.push(0);
        assert_eq!(frame(&long, Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[5, 0, 0, 0], Transport::Udp), Frame::Foreign);
    }

    #[test]
    fn a_handshake_is_certain_only_with_a_random_key() {
        let certainty = |octets: &[u8]| probe(octets, Transport::Udp);
        for octets in [
            include_bytes!("messages/initiation.bin").as_slice(),
            include_bytes!("messages/response.bin"),
            include_bytes!("messages/cookie.bin"),
        ] {
            assert_eq!(certainty(octets), Probe::Certain);
            let mut flat = vec![0; octets.len()];
            flat[0] = octets[0];
            assert_eq!(certainty(&flat), Probe::Foreign);
        }
        assert_eq!(certainty(include_bytes!("messages/data.bin")), Probe::Unsure);
        assert!(!is_random(&(0..32).collect::<Vec<u8>>()));
    }
}
