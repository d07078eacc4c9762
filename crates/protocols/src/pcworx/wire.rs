//! The header: request or answer, service, and the length of the message.

use observation::Transport;

use crate::{Frame, Probe};

/// Bit of the first octet by which an answer is known.
pub(super) const ANSWER: u8 = 0x80;

/// Kind of all messages.
const MESSAGE: u8 = 1;

/// Services.
pub(super) const OPEN: u8 = 1;
pub(super) const INFORMATION: u8 = 6;

/// Octets up to the length, which counts all octets of the message.
const HEADER: usize = 4;

/// Least and greatest length of a message, in octets.
const LENGTH_MIN: usize = 12;
const LENGTH_MAX: usize = 4096;

/// The name by which clients open a connection, where it stands in the message.
const NAME: (usize, &[u8]) = (12, b"IBETH");

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp || octets.first().is_some_and(|kind| kind & !ANSWER != MESSAGE) {
        return Frame::Foreign;
    }
    let Some([_, _, high, low]) = octets.first_chunk::<HEADER>() else { return Frame::Partial(HEADER) };
    let whole = usize::from(u16::from_be_bytes([*high, *low]));
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&whole) {
        Frame::Foreign
    } else if octets.len() < whole {
        Frame::Partial(whole)
    } else {
        Frame::Message(whole)
    }
}

/// Certain of the opening, which holds a name.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let is_open = matches!(octets, [MESSAGE, OPEN, ..]);
    let has_name = octets.get(NAME.0..).is_some_and(|rest| rest.starts_with(NAME.1));
    match frame(octets, transport) {
        Frame::Message(_) if is_open && has_name => Probe::Certain,
        _ => Probe::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_the_whole_message() {
        let open = include_bytes!("messages/open.bin");
        assert_eq!(frame(open, Transport::Tcp), Frame::Message(open.len()));
        assert_eq!(frame(&open[..3], Transport::Tcp), Frame::Partial(4));
        assert_eq!(frame(&open[..9], Transport::Tcp), Frame::Partial(open.len()));
        assert_eq!(frame(&[1, 6, 0, 4], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[2, 6], Transport::Tcp), Frame::Foreign);
        assert_eq!(probe(open, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/information.bin"), Transport::Tcp), Probe::Foreign);
    }
}
