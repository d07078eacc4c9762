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

    /// What is to be done besides at each reading, and at least this often; true if the receiver was told something.
    /// Without a reading the register could not be read since the start.
    fn tend(&mut self, _reading: Option<&Reading>, _problem: Option<&str>) -> Result<bool, String> {
        Ok(false)
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
            board.watch_line(status.name, head.line);
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
        // When to look again as long as nothing was read.
        let mut unread = instant().checked_add(PAUSE.0);
        loop {
            let tends = self.carrier.tends_every().and_then(|every| instant().checked_add(every));
            let until = match not_before.or(unread) {
                Some(moment) => Some(moment),
                None => [self.journal_due, tends].into_iter().flatten().min(),
            };
            let Some((generation, reading)) = self.board.wait(seen, until) else { return };
            seen = generation;
            let Some(reading) = reading else {
                // Nothing was read yet: that is told, and only a reading changes it.
                let tended = self.board.problem().map(|problem| self.tend(None, Some(&problem)));
                let pause = tended.as_ref().and_then(|_| self.carrier.tends_every()).unwrap_or(PAUSE.0);
                unread = instant().checked_add(pause);
                not_before = tended.and_then(Result::err).and_then(|problem| self.failed(problem));
                continue;
            };
            unread = None;
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
        self.tend(Some(reading), self.board.problem().as_deref())
    }

    /// Has the carrier do what is to be done besides.
    fn tend(&mut self, reading: Option<&Reading>, problem: Option<&str>) -> Result<(), String> {
        if !self.carrier.tend(reading, problem)? {
            return Ok(());
        }
        let was_up = self.status.up.is_set();
        self.succeeded();
        // What it was told just now says that it is down.
        if !was_up {
            self.carrier.tend(reading, problem)?;
        }
        Ok(())
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
        self.board.watch_line(self.status.name, reading.head.line);
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use inventory::Snapshot;
    use observation::Time;
    use register::Stamp;

    use super::*;

    /// A carrier whose tending comes out as it was told to; it notes whether the register was read.
    struct Tended {
        outcomes: VecDeque<Result<bool, String>>,
        heard: Arc<Mutex<Vec<bool>>>,
    }

    impl Carrier for Tended {
        fn tell(&mut self, events: &[Event]) -> Told {
            Told { count: events.len(), ..Told::default() }
        }

        fn tend(&mut self, reading: Option<&Reading>, _problem: Option<&str>) -> Result<bool, String> {
            lock(&self.heard).push(reading.is_some());
            self.outcomes.pop_front().unwrap_or(Ok(true))
        }

        fn tends_every(&self) -> Option<Duration> {
            Some(Duration::from_secs(30))
        }
    }

    fn target(
        folder: &Path,
        outcomes: &[Result<bool, String>],
        board: &Arc<Board>,
    ) -> (Target, Arc<Mutex<Vec<bool>>>) {
        let heard = Arc::default();
        let carrier = Tended { outcomes: outcomes.iter().cloned().collect(), heard: Arc::clone(&heard) };
        let status = Status::of("mqtt");
        let selection = Selection { learned: false, severity_min: inventory::Severity::Information };
        let target = Target::new(Box::new(carrier), status, Arc::clone(board), folder, selection, None);
        (target.unwrap(), heard)
    }

    fn reading() -> Reading {
        Reading {
            snapshot: Snapshot::default(),
            head: JournalHead { line: 0, hash: String::new() },
            hashes: std::collections::BTreeMap::new(),
            stamp: Stamp::of(Path::new("/nowhere")),
            at: Time(0),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_receiver_that_is_tended_again_is_up_and_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let outcomes = [Err("refused".to_owned()), Err("refused".to_owned()), Ok(true)];
        let (mut target, heard) = target(folder.path(), &outcomes, &Arc::default());
        for _ in 0..2 {
            let problem = target.attempt(&reading()).unwrap_err();
            target.failed(problem);
        }
        assert_eq!((target.status.up.is_set(), target.status.problem()), (false, Some("refused".to_owned())));
        assert!(target.pause > PAUSE.0);
        target.attempt(&reading()).unwrap();
        assert_eq!((target.status.up.is_set(), target.status.problem()), (true, None));
        assert_eq!(target.pause, PAUSE.0);
        assert_eq!(lock(&heard).len(), 4, "again, with itself as up");
        target.attempt(&reading()).unwrap();
        assert_eq!(lock(&heard).len(), 5);
    }

    #[test]
    fn that_the_register_was_never_read_is_told_and_a_reading_is_not_kept_waiting() {
        let (folder, board) = (tempfile::tempdir().unwrap(), Arc::new(Board::default()));
        let (target, heard) = target(folder.path(), &[], &board);
        let thread = target.start().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        assert!(lock(&heard).is_empty(), "the first reading is not over");
        board.put(Err("no such file".to_owned()));
        let until = |wanted: bool| {
            let began = instant();
            while !lock(&heard).contains(&wanted) {
                assert!(began.elapsed() < Duration::from_secs(10), "{:?}", lock(&heard));
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        until(false);
        std::thread::sleep(Duration::from_millis(700));
        assert_eq!(lock(&heard).len(), 2, "not more often than it tends");
        board.put(Ok(Some(reading())));
        until(true);
        board.stop();
        thread.join().unwrap();
    }
}
