//! Assets in the register: their ids and people's fields, and the register at a moment.

use std::collections::{BTreeMap, HashMap};

use inventory::{Approval, Identified, Inventory, Observed, Options, Snapshot, fields};
use observation::Time;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::decide::options;
use crate::error::Result;
use crate::findings::{self, Decisions, finding_rules};
use crate::identify::{Ids, Issued, assign};
use crate::open::Register;
use crate::people::approvals;
use crate::read::observed;

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
        for new in ids.iter().filter_map(|ids| ids.new.as_ref()) {
            transaction
                .prepare_cached("INSERT INTO asset (id, site, anchor, nth) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![new.id, new.site, new.anchor, new.nth])?;
            done.issued = done.issued.saturating_add(1);
        }
        let before: HashMap<&str, &Issued> =
            known.iter().map(|issued| (issued.id.as_str(), issued)).collect();
        for (ids, asset) in ids.iter().zip(&inventory.assets) {
            match before.get(ids.id.as_str()) {
                None => remember(&transaction, &ids.id, &asset.anchors)?,
                Some(issued) if issued.anchors != asset.anchors => {
                    transaction
                        .prepare_cached("DELETE FROM asset_anchor WHERE asset = ?1")?
                        .execute([&ids.id])?;
                    remember(&transaction, &ids.id, &asset.anchors)?;
                }
                Some(_) => {}
            }
            stand_for(&transaction, &before, &ids.id, None)?;
            for alias in &ids.aliases {
                stand_for(&transaction, &before, alias, Some(&ids.id))?;
                done.aliases = done.aliases.saturating_add(1);
            }
        }
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
        let findings_off = findings::apply(&mut inventory.findings, &decisions, &rules, as_of);
        Ok(Snapshot { as_of, captures, inventory, identified, findings_off, policy: options.policy, places })
    }
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
        let id: String = row.get(0)?;
        let anchors = anchors.remove(&id).unwrap_or_default();
        Ok(Issued {
            id,
            site: row.get(1)?,
            anchor: row.get(2)?,
            nth: row.get(3)?,
            alias_of: row.get(4)?,
            anchors,
        })
    })?;
    Ok(issued.collect::<rusqlite::Result<_>>()?)
}

/// Notes the anchors that an id's asset has now; none are noted.
fn remember(connection: &Connection, id: &str, anchors: &[String]) -> Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT INTO asset_anchor (asset, rank, anchor) VALUES (?1, ?2, ?3)")?;
    for (rank, anchor) in (0_i64..).zip(anchors) {
        insert.execute(params![id, rank, anchor])?;
    }
    Ok(())
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
