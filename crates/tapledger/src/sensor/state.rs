//! What the threads of the sensor show each other: signs of progress, and counters for the status line.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A counter that one thread writes and others read. What it counts orders nothing else.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A yes or no, likewise.
#[derive(Debug, Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) fn set(&self, is: bool) {
        self.0.store(is, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// True once for each time it was set.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Of one session: an interface from the first time it is opened until the sensor ends or lets go of it.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Records that came from the capturing process, of an idle interface one a second.
    pub(crate) heard: Counter,
    /// Turns of the decoder.
    pub(crate) turns: Counter,
    /// Frames decoded.
    pub(crate) frames: Counter,
    /// Frames that the kernel or the network card lost.
    pub(crate) drops: Counter,
    /// Frames that were let go because the register could not be written.
    pub(crate) refused: Counter,
    /// Frames that the machine sent on the interface since it was opened.
    pub(crate) sent: Counter,
    /// It is listened on now.
    pub(crate) open: Flag,
    /// It was refused for lack of a permission.
    pub(crate) denied: Mutex<Option<String>>,
    /// Flows are to be forgotten, because memory is short.
    pub(crate) shorten: Flag,
    /// It has ended.
    pub(crate) ended: Flag,
}

/// Of the writer.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    /// Turns of the writer, failed attempts too.
    pub(crate) turns: Counter,
    /// Since when old days are being folded, which is one step: after a long time without it, of minutes.
    pub(crate) folding: Mutex<Option<Instant>>,
    /// Assets at the last look.
    pub(crate) assets: Counter,
    /// The register cannot be written at present.
    pub(crate) failing: Flag,
    /// The sensor ends: what cannot be written soon is given up.
    pub(crate) stopping: Flag,
    /// The sensor ends, and there is no time left to decode: what still comes is counted.
    pub(crate) hurry: Flag,
    /// Why the sensor cannot go on.
    pub(crate) fatal: Mutex<Option<String>>,
}

/// How long old days may be folded without a sign of life.
const FOLDING_MAX: Duration = Duration::from_secs(15 * 60);

impl Writing {
    /// Old days are being folded since then, or no longer.
    pub(crate) fn fold_since(&self, began: Option<Instant>) {
        *self.folding.lock().unwrap_or_else(PoisonError::into_inner) = began;
    }

    /// What changes as long as the writer gets on.
    pub(crate) fn progress(&self) -> u64 {
        let folding = *self.folding.lock().unwrap_or_else(PoisonError::into_inner);
        let folding = folding.map(|began| began.elapsed()).filter(|elapsed| *elapsed < FOLDING_MAX);
        let nanos = folding.map_or(0, |elapsed| u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX));
        self.turns.get().saturating_add(nanos)
    }
}

/// Puts a text where there is none yet.
pub(crate) fn put(place: &Mutex<Option<String>>, text: impl Into<String>) {
    place.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| text.into());
}

/// The text, if there is one.
pub(crate) fn text(place: &Mutex<Option<String>>) -> Option<String> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[cfg(test)]
mod tests {
    use super::super::writer::now;
    use super::*;

    #[test]
    fn folding_is_progress_for_some_minutes_and_standing_still_is_not() {
        let writing = Writing::default();
        assert_eq!(writing.progress(), writing.progress());
        writing.turns.add(1);
        assert_eq!(writing.progress(), 1);
        writing.fold_since(Some(now()));
        let before = writing.progress();
        std::thread::sleep(Duration::from_millis(1));
        assert!(writing.progress() > before);
        writing.fold_since(now().checked_sub(FOLDING_MAX));
        assert_eq!(writing.progress(), writing.progress());
    }
}
