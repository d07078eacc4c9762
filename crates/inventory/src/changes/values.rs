//! Values that became others: firmware, mode, names, addresses.

use std::collections::BTreeMap;

use observation::{Address, Basis, Day, Evidence, Path, Time, attribute};

use super::model::{Change, ChangeKind};
use super::{EVIDENCE_MAX, Writer, place};
use crate::links::Lane;
use crate::options::is_link_local;
use crate::rules::addresses::DEVICE_WIDE;
use crate::rules::changes::{has_one_value, watched};

/// One value, as it was seen on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen<'a> {
    first: Time,
    last: Time,
    value: &'a str,
    capture: &'a str,
    evidence: Option<&'a Evidence>,
}

/// Who says it: the same value may be worded differently by others. Position, attribute, basis, protocol, rule.
type Source<'a> = (&'a Path, &'a str, Basis, &'a str, &'a str);

/// What makes a step the same whoever tells it: kind, attribute, before, after, day.
type Same<'a> = (ChangeKind, &'a str, Option<&'a str>, &'a str, Day);

/// A step from one value to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step<'a> {
    time: Time,
    before: Option<Seen<'a>>,
    after: Seen<'a>,
}

impl<'a> Writer<'_, '_, 'a> {
    /// Changed values of watched attributes, and changed addresses.
    pub(super) fn values(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for asset in 0..self.assets.len() {
            self.attributes(asset, &mut changes);
            self.addresses(asset, &mut changes);
        }
        changes
    }

    fn attributes(&self, asset: usize, changes: &mut Vec<Change>) {
        let Some(device) = self.context.devices.list.get(asset) else { return };
        let mut known: BTreeMap<Source<'a>, (ChangeKind, Vec<Seen<'a>>)> = BTreeMap::new();
        let stations = device.stations.iter().filter_map(|station| self.context.gathered.station(*station));
        for (path, said) in stations.flat_map(|known| known.facts.iter().map(|said| (known.path, said))) {
            let fact = said.fact;
            let Some(kind) = watched(&fact.attribute) else { continue };
            let is_of_other = kind == ChangeKind::MacChanged
                && (DEVICE_WIDE.contains(&fact.protocol.as_ref()) || fact.station.address.mac().is_some());
            if is_of_other || !matches!(fact.basis, Basis::Stated | Basis::Reported) {
                continue;
            }
            let source: Source<'a> =
                (path, fact.attribute.as_ref(), fact.basis, fact.protocol.as_ref(), fact.rule.as_ref());
            known.entry(source).or_insert_with(|| (kind, Vec::new())).1.push(Seen {
                first: fact.sighting.first,
                last: fact.sighting.last,
                value: &fact.value,
                capture: said.capture,
                evidence: Some(&fact.evidence),
            });
        }
        // Several protocols may tell the same step; the first that does is enough.
        let mut told: BTreeMap<Same<'_>, (Step<'a>, &str)> = BTreeMap::new();
        for ((_, name, _, protocol, _), (kind, seen)) in known {
            for step in steps(seen, has_one_value(kind), false) {
                let key = (kind, name, step.before.map(|seen| seen.value), step.after.value, step.time.day());
                let order = |(step, protocol): &(Step<'a>, &'a str)| (step.time, *protocol, step.after);
                let this = (step, protocol);
                told.entry(key)
                    .and_modify(|known| {
                        if order(&this) < order(known) {
                            *known = this;
                        }
                    })
                    .or_insert(this);
            }
        }
        for ((kind, name, ..), (step, protocol)) in told {
            changes.push(self.step(asset, kind, format!("{name} ({protocol})"), &step));
        }
    }

    /// Addresses of one family that an asset has one after another, and further ones.
    fn addresses(&self, asset: usize, changes: &mut Vec<Change>) {
        let Some(device) = self.context.devices.list.get(asset) else { return };
        let stations = device.stations.iter().filter_map(|station| self.context.gathered.station(*station));
        let addresses: Vec<_> = stations
            .filter_map(|known| {
                let ip = known.address.ip().filter(|ip| known.is_root() && !is_link_local(*ip))?;
                Some((ip, ip.to_string(), known))
            })
            .collect();
        for family in [true, false] {
            let of_family = || addresses.iter().filter(|(ip, ..)| ip.is_ipv4() == family);
            if of_family().count() < 2 {
                continue;
            }
            let mut seen: Vec<Seen<'_>> = Vec::new();
            for (_, text, known) in of_family() {
                seen.extend(known.sightings.iter().map(|(capture, sighting)| Seen {
                    first: sighting.first,
                    last: sighting.last,
                    value: text,
                    capture,
                    evidence: self.stated(known.address, known.lane, capture),
                }));
            }
            for step in steps(seen, false, true) {
                changes.push(self.step(
                    asset,
                    ChangeKind::IpChanged,
                    attribute::IP_ADDRESS.to_owned(),
                    &step,
                ));
            }
        }
    }

    /// Octets of a capture in which the owner states an address.
    fn stated(&self, address: Address, lane: Lane, capture: &str) -> Option<&'a Evidence> {
        let known = self.context.gathered.station(self.context.gathered.root(address, lane)?)?;
        let own = known.facts.iter().filter(|said| said.capture == capture);
        own.filter(|said| said.fact.attribute == attribute::MAC_ADDRESS).map(|said| &said.fact.evidence).min()
    }

    fn step(&self, asset: usize, kind: ChangeKind, subject: String, step: &Step<'_>) -> Change {
        let mut evidence: Vec<_> = step
            .before
            .into_iter()
            .chain([step.after])
            .map(|seen| place(seen.capture, seen.evidence))
            .take(EVIDENCE_MAX)
            .collect();
        evidence.dedup();
        Change {
            asset: Some(asset),
            subject,
            before: step.before.map(|seen| seen.value.to_owned()),
            after: Some(step.after.value.to_owned()),
            evidence,
            ..self.change(kind, step.time, step.after.capture)
        }
    }
}

/// The steps from value to value, in time. `one` says that there is one value at any moment, so that another one in
/// the middle of a day is a step there and back; otherwise values of which neither ends before the other begins hold
/// together, and one that joins them is a step only if `tells_further` says so.
fn steps<'a>(mut seen: Vec<Seen<'a>>, one: bool, tells_further: bool) -> Vec<Step<'a>> {
    let Some(value) = seen.first().map(|seen| seen.value) else { return Vec::new() };
    if seen.iter().all(|seen| seen.value == value) {
        return Vec::new();
    }
    // How a day is spread over captures does not matter.
    seen.sort_unstable();
    let mut days: BTreeMap<(Day, &str), Seen<'a>> = BTreeMap::new();
    for seen in seen {
        let day = days.entry((seen.first.day(), seen.value)).or_insert(seen);
        day.last = day.last.max(seen.last);
    }
    let mut in_time: Vec<_> = days.into_values().collect();
    in_time.sort_unstable();
    let mut steps = Vec::new();
    // What holds, with the day it was last seen.
    let mut current: Vec<Seen<'a>> = Vec::new();
    let mut before: Vec<&str> = Vec::new();
    for seen in in_time {
        if let Some(known) = current.iter_mut().find(|known| known.value == seen.value) {
            known.last = known.last.max(seen.last);
            known.capture = seen.capture;
            known.evidence = seen.evidence;
        } else {
            let latest = current.iter().max_by_key(|known| (known.last, known.value)).copied();
            match latest {
                None => current.push(seen),
                Some(latest) if seen.first > latest.last => {
                    steps.push(Step { time: seen.first, before: Some(latest), after: seen });
                    current = vec![seen];
                }
                Some(latest) if one => {
                    steps.push(Step { time: seen.first, before: Some(latest), after: seen });
                    if seen.last < latest.last {
                        // When exactly it came back the day does not tell: by its last sight.
                        steps.push(Step { time: latest.last, before: Some(seen), after: latest });
                    } else {
                        current = vec![seen];
                    }
                }
                Some(_) => {
                    if tells_further && !before.contains(&seen.value) {
                        steps.push(Step { time: seen.first, before: None, after: seen });
                    }
                    current.push(seen);
                }
            }
        }
        if !before.contains(&seen.value) {
            before.push(seen.value);
        }
        // What was not seen for a whole day no longer holds beside the others.
        let day = seen.last.day().0;
        if current.len() > 1 {
            current.retain(|known| day.saturating_sub(known.last.day().0) <= 1);
        }
    }
    steps
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn told(rows: &[(&'static str, i64, i64)], one: bool) -> Vec<String> {
        let seen = rows.iter().map(|(value, first, last)| Seen {
            first: Time(first * HOUR),
            last: Time(last * HOUR),
            value,
            capture: "c",
            evidence: None,
        });
        let text = |step: Step<'_>| {
            let before = step.before.map_or("-", |seen| seen.value);
            format!("{} {before}>{}", step.time.0 / HOUR, step.after.value)
        };
        steps(seen.collect(), one, true).into_iter().map(text).collect()
    }

    #[test]
    fn a_value_that_comes_back_is_two_steps() {
        assert_eq!(told(&[("a", 1, 2), ("b", 25, 26), ("a", 49, 50)], false), ["25 a>b", "49 b>a"]);
        assert_eq!(told(&[("a", 49, 50), ("a", 1, 2), ("b", 25, 26)], false), ["25 a>b", "49 b>a"]);
    }

    #[test]
    fn a_stop_in_the_middle_of_a_day_is_a_step_there_and_back() {
        assert_eq!(told(&[("run", 1, 20), ("stop", 5, 6)], true), ["5 run>stop", "20 stop>run"]);
        assert_eq!(told(&[("run", 1, 20), ("stop", 5, 22)], true), ["5 run>stop"]);
    }

    #[test]
    fn values_that_hold_together_are_no_steps() {
        let rows = [("a", 1, 20), ("b", 2, 19), ("a", 25, 40), ("b", 26, 41), ("b", 50, 60)];
        assert_eq!(told(&rows, false), ["2 ->b"]);
        assert_eq!(told(&[("a", 1, 9), ("b", 2, 8), ("c", 10, 12)], false), ["2 ->b", "10 a>c"]);
    }

    #[test]
    fn how_a_day_is_divided_changes_nothing() {
        let whole = told(&[("a", 1, 9), ("b", 10, 20)], false);
        assert_eq!(told(&[("a", 1, 3), ("b", 10, 12), ("a", 5, 9), ("b", 15, 20)], false), whole);
    }
}
