//! What the dissector counts: what it met, what it could not read, what its bounds made it drop.

use crate::{LinkType, Unreadable};

/// Distinct link types counted by number; frames of further ones are counted together.
const LINK_TYPES_MAX: usize = 32;

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident: $name:literal,)*) => {
        /// Counts of one dissector.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Counters {
            $($(#[$doc])* pub(crate) $field: u64,)*
            unreadable: Vec<(Kind, u64)>,
            link_types: Vec<(LinkType, u64)>,
        }

        impl Counters {
            fn fixed(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$(($name, self.$field)),*].into_iter()
            }
        }
    };
}

counters! {
    /// IPv4 total length or IPv6 payload length 0: segmentation offload.
    offloaded: "ip packets of length 0 (segmentation offload)",
    /// A length field states more octets than the frame had on the wire.
    longer_than_frame: "lengths beyond the end of the frame",
    /// Frames behind the first in an aggregate of IEEE 802.11, which are not read.
    aggregated: "frames behind the first in an aggregate of 802.11 not read",
    /// UDP length 0 or beyond the IP packet.
    udp_length: "udp lengths that contradict ip",
    /// Fragments, whole or not.
    fragments: "ip fragments",
    /// Fragments without all their octets in the capture.
    fragments_cut: "ip fragments cut by the capture",
    /// Fragments that a mirror or the network sent again.
    fragments_duplicate: "ip fragments seen twice",
    /// Fragments that overlap others with the same or other octets.
    fragments_overlapping: "ip fragments that overlap others",
    /// Fragments that are empty, not of a multiple of eight octets though more follow, or beyond the longest datagram.
    fragments_impossible: "ip fragments of impossible length or place",
    /// Datagrams put together.
    datagrams: "ip datagrams put together",
    /// IPv6 datagrams dropped because fragments overlap (RFC 5722).
    datagrams_overlapping: "ipv6 datagrams dropped for overlapping fragments",
    /// Datagrams dropped because of the bound of their fragments.
    datagrams_beyond: "ip datagrams dropped for too many fragments",
    /// Datagrams that never became whole within the time allowed.
    datagrams_timed_out: "ip datagrams never completed",
    /// Datagrams dropped for newer ones.
    datagrams_evicted: "ip datagrams dropped by the bound of all fragments",
    /// Frames of link types beyond the bound.
    link_types_further: "frames of further link types not read",
}

/// One kind of unreadable header: layer, field, whether the capture cut it.
type Kind = (&'static str, &'static str, bool);

impl Counters {
    /// Counts what could not be read. The number of kinds is that of the fields named in this crate's source.
    #[cold]
    pub(crate) fn unreadable(&mut self, unreadable: &Unreadable) {
        match unreadable {
            Unreadable::LinkType(link_type) => {
                let known = self.link_types.iter().any(|(known, _)| known == link_type);
                if known || self.link_types.len() < LINK_TYPES_MAX {
                    count(&mut self.link_types, *link_type);
                } else {
                    self.link_types_further = self.link_types_further.saturating_add(1);
                }
            }
            Unreadable::Malformed { layer, malformed } => {
                count(&mut self.unreadable, (layer, malformed.what, false))
            }
            Unreadable::Cut { layer, malformed } => {
                count(&mut self.unreadable, (layer, malformed.what, true))
            }
        }
    }

    /// Every count that is not 0, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        let fixed = self.fixed().map(|(name, count)| (name.to_owned(), count));
        let unreadable = self.unreadable.iter().map(|((layer, what, cut), count)| {
            let problem = if *cut { "cut by the capture" } else { "malformed" };
            (format!("{layer} {what} {problem}"), *count)
        });
        let link_types = self
            .link_types
            .iter()
            .map(|(link_type, count)| (Unreadable::LinkType(*link_type).to_string(), *count));
        fixed.chain(unreadable).chain(link_types).filter(|(_, count)| *count > 0)
    }
}

fn count<K: PartialEq>(counts: &mut Vec<(K, u64)>, kind: K) {
    match counts.iter_mut().find(|(known, _)| *known == kind) {
        Some((_, count)) => *count = count.saturating_add(1),
        None => counts.push((kind, 1)),
    }
}

/// Adds one.
pub(crate) fn bump(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_apart_and_zeros_left_out() {
        let mut counters = Counters::default();
        counters.unreadable(&Unreadable::LinkType(LinkType(195)));
        counters.unreadable(&Unreadable::LinkType(LinkType(195)));
        bump(&mut counters.datagrams);
        let named: Vec<_> = counters.iter().collect();
        let expected = [("ip datagrams put together", 1), ("link type 195 (IEEE 802.15.4) not read", 2)];
        assert_eq!(named, expected.map(|(name, count)| (name.to_owned(), count)));
    }

    #[test]
    fn a_flood_of_link_types_is_bounded() {
        let mut counters = Counters::default();
        for number in 0..1000 {
            counters.unreadable(&Unreadable::LinkType(LinkType(number)));
        }
        assert_eq!(counters.iter().count(), LINK_TYPES_MAX.saturating_add(1));
        assert_eq!(counters.iter().map(|(_, count)| count).sum::<u64>(), 1000);
    }
}
