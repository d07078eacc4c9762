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
use register::{CaptureStart, CaptureWriter, Error, Growth, Looks, Policy, Register};

use super::log::Limiter;
use super::state::{Writing, put};
use crate::backlog::Backlog;
use crate::session::actor;

/// On whose behalf the journal is written.
const ACTOR: &str = "sensor";

/// Orders that wait for the writer. A batch may be of 40 MiB; what waits beyond waits as frames.
const ORDERS_MAX: usize = 2;

/// Time between two signs of life, and before a failed attempt is repeated.
const TURN: Duration = Duration::from_secs(1);

/// How long a failing register is tried when the sensor ends.
const LAST_TRIES: Duration = Duration::from_secs(5);

/// How long what waits is written when the sensor ends. The service manager ends what takes longer, and nobody has
/// counted then.
const LAST_WRITES: Duration = Duration::from_secs(45);

/// Time between two looks at what the observations amount to, and how many times the time that a look takes.
const LOOK: (Duration, u32) = (Duration::from_secs(60), 50);

/// Time between two prunes of the register, and before the first.
const PRUNE: Duration = Duration::from_secs(24 * 3600);
const FIRST_PRUNE: Duration = Duration::from_secs(3600);

/// Key figures that were kept less than so many nanoseconds ago are those of today: a sensor that starts again keeps none.
const COUNTED_NANOS: i64 = 20 * 3_600_000_000_000;

/// Time after which it is looked although nothing is new but counts.
const LOOK_ANYWAY: Duration = Duration::from_secs(3600);

/// Memory that a look takes for each row that it reads, in octets: generous.
const LOOK_OCTETS: u64 = 2048;

/// The same for what a row counted on each day: 240 to 290 were measured.
const DAY_OCTETS: u64 = 320;

/// Longest time that counting key figures, which reads the whole register, may be going to take.
const LOOK_LONGEST: Duration = Duration::from_secs(20);

/// Longest time that looks go on when the sensor ends: the service manager ends what does not stop.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// Time that reading the whole register takes for each kibioctet of memory that it needs: that of a fast machine, four times.
const LOOK_NANOS_PER_KIB: u64 = 20_000;

/// Memory that looks take for each row of the register between them, in octets.
const TIE_OCTETS: u64 = 256;

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
///
/// A look at what the observations amount to takes `look_octets_max` of memory at most.
pub(crate) fn start(
    register: Register,
    options: Options,
    retention: Policy,
    look_octets_max: u64,
) -> std::io::Result<Writer> {
    let (orders, receiver) = sync_channel(ORDERS_MAX);
    let writing = Arc::new(Writing::default());
    let mut desk = Desk::new(register, options, retention, Arc::clone(&writing));
    desk.look_octets_max = look_octets_max;
    let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || desk.run(&receiver))?;
    Ok(Writer { orders, writing, thread })
}

/// The clock that does not jump.
#[expect(clippy::disallowed_methods, reason = "the sensor lives by the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What a look takes.
#[derive(Debug)]
struct Cost {
    octets: u64,
    time: Duration,
}

struct Desk {
    register: Register,
    options: Options,
    /// How much the register keeps.
    retention: Policy,
    /// When old days are folded next.
    prune_at: Option<Instant>,
    /// Time between two prunes.
    prune_every: Duration,
    writing: Arc<Writing>,
    captures: HashMap<u32, CaptureWriter>,
    /// Since when the sensor ends.
    ending: Option<Instant>,
    /// How long what waits is written then.
    last_writes: Duration,
    /// What there was no time to write then, of each session.
    unwritten: HashMap<u32, Backlog>,
    /// When to look next at what the observations amount to.
    look_at: Option<Instant>,
    /// Something was written since the last look.
    news: bool,
    /// What is remembered between looks.
    looks: Looks,
    /// When everything was looked at last.
    looked: Option<Instant>,
    /// Octets of memory that a look may take.
    look_octets_max: u64,
    /// How long looks go on when the sensor ends.
    last_look: Duration,
    /// The last orders cannot be carried out: the sensor ends, and the register fails.
    given_up: bool,
    limiter: Limiter,
}

impl Desk {
    fn new(register: Register, options: Options, retention: Policy, writing: Arc<Writing>) -> Self {
        Self {
            register,
            options,
            retention,
            prune_at: now().checked_add(FIRST_PRUNE),
            prune_every: PRUNE,
            writing,
            captures: HashMap::new(),
            ending: None,
            last_writes: LAST_WRITES,
            unwritten: HashMap::new(),
            look_at: now().checked_add(FIRST_LOOK),
            news: false,
            looks: Looks::new(),
            looked: None,
            look_octets_max: u64::MAX,
            last_look: LAST_LOOK,
            given_up: false,
            limiter: Limiter::of_the_log(),
        }
    }

    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            self.writing.turns.add(1);
            self.is_late();
            match orders.recv_timeout(TURN) {
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(order) => self.carry_out(order),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.news && self.look_at.is_some_and(|at| now() >= at) {
                self.look();
            }
            // Folding takes minutes, which an ending sensor does not have.
            if self.prune_at.is_some_and(|at| now() >= at) && !self.writing.stopping.is_set() {
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
            Order::Batch { session, batch, mut summary } => {
                self.batch(session, &batch, &mut summary);
            }
            Order::Finish { session, batch, mut summary } => {
                if self.batch(session, &batch, &mut summary)
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
                (self.news, self.looked) = (true, None);
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

    /// Writes a batch, or counts it in the summary if there is no time left.
    fn batch(&mut self, session: u32, batch: &Batch, summary: &mut CaptureSummary) -> bool {
        self.news |= !batch.is_empty();
        let written = if self.is_late() && !batch.is_empty() {
            self.unwritten.entry(session).or_default().drop_batch(batch);
            tracing::warn!(
                event = "batch_dropped",
                interface = summary.interface,
                "there is no time left to write it"
            );
            true
        } else {
            let is_written = self.insist(|register, captures| match captures.get_mut(&session) {
                Some(capture) => register.write(capture, batch),
                None => Err(Error::CaptureGone),
            });
            if is_written {
                self.looks.wrote(&summary.site, batch);
            }
            is_written
        };
        if let Some(unwritten) = self.unwritten.get(&session) {
            summary.counters.extend(unwritten.counters());
        }
        let summary = &*summary;
        written
            && self.insist(|register, captures| match captures.get(&session) {
                Some(capture) => register.update_summary(capture, summary),
                None => Err(Error::CaptureGone),
            })
    }

    /// True if the sensor ends, and has been ending for long.
    fn is_late(&mut self) -> bool {
        self.writing.stopping.is_set() && self.ending.get_or_insert_with(now).elapsed() >= self.last_writes
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
        self.prune_at = now().checked_add(self.prune_every);
        self.writing.fold_since(Some(now()));
        match self.register.prune(&self.retention, &actor(ACTOR)) {
            Ok(pruned) => tracing::info!(event = "pruned", what = pruned.text(), "old days are folded"),
            Err(error) => tracing::warn!(event = "prune_failed", error = %error, "tried again tomorrow"),
        }
        self.writing.fold_since(None);
        if !self.writing.stopping.is_set() {
            self.count();
        }
    }

    /// Keeps the key figures of the day, unless somebody has in the last hours.
    fn count(&mut self) {
        if self.register.growth().is_ok_and(|growth| !self.may_take(&self.cost(&growth), LOOK_LONGEST)) {
            return tracing::warn!(
                event = "kpis_left",
                "the register is too large for this process: `kpi snapshot` keeps them"
            );
        }
        let actor = actor(ACTOR);
        let resolve = self.resolving(inventory::resolve);
        let taken = self.register.kpi_snapshots().and_then(|snapshots| {
            if snapshots.last().is_some_and(|last| is_of_today(last.at, actor.at)) {
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

    /// What observations amount to by `resolve`, with the prefixes of the configuration.
    fn resolving(
        &self,
        resolve: fn(&Observed, &Options) -> Inventory,
    ) -> impl FnOnce(&Observed, &Options) -> Inventory + use<> {
        let (prefixes, writing) = (self.options.plant_prefixes.clone(), Arc::clone(&self.writing));
        move |observed, decided| {
            // Reading is done, which is a sign of life; so is resolving.
            writing.turns.add(1);
            let mut options = decided.clone();
            options.plant_prefixes.extend(prefixes);
            let inventory = resolve(observed, &options);
            writing.turns.add(1);
            inventory
        }
    }

    /// What reading the register takes. If its days cannot be counted it cannot be read either.
    fn cost(&self, growth: &Growth) -> Cost {
        let days = self.register.rows_of_days().unwrap_or(0);
        let octets =
            growth.rows().saturating_mul(LOOK_OCTETS).saturating_add(days.saturating_mul(DAY_OCTETS));
        Cost { octets, time: Duration::from_nanos((octets >> 10).saturating_mul(LOOK_NANOS_PER_KIB)) }
    }

    fn may_take(&self, cost: &Cost, longest: Duration) -> bool {
        cost.octets <= self.look_octets_max && cost.time <= longest
    }

    /// Issues ids for what news touched, and counts the assets; from time to time, and after a start, for everything.
    /// When the sensor ends it goes on for [`LAST_LOOK`] only: the next sensor, and every command that writes, issues the
    /// same ids.
    fn look(&mut self) {
        self.news = false;
        let began = now();
        let whole = self.looked.is_none_or(|at| at.elapsed() >= LOOK_ANYWAY);
        if let Some(rows) = self.is_beyond_ties() {
            self.looks = Looks::new();
            self.look_at = now().checked_add(LOOK_ANYWAY);
            return tracing::warn!(
                event = "register_large",
                rows,
                limit_mib = self.look_octets_max >> 20,
                "assets are counted, and their ids issued, by commands that read the register"
            );
        }
        let prefixes = &self.options.plant_prefixes;
        let rows_max = self.look_octets_max.checked_div(LOOK_OCTETS).unwrap_or(u64::MAX);
        let (writing, longest, mut ending) = (Arc::clone(&self.writing), self.last_look, None);
        let mut go_on = || {
            // Each part is a sign of life.
            writing.turns.add(1);
            !writing.stopping.is_set() || ending.get_or_insert_with(now).elapsed() < longest
        };
        match self.register.identify_touched(&mut self.looks, prefixes, rows_max, whole, &mut go_on) {
            Ok(looked) => {
                self.writing.assets.set(looked.assets);
                if whole {
                    self.looked = Some(began);
                }
                if looked.left_out > 0 {
                    tracing::warn!(
                        event = "part_large",
                        addresses = looked.left_out,
                        rows_max,
                        "what is tied together there is more than may be read: commands that read the register issue its ids"
                    );
                }
            }
            Err(Error::Stopped) => tracing::info!(
                event = "last_look_left",
                "ids of what is new are issued by who writes the register next"
            ),
            Err(error) => {
                (self.news, self.looked) = (true, None);
                tracing::warn!(event = "identify_failed", error = %error, "ids are issued later");
            }
        }
        let wait = LOOK.0.max(began.elapsed().saturating_mul(LOOK.1));
        self.look_at = now().checked_add(wait);
    }

    /// The rows of the register, if remembering which of them belong together takes more memory than a look may.
    fn is_beyond_ties(&self) -> Option<u64> {
        let rows = self.register.growth().map(|growth| growth.rows()).unwrap_or_default();
        (rows.saturating_mul(TIE_OCTETS) > self.look_octets_max).then_some(rows)
    }
}

/// True if key figures that were kept at `last` are those of today. A clock that was ahead once does not stop them.
fn is_of_today(last: Time, now: Time) -> bool {
    (0..COUNTED_NANOS).contains(&now.0.saturating_sub(last.0))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use ::capture::{LinkType, RawFrame};
    use observation::{NANOS_PER_DAY, Time};

    use super::super::listener::{Listener, Session, Ways};
    use super::super::queue::Queue;
    use super::super::wire::{self, Chunk, Record};
    use super::*;
    use crate::config;

    #[test]
    fn key_figures_of_the_last_hours_are_those_of_today_and_those_of_the_future_are_not() {
        let now = Time(20_000 * NANOS_PER_DAY);
        let hours = |hours: i64| Time(now.0 + hours * 3_600_000_000_000);
        for (last, is_today) in
            [(0, true), (-19, true), (-20, false), (-48, false), (1, false), (9000, false)]
        {
            assert_eq!(is_of_today(hours(last), now), is_today, "{last} h");
        }
    }

    /// A frame of each of so many days, as the capturing process hands it over.
    fn days(count: i64) -> Vec<Record> {
        let of_day = |day: i64| {
            let mut octets = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5];
            octets.resize(60, 0);
            let mut chunk = Chunk::default();
            chunk.push(&RawFrame {
                number: 1,
                time: Time(day * NANOS_PER_DAY + 1),
                link_type: LinkType::ETHERNET,
                original_length: 60,
                octets: &octets,
            });
            wire::read(&mut chunk.record(1)).unwrap().unwrap().1
        };
        (0..count).map(of_day).collect()
    }

    /// What is in the register after so many days that a writer wrote, and its journal's lines of prunes.
    fn written(prune_every: Option<Duration>) -> (Register, Vec<String>) {
        let (register, lines, _) = written_by(|desk| {
            if let Some(every) = prune_every {
                (desk.prune_at, desk.prune_every) = (Some(now()), every);
            }
        });
        (register, lines)
    }

    /// The same by a writer that was changed before it began, with the number of assets that it found.
    fn written_by(change: impl FnOnce(&mut Desk)) -> (Register, Vec<String>, u64) {
        let (orders, receiver) = sync_channel(1000);
        let queue = Arc::new(Queue::new(config::Queue { frames_max: 1000, octets_max: 1 << 20 }));
        let ways = Ways { queue, state: Arc::default(), orders, writing: Arc::default(), tape: None };
        days(50).into_iter().for_each(|record| ways.queue.push(record));
        ways.queue.close();
        let session = Session {
            id: 1,
            uid: "a".into(),
            interface: "eth1".into(),
            site: "s".into(),
            sensor: "n".into(),
        };
        // A batch for each frame, so that prunes come between them.
        Listener::new(session, ways.clone(), Duration::ZERO, 1024).run();
        drop(ways);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let policy = Policy { detail_days: 5, conversation_days: 9, ..Policy::default() };
        let mut desk =
            Desk::new(Register::create_or_open(&path).unwrap(), Options::default(), policy, Arc::default());
        change(&mut desk);
        let writing = Arc::clone(&desk.writing);
        desk.run(&receiver);
        let register = Register::open_existing(&path).unwrap();
        let lines = register.journal().unwrap().into_iter();
        let prunes = lines.filter(|line| line.action == "prune").map(|line| line.detail).collect();
        (register, prunes, writing.assets.get())
    }

    #[test]
    fn what_there_is_no_time_to_write_at_the_end_is_counted_and_the_register_adds_up() {
        let (register, _, _) = written_by(|desk| {
            desk.last_writes = Duration::ZERO;
            desk.writing.stopping.set(true);
        });
        let capture = register.captures().unwrap().remove(0);
        assert_eq!((capture.frames, capture.counters["register: batches dropped"]), (50, 50));
        assert_eq!(register.stats().unwrap().stations, 0);
        assert!(register.check().unwrap().is_sound());
    }

    #[test]
    fn a_look_that_cannot_end_in_time_is_left_when_the_sensor_ends_and_nothing_else_is() {
        let (_, _, assets) = written_by(|_| ());
        assert_eq!(assets, 2);
        // 50 days of two stations: some 200 rows.
        for change in [
            |desk: &mut Desk| {
                desk.writing.stopping.set(true);
                desk.last_look = Duration::ZERO;
            },
            |desk: &mut Desk| desk.look_octets_max = 10 << 10,
        ] {
            let (register, _, assets) = written_by(change);
            assert_eq!(assets, 0);
            assert_eq!(register.stats().unwrap().stations, 2);
            assert!(register.rows_of_days().unwrap() >= 100);
        }
    }

    #[test]
    fn old_days_are_folded_again_and_again_while_a_session_is_written_and_nothing_is_lost() {
        let (kept, none) = written(None);
        assert_eq!(
            (none.len(), kept.stats().unwrap().folded_before),
            (0, None),
            "the first prune is an hour away"
        );
        let (pruned, lines) = written(Some(Duration::ZERO));
        assert!(lines.len() > 50, "{lines:?}");
        // Days 0 to 43 became one row, one after the other.
        let folded = lines.iter().filter(|line| line.contains("rows folded of 1 presence,"));
        assert_eq!(folded.count(), 43, "{lines:?}");
        assert!(pruned.stats().unwrap().folded_before.is_some());
        let presences = |register: &Register| -> Vec<observation::Presence> {
            let captures = register.observed().unwrap().captures.into_iter();
            captures.flat_map(|capture| capture.observed.presences).collect()
        };
        let sums = |register: &Register| -> (u64, u64) {
            let all = presences(register);
            (all.iter().map(|of| of.sighting.count).sum(), all.iter().map(|of| of.octets).sum())
        };
        assert_eq!((sums(&pruned), sums(&kept)), ((50, 3000), (50, 3000)));
        assert_eq!((presences(&pruned).len(), presences(&kept).len()), (7, 50));
        assert!(pruned.check().unwrap().is_sound());
        // With a day between two only the first one is due.
        let (_, lines) = written(Some(PRUNE));
        assert_eq!(lines.len(), 1, "{lines:?}");
    }
}
