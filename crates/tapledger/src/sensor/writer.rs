//! The one thread that writes the register: a transaction for each batch of each session.
//!
//! A register that cannot be written (the disk is full, another process locks it) is tried again every second, with the
//! batch in hand, for as long as the sensor runs. The decoders go on meanwhile within their bounds.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use inventory::{Inventory, Observed, Options};
use observation::{Batch, CaptureKind, CaptureSummary, Time};
use register::{CaptureStart, CaptureWriter, Error, Policy, Register};

use super::log::Limiter;
use super::state::{Writing, put};
use crate::session::actor;

/// On whose behalf the journal is written.
const ACTOR: &str = "sensor";

/// Orders that wait for the writer.
const ORDERS_MAX: usize = 4;

/// Time between two signs of life, and before a failed attempt is repeated.
const TURN: Duration = Duration::from_secs(1);

/// How long a failing register is tried when the sensor ends.
const LAST_TRIES: Duration = Duration::from_secs(5);

/// Time between two looks at what the observations amount to, and how many times the time that a look takes.
const LOOK: (Duration, u32) = (Duration::from_secs(60), 50);

/// Time between two prunes of the register, and before the first.
const PRUNE: Duration = Duration::from_secs(24 * 3600);
const FIRST_PRUNE: Duration = Duration::from_secs(3600);

/// Key figures that were kept less than so many nanoseconds ago are those of today: a sensor that starts again keeps none.
const COUNTED_NANOS: i64 = 20 * 3_600_000_000_000;

/// Time before the first look.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// What the writer is to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// A session begins.
    Begin { session: u32, summary: Box<CaptureSummary> },
    /// What was observed since the last batch, and what the session amounts to by now.
    Batch { session: u32, batch: Box<Batch>, summary: Box<CaptureSummary> },
    /// The last batch of a session.
    Finish { session: u32, batch: Box<Batch>, summary: Box<CaptureSummary> },
    /// A line for the custody journal.
    Note { action: &'static str, subject: String, detail: String },
    /// Other prefixes of the plant, or another retention.
    Options(Options, Policy),
    /// Nothing comes any more.
    Stop,
}

/// The writer's side of the channel and its thread.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) orders: SyncSender<Order>,
    pub(crate) writing: Arc<Writing>,
    pub(crate) thread: JoinHandle<()>,
}

/// Starts the writer.
pub(crate) fn start(register: Register, options: Options, retention: Policy) -> std::io::Result<Writer> {
    let (orders, receiver) = sync_channel(ORDERS_MAX);
    let writing = Arc::new(Writing::default());
    let desk = Desk {
        register,
        options,
        retention,
        prune_at: now().checked_add(FIRST_PRUNE),
        writing: Arc::clone(&writing),
        captures: HashMap::new(),
        look_at: now().checked_add(FIRST_LOOK),
        news: false,
        given_up: false,
        limiter: Limiter::of_the_log(),
    };
    let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || desk.run(&receiver))?;
    Ok(Writer { orders, writing, thread })
}

/// The clock that does not jump.
#[expect(clippy::disallowed_methods, reason = "the sensor lives by the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

struct Desk {
    register: Register,
    options: Options,
    /// How much the register keeps.
    retention: Policy,
    /// When old days are folded next.
    prune_at: Option<Instant>,
    writing: Arc<Writing>,
    captures: HashMap<u32, CaptureWriter>,
    /// When to look next at what the observations amount to.
    look_at: Option<Instant>,
    /// Something was written since the last look.
    news: bool,
    /// The last orders cannot be carried out: the sensor ends, and the register fails.
    given_up: bool,
    limiter: Limiter,
}

impl Desk {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            self.writing.turns.add(1);
            match orders.recv_timeout(TURN) {
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(order) => self.carry_out(order),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.news && self.look_at.is_some_and(|at| now() >= at) {
                self.look();
            }
            if self.prune_at.is_some_and(|at| now() >= at) {
                self.prune();
            }
        }
        if self.news {
            self.look();
        }
        if let Err(error) = self.register.checkpoint() {
            tracing::warn!(event = "checkpoint_failed", error = %error, "the log of the register stays beside it");
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Begin { session, summary } => self.begin(session, &summary),
            Order::Batch { session, batch, summary } => {
                self.batch(session, &batch, &summary);
            }
            Order::Finish { session, batch, summary } => {
                if self.batch(session, &batch, &summary)
                    && let Some(capture) = self.captures.remove(&session)
                    && let Err(error) = self.register.finish_capture(capture, &summary, &actor(ACTOR))
                {
                    tracing::error!(event = "finish_failed", error = %error, interface = summary.interface, "the session reads as not ended");
                }
            }
            Order::Note { action, subject, detail } => {
                self.insist(|register, _| register.record(&actor(ACTOR), action, &subject, &detail));
            }
            Order::Options(options, retention) => {
                (self.options, self.retention) = (options, retention);
                self.news = true;
            }
            Order::Stop => {}
        }
    }

    fn begin(&mut self, session: u32, summary: &CaptureSummary) {
        let begun = self.insist(|register, captures| {
            let start = CaptureStart {
                uid: Some(&summary.uid),
                kind: CaptureKind::Live,
                name: &summary.name,
                site: &summary.site,
                sensor: &summary.sensor,
                interface: &summary.interface,
            };
            let capture = register.begin_capture(&start, &actor(ACTOR))?;
            captures.insert(session, capture);
            Ok(())
        });
        if begun {
            let detail =
                format!("interface {}; site {}; sensor {}", summary.interface, summary.site, summary.sensor);
            self.insist(|register, _| register.record(&actor(ACTOR), "session begun", &summary.uid, &detail));
        }
    }

    fn batch(&mut self, session: u32, batch: &Batch, summary: &CaptureSummary) -> bool {
        self.news |= !batch.is_empty();
        self.insist(|register, captures| match captures.get_mut(&session) {
            Some(capture) => register.write(capture, batch),
            None => Err(Error::CaptureGone),
        }) && self.insist(|register, captures| match captures.get(&session) {
            Some(capture) => register.update_summary(capture, summary),
            None => Err(Error::CaptureGone),
        })
    }

    /// Tries until it works. False if it cannot, or the sensor ends.
    fn insist(
        &mut self,
        mut attempt: impl FnMut(&mut Register, &mut HashMap<u32, CaptureWriter>) -> register::Result<()>,
    ) -> bool {
        let began = now();
        loop {
            self.writing.turns.add(1);
            let error = match attempt(&mut self.register, &mut self.captures) {
                Ok(()) => break,
                Err(error) => error,
            };
            if matches!(error, Error::CaptureGone | Error::CaptureExists(_) | Error::InUse { .. }) {
                put(&self.writing.fatal, error.to_string());
                return false;
            }
            self.writing.failing.set(true);
            if let Some(held_back) = self.limiter.pass("register_failing", now()) {
                tracing::error!(event = "register_failing", error = %error, held_back, "trying again");
            }
            if self.writing.stopping.is_set() && (self.given_up || began.elapsed() > LAST_TRIES) {
                self.given_up = true;
                put(&self.writing.fatal, format!("what was heard last is lost: {error}"));
                return false;
            }
            std::thread::sleep(TURN);
        }
        if self.writing.failing.take() {
            tracing::info!(event = "register_recovered", "the register can be written again");
        }
        true
    }

    /// Folds old days. A prune that fails is tried again the next day: nothing is lost by keeping more.
    fn prune(&mut self) {
        self.prune_at = now().checked_add(PRUNE);
        match self.register.prune(&self.retention, &actor(ACTOR)) {
            Ok(pruned) => tracing::info!(event = "pruned", what = pruned.text(), "old days are folded"),
            Err(error) => tracing::warn!(event = "prune_failed", error = %error, "tried again tomorrow"),
        }
        self.count();
    }

    /// Keeps the key figures of the day, unless somebody has in the last hours.
    fn count(&mut self) {
        let actor = actor(ACTOR);
        let resolve = self.resolving();
        let taken = self.register.kpi_snapshots().and_then(|snapshots| {
            let is_recent = |last: Time| actor.at.0.saturating_sub(last.0) < COUNTED_NANOS;
            if snapshots.last().is_some_and(|last| is_recent(last.at)) {
                return Ok(None);
            }
            let snapshot = self.register.snapshot(None, resolve)?;
            crate::kpi::take(&mut self.register, &snapshot, "daily", &actor).map(Some)
        });
        match taken {
            Ok(Some(kept)) => tracing::info!(event = "kpis_kept", snapshot = kept.id, "key figures are kept"),
            Ok(None) => {}
            Err(error) => tracing::warn!(event = "kpis_failed", error = %error, "tried again tomorrow"),
        }
    }

    /// What observations amount to, with the prefixes of the configuration.
    fn resolving(&self) -> impl FnOnce(&Observed, &Options) -> Inventory + use<> {
        let prefixes = self.options.plant_prefixes.clone();
        move |observed, decided| {
            let mut options = decided.clone();
            options.plant_prefixes.extend(prefixes);
            inventory::resolve(observed, &options)
        }
    }

    /// Issues ids for what is new, and counts the assets.
    fn look(&mut self) {
        self.news = false;
        let began = now();
        let resolve = self.resolving();
        match self.register.identify(resolve) {
            Ok(found) => {
                let count = found.inventory.assets.len();
                self.writing.assets.set(u64::try_from(count).unwrap_or(u64::MAX));
            }
            Err(error) => {
                self.news = true;
                tracing::warn!(event = "identify_failed", error = %error, "ids are issued later");
            }
        }
        let wait = LOOK.0.max(began.elapsed().saturating_mul(LOOK.1));
        self.look_at = now().checked_add(wait);
    }
}
