//! What `doctor` asks: how large the register is, and whether it is sound.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::columns::counted;
use crate::error::Result;
use crate::evidence::{frame_numbers, frames_referred_to};
use crate::journal::JournalCheck;
use crate::migrate::version_of;
use crate::open::Register;

/// Most damages that are listed; a torn file has thousands.
const PROBLEMS_MAX: u32 = 100;

/// How much is in a register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Schema version.
    pub schema: i64,
    /// Real captures.
    pub captures: u64,
    /// Captures that are being imported, or whose import died.
    pub provisional: u64,
    /// Stations, counted once per capture.
    pub stations: u64,
    /// Facts, counted once per capture.
    pub facts: u64,
    /// Mentions, counted once per capture.
    pub mentions: u64,
    /// Conversations, counted once per capture.
    pub conversations: u64,
    /// Named operations, counted once per conversation.
    pub operations: u64,
    /// Malformed messages kept.
    pub malformed: u64,
    /// Frames kept as proof.
    pub frames: u64,
    /// Octets of the frames kept.
    pub frame_octets: u64,
    /// Asset ids that stand.
    pub assets: u64,
    /// Asset ids behind others.
    pub aliases: u64,
    /// Lines of the journal.
    pub journal_lines: u64,
    /// Octets of one page of the file.
    pub page_octets: u64,
    /// Pages of the file.
    pub pages: u64,
    /// Pages that hold nothing at present.
    pub free_pages: u64,
}

/// Whether a register is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What SQLite's integrity check says, up to a hundred lines; empty if sound.
    pub damages: Vec<String>,
    /// Rows that refer to rows which are not there.
    pub dangling: u64,
    /// Frames that evidence refers to, over all captures.
    pub frames_needed: u64,
    /// Those of them that are not kept: the proof is in the capture file alone.
    pub frames_missing: u64,
    /// The chain of the journal.
    pub journal: JournalCheck,
}

impl Check {
    /// True if nothing is damaged. Missing frames are no damage: keeping them has a limit.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty() && self.dangling == 0 && matches!(self.journal, JournalCheck::Intact { .. })
    }
}

impl Register {
    /// Counts what is in the register.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn stats(&self) -> Result<Stats> {
        let pragma =
            |name| -> Result<u64> { self.connection.query_row(name, [], |row| Ok(counted(row, 0)))? };
        let mut statement = self.connection.prepare(
            "SELECT (SELECT count(*) FROM capture WHERE uid IS NOT NULL), (SELECT count(*) FROM capture WHERE uid IS NULL),
                (SELECT count(*) FROM station), (SELECT count(*) FROM fact), (SELECT count(*) FROM mention),
                (SELECT count(*) FROM conversation), (SELECT count(*) FROM operation), (SELECT count(*) FROM malformed),
                (SELECT count(*) FROM frame), (SELECT coalesce(sum(length(octets)), 0) FROM frame),
                (SELECT count(*) FROM asset WHERE alias_of IS NULL), (SELECT count(*) FROM asset WHERE alias_of IS NOT NULL),
                (SELECT count(*) FROM journal)",
        )?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(Stats::default()) };
        Ok(Stats {
            schema: version_of(&self.connection)?,
            captures: counted(row, 0)?,
            provisional: counted(row, 1)?,
            stations: counted(row, 2)?,
            facts: counted(row, 3)?,
            mentions: counted(row, 4)?,
            conversations: counted(row, 5)?,
            operations: counted(row, 6)?,
            malformed: counted(row, 7)?,
            frames: counted(row, 8)?,
            frame_octets: counted(row, 9)?,
            assets: counted(row, 10)?,
            aliases: counted(row, 11)?,
            journal_lines: counted(row, 12)?,
            page_octets: pragma("PRAGMA page_size")?,
            pages: pragma("PRAGMA page_count")?,
            free_pages: pragma("PRAGMA freelist_count")?,
        })
    }

    /// Checks every page, reference, proof and line of the journal. Reads the whole file.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read at all.
    pub fn check(&self) -> Result<Check> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut damages = Vec::new();
        transaction.pragma(None, "integrity_check", PROBLEMS_MAX, |row| {
            damages.push(row.get::<_, String>(0)?);
            Ok(())
        })?;
        damages.retain(|line| line != "ok");
        let dangling =
            transaction.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count() as u64;
        let (mut frames_needed, mut frames_missing) = (0_u64, 0_u64);
        for capture in captures(&transaction)? {
            let needed = frames_referred_to(&transaction, capture)?;
            let kept: BTreeSet<u64> = frame_numbers(&transaction, capture)?.into_iter().collect();
            frames_needed = frames_needed.saturating_add(needed.len() as u64);
            frames_missing = frames_missing.saturating_add(needed.difference(&kept).count() as u64);
        }
        Ok(Check { damages, dangling, frames_needed, frames_missing, journal: self.verify_journal()? })
    }
}

fn captures(connection: &Connection) -> Result<Vec<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM capture WHERE uid IS NOT NULL ORDER BY uid")?;
    let ids = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(ids)
}
