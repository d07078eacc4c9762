//! Putting a backup in the place of a register.

use std::fs::File;
use std::path::{Path, PathBuf};

use observation::{NANOS_PER_DAY, Time};
use rusqlite::{Connection, OpenFlags};

use crate::backup::{Partial, checksum_of, digest, inspect, is_readable, mode_like, owner_like, sync_folder};
use crate::error::{Error, Result};
use crate::journal::Actor;
use crate::lock::WriteLock;
use crate::migrate::beside;
use crate::open::Register;
use crate::schema::SCHEMA_VERSION;

/// Files that belong to a register, by what stands behind its name.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Most registers that are kept aside of one second.
const ASIDE_MAX: u32 = 1000;

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// SHA-256 of the backup, in hexadecimal.
    pub sha256: String,
    /// True if it was compared with the hash beside the backup; false if there is none.
    pub checksum_compared: bool,
    /// Schema of the backup; an older one was brought up to date.
    pub schema: i64,
    /// The register that was there before, kept aside.
    pub replaced: Option<PathBuf>,
}

impl Register {
    /// Puts `backup` in the place of the register at `path`, and keeps that one aside as
    /// `<path>.replaced-<time of the actor>`. Before anything is touched the backup is compared with its hash, where
    /// there is one, and found sound. There is a register at `path` at every moment, the old or the new one. The
    /// journal of the new one gets a line.
    ///
    /// # Errors
    ///
    /// Fails and changes nothing if the backup is not sound, is of a newer schema or is a register in use, if another
    /// process writes captures into the register or has it open, or if the disk is full.
    pub fn restore(path: &Path, backup: &Path, actor: &Actor<'_>) -> Result<Restored> {
        let verified = verify(backup)?;
        let lock = WriteLock::take(path)?;
        if path.exists() {
            close(path)?;
        }
        // Beside the register, so that it needs but a new name; hashed again, so that what was verified is what is put there.
        let copy = Partial::of(path)?;
        std::fs::copy(backup, &copy.0).map_err(|source| Error::File { path: copy.0.clone(), source })?;
        if digest(&copy.0)? != verified.sha256 {
            return Err(Error::UnsoundCopy {
                path: backup.into(),
                problem: "it changes while it is read".into(),
            });
        }
        let replaced = match path.metadata() {
            Ok(metadata) => {
                mode_like(&copy.0, &metadata)?;
                owner_like(&copy.0, &metadata)?;
                Some(put_aside(path, actor.at)?)
            }
            Err(_) => None,
        };
        copy.become_file(path)?;
        let mut register = Self::open_existing(path)?;
        register.lock = Some(lock);
        let before = match &replaced {
            Some(aside) => {
                format!(
                    "the register before is kept as {}",
                    aside.file_name().unwrap_or_default().to_string_lossy()
                )
            }
            None => "there was no register before".into(),
        };
        let name = backup.file_name().unwrap_or(backup.as_os_str()).to_string_lossy();
        register.record(actor, "restore", &name, &format!("SHA-256 {}; {before}", verified.sha256))?;
        Ok(Restored { replaced, ..verified })
    }
}

/// Checks a backup, and changes nothing.
fn verify(backup: &Path) -> Result<Restored> {
    let unsound = |problem: String| Error::UnsoundCopy { path: backup.into(), problem };
    if !backup.exists() {
        return Err(Error::NoSuchFile(backup.into()));
    }
    let log = beside(backup, COMPANIONS[0]);
    if log.metadata().is_ok_and(|metadata| metadata.len() > 0) {
        let name = log.display();
        return Err(unsound(format!("{name} stands beside it: it is a register in use and no backup")));
    }
    let sha256 = digest(backup)?;
    let expected = checksum_of(backup)?;
    if let Some(expected) = &expected
        && *expected != sha256
    {
        return Err(unsound(format!("its SHA-256 is {sha256}, and {expected} beside it")));
    }
    let inspection = inspect(backup)?;
    if inspection.schema > SCHEMA_VERSION {
        return Err(Error::NewerSchema {
            path: backup.into(),
            version: inspection.schema,
            known: SCHEMA_VERSION,
        });
    }
    inspection.require(backup)?;
    Ok(Restored { sha256, checksum_compared: expected.is_some(), schema: inspection.schema, replaced: None })
}

/// Folds the log of a register into it and proves that nobody else has it open: leaving the write-ahead log needs it
/// alone. A register that is too damaged for that is replaced all the same: that is what backups are for. (SQLite throws
/// away the log of a file whose first page it cannot read, so such a one is not opened at all.)
fn close(path: &Path) -> Result<()> {
    if !is_readable(path) {
        return Ok(());
    }
    let leave = || -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
    };
    match leave().map_err(Error::from) {
        Err(Error::Locked) => Err(Error::InUse { path: path.into(), process: None }),
        _ => Ok(()),
    }
}

/// Gives the register another name as well; its own is free to be taken. A log that is left of a damaged one goes with
/// it, or it would be read into the next.
fn put_aside(path: &Path, at: Time) -> Result<PathBuf> {
    let seconds = at.0.rem_euclid(NANOS_PER_DAY) / 1_000_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let stamp = format!(".replaced-{}T{hour:02}{minute:02}{second:02}Z", at.day());
    let mut nth = 1_u32;
    let aside = loop {
        let name = if nth == 1 { stamp.clone() } else { format!("{stamp}.{nth}") };
        let aside = beside(path, &name);
        let failed = |source| Error::File { path: aside.clone(), source };
        match std::fs::hard_link(path, &aside) {
            Ok(()) => break aside,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && nth < ASIDE_MAX => {
                nth = nth.saturating_add(1);
            }
            // Not every file system has two names for a file: there the register is away for a moment.
            Err(_) if !aside.exists() => {
                std::fs::rename(path, &aside).map_err(failed)?;
                break aside;
            }
            Err(error) => return Err(failed(error)),
        }
    };
    for companion in COMPANIONS {
        let (own, other) = (beside(path, companion), beside(&aside, companion));
        if own.exists() {
            std::fs::rename(&own, &other).map_err(|source| Error::File { path: own.clone(), source })?;
        }
    }
    // The old file must have its new name before the new one can take its own.
    File::options()
        .read(true)
        .open(&aside)
        .and_then(|file| file.sync_all())
        .map_err(|source| Error::File { path: aside.clone(), source })?;
    sync_folder(path)?;
    Ok(aside)
}
