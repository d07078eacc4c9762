//! What may be opened as a register, and what is said of everything else.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod common;

use common::{import, told};
use register::{APPLICATION_ID, Error, Register, SCHEMA_VERSION};
use rusqlite::Connection;

fn refused(result: register::Result<Register>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_register_is_made_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("régister ?x=1.db");
    let mut register = Register::create_or_open(&path).unwrap();
    import(&mut register, "a", &[told(1, 0)]);
    let observed = register.observed().unwrap();
    drop(register);
    assert_eq!(Register::open_existing(&path).unwrap().observed().unwrap(), observed);
    assert_eq!(Register::create_or_open(&path).unwrap().observed().unwrap(), observed);
    let stats = Register::open_existing(&path).unwrap().stats().unwrap();
    assert_eq!((stats.schema, stats.captures, stats.journal_lines), (SCHEMA_VERSION, 1, 1));
}

#[test]
fn the_log_is_folded_while_others_have_the_register_open() {
    let folder = tempfile::tempdir().unwrap();
    let (path, alone) = (folder.path().join("register.db"), folder.path().join("alone.db"));
    let mut register = Register::create_or_open(&path).unwrap();
    import(&mut register, "a", &[told(1, 0)]);
    let observed = register.observed().unwrap();
    Register::fold_log(&path).unwrap();
    // The file holds everything without its log.
    std::fs::copy(&path, &alone).unwrap();
    assert_eq!(Register::open_existing(&alone).unwrap().observed().unwrap(), observed);

    import(&mut register, "b", &[told(2, 0)]);
    drop(register);
    assert_eq!(Register::open_existing(&path).unwrap().observed().unwrap().captures.len(), 2);
    assert!(Register::fold_log(&folder.path().join("none.db")).is_err());
}

#[test]
fn the_file_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    drop(Register::create_or_open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    let pragma =
        |name: &str| connection.query_row(name, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(pragma("PRAGMA application_id"), APPLICATION_ID.into());
    assert_eq!(pragma("PRAGMA user_version"), SCHEMA_VERSION.into());
    assert_eq!(pragma("PRAGMA journal_mode"), "wal".to_owned().into());
}

#[test]
fn what_is_no_register_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(matches!(Register::open_existing(&path("none.db")), Err(Error::NoSuchFile(_))));
    assert!(!path("none.db").exists());

    std::fs::write(path("empty.db"), b"").unwrap();
    assert!(
        refused(Register::open_existing(&path("empty.db")))
            .ends_with("not a tapledger register: it is empty")
    );

    let text = b"this is a note about a plant, and as long as a page header of a database would be, or longer still......";
    std::fs::write(path("notes.txt"), text).unwrap();
    for result in [Register::open_existing(&path("notes.txt")), Register::create_or_open(&path("notes.txt"))]
    {
        assert!(refused(result).ends_with("notes.txt: not a tapledger register: no SQLite database"));
    }
    assert_eq!(std::fs::read(path("notes.txt")).unwrap(), text);

    let foreign = Connection::open(path("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1;").unwrap();
    drop(foreign);
    let before = std::fs::read(path("foreign.db")).unwrap();
    assert!(
        refused(Register::create_or_open(&path("foreign.db")))
            .contains("a database of another program, with 1 table")
    );
    assert_eq!(std::fs::read(path("foreign.db")).unwrap(), before);

    assert!(
        refused(Register::create_or_open(folder.path())).starts_with(&folder.path().display().to_string())
    );
    assert!(refused(Register::create_or_open(&path("no/such/folder.db"))).contains("no/such/folder.db"));
}

#[test]
fn a_newer_register_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    drop(Register::create_or_open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let message = refused(Register::open_existing(&path));
    let expected = format!("schema 99 is newer than this program knows ({SCHEMA_VERSION})");
    assert!(message.contains(&expected), "{message}");
}

#[test]
fn a_damaged_row_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    for (index, (sql, what)) in [
        ("UPDATE station SET address = 'somewhere' || id", "address is \"somewhere"),
        ("UPDATE station SET path = 'shelf=1' || id", "path is \"shelf=1"),
        ("UPDATE fact SET evidence = X'00'", "evidence of 1 octet"),
        ("UPDATE presence SET count = -1", "a count is negative: -1"),
        ("UPDATE conversation SET transport = 'pigeon'", "an unknown word: \"pigeon\""),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{index}.db"));
        let mut register = Register::create_or_open(&path).unwrap();
        import(&mut register, "a", &[told(1, 0), told(2, 3)]);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let message = register.observed().unwrap_err().to_string();
        assert!(
            message.starts_with("the register is damaged: ") && message.contains(what),
            "{sql}: {message}"
        );
    }
}

#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let mut register = Register::create_or_open(&path).unwrap();
    import(&mut register, "a", &(1..60).map(|number| told(number, 0)).collect::<Vec<_>>());
    drop(register);
    let whole = std::fs::read(&path).unwrap();
    // Page headers: damage in the unused part of a page is no damage.
    for from in (4096..whole.len()).step_by(4096) {
        let mut damaged = whole.clone();
        damaged.iter_mut().skip(from).take(600).for_each(|octet| *octet ^= 0x5a);
        std::fs::write(&path, damaged).unwrap();
        let outcome = Register::open_existing(&path).and_then(|register| {
            let check = register.check()?;
            register.observed().map(|_| check)
        });
        assert!(
            !outcome.is_ok_and(|check| check.is_sound()),
            "600 damaged octets from {from} on go unnoticed"
        );
    }
}
