//! What an export says of itself: its schema, the program, the window that was listened to, and the filter.
//!
//! Formats that have room for it carry it inside. A CSV file has none (RFC 4180 knows no comments, and what imports a
//! table would take one for a row), so there it is a JSON document beside the file.

use std::collections::BTreeSet;
use std::io::Write;

use inventory::Snapshot;
use observation::Time;
use serde::Serialize;

use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

/// What was listened to: the captures whose sites an export holds, taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Window {
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
    pub(crate) captures: usize,
    pub(crate) frames: u64,
    pub(crate) octets: u64,
    pub(crate) kernel_drops: u64,
    pub(crate) sites: Vec<String>,
    pub(crate) sensors: Vec<String>,
}

impl Window {
    pub(crate) fn of(sorted: &Sorted<'_>) -> Self {
        let captures = &sorted.captures;
        let names = |name: fn(&observation::CaptureSummary) -> &String| -> Vec<String> {
            let names: BTreeSet<&String> =
                captures.iter().map(|summary| name(summary)).filter(|name| !name.is_empty()).collect();
            names.into_iter().map(|name| safe_text(name).into_owned()).collect()
        };
        let sum = |count: fn(&observation::CaptureSummary) -> u64| {
            captures.iter().fold(0_u64, |sum, summary| sum.saturating_add(count(summary)))
        };
        Self {
            first: captures.iter().filter_map(|summary| summary.first).min().map(rfc3339),
            last: captures.iter().filter_map(|summary| summary.last).max().map(rfc3339),
            captures: captures.len(),
            frames: sum(|summary| summary.frames),
            octets: sum(|summary| summary.octets),
            kernel_drops: sum(|summary| summary.kernel_drops),
            sites: names(|summary| &summary.site),
            sensors: names(|summary| &summary.sensor),
        }
    }

    /// `2026-01-02T03:04:05Z to 2026-01-02T03:04:06Z, 2 captures, 84 frames`.
    pub(crate) fn words(&self) -> String {
        let window = match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!("{} to {}", whole_seconds(first), whole_seconds(last)),
            _ => "nothing observed".to_owned(),
        };
        let captures = observation::number_of(self.captures, "capture");
        format!("{window}, {captures}, {}", observation::number_of(self.frames, "frame"))
    }
}

/// The time without what is less than a second: people read it.
pub(crate) fn whole_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, rest)) if rest.ends_with('Z') => format!("{seconds}Z"),
        _ => time.to_owned(),
    }
}

/// What an export says of itself.
#[derive(Serialize)]
pub(crate) struct About<'a> {
    pub(crate) schema: &'a str,
    pub(crate) tool: ToolOut<'a>,
    pub(crate) as_of: Option<String>,
    pub(crate) window: Window,
    pub(crate) filters: &'a Filter,
    pub(crate) assets: usize,
    pub(crate) conversations: usize,
    pub(crate) findings: usize,
}

#[derive(Serialize)]
pub(crate) struct ToolOut<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
}

impl<'a> About<'a> {
    pub(crate) fn new(
        schema: &'a str,
        sorted: &Sorted<'_>,
        as_of: Option<Time>,
        tool: &Tool<'a>,
        filter: &'a Filter,
    ) -> Self {
        Self {
            schema,
            tool: ToolOut { name: tool.name, version: tool.version },
            as_of: as_of.map(rfc3339),
            window: Window::of(sorted),
            filters: filter,
            assets: sorted.assets.len(),
            conversations: sorted.conversations.len(),
            findings: sorted.findings.len(),
        }
    }

    /// Name and value of each part, for formats that hold nothing but texts.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("schema", self.schema.to_owned()),
            ("tool", format!("{} {}", self.tool.name, self.tool.version)),
            ("as_of", self.as_of.clone().unwrap_or_default()),
            ("window", self.window.words()),
            ("filters", self.filters.words()),
        ]
    }
}

/// Writes what an export of a schema says of itself, as one JSON document: for the file beside a CSV.
///
/// # Errors
///
/// Fails if `writer` does, or if the snapshot refers to assets that it does not hold.
pub fn write(
    schema: &str,
    snapshot: &Snapshot,
    tool: &Tool<'_>,
    filter: &Filter,
    mut writer: impl Write,
) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let about = About::new(schema, &sorted, snapshot.as_of, tool, filter);
    serde_json::to_writer_pretty(&mut writer, &about)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}
