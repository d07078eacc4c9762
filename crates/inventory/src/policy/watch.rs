//! How changes are noticed: for how long a sensor learns, and which silences are long. Tables `[[watch]]` of the policy
//! file, so that every later run, whoever starts it, tells the same.

use std::time::Duration;

use serde::Deserialize;

use super::PolicyError;

/// What counts for the sensors of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// The only site it is of; every site if not given.
    pub site: Option<String>,
    /// The only sensor; every sensor if not given.
    pub sensor: Option<String>,
    /// How long after its first observed time what a sensor sees builds the first baseline.
    pub learning: Option<Duration>,
    /// No silence is worth saying that is shorter than this.
    pub quiet_after: Option<Duration>,
    /// A silence is long if it is so many times as long as the longest before it.
    pub quiet_factor: Option<u32>,
}

impl Watch {
    /// How exactly the table names a sensor of a site; `None` if it is of another.
    fn exactness(&self, site: &str, sensor: &str) -> Option<u8> {
        let fits = |own: &Option<String>, wanted: &str| own.as_deref().is_none_or(|own| own == wanted);
        let is_of = fits(&self.site, site) && fits(&self.sensor, sensor);
        is_of.then_some(u8::from(self.sensor.is_some()) << 1 | u8::from(self.site.is_some()))
    }
}

/// What the tables say of one sensor, each key by the most exact table that has it, of two alike the last.
pub(crate) fn of_sensor(tables: &[Watch], site: &str, sensor: &str) -> Watch {
    let mut fitting: Vec<(u8, &Watch)> =
        tables.iter().filter_map(|table| Some((table.exactness(site, sensor)?, table))).collect();
    fitting.sort_by_key(|(exactness, _)| *exactness);
    let mut watch =
        Watch { site: Some(site.to_owned()), sensor: Some(sensor.to_owned()), ..Watch::default() };
    for (_, table) in fitting {
        watch.learning = table.learning.or(watch.learning);
        watch.quiet_after = table.quiet_after.or(watch.quiet_after);
        watch.quiet_factor = table.quiet_factor.or(watch.quiet_factor);
    }
    watch
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchIn {
    site: Option<String>,
    sensor: Option<String>,
    learning: Option<String>,
    quiet_after: Option<String>,
    quiet_factor: Option<u32>,
}

/// Longest time that a table may name: ten years.
const SECONDS_MAX: u64 = 3_650 * 86_400;

pub(super) fn watch(table: WatchIn) -> Result<Watch, PolicyError> {
    let of = [&table.site, &table.sensor].map(|part| part.as_deref().unwrap_or("*")).join("/");
    let wrong = |what: String| PolicyError(format!("watch {of}: {what}"));
    let time = |key: &str, text: Option<String>| {
        text.map(|text| {
            duration(&text).ok_or_else(|| wrong(format!("{key}: \"{text}\" is no time; try 7d, 12h or 90m")))
        })
        .transpose()
    };
    if table.quiet_factor.is_some_and(|factor| !(1..=1_000).contains(&factor)) {
        return Err(wrong("quiet_factor is 1 to 1000".to_owned()));
    }
    Ok(Watch {
        learning: time("learning", table.learning)?,
        quiet_after: time("quiet_after", table.quiet_after)?,
        quiet_factor: table.quiet_factor,
        site: table.site,
        sensor: table.sensor,
    })
}

/// A number with its unit: `7d`, `12h`, `90m`, `0s`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = number.checked_mul(match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    })?;
    (seconds <= SECONDS_MAX).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn the_most_exact_table_counts_for_each_key() {
        let text = "[[watch]]\nlearning = \"14d\"\nquiet_factor = 3\n
            [[watch]]\nsensor = \"hall-1\"\nlearning = \"0s\"\n
            [[watch]]\nsite = \"north\"\nlearning = \"3d\"\nquiet_after = \"2h\"\n";
        let policy = Policy::parse(text).unwrap();
        let told = |site, sensor| {
            let watch = of_sensor(&policy.watches, site, sensor);
            (watch.learning, watch.quiet_after, watch.quiet_factor)
        };
        assert_eq!(told("south", "x"), (Some(HOUR * 24 * 14), None, Some(3)));
        assert_eq!(told("north", "x"), (Some(HOUR * 24 * 3), Some(HOUR * 2), Some(3)));
        assert_eq!(told("north", "hall-1"), (Some(Duration::ZERO), Some(HOUR * 2), Some(3)));
        assert!(!policy.is_given, "a file that says nothing of zones leaves them as they are without one");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, part) in [
            ("learning = \"7 weeks\"", "learning: \"7 weeks\" is no time"),
            ("quiet_after = \"9999999d\"", "quiet_after"),
            ("quiet_factor = 0", "quiet_factor is 1 to 1000"),
            ("weeks = 1", "unknown field"),
        ] {
            let error = Policy::parse(&format!("[[watch]]\n{text}\n")).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
