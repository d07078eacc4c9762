//! Reading a part of what was observed at a site, and the ties of all of it, row by row.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};
use inventory::{Captured, Part, Talking, Ties};
use observation::{
    Basis, Batch, Binding, CaptureSummary, Conversation, ConversationKey, Evidence, Fact, Mention,
    OperationKind, OperationSeen, Presence, Sighting, Station, Time, Transport,
};
use rusqlite::{Connection, Row};

use crate::columns::{counted, evidence_read, sighting_read, station_read, text, vlan_read, word_read};
use crate::error::{Error, Result};
use crate::read::{rows, summaries, word};

/// Rows that are handed over at once while ties are read.
const ROWS_AT_ONCE: usize = 1024;

/// The captures of each site, by their row numbers.
pub(crate) fn sites(connection: &Connection) -> Result<BTreeMap<String, Vec<(i64, CaptureSummary)>>> {
    let mut sites: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (id, summary) in summaries(connection)? {
        sites.entry(summary.site.clone()).or_default().push((id, summary));
    }
    Ok(sites)
}

/// Addresses that are looked up between two questions whether to go on.
const ADDRESSES_AT_ONCE: usize = 256;

/// Adds everything observed in a capture to the ties of its site. No more than [`ROWS_AT_ONCE`] rows are in memory, and
/// after each so many `go_on` is asked.
pub(crate) fn tie(
    connection: &Connection,
    capture: i64,
    ties: &mut Ties,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<()> {
    let sighting = Sighting::once(Time(0));
    let mut feed = |sql: &str, add: &mut dyn FnMut(&Row<'_>, &mut Batch) -> Result<()>| -> Result<()> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([capture])?;
        let (mut batch, mut count) = (Batch::default(), 0_usize);
        while let Some(row) = rows.next()? {
            add(row, &mut batch)?;
            count = count.saturating_add(1);
            if count.is_multiple_of(ROWS_AT_ONCE) {
                ties.add(&batch);
                batch = Batch::default();
                if !go_on() {
                    return Err(Error::Stopped);
                }
            }
        }
        ties.add(&batch);
        Ok(())
    };
    feed(
        "SELECT address, vlan, path, attribute, value, basis, protocol
         FROM station JOIN fact ON fact.station = station.id WHERE capture = ?1",
        &mut |row, batch| {
            batch.facts.push(Fact {
                station: station_read(row, 0)?,
                attribute: word(row, 3)?,
                value: row.get(4)?,
                basis: word_read(row, 5, Basis::read_back)?,
                protocol: word(row, 6)?,
                rule: "".into(),
                evidence: Evidence::default(),
                sighting,
            });
            Ok(())
        },
    )?;
    feed(
        "SELECT address, vlan, path, mac, hop_limit_min, hop_limit_max
         FROM station JOIN binding ON binding.station = station.id WHERE capture = ?1",
        &mut |row, batch| {
            let hop_limit = (row.get(4)?, row.get(5)?);
            batch.bindings.push(Binding {
                mac: mac(row, 3)?,
                station: station_read(row, 0)?,
                sighting,
                hop_limit,
            });
            Ok(())
        },
    )?;
    feed(
        "SELECT address, vlan, path FROM station
         WHERE capture = ?1 AND EXISTS (SELECT 1 FROM presence WHERE presence.station = station.id)",
        &mut |row, batch| {
            batch.presences.push(Presence { station: station_read(row, 0)?, sighting, octets: 0 });
            Ok(())
        },
    )?;
    feed(
        "SELECT station.address, station.vlan, station.path, other.address, other.vlan, other.path, reason
         FROM station JOIN mention ON mention.station = station.id JOIN station AS other ON other.id = mention.by
         WHERE station.capture = ?1",
        &mut |row, batch| {
            batch.mentions.push(Mention {
                station: station_read(row, 0)?,
                by: station_read(row, 3)?,
                protocol: "".into(),
                reason: word(row, 6)?,
                sighting,
                evidence: Evidence::default(),
            });
            Ok(())
        },
    )?;
    feed(
        "SELECT station.address, station.vlan, station.path, other.address, other.vlan, other.path, protocol, transport,
            port, conversation.vlan,
            (SELECT max(client_frames) FROM conversation_day AS seen WHERE seen.conversation = conversation.id),
            (SELECT max(server_frames) FROM conversation_day AS seen WHERE seen.conversation = conversation.id)
         FROM station JOIN conversation ON conversation.client = station.id
         JOIN station AS other ON other.id = conversation.server WHERE station.capture = ?1",
        &mut |row, batch| {
            let key = ConversationKey {
                client: station_read(row, 0)?,
                server: station_read(row, 3)?,
                protocol: word(row, 6)?,
                transport: word_read(row, 7, Transport::read_back)?,
                port: row.get(8)?,
                vlan: vlan_read(row, 9)?,
            };
            let frames = [most(row, 10)?, most(row, 11)?];
            let (octets, operations) = ([0, 0], Vec::new());
            batch.conversations.push(Conversation { key, sighting, frames, octets, oriented: true, operations });
            Ok(())
        },
    )
}

/// A count that may be missing where no day of a conversation is left.
fn most(row: &Row<'_>, index: usize) -> Result<u64> {
    row.get::<_, Option<i64>>(index)?.map_or(Ok(0), |_| counted(row, index))
}

fn mac(row: &Row<'_>, index: usize) -> Result<observation::Mac> {
    text(row, index)?.parse().map_err(|_| Error::Damaged("a binding's MAC address cannot be read".into()))
}

/// What a part takes, and how many rows that are.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) captures: Vec<Captured>,
    pub(crate) rows: u64,
}

/// Reads what a part of a site takes. `None` if that is more than `rows_max` rows. `go_on` is asked again and again.
pub(crate) fn read(
    connection: &Connection,
    captures: &[(i64, CaptureSummary)],
    part: &mut Part,
    rows_max: u64,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<Taken>> {
    let mut taken = Taken::default();
    let addresses: Vec<String> = part.addresses().iter().map(ToString::to_string).collect();
    for (id, summary) in captures {
        let mut observed = Batch::default();
        let mut stations: HashMap<i64, Station> = HashMap::new();
        let mut statement = connection.prepare_cached(
            "SELECT id, address, vlan, path FROM station WHERE capture = ?1 AND address = ?2",
        )?;
        for (number, address) in addresses.iter().enumerate() {
            if number.is_multiple_of(ADDRESSES_AT_ONCE) && !go_on() {
                return Err(Error::Stopped);
            }
            let mut rows = statement.query(rusqlite::params![id, address])?;
            while let Some(row) = rows.next()? {
                stations.insert(row.get(0)?, station_read(row, 1)?);
            }
        }
        for (number, station) in &stations {
            of_station(connection, *number, station, &mut observed)?;
            conversations(connection, *number, station, &stations, part, &mut observed)?;
            if taken.rows.saturating_add(count(&observed)) > rows_max {
                return Ok(None);
            }
        }
        taken.rows = taken.rows.saturating_add(count(&observed));
        taken.captures.push(Captured { summary: summary.clone(), observed });
    }
    Ok(Some(taken))
}

fn count(batch: &Batch) -> u64 {
    let operations: usize = batch.conversations.iter().map(|row| row.operations.len()).sum();
    let counts = [
        batch.presences.len(),
        batch.bindings.len(),
        batch.facts.len(),
        batch.mentions.len(),
        batch.conversations.len(),
        operations,
    ];
    counts.iter().fold(0_u64, |sum, count| sum.saturating_add(*count as u64))
}

/// What was observed of a station, but for its conversations.
fn of_station(connection: &Connection, number: i64, station: &Station, observed: &mut Batch) -> Result<()> {
    let station = || station.clone();
    observed.presences.extend(rows(
        connection,
        "SELECT day, first, last, count, octets FROM presence WHERE station = ?1",
        Some(number),
        |row| Ok(Presence { station: station(), sighting: sighting_read(row, 0)?, octets: counted(row, 4)? }),
    )?);
    observed.bindings.extend(rows(
        connection,
        "SELECT mac, day, first, last, count, hop_limit_min, hop_limit_max FROM binding WHERE station = ?1",
        Some(number),
        |row| {
            let hop_limit = (row.get(5)?, row.get(6)?);
            Ok(Binding { mac: mac(row, 0)?, station: station(), sighting: sighting_read(row, 1)?, hop_limit })
        },
    )?);
    observed.facts.extend(rows(
        connection,
        "SELECT attribute, value, basis, protocol, rule, evidence, day, first, last, count
         FROM fact JOIN fact_day ON fact_day.fact = fact.id WHERE station = ?1",
        Some(number),
        |row| {
            Ok(Fact {
                station: station(),
                attribute: word(row, 0)?,
                value: row.get(1)?,
                basis: word_read(row, 2, Basis::read_back)?,
                protocol: word(row, 3)?,
                rule: word(row, 4)?,
                evidence: evidence_read(row, 5)?,
                sighting: sighting_read(row, 6)?,
            })
        },
    )?);
    observed.mentions.extend(rows(
        connection,
        "SELECT other.address, other.vlan, other.path, protocol, reason, evidence, day, first, last, count
         FROM mention JOIN mention_day ON mention_day.mention = mention.id
         JOIN station AS other ON other.id = mention.by WHERE mention.station = ?1",
        Some(number),
        |row| {
            Ok(Mention {
                station: station(),
                by: station_read(row, 0)?,
                protocol: word(row, 3)?,
                reason: word(row, 4)?,
                evidence: evidence_read(row, 5)?,
                sighting: sighting_read(row, 6)?,
            })
        },
    )?);
    Ok(())
}

const ASKED: &str =
    "SELECT conversation.id, other.address, other.vlan, other.path, protocol, transport, port,
        conversation.vlan, oriented, conversation.server,
        (SELECT max(client_frames) FROM conversation_day AS seen WHERE seen.conversation = conversation.id),
        (SELECT max(server_frames) FROM conversation_day AS seen WHERE seen.conversation = conversation.id),
        EXISTS (SELECT 1 FROM operation WHERE operation.conversation = conversation.id)
     FROM conversation JOIN station AS other ON other.id = conversation.server WHERE client = ?1";

const ANSWERED: &str =
    "SELECT conversation.id, other.address, other.vlan, other.path, protocol, transport, port,
        conversation.vlan, oriented, conversation.client,
        (SELECT max(client_frames) FROM conversation_day AS seen WHERE seen.conversation = conversation.id),
        (SELECT max(server_frames) FROM conversation_day AS seen WHERE seen.conversation = conversation.id),
        EXISTS (SELECT 1 FROM operation WHERE operation.conversation = conversation.id)
     FROM conversation JOIN station AS other ON other.id = conversation.client WHERE server = ?1";

/// The conversations of a station that the part wants.
fn conversations(
    connection: &Connection,
    number: i64,
    station: &Station,
    stations: &HashMap<i64, Station>,
    part: &mut Part,
    observed: &mut Batch,
) -> Result<()> {
    for (sql, is_client) in [(ASKED, true), (ANSWERED, false)] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([number])?;
        while let Some(row) = rows.next()? {
            // Between two of the part, it is read where its client is.
            if !is_client && stations.contains_key(&row.get(9)?) {
                continue;
            }
            let other = station_read(row, 1)?;
            let (client, server) =
                if is_client { (station.clone(), other) } else { (other, station.clone()) };
            let talking =
                Talking { sent: [most(row, 10)? > 0, most(row, 11)? > 0], has_operations: row.get(12)? };
            if !part.wants(&client, &server, text(row, 4)?, talking) {
                continue;
            }
            let key = ConversationKey {
                client,
                server,
                protocol: word(row, 4)?,
                transport: word_read(row, 5, Transport::read_back)?,
                port: row.get(6)?,
                vlan: vlan_read(row, 7)?,
            };
            days(connection, row.get(0)?, &key, row.get(8)?, observed)?;
        }
    }
    Ok(())
}

/// The days of a conversation.
fn days(
    connection: &Connection,
    conversation: i64,
    key: &ConversationKey,
    oriented: bool,
    observed: &mut Batch,
) -> Result<()> {
    let mut operations: BTreeMap<i32, Vec<OperationSeen>> = BTreeMap::new();
    let seen = rows(
        connection,
        "SELECT kind, name, evidence, day, first, last, count
         FROM operation JOIN operation_day ON operation_day.operation = operation.id WHERE conversation = ?1",
        Some(conversation),
        |row| {
            Ok(OperationSeen {
                kind: word_read(row, 0, OperationKind::read_back)?,
                name: word(row, 1)?,
                evidence: evidence_read(row, 2)?,
                sighting: sighting_read(row, 3)?,
            })
        },
    )?;
    for operation in seen {
        operations.entry(operation.sighting.day.0).or_default().push(operation);
    }
    observed.conversations.extend(rows(
        connection,
        "SELECT day, first, last, count, client_frames, server_frames, client_octets, server_octets
         FROM conversation_day WHERE conversation = ?1",
        Some(conversation),
        |row| {
            let sighting = sighting_read(row, 0)?;
            Ok(Conversation {
                key: key.clone(),
                sighting,
                frames: [counted(row, 4)?, counted(row, 5)?],
                octets: [counted(row, 6)?, counted(row, 7)?],
                oriented,
                operations: operations.remove(&sighting.day.0).unwrap_or_default(),
            })
        },
    )?);
    Ok(())
}
