//! Conditions that choose assets.

use inventory::{Asset, Identified, Prefix, Snapshot, fields};

use super::pair;
use crate::failure::Failure;

/// The assets that meet every condition, by index.
pub(crate) fn matching(snapshot: &Snapshot, conditions: &[String]) -> Result<Vec<usize>, Failure> {
    let conditions = conditions.iter().map(|word| pair(word)).collect::<Result<Vec<_>, _>>()?;
    let mut found = Vec::new();
    for (index, (asset, identified)) in snapshot.inventory.assets.iter().zip(&snapshot.identified).enumerate()
    {
        let mut all = true;
        for (key, value) in &conditions {
            all &= meets(snapshot, index, asset, identified, key, value)?;
        }
        if all {
            found.push(index);
        }
    }
    Ok(found)
}

fn meets(
    snapshot: &Snapshot,
    index: usize,
    asset: &Asset,
    identified: &Identified,
    key: &str,
    wanted: &str,
) -> Result<bool, Failure> {
    let is = |value: &str| value.to_lowercase() == wanted.to_lowercase();
    let place = snapshot.places.get(index);
    Ok(match key {
        "role" => asset.roles.iter().any(|claim| is(claim.role.as_str())),
        "state" => is(asset.state.as_str()),
        // The name of the plant for people counts as well as the site of the stations.
        "site" => is(&asset.site) || identified.people.get("site").is_some_and(|site| is(site)),
        "name" => is(&asset.name),
        "zone" => match place.map(|place| place.zones.as_slice()).unwrap_or_default() {
            [] => wanted.is_empty(),
            zones => zones.iter().any(|zone| is(zone)),
        },
        "level" | fields::PURDUE_LEVEL => {
            is(place.and_then(|place| place.level).map_or("", |level| level.as_str()))
        }
        "approved" => is(if identified.approval.is_some() { "yes" } else { "no" }),
        "ip" => {
            let prefix: Option<Prefix> = wanted.parse().ok();
            asset
                .stations
                .iter()
                .flat_map(|station| &station.ips)
                .any(|ip| prefix.map_or_else(|| is(&ip.to_string()), |prefix| prefix.contains(*ip)))
        }
        "mac" => asset.stations.iter().filter_map(|station| station.mac).any(|mac| is(&mac.to_string())),
        _ => {
            if let Some(field) = fields::field_named(key) {
                return Ok(is(identified.people.get(field.name).map_or("", String::as_str)));
            }
            let known = snapshot.inventory.assets.iter().any(|asset| asset.attributes.contains_key(key));
            if !known && !observation::attribute::ALL.contains(&key) {
                return Err(Failure::Usage(format!(
                    "no asset has anything called \"{key}\"; use role, state, site, name, zone, level, approved, ip, mac, \
                     an attribute or a person's field"
                )));
            }
            let winner = asset.attributes.get(key).and_then(|values| values.first());
            is(winner.map_or("", |winner| &winner.value))
        }
    })
}
