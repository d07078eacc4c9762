//! Which assets an export holds.

use std::collections::BTreeSet;

use inventory::{Asset, AssetState, Role};
use serde::Serialize;
use serde::ser::SerializeMap;

use crate::baseline::FrozenAsset;
use crate::safe_text;

/// Which assets an export holds: those that meet every list that is not empty. An empty filter holds all.
///
/// A conversation belongs to the export if one of its ends does, a finding if one of its assets does. So ends and
/// parents may bear the id of an asset that the export does not hold; what stands in the register is not turned into
/// something else by leaving a part of it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Sites, as written.
    pub sites: BTreeSet<String>,
    /// Roles; an asset meets them with any role it has.
    pub roles: BTreeSet<Role>,
    /// States.
    pub states: BTreeSet<AssetState>,
}

impl Filter {
    /// True if it holds everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.roles.is_empty() && self.states.is_empty()
    }

    /// True if the asset meets it.
    #[must_use]
    pub fn holds(&self, asset: &Asset) -> bool {
        self.holds_site(&asset.site)
            && (self.roles.is_empty() || asset.roles.iter().any(|claim| self.roles.contains(&claim.role)))
            && (self.states.is_empty() || self.states.contains(&asset.state))
    }

    /// True if the asset of a frozen register meets it.
    pub(crate) fn holds_frozen(&self, asset: &FrozenAsset) -> bool {
        self.holds_site(&asset.site)
            && (self.roles.is_empty()
                || asset.roles.iter().any(|role| self.roles.iter().any(|own| own.as_str() == role)))
            && (self.states.is_empty() || self.states.iter().any(|state| state.as_str() == asset.state))
    }

    /// True if what belongs to a site alone, and to no asset, meets it: a capture.
    pub(crate) fn holds_site(&self, site: &str) -> bool {
        self.sites.is_empty() || self.sites.contains(site)
    }

    /// True if what has no asset meets it: nothing does, once roles or states are asked for.
    pub(crate) fn holds_without_asset(&self, site: &str) -> bool {
        self.roles.is_empty() && self.states.is_empty() && self.holds_site(site)
    }

    /// In words: `site default; role plc, rtu`; `none` if it holds everything.
    #[must_use]
    pub fn words(&self) -> String {
        let list = |noun: &str, words: Vec<String>| {
            (!words.is_empty()).then(|| format!("{noun} {}", words.join(", ")))
        };
        let parts: Vec<String> = [
            list("site", self.sites.iter().map(|site| safe_text(site).into_owned()).collect()),
            list("role", self.role_words()),
            list("state", self.states.iter().map(|state| state.as_str().to_owned()).collect()),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join("; ") }
    }

    fn role_words(&self) -> Vec<String> {
        self.roles.iter().map(|role| role.as_str().to_owned()).collect()
    }
}

impl Serialize for Filter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        let sites: Vec<_> = self.sites.iter().map(|site| safe_text(site)).collect();
        map.serialize_entry("site", &sites)?;
        map.serialize_entry("role", &self.role_words())?;
        let states: Vec<_> = self.states.iter().map(|state| state.as_str()).collect();
        map.serialize_entry("state", &states)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_it_holds() {
        assert_eq!(Filter::default().words(), "none");
        let filter = Filter {
            sites: ["b".to_owned(), "a\u{1b}".to_owned()].into(),
            roles: [Role::Hmi, Role::Plc].into(),
            states: [AssetState::Observed].into(),
        };
        assert_eq!(filter.words(), "site a\\x1b, b; role plc, hmi; state observed");
        let json = serde_json::to_string(&filter).unwrap();
        assert_eq!(json, r#"{"site":["a\\x1b","b"],"role":["plc","hmi"],"state":["observed"]}"#);
        assert!(!filter.holds_without_asset("b") && filter.holds_site("b") && !filter.holds_site("c"));
    }
}
