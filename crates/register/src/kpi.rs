//! Snapshots of key figures, locked by hashes: each holds that of the one before, and the journal holds all of them.

use std::collections::BTreeSet;

use inventory::kpi::{Decided, Definition, Figure, Reconciled, Unit};
use inventory::{Finding, FindingState};
use observation::{Time, number_of};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::columns::{counted, stored};
use crate::error::{Error, Result};
use crate::findings::Decisions;
use crate::journal::{self, Actor, JOURNAL_BROKEN, JournalCheck, hexadecimal};
use crate::open::Register;

/// What the first snapshot has for the hash of the one before.
const FIRST_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the journal calls the taking of a snapshot; its subject is the hash.
const TAKEN: &str = "kpi snapshot";

/// Decisions that say that somebody knows of a finding.
const KNOWS: [FindingState; 3] = [FindingState::Acknowledged, FindingState::Accepted, FindingState::Closed];

/// A snapshot without its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiSnapshot {
    /// Its number, from 1 on without gaps.
    pub id: i64,
    /// When it was taken, by the wall clock.
    pub at: Time,
    /// The moment that the register spoke of.
    pub as_of: Option<Time>,
    /// Who took it.
    pub actor: String,
    /// What it was taken for, in words; may be empty.
    pub label: String,
    /// How many figures it holds.
    pub figures: u64,
    /// The hash of the one before; 64 zeros in the first.
    pub previous: String,
    /// SHA-256 over the snapshot, its figures and their definitions, in hexadecimal.
    pub hash: String,
}

/// What a check of the snapshots found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KpiCheck {
    /// Every one is as it was taken, and the journal knows it.
    Intact {
        /// How many.
        snapshots: u64,
        /// The hash of the last one; 64 zeros if there is none.
        last_hash: String,
    },
    /// One is not.
    Broken {
        /// The number of the first such one; 0 if the journal that they are held against is broken itself.
        id: i64,
        /// What does not fit.
        problem: &'static str,
    },
}

/// The hash of a snapshot: SHA-256 over texts, each as its length in octets, a colon, its UTF-8 text and a comma.
/// Order: previous, id, at, as_of (empty if none), actor, label; then of each definition, by name and version: name,
/// version, unit, title, better, text; then of each figure, by name, version, site and class: these, value, whole (empty
/// if none). Numbers in decimal, times in nanoseconds.
fn hash(snapshot: &KpiSnapshot, definitions: &[Definition], figures: &[Figure]) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(text.len().to_string());
        digest.update(":");
        digest.update(text);
        digest.update(",");
    };
    let KpiSnapshot { id, at, as_of, actor, label, previous, .. } = snapshot;
    add(previous);
    add(&id.to_string());
    add(&at.0.to_string());
    add(&as_of.map(|time| time.0.to_string()).unwrap_or_default());
    add(actor);
    add(label);
    let mut definitions: Vec<_> = definitions.iter().collect();
    definitions.sort_by_key(|definition| (&definition.id, definition.version));
    for Definition { id, version, unit, better, title, definition } in definitions {
        add(id);
        add(&version.to_string());
        add(unit.as_str());
        add(title);
        add(better);
        add(definition);
    }
    let mut figures: Vec<_> = figures.iter().collect();
    figures.sort();
    for Figure { kpi, version, site, class, value, of } in figures {
        add(kpi);
        add(&version.to_string());
        add(site);
        add(class);
        add(&value.to_string());
        add(&of.map(|of| of.to_string()).unwrap_or_default());
    }
    hexadecimal(&digest.finalize())
}

fn figure_of(row: &Row<'_>) -> rusqlite::Result<Figure> {
    Ok(Figure {
        kpi: row.get(0)?,
        version: row.get(1)?,
        site: row.get(2)?,
        class: row.get(3)?,
        value: row.get(4)?,
        of: row.get(5)?,
    })
}

impl Register {
    /// Keeps figures as a snapshot, and the definitions by which they were counted.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written, or a definition of this name and version is there with another text.
    pub fn keep_kpis(
        &mut self,
        figures: &[Figure],
        definitions: &[Definition],
        as_of: Option<Time>,
        label: &str,
        actor: &Actor<'_>,
    ) -> Result<KpiSnapshot> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let last: Option<(i64, String)> = transaction
            .prepare_cached("SELECT id, hash FROM kpi_snapshot ORDER BY id DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (id, previous) = last.unwrap_or_else(|| (0, FIRST_PREVIOUS.into()));
        let mut snapshot = KpiSnapshot {
            id: id.saturating_add(1),
            at: actor.at,
            as_of,
            actor: actor.name.into(),
            label: label.into(),
            figures: figures.len() as u64,
            previous,
            hash: String::new(),
        };
        let used: BTreeSet<(&str, u32)> = figures.iter().map(|one| (one.kpi.as_str(), one.version)).collect();
        let definitions: Vec<Definition> = definitions
            .iter()
            .filter(|definition| used.contains(&(definition.id.as_str(), definition.version)))
            .cloned()
            .collect();
        snapshot.hash = hash(&snapshot, &definitions, figures);
        let time = |time: Option<Time>| time.map(|time| time.0);
        transaction
            .prepare_cached(
                "INSERT INTO kpi_snapshot (id, at, as_of, actor, label, figures, previous, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                snapshot.id,
                snapshot.at.0,
                time(snapshot.as_of),
                snapshot.actor,
                snapshot.label,
                stored(snapshot.figures),
                snapshot.previous,
                snapshot.hash
            ])?;
        for definition in &definitions {
            keep_definition(&transaction, definition)?;
        }
        for Figure { kpi, version, site, class, value, of } in figures {
            transaction
                .prepare_cached(
                    "INSERT INTO kpi_figure (snapshot, kpi, version, site, class, value, whole)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![snapshot.id, kpi, version, site, class, value, of])?;
        }
        let words = if label.is_empty() { String::new() } else { format!("; {label}") };
        let detail = format!("snapshot {}: {}{words}", snapshot.id, number_of(figures.len(), "figure"));
        journal::append(&transaction, actor, TAKEN, &snapshot.hash, &detail)?;
        transaction.commit()?;
        Ok(snapshot)
    }

    /// The snapshots, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn kpi_snapshots(&self) -> Result<Vec<KpiSnapshot>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, at, as_of, actor, label, figures, previous, hash FROM kpi_snapshot ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(KpiSnapshot {
                id: row.get(0)?,
                at: Time(row.get(1)?),
                as_of: row.get::<_, Option<i64>>(2)?.map(Time),
                actor: row.get(3)?,
                label: row.get(4)?,
                figures: counted(row, 5)?,
                previous: row.get(6)?,
                hash: row.get(7)?,
            });
        }
        Ok(all)
    }

    /// The figures of a snapshot, in the order of their names.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn kpi_figures(&self, snapshot: i64) -> Result<Vec<Figure>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kpi, version, site, class, value, whole FROM kpi_figure WHERE snapshot = ?1
             ORDER BY kpi, version, site, class",
        )?;
        let figures = statement.query_map([snapshot], figure_of)?;
        Ok(figures.collect::<rusqlite::Result<_>>()?)
    }

    /// The figures of a snapshot for the register as a whole, not those of sites and classes, in the order of their names.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn kpi_totals(&self, snapshot: i64) -> Result<Vec<Figure>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kpi, version, site, class, value, whole FROM kpi_figure
             WHERE snapshot = ?1 AND site = '' AND class = '' ORDER BY kpi, version",
        )?;
        let figures = statement.query_map([snapshot], figure_of)?;
        Ok(figures.collect::<rusqlite::Result<_>>()?)
    }

    /// The definitions by which any snapshot was counted, by name and version.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn kpi_definitions(&self) -> Result<Vec<Definition>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kpi, version, unit, better, title, definition FROM kpi_definition ORDER BY kpi, version",
        )?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let unit: String = row.get(2)?;
            let unit = Unit::read_back(&unit).ok_or_else(|| {
                Error::Damaged(format!("a figure is counted in \"{}\"", unit.escape_debug()))
            })?;
            all.push(Definition {
                id: row.get(0)?,
                version: row.get(1)?,
                unit,
                better: row.get(3)?,
                title: row.get(4)?,
                definition: row.get(5)?,
            });
        }
        Ok(all)
    }

    /// Checks the journal, then every snapshot with its figures and their definitions against its hash, the one before and the journal.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn verify_kpis(&self) -> Result<KpiCheck> {
        let transaction = self.connection.unchecked_transaction()?;
        if let JournalCheck::Broken { .. } = journal::verify(&transaction)? {
            return Ok(KpiCheck::Broken { id: 0, problem: JOURNAL_BROKEN });
        }
        let snapshots = self.kpi_snapshots()?;
        let definitions = match self.kpi_definitions() {
            Ok(definitions) => definitions,
            // A unit that is none: whichever snapshot used it does not fit any more.
            Err(Error::Damaged(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let taken: Vec<String> = transaction
            .prepare_cached("SELECT subject FROM journal WHERE action = ?1 ORDER BY seq")?
            .query_map([TAKEN], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let (mut previous, mut next) = (FIRST_PREVIOUS.to_owned(), 1_i64);
        let mut in_journal = taken.iter();
        for snapshot in &snapshots {
            let broken = |problem| Ok(KpiCheck::Broken { id: snapshot.id, problem });
            if snapshot.id != next {
                return broken("a snapshot before it is missing");
            }
            if snapshot.previous != previous {
                return broken("it does not follow from the snapshot before it");
            }
            let figures = self.kpi_figures(snapshot.id)?;
            let used: BTreeSet<(&str, u32)> =
                figures.iter().map(|one| (one.kpi.as_str(), one.version)).collect();
            let of_it = definitions.iter().filter(|one| used.contains(&(one.id.as_str(), one.version)));
            let of_it: Vec<Definition> = of_it.cloned().collect();
            if snapshot.figures != figures.len() as u64 || snapshot.hash != hash(snapshot, &of_it, &figures) {
                return broken("a figure, a definition or the snapshot itself is not as it was taken");
            }
            if in_journal.next() != Some(&snapshot.hash) {
                return broken("the custody journal does not know it");
            }
            previous.clone_from(&snapshot.hash);
            next = next.saturating_add(1);
        }
        if in_journal.next().is_some() {
            return Ok(KpiCheck::Broken {
                id: next,
                problem: "the custody journal knows it, and it is gone",
            });
        }
        Ok(KpiCheck::Intact { snapshots: snapshots.len() as u64, last_hash: previous })
    }

    /// What people did with findings, in their order.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn findings_decided(&self, findings: &[Finding]) -> Result<Vec<Decided>> {
        let decisions = Decisions::read(&self.connection)?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT at, action FROM finding_step WHERE decision = ?1 ORDER BY id")?;
        let mut all = Vec::with_capacity(findings.len());
        for finding in findings {
            let mut decided = Decided::default();
            for id in decisions.ids(finding) {
                let mut rows = statement.query([id])?;
                while let Some(row) = rows.next()? {
                    let (at, action): (i64, String) = (row.get(0)?, row.get(1)?);
                    let state = action.strip_prefix("finding ").and_then(FindingState::read_back);
                    if state.is_some_and(|state| KNOWS.contains(&state)) {
                        let first = decided.acknowledged.get_or_insert(Time(at));
                        *first = (*first).min(Time(at));
                    }
                    if state == Some(FindingState::Closed) {
                        decided.closed = decided.closed.max(Some(Time(at)));
                    }
                }
            }
            all.push(decided);
        }
        Ok(all)
    }

    /// Keeps what a comparison with the company's own list found.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written.
    pub fn keep_reconciled(&mut self, list: &str, found: &Reconciled, actor: &Actor<'_>) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO reconciled (list, site, compared, gap, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![list, found.site, stored(found.compared), stored(found.gap), actor.name, actor.at.0])?;
        Ok(())
    }

    /// What the last comparison found.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn last_reconciled(&self) -> Result<Option<Reconciled>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT site, compared, gap FROM reconciled ORDER BY id DESC LIMIT 1")?;
        let mut rows = statement.query([])?;
        let last = match rows.next()? {
            Some(row) => {
                Some(Reconciled { site: row.get(0)?, compared: counted(row, 1)?, gap: counted(row, 2)? })
            }
            None => None,
        };
        Ok(last)
    }
}

/// Keeps a definition; one that is there already has the same text.
fn keep_definition(connection: &Connection, definition: &Definition) -> Result<()> {
    let Definition { id, version, unit, better, title, definition } = definition;
    connection
        .prepare_cached(
            "INSERT INTO kpi_definition (kpi, version, unit, better, title, definition)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (kpi, version) DO NOTHING",
        )?
        .execute(params![id, version, unit.as_str(), better, title, definition])?;
    let is_same = connection
        .prepare_cached(
            "SELECT 1 FROM kpi_definition WHERE kpi = ?1 AND version = ?2 AND unit = ?3 AND better = ?4
                AND title = ?5 AND definition = ?6",
        )?
        .exists(params![id, version, unit.as_str(), better, title, definition])?;
    if is_same { Ok(()) } else { Err(Error::OtherDefinition { kpi: id.clone(), version: *version }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Actor<'_> = Actor { name: "ada", at: Time(5) };

    fn definition(id: &str, version: u32) -> Definition {
        Definition {
            id: id.into(),
            version,
            unit: Unit::Share,
            better: "up".into(),
            title: "Owned".into(),
            definition: format!("text {version} of {id}"),
        }
    }

    fn figure(kpi: &str, site: &str, value: i64) -> Figure {
        let class = if site.is_empty() { "" } else { "controller" };
        Figure { kpi: kpi.into(), version: 1, site: site.into(), class: class.into(), value, of: Some(9) }
    }

    fn three() -> Register {
        let mut register = Register::in_memory().unwrap();
        for value in [1, 2, 3] {
            let figures = [figure("owned", "", value), figure("owned", "a", value), figure("known", "", 7)];
            let definitions = [definition("owned", 1), definition("known", 1), definition("unused", 1)];
            register.keep_kpis(&figures, &definitions, Some(Time(value)), "test", &ADA).unwrap();
        }
        register
    }

    #[test]
    fn snapshots_come_back_as_they_were_taken_and_are_chained() {
        let register = three();
        let all = register.kpi_snapshots().unwrap();
        assert_eq!(all.iter().map(|one| (one.id, one.figures)).collect::<Vec<_>>(), [(1, 3), (2, 3), (3, 3)]);
        assert_eq!((all[0].previous.as_str(), &all[2].previous), (FIRST_PREVIOUS, &all[1].hash));
        let figures = register.kpi_figures(2).unwrap();
        assert_eq!(figures, [figure("known", "", 7), figure("owned", "", 2), figure("owned", "a", 2)]);
        assert_eq!(register.kpi_totals(2).unwrap(), [figure("known", "", 7), figure("owned", "", 2)]);
        assert_eq!(register.kpi_definitions().unwrap().len(), 2, "only those that were used");
        let last_hash = all[2].hash.clone();
        assert_eq!(register.verify_kpis().unwrap(), KpiCheck::Intact { snapshots: 3, last_hash });
    }

    #[test]
    fn the_hash_is_over_the_documented_text() {
        let mut register = Register::in_memory().unwrap();
        let kept =
            register.keep_kpis(&[figure("owned", "", 4)], &[definition("owned", 1)], None, "", &ADA).unwrap();
        let text = format!(
            "64:{FIRST_PREVIOUS},1:1,1:5,0:,3:ada,0:,5:owned,1:1,5:share,5:Owned,2:up,15:text 1 of owned,5:owned,1:1,0:,0:,1:4,1:9,"
        );
        let expected: String = Sha256::digest(text).iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(kept.hash, expected);
    }

    #[test]
    fn no_statement_changes_or_removes_what_was_taken() {
        let register = three();
        for sql in [
            "UPDATE kpi_figure SET value = 9 WHERE snapshot = 2",
            "DELETE FROM kpi_figure WHERE snapshot = 2",
            "UPDATE kpi_snapshot SET label = ''",
            "DELETE FROM kpi_snapshot WHERE id = 3",
            "UPDATE kpi_definition SET definition = 'x'",
            "DELETE FROM kpi_definition",
        ] {
            assert!(register.connection.execute(sql, []).is_err(), "{sql}");
        }
    }

    #[test]
    fn whatever_is_flipped_behind_our_back_shows() {
        let columns = [
            ("kpi_figure", "value", "value + 1"),
            ("kpi_figure", "whole", "NULL"),
            ("kpi_figure", "site", "site || 'x'"),
            ("kpi_figure", "class", "class || 'x'"),
            ("kpi_figure", "version", "version + 1"),
            ("kpi_definition", "definition", "'anything'"),
            ("kpi_definition", "unit", "'count'"),
            ("kpi_definition", "unit", "'apples'"),
            ("kpi_snapshot", "at", "at + 1"),
            ("kpi_snapshot", "as_of", "NULL"),
            ("kpi_snapshot", "actor", "'eve'"),
            ("kpi_snapshot", "label", "'x'"),
            ("kpi_snapshot", "hash", "previous"),
            ("kpi_snapshot", "previous", "hash"),
            ("kpi_snapshot", "figures", "figures + 1"),
        ];
        let rows = |table: &str| if table == "kpi_definition" { 2 } else { 3 };
        for (table, column, value) in columns {
            for row in 0..rows(table) {
                let register = unlocked();
                let sql = format!(
                    "UPDATE {table} SET {column} = {value} WHERE rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET {row})"
                );
                register.connection.execute_batch(&sql).unwrap();
                let check = register.verify_kpis().unwrap();
                assert!(matches!(check, KpiCheck::Broken { .. }), "{sql}: {check:?}");
            }
        }
        for (sql, broken) in [
            ("DELETE FROM kpi_figure WHERE snapshot = 2 AND site = 'a'", 2),
            ("DELETE FROM kpi_figure WHERE snapshot = 1; DELETE FROM kpi_snapshot WHERE id = 1", 2),
            ("DELETE FROM kpi_figure WHERE snapshot = 3; DELETE FROM kpi_snapshot WHERE id = 3", 3),
            ("INSERT INTO kpi_figure VALUES (1, 'more', 1, '', '', 1, NULL)", 1),
        ] {
            let register = unlocked();
            register.connection.execute_batch(sql).unwrap();
            match register.verify_kpis().unwrap() {
                KpiCheck::Broken { id, .. } => assert_eq!(id, broken, "{sql}"),
                intact => panic!("{sql}: {intact:?}"),
            }
        }
    }

    /// A register whose triggers somebody threw away.
    fn unlocked() -> Register {
        let register = three();
        let triggers: Vec<String> = register
            .connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'kpi%'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(triggers.len(), 6);
        for name in triggers {
            register.connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        register.connection.pragma_update(None, "foreign_keys", false).unwrap();
        register
    }

    #[test]
    fn a_journal_that_was_rewritten_to_fit_is_not_believed() {
        let register = unlocked();
        register
            .connection
            .execute_batch(
                "DROP TRIGGER journal_keeps_its_lines; UPDATE kpi_figure SET value = 9 WHERE snapshot = 3;",
            )
            .unwrap();
        let last = register.kpi_snapshots().unwrap().pop().unwrap();
        let definitions = register.kpi_definitions().unwrap();
        let forged = hash(&last, &definitions, &register.kpi_figures(3).unwrap());
        register
            .connection
            .execute("UPDATE kpi_snapshot SET hash = ?1 WHERE id = 3", params![forged])
            .unwrap();
        register
            .connection
            .execute(
                "UPDATE journal SET subject = ?1 WHERE seq = (SELECT max(seq) FROM journal)",
                params![forged],
            )
            .unwrap();
        let check = register.verify_kpis().unwrap();
        assert_eq!(check, KpiCheck::Broken { id: 0, problem: JOURNAL_BROKEN });
    }

    #[test]
    fn a_definition_of_one_version_has_one_text() {
        let mut register = three();
        let other = Definition { definition: "another text".into(), ..definition("owned", 1) };
        let refused = register.keep_kpis(&[figure("owned", "", 4)], &[other], None, "", &ADA);
        assert!(matches!(refused, Err(Error::OtherDefinition { version: 1, .. })), "{refused:?}");
        assert_eq!(register.kpi_snapshots().unwrap().len(), 3, "nothing was kept");
    }

    #[test]
    fn the_last_comparison_counts() {
        let mut register = Register::in_memory().unwrap();
        assert_eq!(register.last_reconciled().unwrap(), None);
        for gap in [5, 2] {
            let found = Reconciled { site: String::new(), compared: 9, gap };
            register.keep_reconciled("list.csv", &found, &ADA).unwrap();
        }
        assert_eq!(register.last_reconciled().unwrap().unwrap().gap, 2);
    }
}
