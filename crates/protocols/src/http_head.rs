//! The head of a message of HTTP and of the protocols that are written like it: a start line and fields (RFC 9112
//! sections 2 and 5), each line ended by a line feed.
//!
//! Every part knows where it stands, and a head that the capture cut is read up to the cut; so it is read by hand.

use observation::Octets;

/// Octets of a head at most.
pub(crate) const HEAD_OCTETS_MAX: usize = 65_536;

/// Fields of a head that are looked at.
const FIELDS_MAX: usize = 128;

/// Octets of the head with its empty line; `None` if that is not there.
pub(crate) fn length(octets: &[u8]) -> Option<usize> {
    let octets = octets.get(..HEAD_OCTETS_MAX).unwrap_or(octets);
    let mut at = 0_usize;
    loop {
        let rest = octets.get(at..)?;
        let end = rest.iter().position(|octet| *octet == b'\n')?;
        let is_empty = matches!(rest.get(..end), Some([] | b"\r"));
        at = at.saturating_add(end).saturating_add(1);
        if is_empty {
            return Some(at);
        }
    }
}

/// The lines before the empty one, without their ends.
pub(crate) fn lines(head: Octets<'_>) -> impl Iterator<Item = Octets<'_>> {
    let mut rest = Some(head);
    std::iter::from_fn(move || {
        let octets = rest.take().filter(|octets| !octets.is_empty())?;
        let line = match octets.bytes.iter().position(|octet| *octet == b'\n') {
            Some(end) => {
                rest = Some(octets.tail(end.saturating_add(1)));
                let line = octets.head(end);
                line.bytes.strip_suffix(b"\r").map_or(line, |bytes| octets.head(bytes.len()))
            }
            None => octets,
        };
        (!line.is_empty() || line.is_cut()).then_some(line)
    })
}

/// Names and values of the fields behind the start line; values without blanks around them.
pub(crate) fn fields(head: Octets<'_>) -> impl Iterator<Item = (Octets<'_>, Octets<'_>)> {
    lines(head).skip(1).take(FIELDS_MAX).filter_map(|line| {
        let at = line.bytes.iter().position(|octet| *octet == b':')?;
        Some((line.head(at), trim(line.tail(at.saturating_add(1)))))
    })
}

/// Without blanks around it; what is cut keeps its end, which is not its end.
pub(crate) fn trim(octets: Octets<'_>) -> Octets<'_> {
    let leading = octets.bytes.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    let octets = octets.tail(leading);
    if octets.is_cut() { octets } else { octets.head(octets.bytes.trim_ascii_end().len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<'a>(head: Octets<'a>, name: &str) -> Option<Octets<'a>> {
        fields(head).find(|(own, _)| own.bytes.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    #[test]
    fn lines_and_fields_are_found_with_either_end_of_line() {
        let head = b"HTTP/1.1 200 OK\r\nServer:  nginx/1.22.1 \r\nX: a:b\n\r\nbody";
        assert_eq!(length(head), Some(head.len() - 4));
        let octets = Octets::unplaced(head);
        assert_eq!(field(octets, "server").unwrap().bytes, b"nginx/1.22.1");
        assert_eq!(field(octets, "x").unwrap().bytes, b"a:b");
        assert!(field(octets, "body").is_none());
        assert_eq!(lines(octets).count(), 3);
        assert_eq!(length(b"GET / HTTP/1.1\r\nHost: a\r\n"), None);
    }

    #[test]
    fn a_cut_value_stays_cut() {
        let octets = Octets::unplaced(b"A\r\nServer: nginx/1 ").cut();
        assert!(field(octets, "Server").unwrap().is_cut());
        let octets = Octets::unplaced(b"A\r\nServer: nginx/1 \r\nDate").cut();
        let server = field(octets, "Server").unwrap();
        assert!(!server.is_cut() && server.bytes == b"nginx/1");
    }
}
