//! One receiver: what it was not told yet is told, oldest first, and noted only when it has it. The register is the
//! backlog. Whatever fails is tried again, later and later.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::export::events::{Delivered, Event, JournalHead, Queue, Selection, journal_event};

use super::board::{Board, Reading, Status, lock};
use super::instant;
use super::store::Store;
use crate::session;

/// Events told before they are noted.
const BATCH: usize = 256;

/// Time before a failed attempt is repeated, the first and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// What came of telling events.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// So many, from the first on, are the receiver's now.
    pub(crate) count: usize,
    /// Why not more.
    pub(crate) problem: Option<String>,
    /// It did not say that it has them.
    pub(crate) unconfirmed: bool,
}

/// Who brings events to a receiver.
pub(crate) trait Carrier: Send + 'static {
    /// Brings events, in order.
    fn tell(&mut self, events: &[Event]) -> Told;

    /// What is to be done besides at each reading, and at least this often.
    fn tend(&mut self, _reading: &Reading, _problem: Option<&str>) -> Result<(), String> {
        Ok(())
    }

    /// How often at least [`tend`](Self::tend) is to be called, if it is.
    fn tends_every(&self) -> Option<Duration> {
        None
    }
}

/// A receiver with what it was told.
pub(crate) struct Target {
    carrier: Box<dyn Carrier>,
    status: Arc<Status>,
    board: Arc<Board>,
    store: Store,
    delivered: Delivered,
    selection: Selection,
    /// Time between two words on the journal.
    journal: Option<Duration>,
    journal_due: Option<Instant>,
    pause: Duration,
}

impl Target {
    pub(crate) fn new(
        carrier: Box<dyn Carrier>,
        status: Arc<Status>,
        board: Arc<Board>,
        state: &Path,
        selection: Selection,
        journal: Option<Duration>,
    ) -> std::io::Result<Self> {
        let (store, delivered) = Store::open(state, status.name)?;
        if let Some(head) = &delivered.journal {
            board.watch_line(head.line);
        }
        let journal_due = journal.map(|_| instant());
        Ok(Self { carrier, status, board, store, delivered, selection, journal, journal_due, pause: PAUSE.0 })
    }

    pub(crate) fn start(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name(self.status.name.to_owned()).spawn(move || self.run())
    }

    fn run(mut self) {
        let mut seen = 0;
        let mut not_before: Option<Instant> = None;
        loop {
            let tends = self.carrier.tends_every().and_then(|every| instant().checked_add(every));
            let until = match not_before {
                Some(moment) => Some(moment),
                None => [self.journal_due, tends].into_iter().flatten().min(),
            };
            let Some((generation, reading)) = self.board.wait(seen, until) else { return };
            seen = generation;
            let Some(reading) = reading else {
                // Nothing was read yet: only a reading changes that.
                not_before = instant().checked_add(PAUSE.0);
                continue;
            };
            if not_before.is_some_and(|moment| instant() < moment) {
                continue;
            }
            not_before = self.attempt(&reading).err().and_then(|problem| self.failed(problem));
        }
    }

    /// Notes what failed; when to try again.
    fn failed(&mut self, problem: String) -> Option<Instant> {
        self.status.failures.add(1);
        self.status.up.set(false);
        let before = lock(&self.status.problem).replace(problem.clone());
        if before.as_ref() != Some(&problem) {
            tracing::warn!(
                event = "receiver", receiver = self.status.name, problem = %export::safe_text(&problem),
                waiting = self.status.waiting.get(), "not told; it is tried again"
            );
        }
        let moment = instant().checked_add(self.pause);
        self.pause = self.pause.saturating_mul(2).min(PAUSE.1);
        moment
    }

    fn succeeded(&mut self) {
        self.pause = PAUSE.0;
        self.status.up.set(true);
        if lock(&self.status.problem).take().is_some() {
            tracing::info!(event = "receiver", receiver = self.status.name, "told again");
        }
    }

    /// Tells everything that waits, then where the journal ends if that is due.
    fn attempt(&mut self, reading: &Reading) -> Result<(), String> {
        let queue = Queue::new(&reading.snapshot, &self.selection, &mut self.delivered);
        let queue = queue.map_err(|error| error.to_string())?;
        self.waits(&queue, 0);
        let mut from = 0_usize;
        while from < queue.len() {
            if self.board.is_stopping() {
                return Ok(());
            }
            let events = queue.events(from, BATCH).map_err(|error| error.to_string())?;
            let told = self.tell(&events);
            from = from.saturating_add(told.count);
            self.waits(&queue, from);
            if let Some(problem) = told.problem {
                return Err(problem);
            }
            self.succeeded();
        }
        self.journal(reading)?;
        self.carrier.tend(reading, self.board.problem().as_deref())
    }

    /// Tells events, and notes those that the receiver has.
    fn tell(&mut self, events: &[Event]) -> Told {
        let told = self.carrier.tell(events);
        events.iter().take(told.count).for_each(|event| self.delivered.note(event));
        self.status.told.add(u64::try_from(told.count).unwrap_or(u64::MAX));
        if told.unconfirmed {
            self.status.unconfirmed.add(1);
        }
        self.write();
        told
    }

    fn write(&mut self) {
        // What cannot be noted is told again after a restart, which is better than not at all.
        if let Err(error) = self.store.write(&self.delivered) {
            tracing::warn!(event = "state", receiver = self.status.name, %error, "what it was told is not on disk");
        }
    }

    fn waits(&self, queue: &Queue<'_>, from: usize) {
        let waiting = queue.len().saturating_sub(from);
        self.status.waiting.set(u64::try_from(waiting).unwrap_or(u64::MAX));
        *lock(&self.status.oldest) = queue.oldest(from);
    }

    /// Tells where the custody journal ends, when it is time, or at once if it no longer holds what was told.
    fn journal(&mut self, reading: &Reading) -> Result<(), String> {
        let Some(every) = self.journal else { return Ok(()) };
        let rewritten = self.delivered.journal.clone().filter(|told| is_rewritten(told, reading));
        if rewritten.is_none() && self.journal_due.is_some_and(|due| instant() < due) {
            return Ok(());
        }
        let event = journal_event(&reading.head, rewritten.as_ref(), session::now());
        if rewritten.is_some() {
            tracing::error!(event = "journal", "{}", event.text);
        }
        let told = self.carrier.tell(std::slice::from_ref(&event));
        if let Some(problem) = told.problem {
            return Err(problem);
        }
        self.succeeded();
        self.delivered.journal = Some(reading.head.clone());
        self.board.watch_line(reading.head.line);
        self.write();
        self.journal_due = instant().checked_add(every);
        Ok(())
    }
}

/// True if the journal no longer holds a line that was told.
fn is_rewritten(told: &JournalHead, reading: &Reading) -> bool {
    if told.line == reading.head.line {
        return told.hash != reading.head.hash;
    }
    match reading.hashes.get(&told.line) {
        Some(Some(hash)) => *hash != told.hash,
        // An empty journal has no line.
        Some(None) => told.line > 0,
        None => told.line > reading.head.line,
    }
}
