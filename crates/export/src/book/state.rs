//! What a row was when it was exported, kept in a hidden cell: so an import can tell what people changed since from what
//! changed in the register.

use std::collections::BTreeMap;

use inventory::fields::{FIELDS, Field};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::page::Cell;
use super::words::{line_of, one_line, people_cell, says};

/// Longest value that is kept as it is, in octets; of a longer one a hash is. A cell holds 32,767 characters.
const VALUE_OCTETS_MAX: usize = 120;

/// A value as it was exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    /// As it is.
    Value(String),
    /// The hash of its cell.
    Hash {
        /// SHA-256 of what is read of the cell, sixteen digits.
        sha256: String,
    },
}

/// A row as it was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The asset.
    pub(super) id: String,
    /// Hash of the cells of the locked bands.
    pub(super) observed: String,
    /// People's fields that had a value.
    pub(super) people: BTreeMap<String, Kept>,
}

impl State {
    pub(super) fn of(id: &str, observed: String, people: &BTreeMap<String, String>) -> Self {
        let kept = FIELDS.iter().filter_map(|field| {
            let value = people.get(field.name).filter(|value| !value.is_empty())?;
            let kept = if value.len() <= VALUE_OCTETS_MAX {
                Kept::Value(value.clone())
            } else {
                Kept::Hash { sha256: digest([line_of(&people_cell(field, Some(value)))]) }
            };
            Some((field.name.to_owned(), kept))
        });
        Self { id: id.to_owned(), observed, people: kept.collect() }
    }

    /// The text of the hidden cell: ASCII, so that nothing on the way changes it.
    pub(super) fn write(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(self)?;
        let mut ascii = String::with_capacity(text.len());
        for character in text.chars() {
            if character.is_ascii_graphic() || character == ' ' {
                ascii.push(character);
            } else {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    ascii.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        Ok(ascii)
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// True if a cell that was read says what was exported.
    pub(super) fn is_unchanged(&self, field: &'static Field, read: &str) -> bool {
        match self.people.get(field.name) {
            None => says(field, None, read),
            Some(Kept::Value(value)) => says(field, Some(value), read),
            Some(Kept::Hash { sha256 }) => digest([one_line(read)]) == *sha256,
        }
    }

    /// True if a value of the register is the one that was exported.
    pub(super) fn is_current(&self, field: &'static Field, value: Option<&str>) -> bool {
        let value = value.filter(|value| !value.is_empty());
        match (self.people.get(field.name), value) {
            (None, None) => true,
            (Some(Kept::Value(kept)), Some(value)) => kept == value,
            (Some(Kept::Hash { sha256 }), Some(value)) => {
                digest([line_of(&people_cell(field, Some(value)))]) == *sha256
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// What was exported, in words.
    pub(super) fn words(&self, field: &Field) -> Option<String> {
        self.people.get(field.name).map(|kept| match kept {
            Kept::Value(value) => value.clone(),
            Kept::Hash { sha256 } => format!("a long text (SHA-256 {sha256}…)"),
        })
    }
}

/// Sixteen hexadecimal digits of the SHA-256 of several texts.
pub(super) fn digest<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        let text = text.as_ref().as_bytes();
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    let octets = hasher.finalize();
    octets.iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}

/// The hash of cells as they are read back.
pub(super) fn digest_of_cells<'c>(cells: impl IntoIterator<Item = &'c Cell>) -> String {
    digest(cells.into_iter().map(line_of))
}

#[cfg(test)]
mod tests {
    use inventory::fields::field_named;

    use super::*;

    #[test]
    fn what_was_exported_is_told_from_what_was_edited_and_from_what_is() {
        let long = "long ".repeat(400);
        let people = [("owner", "Käthe \u{202e}\u{1f600} \"x\""), ("notes", long.as_str()), ("rto", "4.5")];
        let people = people.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let state = State::of("7c", "ab".into(), &people);
        let text = state.write().unwrap();
        assert!(text.is_ascii() && text.len() < 400, "{text}");
        let state = State::read(&text).unwrap();
        let field = |name| field_named(name).unwrap();
        for (name, read, is_unchanged) in [
            ("owner", "Käthe \\u{202e}\u{1f600} \"x\"", true),
            ("owner", "Ada", false),
            ("owner", "", false),
            ("notes", long.as_str(), true),
            ("notes", "long", false),
            ("rto", "4.50", true),
            ("custodian", "Not assessed", true),
            ("custodian", " ", true),
            ("custodian", "Ada", false),
        ] {
            assert_eq!(state.is_unchanged(field(name), read), is_unchanged, "{name}: {read}");
        }
        assert!(state.is_current(field("notes"), Some(&long)) && state.is_current(field("custodian"), None));
        assert!(
            !state.is_current(field("owner"), None) && !state.is_current(field("custodian"), Some("Ada"))
        );
    }
}
