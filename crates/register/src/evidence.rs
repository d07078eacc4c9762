//! Evidence: which octets prove a row, and the frames kept so that proof survives the capture file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use observation::{Evidence, KeptFrame, Range, Time};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, params};

use crate::columns::{counted, ranges_read, ranges_stored, stored};
use crate::error::{Error, Result};
use crate::open::Register;
use crate::retention::last_prune;
use crate::write::MALFORMED_MAX;

/// Most frames kept of one capture. Those that only prove operations or mentions stop at half of it, so that identity
/// always finds room.
pub const FRAMES_MAX: u64 = 50_000;

/// Most octets of frames kept of one capture; half of it as with [`FRAMES_MAX`].
pub const FRAME_OCTETS_MAX: u64 = 64 << 20;

/// What a frame is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Importance {
    /// A mention or an operation.
    Other,
    /// A fact.
    Fact,
}

/// What a writer has kept of its capture so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    /// Line of the journal of the last prune when that was counted; see [`Kept::recount`].
    pub(crate) pruned: i64,
    pub(crate) frames: u64,
    pub(crate) octets: u64,
    pub(crate) frames_dropped: u64,
    pub(crate) malformed: u64,
    pub(crate) malformed_dropped: u64,
    /// True if evidence was replaced by an earlier one: its frames may prove nothing any more.
    pub(crate) replaced: bool,
}

impl Kept {
    /// Counts again where retention has made room. Costs nothing until a limit is near.
    pub(crate) fn recount(&mut self, transaction: &Transaction<'_>, capture: i64) -> Result<()> {
        let is_near = self.frames >= FRAMES_MAX / 2
            || self.octets >= FRAME_OCTETS_MAX / 4
            || self.malformed >= MALFORMED_MAX;
        if !is_near {
            return Ok(());
        }
        let pruned = last_prune(transaction)?;
        if pruned == self.pruned {
            return Ok(());
        }
        let mut statement = transaction.prepare_cached(
            "SELECT (SELECT count(*) FROM frame WHERE capture = ?1),
                (SELECT coalesce(sum(length(octets)), 0) FROM frame WHERE capture = ?1),
                (SELECT count(*) FROM malformed WHERE capture = ?1)",
        )?;
        let mut rows = statement.query([capture])?;
        if let Some(row) = rows.next()? {
            (self.frames, self.octets) = (counted(row, 0)?, counted(row, 1)?);
            (self.malformed, self.pruned) = (counted(row, 2)?, pruned);
        }
        Ok(())
    }
}

/// Adds the frames of evidence that is stored.
pub(crate) fn want(evidence: &Evidence, importance: Importance, wanted: &mut BTreeMap<u64, Importance>) {
    for range in &evidence.ranges {
        let needed = wanted.entry(range.frame).or_insert(importance);
        *needed = importance.max(*needed);
    }
}

/// Keeps those of `frames` that are wanted, facts' frames first.
pub(crate) fn keep_frames(
    transaction: &Transaction<'_>,
    capture: i64,
    kept: &mut Kept,
    wanted: &BTreeMap<u64, Importance>,
    frames: &[KeptFrame],
) -> Result<()> {
    if wanted.is_empty() || frames.is_empty() {
        return Ok(());
    }
    let given: HashMap<u64, &KeptFrame> = frames.iter().map(|frame| (frame.frame, frame)).collect();
    let shares = [
        (Importance::Fact, FRAMES_MAX, FRAME_OCTETS_MAX),
        (Importance::Other, FRAMES_MAX / 2, FRAME_OCTETS_MAX / 2),
    ];
    let mut insert = transaction.prepare_cached(
        "INSERT INTO frame (capture, number, time, link_type, original_length, octets, masked)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )?;
    for (importance, frames_max, octets_max) in shares {
        let of_this = wanted.iter().filter(|(_, needed)| **needed == importance);
        for frame in of_this.filter_map(|(number, _)| given.get(number)) {
            let octets = frame.octets.len() as u64;
            let has_room = kept.frames < frames_max && kept.octets.saturating_add(octets) <= octets_max;
            if has_room && is_inserted(&mut insert, capture, frame)? {
                kept.frames = kept.frames.saturating_add(1);
                kept.octets = kept.octets.saturating_add(octets);
                continue;
            }
            let known: Option<Vec<u8>> = transaction
                .prepare_cached("SELECT masked FROM frame WHERE capture = ?1 AND number = ?2")?
                .query_row(params![capture, stored(frame.frame)], |row| row.get(0))
                .optional()?;
            let Some(masked) = known else {
                kept.frames_dropped = kept.frames_dropped.saturating_add(1);
                continue;
            };
            // What was not read yet is masked; when it has been, the frame comes again with less.
            if octets_in(&ranges_read(&masked)?) > octets_in(&frame.masked) {
                transaction
                    .prepare_cached(
                        "UPDATE frame SET octets = ?3, masked = ?4 WHERE capture = ?1 AND number = ?2",
                    )?
                    .execute(params![
                        capture,
                        stored(frame.frame),
                        frame.octets,
                        ranges_stored(&frame.masked)
                    ])?;
            }
        }
    }
    Ok(())
}

/// Keeps a frame. False if it is there already.
fn is_inserted(insert: &mut CachedStatement<'_>, capture: i64, frame: &KeptFrame) -> Result<bool> {
    let inserted = insert.execute(params![
        capture,
        stored(frame.frame),
        frame.time.0,
        frame.link_type,
        frame.original_length,
        frame.octets,
        ranges_stored(&frame.masked)
    ])?;
    Ok(inserted == 1)
}

fn octets_in(ranges: &[Range]) -> u64 {
    ranges.iter().map(|range| u64::from(range.length)).sum()
}

/// The frames that evidence of a capture refers to, by number, with the most that each is needed for.
pub(crate) fn frames_by_importance(
    connection: &Connection,
    capture: i64,
) -> Result<BTreeMap<u64, Importance>> {
    let mut frames = BTreeMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT fact.evidence, 1 FROM station JOIN fact ON fact.station = station.id
            WHERE station.capture = ?1 AND fact.evidence IS NOT NULL
         UNION ALL SELECT mention.evidence, 0 FROM station JOIN mention ON mention.station = station.id
            WHERE station.capture = ?1 AND mention.evidence IS NOT NULL
         UNION ALL SELECT operation.evidence, 0 FROM station JOIN conversation ON conversation.client = station.id
            JOIN operation ON operation.conversation = conversation.id
            WHERE station.capture = ?1 AND operation.evidence IS NOT NULL",
    )?;
    let mut rows = statement.query([capture])?;
    while let Some(row) = rows.next()? {
        let octets = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let importance = if row.get(1)? { Importance::Fact } else { Importance::Other };
        want(&Evidence { ranges: ranges_read(octets)? }, importance, &mut frames);
    }
    Ok(frames)
}

/// The numbers of all frames that evidence of a capture refers to.
pub(crate) fn frames_referred_to(connection: &Connection, capture: i64) -> Result<BTreeSet<u64>> {
    Ok(frames_by_importance(connection, capture)?.into_keys().collect())
}

/// Drops frames whose evidence was replaced by an earlier one, so that the order of batches does not show.
pub(crate) fn drop_unneeded_frames(transaction: &Transaction<'_>, capture: i64) -> Result<()> {
    let needed = frames_referred_to(transaction, capture)?;
    for number in frame_numbers(transaction, capture)? {
        if !needed.contains(&number) {
            transaction
                .prepare_cached("DELETE FROM frame WHERE capture = ?1 AND number = ?2")?
                .execute(params![capture, stored(number)])?;
        }
    }
    Ok(())
}

/// The numbers of the frames kept of a capture, ascending.
pub(crate) fn frame_numbers(connection: &Connection, capture: i64) -> Result<Vec<u64>> {
    let mut statement =
        connection.prepare_cached("SELECT number FROM frame WHERE capture = ?1 ORDER BY number")?;
    let numbers: Vec<i64> =
        statement.query_map([capture], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(numbers.into_iter().filter_map(|number| u64::try_from(number).ok()).collect())
}

impl Register {
    /// The frame of a capture that was kept as proof; `None` if it was not, or there is no such capture.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn evidence(&self, capture: &str, frame: u64) -> Result<Option<KeptFrame>> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT time, link_type, original_length, frame.octets, masked FROM frame
                 JOIN capture ON capture.id = frame.capture WHERE capture.uid = ?1 AND frame.number = ?2",
            )?
            .query_row(params![capture, stored(frame)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, Vec<u8>>(4)?))
            })
            .optional()?;
        found
            .map(|(time, link_type, original_length, octets, masked)| {
                let masked = ranges_read(&masked)?;
                Ok(KeptFrame { frame, time: Time(time), link_type, original_length, octets, masked })
            })
            .transpose()
    }

    /// The numbers of the frames kept of a capture, ascending.
    ///
    /// # Errors
    ///
    /// Fails if there is no such capture or the register cannot be read.
    pub fn kept_frames(&self, capture: &str) -> Result<Vec<u64>> {
        let id = self
            .connection
            .prepare_cached("SELECT id FROM capture WHERE uid = ?1")?
            .query_row([capture], |row| row.get(0))
            .optional()?
            .ok_or_else(|| Error::UnknownCapture(capture.into()))?;
        frame_numbers(&self.connection, id)
    }
}
