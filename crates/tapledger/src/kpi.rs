//! `kpi`: key figures of the register, now and over time.

use std::process::ExitCode;

use ::export::csv::{CsvOptions, write_table};
use ::export::kpi::{COLUMNS, Chosen, Series, Taken, difference, rows, series, write_json};
use ::export::report::Series as Drawn;
use ::export::time::rfc3339;
use clap::{Args, Subcommand};
use inventory::Snapshot;
use inventory::kpi::{Definition, Figure, Input, definitions, figures};
use observation::{Time, number_of};
use register::{Actor, KpiCheck, KpiSnapshot, Register};

use crate::arguments::{Db, ListFormat, moment};
use crate::config::nearest;
use crate::export::{TOOL, stdout};
use crate::failure::{CHECK_FAILED, Failure};
use crate::filters::no_slip;
use crate::findings::end_of_day;
use crate::lists::short_time;
use crate::people::arguments::Who;
use crate::people::name;
use crate::session::{actor, now, snapshot};
use crate::table::{self, Column, column};
use crate::terminal;

/// What stands for the register as it is.
const NOW: &str = "now";

/// Begins the label of a snapshot that was taken with a baseline.
const BASELINE: &str = "baseline ";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Kpi {
    #[command(subcommand)]
    command: Option<KpiCommand>,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Subcommand)]
enum KpiCommand {
    /// Counts the figures and keeps them; the sensor does so once a day.
    Snapshot {
        /// What it is taken for.
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        db: Db,
    },
    /// Lists the snapshots.
    List {
        #[command(flatten)]
        db: Db,
    },
    /// Checks that no figure, definition or snapshot was changed since it was kept; exit 6 if one was.
    Verify {
        #[command(flatten)]
        db: Db,
    },
    /// Prints what each figure counts.
    Definitions,
}

#[derive(Debug, Args)]
struct Show {
    /// Snapshots from this moment on: an RFC 3339 time, or a day as in 2026-01-31.
    #[arg(long, value_name = "TIME", value_parser = day_start)]
    from: Option<Time>,
    /// Snapshots up to this moment: an RFC 3339 time, or a day with all of it.
    #[arg(long, value_name = "TIME", value_parser = end_of_day)]
    to: Option<Time>,
    /// The snapshot that was taken with this baseline, or `now`; given twice, the two are compared, given once, with now.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["from", "to"])]
    baseline: Vec<String>,
    /// Only this figure; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = known_kpi)]
    kpi: Vec<String>,
    /// Figures of this site; may be given several times.
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
    /// Figures of this class of assets; may be given several times.
    #[arg(long, value_name = "CLASS")]
    class: Vec<String>,
    /// Figures of all sites and classes, not only of the whole register.
    #[arg(long)]
    all: bool,
    /// How to print; CSV and JSON hold every snapshot of the time, the table its first and its last.
    #[arg(long, value_enum, default_value = "table")]
    format: ListFormat,
    /// All columns of the table, however wide, and nothing cut.
    #[arg(long)]
    wide: bool,
    #[command(flatten)]
    db: Db,
}

fn day_start(text: &str) -> Result<Time, String> {
    moment(text)
}

fn known_kpi(text: &str) -> Result<String, String> {
    let definitions = definitions();
    let ids = || definitions.iter().map(|one| one.id.as_str());
    if ids().any(|id| id == text) {
        return Ok(text.to_owned());
    }
    let meant = nearest(ids(), text).map(|id| format!("; did you mean {id}?"));
    let meant = meant.unwrap_or_else(|| ";".to_owned());
    Err(format!("\"{text}\" is no key figure{meant} `tapledger kpi definitions` lists all"))
}

pub(crate) fn run(arguments: &Kpi) -> Result<ExitCode, Failure> {
    match &arguments.command {
        None => show(&arguments.show),
        Some(KpiCommand::Snapshot { label, who, db }) => {
            let (mut register, snapshot) = snapshot(&db.db, None)?;
            let who = name(who);
            let kept = take(&mut register, &snapshot, label, &actor(&who))?;
            terminal::print(&format!(
                "snapshot {}: {}, SHA-256 {}\n",
                kept.id,
                number_of(kept.figures, "figure"),
                kept.hash
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(KpiCommand::List { db }) => list(db),
        Some(KpiCommand::Verify { db }) => verify(db),
        Some(KpiCommand::Definitions) => {
            let rows = definitions().into_iter().map(|one| {
                vec![
                    one.id,
                    one.version.to_string(),
                    one.unit.as_str().to_owned(),
                    one.better,
                    one.definition,
                ]
            });
            terminal::print(&terminal::table(
                &["figure", "version", "unit", "better", "what it counts"],
                rows,
            ))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The figures of the register as it is.
pub(crate) fn count(
    register: &Register,
    snapshot: &Snapshot,
    now: Time,
) -> Result<Vec<Figure>, register::Error> {
    let marks = register.field_marks(&snapshot.identified)?;
    let decided = register.findings_decided(&snapshot.inventory.findings)?;
    let reconciled = register.last_reconciled()?;
    let input = Input { snapshot, marks: &marks, decided: &decided, reconciled: reconciled.as_ref(), now };
    Ok(figures(&input))
}

/// Counts the figures of the register and keeps them.
pub(crate) fn take(
    register: &mut Register,
    snapshot: &Snapshot,
    label: &str,
    actor: &Actor<'_>,
) -> Result<KpiSnapshot, register::Error> {
    let figures = count(register, snapshot, actor.at)?;
    register.keep_kpis(&figures, &definitions(), snapshot.as_of, label, actor)
}

/// The label of the snapshot that is taken with a baseline.
pub(crate) fn baseline_label(baseline: &str) -> String {
    format!("{BASELINE}{baseline}")
}

fn list(db: &Db) -> Result<ExitCode, Failure> {
    let snapshots = Register::open_existing(&db.db)?.kpi_snapshots()?;
    let number = number_of(snapshots.len(), "snapshot");
    let rows = snapshots.into_iter().map(|one| {
        vec![
            one.id.to_string(),
            short_time(one.at),
            one.as_of.map(short_time).unwrap_or_default(),
            one.actor,
            one.label,
            one.figures.to_string(),
            one.hash,
        ]
    });
    let heads = ["number", "taken", "speaks of", "by", "for", "figures", "SHA-256"];
    terminal::print(&format!("{}{number}\n", terminal::table(&heads, rows)))?;
    Ok(ExitCode::SUCCESS)
}

fn verify(db: &Db) -> Result<ExitCode, Failure> {
    match Register::open_existing(&db.db)?.verify_kpis()? {
        KpiCheck::Intact { snapshots, last_hash } => {
            terminal::print(&format!(
                "{} as taken; the last hash is {last_hash}\n",
                number_of(snapshots, "snapshot")
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        KpiCheck::Broken { id, problem } => {
            let place = if id > 0 { format!("snapshot {id}: ") } else { String::new() };
            terminal::print(&format!("{place}{problem}\n"))?;
            Ok(ExitCode::from(CHECK_FAILED))
        }
    }
}

fn show(arguments: &Show) -> Result<ExitCode, Failure> {
    let (register, snapshot) = snapshot(&arguments.db.db, None)?;
    let taken = if arguments.baseline.is_empty() {
        in_time(&register, &snapshot, arguments)?
    } else {
        of_baselines(&register, &snapshot, &arguments.baseline)?
    };
    let known = known_definitions(&register)?;
    let chosen = Chosen {
        kpis: arguments.kpi.clone(),
        sites: arguments.site.clone(),
        classes: arguments.class.clone(),
        all: arguments.all,
    };
    slips(&taken, &chosen)?;
    let found = series(&taken, &known, &chosen);
    match arguments.format {
        ListFormat::Json => stdout(|out| write_json(&found, &TOOL, out)),
        ListFormat::Csv => stdout(|out| write_table(&COLUMNS, rows(&found), out, &CsvOptions::default())),
        ListFormat::Table => compare(&taken, &found, arguments.wide),
    }
}

/// The snapshots of a time; without an end of it, the register as it is as well.
fn in_time(register: &Register, snapshot: &Snapshot, arguments: &Show) -> Result<Vec<Taken>, Failure> {
    let is_in =
        |at: Time| arguments.from.is_none_or(|from| from <= at) && arguments.to.is_none_or(|to| at <= to);
    let mut taken = Vec::new();
    for one in register.kpi_snapshots()?.into_iter().filter(|one| is_in(one.at)) {
        taken.push(kept(register, one)?);
    }
    if arguments.to.is_none() {
        taken.push(as_it_is(register, snapshot)?);
    }
    if taken.is_empty() {
        return Err(Failure::Usage(
            "no snapshot was taken in that time; `tapledger kpi list` shows all".to_owned(),
        ));
    }
    Ok(taken)
}

/// The definitions of now, and behind them older ones that snapshots used.
fn known_definitions(register: &Register) -> Result<Vec<Definition>, Failure> {
    let mut known = definitions();
    let used = register.kpi_definitions()?;
    let older: Vec<Definition> = used.into_iter().filter(|one| !known.contains(one)).collect();
    known.extend(older);
    Ok(known)
}

/// The figures of the whole register over the snapshots that were taken, where there are two or more, for drawings; nothing of now, so that the same
/// register draws the same.
pub(crate) fn trends(register: &Register) -> Result<Vec<Drawn>, Failure> {
    let mut taken = Vec::new();
    for one in register.kpi_snapshots()? {
        let figures = register.kpi_totals(one.id)?;
        taken.push(Taken { id: Some(one.id), at: one.at, as_of: one.as_of, label: one.label, figures });
    }
    let known = known_definitions(register)?;
    let found = series(&taken, &known, &Chosen::default());
    let drawn = found.iter().filter(|one| one.points.len() > 1).map(|one| {
        let trend = one.trend();
        Drawn {
            title: format!("{} ({})", trend.name, trend.unit),
            formula: format!(
                "{} (version {} of the definition)",
                one.definition.definition, one.definition.version
            ),
            points: trend.points,
        }
    });
    Ok(drawn.collect())
}

fn kept(register: &Register, one: KpiSnapshot) -> Result<Taken, Failure> {
    let figures = register.kpi_figures(one.id)?;
    Ok(Taken { id: Some(one.id), at: one.at, as_of: one.as_of, label: one.label, figures })
}

fn as_it_is(register: &Register, snapshot: &Snapshot) -> Result<Taken, Failure> {
    let now = now();
    let figures = count(register, snapshot, now)?;
    Ok(Taken { id: None, at: now, as_of: snapshot.as_of, label: NOW.to_owned(), figures })
}

/// The snapshots that were taken with baselines; with one baseline only, the register as it is comes second.
fn of_baselines(register: &Register, snapshot: &Snapshot, names: &[String]) -> Result<Vec<Taken>, Failure> {
    if names.len() > 2 {
        return Err(Failure::Usage("at most two baselines are compared".to_owned()));
    }
    let snapshots = register.kpi_snapshots()?;
    let mut taken = Vec::new();
    for name in names {
        if name == NOW {
            taken.push(as_it_is(register, snapshot)?);
            continue;
        }
        // A name may be used again after its baseline was deleted: the last one is meant.
        let label = baseline_label(name);
        let Some(found) = snapshots.iter().rev().find(|one| one.label == label) else {
            let known: Vec<&str> =
                snapshots.iter().filter_map(|one| one.label.strip_prefix(BASELINE)).collect();
            let meant = nearest(known.into_iter(), name).map(|name| format!("; did you mean \"{name}\"?"));
            return Err(Failure::Usage(format!(
                "no key figures were taken with a baseline \"{name}\"{}",
                meant.unwrap_or_default()
            )));
        };
        taken.push(kept(register, found.clone())?);
    }
    if taken.len() == 1 {
        taken.push(as_it_is(register, snapshot)?);
    }
    Ok(taken)
}

/// Refuses a site or class that no figure has.
fn slips(taken: &[Taken], chosen: &Chosen) -> Result<(), Failure> {
    let figures = taken.iter().flat_map(|one| &one.figures);
    no_slip("figure", "site", &chosen.sites, figures.clone().map(|figure| figure.site.as_str()))?;
    no_slip("figure", "class", &chosen.classes, figures.map(|figure| figure.class.as_str()))
}

/// The first and the last moment side by side.
fn compare(taken: &[Taken], found: &[Series<'_>], wide: bool) -> Result<ExitCode, Failure> {
    let (Some(first), Some(last)) = (taken.first(), taken.last()) else { return Ok(ExitCode::SUCCESS) };
    let at = |one: &Series<'_>, wanted: &Taken| {
        let point = one.points.iter().find(|(taken, _)| std::ptr::eq(*taken, wanted));
        point.map(|(_, figure)| (*figure).clone())
    };
    let is_one = taken.len() == 1;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            let (before, after) = (at(one, first), at(one, last));
            let words = |figure: &Option<Figure>| {
                figure.as_ref().map(|figure| figure.words(one.definition.unit)).unwrap_or_default()
            };
            let mut row =
                vec![one.definition.title.clone(), one.site.to_owned(), one.class.to_owned(), words(&before)];
            if !is_one {
                let change = difference(one.definition, before.as_ref(), after.as_ref());
                row.extend([words(&after), change]);
            }
            row.extend([one.definition.id.clone(), format!("v{}", one.definition.version)]);
            row
        })
        .collect();
    let mut columns: Vec<Column> = vec![
        column("key figure", 44),
        column("site", 24).leaves(3),
        column("class", 20).leaves(4),
        column("before", 26),
        column("after", 26),
        column("difference", 30),
        column("name", 24).leaves(2),
        column("definition", 10).leaves(1),
    ];
    if is_one {
        columns.drain(4..6);
        if let Some(value) = columns.get_mut(3) {
            *value = column("value", 26);
        }
    }
    let number = number_of(rows.len(), "figure");
    let (text, cut) = table::list(&columns, rows, (!wide).then(terminal::room));
    let told = |one: &Taken| {
        let number = one.id.map_or_else(|| NOW.to_owned(), |id| format!("snapshot {id}"));
        let label = if one.label.is_empty() || one.label == NOW {
            String::new()
        } else {
            format!(" ({})", one.label)
        };
        let as_of = one.as_of.map(rfc3339).unwrap_or_else(|| "nothing observed".to_owned());
        format!("{number}{label}, taken {}, speaks of {as_of}", short_time(one.at))
    };
    let moments =
        if is_one { told(first) } else { format!("before: {}\nafter:  {}", told(first), told(last)) };
    let between = match taken.len().saturating_sub(2) {
        0 => String::new(),
        between => {
            format!("{} between them (--format csv or json prints all)\n", number_of(between, "snapshot"))
        }
    };
    terminal::print(&format!("{text}{number}{cut}\n{}{between}", terminal::safe_lines(&moments)))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use observation::NANOS_PER_DAY;

    use super::*;

    #[test]
    fn a_day_begins_and_ends_in_utc() {
        assert_eq!(day_start("1970-01-02"), Ok(Time(NANOS_PER_DAY)));
        assert_eq!(end_of_day("1970-01-01"), Ok(Time(NANOS_PER_DAY.saturating_sub(1))));
        for parse in [day_start, end_of_day] {
            assert_eq!(parse("1970-01-01T00:00:01Z"), Ok(Time(1_000_000_000)));
            assert_eq!(parse("1970-01-01T01:00:01+01:00"), Ok(Time(1_000_000_000)));
            assert!(parse("yesterday").is_err());
        }
    }

    #[test]
    fn a_slip_in_a_name_is_answered_with_the_name_meant() {
        let error = known_kpi("findings_opn").unwrap_err();
        assert!(error.contains("did you mean findings_open?"), "{error}");
        assert_eq!(known_kpi("owned"), Ok("owned".to_owned()));
    }
}
