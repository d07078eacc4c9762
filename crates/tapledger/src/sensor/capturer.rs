//! The capturing process: libpcap and CAP_NET_RAW, and nothing else. It reads no frame, it only hands them on.
//!
//! Which interfaces to listen on comes in as lines of JSON; at their end it hands over what is heard so far and ends.
//! A thread for each interface listens, opens it again when it comes back, and says once a second that it is alive.

use std::collections::HashMap;
use std::io::BufRead;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::capture::{LiveOptions, LiveSource, SourceError};
use rustix::io::Errno;

use super::wire::{self, Chunk, Counts, Event, Listen};
use crate::failure::Failure;
use crate::{interface, lockdown, session};

/// How long a look for frames waits. It is longer than the kernel keeps a part of its ring back.
const WAIT: Duration = Duration::from_millis(120);

/// Nanoseconds that a frame may wait for others to be handed over with.
const CHUNK_AGE_MAX: i64 = 100_000_000;

/// Time between two signs of life.
const BEAT: Duration = Duration::from_secs(1);

/// First and longest wait before an interface is tried again.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// Longest time to hand over what the ring holds at the end. The decoder may be behind.
const DRAIN: Duration = Duration::from_secs(15);

/// Longest time to count what is left in the ring then.
const COUNT: Duration = Duration::from_secs(3);

/// Size of the pipe asked for, in octets; the most that a user may have unless the machine says otherwise.
const PIPE_OCTETS: usize = 1 << 20;

/// Runs until standard input ends.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    // Signals to the whole service are for the decoding process, which ends this one by closing its input.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    let _deaf = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::user_defined1()]
            .map(signal)
    };
    // A smaller pipe works too.
    let _ = rustix::pipe::fcntl_setpipe_size(std::io::stdout(), PIPE_OCTETS);
    lockdown::capturing()
        .map_err(|error| anyhow::anyhow!("the capturing process cannot be confined: {error}"))?;
    let pipe = Pipe::default();
    let mut ears: HashMap<u32, (Arc<AtomicBool>, JoinHandle<()>)> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let wanted: Vec<Listen> = serde_json::from_str(&line?).map_err(anyhow::Error::from)?;
        for (id, (stop, _)) in &ears {
            if !wanted.iter().any(|listen| listen.id == *id) {
                stop.store(true, Ordering::Relaxed);
            }
        }
        ears.retain(|_, (_, thread)| !thread.is_finished());
        for listen in wanted {
            if ears.contains_key(&listen.id) {
                continue;
            }
            let stop = Arc::new(AtomicBool::new(false));
            let id = listen.id;
            let name = listen.name.clone();
            let ear =
                Ear { listen, name, stop: Arc::clone(&stop), pipe: pipe.clone(), chunk: Chunk::default() };
            let thread =
                std::thread::Builder::new().name(format!("capture {id}")).spawn(move || ear.run())?;
            ears.insert(id, (stop, thread));
        }
    }
    for (stop, _) in ears.values() {
        stop.store(true, Ordering::Relaxed);
    }
    for (_, thread) in ears.into_values() {
        // A thread that panicked has said so on standard error.
        let _ = thread.join();
    }
    Ok(ExitCode::SUCCESS)
}

/// Standard output, which takes one record at a time.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<()>>);

impl Pipe {
    /// Writes a record whole. It waits where the decoder is behind: the kernel's ring fills meanwhile, and counts.
    fn write(&self, mut record: &[u8]) -> Result<(), Errno> {
        let _turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let out = std::io::stdout();
        while !record.is_empty() {
            match rustix::io::write(&out, record) {
                Ok(written) => record = record.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Listens on one interface.
struct Ear {
    listen: Listen,
    /// The name that the interface has now, or had last.
    name: String,
    stop: Arc<AtomicBool>,
    pipe: Pipe,
    chunk: Chunk,
}

impl Ear {
    /// Ends when it is told to, or when nobody reads the pipe any more.
    fn run(mut self) {
        let _ = self.until_stopped();
        let _ = self.say(&Event::Ended);
    }

    fn until_stopped(&mut self) -> Result<(), Errno> {
        let mut wait = TRY_AGAIN.0;
        while !self.is_stopped() {
            match self.open() {
                Ok((mut source, before)) => {
                    wait = TRY_AGAIN.0;
                    self.say(&Event::Open(Counts { interface: before, ..Counts::default() }))?;
                    let reason = self.hear(&mut source)?;
                    self.hand_over()?;
                    self.follow(&source)?;
                    self.say(&Event::Beat(self.counts(&mut source)))?;
                    if let Some(reason) = reason {
                        self.say(&Event::Gone { reason })?;
                    }
                }
                Err(error) => {
                    let permission = error.is_permission();
                    self.say(&Event::Refused { reason: reason(&error), permission })?;
                }
            }
            let Some(until) = now().checked_add(wait) else { break };
            let mut beaten = now();
            while !self.is_stopped() && now() < until {
                std::thread::sleep(until.saturating_duration_since(now()).min(TRY_AGAIN.0));
                if beaten.elapsed() >= BEAT {
                    beaten = now();
                    self.say(&Event::Waiting)?;
                }
            }
            wait = wait.saturating_mul(2).min(TRY_AGAIN.1);
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Opens the interface by the name that was asked for or, if it was renamed, by the one it has; with what it has
    /// counted before.
    fn open(&mut self) -> Result<(LiveSource, Option<(u64, u64)>), SourceError> {
        let asked = self.listen.name.clone();
        let before = traffic(&asked);
        let error = match LiveSource::open(&self.options(&asked)) {
            Ok(source) => {
                self.name = asked;
                return Ok((source, before));
            }
            Err(error) => error,
        };
        if self.name == asked {
            return Err(error);
        }
        let before = traffic(&self.name);
        match LiveSource::open(&self.options(&self.name)) {
            Ok(source) => Ok((source, before)),
            Err(_) => {
                self.name = asked;
                Err(error)
            }
        }
    }

    /// Says so if the interface has another name. False if it is not there any more.
    fn follow(&mut self, source: &LiveSource) -> Result<bool, Errno> {
        let Some(name) = source.name() else { return Ok(false) };
        if name != self.name {
            self.name.clone_from(&name);
            self.say(&Event::Renamed { name })?;
        }
        Ok(true)
    }

    fn options(&self, name: &str) -> LiveOptions {
        let Listen { filter, snaplen, buffer, promiscuous, .. } = &self.listen;
        LiveOptions {
            filter: filter.clone(),
            snaplen: *snaplen,
            buffer: *buffer,
            promiscuous: *promiscuous,
            ends_when_down: false,
            ..LiveOptions::new(name)
        }
    }

    /// Hands frames on until it is told to stop or the interface goes; then says why it went.
    fn hear(&mut self, source: &mut LiveSource) -> Result<Option<String>, Errno> {
        let mut up = interface::is_up(&self.name);
        let mut beaten = now();
        while !self.is_stopped() {
            let frame = match source.next(WAIT) {
                Ok(frame) => frame,
                Err(error) => return Ok(Some(reason(&error))),
            };
            if let Some(frame) = frame {
                self.chunk.push(&frame);
                if !self.chunk.is_due(frame.time, CHUNK_AGE_MAX) {
                    continue;
                }
            }
            self.hand_over()?;
            if beaten.elapsed() < BEAT {
                continue;
            }
            beaten = now();
            if !self.follow(source)? {
                return Ok(Some("it is no longer there".to_owned()));
            }
            let is_up = interface::is_up(&self.name);
            if let (Some(was), Some(is)) = (up, is_up)
                && was != is
            {
                self.say(&Event::Link { up: is })?;
            }
            up = is_up;
            self.say(&Event::Beat(self.counts(source)))?;
        }
        self.drain(source)?;
        Ok(None)
    }

    /// Hands over what was captured before now, for as long as there is time; what there is no time for is counted.
    fn drain(&mut self, source: &mut LiveSource) -> Result<(), Errno> {
        let (began, last) = (now(), session::now());
        // Handing over takes as long as the decoder does, and counting begins when that ends.
        let (mut counting, mut left) = (None, 0_u64);
        while let Ok(Some(frame)) = source.next(WAIT) {
            if frame.time > last {
                break;
            }
            if began.elapsed() < DRAIN {
                self.chunk.push(&frame);
                if self.chunk.is_due(frame.time, CHUNK_AGE_MAX) {
                    self.hand_over()?;
                }
            } else if counting.get_or_insert_with(now).elapsed() < COUNT {
                left = left.saturating_add(1);
            } else {
                break;
            }
        }
        self.hand_over()?;
        if left > 0 { self.say(&Event::Left { frames: left }) } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<(), Errno> {
        if !self.chunk.is_empty() {
            self.pipe.write(self.chunk.record(self.listen.id))?;
            self.chunk.clear();
        }
        Ok(())
    }

    fn say(&self, event: &Event) -> Result<(), Errno> {
        self.pipe.write(&wire::event(self.listen.id, event))
    }

    fn counts(&self, source: &mut LiveSource) -> Counts {
        let ring_drops = source.kernel_drops();
        let counters = source.counters();
        let of = |name: &str| counters.get(name).copied().unwrap_or(0);
        Counts {
            heard: of("source.received"),
            ring_drops,
            card_drops: of("source.interface_drops"),
            interface: traffic(&self.name),
        }
    }
}

/// The monotonic clock.
#[expect(clippy::disallowed_methods, reason = "the capturing process beats by the clock")]
fn now() -> Instant {
    Instant::now()
}

/// Frames received and sent.
fn traffic(name: &str) -> Option<(u64, u64)> {
    interface::traffic(name).map(|traffic| (traffic.received, traffic.sent))
}

/// What the error says besides the interface's name, which the other side knows.
fn reason(error: &SourceError) -> String {
    match error {
        SourceError::Interface { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}
