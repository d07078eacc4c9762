//! Frames kept as proof, with secrets masked.

use std::collections::{BTreeMap, HashMap, VecDeque};

use observation::{Evidence, KeptFrame, Range};

use super::gather::Counters;
use crate::frame::RawFrame;
use crate::limits::{HELD_FRAMES_MAX, KEPT_FRAMES_MAX, SECRETS_MAX};
use crate::packet::Segment;

/// What stands in place of a secret octet.
const MASK: u8 = b'*';

/// The frames that a message came in: the one at hand and those before it.
#[derive(Clone, Copy)]
pub(crate) struct AtHand<'a> {
    pub(crate) frame: &'a RawFrame<'a>,
    pub(crate) earlier: [&'a [Segment]; 2],
}

impl AtHand<'_> {
    fn find(&self, number: u64) -> Option<KeptFrame> {
        if self.frame.number == number {
            let RawFrame { time, link_type, original_length, octets, .. } = *self.frame;
            let octets = octets.to_vec();
            return Some(KeptFrame {
                frame: number,
                time,
                link_type: link_type.0,
                original_length,
                octets,
                masked: Vec::new(),
            });
        }
        self.earlier.iter().flat_map(|frames| frames.iter()).find(|segment| segment.frame == number).map(kept)
    }
}

fn kept(segment: &Segment) -> KeptFrame {
    KeptFrame {
        frame: segment.frame,
        time: segment.time,
        link_type: segment.link_type.0,
        original_length: segment.original_length,
        octets: segment.octets.to_vec(),
        masked: Vec::new(),
    }
}

/// Frames kept since the last batch, frames held for later, and what must never be stored.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    frames: BTreeMap<u64, KeptFrame>,
    octets: usize,
    total: u64,
    held: HashMap<u64, Segment>,
    held_order: VecDeque<u64>,
    secrets: VecDeque<Range>,
}

impl Kept {
    /// Octets kept since the last batch.
    pub(crate) fn octets(&self) -> usize {
        self.octets
    }

    /// Keeps every frame that `evidence` points into.
    pub(crate) fn keep(&mut self, evidence: &Evidence, at_hand: &AtHand<'_>, counters: &mut Counters) {
        let mut before = None;
        for range in &evidence.ranges {
            if before.replace(range.frame) == Some(range.frame) || self.frames.contains_key(&range.frame) {
                continue;
            }
            if self.total >= KEPT_FRAMES_MAX {
                counters.add("evidence frames dropped", 1);
                continue;
            }
            let Some(mut frame) = at_hand.find(range.frame).or_else(|| self.held.get(&range.frame).map(kept))
            else {
                counters.add("evidence frames not at hand", 1);
                continue;
            };
            for secret in self.secrets.iter().filter(|secret| secret.frame == range.frame) {
                mask(&mut frame, *secret);
            }
            self.total = self.total.saturating_add(1);
            self.octets = self.octets.saturating_add(frame.octets.len());
            self.frames.insert(range.frame, frame);
        }
    }

    /// Holds the frames of a message that a later one completes.
    pub(crate) fn hold(&mut self, ranges: &[Range], at_hand: &AtHand<'_>, counters: &mut Counters) {
        for range in ranges {
            if self.held.contains_key(&range.frame) {
                continue;
            }
            let segment = if at_hand.frame.number == range.frame {
                Some(super::stream::copy(at_hand.frame))
            } else {
                at_hand
                    .earlier
                    .iter()
                    .flat_map(|frames| frames.iter())
                    .find(|segment| segment.frame == range.frame)
                    .cloned()
            };
            let Some(segment) = segment else { continue };
            if self.held_order.len() >= HELD_FRAMES_MAX
                && let Some(oldest) = self.held_order.pop_front()
            {
                self.held.remove(&oldest);
                counters.add("held frames dropped", 1);
            }
            self.held_order.push_back(range.frame);
            self.held.insert(range.frame, segment);
        }
    }

    /// Masks octets in every frame kept now or later.
    pub(crate) fn secret(&mut self, evidence: &Evidence, counters: &mut Counters) {
        counters.add("secrets masked", 1);
        for range in &evidence.ranges {
            if let Some(frame) = self.frames.get_mut(&range.frame) {
                mask(frame, *range);
            }
            if self.secrets.len() >= SECRETS_MAX {
                self.secrets.pop_front();
                counters.add("secret ranges forgotten", 1);
            }
            self.secrets.push_back(*range);
        }
    }

    /// The frames kept since the last time. Of those in `unread` the octets from the given offset on begin a message
    /// that is not whole yet: nobody knows what they are, so they are masked. If they prove to be needed, the frame is
    /// kept again.
    pub(crate) fn take(&mut self, unread: &HashMap<u64, u32>) -> Vec<KeptFrame> {
        self.octets = 0;
        let mut frames: Vec<KeptFrame> = std::mem::take(&mut self.frames).into_values().collect();
        for frame in &mut frames {
            let end = u32::try_from(frame.octets.len()).unwrap_or(u32::MAX);
            if let Some(&offset) = unread.get(&frame.frame).filter(|offset| **offset < end) {
                mask(frame, Range { frame: frame.frame, offset, length: end.saturating_sub(offset) });
            }
        }
        frames
    }
}

fn mask(frame: &mut KeptFrame, range: Range) {
    let (from, length) = (range.offset as usize, range.length as usize);
    for octet in frame.octets.iter_mut().skip(from).take(length) {
        *octet = MASK;
    }
    if !frame.masked.contains(&range) {
        frame.masked.push(range);
        frame.masked.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use observation::Time;

    use super::*;
    use crate::LinkType;

    const FRAME: RawFrame<'static> = RawFrame {
        number: 3,
        time: Time(0),
        link_type: LinkType::ETHERNET,
        original_length: 8,
        octets: b"userpass",
    };

    fn range(offset: u32, length: u32) -> Evidence {
        Evidence { ranges: vec![Range { frame: 3, offset, length }] }
    }

    #[test]
    fn a_secret_is_masked_whether_it_is_known_before_or_after_the_frame_is_kept() {
        for before in [true, false] {
            let (mut kept, mut counters) = (Kept::default(), Counters::default());
            let at_hand = AtHand { frame: &FRAME, earlier: [&[], &[]] };
            if before {
                kept.secret(&range(4, 4), &mut counters);
            }
            kept.keep(&range(0, 4), &at_hand, &mut counters);
            if !before {
                kept.secret(&range(4, 4), &mut counters);
            }
            let frames = kept.take(&HashMap::new());
            assert_eq!(frames[0].octets, b"user****");
            assert_eq!(frames[0].masked, range(4, 4).ranges);
        }
    }

    #[test]
    fn what_is_not_read_yet_is_masked() {
        let (mut kept, mut counters) = (Kept::default(), Counters::default());
        kept.keep(&range(0, 4), &AtHand { frame: &FRAME, earlier: [&[], &[]] }, &mut counters);
        let frames = kept.take(&HashMap::from([(3, 4)]));
        assert_eq!(frames[0].octets, b"user****");
        assert_eq!(frames[0].masked, range(4, 4).ranges);
    }

    #[test]
    fn a_frame_that_is_gone_is_counted() {
        let (mut kept, mut counters) = (Kept::default(), Counters::default());
        let elsewhere = Evidence { ranges: vec![Range { frame: 1, offset: 0, length: 1 }] };
        kept.keep(&elsewhere, &AtHand { frame: &FRAME, earlier: [&[], &[]] }, &mut counters);
        assert_eq!(counters.into_map().get("evidence frames not at hand"), Some(&1));
    }
}
