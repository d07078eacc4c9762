//! One direction of a TCP stream, put in order.
//!
//! Handles segments out of order, retransmitted, overlapping, one-sided, joined mid-stream and lost. Octets that are
//! in order are handed on at once, straight from the frame; only a half-read message or a segment that came early is
//! copied. Every copy counts against [`STREAM_OCTETS_MAX`](crate::limits::STREAM_OCTETS_MAX) and the total over all streams.

use bytes::Bytes;
use observation::{Octets, Piece};

use super::evidence::AtHand;
use crate::limits::{EARLY_SEGMENTS_MAX, GAP_WAIT_NANOS, STREAM_OCTETS_MAX};
use crate::packet::Segment;

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Direction {
    /// Sequence number of the next octet in order; `None` before the first segment.
    next: Option<u32>,
    /// True while the start of a message is known: not after a gap, nor before the first message.
    pub(crate) synchronised: bool,
    /// A message that is not whole yet.
    pub(crate) held: Option<Box<Held>>,
    /// Segments that came early. In its own place, as few directions have any: what every segment touches stays small.
    early: Option<Box<Waiting>>,
}

/// A message that is not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Held {
    octets: Vec<u8>,
    /// Where they came from.
    pub(crate) pieces: Vec<Piece>,
    /// The frames they came in.
    pub(crate) frames: Vec<Segment>,
}

/// Segments that came early.
#[derive(Debug)]
struct Waiting {
    /// By distance from the next octet in order; never empty.
    segments: Vec<Early>,
    /// When the oldest of them came.
    since: i64,
}

#[derive(Debug)]
struct Early {
    sequence: u32,
    segment: Segment,
    /// Where the payload stands in the frame.
    offset: u32,
    length: usize,
}

/// Where a segment stands in its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In order from this octet of the payload on.
    Now(usize),
    /// All of it was there before.
    Old,
    /// Something before it is missing; it was put aside.
    Early,
    /// Something before it is missing and there is no room to wait: give up what is missing.
    Gap,
}

/// A segment that waited and is in order now.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) segment: Segment,
    /// First octet of the payload in the frame that was not there before.
    pub(crate) offset: u32,
    pub(crate) length: usize,
    /// True if octets before it were given up.
    pub(crate) after_gap: bool,
}

impl Direction {
    /// A new connection: the first octet follows `sequence`.
    pub(crate) fn open(&mut self, sequence: u32) {
        *self = Self { next: Some(sequence.wrapping_add(1)), synchronised: true, ..Self::default() };
    }

    /// True if a SYN with this sequence number opened what is being read.
    pub(crate) fn is_opened_at(&self, sequence: u32) -> bool {
        self.next.is_some_and(|next| next.wrapping_sub(sequence) <= 1)
    }

    /// Octets of the stream that wait to be read.
    pub(crate) fn unread(&self) -> usize {
        let early = self.early.iter().flat_map(|waiting| &waiting.segments).map(|early| early.length);
        early.fold(self.held.as_ref().map_or(0, |held| held.octets.len()), usize::saturating_add)
    }

    /// Octets of memory that what waits here takes: a half-read message and whole frames.
    pub(crate) fn octets(&self) -> usize {
        let held = self.held.as_ref().map_or(0, |held| {
            let frames: usize = held.frames.iter().map(|frame| frame.octets.len()).sum();
            held.octets.len().saturating_add(frames)
        });
        let early = self
            .early
            .as_ref()
            .map_or(0, |waiting| waiting.segments.iter().map(|early| early.segment.octets.len()).sum());
        held.saturating_add(early)
    }

    /// Places a segment of `length` octets. `lost` more were sent than captured.
    pub(crate) fn place(&mut self, sequence: u32, length: usize, lost: u32) -> Place {
        let next = *self.next.get_or_insert(sequence);
        let ahead = distance(next, sequence);
        let end = sequence.wrapping_add(wire(length)).wrapping_add(lost);
        if ahead > 0 {
            let waiting = self.early.as_ref().map_or(0, |waiting| waiting.segments.len());
            let wait = waiting < EARLY_SEGMENTS_MAX
                && self.octets() < STREAM_OCTETS_MAX
                && far(ahead) < STREAM_OCTETS_MAX;
            return if wait { Place::Early } else { Place::Gap };
        }
        if distance(next, end) <= 0 && length > 0 {
            // A jump back by more than a window is a new connection whose opening was not captured.
            if far(ahead) > STREAM_OCTETS_MAX {
                self.restart(end);
                return Place::Now(0);
            }
            return Place::Old;
        }
        self.next = Some(end);
        Place::Now(far(ahead))
    }

    /// Puts a segment aside.
    pub(crate) fn put_aside(
        &mut self,
        sequence: u32,
        segment: Segment,
        offset: u32,
        length: usize,
        nanos: i64,
    ) {
        let waiting =
            self.early.get_or_insert_with(|| Box::new(Waiting { segments: Vec::new(), since: nanos }));
        let segments = &mut waiting.segments;
        if segments.iter().any(|early| early.sequence == sequence && early.length >= length) {
            return;
        }
        let next = self.next.unwrap_or(sequence);
        let at = segments.partition_point(|early| distance(next, early.sequence) <= distance(next, sequence));
        segments.insert(at, Early { sequence, segment, offset, length });
    }

    /// True if segments wait although the receiver has `acknowledged` what is missing for a while: it was never captured.
    pub(crate) fn is_lost(&self, acknowledged: u32, nanos: i64) -> bool {
        let Some(waiting) = &self.early else { return false };
        waiting.segments.first().is_some_and(|first| distance(first.sequence, acknowledged) >= 0)
            && nanos.saturating_sub(waiting.since).saturating_abs() > GAP_WAIT_NANOS
    }

    /// The next segment that waited and is in order now; with `give_up` the next at all.
    pub(crate) fn due(&mut self, give_up: bool) -> Option<Due> {
        loop {
            let waiting = self.early.as_deref_mut()?;
            let first = waiting.segments.first()?;
            let next = self.next.unwrap_or(first.sequence);
            let ahead = distance(next, first.sequence);
            if ahead > 0 && !give_up {
                return None;
            }
            let early = waiting.segments.remove(0);
            if waiting.segments.is_empty() {
                self.early = None;
            }
            let skip = if ahead < 0 { far(ahead) } else { 0 };
            if skip >= early.length {
                continue;
            }
            self.next = Some(early.sequence.wrapping_add(wire(early.length)));
            let offset = early.offset.saturating_add(wire(skip));
            let length = early.length.saturating_sub(skip);
            return Some(Due { segment: early.segment, offset, length, after_gap: ahead > 0 });
        }
    }

    /// Goes on at `sequence` after a gap; what was half read is worthless. Returns the octets dropped.
    pub(crate) fn restart(&mut self, sequence: u32) -> usize {
        self.next = Some(sequence);
        self.forget_partial()
    }

    /// Drops a half-read message. Returns its octets.
    pub(crate) fn forget_partial(&mut self) -> usize {
        self.synchronised = false;
        self.held.take().map_or(0, |held| held.octets.len())
    }

    /// Adds the beginning or more of a message to what waits for its rest.
    pub(crate) fn hold_back(&mut self, rest: Octets<'_>, at_hand: &AtHand<'_>) {
        if rest.is_empty() {
            return;
        }
        let held = self.held.get_or_insert_default();
        for range in rest.evidence().ranges {
            if held.frames.iter().any(|frame| frame.frame == range.frame) {
                continue;
            }
            let earlier = at_hand
                .earlier
                .iter()
                .flat_map(|frames| frames.iter())
                .find(|segment| segment.frame == range.frame);
            held.frames.push(earlier.cloned().unwrap_or_else(|| copy(at_hand.frame)));
        }
        rest.append_to(&mut held.octets, &mut held.pieces);
    }

    /// Holds on to what `consumed` octets leave of a message.
    pub(crate) fn keep(&mut self, mut held: Box<Held>, consumed: usize) {
        if consumed < held.octets.len() {
            held.consume(consumed);
            self.held = Some(held);
        }
    }
}

impl Held {
    /// The octets, with their origin.
    pub(crate) fn octets(&self) -> Octets<'_> {
        Octets::new(&self.octets, &self.pieces)
    }

    /// Drops the first `consumed` octets.
    fn consume(&mut self, consumed: usize) {
        self.octets.drain(..consumed.min(self.octets.len()));
        let keep = self.pieces.partition_point(|piece| piece.at <= consumed).saturating_sub(1);
        self.pieces.drain(..keep);
        for piece in &mut self.pieces {
            let skipped = consumed.saturating_sub(piece.at);
            piece.offset = piece.offset.saturating_add(wire(skipped));
            piece.at = piece.at.saturating_sub(consumed);
        }
        let first = self.pieces.first().map_or(0, |piece| piece.frame);
        self.frames.retain(|frame| frame.frame >= first);
    }
}

/// A copy of a frame.
pub(crate) fn copy(frame: &crate::RawFrame<'_>) -> Segment {
    Segment {
        frame: frame.number,
        time: frame.time,
        link_type: frame.link_type,
        original_length: frame.original_length,
        octets: Bytes::copy_from_slice(frame.octets),
    }
}

/// How far `to` is ahead of `from`, negative if behind (RFC 793 section 3.3: modulo 2^32).
fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from).cast_signed()
}

fn far(distance: i32) -> usize {
    distance.unsigned_abs() as usize
}

fn wire(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::Time;

    use super::*;
    use crate::LinkType;

    /// Feeds segments (sequence, octets) and returns the stream as read, `|` for a gap.
    fn stream(syn: Option<u32>, segments: &[(u32, &str)]) -> String {
        let mut direction = Direction::default();
        if let Some(sequence) = syn {
            direction.open(sequence);
        }
        let mut read = String::new();
        for (number, (sequence, octets)) in segments.iter().enumerate() {
            let segment = Segment {
                frame: number as u64 + 1,
                time: Time(0),
                link_type: LinkType::ETHERNET,
                original_length: 0,
                octets: Bytes::copy_from_slice(octets.as_bytes()),
            };
            match direction.place(*sequence, octets.len(), 0) {
                Place::Now(skip) => read.push_str(&octets[skip..]),
                Place::Old => continue,
                Place::Early => direction.put_aside(*sequence, segment, 0, octets.len(), 0),
                Place::Gap => panic!("no room"),
            }
            while let Some(due) = direction.due(false) {
                read.push_str(
                    std::str::from_utf8(&due.segment.octets[due.offset as usize..][..due.length]).unwrap(),
                );
            }
        }
        while let Some(due) = direction.due(true) {
            read.push_str(if due.after_gap { "|" } else { "" });
            read.push_str(
                std::str::from_utf8(&due.segment.octets[due.offset as usize..][..due.length]).unwrap(),
            );
        }
        read
    }

    #[test]
    fn segments_are_read_in_order_however_they_come() {
        assert_eq!(stream(Some(99), &[(100, "abc"), (103, "def")]), "abcdef");
        assert_eq!(stream(Some(99), &[(103, "def"), (100, "abc")]), "abcdef");
        assert_eq!(stream(Some(99), &[(106, "ghi"), (103, "def"), (100, "abc")]), "abcdefghi");
        assert_eq!(stream(None, &[(500, "abc"), (503, "def")]), "abcdef");
    }

    #[test]
    fn retransmitted_and_overlapping_octets_are_read_once() {
        assert_eq!(stream(Some(99), &[(100, "abc"), (100, "abc"), (103, "def")]), "abcdef");
        assert_eq!(stream(Some(99), &[(100, "abc"), (101, "bcdef")]), "abcdef");
        assert_eq!(stream(Some(99), &[(102, "cdef"), (100, "abcd")]), "abcdef");
        assert_eq!(stream(Some(99), &[(103, "def"), (103, "def"), (100, "abc")]), "abcdef");
    }

    #[test]
    fn sequence_numbers_wrap_around() {
        assert_eq!(stream(Some(0xffff_fffd), &[(0xffff_fffe, "abc"), (1, "def")]), "abcdef");
        assert_eq!(stream(Some(0xffff_fffd), &[(1, "def"), (0xffff_fffe, "abc")]), "abcdef");
    }

    #[test]
    fn what_never_comes_is_a_gap() {
        assert_eq!(stream(Some(99), &[(100, "abc"), (106, "ghi"), (109, "jkl")]), "abc|ghijkl");
    }

    #[test]
    fn a_gap_is_given_up_when_acknowledged_for_a_while() {
        let mut direction = Direction::default();
        direction.open(99);
        assert_eq!(direction.place(103, 3, 0), Place::Early);
        let segment = Segment {
            frame: 1,
            time: Time(0),
            link_type: LinkType::ETHERNET,
            original_length: 0,
            octets: Bytes::from_static(b"def"),
        };
        direction.put_aside(103, segment, 0, 3, 1_000);
        assert!(!direction.is_lost(106, 2_000));
        assert!(!direction.is_lost(100, 1_000 + 2 * GAP_WAIT_NANOS));
        assert!(direction.is_lost(106, 1_000 + 2 * GAP_WAIT_NANOS));
    }

    #[test]
    fn consumed_octets_take_their_origin_along() {
        let mut direction = Direction::default();
        for (number, octets, offset) in [(1, b"abcd", 54), (2, b"efgh", 60)] {
            let frame = crate::RawFrame {
                number,
                time: Time(0),
                link_type: LinkType::ETHERNET,
                original_length: 0,
                octets,
            };
            let pieces = [Piece { at: 0, frame: number, offset }];
            direction.hold_back(Octets::new(octets, &pieces), &AtHand { frame: &frame, earlier: [&[], &[]] });
        }
        let held = direction.held.take().unwrap();
        direction.keep(held, 6);
        let held = direction.held.unwrap();
        assert_eq!(held.octets, b"gh");
        assert_eq!(held.pieces, [Piece { at: 0, frame: 2, offset: 62 }]);
        assert_eq!(held.frames.len(), 1);
    }
}
