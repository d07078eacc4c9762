//! A ring of capture files: everything heard, until a bound is met; then the oldest file goes first.
//!
//! Files are pcap with nanoseconds, little-endian, named `<name>-<number>-<UTC time of the first frame>.pcap`; the number
//! goes on after a restart. They hold what was on the wire, secrets too, and are for their owner and group alone. Only
//! files of that form are ever removed.
//!
//! The register has priority: where the file system has less free than the floor, files of the ring go, oldest first;
//! where none is left, writing stops and goes on when space has returned. Writing never fails the caller: what was not
//! written, removed or in the way is counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
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

impl RingCounts {
    /// What was done since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            frames: self.frames.saturating_sub(before.frames),
            octets: self.octets.saturating_sub(before.octets),
            files_removed: self.files_removed.saturating_sub(before.files_removed),
            files_removed_for_space: self
                .files_removed_for_space
                .saturating_sub(before.files_removed_for_space),
            frames_not_written: self.frames_not_written.saturating_sub(before.frames_not_written),
            errors: self.errors.saturating_sub(before.errors),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            frames: self.frames.saturating_add(other.frames),
            octets: self.octets.saturating_add(other.octets),
            files_removed: self.files_removed.saturating_add(other.files_removed),
            files_removed_for_space: self
                .files_removed_for_space
                .saturating_add(other.files_removed_for_space),
            frames_not_written: self.frames_not_written.saturating_add(other.frames_not_written),
            errors: self.errors.saturating_add(other.errors),
        }
    }

    /// The counts that are not zero by name, as a capture's summary has them.
    #[must_use]
    pub fn counters(self) -> BTreeMap<String, u64> {
        let Self { frames, octets: _, files_removed, files_removed_for_space, frames_not_written, errors } =
            self;
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
}

/// Octets that are free on the file system of a folder.
type Free = Box<dyn FnMut(&Path) -> io::Result<u64> + Send>;

/// A ring of capture files.
pub struct Ring {
    options: RingOptions,
    /// Octets of a file as they were asked for; those of the options are what the bound leaves of them.
    file_octets: u64,
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
    file: File,
    /// What was not yet handed to the operating system, and how many frames of it are whole.
    buffer: Vec<u8>,
    frames: u64,
    /// Octets that were handed over.
    flushed: u64,
    /// Octets of both.
    octets: u64,
}

impl Current {
    /// Hands the buffer to the operating system. Where that fails the file ends with its last whole frame, and the buffer
    /// stays.
    fn flush(&mut self) -> io::Result<()> {
        if let Err(error) = self.file.write_all(&self.buffer) {
            // Nothing better can be done if these fail, too.
            let _ = self.file.set_len(self.flushed);
            let _ = self.file.seek(SeekFrom::Start(self.flushed));
            return Err(error);
        }
        self.flushed = self.flushed.saturating_add(self.buffer.len() as u64);
        self.buffer.clear();
        self.frames = 0;
        Ok(())
    }
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
        let file_octets = options.file_octets;
        options.file_octets = octets_of_file(file_octets, options.octets_max);
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
            file_octets,
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
        if let Some(Err(error)) = self.current.as_mut().map(Current::flush) {
            self.fail(&error);
        }
    }

    /// What was done so far.
    #[must_use]
    pub fn counts(&self) -> RingCounts {
        self.counts
    }

    /// Why nothing is written at present; `None` if all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Sets the bound of all files together anew; what is too much goes at once, but for the file that is written.
    pub fn bound(&mut self, octets_max: u64) {
        self.options.octets_max = octets_max;
        self.options.file_octets = octets_of_file(self.file_octets, octets_max);
        let of_current = self.current.as_ref().map_or(0, |current| current.octets);
        if let Err(error) = self.make_room(of_current) {
            self.fail(&error);
        }
    }

    /// Takes over files of rings that nobody writes any more, as the oldest of this one: files of the form whose name is not
    /// among `names`. Those of that name are dealt out to the rings of `names`, of which this must be one, so that each is
    /// counted and removed by one ring.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be read.
    pub fn adopt(&mut self, names: &BTreeSet<String>) -> io::Result<()> {
        let place = names.iter().position(|name| *name == self.options.name).unwrap_or(0);
        let mut left = BTreeMap::new();
        for entry in std::fs::read_dir(&self.options.folder)? {
            let entry = entry?;
            let file = entry.file_name();
            let Some((name, number, time)) = parts_of_file(&file) else { continue };
            // By its number, which is the same for each ring whatever another one has removed meanwhile.
            let turn = usize::try_from(number).ok().and_then(|number| number.checked_rem(names.len()));
            // What another one removed just now is none.
            if !names.contains(name)
                && turn.unwrap_or(0) == place
                && let Ok(metadata) = entry.metadata()
            {
                let closed = Closed { octets: metadata.len(), path: entry.path() };
                left.insert((time.to_owned(), name.to_owned(), number), closed);
            }
        }
        for file in left.into_values().rev() {
            self.files_octets = self.files_octets.saturating_add(file.octets);
            self.files.push_front(file);
        }
        Ok(())
    }

    /// Ends the last file; what was done, as [`RingCounts::counters`] names it.
    #[must_use]
    pub fn finish(mut self) -> BTreeMap<String, u64> {
        if let Err(error) = self.close() {
            self.fail(&error);
        }
        self.counts.counters()
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
        self.make_room(after)?;
        if self.current.is_none() {
            self.current = Some(self.begin(frame)?);
        }
        let Some(current) = &mut self.current else { return Ok(()) };
        let seconds = u32::try_from(frame.time.0.div_euclid(1_000_000_000).max(0)).unwrap_or(u32::MAX);
        let nanos = u32::try_from(frame.time.0.rem_euclid(1_000_000_000)).unwrap_or(0);
        let captured = u32::try_from(kept.len()).unwrap_or(SNAPLEN);
        if current.buffer.len().saturating_add(kept.len()) > BUFFER_OCTETS {
            current.flush()?;
        }
        for field in [seconds, nanos, captured, frame.original_length] {
            current.buffer.extend_from_slice(&field.to_le_bytes());
        }
        current.buffer.extend_from_slice(kept);
        current.frames = current.frames.saturating_add(1);
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
        let mut buffer = Vec::with_capacity(BUFFER_OCTETS);
        let (major, minor) = (2_u16, 4_u16);
        buffer.extend_from_slice(&MAGIC.to_le_bytes());
        buffer.extend_from_slice(&major.to_le_bytes());
        buffer.extend_from_slice(&minor.to_le_bytes());
        for field in [0, 0, SNAPLEN, frame.link_type.0.into()] {
            buffer.extend_from_slice(&field.to_le_bytes());
        }
        Ok(Current {
            path,
            link_type: frame.link_type,
            file,
            buffer,
            frames: 0,
            flushed: 0,
            octets: FILE_HEADER,
        })
    }

    /// Ends the current file. Where that fails, what was in the buffer is counted as not written.
    fn close(&mut self) -> io::Result<()> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        let written = current.flush();
        self.counts.frames = self.counts.frames.saturating_sub(current.frames);
        self.counts.frames_not_written = self.counts.frames_not_written.saturating_add(current.frames);
        if current.flushed == 0 {
            // Without its header it is no capture file.
            let _ = std::fs::remove_file(&current.path);
        } else {
            self.files_octets = self.files_octets.saturating_add(current.flushed);
            self.files.push_back(Closed { path: current.path, octets: current.flushed });
        }
        written
    }

    /// Removes files until there is room for so many octets within the bound, or no file is left.
    fn make_room(&mut self, octets: u64) -> io::Result<()> {
        while self.files_octets.saturating_add(octets) > self.options.octets_max && !self.files.is_empty() {
            self.remove_oldest()?;
            self.counts.files_removed = self.counts.files_removed.saturating_add(1);
        }
        Ok(())
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

/// Octets of a file, of which so many were asked for (0 for a sixteenth of the ring): a ring of one file would be empty after
/// each turn.
fn octets_of_file(wanted: u64, octets_max: u64) -> u64 {
    let octets = match wanted {
        0 => (octets_max / FILES).clamp(*FILE_OCTETS.start(), *FILE_OCTETS.end()),
        wanted => wanted,
    };
    octets.min(octets_max / 2)
}

/// Octets that this process may still write on the file system of a folder.
fn free_space(folder: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Octets that a share of the file system of a folder is, in percent: a floor for [`RingOptions::free_octets_min`].
///
/// # Errors
///
/// Fails if the folder is not there.
pub fn percent_of_space(folder: &Path, percent: u8) -> io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    let octets = u128::from(space.f_blocks).saturating_mul(space.f_frsize.into());
    Ok(u64::try_from(octets.saturating_mul(percent.into()) / 100).unwrap_or(u64::MAX))
}

fn file_name(name: &str, number: u64, time: Time) -> String {
    let seconds = time.0.rem_euclid(NANOS_PER_DAY) / 1_000_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{name}-{number:010}-{}T{hour:02}{minute:02}{second:02}Z.pcap", time.day())
}

/// The number of a file of a ring of that name.
fn number_of_file(file: &OsStr, name: &str) -> Option<u64> {
    parts_of_file(file).filter(|(own, ..)| *own == name).map(|(_, number, _)| number)
}

/// Name of the ring, number and time of one of its files. The name may have a `-` in it.
fn parts_of_file(file: &OsStr) -> Option<(&str, u64, &str)> {
    let stem = file.to_str()?.strip_suffix(".pcap")?;
    let (before, time) = stem.split_at_checked(stem.len().checked_sub("2026-01-02T030405Z".len())?)?;
    let (name, number) = before.strip_suffix('-')?.rsplit_once('-')?;
    let is_time =
        time.ends_with('Z') && time.bytes().all(|octet| octet.is_ascii_digit() || b"-TZ".contains(&octet));
    let is_number = number.len() >= 10 && number.bytes().all(|octet| octet.is_ascii_digit());
    if name.is_empty() || !is_number || !is_time {
        return None;
    }
    Some((name, number.parse().ok()?, time))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests;
