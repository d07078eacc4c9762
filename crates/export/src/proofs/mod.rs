//! What a register proves with which frames: for the pcapng of the proving frames, and for the responder.

mod summary;

use std::collections::BTreeMap;

use inventory::{Asset, AssetEnd, Snapshot};
use observation::{Evidence, KeptFrame, Time, number_of};

use crate::error::Result;
use crate::order::Sorted;
use crate::pcapng::{CommentedFrame, Interface};
use crate::time::rfc3339;

pub use summary::{Summary, summary};

/// Most comments of one frame; how many more there are is said in the last.
const COMMENTS_MAX: usize = 200;

/// What proofs are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Ids of assets; all if empty.
    pub assets: Vec<String>,
    /// Name of an attribute; without it all, and the operations too.
    pub attribute: Option<String>,
    /// Frames from this time on.
    pub from: Option<Time>,
    /// Frames up to this time.
    pub to: Option<Time>,
}

impl Wanted {
    fn holds_asset(&self, id: &str) -> bool {
        self.assets.is_empty() || self.assets.iter().any(|wanted| wanted == id)
    }

    /// True if a frame of that time is asked for.
    #[must_use]
    pub fn holds_time(&self, time: Time) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time <= to)
    }
}

/// The frames that prove what is asked for: capture and number, and what each proves in words.
///
/// # Errors
///
/// Fails if the snapshot refers to assets that it does not hold.
pub fn proofs(snapshot: &Snapshot, wanted: &Wanted) -> Result<BTreeMap<(String, u64), Vec<String>>> {
    let sorted = Sorted::new(snapshot)?;
    let mut frames = Frames { sorted: &sorted, comments: BTreeMap::new() };
    for (asset, identified) in &sorted.assets {
        if wanted.holds_asset(&identified.id) {
            attributes(&mut frames, asset, &identified.id, wanted.attribute.as_deref());
        }
    }
    if wanted.attribute.is_none() {
        operations(&mut frames, &sorted, wanted);
    }
    Ok(frames.comments)
}

fn attributes(frames: &mut Frames<'_>, asset: &Asset, id: &str, only: Option<&str>) {
    let named = asset.attributes.iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
    for (name, candidates) in named {
        for (place, candidate) in candidates.iter().enumerate() {
            let Some(proof) = &candidate.proof else { continue };
            let rank = if place == 0 { "" } else { ", not the winning value" };
            let says = format!(
                "proves {name} \"{}\" of {} (asset {id}){rank}; {} by {}, rule {}",
                candidate.value,
                asset.name,
                candidate.basis.as_str(),
                candidate.protocol,
                proof.rule,
            );
            frames.add(&proof.capture, &proof.evidence, &says);
        }
    }
}

fn operations(frames: &mut Frames<'_>, sorted: &Sorted<'_>, wanted: &Wanted) {
    let holds = |end: &AssetEnd| match end {
        AssetEnd::Asset(index) => wanted.holds_asset(sorted.id(*index)),
        _ => wanted.assets.is_empty(),
    };
    for conversation in &sorted.conversations {
        if !holds(&conversation.client) && !holds(&conversation.server) {
            continue;
        }
        let [client, server] = [&conversation.client, &conversation.server].map(|end| end_name(sorted, end));
        for (capture, operation) in &conversation.named {
            let says = format!(
                "shows {} \"{}\", asked by {client} of {server} over {}",
                operation.kind.as_str(),
                operation.name,
                conversation.protocol,
            );
            frames.add(capture, &operation.evidence, &says);
        }
    }
}

/// An end of a conversation, for people.
fn end_name(sorted: &Sorted<'_>, end: &AssetEnd) -> String {
    match end {
        AssetEnd::Asset(index) => {
            let id = sorted.id(*index);
            sorted.asset(id).map(|asset| format!("{} (asset {id})", asset.name)).unwrap_or_default()
        }
        AssetEnd::External(ip) => format!("external {ip}"),
        AssetEnd::Group(address) => format!("group {address}"),
        AssetEnd::Silent(ip) => format!("silent {ip}"),
    }
}

struct Frames<'s> {
    sorted: &'s Sorted<'s>,
    comments: BTreeMap<(String, u64), Vec<String>>,
}

impl Frames<'_> {
    /// Adds to each frame of the evidence which of its octets say so.
    fn add(&mut self, capture: &str, evidence: &Evidence, says: &str) {
        let parts = evidence.ranges.len();
        for (number, range) in evidence.ranges.iter().enumerate() {
            let comments = self.comments.entry((capture.to_owned(), range.frame)).or_default();
            let part = if parts > 1 {
                format!(", part {} of {parts}", number.saturating_add(1))
            } else {
                String::new()
            };
            let name = self.sorted.capture_name(capture).unwrap_or("?");
            let last = range.offset.saturating_add(range.length).saturating_sub(1);
            comments.push(format!(
                "{says}; octets {} to {last} of frame {} of {name}{part}",
                range.offset, range.frame
            ));
        }
    }
}

/// A kept frame with its comments, as it goes into the pcapng: the masked octets and the capture are said too.
#[must_use]
pub fn commented(
    snapshot: &Snapshot,
    capture: &str,
    frame: KeptFrame,
    mut comments: Vec<String>,
) -> CommentedFrame {
    comments.sort();
    comments.dedup();
    let more = comments.len().saturating_sub(COMMENTS_MAX);
    comments.truncate(COMMENTS_MAX);
    if more > 0 {
        comments.push(format!("and {} more", number_of(more, "statement")));
    }
    if !frame.masked.is_empty() {
        let ranges = frame.masked.iter().map(|range| {
            format!("{} to {}", range.offset, range.offset.saturating_add(range.length).saturating_sub(1))
        });
        let ranges: Vec<String> = ranges.collect();
        comments.push(format!(
            "masked: octets {} are secrets, were never kept and stand here as *; checksums do not fit",
            ranges.join(", ")
        ));
    }
    if frame.time.0 < 0 {
        comments.push(format!("captured at {}, before what this format can say", rfc3339(frame.time)));
    }
    let summary = snapshot.captures.iter().find(|summary| summary.uid == capture);
    let interface = Interface {
        name: summary.map_or_else(String::new, |summary| summary.name.clone()),
        description: summary.map_or_else(
            || capture.to_owned(),
            |summary| {
                let sensor = if summary.sensor.is_empty() {
                    String::new()
                } else {
                    format!(", sensor {}", summary.sensor)
                };
                format!("{} {}, site {}{sensor}", summary.kind.as_str(), summary.uid, summary.site)
            },
        ),
    };
    CommentedFrame { interface, frame, comments }
}
