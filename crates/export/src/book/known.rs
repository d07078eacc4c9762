//! The assets of the register by what a row of a file may name them.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{Asset, Identified, Snapshot, fields};
use observation::attribute;

use crate::reading::value;

/// The assets of the register by what may name them.
pub(super) struct Known<'s> {
    pub(super) ids: BTreeMap<&'s str, usize>,
    /// The sites that assets are of.
    pub(super) sites: BTreeSet<&'s str>,
    keys: BTreeMap<(Key, String), BTreeSet<(usize, &'s str)>>,
}

/// By what a row without an id is found to be an asset that is there, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    AssetNumber,
    Mac,
    SerialNumber,
    Ip,
    Name,
}

impl Key {
    /// True if two sites may have the same, each for another asset.
    pub(super) fn is_of_site(self) -> bool {
        matches!(self, Self::Ip | Self::Name)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::AssetNumber => "asset number",
            Self::Mac => "MAC address",
            Self::SerialNumber => "serial number",
            Self::Ip => "IP address",
            Self::Name => "name",
        }
    }
}

impl<'s> Known<'s> {
    pub(super) fn of(snapshot: &'s Snapshot) -> Self {
        let (mut ids, mut keys) =
            (BTreeMap::new(), BTreeMap::<(Key, String), BTreeSet<(usize, &str)>>::new());
        for (index, (asset, identified)) in
            snapshot.inventory.assets.iter().zip(&snapshot.identified).enumerate()
        {
            ids.extend(identified.aliases.iter().map(|alias| (alias.as_str(), index)));
            for (key, text) in keys_of(asset, identified) {
                keys.entry((key, text.to_lowercase())).or_default().insert((index, asset.site.as_str()));
            }
        }
        // An id of its own stands before one that became an alias.
        ids.extend(
            snapshot.identified.iter().enumerate().map(|(index, identified)| (identified.id.as_str(), index)),
        );
        let sites = snapshot.inventory.assets.iter().map(|asset| asset.site.as_str()).collect();
        Self { ids, sites, keys }
    }

    /// The asset that has a key, in a site if one is said: addresses and names of two sites never mix, and of the other
    /// keys the site's own holder stands before others. Fails with their number if several have it.
    pub(super) fn find(&self, key: Key, text: &str, site: Option<&str>) -> Result<Option<usize>, usize> {
        let Some(holders) = self.keys.get(&(key, text.to_lowercase())) else { return Ok(None) };
        let all = || holders.iter().map(|(index, _)| *index);
        let found: Vec<usize> = match site {
            None => all().collect(),
            Some(site) => {
                let own: Vec<usize> =
                    holders.iter().filter(|(_, of)| *of == site).map(|(index, _)| *index).collect();
                if own.is_empty() && !key.is_of_site() { all().collect() } else { own }
            }
        };
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(several.len()),
        }
    }
}

fn keys_of(asset: &Asset, identified: &Identified) -> Vec<(Key, String)> {
    let mut keys: Vec<(Key, String)> = Vec::new();
    let number = identified.people.get(fields::ASSET_NUMBER);
    keys.extend(number.map(|number| (Key::AssetNumber, number.clone())));
    for station in &asset.stations {
        keys.extend(station.mac.map(|mac| (Key::Mac, mac.to_string())));
        keys.extend(station.ips.iter().map(|ip| (Key::Ip, ip.to_string())));
    }
    let serial = value(asset, attribute::SERIAL_NUMBER);
    keys.push((Key::SerialNumber, serial));
    keys.push((Key::Name, asset.name.clone()));
    keys.retain(|(_, text)| !text.is_empty());
    keys
}
