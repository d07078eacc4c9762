//! `capture`: an interface into the register, in the foreground.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::capture::ring::{Ring, RingOptions};
use ::capture::{LiveOptions, LiveSource, Pipeline, SourceError};
use anyhow::Context;
use observation::{Batch, CaptureKind, CaptureStatus, CaptureSummary, Time};
use register::{CaptureStart, Register, session_uid};

use crate::arguments::{Capture, RingArguments};
use crate::backlog::Backlog;
use crate::failure::Failure;
use crate::interface::{self, Traffic};
use crate::lockdown;
use crate::session::{actor, now, person, resolve_standing};
use crate::summary::{
    COUNTER_RECEIVED, COUNTER_SENT, COUNTER_SENT_AFTER, COUNTER_SENT_BEFORE, asset_line, frame_line,
    sent_line,
};
use crate::terminal;

/// How long a read waits for a frame before signals and the deadline are looked at.
const WAIT: Duration = Duration::from_millis(200);

/// How long the kernel's buffer is emptied at the end.
const LAST_READ: Duration = Duration::from_secs(1);

/// How long what still waits for the register is tried at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Longest time that observations stay out of the register.
const BATCH_INTERVAL: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "a foreground capture ends by the clock")]
pub(crate) fn run(arguments: &Capture) -> Result<ExitCode, Failure> {
    // Whether the interface is up is read from files: libpcap asks by a socket that sends to the kernel.
    let options = LiveOptions {
        filter: arguments.filter.clone(),
        ends_when_down: false,
        ..LiveOptions::new(&arguments.interface)
    };
    let before = interface::traffic(&arguments.interface);
    let mut source = LiveSource::open(&options).map_err(failure)?;
    lockdown::listening(source.socket())
        .map_err(|error| anyhow::anyhow!("the capture cannot be kept from sending: {error}"))?;
    let interrupted = watch_signals()?;
    let person = person();
    let mut register = Register::create_or_open(&arguments.db.db)?;
    let uid = session_uid();
    let start = CaptureStart {
        uid: Some(&uid),
        kind: CaptureKind::Live,
        name: &arguments.interface,
        site: &arguments.site,
        sensor: &arguments.sensor,
        interface: &arguments.interface,
    };
    let mut writer = register.begin_capture(&start, &actor(&person))?;
    let mut pipeline = Pipeline::default();
    let mut ring = arguments.ring.open(&arguments.interface)?;
    let mut backlog = Backlog::default();
    let (began, mut flushed) = (Instant::now(), Instant::now());
    let (mut stopped, mut trouble) = (None, Trouble::default());
    // When the end was asked for. What had arrived by then may still lie in the kernel's buffer, and is read.
    let mut ending: Option<(Time, Instant)> = None;
    loop {
        let is_over = || arguments.duration.is_some_and(|duration| began.elapsed() >= duration);
        if ending.is_none() && (interrupted.load(Ordering::Relaxed) || is_over()) {
            ending = Some((now(), Instant::now()));
        }
        if ending.is_some_and(|(_, at)| at.elapsed() >= LAST_READ) {
            break;
        }
        let idle = match source.next(WAIT) {
            Ok(Some(frame)) => {
                if ending.is_some_and(|(at, _)| frame.time > at) {
                    break;
                }
                if let Some(ring) = &mut ring {
                    ring.frame(&frame);
                }
                pipeline.frame(&frame);
                false
            }
            Ok(None) => true,
            Err(error) => {
                // The interface is gone: what was heard is kept.
                stopped = Some(error.to_string());
                break;
            }
        };
        if idle && ending.is_some() {
            break;
        }
        if idle && (source.name().is_none() || interface::is_up(&arguments.interface) == Some(false)) {
            stopped = Some(format!("interface {}: it went down or away", arguments.interface));
            break;
        }
        if pipeline.batch_is_due() || flushed.elapsed() >= BATCH_INTERVAL {
            let write = |batch: &Batch| register.write(&mut writer, batch);
            backlog.write(pipeline.take_batch(), write, register::Error::is_passing)?;
            flushed = Instant::now();
            if let Some(ring) = &mut ring {
                ring.flush();
                trouble.say(ring.trouble());
            }
        }
    }
    let kernel_drops = source.kernel_drops();
    let (batch, mut totals) = pipeline.finish();
    totals.counters.extend(source.counters());
    let last = Instant::now();
    let mut batch = Some(batch);
    while !backlog.write(
        batch.take().unwrap_or_default(),
        |batch| register.write(&mut writer, batch),
        register::Error::is_passing,
    )? {
        if last.elapsed() >= LAST_WAIT {
            backlog.give_up();
            break;
        }
        std::thread::sleep(WAIT);
    }
    totals.counters.extend(backlog.counters());
    if let Some(ring) = ring {
        totals.counters.extend(ring.finish());
    }
    let sent = before.zip(interface::traffic(&arguments.interface));
    totals.counters.extend(sent.map(sent_counters).into_iter().flatten());
    let summary = CaptureSummary {
        uid,
        kind: CaptureKind::Live,
        name: arguments.interface.clone(),
        site: arguments.site.clone(),
        sensor: arguments.sensor.clone(),
        interface: arguments.interface.clone(),
        octets: totals.octets,
        frames: totals.frames,
        kernel_drops,
        first: totals.first,
        last: totals.last,
        status: if stopped.is_some() { CaptureStatus::Truncated } else { CaptureStatus::Complete },
        stopped: stopped.clone(),
        counters: totals.counters,
    };
    register.finish_capture(writer, &summary, &actor(&person))?;
    let inventory = register.identify(resolve_standing)?.inventory;
    register.release();
    let mut text = frame_line(std::iter::once(&summary));
    text.push_str(&sent_line(&summary));
    text.push_str(&asset_line(&inventory));
    terminal::print(&text)?;
    if totals.frames == 0 {
        terminal::say(
            "tapledger: no frame was heard: is the mirror port on, and is this the interface it feeds?",
        );
    }
    match stopped {
        Some(reason) => Err(Failure::Other(anyhow::anyhow!("capture ended early: {reason}"))),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What is wrong with the ring, said once when it begins and once when it ends.
#[derive(Default)]
struct Trouble(bool);

impl Trouble {
    fn say(&mut self, now: Option<&str>) {
        match now {
            Some(reason) if !self.0 => tracing::warn!(reason, "the ring of capture files is not written"),
            None if self.0 => tracing::warn!("the ring of capture files is written again"),
            _ => {}
        }
        self.0 = now.is_some();
    }
}

impl RingArguments {
    /// The ring, if one is asked for.
    fn open(&self, interface: &str) -> Result<Option<Ring>, Failure> {
        let Some(folder) = &self.ring else { return Ok(None) };
        let options = RingOptions {
            folder: folder.clone(),
            name: interface.to_owned(),
            octets_max: self.ring_octets,
            file_octets: self.ring_file_octets,
            free_octets_min: self.ring_free,
        };
        let ring = Ring::open(options).with_context(|| {
            format!("{}: the ring of capture files cannot be kept there", folder.display())
        })?;
        Ok(Some(ring))
    }
}

/// Counters of what the interface received and sent between two looks; zeros are left out.
fn sent_counters((before, after): (Traffic, Traffic)) -> impl Iterator<Item = (String, u64)> {
    [
        (COUNTER_RECEIVED, after.received.saturating_sub(before.received)),
        (COUNTER_SENT, after.sent.saturating_sub(before.sent)),
        (COUNTER_SENT_BEFORE, before.sent),
        (COUNTER_SENT_AFTER, after.sent),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(name, count)| (name.to_owned(), count))
}

fn failure(error: SourceError) -> Failure {
    if error.is_permission() { Failure::Permission(error.to_string()) } else { Failure::Other(error.into()) }
}

/// A flag that SIGINT and SIGTERM set, so that the capture ends in order. A second signal ends the process at once.
fn watch_signals() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            for _ in 0..2 {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                if raised.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
            }
        });
    })?;
    Ok(flag)
}
