//! Incidents: entries that are added and never changed, chained by hashes that the custody journal holds too.

use inventory::incident::{Entry, EntryKind, Incident};
use observation::Time;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::columns::word_read;
use crate::error::{Error, Result};
use crate::journal::{self, Actor, JOURNAL_BROKEN, JournalCheck, hexadecimal};
use crate::open::Register;
use crate::people::PEOPLE_VALUE_CHARS_MAX;

/// What the first entry has for the hash of the one before.
const FIRST_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Begins the actions of the journal that are about incidents.
const ACTION: &str = "incident ";

/// Before the hash at the end of such a line of the journal.
const HASH: &str = "; SHA-256 ";

/// What is said of an incident; number, time and actor are added when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// What it says; the other fields as [`EntryKind`] tells.
    pub kind: EntryKind,
    /// See [`EntryKind`].
    pub name: String,
    /// See [`EntryKind`].
    pub reference: String,
    /// See [`EntryKind`].
    pub moment: Option<Time>,
    /// See [`EntryKind`].
    pub text: String,
}

/// What a check of the entries found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentCheck {
    /// Every entry is as it was written, and the journal knows it.
    Intact {
        /// How many.
        entries: u64,
        /// The hash of the last one; 64 zeros if there is none.
        last_hash: String,
    },
    /// One is not.
    Broken {
        /// The number of the first such entry; 0 if the journal that they are held against is broken itself.
        entry: i64,
        /// What does not fit.
        problem: &'static str,
    },
}

/// The hash of an entry: SHA-256 over texts, each as its length in octets, a colon, its UTF-8 text and a comma. Order:
/// previous, id, incident, at, actor, kind, name, reference, moment (empty if none), text; numbers in decimal, times in
/// nanoseconds.
fn hash(entry: &Entry, previous: &str) -> String {
    let mut digest = Sha256::new();
    let moment = entry.moment.map(|time| time.0.to_string()).unwrap_or_default();
    let (id, incident, at) = (entry.id.to_string(), entry.incident.to_string(), entry.at.0.to_string());
    let Entry { actor, kind, name, reference, text, .. } = entry;
    for field in [previous, &id, &incident, &at, actor, kind.as_str(), name, reference, &moment, text] {
        digest.update(field.len().to_string());
        digest.update(":");
        digest.update(field);
        digest.update(",");
    }
    hexadecimal(&digest.finalize())
}

impl Register {
    /// Opens an incident with what is known of it; returns its number. The first entry must be [`EntryKind::Opened`].
    ///
    /// # Errors
    ///
    /// Fails if a text is longer than [`PEOPLE_VALUE_CHARS_MAX`], or the register cannot be written.
    pub fn open_incident(&mut self, entries: &[NewEntry], actor: &Actor<'_>) -> Result<i64> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let incident: i64 = transaction
            .prepare_cached("SELECT coalesce(max(incident), 0) + 1 FROM incident_entry")?
            .query_row([], |row| row.get(0))?;
        for entry in entries {
            append(&transaction, incident, entry, actor)?;
        }
        transaction.commit()?;
        Ok(incident)
    }

    /// Adds entries to an incident, all or none.
    ///
    /// # Errors
    ///
    /// Fails if there is no such incident, a text is longer than [`PEOPLE_VALUE_CHARS_MAX`], or the register cannot be
    /// written.
    pub fn add_to_incident(&mut self, incident: i64, entries: &[NewEntry], actor: &Actor<'_>) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let is_there = transaction
            .prepare_cached("SELECT 1 FROM incident_entry WHERE incident = ?1")?
            .exists([incident])?;
        if !is_there {
            return Err(Error::UnknownIncident(incident));
        }
        for entry in entries {
            append(&transaction, incident, entry, actor)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Every entry of every incident, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn incident_entries(&self) -> Result<Vec<Entry>> {
        Ok(read(&self.connection)?.into_iter().map(|stored| stored.entry).collect())
    }

    /// The incidents, by number.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn incidents(&self) -> Result<Vec<Incident>> {
        Ok(Incident::of(&self.incident_entries()?))
    }

    /// Checks the journal, then every entry against its hash, the one before and the journal.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn verify_incidents(&self) -> Result<IncidentCheck> {
        let transaction = self.connection.unchecked_transaction()?;
        if let JournalCheck::Broken { .. } = journal::verify(&transaction)? {
            return Ok(IncidentCheck::Broken { entry: 0, problem: JOURNAL_BROKEN });
        }
        let known: Vec<String> = transaction
            .prepare_cached("SELECT detail FROM journal WHERE action GLOB ?1 ORDER BY seq")?
            .query_map([format!("{ACTION}*")], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut known = known.iter().filter_map(|detail| detail.rsplit_once(HASH)).map(|(_, hash)| hash);
        let entries = match read(&transaction) {
            Ok(entries) => entries,
            Err(Error::Damaged(_)) => {
                return Ok(IncidentCheck::Broken { entry: 0, problem: "an entry is of no known kind" });
            }
            Err(error) => return Err(error),
        };
        let (mut previous, mut next) = (FIRST_PREVIOUS.to_owned(), 1_i64);
        for Stored { entry, previous: follows, hash: written } in &entries {
            let broken = |problem| Ok(IncidentCheck::Broken { entry: entry.id, problem });
            if entry.id != next {
                return broken("an entry before it is missing");
            }
            if *follows != previous {
                return broken("it does not follow from the entry before it");
            }
            if *written != hash(entry, &previous) {
                return broken("it is not as it was written");
            }
            if known.next() != Some(written.as_str()) {
                return broken("the custody journal does not know it");
            }
            previous.clone_from(written);
            next = next.saturating_add(1);
        }
        if known.next().is_some() {
            return Ok(IncidentCheck::Broken {
                entry: next,
                problem: "the custody journal knows it, and it is gone",
            });
        }
        Ok(IncidentCheck::Intact { entries: entries.len() as u64, last_hash: previous })
    }
}

/// An entry as it is stored.
struct Stored {
    entry: Entry,
    previous: String,
    hash: String,
}

fn read(connection: &Connection) -> Result<Vec<Stored>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, incident, at, actor, kind, name, reference, moment, text, previous, hash
         FROM incident_entry ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let entry = Entry {
            id: row.get(0)?,
            incident: row.get(1)?,
            at: Time(row.get(2)?),
            actor: row.get(3)?,
            kind: word_read(row, 4, EntryKind::read_back)?,
            name: row.get(5)?,
            reference: row.get(6)?,
            moment: row.get::<_, Option<i64>>(7)?.map(Time),
            text: row.get(8)?,
        };
        all.push(Stored { entry, previous: row.get(9)?, hash: row.get(10)? });
    }
    Ok(all)
}

fn append(connection: &Connection, incident: i64, new: &NewEntry, actor: &Actor<'_>) -> Result<()> {
    for (field, value) in [("text", &new.text), ("reference", &new.reference)] {
        let characters = value.chars().count();
        if characters > PEOPLE_VALUE_CHARS_MAX {
            let max = PEOPLE_VALUE_CHARS_MAX;
            return Err(Error::ValueTooLong { field: field.into(), characters, max });
        }
    }
    let last: Option<(i64, String)> = connection
        .prepare_cached("SELECT id, hash FROM incident_entry ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (id, previous) = last.unwrap_or_else(|| (0, FIRST_PREVIOUS.into()));
    let NewEntry { kind, name, reference, moment, text } = new.clone();
    let id = id.saturating_add(1);
    let entry =
        Entry { id, incident, at: actor.at, actor: actor.name.into(), kind, name, reference, moment, text };
    let hash = hash(&entry, &previous);
    connection
        .prepare_cached(
            "INSERT INTO incident_entry (id, incident, at, actor, kind, name, reference, moment, text, previous, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            entry.id,
            incident,
            entry.at.0,
            entry.actor,
            kind.as_str(),
            entry.name,
            entry.reference,
            entry.moment.map(|time| time.0),
            entry.text,
            previous,
            hash
        ])?;
    let parts = [entry.name.as_str(), &entry.reference, &entry.text];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let detail = format!("{}{HASH}{hash}", parts.join(" "));
    let action = format!("{ACTION}{}", kind.as_str());
    journal::append(connection, actor, &action, &format!("incident {incident}"), &detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Actor<'_> = Actor { name: "ada", at: Time(5) };

    fn new(kind: EntryKind, text: &str) -> NewEntry {
        let (name, reference) = (String::new(), String::new());
        NewEntry { kind, name, reference, moment: Some(Time(3)), text: text.into() }
    }

    fn two() -> Register {
        let mut register = Register::in_memory().unwrap();
        let first =
            register.open_incident(&[new(EntryKind::Opened, "stop"), new(EntryKind::Site, "north")], &ADA);
        assert_eq!(first.unwrap(), 1);
        assert_eq!(register.open_incident(&[new(EntryKind::Opened, "again")], &ADA).unwrap(), 2);
        register.add_to_incident(1, &[new(EntryKind::Cause, "a cable; SHA-256 of nothing")], &ADA).unwrap();
        register
    }

    #[test]
    fn entries_are_kept_in_order_and_the_journal_knows_each() {
        let register = two();
        let incidents = register.incidents().unwrap();
        assert_eq!(incidents.len(), 2);
        assert_eq!((incidents[0].site.as_str(), incidents[0].texts_of(EntryKind::Cause).len()), ("north", 1));
        let lines = register.journal().unwrap();
        let told: Vec<_> = lines.iter().map(|line| (line.action.as_str(), line.subject.as_str())).collect();
        assert_eq!(
            told,
            [
                ("incident opened", "incident 1"),
                ("incident site", "incident 1"),
                ("incident opened", "incident 2"),
                ("incident cause", "incident 1")
            ]
        );
        assert!(matches!(register.verify_incidents().unwrap(), IncidentCheck::Intact { entries: 4, .. }));
    }

    #[test]
    fn an_unknown_incident_and_a_text_too_long_write_nothing() {
        let mut register = two();
        let refused = register.add_to_incident(7, &[new(EntryKind::Note, "x")], &ADA);
        assert!(matches!(refused, Err(Error::UnknownIncident(7))));
        let long = "x".repeat(PEOPLE_VALUE_CHARS_MAX.saturating_add(1));
        let refused =
            register.add_to_incident(1, &[new(EntryKind::Note, "ok"), new(EntryKind::Note, &long)], &ADA);
        assert!(matches!(refused, Err(Error::ValueTooLong { .. })));
        assert_eq!(register.incident_entries().unwrap().len(), 4);
    }

    #[test]
    fn no_statement_changes_an_entry_and_whatever_is_flipped_behind_our_back_shows() {
        let register = two();
        assert!(register.connection.execute("UPDATE incident_entry SET text = ''", []).is_err());
        assert!(register.connection.execute("DELETE FROM incident_entry", []).is_err());
        let columns = [
            ("incident", "incident + 1"),
            ("at", "at + 1"),
            ("actor", "'eve'"),
            ("kind", "'note'"),
            ("kind", "'nonsense'"),
            ("name", "'x'"),
            ("reference", "'x'"),
            ("moment", "NULL"),
            ("text", "text || ' '"),
            ("previous", "hash"),
            ("hash", "previous"),
        ];
        let broken = |sql: &str| {
            let register = two();
            register
                .connection
                .execute_batch("DROP TRIGGER incident_entry_stays; DROP TRIGGER incident_entry_is_kept;")
                .unwrap();
            register.connection.execute_batch(sql).unwrap();
            let check = register.verify_incidents().unwrap();
            assert!(matches!(check, IncidentCheck::Broken { .. }), "{sql}: {check:?}");
        };
        for (column, value) in columns {
            (1..=4).for_each(|id| {
                broken(&format!("UPDATE incident_entry SET {column} = {value} WHERE id = {id}"))
            });
        }
        (1..=4).for_each(|id| broken(&format!("DELETE FROM incident_entry WHERE id = {id}")));
    }

    #[test]
    fn a_journal_that_was_rewritten_to_fit_is_not_believed() {
        let register = two();
        for trigger in [
            "incident_entry_stays",
            "incident_entry_is_kept",
            "journal_keeps_its_lines",
            "journal_loses_no_line",
        ] {
            register.connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        // The last entry says something else, with the hash that this has, in its row and in the journal's words.
        let Stored { mut entry, previous, .. } = read(&register.connection).unwrap().pop().unwrap();
        entry.text = "nobody's fault".into();
        let forged = hash(&entry, &previous);
        register
            .connection
            .execute(
                "UPDATE incident_entry SET text = ?1, hash = ?2 WHERE id = ?3",
                params![entry.text, forged, entry.id],
            )
            .unwrap();
        let detail = format!("{}{HASH}{forged}", entry.text);
        register
            .connection
            .execute(
                "UPDATE journal SET detail = ?1 WHERE seq = (SELECT max(seq) FROM journal)",
                params![detail],
            )
            .unwrap();
        let check = register.verify_incidents().unwrap();
        assert_eq!(check, IncidentCheck::Broken { entry: 0, problem: JOURNAL_BROKEN });
    }
}
