//! The written definitions of the key figures.

use serde::Deserialize;

/// The file of definitions.
pub(super) const TEXT: &str = include_str!("definitions.toml");

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A number of things.
    Count,
    /// A part of a whole; both are kept.
    Share,
    /// Whole days; of how many things is kept too.
    Days,
    /// Whole hours; of how many things is kept too.
    Hours,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 4] = [Self::Count, Self::Share, Self::Days, Self::Hours];

    /// The word in exports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Days => "days",
            Self::Hours => "hours",
        }
    }

    /// The unit that [`as_str`](Self::as_str) prints.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == text)
    }
}

/// What a figure counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its name in commands and exports.
    pub id: String,
    /// The version of its text.
    pub version: u32,
    /// What it is counted in.
    pub unit: Unit,
    /// `up` or `down`, the direction that is wanted; empty where neither is.
    pub better: String,
    /// Its name for people.
    pub title: String,
    /// What it counts, in words.
    pub definition: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIn {
    kpi: Vec<Definition>,
}

/// The definitions, in the order of lists.
#[must_use]
pub fn definitions() -> Vec<Definition> {
    // The file is a part of the program, and a test reads it.
    toml::from_str::<FileIn>(TEXT).map(|file| file.kpi).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a of 64 bits.
    fn fnv(text: &str) -> u64 {
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    #[test]
    fn the_file_can_be_read_and_every_figure_is_there_once() {
        let read: FileIn = toml::from_str(TEXT).unwrap();
        let mut ids: Vec<&str> = read.kpi.iter().map(|kpi| kpi.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), read.kpi.len());
        for kpi in &read.kpi {
            assert!(["", "up", "down"].contains(&kpi.better.as_str()), "{}", kpi.id);
            assert!(kpi.definition.len() > 20 && !kpi.title.is_empty(), "{}", kpi.id);
        }
    }

    /// Whoever changes what a figure counts gives it another version and then writes the new text here.
    #[test]
    fn a_text_changes_only_with_its_version() {
        let known = include_str!("definitions.lock");
        let now: String = definitions()
            .iter()
            .map(|kpi| format!("{} {} {:016x}\n", kpi.id, kpi.version, fnv(&kpi.definition)))
            .collect();
        assert_eq!(now, known, "definitions.lock");
    }
}
