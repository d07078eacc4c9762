//! SHA-256 of a file, computed beside reading it.
//!
//! Hashing an octet costs several times what walking over it does, so a thread of its own does it. Buffers change
//! hands instead of being copied: the reader fills and walks one, gives it away to be hashed and gets an older one back.
//! A file that fits into one buffer is hashed where it is, without a thread.

use std::fmt::Write;
use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

/// Buffers that may wait to be hashed or be under way; the reader waits for one when all are. With the one the reader
/// holds this bounds the memory of a source.
const BUFFERS_AWAY_MAX: usize = 5;

/// Buffers given to the thread at once: it is done long before there are more, and waking it costs as much as hashing a
/// part of a buffer.
const BUFFERS_AT_ONCE: usize = 3;

/// A buffer and which of its octets are to be hashed.
struct Filled {
    octets: Vec<u8>,
    range: Range<usize>,
}

struct Worker {
    filled: Sender<Vec<Filled>>,
    hashed: Receiver<Vec<u8>>,
    thread: JoinHandle<Sha256>,
}

/// Takes the octets of a file in order and gives their SHA-256.
#[derive(Default)]
pub(crate) struct Digest {
    worker: Option<Worker>,
    away: usize,
    /// Those of the buffers away that the thread does not have yet; fewer than it is given at once.
    waiting: Vec<Filled>,
}

impl Digest {
    /// A buffer of `size` octets to read into, with any content: one that has been hashed, or a new one.
    pub(crate) fn buffer(&mut self, size: usize) -> io::Result<Vec<u8>> {
        let Some(worker) = &self.worker else { return Ok(vec![0; size]) };
        let returned = if self.away >= BUFFERS_AWAY_MAX {
            Some(worker.hashed.recv().map_err(|_| ended())?)
        } else {
            worker.hashed.try_recv().ok()
        };
        let Some(mut buffer) = returned else { return Ok(vec![0; size]) };
        self.away = self.away.saturating_sub(1);
        // A buffer that grew for one huge block does not stay huge.
        if buffer.len() > size {
            buffer.truncate(size);
            buffer.shrink_to(size);
        }
        buffer.resize(size, 0);
        Ok(buffer)
    }

    /// Gives a buffer away; its octets in `range` follow those given before.
    pub(crate) fn give(&mut self, octets: Vec<u8>, range: Range<usize>) -> io::Result<()> {
        let worker = match &mut self.worker {
            Some(worker) => worker,
            none => none.insert(start()?),
        };
        self.away = self.away.saturating_add(1);
        self.waiting.push(Filled { octets, range });
        if self.waiting.len() >= BUFFERS_AT_ONCE {
            worker.filled.send(std::mem::take(&mut self.waiting)).map_err(|_| ended())?;
        }
        Ok(())
    }

    /// Takes the last octets and gives the SHA-256 of all, in lower-case hexadecimal.
    pub(crate) fn finish(self, last: &[u8]) -> io::Result<String> {
        let mut sha256 = match self.worker {
            None => Sha256::new(),
            Some(Worker { filled, hashed, thread }) => {
                filled.send(self.waiting).map_err(|_| ended())?;
                drop((filled, hashed));
                thread.join().map_err(|_| ended())?
            }
        };
        sha256.update(last);
        Ok(sha256.finalize().iter().fold(String::with_capacity(64), |mut text, octet| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{octet:02x}");
            text
        }))
    }
}

fn start() -> io::Result<Worker> {
    let (filled, to_hash) = channel::<Vec<Filled>>();
    let (done, hashed) = channel();
    let thread = std::thread::Builder::new().name("sha256".into()).spawn(move || {
        let mut sha256 = Sha256::new();
        while let Ok(buffers) = to_hash.recv() {
            for Filled { octets, range } in buffers {
                sha256.update(octets.get(range).unwrap_or_default());
                // The reader may have ended meanwhile and want no buffer back.
                let _ = done.send(octets);
            }
        }
        sha256
    })?;
    Ok(Worker { filled, hashed, thread })
}

fn ended() -> io::Error {
    io::Error::other("the hashing thread ended early")
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-2, appendix B.1 and B.3.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const MILLION_A: &str = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

    #[test]
    fn short_input_is_hashed_in_place() {
        assert_eq!(Digest::default().finish(b"abc").unwrap(), ABC);
    }

    #[test]
    fn octets_are_hashed_in_the_order_given_and_only_in_their_range() {
        let mut digest = Digest::default();
        for _ in 0..100 {
            let mut buffer = digest.buffer(10_020).unwrap();
            buffer.fill(b'x');
            buffer[20..10_010].fill(b'a');
            digest.give(buffer, 20..10_010).unwrap();
            assert!(digest.away <= BUFFERS_AWAY_MAX);
        }
        assert_eq!(digest.finish(&[b'a'; 1000]).unwrap(), MILLION_A);
    }

    #[test]
    fn buffers_have_the_size_asked_for() {
        let mut digest = Digest::default();
        for size in [10, 1_000_000, 10, 20, 5, 300, 10, 10] {
            let buffer = digest.buffer(size).unwrap();
            assert_eq!(buffer.len(), size);
            assert!(buffer.capacity() <= size.max(512));
            digest.give(buffer, 0..size).unwrap();
        }
    }
}
