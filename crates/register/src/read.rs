//! Reading what was observed: every real capture as one sorted batch.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use foldhash::{HashMap, HashMapExt};
use inventory::{Captured, Observed};
use observation::{
    Basis, Batch, Binding, CaptureKind, CaptureStatus, CaptureSummary, Conversation, ConversationKey, Day,
    Fact, MalformedMessage, Mention, OperationKind, OperationSeen, Presence, Sighting, Station, Time,
    Transport,
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

/// Every table is read once, from its first row to its last, and its rows are given to their captures: looking up what
/// belongs to each station takes several times as long.
pub(crate) fn observed(connection: &Connection) -> Result<Observed> {
    let summaries = summaries(connection)?;
    let stations = Stations::read(connection, &summaries)?;
    let mut batches = vec![Batch::default(); summaries.len()];
    presences(connection, &stations, &mut batches)?;
    bindings(connection, &stations, &mut batches)?;
    conversations(connection, &stations, &mut batches)?;
    facts(connection, &stations, &mut batches)?;
    mentions(connection, &stations, &mut batches)?;
    malformed(connection, &summaries, &stations, &mut batches)?;
    let captured = |((_, summary), observed)| Captured { summary, observed };
    Ok(Observed { captures: summaries.into_iter().zip(batches).map(captured).collect() })
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

/// Stands in a row of several days until it is written down for one of them.
const NEVER: Sighting = Sighting { day: Day(0), first: Time(0), last: Time(0), count: 0 };

/// A station with its place among all.
struct Placed {
    station: Station,
    /// Index of its capture.
    capture: usize,
    /// Place among all stations, in the order of captures and then their own.
    rank: usize,
}

/// The stations of real captures by their row numbers.
struct Stations(HashMap<i64, Placed>);

impl Stations {
    fn read(connection: &Connection, captures: &[(i64, CaptureSummary)]) -> Result<Self> {
        let numbers: HashMap<i64, usize> =
            captures.iter().enumerate().map(|(index, (number, _))| (*number, index)).collect();
        let mut all = Vec::new();
        let mut statement =
            connection.prepare_cached("SELECT id, capture, address, vlan, path FROM station")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(capture) = numbers.get(&row.get(1)?) {
                all.push((*capture, station_read(row, 2)?, row.get::<_, i64>(0)?));
            }
        }
        all.sort_unstable();
        let placed = |(rank, (capture, station, number))| (number, Placed { station, capture, rank });
        Ok(Self(all.into_iter().enumerate().map(placed).collect()))
    }

    /// The station of this row number; `None` if it is of a capture that is being imported.
    fn get(&self, number: i64) -> Option<&Placed> {
        self.0.get(&number)
    }

    /// The other station of a row, which is of the same capture.
    fn other(&self, of: &Placed, number: i64) -> Result<&Placed> {
        let other = self.get(number).filter(|other| other.capture == of.capture);
        other.ok_or_else(|| Error::Damaged(format!("station {number} is of another capture")))
    }
}

/// Rows of one kind by capture, with the ranks of the stations that they begin with.
struct Ranked<K, T>(Vec<(Vec<K>, Vec<T>)>);

impl<K: Copy + Ord, T> Ranked<K, T> {
    fn new(captures: usize) -> Self {
        Self(std::iter::repeat_with(Default::default).take(captures).collect())
    }

    fn push(&mut self, capture: usize, ranks: K, row: T) {
        if let Some((all, rows)) = self.0.get_mut(capture) {
            all.push(ranks);
            rows.push(row);
        }
    }

    /// How many rows of a capture there are so far.
    fn count(&self, capture: usize) -> usize {
        self.0.get(capture).map_or(0, |(_, rows)| rows.len())
    }

    /// Some rows of a capture, in the order in which they came.
    fn part(&mut self, capture: usize, places: Range<usize>) -> &mut [T] {
        self.0.get_mut(capture).and_then(|(_, rows)| rows.get_mut(places)).unwrap_or_default()
    }

    /// The rows of each capture in order: by rank, and those of one rank as `order` says.
    fn sorted(self, order: impl Fn(&T, &T) -> Ordering) -> impl Iterator<Item = Vec<T>> {
        self.0.into_iter().map(move |(ranks, rows)| by_rank(ranks, rows, &order))
    }
}

/// Sorts rows by rank, and those of one rank as `order` says. Ranks are numbers and rows are long, so the rows are moved
/// once, when it is known where to.
fn by_rank<K: Copy + Ord, T>(ranks: Vec<K>, mut rows: Vec<T>, order: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut sorted: Vec<(K, usize)> = ranks.into_iter().zip(0..).collect();
    sorted.sort_unstable();
    for place in 0..sorted.len() {
        // Where the row is now that stood there in the beginning: what was before this place has been moved on.
        let Some((_, mut from)) = sorted.get(place).copied() else { break };
        while from < place {
            let Some((_, moved)) = sorted.get(from) else { break };
            from = *moved;
        }
        if let Some((_, moved)) = sorted.get_mut(place) {
            *moved = from;
        }
        rows.swap(place, from);
    }
    let mut rest = rows.as_mut_slice();
    for run in sorted.chunk_by(|left, right| left.0 == right.0) {
        let Some((same, others)) = rest.split_at_mut_checked(run.len()) else { break };
        same.sort_by(&order);
        rest = others;
    }
    rows
}

/// Goes through the rows of a statement, whose first column is their number, together with those of another one, which
/// belong to them by theirs; both in the order of these numbers. A row that nothing belongs to is passed over.
fn with_days<D>(
    connection: &Connection,
    (sql, days_sql): (&'static str, &'static str),
    day_read: impl Fn(&Row<'_>) -> Result<D>,
    mut add: impl FnMut(&Row<'_>, &[D]) -> Result<()>,
) -> Result<()> {
    let (mut rows, mut days) = (connection.prepare_cached(sql)?, connection.prepare_cached(days_sql)?);
    let (mut rows, mut days) = (rows.query([])?, days.query([])?);
    let mut next = numbered(days.next()?)?;
    let mut own = Vec::new();
    while let Some((number, row)) = numbered(rows.next()?)? {
        own.clear();
        while let Some((of, day)) = next.filter(|(of, _)| *of <= number) {
            if of == number {
                own.push(day_read(day)?);
            }
            next = numbered(days.next()?)?;
        }
        if !own.is_empty() {
            add(row, &own)?;
        }
    }
    Ok(())
}

/// A row with the number in its first column.
fn numbered<'r, 's>(row: Option<&'r Row<'s>>) -> Result<Option<(i64, &'r Row<'s>)>> {
    row.map(|row| Ok((row.get(0)?, row))).transpose()
}

/// One row of all days for each of them.
fn daily<T: Clone, D: Copy>(row: T, days: &[D]) -> impl Iterator<Item = (T, D)> {
    std::iter::repeat_n(row, days.len()).zip(days.iter().copied())
}

fn presences(connection: &Connection, stations: &Stations, batches: &mut [Batch]) -> Result<()> {
    let mut all = Ranked::new(batches.len());
    let sql = "SELECT station, day, first, last, count, octets FROM presence";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(placed) = stations.get(row.get(0)?) else { continue };
        let (sighting, octets) = (sighting_read(row, 1)?, counted(row, 5)?);
        all.push(placed.capture, placed.rank, Presence { station: placed.station.clone(), sighting, octets });
    }
    for (batch, rows) in batches.iter_mut().zip(all.sorted(|a, b| a.sighting.cmp(&b.sighting))) {
        batch.presences = rows;
    }
    Ok(())
}

fn bindings(connection: &Connection, stations: &Stations, batches: &mut [Batch]) -> Result<()> {
    let mut all = Ranked::new(batches.len());
    let sql = "SELECT station, mac, day, first, last, count, hop_limit_min, hop_limit_max FROM binding";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(placed) = stations.get(row.get(0)?) else { continue };
        let mac = text(row, 1)?
            .parse()
            .map_err(|_| Error::Damaged("a binding's MAC address cannot be read".into()))?;
        let (station, sighting) = (placed.station.clone(), sighting_read(row, 2)?);
        let binding = Binding { mac, station, sighting, hop_limit: (row.get(6)?, row.get(7)?) };
        all.push(placed.capture, placed.rank, binding);
    }
    let order = |a: &Binding, b: &Binding| (a.mac, a.sighting).cmp(&(b.mac, b.sighting));
    for (batch, rows) in batches.iter_mut().zip(all.sorted(order)) {
        batch.bindings = rows;
    }
    Ok(())
}

fn facts(connection: &Connection, stations: &Stations, batches: &mut [Batch]) -> Result<()> {
    let sql = (
        "SELECT id, station, attribute, value, basis, protocol, rule, evidence FROM fact ORDER BY id",
        "SELECT fact, day, first, last, count FROM fact_day ORDER BY fact, day",
    );
    let mut all = Ranked::new(batches.len());
    with_days(
        connection,
        sql,
        |day| sighting_read(day, 1),
        |row, days| {
            let Some(placed) = stations.get(row.get(1)?) else { return Ok(()) };
            let fact = Fact {
                station: placed.station.clone(),
                attribute: word(row, 2)?,
                value: row.get(3)?,
                basis: word_read(row, 4, Basis::read_back)?,
                protocol: word(row, 5)?,
                rule: word(row, 6)?,
                evidence: evidence_read(row, 7)?,
                sighting: NEVER,
            };
            for (fact, sighting) in daily(fact, days) {
                all.push(placed.capture, placed.rank, Fact { sighting, ..fact });
            }
            Ok(())
        },
    )?;
    for (batch, rows) in batches.iter_mut().zip(all.sorted(Fact::cmp)) {
        batch.facts = rows;
    }
    Ok(())
}

fn mentions(connection: &Connection, stations: &Stations, batches: &mut [Batch]) -> Result<()> {
    let sql = (
        "SELECT id, station, by, protocol, reason, evidence FROM mention ORDER BY id",
        "SELECT mention, day, first, last, count FROM mention_day ORDER BY mention, day",
    );
    let mut all = Ranked::new(batches.len());
    with_days(
        connection,
        sql,
        |day| sighting_read(day, 1),
        |row, days| {
            let Some(placed) = stations.get(row.get(1)?) else { return Ok(()) };
            let by = stations.other(placed, row.get(2)?)?;
            let mention = Mention {
                station: placed.station.clone(),
                by: by.station.clone(),
                protocol: word(row, 3)?,
                reason: word(row, 4)?,
                evidence: evidence_read(row, 5)?,
                sighting: NEVER,
            };
            for (mention, sighting) in daily(mention, days) {
                all.push(placed.capture, (placed.rank, by.rank), Mention { sighting, ..mention });
            }
            Ok(())
        },
    )?;
    for (batch, rows) in batches.iter_mut().zip(all.sorted(Mention::cmp)) {
        batch.mentions = rows;
    }
    Ok(())
}

fn conversations(connection: &Connection, stations: &Stations, batches: &mut [Batch]) -> Result<()> {
    let sql = (
        "SELECT id, client, server, protocol, transport, port, vlan, oriented FROM conversation ORDER BY id",
        "SELECT conversation, day, first, last, count, client_frames, server_frames, client_octets, server_octets
         FROM conversation_day ORDER BY conversation, day",
    );
    let mut all = Ranked::new(batches.len());
    let mut places = Places::new();
    let day_read = |day: &Row<'_>| {
        let frames = [counted(day, 5)?, counted(day, 6)?];
        Ok((sighting_read(day, 1)?, frames, [counted(day, 7)?, counted(day, 8)?]))
    };
    with_days(connection, sql, day_read, |row, days| {
        let Some(client) = stations.get(row.get(1)?) else { return Ok(()) };
        let server = stations.other(client, row.get(2)?)?;
        let key = ConversationKey {
            client: client.station.clone(),
            server: server.station.clone(),
            protocol: word(row, 3)?,
            transport: word_read(row, 4, Transport::read_back)?,
            port: row.get(5)?,
            vlan: vlan_read(row, 6)?,
        };
        let oriented = row.get(7)?;
        let first = all.count(client.capture);
        for (key, (sighting, frames, octets)) in daily(key, days) {
            let conversation =
                Conversation { key, sighting, frames, octets, oriented, operations: Vec::new() };
            all.push(client.capture, (client.rank, server.rank), conversation);
        }
        places.insert(row.get(0)?, (client.capture, first..all.count(client.capture)));
        Ok(())
    })?;
    operations(connection, &places, &mut all)?;
    let order = |a: &Conversation, b: &Conversation| (&a.key, a.sighting).cmp(&(&b.key, b.sighting));
    for (batch, rows) in batches.iter_mut().zip(all.sorted(order)) {
        batch.conversations = rows;
    }
    Ok(())
}

/// The capture of each conversation by its row number, and where its days are among those of the capture.
type Places = HashMap<i64, (usize, Range<usize>)>;

/// Writes the operations into their conversations, each on its day, sorted.
fn operations(
    connection: &Connection,
    places: &Places,
    conversations: &mut Ranked<(usize, usize), Conversation>,
) -> Result<()> {
    let sql = (
        "SELECT id, conversation, kind, name, evidence FROM operation ORDER BY id",
        "SELECT operation, day, first, last, count FROM operation_day ORDER BY operation, day",
    );
    with_days(
        connection,
        sql,
        |day| sighting_read(day, 1),
        |row, days| {
            let Some((capture, talks)) = places.get(&row.get(1)?) else { return Ok(()) };
            let operation = OperationSeen {
                kind: word_read(row, 2, OperationKind::read_back)?,
                name: word(row, 3)?,
                evidence: evidence_read(row, 4)?,
                sighting: NEVER,
            };
            let mut talks = conversations.part(*capture, talks.clone()).iter_mut().peekable();
            for (operation, sighting) in daily(operation, days) {
                while talks.next_if(|talk| talk.sighting.day < sighting.day).is_some() {}
                if let Some(talk) = talks.peek_mut().filter(|talk| talk.sighting.day == sighting.day) {
                    talk.operations.push(OperationSeen { sighting, ..operation });
                }
            }
            Ok(())
        },
    )?;
    let talks = conversations.0.iter_mut().flat_map(|(_, rows)| rows);
    talks.for_each(|talk| talk.operations.sort());
    Ok(())
}

fn malformed(
    connection: &Connection,
    captures: &[(i64, CaptureSummary)],
    stations: &Stations,
    batches: &mut [Batch],
) -> Result<()> {
    let sql = "SELECT station, protocol, frame, time, problem FROM malformed WHERE capture = ?1";
    for (index, ((number, _), batch)) in captures.iter().zip(batches).enumerate() {
        batch.malformed = rows(connection, sql, Some(*number), |row| {
            let station: Option<i64> = row.get(0)?;
            let own = |number: i64| {
                let own = stations.get(number).filter(|placed| placed.capture == index);
                own.map(|placed| placed.station.clone())
                    .ok_or_else(|| Error::Damaged(format!("station {number} is of another capture")))
            };
            Ok(MalformedMessage {
                protocol: word(row, 1)?,
                frame: counted(row, 2)?,
                time: Time(row.get(3)?),
                station: station.map(own).transpose()?,
                problem: row.get(4)?,
            })
        })?;
        batch.malformed.sort();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::{Evidence, NANOS_PER_DAY};

    use super::*;
    use crate::{Actor, CaptureStart};

    #[test]
    fn rows_move_to_where_their_ranks_are_and_those_of_one_rank_as_they_are_told_to() {
        for rows in 0..40_usize {
            for step in [1, 7, 11] {
                let ranks: Vec<usize> = (0..rows).map(|row| row * step % 17).collect();
                let mut expected: Vec<(usize, usize)> = ranks.iter().copied().zip(0..).collect();
                expected.sort_by_key(|(rank, row)| (*rank, row % 3));
                let sorted = by_rank(ranks, (0..rows).collect(), |a, b| (a % 3).cmp(&(b % 3)));
                assert_eq!(sorted, expected.into_iter().map(|(_, row)| row).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn days_go_to_their_rows_and_what_has_no_counterpart_is_passed_over() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE one (id INTEGER PRIMARY KEY); CREATE TABLE many (one INTEGER, day INTEGER);
                 INSERT INTO one VALUES (2), (3), (5), (9);
                 INSERT INTO many VALUES (1, 1), (2, 1), (2, 4), (4, 1), (5, 2), (5, 3), (10, 1);",
            )
            .unwrap();
        let sql = ("SELECT id FROM one ORDER BY id", "SELECT one, day FROM many ORDER BY one, day");
        let mut all: Vec<(i64, Vec<i64>)> = Vec::new();
        with_days(
            &connection,
            sql,
            |day| Ok(day.get(1)?),
            |row, days| {
                all.push((row.get(0)?, days.to_vec()));
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(all, [(2, vec![1, 4]), (5, vec![2, 3])]);
    }

    /// A day of a conversation between two stations, with an operation unless it is the second day.
    fn talk(client: u8, server: u8, day: i64) -> Conversation {
        let station = |number| Station::root(std::net::IpAddr::from([10, 0, 0, number]).into(), None);
        let sighting = Sighting::once(Time(day.saturating_mul(NANOS_PER_DAY)));
        let (kind, evidence) = (OperationKind::Read, Evidence::default());
        let operation = OperationSeen { kind, name: "read".into(), sighting, evidence };
        Conversation {
            key: ConversationKey {
                client: station(client),
                server: station(server),
                protocol: "modbus".into(),
                transport: Transport::Tcp,
                port: 502,
                vlan: None,
            },
            sighting,
            frames: [1, 1],
            octets: [60, 60],
            oriented: true,
            operations: if day == 2 { Vec::new() } else { vec![operation] },
        }
    }

    #[test]
    fn each_day_of_a_conversation_has_its_operations_and_captures_in_the_making_are_left_out() {
        let mut register = Register::in_memory().unwrap();
        let actor = Actor { name: "ada", at: Time(1) };
        let start = CaptureStart {
            uid: Some("1"),
            kind: CaptureKind::Live,
            name: "eth0",
            site: "default",
            sensor: "",
            interface: "eth0",
        };
        let mut done = register.begin_capture(&start, &actor).unwrap();
        let mut going_on = register
            .begin_capture(&CaptureStart { kind: CaptureKind::File, uid: None, ..start }, &actor)
            .unwrap();
        let mut talks: Vec<_> =
            [(9, 1), (2, 9), (2, 3)].iter().flat_map(|(a, b)| (1..4).map(|day| talk(*a, *b, day))).collect();
        let batch = Batch { conversations: talks.clone(), ..Batch::default() };
        register.write(&mut going_on, &batch).unwrap();
        register.write(&mut done, &batch).unwrap();
        let summary = CaptureSummary {
            uid: "1".into(),
            kind: CaptureKind::Live,
            name: "eth0".into(),
            site: "default".into(),
            sensor: String::new(),
            interface: "eth0".into(),
            octets: 0,
            frames: 0,
            kernel_drops: 0,
            first: None,
            last: None,
            status: CaptureStatus::Complete,
            stopped: None,
            counters: Default::default(),
        };
        register.finish_capture(done, &summary, &actor).unwrap();
        talks.sort_by(|a, b| (&a.key, a.sighting).cmp(&(&b.key, b.sighting)));
        let observed = register.observed().unwrap();
        assert_eq!(observed.captures.len(), 1);
        assert_eq!(observed.captures[0].observed, Batch { conversations: talks, ..Batch::default() });
    }
}
