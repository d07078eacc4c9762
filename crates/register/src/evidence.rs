//! Evidence: which octets prove a row, and the frames kept so that proof survives the capture file.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use observation::{Evidence, KeptFrame, Time};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::columns::{counted, ranges_read, stored};
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

/// Frames that evidence refers to, with what each is needed for.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Vec<(u64, Importance)>);

impl Wanted {
    /// Adds the frames of evidence that is stored.
    pub(crate) fn add(&mut self, evidence: &Evidence, importance: Importance) {
        self.0.extend(evidence.ranges.iter().map(|range| (range.frame, importance)));
    }

    /// Adds what others want.
    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// By number, with the most that each is needed for.
    pub(crate) fn by_number(mut self) -> Vec<(u64, Importance)> {
        self.0.sort_unstable_by_key(|(number, importance)| (*number, Reverse(*importance)));
        self.0.dedup_by_key(|(number, _)| *number);
        self.0
    }
}

/// The frames that evidence of a capture refers to, by number, with the most that each is needed for.
pub(crate) fn frames_by_importance(
    connection: &Connection,
    capture: i64,
) -> Result<BTreeMap<u64, Importance>> {
    let mut frames = Wanted::default();
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
        frames.add(&Evidence { ranges: ranges_read(octets)? }, importance);
    }
    Ok(frames.by_number().into_iter().collect())
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
