//! The end of a capture: it becomes real, or proves known and is thrown away.

use observation::{CaptureSummary, Time, number_of};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use crate::columns::stored;
use crate::error::{Error, Result};
use crate::evidence::{Kept, drop_unneeded_frames};
use crate::journal::{self, Actor};
use crate::open::Register;
use crate::retention::{COUNTER_FRAMES_PRUNED, COUNTER_MALFORMED_PRUNED};
use crate::write::CaptureWriter;

/// Counter of a capture: frames that would prove something and were not kept, because of
/// [`FRAMES_MAX`](crate::FRAMES_MAX) or [`FRAME_OCTETS_MAX`](crate::FRAME_OCTETS_MAX).
pub const COUNTER_FRAMES_NOT_KEPT: &str = "limit: evidence frames not kept";

/// Counter of a capture: malformed messages that were not kept, because of [`MALFORMED_MAX`](crate::MALFORMED_MAX).
pub const COUNTER_MALFORMED_NOT_KEPT: &str = "limit: malformed messages not kept";

/// Line of the journal for a capture that became real.
const IMPORTED: &str = "import";

/// Line of the journal for a capture that was known.
const REPEATED: &str = "import repeated";

/// How a capture ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// It is in the register now.
    New,
    /// It was in the register before; nothing has changed but one line of the journal.
    AlreadyImported {
        /// The site it was imported for, which may be another than this time.
        site: String,
        /// Its name then.
        name: String,
        /// When that was, by the wall clock then.
        imported_at: Option<Time>,
    },
}

impl Register {
    /// Ends a capture: in one transaction it becomes real, or, if a capture with the same id is there already, it is
    /// thrown away. Either way the journal gets one line.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written; the capture is then provisional still and goes with the next import.
    pub fn finish_capture(
        &mut self,
        capture: CaptureWriter,
        summary: &CaptureSummary,
        actor: &Actor<'_>,
    ) -> Result<Finished> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known: Option<(i64, String, String)> = transaction
            .prepare_cached("SELECT id, site, name FROM capture WHERE uid = ?1 AND id <> ?2")?
            .query_row(params![summary.uid, capture.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if let Some((_, site, name)) = known {
            delete(&transaction, capture.id)?;
            let imported_at = transaction
                .prepare_cached(
                    "SELECT at FROM journal WHERE subject = ?1 AND action = ?2 ORDER BY seq DESC LIMIT 1",
                )?
                .query_row(params![summary.uid, IMPORTED], |row| row.get(0).map(Time))
                .optional()?;
            journal::append(&transaction, actor, REPEATED, &summary.uid, &detail(summary))?;
            transaction.commit()?;
            return Ok(Finished::AlreadyImported { site, name, imported_at });
        }
        if capture.kept.replaced {
            drop_unneeded_frames(&transaction, capture.id)?;
        }
        describe(&transaction, &capture, summary)?;
        transaction
            .prepare_cached("UPDATE capture SET uid = ?2 WHERE id = ?1")?
            .execute(params![capture.id, summary.uid])?;
        journal::append(&transaction, actor, IMPORTED, &summary.uid, &detail(summary))?;
        transaction.commit()?;
        Ok(Finished::New)
    }

    /// Stores what is known of a running capture so far, so that lists show a live session as it goes.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written.
    pub fn update_summary(&mut self, capture: &CaptureWriter, summary: &CaptureSummary) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        describe(&transaction, capture, summary)?;
        transaction.commit()?;
        Ok(())
    }

    /// Throws a capture away: every row of it, and no line of the journal.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written; the rows go with the next import then.
    pub fn abandon(&mut self, capture: CaptureWriter) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        delete(&transaction, capture.id)?;
        transaction.commit()?;
        Ok(())
    }
}

fn delete(transaction: &Transaction<'_>, capture: i64) -> Result<()> {
    transaction.prepare_cached("DELETE FROM capture WHERE id = ?1")?.execute([capture])?;
    Ok(())
}

fn describe(transaction: &Transaction<'_>, capture: &CaptureWriter, summary: &CaptureSummary) -> Result<()> {
    let rows = transaction
        .prepare_cached(
            "UPDATE capture SET kind = ?2, name = ?3, site = ?4, sensor = ?5, interface = ?6, octets = ?7, frames = ?8,
                kernel_drops = ?9, first = ?10, last = ?11, status = ?12, stopped = ?13 WHERE id = ?1",
        )?
        .execute(params![
            capture.id,
            summary.kind.as_str(),
            summary.name,
            summary.site,
            summary.sensor,
            summary.interface,
            stored(summary.octets),
            stored(summary.frames),
            stored(summary.kernel_drops),
            summary.first.map(|time| time.0),
            summary.last.map(|time| time.0),
            summary.status.as_str(),
            summary.stopped
        ])?;
    if rows == 0 {
        return Err(Error::CaptureGone);
    }
    let Kept { frames_dropped, malformed_dropped, .. } = capture.kept;
    let own = [(COUNTER_FRAMES_NOT_KEPT, frames_dropped), (COUNTER_MALFORMED_NOT_KEPT, malformed_dropped)];
    let given = summary.counters.iter().map(|(name, count)| (name.as_str(), *count));
    // What retention has counted stays.
    transaction
        .prepare_cached("DELETE FROM capture_counter WHERE capture = ?1 AND name NOT IN (?2, ?3)")?
        .execute(params![capture.id, COUNTER_FRAMES_PRUNED, COUNTER_MALFORMED_PRUNED])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO capture_counter (capture, name, count) VALUES (?1, ?2, ?3)
         ON CONFLICT (capture, name) DO UPDATE SET count = min(9223372036854775807, count + excluded.count)",
    )?;
    for (name, count) in given.chain(own).filter(|(_, count)| *count > 0) {
        insert.execute(params![capture.id, name, stored(count)])?;
    }
    Ok(())
}

fn detail(summary: &CaptureSummary) -> String {
    format!(
        "name {}; site {}; {}; {}; {}",
        summary.name,
        summary.site,
        number_of(summary.frames, "frame"),
        number_of(summary.octets, "octet"),
        summary.status.as_str()
    )
}
