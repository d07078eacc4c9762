//! Findings about who reaches the plant and how: across its boundary, without protection, unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use observation::{Basis, OperationKind, number_of};

use super::{FindingKind, Writer, assets_of, places};
use crate::model::{Asset, AssetEnd, AssetState, Conversation, Finding, Role, Severity};
use crate::policy::{Crossing, Policy};
use crate::roles::list;
use crate::rules::exposure::{BUSINESS, INSECURE, Insecure, usual_level};
use crate::rules::operations::is_industrial;
use crate::span::{Span, extend};
use crate::talks;

/// One side of the boundary between plant and business, or outside of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Plant,
    Business,
    Outside,
}

/// The side that an end is on where no policy of zones is in force; `None` where nothing tells.
///
/// The primary role of an asset proposes its level, and public addresses are outside.
fn side(assets: &[Asset], end: &AssetEnd) -> Option<Side> {
    match end {
        AssetEnd::Asset(index) => {
            let role = assets.get(*index)?.roles.first()?.role;
            let level = usual_level(role)?;
            Some(if level >= BUSINESS { Side::Business } else { Side::Plant })
        }
        AssetEnd::External(_) => Some(Side::Outside),
        AssetEnd::Group(_) | AssetEnd::Silent(_) => None,
    }
}

/// Conversations of a pair that no conduit allows, and why.
#[derive(Default)]
struct Refused<'c> {
    reasons: BTreeSet<String>,
    conversations: Vec<&'c Conversation>,
}

impl Writer<'_, '_, '_> {
    /// Traffic between the plant and the business network, one finding per pair. Traffic with the outside is
    /// `external_peer`.
    pub(super) fn boundary(&self) -> Vec<Finding> {
        let mut pairs: BTreeMap<(&AssetEnd, &AssetEnd), Vec<&Conversation>> = BTreeMap::new();
        for conversation in self.answered() {
            let (client, server) = (&conversation.client, &conversation.server);
            let sides = (side(self.assets, client), side(self.assets, server));
            if let (Some(Side::Plant), Some(Side::Business)) | (Some(Side::Business), Some(Side::Plant)) =
                sides
            {
                pairs.entry((client, server)).or_default().push(conversation);
            }
        }
        let finding = |((client, server), conversations): ((&AssetEnd, &AssetEnd), Vec<&Conversation>)| {
            let protocols: BTreeSet<&str> =
                conversations.iter().map(|conversation| conversation.protocol.as_str()).collect();
            let industrial = protocols.iter().any(|protocol| is_industrial(protocol));
            let severity = if industrial { Severity::Warning } else { Severity::Notice };
            let text = format!(
                "{} and {} talk across the boundary of the plant, by {} (sides proposed by role; crossings that this port does not see are not listed)",
                self.described(client),
                self.described(server),
                list(protocols.into_iter().map(str::to_owned))
            );
            let mut finding = self.finding(
                FindingKind::BoundaryCrossing,
                severity,
                text,
                seen(conversations.iter().copied()),
            );
            finding.evidence = proofs(&conversations);
            self.keyed(finding, String::new(), [client, server])
        };
        pairs.into_iter().map(finding).collect()
    }

    /// What crosses from zone to zone and no conduit of the policy allows, one finding per pair and pair of zones.
    pub(super) fn zones(&self, policy: &Policy) -> Vec<Finding> {
        let places = policy.places(self.assets);
        let mut pairs: BTreeMap<(&AssetEnd, &AssetEnd, String), Refused<'_>> = BTreeMap::new();
        for conversation in self.answered() {
            if let Crossing::NotAllowed { from, to, reason } = policy.crossing(conversation, &places) {
                let key = (&conversation.client, &conversation.server, format!("{from} > {to}"));
                let refused = pairs.entry(key).or_default();
                refused.reasons.insert(reason);
                refused.conversations.push(conversation);
            }
        }
        let finding = |((client, server, zones), refused): ((&AssetEnd, &AssetEnd, String), Refused<'_>)| {
            let Refused { reasons, conversations } = refused;
            let protocols: BTreeSet<&str> =
                conversations.iter().map(|conversation| conversation.protocol.as_str()).collect();
            let text = format!(
                "{} and {} talk from zone to zone, {zones}, by {}, which the policy does not allow: {} (crossings that this port does not see are not listed)",
                self.described(client),
                self.described(server),
                list(protocols.into_iter().map(str::to_owned)),
                list(reasons.into_iter()),
            );
            let seen = seen(conversations.iter().copied());
            let mut finding = self.finding(FindingKind::ZoneCrossing, Severity::Warning, text, seen);
            finding.evidence = proofs(&conversations);
            self.keyed(finding, zones, [client, server])
        };
        pairs.into_iter().map(finding).collect()
    }

    /// Who writes values, one finding per pair and protocol.
    pub(super) fn writes(&self) -> Vec<Finding> {
        let mut pairs: BTreeMap<(&AssetEnd, &AssetEnd, &str), Vec<&Conversation>> = BTreeMap::new();
        for conversation in self
            .context
            .conversations
            .iter()
            .filter(|conversation| talks::count(conversation, OperationKind::Write) > 0)
            .filter(|conversation| is_industrial(&conversation.protocol))
        {
            let key = (&conversation.client, &conversation.server, conversation.protocol.as_str());
            pairs.entry(key).or_default().push(conversation);
        }
        let finding = |((client, server, protocol), conversations): (
            (&AssetEnd, &AssetEnd, &str),
            Vec<&Conversation>,
        )| {
            let mut names: BTreeMap<&str, u64> = BTreeMap::new();
            let (mut span, mut evidence) = (None, BTreeSet::new());
            for (capture, seen) in conversations.iter().flat_map(|conversation| &conversation.named) {
                if seen.kind == OperationKind::Write {
                    let count = names.entry(&seen.name).or_default();
                    *count = count.saturating_add(seen.sighting.count);
                    extend(&mut span, Span::of(&seen.sighting));
                    evidence.insert((capture.as_str(), &seen.evidence));
                }
            }
            let said = list(names.iter().map(|(name, count)| format!("{name} ({count})")));
            let text = format!("{} writes to {} by {protocol}: {said}", self.end(client), self.end(server));
            let mut finding = self.finding(FindingKind::WriteOperation, Severity::Information, text, span);
            finding.evidence = places(evidence);
            self.keyed(finding, protocol.to_owned(), [client, server])
        };
        pairs.into_iter().map(finding).collect()
    }

    /// Protocols in use that protect nothing, one finding each, with the servers that speak them.
    pub(super) fn insecure(&self) -> Vec<Finding> {
        INSECURE.iter().filter_map(|insecure| self.insecure_one(insecure)).collect()
    }

    fn insecure_one(&self, insecure: &Insecure) -> Option<Finding> {
        let used: Vec<_> =
            self.answered().filter(|conversation| insecure.holds(conversation, self.assets)).collect();
        let servers: BTreeSet<&AssetEnd> = used.iter().map(|conversation| &conversation.server).collect();
        if servers.is_empty() {
            return None;
        }
        let number = number_of(servers.len(), "server");
        let names = list(servers.iter().map(|server| self.end(server)));
        let Insecure { name, protocol, why, source, .. } = insecure;
        let text = format!("{protocol} is in use with {number}: {names}; {why} ({source})");
        let mut finding =
            self.finding(FindingKind::InsecureProtocol, Severity::Notice, text, seen(used.iter().copied()));
        finding.assets = servers
            .iter()
            .flat_map(|server| assets_of([server]))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        finding.evidence = proofs(&used);
        finding.about = (*name).to_owned();
        Some(finding)
    }

    /// Gateways of data and systems of artificial intelligence that read controllers.
    pub(super) fn readers(&self) -> Vec<Finding> {
        let mut read: BTreeMap<usize, Vec<&Conversation>> = BTreeMap::new();
        for conversation in self.context.conversations {
            if let AssetEnd::Asset(client) = &conversation.client
                && talks::count(conversation, OperationKind::Read) > 0
                && is_industrial(&conversation.protocol)
            {
                read.entry(*client).or_default().push(conversation);
            }
        }
        let finding = |(index, conversations): (usize, Vec<&Conversation>)| {
            let asset = self.assets.get(index)?;
            let claim =
                asset.roles.iter().find(|claim| matches!(claim.role, Role::AiSystem | Role::DataGateway))?;
            let servers: BTreeSet<&AssetEnd> =
                conversations.iter().map(|conversation| &conversation.server).collect();
            let severity = if claim.role == Role::AiSystem { Severity::Warning } else { Severity::Notice };
            let text = format!(
                "{} reads {} as {}: {}",
                self.end(&AssetEnd::Asset(index)),
                list(servers.iter().map(|server| self.end(server))),
                claim.role.as_str(),
                list(claim.reasons.iter().cloned())
            );
            let mut finding = self.finding(
                FindingKind::EdgeSystemReads,
                severity,
                text,
                seen(conversations.iter().copied()),
            );
            finding.evidence = proofs(&conversations);
            Some(self.keyed(finding, String::new(), [&AssetEnd::Asset(index)]))
        };
        read.into_iter().filter_map(finding).collect()
    }

    /// Devices that spoke and of which nothing tells what they are.
    pub(super) fn unknown(&self) -> Vec<Finding> {
        let is_unknown = |asset: &&Asset| {
            asset.state == AssetState::Observed
                && asset.parent.is_none()
                && asset.roles.iter().all(|claim| claim.role == Role::Unknown)
                && asset.attributes.values().flatten().all(|candidate| candidate.basis == Basis::Inferred)
        };
        let unknown: Vec<_> = self.assets.iter().enumerate().filter(|(_, asset)| is_unknown(asset)).collect();
        let finding = |(index, asset): (usize, &Asset)| {
            let services = asset.services.iter().map(|service| {
                format!("{} on {} port {}", service.protocol, service.transport.as_str(), service.port)
            });
            let services = list(services);
            let text = match services.is_empty() {
                true => format!("{} said nothing of itself, and nobody says what it is", asset.name),
                false => format!("{} answers {services}, and nobody says what it is", asset.name),
            };
            let span = asset.first.zip(asset.last).map(|(first, last)| Span { first, last, count: 1 });
            let finding = self.finding(FindingKind::UnknownDevice, Severity::Information, text, span);
            self.keyed(finding, String::new(), [&AssetEnd::Asset(index)])
        };
        unknown.into_iter().map(finding).collect()
    }

    /// Conversations that were answered.
    fn answered(&self) -> impl Iterator<Item = &Conversation> {
        let conversations = self.context.conversations.iter();
        conversations.filter(|conversation| conversation.frames.iter().all(|frames| *frames > 0))
    }

    pub(super) fn end_of(&self, station: usize) -> AssetEnd {
        self.context.devices.end(self.context.gathered, station)
    }

    /// An end with its role: `HMI 1 @ 10.0.0.3 (hmi)`.
    fn described(&self, end: &AssetEnd) -> String {
        let role = match end {
            AssetEnd::Asset(index) => self.assets.get(*index).and_then(|asset| asset.roles.first()),
            _ => None,
        };
        let role = role.map(|claim| format!(" ({})", claim.role.as_str()));
        format!("{}{}", self.end(end), role.unwrap_or_default())
    }
}

/// First and last time of conversations, and their frames.
fn seen<'c>(conversations: impl Iterator<Item = &'c Conversation>) -> Option<Span> {
    let mut span = None;
    for conversation in conversations {
        let count = conversation.frames.iter().copied().fold(0, u64::saturating_add);
        extend(&mut span, Span { first: conversation.first, last: conversation.last, count });
    }
    span
}

/// The first octets of what was asked in conversations.
fn proofs(conversations: &[&Conversation]) -> Vec<crate::model::FindingEvidence> {
    let named = conversations.iter().flat_map(|conversation| &conversation.named);
    let proven = named.filter(|(_, seen)| !seen.evidence.ranges.is_empty());
    places(proven.map(|(capture, seen)| (capture.as_str(), &seen.evidence)).collect())
}

/// An address that no asset has, as part of a key.
pub(super) fn address(end: &AssetEnd) -> Option<String> {
    let ip = |ip: &IpAddr| Some(ip.to_string());
    match end {
        AssetEnd::Asset(_) => None,
        AssetEnd::External(address) | AssetEnd::Silent(address) => ip(address),
        AssetEnd::Group(address) => Some(address.to_string()),
    }
}
