//! Which id is whose: a pure function of the ids issued so far and the assets of now.
//!
//! An id is issued for the first anchor of its asset and follows that anchor. So
//!
//! - an asset keeps its id when stronger evidence arrives (the anchor stays among the asset's anchors);
//! - when an asset splits, the part with the anchor keeps the id and the others get new ones;
//! - when assets turn out to be one, the oldest id stands and the others become its aliases; should they part again,
//!   each gets its own id back.
//!
//! Where the anchor itself is gone (its capture was pruned), the id falls back to the anchors its asset had last, and
//! then to the id that stood for it. Such an id never takes the place of one that has its anchor.

use foldhash::{HashMap, HashMapExt};
use inventory::Asset;
use uuid::Uuid;

/// The namespace of asset ids (RFC 9562 section 5.5); chosen at random, once and for all.
const NAMESPACE: Uuid = Uuid::from_u128(0x8d0f_6a52_3b1e_4c67_9f24_5d7c_e1b0_93a8);

/// An id that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) id: String,
    pub(crate) site: String,
    /// The anchor it was issued for.
    pub(crate) anchor: String,
    /// Tells ids of one anchor apart; 0 for the first.
    pub(crate) nth: u32,
    /// The id that stood for it, when last looked at.
    pub(crate) alias_of: Option<String>,
    /// The anchors of its asset, when last looked at, strongest first.
    pub(crate) anchors: Vec<String>,
}

/// The ids of one asset of now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) id: String,
    /// In the order of issue.
    pub(crate) aliases: Vec<String>,
    /// Set if the id is not issued yet.
    pub(crate) new: Option<Issued>,
}

/// The ids of `assets`, in their order. `issued` is in the order of issue.
pub(crate) fn assign(issued: &[Issued], assets: &[Asset]) -> Vec<Ids> {
    let mut holders: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (index, asset) in assets.iter().enumerate() {
        for anchor in &asset.anchors {
            holders.entry((&asset.site, anchor)).or_default().push(index);
        }
    }
    let mut owned: Vec<(Vec<&str>, Vec<&str>)> = vec![Default::default(); assets.len()];
    let mut homes: HashMap<&str, usize> = HashMap::new();
    let mut homeless = Vec::new();
    for id in issued {
        let by_anchor = holders.get(&(id.site.as_str(), id.anchor.as_str())).and_then(|all| {
            usize::try_from(id.nth).ok().and_then(|nth| all.get(nth)).or_else(|| all.first())
        });
        let by_memory = || {
            id.anchors.iter().find_map(|anchor| holders.get(&(id.site.as_str(), anchor.as_str()))?.first())
        };
        let (home, strong) = match by_anchor {
            Some(home) => (Some(home), true),
            None => (by_memory(), false),
        };
        match home {
            Some(home) => settle(id, *home, strong, &mut owned, &mut homes),
            None => homeless.push(id),
        }
    }
    let stands_for: HashMap<&str, &str> =
        issued.iter().filter_map(|id| Some((id.id.as_str(), id.alias_of.as_deref()?))).collect();
    for id in homeless {
        // A chain of aliases cannot be longer than there are ids.
        let mut next = id.alias_of.as_deref();
        for _ in 0..issued.len() {
            let Some(target) = next else { break };
            if let Some(home) = homes.get(target).copied() {
                settle(id, home, false, &mut owned, &mut homes);
                break;
            }
            next = stands_for.get(target).copied();
        }
    }
    let mut times_issued: HashMap<(&str, &str), u32> = HashMap::new();
    for id in issued {
        let next = times_issued.entry((&id.site, &id.anchor)).or_default();
        *next = (*next).max(id.nth.saturating_add(1));
    }
    let mut all = Vec::with_capacity(assets.len());
    for (asset, (strong, weak)) in assets.iter().zip(owned) {
        let mut ids = strong.into_iter().chain(weak).map(str::to_owned);
        all.push(match ids.next() {
            Some(id) => Ids { id, aliases: ids.collect(), new: None },
            None => issue(asset, &mut times_issued),
        });
    }
    all
}

/// Makes `id` one of the ids of an asset.
fn settle<'i>(
    id: &'i Issued,
    home: usize,
    strong: bool,
    owned: &mut [(Vec<&'i str>, Vec<&'i str>)],
    homes: &mut HashMap<&'i str, usize>,
) {
    if let Some((by_anchor, otherwise)) = owned.get_mut(home) {
        if strong {
            by_anchor.push(&id.id)
        } else {
            otherwise.push(&id.id)
        }
        homes.insert(&id.id, home);
    }
}

/// The id of an anchor.
pub(crate) fn new_id(site: &str, anchor: &str, nth: u32) -> String {
    let name = format!("{site}\0{anchor}\0{nth}");
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}

/// A new id, the same wherever and whenever the same anchor gets its first: golden files stay as they are, and two
/// sensors that hear the same device call it the same.
fn issue<'a>(asset: &'a Asset, times_issued: &mut HashMap<(&'a str, &'a str), u32>) -> Ids {
    let anchor = asset.anchors.first().map_or("", String::as_str);
    let next = times_issued.entry((&asset.site, anchor)).or_default();
    let nth = *next;
    *next = next.saturating_add(1);
    let id = new_id(&asset.site, anchor, nth);
    let new = Issued {
        id: id.clone(),
        site: asset.site.clone(),
        anchor: anchor.into(),
        nth,
        alias_of: None,
        anchors: asset.anchors.clone(),
    };
    Ids { id, aliases: Vec::new(), new: Some(new) }
}

#[cfg(test)]
mod tests {
    use inventory::AssetState;

    use super::*;

    fn asset(site: &str, anchors: &[&str]) -> Asset {
        Asset {
            site: site.into(),
            anchors: anchors.iter().map(|anchor| (*anchor).to_owned()).collect(),
            state: AssetState::Observed,
            ..Asset::default()
        }
    }

    /// The register's memory, driven through one inventory after another.
    #[derive(Default)]
    struct Memory(Vec<Issued>);

    impl Memory {
        fn see(&mut self, assets: &[&[&str]]) -> Vec<Ids> {
            let assets: Vec<Asset> = assets.iter().map(|anchors| asset("default", anchors)).collect();
            let ids = assign(&self.0, &assets);
            self.0.extend(ids.iter().filter_map(|ids| ids.new.clone()));
            for (ids, asset) in ids.iter().zip(&assets) {
                for issued in &mut self.0 {
                    if issued.id == ids.id {
                        (issued.anchors, issued.alias_of) = (asset.anchors.clone(), None);
                    } else if ids.aliases.contains(&issued.id) {
                        issued.alias_of = Some(ids.id.clone());
                    }
                }
            }
            ids
        }
    }

    #[test]
    fn an_id_is_the_same_wherever_its_anchor_is_first_seen() {
        let ids = Memory::default().see(&[&["10.0.0.1"], &["10.0.0.2"]]);
        assert_eq!(ids[0].id, Memory::default().see(&[&["10.0.0.1"]])[0].id);
        assert_ne!(ids[0].id, ids[1].id);
        assert_ne!(ids[0].id, assign(&[], &[asset("other", &["10.0.0.1"])])[0].id);
        assert_eq!(Uuid::parse_str(&ids[0].id).unwrap().get_version_num(), 5);
    }

    #[test]
    fn an_asset_keeps_its_id_when_a_stronger_anchor_arrives() {
        let mut memory = Memory::default();
        let before = memory.see(&[&["10.0.0.1"]]);
        let after = memory.see(&[&["00:1b:1b:23:eb:3b", "10.0.0.1"]]);
        assert_eq!((before[0].id.as_str(), &after[0].new), (after[0].id.as_str(), &None));
    }

    #[test]
    fn of_two_assets_that_become_one_the_older_id_stands_and_the_younger_resolves() {
        let mut memory = Memory::default();
        let old = memory.see(&[&["10.0.0.9"]]).remove(0).id;
        let both = memory.see(&[&["10.0.0.1"], &["10.0.0.9"]]);
        let one = memory.see(&[&["10.0.0.1", "10.0.0.9"]]);
        assert_eq!((&one[0].id, &one[0].aliases), (&old, &vec![both[0].id.clone()]));
        let apart = memory.see(&[&["10.0.0.1"], &["10.0.0.9"]]);
        assert_eq!(
            apart.iter().map(|ids| (&ids.id, ids.aliases.len())).collect::<Vec<_>>(),
            [(&both[0].id, 0), (&old, 0)]
        );
    }

    #[test]
    fn of_an_asset_that_splits_the_part_with_the_first_anchor_keeps_the_id() {
        let mut memory = Memory::default();
        let one = memory.see(&[&["10.0.0.1"]]).remove(0).id;
        memory.see(&[&["00:1b:1b:23:eb:3b", "10.0.0.1", "10.0.0.2"]]);
        let parts = memory.see(&[&["00:1b:1b:23:eb:3b", "10.0.0.2"], &["10.0.0.1"]]);
        assert_eq!(parts[1].id, one);
        assert!(parts[0].new.is_some() && parts[0].aliases.is_empty());
    }

    #[test]
    fn an_id_whose_anchor_is_gone_follows_the_anchors_it_had_but_takes_no_others_place() {
        let mut memory = Memory::default();
        let one = memory.see(&[&["10.0.0.1"]]).remove(0).id;
        memory.see(&[&["00:1b:1b:23:eb:3b", "10.0.0.1"]]);
        assert_eq!(memory.see(&[&["00:1b:1b:23:eb:3b"]])[0].id, one);
        // A younger id that has its anchor stands before an older one that has not.
        let mut memory = Memory(memory.0);
        let other = memory.see(&[&["00:1b:1b:23:eb:3b"], &["serial 7"]]).remove(1).id;
        let ids = memory.see(&[&["serial 7", "00:1b:1b:23:eb:3b"]]);
        assert_eq!((&ids[0].id, &ids[0].aliases), (&other, &vec![one]));
    }

    #[test]
    fn an_alias_resolves_even_when_nothing_of_it_is_left() {
        let mut memory = Memory::default();
        let ids = memory.see(&[&["10.0.0.1"], &["10.0.0.2"]]);
        memory.see(&[&["10.0.0.1", "10.0.0.2"]]);
        let left = memory.see(&[&["10.0.0.1"]]);
        assert_eq!((&left[0].id, &left[0].aliases), (&ids[0].id, &vec![ids[1].id.clone()]));
    }

    #[test]
    fn two_assets_of_one_anchor_get_two_ids_and_keep_them() {
        let mut memory = Memory::default();
        let first = memory.see(&[&["10.0.0.1"], &["10.0.0.1"]]);
        let second = memory.see(&[&["10.0.0.1"], &["10.0.0.1"]]);
        assert_ne!(first[0].id, first[1].id);
        assert_eq!(
            first.iter().map(|ids| &ids.id).collect::<Vec<_>>(),
            second.iter().map(|ids| &ids.id).collect::<Vec<_>>()
        );
    }
}
