//! Issuing ids for what news touches, without reading the rest of the register.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use inventory::{Asset, Options, Part, Prefix, Ties, Touched, resolve_part};
use observation::{Address, Batch, CaptureSummary};
use rusqlite::TransactionBehavior;

use crate::assets::{issued_among, keep_ids};
use crate::decide::options;
use crate::error::{Error, Result};
use crate::identify::assign;
use crate::open::Register;
use crate::part::{self, Taken};

/// Addresses that are resolved at once, unless more are tied to each other.
const PART_ADDRESSES: usize = 512;

/// What is remembered between looks at a register that is being written: which addresses of each site may decide about
/// each other ([`Ties`]), and how many assets they make. A tenth of what reading the register takes.
#[derive(Debug, Default)]
pub struct Looks {
    sites: BTreeMap<String, Site>,
    /// What people said, at the last look; `None` before the first.
    options: Option<Options>,
    /// The largest number of a capture that was read.
    captures: i64,
}

#[derive(Debug, Default)]
struct Site {
    ties: Ties,
    /// Assets by the address of their first anchor.
    assets: HashMap<Address, u64>,
    /// Listed assets that nothing was heard of.
    declared: HashSet<String>,
}

/// What a look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Assets of now, of the whole register.
    pub assets: u64,
    /// Ids that were issued just now.
    pub issued: u64,
    /// Assets that were resolved again.
    pub resolved: u64,
    /// Rows that were read for it.
    pub rows: u64,
    /// Addresses that were left out, because what is tied to them is more than may be read at once.
    pub left_out: u64,
}

impl Looks {
    /// Before the first look, which reads everything once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a batch that was written to a capture of the site. Batches before the first look are read from the register.
    pub fn wrote(&mut self, site: &str, batch: &Batch) {
        if self.options.is_some() {
            self.sites.entry(site.to_owned()).or_default().ties.add(batch);
        }
    }

    fn assets(&self) -> u64 {
        let of = |site: &Site| {
            site.assets.values().fold(site.declared.len() as u64, |sum, of| sum.saturating_add(*of))
        };
        self.sites.values().fold(0, |sum, site| sum.saturating_add(of(site)))
    }
}

impl Site {
    /// Forgets the assets that a part had, and counts those that it has now.
    fn count(&mut self, part: &Part, assets: &[Asset]) {
        for address in part.addresses() {
            self.assets.remove(address);
        }
        self.declared.retain(|anchor| !part.has_anchor(anchor));
        for anchor in assets.iter().filter_map(|asset| asset.anchors.first()) {
            match address_of(anchor) {
                Some(address) => {
                    let count = self.assets.entry(address).or_default();
                    *count = count.saturating_add(1);
                }
                None => drop(self.declared.insert(anchor.clone())),
            }
        }
    }
}

fn address_of(anchor: &str) -> Option<Address> {
    anchor.split(' ').next()?.parse().ok()
}

impl Register {
    /// As [`identify`](Self::identify), for what was touched since the last look: batches that were given to
    /// [`Looks::wrote`]. The first look, one after people decided something, and one that is to be `whole` resolve
    /// everything, in parts: never are more than `rows_max` rows in memory. What is tied together and more than that is left
    /// out and looked at again with the next whole one.
    ///
    /// Every asset has the anchors, so the ids, that `identify` gives it. Only which of two ids that were issued in one look
    /// stands for the other, should their assets prove to be one, may be another.
    ///
    /// `go_on` is asked before each part, and while much is read.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read or written, and with [`Error::Stopped`] if it is not to go on; then what was
    /// touched stays to be looked at.
    pub fn identify_touched(
        &mut self,
        looks: &mut Looks,
        plant_prefixes: &[Prefix],
        rows_max: u64,
        whole: bool,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Looked> {
        let (sites, mut said) = {
            let transaction = self.connection.unchecked_transaction()?;
            (part::sites(&transaction)?, options(&transaction)?)
        };
        said.plant_prefixes.extend(plant_prefixes);
        let newest = sites.values().flatten().map(|(id, _)| *id).max().unwrap_or_default();
        let is_changed = looks.options.as_ref() != Some(&said);
        let mut all = whole || is_changed;
        if looks.options.is_none() || newest > looks.captures {
            // Captures that others wrote, or this program before it began to look.
            let began = looks.captures;
            for (site, captures) in &sites {
                let ties = &mut looks.sites.entry(site.clone()).or_default().ties;
                for (capture, _) in captures.iter().filter(|(capture, _)| *capture > began) {
                    if !go_on() {
                        *looks = Looks::new();
                        return Err(Error::Stopped);
                    }
                    if let Err(error) = part::tie(&self.connection, *capture, ties, go_on) {
                        *looks = Looks::new();
                        return Err(error);
                    }
                }
            }
            looks.captures = newest;
            all |= looks.options.is_none();
        }
        if is_changed {
            let sites = said.declared.iter().map(|one| &one.site);
            for site in sites.chain(said.decisions.iter().map(|one| &one.site)) {
                looks.sites.entry(site.clone()).or_default();
            }
            for (name, site) in &mut looks.sites {
                site.ties.add_people(name, &said);
            }
            looks.options = Some(said.clone());
        }
        let mut done = Looked::default();
        for (name, site) in &mut looks.sites {
            let captures = sites.get(name).map(Vec::as_slice).unwrap_or_default();
            let touched = site.ties.take_touched();
            let looked =
                self.look(name, site, captures, &said, &touched, (rows_max, all), &mut done, &mut *go_on);
            if let Err(error) = looked {
                site.ties.put_back(touched);
                if all {
                    looks.options = None;
                    looks.captures = 0;
                    looks.sites.clear();
                }
                return Err(error);
            }
        }
        done.assets = looks.assets();
        Ok(done)
    }

    #[expect(clippy::too_many_arguments, reason = "one site's share of a look, private to it")]
    fn look(
        &mut self,
        name: &str,
        site: &mut Site,
        captures: &[(i64, CaptureSummary)],
        said: &Options,
        touched: &Touched,
        (rows_max, all): (u64, bool),
        done: &mut Looked,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let nothing = Touched::default();
        let by = if all { &nothing } else { touched };
        let ties = std::mem::take(&mut site.ties);
        let mut parts: Box<dyn Iterator<Item = Part>> = match all {
            true => Box::new(ties.parts(said, PART_ADDRESSES)),
            false => Box::new(ties.parts_touched(touched, said, PART_ADDRESSES)),
        };
        let result = parts.try_for_each(|mut part| {
            if !go_on() {
                return Err(Error::Stopped);
            }
            let taken = {
                let transaction = self.connection.unchecked_transaction()?;
                // What an id stands for, or stood for, is looked at together.
                loop {
                    let known = issued_among(&transaction, name, &part)?;
                    let anchors = known.iter().flat_map(|id| id.anchors.iter().chain([&id.anchor]));
                    let addresses: BTreeSet<_> = anchors.filter_map(|anchor| address_of(anchor)).collect();
                    if !ties.widen(&mut part, addresses, by, said) {
                        break;
                    }
                }
                part::read(&transaction, captures, &mut part, rows_max, go_on)?
            };
            let Some(Taken { mut captures, rows }) = taken else {
                done.left_out = done.left_out.saturating_add(part.addresses().len() as u64);
                return Ok(());
            };
            ties.complete(&part, said, &mut captures);
            let assets = resolve_part(name, &captures, said, &part);
            drop(captures);
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let known = issued_among(&transaction, name, &part)?;
            let ids = assign(&known, &assets);
            let (issued, _) = keep_ids(&transaction, &known, &ids, &assets)?;
            transaction.commit()?;
            done.issued = done.issued.saturating_add(issued);
            done.resolved = done.resolved.saturating_add(assets.len() as u64);
            done.rows = done.rows.saturating_add(rows);
            site.count(&part, &assets);
            Ok(())
        });
        drop(parts);
        site.ties = ties;
        result
    }
}
