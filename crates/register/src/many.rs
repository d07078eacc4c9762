//! Many rows with one statement: to begin and end a statement takes SQLite longer than a row does.

use rusqlite::{CachedStatement, ToSql, Transaction};

use crate::error::Result;

/// Rows of one statement.
pub(crate) const ROWS: usize = 32;

/// A table that rows are added to, or whose rows they are added up with.
#[derive(Debug)]
pub(crate) struct Sums {
    /// `INSERT INTO table (columns)`.
    pub(crate) insert: &'static str,
    /// What to do where the key is there already.
    pub(crate) conflict: &'static str,
}

impl Sums {
    /// The statement for so many rows.
    pub(crate) fn text(&self, columns: usize, rows: usize) -> String {
        let row = format!("({})", vec!["?"; columns].join(", "));
        format!("{} VALUES {} {}", self.insert, vec![row; rows].join(", "), self.conflict)
    }
}

/// Binds the values of one statement in the order of its parameters.
pub(crate) struct Binding<'s, 't> {
    statement: &'s mut CachedStatement<'t>,
    bound: usize,
}

impl<'s, 't> Binding<'s, 't> {
    pub(crate) fn of(statement: &'s mut CachedStatement<'t>) -> Self {
        Self { statement, bound: 0 }
    }

    /// Binds the next parameter.
    pub(crate) fn next(&mut self, value: impl ToSql) -> Result<()> {
        self.bound = self.bound.saturating_add(1);
        Ok(self.statement.raw_bind_parameter(self.bound, value)?)
    }

    /// Runs the statement; returns how many rows it has changed.
    pub(crate) fn execute(self) -> Result<usize> {
        Ok(self.statement.raw_execute()?)
    }
}

/// Rows of `N` whole numbers on their way into a table. [`finish`](Self::finish) writes the last of them.
pub(crate) struct Many<'t, const N: usize> {
    transaction: &'t Transaction<'t>,
    table: &'static Sums,
    /// For [`ROWS`] rows at one time.
    statement: Option<CachedStatement<'t>>,
    waiting: Vec<[i64; N]>,
}

impl<'t, const N: usize> Many<'t, N> {
    pub(crate) fn new(transaction: &'t Transaction<'t>, table: &'static Sums) -> Self {
        Self { transaction, table, statement: None, waiting: Vec::with_capacity(ROWS) }
    }

    /// Adds a row, in the order of the columns.
    pub(crate) fn add(&mut self, row: [i64; N]) -> Result<()> {
        self.waiting.push(row);
        if self.waiting.len() < ROWS {
            return Ok(());
        }
        let statement = match &mut self.statement {
            Some(statement) => statement,
            none => none.insert(self.transaction.prepare_cached(&self.table.text(N, ROWS))?),
        };
        execute(statement, &self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Writes the rows that are left.
    pub(crate) fn finish(self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut statement = self.transaction.prepare_cached(&self.table.text(N, 1))?;
        for row in self.waiting {
            execute(&mut statement, &[row])?;
        }
        Ok(())
    }
}

/// Runs the statement for just these rows.
fn execute<const N: usize>(statement: &mut CachedStatement<'_>, rows: &[[i64; N]]) -> Result<()> {
    let mut binding = Binding::of(statement);
    for value in rows.as_flattened() {
        binding.next(value)?;
    }
    binding.execute()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, TransactionBehavior};

    use super::*;

    const TABLE: Sums =
        Sums { insert: "INSERT INTO t (k, n)", conflict: "ON CONFLICT (k) DO UPDATE SET n = n + excluded.n" };

    #[test]
    fn every_row_is_added_whether_a_statement_is_full_or_not() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (k INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT")
            .unwrap();
        let mut rows = 0_i64;
        for count in [0, 1, 31, 32, 33, 100] {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
            let mut many = Many::new(&transaction, &TABLE);
            for row in 0..count {
                // Some keys come twice in one statement.
                many.add([row / 2, 1]).unwrap();
            }
            many.finish().unwrap();
            transaction.commit().unwrap();
            rows = rows.saturating_add(count);
            let sums = connection.query_row("SELECT count(*), coalesce(sum(n), 0) FROM t", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            });
            assert_eq!(sums.unwrap(), (count.saturating_add(1) / 2, rows));
        }
    }

    #[test]
    fn a_row_that_cannot_be_written_is_an_error() {
        let mut connection = Connection::open_in_memory().unwrap();
        let transaction = connection.transaction().unwrap();
        let mut many = Many::new(&transaction, &TABLE);
        many.add([1, 1]).unwrap();
        assert!(many.finish().is_err());
    }
}
