//! What an auditor or engineer should see.

mod exposure;
mod kinds;
mod registered;
mod replaced;
mod sessions;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};

use observation::{Address, Evidence, OperationKind};

use crate::assets::Context;
use crate::joins::Shared;
use crate::links::Lane;
use crate::model::{Asset, AssetEnd, Conversation, Finding, FindingEvidence, Severity};
use crate::policy::Policy;
use crate::roles::list;
use crate::rules::nesting::SILENT;
use crate::rules::operations::is_disruptive;
use crate::span::{Span, extend};
use crate::standing::Standing;
use crate::talks;

pub use kinds::FindingKind;
pub use registered::look_at_people;

/// Places to look at that one finding names; more say nothing new.
const EVIDENCE_MAX: usize = 16;

/// All findings of a site, sorted by kind, assets and text.
pub(crate) fn findings(
    context: &Context<'_, '_>,
    assets: &[Asset],
    shared: &[Shared],
    policy: &Policy,
) -> Vec<Finding> {
    let writer = Writer { context, assets };
    let mut findings = writer.operations();
    findings.extend(writer.addresses());
    findings.extend(writer.replaced());
    findings.extend(writer.duplicates());
    findings.extend(writer.identities());
    findings.extend(shared.iter().map(|shared| writer.shared(shared)));
    findings.extend(writer.silent_units());
    findings.extend(writer.sweeps());
    findings.extend(writer.externals());
    findings.extend(writer.one_sided());
    findings.extend(writer.captures());
    findings.extend(writer.malformed());
    findings.extend(if policy.is_given { writer.zones(policy) } else { writer.boundary() });
    findings.extend(writer.remote_access());
    findings.extend(writer.portals());
    findings.extend(writer.writes());
    findings.extend(writer.insecure());
    findings.extend(writer.readers());
    findings.extend(writer.unknown());
    findings.sort_by(|left, right| {
        (left.kind, &left.assets, &left.text).cmp(&(right.kind, &right.assets, &right.text))
    });
    findings
}

struct Writer<'w, 'c, 'a> {
    context: &'w Context<'c, 'a>,
    assets: &'w [Asset],
}

impl Writer<'_, '_, '_> {
    fn finding(&self, kind: FindingKind, severity: Severity, text: String, seen: Option<Span>) -> Finding {
        Finding {
            kind: kind.as_str(),
            severity,
            text,
            site: self.context.gathered.site.to_owned(),
            about: String::new(),
            anchors: Vec::new(),
            assets: Vec::new(),
            first: seen.map(|span| span.first),
            last: seen.map(|span| span.last),
            count: seen.map_or(0, |span| span.count),
            evidence: Vec::new(),
            standing: Standing::default(),
        }
    }

    /// The finding with its key: what it is about, and the ends that tell it from others, in this order.
    fn keyed<const N: usize>(&self, finding: Finding, about: String, ends: [&AssetEnd; N]) -> Finding {
        let indices = ends.into_iter().filter_map(asset_of);
        let anchors = indices.filter_map(|index| self.assets.get(index)).map(|asset| asset.anchors.clone());
        Finding {
            about: about_words(&about, &ends),
            anchors: anchors.collect(),
            assets: assets_of(ends),
            ..finding
        }
    }

    fn end(&self, end: &AssetEnd) -> String {
        match end {
            AssetEnd::Asset(index) => {
                self.assets.get(*index).map(|asset| asset.name.clone()).unwrap_or_default()
            }
            AssetEnd::External(ip) => format!("{ip} (outside)"),
            AssetEnd::Silent(ip) => format!("{ip} (silent)"),
            AssetEnd::Group(address) => format!("group {address}"),
        }
    }

    /// Who programs and controls whom, one finding per pair, protocol and kind.
    fn operations(&self) -> Vec<Finding> {
        const KINDS: [(OperationKind, FindingKind, &str); 2] = [
            (OperationKind::Program, FindingKind::ProgramOperation, "programs"),
            (OperationKind::Control, FindingKind::ControlOperation, "controls"),
        ];
        let mut sums: BTreeMap<(FindingKind, &AssetEnd, &AssetEnd, &str), Vec<&Conversation>> =
            BTreeMap::new();
        for conversation in self.context.conversations {
            for (operation, kind, _) in KINDS {
                if talks::count(conversation, operation) == 0 {
                    continue;
                }
                sums.entry((kind, &conversation.client, &conversation.server, &conversation.protocol))
                    .or_default()
                    .push(conversation);
            }
        }
        let mut findings = Vec::new();
        for ((kind, client, server, protocol), conversations) in sums {
            let Some((operation, kind, does)) = KINDS.into_iter().find(|(_, name, _)| *name == kind) else {
                continue;
            };
            let mut names: BTreeMap<&str, u64> = BTreeMap::new();
            let (mut seen, mut evidence) = (None, BTreeSet::new());
            for (capture, named) in conversations
                .iter()
                .flat_map(|conversation| &conversation.named)
                .filter(|(_, named)| named.kind == operation)
            {
                let count = names.entry(&named.name).or_default();
                *count = count.saturating_add(named.sighting.count);
                extend(&mut seen, Span::of(&named.sighting));
                evidence.insert((capture.as_str(), &named.evidence));
            }
            if names.is_empty() {
                continue;
            }
            let severity = if names.keys().any(|name| is_disruptive(name)) {
                Severity::Warning
            } else {
                Severity::Notice
            };
            let said: Vec<_> = names.iter().map(|(name, count)| format!("{name} ({count})")).collect();
            let text = format!(
                "{} {does} {} by {protocol}: {}",
                self.end(client),
                self.end(server),
                said.join(", ")
            );
            let mut finding = self.finding(kind, severity, text, seen);
            finding.evidence = places(evidence);
            findings.push(self.keyed(finding, protocol.to_owned(), [client, server]));
        }
        findings
    }

    /// Addresses that several MACs claim first-hand.
    fn addresses(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, known) in
            self.context.gathered.stations.iter().enumerate().filter(|(_, known)| known.is_root())
        {
            let Address::Ip(ip) = known.address else { continue };
            let claims = self.context.links.claims(ip, known.lane);
            if claims.len() < 2 {
                continue;
            }
            let at_once = claims.iter().any(|one| {
                claims.iter().any(|other| {
                    one.mac != other.mac
                        && !one.stated.span.is_after(&other.stated.span)
                        && !other.stated.span.is_after(&one.stated.span)
                })
            });
            let (kind, severity, what) = if at_once {
                (FindingKind::DuplicateIp, Severity::Warning, "is claimed by several MACs at the same time")
            } else {
                (FindingKind::IpMoved, Severity::Notice, "moved from one MAC to another")
            };
            let mut by_time = claims.clone();
            by_time.sort_by_key(|claim| (claim.stated.span.first, claim.mac));
            let macs: Vec<_> = by_time.iter().map(|claim| claim.mac.to_string()).collect();
            let mut seen = None;
            claims.iter().for_each(|claim| extend(&mut seen, claim.stated.span));
            let mut finding =
                self.finding(kind, severity, format!("{} {what}: {}", known.key(), macs.join(", ")), seen);
            let holders = claims
                .iter()
                .filter_map(|claim| self.context.gathered.root(claim.mac.into(), Lane::default()))
                .chain([index]);
            finding.assets = holders
                .filter_map(|station| self.context.devices.asset_of(station))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            finding.about = known.key();
            finding.evidence =
                places(claims.iter().map(|claim| (claim.stated.proof.1, claim.stated.proof.2)).collect());
            findings.push(finding);
        }
        findings
    }

    /// Plates of simulators, and addresses that stated several serial numbers.
    fn identities(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, known) in
            self.context.gathered.stations.iter().enumerate().filter(|(_, known)| !known.facts.is_empty())
        {
            let Some(asset) = self.context.devices.asset_of(index) else { continue };
            let identity = known.identity();
            let mut seen = None;
            known.facts.iter().for_each(|said| extend(&mut seen, Span::of(&said.fact.sighting)));
            if let Some(program) = identity.simulator {
                let text = format!(
                    "{} has the identity that comes with {program}: it is no such device, or the default was never changed",
                    self.end(&AssetEnd::Asset(asset))
                );
                let finding = self.finding(FindingKind::DefaultIdentity, Severity::Notice, text, seen);
                findings.push(self.keyed(finding, known.path.to_string(), [&AssetEnd::Asset(asset)]));
            }
            if identity.is_ambiguous() {
                let said: Vec<_> = identity
                    .serials
                    .iter()
                    .filter(|(_, serials)| serials.len() > 1)
                    .flat_map(|(protocol, serials)| serials.iter().map(move |serial| (*protocol, serial)))
                    .collect();
                let mut span = None;
                said.iter().for_each(|(_, (_, seen))| extend(&mut span, **seen));
                let mut in_time = said.clone();
                in_time.sort_by_key(|(protocol, (serial, seen))| (seen.first, *serial, *protocol));
                let words: Vec<_> =
                    in_time.iter().map(|(protocol, (serial, _))| format!("{serial} ({protocol})")).collect();
                let spans = || said.iter().map(|(_, (_, span))| *span);
                let in_turns = spans().any(|one| {
                    spans().any(|other| one != other && !one.is_after(other) && !other.is_after(one))
                });
                let how = if in_turns {
                    ("in turns", "it answers for others, or several devices have the address")
                } else {
                    (
                        "one after another, from the same network card",
                        "a module was replaced, or it answers for others",
                    )
                };
                let text = format!(
                    "{} stated several serial numbers {}: {}: {}",
                    known.key(),
                    how.0,
                    words.join(", "),
                    how.1
                );
                let mut finding = self.finding(FindingKind::IdentityConflict, Severity::Warning, text, span);
                finding.assets = vec![asset];
                finding.about = known.key();
                let serials: BTreeSet<_> = in_time.iter().map(|(_, (serial, _))| **serial).collect();
                finding.evidence = places(
                    known
                        .facts
                        .iter()
                        .filter(|said| serials.contains(said.fact.value.as_str()))
                        .map(|said| (said.capture, &said.fact.evidence))
                        .collect(),
                );
                findings.push(finding);
            }
        }
        findings
    }

    fn shared(&self, shared: &Shared) -> Finding {
        let assets: BTreeSet<_> =
            shared.stations.iter().filter_map(|station| self.context.devices.asset_of(*station)).collect();
        let names = list(assets.iter().map(|asset| self.end(&AssetEnd::Asset(*asset))));
        let text = format!(
            "serial number {} is stated by {names}, which cannot be one device: {}",
            shared.serial, shared.attribute
        );
        let mut seen = None;
        for known in shared.stations.iter().filter_map(|station| self.context.gathered.station(*station)) {
            known.facts.iter().for_each(|said| extend(&mut seen, Span::of(&said.fact.sighting)));
        }
        Finding {
            assets: assets.into_iter().collect(),
            about: shared.serial.to_string(),
            ..self.finding(FindingKind::SharedSerial, Severity::Notice, text, seen)
        }
    }

    /// Devices of which a gateway says that they do not answer.
    fn silent_units(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, known) in self.context.gathered.stations.iter().enumerate() {
            let Some(asset) = self.context.devices.asset_of(index) else { continue };
            let said = || {
                known
                    .mentions
                    .iter()
                    .filter(|(_, mention)| SILENT.iter().any(|part| mention.reason.contains(part)))
            };
            let mut seen = None;
            said().for_each(|(_, mention)| extend(&mut seen, Span::of(&mention.sighting)));
            if seen.is_none() {
                continue;
            }
            let reasons: BTreeSet<_> = said().map(|(_, mention)| mention.reason.as_ref()).collect();
            let text = format!("{}: {}", known.key(), reasons.into_iter().collect::<Vec<_>>().join(", "));
            findings.push(Finding {
                assets: vec![asset],
                about: known.key(),
                ..self.finding(FindingKind::SilentStation, Severity::Information, text, seen)
            });
        }
        findings
    }
}

/// What a finding is about, as its key says it: `about`, then the addresses of those ends that are no assets. A finding
/// about one peer of an asset is told by it from those about others.
#[must_use]
pub fn about_words(about: &str, ends: &[&AssetEnd]) -> String {
    let addresses = ends.iter().filter_map(|end| exposure::address(end));
    let parts = std::iter::once(about.to_owned()).chain(addresses);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The asset that an end is, if it is one.
fn asset_of(end: &AssetEnd) -> Option<usize> {
    match end {
        AssetEnd::Asset(index) => Some(*index),
        AssetEnd::External(_) | AssetEnd::Group(_) | AssetEnd::Silent(_) => None,
    }
}

/// The assets among the ends, sorted.
fn assets_of<const N: usize>(ends: [&AssetEnd; N]) -> Vec<usize> {
    let mut indices: Vec<_> = ends.into_iter().filter_map(asset_of).collect();
    indices.sort_unstable();
    indices.dedup();
    indices
}

/// The first places to look at, by capture and frame.
fn places(evidence: BTreeSet<(&str, &Evidence)>) -> Vec<FindingEvidence> {
    let places = evidence.into_iter().take(EVIDENCE_MAX);
    places
        .map(|(capture, evidence)| FindingEvidence {
            capture: capture.to_owned(),
            evidence: evidence.clone(),
        })
        .collect()
}
