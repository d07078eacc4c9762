//! What names a change or finding among all, whatever else becomes known of its assets.

use std::fmt::Write;

use inventory::{AssetEnd, Change, ChangeKind, Finding, Identified};
use sha2::{Digest, Sha256};

/// Most names of one event. Assets that were joined of more parts than this are news again.
const KEYS_MAX: usize = 32;

/// Octets of the hash that are kept: enough that nobody on the wire makes a change that is taken for another one.
const KEY_OCTETS: usize = 16;

/// The names of a change, the one by today's ids first: by each id that its assets had.
pub(super) fn change_keys(change: &Change, identified: &[Identified]) -> Vec<String> {
    let ids = |index: usize| -> Vec<&str> {
        let one = identified.get(index);
        one.map(|one| {
            std::iter::once(one.id.as_str()).chain(one.aliases.iter().map(String::as_str)).collect()
        })
        .unwrap_or_default()
    };
    let assets = change.asset.map_or_else(|| vec![""], ids);
    let outside;
    let peers = match &change.peer {
        None => vec![""],
        Some(AssetEnd::Asset(index)) => ids(*index),
        Some(AssetEnd::External(ip) | AssetEnd::Silent(ip)) => {
            outside = ip.to_string();
            vec![outside.as_str()]
        }
        Some(AssetEnd::Group(address)) => {
            outside = address.to_string();
            vec![outside.as_str()]
        }
    };
    // What these say grows with what else is heard; asset, kind and moment name them.
    let grows = match change.kind {
        ChangeKind::NewAsset
        | ChangeKind::GoneQuiet
        | ChangeKind::BackAgain
        | ChangeKind::SiteQuiet
        | ChangeKind::SiteBack => true,
        ChangeKind::NewPeer | ChangeKind::NewConversation => change.peer.is_none(),
        _ => false,
    };
    let (before, after) =
        if grows { (None, None) } else { (change.before.as_deref(), change.after.as_deref()) };
    let time = change.time.0.to_string();
    let pairs = assets.iter().flat_map(|asset| peers.iter().map(move |peer| (*asset, *peer)));
    pairs
        .take(KEYS_MAX)
        .map(|(asset, peer)| {
            hash(&[
                &time,
                change.kind.as_str(),
                &change.site,
                asset,
                peer,
                &change.subject,
                before.unwrap_or_default(),
                after.unwrap_or_default(),
            ])
        })
        .collect()
}

/// The names of a finding, today's first: by each anchor of its assets, as what people decide about it is found.
pub(super) fn finding_keys(finding: &Finding) -> Vec<String> {
    let mut keys = vec![finding.id()];
    let mut named = Finding { evidence: Vec::new(), ..finding.clone() };
    for (place, anchors) in finding.anchors.iter().enumerate() {
        for anchor in anchors.iter().skip(1) {
            if keys.len() >= KEYS_MAX {
                return keys;
            }
            if let Some(own) = named.anchors.get_mut(place) {
                *own = vec![anchor.clone()];
            }
            keys.push(named.id());
        }
        if let Some(own) = named.anchors.get_mut(place) {
            own.clone_from(anchors);
        }
    }
    keys
}

/// SHA-256 over the parts, each with its length before it, cut.
fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_string());
        digest.update(":");
        digest.update(part);
    }
    digest.finalize().iter().take(KEY_OCTETS).fold(String::new(), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
