//! `assets merge`, `split`, `undo`, `decisions`, `declare`, `delete`.

use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;

use ::export::time::rfc3339;
use inventory::{Asset, AssetState, DecisionKind, Role, fields};
use observation::{Mac, attribute, number_of};
use register::{Edit, Listing, Mode, Register};

use super::arguments::{Declare, Merge, Named, Split, Undo};
use super::{identified, ids, label, name, pair};
use crate::failure::Failure;
use crate::session::{actor, find, resolve, snapshot};
use crate::terminal;

pub(crate) fn merge(arguments: &Merge) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = identified(&arguments.db.db)?;
    let (one, other) = (find(&snapshot, &arguments.asset)?, find(&snapshot, &arguments.other)?);
    let asset =
        |index: usize| snapshot.inventory.assets.get(index).cloned().unwrap_or_else(|| unknown(index));
    let (left, right) = (asset(one), asset(other));
    if one == other {
        return Err(Failure::Usage(format!("{} is one asset already", label(&snapshot, one))));
    }
    if left.site != right.site {
        return Err(Failure::Usage(format!(
            "sites never mix: one is of site {}, the other of {}",
            left.site, right.site
        )));
    }
    if [&left, &right].iter().any(|asset| asset.state == AssetState::Declared) {
        return Err(Failure::Usage(
            "what people listed is joined by its keys: declare it again with the MAC or IP address of the other"
                .to_owned(),
        ));
    }
    let who = name(&arguments.said.who);
    let reason = &arguments.said.reason;
    let number = register.decide(
        DecisionKind::Merge,
        &left.site,
        &left.anchors,
        &right.anchors,
        reason,
        &actor(&who),
    )?;
    register.identify(resolve)?;
    let said = format!("decision {number}: {} is also {}\n", label(&snapshot, one), right.name);
    terminal::print(&terminal::safe_lines(&said))?;
    terminal::print(&format!("undo it with: tapledger assets undo {number} --reason …\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Never met: `find` gives indices of the snapshot.
fn unknown(index: usize) -> Asset {
    Asset { name: index.to_string(), state: AssetState::Declared, ..Asset::default() }
}

pub(crate) fn split(arguments: &Split) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = identified(&arguments.db.db)?;
    let index = find(&snapshot, &arguments.asset)?;
    let Some(asset) = snapshot.inventory.assets.get(index) else { return Ok(ExitCode::FAILURE) };
    let mut leaving: Vec<String> = Vec::new();
    for wanted in &arguments.stations {
        leaving.extend(stations(asset, wanted)?);
    }
    let roots = || asset.stations.iter().flat_map(all_of).collect::<Vec<_>>();
    if !roots().is_empty() && roots().iter().all(|root| leaving.contains(root)) {
        return Err(Failure::Usage("that is the whole asset: at least one address must stay".to_owned()));
    }
    let stay: Vec<String> =
        asset.anchors.iter().filter(|anchor| !leaving.contains(anchor)).cloned().collect();
    let who = name(&arguments.said.who);
    let number = register.decide(
        DecisionKind::Split,
        &asset.site,
        &leaving,
        &stay,
        &arguments.said.reason,
        &actor(&who),
    )?;
    register.identify(resolve)?;
    let said =
        format!("decision {number}: {} no longer holds {}\n", label(&snapshot, index), leaving.join(", "));
    terminal::print(&terminal::safe_lines(&said))?;
    terminal::print(&format!("undo it with: tapledger assets undo {number} --reason …\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn all_of(station: &inventory::AssetStation) -> Vec<String> {
    let mac = station.mac.iter().map(ToString::to_string);
    mac.chain(station.ips.iter().map(ToString::to_string)).collect()
}

/// The stations of an asset that a word means, as anchors write them.
fn stations(asset: &Asset, wanted: &str) -> Result<Vec<String>, Failure> {
    let lower = wanted.trim().to_lowercase();
    let interface =
        asset.stations.iter().find(|station| station.mac.is_some_and(|mac| mac.to_string() == lower));
    if let Some(interface) = interface {
        return Ok(all_of(interface));
    }
    // Stations in VLANs of their own are written with the VLAN, those below an address with their path.
    let is_it = |anchor: &&String| {
        anchor.to_lowercase() == lower || anchor.to_lowercase().starts_with(&format!("{lower} vlan "))
    };
    let anchored: Vec<String> = asset.anchors.iter().filter(is_it).cloned().collect();
    let joined = asset.joins.iter().filter(|join| join.joined);
    let joined = joined.flat_map(|join| [&join.left, &join.right]).find(|key| key.to_lowercase() == lower);
    match (anchored.is_empty(), joined) {
        (false, _) => Ok(anchored),
        (true, Some(key)) => Ok(vec![key.clone()]),
        (true, None) => Err(Failure::Usage(format!(
            "the asset has no station {wanted}; `tapledger assets show --why` lists them"
        ))),
    }
}

pub(crate) fn undo(arguments: &Undo) -> Result<ExitCode, Failure> {
    let mut register = Register::open_existing(&arguments.db.db)?;
    let who = name(&arguments.said.who);
    register.undo(arguments.number, &arguments.said.reason, &actor(&who))?;
    register.identify(resolve)?;
    terminal::print(&format!("decision {} is taken back\n", arguments.number))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn decisions(db: &Path) -> Result<ExitCode, Failure> {
    let register = Register::open_existing(db)?;
    let decisions = register.decisions()?;
    let number = number_of(decisions.len(), "decision");
    let rows = decisions.into_iter().map(|decided| {
        let decision = decided.decision;
        let day = |at| rfc3339(at).chars().take(10).collect::<String>();
        let state = decided.undone.map_or_else(
            || "in force".to_owned(),
            |(who, at, why)| format!("taken back by {who} on {}: {why}", day(at)),
        );
        vec![
            decision.number.to_string(),
            decision.kind.as_str().to_owned(),
            decision.left.join(", "),
            decision.right.join(", "),
            format!("{} on {}", decision.actor, day(decision.at)),
            decision.reason,
            state,
        ]
    });
    let heads = ["number", "kind", "stations", "and (merge) or from (split)", "who", "why", "state"];
    terminal::print(&format!("{}{number}\n", terminal::table(&heads, rows)))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn declare(arguments: &Declare) -> Result<ExitCode, Failure> {
    let mut listing = Listing { site: arguments.site.clone(), role: None, values: Vec::new() };
    let mut people = Vec::new();
    for word in &arguments.values {
        let (key, value) = pair(word)?;
        let wrong = |what: &str| Failure::Usage(format!("{key}: \"{value}\" is no {what}"));
        match key {
            "mac" => {
                let mac: Mac = value.parse().map_err(|_| wrong("MAC address"))?;
                listing.values.push((key.to_owned(), mac.to_string()));
            }
            "ip" => {
                let ip: IpAddr = value.parse().map_err(|_| wrong("IP address"))?;
                listing.values.push((key.to_owned(), ip.to_string()));
            }
            "role" => {
                let role =
                    Role::ALL.iter().find(|role| role.as_str() == value).ok_or_else(|| wrong("role"))?;
                listing.role = Some(role.as_str().to_owned());
            }
            _ => match fields::field_named(key) {
                Some(field) => {
                    let read = field.read(value).map_err(|error| Failure::Usage(error.to_string()))?;
                    people.extend(read.map(|value| (field.name, value)));
                }
                None if attribute::ALL.contains(&key) && !value.is_empty() => {
                    listing.values.push((key.to_owned(), value.to_owned()));
                }
                None => {
                    return Err(Failure::Usage(format!(
                        "\"{key}\" is no attribute and no field; `tapledger assets fields` lists the fields"
                    )));
                }
            },
        }
    }
    let mut register = Register::open_existing(&arguments.db.db)?;
    let who = name(&arguments.said.who);
    let reason = arguments.said.reason.trim();
    let id = register.list_asset(&listing, reason, &actor(&who))?;
    let edits: Vec<Edit> = people
        .into_iter()
        .map(|(field, value)| Edit { ids: vec![id.clone()], field: field.to_owned(), value: Some(value) })
        .collect();
    register.edit(&edits, Mode::Write, "set", reason, &actor(&who))?;
    register.identify(resolve)?;
    let snapshot = register.snapshot(None, resolve)?;
    let index = find(&snapshot, &id)?;
    let state = snapshot.inventory.assets.get(index).map_or("", |asset| asset.state.as_str());
    terminal::print(&terminal::safe_lines(&format!("{} is {state}", label(&snapshot, index))))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn delete(arguments: &Named) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = snapshot(&arguments.db.db, None)?;
    let index = find(&snapshot, &arguments.asset)?;
    let Some(identified) = snapshot.identified.get(index) else { return Ok(ExitCode::FAILURE) };
    let state = snapshot.inventory.assets.get(index).map(|asset| asset.state);
    if state != Some(AssetState::Declared) {
        return Err(Failure::Usage(format!(
            "{} was heard: it can be retired (`assets retire`), not deleted",
            label(&snapshot, index)
        )));
    }
    let who = name(&arguments.said.who);
    register.unlist(&ids(identified), &arguments.said.reason, &actor(&who))?;
    terminal::print(&terminal::safe_lines(&format!("{} is off the list", label(&snapshot, index))))?;
    Ok(ExitCode::SUCCESS)
}
