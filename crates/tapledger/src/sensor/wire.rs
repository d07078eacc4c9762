//! What the capturing process tells the decoding one, through a pipe: chunks of frames, and events between them.
//!
//! A record: number of the interface, kind, count of frames, octets that follow, of 32 bits each, in host order (both ends are
//! the same program). Frames: time (i64), link type (u32), octets on the wire (u32), octets captured (u32), these octets.

use std::io::{self, Read};

use ::capture::{LinkType, RawFrame};
use observation::Time;
use serde::{Deserialize, Serialize};

/// Octets of a record's head.
const HEAD: usize = 16;

/// Octets before those of a frame.
const FRAME_HEAD: usize = 20;

/// Octets of frames in a chunk above which it is handed over.
pub(crate) const CHUNK_OCTETS: usize = 64 * 1024;

/// Longest record that is believed: a chunk and the longest frame.
const RECORD_OCTETS_MAX: usize = 1 << 20;

const FRAMES: u32 = 1;
const EVENT: u32 = 2;

/// Which interface to listen on, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listen {
    /// Number that tells it apart on the pipe; never used twice.
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) filter: Option<String>,
    pub(crate) snaplen: u32,
    /// Octets of the kernel's ring.
    pub(crate) buffer: u32,
    pub(crate) promiscuous: bool,
}

/// What the sockets and interfaces count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Frames that came to the filter since the interface was opened.
    pub(crate) heard: u64,
    /// Of these, frames for which the ring had no room.
    pub(crate) ring_drops: u64,
    /// Frames that the network card lost.
    pub(crate) card_drops: u64,
    /// Frames that the interface received and sent since it was made, where that is known.
    pub(crate) interface: Option<(u64, u64)>,
}

/// What happens to an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// It is listened on, again perhaps. What it had counted before.
    Open(Counts),
    /// It cannot be listened on now; it is tried again.
    Refused {
        reason: String,
        /// For lack of a permission, which waiting does not give.
        permission: bool,
    },
    /// It went away; it is tried again.
    Gone { reason: String },
    /// It went up or down.
    Link { up: bool },
    /// It has another name now.
    Renamed { name: String },
    /// A second is over.
    Beat(Counts),
    /// A second is over, and it is still not there.
    Waiting,
    /// The wall clock was set. The decoding process tells itself so.
    ClockJump { milliseconds: i64 },
    /// So many frames were heard before it was to end, and were not handed over in time.
    Left { frames: u64 },
    /// It is no longer listened on, as was asked.
    Ended,
}

/// Frames that wait to be handed over.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    octets: Vec<u8>,
    frames: u32,
    /// Of the first frame.
    first: Option<Time>,
}

impl Chunk {
    pub(crate) fn push(&mut self, frame: &RawFrame<'_>) {
        if self.octets.is_empty() {
            self.octets.resize(HEAD, 0);
            self.first = Some(frame.time);
        }
        let length = u32::try_from(frame.octets.len()).unwrap_or(u32::MAX);
        self.octets.extend_from_slice(&frame.time.0.to_ne_bytes());
        for number in [u32::from(frame.link_type.0), frame.original_length, length] {
            self.octets.extend_from_slice(&number.to_ne_bytes());
        }
        self.octets.extend_from_slice(frame.octets);
        self.frames = self.frames.saturating_add(1);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// True if it should not wait for a further frame that comes at `now`: it is long, or old, or the clock was set.
    pub(crate) fn is_due(&self, now: Time, age_max_nanos: i64) -> bool {
        let age = self.first.map_or(0, |first| now.0.saturating_sub(first.0));
        self.octets.len() >= CHUNK_OCTETS || !(0..age_max_nanos).contains(&age)
    }

    /// The record, ready to be written.
    pub(crate) fn record(&mut self, id: u32) -> &[u8] {
        let head = head(id, FRAMES, self.frames, self.octets.len().saturating_sub(HEAD));
        if let Some(room) = self.octets.get_mut(..HEAD) {
            room.copy_from_slice(&head);
        }
        &self.octets
    }

    pub(crate) fn clear(&mut self) {
        self.octets.clear();
        self.frames = 0;
        self.first = None;
    }
}

fn head(id: u32, kind: u32, frames: u32, length: usize) -> [u8; HEAD] {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let mut head = [0; HEAD];
    for (room, number) in head.chunks_exact_mut(4).zip([id, kind, frames, length]) {
        room.copy_from_slice(&number.to_ne_bytes());
    }
    head
}

/// The record of an event.
pub(crate) fn event(id: u32, event: &Event) -> Vec<u8> {
    let text = serde_json::to_vec(event).unwrap_or_default();
    let mut record = head(id, EVENT, 0, text.len()).to_vec();
    record.extend_from_slice(&text);
    record
}

/// A record, read.
#[derive(Debug)]
pub(crate) enum Record {
    Frames(Frames),
    Event(Event),
}

/// Frames of one interface, as they came through the pipe.
#[derive(Debug)]
pub(crate) struct Frames {
    octets: Vec<u8>,
    /// How many there are.
    pub(crate) count: u32,
}

impl Frames {
    /// Their octets and those between them.
    pub(crate) fn octets(&self) -> usize {
        self.octets.len()
    }

    /// The frames, numbered from `first` on.
    pub(crate) fn iter(&self, first: u64) -> impl Iterator<Item = RawFrame<'_>> {
        let mut rest = self.octets.as_slice();
        let mut number = first;
        std::iter::from_fn(move || {
            let (head, behind) = rest.split_first_chunk::<FRAME_HEAD>()?;
            let (time, words) = head.split_first_chunk::<8>()?;
            let mut words =
                words.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_ne_bytes);
            let (link_type, original_length, length) = (words.next()?, words.next()?, words.next()?);
            let (octets, behind) = behind.split_at_checked(usize::try_from(length).ok()?)?;
            rest = behind;
            let frame = RawFrame {
                number,
                time: Time(i64::from_ne_bytes(*time)),
                link_type: LinkType(u16::try_from(link_type).unwrap_or(u16::MAX)),
                original_length,
                octets,
            };
            number = number.saturating_add(1);
            Some(frame)
        })
    }
}

/// Reads the next record; none at the end of the pipe.
///
/// # Errors
///
/// Fails if the pipe does, ends within a record, or holds no records.
pub(crate) fn read(pipe: &mut impl Read) -> io::Result<Option<(u32, Record)>> {
    let mut head = [0; HEAD];
    let first = pipe.read(&mut head)?;
    if first == 0 {
        return Ok(None);
    }
    pipe.read_exact(head.get_mut(first..).unwrap_or_default())?;
    let mut numbers = head.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_ne_bytes);
    let mut number = || numbers.next().unwrap_or_default();
    let (id, kind, count, length) = (number(), number(), number(), number());
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > RECORD_OCTETS_MAX {
        return Err(io::Error::other(format!("a record of {length} octets")));
    }
    let mut octets = vec![0; length];
    pipe.read_exact(&mut octets)?;
    let record = match kind {
        FRAMES => Record::Frames(Frames { octets, count }),
        EVENT => Record::Event(serde_json::from_slice(&octets)?),
        _ => return Err(io::Error::other(format!("a record of kind {kind}"))),
    };
    Ok(Some((id, record)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u64, time: i64, octets: &[u8]) -> RawFrame<'_> {
        RawFrame { number, time: Time(time), link_type: LinkType::ETHERNET, original_length: 1500, octets }
    }

    #[test]
    fn frames_and_events_come_out_as_they_went_in() {
        let mut chunk = Chunk::default();
        chunk.push(&frame(1, 5, b"abc"));
        chunk.push(&frame(2, -7, b""));
        let mut pipe = chunk.record(3).to_vec();
        let gone = Event::Gone { reason: "it went".into() };
        pipe.extend(event(4, &gone));
        let mut pipe = pipe.as_slice();
        let (id, Record::Frames(frames)) = read(&mut pipe).unwrap().unwrap() else {
            panic!("frames are first")
        };
        assert_eq!((id, frames.count), (3, 2));
        let found: Vec<_> = frames.iter(41).map(|frame| (frame.number, frame.time.0, frame.octets)).collect();
        assert_eq!(found, [(41, 5, b"abc".as_slice()), (42, -7, b"".as_slice())]);
        let (id, Record::Event(read_back)) = read(&mut pipe).unwrap().unwrap() else {
            panic!("then the event")
        };
        assert_eq!((id, read_back), (4, gone));
        assert!(read(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn what_is_no_record_is_refused() {
        assert!(read(&mut [0_u8; 7].as_slice()).is_err());
        assert!(read(&mut [0xff_u8; 16].as_slice()).is_err());
        assert!(read(&mut head(1, 9, 0, 0).as_slice()).is_err());
        assert!(read(&mut head(1, EVENT, 0, 3).as_slice()).is_err());
    }

    #[test]
    fn a_chunk_is_due_when_it_is_long_or_old_or_the_clock_was_set_back() {
        let mut chunk = Chunk::default();
        assert!(!chunk.is_due(Time(0), 100));
        chunk.push(&frame(1, 1000, b"abc"));
        assert!(!chunk.is_due(Time(1050), 100));
        assert!(chunk.is_due(Time(1100), 100));
        assert!(chunk.is_due(Time(999), 100));
        chunk.push(&frame(1, 1000, &vec![0; CHUNK_OCTETS]));
        assert!(chunk.is_due(Time(1000), 100));
        chunk.clear();
        assert!(chunk.is_empty() && !chunk.is_due(Time(9999), 100));
    }
}
