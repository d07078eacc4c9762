//! A command's view of the register.

use std::path::Path;

use inventory::{Asset, Snapshot};
use observation::Time;
use register::{Actor, Register};

use crate::arguments::shortened;
use crate::failure::Failure;

/// The person at the keyboard, for the custody journal.
#[expect(clippy::disallowed_methods, reason = "the binary reads the environment")]
pub(crate) fn person() -> String {
    ["TAPLEDGER_ACTOR", "SUDO_USER", "LOGNAME", "USER"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the clock, for the custody journal and live captures"
)]
pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time(since.ok().and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0))
}

/// Someone who acts now.
pub(crate) fn actor(name: &str) -> Actor<'_> {
    Actor { name, at: now() }
}

/// Environment variable with the public prefixes that the plant uses inside, as the sensor's configuration names them.
const PREFIXES: &str = "TAPLEDGER_PREFIXES";

/// What observations amount to, with what people decided.
pub(crate) fn resolve(observed: &inventory::Observed, options: &inventory::Options) -> inventory::Inventory {
    inventory::resolve(observed, &with_prefixes(options))
}

/// As [`resolve`], but without changes: enough to issue ids and to count what there is.
pub(crate) fn resolve_standing(
    observed: &inventory::Observed,
    options: &inventory::Options,
) -> inventory::Inventory {
    inventory::resolve_standing(observed, &with_prefixes(options))
}

#[expect(clippy::disallowed_methods, reason = "the binary reads the environment")]
fn with_prefixes(options: &inventory::Options) -> inventory::Options {
    let text = std::env::var(PREFIXES).unwrap_or_default();
    let mut options = options.clone();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.parse() {
            Ok(prefix) => options.plant_prefixes.push(prefix),
            Err(error) => tracing::warn!(variable = PREFIXES, part, %error, "left out"),
        }
    }
    options
}

/// The register as it stands.
pub(crate) fn snapshot(db: &Path, as_of: Option<Time>) -> Result<(Register, Snapshot), Failure> {
    let register = Register::open_existing(db)?;
    let snapshot = register.snapshot(as_of, resolve)?;
    Ok((register, snapshot))
}

/// The register as it stands, with a learning period other than that of its policy, if one is given.
pub(crate) fn snapshot_with(
    db: &Path,
    as_of: Option<Time>,
    learning: Option<std::time::Duration>,
) -> Result<(Register, Snapshot), Failure> {
    let register = Register::open_existing(db)?;
    let snapshot = register.snapshot(as_of, |observed, options| {
        resolve(observed, &inventory::Options { learning, ..options.clone() })
    })?;
    Ok((register, snapshot))
}

/// The one asset that a user means by id, beginning of an id, name, IP or MAC address.
pub(crate) fn find(snapshot: &Snapshot, wanted: &str) -> Result<usize, Failure> {
    let lower = wanted.to_lowercase();
    let ids = snapshot.identified.iter();
    if let Some(index) =
        ids.clone().position(|identified| identified.id == lower || identified.aliases.contains(&lower))
    {
        return Ok(index);
    }
    let mut found: Vec<usize> = matching(snapshot, |asset| holds_address(asset, &lower));
    if found.is_empty() {
        found = matching(snapshot, |asset| asset.name.to_lowercase() == lower);
    }
    if found.is_empty() && lower.len() >= 4 {
        found = ids
            .enumerate()
            .filter(|(_, identified)| identified.id.starts_with(&lower))
            .map(|(index, _)| index)
            .collect();
    }
    if found.is_empty() {
        found = matching(snapshot, |asset| asset.name.to_lowercase().contains(&lower));
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure::Usage(format!(
            "no asset is known by \"{}\"; `tapledger assets list` shows all",
            shortened(wanted)
        ))),
        several => {
            let names: Vec<String> =
                several.iter().take(8).filter_map(|index| label(snapshot, *index)).collect();
            Err(Failure::Usage(format!(
                "\"{wanted}\" may be any of {}: say which by id\n  {}",
                several.len(),
                names.join("\n  ")
            )))
        }
    }
}

fn matching(snapshot: &Snapshot, wanted: impl Fn(&Asset) -> bool) -> Vec<usize> {
    snapshot
        .inventory
        .assets
        .iter()
        .enumerate()
        .filter(|(_, asset)| wanted(asset))
        .map(|(index, _)| index)
        .collect()
}

fn holds_address(asset: &Asset, wanted: &str) -> bool {
    asset.stations.iter().any(|station| {
        station.mac.is_some_and(|mac| mac.to_string() == wanted)
            || station.ips.iter().any(|ip| ip.to_string() == wanted)
    })
}

fn label(snapshot: &Snapshot, index: usize) -> Option<String> {
    let id = &snapshot.identified.get(index)?.id;
    let asset = snapshot.inventory.assets.get(index)?;
    Some(format!("{id}  {}", asset.name))
}
