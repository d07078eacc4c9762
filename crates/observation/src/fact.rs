//! Facts and the evidence that proves them.

use std::borrow::Cow;

use crate::{Day, Station, Time};

/// How a fact is known, strongest first. Never a made-up percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The device said it of itself.
    Stated,
    /// A peer said it: an electronic key, a neighbour table, a gateway's exception.
    Reported,
    /// It follows from behaviour, port, address or the scheme of another value.
    Inferred,
    /// A person said it.
    Declared,
}

impl Basis {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Reported => "reported",
            Self::Inferred => "inferred",
            Self::Declared => "declared",
        }
    }

    /// The basis that [`as_str`](Self::as_str) prints.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        [Self::Stated, Self::Reported, Self::Inferred, Self::Declared]
            .into_iter()
            .find(|basis| basis.as_str() == text)
    }
}

/// Octets of one frame: where a value stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// 1-based number of the frame in its capture (for live captures: per session and interface).
    pub frame: u64,
    /// Octets from the start of the captured frame, its link header included.
    pub offset: u32,
    /// Number of octets.
    pub length: u32,
}

/// The octets that prove a value, in the order the rule reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// Ranges whose octets, one after another, are what the rule reads.
    pub ranges: Vec<Range>,
}

/// When and how often something was seen on one UTC day of one capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sighting {
    /// The day.
    pub day: Day,
    /// First time on that day.
    pub first: Time,
    /// Last time on that day.
    pub last: Time,
    /// How often.
    pub count: u64,
}

impl Sighting {
    /// Seen once, at `time`.
    #[must_use]
    pub fn once(time: Time) -> Self {
        Self { day: time.day(), first: time, last: time, count: 1 }
    }

    /// Counts one more sighting, which may be earlier than the last.
    pub fn add(&mut self, time: Time) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.count = self.count.saturating_add(1);
    }
}

/// One statement about one station.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// Whom it is about.
    pub station: Station,
    /// Name of the property, one of [`attribute`](crate::attribute) or `<protocol>.<name>`.
    pub attribute: Cow<'static, str>,
    /// The value in the form the register shows. Control characters are escaped; at most [`VALUE_CHARS_MAX`](crate::VALUE_CHARS_MAX).
    pub value: String,
    /// How it is known.
    pub basis: Basis,
    /// Who carried it.
    pub protocol: Cow<'static, str>,
    /// Name of the [`Rule`](crate::Rule) that turned the octets into the value.
    pub rule: Cow<'static, str>,
    /// The octets, at the first sighting in this capture.
    pub evidence: Evidence,
    /// When.
    pub sighting: Sighting,
}
