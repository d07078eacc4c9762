//! The answer of a domain controller, in its form with DNS names ([MS-ADTS] section 6.3.1.9).
//!
//! Names are those of RFC 1035, whose pointers count from the start of the message.

/// Octets before the first name: opcode, reserved, flags, domain GUID.
const NAMES: usize = 24;
/// Labels of one name; it has 255 octets at most.
const LABELS_MAX: usize = 128;

/// The names of an answer, by their place: DNS names of forest, domain and controller, NetBIOS names of domain and
/// controller, the user that was asked for (never read), the sites of the controller and of the client.
pub(super) const FOREST: usize = 0;
pub(super) const DOMAIN: usize = 1;
pub(super) const HOST: usize = 2;
pub(super) const NETBIOS_DOMAIN: usize = 3;
pub(super) const NETBIOS_HOST: usize = 4;
pub(super) const SITE: usize = 6;

/// The name at a place, its labels separated by dots; `None` where it is empty or the message ends before it does.
pub(super) fn name(message: &[u8], place: usize) -> Option<String> {
    let mut at = NAMES;
    for _ in 0..place {
        at = skip(message, at)?;
    }
    let mut text = Vec::new();
    let mut end = usize::MAX;
    for _ in 0..LABELS_MAX {
        let length = usize::from(*message.get(at)?);
        at = at.checked_add(1)?;
        match length {
            0 => return observation::Rules::text(&text),
            0xc0.. => {
                // A pointer leads backwards, so that no chain of them goes round.
                let there = (length & 0x3f) << 8 | usize::from(*message.get(at)?);
                if there >= end.min(at) {
                    return None;
                }
                (at, end) = (there, there);
            }
            _ => {
                if !text.is_empty() {
                    text.push(b'.');
                }
                text.extend_from_slice(message.get(at..at.checked_add(length)?)?);
                at = at.checked_add(length)?;
            }
        }
    }
    None
}

/// The place behind the name at `at`.
fn skip(message: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..LABELS_MAX {
        let length = usize::from(*message.get(at)?);
        at = at.checked_add(1)?;
        match length {
            0 => return Some(at),
            0xc0.. => return at.checked_add(1),
            _ => at = at.checked_add(length)?,
        }
    }
    None
}
