//! 1E frames, binary (SH-080008, chapter 17): command, station, monitoring timer, arguments. They have no length, so
//! one is taken for such only where it fills the segment and has the length that its command prescribes.

use observation::Transport;

use super::command::e1_operation;

/// Bit that marks answers.
const ANSWER: u8 = 0x80;

/// Octets before the arguments.
const HEADER: usize = 4;

/// Octets of head device, device code, number of points and a fixed 0.
const DEVICE: usize = 8;

/// Station numbers: own, or one of the network of older series.
const STATION_MAX: u8 = 64;
const OWN: u8 = 0xff;

/// Device codes: two letters, the second in front (section 18.1).
const DEVICES: [&[u8; 2]; 13] =
    [b" D", b" R", b" W", b" X", b" Y", b" M", b" S", b" B", b" F", b"NT", b"ST", b"CT", b"NC"];

/// First octet of a device code whose two letters are `TN` and the like, on the wire `NT`.
fn is_device(octets: &[u8]) -> bool {
    octets.get(4..6).is_some_and(|code| DEVICES.iter().any(|known| known[..] == *code))
}

/// True if `octets` are a 1E request, and nothing else.
pub(super) fn is_request(octets: &[u8]) -> bool {
    let Some((&[code, station, _, _], arguments)) = octets.split_first_chunk::<HEADER>() else {
        return false;
    };
    if e1_operation(code).is_none() || !(station == OWN || station <= STATION_MAX) {
        return false;
    }
    let points = arguments.get(6).copied().map_or(0, usize::from);
    // 0 stands for 256 points.
    let points = if points == 0 { 256 } else { points };
    let fits = |data: usize| arguments.len() == DEVICE.saturating_add(data) && is_device(arguments);
    match code {
        0x00 | 0x01 => fits(0),
        0x02 => fits(points.div_ceil(2)),
        0x03 => fits(points.saturating_mul(2)),
        0x08 | 0x09 | 0x13 | 0x14 | 0x15 => arguments.is_empty() && station == OWN,
        _ => false,
    }
}

/// True if `octets` may be a 1E answer: its first octets are command and completion code.
pub(super) fn is_answer(octets: &[u8], transport: Transport) -> bool {
    let Some(&[code, completion]) = octets.first_chunk() else { return false };
    let known = code & ANSWER != 0 && e1_operation(code & !ANSWER).is_some();
    // The header of RTP begins with the same octets.
    let is_rtp = transport != Transport::Tcp && octets.len() >= 12 && code == ANSWER;
    known && !is_rtp && matches!(completion, 0x00 | 0x10 | 0x50..=0x60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_the_length_its_command_prescribes() {
        let read = [0x01, 0xff, 0x0a, 0, 0x64, 0, 0, 0, b' ', b'D', 12, 0];
        assert!(is_request(&read) && !is_request(&read[..11]));
        let mut write = read.to_vec();
        write[0] = 3;
        write.extend([0; 24]);
        assert!(is_request(&write));
        assert!(is_request(&[0x14, 0xff, 0, 0]) && !is_request(&[0x14, 3, 0, 0]));
        assert!(!is_request(b"GET / HTTP/1.1\r\n\r\n"));
    }

    #[test]
    fn an_answer_is_no_rtp() {
        assert!(is_answer(&[0x81, 0, 1, 2], Transport::Udp));
        assert!(!is_answer(&[0x80; 40], Transport::Udp));
        assert!(!is_answer(&[0x80, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5], Transport::Udp));
    }
}
