//! Folding: what was counted on several days becomes one row, and nothing of the sums is lost.
//!
//! A fold is two steps: which row (key and day) is added to which day of its key, written to a temporary table; then
//! those rows are added there and deleted. Rows of the same key never move across the boundary that the caller names,
//! so today's rows stay as they are.
//!
//! Of facts and of the MAC address behind an IP address the *turns* stay: a value that was replaced and came back is
//! still three rows, in their order. Two values that alternate for ever would never fold, so of each value only the
//! newest ones stay apart.

use rusqlite::{Transaction, params};

use crate::error::Result;

/// Most turns of one value that stay apart; all earlier ones are one row.
const TURNS_MAX: i64 = 16;

/// A table with a row for each key and day.
struct Fold {
    /// Fills `fold` with the rows of capture ?1 before day ?2 that go elsewhere: id, key, day, target. Where there are
    /// turns, ?3 is [`TURNS_MAX`].
    rows: &'static str,
    /// Adds those rows to their targets.
    add: &'static str,
    /// Deletes them.
    delete: &'static str,
}

/// Rows that were added to others, by table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Days of stations.
    pub presences: u64,
    /// Days of IP addresses behind MAC addresses.
    pub bindings: u64,
    /// Days of facts.
    pub facts: u64,
    /// Days of mentions.
    pub mentions: u64,
    /// Days of conversations.
    pub conversations: u64,
    /// Days of operations.
    pub operations: u64,
}

/// One row for each station.
const PRESENCES: Fold = Fold {
    rows: "INSERT INTO fold SELECT id, '', day, target FROM (
              SELECT station.id, day, min(day) OVER (PARTITION BY station.id) AS target
              FROM station JOIN presence ON presence.station = station.id WHERE capture = ?1 AND day < ?2
           ) WHERE day <> target",
    add: "INSERT INTO presence (station, day, first, last, count, octets)
          SELECT station, target, first, last, count, octets
          FROM fold JOIN presence ON presence.station = fold.id AND presence.day = fold.day WHERE true
          ON CONFLICT (station, day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
             count = min(9223372036854775807, count + excluded.count),
             octets = min(9223372036854775807, octets + excluded.octets)",
    delete: "DELETE FROM presence WHERE (station, day) IN (SELECT id, day FROM fold)",
};

/// One row for each turn of a MAC address behind an IP address.
const BINDINGS: Fold = Fold {
    rows: "INSERT INTO fold SELECT id, mac, day, target FROM (
              SELECT id, mac, day,
                 min(day) OVER (PARTITION BY id, mac, CASE WHEN age < ?3 THEN turn ELSE 0 END) AS target
              FROM (SELECT *, dense_rank() OVER (PARTITION BY id, mac ORDER BY turn DESC) AS age
              FROM (SELECT *, sum(before IS NOT mac) OVER (PARTITION BY id ORDER BY day, first, mac) AS turn
              FROM (SELECT station.id, mac, day, first,
                 lag(mac) OVER (PARTITION BY station.id ORDER BY day, first, mac) AS before
              FROM station JOIN binding ON binding.station = station.id WHERE capture = ?1 AND day < ?2)))
           ) WHERE day <> target",
    add: "INSERT INTO binding (station, mac, day, first, last, count, hop_limit_min, hop_limit_max)
          SELECT station, mac, target, first, last, count, hop_limit_min, hop_limit_max
          FROM fold JOIN binding ON binding.station = fold.id AND binding.mac = fold.key AND binding.day = fold.day
          WHERE true
          ON CONFLICT (station, mac, day) DO UPDATE SET first = min(first, excluded.first),
             last = max(last, excluded.last), count = min(9223372036854775807, count + excluded.count),
             hop_limit_min = min(hop_limit_min, excluded.hop_limit_min),
             hop_limit_max = max(hop_limit_max, excluded.hop_limit_max)",
    delete: "DELETE FROM binding WHERE (station, mac, day) IN (SELECT id, key, day FROM fold)",
};

/// One row for each turn of a value among the values that one protocol says of one attribute of one station.
const FACTS: Fold = Fold {
    rows: "INSERT INTO fold SELECT id, '', day, target FROM (
              SELECT id, day, min(day) OVER (PARTITION BY id, CASE WHEN age < ?3 THEN turn ELSE 0 END) AS target
              FROM (SELECT *, dense_rank() OVER (PARTITION BY id ORDER BY turn DESC) AS age
              FROM (SELECT *, sum(before IS NOT id) OVER (PARTITION BY of, attribute, protocol ORDER BY day, first, id) AS turn
              FROM (SELECT fact.id, station.id AS of, attribute, protocol, day, first,
                 lag(fact.id) OVER (PARTITION BY station.id, attribute, protocol ORDER BY day, first, fact.id) AS before
              FROM station JOIN fact ON fact.station = station.id JOIN fact_day ON fact_day.fact = fact.id
              WHERE capture = ?1 AND day < ?2)))
           ) WHERE day <> target",
    add: "INSERT INTO fact_day (fact, day, first, last, count) SELECT fact, target, first, last, count
          FROM fold JOIN fact_day ON fact_day.fact = fold.id AND fact_day.day = fold.day WHERE true
          ON CONFLICT (fact, day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
             count = min(9223372036854775807, count + excluded.count)",
    delete: "DELETE FROM fact_day WHERE (fact, day) IN (SELECT id, day FROM fold)",
};

/// One row for each mention.
const MENTIONS: Fold = Fold {
    rows: "INSERT INTO fold SELECT id, '', day, target FROM (
              SELECT mention.id, day, min(day) OVER (PARTITION BY mention.id) AS target
              FROM station JOIN mention ON mention.station = station.id
              JOIN mention_day ON mention_day.mention = mention.id WHERE capture = ?1 AND day < ?2
           ) WHERE day <> target",
    add: "INSERT INTO mention_day (mention, day, first, last, count) SELECT mention, target, first, last, count
          FROM fold JOIN mention_day ON mention_day.mention = fold.id AND mention_day.day = fold.day WHERE true
          ON CONFLICT (mention, day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
             count = min(9223372036854775807, count + excluded.count)",
    delete: "DELETE FROM mention_day WHERE (mention, day) IN (SELECT id, day FROM fold)",
};

/// One row for each operation, on the day of its conversation's row: before the conversations, whose first day stays.
const OPERATIONS: Fold = Fold {
    rows: "INSERT INTO fold SELECT id, '', day, target FROM (
              SELECT operation.id, operation_day.day, (SELECT min(talk.day) FROM conversation_day AS talk
                 WHERE talk.conversation = conversation.id AND talk.day < ?2) AS target
              FROM station JOIN conversation ON conversation.client = station.id
              JOIN operation ON operation.conversation = conversation.id
              JOIN operation_day ON operation_day.operation = operation.id WHERE capture = ?1 AND operation_day.day < ?2
           ) WHERE day <> target",
    add: "INSERT INTO operation_day (operation, day, first, last, count) SELECT operation, target, first, last, count
          FROM fold JOIN operation_day ON operation_day.operation = fold.id AND operation_day.day = fold.day WHERE true
          ON CONFLICT (operation, day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
             count = min(9223372036854775807, count + excluded.count)",
    delete: "DELETE FROM operation_day WHERE (operation, day) IN (SELECT id, day FROM fold)",
};

/// One row for each conversation.
const CONVERSATIONS: Fold = Fold {
    rows: "INSERT INTO fold SELECT id, '', day, target FROM (
              SELECT conversation.id, day, min(day) OVER (PARTITION BY conversation.id) AS target
              FROM station JOIN conversation ON conversation.client = station.id
              JOIN conversation_day ON conversation_day.conversation = conversation.id WHERE capture = ?1 AND day < ?2
           ) WHERE day <> target",
    add: "INSERT INTO conversation_day (conversation, day, first, last, count,
             client_frames, server_frames, client_octets, server_octets)
          SELECT conversation, target, first, last, count, client_frames, server_frames, client_octets, server_octets
          FROM fold JOIN conversation_day ON conversation_day.conversation = fold.id AND conversation_day.day = fold.day
          WHERE true
          ON CONFLICT (conversation, day) DO UPDATE SET first = min(first, excluded.first),
             last = max(last, excluded.last), count = min(9223372036854775807, count + excluded.count),
             client_frames = min(9223372036854775807, client_frames + excluded.client_frames),
             server_frames = min(9223372036854775807, server_frames + excluded.server_frames),
             client_octets = min(9223372036854775807, client_octets + excluded.client_octets),
             server_octets = min(9223372036854775807, server_octets + excluded.server_octets)",
    delete: "DELETE FROM conversation_day WHERE (conversation, day) IN (SELECT id, day FROM fold)",
};

/// The temporary table of [`Fold::rows`].
const TABLE: &str = "CREATE TEMP TABLE IF NOT EXISTS fold (
    id INTEGER NOT NULL, key TEXT NOT NULL, day INTEGER NOT NULL, target INTEGER NOT NULL,
    PRIMARY KEY (id, key, day)
) STRICT, WITHOUT ROWID";

impl Folded {
    /// Folds the days of a capture before `day`, those of its conversations before `talk_day`.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written.
    pub(crate) fn fold(
        &mut self,
        transaction: &Transaction<'_>,
        capture: i64,
        day: i32,
        talk_day: i32,
    ) -> Result<()> {
        transaction.execute(TABLE, [])?;
        for (fold, before, count) in [
            (&PRESENCES, day, &mut self.presences),
            (&BINDINGS, day, &mut self.bindings),
            (&FACTS, day, &mut self.facts),
            (&MENTIONS, day, &mut self.mentions),
            (&OPERATIONS, talk_day, &mut self.operations),
            (&CONVERSATIONS, talk_day, &mut self.conversations),
        ] {
            *count = count.saturating_add(fold.run(transaction, capture, before)?);
        }
        Ok(())
    }

    /// Rows that were added to others, in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        let Self { presences, bindings, facts, mentions, conversations, operations } = self;
        [presences, bindings, facts, mentions, conversations, operations]
            .into_iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl Fold {
    /// Folds until nothing is left to fold: turns that fell together may make others neighbours.
    fn run(&self, transaction: &Transaction<'_>, capture: i64, before: i32) -> Result<u64> {
        let mut folded = 0_u64;
        loop {
            transaction.execute("DELETE FROM temp.fold", [])?;
            let mut statement = transaction.prepare_cached(self.rows)?;
            let given = params![capture, before, TURNS_MAX];
            let taken = statement.parameter_count();
            let rows = statement.execute(given.get(..taken).unwrap_or(given))?;
            if rows == 0 {
                return Ok(folded);
            }
            transaction.prepare_cached(self.add)?.execute([])?;
            transaction.prepare_cached(self.delete)?.execute([])?;
            folded = folded.saturating_add(rows as u64);
        }
    }
}
