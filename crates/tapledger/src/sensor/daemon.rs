//! The main thread of the sensor: it minds the clock, signals and the service manager, and starts and ends sessions.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::capture::limits::FLOWS_MAX;

use super::clock::Clock;
use super::listener::{Listener, Session, Ways};
use super::notify::Notify;
use super::queue::Queue;
use super::recorder::{Place, Recorder, Tape};
use super::signals::Ask;
use super::state::{Counter, State, text};
use super::supply::{Process, Supply};
use super::wire::{Event, Listen, Record};
use super::writer::{Order, Writer, now};
use super::{options, require_interface, retention};
use crate::arguments::ConfigArguments;
use crate::config::{Config, Interface};
use crate::configuration;
use crate::failure::Failure;

/// Time between two looks at everything.
const TICK: Duration = Duration::from_secs(1);

/// The same while interfaces are being opened.
const FIRST_TICK: Duration = Duration::from_millis(50);

/// How long interfaces that are not there are waited for, if another one is.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take at the end to decode what was heard: the capturing process hands over what the kernel's rings
/// hold. The unit ends what takes longer than `TimeoutStopSec`, and there is a last batch to write.
const DECODE: Duration = Duration::from_secs(30);

/// How long it may take to count what there was no time to decode.
const COUNT: Duration = Duration::from_secs(5);

/// Time before flows are forgotten again for want of memory.
const SHORTEN_AGAIN: Duration = Duration::from_secs(300);

/// Memory that a flow takes with what is remembered of it, in octets: generous.
const FLOW_OCTETS: u64 = 4096;

/// Memory of the program itself, SQLite's cache and what waits for the writer, in octets.
const REST_OCTETS: u64 = 48 << 20;

/// One interface and those who work on it.
struct Ear {
    interface: Interface,
    listen: Listen,
    ways: Ways,
    thread: JoinHandle<()>,
    /// Frames at the last tick.
    counted: u64,
    /// Frames for each second between the last two ticks.
    rate: u64,
}

/// The daemon.
pub(crate) struct Daemon<'a> {
    config: Config,
    arguments: &'a ConfigArguments,
    notify: Notify,
    supply: Supply,
    writer: Writer,
    ears: Vec<Ear>,
    /// Who keeps frames in files, one for each interface there ever was.
    recorders: Vec<Recorder>,
    /// Octets that each interface may have of the ring of files.
    ring_share: Arc<Counter>,
    /// Interfaces that have a share: all that there ever were, for their recorders live as long as the sensor.
    ring_names: Arc<Mutex<BTreeSet<String>>>,
    /// Ears that were let go of and write their last batch.
    leaving: Vec<JoinHandle<()>>,
    next_id: u32,
    clock: Clock,
    ready: bool,
    began: Instant,
    ticked: Instant,
    watched: Watched,
    /// When flows were forgotten last for want of memory.
    shortened: Option<Instant>,
}

/// What the watchdog saw last.
struct Watched {
    at: Instant,
    progress: Vec<u64>,
}

impl<'a> Daemon<'a> {
    pub(crate) fn new(
        config: Config,
        arguments: &'a ConfigArguments,
        notify: Notify,
        supply: Process,
        writer: Writer,
    ) -> Result<Self, Failure> {
        let began = now();
        Ok(Self {
            config,
            arguments,
            notify,
            supply: supply.sort()?,
            writer,
            ears: Vec::new(),
            recorders: Vec::new(),
            ring_share: Arc::default(),
            ring_names: Arc::default(),
            leaving: Vec::new(),
            next_id: 1,
            clock: Clock::new(),
            ready: false,
            began,
            ticked: began,
            watched: Watched { at: began, progress: Vec::new() },
            shortened: None,
        })
    }

    /// Runs until it is told to stop, or cannot go on.
    pub(crate) fn run(mut self, asks: &Receiver<Ask>) -> Result<ExitCode, Failure> {
        self.listen()?;
        let failure = loop {
            match asks.recv_timeout(if self.ready { TICK } else { FIRST_TICK }) {
                Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => break None,
                Ok(Ask::Reload) => self.reload()?,
                Ok(Ask::Stats) => self.print_stats(),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(failure) = self.failure() {
                break Some(failure);
            }
            self.tick();
        };
        let written = self.stop();
        match failure {
            Some(failure) => Err(failure),
            None => written,
        }
    }

    /// Starts sessions for interfaces that have none, and says what to listen on.
    fn listen(&mut self) -> Result<(), Failure> {
        let names = self.config.interfaces.iter().map(|interface| interface.name.clone());
        let mut ring_names = self.ring_names.lock().unwrap_or_else(PoisonError::into_inner);
        ring_names.extend(names);
        let interfaces = u64::try_from(ring_names.len()).unwrap_or(u64::MAX);
        drop(ring_names);
        self.ring_share.set(self.config.pcap_ring.octets_max.checked_div(interfaces).unwrap_or(0));
        for interface in self.config.interfaces.clone() {
            if !self.ears.iter().any(|ear| ear.interface == interface) {
                let ear = self.ear(interface)?;
                self.ears.push(ear);
            }
        }
        let wanted: Vec<&Listen> = self.ears.iter().map(|ear| &ear.listen).collect();
        self.supply.listen(&wanted)?;
        Ok(())
    }

    fn ear(&mut self, interface: Interface) -> Result<Ear, Failure> {
        let id = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        let listen = Listen {
            id,
            name: interface.name.clone(),
            filter: interface.filter.clone(),
            snaplen: interface.snaplen,
            buffer: interface.buffer_mib.saturating_mul(1 << 20).min(i32::MAX.unsigned_abs()),
            promiscuous: interface.promiscuous,
        };
        let session = Session {
            id,
            uid: register::session_uid(),
            interface: interface.name.clone(),
            site: self.config.site.clone(),
            sensor: self.config.sensor.clone(),
        };
        let ways = Ways {
            queue: Arc::new(Queue::new(self.config.queue)),
            state: Arc::new(State::default()),
            orders: self.writer.orders.clone(),
            writing: Arc::clone(&self.writer.writing),
            tape: self.tape(&interface.name)?,
        };
        self.supply.routes.lock().unwrap_or_else(PoisonError::into_inner).insert(id, ways.clone());
        let (own, batch, flows_max) = (ways.clone(), self.config.batch, flows_max(&self.config));
        let thread = std::thread::Builder::new()
            .name(format!("decode {id}"))
            .spawn(move || Listener::new(session, own, batch, flows_max).run())?;
        Ok(Ear { interface, listen, ways, thread, counted: 0, rate: 0 })
    }

    /// The way to the recorder of this interface, if frames are kept in files.
    fn tape(&mut self, interface: &str) -> Result<Option<Tape>, Failure> {
        let ring = &self.config.pcap_ring;
        let Some(directory) = ring.directory.clone() else { return Ok(None) };
        if let Some(recorder) = self.recorders.iter().find(|recorder| recorder.interface == interface) {
            return Ok(Some(recorder.tape()));
        }
        let recorder = Recorder::start(Place {
            directory,
            interface: interface.to_owned(),
            file_octets: ring.file_octets,
            free_min_percent: ring.free_min_percent,
            octets_max: Arc::clone(&self.ring_share),
            names: Arc::clone(&self.ring_names),
        })?;
        let tape = recorder.tape();
        self.recorders.push(recorder);
        Ok(Some(tape))
    }

    /// Why the sensor cannot go on, if it cannot.
    fn failure(&mut self) -> Option<Failure> {
        if let Some(reason) = text(&self.writer.writing.fatal) {
            return Some(Failure::Other(anyhow::anyhow!("{reason}")));
        }
        if self.supply.has_ended() {
            let status = self.supply.status().map(|status| format!(" ({status})")).unwrap_or_default();
            return Some(Failure::Other(anyhow::anyhow!("the capturing process has ended{status}")));
        }
        let denied = self.ears.iter().find_map(|ear| text(&ear.ways.state.denied));
        denied.map(Failure::Permission)
    }

    fn tick(&mut self) {
        if self.leaving.iter().any(JoinHandle::is_finished) {
            self.leaving.retain(|thread| !thread.is_finished());
            let mut routes = self.supply.routes.lock().unwrap_or_else(PoisonError::into_inner);
            routes.retain(|_, ways| !ways.state.ended.is_set());
        }
        if !self.ready {
            let open = |ear: &Ear| ear.ways.state.open.is_set();
            let all = self.ears.iter().all(open);
            self.ready = all || (self.began.elapsed() >= PATIENCE && self.ears.iter().any(open));
            if self.ready {
                let status = self.status();
                tracing::info!(event = "ready", "{status}");
                self.notify.ready(&status);
            }
        }
        self.watch();
        let elapsed = self.ticked.elapsed();
        if elapsed < TICK {
            return;
        }
        self.ticked = now();
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        for ear in &mut self.ears {
            let frames = ear.ways.state.frames.get();
            let new = frames.saturating_sub(ear.counted);
            ear.rate = new.saturating_mul(1000).checked_div(milliseconds).unwrap_or(0);
            ear.counted = frames;
        }
        if let Some(milliseconds) = self.clock.jump() {
            for ear in &self.ears {
                ear.ways.queue.push(Record::Event(Event::ClockJump { milliseconds }));
            }
        }
        self.mind_memory();
        if self.ready {
            self.notify.status(&self.status());
        }
    }

    /// Has flows forgotten when memory is short: what the kernel's rings take belongs to the other process. Memory that was
    /// freed is used again, but seldom given back, so that the next look is much later.
    fn mind_memory(&mut self) {
        if self.shortened.is_some_and(|at| at.elapsed() < SHORTEN_AGAIN) {
            return;
        }
        let rings: u64 = self.config.interfaces.iter().map(|interface| u64::from(interface.buffer_mib)).sum();
        let limit_mib = self.config.memory_mib.saturating_sub(rings);
        let memory_mib = super::clock::memory_octets().unwrap_or(0) >> 20;
        if memory_mib > limit_mib {
            tracing::warn!(event = "memory_short", memory_mib, limit_mib, "flows are forgotten");
            self.ears.iter().for_each(|ear| ear.ways.state.shorten.set(true));
            self.shortened = Some(now());
        }
    }

    /// Tells the service manager that all is well, if everybody has done something since it was told last.
    fn watch(&mut self) {
        let Some(interval) = self.notify.watchdog else { return };
        if self.watched.at.elapsed().saturating_mul(3) < interval {
            return;
        }
        let ears = self.ears.iter().flat_map(|ear| [ear.ways.state.heard.get(), ear.ways.state.turns.get()]);
        let progress: Vec<u64> = ears.chain([self.writer.writing.progress()]).collect();
        let stands_still = progress.len() == self.watched.progress.len()
            && progress.iter().zip(&self.watched.progress).any(|(now, before)| now == before);
        if !stands_still {
            self.notify.alive();
            self.watched = Watched { at: now(), progress };
        }
    }

    /// `eth1 12.3 kpps, 0.00% drop; 214 assets`.
    fn status(&self) -> String {
        let mut text = String::new();
        for ear in &self.ears {
            let state = &ear.ways.state;
            let _ = write!(text, "{} ", ear.interface.name);
            if !state.open.is_set() {
                text.push_str("is not there; ");
                continue;
            }
            let (frames, lost) = (state.frames.get(), state.drops.get().saturating_add(state.refused.get()));
            let _ = write!(
                text,
                "{}.{} kpps, {} drop; ",
                ear.rate / 1000,
                (ear.rate % 1000) / 100,
                percent(lost, frames.saturating_add(lost))
            );
        }
        if self.writer.writing.failing.is_set() {
            text.push_str("the register cannot be written; ");
        }
        for recorder in &self.recorders {
            if let Some(reason) = super::state::text(&recorder.recording.trouble) {
                let _ = write!(text, "capture files of {} are not written ({reason}); ", recorder.interface);
            }
        }
        let assets = self.writer.writing.assets.get();
        let _ = write!(text, "{}", observation::number_of(assets, "asset"));
        text
    }

    fn print_stats(&self) {
        for ear in &self.ears {
            let state = &ear.ways.state;
            let kept = ear.ways.tape.as_ref().map(Tape::counts);
            tracing::info!(
                event = "stats",
                interface = ear.interface.name,
                open = state.open.is_set(),
                frames = state.frames.get(),
                frames_per_second = ear.rate,
                frames_lost_before_capture = state.drops.get(),
                frames_dropped_register_failing = state.refused.get(),
                queue_full = ear.ways.queue.waits(),
                frames_sent_by_interface = state.sent.get(),
                frames_in_files = kept.map(|counts| counts.frames),
                frames_not_in_files = kept.map(|counts| counts.frames_not_written),
                assets = self.writer.writing.assets.get(),
                memory_mib = super::clock::memory_octets().unwrap_or(0) >> 20,
                "counters"
            );
        }
    }

    /// Takes a new configuration over, or keeps the old one whole.
    fn reload(&mut self) -> Result<(), Failure> {
        self.notify.reloading();
        let new = configuration::load(self.arguments)
            .and_then(|loaded| require_interface(&loaded.config, self.arguments).map(|()| loaded.config));
        match new {
            Err(failure) => {
                let problems = failure.to_string();
                tracing::error!(event = "reload_failed", problems, "the configuration stays as it was");
            }
            Ok(config) => self.take_over(config)?,
        }
        self.notify.ready(&self.status());
        Ok(())
    }

    fn take_over(&mut self, new: Config) -> Result<(), Failure> {
        let mut old = std::mem::replace(&mut self.config, new);
        let new = &mut self.config;
        if (&old.register, &old.log, &old.pcap_ring) != (&new.register, &new.log, &new.pcap_ring) {
            tracing::warn!(
                event = "reload_partial",
                "register, log and pcap_ring change with the next start"
            );
            std::mem::swap(&mut new.register, &mut old.register);
            std::mem::swap(&mut new.log, &mut old.log);
            std::mem::swap(&mut new.pcap_ring, &mut old.pcap_ring);
        }
        // What a session was begun with stays with it.
        let key = |config: &Config| {
            (config.site.clone(), config.sensor.clone(), config.batch, config.queue, config.memory_mib)
        };
        let anew = key(&old) != key(new);
        let stays = |ear: &Ear| !anew && new.interfaces.contains(&ear.interface);
        let (stay, leave) = std::mem::take(&mut self.ears).into_iter().partition(stays);
        self.ears = stay;
        let leave: Vec<Ear> = leave;
        let count = leave.len();
        self.leaving.extend(leave.into_iter().map(|ear| ear.thread));
        if (&self.config.prefixes, self.config.retention) != (&old.prefixes, old.retention)
            && self
                .writer
                .orders
                .send(Order::Options(options(&self.config), retention(&self.config)))
                .is_err()
        {
            return Err(Failure::Other(anyhow::anyhow!("the writer has ended")));
        }
        self.listen()?;
        tracing::info!(
            event = "reloaded",
            interfaces = self.ears.len(),
            sessions_ended = count,
            "configuration taken over"
        );
        Ok(())
    }

    /// Hands over and writes everything.
    fn stop(mut self) -> Result<ExitCode, Failure> {
        tracing::info!(event = "stopping", "writing what was heard");
        self.notify.stopping();
        self.writer.writing.stopping.set(true);
        self.supply.stop();
        let threads = self.ears.drain(..).map(|ear| ear.thread).chain(self.leaving.drain(..));
        let threads: Vec<JoinHandle<()>> = threads.collect();
        if !ended_within(DECODE, || threads.iter().all(JoinHandle::is_finished)) {
            tracing::warn!(
                event = "stop_hurried",
                "there is no time left: what is not decoded yet is counted"
            );
            self.writer.writing.hurry.set(true);
            ended_within(COUNT, || self.supply.has_ended());
        }
        self.supply.close();
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!(event = "decoder_failed", "a decoder ended before its time");
            }
        }
        // It ends when nothing can come any more, too.
        let _ = self.writer.orders.send(Order::Stop);
        let joined = self.writer.thread.join();
        // After the register: their disk may hang. They end when nobody has a way to them any more.
        self.supply.routes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for recorder in self.recorders.drain(..) {
            if !recorder.finish() {
                tracing::error!(event = "recorder_failed", "who writes capture files ended before its time");
            }
        }
        if let Some(reason) = text(&self.writer.writing.fatal) {
            return Err(Failure::Other(anyhow::anyhow!("{reason}")));
        }
        joined.map_err(|_| anyhow::anyhow!("the writer ended before its time"))?;
        tracing::info!(event = "stopped", "everything is written");
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits until it is so, at most so long. True if it is.
fn ended_within(longest: Duration, is_so: impl Fn() -> bool) -> bool {
    let asked = now();
    while !is_so() {
        if asked.elapsed() >= longest {
            return false;
        }
        std::thread::sleep(FIRST_TICK);
    }
    true
}

/// Flows to watch at one time: as memory allows, and never more than is sensible.
fn flows_max(config: &Config) -> usize {
    let count = u64::try_from(config.interfaces.len()).unwrap_or(u64::MAX).max(1);
    let share = (config.memory_mib << 20).checked_div(count).unwrap_or(0) / 4;
    usize::try_from(share / FLOW_OCTETS).unwrap_or(FLOWS_MAX).clamp(1024, FLOWS_MAX)
}

/// Memory that a look at the register may take: what kernel buffers, queues, flows and the rest leave of it. Half of the
/// memory at most is for buffers and queues, see the check of the configuration, and a quarter for flows.
pub(super) fn look_octets_max(config: &Config) -> u64 {
    let queue = u64::try_from(config.queue.octets_max).unwrap_or(u64::MAX);
    let flows = u64::try_from(flows_max(config)).unwrap_or(u64::MAX).saturating_mul(FLOW_OCTETS);
    let of_one = |interface: &Interface| {
        (u64::from(interface.buffer_mib) << 20).saturating_add(queue).saturating_add(flows)
    };
    let taken = config.interfaces.iter().map(of_one).fold(REST_OCTETS, u64::saturating_add);
    let memory = config.memory_mib << 20;
    memory.saturating_sub(taken).max(memory / 8)
}

/// A share in percent with two digits behind the point.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part).saturating_mul(10_000).checked_div(u128::from(whole)).unwrap_or(0);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_may_take_what_buffers_queues_and_flows_leave() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let mib = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let arguments = ConfigArguments {
                config: path.clone(),
                set: Vec::new(),
                interface: Vec::new(),
                db: None,
                site: None,
                sensor: None,
            };
            look_octets_max(&configuration::load(&arguments).unwrap().config) >> 20
        };
        // 1024 without 64 of the ring, 64 of the queue, 256 of flows, 48.
        assert_eq!(mib("[[interface]]\nname = \"eth1\"\n"), 592);
        assert_eq!(mib("memory_mib = 256\n[[interface]]\nname = \"eth1\"\n"), 32);
    }

    #[test]
    fn shares_are_printed_with_two_digits() {
        assert_eq!(percent(0, 0), "0.00%");
        assert_eq!(percent(1, 3), "33.33%");
        assert_eq!(percent(1, 1000), "0.10%");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.00%");
    }
}
