//! Reassembly above the transport: fragments of one protocol put together again, with their origin.

use observation::{Octets, Piece};

/// Octets gathered from several messages, up to a bound. The origin of each octet is kept, so that facts read from
/// the whole still point at the frames.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    /// True if the last octets added end where the capture cut them.
    cut: bool,
}

impl Assembly {
    /// Nothing gathered yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), pieces: Vec::new(), cut: false }
    }

    /// Adds octets; false, and nothing added, if the whole would be longer than `octets_max`, or if the capture cut
    /// what was added before: behind a hole nothing fits.
    pub fn push(&mut self, octets: Octets<'_>, octets_max: usize) -> bool {
        if self.cut || self.bytes.len().saturating_add(octets.len()) > octets_max {
            return false;
        }
        self.cut = octets.is_cut();
        octets.append_to(&mut self.bytes, &mut self.pieces);
        true
    }

    /// What is gathered so far.
    #[must_use]
    pub fn octets(&self) -> Octets<'_> {
        let octets = Octets::new(&self.bytes, &self.pieces);
        if self.cut { octets.cut() } else { octets }
    }

    /// True if nothing is gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
        self.cut = false;
    }
}
