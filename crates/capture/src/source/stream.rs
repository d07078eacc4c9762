//! Octets in order with look-ahead: what the readers of capture formats walk over.

use std::io;
use std::ops::Range;

use observation::CaptureStatus;

use super::decompress::{Compression, Unpacked};
use super::raw::{CHUNK, Chunks, Raw};

/// How a stream came to its end.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The file ends.
    Clean,
    /// The compression ends in the middle.
    Cut(String),
    /// The compression contradicts itself.
    Damaged(String),
    /// The operating system could not read on.
    Failed(io::Error),
}

/// Where and why a format reader stopped before a clean end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Truncated or damaged.
    pub(crate) status: CaptureStatus,
    /// "octet 5120: record of 70000 octets, 12 left".
    pub(crate) reason: String,
}

enum Feed {
    // `read` is where the octets begin that were read into this buffer, behind those carried over.
    Plain { raw: Raw, read: usize },
    Unpacked(Unpacked),
}

/// The octets of a capture, compression taken off. Whatever [`ensure`](Self::ensure) promised stands in one piece in
/// [`ahead`](Self::ahead).
pub(crate) struct Stream {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    // Octets of the stream before `buffer`.
    base: u64,
    feed: Feed,
    ending: Option<Ending>,
}

impl Stream {
    /// Starts at the first octet; compression is told by its magic.
    pub(crate) fn open(mut raw: Raw) -> io::Result<Self> {
        let buffer = raw.buffer(CHUNK)?;
        let mut plain =
            Self { buffer, start: 0, end: 0, base: 0, feed: Feed::Plain { raw, read: 0 }, ending: None };
        plain.ensure(4);
        match Compression::of(plain.ahead()) {
            None => Ok(plain),
            Some(compression) => plain.unpack(compression),
        }
    }

    fn unpack(self, compression: Compression) -> io::Result<Self> {
        let Feed::Plain { raw, .. } = self.feed else { return Ok(self) };
        let chunks = Chunks::new(raw, self.buffer, self.end);
        let feed = Feed::Unpacked(Unpacked::new(compression, chunks)?);
        Ok(Self { buffer: vec![0; CHUNK], start: 0, end: 0, base: 0, feed, ending: None })
    }

    /// Makes the next `count` octets stand in [`ahead`](Self::ahead); false if the stream ends before. The caller bounds
    /// `count`, for that much memory is taken.
    #[inline]
    pub(crate) fn ensure(&mut self, count: usize) -> bool {
        self.end.saturating_sub(self.start) >= count || self.fill(count)
    }

    /// The octets that come next, as far as they are there.
    #[inline]
    pub(crate) fn ahead(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Passes over `count` octets that are there.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Passes over `count` octets that are there, and gives a part of them and what is there behind them.
    #[inline]
    pub(crate) fn take(&mut self, count: usize, part: Range<usize>) -> (&[u8], &[u8]) {
        let begin = self.start;
        self.advance(count);
        let there = self.buffer.get(begin..self.end).unwrap_or_default();
        let (taken, behind) = there.split_at_checked(count).unwrap_or((there, &[]));
        (taken.get(part).unwrap_or_default(), behind)
    }

    #[cold]
    fn fill(&mut self, count: usize) -> bool {
        while self.end.saturating_sub(self.start) < count {
            if self.ending.is_some() {
                return false;
            }
            let read = self.make_room(count).map_err(Ending::Failed).and_then(|()| {
                let room = self.buffer.get_mut(self.end..).unwrap_or_default();
                match &mut self.feed {
                    Feed::Plain { raw, .. } => match raw.read(room) {
                        Ok(0) => Err(Ending::Clean),
                        read => read.map_err(Ending::Failed),
                    },
                    Feed::Unpacked(unpacked) => unpacked.read(room),
                }
            });
            match read {
                Ok(count) => self.end = self.end.saturating_add(count),
                Err(ending) => self.ending = Some(ending),
            }
        }
        true
    }

    /// Leaves room behind the octets that are there, enough for `count` octets in one piece.
    fn make_room(&mut self, count: usize) -> io::Result<()> {
        let fits = self.start.saturating_add(count) <= self.buffer.len();
        if fits && self.end < self.buffer.len() {
            return Ok(());
        }
        let size = count.max(CHUNK);
        let kept = self.end.saturating_sub(self.start);
        match &mut self.feed {
            Feed::Plain { raw, read } => {
                let mut next = raw.buffer(size)?;
                if let (Some(to), Some(from)) = (next.get_mut(..kept), self.buffer.get(self.start..self.end))
                {
                    to.copy_from_slice(from);
                }
                let walked = std::mem::replace(&mut self.buffer, next);
                raw.give(walked, *read..self.end)?;
                *read = kept;
            }
            Feed::Unpacked(_) => {
                self.buffer.copy_within(self.start..self.end, 0);
                self.buffer.resize(size, 0);
            }
        }
        self.base = self.base.saturating_add(self.start as u64);
        (self.start, self.end) = (0, kept);
        Ok(())
    }

    /// The compression taken off.
    pub(crate) fn compression(&self) -> Option<Compression> {
        match &self.feed {
            Feed::Plain { .. } => None,
            Feed::Unpacked(unpacked) => Some(unpacked.compression()),
        }
    }

    /// How the stream ended, once [`ensure`](Self::ensure) found it so.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// After [`ensure`](Self::ensure) found the stream too short for `what`, which needs `count` octets: a clean end if
    /// nothing is left, else where and why it stopped.
    pub(crate) fn too_short(&self, what: &str, count: usize) -> Result<(), Stop> {
        let left = self.ahead().len();
        let missing = format!("{what} of {count} octets, {left} left");
        let (status, reason) = match &self.ending {
            Some(Ending::Clean) | None if left == 0 => return Ok(()),
            Some(Ending::Clean) | None => (CaptureStatus::Truncated, missing),
            Some(Ending::Cut(reason)) => (CaptureStatus::Truncated, format!("{missing}: {reason}")),
            Some(Ending::Damaged(reason)) => (CaptureStatus::Damaged, format!("{missing}: {reason}")),
            Some(Ending::Failed(error)) => (CaptureStatus::Truncated, format!("{missing}: {error}")),
        };
        Err(self.stop(status, &reason))
    }

    /// What comes next contradicts itself.
    pub(crate) fn damaged(&self, reason: &str) -> Stop {
        self.stop(CaptureStatus::Damaged, reason)
    }

    fn stop(&self, status: CaptureStatus, reason: &str) -> Stop {
        let octet = self.base.saturating_add(self.start as u64);
        let of = if self.compression().is_some() { " of the decompressed octets" } else { "" };
        Stop { status, reason: format!("octet {octet}{of}: {reason}") }
    }

    /// Reads what is left of the file, unwalked, and gives SHA-256 and size of the whole.
    pub(crate) fn finish(self) -> io::Result<(String, u64)> {
        if let Some(Ending::Failed(error)) = self.ending {
            return Err(error);
        }
        match self.feed {
            Feed::Plain { raw, read } => raw.finish(self.buffer, read..self.end),
            Feed::Unpacked(unpacked) => match unpacked.into_chunks() {
                Some(chunks) => chunks.finish(),
                None => Err(io::Error::other("decompressor lost its input")),
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use std::io::Read;

    use super::*;

    /// Gives one octet at a time, now and then an interruption, and at the end what it is told.
    struct Slow {
        octets: Vec<u8>,
        at: usize,
        calls: usize,
        end: Option<io::ErrorKind>,
    }

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls.is_multiple_of(7) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let Some(octet) = self.octets.get(self.at) else {
                return self.end.map_or(Ok(0), |kind| Err(kind.into()));
            };
            into[0] = *octet;
            self.at += 1;
            Ok(1)
        }
    }

    fn slow(octets: &[u8], end: Option<io::ErrorKind>) -> Stream {
        Stream::open(Raw::new(Slow { octets: octets.to_vec(), at: 0, calls: 0, end })).unwrap()
    }

    fn gzip(octets: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        flate2::bufread::GzEncoder::new(octets, flate2::Compression::fast())
            .read_to_end(&mut packed)
            .unwrap();
        packed
    }

    #[test]
    fn octets_that_arrive_one_by_one_are_all_there_and_in_one_piece() {
        let octets: Vec<u8> = (0..600_000_u32).map(|number| number.to_le_bytes()[1]).collect();
        let packed = [gzip(&octets[..300_000]), gzip(&octets[300_000..])].concat();
        for file in [&octets, &packed] {
            let mut stream = slow(file, None);
            let mut at = 0;
            for count in [1, 255_000, 10, 70_000, 100_000, 50_000].into_iter().cycle() {
                if !stream.ensure(count) {
                    break;
                }
                assert_eq!(stream.take(count, 0..count).0, &octets[at..at + count]);
                at += count;
            }
            assert_eq!(stream.ahead(), &octets[at..]);
            assert!(matches!(stream.ending(), Some(Ending::Clean)));
            let stop = stream.too_short("record", 1_000_000).unwrap_err();
            assert!(stop.reason.starts_with(&format!("octet {at}")), "{}", stop.reason);
            assert_eq!(stream.finish().unwrap().1, file.len() as u64);
        }
    }

    #[test]
    fn a_failure_to_read_leaves_no_hash_behind() {
        for file in [b"plain octets".to_vec(), gzip(b"packed octets")] {
            let mut stream = slow(&file, Some(io::ErrorKind::TimedOut));
            assert!(!stream.ensure(100));
            // A decompressor that has all of its member looks for the next one.
            assert!(matches!(stream.ending(), Some(Ending::Failed(_))), "{:?}", stream.ending());
            assert_eq!(stream.finish().unwrap_err().kind(), io::ErrorKind::TimedOut);
            // Nor if it comes after the last frame, when only the hash wants to read on.
            let mut stream = slow(&file, Some(io::ErrorKind::TimedOut));
            assert!(stream.ensure(4));
            assert_eq!(stream.finish().unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
    }
}
