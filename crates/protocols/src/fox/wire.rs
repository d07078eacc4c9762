//! Messages: `fox <kind> <number> <answered> <channel> <command>`, and a list of items in braces up to `};;`.

use observation::{Octets, Transport};

use crate::{Frame, Probe};

/// Every message begins so.
const MAGIC: &[u8] = b"fox ";

/// Every message ends so; a line feed may follow.
const END: &[u8] = b"};;\n";

/// Longest message that is waited for, in octets. The hello of a station with everything in it has some 600.
const MESSAGE_MAX: usize = 65_536;

/// Delimits the first message: up to its end, or up to the next beginning.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let beginning = octets.get(..MAGIC.len()).unwrap_or(octets);
    if transport != Transport::Tcp || !MAGIC.starts_with(beginning) {
        return Frame::Foreign;
    }
    if octets.len() < MAGIC.len() {
        return Frame::Partial(MAGIC.len());
    }
    match octets.windows(END.len()).position(|window| window == END) {
        Some(at) => Frame::Message(at.saturating_add(END.len())),
        None if octets.len() >= MESSAGE_MAX => Frame::Foreign,
        None => Frame::Partial(octets.len().saturating_add(1)),
    }
}

/// A message begins with four octets and a letter, a number and a number behind them.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Some(rest) = octets.strip_prefix(MAGIC).filter(|_| transport == Transport::Tcp) else {
        return Probe::Foreign;
    };
    let is_header = matches!(rest, [kind, b' ', number, ..] if kind.is_ascii_lowercase() && (number.is_ascii_digit() || *number == b'-'));
    if is_header { Probe::Certain } else { Probe::Foreign }
}

/// Channel and command of the header line: `fox hello`.
pub(super) fn command(message: Octets<'_>) -> Option<&[u8]> {
    let line = message.bytes.split(|octet| *octet == b'\n').next()?;
    let mut words = line.splitn(5, |octet| *octet == b' ');
    // `fox`, the kind, the number, and the number that is answered.
    for _ in 0..4 {
        words.next()?;
    }
    words.next()
}

/// Calls `each` with name and value of each item whose value is one line: `name=s:value`. What has several lines, and
/// numbers of octets before them, is passed over line by line, which hold no such items but by chance: the names that are
/// asked for are no part of them.
pub(super) fn items<'a>(message: Octets<'a>, mut each: impl FnMut(&'a [u8], Octets<'a>)) {
    let mut at = 0_usize;
    let lines: &'a [u8] = message.bytes;
    for line in lines.split(|octet| *octet == b'\n') {
        let end = at.saturating_add(line.len());
        // A line that the capture cut has no end.
        let is_whole = end < message.len();
        if let (Some(equals), true) = (line.iter().position(|octet| *octet == b'='), is_whole)
            && let (Some(name), Some([_, b':', value @ ..])) =
                (line.get(..equals), line.get(equals.saturating_add(1)..))
            && let Some(value) = message.slice(end.saturating_sub(value.len()), value.len())
        {
            each(name, value);
        }
        at = end.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_at_its_braces() {
        let hello = include_bytes!("messages/hello-station.bin");
        assert_eq!(frame(hello, Transport::Tcp), Frame::Message(hello.len()));
        assert_eq!(frame(&hello[..3], Transport::Tcp), Frame::Partial(4));
        assert_eq!(frame(&hello[..40], Transport::Tcp), Frame::Partial(41));
        assert_eq!(frame(b"fax a 1", Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(hello, Transport::Udp), Frame::Foreign);
        assert_eq!(probe(hello, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(b"fox jumps over", Transport::Tcp), Probe::Foreign);
        assert_eq!(command(Octets::unplaced(hello)), Some(&b"fox hello"[..]));
    }

    #[test]
    fn items_are_read_line_by_line_and_a_cut_one_is_not() {
        let mut seen = Vec::new();
        let message = Octets::unplaced(b"fox a 1 -1 fox hello\n{\nid=i:1\nbad\nname=s:x=y\nlast=s:cu");
        items(message, |name, value| seen.push((name, value.bytes)));
        assert_eq!(seen, [(&b"id"[..], &b"1"[..]), (b"name", b"x=y")]);
    }
}
