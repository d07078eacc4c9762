//! `assets set`, `history`, `confirm`, `retire`, `fields`.

use std::collections::HashMap;
use std::process::ExitCode;

use ::export::time::rfc3339;
use inventory::{AssetState, Snapshot, fields};
use observation::number_of;
use register::{Edit, FieldChange, Mode};

use super::arguments::{Confirm, History, Named, Set};
use super::{filter, identified, ids, label, name, pair};
use crate::failure::Failure;
use crate::session::{actor, find, snapshot};
use crate::terminal;

pub(crate) fn set(arguments: &Set) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = identified(&arguments.db.db)?;
    let (chosen, words) = if arguments.conditions.is_empty() {
        let Some((asset, words)) = arguments.words.split_first() else { return Ok(ExitCode::FAILURE) };
        (vec![find(&snapshot, asset)?], words)
    } else {
        (filter::matching(&snapshot, &arguments.conditions)?, arguments.words.as_slice())
    };
    if words.is_empty() {
        return Err(Failure::Usage("say what to set, as FIELD=VALUE".to_owned()));
    }
    let mut values = Vec::new();
    for word in words {
        let (key, value) = pair(word)?;
        let field = fields::field_named(key).ok_or_else(|| {
            Failure::Usage(format!("there is no field \"{key}\"; `tapledger assets fields` lists all"))
        })?;
        values.push((field.name, field.read(value).map_err(|error| Failure::Usage(error.to_string()))?));
    }
    let mut edits = Vec::new();
    for identified in chosen.iter().filter_map(|index| snapshot.identified.get(*index)) {
        for (field, value) in &values {
            edits.push(Edit { ids: ids(identified), field: (*field).to_owned(), value: value.clone() });
        }
    }
    let mode = if arguments.dry_run { Mode::Try } else { Mode::Write };
    let who = name(&arguments.said.who);
    let changes = register.edit(&edits, mode, "set", &arguments.said.reason, &actor(&who))?;
    terminal::print(&report(&snapshot, &changes, chosen.len(), mode))?;
    Ok(ExitCode::SUCCESS)
}

/// Every change, and how many there are.
pub(super) fn report(snapshot: &Snapshot, changes: &[FieldChange], assets: usize, mode: Mode) -> String {
    let mut text = String::new();
    let ids =
        snapshot.identified.iter().enumerate().map(|(index, identified)| (identified.id.as_str(), index));
    let indices: HashMap<&str, usize> = ids.collect();
    for change in changes {
        let index = indices.get(change.asset.as_str());
        let asset = index.map_or_else(|| change.asset.clone(), |index| label(snapshot, *index));
        text.push_str(&terminal::safe_lines(&format!("{asset}: {}", told(change).replace('\n', " "))));
    }
    let number = number_of(changes.len(), "change");
    let would = if mode == Mode::Try { " (nothing was written: dry run)" } else { "" };
    text.push_str(&format!("{number} to {}{would}\n", number_of(assets, "asset")));
    text
}

fn told(change: &FieldChange) -> String {
    let FieldChange { field, before, after, .. } = change;
    match (before, after) {
        (None, Some(after)) => format!("{field}: {after}"),
        (Some(before), Some(after)) => format!("{field}: {after} instead of {before}"),
        (Some(before), None) => format!("{field}: cleared, was {before}"),
        (None, None) => format!("{field}: as it was"),
    }
}

pub(crate) fn fields() -> Result<ExitCode, Failure> {
    let rows = fields::FIELDS.iter().map(|field| {
        let kind = match field.kind {
            fields::FieldKind::Text => "text".to_owned(),
            fields::FieldKind::Date => "day (2026-01-31)".to_owned(),
            fields::FieldKind::YesNo => "yes, no".to_owned(),
            fields::FieldKind::Number => "number".to_owned(),
            fields::FieldKind::List(words) => words.join(", "),
        };
        vec![field.name.to_owned(), kind, field.description.to_owned(), field.control.to_owned()]
    });
    terminal::print(&terminal::table(&["field", "value", "says", "asked for by"], rows))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn history(arguments: &History) -> Result<ExitCode, Failure> {
    let (register, snapshot) = snapshot(&arguments.db.db, None)?;
    let index = find(&snapshot, &arguments.asset)?;
    let Some(identified) = snapshot.identified.get(index) else { return Ok(ExitCode::FAILURE) };
    let ids = ids(identified);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let history = register.field_history(&ids)?;
    let number = number_of(history.len(), "change");
    let rows = history.into_iter().map(|change| {
        let or_nothing = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
        vec![
            rfc3339(change.at).chars().take(19).collect(),
            change.actor,
            change.field,
            or_nothing(change.before),
            or_nothing(change.after),
            change.reason,
        ]
    });
    let mut text = String::new();
    if let Some(approval) = &identified.approval {
        let on: String = rfc3339(approval.on).chars().take(19).collect();
        text = terminal::safe_lines(&format!("approved by {} on {on}: {}", approval.by, approval.reason));
    }
    let table = terminal::table(&["when (UTC)", "who", "field", "before", "after", "why"], rows);
    terminal::print(&format!("{text}{table}{number}\n"))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn confirm(arguments: &Confirm) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = identified(&arguments.db.db)?;
    let mut chosen =
        arguments.assets.iter().map(|asset| find(&snapshot, asset)).collect::<Result<Vec<_>, _>>()?;
    if !arguments.conditions.is_empty() {
        chosen.extend(filter::matching(&snapshot, &arguments.conditions)?);
    }
    let who = name(&arguments.said.who);
    let reason = arguments.said.reason.trim();
    if arguments.take_back {
        let mut done = 0_u64;
        for identified in chosen.iter().filter_map(|index| snapshot.identified.get(*index)) {
            done = done.saturating_add(u64::from(register.disapprove(
                &ids(identified),
                reason,
                &actor(&who),
            )?));
        }
        terminal::print(&format!("{} taken back\n", number_of(done, "approval")))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut assets = Vec::new();
    for index in chosen {
        let state = snapshot.inventory.assets.get(index).map(|asset| asset.state);
        if state == Some(AssetState::Declared) {
            return Err(Failure::Usage(format!(
                "{}: people listed it and the wire has not shown it; there is nothing to approve yet",
                label(&snapshot, index)
            )));
        }
        let identified = snapshot.identified.get(index).filter(|identified| identified.approval.is_none());
        assets.extend(identified.map(|identified| identified.id.clone()));
    }
    let done = register.approve(&assets, reason, &actor(&who))?;
    terminal::print(&format!("{} approved by {}\n", number_of(done, "asset"), ::export::safe_text(&who)))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn retire(arguments: &Named) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = identified(&arguments.db.db)?;
    let index = find(&snapshot, &arguments.asset)?;
    let Some(identified) = snapshot.identified.get(index) else { return Ok(ExitCode::FAILURE) };
    let edit = Edit {
        ids: ids(identified),
        field: fields::STATUS.to_owned(),
        value: Some(fields::RETIRED.to_owned()),
    };
    let who = name(&arguments.said.who);
    let changes = register.edit(&[edit], Mode::Write, "retire", &arguments.said.reason, &actor(&who))?;
    terminal::print(&report(&snapshot, &changes, 1, Mode::Write))?;
    Ok(ExitCode::SUCCESS)
}
