//! What a capture hands over: plain deltas that the register adds up.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{Conversation, Evidence, Fact, Mac, Range, Sighting, Station, Time};

/// Where frames came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaptureKind {
    /// A capture file; its id is the SHA-256 of its octets.
    File,
    /// A live session on an interface; its id is a UUID.
    Live,
}

impl CaptureKind {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Live => "live",
        }
    }

    /// The kind that [`as_str`](Self::as_str) prints.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        [Self::File, Self::Live].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How much of a capture could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaptureStatus {
    /// All of it.
    Complete,
    /// It ends in the middle of a record; everything before was read.
    Truncated,
    /// A record or block contradicts itself; everything before was read.
    Damaged,
}

impl CaptureStatus {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
        }
    }

    /// The status that [`as_str`](Self::as_str) prints.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        [Self::Complete, Self::Truncated, Self::Damaged].into_iter().find(|status| status.as_str() == text)
    }
}

/// A capture as a whole, known when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureSummary {
    /// SHA-256 in hexadecimal of a file, UUID of a live session.
    pub uid: String,
    /// File or live.
    pub kind: CaptureKind,
    /// File name without its folders, or the interface.
    pub name: String,
    /// The site that its stations belong to.
    pub site: String,
    /// Name of the sensor, empty for imports.
    pub sensor: String,
    /// Interface of a live session, empty for files.
    pub interface: String,
    /// Size of the file, or octets captured.
    pub octets: u64,
    /// Frames read.
    pub frames: u64,
    /// Frames that the operating system lost before we saw them; a file's own statistics where it states them.
    pub kernel_drops: u64,
    /// Earliest frame.
    pub first: Option<Time>,
    /// Latest frame.
    pub last: Option<Time>,
    /// How much could be read.
    pub status: CaptureStatus,
    /// Where and why reading stopped, if before the end: "octet 5120: record of 70000 octets, 12 left".
    pub stopped: Option<String>,
    /// Every other count, by name: what was recognised, skipped or dropped, and by which bound. Zero counts are left out.
    pub counters: BTreeMap<String, u64>,
}

/// Frames sent by a station, or messages sent by a station below an address, on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Who.
    pub station: Station,
    /// When and how many frames or messages.
    pub sighting: Sighting,
    /// Octets on the wire.
    pub octets: u64,
}

/// An IP address seen as the source behind a source MAC, on one day. Not first-hand: the MAC may be a router's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Source MAC of the frames.
    pub mac: Mac,
    /// Source IP (a root station with the frames' VLAN).
    pub station: Station,
    /// When and how many frames.
    pub sighting: Sighting,
    /// Smallest and largest TTL or hop limit seen.
    pub hop_limit: (u8, u8),
}

/// A station named by another one, on one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Who is named.
    pub station: Station,
    /// Who names it.
    pub by: Station,
    /// By which protocol.
    pub protocol: Cow<'static, str>,
    /// In which way: "electronic key", "gateway target failed to respond", "arp request".
    pub reason: Cow<'static, str>,
    /// When and how often.
    pub sighting: Sighting,
    /// The octets that name it, at the first time in this capture.
    pub evidence: Evidence,
}

/// A message or packet that is not of the prescribed shape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MalformedMessage {
    /// Protocol, or the layer: `modbus`, `ipv4`.
    pub protocol: Cow<'static, str>,
    /// The (last) frame it came in.
    pub frame: u64,
    /// When.
    pub time: Time,
    /// Who sent it, where known.
    pub station: Option<Station>,
    /// What is wrong: "length field at octet 4: 11 octets missing".
    pub problem: String,
}

/// A frame kept as proof, secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFrame {
    /// Number in the capture.
    pub frame: u64,
    /// When.
    pub time: Time,
    /// Link type, as in the registry of pcap link types (1 = Ethernet).
    pub link_type: u16,
    /// Octets on the wire; more than `octets.len()` if the capture cut the frame.
    pub original_length: u32,
    /// The frame as captured, with masked octets replaced by `*`.
    pub octets: Vec<u8>,
    /// Which octets were masked, and by their range only: never what stood there.
    pub masked: Vec<Range>,
}

/// Deltas since the last batch of the same capture. The register adds them up; order and size of batches do not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Frames sent, by station and day.
    pub presences: Vec<Presence>,
    /// IP behind MAC, by day.
    pub bindings: Vec<Binding>,
    /// Counters of conversations, by day.
    pub conversations: Vec<Conversation>,
    /// What was stated, by day.
    pub facts: Vec<Fact>,
    /// Who was named, by day.
    pub mentions: Vec<Mention>,
    /// Frames that prove facts, mentions and operations of this batch.
    pub frames: Vec<KeptFrame>,
    /// The first malformed messages of each protocol, up to a bound; all are counted in the summary.
    pub malformed: Vec<MalformedMessage>,
}

impl Batch {
    /// True if there is nothing to add.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.presences.is_empty()
            && self.bindings.is_empty()
            && self.conversations.is_empty()
            && self.facts.is_empty()
            && self.mentions.is_empty()
            && self.frames.is_empty()
            && self.malformed.is_empty()
    }
}
