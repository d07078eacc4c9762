//! Brings an older register to the newest schema.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::backup::{Partial, copy_into, mode_like, owner_like};
use crate::error::{Error, Result};
use crate::schema::APPLICATION_ID;

/// Applies what is missing of `migrations` in one exclusive transaction: all of it or nothing.
///
/// A register that has rows already is copied to `<register>.v<version>.backup` first (`VACUUM INTO`, so the copy
/// holds the write-ahead log too). A new register gets its application id with its first tables.
///
/// # Errors
///
/// Fails if the register is of a newer schema, is locked by others, or the backup cannot be written.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&str], path: Option<&Path>) -> Result<()> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let version = version_of(connection)?;
    if version > known {
        let path = path.map(Path::to_path_buf).unwrap_or_default();
        return Err(Error::NewerSchema { path, version, known });
    }
    if version == known {
        return Ok(());
    }
    if let Some(path) = path.filter(|_| version > 0) {
        let target = backup_path(path, version);
        let partial = Partial::of(&target)?;
        copy_into(connection, &partial.0)?;
        if let Ok(metadata) = path.metadata() {
            mode_like(&partial.0, &metadata)?;
            // Not everybody may give files away; the copy is whole all the same.
            let _ = owner_like(&partial.0, &metadata);
        }
        partial.become_file(&target)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    // Another process may have been faster between the look above and the lock.
    let version = version_of(&transaction)?;
    for sql in migrations.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known.max(version))?;
    transaction.commit()?;
    Ok(())
}

pub(crate) fn version_of(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Where the copy of a register of that schema goes.
pub(crate) fn backup_path(path: &Path, version: i64) -> PathBuf {
    beside(path, &format!(".v{version}.backup"))
}

/// The path with something appended to its file name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);";
    const SECOND: &str = "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 1;";
    const BROKEN: &str = "CREATE TABLE b (x INTEGER) STRICT; CREATE NONSENSE;";

    #[test]
    fn an_older_register_is_backed_up_and_brought_up_to_date_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &[FIRST], Some(&path)).unwrap();
        let backup = beside(&path, ".v1.backup");
        assert!(!backup.exists(), "a new register has nothing to back up");

        migrate(&mut connection, &[FIRST, SECOND], Some(&path)).unwrap();
        migrate(&mut connection, &[FIRST, SECOND], Some(&path)).unwrap();
        let row: (i64, i64) =
            connection.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!((row, version_of(&connection).unwrap()), ((7, 1), 2));

        let old = Connection::open(&backup).unwrap();
        assert_eq!(version_of(&old).unwrap(), 1);
        assert_eq!(old.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        assert_eq!(
            old.query_row("PRAGMA application_id", [], |row| row.get::<_, i64>(0)).unwrap(),
            APPLICATION_ID
        );
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST], None).unwrap();
        assert!(migrate(&mut connection, &[FIRST, SECOND, BROKEN], None).is_err());
        assert_eq!(version_of(&connection).unwrap(), 1);
        assert!(connection.prepare("SELECT y FROM a").is_err());
        assert!(connection.prepare("SELECT x FROM b").is_err());
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST, SECOND], None).unwrap();
        let error = migrate(&mut connection, &[FIRST], Some(Path::new("plant.db"))).unwrap_err();
        assert!(
            error.to_string().starts_with("plant.db: schema 2 is newer than this program knows (1)"),
            "{error}"
        );
    }
}
