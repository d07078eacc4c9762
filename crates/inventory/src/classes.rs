//! What follows from the role of an asset, and from small signs: always inferred, with the reason.

use std::collections::BTreeMap;

use observation::{Basis, OperationKind, attribute};

use crate::model::{Asset, AssetEnd, Candidate, Conversation};
use crate::rules::classes::{LEVELS, OS_SIGNS, SCANNED_MIN};
use crate::rules::operations::is_industrial;
use crate::talks;

/// Names of the attributes that this module proposes.
const LEVEL: &str = "purdue_level";
const CLASS: &str = "device_class";
const BEHAVIOUR: &str = "behaviour";

/// Writes class, proposed level and operating system into an asset whose roles are known. `tried` counts addresses that
/// it tried and that never answered.
pub(crate) fn add_classes(asset: &mut Asset, index: usize, conversations: &[&Conversation], tried: usize) {
    if let Some(claim) = asset.roles.first()
        && let Some((_, class, level)) = LEVELS.iter().find(|(role, ..)| *role == claim.role)
    {
        let role = claim.role.as_str();
        propose(asset, CLASS, class, format!("its first role is {role}"));
        propose(
            asset,
            LEVEL,
            level,
            format!("customary for a {role}; a proposal, not what the plant has decided"),
        );
    }
    if !asset.attributes.contains_key(attribute::OS) {
        let sign = OS_SIGNS.iter().find_map(|(name, word, os)| {
            let said = asset.attributes.get(*name)?.iter().find(|said| said.value.contains(word))?;
            Some((*os, format!("states {name} {}", said.value)))
        });
        if let Some((os, reason)) = sign {
            propose(asset, attribute::OS, os, reason);
        }
    }
    if let Some(reason) = scans(index, conversations, tried) {
        propose(asset, BEHAVIOUR, "scanner", reason);
    }
}

/// Why an asset looks for others, if it does: it tried addresses that nobody has, or asks many who they are and nothing
/// else.
fn scans(index: usize, conversations: &[&Conversation], tried: usize) -> Option<String> {
    if tried > 0 {
        return Some(format!("tried {tried} addresses that never answered"));
    }
    let own = AssetEnd::Asset(index);
    let mut asked: BTreeMap<&AssetEnd, bool> = BTreeMap::new();
    for talk in conversations.iter().filter(|talk| talk.client == own && talk.frames[0] > 0) {
        if !matches!(talk.server, AssetEnd::Asset(_)) || !is_industrial(&talk.protocol) {
            continue;
        }
        let only_asks = OperationKind::ALL.into_iter().all(|kind| {
            let is_asking = kind == OperationKind::Identify;
            (talks::count(talk, kind) > 0) == is_asking
        });
        asked.entry(&talk.server).and_modify(|only| *only &= only_asks).or_insert(only_asks);
    }
    let only_asked = asked.values().filter(|only| **only).count();
    (only_asked >= SCANNED_MIN).then(|| format!("asks {only_asked} devices who they are, and nothing else"))
}

/// Adds a value behind those that are known.
fn propose(asset: &mut Asset, name: &str, value: &str, reason: String) {
    let (Some(first), Some(last)) = (asset.first, asset.last) else { return };
    let candidate = Candidate {
        value: value.to_owned(),
        basis: Basis::Inferred,
        protocol: String::new(),
        first,
        last,
        count: 1,
        proof: None,
        reasons: vec![reason],
    };
    asset.attributes.entry(name.to_owned()).or_default().push(candidate);
}
