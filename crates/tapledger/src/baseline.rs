//! `baseline`: the register frozen under a name, and what differs since.

use std::process::ExitCode;

use ::export::baseline::{CIP_010, CIP_010_LIMITS, Difference, Frozen, cip_item, differences};
use clap::{Args, Subcommand, ValueEnum};
use observation::number_of;
use register::Register;

use crate::arguments::{Db, ListFormat};
use crate::failure::{CHECK_FAILED, Failure};
use crate::lists::short_time;
use crate::people::arguments::Justified;
use crate::people::{identified, name};
use crate::session::actor;
use crate::terminal;

/// The name that stands for the register as it is.
const NOW: &str = "now";

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Freezes the register as it is.
    Create(Named),
    /// Lists the baselines.
    List {
        #[command(flatten)]
        db: Db,
    },
    /// Shows what a baseline holds.
    Show(Show),
    /// Throws a baseline away.
    Delete(Named),
    /// Tells what is new, missing and changed from one baseline to another, or to now.
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    said: Justified,
    #[command(flatten)]
    db: Db,
}

/// What of a baseline is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    /// Everything.
    All,
    /// The five items of NERC CIP-010-4 R1.1.
    #[value(name = "cip-010")]
    Cip010,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Its name, or `now`.
    #[arg(value_name = "NAME")]
    name: String,
    /// What of it.
    #[arg(long, value_enum, default_value = "all")]
    view: View,
    /// How to print; JSON is the frozen text itself, octet by octet that of its hash.
    #[arg(long, value_enum, default_value = "table")]
    format: ListFormat,
    #[command(flatten)]
    db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The earlier baseline.
    #[arg(value_name = "BEFORE")]
    before: String,
    /// The later one.
    #[arg(value_name = "AFTER", default_value = NOW)]
    after: String,
    /// What of it.
    #[arg(long, value_enum, default_value = "all")]
    view: View,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    format: ListFormat,
    /// Exit with 6 if anything differs.
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    db: Db,
}

pub(crate) fn run(command: &BaselineCommand) -> Result<ExitCode, Failure> {
    match command {
        BaselineCommand::Create(named) => create(named),
        BaselineCommand::List { db } => list(db),
        BaselineCommand::Show(wanted) => show(wanted),
        BaselineCommand::Delete(named) => {
            let mut register = Register::open_existing(&named.db.db)?;
            let who = name(&named.said.who);
            register.delete_baseline(&named.name, &named.said.reason, &actor(&who))?;
            terminal::print(&terminal::safe_lines(&format!("baseline {} is gone", named.name)))?;
            Ok(ExitCode::SUCCESS)
        }
        BaselineCommand::Diff(wanted) => diff(wanted),
    }
}

fn wrong(error: ::export::Error) -> Failure {
    Failure::Other(error.into())
}

fn create(named: &Named) -> Result<ExitCode, Failure> {
    if named.name.trim().is_empty() || named.name == NOW {
        return Err(Failure::Usage(format!("\"{}\" cannot be the name of a baseline", named.name)));
    }
    let (mut register, snapshot) = identified(&named.db.db)?;
    let frozen = Frozen::of(&snapshot).map_err(wrong)?;
    let text = frozen.text().map_err(wrong)?;
    let who = name(&named.said.who);
    let (assets, reason) = (frozen.assets.len(), &named.said.reason);
    let hash =
        register.create_baseline(&named.name, snapshot.as_of, assets as u64, &text, reason, &actor(&who))?;
    crate::kpi::take(&mut register, &snapshot, &crate::kpi::baseline_label(&named.name), &actor(&who))?;
    let said = format!("baseline {}: {}, SHA-256 {hash}", named.name, number_of(assets, "asset"));
    terminal::print(&terminal::safe_lines(&said))?;
    Ok(ExitCode::SUCCESS)
}

fn list(db: &Db) -> Result<ExitCode, Failure> {
    let baselines = Register::open_existing(&db.db)?.baselines()?;
    let number = number_of(baselines.len(), "baseline");
    let rows = baselines.into_iter().map(|entry| {
        vec![
            entry.name,
            entry.as_of.map(short_time).unwrap_or_default(),
            entry.assets.to_string(),
            format!("{} on {}", entry.actor, short_time(entry.at)),
            entry.reason,
            entry.sha256,
        ]
    });
    let heads = ["name", "speaks of", "assets", "made by", "why", "SHA-256"];
    terminal::print(&format!("{}{number}\n", terminal::table(&heads, rows)))?;
    Ok(ExitCode::SUCCESS)
}

/// The frozen register of a name, and its text.
fn frozen(db: &Db, wanted: &str) -> Result<(Frozen, Vec<u8>), Failure> {
    if wanted == NOW {
        let (_, snapshot) = crate::session::snapshot(&db.db, None)?;
        let frozen = Frozen::of(&snapshot).map_err(wrong)?;
        let text = frozen.text().map_err(wrong)?;
        return Ok((frozen, text));
    }
    let text = Register::open_existing(&db.db)?.baseline(wanted)?;
    Ok((Frozen::parse(&text).map_err(wrong)?, text))
}

fn show(wanted: &Show) -> Result<ExitCode, Failure> {
    let (frozen, text) = frozen(&wanted.db, &wanted.name)?;
    if wanted.format == ListFormat::Json {
        crate::export::stdout(|out| Ok(out.write_all(&text)?))?;
        return Ok(ExitCode::SUCCESS);
    }
    let or_not_seen = |values: Vec<String>| {
        if values.is_empty() { "not seen".to_owned() } else { values.join("; ") }
    };
    let (heads, rows): (Vec<&str>, Vec<Vec<String>>) = match wanted.view {
        View::Cip010 => {
            let heads = ["asset", "addresses"].into_iter().chain(CIP_010).collect();
            let rows = frozen.assets.iter().map(|asset| {
                let own = [asset.name.clone(), asset.addresses.join(" ")];
                own.into_iter().chain(Frozen::cip_010(asset).map(or_not_seen)).collect()
            });
            (heads, rows.collect())
        }
        View::All => {
            let winner = |asset: &::export::baseline::FrozenAsset, name: &str| {
                asset.attributes.get(name).and_then(|values| values.first()).cloned().unwrap_or_default()
            };
            let rows = frozen.assets.iter().map(|asset| {
                vec![
                    asset.name.clone(),
                    asset.roles.first().cloned().unwrap_or_default(),
                    asset.state.clone(),
                    asset.addresses.join(" "),
                    winner(asset, "serial_number"),
                    winner(asset, "firmware_version"),
                    asset.services.join("; "),
                ]
            });
            (vec!["asset", "role", "state", "addresses", "serial", "firmware", "services"], rows.collect())
        }
    };
    table_or_csv(wanted.format, &heads, rows)?;
    if wanted.view == View::Cip010 {
        terminal::say(CIP_010_LIMITS);
    }
    Ok(ExitCode::SUCCESS)
}

fn table_or_csv(format: ListFormat, heads: &[&str], rows: Vec<Vec<String>>) -> Result<(), Failure> {
    if format == ListFormat::Csv {
        crate::export::stdout(|out| {
            ::export::csv::write_table(heads, rows.clone(), out, &Default::default())
        })?;
    } else {
        terminal::print(&terminal::table(heads, rows))?;
    }
    Ok(())
}

fn diff(wanted: &Diff) -> Result<ExitCode, Failure> {
    let (before, _) = frozen(&wanted.db, &wanted.before)?;
    let (after, _) = frozen(&wanted.db, &wanted.after)?;
    let mut found = differences(&before, &after);
    if wanted.view == View::Cip010 {
        found.retain(|one| cip_item(one).is_some() || one.what == "asset");
    }
    let differs = !found.is_empty();
    let cell = |value: &Option<String>| value.clone().unwrap_or_default();
    let rows = |found: &[Difference]| -> Vec<Vec<String>> {
        let row = |one: &Difference| {
            let item = cip_item(one).unwrap_or_default().to_owned();
            let what = if wanted.view == View::Cip010 && !item.is_empty() { item } else { one.what.clone() };
            vec![
                one.became.as_str().to_owned(),
                one.name.clone(),
                what,
                cell(&one.before),
                cell(&one.after),
                one.asset.clone(),
            ]
        };
        found.iter().map(row).collect()
    };
    let heads = ["became", "asset", "what", "before", "after", "id"];
    match wanted.format {
        ListFormat::Json => {
            let document = serde_json::json!({
                "schema": "tapledger.baseline.diff/1",
                "before": {"name": wanted.before, "as_of": before.as_of},
                "after": {"name": wanted.after, "as_of": after.as_of},
                "differences": found,
            });
            crate::export::stdout(|out| {
                serde_json::to_writer_pretty(&mut *out, &document)?;
                Ok(out.write_all(b"\n")?)
            })?;
        }
        format => {
            table_or_csv(format, &heads, rows(&found))?;
            if format == ListFormat::Table {
                terminal::print(&format!("{}\n", number_of(found.len(), "difference")))?;
            }
        }
    }
    if wanted.view == View::Cip010 {
        terminal::say(CIP_010_LIMITS);
    }
    Ok(if differs && wanted.exit_code { ExitCode::from(CHECK_FAILED) } else { ExitCode::SUCCESS })
}
