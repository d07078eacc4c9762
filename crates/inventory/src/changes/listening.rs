//! When who listened: a silence counts only while somebody could have heard the opposite.

use std::collections::BTreeMap;
use std::time::Duration;

use foldhash::HashMap;
use observation::{Day, Sighting, Time};

use crate::gather::Gathered;
use crate::options::{LEARNING, Options};
use crate::policy::of_sensor;
use crate::rules::changes::{SILENCE_FACTOR, SILENCE_MIN};

/// Number of a sensor in this module.
pub(super) type Sensor = usize;

/// Sorted periods that neither overlap nor touch, each from its first to its last moment.
type Periods = Vec<(Time, Time)>;

/// The sensors of a site. Files that name no sensor are one.
#[derive(Debug, Default)]
pub(super) struct Listening<'a> {
    sensors: HashMap<&'a str, Sensor>,
    /// By sensor: from the first to the last moment of each day on which something was heard, and all of the time
    /// that a capture says it lasted.
    periods: Vec<Periods>,
    /// By sensor: the end of its learning period.
    learned: Vec<Option<Time>>,
    /// By sensor: which silences are long.
    quiet: Vec<Quiet>,
}

/// Which silences are long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    /// None that is shorter, in nanoseconds.
    pub(super) after: i64,
    /// So many times the longest before it.
    pub(super) factor: i64,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { after: SILENCE_MIN, factor: SILENCE_FACTOR }
    }
}

impl<'a> Listening<'a> {
    pub(super) fn new(gathered: &Gathered<'a>, options: &Options) -> Self {
        let mut numbers: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
        for capture in &gathered.captures {
            numbers.entry(&capture.sensor).or_default().push(&capture.uid);
        }
        let mut sensors = HashMap::default();
        for (sensor, uids) in numbers.values().enumerate() {
            sensors.extend(uids.iter().map(|uid| (*uid, sensor)));
        }
        let mut days: Vec<BTreeMap<Day, (Time, Time)>> = vec![BTreeMap::new(); numbers.len()];
        let mut last = None;
        let mut hear = |capture: &'a str, sighting: &Sighting| {
            // Rows of one capture stand together, and their names are one string.
            if !last.is_some_and(|(known, _): (&str, Option<Sensor>)| std::ptr::eq(known, capture)) {
                last = Some((capture, sensors.get(capture).copied()));
            }
            let sensor = last.and_then(|(_, sensor)| sensor);
            let Some(days) = sensor.and_then(|sensor| days.get_mut(sensor)) else { return };
            let (first, last) = days.entry(sighting.day).or_insert((sighting.first, sighting.last));
            (*first, *last) = ((*first).min(sighting.first), (*last).max(sighting.last));
        };
        for known in &gathered.stations {
            known.sightings.iter().for_each(|(capture, sighting)| hear(capture, sighting));
            known.facts.iter().for_each(|said| hear(said.capture, &said.fact.sighting));
        }
        gathered.talks.iter().for_each(|talk| hear(talk.capture, &talk.conversation.sighting));
        let mut periods: Vec<Periods> = days.into_iter().map(|days| days.into_values().collect()).collect();
        for capture in &gathered.captures {
            if let (Some(first), Some(last)) = (capture.first, capture.last)
                && let Some(sensor) = sensors.get(capture.uid.as_str())
                && let Some(periods) = periods.get_mut(*sensor)
            {
                periods.push((first, last.max(first)));
            }
        }
        let periods: Vec<Periods> = periods.into_iter().map(united).collect();
        let nanos = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let (mut learned, mut quiet) = (Vec::new(), Vec::new());
        for (sensor, periods) in numbers.keys().zip(&periods) {
            let watch = of_sensor(&options.policy.watches, gathered.site, sensor);
            let learning = nanos(options.learning.or(watch.learning).unwrap_or(LEARNING));
            learned.push(periods.first().map(|(first, _)| Time(first.0.saturating_add(learning))));
            let usual = Quiet::default();
            quiet.push(Quiet {
                after: watch.quiet_after.map_or(usual.after, nanos),
                factor: watch.quiet_factor.map_or(usual.factor, i64::from),
            });
        }
        Self { sensors, periods, learned, quiet }
    }

    /// The sensor of a capture.
    pub(super) fn sensor(&self, capture: &str) -> Option<Sensor> {
        self.sensors.get(capture).copied()
    }

    /// True if the sensor of this capture had just begun.
    pub(super) fn is_learning(&self, capture: &str, time: Time) -> bool {
        self.sensor(capture).is_some_and(|sensor| self.is_sensor_learning(sensor, time))
    }

    /// True if this sensor had just begun.
    pub(super) fn is_sensor_learning(&self, sensor: Sensor, time: Time) -> bool {
        self.learned.get(sensor).copied().flatten().is_some_and(|end| time < end)
    }

    /// Which silences are long, as this sensor hears them.
    pub(super) fn quiet(&self, sensor: Sensor) -> Quiet {
        self.quiet.get(sensor).copied().unwrap_or_default()
    }

    /// How long the sensor listened between two moments, in nanoseconds.
    pub(super) fn listened(&self, sensor: Sensor, from: Time, to: Time) -> i64 {
        let within = self.from(sensor, from).map(|(first, last)| {
            let (first, last) = ((*first).max(from), (*last).min(to));
            last.0.saturating_sub(first.0).max(0)
        });
        within.fold(0, i64::saturating_add)
    }

    /// When the sensor had listened so many nanoseconds since a moment; `None` if it never did.
    pub(super) fn after(&self, sensor: Sensor, from: Time, nanos: i64) -> Option<Time> {
        let mut left = nanos;
        for (first, last) in self.from(sensor, from) {
            let first = (*first).max(from);
            let length = last.0.saturating_sub(first.0).max(0);
            if length >= left {
                return Some(Time(first.0.saturating_add(left)));
            }
            left = left.saturating_sub(length);
        }
        None
    }

    /// The last moment of a sensor.
    pub(super) fn end(&self, sensor: Sensor) -> Option<Time> {
        self.periods.get(sensor)?.last().map(|(_, last)| *last)
    }

    /// The periods that end after a moment.
    fn from(&self, sensor: Sensor, from: Time) -> impl Iterator<Item = &(Time, Time)> {
        let periods = self.periods.get(sensor).map(Vec::as_slice).unwrap_or_default();
        let at = periods.partition_point(|(_, last)| *last <= from);
        periods.get(at..).unwrap_or_default().iter()
    }
}

/// Periods in order, those that overlap made one.
fn united(mut periods: Periods) -> Periods {
    periods.sort_unstable();
    let mut united: Periods = Vec::new();
    for (first, last) in periods {
        match united.last_mut() {
            Some(known) if first <= known.1 => known.1 = known.1.max(last),
            _ => united.push((first, last)),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(periods: &[(i64, i64)]) -> Listening<'static> {
        let periods = periods.iter().map(|(first, last)| (Time(*first), Time(*last))).collect();
        Listening {
            sensors: HashMap::default(),
            periods: vec![united(periods)],
            learned: vec![Some(Time(50))],
            quiet: Vec::new(),
        }
    }

    #[test]
    fn only_what_was_listened_to_counts() {
        let listening = listening(&[(100, 200), (0, 10), (150, 250), (10, 20)]);
        assert_eq!(listening.listened(0, Time(5), Time(260)), 165);
        assert_eq!(listening.listened(0, Time(20), Time(100)), 0);
        assert_eq!(listening.listened(7, Time(0), Time(100)), 0);
        assert_eq!(listening.after(0, Time(5), 20), Some(Time(105)));
        assert_eq!(listening.after(0, Time(5), 165), Some(Time(250)));
        assert_eq!(listening.after(0, Time(5), 166), None);
        assert_eq!(listening.end(0), Some(Time(250)));
        assert!(listening.is_sensor_learning(0, Time(49)) && !listening.is_sensor_learning(0, Time(50)));
    }
}
