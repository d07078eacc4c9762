//! What people say of assets: fields with their history, approvals, and assets that they list.

use std::collections::HashMap;

use inventory::civil::Civil;
use inventory::{Approval, fields};
use observation::{NANOS_PER_DAY, Time};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::error::{Error, Result};
use crate::journal::{self, Actor};
use crate::open::Register;

/// Longest value of a person's field, in characters.
pub const PEOPLE_VALUE_CHARS_MAX: usize = 4096;

/// Whether changes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Kept.
    Write,
    /// Found out and told, and not kept.
    Try,
}

/// One field of one asset, as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The asset's id, then its aliases.
    pub ids: Vec<String>,
    /// The field.
    pub field: String,
    /// Its value; `None` clears it.
    pub value: Option<String>,
}

/// What an import takes over, all of it or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Edits, each with what the field must still say: what whoever decided on the edit read.
    pub edits: Vec<(Edit, Option<String>)>,
    /// Assets to list, each with people's fields.
    pub listings: Vec<(Listing, Vec<(String, String)>)>,
    /// The file, for the journal.
    pub file: String,
    /// What of it was taken, for the journal.
    pub detail: String,
}

/// A change of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The asset's id at that time.
    pub asset: String,
    /// The field.
    pub field: String,
    /// The value before.
    pub before: Option<String>,
    /// The value since.
    pub after: Option<String>,
    /// Why, in that person's words; may be empty.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, by the wall clock.
    pub at: Time,
}

/// An asset that a person lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The site.
    pub site: String,
    /// Its role, by its word.
    pub role: Option<String>,
    /// What is said of it: `mac`, `ip`, or the name of an attribute, and the value.
    pub values: Vec<(String, String)>,
}

impl Register {
    /// Sets and clears people's fields, all or none; returns what changed. Values that are as they should be already
    /// change nothing. The journal gets a line for each asset that changed.
    ///
    /// # Errors
    ///
    /// Fails if no asset has or had one of the ids, a value is longer than [`PEOPLE_VALUE_CHARS_MAX`], or an asset is
    /// retired, or brought back, without a reason.
    pub fn edit(
        &mut self,
        edits: &[Edit],
        mode: Mode,
        action: &str,
        reason: &str,
        actor: &Actor<'_>,
    ) -> Result<Vec<FieldChange>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changes = edit_all(&transaction, edits, action, reason, actor)?;
        if mode == Mode::Write {
            transaction.commit()?;
        }
        Ok(changes)
    }

    /// Takes an import over in one transaction: people's fields, assets that they list, and a line of the journal.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit); and if a field no longer says what it must. Then nothing was written.
    pub fn take(
        &mut self,
        taken: &Taken,
        mode: Mode,
        reason: &str,
        actor: &Actor<'_>,
    ) -> Result<Vec<FieldChange>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (edit, expected) in &taken.edits {
            let now = shown(&transaction, edit)?.filter(|value| !value.is_empty());
            if now != *expected {
                return Err(Error::ChangedMeanwhile {
                    asset: edit.ids.first().cloned().unwrap_or_default(),
                    field: edit.field.clone(),
                });
            }
        }
        let edits: Vec<Edit> = taken.edits.iter().map(|(edit, _)| edit.clone()).collect();
        let mut changes = edit_all(&transaction, &edits, "set", reason, actor)?;
        let mut fields = Vec::new();
        for (listing, people) in &taken.listings {
            let id = list(&transaction, listing, reason, actor)?;
            fields.extend(people.iter().map(|(field, value)| Edit {
                ids: vec![id.clone()],
                field: field.clone(),
                value: Some(value.clone()),
            }));
        }
        changes.extend(edit_all(&transaction, &fields, "set", reason, actor)?);
        journal::append(&transaction, actor, "import fields", &taken.file, &taken.detail)?;
        if mode == Mode::Write {
            transaction.commit()?;
        }
        Ok(changes)
    }

    /// Sets a person's field of an asset, or clears it. The id may be an alias: the field stays with the id it was given
    /// to, and shows in the asset that the id resolves to.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit).
    pub fn set_field(
        &mut self,
        asset: &str,
        field: &str,
        value: Option<&str>,
        actor: &Actor<'_>,
    ) -> Result<()> {
        let edit = Edit { ids: vec![asset.into()], field: field.into(), value: value.map(str::to_owned) };
        self.edit(&[edit], Mode::Write, "set", "", actor)?;
        Ok(())
    }

    /// What changed in the fields of an asset under any of its ids, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn field_history(&self, ids: &[&str]) -> Result<Vec<FieldChange>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, asset, field, before, after, reason, actor, at FROM field_history WHERE asset = ?1",
        )?;
        let mut history: Vec<(i64, FieldChange)> = Vec::new();
        for id in ids {
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                let change = FieldChange {
                    asset: row.get(1)?,
                    field: row.get(2)?,
                    before: row.get(3)?,
                    after: row.get(4)?,
                    reason: row.get(5)?,
                    actor: row.get(6)?,
                    at: Time(row.get(7)?),
                };
                history.push((row.get(0)?, change));
            }
        }
        history.sort_by_key(|(number, _)| *number);
        Ok(history.into_iter().map(|(_, change)| change).collect())
    }

    /// Approves assets: a person says that they belong in the plant. One that is approved already stays as it is;
    /// returns how many were not.
    ///
    /// # Errors
    ///
    /// Fails if no asset has or had one of the ids.
    pub fn approve(&mut self, assets: &[String], reason: &str, actor: &Actor<'_>) -> Result<u64> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut done = 0_u64;
        for asset in assets {
            known(&transaction, asset)?;
            let new = transaction
                .prepare_cached(
                    "INSERT INTO approval (asset, reason, actor, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (asset) DO NOTHING",
                )?
                .execute(params![asset, reason, actor.name, actor.at.0])?;
            if new == 1 {
                journal::append(&transaction, actor, "confirm", asset, reason)?;
                done = done.saturating_add(1);
            }
        }
        transaction.commit()?;
        Ok(done)
    }

    /// Takes the approval of an asset back, under any of its ids. True if it was approved.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written, or no reason is given.
    pub fn disapprove(&mut self, ids: &[String], reason: &str, actor: &Actor<'_>) -> Result<bool> {
        if reason.is_empty() {
            return Err(Error::NoReason("taking an approval back"));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut was = false;
        for id in ids {
            let rows = transaction.prepare_cached("DELETE FROM approval WHERE asset = ?1")?.execute([id])?;
            if rows > 0 {
                journal::append(&transaction, actor, "confirm taken back", id, reason)?;
                was = true;
            }
        }
        transaction.commit()?;
        Ok(was)
    }

    /// Lists an asset that the wire has not shown; returns its id.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written, or a value is longer than [`PEOPLE_VALUE_CHARS_MAX`].
    pub fn list_asset(&mut self, listing: &Listing, reason: &str, actor: &Actor<'_>) -> Result<String> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let id = list(&transaction, listing, reason, actor)?;
        transaction.commit()?;
        Ok(id)
    }

    /// Takes what people listed off the list again. Its id, fields and history stay, and no row shows them.
    ///
    /// # Errors
    ///
    /// Fails if nobody listed an asset of these ids, or no reason is given.
    pub fn unlist(&mut self, ids: &[String], reason: &str, actor: &Actor<'_>) -> Result<()> {
        if reason.is_empty() {
            return Err(Error::NoReason("deleting"));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut rows = 0_usize;
        for id in ids {
            let gone = transaction.prepare_cached("DELETE FROM listed WHERE asset = ?1")?.execute([id])?;
            if gone > 0 {
                journal::append(&transaction, actor, "delete", id, reason)?;
            }
            rows = rows.saturating_add(gone);
        }
        if rows == 0 {
            return Err(Error::NotListed(ids.first().cloned().unwrap_or_default()));
        }
        transaction.commit()?;
        Ok(())
    }
}

/// How much earlier than in UTC a day begins where it begins first.
const EASTERNMOST: i64 = 14 * NANOS_PER_DAY / 24;

/// How the anchor of an asset that people listed begins: no station is written like it.
const LISTED: &str = "declared ";

/// What a change does that nobody may do without saying why.
fn retires(change: &FieldChange) -> Option<&'static str> {
    let is_retired = |value: &Option<String>| value.as_deref() == Some(fields::RETIRED);
    match (change.field.as_str(), is_retired(&change.before), is_retired(&change.after)) {
        (fields::STATUS, false, true) => Some("retiring an asset"),
        (fields::STATUS, true, false) => Some("bringing a retired asset back"),
        _ => None,
    }
}

fn told(change: &FieldChange) -> String {
    let shown =
        |value: Option<&str>| value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"));
    let FieldChange { field, before, after, .. } = change;
    format!("{field}: {} instead of {}", shown(after.as_deref()), shown(before.as_deref()))
}

fn known(transaction: &Transaction<'_>, asset: &str) -> Result<()> {
    if transaction.prepare_cached("SELECT 1 FROM asset WHERE id = ?1")?.exists([asset])? {
        return Ok(());
    }
    Err(Error::UnknownAsset(asset.into()))
}

fn fits(field: &str, value: Option<&str>) -> Result<()> {
    let characters = value.map_or(0, |value| value.chars().count());
    if characters > PEOPLE_VALUE_CHARS_MAX {
        return Err(Error::ValueTooLong { field: field.into(), characters, max: PEOPLE_VALUE_CHARS_MAX });
    }
    Ok(())
}

/// A day on which something was done has begun somewhere on earth.
fn is_past(field: &str, day: &str, at: Time) -> bool {
    let latest = Time(at.0.saturating_add(EASTERNMOST));
    !fields::DONE.contains(&field) || Civil::parse(day).is_none_or(|day| day <= Civil::of(latest))
}

/// Makes edits, with a line of the journal for each asset that changed.
fn edit_all(
    transaction: &Transaction<'_>,
    edits: &[Edit],
    action: &str,
    reason: &str,
    actor: &Actor<'_>,
) -> Result<Vec<FieldChange>> {
    let mut changes = Vec::new();
    for edit in edits {
        changes.extend(edit_one(transaction, edit, reason, actor)?);
    }
    if reason.trim().is_empty()
        && let Some(step) = changes.iter().find_map(retires)
    {
        return Err(Error::NoReason(step));
    }
    let mut at = 0;
    while let Some(first) = changes.get(at) {
        let end = at
            .saturating_add(changes.iter().skip(at).take_while(|change| change.asset == first.asset).count());
        let same: Vec<String> = changes.get(at..end).into_iter().flatten().map(told).collect();
        let why = if reason.is_empty() { String::new() } else { format!("; reason: {reason}") };
        journal::append(transaction, actor, action, &first.asset, &format!("{}{why}", same.join("; ")))?;
        at = end;
    }
    Ok(changes)
}

/// What a field shows: the word of the first id that has one.
fn shown(transaction: &Transaction<'_>, edit: &Edit) -> Result<Option<String>> {
    for id in &edit.ids {
        let value = transaction
            .prepare_cached("SELECT value FROM asset_field WHERE asset = ?1 AND field = ?2")?
            .query_row([id, &edit.field], |row| row.get(0))
            .optional()?;
        if value.is_some() {
            return Ok(value);
        }
    }
    Ok(None)
}

/// Lists an asset; returns its id.
fn list(transaction: &Transaction<'_>, listing: &Listing, reason: &str, actor: &Actor<'_>) -> Result<String> {
    let number: i64 = transaction
        .prepare_cached("SELECT coalesce(max(issued), 0) + 1 FROM asset")?
        .query_row([], |row| row.get(0))?;
    let anchor = format!("{LISTED}{number}");
    let id = crate::identify::new_id(&listing.site, &anchor, 0);
    transaction
        .prepare_cached("INSERT INTO asset (id, site, anchor, nth) VALUES (?1, ?2, ?3, 0)")?
        .execute(params![id, listing.site, anchor])?;
    transaction
        .prepare_cached("INSERT INTO listed (asset, role, reason, actor, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, listing.role, reason, actor.name, actor.at.0])?;
    for (name, value) in &listing.values {
        fits(name, Some(value))?;
        transaction
            .prepare_cached("INSERT OR IGNORE INTO listed_value (asset, name, value) VALUES (?1, ?2, ?3)")?
            .execute(params![id, name, value])?;
    }
    let values: Vec<_> = listing.values.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
    let detail = format!("site {}; {}; reason: {reason}", listing.site, values.join("; "));
    journal::append(transaction, actor, "declare", &id, &detail)?;
    Ok(id)
}

fn edit_one(
    transaction: &Transaction<'_>,
    edit: &Edit,
    reason: &str,
    actor: &Actor<'_>,
) -> Result<Option<FieldChange>> {
    let Edit { ids, field, value } = edit;
    fits(field, value.as_deref())?;
    let Some(asset) = ids.first() else { return Ok(None) };
    known(transaction, asset)?;
    let before = shown(transaction, edit)?;
    if before == *value {
        return Ok(None);
    }
    if let Some(day) = value.as_ref().filter(|day| !is_past(field, day, actor.at)) {
        return Err(Error::FutureDay { asset: asset.clone(), field: field.clone(), day: day.clone() });
    }
    match value {
        Some(value) => {
            transaction
                .prepare_cached(
                    "INSERT INTO asset_field (asset, field, value, actor, at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (asset, field) DO UPDATE SET value = excluded.value, actor = excluded.actor, at = excluded.at",
                )?
                .execute(params![asset, field, value, actor.name, actor.at.0])?;
        }
        None => {
            for id in ids {
                transaction
                    .prepare_cached("DELETE FROM asset_field WHERE asset = ?1 AND field = ?2")?
                    .execute([id, field])?;
            }
        }
    }
    transaction
        .prepare_cached(
            "INSERT INTO field_history (asset, field, before, after, reason, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![asset, field, before, value, reason, actor.name, actor.at.0])?;
    Ok(Some(FieldChange {
        asset: asset.clone(),
        field: field.clone(),
        before,
        after: value.clone(),
        reason: reason.into(),
        actor: actor.name.into(),
        at: actor.at,
    }))
}

/// Approvals by id.
pub(crate) fn approvals(connection: &Connection) -> Result<HashMap<String, Approval>> {
    let mut statement = connection.prepare_cached("SELECT asset, actor, at, reason FROM approval")?;
    let approvals = statement.query_map([], |row| {
        Ok((row.get(0)?, Approval { by: row.get(1)?, on: Time(row.get(2)?), reason: row.get(3)? }))
    })?;
    Ok(approvals.collect::<rusqlite::Result<_>>()?)
}

/// People's zones and levels by id.
pub(crate) fn zones(connection: &Connection) -> Result<Vec<(String, String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT asset, field, value FROM asset_field WHERE field IN (?1, ?2) ORDER BY asset",
    )?;
    let zones = statement
        .query_map([fields::ZONE, fields::PURDUE_LEVEL], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(zones.collect::<rusqlite::Result<_>>()?)
}
