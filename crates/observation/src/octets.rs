//! Octets that know where they came from.

use crate::{Evidence, Range};

/// A run of octets of a message that lie side by side in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where the run starts in the message.
    pub at: usize,
    /// The frame it came in.
    pub frame: u64,
    /// Where it starts in that frame.
    pub offset: u32,
}

/// Octets of one message with the frames they came in: a message may span several segments, fragments or, after a
/// protocol's own reassembly, several messages.
///
/// `pieces` are sorted by `at` and the first starts at or before `base`.
#[derive(Clone, Copy, Debug)]
pub struct Octets<'a> {
    /// The octets.
    pub bytes: &'a [u8],
    /// Where these octets start in the message that `pieces` describes, which is shorter than 4 GiB: no protocol has
    /// longer ones, and every message costs a few of these.
    base: u32,
    /// Origin of the whole message.
    pieces: &'a [Piece],
    /// True if more followed on the wire, which the capture does not hold.
    cut: bool,
}

impl<'a> Octets<'a> {
    /// The octets of a whole message.
    #[must_use]
    pub fn new(bytes: &'a [u8], pieces: &'a [Piece]) -> Self {
        Self { bytes, base: 0, pieces, cut: false }
    }

    /// Octets without an origin, for tests: evidence of them is empty.
    #[must_use]
    pub fn unplaced(bytes: &'a [u8]) -> Self {
        Self { bytes, base: 0, pieces: &[], cut: false }
    }

    /// The same octets as the beginning of more that the capture does not hold (a snaplen).
    #[must_use]
    pub fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    /// True if more followed on the wire that the capture does not hold: these octets are not the whole of anything.
    /// Parts of them that are all there are not cut.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Number of octets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Octet `at`, if there.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// `length` octets from `from` on, or `None` if they are not all there.
    #[must_use]
    pub fn slice(&self, from: usize, length: usize) -> Option<Self> {
        let end = from.checked_add(length)?;
        let bytes = self.bytes.get(from..end)?;
        let base = self.base.checked_add(u32::try_from(from).ok()?)?;
        Some(Self { bytes, base, pieces: self.pieces, cut: false })
    }

    /// The octets from `from` on; empty if it lies behind the end.
    #[must_use]
    pub fn tail(&self, from: usize) -> Self {
        let from = from.min(self.bytes.len());
        Self {
            bytes: self.bytes.get(from..).unwrap_or_default(),
            base: self.base.saturating_add(u32::try_from(from).unwrap_or(u32::MAX)),
            ..*self
        }
    }

    /// The first `length` octets, or all if there are fewer, which are cut if these are.
    #[must_use]
    pub fn head(&self, length: usize) -> Self {
        self.bytes.get(..length).map_or(*self, |bytes| Self { bytes, cut: false, ..*self })
    }

    /// Where the octets stand in their frames; empty for octets without an origin.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let mut more = self.ranges();
        let Some(first) = more.next() else { return Evidence::default() };
        // Nearly all octets lie in one frame: room for one, and more as it comes.
        let mut ranges = Vec::with_capacity(1);
        ranges.push(first);
        ranges.extend(more);
        Evidence { ranges }
    }

    /// The ranges of [`evidence`](Self::evidence), one after another.
    pub fn ranges(&self) -> impl Iterator<Item = Range> + '_ {
        self.runs().filter_map(|(_, frame, offset, length)| {
            Some(Range { frame, offset, length: u32::try_from(length).ok()? })
        })
    }

    /// Appends these octets to `bytes` and their origin to `pieces`: how a protocol reassembles what it fragmented.
    pub fn append_to(&self, bytes: &mut Vec<u8>, pieces: &mut Vec<Piece>) {
        let start = bytes.len();
        for (at, frame, offset, _) in self.runs() {
            pieces.push(Piece { at: start.saturating_add(at), frame, offset });
        }
        bytes.extend_from_slice(self.bytes);
    }

    /// The runs within these octets: start relative to them, frame, offset in the frame, length.
    fn runs(&self) -> impl Iterator<Item = (usize, u64, u32, usize)> + '_ {
        let start = usize::try_from(self.base).unwrap_or(usize::MAX);
        let end = start.saturating_add(self.bytes.len());
        let first = self.pieces.partition_point(|piece| piece.at <= start).saturating_sub(1);
        let pieces = self.pieces.get(first..).unwrap_or_default();
        pieces
            .iter()
            .enumerate()
            .map_while(move |(index, piece)| {
                let next = pieces.get(index.saturating_add(1)).map_or(usize::MAX, |next| next.at);
                let from = piece.at.max(start);
                let to = next.min(end);
                (from < end).then(|| {
                    let skipped = u32::try_from(from.saturating_sub(piece.at)).unwrap_or(u32::MAX);
                    (
                        from.saturating_sub(start),
                        piece.frame,
                        piece.offset.saturating_add(skipped),
                        to.saturating_sub(from),
                    )
                })
            })
            .filter(|run| run.3 > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: [Piece; 2] = [Piece { at: 0, frame: 7, offset: 54 }, Piece { at: 4, frame: 9, offset: 60 }];

    #[test]
    fn evidence_of_a_slice_over_two_segments_names_both_frames() {
        let octets = Octets::new(b"abcdefgh", &PIECES);
        let slice = octets.slice(2, 4).unwrap();
        assert_eq!(slice.bytes, b"cdef");
        assert_eq!(
            slice.evidence().ranges,
            [Range { frame: 7, offset: 56, length: 2 }, Range { frame: 9, offset: 60, length: 2 }]
        );
        assert_eq!(octets.tail(5).evidence().ranges, [Range { frame: 9, offset: 61, length: 3 }]);
        assert!(octets.slice(5, 4).is_none());
    }

    #[test]
    fn reassembled_octets_keep_their_origin() {
        let octets = Octets::new(b"abcdefgh", &PIECES);
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        octets.slice(1, 2).unwrap().append_to(&mut bytes, &mut pieces);
        octets.slice(6, 2).unwrap().append_to(&mut bytes, &mut pieces);
        assert_eq!(bytes, b"bcgh");
        let whole = Octets::new(&bytes, &pieces);
        assert_eq!(
            whole.evidence().ranges,
            [Range { frame: 7, offset: 55, length: 2 }, Range { frame: 9, offset: 62, length: 2 }]
        );
    }

    #[test]
    fn only_what_reaches_into_the_cut_is_cut() {
        let octets = Octets::unplaced(b"abcdef").cut();
        assert!(
            octets.is_cut() && octets.tail(2).is_cut() && octets.tail(6).is_cut() && octets.head(7).is_cut()
        );
        assert!(!octets.head(6).is_cut() && !octets.tail(4).head(2).is_cut());
        assert!(octets.slice(0, 6).is_some_and(|slice| !slice.is_cut()) && octets.slice(0, 7).is_none());
        assert!(!Octets::unplaced(b"abc").tail(1).head(9).is_cut());
    }

    #[test]
    fn octets_without_origin_have_no_evidence() {
        assert!(Octets::unplaced(b"abc").evidence().ranges.is_empty());
        assert!(Octets::new(b"", &PIECES).evidence().ranges.is_empty());
    }
}
