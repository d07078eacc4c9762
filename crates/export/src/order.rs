//! The order of an export: the same whatever order the snapshot's parts came in.

use std::collections::BTreeMap;

use inventory::policy::{Crossing, Place};
use inventory::{Asset, AssetEnd, Change, Conversation, Coverage, Finding, Identified, Snapshot};
use observation::CaptureSummary;

use crate::error::{Error, Result};
use crate::filter::Filter;

/// A snapshot whose every index is good, with its parts in the order of the export.
pub(crate) struct Sorted<'s> {
    /// By id.
    pub(crate) captures: Vec<&'s CaptureSummary>,
    /// Those of the export, by id.
    pub(crate) assets: Vec<(&'s Asset, &'s Identified)>,
    /// By site, ends, protocol, transport, port, VLAN.
    pub(crate) conversations: Vec<&'s Conversation>,
    /// By site, kind, text.
    pub(crate) findings: Vec<&'s Finding>,
    /// By time, kind, site, asset, what they say.
    pub(crate) changes: Vec<&'s Change>,
    /// By site and sensor.
    pub(crate) coverage: Vec<&'s Coverage>,
    /// The ids, by index of the snapshot.
    ids: Vec<&'s str>,
    /// All assets of the register, by id: ends and parents may be outside of the export.
    all: Vec<(&'s str, &'s Asset)>,
    /// Where the assets belong, by id.
    places: BTreeMap<&'s str, &'s Place>,
    snapshot: &'s Snapshot,
}

impl<'s> Sorted<'s> {
    /// Sorts a snapshot.
    ///
    /// # Errors
    ///
    /// Fails if an index leads nowhere, or assets and ids do not run parallel.
    pub(crate) fn new(snapshot: &'s Snapshot) -> Result<Self> {
        Self::filtered(snapshot, &Filter::default())
    }

    /// Sorts what a filter holds of a snapshot.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn filtered(snapshot: &'s Snapshot, filter: &Filter) -> Result<Self> {
        let (inventory, identified) = (&snapshot.inventory, &snapshot.identified);
        let inconsistent = |index| Error::Inconsistent {
            index,
            assets: inventory.assets.len(),
            identified: identified.len(),
        };
        if inventory.assets.len() != identified.len() {
            return Err(inconsistent(inventory.assets.len().min(identified.len())));
        }
        let parents = inventory.assets.iter().filter_map(|asset| asset.parent);
        let ends = inventory
            .conversations
            .iter()
            .flat_map(|conversation| [&conversation.client, &conversation.server]);
        let peers = inventory.changes.iter().filter_map(|change| change.peer.as_ref());
        let ends = ends.chain(peers).filter_map(index_of);
        let changed = inventory.changes.iter().filter_map(|change| change.asset);
        let found = inventory.findings.iter().flat_map(|finding| finding.assets.iter().copied());
        if let Some(wrong) =
            parents.chain(ends).chain(changed).chain(found).find(|index| *index >= identified.len())
        {
            return Err(inconsistent(wrong));
        }

        let ids: Vec<&str> = identified.iter().map(|identified| identified.id.as_str()).collect();
        let held: Vec<bool> = inventory.assets.iter().map(|asset| filter.holds(asset)).collect();
        let is_held = |index: usize| held.get(index).copied().unwrap_or(false);
        let holds_conversation = |conversation: &&Conversation| {
            let mut ends = [&conversation.client, &conversation.server].into_iter().filter_map(index_of);
            match ends.next() {
                Some(first) => is_held(first) || ends.any(is_held),
                None => filter.holds_without_asset(&conversation.site),
            }
        };
        let holds_finding = |finding: &&Finding| match finding.assets.as_slice() {
            [] => filter.holds_without_asset(&finding.site),
            assets => assets.iter().any(|index| is_held(*index)),
        };
        let holds_change = |change: &&Change| {
            let mut ends = change.asset.into_iter().chain(change.peer.as_ref().and_then(index_of));
            match ends.next() {
                Some(first) => is_held(first) || ends.any(is_held),
                None => filter.holds_without_asset(&change.site),
            }
        };
        let captures = snapshot.captures.iter().filter(|summary| filter.holds_site(&summary.site));
        let assets = inventory.assets.iter().zip(identified).zip(&held);
        let mut all: Vec<_> = ids.iter().copied().zip(&inventory.assets).collect();
        all.sort_by_key(|(id, _)| *id);
        let mut sorted = Self {
            captures: captures.collect(),
            assets: assets.filter(|(_, held)| **held).map(|(both, _)| both).collect(),
            conversations: inventory.conversations.iter().filter(holds_conversation).collect(),
            findings: inventory.findings.iter().filter(holds_finding).collect(),
            changes: inventory.changes.iter().filter(holds_change).collect(),
            coverage: inventory.coverage.iter().filter(|one| filter.holds_site(&one.site)).collect(),
            ids,
            all,
            places: identified.iter().map(|one| one.id.as_str()).zip(&snapshot.places).collect(),
            snapshot,
        };
        sorted.captures.sort_by(|a, b| a.uid.cmp(&b.uid));
        sorted.assets.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        let ids = &sorted.ids;
        sorted.conversations.sort_by_cached_key(|conversation| {
            let Conversation { site, client, server, protocol, transport, port, vlan, .. } = *conversation;
            let numbers = (conversation.first, conversation.last, conversation.frames, conversation.octets);
            (
                (site, end_key(ids, client), end_key(ids, server)),
                (protocol, *transport, *port, *vlan),
                numbers,
            )
        });
        sorted.findings.sort_by_cached_key(|finding| {
            let assets: Vec<&str> =
                finding.assets.iter().filter_map(|index| ids.get(*index).copied()).collect();
            let numbers = (finding.first, finding.last, finding.count);
            (
                (&finding.site, finding.kind, &finding.text),
                (assets, finding.severity),
                numbers,
                &finding.evidence,
            )
        });
        sorted.changes.sort_by_cached_key(|change| {
            let asset = change.asset.map(|index| ids.get(index).copied().unwrap_or_default());
            let peer = change.peer.as_ref().map(|end| end_key(ids, end));
            let said = (&change.subject, &change.before, &change.after);
            ((change.time, change.kind.as_str(), &change.site), (asset, peer), said, &change.evidence)
        });
        sorted.coverage.sort_by(|a, b| (&a.site, &a.sensor).cmp(&(&b.site, &b.sensor)));
        Ok(sorted)
    }

    /// The id of the asset at an index of the snapshot.
    pub(crate) fn id(&self, index: usize) -> &'s str {
        self.ids.get(index).copied().unwrap_or_default()
    }

    /// Where the asset with an id belongs; `None` in a snapshot without places.
    pub(crate) fn place(&self, id: &str) -> Option<&'s Place> {
        self.places.get(id).copied()
    }

    /// What the policy says of a conversation.
    pub(crate) fn crossing(&self, conversation: &Conversation) -> Crossing {
        self.snapshot.policy.crossing(conversation, &self.snapshot.places)
    }

    /// The asset with an id, whether the export holds it or not.
    pub(crate) fn asset(&self, id: &str) -> Option<&'s Asset> {
        let at = self.all.binary_search_by(|(known, _)| (*known).cmp(id)).ok()?;
        self.all.get(at).map(|(_, asset)| *asset)
    }

    /// What the register adds to the asset with an id, if the export holds it.
    pub(crate) fn identified(&self, id: &str) -> Option<&'s Identified> {
        let at = self.assets.binary_search_by(|(_, identified)| identified.id.as_str().cmp(id)).ok()?;
        self.assets.get(at).map(|(_, identified)| *identified)
    }

    /// True if the export holds the asset with this id.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.assets.binary_search_by(|(_, identified)| identified.id.as_str().cmp(id)).is_ok()
    }

    /// The name of a capture.
    pub(crate) fn capture_name(&self, uid: &str) -> Option<&'s str> {
        let at = self.captures.binary_search_by(|summary| summary.uid.as_str().cmp(uid)).ok()?;
        self.captures.get(at).map(|summary| summary.name.as_str())
    }
}

/// The asset that an end is.
fn index_of(end: &AssetEnd) -> Option<usize> {
    match end {
        AssetEnd::Asset(index) => Some(*index),
        AssetEnd::External(_) | AssetEnd::Group(_) | AssetEnd::Silent(_) => None,
    }
}

/// Assets by id, then external peers and groups by address.
fn end_key<'s>(ids: &[&'s str], end: &AssetEnd) -> (u8, &'s str, Option<observation::Address>) {
    match end {
        AssetEnd::Asset(index) => (0, ids.get(*index).copied().unwrap_or_default(), None),
        AssetEnd::External(ip) => (1, "", Some((*ip).into())),
        AssetEnd::Group(address) => (2, "", Some(*address)),
        AssetEnd::Silent(ip) => (3, "", Some((*ip).into())),
    }
}
