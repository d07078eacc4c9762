//! Audit readiness: which fields of a profile are there, by whom, how old, and whose work is left.
//!
//! Nothing here weighs or grades. A share is never given without the two counts that it is made of, and [`FORMULA`]
//! says how they are counted.

mod answer;
mod profile;

use std::collections::BTreeMap;

use observation::Time;

use crate::fields::is_retired;
use crate::policy::NO_ZONE;
use crate::snapshot::Snapshot;
use answer::Answers;
pub use answer::{Answer, AnswerState, Said};
pub use profile::{ASSET_WORDS, Applies, AssetWord, Profile, ProfileError, ProfileField, Source};

/// How the numbers come about. A change of it is another version.
pub const FORMULA: &str = "readiness/1: completeness = present / applicable, both counted over pairs of an asset and a field, printed in percent rounded down. \
Assets count unless people's status is retired. A field is applicable to all assets, or to those with an address of their own, and where the profile names a condition only if people's word meets it. \
It is present if at least one of its sources has a value other than \"unknown\"; a field without a source is never present. \
It is stale if it is present and older than the profile allows; stale counts as present, and current = present - stale. \
Age = whole days from when the value was last proven on the wire or last written by people to the moment the register speaks of, 0 if later; of several sources the youngest.";

/// The people's field that names who does the work.
const OWNER: &str = "owner";

/// Who wrote a people's value, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Who.
    pub by: String,
    /// Wall clock.
    pub on: Time,
}

/// Which assets are looked at; all if empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Sites of their stations.
    pub sites: Vec<String>,
    /// Zones.
    pub zones: Vec<String>,
    /// People's owners; an empty text is nobody.
    pub owners: Vec<String>,
}

/// What a profile finds of one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetReadiness {
    /// The asset, by index.
    pub asset: usize,
    /// Its site.
    pub site: String,
    /// Its main zone.
    pub zone: String,
    /// Who answers for it, if somebody does.
    pub owner: Option<String>,
    /// The answers, in the order of the profile's fields.
    pub answers: Vec<Answer>,
}

/// What a profile finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness<'p> {
    /// The profile.
    pub profile: &'p Profile,
    /// The moment of the ages.
    pub as_of: Option<Time>,
    /// The assets, by id.
    pub assets: Vec<AssetReadiness>,
}

/// Counts of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Pairs of an asset and a field that is asked of it.
    pub applicable: u64,
    /// Of those, the ones that are answered.
    pub present: u64,
    /// Answered by the wire, whether or not people answer too.
    pub wire: u64,
    /// Answered by people, whether or not the wire answers too.
    pub people: u64,
    /// Answered, and older than the profile allows.
    pub stale: u64,
    /// Age of the oldest answer.
    pub oldest_days: Option<i64>,
}

impl Sum {
    /// Present of applicable in percent, rounded down; `None` where nothing is applicable.
    #[must_use]
    pub fn percent(self) -> Option<u64> {
        self.present.saturating_mul(100).checked_div(self.applicable)
    }

    /// What is missing.
    #[must_use]
    pub fn missing(self) -> u64 {
        self.applicable.saturating_sub(self.present)
    }

    fn add(&mut self, answer: &Answer) {
        let count = |counter: &mut u64, is: bool| *counter = counter.saturating_add(u64::from(is));
        let state = answer.state;
        count(&mut self.applicable, state != AnswerState::NotApplicable);
        count(&mut self.present, matches!(state, AnswerState::Present | AnswerState::Stale));
        count(&mut self.stale, state == AnswerState::Stale);
        count(&mut self.wire, answer.wire.is_some());
        count(&mut self.people, answer.people.is_some());
        self.oldest_days = self.oldest_days.max(answer.age_days);
    }
}

/// One field that assets of one owner lack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Who; `None` is nobody.
    pub owner: Option<String>,
    /// Which field, by its place in the profile.
    pub field: usize,
    /// The assets that lack it, by index, in the order of their ids.
    pub missing: Vec<usize>,
    /// The assets of which it is older than the profile allows.
    pub stale: Vec<usize>,
}

impl<'p> Readiness<'p> {
    /// Holds a profile against the register. `marks` runs parallel to the assets and says who wrote which people's field
    /// when; what it does not know has no age.
    #[must_use]
    pub fn of(
        profile: &'p Profile,
        snapshot: &Snapshot,
        marks: &[BTreeMap<String, Mark>],
        scope: &Scope,
    ) -> Self {
        let answers = Answers::new(snapshot, marks);
        let mut assets: Vec<_> = (0..snapshot.inventory.assets.len().min(snapshot.identified.len()))
            .filter(|index| is_counted(snapshot, *index))
            .filter_map(|index| {
                let place = snapshot.places.get(index).and_then(|place| place.zone());
                let owner = snapshot.identified.get(index)?.people.get(OWNER).cloned();
                let site = snapshot.inventory.assets.get(index)?.site.clone();
                let asset = AssetReadiness {
                    asset: index,
                    site,
                    zone: place.unwrap_or(NO_ZONE).to_owned(),
                    owner,
                    answers: Vec::new(),
                };
                scope.holds(&asset).then_some(asset)
            })
            .collect();
        for asset in &mut assets {
            asset.answers = profile.fields.iter().map(|field| answers.answer(asset.asset, field)).collect();
        }
        assets.sort_by_key(|asset| snapshot.identified.get(asset.asset).map(|identified| &identified.id));
        Self { profile, as_of: snapshot.as_of, assets }
    }

    /// The sum over everything.
    #[must_use]
    pub fn total(&self) -> Sum {
        self.sum(|_, _| true)
    }

    /// The sum of one field, by its place in the profile.
    #[must_use]
    pub fn of_field(&self, field: usize) -> Sum {
        self.sum(|_, at| at == field)
    }

    /// The sums of the groups of the profile, in their order; one without a name if there are no groups.
    #[must_use]
    pub fn groups(&self) -> Vec<(&'p str, Sum)> {
        let mut names: Vec<&str> = Vec::new();
        for field in &self.profile.fields {
            if !names.contains(&field.group.as_str()) {
                names.push(&field.group);
            }
        }
        let is_of =
            |name: &str, at: usize| self.profile.fields.get(at).is_some_and(|field| field.group == name);
        names.into_iter().map(|name| (name, self.sum(|_, at| is_of(name, at)))).collect()
    }

    /// The sums of sites, by name.
    #[must_use]
    pub fn sites(&self) -> BTreeMap<&str, Sum> {
        self.by(|asset| asset.site.as_str())
    }

    /// The sums of zones, by site and name.
    #[must_use]
    pub fn zones(&self) -> BTreeMap<(&str, &str), Sum> {
        self.by(|asset| (asset.site.as_str(), asset.zone.as_str()))
    }

    /// The sum of one asset.
    #[must_use]
    pub fn of_asset(asset: &AssetReadiness) -> Sum {
        let mut sum = Sum::default();
        asset.answers.iter().for_each(|answer| sum.add(answer));
        sum
    }

    /// What is left to do, by owner and then by what is missing most; what nobody owns comes first. Fields that the
    /// register has no place for are nobody's work.
    #[must_use]
    pub fn worklist(&self) -> Vec<Task> {
        let mut tasks: BTreeMap<(Option<&str>, usize), Task> = BTreeMap::new();
        for asset in &self.assets {
            for (field, answer) in asset.answers.iter().enumerate() {
                let has_source = self.profile.fields.get(field).is_some_and(|field| !field.any.is_empty());
                if !has_source || !matches!(answer.state, AnswerState::Missing | AnswerState::Stale) {
                    continue;
                }
                let task = tasks.entry((asset.owner.as_deref(), field)).or_insert_with(|| Task {
                    owner: asset.owner.clone(),
                    field,
                    missing: Vec::new(),
                    stale: Vec::new(),
                });
                match answer.state {
                    AnswerState::Missing => task.missing.push(asset.asset),
                    _ => task.stale.push(asset.asset),
                }
            }
        }
        let mut tasks: Vec<Task> = tasks.into_values().collect();
        // A stable sort: equal counts stay in the order of the profile.
        tasks.sort_by(|one, other| {
            (&one.owner, other.missing.len(), other.stale.len()).cmp(&(
                &other.owner,
                one.missing.len(),
                one.stale.len(),
            ))
        });
        tasks
    }

    fn sum(&self, wanted: impl Fn(&AssetReadiness, usize) -> bool) -> Sum {
        let mut sum = Sum::default();
        for asset in &self.assets {
            for (_, answer) in asset.answers.iter().enumerate().filter(|(at, _)| wanted(asset, *at)) {
                sum.add(answer);
            }
        }
        sum
    }

    fn by<'r, K: Ord>(&'r self, key: impl Fn(&'r AssetReadiness) -> K) -> BTreeMap<K, Sum> {
        let mut sums: BTreeMap<K, Sum> = BTreeMap::new();
        for asset in &self.assets {
            let sum = sums.entry(key(asset)).or_default();
            asset.answers.iter().for_each(|answer| sum.add(answer));
        }
        sums
    }
}

impl Scope {
    fn holds(&self, asset: &AssetReadiness) -> bool {
        let is_in =
            |wanted: &[String], value: &str| wanted.is_empty() || wanted.iter().any(|one| one == value);
        is_in(&self.sites, &asset.site)
            && is_in(&self.zones, &asset.zone)
            && is_in(&self.owners, asset.owner.as_deref().unwrap_or_default())
    }
}

/// False for what people say is no longer used.
pub(crate) fn is_counted(snapshot: &Snapshot, index: usize) -> bool {
    snapshot.identified.get(index).is_none_or(|identified| !is_retired(&identified.people))
}
