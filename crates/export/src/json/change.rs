//! A change in the document.

use inventory::{Change, Snapshot};
use serde::Serialize;

use super::document::{EvidenceOut, Text, ranges};
use super::traffic::{EndOut, end};
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

#[derive(Serialize)]
pub(super) struct ChangeOut<'a> {
    time: String,
    kind: &'static str,
    text: String,
    site: Text<'a>,
    asset: Option<&'a str>,
    peer: Option<EndOut<'a>>,
    subject: Text<'a>,
    before: Option<Text<'a>>,
    after: Option<Text<'a>>,
    learned: bool,
    evidence: Vec<EvidenceOut<'a>>,
}

pub(super) fn change_out<'a>(
    sorted: &'a Sorted<'_>,
    snapshot: &Snapshot,
    change: &'a Change,
) -> ChangeOut<'a> {
    let evidence = change.evidence.iter();
    ChangeOut {
        time: rfc3339(change.time),
        kind: change.kind.as_str(),
        text: safe_text(&change.text(&snapshot.inventory.assets)).into_owned(),
        site: safe_text(&change.site),
        asset: change.asset.map(|index| sorted.id(index)),
        peer: change.peer.as_ref().map(|peer| end(sorted, peer)),
        subject: safe_text(&change.subject),
        before: change.before.as_deref().map(safe_text),
        after: change.after.as_deref().map(safe_text),
        learned: change.learned,
        evidence: evidence
            .map(|proof| EvidenceOut { capture: &proof.capture, ranges: ranges(&proof.evidence), rule: None })
            .collect(),
    }
}
