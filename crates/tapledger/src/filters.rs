//! `--site`, `--role`, `--state`: which assets a command is about.

use clap::Args;
use export::Filter;
use inventory::{AssetState, Role, Snapshot};

use crate::config::nearest;
use crate::failure::Failure;
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
    /// As exports take it. A site that the register does not have is a slip; says so if no asset meets the rest: an empty
    /// export should be no surprise.
    pub(crate) fn filter(&self, snapshot: &Snapshot) -> Result<Filter, Failure> {
        let sites = snapshot.inventory.assets.iter().map(|asset| asset.site.as_str());
        let of_captures = snapshot.captures.iter().map(|capture| capture.site.as_str());
        no_slip("asset", "site", &self.site, sites.chain(of_captures))?;
        let filter = Filter {
            sites: self.site.iter().cloned().collect(),
            roles: self.role.iter().copied().collect(),
            states: self.state.iter().copied().collect(),
        };
        if !filter.is_empty() && !snapshot.inventory.assets.iter().any(|asset| filter.holds(asset)) {
            terminal::say(&format!("no asset of the register meets the filter: {}", filter.words()));
        }
        Ok(filter)
    }
}

/// Refuses a name that nothing of the register has: most likely a slip.
pub(crate) fn no_slip<'n>(
    of: &str,
    kind: &str,
    wanted: &[String],
    known: impl Iterator<Item = &'n str> + Clone,
) -> Result<(), Failure> {
    let Some(wrong) = wanted.iter().find(|one| !known.clone().any(|name| name == *one)) else {
        return Ok(());
    };
    let meant = nearest(known.filter(|name| !name.is_empty()), wrong);
    let meant = meant.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
    Err(Failure::Usage(format!("no {of} has the {kind} \"{wrong}\"{meant}")))
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
