//! First and last time with a count, added up over days and captures.

use observation::{Sighting, Time};

/// When something was seen, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) count: u64,
}

impl Span {
    pub(crate) fn of(sighting: &Sighting) -> Self {
        Self { first: sighting.first, last: sighting.last, count: sighting.count }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count = self.count.saturating_add(other.count);
    }

    /// True if all of `self` lies after all of `other`.
    pub(crate) fn is_after(&self, other: &Self) -> bool {
        self.first > other.last
    }
}

/// Adds to a span that may not have begun.
pub(crate) fn extend(span: &mut Option<Span>, other: Span) {
    match span {
        Some(span) => span.add(other),
        None => *span = Some(other),
    }
}
