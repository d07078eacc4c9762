//! `watch`: a folder that another program puts captures into (a rotating tcpdump or dumpcap, a share of another machine).
//! Each is imported once, when it is whole.
//!
//! The folder is looked at again and again, which holds on network file systems too, where nobody is told of changes.

mod spool;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ::capture::{Input, SourceError};
use clap::Args;
use observation::number_of;
use register::Register;

use crate::arguments::{Db, duration};
use crate::failure::Failure;
use crate::import::{self, Refused};
use crate::notify::store;
use crate::progress::Progress;
use crate::sensor::notify::Notify;
use crate::sensor::signals::{self, Ask};
use crate::session::{person, resolve};
use crate::summary::Outcome;
use spool::{Fate, Likeness, Spool, move_into, shown};

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The folder; folders in it are not looked into.
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
    #[command(flatten)]
    db: Db,
    /// The site that the stations belong to.
    #[arg(long, default_value = "default", env = "TAPLEDGER_SITE")]
    site: String,
    /// How long a file has to stay as it is before it is taken for whole, as in 10s, 2m.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    settle: Duration,
    /// Time between two looks into the folder.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    every: Duration,
    /// Leave the newest file alone until a newer one is there: the program that rotates still writes it.
    #[arg(long)]
    keep_newest: bool,
    /// Delete files that were imported to their end.
    #[arg(long, conflicts_with = "move_to")]
    delete: bool,
    /// Move files that were imported into this folder.
    #[arg(long, value_name = "DIR")]
    move_to: Option<PathBuf>,
    /// Move files that could not be read, or not to their end, into this folder; without it they stay.
    #[arg(long, value_name = "DIR")]
    damaged_to: Option<PathBuf>,
    /// Import what is whole, then end.
    #[arg(long)]
    once: bool,
}

/// Time between two looks at signals.
const TURN: Duration = Duration::from_millis(250);

/// What came of the folder so far.
#[derive(Default)]
struct Counts {
    imported: u64,
    repeated: u64,
    partial: u64,
    refused: u64,
}

pub(crate) fn run(arguments: &Watch) -> Result<ExitCode, Failure> {
    for folder in [Some(&arguments.directory), arguments.move_to.as_ref(), arguments.damaged_to.as_ref()] {
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::Usage(format!("{} is no folder", folder.display())));
        }
    }
    let same = |other: &Option<PathBuf>| {
        other
            .as_ref()
            .is_some_and(|other| other.canonicalize().ok() == arguments.directory.canonicalize().ok())
    };
    if same(&arguments.move_to) || same(&arguments.damaged_to) {
        return Err(Failure::Usage("files cannot be moved into the folder that is watched".to_owned()));
    }
    let notify = Notify::new()?;
    let asks = signals::watch()?;
    let memory_path = memory_path(&arguments.db.db);
    let memory = match std::fs::read_to_string(&memory_path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(anyhow::anyhow!("{}: {error}", memory_path.display()).into()),
    };
    let settle = if arguments.once { Duration::ZERO } else { arguments.settle };
    let spool = Spool::new(&arguments.directory, settle, arguments.keep_newest, &memory).or_else(|error| {
        // Reading everything again costs time and changes nothing.
        tracing::warn!(event = "memory", file = %memory_path.display(), %error, "not read; all files are read again");
        Spool::new(&arguments.directory, settle, arguments.keep_newest, "")
    });
    let spool = spool.map_err(anyhow::Error::from)?;
    let register = Register::create_or_open(&arguments.db.db)?;
    let watcher = Watcher {
        arguments,
        spool,
        register,
        person: person(),
        memory_path,
        memory,
        counts: Counts::default(),
        unidentified: false,
        problems: BTreeMap::new(),
    };
    watcher.run(&notify, &asks)
}

/// Where it is remembered what became of files: beside the register, whose knowledge it is.
fn memory_path(db: &Path) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".watched");
    path.into()
}

/// What does not go at present.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Folder,
    Register,
    Memory,
    File(PathBuf),
}

struct Watcher<'a> {
    arguments: &'a Watch,
    spool: Spool,
    register: Register,
    person: String,
    memory_path: PathBuf,
    /// As it stands on disk.
    memory: String,
    counts: Counts,
    /// Ids are to be issued for what was imported.
    unidentified: bool,
    /// What is tried again, and why; of files only those that are waited for.
    problems: BTreeMap<Subject, String>,
}

impl Watcher<'_> {
    fn run(mut self, notify: &Notify, asks: &Receiver<Ask>) -> Result<ExitCode, Failure> {
        let mut ready = false;
        let mut said = String::new();
        loop {
            self.turn(notify)?;
            let status = self.status();
            if !ready {
                notify.ready(&status);
                ready = true;
            } else if status != said {
                notify.status(&status);
            }
            notify.alive();
            said = status;
            if self.arguments.once || self.is_over(asks, notify) {
                break;
            }
        }
        notify.stopping();
        // What was whole when the end was asked for is imported still.
        if !self.arguments.once {
            self.turn(notify)?;
        }
        self.register.checkpoint()?;
        crate::terminal::say(&format!("tapledger: {}", export::safe_text(&self.status())));
        Ok(ExitCode::SUCCESS)
    }

    /// Waits until the next look; true if the end was asked for.
    fn is_over(&self, asks: &Receiver<Ask>, notify: &Notify) -> bool {
        let until = now().checked_add(self.arguments.every);
        while until.is_some_and(|until| now() < until) {
            match asks.recv_timeout(TURN.min(self.arguments.every)) {
                Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => return true,
                Ok(Ask::Reload) => return false,
                Ok(Ask::Stats) => crate::terminal::say(&format!("tapledger: {}", self.status())),
                Err(RecvTimeoutError::Timeout) => notify.alive(),
            }
        }
        false
    }

    fn status(&self) -> String {
        let Counts { imported, repeated, partial, refused } = self.counts;
        let waiting = number_of(self.spool.waiting(), "file");
        let mut text = format!(
            "{imported} imported ({partial} not to the end), {repeated} known already, {refused} refused, {waiting} waiting"
        );
        if self.spool.beyond > 0 {
            text.push_str(&format!(", {} more than are looked at", self.spool.beyond));
        }
        if let Some(problem) = self.problems.values().next() {
            text.push_str(&format!("; {problem}"));
        }
        if let more @ 1.. = self.problems.len().saturating_sub(1) {
            text.push_str(&format!(", and {} more", number_of(more, "problem")));
        }
        text
    }

    /// Imports what is whole. What one file, a busy register or a full disk prevents is tried again at the next turn.
    fn turn(&mut self, notify: &Notify) -> Result<(), Failure> {
        let whole = match self.spool.look(now()) {
            Ok(whole) => whole,
            Err(error) => {
                // A share that is gone for a while comes back.
                self.complain(Subject::Folder, format!("{}: {error}", self.arguments.directory.display()));
                return Ok(());
            }
        };
        self.problems.remove(&Subject::Folder);
        if whole.is_empty() && !self.unidentified {
            self.problems.remove(&Subject::Register);
        }
        let spool = &self.spool;
        self.problems.retain(|subject, _| !matches!(subject, Subject::File(path) if !spool.waits_for(path)));
        let imported = self.import(&whole, notify);
        let identified = self.identify();
        self.register.release();
        // Whatever ends the process: what was imported is known.
        self.remember();
        imported.and(identified)
    }

    fn import(&mut self, whole: &[PathBuf], notify: &Notify) -> Result<(), Failure> {
        for path in whole {
            notify.alive();
            if !self.one(path)? {
                return Ok(());
            }
            self.problems.remove(&Subject::Register);
        }
        Ok(())
    }

    /// Issues ids for what was imported.
    fn identify(&mut self) -> Result<(), Failure> {
        if !self.unidentified {
            return Ok(());
        }
        match self.register.identify(resolve) {
            Ok(_) => {
                self.unidentified = false;
                self.problems.remove(&Subject::Register);
                Ok(())
            }
            Err(error) => self.busy(error),
        }
    }

    /// Complains of an error of the register that may pass; others end the watcher.
    fn busy(&mut self, error: register::Error) -> Result<(), Failure> {
        if matches!(error, register::Error::InUse { .. }) || error.is_passing() {
            self.complain(Subject::Register, error.to_string());
            return Ok(());
        }
        Err(error.into())
    }

    /// Notes on disk what became of the files.
    fn remember(&mut self) {
        let memory = self.spool.memory();
        if memory == self.memory {
            return;
        }
        match store::replace(&self.memory_path, memory.as_bytes()) {
            Ok(()) => {
                self.memory = memory;
                self.problems.remove(&Subject::Memory);
            }
            Err(error) => {
                self.complain(Subject::Memory, format!("{}: {error}", self.memory_path.display()));
            }
        }
    }

    /// Says what is wrong, once until it is well again.
    fn complain(&mut self, subject: Subject, problem: String) {
        if self.problems.get(&subject) != Some(&problem) {
            tracing::warn!(event = "watch", problem = %export::safe_text(&problem), "tried again");
        }
        self.problems.insert(subject, problem);
    }

    /// Complains of a file that cannot be read at present, and waits for it anew.
    fn complain_of(&mut self, path: &Path, error: &std::io::Error) {
        self.spool.wait_again(path, now());
        self.complain(Subject::File(path.to_path_buf()), format!("{}: {error}", path.display()));
    }

    /// Imports one file; false if the register cannot be written at present.
    fn one(&mut self, path: &Path) -> Result<bool, Failure> {
        let shown = shown(path);
        // A file that is gone is none.
        let Ok(before) = Likeness::of(path) else { return Ok(true) };
        let grew = match self.spool.grew(path, before) {
            Ok(grew) => grew,
            Err(error) => {
                self.complain_of(path, &error);
                return Ok(true);
            }
        };
        if grew {
            // What of it is known must be hashed before it is called so.
            if let Err(error) = self.spool.note_grown(path, before) {
                self.complain_of(path, &error);
                return Ok(true);
            }
            tracing::warn!(
                event = "grew",
                file = shown,
                "it grew after it was imported and is not imported again: --settle is too short for whoever writes it, or --keep-newest is missing"
            );
            self.counts.refused = self.counts.refused.saturating_add(1);
            return Ok(true);
        }
        let progress = Progress::new(None, true);
        let input = Input::File(path.to_path_buf());
        let read = import::one(&mut self.register, &input, &self.arguments.site, &self.person, &progress, 0);
        let outcome = match read {
            Ok(outcome) => outcome,
            Err(Refused::Register(error)) => return self.busy(error).map(|()| false),
            // A share that stumbles, or rights that are set after the name: that passes, and the file says nothing.
            Err(Refused::Source(SourceError::Io(error))) => {
                self.complain_of(path, &error);
                return Ok(true);
            }
            Err(Refused::Source(error)) => {
                let problem = error.to_string();
                tracing::warn!(event = "refused", file = shown, problem = %export::safe_text(&problem), "not imported");
                self.counts.refused = self.counts.refused.saturating_add(1);
                let folder = self.arguments.damaged_to.as_deref();
                self.put_away(path, before, (Fate::Refused, ""), folder, false);
                return Ok(true);
            }
        };
        self.unidentified |= !outcome.repeated;
        self.count(&outcome, &shown);
        let (folder, delete) = match (outcome.partial, &self.arguments.damaged_to) {
            (true, Some(folder)) => (Some(folder.as_path()), false),
            // What could not be read is not thrown away.
            (true, None) => (self.arguments.move_to.as_deref(), false),
            (false, _) => (self.arguments.move_to.as_deref(), self.arguments.delete),
        };
        // What it grew by while it was read is in it or not: the length that was read says which.
        let read = before.with_octets(outcome.summary.octets);
        self.put_away(path, read, (Fate::Imported, &outcome.summary.uid), folder, delete);
        Ok(true)
    }

    fn count(&mut self, outcome: &Outcome, shown: &str) {
        let count = if outcome.repeated { &mut self.counts.repeated } else { &mut self.counts.imported };
        *count = count.saturating_add(1);
        if outcome.partial {
            self.counts.partial = self.counts.partial.saturating_add(1);
            let stopped = outcome.summary.stopped.as_deref().unwrap_or("it ends early");
            tracing::warn!(
                event = "partial", file = shown, frames = outcome.summary.frames, problem = %export::safe_text(stopped),
                "not imported to its end"
            );
        } else {
            let repeated = outcome.repeated;
            tracing::info!(
                event = "imported",
                file = shown,
                frames = outcome.summary.frames,
                repeated,
                "imported"
            );
        }
    }

    /// Moves or deletes a file that was dealt with, or remembers it. One that changed meanwhile stays.
    fn put_away(
        &mut self,
        path: &Path,
        before: Likeness,
        (fate, sha256): (Fate, &str),
        folder: Option<&Path>,
        delete: bool,
    ) {
        let is_same = Likeness::of(path).is_ok_and(|now| now == before);
        let done = match (is_same, folder) {
            (true, Some(folder)) => move_into(path, folder).map(|_| ()),
            (true, None) if delete => std::fs::remove_file(path),
            _ => Ok(()),
        };
        if let Err(error) = done {
            tracing::warn!(event = "stays", file = shown(path), %error, "it could not be moved or deleted");
        }
        if path.symlink_metadata().is_ok() {
            self.spool.note(path, before, fate, sha256);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary reads the clock")]
fn now() -> Instant {
    Instant::now()
}
