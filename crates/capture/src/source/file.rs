//! A capture file, or standard input, as a source of frames.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use observation::CaptureStatus;

use super::raw::Raw;
use super::record::Record;
use super::stream::{Ending, Stop, Stream};
use super::{SourceError, content, pcap, pcapng};
use crate::{LinkType, RawFrame};

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// A file, or a pipe with a name.
    File(PathBuf),
    /// Standard input, written `-`.
    Stdin,
}

enum Format {
    Pcap(pcap::Reader),
    Pcapng(Box<pcapng::Reader>),
}

/// Reads a capture: pcap or pcapng, plain or in gzip or zstd, in one pass and constant memory. Everything is told by
/// content, nothing by name.
///
/// Reading ends at the end of the file, where it is cut off, or where it contradicts itself; whatever was read before
/// stays good, and [`finish`](Self::finish) says which of the three it was.
pub struct FileSource {
    stream: Stream,
    format: Format,
    size: Option<u64>,
    octets: Arc<AtomicU64>,
    ended: bool,
    stop: Option<Stop>,
}

/// What is known of a capture when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// SHA-256 of the file as it is on disk, compressed if it is, in lower-case hexadecimal.
    pub sha256: String,
    /// Size of the file as it is on disk.
    pub octets: u64,
    /// How much of it could be read.
    pub status: CaptureStatus,
    /// Where and why reading stopped before the end: "octet 5120: record of 70000 octets, 12 left". Positions in
    /// compressed files are of the decompressed octets, and say so.
    pub stopped: Option<String>,
    /// Frames that the capturing system lost, as the file's own statistics say.
    pub kernel_drops: u64,
    /// Frames read, by link type; types of interfaces without frames are there with 0.
    pub link_types: BTreeMap<LinkType, u64>,
    /// Other counts of pcapng by name, each beginning with `source.`: sections, interfaces, blocks skipped, frames of
    /// interfaces that the file does not describe. Zero counts are left out.
    pub counters: BTreeMap<String, u64>,
}

impl FileSource {
    /// Opens an input and reads as far as its file header.
    ///
    /// # Errors
    ///
    /// Fails if the input cannot be opened, is a folder, is empty, or is no capture; the error says what it is instead.
    pub fn open(input: &Input) -> Result<Self, SourceError> {
        let (raw, size) = match input {
            Input::File(path) => Raw::open(path)?,
            Input::Stdin => (Raw::stdin()?, None),
        };
        let octets = raw.counter();
        let mut stream = Stream::open(raw)?;
        let magic = if stream.ensure(4) { stream.ahead().first_chunk().copied() } else { None };
        let format = match magic {
            Some(magic) if pcap::Reader::recognises(magic) => Format::Pcap(pcap::Reader::open(&mut stream)?),
            Some(magic) if pcapng::Reader::recognises(magic) => {
                Format::Pcapng(Box::new(pcapng::Reader::open(&mut stream)?))
            }
            _ => return Err(refusal(stream)),
        };
        Ok(Self { stream, format, size, octets, ended: false, stop: None })
    }

    /// The next frame; none at the end of the file, where it is cut off, and where it is damaged.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend its frames")]
    pub fn next(&mut self) -> Option<RawFrame<'_>> {
        self.next_and_later().map(|(frame, _)| frame)
    }

    /// The next frame, and the octets that are the frame after the following one if the records of both begin like this
    /// one's: a hint for [`Pipeline::frame_ahead_of`](crate::Pipeline::frame_ahead_of). They end where the buffer ends.
    #[inline]
    pub fn next_and_later(&mut self) -> Option<(RawFrame<'_>, &[u8])> {
        if self.ended {
            return None;
        }
        let record = match &mut self.format {
            Format::Pcap(reader) => reader.next(&mut self.stream),
            Format::Pcapng(reader) => reader.next(&mut self.stream),
        };
        match record {
            Ok(Some(Record { number, time, link_type, original_length, offset, captured, length })) => {
                let (octets, rest) = self.stream.take(length, offset..offset.saturating_add(captured));
                let frame = RawFrame { number, time, link_type, original_length, octets };
                let following = match &self.format {
                    Format::Pcap(reader) => reader.length_of(rest),
                    Format::Pcapng(reader) => reader.length_of(rest),
                };
                let later = following.and_then(|length| rest.get(length..)?.get(offset..));
                Some((frame, later.unwrap_or_default()))
            }
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(stop) => {
                self.ended = true;
                self.stop = Some(stop);
                None
            }
        }
    }

    /// Octets read so far of the file as it is on disk; for a progress bar, as reading is ahead of the frames by up to
    /// a buffer.
    #[must_use]
    pub fn octets_read(&self) -> u64 {
        self.octets.load(Ordering::Relaxed)
    }

    /// Size of the file as it is on disk; none for pipes.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Reads on to the end of the file, so that the hash covers all of it, and says how the capture ended.
    ///
    /// # Errors
    ///
    /// Fails if the operating system could not read the file to its end: its hash, and so its identity, is unknown then.
    pub fn finish(self) -> Result<Finished, SourceError> {
        let (link_types, kernel_drops, counters) = match self.format {
            Format::Pcap(reader) => (reader.link_types().into_iter().collect(), 0, BTreeMap::new()),
            Format::Pcapng(reader) => reader.finish(),
        };
        let (sha256, octets) = self.stream.finish()?;
        let (status, stopped) = match self.stop {
            None => (CaptureStatus::Complete, None),
            Some(Stop { status, reason }) => (status, Some(reason)),
        };
        let counters = counters.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        Ok(Finished { sha256, octets, status, stopped, kernel_drops, link_types, counters })
    }
}

/// Why what the stream begins with is no capture.
fn refusal(mut stream: Stream) -> SourceError {
    let within =
        stream.compression().map_or_else(String::new, |packed| format!("{} of a file that ", packed.name()));
    stream.ensure(content::LOOKED_AT);
    let reason = match stream.ending() {
        Some(Ending::Cut(reason) | Ending::Damaged(reason)) => reason.clone(),
        _ if stream.ahead().is_empty() && within.is_empty() => return SourceError::Empty,
        _ => format!("{within}{}", content::describe(stream.ahead())),
    };
    match stream.finish() {
        Err(error) => error.into(),
        Ok(_) => SourceError::NotACapture(reason),
    }
}
