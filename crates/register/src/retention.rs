//! Retention: what a register that runs for years folds and drops, and what it never does.
//!
//! Days before a boundary are folded to first, last and count; of malformed messages before it the first and last of
//! each kind stay; frames kept as proof are dropped beyond a limit, least important and oldest first. Stations, facts,
//! conversations, asset ids, people's fields and the journal are never dropped: an asset that fell silent years ago is
//! still there, with its first and last time. What is dropped is counted in its capture, and every prune is one line
//! of the journal.

use std::collections::BTreeMap;

use observation::{Day, NANOS_PER_DAY, Time, number_of};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::columns::stored;
use crate::error::Result;
use crate::evidence::{Importance, frames_by_importance};
use crate::fold::Folded;
use crate::journal::{self, Actor};
use crate::open::Register;

/// Counter of a capture: frames kept as proof that retention dropped.
pub const COUNTER_FRAMES_PRUNED: &str = "retention: evidence frames dropped";

/// Counter of a capture: malformed messages that retention dropped; the summary counts them still.
pub const COUNTER_MALFORMED_PRUNED: &str = "retention: malformed messages dropped";

/// Line of the journal for a prune.
const PRUNED: &str = "prune";

/// What such a line is about.
const SUBJECT: &str = "retention";

/// How much a register keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Days kept apart of stations, facts, mentions and bindings, and of malformed messages, before the latest one.
    pub detail_days: u32,
    /// Days kept apart of conversations and operations, before the latest one.
    pub conversation_days: u32,
    /// Most frames kept as proof, over all captures.
    pub evidence_frames_max: u64,
    /// Most octets of such frames.
    pub evidence_octets_max: u64,
}

impl Default for Policy {
    /// 30 and 90 days, 200,000 frames, 256 MiB.
    fn default() -> Self {
        Self {
            detail_days: 30,
            conversation_days: 90,
            evidence_frames_max: 200_000,
            evidence_octets_max: 256 << 20,
        }
    }
}

/// What a prune did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Days before this one are folded.
    pub before: Day,
    /// Days of conversations before this one are folded.
    pub conversations_before: Day,
    /// Rows folded.
    pub folded: Folded,
    /// Malformed messages dropped.
    pub malformed: u64,
    /// Frames dropped that were proof.
    pub frames: u64,
    /// Their octets.
    pub frame_octets: u64,
}

impl Pruned {
    /// True if there was nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folded.total() == 0 && self.malformed == 0 && self.frames == 0
    }

    /// In words, as the journal has it.
    #[must_use]
    pub fn text(&self) -> String {
        let Folded { presences, bindings, facts, mentions, conversations, operations } = self.folded;
        let rows = [
            number_of(presences, "presence"),
            number_of(bindings, "binding"),
            number_of(facts, "fact"),
            number_of(mentions, "mention"),
            number_of(conversations, "conversation"),
            number_of(operations, "operation"),
        ];
        format!(
            "days before {}, of conversations before {}: rows folded of {}; dropped {}, {} of {}",
            self.before,
            self.conversations_before,
            rows.join(", "),
            number_of(self.malformed, "malformed message"),
            number_of(self.frames, "evidence frame"),
            number_of(self.frame_octets, "octet")
        )
    }
}

impl Register {
    /// Folds and drops what `policy` does not keep, in one transaction with one line of the journal. Doing it twice
    /// changes nothing but that line. Captures that are being imported are left alone; a live session that is being
    /// written, here or by another process, goes on.
    ///
    /// The latest day is that of the latest observed time, or of the actor's clock where that is earlier: neither a
    /// frame from the future nor a clock that runs ahead folds what is of today.
    ///
    /// # Errors
    ///
    /// Fails without a trace if the register cannot be written.
    pub fn prune(&mut self, policy: &Policy, actor: &Actor<'_>) -> Result<Pruned> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let pruned = prune(&transaction, policy, actor.at)?;
        journal::append(&transaction, actor, PRUNED, SUBJECT, &pruned.text())?;
        transaction.commit()?;
        Ok(pruned)
    }

    /// What [`prune`](Self::prune) would do at that time.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written, as a trial is.
    pub fn would_prune(&mut self, policy: &Policy, at: Time) -> Result<Pruned> {
        // Not committed: rolled back when dropped.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        prune(&transaction, policy, at)
    }
}

fn prune(transaction: &Transaction<'_>, policy: &Policy, at: Time) -> Result<Pruned> {
    let latest: Option<i64> = transaction.query_row(
        "SELECT max(presence.last) FROM presence JOIN station ON station.id = presence.station
         JOIN capture ON capture.id = station.capture WHERE uid IS NOT NULL",
        [],
        |row| row.get(0),
    )?;
    let today = latest.map_or(at, |latest| at.min(Time(latest))).day();
    let boundary =
        |days: u32| Day(i64::from(today.0).saturating_sub(days.into()).try_into().unwrap_or(i32::MIN));
    let mut pruned = Pruned {
        before: boundary(policy.detail_days),
        conversations_before: boundary(policy.conversation_days),
        ..Pruned::default()
    };
    let captures: Vec<(i64, String)> = transaction
        .prepare("SELECT id, uid FROM capture WHERE uid IS NOT NULL ORDER BY uid")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (capture, _) in &captures {
        let (day, talk_day) = (pruned.before.0, pruned.conversations_before.0);
        pruned.folded.fold(transaction, *capture, day, talk_day)?;
        transaction
            .prepare_cached(
                "INSERT INTO folded (capture, before, conversations_before) VALUES (?1, ?2, ?3)
                 ON CONFLICT (capture) DO UPDATE SET before = max(before, excluded.before),
                    conversations_before = max(conversations_before, excluded.conversations_before)",
            )?
            .execute(params![capture, day, talk_day])?;
        let dropped = drop_malformed(transaction, *capture, pruned.before)?;
        count(transaction, *capture, COUNTER_MALFORMED_PRUNED, dropped)?;
        pruned.malformed = pruned.malformed.saturating_add(dropped);
    }
    drop_frames(transaction, policy, &captures, &mut pruned)?;
    Ok(pruned)
}

/// Drops malformed messages of days before `before`, but the first and the last of each kind.
fn drop_malformed(transaction: &Transaction<'_>, capture: i64, before: Day) -> Result<u64> {
    let dropped = transaction
        .prepare_cached(
            "DELETE FROM malformed WHERE id IN (
                SELECT id FROM (SELECT id,
                   row_number() OVER (PARTITION BY station, protocol, problem ORDER BY time, frame, id) AS nth,
                   row_number() OVER (PARTITION BY station, protocol, problem ORDER BY time DESC, frame DESC, id DESC) AS nth_last
                FROM malformed WHERE capture = ?1 AND time < ?2) WHERE nth > 1 AND nth_last > 1)",
        )?
        .execute(params![capture, i64::from(before.0).saturating_mul(NANOS_PER_DAY)])?;
    Ok(dropped as u64)
}

/// A frame that may go: in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// What it proves, nothing first.
    importance: Option<Importance>,
    time: i64,
    /// Place of its capture by id, so that the order of imports does not show.
    capture: usize,
    number: u64,
    octets: u64,
}

/// Drops frames until what is left is within the limits: what proves nothing, then operations and mentions, then
/// facts; the oldest first.
fn drop_frames(
    transaction: &Transaction<'_>,
    policy: &Policy,
    captures: &[(i64, String)],
    pruned: &mut Pruned,
) -> Result<()> {
    let (mut frames, mut octets): (u64, u64) = transaction.query_row(
        "SELECT count(*), coalesce(sum(length(frame.octets)), 0) FROM frame
         JOIN capture ON capture.id = frame.capture WHERE uid IS NOT NULL",
        [],
        |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs())),
    )?;
    let is_within =
        |frames, octets| frames <= policy.evidence_frames_max && octets <= policy.evidence_octets_max;
    if is_within(frames, octets) {
        return Ok(());
    }
    let mut candidates = Vec::new();
    for (place, (capture, _)) in captures.iter().enumerate() {
        let needed = frames_by_importance(transaction, *capture)?;
        let mut statement = transaction
            .prepare_cached("SELECT number, time, length(octets) FROM frame WHERE capture = ?1")?;
        let mut rows = statement.query([capture])?;
        while let Some(row) = rows.next()? {
            let number = row.get::<_, i64>(0)?.unsigned_abs();
            candidates.push(Candidate {
                importance: needed.get(&number).copied(),
                time: row.get(1)?,
                capture: place,
                number,
                octets: row.get::<_, i64>(2)?.unsigned_abs(),
            });
        }
    }
    candidates.sort_unstable();
    let mut dropped: BTreeMap<i64, u64> = BTreeMap::new();
    for candidate in candidates {
        if is_within(frames, octets) {
            break;
        }
        let Some((capture, _)) = captures.get(candidate.capture) else { continue };
        transaction
            .prepare_cached("DELETE FROM frame WHERE capture = ?1 AND number = ?2")?
            .execute(params![capture, stored(candidate.number)])?;
        frames = frames.saturating_sub(1);
        octets = octets.saturating_sub(candidate.octets);
        pruned.frames = pruned.frames.saturating_add(1);
        pruned.frame_octets = pruned.frame_octets.saturating_add(candidate.octets);
        if candidate.importance.is_some() {
            let of_capture = dropped.entry(*capture).or_default();
            *of_capture = of_capture.saturating_add(1);
        }
    }
    for (capture, frames) in dropped {
        count(transaction, capture, COUNTER_FRAMES_PRUNED, frames)?;
    }
    Ok(())
}

/// Adds to a counter of a capture.
fn count(transaction: &Transaction<'_>, capture: i64, name: &str, count: u64) -> Result<()> {
    if count > 0 {
        transaction
            .prepare_cached(
                "INSERT INTO capture_counter (capture, name, count) VALUES (?1, ?2, ?3)
                 ON CONFLICT (capture, name) DO UPDATE SET count = min(9223372036854775807, count + excluded.count)",
            )?
            .execute(params![capture, name, stored(count)])?;
    }
    Ok(())
}

/// The number of the journal's line of the last prune, 0 if there was none: what a writer remembers of its own rows is
/// worth nothing after the next one.
pub(crate) fn last_prune(connection: &Connection) -> Result<i64> {
    let seq = connection
        .prepare_cached("SELECT max(seq) FROM journal WHERE subject = ?1")?
        .query_row([SUBJECT], |row| row.get::<_, Option<i64>>(0))
        .optional()?;
    Ok(seq.flatten().unwrap_or(0))
}
