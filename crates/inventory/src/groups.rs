//! Devices that stand in for each other: two assets in a group, never one.

use std::collections::{BTreeMap, BTreeSet};

use observation::attribute;

use crate::identity::squash;
use crate::model::{Asset, Conversation, Group, GroupKind};
use crate::pairs::pairs;
use crate::rules::addresses::GROUP_ADDRESSES;
use crate::rules::products::{is_redundancy_module, is_redundant};

/// Attributes by which both of a pair are called the same.
const PAIR_NAMES: &[&str] = &[attribute::STATION_NAME, attribute::PROJECT, attribute::NAME];

/// Writes the groups into the assets of one site.
pub(crate) fn add_groups(assets: &mut [Asset], conversations: &[Conversation]) {
    let modules = redundancy_modules(assets);
    let mut groups: BTreeMap<(GroupKind, String), BTreeMap<usize, String>> = BTreeMap::new();
    for (index, asset) in assets.iter().enumerate() {
        for name in GROUP_ADDRESSES {
            for said in asset.attributes.get(*name).into_iter().flatten() {
                let members = groups.entry((GroupKind::VirtualRouter, said.value.clone())).or_default();
                members.insert(index, format!("states {name} {}", said.value));
            }
        }
        let Some(why) = redundancy(assets, &modules, index) else { continue };
        let value = |name: &&str| asset.attributes.get(*name)?.first().map(|winner| winner.value.clone());
        // The processors of one rack system are a pair where they stand; others by the name of what they run.
        let name =
            PAIR_NAMES.iter().find_map(value).or_else(|| Some(assets.get(asset.parent?)?.name.clone()));
        if let Some(name) = name {
            groups.entry((GroupKind::RedundantControllers, name)).or_default().insert(index, why);
        }
    }
    for pair in pairs(assets, conversations) {
        let members = groups.entry((pair.kind, pair.name)).or_default();
        for member in pair.members {
            members.entry(member).or_insert_with(|| pair.reason.clone());
        }
    }
    for ((kind, name), members) in groups.into_iter().filter(|(_, members)| members.len() > 1) {
        for (index, reason) in members {
            if let Some(asset) = assets.get_mut(index) {
                asset.groups.push(Group { kind, name: name.clone(), reason });
            }
        }
    }
}

/// Why a controller is one of a redundant pair: it is such a product, or a module beside it is there for nothing else.
fn redundancy(assets: &[Asset], modules: &BTreeMap<usize, BTreeSet<String>>, index: usize) -> Option<String> {
    let asset = assets.get(index)?;
    if let Some(own) = product(asset, &is_redundant) {
        return Some(format!("{own} is made for redundant pairs, and another of this name is there"));
    }
    let is_controller = asset.roles.first().is_some_and(|claim| claim.role == crate::Role::Plc);
    let module = modules.get(&asset.parent.unwrap_or(index)).filter(|_| is_controller)?.first()?;
    Some(format!("{module} beside it is there for redundant pairs, and another of this name has one"))
}

/// The modules that are there for nothing but redundant pairs, by the asset they sit in.
fn redundancy_modules(assets: &[Asset]) -> BTreeMap<usize, BTreeSet<String>> {
    let mut modules: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for asset in assets {
        if let Some(chassis) = asset.parent
            && let Some(module) = product(asset, &is_redundancy_module)
        {
            modules.entry(chassis).or_default().insert(module);
        }
    }
    modules
}

/// The order number or model of an asset, if it fits.
fn product(asset: &Asset, fits: &dyn Fn(&str) -> bool) -> Option<String> {
    [attribute::ORDER_NUMBER, attribute::MODEL].into_iter().find_map(|name| {
        let winner = asset.attributes.get(name)?.first()?;
        fits(&squash(&winner.value)).then(|| winner.value.clone())
    })
}
