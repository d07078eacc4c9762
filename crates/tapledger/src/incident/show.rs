//! Incidents as people and programs read them.

use std::fmt::Write;
use std::process::ExitCode;

use ::export::csv::{CsvOptions, write_table};
use ::export::incident::{COLUMNS, LISTENED_COLUMNS, Period, listened_rows, rows, write_json};
use ::export::time::rfc3339;
use inventory::civil::months_later;
use inventory::incident::{CLOCKS_SOURCE, ClockState, EntryKind, Incident, clocks, listened};
use observation::{Time, number_of};
use register::Register;

use super::arguments::Shown;
use crate::arguments::ListFormat;
use crate::export::{TOOL, stdout};
use crate::failure::Failure;
use crate::lists::short_time;
use crate::session::now;
use crate::table::{self, Column, column};
use crate::terminal;

const LIST: [Column; 10] = [
    column("number", 6),
    column("kind", 8),
    column("state", 6),
    column("detected", 19),
    column("class", 28).leaves(2),
    column("significant", 12).leaves(3),
    column("assets", 6).leaves(1),
    column("next deadline", 34),
    column("by", 16).leaves(4),
    column("title", 60),
];

pub(super) fn list(shown: &Shown, only_open: bool) -> Result<ExitCode, Failure> {
    let incidents = Register::open_existing(&shown.db.db)?.incidents()?;
    let held = incidents.iter().filter(|incident| !only_open || incident.closed.is_none());
    let held: Vec<&Incident> = held.collect();
    let now = shown.as_of.unwrap_or_else(now);
    match shown.format {
        ListFormat::Json => stdout(|out| write_json(&held, None, now, &TOOL, out)),
        ListFormat::Csv => stdout(|out| write_table(&COLUMNS, rows(&held, now), out, &CsvOptions::default())),
        ListFormat::Table => {
            terminal::print(&table_of(&held, now))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn table_of(incidents: &[&Incident], now: Time) -> String {
    let row = |incident: &&Incident| {
        let significant = match incident.significant {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not assessed",
        };
        vec![
            incident.id.to_string(),
            if incident.drill { "DRILL" } else { "incident" }.to_owned(),
            if incident.closed.is_some() { "closed" } else { "open" }.to_owned(),
            short_time(incident.detected),
            incident.class.clone(),
            significant.to_owned(),
            incident.attached_of("asset").count().to_string(),
            next_deadline(incident, now),
            incident.opened.1.clone(),
            incident.title.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = incidents.iter().map(row).collect();
    let number = number_of(rows.len(), "entry");
    let (text, cut) = table::list(&LIST, rows, Some(terminal::room()));
    format!("{text}{number}{cut}\n")
}

/// The first report that is not made.
fn next_deadline(incident: &Incident, now: Time) -> String {
    let clocks = clocks(incident, now);
    let next = clocks.iter().find(|clock| clock.done.is_none());
    next.map_or_else(String::new, |clock| {
        let deadline = clock.deadline.map_or_else(|| "a month after its end".to_owned(), short_time);
        let overdue = if clock.state == ClockState::Overdue { " OVERDUE" } else { "" };
        format!("{} {deadline}{overdue}", clock.report.as_str())
    })
}

/// The clocks, a line each.
pub(super) fn clock_lines(incident: &Incident, now: Time) -> String {
    let mut text = String::new();
    for clock in clocks(incident, now) {
        let deadline = clock.deadline.map_or_else(|| "one month after it is over".to_owned(), rfc3339);
        let state = match clock.state {
            ClockState::Done => format!("done {}", clock.done.map(rfc3339).unwrap_or_default()),
            ClockState::DoneLate => format!("done LATE, {}", clock.done.map(rfc3339).unwrap_or_default()),
            ClockState::Running => "running".to_owned(),
            ClockState::Overdue => "OVERDUE".to_owned(),
        };
        let _ = writeln!(text, "  {:14} due {deadline}, {state} ({})", clock.report.as_str(), clock.clause);
    }
    if !text.is_empty() && incident.significant.is_none() {
        let _ = writeln!(
            text,
            "  not assessed yet whether it is significant: the clocks run until somebody says no"
        );
    }
    text
}

pub(super) fn one(shown: &Shown, number: i64) -> Result<ExitCode, Failure> {
    let (register, known) = super::find(&shown.db.db, number)?;
    let now = shown.as_of.unwrap_or_else(now);
    match shown.format {
        ListFormat::Json => return stdout(|out| write_json(&[&known], None, now, &TOOL, out)),
        ListFormat::Csv => {
            return stdout(|out| write_table(&COLUMNS, rows(&[&known], now), out, &CsvOptions::default()));
        }
        ListFormat::Table => {}
    }
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<12}{value}");
        }
    };
    line(if known.drill { "DRILL" } else { "incident" }, &format!("{}: {}", known.id, known.title));
    line("state", if known.closed.is_some() { "closed" } else { "open" });
    line("detected", &rfc3339(known.detected));
    line("aware", &rfc3339(known.aware));
    line("source", &known.source);
    line("site", &known.site);
    line("class", &known.class);
    line("severity", &known.severity);
    line("significant", known.significant.map_or("not assessed", |is| if is { "yes" } else { "no" }));
    for attached in &known.attached {
        line(&attached.kind, &format!("{}  {}", attached.reference, attached.text));
    }
    for kind in [EntryKind::Cause, EntryKind::Action, EntryKind::Lesson] {
        known.texts_of(kind).iter().for_each(|text| line(kind.as_str(), text));
    }
    let clocks = clock_lines(&known, now);
    if !clocks.is_empty() {
        let _ = writeln!(text, "clocks of NIS2 ({CLOCKS_SOURCE})\n{}", clocks.trim_end());
    }
    text.push_str("history\n");
    for entry in register.incident_entries()?.iter().filter(|entry| entry.incident == number) {
        let moment = entry.moment.map(|at| format!(" [{}]", rfc3339(at))).unwrap_or_default();
        let parts = [entry.name.as_str(), &entry.text];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let _ = writeln!(
            text,
            "  {} {}: {}{moment} {}",
            rfc3339(entry.at),
            entry.actor,
            entry.kind.as_str(),
            parts.join(" ")
        );
    }
    terminal::print(&terminal::safe_lines(&text))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn log(shown: &Shown, months: u16) -> Result<ExitCode, Failure> {
    let register = Register::open_existing(&shown.db.db)?;
    let now = shown.as_of.unwrap_or_else(now);
    let from = months_later(now, 0_i64.saturating_sub(months.into()));
    let incidents = register.incidents()?;
    let within = incidents.iter().filter(|incident| (from..=now).contains(&incident.detected));
    let within: Vec<&Incident> = within.collect();
    let captures: Vec<_> =
        register.observed()?.captures.into_iter().map(|captured| captured.summary).collect();
    let period = Period { from, to: now, months, listened: listened(&captures, from, now) };
    match shown.format {
        ListFormat::Json => stdout(|out| write_json(&within, Some(&period), now, &TOOL, out)),
        ListFormat::Csv => {
            terminal::say(&::export::safe_text(&period.words(&within)));
            stdout(|out| write_table(&COLUMNS, log_rows(&within, &period, now), out, &CsvOptions::default()))
        }
        ListFormat::Table => {
            let mut text = format!("{}\n", ::export::safe_text(&period.words(&within)));
            if !within.is_empty() {
                text.push_str(&table_of(&within, now));
            }
            if !period.listened.is_empty() {
                let _ = write!(
                    text,
                    "\nlistened to\n{}",
                    terminal::table(&LISTENED_COLUMNS, listened_rows(&period))
                );
            }
            text.push_str("a capture counts from its first frame to its last; what a mirror port does not show was not listened to (see `tapledger coverage`)\n");
            terminal::print(&text)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The incidents, and a row that says what the log is about: also a log without incidents says when nothing was.
fn log_rows(incidents: &[&Incident], period: &Period, now: Time) -> Vec<Vec<String>> {
    let listened = period.listened.iter().map(|one| {
        let sensor = if one.sensor.is_empty() { String::new() } else { format!(" sensor {}", one.sensor) };
        let percent = inventory::kpi::tenths(period.permille(one));
        format!(
            "site {}{sensor}: {percent} % of the time, {} to {}",
            one.site,
            rfc3339(one.first),
            rfc3339(one.last)
        )
    });
    let words = std::iter::once(period.words(incidents)).chain(listened).collect::<Vec<_>>().join("; ");
    let mut about = vec![String::new(); COLUMNS.len()];
    for (cell, text) in
        about.iter_mut().zip(["", words.as_str(), "", "period", &rfc3339(period.from), &rfc3339(period.to)])
    {
        text.clone_into(cell);
    }
    let mut rows = rows(incidents, now);
    rows.push(about);
    rows
}
