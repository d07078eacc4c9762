//! `readiness`: which fields that a standard asks for are there, by whom, how old, and whose work is left.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::export::csv::{CsvOptions, write_table};
use ::export::readiness as tables;
use ::export::time::rfc3339;
use clap::{Args, ValueEnum};
use inventory::Snapshot;
use inventory::readiness::{FORMULA, Profile, ProfileError, Readiness, Scope, Sum};
use observation::{Time, number_of};

use crate::arguments::{Db, ListFormat};
use crate::config::nearest;
use crate::export::{TOOL, stdout};
use crate::failure::Failure;
use crate::filters::no_slip;
use crate::findings::end_of_day;
use crate::session::snapshot;
use crate::table::{self, Column, column};
use crate::terminal;

/// Most octets of a profile that are read.
const PROFILE_OCTETS_MAX: u64 = 2 << 20;

/// Lines of the worklist in the summary; `--by owner` prints all.
const WORK_LINES: usize = 12;

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// A row for each field.
    Field,
    /// A row for each asset and field.
    Asset,
    /// A row for each site and zone.
    Zone,
    /// A row for each owner and field that is left to do.
    Owner,
}

#[derive(Debug, Args)]
pub(crate) struct ReadinessArguments {
    /// Which profile; may be given several times, and without it all are held against the register.
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// A profile of your own: a TOML file like those that `--list` names.
    #[arg(long, value_name = "FILE")]
    profile_file: Vec<PathBuf>,
    /// Lists the profiles with their source, and what they ask for.
    #[arg(long)]
    list: bool,
    /// Only assets of this site; may be given several times.
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
    /// Only assets of this zone; may be given several times.
    #[arg(long, value_name = "ZONE")]
    zone: Vec<String>,
    /// Only assets of this owner; may be given several times, and an empty name is nobody.
    #[arg(long, value_name = "OWNER")]
    owner: Vec<String>,
    /// What the rows are; a summary of all if left out.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// The moment of the ages, as RFC 3339, or a day, which is meant to its end; the latest observed time if left out.
    #[arg(long, value_name = "TIME", value_parser = end_of_day)]
    as_of: Option<Time>,
    /// How to print; JSON always holds everything.
    #[arg(long, value_enum, default_value = "table")]
    format: ListFormat,
    /// All columns of the table, however wide, and nothing cut.
    #[arg(long)]
    wide: bool,
    #[command(flatten)]
    db: Db,
}

pub(crate) fn run(arguments: &ReadinessArguments) -> Result<ExitCode, Failure> {
    let profiles = profiles(arguments)?;
    if arguments.list {
        terminal::print(&terminal::safe_lines(&listed(&profiles)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (register, snapshot) = snapshot(&arguments.db.db, arguments.as_of)?;
    let marks = register.field_marks(&snapshot.identified)?;
    let scope = scope(arguments, &snapshot)?;
    let found: Vec<Readiness<'_>> =
        profiles.iter().map(|profile| Readiness::of(profile, &snapshot, &marks, &scope)).collect();
    match (arguments.format, arguments.by) {
        (ListFormat::Json, _) => stdout(|out| tables::write_json(&found, &snapshot, &TOOL, out)),
        (ListFormat::Csv, by) => {
            let (heads, rows) = rows(&found, &snapshot, by.unwrap_or(By::Asset));
            stdout(|out| write_table(&heads, rows, out, &CsvOptions::default()))
        }
        (ListFormat::Table, None) => summary(&found, &snapshot, arguments),
        (ListFormat::Table, Some(by)) => table(&found, &snapshot, by, arguments.wide),
    }
}

/// The profiles that are asked for.
fn profiles(arguments: &ReadinessArguments) -> Result<Vec<Profile>, Failure> {
    let built_in = Profile::built_in();
    let mut profiles = Vec::new();
    for wanted in &arguments.profile {
        let found = built_in.iter().find(|profile| profile.id == *wanted);
        profiles.push(found.cloned().ok_or_else(|| {
            let known = || built_in.iter().map(|profile| profile.id.as_str());
            let meant = nearest(known(), wanted).map(|name| format!("; did you mean {name}?"));
            let known: Vec<&str> = known().collect();
            Failure::Usage(format!(
                "no profile is called \"{wanted}\"{}; there are {}, and --profile-file for your own",
                meant.unwrap_or_default(),
                known.join(", ")
            ))
        })?);
    }
    for path in &arguments.profile_file {
        profiles.push(read_profile(path)?);
    }
    Ok(if profiles.is_empty() { built_in } else { profiles })
}

#[expect(clippy::disallowed_methods, reason = "the binary opens files; what is read is bounded")]
fn read_profile(path: &Path) -> Result<Profile, Failure> {
    let naming = |problem: String| Failure::Usage(format!("{}: {problem}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| naming(error.to_string()))?;
    file.take(PROFILE_OCTETS_MAX).read_to_string(&mut text).map_err(|error| naming(error.to_string()))?;
    Profile::parse(&text).map_err(|ProfileError { problem, unknown }| {
        let meant = unknown.and_then(|(word, known)| nearest(known.into_iter(), &word));
        naming(match meant {
            Some(name) => format!("{problem}; did you mean {name}?"),
            None => problem,
        })
    })
}

/// Which assets; a name that no asset has is a slip.
fn scope(arguments: &ReadinessArguments, snapshot: &Snapshot) -> Result<Scope, Failure> {
    let sites = snapshot.inventory.assets.iter().map(|asset| asset.site.as_str());
    let zones = snapshot.places.iter().map(|place| place.zone().unwrap_or(inventory::policy::NO_ZONE));
    let owners = snapshot.identified.iter().map(|one| one.people.get("owner").map_or("", String::as_str));
    no_slip("asset", "site", &arguments.site, sites)?;
    no_slip("asset", "zone", &arguments.zone, zones)?;
    no_slip("asset", "owner", &arguments.owner, owners)?;
    Ok(Scope {
        sites: arguments.site.clone(),
        zones: arguments.zone.clone(),
        owners: arguments.owner.clone(),
    })
}

fn listed(profiles: &[Profile]) -> String {
    let mut text = String::new();
    for profile in profiles {
        let _ = writeln!(
            text,
            "{}: {}\n  source   {}\n  edition  {}",
            profile.id, profile.title, profile.source, profile.edition
        );
        let _ = writeln!(text, "  checked  {}", profile.checked);
        for field in &profile.fields {
            let sources: Vec<String> = field.any.iter().map(ToString::to_string).collect();
            let from =
                if sources.is_empty() { format!("not kept: {}", field.why_none) } else { sources.join(", ") };
            let group = if field.group.is_empty() { String::new() } else { format!(" [{}]", field.group) };
            let _ = writeln!(text, "  {} ({}){group}: {from}", field.title, field.clause);
        }
        text.push('\n');
    }
    text.push_str(FORMULA);
    text.push('\n');
    text
}

fn rows(found: &[Readiness<'_>], snapshot: &Snapshot, by: By) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let each = |rows: &dyn Fn(&Readiness<'_>) -> Vec<Vec<String>>| found.iter().flat_map(rows).collect();
    match by {
        By::Field => (tables::FIELD_COLUMNS.to_vec(), each(&tables::fields)),
        By::Zone => (tables::PLACE_COLUMNS.to_vec(), each(&tables::places)),
        By::Asset => (tables::ASSET_COLUMNS.to_vec(), each(&|found| tables::assets(found, snapshot))),
        By::Owner => (tables::WORK_COLUMNS.to_vec(), each(&|found| tables::work(found, snapshot))),
    }
}

/// A column for a head: those that a reader misses least leave first.
fn column_of(head: &'static str) -> Column {
    match head {
        "title" | "assets" => column(head, 60),
        "ids" => column(head, 36).leaves(1),
        "source" | "wire_last" | "people_last" => column(head, 30).leaves(2),
        "clause" | "group" => column(head, 34).leaves(3),
        "site" | "zone" => column(head, 20).leaves(4),
        "asset" => column(head, 8).leaves(5),
        _ => column(head, 40),
    }
}

fn table(found: &[Readiness<'_>], snapshot: &Snapshot, by: By, wide: bool) -> Result<ExitCode, Failure> {
    let (heads, rows) = rows(found, snapshot, by);
    let number = number_of(rows.len(), "row");
    let columns: Vec<Column> = heads.into_iter().map(column_of).collect();
    let (text, cut) = table::list(&columns, rows, (!wide).then(terminal::room));
    terminal::print(&format!("{text}{number}{cut}\n{}\n{FORMULA}\n", moment_of(snapshot)))?;
    Ok(ExitCode::SUCCESS)
}

fn moment_of(snapshot: &Snapshot) -> String {
    let as_of = snapshot.as_of.map_or_else(|| "nothing was observed".to_owned(), rfc3339);
    format!("ages as of {as_of}")
}

/// Each profile by its groups; of one profile also its fields, places and worklist.
fn summary(
    found: &[Readiness<'_>],
    snapshot: &Snapshot,
    arguments: &ReadinessArguments,
) -> Result<ExitCode, Failure> {
    const COLUMNS: [Column; 9] = [
        column("profile", 14),
        column("group", 12),
        column("assets", 8),
        column("asked", 8),
        column("present", 8),
        column("of 100", 6),
        column("by wire", 8).leaves(2),
        column("by people", 9).leaves(1),
        column("stale", 6),
    ];
    let room = (!arguments.wide).then(terminal::room);
    let cells = |sum: Sum| {
        let percent = sum.percent().map_or_else(|| "-".to_owned(), |percent| percent.to_string());
        [sum.applicable, sum.present]
            .map(|count| count.to_string())
            .into_iter()
            .chain([percent])
            .chain([sum.wire, sum.people, sum.stale].map(|count| count.to_string()))
    };
    let mut rows = Vec::new();
    for found in found {
        for (group, sum) in found.groups() {
            let own = [found.profile.id.clone(), group.to_owned(), found.assets.len().to_string()];
            rows.push(own.into_iter().chain(cells(sum)).collect::<Vec<_>>());
        }
    }
    let (mut text, cut) = table::list(&COLUMNS, rows, room);
    let mut note = cut;
    if let [found] = found {
        for by in [By::Field, By::Zone] {
            let (heads, rows) = self::rows(std::slice::from_ref(found), snapshot, by);
            let columns: Vec<Column> = heads.iter().skip(1).map(|head| column_of(head)).collect();
            let rows = rows.into_iter().map(|row| row.into_iter().skip(1).collect()).collect();
            let (more, cut) = table::list(&columns, rows, room);
            let _ = write!(text, "\n{more}");
            note = if note.is_empty() { cut } else { note };
        }
        let sentences = tables::sentences(found);
        let _ = writeln!(text, "\nwork left:{}", if sentences.is_empty() { " none" } else { "" });
        for sentence in sentences.iter().take(WORK_LINES) {
            let _ = writeln!(text, "  {}", ::export::safe_text(sentence));
        }
        let more = sentences.len().saturating_sub(WORK_LINES);
        if more > 0 {
            let _ = writeln!(text, "  and {} more (--by owner)", number_of(more, "line"));
        }
        let _ = writeln!(text, "\nsource: {} ({})", found.profile.source, found.profile.edition);
        let _ = writeln!(text, "checked: {}", found.profile.checked);
    }
    let note = note.trim_start_matches("; ");
    let note = if note.is_empty() { String::new() } else { format!("{note}\n") };
    terminal::print(&format!("{text}{note}{}\n{FORMULA}\n", moment_of(snapshot)))?;
    Ok(ExitCode::SUCCESS)
}
