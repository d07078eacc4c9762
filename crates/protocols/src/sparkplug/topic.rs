//! Topics (Sparkplug 3.0.0 section 4.1): `spBv1.0/group/type/node/device`.

use observation::Octets;

/// The namespace of Sparkplug B, the first level of each of its topics.
const NAMESPACE: &[u8] = b"spBv1.0/";

/// True for a topic, or filter of topics, of Sparkplug B.
pub(crate) fn is_topic(octets: &[u8]) -> bool {
    octets.starts_with(NAMESPACE)
}

/// Types of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Birth,
    Data,
    Death,
    Command,
}

/// Whom a message is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Topic<'a> {
    /// An edge node, and the device behind it if there is one.
    Node { kind: Kind, group: Octets<'a>, node: Octets<'a>, device: Option<Octets<'a>> },
    /// A host application tells whether it is there.
    Host(Octets<'a>),
}

impl<'a> Topic<'a> {
    /// Reads a topic; `None` if it is none of Sparkplug B, or a filter.
    pub(super) fn parse(topic: Octets<'a>) -> Option<Self> {
        if !is_topic(topic.bytes) || topic.bytes.iter().any(|octet| matches!(octet, b'+' | b'#')) {
            return None;
        }
        let (first, rest) = level(topic.tail(NAMESPACE.len()));
        let (second, rest) = level(rest?);
        if first.bytes == b"STATE" {
            return rest.is_none().then_some(Self::Host(second));
        }
        let (node, rest) = level(rest?);
        let (of_device, kind) = match second.bytes {
            b"NBIRTH" => (false, Kind::Birth),
            b"NDATA" => (false, Kind::Data),
            b"NDEATH" => (false, Kind::Death),
            b"NCMD" => (false, Kind::Command),
            b"DBIRTH" => (true, Kind::Birth),
            b"DDATA" => (true, Kind::Data),
            b"DDEATH" => (true, Kind::Death),
            b"DCMD" => (true, Kind::Command),
            _ => return None,
        };
        let device = match rest.map(level) {
            Some((device, None)) => Some(device),
            Some(_) => return None,
            None => None,
        };
        (device.is_some() == of_device).then_some(Self::Node { kind, group: first, node, device })
    }
}

/// The first level, and what follows its slash.
fn level(topic: Octets<'_>) -> (Octets<'_>, Option<Octets<'_>>) {
    match topic.bytes.iter().position(|octet| *octet == b'/') {
        Some(end) => (topic.head(end), Some(topic.tail(end.saturating_add(1)))),
        None => (topic, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_told_apart() {
        let Some(Topic::Node { kind, group, node, device }) =
            Topic::parse(Octets::unplaced(b"spBv1.0/G/DDATA/N/D"))
        else {
            unreachable!("a topic of a device")
        };
        assert_eq!((kind, group.bytes, node.bytes), (Kind::Data, &b"G"[..], &b"N"[..]));
        assert_eq!(device.map(|device| device.bytes), Some(&b"D"[..]));
        let host = Topic::parse(Octets::unplaced(b"spBv1.0/STATE/scada"));
        assert!(matches!(host, Some(Topic::Host(host)) if host.bytes == b"scada"));
        for topic in [
            &b"spBv1.0/G/NDATA/+"[..],
            b"spBv1.0/G/NDATA",
            b"spBv1.0/G/NDATA/N/D",
            b"spBv1.0/G/DDATA/N",
            b"spBv1.0/G/OTHER/N",
            b"spBv1.0/G/DDATA/N/D/E",
            b"spBv1.0",
            b"plant/G/NDATA/N",
        ] {
            assert!(Topic::parse(Octets::unplaced(topic)).is_none(), "{topic:?}");
        }
    }
}
