//! Whom each asset talks with, over all conversations of an export.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use inventory::AssetEnd;

use crate::order::Sorted;

/// Kinds of findings that say that an asset was talked with across a boundary.
const CROSSINGS: [&str; 2] = ["boundary_crossing", "zone_crossing"];

/// The kind of findings that tell of sessions from afar.
pub(super) const REMOTE_ACCESS: &str = "remote_access";

/// Whom an asset talks with, and how.
#[derive(Default)]
pub(super) struct Peers<'s> {
    pub(super) assets: BTreeSet<&'s str>,
    pub(super) external: BTreeSet<IpAddr>,
    /// Ids of the other ends of remote access.
    pub(super) remote: BTreeSet<&'s str>,
    pub(super) protocols: BTreeSet<&'s str>,
    pub(super) is_crossing: bool,
}

/// By id.
pub(super) fn peers<'s>(sorted: &Sorted<'s>) -> BTreeMap<&'s str, Peers<'s>> {
    let mut all: BTreeMap<&str, Peers<'_>> = BTreeMap::new();
    for conversation in &sorted.conversations {
        let is_crossing = sorted.crossing(conversation).zones().is_some();
        let ends =
            [(&conversation.client, &conversation.server), (&conversation.server, &conversation.client)];
        for (own, other) in ends {
            let AssetEnd::Asset(own) = own else { continue };
            let peers = all.entry(sorted.id(*own)).or_default();
            peers.protocols.insert(&conversation.protocol);
            peers.is_crossing |= is_crossing;
            match other {
                AssetEnd::Asset(other) => drop(peers.assets.insert(sorted.id(*other))),
                AssetEnd::External(ip) => drop(peers.external.insert(*ip)),
                AssetEnd::Group(_) | AssetEnd::Silent(_) => {}
            }
        }
    }
    for finding in &sorted.findings {
        let is_crossing = CROSSINGS.contains(&finding.kind);
        let is_remote = finding.kind == REMOTE_ACCESS;
        if !is_crossing && !is_remote {
            continue;
        }
        for index in &finding.assets {
            let peers = all.entry(sorted.id(*index)).or_default();
            peers.is_crossing |= is_crossing;
            if is_remote {
                let others = finding.assets.iter().filter(|other| *other != index);
                peers.remote.extend(others.map(|other| sorted.id(*other)));
            }
        }
    }
    all
}
