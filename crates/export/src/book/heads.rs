//! Where the columns of the asset register are in a file: people move them.

use std::collections::BTreeMap;

use inventory::fields::{Field, field_named};

use super::SCHEMA;
use super::columns::{EVIDENCE, ID, OBSERVED, STATE_PREFIX};
use crate::error::{Error, Result};
use crate::sheet::{Sheet, SheetRow};

/// The columns of a file.
pub(super) struct Columns {
    pub(super) id: usize,
    pub(super) state: usize,
    pub(super) people: Vec<(usize, &'static Field)>,
    /// By title.
    pub(super) locked: BTreeMap<&'static str, usize>,
}

impl Columns {
    pub(super) fn of(sheet: &Sheet) -> Result<Self> {
        let (mut id, mut state, mut people) = (None, None, Vec::<(usize, &'static Field)>::new());
        let mut locked = BTreeMap::new();
        for (column, head) in sheet.header.iter().enumerate() {
            let twice = || Error::Sheet(format!("two columns are called \"{}\"", crate::safe_text(head)));
            let head = head.trim();
            if head.starts_with(STATE_PREFIX) {
                if head != SCHEMA {
                    return Err(Error::Sheet(format!(
                        "a workbook of another version: \"{}\"; this program reads {SCHEMA}",
                        crate::safe_text(head)
                    )));
                }
                if state.replace(column).is_some() {
                    return Err(twice());
                }
            } else if let Some(title) = locked_titles().find(|title| title.eq_ignore_ascii_case(head)) {
                if locked.insert(title, column).is_some() {
                    return Err(twice());
                }
                if title == ID {
                    id = Some(column);
                }
            } else if let Some(field) = field_named(head) {
                if people.iter().any(|(_, known)| known.name == field.name) {
                    return Err(twice());
                }
                people.push((column, field));
            }
        }
        let id = id.ok_or_else(|| Error::Sheet(format!("no column is called \"{ID}\"")))?;
        let state = state.ok_or_else(|| Error::Sheet(format!("no hidden column is called \"{SCHEMA}\"")))?;
        Ok(Self { id, state, people, locked })
    }

    /// The locked cells of a row in the order of the export; `None` if a column is gone.
    pub(super) fn locked_cells<'r>(&self, row: &'r SheetRow) -> Option<Vec<&'r str>> {
        hashed_titles().map(|title| self.locked.get(title).map(|column| row.cell(*column))).collect()
    }
}

pub(super) fn locked_titles() -> impl Iterator<Item = &'static str> {
    OBSERVED.iter().chain(EVIDENCE).map(|column| column.title)
}

/// The titles of the columns that the hash of a row covers: all locked ones but the row's version, which is the last.
pub(super) fn hashed_titles() -> impl Iterator<Item = &'static str> {
    let count = OBSERVED.len().saturating_add(EVIDENCE.len()).saturating_sub(1);
    locked_titles().take(count)
}
