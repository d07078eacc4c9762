//! What people decided, and what of it goes into resolving: merges and splits, the policy, assets that they listed.

use std::collections::BTreeMap;

use inventory::policy::{Level, Override, Policy};
use inventory::{Decision, DecisionKind, Declared, Options, Role, fields};
use observation::Time;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::columns::word_read;
use crate::error::{Error, Result};
use crate::journal::{self, Actor};
use crate::open::Register;
use crate::people::zones;

/// A decision with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// Who took it back, when and why.
    pub undone: Option<(String, Time, String)>,
}

/// A policy as it was put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyEntry {
    /// Its name.
    pub name: String,
    /// Its text; `None` where the default was put in force again.
    pub text: Option<String>,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
    /// Why, in that person's words; may be empty.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, by the wall clock.
    pub at: Time,
}

impl Register {
    /// Keeps a merge or split; returns its number.
    ///
    /// # Errors
    ///
    /// Fails if no reason is given, or the register cannot be written.
    pub fn decide(
        &mut self,
        kind: DecisionKind,
        site: &str,
        left: &[String],
        right: &[String],
        reason: &str,
        actor: &Actor<'_>,
    ) -> Result<i64> {
        if reason.is_empty() {
            return Err(Error::NoReason(kind.as_str()));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT INTO decision (kind, site, stations_left, stations_right, reason, actor, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                kind.as_str(),
                site,
                left.join("\n"),
                right.join("\n"),
                reason,
                actor.name,
                actor.at.0
            ])?;
        let number = transaction.last_insert_rowid();
        let detail = format!(
            "site {site}; {}; {} {}; reason: {reason}",
            left.join(", "),
            match kind {
                DecisionKind::Merge => "with",
                DecisionKind::Split => "from",
            },
            right.join(", ")
        );
        journal::append(&transaction, actor, kind.as_str(), &number.to_string(), &detail)?;
        transaction.commit()?;
        Ok(number)
    }

    /// Takes a merge or split back.
    ///
    /// # Errors
    ///
    /// Fails if there is no such decision in force, or no reason is given.
    pub fn undo(&mut self, number: i64, reason: &str, actor: &Actor<'_>) -> Result<()> {
        if reason.is_empty() {
            return Err(Error::NoReason("undoing"));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = transaction
            .prepare_cached(
                "UPDATE decision SET undone_reason = ?2, undone_actor = ?3, undone_at = ?4 WHERE id = ?1 AND undone_at IS NULL",
            )?
            .execute(params![number, reason, actor.name, actor.at.0])?;
        if rows == 0 {
            return Err(Error::UnknownDecision(number));
        }
        journal::append(&transaction, actor, "undo", &number.to_string(), reason)?;
        transaction.commit()?;
        Ok(())
    }

    /// Every merge and split, oldest first, those that were undone too.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn decisions(&self) -> Result<Vec<Decided>> {
        decided(&self.connection)
    }

    /// Puts a policy in force, or, without a text, the default again.
    ///
    /// # Errors
    ///
    /// Fails if the text is no policy, or the register cannot be written.
    pub fn set_policy(&mut self, text: Option<&str>, reason: &str, actor: &Actor<'_>) -> Result<String> {
        let policy = text.map(Policy::parse).transpose()?.unwrap_or_default();
        let sha256: String =
            Sha256::digest(text.unwrap_or_default()).iter().map(|octet| format!("{octet:02x}")).collect();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT INTO policy (name, text, sha256, reason, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![policy.name, text, sha256, reason, actor.name, actor.at.0])?;
        let action = if text.is_some() { "policy set" } else { "policy taken back" };
        let detail = format!("name {:?}; reason: {reason}", policy.name);
        journal::append(&transaction, actor, action, &sha256, &detail)?;
        transaction.commit()?;
        Ok(sha256)
    }

    /// The policy that was put in force last.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn policy(&self) -> Result<Option<PolicyEntry>> {
        policy(&self.connection)
    }

    /// What people said that goes into resolving.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read, or a row is not as this program writes it.
    pub fn options(&self) -> Result<Options> {
        let transaction = self.connection.unchecked_transaction()?;
        options(&transaction)
    }
}

fn policy(connection: &Connection) -> Result<Option<PolicyEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT name, text, sha256, reason, actor, at FROM policy ORDER BY id DESC LIMIT 1",
    )?;
    let entry = statement.query_row([], |row| {
        Ok(PolicyEntry {
            name: row.get(0)?,
            text: row.get(1)?,
            sha256: row.get(2)?,
            reason: row.get(3)?,
            actor: row.get(4)?,
            at: Time(row.get(5)?),
        })
    });
    Ok(entry.optional()?)
}

/// What people said that goes into resolving.
pub(crate) fn options(connection: &Connection) -> Result<Options> {
    let text = policy(connection)?.and_then(|entry| entry.text);
    let mut policy = text.as_deref().map(Policy::parse).transpose()?.unwrap_or_default();
    policy.overrides = overrides(connection)?;
    let decisions = decided(connection)?.into_iter().filter(|decided| decided.undone.is_none());
    Ok(Options {
        policy,
        decisions: decisions.map(|decided| decided.decision).collect(),
        declared: declared(connection)?,
        ..Options::default()
    })
}

fn decided(connection: &Connection) -> Result<Vec<Decided>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, site, stations_left, stations_right, actor, at, reason, undone_actor, undone_at, undone_reason
         FROM decision ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let stations = |text: String| text.lines().map(str::to_owned).collect();
        let undone: (Option<String>, Option<i64>, Option<String>) = (row.get(8)?, row.get(9)?, row.get(10)?);
        all.push(Decided {
            decision: Decision {
                number: row.get(0)?,
                kind: word_read(row, 1, DecisionKind::read_back)?,
                site: row.get(2)?,
                left: stations(row.get(3)?),
                right: stations(row.get(4)?),
                actor: row.get(5)?,
                at: Time(row.get(6)?),
                reason: row.get(7)?,
            },
            undone: match undone {
                (Some(actor), Some(at), Some(reason)) => Some((actor, Time(at), reason)),
                _ => None,
            },
        });
    }
    Ok(all)
}

/// People's zones and levels, by every anchor of the assets that they were given to.
fn overrides(connection: &Connection) -> Result<BTreeMap<(String, String), Override>> {
    let mut overrides: BTreeMap<(String, String), Override> = BTreeMap::new();
    let mut anchors = connection.prepare_cached("SELECT site, anchor FROM asset WHERE id = ?1")?;
    for (asset, field, value) in zones(connection)? {
        let key: Option<(String, String)> =
            anchors.query_row([&asset], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some(key) = key else { continue };
        let entry = overrides.entry(key).or_default();
        match field.as_str() {
            fields::ZONE => entry.zone = Some(value),
            _ => entry.level = Level::read_back(&value),
        }
    }
    Ok(overrides)
}

fn declared(connection: &Connection) -> Result<Vec<Declared>> {
    let mut values: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut statement = connection
        .prepare_cached("SELECT asset, name, value FROM listed_value ORDER BY asset, name, value")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        values.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    let mut statement = connection.prepare_cached(
        "SELECT asset.id, site, anchor, role, listed.actor, listed.at, reason, asset_field.value
         FROM listed JOIN asset ON asset.id = listed.asset
            LEFT JOIN asset_field ON asset_field.asset = asset.id AND asset_field.field = ?1
         ORDER BY asset.issued",
    )?;
    let mut rows = statement.query([fields::ASSET_NUMBER])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let role: Option<String> = row.get(3)?;
        let role = role.and_then(|word| Role::ALL.iter().copied().find(|role| role.as_str() == word));
        let mut one = Declared {
            site: row.get(1)?,
            anchor: row.get(2)?,
            macs: Vec::new(),
            ips: Vec::new(),
            asset_number: row.get(7)?,
            values: BTreeMap::new(),
            role,
            actor: row.get(4)?,
            at: Time(row.get(5)?),
            reason: row.get(6)?,
        };
        for (name, value) in values.remove(&id).unwrap_or_default() {
            let wrong = || Error::Damaged(format!("a listed {name} is \"{}\"", value.escape_debug()));
            match name.as_str() {
                "mac" => one.macs.push(value.parse().map_err(|_| wrong())?),
                "ip" => one.ips.push(value.parse().map_err(|_| wrong())?),
                _ => drop(one.values.insert(name, value)),
            }
        }
        all.push(one);
    }
    Ok(all)
}
