//! The rows of one batch: each is added to what its key has already.

use observation::{Batch, Conversation, MalformedMessage, Sighting, Station};
use rusqlite::{Transaction, params};

use crate::columns::{stored, vlan_stored};
use crate::conversations::{Conversations, Key};
use crate::error::Result;
use crate::evidence::{Importance, Wanted};
use crate::many::{Many, ROWS, Sums};
use crate::proofs::{Proof, Proofs, Proved, Stored};
use crate::write::{CaptureWriter, MALFORMED_MAX};

/// Most stations whose row numbers a writer remembers; when full it forgets all and looks them up again.
pub(crate) const STATIONS_REMEMBERED_MAX: usize = 65_536;

const FACT: Proof = Proof {
    select:
        "SELECT id, evidence FROM fact WHERE station = ?1 AND attribute = ?2 AND value = ?3 AND basis = ?4
             AND protocol = ?5 AND rule = ?6",
    last: "SELECT coalesce(max(id), 0) FROM fact",
    insert: Sums {
        insert: "INSERT INTO fact (id, station, attribute, value, basis, protocol, rule, evidence)",
        conflict: "ON CONFLICT DO NOTHING",
    },
    update: "UPDATE fact SET evidence = ?2 WHERE id = ?1",
    days: Sums {
        insert: "INSERT INTO fact_day (fact, day, first, last, count)",
        conflict: "ON CONFLICT (fact, day) DO UPDATE SET first = min(first, excluded.first),
             last = max(last, excluded.last), count = min(9223372036854775807, count + excluded.count)",
    },
    importance: Importance::Fact,
};

const MENTION: Proof = Proof {
    select: "SELECT id, evidence FROM mention WHERE station = ?1 AND by = ?2 AND protocol = ?3 AND reason = ?4",
    last: "SELECT coalesce(max(id), 0) FROM mention",
    insert: Sums {
        insert: "INSERT INTO mention (id, station, by, protocol, reason, evidence)",
        conflict: "ON CONFLICT DO NOTHING",
    },
    update: "UPDATE mention SET evidence = ?2 WHERE id = ?1",
    days: Sums {
        insert: "INSERT INTO mention_day (mention, day, first, last, count)",
        conflict: "ON CONFLICT (mention, day) DO UPDATE SET first = min(first, excluded.first),
             last = max(last, excluded.last), count = min(9223372036854775807, count + excluded.count)",
    },
    importance: Importance::Other,
};

const OPERATION: Proof = Proof {
    select: "SELECT id, evidence FROM operation WHERE conversation = ?1 AND kind = ?2 AND name = ?3",
    last: "SELECT coalesce(max(id), 0) FROM operation",
    insert: Sums {
        insert: "INSERT INTO operation (id, conversation, kind, name, evidence)",
        conflict: "ON CONFLICT DO NOTHING",
    },
    update: "UPDATE operation SET evidence = ?2 WHERE id = ?1",
    days: Sums {
        insert: "INSERT INTO operation_day (operation, day, first, last, count)",
        conflict: "ON CONFLICT (operation, day) DO UPDATE SET first = min(first, excluded.first),
             last = max(last, excluded.last), count = min(9223372036854775807, count + excluded.count)",
    },
    importance: Importance::Other,
};

// Sums stop at 2^63 - 1: a larger one becomes a float in SQLite, and min() takes the other side.
const PRESENCES: Sums = Sums {
    insert: "INSERT INTO presence (station, day, first, last, count, octets)",
    conflict: "ON CONFLICT (station, day) DO UPDATE SET
                first = min(first, excluded.first),
                last = max(last, excluded.last),
                count = min(9223372036854775807, count + excluded.count),
                octets = min(9223372036854775807, octets + excluded.octets)",
};

const CONVERSATION_DAYS: Sums = Sums {
    insert: "INSERT INTO conversation_day (conversation, day, first, last, count,
                client_frames, server_frames, client_octets, server_octets)",
    conflict: "ON CONFLICT (conversation, day) DO UPDATE SET
                first = min(first, excluded.first),
                last = max(last, excluded.last),
                count = min(9223372036854775807, count + excluded.count),
                client_frames = min(9223372036854775807, client_frames + excluded.client_frames),
                server_frames = min(9223372036854775807, server_frames + excluded.server_frames),
                client_octets = min(9223372036854775807, client_octets + excluded.client_octets),
                server_octets = min(9223372036854775807, server_octets + excluded.server_octets)",
};

/// Day, first, last and count as columns hold them.
fn counted(sighting: &Sighting) -> [i64; 4] {
    let Sighting { day, first, last, count } = *sighting;
    [day.0.into(), first.0, last.0, stored(count)]
}

/// The rows of one batch on their way into one transaction.
pub(crate) struct Rows<'t> {
    pub(crate) transaction: &'t Transaction<'t>,
    pub(crate) capture: &'t mut CaptureWriter,
    /// Frames that evidence stored by this batch refers to.
    pub(crate) wanted: Wanted,
}

impl Rows<'_> {
    /// Adds a batch; returns the frames that evidence stored by it refers to.
    pub(crate) fn add(mut self, batch: &Batch) -> Result<Wanted> {
        self.presences(batch)?;
        self.bindings(batch)?;
        self.facts(batch)?;
        self.mentions(batch)?;
        self.conversations(batch)?;
        for message in &batch.malformed {
            self.malformed(message)?;
        }
        Ok(self.wanted)
    }

    fn station(&mut self, station: &Station) -> Result<i64> {
        if let Some(id) = self.capture.stations.get(station) {
            return Ok(*id);
        }
        let (address, path) = (station.address.to_string(), station.path.to_string());
        let key = params![self.capture.id, address, vlan_stored(station.vlan), path];
        let inserted = self
            .transaction
            .prepare_cached(
                "INSERT INTO station (capture, address, vlan, path) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?
            .execute(key)?;
        let id = match inserted {
            1 => self.transaction.last_insert_rowid(),
            _ => self
                .transaction
                .prepare_cached(
                    "SELECT id FROM station WHERE capture = ?1 AND address = ?2 AND vlan = ?3 AND path = ?4",
                )?
                .query_row(key, |row| row.get(0))?,
        };
        if self.capture.stations.len() >= STATIONS_REMEMBERED_MAX {
            self.capture.stations.clear();
        }
        self.capture.stations.insert(station.clone(), id);
        Ok(id)
    }

    fn presences(&mut self, batch: &Batch) -> Result<()> {
        let mut rows = Many::new(self.transaction, &PRESENCES);
        for presence in &batch.presences {
            let station = self.station(&presence.station)?;
            let [day, first, last, count] = counted(&presence.sighting);
            rows.add([station, day, first, last, count, stored(presence.octets)])?;
        }
        rows.finish()
    }

    fn bindings(&mut self, batch: &Batch) -> Result<()> {
        let mut add = self.transaction.prepare_cached(
            "INSERT INTO binding (station, mac, day, first, last, count, hop_limit_min, hop_limit_max)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (station, mac, day) DO UPDATE SET
                first = min(first, excluded.first),
                last = max(last, excluded.last),
                count = min(9223372036854775807, count + excluded.count),
                hop_limit_min = min(hop_limit_min, excluded.hop_limit_min),
                hop_limit_max = max(hop_limit_max, excluded.hop_limit_max)",
        )?;
        for binding in &batch.bindings {
            let station = self.station(&binding.station)?;
            let Sighting { day, first, last, count } = binding.sighting;
            let ((low, high), mac) = (binding.hop_limit, binding.mac.to_string());
            add.execute(params![station, mac, day.0, first.0, last.0, stored(count), low, high])?;
        }
        Ok(())
    }

    fn facts(&mut self, batch: &Batch) -> Result<()> {
        let mut table = Proofs::prepare(self.transaction, &FACT)?;
        for fact in &batch.facts {
            let station = self.station(&fact.station)?;
            let key = [
                station.into(),
                fact.attribute.as_ref().into(),
                fact.value.as_str().into(),
                fact.basis.as_str().into(),
                fact.protocol.as_ref().into(),
                fact.rule.as_ref().into(),
            ];
            table.add(Proved { key, evidence: &fact.evidence, days: counted(&fact.sighting) })?;
        }
        self.proved(table)
    }

    fn mentions(&mut self, batch: &Batch) -> Result<()> {
        let mut table = Proofs::prepare(self.transaction, &MENTION)?;
        for mention in &batch.mentions {
            let (station, by) = (self.station(&mention.station)?, self.station(&mention.by)?);
            let key =
                [station.into(), by.into(), mention.protocol.as_ref().into(), mention.reason.as_ref().into()];
            table.add(Proved { key, evidence: &mention.evidence, days: counted(&mention.sighting) })?;
        }
        self.proved(table)
    }

    fn conversations(&mut self, batch: &Batch) -> Result<()> {
        let mut table = Conversations::prepare(self.transaction)?;
        let mut days = Many::new(self.transaction, &CONVERSATION_DAYS);
        let mut operations = Proofs::prepare(self.transaction, &OPERATION)?;
        // The days of one conversation follow each other.
        let talks: Vec<&[Conversation]> = batch.conversations.chunk_by(|a, b| a.key == b.key).collect();
        for talks in talks.chunks(ROWS) {
            let keys: Vec<Key<'_>> = talks.iter().map(|days| self.talk(days)).collect::<Result<_>>()?;
            for (days_of_one, id) in talks.iter().zip(table.add(&keys)?) {
                for conversation in *days_of_one {
                    let [day, first, last, count] = counted(&conversation.sighting);
                    let [asked, answered] = conversation.frames.map(stored);
                    let [asked_octets, answered_octets] = conversation.octets.map(stored);
                    days.add([id, day, first, last, count, asked, answered, asked_octets, answered_octets])?;
                    for operation in &conversation.operations {
                        // An operation belongs to the day of its conversation's counters.
                        let sighting = Sighting { day: conversation.sighting.day, ..operation.sighting };
                        let key = [id.into(), operation.kind.as_str().into(), operation.name.as_ref().into()];
                        operations.add(Proved {
                            key,
                            evidence: &operation.evidence,
                            days: counted(&sighting),
                        })?;
                    }
                }
            }
        }
        days.finish()?;
        self.proved(operations)
    }

    /// What tells a conversation, given its days, from all others.
    fn talk<'b>(&mut self, days: &'b [Conversation]) -> Result<Key<'b>> {
        let Some(Conversation { key, .. }) = days.first() else { return Ok(Key::default()) };
        Ok(Key {
            client: self.station(&key.client)?,
            server: self.station(&key.server)?,
            protocol: &key.protocol,
            transport: key.transport.as_str(),
            port: key.port,
            vlan: vlan_stored(key.vlan),
            oriented: days.iter().any(|day| day.oriented),
        })
    }

    /// Ends a table whose rows carry evidence.
    fn proved<const N: usize>(&mut self, table: Proofs<'_, '_, N>) -> Result<()> {
        let Stored { wanted, replaced } = table.finish()?;
        self.capture.kept.replaced |= replaced;
        self.wanted.append(wanted);
        Ok(())
    }

    fn malformed(&mut self, message: &MalformedMessage) -> Result<()> {
        if self.capture.kept.malformed >= MALFORMED_MAX {
            self.capture.kept.malformed_dropped = self.capture.kept.malformed_dropped.saturating_add(1);
            return Ok(());
        }
        let station = message.station.as_ref().map(|station| self.station(station)).transpose()?;
        self.transaction
            .prepare_cached(
                "INSERT INTO malformed (capture, station, protocol, frame, time, problem) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                self.capture.id,
                station,
                message.protocol.as_ref(),
                stored(message.frame),
                message.time.0,
                message.problem
            ])?;
        self.capture.kept.malformed = self.capture.kept.malformed.saturating_add(1);
        Ok(())
    }
}
