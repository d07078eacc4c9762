//! Changes in words.

use observation::{NANOS_PER_DAY, Time};

use super::model::{Change, ChangeKind};
use crate::model::{Asset, AssetEnd};

impl Change {
    /// The change in one sentence, with the names that assets have now.
    #[must_use]
    pub fn text(&self, assets: &[Asset]) -> String {
        let name = |index: usize| assets.get(index).map(|asset| asset.name.clone()).unwrap_or_default();
        let who = self.asset.map(name).unwrap_or_else(|| format!("site {}", self.site));
        let peer = self.peer.as_ref().map(|end| match end {
            AssetEnd::Asset(index) => name(*index),
            AssetEnd::External(ip) => format!("{ip} (outside)"),
            AssetEnd::Silent(ip) => format!("{ip} (silent)"),
            AssetEnd::Group(address) => format!("group {address}"),
        });
        let peer = peer.as_deref().unwrap_or("several");
        let (before, after) =
            (self.before.as_deref().unwrap_or("nothing"), self.after.as_deref().unwrap_or("nothing"));
        let subject = &self.subject;
        match self.kind {
            ChangeKind::NewAsset => format!("{who}: new, {after}"),
            ChangeKind::GoneQuiet | ChangeKind::BackAgain => format!("{who}: {after}; {before}"),
            ChangeKind::SiteQuiet | ChangeKind::SiteBack => format!("{who}: {after} ({before})"),
            ChangeKind::ModuleAppeared | ChangeKind::ModuleGone | ChangeKind::ModuleBack => {
                format!("{who}: {subject}: {before}, now {after}")
            }
            ChangeKind::NewPeer | ChangeKind::NewConversation => {
                format!("{who} talks with {peer}: {after}")
            }
            ChangeKind::NewService => format!("{who} answers {after}"),
            ChangeKind::FirstWrite => format!("{who} writes to {peer} for the first time: {after}"),
            ChangeKind::FirstProgram => format!("{who} programs {peer} for the first time: {after}"),
            ChangeKind::FirstControl => format!("{who} controls {peer} for the first time: {after}"),
            ChangeKind::ConflictBegan => format!("{who}: {subject} is claimed twice: {before} and {after}"),
            _ => match &self.before {
                Some(before) => format!("{who}: {subject}: {before} became {after}"),
                None => format!("{who}: {subject}: {after} as well"),
            },
        }
    }
}

/// A time to the second, as RFC 3339 prints it: `2026-01-02T03:04:05Z`.
///
/// Days become dates by the proleptic Gregorian calendar, counted in years that begin in March, 400 of which have
/// 146,097 days.
#[must_use]
pub fn moment(time: Time) -> String {
    const SECOND: i64 = 1_000_000_000;
    let day = i64::from(time.day().0);
    let second = time.0.rem_euclid(NANOS_PER_DAY).div_euclid(SECOND);
    // Days since 0000-03-01.
    let days = day.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leaps = of_era.div_euclid(1_460).saturating_sub(of_era.div_euclid(36_524));
    let leaps = leaps.saturating_add(of_era.div_euclid(146_096));
    let year = of_era.saturating_sub(leaps).div_euclid(365);
    let before =
        year.saturating_mul(365).saturating_add(year.div_euclid(4)).saturating_sub(year.div_euclid(100));
    let of_year = of_era.saturating_sub(before);
    let month = of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
    let begun = month.saturating_mul(153).saturating_add(2).div_euclid(5);
    let date = of_year.saturating_sub(begun).saturating_add(1);
    let calendar = if month < 10 { month.saturating_add(3) } else { month.saturating_sub(9) };
    let year = era.saturating_mul(400).saturating_add(year).saturating_add(i64::from(calendar <= 2));
    let (hour, minute) = (second.div_euclid(3600), second.div_euclid(60).rem_euclid(60));
    format!("{year:04}-{calendar:02}-{date:02}T{hour:02}:{minute:02}:{:02}Z", second.rem_euclid(60))
}

/// A length of time in its two largest units: `2 d 3 h`, `5 min 7 s`.
pub(crate) fn duration(nanos: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = nanos.max(0).div_euclid(1_000_000_000);
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let count = left.div_euclid(length);
        left = left.rem_euclid(length);
        if count > 0 || !parts.is_empty() {
            parts.push((count, unit));
        }
    }
    let parts = parts.iter().take(2).filter(|(count, _)| *count > 0);
    let text = parts.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ");
    if text.is_empty() { "less than 1 s".to_owned() } else { text }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_767_323_045, "2026-01-02T03:04:05Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (4_107_456_000, "2100-02-28T00:00:00Z"),
        ] {
            assert_eq!(moment(Time(seconds * 1_000_000_000)), text);
        }
    }

    #[test]
    fn durations_have_two_units() {
        let seconds = |seconds: i64| duration(seconds * 1_000_000_000);
        assert_eq!(seconds(0), "less than 1 s");
        assert_eq!(seconds(187), "3 min 7 s");
        assert_eq!(seconds(2 * 86_400), "2 d");
        assert_eq!(seconds(2 * 86_400 + 3 * 3600 + 59), "2 d 3 h");
    }
}
