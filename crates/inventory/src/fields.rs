//! What people say of an asset: one table for the command line, the exports, the schema and the workbook.

use std::collections::BTreeMap;
use std::fmt;

use observation::acts;

use crate::policy::Level;

/// What a value of a field may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A day, as 2026-01-31 (ISO 8601).
    Date,
    /// `yes` or `no`.
    YesNo,
    /// A number from 0 on, with or without a fraction.
    Number,
    /// One of these words.
    List(&'static [&'static str]),
}

/// A field that people fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in commands, exports and the register.
    pub name: &'static str,
    /// Its name for people, as the head of a column.
    pub title: &'static str,
    /// What a value may be.
    pub kind: FieldKind,
    /// What it says.
    pub description: &'static str,
    /// Who asks for it: the control of a standard.
    pub control: &'static str,
}

const fn field(
    name: &'static str,
    title: &'static str,
    kind: FieldKind,
    control: &'static str,
    description: &'static str,
) -> Field {
    Field { name, title, kind, description, control }
}

use FieldKind::{Date, List, Number, Text, YesNo};

/// How much harm is done.
const RATING: FieldKind = List(&["low", "medium", "high", "very_high"]);

/// The name of the lifecycle field, which `assets retire` sets.
pub const STATUS: &str = "status";

/// The value of [`STATUS`] for what is no longer used.
pub const RETIRED: &str = "retired";

/// True for what people say is no longer used: it is in the register, and in no count of assets that figures give.
#[must_use]
pub fn is_retired(people: &BTreeMap<String, String>) -> bool {
    people.get(STATUS).is_some_and(|status| status == RETIRED)
}

/// The field that names an asset.
pub const NAME: &str = "name";

/// The number that people gave an asset.
pub const ASSET_NUMBER: &str = "asset_number";

/// The zone that a person placed an asset in.
pub const ZONE: &str = "zone";

/// The level that a person placed an asset at.
pub const PURDUE_LEVEL: &str = "purdue_level";

/// The fields that say on which day something was done: no day that is still to come is one.
pub const DONE: [&str; 3] = ["backup_last", "backup_restore_tested", "reviewed_on"];

/// What is written for a value that is not there, and read back as none.
pub const NOT_ASSESSED: &str = "Not assessed";

/// Every field, in the order of lists and exports.
pub const FIELDS: &[Field] = &[
    field(
        NAME,
        "Name",
        Text,
        "ISO/IEC 27001:2022 A.5.9",
        "name by which people know the asset; stands before every name from the wire",
    ),
    field(
        ASSET_NUMBER,
        "Asset number",
        Text,
        "CISA OT asset inventory (high)",
        "number of the asset in the company's books",
    ),
    field("owner", "Owner", Text, "ISO/IEC 27001:2022 A.5.9", "who answers for the asset"),
    field("custodian", "Custodian", Text, "ISO/IEC 27001:2022 A.5.9", "who looks after it day by day"),
    field(
        "site",
        "Site",
        Text,
        "ISO/IEC 27001:2022 A.5.9",
        "name of the plant for people; the site of its stations stays what it is",
    ),
    field("area", "Area", Text, "IEC 62443-2-1, ISA-95", "area of the plant"),
    field("line", "Line", Text, "IEC 62443-2-1, ISA-95", "production line"),
    field("cell", "Cell", Text, "IEC 62443-2-1, ISA-95", "cell of the line"),
    field(
        "physical_location",
        "Physical location",
        Text,
        "CISA OT asset inventory (high)",
        "building, room, cabinet",
    ),
    field("business_process", "Business process", Text, "ISO/IEC 27001:2022 A.5.9", "what depends on it"),
    field(
        "criticality",
        "Criticality",
        List(&["low", "medium", "high", "critical"]),
        "NIS2 article 21, CISA (high)",
        "how much depends on it",
    ),
    field(
        "confidentiality",
        "Confidentiality",
        RATING,
        "ISO/IEC 27001:2022 A.5.12",
        "harm if what it knows gets out",
    ),
    field(
        "integrity",
        "Integrity",
        RATING,
        "ISO/IEC 27001:2022 A.5.12",
        "harm if it does or says what is wrong",
    ),
    field("availability", "Availability", RATING, "ISO/IEC 27001:2022 A.5.12", "harm if it stands still"),
    field(
        "classification",
        "Classification",
        List(&["public", "internal", "confidential", "strictly_confidential"]),
        "ISO/IEC 27001:2022 A.5.12",
        "class of the information it holds",
    ),
    field(
        "safety_relevant",
        "Safety relevant",
        YesNo,
        "IEC 61511, IEC 62443-3-2",
        "part of a safety function",
    ),
    field("supplier", "Supplier", Text, "ISO/IEC 27001:2022 A.5.19", "who sold it"),
    field("maintainer", "Maintainer", Text, "ISO/IEC 27001:2022 A.5.19", "who services it"),
    field(
        "remote_access_allowed",
        "Remote access allowed",
        YesNo,
        "IEC 62443-3-3 SR 1.13",
        "may be reached from outside the plant",
    ),
    field(
        "remote_access_how",
        "Remote access by",
        Text,
        "IEC 62443-3-3 SR 1.13",
        "by what way, and who grants it",
    ),
    field(
        "backup_frequency",
        "Backup frequency",
        List(&["none", "on_change", "daily", "weekly", "monthly", "quarterly", "yearly"]),
        "ISO/IEC 27001:2022 A.8.13",
        "how often program and settings are saved",
    ),
    field("backup_last", "Last backup", Date, "ISO/IEC 27001:2022 A.8.13", "day of the last backup"),
    field(
        "backup_restore_tested",
        "Restore tested",
        Date,
        "ISO/IEC 27001:2022 A.8.13",
        "day on which a backup was last restored as a test",
    ),
    field("support_end", "Support ends", Date, "IEC 62443-2-3", "last day on which its maker mends it"),
    field(
        "rto",
        "Recovery time objective (hours)",
        Number,
        "ISO/IEC 27001:2022 A.5.30",
        "hours within which it must work again",
    ),
    field(
        "rpo",
        "Recovery point objective (hours)",
        Number,
        "ISO/IEC 27001:2022 A.5.30",
        "hours of data that may be lost",
    ),
    field(
        "recovery_order",
        "Recovery order",
        Number,
        "ISO/IEC 27001:2022 A.5.30",
        "place in the order of restarting the plant, 1 first",
    ),
    field(
        STATUS,
        "Status",
        List(&["in_use", "spare", "planned", RETIRED, "unknown"]),
        "ISO/IEC 27001:2022 A.5.9",
        "where it is in its life",
    ),
    field("notes", "Notes", Text, "ISO/IEC 27001:2022 A.5.9", "anything else"),
    field(
        "reviewed_by",
        "Reviewed by",
        Text,
        "ISO/IEC 27001:2022 A.5.9",
        "who last looked whether the row is true",
    ),
    field("reviewed_on", "Reviewed on", Date, "ISO/IEC 27001:2022 A.5.9", "day of that review"),
    field("next_review", "Next review", Date, "ISO/IEC 27001:2022 A.5.9", "day of the next one"),
    field(
        PURDUE_LEVEL,
        "Purdue level",
        List(&["0", "1", "2", "3", "3.5", "4", "5"]),
        "IEC 62443-1-1, ISA-95",
        "level; stands before that of the policy",
    ),
    field(ZONE, "Zone", Text, "IEC 62443-3-2", "zone; stands before that of the policy"),
    field(
        "depends_on",
        "Depends on",
        Text,
        "ISO/IEC 27001:2022 A.5.30",
        "assets and services that must work before it does",
    ),
    field("ai_model", "AI model", Text, "ISO/IEC 42001 A.4, A.6", "model and version that it runs or asks"),
    field(
        "ai_training_data",
        "AI training data",
        Text,
        "ISO/IEC 42001 A.7",
        "where the data that the model learned from came from",
    ),
    field(
        "cloud_service",
        "Cloud service",
        Text,
        "ISO/IEC 27001:2022 A.5.23",
        "service outside that it sends data to or is run by",
    ),
];

/// Before the name of a field in the head of a column, where a register is exported.
pub const COLUMN_PREFIX: &str = "people.";

/// The field of a name, as people write it: by its name or its title, in any case, with blanks or dashes for `_`.
#[must_use]
pub fn field_named(text: &str) -> Option<&'static Field> {
    let wanted = squash(text.trim().strip_prefix(COLUMN_PREFIX).unwrap_or(text));
    FIELDS.iter().find(|field| squash(field.name) == wanted || squash(field.title) == wanted)
}

fn squash(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Why a value is none of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongValue {
    /// The field.
    pub field: &'static Field,
    /// What was given.
    pub value: String,
}

impl fmt::Display for WrongValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value } = self;
        write!(f, "{}: \"{value}\" is ", field.name)?;
        match field.kind {
            Text => f.write_str("no text: it has control or direction characters"),
            Date => f.write_str("no day; write it as 2026-01-31"),
            YesNo => f.write_str("neither yes nor no"),
            Number => f.write_str("no number from 0 on"),
            List(words) => write!(f, "none of {}", words.join(", ")),
        }
    }
}

impl std::error::Error for WrongValue {}

impl Field {
    /// The value as the register keeps it; `None` if it says that there is none.
    ///
    /// # Errors
    ///
    /// Fails if the text is no value of this field.
    pub fn read(&'static self, text: &str) -> Result<Option<String>, WrongValue> {
        let text = text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case(NOT_ASSESSED) {
            return Ok(None);
        }
        let read = match self.kind {
            // One line, so that it comes back from every export as it went.
            Text => {
                let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
                (!line.chars().any(acts)).then_some(line)
            }
            Date => is_day(text).then(|| text.to_owned()),
            YesNo => yes_no(text).map(str::to_owned),
            Number => number(text),
            List(words) => {
                let wanted = if self.name == PURDUE_LEVEL {
                    // A spreadsheet makes 3.0 of 3.
                    Level::read_back(text.strip_suffix(".0").unwrap_or(text)).map(Level::as_str)
                } else {
                    words.iter().copied().find(|word| squash(word) == squash(text))
                };
                wanted.map(str::to_owned)
            }
        };
        read.map(Some).ok_or_else(|| WrongValue { field: self, value: text.to_owned() })
    }
}

fn yes_no(text: &str) -> Option<&'static str> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Some("yes"),
        "no" | "n" | "false" | "0" => Some("no"),
        _ => None,
    }
}

/// Digits with at most one point; zeros behind the point are dropped, for spreadsheets write 4.0.
fn number(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits =
        |part: &str| !part.is_empty() && part.len() <= 15 && part.bytes().all(|octet| octet.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

/// True for a day of the calendar (Gregorian, years 1900 to 2999) as `2026-01-31`.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut next = |digits: usize| {
        let part = parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|octet| octet.is_ascii_digit()))?;
        part.parse::<u32>().ok()
    };
    let (Some(year), Some(month), Some(day), None) = (next(4), next(2), next(2), parts.next()) else {
        return false;
    };
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return false,
    };
    (1900..3000).contains(&year) && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn read(name: &str, text: &str) -> Result<Option<String>, String> {
        field_named(name).unwrap().read(text).map_err(|error| error.to_string())
    }

    #[test]
    fn names_and_titles_are_told_apart_however_they_are_written() {
        let squashed: BTreeSet<_> = FIELDS
            .iter()
            .flat_map(|field| BTreeSet::from([squash(field.name), squash(field.title)]))
            .collect();
        let spellings: usize =
            FIELDS.iter().map(|field| 1 + usize::from(squash(field.name) != squash(field.title))).sum();
        assert_eq!(squashed.len(), spellings, "two fields share a name");
        for text in ["support_end", "Support ends", "people.support_end", "SUPPORT END"] {
            assert_eq!(field_named(text).map(|field| field.name), Some("support_end"), "{text}");
        }
        assert_eq!(field_named("serial_number"), None);
        let levels: Vec<_> = Level::ALL.iter().map(|level| level.as_str()).collect();
        assert_eq!(field_named("purdue_level").unwrap().kind, List(&["0", "1", "2", "3", "3.5", "4", "5"]));
        assert_eq!(levels, ["0", "1", "2", "3", "3.5", "4", "5"]);
    }

    #[test]
    fn values_are_kept_in_one_spelling() {
        for (name, text, kept) in [
            ("status", " In Use ", "in_use"),
            ("criticality", "CRITICAL", "critical"),
            ("safety_relevant", "TRUE", "yes"),
            ("remote_access_allowed", "n", "no"),
            ("rto", "004.50", "4.5"),
            ("recovery_order", "7.0", "7"),
            ("purdue_level", "3.0", "3"),
            ("purdue_level", "3.5", "3.5"),
            ("backup_last", "2024-02-29", "2024-02-29"),
            ("owner", "  Käthe  ", "Käthe"),
            ("notes", "two\r\nlines\tand more", "two lines and more"),
        ] {
            assert_eq!(read(name, text), Ok(Some(kept.to_owned())), "{name}={text}");
        }
        assert_eq!(read("owner", "  "), Ok(None));
        assert_eq!(read("criticality", "Not assessed"), Ok(None));
    }

    #[test]
    fn what_is_no_value_says_what_one_is() {
        for (name, text, expected) in [
            ("status", "broken", "status: \"broken\" is none of in_use, spare, planned, retired, unknown"),
            ("backup_last", "29.02.2024", "no day; write it as 2026-01-31"),
            ("backup_last", "2023-02-29", "no day"),
            ("support_end", "2026-13-01", "no day"),
            ("safety_relevant", "maybe", "neither yes nor no"),
            ("rpo", "-1", "no number"),
            ("rpo", "1e9", "no number"),
            ("notes", "a\u{7}b", "control or direction characters"),
        ] {
            let error = read(name, text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
