//! `findings`: what an auditor or engineer should see, and what people decide about it.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use ::export::csv::CsvOptions;
use ::export::json::Part;
use ::export::safe_text;
use ::export::time::rfc3339;
use clap::{Args, Subcommand};
use inventory::{Finding, FindingKind, FindingState, Severity, Snapshot};
use observation::{NANOS_PER_DAY, Time, number_of};
use register::{Decision, Register};

use crate::arguments::{Db, List, ListFormat, moment};
use crate::config::nearest;
use crate::export::stdout;
use crate::failure::Failure;
use crate::lists::{matches, short_time};
use crate::session::{actor, now, person, snapshot};
use crate::table::{self, Column, column};
use crate::terminal;

/// Shortest beginning of a name that is taken for it.
const PREFIX_MIN: usize = 4;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Findings {
    #[command(subcommand)]
    command: Option<FindingsCommand>,
    #[command(flatten)]
    list: FindingsList,
}

#[derive(Debug, Subcommand)]
enum FindingsCommand {
    /// Lists findings (the same as `findings` alone).
    List(FindingsList),
    /// Lists the kinds there are, what each says, how many there are of it, and which are switched off.
    Kinds(Db),
    /// Shows one finding with its evidence and its history.
    Show(Which),
    /// Notes that somebody knows and works on it.
    Ack(Decide),
    /// Accepts it for a reason until a day; after that it is open again.
    Accept {
        #[command(flatten)]
        which: Which,
        /// Why it may stay.
        #[arg(long)]
        reason: String,
        /// Until when: a day as in 2026-12-31, or an RFC 3339 time.
        #[arg(long, value_name = "DAY", value_parser = end_of_day)]
        until: Time,
    },
    /// Closes it; seen again later, it is open again.
    Close(Decide),
    /// Opens it again.
    Reopen(Decide),
    /// Says who answers for it, and by when.
    Assign {
        #[command(flatten)]
        which: Which,
        /// Who; nobody if empty.
        #[arg(long)]
        owner: String,
        /// By when: a day as in 2026-12-31, or an RFC 3339 time.
        #[arg(long, value_name = "DAY", value_parser = end_of_day)]
        due: Option<Time>,
    },
}

#[derive(Debug, Args)]
struct FindingsList {
    #[command(flatten)]
    list: List,
    /// Only findings in this state: open, acknowledged, accepted, closed.
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<FindingState>,
    /// Only findings of this kind; may be given several times.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<FindingKind>,
    /// Only findings that are at least so severe: information, notice, warning.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    severity: Option<Severity>,
    /// The moment at which acceptances are judged, as RFC 3339, or a day, which is meant to its end; the latest observed
    /// time if left out.
    #[arg(long, value_name = "TIME", value_parser = end_of_day)]
    as_of: Option<Time>,
    /// Switches a kind of findings off, for good: it is neither listed nor exported.
    #[arg(long, value_name = "KIND", conflicts_with = "on", value_parser = kind)]
    off: Option<FindingKind>,
    /// Switches a kind of findings on again.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    on: Option<FindingKind>,
}

/// Which finding.
#[derive(Debug, Args)]
struct Which {
    /// The finding, as the list names it, or the beginning of its name.
    #[arg(value_name = "FINDING")]
    finding: String,
    #[command(flatten)]
    db: Db,
}

/// Which finding, and a word on it.
#[derive(Debug, Args)]
struct Decide {
    #[command(flatten)]
    which: Which,
    /// A word on it.
    #[arg(long, default_value = "")]
    reason: String,
}

fn state(text: &str) -> Result<FindingState, String> {
    FindingState::read_back(text)
        .ok_or_else(|| format!("\"{text}\" is no state; use open, acknowledged, accepted or closed"))
}

fn kind(text: &str) -> Result<FindingKind, String> {
    let words = FindingKind::ALL.iter().map(|kind| kind.as_str());
    FindingKind::read_back(text).ok_or_else(|| match nearest(words, text) {
        Some(near) => format!("\"{text}\" is no kind of findings; did you mean {near}?"),
        None => format!("\"{text}\" is no kind of findings; `tapledger findings kinds` lists them"),
    })
}

fn severity(text: &str) -> Result<Severity, String> {
    [Severity::Information, Severity::Notice, Severity::Warning]
        .into_iter()
        .find(|severity| severity.as_str() == text)
        .ok_or_else(|| format!("\"{text}\" is no severity; use information, notice or warning"))
}

/// A time, or the last moment of a day of UTC.
pub(crate) fn end_of_day(text: &str) -> Result<Time, String> {
    match moment(&format!("{text}T00:00:00Z")) {
        Ok(start) => Ok(Time(start.0.saturating_add(NANOS_PER_DAY).saturating_sub(1))),
        Err(_) => moment(text),
    }
}

pub(crate) fn run(arguments: &Findings) -> Result<ExitCode, Failure> {
    let decide = |decide: &Decide, decision: fn(&str) -> Decision<'_>| {
        settle(&decide.which, &decision(&decide.reason))
    };
    match &arguments.command {
        None => list(&arguments.list),
        Some(FindingsCommand::List(arguments)) => list(arguments),
        Some(FindingsCommand::Kinds(db)) => kinds(&db.db),
        Some(FindingsCommand::Show(which)) => show(which),
        Some(FindingsCommand::Ack(which)) => decide(which, |reason| Decision::Acknowledge { reason }),
        Some(FindingsCommand::Close(which)) => decide(which, |reason| Decision::Close { reason }),
        Some(FindingsCommand::Reopen(which)) => decide(which, |reason| Decision::Reopen { reason }),
        Some(FindingsCommand::Accept { which, reason, until }) => {
            if reason.trim().is_empty() {
                return Err(Failure::Usage("an acceptance needs a reason".to_owned()));
            }
            if *until < now() {
                return Err(Failure::Usage("an acceptance ends in the future, not in the past".to_owned()));
            }
            settle(which, &Decision::Accept { reason, expires: *until })
        }
        Some(FindingsCommand::Assign { which, owner, due }) => {
            settle(which, &Decision::Assign { owner, due: *due })
        }
    }
}

/// What a finding says comes last: it may take all the room that is left.
const COLUMNS: [Column; 8] = [
    column("finding", 8),
    column("severity", 11),
    column("state", 12).leaves(5),
    column("kind", 24).leaves(3),
    column("count", 10).leaves(4),
    column("last", 19).leaves(1),
    column("evidence", 16).leaves(2),
    column("text", 110),
];

fn list(arguments: &FindingsList) -> Result<ExitCode, Failure> {
    let db = &arguments.list.db.db;
    if let Some(kind) = arguments.off.or(arguments.on) {
        return switch(db, kind, arguments.on.is_some());
    }
    let (_, mut snapshot) = snapshot(db, arguments.as_of)?;
    snapshot.inventory.findings.retain(|finding| {
        arguments.state.is_none_or(|state| finding.standing.state == state)
            && arguments.severity.is_none_or(|severity| finding.severity >= severity)
            && (arguments.kind.is_empty() || arguments.kind.iter().any(|kind| kind.as_str() == finding.kind))
    });
    let rows: Vec<_> = snapshot.inventory.findings.iter().map(row).collect();
    if arguments.list.format == ListFormat::Table {
        return table(&arguments.list, &snapshot, rows);
    }
    let mut wanted = rows.iter().map(|row| matches(row, arguments.list.find.as_deref()));
    snapshot.inventory.findings.retain(|_| wanted.next().unwrap_or(false));
    match arguments.list.format {
        ListFormat::Json => stdout(|out| ::export::json::write_part(&snapshot, Part::Findings, None, out)),
        _ => stdout(|out| ::export::csv::write_findings(&snapshot, out, &CsvOptions::default())),
    }
}

/// The rows that are asked for; below them by which measure they are findings, and how many there are of all.
fn table(list: &List, snapshot: &Snapshot, rows: Vec<Vec<String>>) -> Result<ExitCode, Failure> {
    let all = rows.len();
    let rows: Vec<_> = rows.into_iter().filter(|row| matches(row, list.find.as_deref())).collect();
    let shown = rows.len();
    let room = (!list.wide).then(terminal::room);
    let (text, cut) = table::list(&COLUMNS, rows, room);
    let number = number_of(all, "finding");
    let number = if shown == all { number } else { format!("{shown} of {number}") };
    terminal::print(&format!("{text}{}{number}{cut}\n", note(snapshot)))?;
    Ok(ExitCode::SUCCESS)
}

fn row(finding: &Finding) -> Vec<String> {
    let ranges = finding.evidence.iter().flat_map(|one| &one.evidence.ranges);
    vec![
        finding.id().chars().take(8).collect(),
        finding.severity.as_str().to_owned(),
        finding.standing.state.as_str().to_owned(),
        finding.kind.to_owned(),
        finding.count.to_string(),
        finding.last.map(short_time).unwrap_or_default(),
        ranges.take(1).map(|range| format!("frame {}", range.frame)).collect(),
        finding.text.clone(),
    ]
}

/// What stands below the list: by which measure inside and outside are told, and what is not listed.
fn note(snapshot: &Snapshot) -> String {
    let mut text = match snapshot.policy.is_given {
        true => String::new(),
        false => "no policy of zones: private addresses are the plant, public ones are outside, and roles propose the side of the boundary\n".to_owned(),
    };
    let off = snapshot.findings_off.iter();
    let off: Vec<_> = off.map(|(kind, count)| format!("{kind} ({count})")).collect();
    if !off.is_empty() {
        let _ = writeln!(text, "switched off: {}", off.join(", "));
    }
    text
}

/// Every kind with what it says, how many findings there are of it, and whether it is switched off.
fn kinds(db: &Path) -> Result<ExitCode, Failure> {
    const COLUMNS: [Column; 4] =
        [column("kind", 24), column("findings", 8), column("", 3), column("what it says", 110)];
    let (_, snapshot) = snapshot(db, None)?;
    let rows = FindingKind::ALL.iter().map(|kind| {
        let word = kind.as_str();
        let off = snapshot.findings_off.get(word);
        let listed = snapshot.inventory.findings.iter().filter(|finding| finding.kind == word).count();
        let count = off.map_or_else(|| listed.to_string(), ToString::to_string);
        let state = if off.is_some() { "off" } else { "" };
        vec![word.to_owned(), count, state.to_owned(), kind.meaning().to_owned()]
    });
    let (text, _) = table::list(&COLUMNS, rows.collect(), None);
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn switch(db: &Path, kind: FindingKind, on: bool) -> Result<ExitCode, Failure> {
    let mut register = Register::open_existing(db)?;
    let kind = kind.as_str();
    let changed = register.switch_findings(kind, on, &actor(&person()))?;
    let state = if on { "on" } else { "off" };
    let already = if changed { "" } else { " already" };
    terminal::print(&format!("{kind} is{already} {state}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The one finding that a user means.
pub(crate) fn find<'s>(snapshot: &'s Snapshot, wanted: &str) -> Result<&'s Finding, Failure> {
    let lower = wanted.to_lowercase();
    let findings = snapshot.inventory.findings.iter();
    let found: Vec<&Finding> =
        findings.filter(|finding| lower.len() >= PREFIX_MIN && finding.id().starts_with(&lower)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::Usage(format!(
            "no finding is named \"{wanted}\"; `tapledger findings list` shows all"
        ))),
        several => Err(Failure::Usage(format!(
            "\"{wanted}\" may be any of {}: give more of its name",
            number_of(several.len(), "finding")
        ))),
    }
}

fn settle(which: &Which, decision: &Decision<'_>) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = snapshot(&which.db.db, None)?;
    let finding = find(&snapshot, &which.finding)?;
    let standing = register.decide_finding(finding, decision, &actor(&person()))?;
    let held = standing.held(finding, snapshot.as_of);
    terminal::print(&terminal::safe_lines(&format!(
        "{} is {}{}: {}\n",
        finding.id(),
        held.state.as_str(),
        held.owner.map(|owner| format!(", {owner} answers for it")).unwrap_or_default(),
        safe_text(&finding.text)
    )))?;
    Ok(ExitCode::SUCCESS)
}

fn show(which: &Which) -> Result<ExitCode, Failure> {
    let (register, snapshot) = snapshot(&which.db.db, None)?;
    let finding = find(&snapshot, &which.finding)?;
    let standing = &finding.standing;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<12}{}", safe_text(value));
        }
    };
    line("finding", &finding.id());
    line("kind", finding.kind);
    line("severity", finding.severity.as_str());
    line("text", &finding.text);
    line("site", &finding.site);
    for asset in &finding.assets {
        if let (Some(asset), Some(known)) =
            (snapshot.inventory.assets.get(*asset), snapshot.identified.get(*asset))
        {
            line("asset", &format!("{}  {}", known.id, asset.name));
        }
    }
    line("first", &finding.first.map(rfc3339).unwrap_or_default());
    line("last", &finding.last.map(rfc3339).unwrap_or_default());
    line("count", &finding.count.to_string());
    line("state", standing.state.as_str());
    line("reason", &standing.reason);
    line("owner", standing.owner.as_deref().unwrap_or_default());
    line("due", &standing.due.map(rfc3339).unwrap_or_default());
    line("expires", &standing.expires.map(rfc3339).unwrap_or_default());
    for proof in &finding.evidence {
        let name = snapshot.captures.iter().find(|capture| capture.uid == proof.capture);
        let name = safe_text(name.map(|capture| capture.name.as_str()).unwrap_or_default());
        for range in &proof.evidence.ranges {
            let place =
                format!("{name} frame {} offset {} length {}", range.frame, range.offset, range.length);
            line("evidence", &place);
        }
    }
    for step in register.finding_history(finding)? {
        line("history", &format!("{} {}: {}, {}", rfc3339(step.at), step.actor, step.action, step.detail));
    }
    terminal::print(&terminal::safe_lines(&text))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_to_its_end() {
        assert_eq!(end_of_day("1970-01-01"), Ok(Time(NANOS_PER_DAY - 1)));
        assert_eq!(end_of_day("1970-01-01T00:00:01Z"), Ok(Time(1_000_000_000)));
        assert!(end_of_day("tomorrow").is_err());
    }
}
