//! Rows that carry evidence: facts, mentions, operations, and what was counted of each by day.

use observation::Evidence;
use rusqlite::types::ToSqlOutput;
use rusqlite::{CachedStatement, Transaction, params, params_from_iter};

use crate::columns::evidence_stored;
use crate::error::Result;
use crate::evidence::{Importance, Wanted};
use crate::many::{Binding, Many, ROWS, Sums};

/// A table whose rows carry evidence: its statements, of which those with a key take its columns in the same order, and
/// what its evidence is needed for.
pub(crate) struct Proof {
    /// The number of its last row.
    pub(crate) last: &'static str,
    /// Number and evidence of the row with a key.
    pub(crate) select: &'static str,
    /// New rows: number, key, evidence; nothing where the key has a row.
    pub(crate) insert: Sums,
    /// Another evidence (2) of a row (1).
    pub(crate) update: &'static str,
    /// What was counted on a day: row, day, first, last, count.
    pub(crate) days: Sums,
    pub(crate) importance: Importance,
}

/// A row on its way into such a table.
pub(crate) struct Proved<'b, const N: usize> {
    pub(crate) key: [ToSqlOutput<'b>; N],
    pub(crate) evidence: &'b Evidence,
    /// Day, first, last and count.
    pub(crate) days: [i64; 4],
}

/// What became of the evidence of all rows.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Frames of evidence that is stored now.
    pub(crate) wanted: Wanted,
    /// True if evidence was replaced by an earlier one.
    pub(crate) replaced: bool,
}

/// Rows with keys of `N` columns on their way into such a table. [`finish`](Self::finish) writes the last of them.
pub(crate) struct Proofs<'t, 'b, const N: usize> {
    transaction: &'t Transaction<'t>,
    proof: &'static Proof,
    /// Number of the row added last. Nobody else adds rows before the transaction ends.
    last: i64,
    /// For [`ROWS`] rows at one time.
    insert: Option<CachedStatement<'t>>,
    waiting: Vec<Proved<'b, N>>,
    days: Many<'t, 5>,
    stored: Stored,
}

impl<'t, 'b, const N: usize> Proofs<'t, 'b, N> {
    pub(crate) fn prepare(transaction: &'t Transaction<'t>, proof: &'static Proof) -> Result<Self> {
        Ok(Self {
            transaction,
            proof,
            last: transaction.prepare_cached(proof.last)?.query_row([], |row| row.get(0))?,
            insert: None,
            waiting: Vec::with_capacity(ROWS),
            days: Many::new(transaction, &proof.days),
            stored: Stored::default(),
        })
    }

    /// Adds what was counted to the row with this key, which is made if need be, and has the earliest evidence of all
    /// given so far.
    pub(crate) fn add(&mut self, row: Proved<'b, N>) -> Result<()> {
        self.waiting.push(row);
        if self.waiting.len() < ROWS {
            return Ok(());
        }
        let mut insert = match self.insert.take() {
            Some(insert) => insert,
            None => self.prepare_insert(ROWS)?,
        };
        let mut rows = std::mem::take(&mut self.waiting);
        self.write(&mut insert, &rows)?;
        rows.clear();
        (self.waiting, self.insert) = (rows, Some(insert));
        Ok(())
    }

    /// Writes the rows that are left.
    pub(crate) fn finish(mut self) -> Result<Stored> {
        let rows = std::mem::take(&mut self.waiting);
        if !rows.is_empty() {
            let mut insert = self.prepare_insert(1)?;
            for row in rows {
                self.write(&mut insert, &[row])?;
            }
        }
        self.days.finish()?;
        Ok(self.stored)
    }

    fn prepare_insert(&self, rows: usize) -> Result<CachedStatement<'t>> {
        let columns = N.saturating_add(2);
        Ok(self.transaction.prepare_cached(&self.proof.insert.text(columns, rows))?)
    }

    /// Writes just as many rows as `insert` is for.
    fn write(&mut self, insert: &mut CachedStatement<'_>, rows: &[Proved<'b, N>]) -> Result<()> {
        // A number that is taken, though it should not be, makes no new row.
        let last = self.last;
        let numbered = || (1..).zip(rows).map(|(at, row): (i64, _)| (last.wrapping_add(at), row));
        let mut binding = Binding::of(insert);
        for (number, row) in numbered() {
            binding.next(number)?;
            for column in &row.key {
                binding.next(column)?;
            }
            binding.next(evidence_stored(row.evidence))?;
        }
        // Most rows are new: for them one statement does it all.
        let are_new = binding.execute()? == rows.len();
        for (number, row) in numbered() {
            let id = if are_new { number } else { self.known(row)? };
            if id == number {
                self.stored.wanted.add(row.evidence, self.proof.importance);
            }
            self.last = number;
            let [day, first, last, count] = row.days;
            self.days.add([id, day, first, last, count])?;
        }
        Ok(())
    }

    /// The number of a row that is there, and has the earlier evidence from now on.
    fn known(&mut self, row: &Proved<'b, N>) -> Result<i64> {
        let (id, before): (i64, Option<Vec<u8>>) = self
            .transaction
            .prepare_cached(self.proof.select)?
            .query_row(params_from_iter(&row.key), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let given = evidence_stored(row.evidence);
        let earlier = match (&given, &before) {
            (Some(given), Some(before)) => given < before,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if earlier {
            self.transaction.prepare_cached(self.proof.update)?.execute(params![id, given])?;
            self.stored.replaced |= before.is_some();
            self.stored.wanted.add(row.evidence, self.proof.importance);
        }
        Ok(id)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Basis, Batch, CaptureKind, Fact, Range, Sighting, Station, Time};

    use crate::{Actor, CaptureStart, Register};

    /// A fact that the octets of a frame prove.
    fn fact(value: u64, frame: u64) -> Fact {
        Fact {
            station: Station::root("10.0.0.1".parse().unwrap(), None),
            attribute: "name".into(),
            value: format!("{value:03}"),
            basis: Basis::Stated,
            protocol: "dns".into(),
            rule: "dns-name".into(),
            evidence: observation::Evidence { ranges: vec![Range { frame, offset: 0, length: 1 }] },
            sighting: Sighting::once(Time(0)),
        }
    }

    #[test]
    fn new_rows_and_known_ones_go_together_and_the_earliest_evidence_stays() {
        let mut register = Register::in_memory().unwrap();
        let start = CaptureStart {
            uid: Some("a"),
            kind: CaptureKind::Live,
            name: "eth1",
            site: "",
            sensor: "",
            interface: "eth1",
        };
        let mut writer = register.begin_capture(&start, &Actor { name: "sensor", at: Time(0) }).unwrap();
        // The second batch says half of the first again, earlier for even numbers, and one thing twice; the third is short.
        let second = (20..90).map(|value| fact(value, if value % 2 == 0 { 1 } else { 999 }));
        let batches: [Vec<Fact>; 3] = [
            (0..40).map(|value| fact(value, 100 + value)).collect(),
            second.chain([fact(89, 5), fact(89, 7)]).collect(),
            vec![fact(0, 100), fact(90, 3)],
        ];
        for facts in batches {
            register.write(&mut writer, &Batch { facts, ..Batch::default() }).unwrap();
        }
        let observed = register.observed().unwrap();
        let facts = &observed.captures[0].observed.facts;
        let found: Vec<(String, u64, u64)> = facts
            .iter()
            .map(|fact| (fact.value.clone(), fact.evidence.ranges[0].frame, fact.sighting.count))
            .collect();
        let expected = (0..=90_u64).map(|value| {
            let frame = match value {
                89 => 5,
                90 => 3,
                20.. if value % 2 == 0 => 1,
                0..40 => 100 + value,
                _ => 999,
            };
            let count = match value {
                0 | 20..40 => 2,
                89 => 3,
                _ => 1,
            };
            (format!("{value:03}"), frame, count)
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}
