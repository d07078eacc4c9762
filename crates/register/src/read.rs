//! Reading what was observed: every real capture as one sorted batch.

use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt};
use inventory::{Captured, Observed};
use observation::{
    Basis, Batch, Binding, CaptureKind, CaptureStatus, CaptureSummary, Conversation, ConversationKey, Fact,
    MalformedMessage, Mention, OperationKind, OperationSeen, Presence, Station, Time, Transport,
};
use rusqlite::{Connection, Row};

use crate::columns::{counted, evidence_read, sighting_read, station_read, text, vlan_read, word_read};
use crate::error::{Error, Result};
use crate::open::Register;
use crate::words;

impl Register {
    /// Everything observed, as it stands at one moment: each real capture with all its batches added up, sorted.
    /// Captures that are being imported are not in it. `frames` of the batches are empty: frames are kept octets, many
    /// and large, and are asked for one by one ([`evidence`](Self::evidence)).
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read, or a row is not as this program writes it.
    pub fn observed(&self) -> Result<Observed> {
        // One transaction: a capture that becomes real in between is in all of it or in none.
        let transaction = self.connection.unchecked_transaction()?;
        observed(&transaction)
    }

    /// Every real capture, by id, without what was observed in it: this is read in no time however large the register is.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn captures(&self) -> Result<Vec<CaptureSummary>> {
        let transaction = self.connection.unchecked_transaction()?;
        Ok(summaries(&transaction)?.into_iter().map(|(_, summary)| summary).collect())
    }
}

pub(crate) fn observed(connection: &Connection) -> Result<Observed> {
    let captures = summaries(connection)?
        .into_iter()
        .map(|(id, summary)| Ok(Captured { summary, observed: batch(connection, id)? }))
        .collect::<Result<_>>()?;
    Ok(Observed { captures })
}

/// The real captures with their row numbers, by id.
pub(crate) fn summaries(connection: &Connection) -> Result<Vec<(i64, CaptureSummary)>> {
    let mut summaries = rows(
        connection,
        "SELECT id, uid, kind, name, site, sensor, interface, octets, frames, kernel_drops, first, last, status, stopped
         FROM capture WHERE uid IS NOT NULL ORDER BY uid",
        None,
        |row| {
            let summary = CaptureSummary {
                uid: row.get(1)?,
                kind: word_read(row, 2, CaptureKind::read_back)?,
                name: row.get(3)?,
                site: row.get(4)?,
                sensor: row.get(5)?,
                interface: row.get(6)?,
                octets: counted(row, 7)?,
                frames: counted(row, 8)?,
                kernel_drops: counted(row, 9)?,
                first: row.get::<_, Option<i64>>(10)?.map(Time),
                last: row.get::<_, Option<i64>>(11)?.map(Time),
                status: word_read(row, 12, CaptureStatus::read_back)?,
                stopped: row.get(13)?,
                counters: Default::default(),
            };
            Ok((row.get(0)?, summary))
        },
    )?;
    for (id, summary) in &mut summaries {
        let sql = "SELECT name, count FROM capture_counter WHERE capture = ?1";
        summary.counters = rows(connection, sql, Some(*id), |row| Ok((row.get(0)?, counted(row, 1)?)))?
            .into_iter()
            .collect();
    }
    Ok(summaries)
}

/// The rows of a statement, each read by `read`.
pub(crate) fn rows<T>(
    connection: &Connection,
    sql: &'static str,
    capture: Option<i64>,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = match capture {
        Some(id) => statement.query([id])?,
        None => statement.query([])?,
    };
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// A word that the program gave to the row: name of a protocol, an attribute, a rule, a reason.
pub(crate) fn word(row: &Row<'_>, index: usize) -> Result<Cow<'static, str>> {
    let word = text(row, index)?;
    Ok(words::held(word).map_or_else(|| Cow::Owned(word.into()), Cow::Borrowed))
}

/// The stations of a capture by their row numbers.
struct Stations(HashMap<i64, Station>);

impl Stations {
    fn get(&self, row: &Row<'_>, index: usize) -> Result<Station> {
        let id: i64 = row.get(index)?;
        self.0.get(&id).cloned().ok_or_else(|| Error::Damaged(format!("station {id} is of another capture")))
    }
}

fn batch(connection: &Connection, capture: i64) -> Result<Batch> {
    let sql = "SELECT id, address, vlan, path FROM station WHERE capture = ?1";
    let stations = rows(connection, sql, Some(capture), |row| Ok((row.get(0)?, station_read(row, 1)?)))?;
    let stations = Stations(stations.into_iter().collect());
    Ok(Batch {
        presences: presences(connection, capture, &stations)?,
        bindings: bindings(connection, capture, &stations)?,
        conversations: conversations(connection, capture, &stations)?,
        facts: facts(connection, capture, &stations)?,
        mentions: mentions(connection, capture, &stations)?,
        frames: Vec::new(),
        malformed: malformed(connection, capture, &stations)?,
    })
}

fn presences(connection: &Connection, capture: i64, stations: &Stations) -> Result<Vec<Presence>> {
    let sql = "SELECT station.id, day, first, last, count, octets
               FROM station JOIN presence ON presence.station = station.id WHERE capture = ?1";
    let mut presences = rows(connection, sql, Some(capture), |row| {
        Ok(Presence {
            station: stations.get(row, 0)?,
            sighting: sighting_read(row, 1)?,
            octets: counted(row, 5)?,
        })
    })?;
    presences.sort_by(|a, b| (&a.station, a.sighting).cmp(&(&b.station, b.sighting)));
    Ok(presences)
}

fn bindings(connection: &Connection, capture: i64, stations: &Stations) -> Result<Vec<Binding>> {
    let sql = "SELECT station.id, mac, day, first, last, count, hop_limit_min, hop_limit_max
               FROM station JOIN binding ON binding.station = station.id WHERE capture = ?1";
    let mut bindings = rows(connection, sql, Some(capture), |row| {
        let mac = text(row, 1)?
            .parse()
            .map_err(|_| Error::Damaged("a binding's MAC address cannot be read".into()))?;
        let hop_limit = (row.get(6)?, row.get(7)?);
        Ok(Binding { mac, station: stations.get(row, 0)?, sighting: sighting_read(row, 2)?, hop_limit })
    })?;
    bindings.sort_by(|a, b| (&a.station, a.mac, a.sighting).cmp(&(&b.station, b.mac, b.sighting)));
    Ok(bindings)
}

fn facts(connection: &Connection, capture: i64, stations: &Stations) -> Result<Vec<Fact>> {
    let sql = "SELECT station.id, attribute, value, basis, protocol, rule, evidence, day, first, last, count
               FROM station JOIN fact ON fact.station = station.id JOIN fact_day ON fact_day.fact = fact.id
               WHERE capture = ?1";
    let mut facts = rows(connection, sql, Some(capture), |row| {
        Ok(Fact {
            station: stations.get(row, 0)?,
            attribute: word(row, 1)?,
            value: row.get(2)?,
            basis: word_read(row, 3, Basis::read_back)?,
            protocol: word(row, 4)?,
            rule: word(row, 5)?,
            evidence: evidence_read(row, 6)?,
            sighting: sighting_read(row, 7)?,
        })
    })?;
    facts.sort();
    Ok(facts)
}

fn mentions(connection: &Connection, capture: i64, stations: &Stations) -> Result<Vec<Mention>> {
    let sql = "SELECT station.id, by, protocol, reason, evidence, day, first, last, count
               FROM station JOIN mention ON mention.station = station.id JOIN mention_day ON mention_day.mention = mention.id
               WHERE capture = ?1";
    let mut mentions = rows(connection, sql, Some(capture), |row| {
        Ok(Mention {
            station: stations.get(row, 0)?,
            by: stations.get(row, 1)?,
            protocol: word(row, 2)?,
            reason: word(row, 3)?,
            evidence: evidence_read(row, 4)?,
            sighting: sighting_read(row, 5)?,
        })
    })?;
    mentions.sort();
    Ok(mentions)
}

fn conversations(connection: &Connection, capture: i64, stations: &Stations) -> Result<Vec<Conversation>> {
    let mut operations = operations(connection, capture)?;
    let sql =
        "SELECT conversation.id, client, server, protocol, transport, port, conversation.vlan, oriented,
                      day, first, last, count, client_frames, server_frames, client_octets, server_octets
               FROM station JOIN conversation ON conversation.client = station.id
               JOIN conversation_day ON conversation_day.conversation = conversation.id WHERE capture = ?1";
    let mut conversations = rows(connection, sql, Some(capture), |row| {
        let sighting = sighting_read(row, 8)?;
        let key = ConversationKey {
            client: stations.get(row, 1)?,
            server: stations.get(row, 2)?,
            protocol: word(row, 3)?,
            transport: word_read(row, 4, Transport::read_back)?,
            port: row.get(5)?,
            vlan: vlan_read(row, 6)?,
        };
        let mut operations = operations.remove(&(row.get(0)?, sighting.day.0)).unwrap_or_default();
        operations.sort();
        Ok(Conversation {
            key,
            sighting,
            frames: [counted(row, 12)?, counted(row, 13)?],
            octets: [counted(row, 14)?, counted(row, 15)?],
            oriented: row.get(7)?,
            operations,
        })
    })?;
    conversations.sort_by(|a, b| (&a.key, a.sighting).cmp(&(&b.key, b.sighting)));
    Ok(conversations)
}

/// The operations of a capture, by conversation and day.
fn operations(connection: &Connection, capture: i64) -> Result<HashMap<(i64, i32), Vec<OperationSeen>>> {
    let sql = "SELECT conversation.id, kind, name, evidence, day, first, last, count
               FROM station JOIN conversation ON conversation.client = station.id
               JOIN operation ON operation.conversation = conversation.id
               JOIN operation_day ON operation_day.operation = operation.id WHERE capture = ?1";
    let mut operations: HashMap<_, Vec<_>> = HashMap::new();
    let seen = rows(connection, sql, Some(capture), |row| {
        let operation = OperationSeen {
            kind: word_read(row, 1, OperationKind::read_back)?,
            name: word(row, 2)?,
            evidence: evidence_read(row, 3)?,
            sighting: sighting_read(row, 4)?,
        };
        Ok(((row.get(0)?, operation.sighting.day.0), operation))
    })?;
    for (key, operation) in seen {
        operations.entry(key).or_default().push(operation);
    }
    Ok(operations)
}

fn malformed(connection: &Connection, capture: i64, stations: &Stations) -> Result<Vec<MalformedMessage>> {
    let sql = "SELECT station, protocol, frame, time, problem FROM malformed WHERE capture = ?1";
    let mut malformed = rows(connection, sql, Some(capture), |row| {
        let station = row.get::<_, Option<i64>>(0)?.map(|_| stations.get(row, 0)).transpose()?;
        Ok(MalformedMessage {
            protocol: word(row, 1)?,
            frame: counted(row, 2)?,
            time: Time(row.get(3)?),
            station,
            problem: row.get(4)?,
        })
    })?;
    malformed.sort();
    Ok(malformed)
}
