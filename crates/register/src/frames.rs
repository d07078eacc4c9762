//! Keeping the frames that prove something, many with one statement.

use observation::{KeptFrame, Range};
use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

use crate::columns::{ranges_read, ranges_stored, stored};
use crate::error::Result;
use crate::evidence::{FRAME_OCTETS_MAX, FRAMES_MAX, Importance, Kept, Wanted};
use crate::many::{Binding, ROWS, Sums};

const TABLE: Sums = Sums {
    insert: "INSERT INTO frame (id, capture, number, time, link_type, original_length, octets, masked)",
    conflict: "ON CONFLICT DO NOTHING",
};

const COLUMNS: usize = 8;

/// Keeps those of `frames` that are wanted, facts' frames first.
pub(crate) fn keep_frames(
    transaction: &Transaction<'_>,
    capture: i64,
    kept: &mut Kept,
    wanted: Wanted,
    frames: &[KeptFrame],
) -> Result<()> {
    let wanted = wanted.by_number();
    if wanted.is_empty() || frames.is_empty() {
        return Ok(());
    }
    let mut given: Vec<&KeptFrame> = frames.iter().collect();
    given.sort_by_key(|frame| frame.frame);
    let found = |number: u64| {
        let (up_to_it, _) = given.split_at(given.partition_point(|frame| frame.frame <= number));
        up_to_it.last().copied().filter(|frame| frame.frame == number)
    };
    let wanted: Vec<(&KeptFrame, Importance)> =
        wanted.iter().filter_map(|(number, importance)| Some((found(*number)?, *importance))).collect();
    let shares = [
        (Importance::Fact, FRAMES_MAX, FRAME_OCTETS_MAX),
        (Importance::Other, FRAMES_MAX / 2, FRAME_OCTETS_MAX / 2),
    ];
    let mut keeping = Keeping::prepare(transaction, capture, kept)?;
    for (importance, frames_max, octets_max) in shares {
        for (frame, _) in wanted.iter().filter(|(_, needed)| *needed == importance) {
            if !keeping.has_room(frame, frames_max, octets_max) {
                // Of what waits some may be there already and take no room.
                keeping.write()?;
            }
            if keeping.has_room(frame, frames_max, octets_max) {
                keeping.add(frame)?;
            } else if keeping.known(frame)?.is_none() {
                keeping.kept.frames_dropped = keeping.kept.frames_dropped.saturating_add(1);
            }
        }
    }
    keeping.write()
}

/// Frames on their way into the register. [`write`](Self::write) writes the last of them.
struct Keeping<'t, 'b> {
    transaction: &'t Transaction<'t>,
    capture: i64,
    kept: &'b mut Kept,
    /// Number of the row added last. Nobody else adds rows before the transaction ends.
    last: i64,
    /// For [`ROWS`] rows at one time.
    insert: Option<CachedStatement<'t>>,
    waiting: Vec<&'b KeptFrame>,
    octets_waiting: u64,
}

impl<'t, 'b> Keeping<'t, 'b> {
    fn prepare(transaction: &'t Transaction<'t>, capture: i64, kept: &'b mut Kept) -> Result<Self> {
        let last = transaction
            .prepare_cached("SELECT coalesce(max(id), 0) FROM frame")?
            .query_row([], |row| row.get(0))?;
        let waiting = Vec::with_capacity(ROWS);
        Ok(Self { transaction, capture, kept, last, insert: None, waiting, octets_waiting: 0 })
    }

    /// True if a frame fits when all that wait are kept.
    fn has_room(&self, frame: &KeptFrame, frames_max: u64, octets_max: u64) -> bool {
        let frames = self.kept.frames.saturating_add(self.waiting.len() as u64);
        let octets = self.kept.octets.saturating_add(self.octets_waiting);
        frames < frames_max && octets.saturating_add(frame.octets.len() as u64) <= octets_max
    }

    fn add(&mut self, frame: &'b KeptFrame) -> Result<()> {
        self.waiting.push(frame);
        self.octets_waiting = self.octets_waiting.saturating_add(frame.octets.len() as u64);
        if self.waiting.len() >= ROWS { self.write() } else { Ok(()) }
    }

    /// Writes the frames that wait.
    fn write(&mut self) -> Result<()> {
        let mut frames = std::mem::take(&mut self.waiting);
        self.octets_waiting = 0;
        if frames.len() < ROWS {
            for frame in &frames {
                let mut insert = self.prepare_insert(1)?;
                self.write_with(&mut insert, std::slice::from_ref(frame))?;
            }
        } else {
            let mut insert = match self.insert.take() {
                Some(insert) => insert,
                None => self.prepare_insert(ROWS)?,
            };
            self.write_with(&mut insert, &frames)?;
            self.insert = Some(insert);
        }
        frames.clear();
        self.waiting = frames;
        Ok(())
    }

    fn prepare_insert(&self, rows: usize) -> Result<CachedStatement<'t>> {
        Ok(self.transaction.prepare_cached(&TABLE.text(COLUMNS, rows))?)
    }

    /// Writes just as many frames as `insert` is for.
    fn write_with(&mut self, insert: &mut CachedStatement<'_>, frames: &[&KeptFrame]) -> Result<()> {
        let before = self.last;
        let numbered = || (1..).zip(frames).map(|(at, frame): (i64, _)| (before.wrapping_add(at), frame));
        let mut binding = Binding::of(insert);
        for (id, frame) in numbered() {
            binding.next(id)?;
            binding.next(self.capture)?;
            binding.next(stored(frame.frame))?;
            binding.next(frame.time.0)?;
            binding.next(frame.link_type)?;
            binding.next(frame.original_length)?;
            binding.next(frame.octets.as_slice())?;
            binding.next(ranges_stored(&frame.masked))?;
        }
        // Most frames are new: for them one statement does it all.
        let are_new = binding.execute()? == frames.len();
        for (id, frame) in numbered() {
            let known = if are_new { Some(id) } else { self.known(frame)? };
            if known == Some(id) {
                self.kept.frames = self.kept.frames.saturating_add(1);
                self.kept.octets = self.kept.octets.saturating_add(frame.octets.len() as u64);
            } else if known.is_none() {
                self.kept.frames_dropped = self.kept.frames_dropped.saturating_add(1);
            }
            self.last = id;
        }
        Ok(())
    }

    /// The row of a frame that is there, with no more masked than is here.
    fn known(&self, frame: &KeptFrame) -> Result<Option<i64>> {
        let known: Option<(i64, Vec<u8>)> = self
            .transaction
            .prepare_cached("SELECT id, masked FROM frame WHERE capture = ?1 AND number = ?2")?
            .query_row(params![self.capture, stored(frame.frame)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, masked)) = known else { return Ok(None) };
        // What was not read yet is masked; when it has been, the frame comes again with less.
        if octets_in(&ranges_read(&masked)?) > octets_in(&frame.masked) {
            self.transaction
                .prepare_cached("UPDATE frame SET octets = ?2, masked = ?3 WHERE id = ?1")?
                .execute(params![id, frame.octets, ranges_stored(&frame.masked)])?;
        }
        Ok(Some(id))
    }
}

fn octets_in(ranges: &[Range]) -> u64 {
    ranges.iter().map(|range| u64::from(range.length)).sum()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Evidence, Time};
    use rusqlite::Connection;

    use super::*;

    /// A frame whose first octets are masked.
    fn frame(number: u64, masked: u32) -> KeptFrame {
        let ranges = (masked > 0).then_some(Range { frame: number, offset: 0, length: masked });
        KeptFrame {
            frame: number,
            time: Time(0),
            link_type: 1,
            original_length: 60,
            octets: vec![0; 60],
            masked: ranges.into_iter().collect(),
        }
    }

    fn wanted(numbers: impl Iterator<Item = u64>, importance: Importance) -> Wanted {
        let mut wanted = Wanted::default();
        for frame in numbers {
            wanted.add(&Evidence { ranges: vec![Range { frame, offset: 0, length: 1 }] }, importance);
        }
        wanted
    }

    /// A register with one capture.
    fn register() -> Connection {
        let connection = crate::Register::in_memory().unwrap().connection;
        connection
            .execute_batch(
                "INSERT INTO capture (id, kind, name, site, sensor, interface, status)
                 VALUES (1, 'file', '', '', '', '', 'complete')",
            )
            .unwrap();
        connection
    }

    #[test]
    fn new_frames_and_known_ones_go_together_and_the_least_masked_stays() {
        let mut connection = register();
        let transaction = connection.transaction().unwrap();
        let mut kept = Kept::default();
        let first: Vec<KeptFrame> = (0..40).map(|number| frame(number, 9)).collect();
        keep_frames(&transaction, 1, &mut kept, wanted(0..40, Importance::Fact), &first).unwrap();
        // Even ones come again with less masked, odd ones with more; what is not wanted is not kept.
        let second: Vec<KeptFrame> =
            (20..200).map(|number| frame(number, if number % 2 == 0 { 5 } else { 12 })).collect();
        keep_frames(&transaction, 1, &mut kept, wanted(20..90, Importance::Other), &second).unwrap();
        let mut statement = transaction.prepare("SELECT number, masked FROM frame ORDER BY number").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let found: Vec<(i64, Vec<u8>)> = rows.collect::<rusqlite::Result<_>>().unwrap();
        let expected = (0..90_u64).map(|number| {
            let masked = match (number, number % 2 == 0) {
                (20.., true) => 5,
                (40.., false) => 12,
                _ => 9,
            };
            (stored(number), ranges_stored(&frame(number, masked).masked))
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
        assert_eq!((kept.frames, kept.octets, kept.frames_dropped), (90, 90 * 60, 0));
    }

    #[test]
    fn known_frames_take_no_room_of_new_ones() {
        let mut connection = register();
        let transaction = connection.transaction().unwrap();
        let mut kept = Kept { frames: FRAMES_MAX - 10, ..Kept::default() };
        let frames: Vec<KeptFrame> = (0..30).map(|number| frame(number, 0)).collect();
        keep_frames(&transaction, 1, &mut kept, wanted(0..5, Importance::Fact), &frames).unwrap();
        // Five are there; five more fit, the rest do not.
        keep_frames(&transaction, 1, &mut kept, wanted(0..30, Importance::Fact), &frames).unwrap();
        let rows: i64 = transaction.query_row("SELECT count(*) FROM frame", [], |row| row.get(0)).unwrap();
        assert_eq!((rows, kept.frames, kept.frames_dropped), (10, FRAMES_MAX, 20));
    }
}
