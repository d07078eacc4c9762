//! How the connection writes the rows of a batch.

use observation::Batch;
use rusqlite::Connection;

use crate::error::Result;

/// Rows from which on it pays to prepare all statements again, which follows from switching foreign keys off and on.
const LARGE_ROWS: usize = 4096;

/// True if looking up the foreign keys of a batch takes longer than switching them off and on.
pub(crate) fn is_large(batch: &Batch) -> bool {
    let Batch { presences, bindings, conversations, facts, mentions, frames, malformed } = batch;
    let lengths = [
        presences.len(),
        bindings.len(),
        conversations.len(),
        facts.len(),
        mentions.len(),
        frames.len(),
        malformed.len(),
    ];
    lengths.into_iter().fold(0, usize::saturating_add) >= LARGE_ROWS
}

/// The settings of a connection while it writes one batch. Dropped or [ended](Self::end), it has those of always.
///
/// - What a statement of many rows would have to take back is noted in memory, not in a temporary file. That is a few
///   pages; other statements, which may change the whole register, keep the file.
/// - Foreign keys are not looked up where the transaction uses no number of a row but those that it has itself found or
///   made: `trusts_numbers`.
#[must_use = "dropped at once, it changes nothing"]
pub(crate) struct Bulk<'c> {
    connection: &'c Connection,
    trusts_numbers: bool,
}

impl<'c> Bulk<'c> {
    /// Changes the settings; there must be no transaction.
    pub(crate) fn begin(connection: &'c Connection, trusts_numbers: bool) -> Result<Self> {
        let bulk = Self { connection, trusts_numbers };
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        if trusts_numbers {
            connection.pragma_update(None, "foreign_keys", false)?;
        }
        Ok(bulk)
    }

    /// Changes the settings back.
    pub(crate) fn end(self) -> Result<()> {
        self.restore()?;
        Ok(())
    }

    /// Tries all, whatever fails.
    fn restore(&self) -> rusqlite::Result<()> {
        let keys = match self.trusts_numbers {
            true => self.connection.pragma_update(None, "foreign_keys", true),
            false => Ok(()),
        };
        keys.and(self.connection.pragma_update(None, "temp_store", "DEFAULT"))
    }
}

impl Drop for Bulk<'_> {
    fn drop(&mut self) {
        // Where the register fails, that is what the user hears of.
        let _ = self.restore();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(connection: &Connection) -> (i64, i64) {
        let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0));
        (number("temp_store").unwrap(), number("foreign_keys").unwrap())
    }

    #[test]
    fn the_settings_are_those_of_always_once_it_is_gone() {
        let connection = crate::Register::in_memory().unwrap().connection;
        let always = settings(&connection);
        for trusts_numbers in [false, true] {
            let bulk = Bulk::begin(&connection, trusts_numbers).unwrap();
            assert_eq!(settings(&connection), (2, i64::from(!trusts_numbers)));
            drop(bulk);
            assert_eq!(settings(&connection), always);
            Bulk::begin(&connection, trusts_numbers).unwrap().end().unwrap();
            assert_eq!(settings(&connection), always);
        }
    }
}
