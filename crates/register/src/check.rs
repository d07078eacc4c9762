//! What `doctor` asks: how large the register is, and whether it is sound.

use std::collections::{BTreeMap, BTreeSet};

use observation::Day;
use rusqlite::Connection;

use crate::columns::counted;
use crate::error::Result;
use crate::evidence::{frame_numbers, frames_referred_to};
use crate::journal::{self, JournalCheck};
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
    /// Days before this one are folded in some capture; `None` if retention never was at work.
    pub folded_before: Option<Day>,
}

/// Whether the file of a register is as this program wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soundness {
    /// What SQLite's integrity check says, up to a hundred lines; empty if sound.
    pub damages: Vec<String>,
    /// Rows that refer to rows which are not there.
    pub dangling: u64,
    /// The chain of the journal.
    pub journal: JournalCheck,
}

impl Soundness {
    /// What is wrong first, in words; `None` if nothing is.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if let Some(damage) = self.damages.first() {
            return Some(format!("damaged: {damage}"));
        }
        if self.dangling > 0 {
            return Some(format!("references to rows that are not there: {}", self.dangling));
        }
        match &self.journal {
            JournalCheck::Broken { seq, problem } => {
                Some(format!("the custody journal is broken at line {seq}: {problem}"))
            }
            JournalCheck::Intact { .. } => None,
        }
    }
}

/// Reads every page, reference and line of the journal.
pub(crate) fn soundness(connection: &Connection) -> Result<Soundness> {
    let mut damages = Vec::new();
    connection.pragma(None, "integrity_check", PROBLEMS_MAX, |row| {
        damages.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    damages.retain(|line| line != "ok");
    let dangling = connection.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count() as u64;
    Ok(Soundness { damages, dangling, journal: journal::verify(connection)? })
}

/// Whether a register is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The file.
    pub soundness: Soundness,
    /// Rows that nobody reads, because no day belongs to them, or no conversation's day to an operation's.
    pub unread: u64,
    /// Frames of all conversations of every real capture: by its id, then by protocol.
    pub talked: BTreeMap<String, BTreeMap<String, u64>>,
    /// Frames that evidence refers to, over all captures.
    pub frames_needed: u64,
    /// Those of them that are not kept: the proof is in the capture file alone.
    pub frames_missing: u64,
}

impl Check {
    /// True if nothing is damaged. Missing frames are no damage: keeping them has a limit.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.soundness.problem().is_none() && self.unread == 0
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
            folded_before: self
                .connection
                .query_row("SELECT max(before) FROM folded", [], |row| row.get::<_, Option<i32>>(0))?
                .map(Day),
        })
    }

    /// Checks every page, reference, proof and line of the journal. Reads the whole file.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read at all.
    pub fn check(&self) -> Result<Check> {
        let transaction = self.connection.unchecked_transaction()?;
        let soundness = soundness(&transaction)?;
        let (mut frames_needed, mut frames_missing) = (0_u64, 0_u64);
        for capture in captures(&transaction)? {
            let needed = frames_referred_to(&transaction, capture)?;
            let kept: BTreeSet<u64> = frame_numbers(&transaction, capture)?.into_iter().collect();
            frames_needed = frames_needed.saturating_add(needed.len() as u64);
            frames_missing = frames_missing.saturating_add(needed.difference(&kept).count() as u64);
        }
        Ok(Check {
            soundness,
            unread: unread(&transaction)?,
            talked: talked(&transaction)?,
            frames_needed,
            frames_missing,
        })
    }
}

fn unread(connection: &Connection) -> Result<u64> {
    let count: i64 = connection.query_row(
        "SELECT (SELECT count(*) FROM fact WHERE NOT EXISTS (SELECT 1 FROM fact_day WHERE fact = fact.id))
            + (SELECT count(*) FROM mention WHERE NOT EXISTS (SELECT 1 FROM mention_day WHERE mention = mention.id))
            + (SELECT count(*) FROM conversation
               WHERE NOT EXISTS (SELECT 1 FROM conversation_day WHERE conversation = conversation.id))
            + (SELECT count(*) FROM operation
               WHERE NOT EXISTS (SELECT 1 FROM operation_day WHERE operation = operation.id))
            + (SELECT count(*) FROM operation JOIN operation_day ON operation_day.operation = operation.id
               WHERE NOT EXISTS (SELECT 1 FROM conversation_day AS talk
                  WHERE talk.conversation = operation.conversation AND talk.day = operation_day.day))",
        [],
        |row| row.get(0),
    )?;
    Ok(count.unsigned_abs())
}

fn talked(connection: &Connection) -> Result<BTreeMap<String, BTreeMap<String, u64>>> {
    let mut statement = connection.prepare(
        "SELECT uid, protocol, client_frames, server_frames FROM capture JOIN station ON station.capture = capture.id
         JOIN conversation ON conversation.client = station.id
         JOIN conversation_day ON conversation_day.conversation = conversation.id WHERE uid IS NOT NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut all: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let protocols = all.entry(row.get(0)?).or_default();
        let frames = protocols.entry(row.get(1)?).or_default();
        *frames = frames.saturating_add(counted(row, 2)?).saturating_add(counted(row, 3)?);
    }
    Ok(all)
}

fn captures(connection: &Connection) -> Result<Vec<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM capture WHERE uid IS NOT NULL ORDER BY uid")?;
    let ids = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(ids)
}
