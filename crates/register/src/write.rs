//! Writing captures: deltas are added up, one transaction per batch.

use foldhash::{HashMap, HashMapExt};
use observation::{Batch, CaptureKind, Station};
use rusqlite::{Transaction, TransactionBehavior, params};

use crate::bulk::{Bulk, is_large};
use crate::error::{Error, Result};
use crate::evidence::{Kept, Wanted};
use crate::frames::keep_frames;
use crate::journal::{self, Actor};
use crate::lock::WriteLock;
use crate::open::Register;
use crate::rows::Rows;

/// Most malformed messages that are kept of one capture; the summary counts all.
pub const MALFORMED_MAX: u64 = 10_000;

/// Why a live session that has not been finished reads as cut off.
const NOT_ENDED: &str = "the session has not ended";

/// A capture that begins.
#[derive(Clone, Copy, Debug)]
pub struct CaptureStart<'a> {
    /// The id, where it is known at the start: that of a live session ([`session_uid`]). Such a capture is real at
    /// once. Of a file it is `None`: the hash is known when the file has been read.
    pub uid: Option<&'a str>,
    /// File or live.
    pub kind: CaptureKind,
    /// File name without its folders, or the interface.
    pub name: &'a str,
    /// The site that its stations belong to.
    pub site: &'a str,
    /// Name of the sensor, empty for imports.
    pub sensor: &'a str,
    /// Interface of a live session, empty for files.
    pub interface: &'a str,
}

/// A fresh id for a live session: a random UUID.
#[must_use]
pub fn session_uid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A capture that is being written.
///
/// End it with [`Register::finish_capture`] or [`Register::abandon`]. Dropped without either, its rows are thrown away
/// by the next import, except for a live session, which stays as it is.
#[derive(Debug)]
#[must_use = "a capture that is not finished is thrown away"]
pub struct CaptureWriter {
    pub(crate) id: i64,
    /// Row numbers of stations; seeded, so that addresses from the wire cannot be chosen to collide.
    pub(crate) stations: HashMap<Station, i64>,
    pub(crate) kept: Kept,
}

impl Register {
    /// Begins a capture. The first one takes the lock for writing captures, and throws away what imports that died
    /// have left behind (one line of the journal for each).
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if another process writes captures, [`Error::CaptureExists`] if `start.uid` is known already.
    pub fn begin_capture(&mut self, start: &CaptureStart<'_>, actor: &Actor<'_>) -> Result<CaptureWriter> {
        if self.lock.is_none()
            && let Some(path) = &self.path
        {
            self.lock = Some(WriteLock::take(path)?);
            self.throw_away_leftovers(actor)?;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(uid) = start.uid
            && transaction.prepare_cached("SELECT 1 FROM capture WHERE uid = ?1")?.exists([uid])?
        {
            return Err(Error::CaptureExists(uid.into()));
        }
        transaction
            .prepare_cached(
                "INSERT INTO capture (uid, kind, name, site, sensor, interface, status, stopped)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'truncated', ?7)",
            )?
            .execute(params![
                start.uid,
                start.kind.as_str(),
                start.name,
                start.site,
                start.sensor,
                start.interface,
                NOT_ENDED
            ])?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        Ok(CaptureWriter { id, stations: HashMap::new(), kept: Kept::default() })
    }

    /// Adds a batch to a capture, in one transaction.
    ///
    /// Counts are added, first and last times widened. The evidence that names the lowest frame stays. Of
    /// `batch.frames` those are kept that evidence stored by this batch refers to, up to
    /// [`FRAMES_MAX`](crate::FRAMES_MAX) and [`FRAME_OCTETS_MAX`](crate::FRAME_OCTETS_MAX).
    ///
    /// # Errors
    ///
    /// Fails without a trace of the batch: it may be written again.
    pub fn write(&mut self, capture: &mut CaptureWriter, batch: &Batch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let kept = capture.kept;
        let result = self.write_batch(capture, batch);
        if result.is_err() {
            // Row numbers and counts of a transaction that was rolled back are worth nothing.
            capture.stations.clear();
            capture.kept = kept;
        }
        result
    }

    fn write_batch(&mut self, capture: &mut CaptureWriter, batch: &Batch) -> Result<()> {
        // Numbers remembered of earlier batches may be of rows that are gone.
        let bulk = Bulk::begin(&self.connection, capture.stations.is_empty() && is_large(batch))?;
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        if !transaction.prepare_cached("SELECT 1 FROM capture WHERE id = ?1")?.exists([capture.id])? {
            return Err(Error::CaptureGone);
        }
        capture.kept.recount(&transaction, capture.id)?;
        let wanted = Rows { transaction: &transaction, capture, wanted: Wanted::default() }.add(batch)?;
        keep_frames(&transaction, capture.id, &mut capture.kept, wanted, &batch.frames)?;
        transaction.commit()?;
        bulk.end()
    }

    /// Deletes the rows of imports that ended without a word.
    fn throw_away_leftovers(&mut self, actor: &Actor<'_>) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let names: Vec<String> = transaction
            .prepare("SELECT name FROM capture WHERE uid IS NULL ORDER BY id")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for name in &names {
            journal::append(
                &transaction,
                actor,
                "import discarded",
                name,
                "it ended before it was complete",
            )?;
        }
        transaction.execute("DELETE FROM capture WHERE uid IS NULL", [])?;
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Presence, Sighting, Time};

    use super::*;
    use crate::rows::STATIONS_REMEMBERED_MAX;

    fn presences(count: u8) -> Batch {
        let presence = |number: u8| Presence {
            station: Station::root(std::net::IpAddr::from([10, 0, 0, number]).into(), None),
            sighting: Sighting::once(Time(0)),
            octets: 60,
        };
        Batch { presences: (0..count).map(presence).collect(), ..Batch::default() }
    }

    fn session() -> (Register, CaptureWriter) {
        let mut register = Register::in_memory().unwrap();
        let start = CaptureStart {
            uid: Some("a"),
            kind: CaptureKind::Live,
            name: "eth1",
            site: "",
            sensor: "",
            interface: "eth1",
        };
        let writer = register.begin_capture(&start, &Actor { name: "sensor", at: Time(0) }).unwrap();
        (register, writer)
    }

    #[test]
    fn a_batch_that_fails_leaves_no_trace_and_may_be_written_again() {
        let (mut register, mut writer) = session();
        register.write(&mut writer, &presences(3)).unwrap();

        // The disk is full.
        let pages: i64 = register.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        register.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        let error = register.write(&mut writer, &presences(255)).unwrap_err();
        assert!(error.to_string().contains("full"), "{error}");
        assert_eq!(register.observed().unwrap().captures[0].observed.presences.len(), 3);

        register
            .connection
            .pragma_update_and_check(None, "max_page_count", pages + 1000, |_| Ok(()))
            .unwrap();
        register.write(&mut writer, &presences(255)).unwrap();
        let observed = register.observed().unwrap();
        let counts: Vec<u64> =
            observed.captures[0].observed.presences.iter().map(|presence| presence.sighting.count).collect();
        assert_eq!((counts.len(), counts.iter().sum::<u64>()), (255, 258));
    }

    #[test]
    fn a_large_first_batch_leaves_foreign_keys_sound_and_in_force_whether_it_fails_or_not() {
        let numbers = |register: &Register| -> (i64, i64, i64) {
            let number = |sql: &str| register.connection.query_row(sql, [], |row| row.get(0)).unwrap();
            let broken = "SELECT count(*) FROM pragma_foreign_key_check";
            (number("PRAGMA foreign_keys"), number(broken), number("SELECT count(*) FROM station"))
        };
        let (mut register, mut writer) = session();
        let stations = (0..10_000_u32).map(|number| Presence {
            station: Station::root(std::net::IpAddr::from(number.to_be_bytes()).into(), None),
            sighting: Sighting::once(Time(0)),
            octets: 60,
        });
        let batch = Batch { presences: stations.collect(), ..Batch::default() };
        let pages: i64 = register.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        register.connection.pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(())).unwrap();
        register.write(&mut writer, &batch).unwrap_err();
        assert_eq!(numbers(&register), (1, 0, 0));

        register
            .connection
            .pragma_update_and_check(None, "max_page_count", pages + 10_000, |_| Ok(()))
            .unwrap();
        register.write(&mut writer, &batch).unwrap();
        assert_eq!(numbers(&register), (1, 0, 10_000));
        register.abandon(writer).unwrap();
        assert_eq!(numbers(&register), (1, 0, 0));
    }

    #[test]
    fn more_stations_than_are_remembered_are_still_one_row_each() {
        let (mut register, mut writer) = session();
        let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        let all = (0..STATIONS_REMEMBERED_MAX + 10).map(|at| Presence {
            station: Station::root(std::net::IpAddr::from(number(at)).into(), None),
            sighting: Sighting::once(Time(0)),
            octets: 60,
        });
        let batch = Batch { presences: all.collect(), ..Batch::default() };
        register.write(&mut writer, &batch).unwrap();
        register.write(&mut writer, &batch).unwrap();
        assert!(writer.stations.len() <= STATIONS_REMEMBERED_MAX);
        assert_eq!(register.stats().unwrap().stations, batch.presences.len() as u64);
    }
}
