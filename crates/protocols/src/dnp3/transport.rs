//! The transport function (IEEE 1815-2012, clause 8): fragments of the application layer in segments of one link frame.

use super::application::Function;
use super::link::LinkFrame;
use crate::Assembly;

/// Greatest fragment in octets (clause 4.1: at least 2048 for a device that follows the standard).
pub(super) const FRAGMENT_MAX: usize = 2048;

/// Pairs of link addresses whose fragments are put together at a time in one conversation; the oldest goes first.
pub(super) const PAIRS_MAX: usize = 8;

/// The transport header: one octet before the user octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header(pub(super) u8);

impl Header {
    /// FIR: the first segment of a fragment.
    pub(super) fn is_first(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// FIN: the last one.
    pub(super) fn is_final(self) -> bool {
        self.0 & 0x80 != 0
    }

    fn sequence(self) -> u8 {
        self.0 & 0x3f
    }
}

/// An unfinished fragment.
#[derive(Debug)]
struct Unfinished {
    source: u16,
    destination: u16,
    sequence: u8,
    gathered: Assembly,
}

/// What became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// The fragment is whole.
    Whole,
    /// More segments must come.
    More,
    /// It belongs to nothing that was begun, or the fragment grew too long.
    Lost,
}

/// Puts fragments together, per pair of link addresses.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    unfinished: Vec<Unfinished>,
    /// The last whole fragment. Kept to use its room again.
    whole: Assembly,
}

impl Fragments {
    /// The fragment that a segment belongs to, taken out; else what becomes of the segment.
    fn take(
        &mut self,
        frame: &LinkFrame<'_>,
        header: Header,
        dropped: &mut u32,
    ) -> Result<Unfinished, Segment> {
        let begun = self
            .unfinished
            .iter()
            .position(|one| one.source == frame.source && one.destination == frame.destination);
        match (header.is_first(), begun.map(|index| self.unfinished.remove(index))) {
            (true, begun) => {
                *dropped = dropped.saturating_add(begun.is_some().into());
                let mut gathered = std::mem::take(&mut self.whole);
                gathered.clear();
                Ok(Unfinished {
                    source: frame.source,
                    destination: frame.destination,
                    sequence: header.sequence(),
                    gathered,
                })
            }
            (false, None) => Err(Segment::Lost),
            // Link layers that confirm send a segment again when the confirmation is lost.
            (false, Some(one)) if one.sequence == header.sequence() => {
                self.unfinished.push(one);
                Err(Segment::More)
            }
            (false, Some(one)) if one.sequence.wrapping_add(1) & 0x3f == header.sequence() => {
                Ok(Unfinished { sequence: header.sequence(), ..one })
            }
            (false, Some(_)) => {
                *dropped = dropped.saturating_add(1);
                Err(Segment::Lost)
            }
        }
    }

    /// Adds the segment of a link frame whose blocks are checked. Adds to `dropped` the fragments given up.
    pub(super) fn add(&mut self, frame: &LinkFrame<'_>, header: Header, dropped: &mut u32) -> Segment {
        let mut one = match self.take(frame, header, dropped) {
            Ok(one) => one,
            Err(segment) => return segment,
        };
        let mut skipped = 1;
        for block in frame.user_octets() {
            if !one.gathered.push(block.tail(skipped), FRAGMENT_MAX) {
                *dropped = dropped.saturating_add(1);
                return Segment::Lost;
            }
            skipped = 0;
        }
        if header.is_final() {
            self.whole = one.gathered;
            return Segment::Whole;
        }
        if self.unfinished.len() >= PAIRS_MAX {
            self.unfinished.remove(0);
            *dropped = dropped.saturating_add(1);
        }
        self.unfinished.push(one);
        Segment::More
    }

    /// The beginning of a fragment, up to the last of the `intact` blocks of a link frame that the capture cut behind
    /// them. Further segments of it are lost.
    pub(super) fn cut(
        &mut self,
        frame: &LinkFrame<'_>,
        header: Header,
        intact: usize,
        dropped: &mut u32,
    ) -> Option<Assembly> {
        let mut gathered = self.take(frame, header, dropped).ok()?.gathered;
        let mut skipped = 1;
        for block in frame.user_octets().take(intact) {
            if !gathered.push(block.tail(skipped), FRAGMENT_MAX) {
                *dropped = dropped.saturating_add(1);
                return None;
            }
            skipped = 0;
        }
        Some(gathered)
    }

    /// The function code of the fragment that is begun between the addresses of a link frame.
    pub(super) fn function(&self, frame: &LinkFrame<'_>) -> Option<Function> {
        let one = self
            .unfinished
            .iter()
            .find(|one| one.source == frame.source && one.destination == frame.destination)?;
        one.gathered.octets().get(1).map(Function)
    }

    /// Takes the whole fragment out; to be [given back](Self::give_back) when it is read.
    pub(super) fn take_whole(&mut self) -> Assembly {
        std::mem::take(&mut self.whole)
    }

    /// Returns the room of a fragment.
    pub(super) fn give_back(&mut self, whole: Assembly) {
        self.whole = whole;
    }

    /// Octets were lost: what was begun cannot be finished.
    pub(super) fn clear(&mut self) {
        self.unfinished.clear();
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::Octets;

    use super::*;

    const SEGMENTS: &[u8] = include_bytes!("messages/class-data-of-three-segments.bin");

    fn frames() -> Vec<LinkFrame<'static>> {
        let (first, rest) = SEGMENTS.split_at(292);
        let (second, third) = rest.split_at(292);
        [first, second, third].map(|octets| LinkFrame::parse(Octets::unplaced(octets)).unwrap()).to_vec()
    }

    fn header(frame: &LinkFrame<'_>) -> Header {
        Header(frame.user_octets().next().unwrap().bytes[0])
    }

    fn add(fragments: &mut Fragments, frame: &LinkFrame<'_>) -> (Segment, u32) {
        let mut dropped = 0;
        (fragments.add(frame, header(frame), &mut dropped), dropped)
    }

    #[test]
    fn segments_are_put_together_without_checks_and_transport_headers() {
        let (mut fragments, frames) = (Fragments::default(), frames());
        assert_eq!(add(&mut fragments, &frames[0]), (Segment::More, 0));
        assert_eq!(add(&mut fragments, &frames[1]), (Segment::More, 0));
        assert_eq!(add(&mut fragments, &frames[2]), (Segment::Whole, 0));
        let whole = fragments.take_whole();
        assert_eq!(whole.octets().len(), 249 + 249 + 1);
        assert_eq!(whole.octets().bytes[..4], [0xe2, 0x81, 0x00, 0x00]);
    }

    #[test]
    fn a_repeated_segment_is_passed_over_and_a_missing_one_loses_the_fragment() {
        let (mut fragments, frames) = (Fragments::default(), frames());
        add(&mut fragments, &frames[0]);
        add(&mut fragments, &frames[1]);
        assert_eq!(add(&mut fragments, &frames[1]), (Segment::More, 0));
        assert_eq!(add(&mut fragments, &frames[2]).0, Segment::Whole);
        add(&mut fragments, &frames[0]);
        assert_eq!(add(&mut fragments, &frames[2]), (Segment::Lost, 1));
        assert_eq!(add(&mut fragments, &frames[1]), (Segment::Lost, 0));
    }

    #[test]
    fn a_fragment_stays_within_its_bound() {
        let (mut fragments, frames) = (Fragments::default(), frames());
        add(&mut fragments, &frames[0]);
        let mut sequence = frames[0].user_octets().next().unwrap().bytes[0] & 0x3f;
        let mut dropped = 0;
        let outcomes: Vec<Segment> = (0..9)
            .map(|_| {
                sequence = (sequence + 1) & 0x3f;
                fragments.add(&frames[1], Header(sequence), &mut dropped)
            })
            .collect();
        assert_eq!(
            outcomes.iter().filter(|outcome| **outcome == Segment::More).count(),
            FRAGMENT_MAX / 249 - 1
        );
        assert_eq!((outcomes[7], dropped), (Segment::Lost, 1));
    }

    #[test]
    fn the_oldest_of_too_many_pairs_is_dropped_and_counted() {
        let (mut fragments, frames) = (Fragments::default(), frames());
        let mut dropped = 0;
        for source in 0..=PAIRS_MAX as u16 {
            let mut frame = frames[0];
            frame.source = source;
            assert_eq!(fragments.add(&frame, header(&frame), &mut dropped), Segment::More);
        }
        assert_eq!((dropped, fragments.unfinished.len()), (1, PAIRS_MAX));
        let mut oldest = frames[1];
        oldest.source = 0;
        assert_eq!(fragments.add(&oldest, header(&oldest), &mut dropped), Segment::Lost);
    }
}
