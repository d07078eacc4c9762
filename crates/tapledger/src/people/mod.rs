//! People's side of the register: fields, approvals, assets that they list, merges and splits.

pub(crate) mod arguments;
mod edit;
mod filter;
mod identity;
mod import;
mod workbook;

use std::process::ExitCode;

use inventory::{Identified, Snapshot};
use register::Register;

use crate::failure::Failure;
use crate::session::{person, resolve};
use arguments::{PeopleCommand, Who};

pub(crate) use import::read as read_list;
pub(crate) use import::run as import;

pub(crate) fn run(command: &PeopleCommand) -> Result<ExitCode, Failure> {
    match command {
        PeopleCommand::Set(set) => edit::set(set),
        PeopleCommand::Import(import) => import::run(import),
        PeopleCommand::Fields => edit::fields(),
        PeopleCommand::History(history) => edit::history(history),
        PeopleCommand::Confirm(confirm) => edit::confirm(confirm),
        PeopleCommand::Retire(named) => edit::retire(named),
        PeopleCommand::Declare(declare) => identity::declare(declare),
        PeopleCommand::Delete(named) => identity::delete(named),
        PeopleCommand::Merge(merge) => identity::merge(merge),
        PeopleCommand::Split(split) => identity::split(split),
        PeopleCommand::Undo(undo) => identity::undo(undo),
        PeopleCommand::Decisions { db } => identity::decisions(&db.db),
    }
}

/// Who acts.
pub(crate) fn name(who: &Who) -> String {
    who.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(person)
}

/// The register with an id for every asset of now, and what it says.
pub(crate) fn identified(db: &std::path::Path) -> Result<(Register, Snapshot), Failure> {
    let mut register = Register::open_existing(db)?;
    register.identify(resolve)?;
    let snapshot = register.snapshot(None, resolve)?;
    Ok((register, snapshot))
}

/// The id of an asset and all that resolve to it.
pub(crate) fn ids(identified: &Identified) -> Vec<String> {
    std::iter::once(&identified.id).chain(&identified.aliases).cloned().collect()
}

/// The id and name of an asset, to say what was done.
fn label(snapshot: &Snapshot, index: usize) -> String {
    let id = snapshot.identified.get(index).map_or("", |identified| &identified.id);
    let name = snapshot.inventory.assets.get(index).map_or("", |asset| &asset.name);
    format!("{} ({name})", id.chars().take(8).collect::<String>())
}

/// `KEY=VALUE`.
fn pair(word: &str) -> Result<(&str, &str), Failure> {
    word.split_once('=')
        .map(|(key, value)| (key.trim(), value.trim()))
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| Failure::Usage(format!("\"{word}\" is not of the form KEY=VALUE")))
}
