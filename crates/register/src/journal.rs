//! The custody journal: who did what and when, each line chained to the one before by its hash.

use std::fmt::Write as _;

use observation::Time;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::open::Register;

/// What the first line has for the hash of the one before.
const FIRST_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why what the journal should vouch for cannot be believed.
pub(crate) const JOURNAL_BROKEN: &str = "the custody journal is not as it was written, see `journal verify`";

/// On whose behalf, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor<'a> {
    /// The person or service: a user name, `sensor`.
    pub name: &'a str,
    /// The wall clock, read by the caller.
    pub at: Time,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its number, from 1 on without gaps.
    pub seq: i64,
    /// Wall clock.
    pub at: Time,
    /// On whose behalf.
    pub actor: String,
    /// What was done: `import`, `import repeated`, `export`, `set`, `backup`, `restore`, `prune`.
    pub action: String,
    /// To what: the id of a capture or an asset, a file name.
    pub subject: String,
    /// In words.
    pub detail: String,
    /// The hash of the line before; 64 zeros in the first.
    pub previous: String,
    /// SHA-256 over this line and `previous`, in hexadecimal.
    pub hash: String,
}

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalCheck {
    /// Every line is as it was written. Lines cut off at the end cannot show here: compare the last hash with one
    /// noted elsewhere.
    Intact {
        /// How many lines.
        lines: u64,
        /// The hash of the last one; 64 zeros if there is none.
        last_hash: String,
    },
    /// A line is not as it was written, or one is missing before it.
    Broken {
        /// The number of the first such line.
        seq: i64,
        /// What does not fit.
        problem: &'static str,
    },
}

/// The hash of a line: SHA-256 over its fields, each as its length in octets, a colon, its UTF-8 text and a comma, so
/// that no two lines share a text. Order: previous, seq, at, actor, action, subject, detail; numbers in decimal.
fn hash(entry: &JournalEntry) -> String {
    let mut digest = Sha256::new();
    let (seq, at) = (entry.seq.to_string(), entry.at.0.to_string());
    for field in [&entry.previous, &seq, &at, &entry.actor, &entry.action, &entry.subject, &entry.detail] {
        digest.update(field.len().to_string());
        digest.update(":");
        digest.update(field);
        digest.update(",");
    }
    hexadecimal(&digest.finalize())
}

/// Octets as text.
pub(crate) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len().saturating_mul(2)), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Adds a line, within the caller's transaction.
pub(crate) fn append(
    connection: &Connection,
    actor: &Actor<'_>,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<()> {
    let last: Option<(i64, String)> = connection
        .prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, previous) = last.unwrap_or_else(|| (0, FIRST_PREVIOUS.into()));
    let mut entry = JournalEntry {
        seq: seq.saturating_add(1),
        at: actor.at,
        actor: actor.name.into(),
        action: action.into(),
        subject: subject.into(),
        detail: detail.into(),
        previous,
        hash: String::new(),
    };
    entry.hash = hash(&entry);
    connection
        .prepare_cached(
            "INSERT INTO journal (seq, at, actor, action, subject, detail, previous, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            entry.seq,
            entry.at.0,
            entry.actor,
            entry.action,
            entry.subject,
            entry.detail,
            entry.previous,
            entry.hash
        ])?;
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<JournalEntry> {
    Ok(JournalEntry {
        seq: row.get(0)?,
        at: Time(row.get(1)?),
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
        previous: row.get(6)?,
        hash: row.get(7)?,
    })
}

/// Reads the lines in order, one at a time.
fn each(connection: &Connection, mut visit: impl FnMut(JournalEntry)) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, actor, action, subject, detail, previous, hash FROM journal ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(entry(row)?);
    }
    Ok(())
}

impl Register {
    /// Adds a line to the journal. Imports and edits write theirs by themselves.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written.
    pub fn record(&mut self, actor: &Actor<'_>, action: &str, subject: &str, detail: &str) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        append(&transaction, actor, action, subject, detail)?;
        transaction.commit()?;
        Ok(())
    }

    /// The journal, oldest line first.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn journal(&self) -> Result<Vec<JournalEntry>> {
        let mut entries = Vec::new();
        each(&self.connection, |entry| entries.push(entry))?;
        Ok(entries)
    }

    /// Checks every line against the one before it.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn verify_journal(&self) -> Result<JournalCheck> {
        verify(&self.connection)
    }
}

/// Checks every line against the one before it.
pub(crate) fn verify(connection: &Connection) -> Result<JournalCheck> {
    let mut chain = Chain::default();
    each(connection, |entry| chain.add(entry))?;
    Ok(chain.check())
}

/// Checks lines that were taken out of a register against the ones before them, from the first on.
pub fn check_journal(entries: impl IntoIterator<Item = JournalEntry>) -> JournalCheck {
    let mut chain = Chain::default();
    entries.into_iter().for_each(|entry| chain.add(entry));
    chain.check()
}

/// A chain that is being checked.
#[derive(Default)]
struct Chain {
    lines: u64,
    last_hash: Option<String>,
    broken: Option<JournalCheck>,
}

impl Chain {
    fn add(&mut self, entry: JournalEntry) {
        self.lines = self.lines.saturating_add(1);
        let problem = if u64::try_from(entry.seq) != Ok(self.lines) {
            Some("a line before it is missing")
        } else if entry.previous != self.last_hash.as_deref().unwrap_or(FIRST_PREVIOUS) {
            Some("it does not follow from the line before it")
        } else if entry.hash != hash(&entry) {
            Some("it is not as it was written")
        } else {
            None
        };
        if self.broken.is_none() {
            self.broken = problem.map(|problem| JournalCheck::Broken { seq: entry.seq, problem });
        }
        self.last_hash = Some(entry.hash);
    }

    fn check(self) -> JournalCheck {
        let last_hash = self.last_hash.unwrap_or_else(|| FIRST_PREVIOUS.to_owned());
        self.broken.unwrap_or(JournalCheck::Intact { lines: self.lines, last_hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_lines() -> Register {
        let mut register = Register::in_memory().unwrap();
        for (at, subject) in [(5, "one"), (3, "two"), (9, "three")] {
            register.record(&Actor { name: "ada", at: Time(at) }, "export", subject, "json").unwrap();
        }
        register
    }

    #[test]
    fn lines_are_chained_in_the_order_they_were_written() {
        let register = three_lines();
        let lines = register.journal().unwrap();
        assert_eq!(
            lines.iter().map(|line| (line.seq, line.subject.as_str())).collect::<Vec<_>>(),
            [(1, "one"), (2, "two"), (3, "three")]
        );
        assert_eq!(lines[0].previous, FIRST_PREVIOUS);
        assert_eq!(lines[2].previous, lines[1].hash);
        let last_hash = lines[2].hash.clone();
        assert_eq!(register.verify_journal().unwrap(), JournalCheck::Intact { lines: 3, last_hash });
    }

    #[test]
    fn the_hash_is_over_the_documented_text() {
        let line = three_lines().journal().unwrap().remove(0);
        let text = format!("64:{FIRST_PREVIOUS},1:1,1:5,3:ada,6:export,3:one,4:json,");
        let expected: String = Sha256::digest(text).iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(line.hash, expected);
    }

    #[test]
    fn a_line_cannot_be_changed_or_removed_by_a_statement() {
        let register = three_lines();
        assert!(register.connection.execute("UPDATE journal SET actor = 'eve'", []).is_err());
        assert!(register.connection.execute("DELETE FROM journal WHERE seq = 3", []).is_err());
    }

    #[test]
    fn a_line_changed_or_removed_behind_our_back_shows() {
        let broken = |sql: &str| {
            let register = three_lines();
            register
                .connection
                .execute_batch("DROP TRIGGER journal_keeps_its_lines; DROP TRIGGER journal_loses_no_line;")
                .unwrap();
            register.connection.execute_batch(sql).unwrap();
            match register.verify_journal().unwrap() {
                JournalCheck::Broken { seq, .. } => seq,
                intact => panic!("{sql}: {intact:?}"),
            }
        };
        assert_eq!(broken("UPDATE journal SET actor = 'eve' WHERE seq = 2"), 2);
        assert_eq!(broken("DELETE FROM journal WHERE seq = 1"), 2);
        assert_eq!(broken("UPDATE journal SET hash = 'x' WHERE seq = 3"), 3);
    }
}
