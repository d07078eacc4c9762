//! Opening a register that others write, without a right to write there.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::error::{Error, Result};
use crate::migrate::{beside, version_of};
use crate::open::{BUSY_TIMEOUT, Kind, Register, STATEMENTS_MAX, kind_of};
use crate::schema::SCHEMA_VERSION;

/// What a file was like: a register whose two files are alike twice was not written in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Octets of the register, and of its write-ahead log.
    pub octets: [u64; 2],
    changed: [Option<SystemTime>; 2],
}

impl Stamp {
    /// Of the register at `path` and its write-ahead log, as far as they are there.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let [register, log] = [path.to_path_buf(), beside(path, "-wal")].map(|path| path.metadata().ok());
        let octets = |file: &Option<std::fs::Metadata>| file.as_ref().map_or(0, std::fs::Metadata::len);
        let changed = |file: &Option<std::fs::Metadata>| file.as_ref().and_then(|file| file.modified().ok());
        Self { octets: [octets(&register), octets(&log)], changed: [changed(&register), changed(&log)] }
    }

    /// When one of the two was written last, in whatever steps the file system counts.
    #[must_use]
    pub fn changed(&self) -> Option<SystemTime> {
        self.changed.iter().flatten().max().copied()
    }
}

impl Register {
    /// Opens the register at `path` for reading only, which needs no right to write there, neither the register nor
    /// beside it. Nothing is brought up to date.
    ///
    /// Where nobody has the register open and its folder cannot be written, SQLite has no place for what readers and
    /// writers tell each other. Then the file is read as one that nobody writes; whether that held is told by two
    /// [`Stamp`]s, one before this and one after reading.
    ///
    /// # Errors
    ///
    /// Fails if there is no such file, it is no register, or of another schema than this program's.
    pub fn open_read_only(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(Error::NoSuchFile(path.into()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags)
            .map_err(Error::from)
            .and_then(|connection| Self::reader(connection, path));
        let opened = match opened {
            Err(error) if error.is_of_rights() && !beside(path, "-wal").exists() => {
                Connection::open_with_flags(unwritten(path), flags | OpenFlags::SQLITE_OPEN_URI)
                    .map_err(Error::from)
                    .and_then(|connection| Self::reader(connection, path))
            }
            opened => opened,
        };
        opened.map_err(|error| error.opening(path))
    }

    fn reader(connection: Connection, path: &Path) -> Result<Self> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        match kind_of(&connection)? {
            Kind::Register => {}
            Kind::Empty => {
                return Err(Error::NotARegister { path: path.into(), reason: "it is empty".into() });
            }
            Kind::Foreign(reason) => return Err(Error::NotARegister { path: path.into(), reason }),
        }
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        let version = version_of(&connection)?;
        let known = SCHEMA_VERSION;
        match version.cmp(&known) {
            std::cmp::Ordering::Greater => Err(Error::NewerSchema { path: path.into(), version, known }),
            std::cmp::Ordering::Less => Err(Error::OlderSchema { path: path.into(), version, known }),
            std::cmp::Ordering::Equal => Ok(Self { connection, path: Some(path.into()), lock: None }),
        }
    }

    /// Number and hash of the last line of the custody journal; `None` if it has no line.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn journal_end(&self) -> Result<Option<(i64, String)>> {
        let sql = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.connection.prepare_cached(sql)?.query_row([], read).optional()?)
    }

    /// The hash that a line of the custody journal bears; `None` if there is no such line.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn journal_hash(&self, line: i64) -> Result<Option<String>> {
        let sql = "SELECT hash FROM journal WHERE seq = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([line], |row| row.get(0)).optional()?)
    }
}

/// The path as SQLite's URI of a file that nobody writes (<https://sqlite.org/uri.html>).
fn unwritten(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for octet in path.as_os_str().as_bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*octet))
            }
            other => {
                // Writing to a String cannot fail.
                let _ = write!(uri, "%{other:02x}");
            }
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use observation::Time;

    use super::*;
    use crate::Actor;

    #[test]
    fn a_reader_sees_what_a_writer_commits_and_can_write_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        assert!(matches!(Register::open_read_only(&path), Err(Error::NoSuchFile(_))));
        let mut writer = Register::create_or_open(&path).unwrap();
        let before = Stamp::of(&path);
        let actor = Actor { name: "ada", at: Time(1) };
        let mut reader = Register::open_read_only(&path).unwrap();
        assert_eq!(reader.journal_end().unwrap(), None);
        writer.record(&actor, "export", "one", "json").unwrap();
        let (line, hash) = reader.journal_end().unwrap().unwrap();
        assert_eq!((line, reader.journal_hash(1).unwrap()), (1, Some(hash)));
        assert_eq!(reader.journal_hash(2).unwrap(), None);
        assert_ne!(Stamp::of(&path), before);
        assert!(reader.record(&actor, "export", "two", "json").is_err());
    }

    #[test]
    fn a_register_that_nobody_has_open_is_read_too_and_an_older_one_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("100% plant?.db");
        Register::create_or_open(&path)
            .unwrap()
            .record(&Actor { name: "ada", at: Time(1) }, "a", "b", "c")
            .unwrap();
        assert!(!beside(&path, "-wal").exists(), "the last one that closes it folds the log");
        let connection = Connection::open_with_flags(
            unwritten(&path),
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        );
        assert!(Register::reader(connection.unwrap(), &path).unwrap().journal_end().unwrap().is_some());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 1).unwrap();
        let error = Register::open_read_only(&path).unwrap_err();
        assert!(matches!(error, Error::OlderSchema { version: 1, .. }), "{error}");
        assert!(error.to_string().contains("db migrate"), "{error}");
    }
}
