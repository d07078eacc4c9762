//! Captures, conversations and findings in the document.

use std::collections::BTreeMap;
use std::net::IpAddr;

use inventory::policy::Crossing;
use inventory::{AssetEnd, Conversation, Finding, Operations};
use observation::{CaptureSummary, OperationKind, OperationSeen};
use serde::{Serialize, Serializer};

use super::document::{EvidenceOut, Text, moment, ranges};
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

/// Counters of malformed messages are named by this and the protocol.
const MALFORMED_PREFIX: &str = "malformed ";

#[derive(Serialize)]
pub(super) struct CaptureOut<'a> {
    id: &'a str,
    kind: &'static str,
    name: Text<'a>,
    site: Text<'a>,
    sensor: Text<'a>,
    interface: Text<'a>,
    octets: u64,
    frames: u64,
    kernel_drops: u64,
    first: Option<String>,
    last: Option<String>,
    status: &'static str,
    malformed: BTreeMap<&'a str, u64>,
    stopped: Option<Text<'a>>,
    counters: &'a BTreeMap<String, u64>,
}

pub(super) fn capture(summary: &CaptureSummary) -> CaptureOut<'_> {
    CaptureOut {
        id: &summary.uid,
        kind: summary.kind.as_str(),
        name: safe_text(&summary.name),
        site: safe_text(&summary.site),
        sensor: safe_text(&summary.sensor),
        interface: safe_text(&summary.interface),
        octets: summary.octets,
        frames: summary.frames,
        kernel_drops: summary.kernel_drops,
        first: moment(summary.first),
        last: moment(summary.last),
        status: summary.status.as_str(),
        malformed: summary
            .counters
            .iter()
            .filter_map(|(name, count)| Some((malformed_of(name)?, *count)))
            .collect(),
        stopped: summary.stopped.as_deref().map(safe_text),
        counters: &summary.counters,
    }
}

/// The protocol whose malformed messages a counter counts: other counters' names go on after the second word.
fn malformed_of(counter: &str) -> Option<&str> {
    counter.strip_prefix(MALFORMED_PREFIX).filter(|protocol| !protocol.contains(' '))
}

/// One end of a conversation: exactly one field.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EndOut<'a> {
    Asset(&'a str),
    External(IpAddr),
    Group(String),
    Silent(IpAddr),
}

pub(super) fn end<'a>(sorted: &'a Sorted<'_>, end: &AssetEnd) -> EndOut<'a> {
    match end {
        AssetEnd::Asset(index) => EndOut::Asset(sorted.id(*index)),
        AssetEnd::External(ip) => EndOut::External(*ip),
        AssetEnd::Group(address) => EndOut::Group(address.to_string()),
        AssetEnd::Silent(ip) => EndOut::Silent(*ip),
    }
}

#[derive(Serialize)]
pub(super) struct ConversationOut<'a> {
    client: EndOut<'a>,
    server: EndOut<'a>,
    protocol: Text<'a>,
    transport: &'static str,
    port: u16,
    guess: Option<String>,
    vlan: Option<u16>,
    frames: [u64; 2],
    octets: [u64; 2],
    first: String,
    last: String,
    operations: Counts<'a>,
    site: Text<'a>,
    named_operations: Vec<NamedOut<'a>>,
    crosses: Option<CrossingOut>,
}

/// From one zone into another, and what the policy says of it.
#[derive(Serialize)]
struct CrossingOut {
    from: String,
    to: String,
    verdict: &'static str,
    conduit: Option<String>,
    reason: Option<String>,
}

fn crossing(crossing: Crossing) -> Option<CrossingOut> {
    let (from, to, verdict, conduit, reason) = match crossing {
        Crossing::Within => return None,
        Crossing::Allowed { from, to, conduit } => (from, to, "allowed", Some(conduit), None),
        Crossing::NotAllowed { from, to, reason } => (from, to, "not_allowed", None, Some(reason)),
        Crossing::Unjudged { from, to } => (from, to, "unjudged", None, None),
    };
    let safe = |text: String| safe_text(&text).into_owned();
    Some(CrossingOut {
        from: safe(from),
        to: safe(to),
        verdict,
        conduit: conduit.map(safe),
        reason: reason.map(safe),
    })
}

/// Counts by kind, in the order of the contract.
struct Counts<'a>(&'a Operations);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kinds = OperationKind::ALL.into_iter().map(OperationKind::as_str);
        serializer.collect_map(kinds.map(|kind| (kind, self.0.get(kind).copied().unwrap_or(0))))
    }
}

#[derive(Serialize)]
struct NamedOut<'a> {
    kind: &'static str,
    name: Text<'a>,
    count: u64,
    first: String,
    last: String,
    evidence: Option<EvidenceOut<'a>>,
}

pub(super) fn conversation_out<'a>(
    sorted: &'a Sorted<'_>,
    conversation: &'a Conversation,
) -> ConversationOut<'a> {
    ConversationOut {
        client: end(sorted, &conversation.client),
        server: end(sorted, &conversation.server),
        protocol: safe_text(&conversation.protocol),
        transport: conversation.transport.as_str(),
        port: conversation.port,
        guess: inventory::guess_by_port(&conversation.protocol, conversation.transport, conversation.port),
        vlan: conversation.vlan,
        frames: conversation.frames,
        octets: conversation.octets,
        first: rfc3339(conversation.first),
        last: rfc3339(conversation.last),
        operations: Counts(&conversation.operations),
        site: safe_text(&conversation.site),
        named_operations: conversation
            .named
            .iter()
            .map(|(capture, operation)| named(capture, operation))
            .collect(),
        crosses: crossing(sorted.crossing(conversation)),
    }
}

fn named<'a>(capture: &'a str, operation: &'a OperationSeen) -> NamedOut<'a> {
    let proven = !operation.evidence.ranges.is_empty();
    NamedOut {
        kind: operation.kind.as_str(),
        name: safe_text(&operation.name),
        count: operation.sighting.count,
        first: rfc3339(operation.sighting.first),
        last: rfc3339(operation.sighting.last),
        evidence: proven.then(|| EvidenceOut { capture, ranges: ranges(&operation.evidence), rule: None }),
    }
}

#[derive(Serialize)]
pub(super) struct FindingOut<'a> {
    kind: &'static str,
    severity: &'static str,
    text: Text<'a>,
    site: Text<'a>,
    assets: Vec<&'a str>,
    first: Option<String>,
    last: Option<String>,
    count: u64,
    evidence: Vec<EvidenceOut<'a>>,
    id: String,
    about: Text<'a>,
    state: &'static str,
    reason: Text<'a>,
    owner: Option<Text<'a>>,
    due: Option<String>,
    expires: Option<String>,
}

pub(super) fn finding_out<'a>(sorted: &'a Sorted<'_>, finding: &'a Finding) -> FindingOut<'a> {
    let evidence = finding.evidence.iter();
    FindingOut {
        kind: finding.kind,
        severity: finding.severity.as_str(),
        text: safe_text(&finding.text),
        site: safe_text(&finding.site),
        assets: finding.assets.iter().map(|index| sorted.id(*index)).collect(),
        first: moment(finding.first),
        last: moment(finding.last),
        count: finding.count,
        evidence: evidence
            .map(|proof| EvidenceOut { capture: &proof.capture, ranges: ranges(&proof.evidence), rule: None })
            .collect(),
        id: finding.id(),
        about: safe_text(&finding.about),
        state: finding.standing.state.as_str(),
        reason: safe_text(&finding.standing.reason),
        owner: finding.standing.owner.as_deref().map(safe_text),
        due: moment(finding.standing.due),
        expires: moment(finding.standing.expires),
    }
}
