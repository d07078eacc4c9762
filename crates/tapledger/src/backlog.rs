//! Batches that wait while the register cannot be written: the disk is full, or another process holds it.
//!
//! Capture goes on meanwhile. What waits is written first, in its order, as soon as the register takes it. When no more
//! fits, the newest batch is dropped and counted: who a device is stands in the earlier ones, the later ones mostly
//! count on.

use std::collections::{BTreeMap, VecDeque};

use observation::Batch;

/// Counter of a capture: batches that found no place.
const BATCHES: &str = "register: batches dropped";

/// Counter of a capture: frames counted in their conversations, as the totals of a capture count them.
pub(crate) const FRAMES: &str = "register: frames dropped with their batch";

/// Counter of a capture: facts in them.
const FACTS: &str = "register: facts dropped";

/// Most batches that wait. One is taken every second, or when it is large.
const WAITING_MAX: usize = 120;

/// Most octets of frames in them, kept as proof; and rows, of about a tenth of a kilobyte.
const OCTETS_MAX: usize = 64 << 20;
const ROWS_MAX: usize = 500_000;

/// Protocol of the ends of a tunnel, which is beside what is in it.
const TUNNEL: &str = "tunnel";

/// What waits for the register.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    waiting: VecDeque<Batch>,
    /// The last try failed.
    is_stuck: bool,
    octets: usize,
    rows: usize,
    batches_dropped: u64,
    frames_dropped: u64,
    facts_dropped: u64,
}

impl Backlog {
    /// Writes what waits and then `batch`; what cannot be written waits. True if nothing waits any more.
    ///
    /// # Errors
    ///
    /// Fails with an error that is not `is_passing`: trying again would not help.
    pub(crate) fn write<E: std::fmt::Display>(
        &mut self,
        batch: Batch,
        mut write: impl FnMut(&Batch) -> Result<(), E>,
        is_passing: impl Fn(&E) -> bool,
    ) -> Result<bool, E> {
        if !batch.is_empty() {
            self.wait(batch);
        }
        while let Some(batch) = self.waiting.front() {
            match write(batch) {
                Ok(()) => {
                    let (octets, rows) = size(batch);
                    self.octets = self.octets.saturating_sub(octets);
                    self.rows = self.rows.saturating_sub(rows);
                    self.waiting.pop_front();
                }
                Err(error) if is_passing(&error) => {
                    if !std::mem::replace(&mut self.is_stuck, true) {
                        tracing::warn!(%error, "the register cannot be written; capture goes on, batches wait");
                    }
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        if std::mem::take(&mut self.is_stuck) {
            tracing::warn!(batches_dropped = self.batches_dropped, "the register is written again");
        }
        Ok(true)
    }

    /// Puts a batch in line, or drops it.
    fn wait(&mut self, batch: Batch) {
        let (octets, rows) = size(&batch);
        let (octets_after, rows_after) = (self.octets.saturating_add(octets), self.rows.saturating_add(rows));
        let fits = self.waiting.len() < WAITING_MAX && octets_after <= OCTETS_MAX && rows_after <= ROWS_MAX;
        // One batch alone is always tried: its size has bounds of its own.
        if fits || self.waiting.is_empty() {
            (self.octets, self.rows) = (octets_after, rows_after);
            self.waiting.push_back(batch);
        } else {
            self.drop_batch(&batch);
        }
    }

    /// Counts what is in a batch that is not written.
    pub(crate) fn drop_batch(&mut self, batch: &Batch) {
        let talked = batch.conversations.iter().filter(|talk| talk.key.protocol != TUNNEL);
        let frames = talked.flat_map(|talk| talk.frames).fold(0, u64::saturating_add);
        self.batches_dropped = self.batches_dropped.saturating_add(1);
        self.frames_dropped = self.frames_dropped.saturating_add(frames);
        self.facts_dropped = self.facts_dropped.saturating_add(batch.facts.len() as u64);
    }

    /// Gives up what still waits, and counts it.
    pub(crate) fn give_up(&mut self) {
        while let Some(batch) = self.waiting.pop_front() {
            self.drop_batch(&batch);
        }
        (self.octets, self.rows) = (0, 0);
    }

    /// What was dropped, as a capture's summary has it.
    pub(crate) fn counters(&self) -> BTreeMap<String, u64> {
        [(BATCHES, self.batches_dropped), (FRAMES, self.frames_dropped), (FACTS, self.facts_dropped)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    }
}

/// Octets of proof and number of rows in a batch.
fn size(batch: &Batch) -> (usize, usize) {
    let octets = batch.frames.iter().map(|frame| frame.octets.len()).fold(0, usize::saturating_add);
    let operations = batch.conversations.iter().map(|talk| talk.operations.len());
    let rows = [
        batch.presences.len(),
        batch.bindings.len(),
        batch.conversations.len(),
        batch.facts.len(),
        batch.mentions.len(),
        batch.malformed.len(),
    ];
    (octets, rows.into_iter().chain(operations).fold(0, usize::saturating_add))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Conversation, ConversationKey, Mac, Presence, Sighting, Station, Time, Transport};

    use super::*;

    fn station(number: u8) -> Station {
        Station::root(Mac([2, 0, 0, 0, 0, number]).into(), None)
    }

    /// A batch of one conversation of as many frames as its number says.
    fn batch(number: u64) -> Batch {
        let talk = |protocol: &'static str| Conversation {
            key: ConversationKey {
                client: station(1),
                server: station(2),
                protocol: protocol.into(),
                transport: Transport::Tcp,
                port: 502,
                vlan: None,
            },
            sighting: Sighting::once(Time(0)),
            frames: [number, 0],
            octets: [0; 2],
            oriented: true,
            operations: Vec::new(),
        };
        let presence = Presence { station: station(1), sighting: Sighting::once(Time(0)), octets: 60 };
        Batch {
            conversations: vec![talk("modbus"), talk(TUNNEL)],
            presences: vec![presence],
            ..Batch::default()
        }
    }

    fn number(batch: &Batch) -> u64 {
        batch.conversations[0].frames[0]
    }

    #[test]
    fn what_waits_is_written_first_and_once() {
        let (mut backlog, mut written) = (Backlog::default(), Vec::new());
        for at in 1..=20_u64 {
            let is_full = (5..15).contains(&at);
            let write = |batch: &Batch| {
                if is_full {
                    return Err("full");
                }
                written.push(number(batch));
                Ok(())
            };
            assert_eq!(backlog.write(batch(at), write, |_| true), Ok(!is_full));
        }
        assert_eq!(written, (1..=20).collect::<Vec<_>>());
        assert!(backlog.counters().is_empty());
    }

    #[test]
    fn what_finds_no_place_is_counted_and_memory_is_bounded() {
        let mut backlog = Backlog::default();
        let count = 1000_u64;
        for at in 1..=count {
            assert_eq!(backlog.write(batch(at), |_| Err("full"), |_| true), Ok(false));
        }
        assert_eq!(backlog.waiting.len(), WAITING_MAX);
        let mut written = Vec::new();
        let write = |batch: &Batch| {
            written.push(number(batch));
            Ok::<(), &str>(())
        };
        assert_eq!(backlog.write(Batch::default(), write, |_| true), Ok(true));
        let kept = WAITING_MAX as u64;
        assert_eq!(written, (1..=kept).collect::<Vec<_>>());
        let counters = backlog.counters();
        assert_eq!((counters[BATCHES], counters[FRAMES]), (count - kept, (kept + 1..=count).sum()));
        assert_eq!((backlog.octets, backlog.rows), (0, 0));
    }

    #[test]
    fn what_is_given_up_is_counted_and_what_no_waiting_helps_is_an_error() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.write(batch(7), |_| Err("full"), |_| true), Ok(false));
        assert_eq!(backlog.write(batch(8), |_| Err("damaged"), |_| false), Err("damaged"));
        backlog.give_up();
        assert_eq!(backlog.counters()[FRAMES], 15);
        assert!(backlog.waiting.is_empty());
    }
}
