//! Assets in the register: their ids and people's fields, and the register at a moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use inventory::{
    Approval, Asset, Identified, Inventory, Observed, Options, Part, Snapshot, fields, look_at_people,
};
use observation::Time;
use rusqlite::{Connection, Row, ToSql, TransactionBehavior, params};

use crate::decide::options;
use crate::error::Result;
use crate::findings::{self, Decisions, finding_rules};
use crate::identify::{Ids, Issued, assign};
use crate::open::Register;
use crate::people::approvals;
use crate::read::observed;

/// Rows that are written with one statement.
const ROWS_AT_ONCE: usize = 16;

/// What [`Register::identify`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identification {
    /// What the observations amount to, without ids and people's fields.
    pub inventory: Inventory,
    /// Assets of now.
    pub assets: u64,
    /// Ids that were issued for them just now.
    pub issued: u64,
    /// Ids that stand behind another one now.
    pub aliases: u64,
}

impl Register {
    /// Issues ids to assets that have none and notes which id stands for which. Run after every import; what it does
    /// not get to do, [`snapshot`](Self::snapshot) foretells, for ids depend on the anchors alone.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read or written.
    pub fn identify(
        &mut self,
        resolve: impl FnOnce(&Observed, &Options) -> Inventory,
    ) -> Result<Identification> {
        // Resolving takes long in a large register and is done without the lock.
        let (observed, options) = {
            let transaction = self.connection.unchecked_transaction()?;
            (observed(&transaction)?, options(&transaction)?)
        };
        let inventory = resolve(&observed, &options);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = issued(&transaction)?;
        let ids = assign(&known, &inventory.assets);
        let mut done = Identification { assets: ids.len() as u64, ..Identification::default() };
        (done.issued, done.aliases) = keep_ids(&transaction, &known, &ids, &inventory.assets)?;
        transaction.commit()?;
        done.inventory = inventory;
        Ok(done)
    }

    /// The register at one moment: what `resolve` makes of everything observed, with ids and people's fields.
    ///
    /// `as_of` is the time that the snapshot bears; without it, the latest observed time. It leaves nothing out.
    /// A person's name for an asset is the asset's name.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn snapshot(
        &self,
        as_of: Option<Time>,
        resolve: impl FnOnce(&Observed, &Options) -> Inventory,
    ) -> Result<Snapshot> {
        let transaction = self.connection.unchecked_transaction()?;
        let observed = observed(&transaction)?;
        let (issued, mut fields) = (issued(&transaction)?, people(&transaction)?);
        let (options, mut approvals) = (options(&transaction)?, approvals(&transaction)?);
        let (decisions, rules) = (Decisions::read(&transaction)?, finding_rules(&transaction)?);
        drop(transaction);
        let mut inventory = resolve(&observed, &options);
        let ids = assign(&issued, &inventory.assets);
        let identified: Vec<Identified> =
            ids.into_iter().map(|ids| identified(ids, &mut fields, &mut approvals)).collect();
        for (asset, identified) in inventory.assets.iter_mut().zip(&identified) {
            if let Some(name) = identified.people.get(fields::NAME) {
                asset.name.clone_from(name);
            }
        }
        let captures: Vec<_> = observed.captures.into_iter().map(|captured| captured.summary).collect();
        let as_of = as_of.or_else(|| captures.iter().filter_map(|summary| summary.last).max());
        let places = options.policy.places(&inventory.assets);
        look_at_people(&mut inventory.findings, &inventory.assets, &identified);
        let findings_off = findings::apply(&mut inventory.findings, &decisions, &rules, as_of);
        Ok(Snapshot { as_of, captures, inventory, identified, findings_off, policy: options.policy, places })
    }
}

/// Keeps the ids of assets, and which stands for which. How many were issued, and how many stand behind another one.
pub(crate) fn keep_ids(
    connection: &Connection,
    known: &[Issued],
    ids: &[Ids],
    assets: &[Asset],
) -> Result<(u64, u64)> {
    let new = || ids.iter().filter_map(|ids| ids.new.as_ref());
    insert(
        connection,
        "INSERT INTO asset (id, site, anchor, nth)",
        new().map(|new| [&new.id as &dyn ToSql, &new.site, &new.anchor, &new.nth]),
    )?;
    let (issued, mut aliases) = (new().count() as u64, 0_u64);
    let before: HashMap<&str, &Issued> = known.iter().map(|issued| (issued.id.as_str(), issued)).collect();
    // With their places.
    let mut anchors: Vec<(&String, i64, &String)> = Vec::new();
    for (ids, asset) in ids.iter().zip(assets) {
        let known = before.get(ids.id.as_str()).map_or(&[][..], |issued| &issued.anchors);
        if known != asset.anchors {
            if !known.is_empty() {
                connection.prepare_cached("DELETE FROM asset_anchor WHERE asset = ?1")?.execute([&ids.id])?;
            }
            anchors.extend((0..).zip(&asset.anchors).map(|(rank, anchor)| (&ids.id, rank, anchor)));
        }
        stand_for(connection, &before, &ids.id, None)?;
        for alias in &ids.aliases {
            stand_for(connection, &before, alias, Some(&ids.id))?;
            aliases = aliases.saturating_add(1);
        }
    }
    let rows = anchors.iter().map(|(id, rank, anchor)| [id as &dyn ToSql, rank, anchor]);
    insert(connection, "INSERT INTO asset_anchor (asset, rank, anchor)", rows)?;
    Ok((issued, aliases))
}

/// Writes rows, many with one statement: to begin and end a statement takes SQLite longer than a row does.
fn insert<'r, const N: usize>(
    connection: &Connection,
    start: &str,
    rows: impl Iterator<Item = [&'r dyn ToSql; N]>,
) -> Result<()> {
    let row = format!("({})", ["?"; N].join(", "));
    let text = |rows: usize| format!("{start} VALUES {}", vec![row.as_str(); rows].join(", "));
    let rows: Vec<_> = rows.collect();
    let (full, rest) = rows.as_chunks::<ROWS_AT_ONCE>();
    if !full.is_empty() {
        let mut many = connection.prepare_cached(&text(ROWS_AT_ONCE))?;
        for rows in full {
            many.execute(rows.as_flattened())?;
        }
    }
    if !rest.is_empty() {
        let mut one = connection.prepare_cached(&text(1))?;
        for row in rest {
            one.execute(&row[..])?;
        }
    }
    Ok(())
}

/// Every id issued, in the order of issue.
fn issued(connection: &Connection) -> Result<Vec<Issued>> {
    let mut anchors: HashMap<String, Vec<String>> = HashMap::new();
    let mut statement =
        connection.prepare_cached("SELECT asset, anchor FROM asset_anchor ORDER BY asset, rank")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        anchors.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let mut statement =
        connection.prepare_cached("SELECT id, site, anchor, nth, alias_of FROM asset ORDER BY issued")?;
    let issued = statement.query_map([], |row| {
        let mut issued = issued_read(row)?;
        issued.anchors = anchors.remove(&issued.id).unwrap_or_default();
        Ok(issued)
    })?;
    Ok(issued.collect::<rusqlite::Result<_>>()?)
}

/// Columns id, site, anchor, nth and `alias_of`.
fn issued_read(row: &Row<'_>) -> rusqlite::Result<Issued> {
    Ok(Issued {
        id: row.get(0)?,
        site: row.get(1)?,
        anchor: row.get(2)?,
        nth: row.get(3)?,
        alias_of: row.get(4)?,
        anchors: Vec::new(),
    })
}

/// The ids that were issued for something of the part, whose assets had one of it when last looked at, and those that stand
/// for them or behind them, in the order of issue.
pub(crate) fn issued_among(connection: &Connection, site: &str, part: &Part) -> Result<Vec<Issued>> {
    // An anchor is an address, or an address, a blank and what tells its stations apart; `!` follows the blank.
    let mut by_anchor = connection.prepare_cached(
        "SELECT id FROM asset WHERE site = ?1 AND anchor = ?2
         UNION SELECT id FROM asset WHERE site = ?1 AND anchor >= ?2 || ' ' AND anchor < ?2 || '!'
         UNION SELECT asset FROM asset_anchor WHERE anchor = ?2
         UNION SELECT asset FROM asset_anchor WHERE anchor >= ?2 || ' ' AND anchor < ?2 || '!'",
    )?;
    let mut open: Vec<String> = Vec::new();
    // What people listed has an anchor of its own, which no address is.
    let anchors = part.addresses().iter().map(ToString::to_string).chain(part.declared().iter().cloned());
    for anchor in anchors {
        let mut rows = by_anchor.query(params![site, anchor])?;
        while let Some(row) = rows.next()? {
            open.push(row.get(0)?);
        }
    }
    let mut one = connection
        .prepare_cached("SELECT id, site, anchor, nth, alias_of, issued FROM asset WHERE id = ?1")?;
    let mut behind = connection.prepare_cached("SELECT id FROM asset WHERE alias_of = ?1")?;
    let mut anchors =
        connection.prepare_cached("SELECT anchor FROM asset_anchor WHERE asset = ?1 ORDER BY rank")?;
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut found: Vec<(i64, Issued)> = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let (number, mut issued) =
            one.query_row([&id], |row| Ok((row.get::<_, i64>(5)?, issued_read(row)?)))?;
        if issued.site != site {
            continue;
        }
        issued.anchors = anchors.query_map([&id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        open.extend(issued.alias_of.clone());
        for other in behind.query_map([&id], |row| row.get(0))? {
            open.push(other?);
        }
        found.push((number, issued));
    }
    found.sort_by_key(|(number, _)| *number);
    Ok(found.into_iter().map(|(_, issued)| issued).collect())
}

/// Notes the id that stands for another one, where that has changed.
fn stand_for(
    connection: &Connection,
    before: &HashMap<&str, &Issued>,
    id: &str,
    by: Option<&str>,
) -> Result<()> {
    let known = before.get(id).and_then(|issued| issued.alias_of.as_deref());
    if known != by {
        connection
            .prepare_cached("UPDATE asset SET alias_of = ?2 WHERE id = ?1")?
            .execute(params![id, by])?;
    }
    Ok(())
}

/// People's fields by id.
fn people(connection: &Connection) -> Result<HashMap<String, BTreeMap<String, String>>> {
    let mut fields: HashMap<String, BTreeMap<String, String>> = HashMap::new();
    let mut statement = connection.prepare_cached("SELECT asset, field, value FROM asset_field")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        fields.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    Ok(fields)
}

/// An asset's ids with what people said of any of them; where two say different things, the older id's word stands.
fn identified(
    ids: Ids,
    fields: &mut HashMap<String, BTreeMap<String, String>>,
    approvals: &mut HashMap<String, Approval>,
) -> Identified {
    let mut people = fields.remove(&ids.id).unwrap_or_default();
    let mut aliases = ids.aliases;
    for alias in &aliases {
        for (field, value) in fields.remove(alias).unwrap_or_default() {
            people.entry(field).or_insert(value);
        }
    }
    let approved = std::iter::once(&ids.id).chain(&aliases).filter_map(|id| approvals.remove(id));
    // Every one is taken out, the earliest stands.
    let approval = approved.min_by_key(|approval| approval.on);
    aliases.sort();
    Identified { id: ids.id, aliases, people, approval }
}
