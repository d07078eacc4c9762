//! Making and opening a register.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};
use crate::lock::WriteLock;
use crate::migrate::{backup_path, migrate, version_of};
use crate::schema::{APPLICATION_ID, MIGRATIONS};

/// How long a statement waits for another process before it gives up.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The write-ahead log is cut to this many octets when it has been folded into the register.
const LOG_OCTETS_MAX: i64 = 64 << 20;

/// Memory for pages of the register, in KiB: the transaction of a batch mostly fits, where the 2 MiB that SQLite takes by
/// itself are written to the log and read again before it ends.
const CACHE_KIB: i64 = 8 << 10;

/// Statements that stay prepared: more than there are.
pub(crate) const STATEMENTS_MAX: usize = 128;

/// A register, open.
#[derive(Debug)]
pub struct Register {
    pub(crate) connection: Connection,
    /// Where it is; `None` in memory.
    pub(crate) path: Option<PathBuf>,
    /// Held from the first capture that is begun until [`release`](Self::release).
    pub(crate) lock: Option<WriteLock>,
}

/// What a file is, before anything in it is touched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Register,
    Empty,
    Foreign(String),
}

impl Register {
    /// Opens the register at `path`, or makes it.
    ///
    /// # Errors
    ///
    /// Fails if the file is something else, is of a newer schema, is locked for longer than five seconds, or cannot be
    /// made there.
    pub fn create_or_open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::open(path, flags, true).map_err(|error| error.opening(path))
    }

    /// Opens the register at `path`. One of an older schema is backed up and brought up to date.
    ///
    /// Where it cannot be written (a read-only medium, another user's file) it is opened for reading only, as
    /// [`open_read_only`](Self::open_read_only) does, and writing fails with [`Error::ReadOnly`].
    ///
    /// # Errors
    ///
    /// Fails if there is no such file, or as [`create_or_open`](Self::create_or_open) does.
    pub fn open_existing(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(Error::NoSuchFile(path.into()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match Self::open(path, flags, false) {
            Err(error) if error.is_of_rights() => Self::open_read_only(path),
            opened => opened.map_err(|error| error.opening(path)),
        }
    }

    /// The schema of the register at `path`, as it is now: nothing is brought up to date.
    ///
    /// # Errors
    ///
    /// Fails if there is no such file or it is no register.
    pub fn schema_of(path: &Path) -> Result<i64> {
        if !path.exists() {
            return Err(Error::NoSuchFile(path.into()));
        }
        let read = || -> Result<i64> {
            let connection = Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            match kind_of(&connection)? {
                Kind::Register => version_of(&connection),
                Kind::Empty => Err(Error::NotARegister { path: path.into(), reason: "it is empty".into() }),
                Kind::Foreign(reason) => Err(Error::NotARegister { path: path.into(), reason }),
            }
        };
        read().map_err(|error| error.opening(path))
    }

    /// Where [`open_existing`](Self::open_existing) puts its copy of a register of an older schema.
    #[must_use]
    pub fn migration_backup(path: &Path, schema: i64) -> PathBuf {
        backup_path(path, schema)
    }

    /// A register that lives as long as this value.
    ///
    /// # Errors
    ///
    /// Fails if SQLite cannot be set up.
    pub fn in_memory() -> Result<Self> {
        Self::set_up(Connection::open_in_memory()?, None)
    }

    /// Where the register is; `None` in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Lets others write captures: gives back the lock that the first [`begin_capture`](Self::begin_capture) took.
    /// Dropping the register does the same.
    pub fn release(&mut self) {
        self.lock = None;
    }

    /// Folds the write-ahead log into the register and empties it, as far as readers let it.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written.
    pub fn checkpoint(&self) -> Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Folds the write-ahead log of the register at `path` into it, as far as those let it who have it open, whom it
    /// does not hold up: what is left is folded when the last of them closes it.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written.
    pub fn fold_log(path: &Path) -> Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn open(path: &Path, flags: OpenFlags, create: bool) -> Result<Self> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let reason = match kind_of(&connection)? {
            Kind::Register => return Self::set_up(connection, Some(path)),
            Kind::Empty if create => return Self::set_up(connection, Some(path)),
            Kind::Empty => "it is empty".into(),
            Kind::Foreign(reason) => reason,
        };
        Err(Error::NotARegister { path: path.into(), reason })
    }

    fn set_up(mut connection: Connection, path: Option<&Path>) -> Result<Self> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // In memory the answer is "memory", which is as good. A register on a medium that cannot be written keeps its mode.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update_and_check(None, "journal_size_limit", LOG_OCTETS_MAX, |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A view or trigger that somebody planted in the file cannot call functions with side effects.
        connection.pragma_update(None, "trusted_schema", false)?;
        migrate(&mut connection, MIGRATIONS, path)?;
        Ok(Self { connection, path: path.map(Path::to_path_buf), lock: None })
    }
}

pub(crate) fn kind_of(connection: &Connection) -> Result<Kind> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application == APPLICATION_ID {
        return Ok(Kind::Register);
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, tables) {
        (0, 0) => Kind::Empty,
        (0, tables) => {
            Kind::Foreign(format!("a database of another program, with {tables} tables and indices"))
        }
        (other, _) => Kind::Foreign(format!("a database of another program (application id {other:#010x})")),
    })
}
