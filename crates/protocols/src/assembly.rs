//! Reassembly above the transport: fragments of one protocol put together again, with their origin.

use observation::{Octets, Piece};

/// Octets gathered from several messages, up to a bound. The origin of each octet is kept, so that facts read from
/// the whole still point at the frames.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Assembly {
    /// Nothing gathered yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), pieces: Vec::new() }
    }

    /// Adds octets; false, and nothing added, if the whole would be longer than `octets_max`.
    pub fn push(&mut self, octets: Octets<'_>, octets_max: usize) -> bool {
        if self.bytes.len().saturating_add(octets.len()) > octets_max {
            return false;
        }
        octets.append_to(&mut self.bytes, &mut self.pieces);
        true
    }

    /// What is gathered so far.
    #[must_use]
    pub fn octets(&self) -> Octets<'_> {
        Octets::new(&self.bytes, &self.pieces)
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
    }
}
