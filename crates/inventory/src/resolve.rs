//! From observations to the inventory.

use std::collections::BTreeMap;

use crate::addressing::Addressing;
use crate::assets::Context;
use crate::changes;
use crate::coverage;
use crate::devices::Devices;
use crate::findings;
use crate::gather::Gathered;
use crate::groups::add_groups;
use crate::hosts::join_hosts;
use crate::links::Links;
use crate::model::{Asset, AssetEnd, Captured, Conversation, Inventory, Observed};
use crate::nest::nest;
use crate::options::Options;
use crate::ports::{join_managed, join_ports};
use crate::sets::Sets;
use crate::silent::Silent;
use crate::ties::Part;
use crate::{decisions, declared, joins, talks};

/// Resolves everything observed into assets, conversations and findings.
///
/// A pure function: the order of captures, of rows, and how rows are spread over the captures of a site change nothing
/// in assets and conversations but the capture that a proof names. Sites never mix.
#[must_use]
pub fn resolve(observed: &Observed, options: &Options) -> Inventory {
    resolve_sites(observed, options, true)
}

/// As [`resolve`], but without changes, which nothing else depends on: what stands now. For issuing ids.
#[must_use]
pub fn resolve_standing(observed: &Observed, options: &Options) -> Inventory {
    resolve_sites(observed, options, false)
}

fn resolve_sites(observed: &Observed, options: &Options, with_changes: bool) -> Inventory {
    let mut sites: BTreeMap<&str, Vec<&Captured>> = BTreeMap::new();
    for capture in &observed.captures {
        sites.entry(&capture.summary.site).or_default().push(capture);
    }
    // A site may be known by what people listed alone.
    for declared in &options.declared {
        sites.entry(&declared.site).or_default();
    }
    let mut inventory = Inventory::default();
    for (site, captures) in sites {
        append(&mut inventory, resolve_site(site, &captures, options, with_changes));
    }
    inventory.changes.sort();
    inventory
}

fn resolve_site(site: &str, captures: &[&Captured], options: &Options, with_changes: bool) -> Inventory {
    let (inventory, conversations) = in_context(site, captures, options, |context, shared| {
        let mut assets = context.assets();
        add_groups(&mut assets, context.conversations);
        let findings = findings::findings(context, &assets, shared, &options.policy);
        let changes = if with_changes { changes::changes(context, &assets, options) } else { Vec::new() };
        let coverage = coverage::coverage(context, &assets);
        declared::attach(&options.declared, site, &mut assets);
        Inventory { assets, conversations: Vec::new(), findings, changes, coverage }
    });
    Inventory { conversations, ..inventory }
}

/// Resolves a part of a site: the assets that have a station of it. `captures` hold what [`Part`] says.
///
/// Anchors, stations, attributes and state are those that [`resolve`] gives of everything; names, roles, services,
/// reasons and groups may lack what only the rest tells.
#[must_use]
pub fn resolve_part(site: &str, captures: &[Captured], options: &Options, part: &Part) -> Vec<Asset> {
    let captures: Vec<_> = captures.iter().collect();
    let (mut assets, _) = in_context(site, &captures, options, |context, _| context.assets());
    let declared: Vec<_> =
        options.declared.iter().filter(|one| part.has_declared(&one.anchor)).cloned().collect();
    declared::attach(&declared, site, &mut assets);
    // What is only there to be counted is no asset of this part.
    assets.retain(|asset| asset.anchors.iter().any(|anchor| part.has_anchor(anchor)));
    assets.iter_mut().for_each(|asset| asset.parent = None);
    assets
}

/// Joins the stations of a site, and hands over everything that is known before assets are written down. Gives back what
/// was made of it, and the conversations.
fn in_context<T>(
    site: &str,
    captures: &[&Captured],
    options: &Options,
    write: impl FnOnce(&Context<'_, '_>, &[joins::Shared]) -> T,
) -> (T, Vec<Conversation>) {
    let addressing = Addressing::of(captures);
    let links = Links::new(captures, &addressing);
    let gathered = Gathered::new(site, captures, &addressing, &links);
    let mut sets = Sets::new(gathered.stations.len());
    let mut reasons = joins::join_interfaces(&gathered, &links, &mut sets);
    reasons.extend(joins::join_returned(&gathered, &mut sets));
    reasons.extend(join_ports(&gathered, &mut sets));
    reasons.extend(join_managed(&gathered, &links, &mut sets));
    reasons.extend(join_hosts(&gathered, &links, &mut sets));
    let mut nested = nest(&gathered, &mut sets);
    let (by_serial, shared) = joins::join_serials(&gathered, &links, &mut sets);
    reasons.extend(by_serial);
    let decided = decisions::apply(&options.decisions, &gathered, &mut nested, &mut sets);
    reasons.extend(decided.reasons);
    joins::join_paths(&gathered, &nested, &mut sets);
    sets.flatten();
    let mut silent = Silent::new(&gathered, &links, &sets, options);
    for (station, heard) in decided.parted {
        silent.meant.entry(station).or_insert(heard);
    }
    let devices = Devices::new(&gathered, &links, &nested, &sets, &silent, options);
    let conversations = talks::conversations(&gathered, &devices);
    let context = Context {
        gathered: &gathered,
        links: &links,
        nested: &nested,
        devices: &devices,
        silent: &silent,
        reasons: &reasons,
        conversations: &conversations,
    };
    let written = write(&context, &shared);
    (written, conversations)
}

/// Appends the inventory of another site: its indices move behind those that are there.
fn append(inventory: &mut Inventory, mut site: Inventory) {
    let offset = inventory.assets.len();
    let moved = |index: usize| index.saturating_add(offset);
    for asset in &mut site.assets {
        asset.parent = asset.parent.map(moved);
    }
    for conversation in &mut site.conversations {
        for end in [&mut conversation.client, &mut conversation.server] {
            if let AssetEnd::Asset(index) = end {
                *index = moved(*index);
            }
        }
    }
    for finding in &mut site.findings {
        finding.assets.iter_mut().for_each(|index| *index = moved(*index));
    }
    for change in &mut site.changes {
        change.asset = change.asset.map(moved);
        if let Some(AssetEnd::Asset(index)) = &mut change.peer {
            *index = moved(*index);
        }
    }
    inventory.assets.append(&mut site.assets);
    inventory.conversations.append(&mut site.conversations);
    inventory.findings.append(&mut site.findings);
    inventory.changes.append(&mut site.changes);
    inventory.coverage.append(&mut site.coverage);
}
