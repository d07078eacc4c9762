//! `--site`, `--role`, `--state`: which assets a command is about.

use clap::Args;
use export::Filter;
use inventory::{AssetState, Role, Snapshot};

use crate::terminal;

#[derive(Debug, Default, Args)]
pub(crate) struct Filters {
    /// Only assets of this site; may be given several times.
    #[arg(long, value_name = "SITE")]
    pub(crate) site: Vec<String>,
    /// Only assets with this role among theirs; may be given several times.
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub(crate) role: Vec<Role>,
    /// Only assets in this state: observed, referenced or declared; may be given several times.
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(crate) state: Vec<AssetState>,
}

impl Filters {
    /// As exports take it. Says so if no asset of the register meets it: an empty export should be no surprise.
    pub(crate) fn filter(&self, snapshot: &Snapshot) -> Filter {
        let filter = Filter {
            sites: self.site.iter().cloned().collect(),
            roles: self.role.iter().copied().collect(),
            states: self.state.iter().copied().collect(),
        };
        if !filter.is_empty() && !snapshot.inventory.assets.iter().any(|asset| filter.holds(asset)) {
            terminal::say(&format!("no asset of the register meets the filter: {}", filter.words()));
        }
        filter
    }
}

fn role(text: &str) -> Result<Role, String> {
    let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    Role::ALL
        .iter()
        .copied()
        .find(|role| role.as_str() == text)
        .ok_or_else(|| format!("\"{text}\" is no role; there are {}", known()))
}

fn state(text: &str) -> Result<AssetState, String> {
    [AssetState::Observed, AssetState::Referenced, AssetState::Declared]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| format!("\"{text}\" is no state; there are observed, referenced and declared"))
}
