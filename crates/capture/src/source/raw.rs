//! The octets of a file or of standard input as they are, counted and hashed.

use std::fs::File;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::SourceError;
use super::digest::Digest;

/// Octets asked of the operating system at a time: large enough that system calls cost nothing, small enough to stay
/// in the processor's cache.
pub(crate) const CHUNK: usize = 256 * 1024;

/// An input and the hash of what was read of it.
pub(crate) struct Raw {
    input: Box<dyn Read + Send>,
    digest: Digest,
    octets: Arc<AtomicU64>,
}

impl Raw {
    /// Opens a file; gives its size too if it has one (a pipe has none).
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<u64>), SourceError> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(SourceError::Folder);
        }
        #[expect(clippy::disallowed_methods, reason = "reading capture files is what a source is for")]
        let file = File::open(path)?;
        Ok((Self::new(file), metadata.is_file().then_some(metadata.len())))
    }

    /// Standard input, unless somebody sits there and types.
    pub(crate) fn stdin() -> Result<Self, SourceError> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(SourceError::Terminal);
        }
        Ok(Self::new(stdin))
    }

    pub(crate) fn new(input: impl Read + Send + 'static) -> Self {
        Self { input: Box::new(input), digest: Digest::default(), octets: Arc::default() }
    }

    /// Octets read so far; goes on counting while the input is buried in a decompressor.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.octets)
    }

    /// Reads what comes next; 0 at the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.input.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(count) => {
                    self.octets.fetch_add(count as u64, Ordering::Relaxed);
                    return Ok(count);
                }
                error => return error,
            }
        }
    }

    /// A buffer to read into, with any content.
    pub(crate) fn buffer(&mut self, size: usize) -> io::Result<Vec<u8>> {
        self.digest.buffer(size)
    }

    /// Hands over a buffer that is done with. Each octet read must be in one range, in order.
    pub(crate) fn give(&mut self, buffer: Vec<u8>, read: Range<usize>) -> io::Result<()> {
        self.digest.give(buffer, read)
    }

    /// Takes the buffer in use, reads what nobody wanted to walk, and gives hash and size of the whole.
    pub(crate) fn finish(mut self, mut buffer: Vec<u8>, mut read: Range<usize>) -> io::Result<(String, u64)> {
        loop {
            let mut next = self.buffer(CHUNK)?;
            let count = self.read(&mut next)?;
            if count == 0 {
                break;
            }
            self.give(std::mem::replace(&mut buffer, next), std::mem::replace(&mut read, 0..count))?;
        }
        let sha256 = self.digest.finish(buffer.get(read).unwrap_or_default())?;
        Ok((sha256, self.octets.load(Ordering::Relaxed)))
    }
}

/// An input in chunks, for a decompressor to read from.
pub(crate) struct Chunks {
    raw: Raw,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Why reading failed, kept apart because decompressors wrap or replace errors.
    pub(crate) failure: Option<io::Error>,
}

impl Chunks {
    /// Goes on with what `buffer` holds up to `end`, all of it read from `raw` and not yet hashed.
    pub(crate) fn new(raw: Raw, buffer: Vec<u8>, end: usize) -> Self {
        Self { raw, buffer, start: 0, end, failure: None }
    }

    /// Octets read so far, compressed.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        self.raw.counter()
    }

    fn more(&mut self) -> io::Result<()> {
        if self.end >= self.buffer.len() {
            let next = self.raw.buffer(CHUNK)?;
            let full = std::mem::replace(&mut self.buffer, next);
            self.raw.give(full, 0..self.end)?;
            (self.start, self.end) = (0, 0);
        }
        let count = self.raw.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end = self.end.saturating_add(count);
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<(String, u64)> {
        match self.failure {
            Some(failure) => Err(failure),
            None => self.raw.finish(self.buffer, 0..self.end),
        }
    }
}

impl Read for Chunks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end
            && let Err(error) = self.more()
        {
            let kind = error.kind();
            self.failure = Some(error);
            return Err(kind.into());
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }
}
