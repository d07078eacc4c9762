//! What can go wrong with a register, in words that say what to do.

use std::path::{Path, PathBuf};

/// A result of the register.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the register could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive] // further schema versions fail in further ways
pub enum Error {
    /// There is no file of that name.
    #[error("{}: no such register", .0.display())]
    NoSuchFile(PathBuf),
    /// The file is something else.
    #[error("{}: not a tapledger register: {reason}", path.display())]
    NotARegister {
        /// The file.
        path: PathBuf,
        /// What it is instead, as far as it shows.
        reason: String,
    },
    /// A newer program wrote it.
    #[error("{}: schema {version} is newer than this program knows ({known}); use the program that wrote it, or a newer one", path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        version: i64,
        /// The newest schema of this program.
        known: i64,
    },
    /// An older program wrote it, and it was opened for reading only.
    #[error("{}: schema {version} is older than this program reads ({known}); the sensor or `tapledger db migrate` brings it up to date", path.display())]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        version: i64,
        /// The schema of this program.
        known: i64,
    },
    /// Another process writes captures into it.
    #[error("{}: in use by another writer{}", path.display(), process.map(|id| format!(" (process {id})")).unwrap_or_default())]
    InUse {
        /// The file.
        path: PathBuf,
        /// The process, where the lock file names it.
        process: Option<u32>,
    },
    /// Another process kept it locked for longer than the register waits.
    #[error("the register is locked by another process; try again when it has finished")]
    Locked,
    /// A capture with this id is in the register already.
    #[error("capture {0} is in the register already")]
    CaptureExists(String),
    /// The capture that is being written is no longer there: another process took the register over.
    #[error("the rows of the running import are gone: another process has thrown them away")]
    CaptureGone,
    /// No real capture has this id.
    #[error("no capture has the id {0}")]
    UnknownCapture(String),
    /// No asset has, or had, this id.
    #[error("no asset has the id {0}")]
    UnknownAsset(String),
    /// A person changed the field after it was read for an edit.
    #[error(
        "asset {asset}: \"{field}\" was changed meanwhile; nothing was written: try again to see what it says now"
    )]
    ChangedMeanwhile {
        /// The asset.
        asset: String,
        /// The field.
        field: String,
    },
    /// A person's value is longer than the register keeps.
    #[error("the value of \"{field}\" has {characters} characters, at most {max} are kept")]
    ValueTooLong {
        /// The field.
        field: String,
        /// Characters given.
        characters: usize,
        /// Characters kept.
        max: usize,
    },
    /// A day on which something was done is still to come.
    #[error("{field} of asset {asset}: {day} is still to come; it is the day on which something was done")]
    FutureDay {
        /// The asset.
        asset: String,
        /// The field.
        field: String,
        /// The day given.
        day: String,
    },
    /// A backup is not what it should be.
    #[error("{}: not fit to be a register: {problem}", path.display())]
    UnsoundCopy {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A step needs a reason and none was given.
    #[error("{0} needs a reason")]
    NoReason(&'static str),
    /// No decision has this number, or it was undone already.
    #[error("no decision has the number {0}, or it was undone already")]
    UnknownDecision(i64),
    /// The asset was not listed by people alone.
    #[error("asset {0} was not listed by people: what was heard cannot be deleted, only retired")]
    NotListed(String),
    /// A baseline of this name is there already.
    #[error("there is a baseline \"{0}\" already; a frozen register is never written over")]
    BaselineExists(String),
    /// No baseline has this name.
    #[error("no baseline is called \"{0}\"")]
    UnknownBaseline(String),
    /// The register is too large to be frozen.
    #[error("a baseline of {0} octets is more than is kept")]
    BaselineTooLarge(usize),
    /// A key figure was counted by another text of the same version before.
    #[error(
        "the definition of {kpi}, version {version}, is in the register with another text: a changed definition needs another version"
    )]
    OtherDefinition {
        /// The figure.
        kpi: String,
        /// The version.
        version: u32,
    },
    /// No incident has this number.
    #[error("there is no incident {0}")]
    UnknownIncident(i64),
    /// The policy text cannot be read.
    #[error("policy: {0}")]
    Policy(#[from] inventory::policy::PolicyError),
    /// A row contradicts the schema: the file was damaged or edited by something else.
    #[error("the register is damaged: {0}")]
    Damaged(String),
    /// A file beside the register (lock, backup) could not be made.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file could not be opened as a database.
    #[error("{}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Whoever asked wants it no more.
    #[error("it was told to stop")]
    Stopped,
    /// The register cannot be written here.
    #[error(
        "the register was opened for reading only: no right to write it, or a medium that cannot be written"
    )]
    ReadOnly,
    /// Anything else that SQLite reports: disk full, I/O error, damaged page.
    #[error("register: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Locked,
            Some(rusqlite::ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Self::Damaged(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}

impl Error {
    /// True if it may pass while a writer waits: the disk is full, a medium does not answer, another process holds the
    /// register.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, SystemIoFailure};
        match self {
            Self::Locked => true,
            Self::Sqlite(error) => {
                matches!(error.sqlite_error_code(), Some(DiskFull | SystemIoFailure | CannotOpen))
            }
            _ => false,
        }
    }

    /// True if only writing is not possible, or SQLite cannot make what it needs beside the register.
    pub(crate) fn is_of_rights(&self) -> bool {
        match self {
            Self::ReadOnly => true,
            Self::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen),
            _ => false,
        }
    }

    /// Names the file in an error of its first reading, where SQLite does not.
    pub(crate) fn opening(self, path: &Path) -> Self {
        match self {
            Self::Sqlite(source) if source.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
                Self::NotARegister { path: path.into(), reason: "no SQLite database".into() }
            }
            Self::Sqlite(source) => Self::Open { path: path.into(), source },
            other => other,
        }
    }
}
