//! What the threads show each other: the register as it was read last, and how each receiver fares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::export::events::JournalHead;
use inventory::Snapshot;
use observation::Time;
use register::Stamp;

use super::instant;
use crate::sensor::state::{Counter, Flag};

/// The register as it was read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) snapshot: Snapshot,
    /// Where the custody journal ends.
    pub(crate) head: JournalHead,
    /// Hashes of the lines that receivers were told before; `None` where there is no such line.
    pub(crate) hashes: BTreeMap<i64, Option<String>>,
    /// Of the file, before it was read.
    pub(crate) stamp: Stamp,
    /// Wall clock.
    pub(crate) at: Time,
    pub(crate) took: Duration,
}

/// How a receiver fares.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub(crate) name: &'static str,
    /// Events that wait.
    pub(crate) waiting: Counter,
    /// Events that it was told since the start.
    pub(crate) told: Counter,
    /// Attempts that failed since the start.
    pub(crate) failures: Counter,
    /// Connections whose end it did not confirm.
    pub(crate) unconfirmed: Counter,
    /// The last attempt succeeded.
    pub(crate) up: Flag,
    /// Observed time of the oldest event that waits.
    pub(crate) oldest: Mutex<Option<Time>>,
    /// Why the last attempt failed.
    pub(crate) problem: Mutex<Option<String>>,
}

impl Status {
    pub(crate) fn of(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, ..Self::default() })
    }

    pub(crate) fn problem(&self) -> Option<String> {
        lock(&self.problem).clone()
    }
}

/// A mutex, whoever panicked with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Default)]
struct View {
    /// Counts the readings.
    generation: u64,
    reading: Option<Arc<Reading>>,
    /// Why the register could not be read last.
    problem: Option<String>,
    /// When the reader turned last.
    turned: Option<Instant>,
    /// It rests, which is no hanging.
    resting: bool,
    stopping: bool,
    /// Somebody wants the register read at once.
    look: bool,
    /// The line of the journal that each receiver was told last.
    lines: BTreeMap<&'static str, i64>,
}

/// Where they do.
#[derive(Debug, Default)]
pub(crate) struct Board {
    view: Mutex<View>,
    changed: Condvar,
}

impl Board {
    /// Puts a reading up, or why there is none.
    pub(crate) fn put(&self, read: Result<Option<Reading>, String>) {
        let mut view = lock(&self.view);
        view.turned = Some(instant());
        match read {
            Ok(Some(reading)) => {
                view.reading = Some(Arc::new(reading));
                view.generation = view.generation.wrapping_add(1);
                view.problem = None;
                self.changed.notify_all();
            }
            // It was not written since.
            Ok(None) => view.problem = None,
            Err(problem) => view.problem = Some(problem),
        }
    }

    /// The last reading.
    pub(crate) fn reading(&self) -> Option<Arc<Reading>> {
        lock(&self.view).reading.clone()
    }

    /// Why the register could not be read last, if it could not.
    pub(crate) fn problem(&self) -> Option<String> {
        lock(&self.view).problem.clone()
    }

    /// For how long the reader has been reading; nothing if it never turned, zero while it rests.
    pub(crate) fn idle(&self) -> Option<Duration> {
        let view = lock(&self.view);
        let since =
            |turned| if view.resting { Duration::ZERO } else { instant().saturating_duration_since(turned) };
        view.turned.map(since)
    }

    /// The hash of this line of the journal is looked up from the next reading on, for this receiver, and no other one.
    pub(crate) fn watch_line(&self, receiver: &'static str, line: i64) {
        lock(&self.view).lines.insert(receiver, line);
    }

    pub(crate) fn lines(&self) -> BTreeSet<i64> {
        lock(&self.view).lines.values().copied().collect()
    }

    pub(crate) fn stop(&self) {
        lock(&self.view).stopping = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        lock(&self.view).stopping
    }

    /// Has the register read at once.
    pub(crate) fn look(&self) {
        lock(&self.view).look = true;
        self.changed.notify_all();
    }

    /// Waits so long, or until somebody wants a look or the end; true to go on.
    pub(crate) fn rest(&self, length: Duration) -> bool {
        let mut view = lock(&self.view);
        view.resting = true;
        let wait = self.changed.wait_timeout_while(view, length, |view| !view.stopping && !view.look);
        let (mut view, _) = wait.unwrap_or_else(PoisonError::into_inner);
        (view.look, view.resting, view.turned) = (false, false, Some(instant()));
        !view.stopping
    }

    /// Waits for a reading other than `seen`, or until a moment; the last reading with its number, `None` at the end.
    pub(crate) fn wait(&self, seen: u64, until: Option<Instant>) -> Option<(u64, Option<Arc<Reading>>)> {
        let length =
            until.map_or(Duration::from_secs(3600), |until| until.saturating_duration_since(instant()));
        let is_same = |view: &mut View| !view.stopping && view.generation == seen;
        let wait = self.changed.wait_timeout_while(lock(&self.view), length, is_same);
        let (view, _) = wait.unwrap_or_else(PoisonError::into_inner);
        (!view.stopping).then(|| (view.generation, view.reading.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_rests_is_not_idle_and_one_that_reads_is() {
        let board = Board::default();
        assert_eq!(board.idle(), None, "it never turned");
        board.put(Ok(None));
        std::thread::scope(|scope| {
            let resting = scope.spawn(|| board.rest(Duration::from_secs(60)));
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(board.idle(), Some(Duration::ZERO));
            board.look();
            assert!(resting.join().unwrap());
        });
        std::thread::sleep(Duration::from_millis(20));
        let idle = board.idle().unwrap();
        assert!(idle >= Duration::from_millis(20) && idle < Duration::from_millis(300), "{idle:?}");
    }

    #[test]
    fn of_each_receiver_the_last_line_is_watched() {
        let board = Board::default();
        (1..=9).for_each(|line| board.watch_line("syslog", line));
        board.watch_line("mqtt", 4);
        assert_eq!(board.lines(), BTreeSet::from([4, 9]));
    }
}
