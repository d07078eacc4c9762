//! What each figure counts, as its definition says.

use std::collections::BTreeSet;

use observation::{Basis, Time, Transport, attribute};

use super::{Counted, Gather, Input, Part, class_of};
use crate::civil::{Civil, days_between, utc_moment};
use crate::model::{Asset, AssetEnd, AssetState, Conversation, Finding, Severity};
use crate::readiness::{Profile, Readiness, Scope, is_counted};
use crate::rules::exposure::insecure;
use crate::rules::operations::UNRECOGNISED;
use crate::standing::FindingState;

/// Encrypting protocols, a line each; the first line names the source.
static ENCRYPTED: &str = include_str!("encrypted.tsv");

const NANOS_PER_HOUR: i64 = 3_600_000_000_000;

/// End of the names of attributes that say when a certificate ends.
const NOT_AFTER: &str = ".certificate_not_after";

/// A certificate that ends within so many days expires.
const EXPIRING_DAYS: i64 = 90;

/// Days that count as recent for findings.
const RECENT_DAYS: i64 = 30;

/// A backup is recent for so many days.
const BACKUP_DAYS: i64 = 366;

/// Controls of a critical asset.
const CONTROLS: i64 = 7;

/// Everything that figures count, looked up once.
pub(super) struct Parts<'a> {
    input: &'a Input<'a>,
    /// Indices of the assets that count.
    counted: Vec<usize>,
    /// Answered conversations between single ends.
    answered: Vec<&'a Conversation>,
    encrypted: BTreeSet<&'static str>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> Self {
        let snapshot = input.snapshot;
        let is_single = |end: &AssetEnd| !matches!(end, AssetEnd::Group(_));
        let answered = snapshot.inventory.conversations.iter().filter(|conversation| {
            conversation.frames.iter().all(|frames| *frames > 0)
                && is_single(&conversation.client)
                && is_single(&conversation.server)
                && matches!(conversation.transport, Transport::Tcp | Transport::Udp)
        });
        let lines = ENCRYPTED.lines().filter(|line| !line.starts_with('#'));
        Self {
            input,
            counted: (0..snapshot.inventory.assets.len())
                .filter(|index| is_counted(snapshot, *index))
                .collect(),
            answered: answered.collect(),
            encrypted: lines.filter_map(|line| line.split('\t').next()).collect(),
        }
    }

    /// The parts of the figure of that name.
    pub(super) fn of(&self, kpi: &str) -> Counted {
        let state = |state| self.findings(move |finding, _| finding.standing.state == state);
        let sum = |parts: Vec<Part>| Some((Gather::Sum, parts));
        match kpi {
            "assets" => sum(self.assets(|_, _| Some(1))),
            "identified" => sum(self.share(|_, asset| is_identified(asset))),
            "firmware_known" => sum(self.share(|_, asset| has_version(asset))),
            "owned" => sum(self.share(|index, _| self.people(index, "owner").is_some())),
            "reviewed" => sum(self.share(|index, _| self.is_reviewed(index))),
            "cisa_high" => sum(self.cisa_high()),
            "unlisted" => sum(self.assets(|index, asset| self.is_unlisted(index, asset).then_some(1))),
            "reconcile_gap" => self.reconcile_gap(),
            "evidence_age" => Some((Gather::Median, self.evidence_ages())),
            "evidence_age_oldest" => Some((Gather::Greatest, self.evidence_ages())),
            "boundary_crossings" => sum(self.findings(|finding, _| {
                matches!(finding.kind, "boundary_crossing" | "zone_crossing" | "external_peer")
                    && finding.standing.state != FindingState::Closed
            })),
            "remote_sessions" => sum(self.remote_sessions()),
            "insecure_share" => sum(self.conversations(|conversation| {
                Some(insecure(conversation, &self.input.snapshot.inventory.assets).is_some())
            })),
            "clear_text_share" => sum(self.conversations(|conversation| {
                let protocol = conversation.protocol.as_str();
                (!UNRECOGNISED.contains(&protocol)).then(|| !self.encrypted.contains(protocol))
            })),
            "certificates_expiring" => {
                sum(self.certificates(|days| days.is_some_and(|days| days < EXPIRING_DAYS)))
            }
            "certificates_expired" => sum(self.certificates(|days| days.is_none())),
            "findings_open" => sum(state(FindingState::Open)),
            "findings_acknowledged" => sum(state(FindingState::Acknowledged)),
            "findings_accepted" => sum(state(FindingState::Accepted)),
            "findings_closed" => sum(state(FindingState::Closed)),
            "findings_opened_30d" => sum(self.findings(|finding, _| {
                let age = finding.first.zip(self.input.snapshot.as_of);
                age.is_some_and(|(first, as_of)| days_between(first, as_of) < RECENT_DAYS)
            })),
            "findings_closed_30d" => sum(self.findings(|finding, at| {
                let closed = self.input.decided.get(at).and_then(|decided| decided.closed);
                finding.standing.state == FindingState::Closed
                    && closed.is_some_and(|closed| days_between(closed, self.input.now) < RECENT_DAYS)
            })),
            "findings_age" => Some((Gather::Median, self.finding_ages())),
            "time_to_acknowledge" => Some((
                Gather::Median,
                self.hours_to(|at| self.input.decided.get(at).and_then(|decided| decided.acknowledged)),
            )),
            "time_to_close" => Some((
                Gather::Median,
                self.hours_to(|at| {
                    let finding = self.input.snapshot.inventory.findings.get(at)?;
                    let closed = self.input.decided.get(at).and_then(|decided| decided.closed);
                    closed.filter(|_| finding.standing.state == FindingState::Closed)
                }),
            )),
            "exceptions_90d" => sum(self.exceptions(0, 90)),
            "exceptions_365d" => sum(self.exceptions(91, 365)),
            "exceptions_older" => sum(self.exceptions(366, i64::MAX)),
            "critical_assets" => sum(self.assets(|index, _| self.is_critical(index).then_some(1))),
            "critical_controls" => sum(self.critical_controls()),
            _ => None,
        }
    }

    fn asset(&self, index: usize) -> Option<&'a Asset> {
        self.input.snapshot.inventory.assets.get(index)
    }

    fn people(&self, index: usize, field: &str) -> Option<&'a str> {
        let people = &self.input.snapshot.identified.get(index)?.people;
        people.get(field).map(String::as_str)
    }

    /// A part of one asset.
    fn part(asset: &Asset, value: i64, whole: i64) -> Part {
        Part { site: asset.site.clone(), classes: BTreeSet::from([class_of(asset)]), value, whole }
    }

    /// Assets with what they add.
    fn assets(&self, value: impl Fn(usize, &Asset) -> Option<i64>) -> Vec<Part> {
        let part = |index: &usize| {
            let asset = self.asset(*index)?;
            Some(Self::part(asset, value(*index, asset)?, 0))
        };
        self.counted.iter().filter_map(part).collect()
    }

    /// All assets, and of which of them something is true.
    fn share(&self, is: impl Fn(usize, &Asset) -> bool) -> Vec<Part> {
        let part = |index: &usize| {
            let asset = self.asset(*index)?;
            Some(Self::part(asset, is(*index, asset).into(), 1))
        };
        self.counted.iter().filter_map(part).collect()
    }

    fn is_reviewed(&self, index: usize) -> bool {
        let Some(as_of) = self.input.snapshot.as_of else { return false };
        let is_due = self
            .people(index, "next_review")
            .and_then(Civil::parse)
            .is_some_and(|next| next < Civil::of(as_of));
        self.people(index, "reviewed_on").is_some() && !is_due
    }

    fn is_unlisted(&self, index: usize, asset: &Asset) -> bool {
        let is_approved =
            self.input.snapshot.identified.get(index).is_some_and(|identified| identified.approval.is_some());
        let is_declared = asset.state == AssetState::Declared
            || asset.attributes.values().flatten().any(|candidate| candidate.basis == Basis::Declared);
        asset.parent.is_none() && !is_approved && !is_declared && self.people(index, "asset_number").is_none()
    }

    fn cisa_high(&self) -> Vec<Part> {
        let profiles = Profile::built_in();
        let Some(profile) = profiles.into_iter().find(|profile| profile.id == "cisa") else {
            return Vec::new();
        };
        let high = Profile {
            fields: profile.fields.iter().filter(|field| field.group == "high").cloned().collect(),
            ..profile
        };
        let found = Readiness::of(&high, self.input.snapshot, self.input.marks, &Scope::default());
        let part = |one: &crate::readiness::AssetReadiness| {
            let sum = Readiness::of_asset(one);
            let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            Some(Self::part(self.asset(one.asset)?, number(sum.present), number(sum.applicable)))
        };
        found.assets.iter().filter_map(part).collect()
    }

    fn reconcile_gap(&self) -> Counted {
        let last = self.input.reconciled?;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let part = Part {
            site: last.site.clone(),
            classes: BTreeSet::new(),
            value: number(last.gap),
            whole: number(last.compared),
        };
        Some((Gather::Sum, vec![part]))
    }

    fn evidence_ages(&self) -> Vec<Part> {
        let Some(as_of) = self.input.snapshot.as_of else { return Vec::new() };
        self.assets(|_, asset| {
            let proven = asset.attributes.values().flatten().filter(|candidate| {
                candidate.proof.as_ref().is_some_and(|proof| !proof.evidence.ranges.is_empty())
            });
            let last = proven.map(|candidate| candidate.last).max();
            last.filter(|_| asset.state == AssetState::Observed).map(|last| days_between(last, as_of))
        })
    }

    /// A part for each conversation that counts.
    fn conversations(&self, is: impl Fn(&Conversation) -> Option<bool>) -> Vec<Part> {
        let part = |conversation: &&Conversation| {
            let value = is(conversation)?.into();
            let ends = [&conversation.client, &conversation.server].into_iter();
            let classes = ends.filter_map(|end| match end {
                AssetEnd::Asset(index) => self.asset(*index).map(class_of),
                _ => None,
            });
            Some(Part { site: conversation.site.clone(), classes: classes.collect(), value, whole: 1 })
        };
        self.answered.iter().filter_map(part).collect()
    }

    fn of_finding(&self, finding: &Finding, value: i64) -> Part {
        let classes = finding.assets.iter().filter_map(|index| self.asset(*index)).map(class_of);
        Part { site: finding.site.clone(), classes: classes.collect(), value, whole: 0 }
    }

    fn findings(&self, is: impl Fn(&Finding, usize) -> bool) -> Vec<Part> {
        let findings = self.input.snapshot.inventory.findings.iter().enumerate();
        findings
            .filter(|(at, finding)| is(finding, *at))
            .map(|(_, finding)| self.of_finding(finding, 1))
            .collect()
    }

    fn remote_sessions(&self) -> Vec<Part> {
        let findings = self.input.snapshot.inventory.findings.iter();
        let remote = findings.filter(|finding| finding.kind == "remote_access");
        remote
            .map(|finding| self.of_finding(finding, i64::try_from(finding.count).unwrap_or(i64::MAX)))
            .collect()
    }

    /// Certificates by the days they are good for; `None` for those that have ended.
    fn certificates(&self, is: impl Fn(Option<i64>) -> bool) -> Vec<Part> {
        let Some(as_of) = self.input.snapshot.as_of else { return Vec::new() };
        self.assets(|_, asset| {
            let names = asset.attributes.iter().filter(|(name, _)| name.ends_with(NOT_AFTER));
            let ends = names.filter_map(|(_, candidates)| utc_moment(&candidates.first()?.value));
            let count = ends.filter(|end| is((*end > as_of).then(|| days_between(as_of, *end)))).count();
            i64::try_from(count).ok().filter(|count| *count > 0)
        })
    }

    fn finding_ages(&self) -> Vec<Part> {
        let Some(as_of) = self.input.snapshot.as_of else { return Vec::new() };
        let findings = self.input.snapshot.inventory.findings.iter();
        let part = |finding: &Finding| {
            let is_due = matches!(finding.standing.state, FindingState::Open | FindingState::Acknowledged);
            let first = finding.first.filter(|_| is_due)?;
            Some(self.of_finding(finding, days_between(first, as_of)))
        };
        findings.filter_map(part).collect()
    }

    /// Hours from the first sight of findings to a decision.
    fn hours_to(&self, decided: impl Fn(usize) -> Option<Time>) -> Vec<Part> {
        let findings = self.input.snapshot.inventory.findings.iter().enumerate();
        let part = |(at, finding): (usize, &Finding)| {
            let nanos = decided(at)?.0.saturating_sub(finding.first?.0).max(0);
            Some(self.of_finding(finding, nanos.checked_div(NANOS_PER_HOUR)?))
        };
        findings.filter_map(part).collect()
    }

    fn exceptions(&self, from: i64, to: i64) -> Vec<Part> {
        self.findings(|finding, _| {
            let age = finding.standing.at.map(|at| days_between(at, self.input.now));
            finding.standing.state == FindingState::Accepted
                && age.is_some_and(|age| (from..=to).contains(&age))
        })
    }

    fn is_critical(&self, index: usize) -> bool {
        matches!(self.people(index, "criticality"), Some("high" | "critical"))
    }

    fn critical_controls(&self) -> Vec<Part> {
        let snapshot = self.input.snapshot;
        let warned: BTreeSet<usize> = snapshot
            .inventory
            .findings
            .iter()
            .filter(|one| one.severity == Severity::Warning && one.standing.state == FindingState::Open)
            .flat_map(|finding| finding.assets.iter().copied())
            .collect();
        let part = |index: &usize| {
            let asset = self.asset(*index).filter(|_| self.is_critical(*index))?;
            let backup = self.people(*index, "backup_last").and_then(Civil::parse);
            let place = snapshot.places.get(*index).and_then(|place| place.zone());
            let controls = [
                self.people(*index, "owner").is_some(),
                self.is_reviewed(*index),
                backup.is_some_and(|day| days_between(day.start(), self.input.now) <= BACKUP_DAYS),
                self.people(*index, "backup_restore_tested").is_some(),
                place.is_some_and(|zone| snapshot.policy.zone(zone).is_some()),
                snapshot.identified.get(*index).is_some_and(|identified| identified.approval.is_some()),
                !warned.contains(index),
            ];
            let held = controls.iter().filter(|holds| **holds).count();
            Some(Self::part(asset, i64::try_from(held).unwrap_or(0), CONTROLS))
        };
        self.counted.iter().filter_map(part).collect()
    }
}

/// True if a value is known otherwise than by inference.
fn is_told(asset: &Asset, name: &str) -> bool {
    asset.attributes.get(name).into_iter().flatten().any(|candidate| candidate.basis != Basis::Inferred)
}

fn is_identified(asset: &Asset) -> bool {
    is_told(asset, attribute::VENDOR)
        && (is_told(asset, attribute::MODEL) || is_told(asset, attribute::ORDER_NUMBER))
}

fn has_version(asset: &Asset) -> bool {
    [attribute::FIRMWARE_VERSION, attribute::SOFTWARE_VERSION, attribute::OS_VERSION]
        .into_iter()
        .any(|name| is_told(asset, name))
}
