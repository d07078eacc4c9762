//! An edited workbook against the register: what was exported, what stands in the file, and what the register says now.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use inventory::Snapshot;
use inventory::civil::Civil;
use inventory::fields::{self, FIELDS, Field, NOT_ASSESSED, field_named};
use observation::{Mac, acts, attribute};

use super::assets::Register;
use super::columns::{ID, NAME, NO, NONE, NOT_OBSERVED, STATE_PREFIX};
use super::heads::{Columns, hashed_titles, locked_titles};
use super::known::{Key, Known};
use super::state::{State, digest};
use super::words::{line_of, one_line, role};
use crate::error::Result;
use crate::order::Sorted;
use crate::sheet::{Sheet, SheetRow, column_letters};

/// Longest value, in characters: what the register keeps.
const VALUE_CHARS_MAX: usize = 4096;

/// Columns of the first band that a new row may fill in, and the attribute that each says.
const DESCRIBED: [(&str, &str); 8] = [
    ("Vendor", attribute::VENDOR),
    ("Model", attribute::MODEL),
    ("Order no.", attribute::ORDER_NUMBER),
    ("Serial no.", attribute::SERIAL_NUMBER),
    ("Hardware rev", attribute::HARDWARE_REVISION),
    ("Firmware version", attribute::FIRMWARE_VERSION),
    ("OS", attribute::OS),
    ("Hostname", attribute::HOSTNAME),
];

/// Further columns of the first band that a new row may fill in.
const ADDRESSED: [&str; 6] = [NAME, "Asset type", "IPv4", "IPv6", "MAC", "Site of stations"];

/// A person's field as the file would have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChange {
    /// Where in the file: `Asset register!H12`.
    pub place: String,
    /// The asset, by index of the snapshot.
    pub asset: usize,
    /// The field.
    pub field: &'static Field,
    /// What the register says now.
    pub before: Option<String>,
    /// What the file says.
    pub after: Option<String>,
}

/// A person's field that changed on both sides since the export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What the file would have.
    pub change: CellChange,
    /// What was exported, in words; `None` for nothing.
    pub exported: Option<String>,
}

/// An edit that is told and not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Where in the file.
    pub place: String,
    /// What stands there.
    pub text: String,
    /// In words, why it is not taken over.
    pub why: String,
}

/// A row without an id: an asset that the wire has not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAsset {
    /// Where in the file.
    pub place: String,
    /// The site of its stations: what its row says, else what was asked for, else the only one that there is.
    pub site: Option<String>,
    /// Its role, by its word.
    pub role: Option<&'static str>,
    /// `mac`, `ip` or the name of an attribute, and the value.
    pub values: Vec<(String, String)>,
    /// People's fields.
    pub people: BTreeMap<&'static str, String>,
}

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rows of assets that are in the register.
    pub assets: usize,
    /// People's fields that would change.
    pub changes: Vec<CellChange>,
    /// People's fields that changed on both sides.
    pub conflicts: Vec<Conflict>,
    /// Edits that are not taken over.
    pub ignored: Vec<Ignored>,
    /// Assets to list.
    pub new: Vec<NewAsset>,
    /// Ids of the export that have no row any more.
    pub deleted: Vec<String>,
    /// What is wrong, with its place: nothing may be written while there is any.
    pub faults: Vec<String>,
    /// What else is to be told.
    pub notes: Vec<String>,
}

/// True for a list that came from [`super::write`].
#[must_use]
pub fn is_register(sheet: &Sheet) -> bool {
    sheet.header.iter().any(|head| head.starts_with(STATE_PREFIX))
}

/// What an edited workbook would change in the register as it is now. New rows that say no site are of `site`, if it is
/// given.
///
/// # Errors
///
/// Fails if the workbook is of another version, has no column of ids, or has a column twice; or if the snapshot refers to
/// assets that it does not hold.
pub fn plan(sheet: &Sheet, snapshot: &Snapshot, site: Option<&str>) -> Result<Plan> {
    let columns = Columns::of(sheet)?;
    let sorted = Sorted::new(snapshot)?;
    let mut planner = Planner {
        sheet,
        snapshot,
        columns,
        known: Known::of(snapshot),
        site,
        register: Register::new(snapshot, &sorted),
        plan: Plan::default(),
        rows: BTreeMap::new(),
        said: BTreeMap::new(),
        keys: BTreeMap::new(),
    };
    planner.missing_columns();
    for row in &sheet.rows {
        planner.row(row);
    }
    // New rows last: whether one is an asset of another row is known when all were seen.
    let id = planner.columns.id;
    for row in sheet.rows.iter().filter(|row| row.cell(id).is_empty()) {
        planner.new_row(row);
    }
    let deleted = sheet.listed.iter().filter(|id| !planner.rows.contains_key(id.as_str()));
    planner.plan.deleted = deleted.cloned().collect();
    Ok(planner.plan)
}

struct Planner<'p> {
    sheet: &'p Sheet,
    snapshot: &'p Snapshot,
    columns: Columns,
    known: Known<'p>,
    /// The site of new rows that say none.
    site: Option<&'p str>,
    register: Register<'p>,
    plan: Plan,
    /// Ids of rows that were read, and their numbers.
    rows: BTreeMap<&'p str, usize>,
    /// What rows say of fields: two rows may be one asset since the export.
    said: BTreeMap<(usize, &'static str), Option<String>>,
    /// Keys of new rows, with the site where it counts, and their numbers.
    keys: BTreeMap<(Key, String, String), usize>,
}

impl<'p> Planner<'p> {
    fn missing_columns(&mut self) {
        let has = |field: &Field| self.columns.people.iter().any(|(_, known)| known.name == field.name);
        let missing: Vec<&str> = FIELDS.iter().filter(|field| !has(field)).map(|field| field.title).collect();
        if !missing.is_empty() {
            self.plan
                .notes
                .push(format!("columns that are not in the file change nothing: {}", missing.join(", ")));
        }
        let locked: Vec<&str> =
            hashed_titles().filter(|title| !self.columns.locked.contains_key(title)).collect();
        if !locked.is_empty() {
            self.plan.notes.push(format!(
                "edits of locked cells are not looked for, because columns are not in the file: {}",
                locked.join(", ")
            ));
        }
        for head in self.sheet.header.iter().filter(|head| !head.is_empty()) {
            let is_known = head.starts_with(STATE_PREFIX)
                || head == super::columns::SORT_KEY
                || field_named(head).is_some()
                || locked_titles().any(|title| title.eq_ignore_ascii_case(head));
            if !is_known {
                self.plan.notes.push(format!("column \"{head}\" is not read"));
            }
        }
    }

    fn place(&self, row: &SheetRow, column: usize) -> String {
        let cell = format!("{}{}", column_letters(column), row.number);
        if self.sheet.name.is_empty() { cell } else { format!("{}!{cell}", self.sheet.name) }
    }

    /// A row with an id.
    fn row(&mut self, row: &'p SheetRow) {
        let id = row.cell(self.columns.id);
        if id.is_empty() {
            return;
        }
        let place = self.place(row, self.columns.id);
        if let Some(before) = self.rows.insert(id, row.number) {
            self.plan.faults.push(format!(
                "{place}: the same asset as row {before}; for a new asset, clear the asset ID"
            ));
            return;
        }
        let state = State::read(row.cell(self.columns.state));
        if let Some(state) = &state
            && state.id != id
        {
            self.plan.faults.push(format!(
                "{place}: the row was exported as {} and now has the ID {id}; give the ID back, or clear it for a new asset",
                state.id
            ));
            return;
        }
        let Some(index) = self.known.ids.get(id).copied() else {
            self.unknown_row(row, id, state.as_ref());
            return;
        };
        self.plan.assets = self.plan.assets.saturating_add(1);
        if state.is_none() {
            self.plan.notes.push(format!(
                "{}: the hidden cell was changed; what was exported is not known, so nothing that is there is overwritten",
                self.place(row, self.columns.state)
            ));
        }
        self.people(row, index, state.as_ref());
        if let Some(state) = &state {
            self.locked(row, index, state);
        }
    }

    /// An id that the register does not know (any more).
    fn unknown_row(&mut self, row: &SheetRow, id: &str, state: Option<&State>) {
        let Some(state) = state else {
            let place = self.place(row, self.columns.id);
            self.plan.faults.push(format!("{place}: no asset is known by \"{id}\""));
            return;
        };
        for (column, field) in &self.columns.people {
            let text = row.cell(*column);
            if !state.is_unchanged(field, text) {
                self.plan.ignored.push(Ignored {
                    place: self.place(row, *column),
                    text: text.to_owned(),
                    why: format!("the register no longer has the asset {id} ({})", field.title),
                });
            }
        }
    }

    /// People's cells of a row: three values of each field, the exported one, the file's and the register's.
    fn people(&mut self, row: &SheetRow, index: usize, state: Option<&State>) {
        let Some(identified) = self.snapshot.identified.get(index) else { return };
        for at in 0..self.columns.people.len() {
            let Some((column, field)) = self.columns.people.get(at).copied() else { continue };
            if let Some(why) = self.sheet.wrong(row, column) {
                self.plan.faults.push(format!("{}: {}: {why}", self.place(row, column), field.title));
                continue;
            }
            let text = row.cell(column);
            let is_unchanged = match state {
                Some(state) => state.is_unchanged(field, text),
                None => super::words::says(field, None, text),
            };
            if is_unchanged {
                continue;
            }
            let place = self.place(row, column);
            let after = match read(field, text) {
                Ok(after) => after,
                Err(why) => {
                    self.plan.faults.push(format!("{place}: {why}"));
                    continue;
                }
            };
            let before = identified.people.get(field.name).filter(|value| !value.is_empty()).cloned();
            let said = self.said.insert((index, field.name), after.clone());
            if before == after && said.is_none() {
                continue;
            }
            let change = CellChange { place, asset: index, field, before: before.clone(), after };
            let is_current = match state {
                Some(state) => state.is_current(field, before.as_deref()),
                None => before.is_none(),
            };
            match said {
                Some(other) if other == change.after => {}
                Some(other) => {
                    self.plan.faults.push(format!(
                        "{}: {}: another row, which is the same asset since the export, says \"{}\"",
                        change.place,
                        field.title,
                        other.unwrap_or_else(|| NOT_ASSESSED.to_owned())
                    ));
                }
                None if is_current => self.plan.changes.push(change),
                None => {
                    let exported = state.and_then(|state| state.words(field));
                    self.plan.conflicts.push(Conflict { change, exported });
                }
            }
        }
    }

    /// The locked cells of a row: if their hash is not the exported one, somebody wrote into them.
    fn locked(&mut self, row: &SheetRow, index: usize, state: &State) {
        let Some(cells) = self.columns.locked_cells(row) else { return };
        if digest(cells.iter().map(|cell| one_line(cell))) == state.observed {
            return;
        }
        let both = self.snapshot.inventory.assets.get(index).zip(self.snapshot.identified.get(index));
        let Some(now) = both.and_then(|(asset, identified)| self.register.row(asset, identified).ok()) else {
            return;
        };
        let now = now.observed.iter().chain(&now.evidence).map(line_of);
        for ((title, text), now) in hashed_titles().zip(cells).zip(now) {
            if one_line(text) != now {
                let column = self.columns.locked.get(title).copied().unwrap_or_default();
                self.plan.ignored.push(Ignored {
                    place: self.place(row, column),
                    text: text.to_owned(),
                    why: format!("{title} is observed, and stays \"{now}\""),
                });
            }
        }
    }

    /// A row without an id.
    fn new_row(&mut self, row: &SheetRow) {
        let (new, keys) = match self.described(row) {
            Ok(Some(both)) => both,
            Ok(None) => return,
            Err(faults) => {
                self.plan.faults.extend(faults);
                return;
            }
        };
        let site = new.site.as_deref();
        for (key, text) in &keys {
            match self.known.find(*key, text, site) {
                Ok(None) => {}
                Ok(Some(index)) => return self.known_row(row, &new, (*key, text), index),
                Err(several) => {
                    let fault = format!(
                        "{}: the {} {text} is that of {several} assets; fill in the row of the one that is meant",
                        new.place,
                        key.word()
                    );
                    return self.plan.faults.push(fault);
                }
            }
        }
        for (key, text) in &keys {
            let is_own = matches!(key, Key::AssetNumber | Key::Mac | Key::SerialNumber | Key::Ip);
            let of = new.site.as_deref().filter(|_| key.is_of_site()).unwrap_or_default().to_owned();
            let before = self.keys.insert((*key, text.to_lowercase(), of), row.number);
            if let Some(before) = before.filter(|_| is_own) {
                self.plan.faults.push(format!("{}: the same {} as row {before}", new.place, key.word()));
                return;
            }
        }
        self.plan.ignored.extend(self.unread(row));
        self.plan.new.push(new);
    }

    /// A row without an id that is an asset of the register, by a key of it.
    fn known_row(&mut self, row: &SheetRow, new: &NewAsset, (key, text): (Key, &str), index: usize) {
        let identified = self.snapshot.identified.get(index);
        let ids = identified.into_iter().flat_map(|one| one.aliases.iter().chain([&one.id]));
        if let Some(number) = ids.filter_map(|id| self.rows.get(id.as_str())).next() {
            self.plan.faults.push(format!(
                "{}: the {} {text} is that of row {number}; fill in that row",
                new.place,
                key.word()
            ));
            return;
        }
        let id = identified.map(|identified| identified.id.clone()).unwrap_or_default();
        self.plan.notes.push(format!("{}: the {} {text} is that of asset {id}", new.place, key.word()));
        self.plan.assets = self.plan.assets.saturating_add(1);
        self.people(row, index, None);
        self.untaken(row, index);
    }

    /// What a row without an id says of an asset that is there, in columns that only the wire fills in.
    fn untaken(&mut self, row: &SheetRow, index: usize) {
        let both = self.snapshot.inventory.assets.get(index).zip(self.snapshot.identified.get(index));
        let Some(now) = both.and_then(|(asset, identified)| self.register.row(asset, identified).ok()) else {
            return;
        };
        let now = now.observed.iter().chain(&now.evidence).map(line_of);
        for (title, now) in hashed_titles().zip(now).filter(|(title, _)| *title != ID) {
            let Some(column) = self.columns.locked.get(title).copied() else { continue };
            let text = row.cell(column);
            if !is_blank(text) && !says_already(text, &now) {
                self.plan.ignored.push(Ignored {
                    place: self.place(row, column),
                    text: text.to_owned(),
                    why: format!("{title} of an asset that is there is observed, and stays \"{now}\""),
                });
            }
        }
    }

    /// What a row without an id says, and by what it may be known; `None` for an empty row.
    #[allow(clippy::type_complexity, reason = "a row and its keys, used once")]
    fn described(
        &self,
        row: &SheetRow,
    ) -> std::result::Result<Option<(NewAsset, Vec<(Key, String)>)>, Vec<String>> {
        let cell = |title: &str| {
            let text = self.columns.locked.get(title).map_or("", |column| row.cell(*column));
            if is_blank(text) { "" } else { text }
        };
        let at = |title: &str| self.place(row, self.columns.locked.get(title).copied().unwrap_or_default());
        let mut new = NewAsset { place: self.place(row, self.columns.id), ..NewAsset::default() };
        let (mut keys, mut faults) = (Vec::new(), Vec::new());
        let titles = ADDRESSED.into_iter().chain(DESCRIBED.map(|(title, _)| title));
        let read_columns = titles.filter_map(|title| self.columns.locked.get(title).copied());
        let read_columns = read_columns.chain([self.columns.id]);
        for column in read_columns.chain(self.columns.people.iter().map(|(column, _)| *column)) {
            let wrong = self.sheet.wrong(row, column);
            faults.extend(wrong.map(|why| format!("{}: {why}", self.place(row, column))));
        }
        for (column, field) in &self.columns.people {
            match read(field, row.cell(*column)) {
                Ok(Some(value)) => drop(new.people.insert(field.name, value)),
                Ok(None) => {}
                Err(why) => faults.push(format!("{}: {why}", self.place(row, *column))),
            }
        }
        if !cell(NAME).is_empty() && !new.people.contains_key(fields::NAME) {
            match field_named(fields::NAME).map(|field| read(field, cell(NAME))) {
                Some(Ok(Some(name))) => drop(new.people.insert(fields::NAME, name)),
                Some(Err(why)) => faults.push(format!("{}: {why}", at(NAME))),
                Some(Ok(None)) | None => {}
            }
        }
        for (title, name) in ["IPv4", "IPv6", "MAC"].into_iter().zip(["ip", "ip", "mac"]) {
            for word in cell(title).split([';', ',', ' ', '\n']).filter(|word| !word.is_empty()) {
                let text = if name == "mac" {
                    word.parse::<Mac>().ok().map(|mac| mac.to_string())
                } else {
                    word.parse::<IpAddr>().ok().map(|ip| ip.to_string())
                };
                match text {
                    Some(text) => {
                        keys.push((if name == "mac" { Key::Mac } else { Key::Ip }, text.clone()));
                        new.values.push((name.to_owned(), text));
                    }
                    None => faults.push(format!(
                        "{}: \"{word}\" is no {} address",
                        at(title),
                        name.to_uppercase()
                    )),
                }
            }
        }
        for (title, attribute) in DESCRIBED {
            let text = cell(title);
            if text.chars().any(acts) || text.chars().count() > VALUE_CHARS_MAX {
                faults.push(format!("{}: no text of at most {VALUE_CHARS_MAX} characters", at(title)));
            } else if !text.is_empty() {
                new.values.push((attribute.to_owned(), text.to_owned()));
                if attribute == attribute::SERIAL_NUMBER {
                    keys.push((Key::SerialNumber, text.to_owned()));
                }
            }
        }
        match cell("Asset type") {
            "" => {}
            text => match role(text) {
                Some(role) => new.role = Some(role.as_str()),
                None => faults.push(format!("{}: \"{text}\" is no asset type", at("Asset type"))),
            },
        }
        let only = self.known.sites.first().copied().filter(|_| self.known.sites.len() == 1);
        let site = Some(cell("Site of stations")).filter(|site| !site.is_empty()).or(self.site).or(only);
        new.site = site.map(str::to_owned);
        for (field, key) in [(fields::ASSET_NUMBER, Key::AssetNumber), (fields::NAME, Key::Name)] {
            keys.extend(new.people.get(field).map(|text| (key, text.clone())));
        }
        let is_empty = new.people.is_empty() && new.values.is_empty() && new.role.is_none();
        if is_empty && faults.is_empty() {
            return Ok(None);
        }
        if keys.is_empty() && faults.is_empty() {
            faults.push(format!(
                "{}: a new asset needs a name, an asset number, a MAC or IP address, or a serial number",
                new.place
            ));
        }
        keys.sort();
        if faults.is_empty() { Ok(Some((new, keys))) } else { Err(faults) }
    }

    /// What a new row says in columns that only the wire fills in.
    fn unread(&self, row: &SheetRow) -> Vec<Ignored> {
        let is_read = |title: &str| {
            ADDRESSED.contains(&title) || DESCRIBED.iter().any(|(described, _)| *described == title)
        };
        let unread = self.columns.locked.iter().filter(|(title, _)| !is_read(title));
        let filled = unread.filter(|(_, column)| !is_blank(row.cell(**column)));
        let ignored = filled.map(|(title, column)| Ignored {
            place: self.place(row, *column),
            text: row.cell(*column).to_owned(),
            why: format!("{title} is not read in a new row"),
        });
        ignored.collect()
    }
}

/// True for what stands where the wire said nothing.
fn is_blank(text: &str) -> bool {
    ["", NOT_OBSERVED, NONE, NO].contains(&text)
}

/// True if a cell that people wrote says what the register shows, in whatever order and form.
fn says_already(text: &str, now: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split([';', ',', ' ', '\n']).filter(|word| !word.is_empty());
        words
            .map(|word| word.parse::<Mac>().map_or_else(|_| word.to_lowercase(), |mac| mac.to_string()))
            .collect()
    };
    one_line(text) == now
        || words(text).is_subset(&words(now))
        || role(text).is_some_and(|said| role(now) == Some(said))
        || second(text).is_some_and(|said| second(now) == Some(said))
}

/// The day and the second of a time, as exports and as spreadsheets write it; `None` if it is none.
fn second(text: &str) -> Option<(Civil, &str)> {
    let text = text.trim();
    let (day, clock) = text.strip_suffix('Z').unwrap_or(text).split_once(['T', ' '])?;
    let clock = clock.split_once('.').map_or(clock, |(second, _)| second);
    let is_clock = clock.len() == 8 && clock.bytes().all(|octet| octet.is_ascii_digit() || octet == b':');
    Some((Civil::parse(day).filter(|_| is_clock)?, clock))
}

/// The value of a field, not longer than the register keeps.
fn read(field: &'static Field, text: &str) -> std::result::Result<Option<String>, String> {
    let value = field.read(text).map_err(|wrong| wrong.to_string())?;
    match value.as_ref().map(|value| value.chars().count()) {
        Some(characters) if characters > VALUE_CHARS_MAX => {
            Err(format!("{}: {characters} characters; at most {VALUE_CHARS_MAX} are kept", field.name))
        }
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_a_spreadsheet_wrote_in_its_way_says_what_was_there() {
        let exported = "2026-11-22T04:35:13.250000000Z";
        for text in [exported, "2026-11-22 04:35:13", "2026-11-22T04:35:13Z", "2026-11-22 04:35:13.25"] {
            assert!(says_already(text, exported), "{text}");
        }
        for text in
            ["2026-11-22 04:35:14", "2026-11-23 04:35:13", "2026-11-22", "2026-13-22 04:35:13", "04:35:13"]
        {
            assert!(!says_already(text, exported), "{text}");
        }
    }
}
