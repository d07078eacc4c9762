//! The shapes of the document. Field order is the order of the contract, additions after it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;

use inventory::Snapshot;
use observation::{Evidence, Time};
use serde::{Serialize, Serializer};

use super::asset::asset_out;
use super::change::change_out;
use super::coverage::coverage_out;
use super::traffic::{capture, conversation_out, finding_out};
use super::{Part, SCHEMA, Tool};
use crate::about::{About, ToolOut, Window};
use crate::error::Result;
use crate::filter::Filter;
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

/// Wire text, safe to show.
pub(super) type Text<'a> = Cow<'a, str>;

/// A list whose parts are made while it is written, so that a large register is not in memory twice.
struct Each<I>(I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

#[derive(Serialize)]
struct Document<'a, C, A, V, F, H, O> {
    schema: &'static str,
    tool: ToolOut<'a>,
    as_of: Option<String>,
    captures: C,
    assets: A,
    conversations: V,
    findings: F,
    changes: H,
    window: Window,
    filters: &'a Filter,
    policy: PolicyOut<'a>,
    coverage: O,
}

#[derive(Serialize)]
struct PolicyOut<'a> {
    given: bool,
    name: Text<'a>,
    text: String,
}

pub(super) fn document<'a>(
    snapshot: &'a Snapshot,
    sorted: &'a Sorted<'a>,
    tool: &'a Tool<'a>,
    filter: &'a Filter,
) -> impl Serialize + 'a {
    Document {
        schema: SCHEMA,
        tool: ToolOut { name: tool.name, version: tool.version },
        as_of: moment(snapshot.as_of),
        captures: Each(sorted.captures.iter().map(|summary| capture(summary))),
        assets: Each(sorted.assets.iter().map(|(asset, identified)| asset_out(sorted, asset, identified))),
        conversations: Each(
            sorted.conversations.iter().map(|conversation| conversation_out(sorted, conversation)),
        ),
        findings: Each(sorted.findings.iter().map(|finding| finding_out(sorted, finding))),
        changes: Each(sorted.changes.iter().map(|change| change_out(sorted, snapshot, change))),
        window: Window::of(sorted),
        filters: filter,
        policy: PolicyOut {
            given: snapshot.policy.is_given,
            name: safe_text(&snapshot.policy.name),
            text: safe_text(&snapshot.policy.text()).into_owned(),
        },
        coverage: Each(sorted.coverage.iter().map(|coverage| coverage_out(coverage))),
    }
}

/// Writes one list as an array.
pub(super) fn write_part(
    snapshot: &Snapshot,
    sorted: &Sorted<'_>,
    part: Part,
    only: Option<&BTreeSet<&str>>,
    writer: &mut impl Write,
) -> serde_json::Result<()> {
    let serializer = &mut serde_json::Serializer::pretty(writer);
    match part {
        Part::Assets => {
            let wanted = sorted
                .assets
                .iter()
                .filter(|(_, identified)| only.is_none_or(|ids| ids.contains(identified.id.as_str())));
            serializer.collect_seq(wanted.map(|(asset, identified)| asset_out(sorted, asset, identified)))
        }
        Part::Conversations => {
            let conversations = sorted.conversations.iter();
            serializer.collect_seq(conversations.map(|conversation| conversation_out(sorted, conversation)))
        }
        Part::Findings => {
            serializer.collect_seq(sorted.findings.iter().map(|finding| finding_out(sorted, finding)))
        }
        Part::Coverage => {
            serializer.collect_seq(sorted.coverage.iter().map(|coverage| coverage_out(coverage)))
        }
        Part::Changes => {
            let changes = sorted.changes.iter();
            serializer.collect_seq(changes.map(|change| change_out(sorted, snapshot, change)))
        }
    }
}

/// Writes the changes, one object on each line.
pub(super) fn write_changes(
    snapshot: &Snapshot,
    sorted: &Sorted<'_>,
    writer: &mut impl Write,
) -> std::io::Result<()> {
    for change in &sorted.changes {
        serde_json::to_writer(&mut *writer, &change_out(sorted, snapshot, change))?;
        writer.write_all(b"\n")?;
    }
    Ok(())
}

pub(super) fn moment(time: Option<Time>) -> Option<String> {
    time.map(rfc3339)
}

#[derive(Serialize)]
pub(super) struct EvidenceOut<'a> {
    pub(super) capture: &'a str,
    pub(super) ranges: Vec<RangeOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct RangeOut {
    pub(super) frame: u64,
    pub(super) offset: u32,
    pub(super) length: u32,
}

pub(super) fn ranges(evidence: &Evidence) -> Vec<RangeOut> {
    let ranges = evidence.ranges.iter();
    ranges.map(|range| RangeOut { frame: range.frame, offset: range.offset, length: range.length }).collect()
}

/// One line of JSON Lines: the object with a field `type` before its own.
#[derive(Serialize)]
struct Line<T> {
    r#type: &'static str,
    #[serde(flatten)]
    object: T,
}

fn write_line(r#type: &'static str, object: impl Serialize, writer: &mut impl Write) -> Result<()> {
    serde_json::to_writer(&mut *writer, &Line { r#type, object })?;
    Ok(writer.write_all(b"\n")?)
}

/// Writes every list of the document, an object on each line.
pub(super) fn write_lines(sorted: &Sorted<'_>, about: &About<'_>, writer: &mut impl Write) -> Result<()> {
    write_line("header", about, writer)?;
    for summary in &sorted.captures {
        write_line("capture", capture(summary), writer)?;
    }
    for (asset, identified) in &sorted.assets {
        write_line("asset", asset_out(sorted, asset, identified), writer)?;
    }
    for conversation in &sorted.conversations {
        write_line("conversation", conversation_out(sorted, conversation), writer)?;
    }
    for finding in &sorted.findings {
        write_line("finding", finding_out(sorted, finding), writer)?;
    }
    Ok(())
}
