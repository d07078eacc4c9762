//! Silences: of one asset against its own rhythm, and of a plant.

use std::collections::{BTreeMap, BTreeSet};

use observation::{Day, Time, number_of};

use super::Writer;
use super::listening::Sensor;
use super::model::{Change, ChangeKind};
use super::words::{duration, moment};
use crate::rules::changes::{ALIVE, MISSED_MIN, RHYTHM_DAYS_MIN, RHYTHM_FRAMES_MIN, TOGETHER, TOGETHER_MIN};

/// One day of an asset.
#[derive(Clone, Copy, Debug)]
struct Heard {
    first: Time,
    last: Time,
    count: u64,
}

/// A silence that is longer than its asset ever was silent.
#[derive(Clone, Copy, Debug)]
struct Silence {
    asset: usize,
    sensor: Sensor,
    /// The last frame before it.
    from: Time,
    /// The first frame after it, if it ended.
    to: Option<Time>,
    /// What had been long enough, in nanoseconds listened.
    allowed: i64,
    /// When it had become so long.
    noticed: Time,
}

/// An asset's days in order, and the sensor that hears most of it.
type Days = (Sensor, Vec<Heard>);

impl Writer<'_, '_, '_> {
    /// Silences and their ends; those of most of a plant are one each.
    pub(super) fn silences(&self) -> Vec<Change> {
        let days: Vec<Option<Days>> = (0..self.assets.len()).map(|asset| self.days(asset)).collect();
        let mut silences: Vec<Silence> = Vec::new();
        for (asset, days) in days.iter().enumerate() {
            if let Some((sensor, days)) = days {
                silences.extend(self.silences_of(asset, *sensor, days));
            }
        }
        silences.sort_by_key(|silence| (silence.sensor, silence.from, silence.asset));
        let mut changes = Vec::new();
        let mut rest = silences.as_slice();
        while let Some(begun) = rest.first() {
            let within = |silence: &&Silence| {
                silence.sensor == begun.sensor && silence.from.0.saturating_sub(begun.from.0) <= TOGETHER
            };
            let length = rest.iter().take_while(within).count().max(1);
            let (together, others) = rest.split_at(length.min(rest.len()));
            rest = others;
            let end = together.last().map_or(begun.from, |last| last.from);
            let start = Time(begun.from.0.saturating_sub(ALIVE));
            let was_alive = |days: &[Heard]| {
                let at = days.partition_point(|day| day.last < start);
                days.get(at).is_some_and(|day| day.first <= end)
            };
            let alive = || {
                let all = days.iter().flatten();
                all.filter(|(sensor, days)| *sensor == begun.sensor && was_alive(days)).count()
            };
            match together.len() {
                TOGETHER_MIN.. if together.len().saturating_mul(2) >= alive() => {
                    self.of_site(together, alive(), &mut changes);
                }
                _ => together.iter().for_each(|silence| self.of_asset(silence, &mut changes)),
            }
        }
        changes
    }

    /// The days on which an asset spoke.
    fn days(&self, asset: usize) -> Option<Days> {
        let device = self.context.devices.list.get(asset)?;
        let mut days: BTreeMap<Day, Heard> = BTreeMap::new();
        let mut sensors: BTreeMap<Sensor, u64> = BTreeMap::new();
        for known in device.stations.iter().filter_map(|station| self.context.gathered.station(*station)) {
            for (capture, sighting) in &known.sightings {
                let (first, last, count) = (sighting.first, sighting.last, sighting.count);
                let day = days.entry(sighting.day).or_insert(Heard { first, last, count: 0 });
                day.first = day.first.min(first);
                day.last = day.last.max(last);
                day.count = day.count.saturating_add(count);
                let sum = sensors.entry(self.listening.sensor(capture)?).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        let (sensor, _) =
            sensors.into_iter().max_by_key(|(sensor, sum)| (*sum, std::cmp::Reverse(*sensor)))?;
        Some((sensor, days.into_values().collect()))
    }

    /// The silences of one asset that are longer than its rhythm.
    fn silences_of(&self, asset: usize, sensor: Sensor, days: &[Heard]) -> Vec<Silence> {
        let Some(end) = self.listening.end(sensor) else { return Vec::new() };
        let quiet = self.listening.quiet(sensor);
        let (mut longest, mut frames, mut silences) = (0_i64, 0_u64, Vec::new());
        for (number, day) in days.iter().enumerate() {
            frames = frames.saturating_add(day.count);
            let length = day.last.0.saturating_sub(day.first.0);
            let pace = length.checked_div(i64::try_from(day.count).unwrap_or(i64::MAX)).unwrap_or(0);
            let next = number.checked_add(1).and_then(|next| days.get(next)).map(|next| next.first);
            let silent = self.listening.listened(sensor, day.last, next.unwrap_or(end));
            let allowed =
                quiet.after.max(longest.saturating_mul(quiet.factor)).max(pace.saturating_mul(MISSED_MIN));
            let has_rhythm = number.saturating_add(1) >= RHYTHM_DAYS_MIN && frames >= RHYTHM_FRAMES_MIN;
            if has_rhythm
                && silent > allowed
                && let Some(noticed) = self.listening.after(sensor, day.last, allowed)
            {
                silences.push(Silence { asset, sensor, from: day.last, to: next, allowed, noticed });
            }
            longest = longest.max(silent);
        }
        silences
    }

    fn of_asset(&self, silence: &Silence, changes: &mut Vec<Change>) {
        changes.push(self.gone(silence, silence.noticed));
        if let Some(to) = silence.to {
            changes.push(self.back(silence, to));
        }
    }

    fn gone(&self, silence: &Silence, noticed: Time) -> Change {
        let longest = duration(silence.allowed);
        Change {
            asset: Some(silence.asset),
            before: Some(format!("last heard {}", moment(silence.from))),
            after: Some(format!("not heard in {longest} of listening, which is more than its rhythm")),
            learned: self.listening.is_sensor_learning(silence.sensor, noticed),
            ..self.change(ChangeKind::GoneQuiet, noticed, "")
        }
    }

    fn back(&self, silence: &Silence, to: Time) -> Change {
        Change {
            asset: Some(silence.asset),
            before: Some(format!("silent since {}", moment(silence.from))),
            after: Some(format!("speaks again after {}", duration(to.0.saturating_sub(silence.from.0)))),
            learned: self.listening.is_sensor_learning(silence.sensor, to),
            ..self.change(ChangeKind::BackAgain, to, "")
        }
    }

    /// A plant that stops is one event, and so is its coming back; who stays away then is one of its own.
    fn of_site(&self, silences: &[Silence], alive: usize, changes: &mut Vec<Change>) {
        let Some(noticed) = silences.iter().map(|silence| silence.noticed).min() else { return };
        let Some(sensor) = silences.first().map(|silence| silence.sensor) else { return };
        let (from, until) = (
            silences.iter().map(|silence| silence.from).min(),
            silences.iter().map(|silence| silence.from).max(),
        );
        let between = [from, until].into_iter().flatten().map(moment).collect::<Vec<_>>().join(" and ");
        let of = format!("{} of {}", silences.len(), number_of(alive, "asset"));
        changes.push(Change {
            before: Some(format!("last heard between {between}")),
            after: Some(format!(
                "{of} fell silent together: the plant stopped, or what this port sees changed"
            )),
            learned: self.listening.is_sensor_learning(sensor, noticed),
            ..self.change(ChangeKind::SiteQuiet, noticed, "")
        });
        let mut ends: Vec<Time> = silences.iter().filter_map(|silence| silence.to).collect();
        ends.sort_unstable();
        let Some(back) = ends.first().copied() else { return };
        let is_back = |to: Time| to.0.saturating_sub(back.0) <= TOGETHER;
        let returned = ends.iter().filter(|to| is_back(**to)).count();
        let together = returned >= TOGETHER_MIN && returned.saturating_mul(2) >= silences.len();
        if together {
            changes.push(Change {
                before: Some(format!("silent since {}", moment(from.unwrap_or(back)))),
                after: Some(format!("{returned} of {} speak again", number_of(silences.len(), "asset"))),
                learned: self.listening.is_sensor_learning(sensor, back),
                ..self.change(ChangeKind::SiteBack, back, "")
            });
        }
        let returned: BTreeSet<usize> = silences
            .iter()
            .filter(|silence| together && silence.to.is_some_and(is_back))
            .map(|silence| silence.asset)
            .collect();
        for silence in silences.iter().filter(|silence| !returned.contains(&silence.asset)) {
            // Long from when the others were back, if they came back.
            let since = if together { back } else { silence.from };
            let noticed = self.listening.after(sensor, since, silence.allowed);
            let said = noticed.filter(|noticed| together && silence.to.is_none_or(|to| to > *noticed));
            changes.extend(said.map(|noticed| self.gone(silence, noticed)));
            if let Some(to) = silence.to
                && (said.is_some() || !together)
            {
                changes.push(self.back(silence, to));
            }
        }
    }
}
