//! The answer to one field of one asset.

use std::collections::{BTreeMap, BTreeSet};

use observation::{Basis, Time};

use super::Mark;
use super::profile::{Applies, AssetWord, ProfileField, Source};
use crate::civil::{Civil, days_between};
use crate::model::{Asset, AssetEnd, AssetState, Role};
use crate::snapshot::Snapshot;

/// The value by which people say that they do not know.
const UNKNOWN: &str = "unknown";

/// Whether a field is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerState {
    /// It is.
    Present,
    /// It is, and longer ago than the profile allows.
    Stale,
    /// It is not.
    Missing,
    /// It is not asked of this asset.
    NotApplicable,
}

impl AnswerState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Present, Self::Stale, Self::Missing, Self::NotApplicable];

    /// The word in exports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// What one side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The value.
    pub value: String,
    /// The source of the profile that gave it.
    pub source: String,
    /// How the wire knows it (`stated`, `reported`, `inferred`), or the person who wrote it; empty if not known.
    pub by: String,
    /// When it was last proven, or written.
    pub last: Option<Time>,
}

/// The answer to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is answered.
    pub state: AnswerState,
    /// What the wire says.
    pub wire: Option<Said>,
    /// What people say.
    pub people: Option<Said>,
    /// Days since it was last proven or written.
    pub age_days: Option<i64>,
}

/// Finds answers.
pub(super) struct Answers<'s> {
    snapshot: &'s Snapshot,
    marks: &'s [BTreeMap<String, Mark>],
    /// By asset: protocols of its conversations, with the last time; those that it asks by; the last of all.
    talks: Vec<Talks<'s>>,
}

#[derive(Default)]
struct Talks<'s> {
    spoken: BTreeMap<&'s str, Time>,
    asked: BTreeMap<&'s str, Time>,
}

impl<'s> Answers<'s> {
    pub(super) fn new(snapshot: &'s Snapshot, marks: &'s [BTreeMap<String, Mark>]) -> Self {
        let mut talks: Vec<Talks<'s>> = Vec::new();
        talks.resize_with(snapshot.inventory.assets.len(), Talks::default);
        let mut note = |end: &AssetEnd, frames: u64, protocol: &'s str, last: Time, asks: bool| {
            if let AssetEnd::Asset(index) = end
                && let Some(talks) = talks.get_mut(*index).filter(|_| frames > 0)
            {
                let latest = |known: &mut BTreeMap<&'s str, Time>| {
                    known.entry(protocol).and_modify(|time| *time = (*time).max(last)).or_insert(last);
                };
                latest(&mut talks.spoken);
                if asks {
                    latest(&mut talks.asked);
                }
            }
        };
        for conversation in &snapshot.inventory.conversations {
            let (protocol, last) = (conversation.protocol.as_str(), conversation.last);
            note(&conversation.client, conversation.frames[0], protocol, last, true);
            note(&conversation.server, conversation.frames[1], protocol, last, false);
        }
        Self { snapshot, marks, talks }
    }

    pub(super) fn answer(&self, index: usize, field: &ProfileField) -> Answer {
        let none = Answer { state: AnswerState::NotApplicable, wire: None, people: None, age_days: None };
        let Some(asset) = self.snapshot.inventory.assets.get(index) else { return none };
        if field.applies == Applies::Addressed && asset.stations.is_empty() {
            return none;
        }
        if let Some((name, value)) = &field.when
            && self.field(index, name) != Some(value)
        {
            return none;
        }
        let (mut wire, mut people): (Option<Said>, Option<Said>) = (None, None);
        for source in &field.any {
            let said = self.said(index, asset, source);
            for (is_people, said) in said {
                let side = if is_people { &mut people } else { &mut wire };
                // The first source that answers gives the value, the youngest one the age.
                match side {
                    None => *side = Some(said),
                    Some(known) => known.last = known.last.max(said.last),
                }
            }
        }
        let last = [&wire, &people].into_iter().flatten().filter_map(|said| said.last).max();
        let age_days = last.zip(self.snapshot.as_of).map(|(last, as_of)| days_between(last, as_of));
        let is_stale = field.max_age_days.zip(age_days).is_some_and(|(most, age)| age > i64::from(most));
        let state = match (wire.is_some() || people.is_some(), is_stale) {
            (false, _) => AnswerState::Missing,
            (true, false) => AnswerState::Present,
            (true, true) => AnswerState::Stale,
        };
        Answer { state, wire, people, age_days }
    }

    fn field(&self, index: usize, name: &str) -> Option<&'s String> {
        self.snapshot.identified.get(index)?.people.get(name)
    }

    /// What a source says, each with whether people say it.
    fn said(&self, index: usize, asset: &Asset, source: &Source) -> Vec<(bool, Said)> {
        let said = |value: String, by: &str, last: Option<Time>| Said {
            value,
            source: source.to_string(),
            by: by.to_owned(),
            last,
        };
        match source {
            Source::People(name) | Source::Date(name) => {
                let value = self.field(index, name).filter(|value| is_known(value));
                let mark = self.marks.get(index).and_then(|marks| marks.get(*name));
                let people = value.map(|value| {
                    let day = matches!(source, Source::Date(_)).then(|| Civil::parse(value)).flatten();
                    let last = day.map(Civil::start).or(mark.map(|mark| mark.on));
                    (true, said(value.clone(), mark.map_or("", |mark| &mark.by), last))
                });
                people.into_iter().collect()
            }
            Source::Attribute(name) | Source::Stated(name) => {
                let is_stated = matches!(source, Source::Stated(_));
                let candidates = asset.attributes.get(name).into_iter().flatten();
                let mut known = candidates.filter(|candidate| is_known(&candidate.value));
                let wire = known.clone().find(|candidate| match candidate.basis {
                    Basis::Stated | Basis::Reported => true,
                    Basis::Inferred => !is_stated,
                    Basis::Declared => false,
                });
                let wire = wire.map(|candidate| {
                    (false, said(candidate.value.clone(), candidate.basis.as_str(), Some(candidate.last)))
                });
                let people = known.find(|candidate| candidate.basis == Basis::Declared);
                let people = people.map(|candidate| {
                    (true, said(candidate.value.clone(), candidate.basis.as_str(), Some(candidate.last)))
                });
                wire.into_iter().chain(people).collect()
            }
            Source::Asset(word) => self.word(index, asset, *word, &said).into_iter().collect(),
            Source::Talks(protocol) => {
                let last = self.talks.get(index).and_then(|talks| talks.asked.get(protocol.as_str()));
                last.map(|last| (false, said(protocol.clone(), "", Some(*last)))).into_iter().collect()
            }
        }
    }

    fn word(
        &self,
        index: usize,
        asset: &Asset,
        word: AssetWord,
        said: &impl Fn(String, &str, Option<Time>) -> Said,
    ) -> Option<(bool, Said)> {
        let list = |values: BTreeSet<String>| {
            let text = values.into_iter().collect::<Vec<_>>().join(" ");
            // What people listed and the wire has not shown is people's word.
            let is_people = asset.state == AssetState::Declared;
            let by = if is_people { Basis::Declared.as_str() } else { "" };
            (!text.is_empty()).then(|| (is_people, said(text, by, asset.last)))
        };
        let talks = || self.talks.get(index).into_iter().flat_map(|talks| talks.spoken.iter());
        let spoken = || {
            let last = talks().map(|(_, last)| *last).max()?;
            let names: Vec<&str> = talks().map(|(name, _)| *name).collect();
            Some((false, said(names.join(" "), "", Some(last))))
        };
        match word {
            AssetWord::Ip => list(
                asset.stations.iter().flat_map(|station| &station.ips).map(ToString::to_string).collect(),
            ),
            AssetWord::Mac => list(
                asset.stations.iter().filter_map(|station| station.mac).map(|mac| mac.to_string()).collect(),
            ),
            AssetWord::Vlan => list(
                asset.stations.iter().flat_map(|station| &station.vlans).map(ToString::to_string).collect(),
            ),
            AssetWord::Role => {
                let claim = asset.roles.iter().find(|claim| claim.role != Role::Unknown)?;
                let is_people = claim.basis == Basis::Declared;
                Some((is_people, said(claim.role.as_str().to_owned(), claim.basis.as_str(), asset.last)))
            }
            AssetWord::Services => list(
                asset
                    .services
                    .iter()
                    .map(|service| {
                        format!("{}/{}/{}", service.protocol, service.transport.as_str(), service.port)
                    })
                    .collect(),
            ),
            AssetWord::Protocols => spoken()
                .or_else(|| list(asset.services.iter().map(|service| service.protocol.clone()).collect())),
            AssetWord::Conversations => spoken(),
            AssetWord::Zone => {
                let place = self.snapshot.places.get(index).filter(|_| self.snapshot.policy.is_given)?;
                let zone = place.zone().filter(|zone| self.snapshot.policy.zone(zone).is_some())?;
                Some((true, said(zone.to_owned(), "policy", None)))
            }
            AssetWord::Level => {
                let level = self.snapshot.places.get(index)?.level?;
                Some((true, said(level.as_str().to_owned(), "policy", None)))
            }
            AssetWord::Approved => {
                let approval = self.snapshot.identified.get(index)?.approval.as_ref()?;
                Some((true, said("approved".to_owned(), &approval.by, Some(approval.on))))
            }
            AssetWord::Heard => (asset.state == AssetState::Observed)
                .then(|| (false, said(asset.state.as_str().to_owned(), "", asset.last))),
        }
    }
}

fn is_known(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && !value.eq_ignore_ascii_case(UNKNOWN)
}
