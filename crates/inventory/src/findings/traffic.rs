//! Findings about traffic and captures as wholes: the outside, half conversations, damage, secrets.

use std::collections::{BTreeMap, BTreeSet};

use observation::{CaptureStatus, Evidence, Range, Transport, number_of};

use super::{FindingKind, Writer, asset_of, assets_of, places};
use crate::gather::Known;
use crate::model::{AssetEnd, Conversation, Finding, Severity};
use crate::roles::list;
use crate::rules::operations::is_industrial;
use crate::silent::Sweep;
use crate::span::{Span, extend};

/// Beginning of the counters of malformed messages in the summary of a capture; the protocol follows.
const MALFORMED_COUNTER: &str = "malformed ";
/// The counter of secrets that were masked before anything was stored.
const SECRETS_COUNTER: &str = "secrets masked";

impl Writer<'_, '_, '_> {
    /// Who from outside talks with devices of the plant, one finding per device.
    pub(super) fn externals(&self) -> Vec<Finding> {
        let mut talks: BTreeMap<usize, Vec<(&AssetEnd, &Conversation)>> = BTreeMap::new();
        let plant: BTreeSet<usize> = self
            .context
            .conversations
            .iter()
            .filter(|conversation| is_industrial(&conversation.protocol))
            .flat_map(|conversation| [&conversation.client, &conversation.server])
            .filter_map(asset_of)
            .collect();
        for conversation in self
            .context
            .conversations
            .iter()
            .filter(|conversation| conversation.frames.iter().all(|frames| *frames > 0))
        {
            for (own, other) in
                [(&conversation.client, &conversation.server), (&conversation.server, &conversation.client)]
            {
                if let (AssetEnd::Asset(asset), AssetEnd::External(_)) = (own, other)
                    && plant.contains(asset)
                {
                    talks.entry(*asset).or_default().push((other, conversation));
                }
            }
        }
        let finding = |(asset, talks): (usize, Vec<(&AssetEnd, &Conversation)>)| {
            let industrial = talks.iter().any(|(_, conversation)| is_industrial(&conversation.protocol));
            let severity = if industrial { Severity::Warning } else { Severity::Notice };
            let peers: BTreeSet<_> = talks
                .iter()
                .map(|(peer, conversation)| format!("{} by {}", self.end(peer), conversation.protocol))
                .collect();
            let mut seen = None;
            for (_, conversation) in &talks {
                extend(
                    &mut seen,
                    Span {
                        first: conversation.first,
                        last: conversation.last,
                        count: conversation.frames.iter().copied().fold(0, u64::saturating_add),
                    },
                );
            }
            let text = format!(
                "{} talks with the outside: {}",
                self.end(&AssetEnd::Asset(asset)),
                list(peers.into_iter())
            );
            let finding = self.finding(FindingKind::ExternalPeer, severity, text, seen);
            self.keyed(finding, String::new(), [&AssetEnd::Asset(asset)])
        };
        talks.into_iter().map(finding).collect()
    }

    /// Who tried addresses that never answered, one finding per device: they are no assets for that.
    pub(super) fn sweeps(&self) -> Vec<Finding> {
        let finding = |sweep: &Sweep<'_>| {
            let asset = self.context.devices.asset_of(sweep.by);
            let who = asset.map_or_else(
                || self.context.gathered.station(sweep.by).map(Known::key).unwrap_or_default(),
                |asset| self.end(&AssetEnd::Asset(asset)),
            );
            let text = format!(
                "{who} tried {} that never answered: {}; it scans, or the mirror shows one direction only",
                number_of(sweep.addresses.len(), "address"),
                list(sweep.addresses.iter().map(ToString::to_string))
            );
            let mut finding = self.finding(FindingKind::AddressSweep, Severity::Notice, text, sweep.span);
            finding.count = sweep.addresses.len().try_into().unwrap_or(u64::MAX);
            finding.evidence = places(sweep.evidence.clone());
            match asset {
                Some(asset) => self.keyed(finding, String::new(), [&AssetEnd::Asset(asset)]),
                None => Finding { about: who, ..finding },
            }
        };
        self.context.silent.sweeps.iter().map(finding).collect()
    }

    /// Conversations of control systems of which only one direction was seen: a mirror that shows half, or a dead end.
    pub(super) fn one_sided(&self) -> Vec<Finding> {
        let is_one_sided = |conversation: &&Conversation| {
            let is_group = |end: &AssetEnd| matches!(end, AssetEnd::Group(_));
            let unicast = !is_group(&conversation.client)
                && !is_group(&conversation.server)
                && matches!(conversation.transport, Transport::Tcp | Transport::Udp);
            unicast && is_industrial(&conversation.protocol) && conversation.frames.contains(&0)
        };
        // A server may answer from another port than it is asked on (RPC over UDP).
        fn pair(conversation: &Conversation) -> (&AssetEnd, &AssetEnd, &str) {
            (&conversation.client, &conversation.server, &conversation.protocol)
        }
        let is_answered = |same: &[Conversation]| {
            let is_sent = |end: usize| same.iter().any(|one| one.frames.get(end) > Some(&0));
            is_sent(0) && is_sent(1)
        };
        let mut protocols: BTreeMap<&str, Vec<&Conversation>> = BTreeMap::new();
        // Conversations of a pair stand together.
        for same in self.context.conversations.chunk_by(|left, right| pair(left) == pair(right)) {
            let one_sided: Vec<_> = same.iter().filter(is_one_sided).collect();
            if let Some(first) = one_sided.first().filter(|_| !is_answered(same)) {
                protocols.entry(&first.protocol).or_default().extend(one_sided);
            }
        }
        let finding = |(protocol, conversations): (&str, Vec<&Conversation>)| {
            let pairs = conversations.iter().map(|conversation| {
                format!("{} to {}", self.end(&conversation.client), self.end(&conversation.server))
            });
            let number = number_of(conversations.len(), &format!("{protocol} conversation"));
            let text = format!("only one direction of {number} was seen: {}", list(pairs));
            let mut seen = None;
            for conversation in &conversations {
                extend(&mut seen, Span { first: conversation.first, last: conversation.last, count: 1 });
            }
            let assets: BTreeSet<_> = conversations
                .iter()
                .flat_map(|conversation| assets_of([&conversation.client, &conversation.server]))
                .collect();
            Finding {
                assets: assets.into_iter().collect(),
                about: protocol.to_owned(),
                ..self.finding(FindingKind::OneSidedConversation, Severity::Information, text, seen)
            }
        };
        protocols.into_iter().map(finding).collect()
    }

    /// Captures that could not be read to the end, lost frames, or held secrets.
    pub(super) fn captures(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for capture in &self.context.gathered.captures {
            let mut add = |kind, severity, text, count| {
                let mut finding = self.finding(kind, severity, text, None);
                (finding.first, finding.last, finding.count) = (capture.first, capture.last, count);
                finding.about.clone_from(&capture.uid);
                findings.push(finding);
            };
            let name = &capture.name;
            if capture.status != CaptureStatus::Complete {
                let where_ = capture.stopped.as_deref().unwrap_or("where is not known");
                add(
                    FindingKind::CutCapture,
                    Severity::Notice,
                    format!("{name} is {}: {where_}", capture.status.as_str()),
                    1,
                );
            }
            if capture.kernel_drops > 0 {
                add(
                    FindingKind::FramesLost,
                    Severity::Notice,
                    format!(
                        "{} lost while {name} was captured",
                        match capture.kernel_drops {
                            1 => "1 frame was".to_owned(),
                            drops => format!("{drops} frames were"),
                        }
                    ),
                    capture.kernel_drops,
                );
            }
            if let Some(secrets) = capture.counters.get(SECRETS_COUNTER).copied().filter(|count| *count > 0) {
                add(
                    FindingKind::SecretInClear,
                    Severity::Warning,
                    match secrets {
                        1 => format!(
                            "{name} carries 1 password or other secret that anybody on the network can read; it is masked here"
                        ),
                        _ => format!(
                            "{name} carries {secrets} passwords or other secrets that anybody on the network can read; they are masked here"
                        ),
                    },
                    secrets,
                );
            }
        }
        findings
    }

    /// Malformed messages, one finding per protocol.
    pub(super) fn malformed(&self) -> Vec<Finding> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, count) in self.context.gathered.captures.iter().flat_map(|capture| &capture.counters) {
            if let Some(protocol) = name.strip_prefix(MALFORMED_COUNTER) {
                let sum = counts.entry(protocol).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        let mut kept: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for message in &self.context.gathered.malformed {
            kept.entry(&message.1.protocol).or_default().push(*message);
        }
        let protocols: BTreeSet<_> = counts.keys().chain(kept.keys()).copied().collect();
        let finding = |protocol: &str| {
            let messages = kept.get(protocol).map(Vec::as_slice).unwrap_or_default();
            let count =
                counts.get(protocol).copied().unwrap_or(0).max(messages.len().try_into().unwrap_or(u64::MAX));
            let problems: BTreeSet<_> = messages.iter().map(|(_, message)| message.problem.clone()).collect();
            let separator = if problems.is_empty() { "" } else { ": " };
            let number = number_of(count, &format!("malformed {protocol} message"));
            let text = format!("{number}{separator}{}", list(problems.into_iter()));
            let mut seen = None;
            messages.iter().for_each(|(_, message)| {
                extend(&mut seen, Span { first: message.time, last: message.time, count: 1 })
            });
            let gathered = self.context.gathered;
            let senders =
                messages.iter().filter_map(|(_, message)| message.station.as_ref()).filter_map(|station| {
                    let root = gathered
                        .root(station.address, self.context.links.lane(station.address, station.vlan))?;
                    self.context.devices.asset_of(root)
                });
            let evidence: Vec<_> = messages
                .iter()
                .map(|(capture, message)| {
                    (
                        *capture,
                        Evidence { ranges: vec![Range { frame: message.frame, offset: 0, length: 0 }] },
                    )
                })
                .collect();
            let mut finding = self.finding(FindingKind::MalformedMessages, Severity::Notice, text, seen);
            finding.count = count;
            finding.about = protocol.to_owned();
            finding.assets = senders.collect::<BTreeSet<_>>().into_iter().collect();
            finding.evidence =
                places(evidence.iter().map(|(capture, evidence)| (*capture, evidence)).collect());
            finding
        };
        protocols.into_iter().map(finding).collect()
    }
}
