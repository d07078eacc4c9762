//! One datagram that waits for its fragments.

use bytes::Bytes;
use observation::{Octets, Piece, Time};

use super::fragments::Key;
use crate::counters::{Counters, bump};
use crate::{RawFrame, Segment};

/// Fragments of one datagram at most. A datagram of the largest size in fragments of the smallest MTU (576) has 119.
const FRAGMENTS_MAX: usize = 256;

/// How long the fragments of a whole datagram are remembered, to tell the copies that a mirror makes of each frame.
pub(super) const REMEMBER_NANOS: u64 = 1_000_000_000;

/// What a header says of a fragment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment {
    /// Protocol number; of IPv6 the next header.
    pub(crate) protocol: u8,
    pub(crate) identification: u32,
    /// Where it belongs in the datagram, in octets.
    pub(crate) start: usize,
    pub(crate) more: bool,
    /// Where its octets start in the packet at hand.
    pub(crate) at: usize,
}

/// A datagram put together.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    pub(crate) octets: Vec<u8>,
    pub(crate) pieces: Vec<Piece>,
    /// The frames of its fragments without the one that completed it.
    pub(crate) frames: Vec<Segment>,
}

/// A run of octets of a datagram.
#[derive(Clone, Debug)]
pub(super) struct Part {
    start: usize,
    octets: Bytes,
    pieces: Vec<Piece>,
}

impl Part {
    fn end(&self) -> usize {
        self.start.saturating_add(self.octets.len())
    }

    /// The octets of the part that belong between `start` and `end` of the datagram.
    fn cut(&self, start: usize, end: usize) -> Self {
        let (from, to) = (start.saturating_sub(self.start), end.saturating_sub(self.start));
        let (from, to) = (from.min(self.octets.len()), to.min(self.octets.len()));
        Self { start, octets: self.octets.slice(from..to), pieces: pieces_from(&self.pieces, from, to) }
    }
}

/// Pieces of the octets from `from` to `end`.
pub(crate) fn pieces_from(pieces: &[Piece], from: usize, end: usize) -> Vec<Piece> {
    let first = pieces.partition_point(|piece| piece.at <= from).saturating_sub(1);
    let within = pieces.iter().skip(first).take_while(|piece| piece.at < end);
    let moved = within.map(|piece| {
        let skipped = u32::try_from(from.saturating_sub(piece.at)).unwrap_or(u32::MAX);
        Piece {
            at: piece.at.saturating_sub(from),
            frame: piece.frame,
            offset: piece.offset.saturating_add(skipped),
        }
    });
    moved.collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    /// Put together; its fragments are remembered for a while.
    Whole,
    /// Given up; further fragments of it are ignored.
    Dropped,
}

#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) key: Key,
    pub(super) phase: Phase,
    /// When the first fragment came, or the last one of a whole datagram.
    pub(super) since: Time,
    /// Sorted, and none overlaps another.
    parts: Vec<Part>,
    frames: Vec<Segment>,
    /// Protocol that the first fragment names.
    protocol: Option<u8>,
    /// Length of the datagram, once the last fragment is there.
    length: Option<usize>,
    /// Octets of the datagram that are there.
    held: usize,
    /// Octets kept for it in memory, at most.
    pub(super) octets: usize,
}

impl Datagram {
    pub(super) fn new(key: Key, since: Time) -> Self {
        let (parts, frames) = (Vec::new(), Vec::new());
        Self {
            key,
            phase: Phase::Waiting,
            since,
            parts,
            frames,
            protocol: None,
            length: None,
            held: 0,
            octets: 0,
        }
    }

    /// True if this fragment was part of it, and not long ago.
    pub(super) fn remembers(&self, part: &Part, now: Time) -> bool {
        self.since.0.abs_diff(now.0) <= REMEMBER_NANOS && self.has(part)
    }

    fn has(&self, part: &Part) -> bool {
        self.parts.iter().any(|known| known.start == part.start && known.octets == part.octets)
    }

    /// Adds a fragment; the whole datagram if nothing is missing any more.
    pub(super) fn add(
        &mut self,
        fragment: &Fragment,
        part: &Part,
        frames: Vec<Segment>,
        frame: &RawFrame<'_>,
        counters: &mut Counters,
    ) -> Option<(u8, Whole)> {
        if self.phase == Phase::Dropped {
            return None;
        }
        if self.phase == Phase::Whole || self.has(part) {
            bump(&mut counters.fragments_duplicate);
            return None;
        }
        let known_end = self.parts.last().map_or(0, Part::end);
        let contradicts_length = match self.length {
            Some(length) => part.end() > length || (!fragment.more && part.end() != length),
            None => !fragment.more && part.end() < known_end,
        };
        let gaps = self.gaps(part);
        let overlaps = gaps.iter().map(|gap| gap.octets.len()).sum::<usize>() != part.octets.len();
        if overlaps || contradicts_length {
            bump(&mut counters.fragments_overlapping);
            // "the entire datagram (and any constituent fragments) MUST be silently discarded", RFC 5722 section 4.
            if self.key.protocol.is_none() {
                bump(&mut counters.datagrams_overlapping);
                self.drop_all();
            }
            if self.key.protocol.is_none() || contradicts_length {
                return None;
            }
        }
        if self.parts.len().saturating_add(gaps.len()) > FRAGMENTS_MAX {
            bump(&mut counters.datagrams_beyond);
            self.drop_all();
            return None;
        }
        if fragment.start == 0 {
            self.protocol.get_or_insert(fragment.protocol);
        }
        if !fragment.more {
            self.length = Some(part.end());
        }
        let kept = frames.iter().map(|frame| frame.octets.len()).sum::<usize>();
        self.octets = self.octets.saturating_add(kept).saturating_add(part.octets.len());
        self.frames.extend(frames);
        for gap in gaps {
            self.held = self.held.saturating_add(gap.octets.len());
            let at = self.parts.partition_point(|known| known.start < gap.start);
            self.parts.insert(at, gap);
        }
        if self.length != Some(self.held) {
            return None;
        }
        self.phase = Phase::Whole;
        self.since = frame.time;
        bump(&mut counters.datagrams);
        Some((self.protocol?, self.whole(frame.number)))
    }

    /// What of a part is not there yet: the octets that came first win.
    fn gaps(&self, part: &Part) -> Vec<Part> {
        let (mut from, end, mut gaps) = (part.start, part.end(), Vec::new());
        for known in &self.parts {
            if known.start > from && from < end {
                gaps.push(part.cut(from, known.start.min(end)));
            }
            from = from.max(known.end());
        }
        if from < end {
            gaps.push(part.cut(from, end));
        }
        gaps
    }

    fn drop_all(&mut self) {
        self.phase = Phase::Dropped;
        self.parts = Vec::new();
        self.frames = Vec::new();
        self.octets = 0;
    }

    fn whole(&self, last_frame: u64) -> Whole {
        let (mut octets, mut pieces) = (Vec::with_capacity(self.held), Vec::new());
        for part in &self.parts {
            let moved = |piece: &Piece| Piece { at: octets.len().saturating_add(piece.at), ..*piece };
            pieces.extend(part.pieces.iter().map(moved));
            octets.extend_from_slice(&part.octets);
        }
        let frames = self.frames.iter().filter(|segment| segment.frame != last_frame).cloned().collect();
        Whole { octets, pieces, frames }
    }
}

/// A copy of a fragment and of the frames it came in.
pub(super) fn keep(
    fragment: Fragment,
    octets: &[u8],
    wrapping: Option<&Whole>,
    frame: &RawFrame<'_>,
) -> (Part, Vec<Segment>) {
    let captured = Bytes::copy_from_slice(frame.octets);
    let (octets, pieces, mut frames) = match wrapping {
        None => {
            let end = fragment.at.saturating_add(octets.len()).min(captured.len());
            let offset = u32::try_from(fragment.at).unwrap_or(u32::MAX);
            (
                captured.slice(fragment.at.min(end)..end),
                vec![Piece { at: 0, frame: frame.number, offset }],
                Vec::new(),
            )
        }
        Some(whole) => {
            let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
            let all = Octets::new(&whole.octets, &whole.pieces);
            all.tail(fragment.at).head(octets.len()).append_to(&mut bytes, &mut pieces);
            (bytes.into(), pieces, whole.frames.clone())
        }
    };
    frames.push(Segment {
        frame: frame.number,
        time: frame.time,
        link_type: frame.link_type,
        original_length: frame.original_length,
        octets: captured,
    });
    (Part { start: fragment.start, octets, pieces }, frames)
}
