//! The shapes of the document. Field order is the order of the contract, additions after it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use inventory::{Asset, AssetEnd, Candidate, Conversation, Finding, Identified, Proof, Snapshot};
use observation::{CaptureSummary, Evidence, OperationKind, OperationSeen, Time};
use serde::{Serialize, Serializer};

use super::{SCHEMA, Tool};
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

/// Counters of malformed messages are named by this and the protocol.
const MALFORMED_PREFIX: &str = "malformed ";

/// Wire text, safe to show.
type Text<'a> = Cow<'a, str>;

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

fn moment(time: Option<Time>) -> Option<String> {
    time.map(rfc3339)
}

#[derive(Serialize)]
struct CaptureOut<'a> {
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

fn capture(summary: &CaptureSummary) -> CaptureOut<'_> {
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

#[derive(Serialize)]
struct AssetOut<'a> {
    id: &'a str,
    aliases: &'a [String],
    site: Text<'a>,
    name: Text<'a>,
    state: &'static str,
    role: &'static str,
    roles: Vec<RoleOut<'a>>,
    parent: Option<&'a str>,
    position: Vec<PositionOut<'a>>,
    stations: Vec<StationOut<'a>>,
    attributes: BTreeMap<&'a str, Vec<CandidateOut<'a>>>,
    services: Vec<ServiceOut<'a>>,
    first: Option<String>,
    last: Option<String>,
    people: &'a BTreeMap<String, String>,
    joins: Vec<JoinOut<'a>>,
}

#[derive(Serialize)]
struct RoleOut<'a> {
    role: &'static str,
    basis: &'static str,
    reasons: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct PositionOut<'a> {
    kind: &'static str,
    value: Text<'a>,
}

#[derive(Serialize)]
struct StationOut<'a> {
    mac: Option<String>,
    ips: &'a [IpAddr],
    vlans: &'a [u16],
    mac_confirmed: bool,
}

#[derive(Serialize)]
struct CandidateOut<'a> {
    value: Text<'a>,
    basis: &'static str,
    protocol: &'a str,
    first: String,
    last: String,
    count: u64,
    evidence: Option<EvidenceOut<'a>>,
}

#[derive(Serialize)]
struct EvidenceOut<'a> {
    capture: &'a str,
    ranges: Vec<RangeOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
}

#[derive(Serialize)]
struct RangeOut {
    frame: u64,
    offset: u32,
    length: u32,
}

#[derive(Serialize)]
struct ServiceOut<'a> {
    protocol: &'a str,
    transport: &'static str,
    port: u16,
    units: &'a [u16],
}

#[derive(Serialize)]
struct JoinOut<'a> {
    left: Text<'a>,
    right: Text<'a>,
    joined: bool,
    reason: Text<'a>,
}

fn asset_out<'a>(sorted: &'a Sorted<'_>, asset: &'a Asset, identified: &'a Identified) -> AssetOut<'a> {
    let reasons = |reasons: &'a [String]| reasons.iter().map(|reason| safe_text(reason)).collect();
    let roles = asset.roles.iter();
    let stations = asset.stations.iter();
    let attributes = asset.attributes.iter();
    AssetOut {
        id: &identified.id,
        aliases: &identified.aliases,
        site: safe_text(&asset.site),
        name: safe_text(&asset.name),
        state: asset.state.as_str(),
        role: asset.roles.first().map_or("unknown", |claim| claim.role.as_str()),
        roles: roles
            .map(|claim| RoleOut {
                role: claim.role.as_str(),
                basis: claim.basis.as_str(),
                reasons: reasons(&claim.reasons),
            })
            .collect(),
        parent: asset.parent.map(|index| sorted.id(index)),
        position: asset
            .position
            .iter()
            .map(|step| PositionOut { kind: step.kind, value: safe_text(&step.value) })
            .collect(),
        stations: stations
            .map(|station| StationOut {
                mac: station.mac.map(|mac| mac.to_string()),
                ips: &station.ips,
                vlans: &station.vlans,
                mac_confirmed: station.mac_confirmed,
            })
            .collect(),
        attributes: attributes
            .map(|(name, values)| (name.as_str(), values.iter().map(candidate).collect()))
            .collect(),
        services: asset
            .services
            .iter()
            .map(|service| ServiceOut {
                protocol: &service.protocol,
                transport: service.transport.as_str(),
                port: service.port,
                units: &service.units,
            })
            .collect(),
        first: moment(asset.first),
        last: moment(asset.last),
        // What people wrote is handed back as they wrote it: JSON is read by programs, which write it back.
        people: &identified.people,
        joins: asset
            .joins
            .iter()
            .map(|join| JoinOut {
                left: safe_text(&join.left),
                right: safe_text(&join.right),
                joined: join.joined,
                reason: safe_text(&join.reason),
            })
            .collect(),
    }
}

fn candidate(candidate: &Candidate) -> CandidateOut<'_> {
    CandidateOut {
        value: safe_text(&candidate.value),
        basis: candidate.basis.as_str(),
        protocol: &candidate.protocol,
        first: rfc3339(candidate.first),
        last: rfc3339(candidate.last),
        count: candidate.count,
        evidence: candidate.proof.as_ref().map(|Proof { capture, evidence, rule }| EvidenceOut {
            capture,
            ranges: ranges(evidence),
            rule: Some(rule),
        }),
    }
}

fn ranges(evidence: &Evidence) -> Vec<RangeOut> {
    let ranges = evidence.ranges.iter();
    ranges.map(|range| RangeOut { frame: range.frame, offset: range.offset, length: range.length }).collect()
}

/// One end of a conversation: exactly one field.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum EndOut<'a> {
    Asset(&'a str),
    External(IpAddr),
    Group(String),
}

fn end<'a>(sorted: &'a Sorted<'_>, end: &AssetEnd) -> EndOut<'a> {
    match end {
        AssetEnd::Asset(index) => EndOut::Asset(sorted.id(*index)),
        AssetEnd::External(ip) => EndOut::External(*ip),
        AssetEnd::Group(address) => EndOut::Group(address.to_string()),
    }
}

#[derive(Serialize)]
struct ConversationOut<'a> {
    client: EndOut<'a>,
    server: EndOut<'a>,
    protocol: &'a str,
    transport: &'static str,
    port: u16,
    vlan: Option<u16>,
    frames: [u64; 2],
    octets: [u64; 2],
    first: String,
    last: String,
    operations: BTreeMap<&'static str, u64>,
    site: Text<'a>,
    named_operations: Vec<NamedOut<'a>>,
}

#[derive(Serialize)]
struct NamedOut<'a> {
    kind: &'static str,
    name: &'a str,
    count: u64,
    first: String,
    last: String,
    evidence: Option<EvidenceOut<'a>>,
}

fn conversation_out<'a>(sorted: &'a Sorted<'_>, conversation: &'a Conversation) -> ConversationOut<'a> {
    let count = |kind: OperationKind| {
        (kind.as_str(), conversation.operations.get(kind.as_str()).copied().unwrap_or(0))
    };
    ConversationOut {
        client: end(sorted, &conversation.client),
        server: end(sorted, &conversation.server),
        protocol: &conversation.protocol,
        transport: conversation.transport.as_str(),
        port: conversation.port,
        vlan: conversation.vlan,
        frames: conversation.frames,
        octets: conversation.octets,
        first: rfc3339(conversation.first),
        last: rfc3339(conversation.last),
        operations: OperationKind::ALL.into_iter().map(count).collect(),
        site: safe_text(&conversation.site),
        named_operations: conversation
            .named
            .iter()
            .map(|(capture, operation)| named(capture, operation))
            .collect(),
    }
}

fn named<'a>(capture: &'a str, operation: &'a OperationSeen) -> NamedOut<'a> {
    let proven = !operation.evidence.ranges.is_empty();
    NamedOut {
        kind: operation.kind.as_str(),
        name: &operation.name,
        count: operation.sighting.count,
        first: rfc3339(operation.sighting.first),
        last: rfc3339(operation.sighting.last),
        evidence: proven.then(|| EvidenceOut { capture, ranges: ranges(&operation.evidence), rule: None }),
    }
}

#[derive(Serialize)]
struct FindingOut<'a> {
    kind: &'static str,
    severity: &'static str,
    text: Text<'a>,
    site: Text<'a>,
    assets: Vec<&'a str>,
    first: Option<String>,
    last: Option<String>,
    count: u64,
    evidence: Vec<EvidenceOut<'a>>,
}

fn finding_out<'a>(sorted: &'a Sorted<'_>, finding: &'a Finding) -> FindingOut<'a> {
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
    }
}
