//! A ring of capture files: everything heard, until a bound is met; then the oldest file goes first.
//!
//! Files are pcap with nanoseconds, little-endian, named `<name>-<number>-<UTC time of the first frame>.pcap`; the number
//! goes on after a restart. They hold what was on the wire, secrets too, and are for their owner and group alone. Only
//! files of that form are ever removed.
//!
//! The register has priority: where the file system has less free than the floor, files of the ring go, oldest first;
//! where none is left, writing stops and goes on when space has returned. Writing never fails the caller: what was not
//! written, removed or in the way is counted.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use observation::{NANOS_PER_DAY, Time};

use crate::{LinkType, RawFrame};

/// pcap with nanoseconds (draft-ietf-opsawg-pcap section 4).
const MAGIC: u32 = 0xa1b2_3c4d;

/// Octets of a file's header, and of a frame's.
const FILE_HEADER: u64 = 24;
const FRAME_HEADER: u64 = 16;

/// Octets heard between two looks at the free space.
const OCTETS_PER_LOOK: u64 = 1 << 20;

/// The same while nothing is written: it should go on soon.
const OCTETS_PER_LOOK_STOPPED: u64 = 64 << 10;

/// Space above the floor before a stopped ring goes on: it would stop again at once.
const RETURN_OCTETS: u64 = 4 << 20;

/// Least and most octets of a file, unless the ring is smaller.
const FILE_OCTETS: std::ops::RangeInclusive<u64> = (1 << 20)..=(1 << 30);

/// Files that a ring is made of where only its size is said.
const FILES: u64 = 16;

/// Most octets written that are not yet handed to the operating system.
const BUFFER_OCTETS: usize = 256 << 10;

/// Octets of a frame that are written; longer ones are cut.
const SNAPLEN: u32 = 262_144;

/// Mode of the files: what was on the wire is not for everybody.
const MODE: u32 = 0o640;

/// What a ring may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingOptions {
    /// Where the files go.
    pub folder: PathBuf,
    /// What their names begin with: the interface.
    pub name: String,
    /// Most octets of all files together.
    pub octets_max: u64,
    /// Octets after which a new file is begun; a sixteenth of the ring if 0, from 1 MiB to 1 GiB.
    pub file_octets: u64,
    /// Octets that stay free on the file system.
    pub free_octets_min: u64,
}

/// What a ring has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingCounts {
    /// Frames written.
    pub frames: u64,
    /// Octets written, headers with them.
    pub octets: u64,
    /// Files removed because of the bound of the ring.
    pub files_removed: u64,
    /// Files removed because the file system had less free than the floor.
    pub files_removed_for_space: u64,
    /// Frames not written because space was below the floor, or an error.
    pub frames_not_written: u64,
    /// Times that writing failed.
    pub errors: u64,
}

/// Octets that are free on the file system of a folder.
type Free = Box<dyn FnMut(&Path) -> io::Result<u64> + Send>;

/// A ring of capture files.
pub struct Ring {
    options: RingOptions,
    free: Free,
    /// Files that are whole, oldest first.
    files: VecDeque<Closed>,
    /// Their octets.
    files_octets: u64,
    current: Option<Current>,
    number: u64,
    /// Octets heard since the last look at the free space.
    heard: u64,
    stopped: bool,
    trouble: Option<String>,
    counts: RingCounts,
}

struct Closed {
    path: PathBuf,
    octets: u64,
}

struct Current {
    path: PathBuf,
    link_type: LinkType,
    out: BufWriter<File>,
    octets: u64,
}

impl Ring {
    /// A ring in a folder, which is made if need be. Files of an earlier one of the same name are its oldest.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be made or read.
    pub fn open(options: RingOptions) -> io::Result<Self> {
        Self::with_free_space(options, Box::new(free_space))
    }

    fn with_free_space(mut options: RingOptions, free: Free) -> io::Result<Self> {
        if options.file_octets == 0 {
            options.file_octets =
                (options.octets_max / FILES).clamp(*FILE_OCTETS.start(), *FILE_OCTETS.end());
        }
        // A ring of one file would be empty after each turn.
        options.file_octets = options.file_octets.min(options.octets_max / 2);
        std::fs::create_dir_all(&options.folder)?;
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(&options.folder)? {
            let entry = entry?;
            if let Some(number) = number_of_file(&entry.file_name(), &options.name) {
                found.insert(number, Closed { octets: entry.metadata()?.len(), path: entry.path() });
            }
        }
        let number = found.last_key_value().map_or(0, |(number, _)| *number);
        let files: VecDeque<Closed> = found.into_values().collect();
        Ok(Self {
            files_octets: files.iter().fold(0, |sum, file| sum.saturating_add(file.octets)),
            files,
            options,
            free,
            current: None,
            number,
            heard: OCTETS_PER_LOOK,
            stopped: false,
            trouble: None,
            counts: RingCounts::default(),
        })
    }

    /// Writes a frame, or counts it as not written.
    pub fn frame(&mut self, frame: &RawFrame<'_>) {
        let octets = frame.octets.len().min(SNAPLEN as usize);
        let kept = frame.octets.get(..octets).unwrap_or(frame.octets);
        let length = FRAME_HEADER.saturating_add(octets as u64);
        self.heard = self.heard.saturating_add(length);
        if self.heard >= if self.stopped { OCTETS_PER_LOOK_STOPPED } else { OCTETS_PER_LOOK } {
            self.look();
        }
        if !self.stopped {
            match self.write(frame, kept, length) {
                Ok(()) => return,
                Err(error) => self.fail(&error),
            }
        }
        self.counts.frames_not_written = self.counts.frames_not_written.saturating_add(1);
    }

    /// Hands what is buffered to the operating system. To be called when nothing is heard for a while.
    pub fn flush(&mut self) {
        if let Some(Err(error)) = self.current.as_mut().map(|current| current.out.flush()) {
            self.fail(&error);
        }
    }

    /// What was done so far.
    #[must_use]
    pub fn counts(&self) -> RingCounts {
        self.counts
    }

    /// The counts that are not zero by name, as a capture's summary has them.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let RingCounts {
            frames,
            octets: _,
            files_removed,
            files_removed_for_space,
            frames_not_written,
            errors,
        } = self.counts;
        [
            ("ring: frames written", frames),
            ("ring: files removed, oldest first", files_removed),
            ("ring: files removed for free space", files_removed_for_space),
            ("ring: frames not kept in files", frames_not_written),
            ("ring: write errors", errors),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
    }

    /// Why nothing is written at present; `None` if all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Ends the last file; what was done, as [`counters`](Self::counters).
    #[must_use]
    pub fn finish(mut self) -> BTreeMap<String, u64> {
        if let Err(error) = self.close() {
            self.fail(&error);
        }
        self.counters()
    }

    fn write(&mut self, frame: &RawFrame<'_>, kept: &[u8], length: u64) -> io::Result<()> {
        let is_full = self.current.as_ref().is_some_and(|current| {
            current.link_type != frame.link_type
                || current.octets.saturating_add(length) > self.options.file_octets.max(FILE_HEADER)
        });
        if is_full {
            self.close()?;
        }
        let new = if self.current.is_none() { FILE_HEADER } else { 0 };
        let of_current = self.current.as_ref().map_or(0, |current| current.octets);
        let after = of_current.saturating_add(new).saturating_add(length);
        while self.files_octets.saturating_add(after) > self.options.octets_max && !self.files.is_empty() {
            self.remove_oldest()?;
            self.counts.files_removed = self.counts.files_removed.saturating_add(1);
        }
        if self.current.is_none() {
            self.current = Some(self.begin(frame)?);
        }
        let Some(current) = &mut self.current else { return Ok(()) };
        let seconds = u32::try_from(frame.time.0.div_euclid(1_000_000_000).max(0)).unwrap_or(u32::MAX);
        let nanos = u32::try_from(frame.time.0.rem_euclid(1_000_000_000)).unwrap_or(0);
        let captured = u32::try_from(kept.len()).unwrap_or(SNAPLEN);
        for field in [seconds, nanos, captured, frame.original_length] {
            current.out.write_all(&field.to_le_bytes())?;
        }
        current.out.write_all(kept)?;
        current.octets = current.octets.saturating_add(length);
        self.counts.frames = self.counts.frames.saturating_add(1);
        self.counts.octets = self.counts.octets.saturating_add(new).saturating_add(length);
        Ok(())
    }

    fn begin(&mut self, frame: &RawFrame<'_>) -> io::Result<Current> {
        self.number = self.number.saturating_add(1);
        let name = file_name(&self.options.name, self.number, frame.time);
        let path = self.options.folder.join(name);
        let file = File::options().write(true).create_new(true).mode(MODE).open(&path)?;
        let mut out = BufWriter::with_capacity(BUFFER_OCTETS, file);
        let (major, minor) = (2_u16, 4_u16);
        out.write_all(&MAGIC.to_le_bytes())?;
        out.write_all(&major.to_le_bytes())?;
        out.write_all(&minor.to_le_bytes())?;
        for field in [0, 0, SNAPLEN, frame.link_type.0.into()] {
            out.write_all(&field.to_le_bytes())?;
        }
        Ok(Current { path, link_type: frame.link_type, out, octets: FILE_HEADER })
    }

    /// Ends the current file.
    fn close(&mut self) -> io::Result<()> {
        let Some(current) = self.current.take() else { return Ok(()) };
        let Current { path, out, .. } = current;
        let (file, left) = out.into_parts();
        // What was handed over is there; what was not is tried once more, whole frames or not.
        let written = left.map_err(|_| io::Error::other("a write panicked")).and_then(|left| {
            let mut file = &file;
            file.write_all(&left)
        });
        let octets = file.metadata().map_or(0, |metadata| metadata.len());
        self.files_octets = self.files_octets.saturating_add(octets);
        self.files.push_back(Closed { path, octets });
        written
    }

    fn remove_oldest(&mut self) -> io::Result<()> {
        let Some(oldest) = self.files.pop_front() else { return Ok(()) };
        self.files_octets = self.files_octets.saturating_sub(oldest.octets);
        match std::fs::remove_file(&oldest.path) {
            // Somebody else was faster.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Looks at the free space: removes, stops or goes on.
    #[cold]
    fn look(&mut self) {
        self.heard = 0;
        let floor = self.options.free_octets_min;
        let wanted = if self.stopped { floor.saturating_add(RETURN_OCTETS) } else { floor };
        loop {
            let free = match (self.free)(&self.options.folder) {
                Ok(free) => free,
                Err(error) => return self.fail(&error),
            };
            if free >= wanted {
                (self.stopped, self.trouble) = (false, None);
                return;
            }
            if self.files.is_empty() {
                self.stopped = true;
                self.trouble =
                    Some(format!("{free} octets are free, and {wanted} are needed: nothing is written"));
                if self.current.is_none() {
                    return;
                }
                // The file that is being written may have to go as well.
                let _ = self.close();
                continue;
            }
            match self.remove_oldest() {
                Ok(()) => {
                    self.counts.files_removed_for_space =
                        self.counts.files_removed_for_space.saturating_add(1);
                }
                Err(error) => return self.fail(&error),
            }
        }
    }

    /// Stops until the next look.
    #[cold]
    fn fail(&mut self, error: &io::Error) {
        self.counts.errors = self.counts.errors.saturating_add(1);
        self.stopped = true;
        self.trouble = Some(error.to_string());
        let _ = self.close();
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // Nobody is left to hear of an error.
        let _ = self.close();
    }
}

/// Octets that this process may still write on the file system of a folder.
fn free_space(folder: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

fn file_name(name: &str, number: u64, time: Time) -> String {
    let seconds = time.0.rem_euclid(NANOS_PER_DAY) / 1_000_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{name}-{number:010}-{}T{hour:02}{minute:02}{second:02}Z.pcap", time.day())
}

/// The number of a file of a ring of that name.
fn number_of_file(file: &OsStr, name: &str) -> Option<u64> {
    let rest = file.to_str()?.strip_prefix(name)?.strip_prefix('-')?.strip_suffix(".pcap")?;
    let (number, time) = rest.split_once('-')?;
    let is_time = time.len() >= "2026-01-02T030405Z".len()
        && time.ends_with('Z')
        && time.bytes().all(|octet| octet.is_ascii_digit() || b"-TZ".contains(&octet));
    if number.len() < 10 || !is_time {
        return None;
    }
    number.parse().ok()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::{FileSource, Input};

    const DAY: i64 = 20_454 * NANOS_PER_DAY;

    fn options(folder: &Path, octets_max: u64, file_octets: u64) -> RingOptions {
        RingOptions {
            folder: folder.into(),
            name: "eth1".into(),
            octets_max,
            file_octets,
            free_octets_min: 1000,
        }
    }

    /// Frames of 100 octets that begin with their number.
    fn frames(ring: &mut Ring, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let mut octets = [0; 100];
            octets[..4].copy_from_slice(&number.to_be_bytes());
            ring.frame(&RawFrame {
                number: number.into(),
                time: Time(DAY + i64::from(number)),
                link_type: LinkType::ETHERNET,
                original_length: 1500,
                octets: &octets,
            });
        }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Numbers of the frames in all files, as this crate's own reader reads them.
    fn kept(folder: &Path) -> Vec<u32> {
        let mut numbers = Vec::new();
        for file in files(folder) {
            let mut source = FileSource::open(&Input::File(file)).unwrap();
            while let Some(frame) = source.next() {
                let number = u32::from_be_bytes(frame.octets[..4].try_into().unwrap());
                assert_eq!((frame.time, frame.original_length), (Time(DAY + i64::from(number)), 1500));
                numbers.push(number);
            }
        }
        numbers
    }

    #[test]
    fn the_oldest_file_goes_first_and_the_newest_frames_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mut ring = Ring::open(options(folder.path(), 4096, 1024)).unwrap();
        frames(&mut ring, 0..200);
        let counts = ring.counts();
        drop(ring);
        let sizes: Vec<u64> =
            files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).collect();
        assert!(sizes.iter().sum::<u64>() <= 4096 && sizes.iter().all(|size| *size <= 1024), "{sizes:?}");
        let kept = kept(folder.path());
        assert_eq!(kept, (200 - u32::try_from(kept.len()).unwrap()..200).collect::<Vec<_>>());
        assert!(kept.len() > 20, "{}", kept.len());
        assert_eq!((counts.frames, counts.frames_not_written, counts.errors), (200, 0, 0));
        assert_eq!(counts.files_removed + sizes.len() as u64, 200_u64.div_ceil(8));
        let first = files(folder.path())[0].file_name().unwrap().to_str().unwrap().to_owned();
        assert!(first.starts_with("eth1-00000000") && first.ends_with("-2026-01-01T000000Z.pcap"), "{first}");
    }

    #[test]
    fn a_ring_goes_on_where_an_earlier_one_ended_and_leaves_other_files_alone() {
        let folder = tempfile::tempdir().unwrap();
        let others = ["eth1-notes.pcap", "eth10-0000000001-2026-01-01T000000Z.pcap", "plant.pcap"];
        for name in others {
            std::fs::write(folder.path().join(name), vec![0; 5000]).unwrap();
        }
        for begin in [0, 100, 200] {
            let mut ring = Ring::open(options(folder.path(), 2048, 512)).unwrap();
            frames(&mut ring, begin..begin + 100);
        }
        let mut left = files(folder.path());
        left.retain(|path| !others.contains(&path.file_name().unwrap().to_str().unwrap()));
        assert_eq!(left.len() + 3, files(folder.path()).len());
        for path in files(folder.path()).iter().filter(|path| !left.contains(path)) {
            std::fs::remove_file(path).unwrap();
        }
        let kept = kept(folder.path());
        assert_eq!(kept, (300 - u32::try_from(kept.len()).unwrap()..300).collect::<Vec<_>>());
    }

    #[test]
    fn below_the_floor_files_go_then_writing_stops_and_it_goes_on_when_space_returns() {
        let folder = tempfile::tempdir().unwrap();
        let free = Arc::new(AtomicU64::new(1 << 40));
        let seen = Arc::clone(&free);
        let options = options(folder.path(), 1 << 30, 1 << 20);
        let mut ring =
            Ring::with_free_space(options, Box::new(move |_| Ok(seen.load(Ordering::Relaxed)))).unwrap();
        let a_look = 20_000; // frames of 116 octets: two looks at the space
        frames(&mut ring, 0..a_look);
        assert_eq!((ring.counts().frames, ring.trouble()), (u64::from(a_look), None));
        free.store(999, Ordering::Relaxed);
        frames(&mut ring, a_look..2 * a_look);
        assert!(ring.trouble().unwrap().contains("999 octets are free"), "{:?}", ring.trouble());
        let counts = ring.counts();
        assert!(counts.files_removed_for_space > 1 && counts.frames_not_written > 10_000, "{counts:?}");
        assert_eq!(files(folder.path()), [] as [PathBuf; 0], "all of it is given to the register");
        // A little more is not enough to begin again.
        free.store(5000, Ordering::Relaxed);
        frames(&mut ring, 2 * a_look..3 * a_look);
        assert!(ring.trouble().is_some());
        free.store(1 << 40, Ordering::Relaxed);
        frames(&mut ring, 3 * a_look..4 * a_look);
        let counts = ring.counts();
        assert_eq!(ring.trouble(), None);
        assert_eq!(counts.frames + counts.frames_not_written, u64::from(4 * a_look));
        assert_eq!(ring.counters()["ring: frames not kept in files"], counts.frames_not_written);
        drop(ring);
        assert_eq!(kept(folder.path()).last(), Some(&(4 * a_look - 1)));
    }

    #[test]
    fn a_folder_that_is_taken_away_is_counted_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("pcap");
        let mut ring = Ring::open(options(&below, 4096, 1024)).unwrap();
        frames(&mut ring, 0..5);
        std::fs::remove_dir_all(&below).unwrap();
        frames(&mut ring, 5..100);
        let counts = ring.counts();
        assert!(counts.errors > 0 && ring.trouble().is_some());
        assert_eq!(counts.frames + counts.frames_not_written, 100);
    }

    #[test]
    fn what_was_on_the_wire_is_not_for_everybody() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut ring = Ring::open(options(folder.path(), 4096, 1024)).unwrap();
        frames(&mut ring, 0..1);
        let mode = files(folder.path())[0].metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0);
    }
}
