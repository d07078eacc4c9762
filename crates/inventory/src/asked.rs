//! What an asset asks of whom in protocols of control systems.

use std::collections::{BTreeMap, BTreeSet};

use observation::{OperationKind, Time};

use crate::model::{AssetEnd, Conversation};
use crate::rules::operations::{MASTERED, OPENINGS, is_engineering, is_industrial, is_inspecting};
use crate::rules::roles::POLLS_MIN;
use crate::talks;

/// Values read from and written to one server.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
}

/// What an asset asks in protocols of control systems.
#[derive(Default)]
pub(crate) struct Asked<'c> {
    pub(crate) servers: BTreeMap<&'c AssetEnd, Counts>,
    /// From the first to the last of the conversations in which it reads or writes.
    span: Option<(Time, Time)>,
    pub(crate) engineered: BTreeSet<&'c AssetEnd>,
    pub(crate) engineering: BTreeSet<&'c str>,
    pub(crate) mastered: BTreeSet<&'c AssetEnd>,
    pub(crate) masters: BTreeSet<&'c str>,
    /// Servers that were asked for anything but the connection itself, and those things by name.
    pub(crate) asked: BTreeSet<&'c AssetEnd>,
    pub(crate) names: BTreeSet<&'c str>,
    /// Names of what tools of engineers ask for when they look on.
    pub(crate) inspecting: BTreeSet<&'c str>,
}

impl<'c> Asked<'c> {
    pub(crate) fn by(asset: usize, conversations: &[&'c Conversation]) -> Self {
        let mut asked = Self::default();
        let own = AssetEnd::Asset(asset);
        for conversation in conversations
            .iter()
            .filter(|conversation| conversation.client == own && is_industrial(&conversation.protocol))
        {
            let count = |kind: OperationKind| talks::count(conversation, kind);
            let is_group = matches!(conversation.server, AssetEnd::Group(_));
            for (_, seen) in conversation
                .named
                .iter()
                .filter(|(_, seen)| is_engineering(&conversation.protocol, seen.kind, &seen.name))
            {
                asked.engineered.insert(&conversation.server);
                asked.engineering.insert(&seen.name);
            }
            for (_, seen) in
                conversation.named.iter().filter(|(_, seen)| !OPENINGS.contains(&seen.name.as_ref()))
            {
                asked.asked.insert(&conversation.server);
                asked.names.insert(&seen.name);
                if is_inspecting(&conversation.protocol, &seen.name) {
                    asked.inspecting.insert(&seen.name);
                }
            }
            let any = OperationKind::ALL.into_iter().any(|kind| count(kind) > 0);
            if MASTERED.contains(&conversation.protocol.as_str()) {
                if any && !is_group {
                    asked.mastered.insert(&conversation.server);
                    asked.masters.insert(&conversation.protocol);
                }
            } else if count(OperationKind::Read).max(count(OperationKind::Write)) > 0 && !is_group {
                let counts = asked.servers.entry(&conversation.server).or_default();
                counts.reads = counts.reads.saturating_add(count(OperationKind::Read));
                counts.writes = counts.writes.saturating_add(count(OperationKind::Write));
                let (first, last) = asked.span.unwrap_or((conversation.first, conversation.last));
                asked.span = Some((first.min(conversation.first), last.max(conversation.last)));
            }
        }
        asked
    }
}

impl<'c> Asked<'c> {
    /// Servers that are read more than somebody does who looks around.
    pub(crate) fn polled(&self) -> Vec<&'c AssetEnd> {
        let polled = self.servers.iter().filter(|(_, counts)| counts.reads >= POLLS_MIN);
        polled.map(|(end, _)| *end).collect()
    }
}

impl Asked<'_> {
    /// How long it was watched, in words behind "in"; nothing if that was no time.
    pub(crate) fn duration(&self) -> String {
        match self.span.map_or(0, |(first, last)| last.0.saturating_sub(first.0)) {
            0 => String::new(),
            nanos => format!(" in {}", words(nanos)),
        }
    }

    /// How often it reads the server that it reads most, in words behind a comma; nothing if it was watched too shortly.
    pub(crate) fn rhythm(&self) -> String {
        match self.between() {
            Some(between) => format!(", about every {}", words(between)),
            None => String::new(),
        }
    }

    /// Nanoseconds between two reads of the server that it reads most; nothing if it was watched too shortly.
    pub(crate) fn between(&self) -> Option<i64> {
        let reads = self.servers.values().map(|counts| counts.reads).max().unwrap_or(0);
        let watched = self.span.map_or(0, |(first, last)| last.0.saturating_sub(first.0));
        let between = i64::try_from(reads).ok().and_then(|reads| watched.checked_div(reads.checked_sub(1)?));
        between.filter(|between| *between > 0)
    }
}

/// A stretch of time in words, from nanoseconds, in the unit that leaves a small number.
fn words(nanos: i64) -> String {
    const UNITS: [(i64, &str); 5] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
    ];
    let fits = UNITS.into_iter().find(|(unit, _)| nanos >= *unit);
    let (unit, name) = fits.unwrap_or((1_000_000, "ms"));
    format!("{} {name}", nanos.checked_div(unit).unwrap_or(0))
}
