//! The register as a report looks at it: who is who, at which level, across which boundary.

use std::collections::{BTreeMap, BTreeSet};

use inventory::fields::is_retired;
use inventory::policy::{Level, NO_ZONE, OUTSIDE};
use inventory::{Asset, AssetEnd, Conversation, Finding, Identified, Role, Snapshot};
use observation::{Address, OperationKind, Time, Transport};

use super::page::Cell;
use crate::order::Sorted;
use crate::reading;

/// Attribute with the level that the inventory proposes where no policy places the asset.
const PROPOSED_LEVEL: &str = "purdue_level";

/// Words that, at the end of an attribute's name, say that its value is the name of a person.
const PERSONAL: [&str; 6] = ["user", "user_name", "account", "owner", "contact", "login"];

/// True if values of an attribute may be names of persons.
pub(crate) fn is_personal(attribute: &str) -> bool {
    let own = attribute.rsplit('.').next().unwrap_or(attribute);
    PERSONAL.contains(&own)
}

/// A snapshot, sorted, with what several pages ask of it.
pub(crate) struct View<'s> {
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) sorted: &'s Sorted<'s>,
    /// Findings of each asset of the snapshot, by index.
    findings: BTreeMap<usize, Vec<&'s Finding>>,
    /// Conversations of each asset of the snapshot, by index.
    talks: BTreeMap<usize, Vec<&'s Conversation>>,
    /// What sits in or behind each asset, by index.
    children: BTreeMap<usize, Vec<usize>>,
    /// Index in the snapshot by id.
    indices: BTreeMap<&'s str, usize>,
    /// Those of the report, in the order of people.
    ordered: Vec<(usize, &'s Asset, &'s Identified)>,
    /// Assets that have a page of their own.
    pub(crate) paged: BTreeSet<usize>,
}

impl<'s> View<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot, sorted: &'s Sorted<'s>) -> Self {
        let mut findings: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
        for finding in &sorted.findings {
            for index in &finding.assets {
                findings.entry(*index).or_default().push(finding);
            }
        }
        let mut talks: BTreeMap<usize, Vec<&Conversation>> = BTreeMap::new();
        for conversation in &sorted.conversations {
            let ends = [&conversation.client, &conversation.server];
            let indices: BTreeSet<usize> = ends.into_iter().filter_map(index_of).collect();
            for index in indices {
                talks.entry(index).or_default().push(conversation);
            }
        }
        let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, asset) in snapshot.inventory.assets.iter().enumerate() {
            if let Some(parent) = asset.parent {
                children.entry(parent).or_default().push(index);
            }
        }
        for children in children.values_mut() {
            children.sort_by_key(|child| {
                (snapshot.inventory.assets.get(*child).map(|asset| &asset.position), sorted.id(*child))
            });
        }
        let ids = snapshot.identified.iter().enumerate();
        let indices = ids.map(|(index, identified)| (identified.id.as_str(), index)).collect();
        let (ordered, paged) = (Vec::new(), BTreeSet::new());
        let mut view = Self { snapshot, sorted, findings, talks, children, indices, ordered, paged };
        view.ordered = view.ordered();
        view
    }

    /// The assets of the report with their indices, in the order of people: by site, zone, first address, name; what sits
    /// in or behind another comes after it.
    pub(crate) fn assets(&self) -> &[(usize, &'s Asset, &'s Identified)] {
        &self.ordered
    }

    /// Those of them that count: what people say is retired is listed, and in no count of assets.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (usize, &'s Asset, &'s Identified)> {
        self.ordered.iter().copied().filter(|(.., identified)| !is_retired(&identified.people))
    }

    /// How many are retired, in words; nothing if none is.
    pub(crate) fn retired_words(&self) -> String {
        match self.ordered.len().saturating_sub(self.counted().count()) {
            0 => String::new(),
            1 => "1 more is retired, and in no count of assets here".to_owned(),
            more => format!("{more} more are retired, and in no count of assets here"),
        }
    }

    fn ordered(&self) -> Vec<(usize, &'s Asset, &'s Identified)> {
        let of = |(asset, identified): &(&'s Asset, &'s Identified)| {
            self.indices.get(identified.id.as_str()).map(|index| (*index, *asset, *identified))
        };
        let mut assets: Vec<_> = self.sorted.assets.iter().filter_map(of).collect();
        assets.sort_by_cached_key(|(index, asset, identified)| {
            let top = self.outermost(*index);
            let first =
                self.snapshot.inventory.assets.get(top).and_then(|top| reading::ips(top).into_iter().next());
            let place = (&asset.site, self.zone(*index), first.is_none(), first);
            (place, self.id(top), *index != top, &asset.position, &asset.name, &identified.id)
        });
        assets
    }

    /// What the asset sits in or behind, at the outermost.
    pub(crate) fn outermost(&self, index: usize) -> usize {
        let mut at = index;
        for _ in 0..16 {
            match self.asset(at).and_then(|asset| asset.parent) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    pub(crate) fn asset(&self, index: usize) -> Option<&'s Asset> {
        self.snapshot.inventory.assets.get(index)
    }

    pub(crate) fn id(&self, index: usize) -> &'s str {
        self.sorted.id(index)
    }

    pub(crate) fn identified(&self, index: usize) -> Option<&'s Identified> {
        self.snapshot.identified.get(index)
    }

    /// True if the report is about the asset, and does not only name it as the other end.
    pub(crate) fn holds(&self, index: usize) -> bool {
        self.sorted.holds(self.id(index))
    }

    pub(crate) fn findings_of(&self, index: usize) -> &[&'s Finding] {
        self.findings.get(&index).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn talks_of(&self, index: usize) -> &[&'s Conversation] {
        self.talks.get(&index).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn children_of(&self, index: usize) -> &[usize] {
        self.children.get(&index).map_or(&[], Vec::as_slice)
    }

    /// What people wrote in a field of an asset, or nothing.
    pub(crate) fn people(&self, index: usize, field: &str) -> &'s str {
        let fields = self.identified(index).map(|identified| &identified.people);
        fields.and_then(|fields| fields.get(field)).map_or("", String::as_str)
    }

    /// Main zone of an asset.
    pub(crate) fn zone(&self, index: usize) -> &'s str {
        self.snapshot.places.get(index).and_then(|place| place.zone()).unwrap_or(NO_ZONE)
    }

    /// Main zone of an end; `None` for groups, which are in none.
    pub(crate) fn zone_of_end(&self, conversation: &Conversation, end: &AssetEnd) -> Option<String> {
        let zones = self.snapshot.policy.zones_of_end(&conversation.site, end, &self.snapshot.places);
        zones.into_iter().next()
    }

    /// Level of an asset: what people or the policy decided, else what its role proposes.
    pub(crate) fn level(&self, index: usize) -> Option<Level> {
        let decided = self.snapshot.places.get(index).and_then(|place| place.level);
        decided.or_else(|| proposed_level(self.asset(index)?))
    }

    /// Names of an end as sentences use them.
    pub(crate) fn end_name(&self, end: &AssetEnd) -> String {
        match end {
            AssetEnd::Asset(index) => self.name(*index).to_owned(),
            AssetEnd::External(ip) => format!("{ip} ({OUTSIDE})"),
            AssetEnd::Silent(ip) => format!("{} (silent)", Address::Ip(*ip)),
            AssetEnd::Group(address) => group_words(address),
        }
    }

    pub(crate) fn name(&self, index: usize) -> &'s str {
        self.asset(index).map_or("", |asset| asset.name.as_str())
    }

    /// What orders ends: their names, then what no two share.
    pub(crate) fn end_order(&self, end: &AssetEnd) -> (String, &'s str) {
        (self.end_name(end), index_of(end).map_or("", |index| self.id(index)))
    }

    /// The name of an end, linked to its page if it has one.
    pub(crate) fn end_cell(&self, end: &AssetEnd) -> Cell {
        match end {
            AssetEnd::Asset(index) => self.cell(*index),
            _ => Cell::new(self.end_name(end)),
        }
    }

    /// The name of an asset, linked to its page if it has one.
    pub(crate) fn cell(&self, index: usize) -> Cell {
        let link = self.paged.contains(&index).then(|| anchor(self.id(index)));
        Cell::new(self.name(index)).linked(link)
    }

    pub(crate) fn role(&self, index: usize) -> Role {
        self.asset(index).map_or(Role::Unknown, reading::role)
    }

    /// What proves something, as `evidence show` finds it: name of the capture and first frame.
    pub(crate) fn place_words(&self, capture: &str, evidence: &observation::Evidence) -> String {
        let name = self.sorted.capture_name(capture).unwrap_or(capture);
        match evidence.ranges.as_slice() {
            [] => name.to_owned(),
            [range] => {
                format!("{name} frame {} octets {}+{}", range.frame, range.offset, range.length)
            }
            [range, rest @ ..] => format!(
                "{name} frame {} octets {}+{} and {} more",
                range.frame,
                range.offset,
                range.length,
                rest.len()
            ),
        }
    }

    /// The moment that the report speaks of.
    pub(crate) fn as_of(&self) -> Option<Time> {
        self.snapshot.as_of
    }
}

/// An address that is of no single station: of a group, or what one sends from that has no address yet.
fn group_words(address: &Address) -> String {
    match address {
        Address::Ip(ip) if ip.is_unspecified() => format!("no address yet ({ip})"),
        address => format!("group {address}"),
    }
}

/// The id of an asset's section.
pub(crate) fn anchor(id: &str) -> String {
    let clean: String = id.chars().filter(|one| one.is_ascii_alphanumeric() || *one == '-').collect();
    format!("asset-{clean}")
}

/// The asset that an end is.
pub(crate) fn index_of(end: &AssetEnd) -> Option<usize> {
    match end {
        AssetEnd::Asset(index) => Some(*index),
        AssetEnd::External(_) | AssetEnd::Group(_) | AssetEnd::Silent(_) => None,
    }
}

/// The level that the role of an asset proposes.
fn proposed_level(asset: &Asset) -> Option<Level> {
    reading::winner(asset, PROPOSED_LEVEL).and_then(|candidate| Level::read_back(&candidate.value))
}

/// Operations of a kind.
pub(crate) fn operations(conversation: &Conversation, kind: OperationKind) -> u64 {
    conversation.operations.get(kind.as_str()).copied().unwrap_or(0)
}

/// True if both ends were heard.
pub(crate) fn is_answered(conversation: &Conversation) -> bool {
    conversation.frames.iter().all(|frames| *frames > 0)
}

/// A word of the contract for people: `engineering_workstation` is `engineering workstation`.
pub(crate) fn words(word: &str) -> String {
    word.replace('_', " ")
}

/// Joins with commas; of many the first, and how many more.
pub(crate) fn some<T: AsRef<str>>(texts: impl IntoIterator<Item = T>, most: usize) -> String {
    let texts: Vec<T> = texts.into_iter().collect();
    let shown: Vec<&str> = texts.iter().take(most).map(AsRef::as_ref).collect();
    match texts.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `3 of 10 (30 %)`, rounded down.
pub(crate) fn share(part: usize, whole: usize) -> String {
    match part.saturating_mul(100).checked_div(whole) {
        Some(percent) => format!("{part} of {whole} ({percent} %)"),
        None => format!("{part} of {whole}"),
    }
}

/// A time to the minute: `2026-01-02 03:04`.
pub(crate) fn minute(time: Time) -> String {
    crate::time::printed(time, "%Y-%m-%d %H:%M")
}

/// A time to the second: `2026-01-02 03:04:05 UTC`.
pub(crate) fn second(time: Time) -> String {
    crate::time::printed(time, "%Y-%m-%d %H:%M:%S UTC")
}

/// Where a conversation went to: `tcp 102`, `EtherType 0x0806, VLAN 20`.
pub(crate) fn port_words(conversation: &Conversation) -> String {
    let port = conversation.port;
    let port = match conversation.transport {
        Transport::Tcp | Transport::Udp => format!("{} {port}", conversation.transport.as_str()),
        Transport::Ethernet if port < 0x0600 => format!("LLC 0x{port:02x}"),
        Transport::Ethernet => format!("EtherType 0x{port:04x}"),
        Transport::Ip => format!("IP protocol {port}"),
    };
    match conversation.vlan {
        Some(vlan) => format!("{port}, VLAN {vlan}"),
        None => port,
    }
}

/// A day: `2026-01-02`.
pub(crate) fn day(time: Time) -> String {
    crate::time::printed(time, "%Y-%m-%d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_persons_are_told_from_other_values() {
        for personal in ["dnp3.owner", "smb.user_name", "snmp.contact", "user"] {
            assert!(is_personal(personal), "{personal}");
        }
        for other in ["http.user_agent", "opcua.user_token", "dhcp.user_class", "vendor"] {
            assert!(!is_personal(other), "{other}");
        }
    }

    #[test]
    fn shares_are_rounded_down_and_have_no_percentage_of_nothing() {
        assert_eq!(share(2, 3), "2 of 3 (66 %)");
        assert_eq!(share(0, 0), "0 of 0");
        assert_eq!(some(["a", "b", "c"], 2), "a, b and 1 more");
    }
}
