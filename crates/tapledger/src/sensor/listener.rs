//! Decodes the frames of one interface and hands what they say to the writer: one live session, one capture of the register.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use ::capture::{Pipeline, Totals};
use observation::{CaptureKind, CaptureStatus, CaptureSummary};

use super::log::Limiter;
use super::queue::{Popped, Queue};
use super::recorder::Tape;
use super::state::{State, Writing, put};
use super::wire::{Counts, Event, Frames, Record};
use super::writer::{Order, now};
use crate::summary::{COUNTER_RECEIVED, COUNTER_SENT, COUNTER_SENT_AFTER, COUNTER_SENT_BEFORE};

/// How long the decoder waits before it asks again whether the writer has room.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// Counter of a capture: frames that were let go because the register could not be written.
const COUNTER_REFUSED: &str = "sensor: frames dropped while the register could not be written";

/// Counter of a capture: how often the queue to the decoder was full, so that the kernel had to keep frames.
const COUNTER_WAITS: &str = "sensor: queue full";

/// Counter of a capture: frames that were heard before the sensor ended and that there was no time to decode.
const COUNTER_LEFT: &str = "sensor: frames not decoded when the sensor ended";

/// Which session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// Number on the pipe.
    pub(crate) id: u32,
    /// Id in the register.
    pub(crate) uid: String,
    pub(crate) interface: String,
    pub(crate) site: String,
    pub(crate) sensor: String,
}

/// Where a listener takes from and gives to.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    pub(crate) queue: Arc<Queue>,
    pub(crate) state: Arc<State>,
    pub(crate) orders: SyncSender<Order>,
    pub(crate) writing: Arc<Writing>,
    /// Where frames are kept in files, too.
    pub(crate) tape: Option<Tape>,
}

/// The decoder of one interface.
pub(crate) struct Listener {
    session: Session,
    ways: Ways,
    /// Longest time between two batches.
    interval: Duration,
    flows_max: usize,
    pipeline: Pipeline,
    /// Totals of pipelines before this one.
    past: Totals,
    /// Frames given to all pipelines: the number of the last one.
    frames: u64,
    refused: u64,
    /// Frames that there was no time for at the end.
    left: u64,
    events: BTreeMap<&'static str, u64>,
    interface: Interface,
    flushed: Instant,
    /// What the writer had no room for.
    pending: Option<Order>,
    /// What the register was told last that the session amounts to.
    written: Option<Box<CaptureSummary>>,
    limiter: Limiter,
    journal: Limiter,
}

/// What sockets and interface counted, over all times it was opened.
#[derive(Debug, Default)]
struct Interface {
    /// Of times that are over.
    past: Counts,
    /// Of this time.
    now: Counts,
    /// What the interface had counted when this time began.
    base: (u64, u64),
    /// What it had counted when the session began.
    before: Option<(u64, u64)>,
}

impl Interface {
    fn opened(&mut self, counts: Counts) {
        self.past = self.total();
        self.now = Counts::default();
        if let Some(interface) = counts.interface {
            self.base = interface;
            self.before.get_or_insert(interface);
            self.now.interface = Some(interface);
        }
    }

    fn update(&mut self, counts: Counts) {
        let interface = counts.interface.or(self.now.interface);
        self.now = Counts { interface, ..counts };
    }

    /// Over all times; `interface` is what was received and sent in them.
    fn total(&self) -> Counts {
        let (received, sent) = self.past.interface.unwrap_or_default();
        let during = self.now.interface.map(|(now_received, now_sent)| {
            let (base_received, base_sent) = self.base;
            (
                received.saturating_add(now_received.saturating_sub(base_received)),
                sent.saturating_add(now_sent.saturating_sub(base_sent)),
            )
        });
        Counts {
            heard: self.past.heard.saturating_add(self.now.heard),
            ring_drops: self.past.ring_drops.saturating_add(self.now.ring_drops),
            card_drops: self.past.card_drops.saturating_add(self.now.card_drops),
            interface: during.or(self.past.interface),
        }
    }

    fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let total = self.total();
        let (received, sent) = total.interface.unwrap_or_default();
        let (_, before) = self.before.unwrap_or_default();
        let (_, after) = self.now.interface.unwrap_or_default();
        [
            ("source.received", total.heard),
            ("source.interface_drops", total.card_drops),
            (COUNTER_RECEIVED, received),
            (COUNTER_SENT, sent),
            (COUNTER_SENT_BEFORE, before),
            (COUNTER_SENT_AFTER, after),
        ]
        .into_iter()
    }
}

impl Listener {
    pub(crate) fn new(session: Session, ways: Ways, interval: Duration, flows_max: usize) -> Self {
        Self {
            session,
            ways,
            interval,
            flows_max,
            pipeline: Pipeline::new(flows_max),
            past: Totals::default(),
            frames: 0,
            refused: 0,
            left: 0,
            events: BTreeMap::new(),
            interface: Interface::default(),
            flushed: now(),
            pending: None,
            written: None,
            limiter: Limiter::of_the_log(),
            journal: Limiter::of_the_journal(),
        }
    }

    /// Decodes until the session ends.
    pub(crate) fn run(mut self) {
        let summary = Box::new(self.summary());
        self.order(Order::Begin { session: self.session.id, summary });
        loop {
            let wait = self.interval.saturating_sub(self.flushed.elapsed());
            match self.ways.queue.pop(wait) {
                Popped::Record(Record::Frames(frames)) => self.keep_and_decode(frames),
                Popped::Record(Record::Event(Event::Ended)) | Popped::Closed => break,
                Popped::Record(Record::Event(event)) => self.event(event),
                Popped::Nothing => {}
            }
            self.ways.state.turns.add(1);
            if self.ways.state.shorten.take() {
                self.begin_anew();
            }
            if self.pipeline.batch_is_due() || self.flushed.elapsed() >= self.interval {
                self.flush();
            }
        }
        self.finish();
    }

    fn keep_and_decode(&mut self, frames: Frames) {
        match &self.ways.tape {
            None => self.frames(&frames),
            Some(tape) => {
                let frames = Arc::new(frames);
                tape.keep(&frames);
                self.frames(&frames);
            }
        }
    }

    fn frames(&mut self, frames: &Frames) {
        while self.pipeline.batch_is_due() && !self.ways.writing.hurry.is_set() && !self.flush() {
            if self.ways.writing.failing.is_set() {
                // Nothing can be kept any more; what comes is counted and let go.
                let count = frames.count.into();
                self.refused = self.refused.saturating_add(count);
                self.ways.state.refused.add(count);
                return;
            }
            self.ways.state.turns.add(1);
            std::thread::sleep(ASK_AGAIN);
        }
        if self.ways.writing.hurry.is_set() {
            self.left = self.left.saturating_add(frames.count.into());
            return;
        }
        for frame in frames.iter(self.frames.saturating_add(1)) {
            self.pipeline.frame(&frame);
            self.frames = frame.number;
        }
        self.ways.state.frames.set(self.frames);
    }

    /// Hands over what was observed. False if the writer has no room: then it stays here.
    fn flush(&mut self) -> bool {
        if !self.hand_over_pending() {
            return false;
        }
        let summary = Box::new(self.summary());
        let batch = Box::new(self.pipeline.take_batch());
        if batch.is_empty() && self.written.as_ref() == Some(&summary) {
            // On a quiet network the disk is left alone.
            self.flushed = now();
            return true;
        }
        self.written = Some(summary.clone());
        self.pending = Some(Order::Batch { session: self.session.id, batch, summary });
        self.flushed = now();
        self.hand_over_pending();
        true
    }

    fn hand_over_pending(&mut self) -> bool {
        let Some(order) = self.pending.take() else { return true };
        match self.ways.orders.try_send(order) {
            Ok(()) => true,
            Err(TrySendError::Full(order)) => {
                self.pending = Some(order);
                // Otherwise the loop would turn without a pause until there is room.
                self.flushed = now();
                false
            }
            Err(TrySendError::Disconnected(_)) => {
                put(&self.ways.writing.fatal, "the writer has ended");
                true
            }
        }
    }

    /// Gives an order, waiting for room.
    fn order(&self, order: Order) {
        if self.ways.orders.send(order).is_err() {
            put(&self.ways.writing.fatal, "the writer has ended");
        }
    }

    /// Forgets all flows, to free memory. What they counted is kept.
    fn begin_anew(&mut self) {
        if !self.hand_over_pending() {
            return self.ways.state.shorten.set(true);
        }
        self.count("sensor: flows forgotten for memory");
        let pipeline = std::mem::replace(&mut self.pipeline, Pipeline::new(self.flows_max));
        let (batch, totals) = pipeline.finish();
        self.past = sum(std::mem::take(&mut self.past), totals);
        let summary = Box::new(self.summary());
        self.pending = Some(Order::Batch { session: self.session.id, batch: Box::new(batch), summary });
    }

    fn finish(mut self) {
        if let Some(order) = self.pending.take() {
            self.order(order);
        }
        if let Some(tape) = &self.ways.tape {
            tape.settle();
        }
        let pipeline = std::mem::replace(&mut self.pipeline, Pipeline::new(1));
        let (batch, totals) = pipeline.finish();
        self.past = sum(std::mem::take(&mut self.past), totals);
        let summary = CaptureSummary { status: CaptureStatus::Complete, stopped: None, ..self.summary() };
        let (_, sent) = self.interface.total().interface.unwrap_or_default();
        tracing::info!(
            event = "session_ended",
            interface = self.session.interface,
            frames = summary.frames,
            kernel_drops = summary.kernel_drops,
            frames_sent_by_interface = sent,
            frames_not_decoded = self.left,
            "the session is written"
        );
        self.order(Order::Finish {
            session: self.session.id,
            batch: Box::new(batch),
            summary: Box::new(summary),
        });
        self.ways.state.ended.set(true);
    }

    fn event(&mut self, event: Event) {
        let open = &self.ways.state.open;
        match event {
            Event::Open(counts) => {
                open.set(true);
                self.interface.opened(counts);
                self.tell("interface_open", "interface heard", "it is listened on");
            }
            Event::Refused { reason, permission } => {
                open.set(false);
                if permission {
                    put(&self.ways.state.denied, &reason);
                }
                if let Some(held_back) = self.limiter.pass("interface_refused", now()) {
                    let interface = &self.session.interface;
                    tracing::warn!(event = "interface_refused", interface, reason, held_back, "trying again");
                }
            }
            Event::Gone { reason } => {
                open.set(false);
                self.count("sensor: interface gone");
                self.tell("interface_gone", "interface gone", &reason);
            }
            Event::Link { up } => {
                let (counter, event, action) = if up {
                    ("sensor: link up", "link_up", "link up")
                } else {
                    ("sensor: link down", "link_down", "link down")
                };
                self.count(counter);
                self.tell(event, action, "the interface was set so");
            }
            Event::Renamed { name } => {
                self.count("sensor: interface renamed");
                self.tell(
                    "interface_renamed",
                    "interface renamed",
                    &format!("it is {name} now, and is listened on as before"),
                );
            }
            Event::ClockJump { milliseconds } => {
                self.count("sensor: clock jumps");
                let text = format!("the clock jumped by {milliseconds} ms");
                self.tell("clock_jump", "clock jump", &text);
            }
            Event::Beat(counts) => {
                self.interface.update(counts);
                let total = self.interface.total();
                self.ways.state.drops.set(total.ring_drops.saturating_add(total.card_drops));
                self.ways.state.sent.set(total.interface.map_or(0, |(_, sent)| sent));
            }
            Event::Left { frames } => self.left = self.left.saturating_add(frames),
            Event::Waiting | Event::Ended => {}
        }
    }

    fn count(&mut self, name: &'static str) {
        let count = self.events.entry(name).or_default();
        *count = count.saturating_add(1);
    }

    /// Logs an event and adds it to the custody journal, unless it comes all the time.
    fn tell(&mut self, event: &'static str, action: &'static str, what: &str) {
        let Session { interface, uid, .. } = &self.session;
        if let Some(held_back) = self.limiter.pass(event, now()) {
            tracing::info!(event, interface, held_back, "{what}");
        }
        let Some(held_back) = self.journal.pass(event, now()) else { return };
        let mut detail = format!("interface {interface}: {what}");
        if held_back > 0 {
            detail.push_str(&format!("; {held_back} times more since the last line"));
        }
        // A register that cannot be written must not hold the decoder up: the line stands in the log then.
        let _ = self.ways.orders.try_send(Order::Note { action, subject: uid.clone(), detail });
    }

    /// What the session amounts to by now.
    fn summary(&self) -> CaptureSummary {
        let totals = sum(self.past.clone(), self.pipeline.totals());
        let mut counters = totals.counters;
        let own = [
            (COUNTER_REFUSED, self.refused),
            (COUNTER_WAITS, self.ways.queue.waits()),
            (COUNTER_LEFT, self.left),
        ];
        let events = self.events.iter().map(|(name, count)| (*name, *count));
        for (name, count) in own.into_iter().chain(events).chain(self.interface.counters()) {
            if count > 0 {
                counters.insert(name.to_owned(), count);
            }
        }
        if let Some(tape) = &self.ways.tape {
            counters.extend(tape.counts().counters());
        }
        let Session { uid, interface, site, sensor, .. } = self.session.clone();
        CaptureSummary {
            uid,
            kind: CaptureKind::Live,
            name: interface.clone(),
            site,
            sensor,
            interface,
            octets: totals.octets,
            frames: totals.frames,
            kernel_drops: self.interface.total().ring_drops,
            first: totals.first,
            last: totals.last,
            status: CaptureStatus::Truncated,
            stopped: Some("the session has not ended".to_owned()),
            counters,
        }
    }
}

/// Totals of two parts of one capture.
fn sum(mut one: Totals, other: Totals) -> Totals {
    for (name, count) in other.counters {
        let total = one.counters.entry(name).or_default();
        *total = total.saturating_add(count);
    }
    Totals {
        frames: one.frames.saturating_add(other.frames),
        octets: one.octets.saturating_add(other.octets),
        first: [one.first, other.first].into_iter().flatten().min(),
        last: one.last.max(other.last),
        counters: one.counters,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use ::capture::{LinkType, RawFrame};
    use observation::Time;

    use super::super::wire::{self, Chunk};
    use super::*;
    use crate::config;

    fn frames(count: u8) -> Record {
        let mut chunk = Chunk::default();
        for number in 1..=count {
            let mut octets = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5];
            octets.resize(60, number);
            chunk.push(&RawFrame {
                number: 1,
                time: Time(number.into()),
                link_type: LinkType::ETHERNET,
                original_length: 60,
                octets: &octets,
            });
        }
        wire::read(&mut chunk.record(1)).unwrap().unwrap().1
    }

    fn ways() -> (Ways, Receiver<Order>) {
        let (orders, receiver) = sync_channel(64);
        let queue = Arc::new(Queue::new(config::Queue { frames_max: 1000, octets_max: 1 << 20 }));
        let ways = Ways { queue, state: Arc::default(), orders, writing: Arc::default(), tape: None };
        (ways, receiver)
    }

    /// What the session amounts to when it has heard all this.
    fn heard(ways: &Ways, receiver: &Receiver<Order>, records: Vec<Record>) -> (CaptureSummary, u64) {
        records.into_iter().for_each(|record| ways.queue.push(record));
        ways.queue.close();
        let session = Session {
            id: 1,
            uid: "a".into(),
            interface: "eth1".into(),
            site: "s".into(),
            sensor: "n".into(),
        };
        Listener::new(session, ways.clone(), Duration::from_secs(1), 1024).run();
        let mut sightings: Vec<u64> = Vec::new();
        let mut last = None;
        while let Ok(order) = receiver.try_recv() {
            if let Order::Batch { batch, summary, .. } | Order::Finish { batch, summary, .. } = order {
                sightings.extend(batch.presences.iter().map(|presence| presence.sighting.count));
                last = Some(*summary);
            }
        }
        (last.unwrap(), sightings.into_iter().sum())
    }

    #[test]
    fn flows_that_are_forgotten_for_memory_cost_no_count() {
        let (ways, receiver) = ways();
        ways.state.shorten.set(true);
        let (summary, sightings) = heard(&ways, &receiver, vec![frames(9), frames(20)]);
        assert_eq!((summary.frames, sightings), (29, 29));
        assert_eq!(summary.counters["sensor: flows forgotten for memory"], 1);
        assert_eq!((summary.first, summary.last), (Some(Time(1)), Some(Time(20))));
        assert_eq!((summary.status, summary.stopped), (CaptureStatus::Complete, None));
    }

    #[test]
    fn what_there_is_no_time_for_at_the_end_is_counted_and_not_decoded() {
        let (ways, receiver) = ways();
        ways.writing.hurry.set(true);
        let left = Record::Event(Event::Left { frames: 7 });
        let (summary, sightings) = heard(&ways, &receiver, vec![frames(9), frames(20), left]);
        assert_eq!((summary.frames, sightings), (0, 0));
        assert_eq!(summary.counters[COUNTER_LEFT], 36);
        assert_eq!(summary.status, CaptureStatus::Complete);
    }

    #[test]
    fn what_an_interface_sent_is_summed_over_the_times_it_was_there() {
        let (ways, receiver) = ways();
        let counts = |heard, ring_drops, interface| Counts { heard, ring_drops, card_drops: 0, interface };
        let events = [
            Event::Open(counts(0, 0, Some((100, 7)))),
            Event::Beat(counts(50, 2, Some((150, 9)))),
            Event::Gone { reason: "it went".into() },
            Event::Open(counts(0, 0, Some((0, 0)))),
            Event::Beat(counts(30, 1, Some((30, 4)))),
            Event::ClockJump { milliseconds: -5000 },
            Event::Beat(counts(31, 1, None)),
        ];
        let (summary, _) = heard(&ways, &receiver, events.map(Record::Event).into());
        assert_eq!(summary.kernel_drops, 3);
        for (name, count) in [
            ("source.received", 81),
            (COUNTER_RECEIVED, 80),
            (COUNTER_SENT, 6),
            (COUNTER_SENT_BEFORE, 7),
            (COUNTER_SENT_AFTER, 4),
            ("sensor: interface gone", 1),
            ("sensor: clock jumps", 1),
        ] {
            assert_eq!(summary.counters.get(name), Some(&count), "{name}");
        }
    }
}
