//! Writes the ring of capture files of one interface, in a thread of its own: a slow disk must not hold the decoder up.
//!
//! What waits for the disk is bounded; what finds no place is counted as not kept. The thread lives as long as the sensor,
//! whatever sessions the interface has, so that nobody else writes its files.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::capture::ring::{Ring, RingCounts, RingOptions, percent_of_space};

use super::log::Limiter;
use super::state::Counter;
use super::wire::Frames;
use super::writer::now;

/// Octets of frames that may wait for the disk.
pub(crate) const WAITING_OCTETS_MAX: u64 = 16 << 20;

/// Time between two turns where nothing comes.
const TURN: Duration = Duration::from_secs(1);

/// Time before a directory that cannot be used is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// How long a session that ends waits for its last frames to be written.
const SETTLE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(5));

/// Where the ring is, and how much of the disk it may take.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) interface: String,
    pub(crate) file_octets: u64,
    /// Share of the file system that stays free.
    pub(crate) free_min_percent: u8,
    /// Octets of all files of this interface: they share the ring.
    pub(crate) octets_max: Arc<Counter>,
    /// Interfaces that have a recorder; files of others were left behind, and count as theirs.
    pub(crate) names: Arc<Mutex<BTreeSet<String>>>,
}

/// What the recorder shows others.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// Octets of frames that wait.
    waiting: AtomicU64,
    /// Frames that were not kept, of all sessions.
    pub(crate) not_kept: Counter,
    /// Why nothing is written at present.
    pub(crate) trouble: Mutex<Option<String>>,
}

/// What became of the frames of one session.
#[derive(Debug, Default)]
struct Kept {
    counts: Mutex<RingCounts>,
    /// Frames that wait.
    waiting: AtomicU64,
}

impl Kept {
    fn add(&self, more: RingCounts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = counts.plus(more);
    }
}

struct Order {
    frames: Arc<Frames>,
    kept: Arc<Kept>,
}

/// The recorder of an interface.
#[derive(Debug)]
pub(crate) struct Recorder {
    orders: Sender<Order>,
    pub(crate) recording: Arc<Recording>,
    pub(crate) interface: String,
    thread: JoinHandle<()>,
}

impl Recorder {
    pub(crate) fn start(place: Place) -> std::io::Result<Self> {
        let (orders, receiver) = channel();
        let recording = Arc::new(Recording::default());
        let interface = place.interface.clone();
        let desk = Desk {
            place,
            recording: Arc::clone(&recording),
            ring: None,
            try_at: None,
            limiter: Limiter::of_the_log(),
        };
        let thread =
            std::thread::Builder::new().name("ring".to_owned()).spawn(move || desk.run(&receiver))?;
        Ok(Self { orders, recording, interface, thread })
    }

    /// A way in for one session.
    pub(crate) fn tape(&self) -> Tape {
        Tape { orders: self.orders.clone(), recording: Arc::clone(&self.recording), kept: Arc::default() }
    }

    /// Ends it when all sessions have let go of it. False if it ended before its time.
    pub(crate) fn finish(self) -> bool {
        drop(self.orders);
        self.thread.join().is_ok()
    }
}

/// The way of one session to the recorder.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    orders: Sender<Order>,
    recording: Arc<Recording>,
    kept: Arc<Kept>,
}

impl Tape {
    /// Has frames written, or counts them as not kept where too many wait. It never waits.
    pub(crate) fn keep(&self, frames: &Arc<Frames>) {
        let octets = frames.octets() as u64;
        let count = u64::from(frames.count);
        let waiting = self.recording.waiting.fetch_add(octets, Ordering::Relaxed);
        // One record always has room.
        if waiting == 0 || waiting.saturating_add(octets) <= WAITING_OCTETS_MAX {
            self.kept.waiting.fetch_add(count, Ordering::Relaxed);
            let order = Order { frames: Arc::clone(frames), kept: Arc::clone(&self.kept) };
            if self.orders.send(order).is_ok() {
                return;
            }
            self.kept.waiting.fetch_sub(count, Ordering::Relaxed);
        }
        self.recording.waiting.fetch_sub(octets, Ordering::Relaxed);
        self.not_kept(count);
    }

    /// What became of the frames so far.
    pub(crate) fn counts(&self) -> RingCounts {
        *self.kept.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything is written, for a while. What still waits then is counted as not kept.
    pub(crate) fn settle(&self) {
        let began = now();
        loop {
            let waiting = self.kept.waiting.load(Ordering::Acquire);
            if waiting == 0 {
                return;
            }
            if began.elapsed() > SETTLE.0 {
                return self.not_kept(waiting);
            }
            std::thread::sleep(SETTLE.1);
        }
    }

    fn not_kept(&self, frames: u64) {
        self.recording.not_kept.add(frames);
        self.kept.add(RingCounts { frames_not_written: frames, ..RingCounts::default() });
    }
}

struct Desk {
    place: Place,
    recording: Arc<Recording>,
    ring: Option<Ring>,
    /// When a directory that could not be used is tried again.
    try_at: Option<Instant>,
    limiter: Limiter,
}

impl Desk {
    fn run(mut self, orders: &Receiver<Order>) {
        self.open();
        loop {
            match orders.recv_timeout(TURN) {
                Ok(order) => self.write(&order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.open();
            // The share of an interface that hears nothing, or is gone, shrinks too.
            if let Some(ring) = &mut self.ring {
                ring.bound(self.place.octets_max.get());
            }
            self.tell(None);
        }
        if let Some(counters) = self.ring.take().map(Ring::finish) {
            tracing::info!(
                event = "ring_ended",
                interface = self.place.interface,
                ?counters,
                "the last capture file is written"
            );
        }
    }

    /// Opens the ring where it is not, now and then.
    fn open(&mut self) {
        if self.ring.is_some() || self.try_at.is_some_and(|at| now() < at) {
            return;
        }
        self.try_at = now().checked_add(TRY_AGAIN);
        let Place { directory, interface, file_octets, free_min_percent, octets_max, names } = &self.place;
        let names = names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let opened = percent_of_space(directory, *free_min_percent).and_then(|free_octets_min| {
            Ring::open(RingOptions {
                folder: directory.clone(),
                name: interface.clone(),
                octets_max: octets_max.get(),
                file_octets: *file_octets,
                free_octets_min,
            })
        });
        let opened = opened.and_then(|mut ring| ring.adopt(&names).map(|()| ring));
        match opened {
            Ok(ring) => self.ring = Some(ring),
            Err(error) => self.tell(Some(error.to_string())),
        }
    }

    fn write(&mut self, order: &Order) {
        let Order { frames, kept } = order;
        let count = u64::from(frames.count);
        let done = match &mut self.ring {
            None => RingCounts { frames_not_written: count, ..RingCounts::default() },
            Some(ring) => {
                let before = ring.counts();
                ring.bound(self.place.octets_max.get());
                frames.iter(1).for_each(|frame| ring.frame(&frame));
                // Written or not is known now, and counted for whose frames they are.
                ring.flush();
                ring.counts().since(before)
            }
        };
        kept.add(done);
        self.recording.not_kept.add(done.frames_not_written);
        self.recording.waiting.fetch_sub(frames.octets() as u64, Ordering::Relaxed);
        kept.waiting.fetch_sub(count, Ordering::Release);
    }

    /// Says what is wrong, once when it begins and once when it ends.
    fn tell(&mut self, of_opening: Option<String>) {
        let reason = match &self.ring {
            Some(ring) => ring.trouble().map(str::to_owned),
            None if of_opening.is_none() => return,
            None => of_opening,
        };
        let mut trouble = self.recording.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let interface = &self.place.interface;
        match (&*trouble, &reason) {
            (None, Some(reason)) => {
                if let Some(held_back) = self.limiter.pass("ring_failing", now()) {
                    let directory = self.place.directory.display();
                    tracing::error!(event = "ring_failing", interface, %directory, reason, held_back, "frames are decoded, but not kept in files");
                }
            }
            (Some(_), None) => {
                if let Some(held_back) = self.limiter.pass("ring_recovered", now()) {
                    tracing::info!(
                        event = "ring_recovered",
                        interface,
                        held_back,
                        "frames are kept in files again"
                    );
                }
            }
            _ => {}
        }
        *trouble = reason;
    }
}
