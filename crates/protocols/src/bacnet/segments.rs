//! Answers in segments, put together (ANSI/ASHRAE 135-2020, clause 5.2).

use std::collections::VecDeque;

use observation::{End, Octets};

use super::apdu::Segment;
use crate::Assembly;

/// Most answers of one conversation that are put together at a time. A client has few long questions under way.
const ANSWERS_MAX: usize = 4;

/// Most octets of one answer: 256 segments of 1476 octets are possible, but what tells of a device stands in less.
const OCTETS_MAX: usize = 64 * 1024;

/// Who answers (end of the conversation, station beyond a router), which request and service.
pub(super) type Name = (End, (u16, u64), u8, u8);

/// An answer of which the first segments are there.
#[derive(Debug)]
struct Answer {
    name: Name,
    /// Number of the segment that comes next.
    next: u8,
    assembly: Assembly,
}

/// Answers that are not whole yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct Segments(VecDeque<Answer>);

impl Segments {
    /// Adds a segment. Returns the answer if it is whole. What is given up on the way is counted in `dropped`.
    pub(super) fn add(
        &mut self,
        name: Name,
        segment: Segment,
        octets: Octets<'_>,
        dropped: &mut u32,
    ) -> Option<Assembly> {
        let known = self.0.iter().position(|answer| answer.name == name);
        let at = match known {
            // A new answer begins; an old one of the same name was never finished. A repeated first segment is not new.
            Some(at) if segment.number == 0 && self.0.get(at).is_some_and(|answer| answer.next != 1) => {
                self.0.remove(at);
                *dropped = dropped.saturating_add(1);
                self.begin(name, dropped)
            }
            None if segment.number == 0 => self.begin(name, dropped),
            None => return None,
            Some(at) => at,
        };
        let answer = self.0.get_mut(at)?;
        if segment.number != answer.next {
            // Repeated segments are behind; one that is ahead shows that others were lost.
            if segment.number.wrapping_sub(answer.next) < 0x80 {
                self.0.remove(at);
                *dropped = dropped.saturating_add(1);
            }
            return None;
        }
        if !answer.assembly.push(octets, OCTETS_MAX) {
            self.0.remove(at);
            *dropped = dropped.saturating_add(1);
            return None;
        }
        answer.next = answer.next.wrapping_add(1);
        if segment.more { None } else { self.0.remove(at).map(|answer| answer.assembly) }
    }

    /// Room for a new answer, at the end.
    fn begin(&mut self, name: Name, dropped: &mut u32) -> usize {
        if self.0.len() >= ANSWERS_MAX {
            self.0.pop_front();
            *dropped = dropped.saturating_add(1);
        }
        self.0.push_back(Answer { name, next: 0, assembly: Assembly::new() });
        self.0.len().saturating_sub(1)
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(
        segments: &mut Segments,
        invoke_id: u8,
        number: u8,
        more: bool,
        octets: &[u8],
    ) -> (Option<Vec<u8>>, u32) {
        let mut dropped = 0;
        let name = (End::Server, (0, 0), invoke_id, 14);
        let whole = segments.add(name, Segment { more, number }, Octets::unplaced(octets), &mut dropped);
        (whole.map(|whole| whole.octets().bytes.to_vec()), dropped)
    }

    #[test]
    fn segments_in_order_are_one_answer_and_repeats_are_passed_over() {
        let mut segments = Segments::default();
        assert_eq!(add(&mut segments, 1, 0, true, b"ab"), (None, 0));
        assert_eq!(add(&mut segments, 1, 0, true, b"ab"), (None, 0));
        assert_eq!(add(&mut segments, 1, 1, true, b"cd"), (None, 0));
        assert_eq!(add(&mut segments, 1, 1, true, b"cd"), (None, 0));
        assert_eq!(add(&mut segments, 1, 2, false, b"e"), (Some(b"abcde".to_vec()), 0));
        assert_eq!(add(&mut segments, 1, 3, false, b"f"), (None, 0));
    }

    #[test]
    fn a_lost_segment_and_too_many_answers_are_counted() {
        let mut segments = Segments::default();
        add(&mut segments, 1, 0, true, b"ab");
        assert_eq!(add(&mut segments, 1, 2, false, b"cd"), (None, 1));
        for invoke_id in 0..5 {
            assert_eq!(add(&mut segments, invoke_id, 0, true, b"ab"), (None, u32::from(invoke_id == 4)));
        }
        assert_eq!(add(&mut segments, 0, 1, false, b"cd"), (None, 0));
        assert_eq!(add(&mut segments, 1, 1, false, b"cd"), (Some(b"abcd".to_vec()), 0));
    }

    #[test]
    fn a_request_number_used_again_begins_a_new_answer() {
        let mut segments = Segments::default();
        add(&mut segments, 1, 0, true, b"ab");
        add(&mut segments, 1, 1, true, b"cd");
        assert_eq!(add(&mut segments, 1, 0, true, b"xy"), (None, 1));
        assert_eq!(add(&mut segments, 1, 1, false, b"z"), (Some(b"xyz".to_vec()), 0));
    }

    #[test]
    fn an_endless_answer_is_given_up() {
        let mut segments = Segments::default();
        let octets = [0; 32 * 1024];
        add(&mut segments, 1, 0, true, &octets);
        add(&mut segments, 1, 1, true, &octets);
        assert_eq!(add(&mut segments, 1, 2, true, &octets), (None, 1));
    }
}
