//! Files for the far side of a data diode: at each turn the whole register, and what changed since the set before.
//!
//! A set is `register-NNNNNNNN.json`, `events-NNNNNNNN.jsonl` and, last, `manifest-NNNNNNNN.json` with number, sizes and
//! SHA-256 of both, and number and SHA-256 of the manifest before it. So the far side knows when a set is whole, and which
//! one it lacks. Nothing is ever written over.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use ::export::events::{Delivered, Event, Queue, Selection};
use ::export::json::Tool;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::board::{Board, Reading, Status, lock};
use super::instant;
use super::store::{Store, replace, sync_folder};
use crate::config::notify::Files;
use crate::session;

/// Name and major version of the manifest.
const SCHEMA: &str = "tapledger.files/1";

/// Events that are written at once.
const BATCH: usize = 1024;

/// A set that was written, or begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Set {
    sequence: u64,
    sha256: String,
}

/// What is remembered: the last number that was given, and the last set that was whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Numbers {
    given: u64,
    whole: Option<Set>,
}

#[derive(Serialize)]
struct FileOut {
    name: String,
    octets: u64,
    sha256: String,
}

#[derive(Serialize)]
struct Manifest<'m> {
    schema: &'static str,
    sequence: u64,
    previous: Option<&'m Set>,
    created: String,
    as_of: Option<String>,
    sensor: &'m str,
    site: &'m str,
    version: &'static str,
    journal_line: i64,
    journal_sha256: &'m str,
    events: usize,
    files: Vec<FileOut>,
}

/// Whoever writes the sets.
pub(crate) struct Writer {
    settings: Files,
    sensor: String,
    site: String,
    selection: Selection,
    status: Arc<Status>,
    numbers: Numbers,
    numbers_path: PathBuf,
    store: Store,
    delivered: Delivered,
}

impl Writer {
    pub(crate) fn new(
        settings: Files,
        sensor: String,
        site: String,
        selection: Selection,
        state: &Path,
        status: Arc<Status>,
    ) -> io::Result<Self> {
        fs::create_dir_all(&settings.directory)?;
        let numbers_path = state.join("export.numbers");
        let numbers = match fs::read_to_string(&numbers_path) {
            Ok(text) => serde_json::from_str(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Numbers::default(),
            Err(error) => return Err(error),
        };
        let (store, delivered) = Store::open(state, status.name)?;
        Ok(Self { settings, sensor, site, selection, status, numbers, numbers_path, store, delivered })
    }

    /// Writes a set at each turn until the end.
    pub(crate) fn start(mut self, board: Arc<Board>) -> io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name(self.status.name.to_owned()).spawn(move || {
            let mut seen = 0;
            let mut due = instant();
            while let Some((generation, reading)) = board.wait(seen, Some(due)) {
                seen = generation;
                match reading {
                    None => due = instant().checked_add(std::time::Duration::from_millis(500)).unwrap_or(due),
                    Some(_) if instant() < due => {}
                    Some(reading) => {
                        due = instant().checked_add(self.settings.every).unwrap_or(due);
                        self.turn(&reading);
                    }
                }
            }
        })
    }

    fn turn(&mut self, reading: &Reading) {
        match self.write(reading) {
            Ok(events) => {
                self.status.told.add(u64::try_from(events).unwrap_or(u64::MAX));
                self.status.waiting.set(0);
                self.status.up.set(true);
                *lock(&self.status.problem) = None;
            }
            Err(error) => {
                // What it has of its set takes the place of the next one.
                self.clear(self.kept());
                self.status.failures.add(1);
                self.status.up.set(false);
                let folder = self.settings.directory.display();
                tracing::warn!(event = "export", folder = %folder, %error, "no set was written");
                *lock(&self.status.problem) = Some(error.to_string());
            }
        }
    }

    fn write(&mut self, reading: &Reading) -> io::Result<usize> {
        // A number is given once, whatever becomes of its set.
        let sequence = self.numbers.given.saturating_add(1);
        self.numbers.given = sequence;
        // With the new one there are as many as are kept, never more: a folder that is full of them is written on.
        self.clear(self.kept().saturating_sub(1).max(1));
        self.note()?;
        let snapshot = &reading.snapshot;
        let queue = Queue::new(snapshot, &self.selection, &mut self.delivered).map_err(io::Error::other)?;
        let folder = self.settings.directory.clone();
        let mut told: Vec<Event> = Vec::new();
        let events = summed(&folder, format!("events-{sequence:08}.jsonl"), |out| {
            let mut from = 0_usize;
            while from < queue.len() {
                let batch = queue.events(from, BATCH).map_err(io::Error::other)?;
                for event in batch {
                    let id = serde_json::to_string(&event.id)?;
                    // The object of the contract, with what it is before its own fields.
                    let object = event.json.strip_prefix('{').unwrap_or("}");
                    writeln!(out, "{{\"type\":\"{}\",\"event\":{id},{object}", event.class.as_str())?;
                    told.push(Event { json: String::new(), ..event });
                }
                from = from.saturating_add(BATCH);
            }
            Ok(())
        })?;
        let tool = Tool { name: "tapledger", version: env!("CARGO_PKG_VERSION") };
        let register = summed(&folder, format!("register-{sequence:08}.json"), |out| {
            ::export::json::write(snapshot, &tool, out).map_err(io::Error::other)
        })?;
        let manifest = Manifest {
            schema: SCHEMA,
            sequence,
            previous: self.numbers.whole.as_ref(),
            created: ::export::time::rfc3339(session::now()),
            as_of: snapshot.as_of.map(::export::time::rfc3339),
            sensor: &self.sensor,
            site: &self.site,
            version: env!("CARGO_PKG_VERSION"),
            journal_line: reading.head.line,
            journal_sha256: &reading.head.hash,
            events: told.len(),
            files: vec![events, register],
        };
        let text = serde_json::to_string_pretty(&manifest)? + "\n";
        replace(&folder.join(format!("manifest-{sequence:08}.json")), text.as_bytes())?;
        self.numbers.whole = Some(Set { sequence, sha256: hexadecimal(&Sha256::digest(text.as_bytes())) });
        self.note()?;
        told.iter().for_each(|event| self.delivered.note(event));
        self.store.write(&self.delivered)?;
        self.clear(self.kept());
        Ok(told.len())
    }

    fn note(&self) -> io::Result<()> {
        replace(&self.numbers_path, serde_json::to_string(&self.numbers)?.as_bytes())
    }

    fn kept(&self) -> usize {
        usize::try_from(self.settings.kept).unwrap_or(usize::MAX)
    }

    /// Takes away what turns that failed, or were killed, have left, and sets beyond the newest so many. What was moved away
    /// already is not missed. What cannot be removed now is tried again at the next turn.
    fn clear(&self, kept: usize) {
        let Ok(entries) = fs::read_dir(&self.settings.directory) else { return };
        let mut sets: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if is_partial(name) {
                let _ = fs::remove_file(entry.path());
            } else if let Some(number) = number(name).filter(|number| *number <= self.numbers.given) {
                sets.entry(number).or_default().push(entry.path());
            }
        }
        // The far side may take the files of a set one by one; a set that was never whole it takes at no time.
        let whole = self.numbers.whole.as_ref().map_or(0, |set| set.sequence);
        let is_manifest = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("manifest-"))
        };
        let failed = |number: u64, files: &[PathBuf]| number > whole && !files.iter().any(is_manifest);
        let mut left = sets.iter().filter(|(number, files)| !failed(**number, files)).count();
        for (number, files) in &sets {
            let is_failed = failed(*number, files);
            if !is_failed && left > kept {
                left = left.saturating_sub(1);
            } else if !is_failed {
                continue;
            }
            for path in files {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// True for the name of a file of ours that is not whole.
fn is_partial(name: &str) -> bool {
    name.strip_suffix(".partial").is_some_and(|name| number(name.strip_prefix('.').unwrap_or(name)).is_some())
}

/// The number of a set, if this is the name of one of its files.
fn number(name: &str) -> Option<u64> {
    [("register-", ".json"), ("events-", ".jsonl"), ("manifest-", ".json")].iter().find_map(
        |(before, after)| {
            let digits = name.strip_prefix(before)?.strip_suffix(after)?;
            let is_ours = digits.len() >= 8 && digits.bytes().all(|octet| octet.is_ascii_digit());
            is_ours.then(|| digits.parse().ok()).flatten()
        },
    )
}

/// Writes a file whole or not at all, and adds it up.
fn summed(
    folder: &Path,
    name: String,
    write: impl FnOnce(&mut Summing) -> io::Result<()>,
) -> io::Result<FileOut> {
    let partial = folder.join(format!(".{name}.partial"));
    let mut out = Summing { file: BufWriter::new(File::create(&partial)?), digest: Sha256::new(), octets: 0 };
    let written = write(&mut out).and_then(|()| out.flush()).and_then(|()| out.file.get_ref().sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&partial);
        return Err(error);
    }
    fs::rename(&partial, folder.join(&name))?;
    sync_folder(folder)?;
    Ok(FileOut { name, octets: out.octets, sha256: hexadecimal(&out.digest.finalize()) })
}

/// A file that is added up while it is written.
struct Summing {
    file: BufWriter<File>,
    digest: Sha256,
    octets: u64,
}

impl Write for Summing {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = self.file.write(octets)?;
        self.digest.update(octets.get(..count).unwrap_or(octets));
        self.octets = self.octets.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_files_have_a_number() {
        assert_eq!(number("register-00000042.json"), Some(42));
        assert_eq!(number("events-123456789.jsonl"), Some(123_456_789));
        for name in
            ["register-42.json", "register-00000042.json.partial", "events-00000042.json", "notes.json"]
        {
            assert_eq!(number(name), None, "{name}");
        }
    }

    fn writer(folder: &Path, kept: u32) -> Writer {
        let settings =
            Files { directory: folder.join("out"), every: std::time::Duration::from_secs(60), kept };
        let selection = Selection { learned: true, severity_min: inventory::Severity::Information };
        let (sensor, site) = ("s".to_owned(), "default".to_owned());
        Writer::new(settings, sensor, site, selection, folder, Status::of("export")).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder.join("out")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn reading() -> Reading {
        Reading {
            snapshot: inventory::Snapshot::default(),
            head: ::export::events::JournalHead { line: 0, hash: String::new() },
            hashes: BTreeMap::new(),
            stamp: register::Stamp::of(Path::new("/nowhere")),
            at: observation::Time(0),
            took: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn turns_that_fail_leave_nothing_and_take_no_set_away_but_make_room_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path(), 3);
        (0..4).for_each(|_| writer.turn(&reading()));
        let sets = |numbers: &[u64]| -> Vec<String> {
            let of = |(before, after): (&str, &str)| -> Vec<String> {
                numbers.iter().map(|number| format!("{before}-{number:08}.{after}")).collect()
            };
            [("events", "jsonl"), ("manifest", "json"), ("register", "json")]
                .into_iter()
                .flat_map(of)
                .collect()
        };
        assert_eq!(names(folder.path()), sets(&[2, 3, 4]));
        // A folder in the way of each register that comes: the events are written, and no set is whole.
        let out = folder.path().join("out");
        let in_the_way = |number: u64| out.join(format!(".register-{number:08}.json.partial"));
        (5..9).for_each(|number| fs::create_dir(in_the_way(number)).unwrap());
        (0..4).for_each(|_| writer.turn(&reading()));
        assert_eq!(writer.status.failures.get(), 4);
        (5..9).for_each(|number| fs::remove_dir(in_the_way(number)).unwrap());
        assert_eq!(names(folder.path()), sets(&[3, 4]), "room for the next, and no more");
        // What a process that was killed left.
        for name in
            [".events-00000008.jsonl.partial", "manifest-00000008.json.partial", "events-00000008.jsonl"]
        {
            fs::write(out.join(name), "x").unwrap();
        }
        fs::write(out.join("notes.partial"), "not ours").unwrap();
        writer.turn(&reading());
        fs::remove_file(out.join("notes.partial")).unwrap();
        assert_eq!(names(folder.path()), sets(&[3, 4, 9]));
        // What was moved away is not missed, and what is left of a set stays.
        fs::remove_file(out.join("manifest-00000009.json")).unwrap();
        writer.turn(&reading());
        assert_eq!(names(folder.path()).len(), 8, "{:?}", names(folder.path()));
    }

    #[test]
    fn a_file_that_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let failed = summed(folder.path(), "a".into(), |out| {
            out.write_all(b"x")?;
            Err(io::Error::other("no"))
        });
        assert!(failed.is_err() && fs::read_dir(folder.path()).unwrap().next().is_none());
        let whole = summed(folder.path(), "a".into(), |out| out.write_all(b"abc")).unwrap();
        assert_eq!(whole.octets, 3);
        assert_eq!(whole.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
