//! `register import` of an exported workbook: what people edited in it, told and taken over.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use ::export::book::{self, CellChange, NewAsset, Plan};
use ::export::sheet::Sheet;
use inventory::{Snapshot, fields};
use observation::number_of;
use register::{Edit, Listing, Mode, Taken};
use sha2::{Digest, Sha256};

use super::arguments::ImportFields;
use super::{identified, ids, label, name};
use crate::failure::{Failure, PARTLY_READ};
use crate::session::{actor, resolve};
use crate::terminal;

/// Most edits of locked cells, and most deleted rows, that are told one by one.
const TOLD_MAX: usize = 20;

/// Reads an exported workbook, or a CSV file that a spreadsheet saved of one, back into the register.
pub(super) fn run(arguments: &ImportFields, sheet: &Sheet, octets: &[u8]) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = identified(&arguments.db.db)?;
    let file = file_name(&arguments.file);
    let plan = book::plan(sheet, &snapshot, arguments.site.as_deref())
        .map_err(|error| Failure::Other(anyhow::anyhow!("{}: {error}", arguments.file.display())))?;
    super::import::refuse(&plan.faults, &arguments.file)?;
    let sites = sites(&plan.new, &snapshot)?;
    for note in &plan.notes {
        terminal::say(&::export::safe_text(note));
    }
    let who = name(&arguments.said.who);
    let reason = match arguments.said.reason.trim() {
        "" => format!("import of {file}"),
        reason => format!("{reason} (import of {file})"),
    };
    let taken = plan
        .changes
        .iter()
        .chain(plan.conflicts.iter().map(|conflict| &conflict.change).filter(|_| arguments.theirs));
    let edits = taken.filter_map(|change| Some((edit(&snapshot, change)?, change.before.clone()))).collect();
    let told = counts(&plan, arguments.theirs);
    let sha256: String = Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect();
    let detail = format!("SHA-256 {sha256}; {told}; reason: {reason}");
    let taken = Taken { edits, listings: listings(&plan.new, sites), file, detail };
    let mode = if arguments.dry_run { Mode::Try } else { Mode::Write };
    register.take(&taken, mode, &reason, &actor(&who))?;
    if mode == Mode::Write && !plan.new.is_empty() {
        register.identify(resolve)?;
    }
    terminal::print(&report(&snapshot, &plan, arguments.theirs))?;
    let would = if mode == Mode::Try { " (nothing was written: dry run)" } else { "" };
    terminal::print(&format!("{told}{would}\n"))?;
    let has_open = !plan.conflicts.is_empty() && !arguments.theirs;
    Ok(if has_open { ExitCode::from(PARTLY_READ) } else { ExitCode::SUCCESS })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn edit(snapshot: &Snapshot, change: &CellChange) -> Option<Edit> {
    let identified = snapshot.identified.get(change.asset)?;
    Some(Edit { ids: ids(identified), field: change.field.name.to_owned(), value: change.after.clone() })
}

/// The site of each new asset.
fn sites(new: &[NewAsset], snapshot: &Snapshot) -> Result<Vec<String>, Failure> {
    let known: BTreeSet<&str> = snapshot.inventory.assets.iter().map(|asset| asset.site.as_str()).collect();
    let of = |row: &NewAsset| {
        row.site.clone().ok_or_else(|| {
            Failure::Usage(format!(
                "{}: the row says no site, and the register has {}: fill in \"Site of stations\", or say --site",
                row.place,
                known.len()
            ))
        })
    };
    new.iter().map(of).collect()
}

fn listings(new: &[NewAsset], sites: Vec<String>) -> Vec<(Listing, Vec<(String, String)>)> {
    let listing = |(row, site): (&NewAsset, String)| {
        let people = row.people.iter().map(|(field, value)| ((*field).to_owned(), value.clone()));
        let listing = Listing { site, role: row.role.map(str::to_owned), values: row.values.clone() };
        (listing, people.collect())
    };
    new.iter().zip(sites).map(listing).collect()
}

/// Every change with both values, every conflict with all three, and what was not taken over.
fn report(snapshot: &Snapshot, plan: &Plan, theirs: bool) -> String {
    let shown = |value: Option<&str>| match value {
        Some(value) => format!("\"{value}\""),
        None => fields::NOT_ASSESSED.to_lowercase(),
    };
    let mut lines = Vec::new();
    for change in &plan.changes {
        lines.push(format!(
            "{}  {}: {}: {} instead of {}",
            change.place,
            label(snapshot, change.asset),
            change.field.name,
            shown(change.after.as_deref()),
            shown(change.before.as_deref())
        ));
    }
    for conflict in &plan.conflicts {
        let change = &conflict.change;
        let (file, register) = (shown(change.after.as_deref()), shown(change.before.as_deref()));
        let outcome = if theirs {
            "the file's is taken".to_owned()
        } else {
            "the register's is kept (--theirs takes the file's)".to_owned()
        };
        lines.push(format!(
            "conflict: {}  {}: {}: exported {}, in the file {file}, in the register {register}; {outcome}",
            change.place,
            label(snapshot, change.asset),
            change.field.name,
            shown(conflict.exported.as_deref()),
        ));
    }
    for row in &plan.new {
        let said = row.values.iter().map(|(name, value)| format!("{name} \"{value}\""));
        let said = said.chain(row.people.iter().map(|(name, value)| format!("{name} \"{value}\"")));
        lines.push(format!("new: {}  {}", row.place, said.collect::<Vec<_>>().join(", ")));
    }
    for ignored in plan.ignored.iter().take(TOLD_MAX) {
        lines.push(format!("ignored: {}  \"{}\": {}", ignored.place, ignored.text, ignored.why));
    }
    more(&mut lines, plan.ignored.len(), "edit ignored", "edits ignored");
    for id in plan.deleted.iter().take(TOLD_MAX) {
        let index = snapshot.identified.iter().position(|identified| identified.id == *id);
        let asset = index.map_or_else(|| id.clone(), |index| label(snapshot, index));
        lines.push(format!("row deleted: {asset}; the register keeps the asset"));
    }
    more(&mut lines, plan.deleted.len(), "row deleted", "rows deleted");
    lines.iter().map(|line| terminal::safe_lines(&line.replace('\n', " "))).collect()
}

fn more(lines: &mut Vec<String>, all: usize, one: &str, several: &str) {
    match all.saturating_sub(TOLD_MAX) {
        0 => {}
        1 => lines.push(format!("and 1 more {one}")),
        more => lines.push(format!("and {more} more {several}")),
    }
}

fn counts(plan: &Plan, theirs: bool) -> String {
    let taken = if theirs { plan.conflicts.len() } else { 0 };
    let changes = plan.changes.len().saturating_add(taken);
    let open = plan.conflicts.len().saturating_sub(taken);
    let mut text = format!("{} to {}", number_of(changes, "change"), number_of(plan.assets, "asset"));
    let further = [
        (plan.new.len(), "new asset"),
        (open, "conflict"),
        (plan.ignored.len(), "ignored edit"),
        (plan.deleted.len(), "deleted row"),
    ];
    for (count, noun) in further.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {}", number_of(count, noun)));
    }
    text
}
