//! What waits between the pipe and the decoder of one interface, within bounds.
//!
//! Nothing is dropped here: who puts in waits while it is full. The pipe fills behind it, then the kernel's ring, and
//! only there are frames lost, which the kernel counts. How often that waiting began is counted here.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::wire::Record;
use crate::config;

/// A queue of records.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    bounds: config::Queue,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<Record>,
    frames: usize,
    octets: usize,
    waits: u64,
    closed: bool,
}

/// What came out.
#[derive(Debug)]
pub(crate) enum Popped {
    Record(Record),
    /// Nothing came in the time given.
    Nothing,
    /// Nothing will come any more.
    Closed,
}

fn size(record: &Record) -> (usize, usize) {
    match record {
        Record::Frames(frames) => (usize::try_from(frames.count).unwrap_or(usize::MAX), frames.octets()),
        Record::Event(_) => (0, 0),
    }
}

impl Queue {
    pub(crate) fn new(bounds: config::Queue) -> Self {
        Self { state: Mutex::default(), bounds, filled: Condvar::new(), emptied: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a record in, waiting for room. A single record always has room. After [`close`](Self::close) it is let go.
    pub(crate) fn push(&self, record: Record) {
        let (frames, octets) = size(&record);
        let is_full = |state: &State| {
            !state.closed
                && state.frames > 0
                && (state.frames.saturating_add(frames) > self.bounds.frames_max
                    || state.octets.saturating_add(octets) > self.bounds.octets_max)
        };
        let mut state = self.lock();
        if frames > 0 && is_full(&state) {
            state.waits = state.waits.saturating_add(1);
            while is_full(&state) {
                state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        if state.closed {
            return;
        }
        state.frames = state.frames.saturating_add(frames);
        state.octets = state.octets.saturating_add(octets);
        state.records.push_back(record);
        self.filled.notify_one();
    }

    /// Takes the next record, waiting for it.
    pub(crate) fn pop(&self, timeout: Duration) -> Popped {
        let state = self.lock();
        let wait =
            self.filled.wait_timeout_while(state, timeout, |state| state.records.is_empty() && !state.closed);
        let (mut state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        let Some(record) = state.records.pop_front() else {
            return if state.closed { Popped::Closed } else { Popped::Nothing };
        };
        let (frames, octets) = size(&record);
        state.frames = state.frames.saturating_sub(frames);
        state.octets = state.octets.saturating_sub(octets);
        self.emptied.notify_one();
        Popped::Record(record)
    }

    /// Nothing comes any more; what is in may still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.emptied.notify_all();
    }

    /// How often it was full when something came.
    pub(crate) fn waits(&self) -> u64 {
        self.lock().waits
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::capture::{LinkType, RawFrame};
    use observation::Time;

    use super::super::wire::{self, Chunk, Event};
    use super::*;

    fn frames(count: u8) -> Record {
        let mut chunk = Chunk::default();
        for number in 1..=count {
            chunk.push(&RawFrame {
                number: number.into(),
                time: Time(0),
                link_type: LinkType::ETHERNET,
                original_length: 60,
                octets: &[0; 60],
            });
        }
        wire::read(&mut chunk.record(1)).unwrap().unwrap().1
    }

    #[test]
    fn who_fills_waits_for_room_and_nothing_is_lost() {
        let queue = Arc::new(Queue::new(config::Queue { frames_max: 10, octets_max: 1 << 20 }));
        let filling = Arc::clone(&queue);
        let thread = std::thread::spawn(move || {
            for _ in 0..100 {
                filling.push(frames(4));
            }
            filling.close();
        });
        let mut count = 0;
        loop {
            match queue.pop(Duration::from_secs(10)) {
                Popped::Record(Record::Frames(frames)) => count += frames.count,
                Popped::Record(Record::Event(event)) => panic!("{event:?}"),
                Popped::Nothing => panic!("it stalled"),
                Popped::Closed => break,
            }
            assert!(queue.lock().frames <= 10);
        }
        thread.join().unwrap();
        assert_eq!(count, 400);
    }

    #[test]
    fn an_event_never_waits_and_one_record_always_has_room() {
        let queue = Queue::new(config::Queue { frames_max: 1, octets_max: 1 });
        queue.push(frames(9));
        queue.push(Record::Event(Event::Ended));
        assert!(matches!(queue.pop(Duration::ZERO), Popped::Record(Record::Frames(_))));
        assert!(matches!(queue.pop(Duration::ZERO), Popped::Record(Record::Event(Event::Ended))));
        assert!(matches!(queue.pop(Duration::from_millis(1)), Popped::Nothing));
        queue.close();
        assert!(matches!(queue.pop(Duration::from_secs(10)), Popped::Closed));
        assert_eq!(queue.waits(), 0);
    }
}
