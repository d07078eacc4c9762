//! `assets import` and `register import`: people's fields of many assets from a CSV file or a workbook.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use ::export::book;
use ::export::sheet::{self, Sheet, SheetRow, column_letters};
use inventory::Snapshot;
use inventory::fields::{COLUMN_PREFIX, Field, field_named};
use observation::{Mac, number_of};
use register::{Edit, Mode};

use super::arguments::ImportFields;
use super::edit::report;
use super::{identified, ids, name};
use crate::failure::Failure;
use crate::session::actor;
use crate::terminal;

/// Heads of a column that names the asset, best first.
const KEYS: [&str; 6] = ["id", "asset id", "asset_id", "asset", "ip", "mac"];

/// Most faults that are told one by one.
const FAULTS_MAX: usize = 20;

pub(crate) fn run(arguments: &ImportFields) -> Result<ExitCode, Failure> {
    let octets = octets(&arguments.file)?;
    let sheet = sheet_of(&octets, &arguments.file)?;
    if book::is_register(&sheet) {
        return super::workbook::run(arguments, &sheet, &octets);
    }
    if arguments.theirs || arguments.site.is_some() {
        return Err(Failure::Usage(format!(
            "{}: --theirs and --site are for what `export --format xlsx` wrote; any other list is taken as it stands",
            arguments.file.display()
        )));
    }
    let (mut register, snapshot) = identified(&arguments.db.db)?;
    let plan = plan(&snapshot, &sheet, arguments.clear_empty)?;
    refuse(&plan.faults, &arguments.file)?;
    for head in &plan.unread {
        terminal::say(&format!("column \"{}\" is not read", ::export::safe_text(head)));
    }
    let mode = if arguments.dry_run { Mode::Try } else { Mode::Write };
    let who = name(&arguments.said.who);
    let file = arguments.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let reason = match arguments.said.reason.trim() {
        "" => format!("import of {file}"),
        reason => format!("{reason} (import of {file})"),
    };
    let changes = register.edit(&plan.edits, mode, "set", &reason, &actor(&who))?;
    terminal::print(&report(&snapshot, &changes, plan.assets, mode))?;
    Ok(ExitCode::SUCCESS)
}

/// Tells what is wrong with a file, if anything is; then nothing is written.
pub(super) fn refuse(faults: &[String], file: &Path) -> Result<(), Failure> {
    if faults.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = faults.iter().take(FAULTS_MAX).map(String::as_str).collect();
    let more = faults.len().saturating_sub(shown.len());
    let more = if more == 0 { String::new() } else { format!("\nand {more} more") };
    for line in shown {
        terminal::say(&format!("tapledger: {}", ::export::safe_text(line)));
    }
    Err(Failure::Other(anyhow::anyhow!(
        "{}: {}{more}; nothing was written",
        file.display(),
        number_of(faults.len(), "fault")
    )))
}

/// A list from a file.
pub(crate) fn read(path: &Path) -> Result<Sheet, Failure> {
    sheet_of(&octets(path)?, path)
}

/// The octets of a file, up to one more than a list may have.
#[expect(clippy::disallowed_methods, reason = "the binary opens files")]
fn octets(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    File::open(path)
        .and_then(|file| file.take(sheet::OCTETS_MAX.saturating_add(1)).read_to_end(&mut octets))
        .map_err(|error| Failure::Other(anyhow::anyhow!("{}: {error}", path.display())))?;
    Ok(octets)
}

fn sheet_of(octets: &[u8], path: &Path) -> Result<Sheet, Failure> {
    sheet::read(octets).map_err(|error| Failure::Other(anyhow::anyhow!("{}: {error}", path.display())))
}

/// What an import would do.
#[derive(Default)]
struct Plan {
    edits: Vec<Edit>,
    assets: usize,
    /// What is wrong, with row and column.
    faults: Vec<String>,
    /// Heads of columns that are no field.
    unread: Vec<String>,
}

fn plan(snapshot: &Snapshot, sheet: &Sheet, clear_empty: bool) -> Result<Plan, Failure> {
    let heads: Vec<String> = sheet.header.iter().map(|head| head.trim().to_lowercase()).collect();
    let key = KEYS
        .iter()
        .find_map(|key| heads.iter().position(|head| head == key))
        .ok_or_else(|| Failure::Usage(format!("no column names the assets: call one {}", KEYS.join(", "))))?;
    // An export has columns of what was observed, too, of which some bear the name of a field.
    let prefixed = heads.iter().any(|head| head.starts_with(COLUMN_PREFIX));
    let mut plan = Plan::default();
    let mut columns: Vec<(usize, &'static Field)> = Vec::new();
    for (column, head) in heads.iter().enumerate().filter(|(column, _)| *column != key) {
        match field_named(head).filter(|_| !prefixed || head.starts_with(COLUMN_PREFIX)) {
            Some(field) if columns.iter().any(|(_, known)| known.name == field.name) => {
                return Err(Failure::Usage(format!("two columns are called {}", field.name)));
            }
            Some(field) => columns.push((column, field)),
            None if !head.is_empty() && !prefixed => plan.unread.extend(sheet.header.get(column).cloned()),
            None if head.starts_with(COLUMN_PREFIX) => {
                return Err(Failure::Usage(format!(
                    "column {}: there is no field \"{head}\"; `tapledger assets fields` lists all",
                    column_letters(column)
                )));
            }
            None => {}
        }
    }
    if columns.is_empty() {
        return Err(Failure::Usage("no column bears the name of a field".to_owned()));
    }
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    for row in &sheet.rows {
        let read = columns.iter().map(|(column, _)| *column).chain([key]);
        let mut wrong = read.filter_map(|column| Some((column, sheet.wrong(row, column)?))).peekable();
        if wrong.peek().is_some() {
            plan.faults.extend(wrong.map(|(column, why)| format!("{}: {why}", place(row, column, sheet))));
            continue;
        }
        let index = match exactly(snapshot, row.cell(key)) {
            Ok(index) => index,
            Err(why) => {
                plan.faults.push(format!("{}: {why}", place(row, key, sheet)));
                continue;
            }
        };
        if let Some(before) = seen.insert(index, row.number) {
            plan.faults.push(format!("row {}: the same asset as row {before}", row.number));
            continue;
        }
        let Some(identified) = snapshot.identified.get(index) else { continue };
        for (column, field) in &columns {
            let cell = row.cell(*column);
            match field.read(cell) {
                Ok(None) if !clear_empty => {}
                Ok(value) => {
                    plan.edits.push(Edit { ids: ids(identified), field: field.name.to_owned(), value });
                }
                Err(wrong) => plan.faults.push(format!("{}: {wrong}", place(row, *column, sheet))),
            }
        }
    }
    plan.assets = seen.len();
    Ok(plan)
}

/// The asset with this id, address or name, in full: what a person may shorten at the keyboard would hit the wrong row of
/// a list.
fn exactly(snapshot: &Snapshot, wanted: &str) -> Result<usize, String> {
    let lower = wanted.to_lowercase();
    if lower.is_empty() {
        return Err("no asset is named".to_owned());
    }
    let mac = lower.parse::<Mac>().map_or_else(|_| lower.clone(), |mac| mac.to_string());
    let holders = |is_it: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..snapshot.inventory.assets.len()).filter(|index| is_it(*index)).collect()
    };
    let by_id = |index: usize| {
        snapshot.identified.get(index).is_some_and(|one| one.id == lower || one.aliases.contains(&lower))
    };
    let asset = |index: usize| snapshot.inventory.assets.get(index);
    let by_address = |index: usize| {
        asset(index).into_iter().flat_map(|asset| &asset.stations).any(|station| {
            station.mac.is_some_and(|own| own.to_string() == mac)
                || station.ips.iter().any(|ip| ip.to_string() == lower)
        })
    };
    let by_name = |index: usize| asset(index).is_some_and(|asset| asset.name.to_lowercase() == lower);
    let ways: [&dyn Fn(usize) -> bool; 3] = [&by_id, &by_address, &by_name];
    for holders in ways.into_iter().map(holders) {
        match holders.as_slice() {
            [] => {}
            [one] => return Ok(*one),
            several => return Err(format!("\"{wanted}\" may be any of {} assets", several.len())),
        }
    }
    Err(format!("no asset is known by \"{wanted}\""))
}

/// `row 5, column C (owner)`.
fn place(row: &SheetRow, column: usize, sheet: &Sheet) -> String {
    let head = sheet.header.get(column).map_or("", String::as_str);
    format!("row {}, column {} ({head})", row.number, column_letters(column))
}
