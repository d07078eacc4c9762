//! What an import or a live capture prints when it ends: totals that add up.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use inventory::{AssetState, Inventory};
use observation::{CaptureSummary, number_of};

/// Counter of a live capture: frames that its interface received while it was listened on.
pub(crate) const COUNTER_RECEIVED: &str = "interface: frames received";

/// Counter of a live capture: frames that the machine sent on its interface meanwhile. Like all counters it is left out
/// if it is 0; [`COUNTER_RECEIVED`] tells that the interface was looked at.
pub(crate) const COUNTER_SENT: &str = "interface: frames sent";

/// Counter of a live capture: frames that the machine had sent on its interface before.
pub(crate) const COUNTER_SENT_BEFORE: &str = "interface: frames sent before the session";

/// Counter of a live capture: the same at its end.
pub(crate) const COUNTER_SENT_AFTER: &str = "interface: frames sent until its end";

/// One capture read.
pub(crate) struct Outcome {
    pub(crate) summary: CaptureSummary,
    /// It was in the register before.
    pub(crate) repeated: bool,
    /// It was not read to its end.
    pub(crate) partial: bool,
}

/// Everything read.
#[derive(Default)]
pub(crate) struct Imported {
    pub(crate) outcomes: Vec<Outcome>,
    /// Names and reasons.
    pub(crate) refused: Vec<(String, String)>,
}

/// Counter of fragments.
const FRAGMENTS: &str = "fragments";

/// Counters that say what became of frames that count for nobody. With those that count they add up to all.
/// Each with what one is called.
const NOT_COUNTED: [(&str, &str); 5] = [
    ("mirror duplicates", "mirror duplicate"),
    ("routed copies", "routed copy"),
    (FRAGMENTS, "fragment"),
    ("unreadable frames", "unreadable frame"),
    ("frames without address", "frame without address"),
];

impl Imported {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    pub(crate) fn refuse(&mut self, name: &str, reason: &str) {
        self.refused.push((name.to_owned(), reason.to_owned()));
    }

    /// True if something named was not read, or not to its end.
    pub(crate) fn is_partial(&self) -> bool {
        !self.refused.is_empty() || self.outcomes.iter().any(|outcome| outcome.partial)
    }

    /// The summary for people.
    pub(crate) fn text(&self, db: &Path, inventory: &Inventory) -> String {
        let mut text = String::new();
        for outcome in self.outcomes.iter().filter(|outcome| outcome.partial) {
            let summary = &outcome.summary;
            let stopped = summary.stopped.as_deref().unwrap_or("it ends early");
            let _ = writeln!(
                text,
                "{}: {}: {} read, then {stopped}",
                export::safe_text(&summary.name),
                summary.status.as_str(),
                number_of(summary.frames, "frame")
            );
        }
        let repeated = self.outcomes.iter().filter(|outcome| outcome.repeated).count();
        let new = self.outcomes.len().saturating_sub(repeated);
        let _ = writeln!(
            text,
            "captures    {new} new, {repeated} already in the register, {} refused",
            self.refused.len()
        );
        let summaries =
            || self.outcomes.iter().filter(|outcome| !outcome.repeated).map(|outcome| &outcome.summary);
        text.push_str(&frame_line(summaries()));
        text.push_str(&asset_line(inventory));
        let _ = writeln!(text, "register    {}", db.display());
        crate::terminal::safe_lines(&text)
    }
}

/// How frames read add up.
pub(crate) fn frame_line<'s>(summaries: impl Iterator<Item = &'s CaptureSummary>) -> String {
    let mut frames = 0_u64;
    let mut apart: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut lost: BTreeMap<String, u64> = BTreeMap::new();
    for summary in summaries {
        frames = frames.saturating_add(summary.frames);
        for (name, count) in &summary.counters {
            if let Some(names) = NOT_COUNTED.iter().find(|(known, _)| known == name) {
                add(apart.entry(*names).or_default(), *count);
            } else if is_loss(name) {
                add(lost.entry(name.clone()).or_default(), *count);
            }
        }
        if summary.kernel_drops > 0 {
            add(lost.entry("frames dropped before capture".to_owned()).or_default(), summary.kernel_drops);
        }
    }
    let counted = frames.saturating_sub(apart.values().sum());
    let mut text = format!("frames      {frames} read = {counted} counted");
    for ((several, one), count) in apart {
        let _ = write!(text, " + {count} {}", if count == 1 { one } else { several });
    }
    text.push('\n');
    for (name, count) in lost {
        let _ = writeln!(text, "            {name}: {count}");
    }
    text
}

/// Frames of a capture that are in a conversation: those read without those that count for nobody. Fragments do, for
/// their ends; what they carry is read with the last one.
pub(crate) fn talking(summary: &CaptureSummary) -> u64 {
    let apart = NOT_COUNTED.iter().filter(|(name, _)| *name != FRAGMENTS);
    let names = apart.map(|(name, _)| *name).chain([crate::backlog::FRAMES]);
    let counts = names.filter_map(|name| summary.counters.get(name));
    counts.fold(summary.frames, |frames, count| frames.saturating_sub(*count))
}

/// What the machine sent on the interface of a live capture; nothing if that is not known.
pub(crate) fn sent_line(summary: &CaptureSummary) -> String {
    let of = |name: &str| summary.counters.get(name).copied().unwrap_or(0);
    if of(COUNTER_RECEIVED) == 0 && of(COUNTER_SENT_AFTER) == 0 {
        return String::new();
    }
    format!(
        "interface   {}: {} sent by this machine while it was listened on ({} before, {} after)\n",
        summary.interface,
        number_of(of(COUNTER_SENT), "frame"),
        of(COUNTER_SENT_BEFORE),
        of(COUNTER_SENT_AFTER)
    )
}

/// True for counters that tell of something that could not be read or kept.
pub(crate) fn is_loss(name: &str) -> bool {
    name.starts_with("malformed")
        || name.contains("dropped")
        || name.contains("gaps")
        || name.contains("evicted")
        || name.contains("not kept")
        || name.contains("not at hand")
        || name.contains("not read")
        || name.contains("cut by")
}

/// How many assets in which state, and what else there is.
pub(crate) fn asset_line(inventory: &Inventory) -> String {
    format!(
        "assets      {}; {}, {}\n",
        by_state(inventory),
        number_of(inventory.conversations.len(), "conversation"),
        number_of(inventory.findings.len(), "finding")
    )
}

/// How many assets in which state: "35 observed, 2 referenced"; those that people listed only where there are some.
pub(crate) fn by_state(inventory: &Inventory) -> String {
    let count = |state| inventory.assets.iter().filter(|asset| asset.state == state).count();
    let (observed, referenced) = (count(AssetState::Observed), count(AssetState::Referenced));
    match count(AssetState::Declared) {
        0 => format!("{observed} observed, {referenced} referenced"),
        declared => format!("{observed} observed, {referenced} referenced, {declared} declared"),
    }
}

fn add(total: &mut u64, count: u64) {
    *total = total.saturating_add(count);
}
