//! The shapes of the document. Field order is the order of the contract, additions after it.

use std::borrow::Cow;
use std::io::Write;

use inventory::Snapshot;
use observation::{Evidence, Time};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::asset::asset_out;
use super::traffic::{capture, conversation_out, finding_out};
use super::{Part, SCHEMA, Tool};
use crate::order::Sorted;
use crate::time::rfc3339;

/// Wire text, safe to show.
pub(super) type Text<'a> = Cow<'a, str>;

/// A list whose parts are made while it is written, so that a large register is not in memory twice.
struct Each<I>(I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

#[derive(Serialize)]
struct Document<'a, C, A, V, F> {
    schema: &'static str,
    tool: ToolOut<'a>,
    as_of: Option<String>,
    captures: C,
    assets: A,
    conversations: V,
    findings: F,
    changes: [(); 0],
}

#[derive(Serialize)]
struct ToolOut<'a> {
    name: &'a str,
    version: &'a str,
}

pub(super) fn document<'a>(
    snapshot: &Snapshot,
    sorted: &'a Sorted<'a>,
    tool: &'a Tool<'a>,
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
        changes: [],
    }
}

/// Writes one list as an array.
pub(super) fn write_part(
    sorted: &Sorted<'_>,
    part: Part,
    find: Option<&str>,
    writer: &mut impl Write,
) -> serde_json::Result<()> {
    let find = find.map(str::to_lowercase);
    let find = find.as_deref();
    match part {
        Part::Assets => {
            let assets = sorted.assets.iter();
            array(writer, assets.map(|(asset, identified)| asset_out(sorted, asset, identified)), find)
        }
        Part::Conversations => {
            let conversations = sorted.conversations.iter();
            array(writer, conversations.map(|conversation| conversation_out(sorted, conversation)), find)
        }
        Part::Findings => {
            array(writer, sorted.findings.iter().map(|finding| finding_out(sorted, finding)), find)
        }
    }
}

/// Writes those of the objects that contain the text, which is in lower case.
fn array<T: Serialize>(
    writer: &mut impl Write,
    objects: impl Iterator<Item = T>,
    find: Option<&str>,
) -> serde_json::Result<()> {
    let mut serializer = serde_json::Serializer::pretty(writer);
    let mut sequence = serializer.serialize_seq(None)?;
    for object in objects {
        let is_wanted = match find {
            Some(find) => serde_json::to_string(&object)?.to_lowercase().contains(find),
            None => true,
        };
        if is_wanted {
            sequence.serialize_element(&object)?;
        }
    }
    sequence.end()
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
