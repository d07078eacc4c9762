//! Whether there is anything new to make assets of, told without reading the register.

use crate::error::Result;
use crate::open::Register;

/// How many rows assets are made of there have been, of each kind. Rows that only count further do not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// Last station.
    pub stations: i64,
    /// Last fact.
    pub facts: i64,
    /// Last mention.
    pub mentions: i64,
    /// Last conversation.
    pub conversations: i64,
    /// IP addresses behind MAC addresses, for each day.
    pub bindings: i64,
}

impl Growth {
    /// All rows together: what reading the register costs goes with it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let Self { stations, facts, mentions, conversations, bindings } = *self;
        [stations, facts, mentions, conversations, bindings]
            .into_iter()
            .fold(0, |sum, count| sum.saturating_add(count.unsigned_abs()))
    }
}

impl Register {
    /// How many rows count something on a day: with [`Growth::rows`] what reading the register costs. Old days are folded
    /// ([`prune`](Self::prune)), so that it stops growing.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn rows_of_days(&self) -> Result<u64> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "SELECT (SELECT count(*) FROM presence) + (SELECT count(*) FROM fact_day) + (SELECT count(*) FROM mention_day)
                    + (SELECT count(*) FROM conversation_day) + (SELECT count(*) FROM operation_day)",
            )?
            .query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// How far it has grown. Equal to an earlier one if [`identify`](Self::identify) would find the same stations with the
    /// same statements as then.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn growth(&self) -> Result<Growth> {
        let row = self.connection.prepare_cached(
            "SELECT (SELECT coalesce(max(id), 0) FROM station), (SELECT coalesce(max(id), 0) FROM fact),
                    (SELECT coalesce(max(id), 0) FROM mention), (SELECT coalesce(max(id), 0) FROM conversation),
                    (SELECT count(*) FROM binding)",
        )?
        .query_row([], |row| {
            Ok(Growth {
                stations: row.get(0)?,
                facts: row.get(1)?,
                mentions: row.get(2)?,
                conversations: row.get(3)?,
                bindings: row.get(4)?,
            })
        })?;
        Ok(row)
    }
}
