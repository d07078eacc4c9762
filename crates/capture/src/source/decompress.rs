//! Taking gzip and zstd off, with a limit on how far a file may expand.

use std::io::{self, BufRead, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

use super::raw::Chunks;
use super::stream::Ending;

/// How often a file may expand. Deflate cannot exceed 1032; captures of equal frames stay below 300 because their time
/// stamps differ.
const EXPANSION_MAX: u64 = 1000;

/// Octets below which the expansion is not looked at.
const EXPANSION_FREE: u64 = 256 * 1024 * 1024;

/// Largest window a zstd frame may ask for, as a power of two: 128 MiB, what `zstd --long` makes and the reference
/// decoder takes.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
}

impl Compression {
    const GZIP_MAGIC: &[u8] = &[0x1F, 0x8B];
    const ZSTD_MAGIC: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

    /// Tells by the first octets.
    pub(crate) fn of(octets: &[u8]) -> Option<Self> {
        if octets.starts_with(Self::GZIP_MAGIC) {
            Some(Self::Gzip)
        } else if octets.starts_with(Self::ZSTD_MAGIC) {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

enum Decoder {
    // `None` only while one member's decoder is exchanged for the next one's.
    Gzip(Option<Box<GzDecoder<Chunks>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Chunks>>),
}

/// A decompressor over the chunks of a file.
pub(crate) struct Unpacked {
    decoder: Decoder,
    compression: Compression,
    packed: Arc<AtomicU64>,
    octets: u64,
}

impl Unpacked {
    pub(crate) fn new(compression: Compression, chunks: Chunks) -> io::Result<Self> {
        let packed = chunks.counter();
        let decoder = match compression {
            Compression::Gzip => Decoder::Gzip(Some(Box::new(GzDecoder::new(chunks)))),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(chunks)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Decoder::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { decoder, compression, packed, octets: 0 })
    }

    /// The compression taken off.
    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    /// Reads what comes next; at the end says what kind of end it is.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Ending> {
        let packed = self.packed.load(Ordering::Relaxed).max(1);
        if self.octets > EXPANSION_FREE && self.octets.checked_div(packed) > Some(EXPANSION_MAX) {
            let name = self.compression.name();
            return Err(Ending::Damaged(format!(
                "{name} expands more than {EXPANSION_MAX}-fold: taken for a decompression bomb"
            )));
        }
        let read = match &mut self.decoder {
            Decoder::Gzip(member) => read_members(member, into),
            Decoder::Zstd(decoder) => decoder.read(into),
        };
        match read {
            Ok(0) => Err(Ending::Clean),
            Ok(count) => {
                self.octets = self.octets.saturating_add(count as u64);
                Ok(count)
            }
            Err(error) => Err(self.ending(&error)),
        }
    }

    fn ending(&mut self, error: &io::Error) -> Ending {
        let failure = match &mut self.decoder {
            Decoder::Gzip(member) => member.as_mut().and_then(|member| member.get_mut().failure.take()),
            Decoder::Zstd(decoder) => decoder.get_mut().failure.take(),
        };
        let name = self.compression.name();
        match failure {
            Some(failure) => Ending::Failed(failure),
            None if error.kind() == ErrorKind::UnexpectedEof => Ending::Cut(format!("{name} is cut off")),
            None => Ending::Damaged(format!("{name} is damaged: {error}")),
        }
    }

    /// Gives back what it reads from.
    pub(crate) fn into_chunks(self) -> Option<Chunks> {
        match self.decoder {
            Decoder::Gzip(member) => member.map(|member| member.into_inner()),
            Decoder::Zstd(decoder) => Some(decoder.finish()),
        }
    }
}

/// Reads from one gzip member after the other. Zeros after a member are padding, anything else is damage.
fn read_members(member: &mut Option<Box<GzDecoder<Chunks>>>, into: &mut [u8]) -> io::Result<usize> {
    while let Some(current) = member {
        let count = current.read(into)?;
        if count > 0 || into.is_empty() {
            return Ok(count);
        }
        let chunks = current.get_mut();
        skip_zeros(chunks)?;
        let next = chunks.fill_buf()?;
        if next.is_empty() {
            return Ok(0);
        }
        // One octet of the magic may be all that the buffer holds; the decoder checks the second.
        if next.first() != Compression::GZIP_MAGIC.first() {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "its last member is followed by something else",
            ));
        }
        *member = member.take().map(|ended| Box::new(GzDecoder::new(ended.into_inner())));
    }
    Ok(0)
}

fn skip_zeros(chunks: &mut Chunks) -> io::Result<()> {
    loop {
        let next = chunks.fill_buf()?;
        let zeros = next.iter().take_while(|&&octet| octet == 0).count();
        let more = zeros == next.len() && zeros > 0;
        chunks.consume(zeros);
        if !more {
            return Ok(());
        }
    }
}
