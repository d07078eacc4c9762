//! Modules of racks that come and go.
//!
//! A rack is known as far as somebody reads it, so a module that is not told proves nothing alone. It counts as gone
//! when most of the others that the same protocol had told of with it are told again, later, and it is not.

use std::collections::BTreeMap;

use observation::{Day, Time};

use super::model::{Change, ChangeKind};
use super::{Writer, place};
use crate::assets::Context;
use crate::rules::changes::{MODULES_MAX, READING_MAX};

/// One reading of a rack: what one protocol told on one day, from first to last.
type Told = BTreeMap<Day, (Time, Time)>;

/// The two modules that were told of first, with when.
type Earliest = [Option<(Time, usize)>; 2];

/// What sits in or behind another asset and sends nothing itself.
#[derive(Debug, Default)]
pub(super) struct Modules<'a> {
    /// By module, when each protocol told of it.
    told: BTreeMap<usize, BTreeMap<&'a str, Told>>,
    /// By parent.
    of_parent: BTreeMap<usize, Vec<usize>>,
    /// By parent and protocol, the two modules that were told of first.
    first: BTreeMap<(usize, &'a str), Earliest>,
}

impl<'a> Modules<'a> {
    pub(super) fn new(context: &Context<'_, 'a>) -> Self {
        let mut modules = Self::default();
        for (module, device) in context.devices.list.iter().enumerate() {
            let Some(parent) = device.parent else { continue };
            let stations = || device.stations.iter().filter_map(|station| context.gathered.station(*station));
            if stations().any(|known| !known.sightings.is_empty()) {
                continue;
            }
            let told: &mut BTreeMap<&str, Told> = modules.told.entry(module).or_default();
            for fact in stations().flat_map(|known| known.facts.iter().map(|said| said.fact)) {
                let sighting = fact.sighting;
                let day = told.entry(&fact.protocol).or_default().entry(sighting.day);
                let (first, last) = day.or_insert((sighting.first, sighting.last));
                (*first, *last) = ((*first).min(sighting.first), (*last).max(sighting.last));
            }
            for (protocol, days) in told.iter() {
                let Some((first, _)) = days.values().next() else { continue };
                let [earliest, second] = modules.first.entry((parent, *protocol)).or_default();
                let mut one = Some((*first, module));
                for place in [earliest, second] {
                    if place.is_none() || one.is_some_and(|one| place.is_some_and(|known| one < known)) {
                        std::mem::swap(place, &mut one);
                    }
                }
            }
            modules.of_parent.entry(parent).or_default().push(module);
        }
        modules
    }
}

impl Writer<'_, '_, '_> {
    /// True for a module whose rack was read well before a moment, by a protocol that tells of this module too.
    pub(super) fn was_read_before(&self, module: usize, time: Time) -> bool {
        let parent = self.context.devices.list.get(module).and_then(|device| device.parent);
        let (Some(parent), Some(own)) = (parent, self.modules.told.get(&module)) else { return false };
        own.keys().any(|protocol| {
            let first = self.modules.first.get(&(parent, *protocol)).into_iter().flatten().flatten();
            let mut others = first.filter(|(_, other)| *other != module);
            others.any(|(first, _)| time.0.saturating_sub(first.0) > READING_MAX)
        })
    }

    /// Modules that came, went and came back.
    pub(super) fn modules(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (parent, modules) in &self.modules.of_parent {
            let told: Vec<_> =
                modules.iter().filter_map(|module| Some((*module, self.modules.told.get(module)?))).collect();
            for (module, own) in &told {
                self.came(*parent, *module, &mut changes);
                for (protocol, days) in own.iter().filter(|_| told.len() <= MODULES_MAX) {
                    let others: Vec<&Told> = told
                        .iter()
                        .filter(|(other, _)| other != module)
                        .filter_map(|(_, told)| told.get(protocol))
                        .collect();
                    self.went(*parent, *module, protocol, days, &others, &mut changes);
                }
            }
        }
        changes
    }

    fn came(&self, parent: usize, module: usize, changes: &mut Vec<Change>) {
        let Some(time) = self.assets.get(module).and_then(|asset| asset.first) else { return };
        if self.was_read_before(module, time) {
            let (capture, evidence) = self.first_seen(module);
            changes.push(Change {
                evidence,
                ..self.of_module(
                    ChangeKind::ModuleAppeared,
                    time,
                    &capture,
                    parent,
                    module,
                    "not told before",
                )
            });
        }
    }

    fn went(
        &self,
        parent: usize,
        module: usize,
        protocol: &str,
        days: &Told,
        others: &[&Told],
        changes: &mut Vec<Change>,
    ) {
        let periods: Vec<_> = days.values().copied().collect();
        for (number, (_, last)) in periods.iter().enumerate() {
            let next = number.checked_add(1).and_then(|next| periods.get(next)).map(|(first, _)| *first);
            // Who was told with it, or before …
            let known = others.iter().filter(|told| told.values().any(|(first, _)| first <= last));
            // … and is told again well after it, and before it is itself.
            let again = known.clone().filter_map(|told| {
                let later = told.values().find(|(_, end)| end.0.saturating_sub(last.0) > READING_MAX)?;
                let moment = if later.0.0.saturating_sub(last.0) > READING_MAX { later.0 } else { later.1 };
                next.is_none_or(|next| next.0.saturating_sub(moment.0) > READING_MAX).then_some(moment)
            });
            let again: Vec<Time> = again.collect();
            let (known, Some(time)) = (known.count(), again.iter().min().copied()) else { continue };
            if known < 2 || again.len().saturating_mul(2) < known {
                continue;
            }
            let after = format!("not told by {protocol}, while {} of {known} others are", again.len());
            let (capture, place) = self.seen_at(module, protocol, *last);
            let gone = self.of_module(ChangeKind::ModuleGone, time, &capture, parent, module, "told");
            changes.push(Change { after: Some(after), evidence: place.into_iter().collect(), ..gone });
            if let Some(next) = next {
                let (capture, place) = self.seen_at(module, protocol, next);
                let back = self.of_module(ChangeKind::ModuleBack, next, &capture, parent, module, "not told");
                changes.push(Change { evidence: place.into_iter().collect(), ..back });
            }
        }
    }

    /// The octets that tell of a module at a moment, and their capture.
    fn seen_at(&self, module: usize, protocol: &str, time: Time) -> (String, Option<crate::FindingEvidence>) {
        let device = self.context.devices.list.get(module);
        let stations = device.into_iter().flat_map(|device| &device.stations);
        let facts = stations
            .filter_map(|station| self.context.gathered.station(*station))
            .flat_map(|known| &known.facts)
            .filter(|said| said.fact.protocol == protocol)
            .filter(|said| said.fact.sighting.first <= time && said.fact.sighting.last >= time);
        match facts.map(|said| (said.capture, &said.fact.evidence)).min() {
            Some((capture, evidence)) => (capture.to_owned(), Some(place(capture, Some(evidence)))),
            None => (String::new(), None),
        }
    }

    fn of_module(
        &self,
        kind: ChangeKind,
        time: Time,
        capture: &str,
        parent: usize,
        module: usize,
        before: &str,
    ) -> Change {
        let (subject, name) = self.assets.get(module).map_or_else(Default::default, |asset| {
            let steps = asset.position.iter().map(|step| format!("{} {}", step.kind, step.value));
            (steps.collect::<Vec<_>>().join(" "), asset.name.clone())
        });
        Change {
            asset: Some(parent),
            peer: Some(crate::AssetEnd::Asset(module)),
            subject,
            before: Some(before.to_owned()),
            after: Some(name),
            ..self.change(kind, time, capture)
        }
    }
}
