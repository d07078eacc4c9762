//! Requests and answers ([MC-SQLR] section 2.2).

use observation::{Octets, Transport};

use crate::{Frame, Probe};

/// First octet of each message.
pub(super) const BROADCAST: u8 = 0x02;
pub(super) const ALL_INSTANCES: u8 = 0x03;
pub(super) const INSTANCE: u8 = 0x04;
pub(super) const RESPONSE: u8 = 0x05;
pub(super) const ADMINISTRATOR: u8 = 0x0f;

/// Octets before the text of an answer: kind and size.
pub(super) const HEADER: usize = 3;
/// Name of an instance with the zero behind it.
const NAME_MAX: usize = 33;
/// First word of every answer that lists instances.
const FIRST: &[u8] = b"ServerName;";

/// Delimits a datagram: a request of its fixed size, or an answer whose size agrees.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let fits = match octets {
        [BROADCAST | ALL_INSTANCES] => true,
        [INSTANCE, name @ ..] => (1..=NAME_MAX).contains(&name.len()),
        [ADMINISTRATOR, 1, name @ ..] => (1..=NAME_MAX).contains(&name.len()),
        [RESPONSE, low, high, text @ ..] => usize::from(u16::from_le_bytes([*low, *high])) == text.len(),
        _ => false,
    };
    if fits && transport == Transport::Udp { Frame::Message(octets.len()) } else { Frame::Foreign }
}

/// Certain for an answer that lists instances.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match frame(octets, transport) {
        Frame::Message(_) if octets.get(HEADER..).is_some_and(|text| text.starts_with(FIRST)) => {
            Probe::Certain
        }
        _ => Probe::Foreign,
    }
}

/// The instances of an answer: keys and values separated by `;`, each instance ended by `;;`. What the capture cut is
/// left out.
pub(super) fn instances<'a>(text: Octets<'a>) -> impl Iterator<Item = Octets<'a>> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let rest = text.tail(at);
        let end = rest.bytes.windows(2).position(|pair| pair == b";;")?;
        at = at.saturating_add(end).saturating_add(2);
        rest.slice(0, end)
    })
}

/// The value of a key of an instance.
pub(super) fn value<'a>(instance: Octets<'a>, key: &str) -> Option<Octets<'a>> {
    let (mut at, mut is_value, mut found) = (0_usize, false, false);
    for word in instance.bytes.split(|octet| *octet == b';') {
        if is_value && found {
            return instance.slice(at, word.len());
        }
        found = !is_value && word.eq_ignore_ascii_case(key.as_bytes());
        is_value = !is_value;
        at = at.saturating_add(word.len()).saturating_add(1);
    }
    None
}
