//! The policy file: TOML with `[[zone]]`, `[[conduit]]` and `[[watch]]` tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use observation::OperationKind;
use serde::Deserialize;

use super::watch::{WatchIn, watch};
use super::{Conduit, Direction, Level, NO_ZONE, OUTSIDE, Policy, Zone};
use crate::model::Role;
use crate::options::Prefix;

/// Most octets of a policy file.
const OCTETS_MAX: usize = 1 << 20;

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(pub(super) String);

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PolicyError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIn {
    #[serde(default)]
    name: String,
    #[serde(default)]
    plant_prefixes: Vec<String>,
    #[serde(default)]
    zone: Vec<ZoneIn>,
    #[serde(default)]
    conduit: Vec<ConduitIn>,
    #[serde(default)]
    watch: Vec<WatchIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneIn {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    level: Option<Word>,
    security_level: Option<u8>,
    site: Option<String>,
    #[serde(default)]
    subnets: Vec<String>,
    #[serde(default)]
    vlans: Vec<u16>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    assets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConduitIn {
    #[serde(default)]
    name: String,
    from: String,
    to: String,
    direction: Option<String>,
    #[serde(default)]
    protocols: Vec<String>,
    #[serde(default)]
    operations: Vec<String>,
}

/// A level, written as a text or as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Whole(i64),
    Fraction(f64),
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Fraction(number) => write!(f, "{number}"),
        }
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    ///
    /// Fails with the line where the text is no TOML or a key is not known, and with the zone or conduit where a value
    /// cannot be meant: an unknown role, level or zone, a prefix, VLAN or role that two zones claim.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > OCTETS_MAX {
            return Err(PolicyError(format!(
                "the file has {} octets, at most {OCTETS_MAX} are read",
                text.len()
            )));
        }
        let file: FileIn =
            toml::from_str(text).map_err(|error| PolicyError(error.to_string().trim_end().to_owned()))?;
        let plant_prefixes = prefixes(&file.plant_prefixes, "plant_prefixes")?;
        let zones = file.zone.into_iter().map(zone).collect::<Result<Vec<_>, _>>()?;
        let conduits = file.conduit.into_iter().map(conduit).collect::<Result<Vec<_>, _>>()?;
        let watches = file.watch.into_iter().map(watch).collect::<Result<Vec<_>, _>>()?;
        let is_of_zones = !zones.is_empty() || !conduits.is_empty() || watches.is_empty();
        let policy = Self {
            is_given: is_of_zones,
            name: file.name,
            plant_prefixes,
            zones,
            conduits,
            watches,
            overrides: BTreeMap::new(),
        };
        policy.agrees_with_itself()?;
        Ok(policy)
    }

    /// What is allowed but probably not meant, a sentence each.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for zone in &self.zones {
            if zone.subnets.is_empty()
                && zone.vlans.is_empty()
                && zone.roles.is_empty()
                && zone.assets.is_empty()
            {
                remarks.push(format!(
                    "zone {}: nothing can be in it: no subnets, VLANs, roles or assets",
                    zone.id
                ));
            }
            if zone.level.is_none() {
                remarks.push(format!("zone {}: no level", zone.id));
            }
            if !self.conduits.iter().any(|conduit| conduit.from == zone.id || conduit.to == zone.id) {
                remarks.push(format!("zone {}: no conduit leads into or out of it", zone.id));
            }
        }
        for conduit in self.conduits.iter().filter(|conduit| conduit.protocols.is_empty()) {
            remarks.push(format!("conduit \"{}\": carries every protocol", conduit.name));
        }
        remarks
    }

    fn agrees_with_itself(&self) -> Result<(), PolicyError> {
        let mut ids = BTreeSet::new();
        let mut claims: BTreeMap<(Option<&str>, String), &str> = BTreeMap::new();
        for zone in &self.zones {
            if !ids.insert(zone.id.as_str()) {
                return Err(PolicyError(format!("zone {}: there are two of this id", zone.id)));
            }
            let subnets = zone.subnets.iter().map(|prefix| format!("prefix {prefix}"));
            let vlans = zone.vlans.iter().map(|vlan| format!("VLAN {vlan}"));
            let roles = zone.roles.iter().map(|role| format!("role {}", role.as_str()));
            let assets = zone.assets.iter().map(|asset| format!("asset {}", asset.to_lowercase()));
            for claim in subnets.chain(vlans).chain(roles).chain(assets) {
                if let Some(other) = claims.insert((zone.site.as_deref(), claim.clone()), &zone.id) {
                    return Err(PolicyError(format!("zone {}: {claim} is of zone {other} already", zone.id)));
                }
            }
        }
        for conduit in &self.conduits {
            for zone in [&conduit.from, &conduit.to] {
                if zone != OUTSIDE && !ids.contains(zone.as_str()) {
                    return Err(PolicyError(format!(
                        "conduit \"{}\": there is no zone {zone}",
                        conduit.name
                    )));
                }
            }
        }
        Ok(())
    }
}

fn zone(zone: ZoneIn) -> Result<Zone, PolicyError> {
    let id = zone.id.trim().to_owned();
    let wrong = |what: String| PolicyError(format!("zone {id}: {what}"));
    if id.is_empty() || id == OUTSIDE || id == NO_ZONE {
        return Err(wrong(format!("\"{id}\" cannot be the id of a zone")));
    }
    let level = match &zone.level {
        None => None,
        Some(word) => Some(
            Level::read_back(&word.to_string())
                .ok_or_else(|| wrong(format!("no level is called {word}; use 0, 1, 2, 3, 3.5, 4 or 5")))?,
        ),
    };
    if zone.security_level.is_some_and(|level| level > 4) {
        return Err(wrong("security levels are 0 to 4".to_owned()));
    }
    if let Some(vlan) = zone.vlans.iter().find(|vlan| **vlan == 0 || **vlan > 4094) {
        return Err(wrong(format!("there is no VLAN {vlan}")));
    }
    let role = |word: &String| {
        let role = Role::ALL.iter().copied().find(|role| role.as_str() == word);
        role.ok_or_else(|| wrong(format!("no role is called {word}")))
    };
    let roles = zone.roles.iter().map(role).collect::<Result<_, _>>()?;
    Ok(Zone {
        level,
        security_level: zone.security_level,
        site: zone.site,
        subnets: prefixes(&zone.subnets, &format!("zone {id}"))?,
        vlans: zone.vlans,
        roles,
        assets: zone.assets,
        name: if zone.name.is_empty() { id.clone() } else { zone.name },
        description: zone.description,
        id,
    })
}

fn conduit(conduit: ConduitIn) -> Result<Conduit, PolicyError> {
    let name =
        if conduit.name.is_empty() { format!("{} > {}", conduit.from, conduit.to) } else { conduit.name };
    let wrong = |what: String| PolicyError(format!("conduit \"{name}\": {what}"));
    let direction = match conduit.direction.as_deref() {
        None | Some("one-way") => Direction::OneWay,
        Some("both") => Direction::Both,
        Some(other) => return Err(wrong(format!("no direction is called {other}; use one-way or both"))),
    };
    let every = conduit.protocols.iter().any(|protocol| protocol == "*");
    let operation = |word: &String| {
        let kind = OperationKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        kind.ok_or_else(|| wrong(format!("no kind of operation is called {word}")))
    };
    let operations = conduit.operations.iter().map(operation).collect::<Result<_, _>>()?;
    Ok(Conduit {
        from: conduit.from,
        to: conduit.to,
        direction,
        protocols: if every { Vec::new() } else { conduit.protocols },
        operations,
        name,
    })
}

fn prefixes(texts: &[String], of: &str) -> Result<Vec<Prefix>, PolicyError> {
    texts
        .iter()
        .map(|text| text.parse().map_err(|error| PolicyError(format!("{of}: \"{text}\": {error}"))))
        .collect()
}
