//! Frozen registers: a canonical text of what the register says, and what differs between two of them.
//!
//! The text holds no time of sighting and no counter: what only went on is no difference. The same register gives the
//! same octets, so their hash names it.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{AssetEnd, Snapshot};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

/// Name and version of the text.
pub const SCHEMA: &str = "tapledger.baseline/1";

/// A register at a moment, without what changes while nothing happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Name and version of this text.
    pub schema: String,
    /// The moment it speaks of.
    pub as_of: Option<String>,
    /// Zones and conduits that were in force, in words.
    pub policy: String,
    /// The assets, by id.
    pub assets: Vec<FrozenAsset>,
    /// Who talked to whom.
    pub conversations: Vec<FrozenTalk>,
}

/// An asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenAsset {
    /// Its id.
    pub id: String,
    /// Ids that resolve to it.
    pub aliases: Vec<String>,
    /// Its site.
    pub site: String,
    /// Its name.
    pub name: String,
    /// Whether it was heard.
    pub state: String,
    /// Its roles, primary first.
    pub roles: Vec<String>,
    /// Id of what it sits in or behind.
    pub parent: Option<String>,
    /// Its MACs and IP addresses.
    pub addresses: Vec<String>,
    /// Values by attribute, winner first.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// What it offers: `modbus tcp/502`.
    pub services: Vec<String>,
    /// People's fields.
    pub people: BTreeMap<String, String>,
    /// Zones, the main one first.
    pub zones: Vec<String>,
    /// Level.
    pub level: Option<String>,
}

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenTalk {
    /// Id of the client, or its address where it is no asset.
    pub client: String,
    /// Id of the server, or its address where it is no asset.
    pub server: String,
    /// `modbus tcp/502`.
    pub service: String,
    /// Kinds of operations.
    pub operations: Vec<String>,
}

/// What became of an asset or conversation between two frozen registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// It is in the later one only.
    New,
    /// It is in the earlier one only.
    Missing,
    /// It is in both and differs.
    Changed,
}

impl Became {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Missing => "missing",
            Self::Changed => "changed",
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What became of it.
    pub became: Became,
    /// Id of the asset; of a conversation its client, if that is one.
    pub asset: String,
    /// Its name.
    pub name: String,
    /// What differs: `asset`, `name`, `addresses`, `services`, `attribute firmware_version`, `people owner`,
    /// `conversation` …
    pub what: String,
    /// Before.
    pub before: Option<String>,
    /// Since.
    pub after: Option<String>,
}

/// The five items of a baseline configuration (NERC CIP-010-4 R1.1).
pub const CIP_010: [&str; 5] = [
    "1.1.1 operating system or firmware",
    "1.1.2 commercial software",
    "1.1.3 custom software",
    "1.1.4 logical ports",
    "1.1.5 security patches",
];

/// What listening cannot know of them.
pub const CIP_010_LIMITS: &str = "what listening cannot see: software that says nothing on the wire, scripts and programs \
whose loading was not heard, ports that are open and were not used, and every security patch that does not show in a \
version; these stay to be filled in from the device itself";

/// Attributes of the first three items.
const CIP_ATTRIBUTES: [&[&str]; 3] = [
    &["firmware_version", "os", "os_version"],
    &["software_version", "http.server", "bacnet.application_software_version", "opcua.product_uri"],
    &["project", "s7comm.copyright"],
];

impl Frozen {
    /// What a snapshot says.
    ///
    /// # Errors
    ///
    /// Fails if the snapshot refers to assets that it does not hold.
    pub fn of(snapshot: &Snapshot) -> Result<Self> {
        let sorted = Sorted::new(snapshot)?;
        let assets = sorted.assets.iter().map(|(asset, identified)| {
            let place = sorted.place(&identified.id);
            let addresses: BTreeSet<String> = asset
                .stations
                .iter()
                .flat_map(|station| {
                    let mac = station.mac.iter().map(ToString::to_string);
                    mac.chain(station.ips.iter().map(ToString::to_string)).collect::<Vec<_>>()
                })
                .collect();
            let services: BTreeSet<String> = asset
                .services
                .iter()
                .map(|service| {
                    format!("{} {}/{}", service.protocol, service.transport.as_str(), service.port)
                })
                .collect();
            FrozenAsset {
                id: identified.id.clone(),
                aliases: identified.aliases.clone(),
                site: asset.site.clone(),
                name: safe_text(&asset.name).into_owned(),
                state: asset.state.as_str().to_owned(),
                roles: asset.roles.iter().map(|claim| claim.role.as_str().to_owned()).collect(),
                parent: asset.parent.map(|index| sorted.id(index).to_owned()),
                addresses: addresses.into_iter().collect(),
                attributes: asset
                    .attributes
                    .iter()
                    .map(|(name, values)| {
                        (name.clone(), values.iter().map(|one| safe_text(&one.value).into_owned()).collect())
                    })
                    .collect(),
                services: services.into_iter().collect(),
                people: identified.people.clone(),
                zones: place.map(|place| place.zones.clone()).unwrap_or_default(),
                level: place.and_then(|place| place.level).map(|level| level.as_str().to_owned()),
            }
        });
        let mut talks: BTreeMap<(String, String, String), BTreeSet<&str>> = BTreeMap::new();
        for conversation in &sorted.conversations {
            let end = |end: &AssetEnd| match end {
                AssetEnd::Asset(index) => sorted.id(*index).to_owned(),
                AssetEnd::External(ip) => format!("external {ip}"),
                AssetEnd::Group(address) => format!("group {address}"),
                AssetEnd::Silent(ip) => format!("silent {ip}"),
            };
            let service = format!(
                "{} {}/{}",
                conversation.protocol,
                conversation.transport.as_str(),
                conversation.port
            );
            let key = (end(&conversation.client), end(&conversation.server), service);
            let done = conversation.operations.iter().filter(|(_, count)| **count > 0).map(|(kind, _)| *kind);
            talks.entry(key).or_default().extend(done);
        }
        Ok(Self {
            schema: SCHEMA.to_owned(),
            as_of: snapshot.as_of.map(rfc3339),
            policy: snapshot.policy.text(),
            assets: assets.collect(),
            conversations: talks
                .into_iter()
                .map(|((client, server, service), operations)| FrozenTalk {
                    client,
                    server,
                    service,
                    operations: operations.into_iter().map(str::to_owned).collect(),
                })
                .collect(),
        })
    }

    /// The canonical text.
    ///
    /// # Errors
    ///
    /// Never, as far as is known: the text is of plain words only.
    pub fn text(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Reads a text back.
    ///
    /// # Errors
    ///
    /// Fails if it is none of this version.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let frozen: Self = serde_json::from_slice(text)?;
        if frozen.schema != SCHEMA {
            return Err(Error::Baseline(frozen.schema));
        }
        Ok(frozen)
    }

    /// The five items of NERC CIP-010-4 of an asset, in their order; an item is empty where nothing was seen.
    #[must_use]
    pub fn cip_010(asset: &FrozenAsset) -> [Vec<String>; 5] {
        let values = |names: &[&str]| -> Vec<String> {
            let known = names.iter().filter_map(|name| Some((name, asset.attributes.get(*name)?.first()?)));
            known.map(|(name, value)| format!("{name} {value}")).collect()
        };
        let [system, commercial, custom] = CIP_ATTRIBUTES.map(values);
        [system, commercial, custom, asset.services.clone(), Vec::new()]
    }
}

/// The item of NERC CIP-010-4 that a difference is about.
#[must_use]
pub fn cip_item(difference: &Difference) -> Option<&'static str> {
    if difference.what == "services" {
        return CIP_010.get(3).copied();
    }
    let attribute = difference.what.strip_prefix("attribute ")?;
    let item = CIP_ATTRIBUTES.iter().position(|names| names.contains(&attribute))?;
    CIP_010.get(item).copied()
}

/// What differs from `before` to `after`, assets first, by id.
#[must_use]
pub fn differences(before: &Frozen, after: &Frozen) -> Vec<Difference> {
    let mut now: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, asset) in after.assets.iter().enumerate() {
        now.insert(&asset.id, index);
        // An id that stands for itself again goes before one that only resolves there.
        for alias in &asset.aliases {
            now.entry(alias).or_insert(index);
        }
    }
    let mut found = Vec::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut renamed: BTreeMap<&str, &str> = BTreeMap::new();
    for old in &before.assets {
        let ids = std::iter::once(&old.id).chain(&old.aliases);
        let new = ids.filter_map(|id| now.get(id.as_str())).next();
        let whole = |after: Option<String>| Difference {
            became: Became::Missing,
            asset: old.id.clone(),
            name: old.name.clone(),
            what: "asset".to_owned(),
            before: Some(in_words(old)),
            after,
        };
        match new.and_then(|index| Some((*index, after.assets.get(*index)?))) {
            None => found.push(whole(None)),
            Some((index, new)) => {
                renamed.insert(&old.id, &new.id);
                if taken.insert(index) {
                    compare(old, new, &mut found);
                } else {
                    found.push(whole(Some(format!("is now part of {} ({})", new.name, new.id))));
                }
            }
        }
    }
    for (index, new) in after.assets.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
        let _ = index;
        found.push(Difference {
            became: Became::New,
            asset: new.id.clone(),
            name: new.name.clone(),
            what: "asset".to_owned(),
            before: None,
            after: Some(in_words(new)),
        });
    }
    found.extend(talks(before, after, &renamed));
    found
}

/// Roles and addresses of an asset.
fn in_words(asset: &FrozenAsset) -> String {
    let role = asset.roles.first().map_or("unknown", String::as_str);
    format!("{role} {} {}", asset.state, asset.addresses.join(" ")).trim_end().to_owned()
}

fn compare(old: &FrozenAsset, new: &FrozenAsset, found: &mut Vec<Difference>) {
    let mut differ = |what: String, before: Option<String>, after: Option<String>| {
        let [before, after] = [before, after].map(|value| value.filter(|value| !value.is_empty()));
        if before != after {
            found.push(Difference {
                became: Became::Changed,
                asset: new.id.clone(),
                name: new.name.clone(),
                what,
                before,
                after,
            });
        }
    };
    let list = |values: &[String]| Some(values.join(", "));
    differ("name".into(), Some(old.name.clone()), Some(new.name.clone()));
    differ("state".into(), Some(old.state.clone()), Some(new.state.clone()));
    differ("roles".into(), list(&old.roles), list(&new.roles));
    differ("zones".into(), list(&old.zones), list(&new.zones));
    differ("level".into(), old.level.clone(), new.level.clone());
    differ("addresses".into(), list(&old.addresses), list(&new.addresses));
    differ("services".into(), list(&old.services), list(&new.services));
    let names: BTreeSet<&String> = old.attributes.keys().chain(new.attributes.keys()).collect();
    for name in names {
        let winner = |asset: &FrozenAsset| asset.attributes.get(name)?.first().cloned();
        differ(format!("attribute {name}"), winner(old), winner(new));
    }
    let fields: BTreeSet<&String> = old.people.keys().chain(new.people.keys()).collect();
    for field in fields {
        differ(format!("people {field}"), old.people.get(field).cloned(), new.people.get(field).cloned());
    }
}

fn talks(before: &Frozen, after: &Frozen, renamed: &BTreeMap<&str, &str>) -> Vec<Difference> {
    type Talks<'f> = BTreeMap<(&'f str, &'f str, &'f str), BTreeSet<&'f str>>;
    let current =
        |end: &'_ str| renamed.get(end).copied().map(str::to_owned).unwrap_or_else(|| end.to_owned());
    // The earlier ones under the ids of now.
    let mended: Vec<(String, String)> =
        before.conversations.iter().map(|talk| (current(&talk.client), current(&talk.server))).collect();
    let mut old: Talks<'_> = BTreeMap::new();
    for (talk, (client, server)) in before.conversations.iter().zip(&mended) {
        let operations = old.entry((client, server, &talk.service)).or_default();
        operations.extend(talk.operations.iter().map(String::as_str));
    }
    let mut new: Talks<'_> = BTreeMap::new();
    for talk in &after.conversations {
        let operations = new.entry((&talk.client, &talk.server, &talk.service)).or_default();
        operations.extend(talk.operations.iter().map(String::as_str));
    }
    let names: BTreeMap<&str, &str> = before
        .assets
        .iter()
        .chain(&after.assets)
        .map(|asset| (asset.id.as_str(), asset.name.as_str()))
        .collect();
    let name = |end: &str| names.get(end).copied().unwrap_or(end).to_owned();
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    let mut found = Vec::new();
    for key in keys {
        let (client, server, service) = key;
        let became = match (old.get(&key), new.get(&key)) {
            (Some(before), Some(after)) if before == after => continue,
            (Some(_), Some(_)) => Became::Changed,
            (None, _) => Became::New,
            (_, None) => Became::Missing,
        };
        let said = |operations: Option<&BTreeSet<&str>>| {
            let operations: Vec<&str> = operations?.iter().copied().collect();
            let done =
                if operations.is_empty() { String::new() } else { format!(": {}", operations.join(", ")) };
            Some(format!("with {} by {service}{done}", name(server)))
        };
        found.push(Difference {
            became,
            asset: client.to_owned(),
            name: name(client),
            what: "conversation".to_owned(),
            before: said(old.get(&key)),
            after: said(new.get(&key)),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(id: &str, firmware: &str) -> FrozenAsset {
        FrozenAsset {
            id: id.into(),
            name: format!("name of {id}"),
            state: "observed".into(),
            roles: vec!["plc".into()],
            addresses: vec!["10.0.0.1".into()],
            attributes: BTreeMap::from([("firmware_version".into(), vec![firmware.into(), "old".into()])]),
            services: vec!["modbus tcp/502".into()],
            ..FrozenAsset::default()
        }
    }

    fn frozen(assets: Vec<FrozenAsset>, talks: &[(&str, &str, &[&str])]) -> Frozen {
        let conversations = talks.iter().map(|(client, server, operations)| FrozenTalk {
            client: (*client).into(),
            server: (*server).into(),
            service: "modbus tcp/502".into(),
            operations: operations.iter().map(|one| (*one).to_owned()).collect(),
        });
        Frozen { schema: SCHEMA.into(), assets, conversations: conversations.collect(), ..Frozen::default() }
    }

    fn told(before: &Frozen, after: &Frozen) -> Vec<String> {
        let shown = |value: &Option<String>| value.clone().unwrap_or_default();
        differences(before, after)
            .iter()
            .map(|one| {
                format!(
                    "{} {} {}: {} > {}",
                    one.became.as_str(),
                    one.asset,
                    one.what,
                    shown(&one.before),
                    shown(&one.after)
                )
            })
            .collect()
    }

    #[test]
    fn what_is_new_missing_and_changed_is_told_attribute_by_attribute() {
        let before = frozen(vec![asset("a", "V1"), asset("b", "V1")], &[("a", "b", &["read"])]);
        let mut changed = asset("a", "V2");
        changed.services.push("http tcp/80".into());
        changed.people.insert("owner".into(), "Ada".into());
        let after = frozen(vec![changed, asset("c", "V1")], &[("a", "c", &["read"])]);
        assert_eq!(
            told(&before, &after),
            [
                "changed a services: modbus tcp/502 > modbus tcp/502, http tcp/80",
                "changed a attribute firmware_version: V1 > V2",
                "changed a people owner:  > Ada",
                "missing b asset: plc observed 10.0.0.1 > ",
                "new c asset:  > plc observed 10.0.0.1",
                "missing a conversation: with name of b by modbus tcp/502: read > ",
                "new a conversation:  > with name of c by modbus tcp/502: read",
            ]
        );
        assert!(told(&before, &before).is_empty());
        let items: Vec<_> = differences(&before, &after).iter().filter_map(cip_item).collect();
        assert_eq!(items, [CIP_010[3], CIP_010[0]]);
    }

    #[test]
    fn an_asset_that_became_part_of_another_is_found_by_its_alias() {
        let before = frozen(vec![asset("a", "V1"), asset("b", "V1")], &[("b", "x", &["read"])]);
        let mut one = asset("a", "V1");
        one.aliases.push("b".into());
        let after = frozen(vec![one], &[("a", "x", &["read", "write"])]);
        assert_eq!(
            told(&before, &after),
            [
                "missing b asset: plc observed 10.0.0.1 > is now part of name of a (a)",
                "changed a conversation: with x by modbus tcp/502: read > with x by modbus tcp/502: read, write",
            ]
        );
    }

    #[test]
    fn a_text_reads_back_and_another_version_is_refused() {
        let frozen = frozen(vec![asset("a", "V1")], &[]);
        assert_eq!(Frozen::parse(&frozen.text().unwrap()).unwrap(), frozen);
        let other = Frozen { schema: "tapledger.baseline/9".into(), ..frozen };
        assert!(matches!(Frozen::parse(&other.text().unwrap()), Err(Error::Baseline(_))));
    }
}
