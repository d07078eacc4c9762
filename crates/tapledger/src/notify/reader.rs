//! The thread that reads the register: read-only, when it was written since, and never more than a tenth of the time.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use ::export::events::JournalHead;
use inventory::Options;
use observation::Time;
use register::{Register, Stamp};

use super::board::{Board, Reading};
use super::instant;
use crate::config::Config;
use crate::session;

/// How many times as long as a reading took nothing is read.
const PAUSE_FACTOR: u32 = 9;

/// Longest step of a file system's clock: FAT counts in two seconds.
const STEP: Duration = Duration::from_secs(2);

/// Readings that are tried where the file changes under a reader that nobody knows of.
const TRIES: u32 = 3;

/// Reads until the end.
pub(crate) fn run(config: &Config, board: &Arc<Board>) {
    let mut last: Option<Stamp> = None;
    let mut said: Option<String> = None;
    loop {
        let read = read(config, board, last);
        let took = match &read {
            Ok(Some(reading)) => {
                // What was written in the same moment of the file system's clock does not show: look once more.
                last = Some(reading.stamp).filter(|stamp| has_rested(stamp, reading.at));
                said = None;
                reading.took
            }
            Ok(None) => Duration::ZERO,
            Err(problem) => {
                last = None;
                if said.as_ref() != Some(problem) {
                    tracing::warn!(event = "register", problem = %export::safe_text(problem), "not read");
                    said = Some(problem.clone());
                }
                Duration::ZERO
            }
        };
        board.put(read);
        if !board.rest(config.notify.interval.max(took.saturating_mul(PAUSE_FACTOR))) {
            return;
        }
    }
}

/// True if the files were not written shortly before they were read.
fn has_rested(stamp: &Stamp, read: Time) -> bool {
    let changed = stamp.changed().and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
    let read = Duration::from_nanos(u64::try_from(read.0).unwrap_or(0));
    changed.is_none_or(|changed| read.saturating_sub(changed) > STEP)
}

/// The register, if it was written since `last`.
fn read(config: &Config, board: &Board, last: Option<Stamp>) -> Result<Option<Reading>, String> {
    let path = &config.register;
    for _ in 0..TRIES {
        let before = Stamp::of(path);
        if last == Some(before) {
            return Ok(None);
        }
        let reading = once(config, path, board, before).map_err(|error| error.to_string());
        // A writer that appends to the log disturbs nobody; one that folds it changes what an unknown reader reads.
        match reading {
            Ok(reading) if Stamp::of(path) == before || before.octets[1] > 0 => return Ok(Some(reading)),
            Err(problem) if Stamp::of(path) == before => return Err(problem),
            _ => {}
        }
    }
    Err("the register changed while it was read; it is read again".to_owned())
}

fn once(config: &Config, path: &Path, board: &Board, stamp: Stamp) -> register::Result<Reading> {
    let (began, at) = (instant(), session::now());
    let register = Register::open_read_only(path)?;
    let snapshot = register.snapshot(None, |observed, options| {
        let mut options: Options = options.clone();
        options.plant_prefixes.extend(config.prefixes.iter().copied());
        inventory::resolve(observed, &options)
    })?;
    let (line, hash) = register.journal_end()?.unwrap_or_default();
    let lines = board.lines().into_iter();
    let hashes =
        lines.map(|line| Ok((line, register.journal_hash(line)?))).collect::<register::Result<_>>()?;
    Ok(Reading {
        snapshot,
        head: JournalHead { line, hash },
        hashes,
        stamp,
        at,
        took: instant().saturating_duration_since(began),
    })
}
