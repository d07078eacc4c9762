//! A folder that captures are put into: which of them are whole, and what became of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Files of one folder that are waited for at one time; more are counted and left for later. Those whose fate is known are
/// not among them: they are remembered for as long as they lie there.
const FILES_MAX: usize = 65_536;

/// What a file is like: it is another one if this differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Likeness {
    octets: u64,
    /// Nanoseconds since 1970.
    changed: u64,
}

impl Likeness {
    /// The same with another length.
    pub(crate) fn with_octets(self, octets: u64) -> Self {
        Self { octets, ..self }
    }

    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let file = fs::symlink_metadata(path)?;
        let changed = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { octets: file.len(), changed: u64::try_from(changed.as_nanos()).unwrap_or(u64::MAX) })
    }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fate {
    /// It is in the register, as far as it could be read.
    Imported,
    /// It is no capture, or nothing of it could be read.
    Refused,
}

/// A file as it is waited for.
struct Waiting {
    likeness: Likeness,
    since: Instant,
}

/// The folder.
pub(crate) struct Spool {
    folder: PathBuf,
    /// How long a file stays as it is before it is whole.
    settle: Duration,
    /// The newest file is still written.
    keep_newest: bool,
    waiting: BTreeMap<PathBuf, Waiting>,
    /// What became of files, with the SHA-256 of what was imported.
    known: BTreeMap<String, (Likeness, Fate, String)>,
    /// [`FILES_MAX`].
    files_max: usize,
    /// Files that were not looked at because there are too many.
    pub(crate) beyond: usize,
}

impl Spool {
    pub(crate) fn new(
        folder: &Path,
        settle: Duration,
        keep_newest: bool,
        memory: &str,
    ) -> serde_json::Result<Self> {
        let known = if memory.is_empty() { BTreeMap::new() } else { serde_json::from_str(memory)? };
        Ok(Self {
            folder: folder.to_path_buf(),
            settle,
            keep_newest,
            waiting: BTreeMap::new(),
            known,
            files_max: FILES_MAX,
            beyond: 0,
        })
    }

    /// What became of the files that are still there, as text for [`new`](Self::new).
    pub(crate) fn memory(&self) -> String {
        // Plain names and numbers cannot fail.
        serde_json::to_string(&self.known).unwrap_or_default()
    }

    /// Number of files that are waited for.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// True if this file is waited for.
    pub(crate) fn waits_for(&self, path: &Path) -> bool {
        self.waiting.contains_key(path)
    }

    /// Waits for a file anew: it could not be read.
    pub(crate) fn wait_again(&mut self, path: &Path, now: Instant) {
        if let Some(waiting) = self.waiting.get_mut(path) {
            waiting.since = now;
        }
    }

    /// Looks into the folder; the files that are whole, oldest first.
    pub(crate) fn look(&mut self, now: Instant) -> io::Result<Vec<PathBuf>> {
        let mut found = BTreeMap::new();
        let (mut newest, mut there) = (None, BTreeSet::new());
        self.beyond = 0;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            if !is_capture(&path) || !entry.file_type()?.is_file() {
                continue;
            }
            // A file that went away since the listing is none.
            let Ok(likeness) = Likeness::of(&path) else { continue };
            newest = newest.max(Some((likeness.changed, path.clone())));
            let known = name(&path).and_then(|name| self.known.get_key_value(name));
            if let Some((name, _)) = known {
                there.insert(name.clone());
            }
            if known.is_some_and(|(_, (known, ..))| *known == likeness) {
                continue;
            }
            if found.len() >= self.files_max {
                self.beyond = self.beyond.saturating_add(1);
                continue;
            }
            found.insert(path, likeness);
        }
        self.known.retain(|name, _| there.contains(name));
        self.waiting.retain(|path, _| found.contains_key(path));
        let mut whole = Vec::new();
        for (path, likeness) in found {
            let waiting = self.waiting.entry(path.clone()).or_insert(Waiting { likeness, since: now });
            if waiting.likeness != likeness {
                *waiting = Waiting { likeness, since: now };
            }
            let is_settled = now.saturating_duration_since(waiting.since) >= self.settle;
            let is_written = self.keep_newest && newest.as_ref().is_some_and(|(_, newest)| *newest == path);
            if is_settled && !is_written {
                whole.push((likeness.changed, path));
            }
        }
        whole.sort();
        Ok(whole.into_iter().map(|(_, path)| path).collect())
    }

    /// True if the file was imported before and is another one now: it grew, and what was imported of it cannot be told
    /// from the rest.
    ///
    /// A ring writes other captures under the same names: these begin otherwise, and are new.
    pub(crate) fn grew(&self, path: &Path, now: Likeness) -> io::Result<bool> {
        let Some((before, Fate::Imported, sha256)) = name(path).and_then(|name| self.known.get(name)) else {
            return Ok(false);
        };
        Ok(now.octets > before.octets && sha256_of(path, before.octets)? == *sha256)
    }

    /// Notes that a file grew, so that it is still known when it grows on.
    pub(crate) fn note_grown(&mut self, path: &Path, now: Likeness) -> io::Result<()> {
        let sha256 = sha256_of(path, now.octets)?;
        self.note(path, now, Fate::Imported, &sha256);
        Ok(())
    }

    /// Notes what became of a file that stays.
    pub(crate) fn note(&mut self, path: &Path, likeness: Likeness, fate: Fate, sha256: &str) {
        self.waiting.remove(path);
        if let Some(name) = name(path) {
            self.known.insert(name.to_owned(), (likeness, fate, sha256.to_owned()));
        }
    }
}

/// A path as terminals and logs may have it.
pub(crate) fn shown(path: &Path) -> String {
    export::safe_text(&path.display().to_string()).into_owned()
}

/// SHA-256 of the first octets of a file, in hexadecimal.
#[expect(clippy::disallowed_methods, reason = "the binary opens files")]
fn sha256_of(path: &Path, octets: u64) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut file = fs::File::open(path)?.take(octets);
    let mut part = vec![0_u8; 64 << 10];
    loop {
        match file.read(&mut part)? {
            0 => break,
            count => digest.update(part.get(..count).unwrap_or_default()),
        }
    }
    Ok(digest.finalize().iter().fold(String::new(), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    }))
}

/// Name of a file; one that is no UTF-8 is not remembered, and tells the register nothing new when it is read again.
fn name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

/// True for what is called as captures are: not hidden, `.pcap`, `.pcapng` or `.cap` in the name, with a number behind it
/// as rings have it, compressed or not. Names of files that are still written are left to themselves.
fn is_capture(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_lowercase()) else { return false };
    let is_written = [".tmp", ".part", ".partial", ".swp", "~"].iter().any(|end| name.ends_with(end));
    !name.starts_with('.') && !is_written && (name.contains(".pcap") || name.contains(".cap"))
}

/// Moves a file into a folder under a name that is free there, over the border of file systems too.
pub(crate) fn move_into(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut target = folder.join(name);
    for number in 1..10_000_u32 {
        if target.symlink_metadata().is_err() {
            break;
        }
        let mut other = name.to_owned();
        other.push(format!(".{number}"));
        target = folder.join(other);
    }
    if target.symlink_metadata().is_ok() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists));
    }
    match fs::rename(path, &target) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let mut partial = target.as_os_str().to_owned();
            partial.push(".partial");
            let partial = PathBuf::from(partial);
            fs::copy(path, &partial)?;
            fs::File::options().write(true).open(&partial)?.sync_all()?;
            fs::rename(&partial, &target)?;
            fs::remove_file(path)?;
        }
        moved => moved?,
    }
    Ok(target)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test of time")]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf]) -> Vec<&str> {
        paths.iter().filter_map(|path| name(path)).collect()
    }

    #[test]
    fn a_file_is_whole_when_it_stayed_as_it_is_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let mut spool = Spool::new(folder.path(), Duration::from_secs(10), false, "").unwrap();
        let began = Instant::now();
        let at = |spool: &mut Spool, seconds| spool.look(began + Duration::from_secs(seconds)).unwrap();
        put("a.pcap", "1");
        put("b.pcapng.gz", "1");
        put(".hidden.pcap", "1");
        put("c.pcap.partial", "1");
        put("notes.txt", "1");
        assert_eq!(names(&at(&mut spool, 0)), [""; 0]);
        put("b.pcapng.gz", "22");
        assert_eq!(names(&at(&mut spool, 6)), [""; 0]);
        let whole = at(&mut spool, 11);
        assert_eq!(names(&whole), ["a.pcap"], "the other one changed at 6 s");
        let sha256 = sha256_of(&whole[0], 1).unwrap();
        spool.note(&whole[0], Likeness::of(&whole[0]).unwrap(), Fate::Imported, &sha256);
        let whole = at(&mut spool, 17);
        assert_eq!(names(&whole), ["b.pcapng.gz"]);
        spool.note(&whole[0], Likeness::of(&whole[0]).unwrap(), Fate::Refused, "");
        assert_eq!(names(&at(&mut spool, 40)), [""; 0]);
        // A restart knows it.
        let mut again = Spool::new(folder.path(), Duration::ZERO, false, &spool.memory()).unwrap();
        assert_eq!(names(&at(&mut again, 50)), [""; 0]);
        for (text, grew) in [("1, and more", true), ("333", false)] {
            put("a.pcap", text);
            let whole = at(&mut again, 60);
            assert_eq!(names(&whole), ["a.pcap"]);
            assert_eq!(again.grew(&whole[0], Likeness::of(&whole[0]).unwrap()).unwrap(), grew, "{text}");
        }
        fs::remove_file(folder.path().join("a.pcap")).unwrap();
        assert_eq!(names(&at(&mut again, 70)), [""; 0]);
        assert!(!again.memory().contains("a.pcap"), "what is gone is forgotten");
    }

    #[test]
    fn files_whose_fate_is_known_take_no_place_of_those_that_wait() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path(), Duration::ZERO, false, "").unwrap();
        spool.files_max = 2;
        let mut done = Vec::new();
        for number in 0..5 {
            fs::write(folder.path().join(format!("{number}.pcap")), "1").unwrap();
        }
        // Whatever the order of the listing: two at a time, and then all are through.
        for (beyond, whole) in [(3, 2), (1, 2), (0, 1), (0, 0)] {
            let found = spool.look(Instant::now()).unwrap();
            assert_eq!((spool.beyond, found.len()), (beyond, whole));
            found.iter().for_each(|path| spool.note(path, Likeness::of(path).unwrap(), Fate::Imported, ""));
            done.extend(found);
        }
        done.sort();
        done.dedup();
        assert_eq!(done.len(), 5);
    }

    #[test]
    fn a_file_that_grew_while_it_was_read_is_known_by_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path(), Duration::ZERO, false, "").unwrap();
        let path = folder.path().join("a.pcap");
        fs::write(&path, "1").unwrap();
        let before = Likeness::of(&path).unwrap();
        // Another octet came while it was read, and one after.
        fs::write(&path, "123").unwrap();
        let sha256 = sha256_of(&path, 2).unwrap();
        spool.note(&path, before.with_octets(2), Fate::Imported, &sha256);
        assert_eq!(names(&spool.look(Instant::now()).unwrap()), ["a.pcap"], "it is another one now");
        assert!(spool.grew(&path, Likeness::of(&path).unwrap()).unwrap());
    }

    #[test]
    fn the_newest_file_of_a_ring_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path(), Duration::ZERO, true, "").unwrap();
        for (name, seconds) in [("a.pcap1", 5), ("a.pcap0", 9), ("a.pcap2", 7)] {
            let path = folder.path().join(name);
            fs::write(&path, "1").unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        }
        assert_eq!(names(&spool.look(Instant::now()).unwrap()), ["a.pcap1", "a.pcap2"], "oldest first");
    }

    #[test]
    fn a_file_is_moved_beside_one_of_its_name() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for text in ["1", "2"] {
            fs::write(from.path().join("a.pcap"), text).unwrap();
            move_into(&from.path().join("a.pcap"), to.path()).unwrap();
        }
        assert_eq!(fs::read_to_string(to.path().join("a.pcap.1")).unwrap(), "2");
        assert_eq!(fs::read_dir(from.path()).unwrap().count(), 0);
    }
}
