//! `incident`: what happened, what was done about it, and until when it must be reported.

pub(crate) mod arguments;
mod attach;
mod show;

use std::process::ExitCode;

use inventory::Snapshot;
use inventory::incident::{EntryKind, Incident};
use observation::Time;
use register::{IncidentCheck, NewEntry, Register};

use crate::failure::{CHECK_FAILED, Failure};
use crate::people::arguments::Who;
use crate::people::name;
use crate::session::{actor, now, resolve};
use crate::terminal;
use arguments::{Classes, Close, IncidentCommand, Note, Open};

/// A time that somebody says may be so far ahead of this machine's clock.
const AHEAD_NANOS: i64 = 300_000_000_000;

pub(crate) fn run(command: &IncidentCommand) -> Result<ExitCode, Failure> {
    match command {
        IncidentCommand::Open(arguments) => open(arguments),
        IncidentCommand::Note(arguments) => note(arguments),
        IncidentCommand::Attach(arguments) => attach::run(arguments),
        IncidentCommand::Close(arguments) => close(arguments),
        IncidentCommand::Reopen { incident, reason, who, db } => {
            let (mut register, known) = find(&db.db, *incident)?;
            if known.closed.is_none() {
                return Err(Failure::Usage(format!("incident {incident} is open already")));
            }
            add(&mut register, *incident, who, vec![said(EntryKind::Reopened, reason)])
        }
        IncidentCommand::List { open, shown } => show::list(shown, *open),
        IncidentCommand::Show { incident, shown } => show::one(shown, *incident),
        IncidentCommand::Log { months, shown } => show::log(shown, *months),
        IncidentCommand::Verify { db } => match Register::open_existing(&db.db)?.verify_incidents()? {
            IncidentCheck::Intact { entries, last_hash } => {
                let number = observation::number_of(entries, "entry");
                terminal::print(&format!("{number} as written; the last hash is {last_hash}\n"))?;
                Ok(ExitCode::SUCCESS)
            }
            IncidentCheck::Broken { entry, problem } => {
                let place = if entry > 0 { format!("entry {entry}: ") } else { String::new() };
                terminal::print(&format!("{place}{problem}\n"))?;
                Ok(ExitCode::from(CHECK_FAILED))
            }
        },
    }
}

/// An entry that is a text.
fn said(kind: EntryKind, text: &str) -> NewEntry {
    NewEntry { kind, name: String::new(), reference: String::new(), moment: None, text: text.to_owned() }
}

fn named(kind: EntryKind, name: &str, text: &str) -> NewEntry {
    NewEntry { name: name.to_owned(), ..said(kind, text) }
}

/// The register, and an incident of it.
fn find(db: &std::path::Path, number: i64) -> Result<(Register, Incident), Failure> {
    let register = Register::open_existing(db)?;
    let incidents = register.incidents()?;
    let known = incidents.into_iter().find(|incident| incident.id == number);
    let known = known.ok_or_else(|| {
        Failure::Usage(format!("there is no incident {number}; `tapledger incident list` shows all"))
    })?;
    Ok((register, known))
}

fn add(
    register: &mut Register,
    incident: i64,
    who: &Who,
    entries: Vec<NewEntry>,
) -> Result<ExitCode, Failure> {
    let who = name(who);
    register.add_to_incident(incident, &entries, &actor(&who))?;
    let lines: Vec<String> = entries
        .iter()
        .map(|entry| {
            let parts = [entry.name.as_str(), &entry.text, &entry.reference];
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let moment =
                entry.moment.map(|at| format!(" at {}", ::export::time::rfc3339(at))).unwrap_or_default();
            format!("incident {incident}: {} {}{moment}", entry.kind.as_str(), parts.join(" "))
        })
        .collect();
    terminal::print(&terminal::safe_lines(&lines.join("\n")))?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a time that is not over.
fn is_over(what: &str, time: Time) -> Result<(), Failure> {
    let ahead = time.0.saturating_sub(now().0);
    if ahead > AHEAD_NANOS {
        let time = ::export::time::rfc3339(time);
        return Err(Failure::Usage(format!("{what} {time}: that is still to come")));
    }
    Ok(())
}

fn classified(classes: &Classes) -> Vec<NewEntry> {
    let word = |name: &str, text: Option<&str>| text.map(|text| named(EntryKind::Classified, name, text));
    [
        word("class", classes.class.as_deref()),
        word("severity", classes.severity.as_deref()),
        word("significant", classes.significant.map(arguments::Significant::as_str)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn open(arguments: &Open) -> Result<ExitCode, Failure> {
    let detected = arguments.detected.unwrap_or_else(now);
    is_over("detected", detected)?;
    let opened = named(EntryKind::Opened, if arguments.drill { "drill" } else { "" }, &arguments.title);
    let mut entries = vec![NewEntry { moment: Some(detected), ..opened }];
    if let Some(aware) = arguments.aware {
        entries.push(aware_at(aware, detected)?);
    }
    let mut register = Register::open_existing(&arguments.db.db)?;
    // Resolving takes long in a large register, and a bare title needs none of it.
    let snapshot = match (arguments.finding.is_some(), arguments.asset.is_empty()) {
        (false, true) => Snapshot::default(),
        _ => register.snapshot(None, resolve)?,
    };
    if let Some(wanted) = &arguments.finding {
        let finding = attach::finding(&snapshot, wanted)?;
        let text = arguments.source.clone().unwrap_or_else(|| finding.text.clone());
        entries.push(NewEntry { reference: finding.reference.clone(), ..said(EntryKind::Source, &text) });
        entries.push(finding);
    } else if let Some(source) = &arguments.source {
        entries.push(said(EntryKind::Source, source));
    }
    entries.extend(arguments.site.as_deref().map(|site| said(EntryKind::Site, site)));
    entries.extend(classified(&arguments.classes));
    for wanted in &arguments.asset {
        entries.push(attach::asset(&snapshot, wanted)?);
    }
    let who = name(&arguments.who);
    let number = register.open_incident(&entries, &actor(&who))?;
    let what = if arguments.drill { "drill" } else { "incident" };
    terminal::print(&terminal::safe_lines(&format!("{what} {number} is open: {}", arguments.title)))?;
    let known = register.incidents()?.into_iter().find(|incident| incident.id == number);
    if let Some(known) = known {
        terminal::print(&show::clock_lines(&known, now()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Nobody is aware of what was not detected.
fn aware_at(aware: Time, detected: Time) -> Result<NewEntry, Failure> {
    is_over("aware", aware)?;
    if aware < detected {
        let [aware, detected] = [aware, detected].map(::export::time::rfc3339);
        return Err(Failure::Usage(format!("aware {aware} is before it was detected, {detected}")));
    }
    Ok(NewEntry { moment: Some(aware), ..said(EntryKind::Aware, "") })
}

fn note(arguments: &Note) -> Result<ExitCode, Failure> {
    let (mut register, known) = find(&arguments.db.db, arguments.incident)?;
    let texts = [
        (EntryKind::Note, &arguments.text),
        (EntryKind::Cause, &arguments.cause),
        (EntryKind::Action, &arguments.action),
        (EntryKind::Lesson, &arguments.lesson),
    ];
    let texts = texts.into_iter().filter_map(|(kind, text)| Some(said(kind, text.as_deref()?)));
    let mut entries: Vec<NewEntry> = texts.collect();
    entries.extend(classified(&arguments.classes));
    if let Some(aware) = arguments.aware {
        entries.push(aware_at(aware, known.detected)?);
    }
    if let Some(report) = arguments.reported {
        if known.drill {
            return Err(Failure::Usage(format!("incident {} is a drill: nothing is reported", known.id)));
        }
        let at = arguments.at.unwrap_or_else(now);
        is_over("reported", at)?;
        if at < known.detected {
            let [at, detected] = [at, known.detected].map(::export::time::rfc3339);
            return Err(Failure::Usage(format!("reported {at} is before it was detected, {detected}")));
        }
        let to = arguments.to.clone().unwrap_or_default();
        entries.push(NewEntry { moment: Some(at), ..named(EntryKind::Reported, report.as_str(), &to) });
    }
    if entries.is_empty() {
        return Err(Failure::Usage(
            "nothing to note: give a text, or --cause, --action, --lesson, --class, --severity, --significant, --aware or --reported"
                .to_owned(),
        ));
    }
    add(&mut register, arguments.incident, &arguments.who, entries)
}

fn close(arguments: &Close) -> Result<ExitCode, Failure> {
    let (mut register, known) = find(&arguments.db.db, arguments.incident)?;
    if known.closed.is_some() {
        return Err(Failure::Usage(format!("incident {} is closed already", known.id)));
    }
    let lacks: Vec<&str> = known.lacks().into_iter().map(EntryKind::as_str).collect();
    if !lacks.is_empty() && !arguments.incomplete {
        let options: Vec<String> = lacks.iter().map(|word| format!("--{word}")).collect();
        return Err(Failure::Usage(format!(
            "incident {} has no {}: say it by `tapledger incident note {} {}`, or close it with --incomplete",
            known.id,
            lacks.join(", no "),
            known.id,
            options.join(" … ")
        )));
    }
    let reason = if lacks.is_empty() {
        arguments.reason.clone()
    } else {
        format!("{} (closed without {})", arguments.reason, lacks.join(", "))
    };
    add(&mut register, arguments.incident, &arguments.who, vec![said(EntryKind::Closed, &reason)])
}
