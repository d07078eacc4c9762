//! The assets of the register by what a row of a file may name them.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{Asset, Identified, Snapshot, fields};
use observation::attribute;

use crate::reading::value;

/// The assets of the register by what may name them.
pub(super) struct Known<'s> {
    pub(super) ids: BTreeMap<&'s str, usize>,
    keys: BTreeMap<(Key, String), BTreeSet<usize>>,
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
        let (mut ids, mut keys) = (BTreeMap::new(), BTreeMap::<(Key, String), BTreeSet<usize>>::new());
        for (index, (asset, identified)) in
            snapshot.inventory.assets.iter().zip(&snapshot.identified).enumerate()
        {
            ids.extend(identified.aliases.iter().map(|alias| (alias.as_str(), index)));
            for (key, text) in keys_of(asset, identified) {
                keys.entry((key, text.to_lowercase())).or_default().insert(index);
            }
        }
        // An id of its own stands before one that became an alias.
        ids.extend(
            snapshot.identified.iter().enumerate().map(|(index, identified)| (identified.id.as_str(), index)),
        );
        Self { ids, keys }
    }

    /// The one asset that has a key.
    pub(super) fn find(&self, key: Key, text: &str) -> Option<usize> {
        let holders = self.keys.get(&(key, text.to_lowercase()))?;
        holders.first().copied().filter(|_| holders.len() == 1)
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
