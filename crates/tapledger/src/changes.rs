//! `changes`: what changed, in observed-time order.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ::export::csv::CsvOptions;
use ::export::json::Part;
use clap::{Args, ValueEnum};
use inventory::{AssetEnd, Change, Snapshot};
use observation::{Time, number_of};

use crate::arguments::{Db, duration, moment};
use crate::export::stdout;
use crate::failure::Failure;
use crate::lists::short_time;
use crate::session::{find, snapshot_with};
use crate::table::{self, Column, column};
use crate::terminal;

#[derive(Debug, Args)]
pub(crate) struct Changes {
    #[command(flatten)]
    db: Db,
    /// Only what changed at or after this moment: an RFC 3339 time, or a length of time before the latest observed moment, as in 12h, 7d.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// Only what changed of this asset, of what is in it, or between it and others: id (or its beginning), name, IP or MAC address.
    #[arg(long, value_name = "ASSET")]
    asset: Option<String>,
    /// How long after the first observed time of a sensor what is seen builds the first baseline, as in 7d, 24h, 0s; the word of the policy in force if left out, else 7d.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    learning: Option<Duration>,
    /// Also print what was learned; CSV and JSON always have it, marked.
    #[arg(long)]
    learned: bool,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    format: ChangesFormat,
    /// All columns of the table, however wide, and nothing cut.
    #[arg(long)]
    wide: bool,
}

/// How changes are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ChangesFormat {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs: the list as it stands in the export.
    Json,
    /// For programs that read line by line.
    Jsonl,
}

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Moment(Time),
    Before(Duration),
}

fn since(text: &str) -> Result<Since, String> {
    moment(text).map(Since::Moment).or_else(|error| {
        let is_length = text.ends_with(['s', 'm', 'h', 'd']);
        if is_length { duration(text).map(Since::Before) } else { Err(error) }
    })
}

/// What a change says comes last: it may take all the room that is left.
const COLUMNS: [Column; 4] =
    [column("time", 19), column("kind", 20), column("evidence", 16).leaves(1), column("change", 130)];

pub(crate) fn run(arguments: &Changes) -> Result<ExitCode, Failure> {
    let mut snapshot = read(&arguments.db.db, arguments.learning)?;
    let from = arguments.since.map(|since| match since {
        Since::Moment(time) => time,
        Since::Before(length) => {
            let latest = snapshot.as_of.unwrap_or_default();
            Time(latest.0.saturating_sub(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)))
        }
    });
    let about = arguments.asset.as_deref().map(|asset| find(&snapshot, asset)).transpose()?;
    let about = about.map(|asset| with_children(&snapshot, asset));
    snapshot.inventory.changes.retain(|change| {
        from.is_none_or(|from| change.time >= from)
            && about.as_ref().is_none_or(|assets| is_about(change, assets))
    });
    match arguments.format {
        ChangesFormat::Table => table(arguments, &snapshot),
        ChangesFormat::Csv => {
            stdout(|out| ::export::csv::write_changes(&snapshot, out, &CsvOptions::default()))
        }
        ChangesFormat::Json => stdout(|out| ::export::json::write_part(&snapshot, Part::Changes, None, out)),
        ChangesFormat::Jsonl => stdout(|out| ::export::json::write_changes(&snapshot, out)),
    }
}

fn read(db: &Path, learning: Option<Duration>) -> Result<Snapshot, Failure> {
    snapshot_with(db, None, learning).map(|(_, snapshot)| snapshot)
}

/// An asset and all that is in or behind it. Parents stand before or after their children, so all are looked through
/// until nothing is added.
fn with_children(snapshot: &Snapshot, asset: usize) -> BTreeSet<usize> {
    let mut assets = BTreeSet::from([asset]);
    loop {
        let all = snapshot.inventory.assets.iter().enumerate();
        let children = all.filter(|(_, child)| child.parent.is_some_and(|parent| assets.contains(&parent)));
        let children: Vec<usize> = children.map(|(index, _)| index).collect();
        let before = assets.len();
        assets.extend(children);
        if assets.len() == before {
            return assets;
        }
    }
}

fn is_about(change: &Change, assets: &BTreeSet<usize>) -> bool {
    let is_peer = matches!(&change.peer, Some(AssetEnd::Asset(peer)) if assets.contains(peer));
    change.asset.is_some_and(|asset| assets.contains(&asset)) || is_peer
}

fn table(arguments: &Changes, snapshot: &Snapshot) -> Result<ExitCode, Failure> {
    let changes = &snapshot.inventory.changes;
    let shown: Vec<&Change> = changes.iter().filter(|change| arguments.learned || !change.learned).collect();
    let rows = shown.iter().map(|change| {
        let places = change.evidence.iter().rev().flat_map(|place| &place.evidence.ranges);
        let text = change.text(&snapshot.inventory.assets);
        vec![
            short_time(change.time),
            change.kind.as_str().to_owned(),
            places.take(1).map(|range| format!("frame {}", range.frame)).collect(),
            if change.learned { format!("{text} (learned)") } else { text },
        ]
    });
    let room = (!arguments.wide).then(terminal::room);
    let (text, note) = table::list(&COLUMNS, rows.collect(), room);
    let learned = changes.len().saturating_sub(shown.len());
    let learned = match learned {
        0 => String::new(),
        _ => format!(
            "; {} more built the first baseline (--learned prints them)",
            number_of(learned, "change")
        ),
    };
    terminal::print(&format!("{text}{}{learned}{note}\n", number_of(shown.len(), "change")))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_moment_or_a_length_of_time() {
        assert_eq!(since("1970-01-01T00:00:01Z"), Ok(Since::Moment(Time(1_000_000_000))));
        assert_eq!(since("2d"), Ok(Since::Before(Duration::from_secs(172_800))));
        assert!(since("yesterday").is_err() && since("12").is_err());
    }
}
