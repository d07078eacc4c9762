//! `evidence log`: the custody journal.

use std::fmt::Write;
use std::process::ExitCode;

use observation::Time;
use register::{JournalCheck, JournalEntry, Register};
use serde::{Deserialize, Serialize};

use crate::custody_arguments::Log;
use crate::failure::{CHECK_FAILED, Failure};
use crate::lists::short_time;
use crate::terminal;

/// A line of the journal as JSON. The hash is over `previous`, `seq`, `at_ns`, `actor`, `action`, `subject` and `detail`,
/// each as its length in octets, a colon, its text and a comma.
#[derive(Serialize, Deserialize)]
struct Line {
    seq: i64,
    at: String,
    at_ns: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    previous: String,
    hash: String,
}

pub(crate) fn log(arguments: &Log) -> Result<ExitCode, Failure> {
    let register = Register::open_existing(&arguments.db.db)?;
    let check = register.verify_journal()?;
    if arguments.head {
        return match check {
            JournalCheck::Intact { last_hash, .. } => {
                terminal::print(&format!("{last_hash}\n"))?;
                Ok(ExitCode::SUCCESS)
            }
            broken @ JournalCheck::Broken { .. } => Ok(say_broken(&broken)),
        };
    }
    let entries = register.journal()?;
    if arguments.json {
        terminal::print(&json_lines(&entries)?)?;
    } else {
        let rows = entries.iter().map(|entry| {
            let hash: String = entry.hash.chars().take(12).collect();
            let (at, actor, action) = (short_time(entry.at), entry.actor.clone(), entry.action.clone());
            vec![entry.seq.to_string(), at, actor, action, entry.subject.clone(), entry.detail.clone(), hash]
        });
        terminal::print(&terminal::table(&["line", "at", "who", "what", "of", "detail", "hash"], rows))?;
    }
    Ok(match check {
        JournalCheck::Intact { .. } => ExitCode::SUCCESS,
        broken @ JournalCheck::Broken { .. } => say_broken(&broken),
    })
}

fn say_broken(check: &JournalCheck) -> ExitCode {
    if let JournalCheck::Broken { seq, problem } = check {
        terminal::say(&format!("the custody journal is broken at line {seq}: {problem}"));
    }
    ExitCode::from(CHECK_FAILED)
}

/// The lines as JSON, an object each.
pub(crate) fn json_lines(entries: &[JournalEntry]) -> Result<String, Failure> {
    let mut text = String::new();
    for entry in entries {
        let line = Line {
            seq: entry.seq,
            at: ::export::time::rfc3339(entry.at),
            at_ns: entry.at.0,
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
            previous: entry.previous.clone(),
            hash: entry.hash.clone(),
        };
        let line = serde_json::to_string(&line).map_err(|error| Failure::Other(error.into()))?;
        let _ = writeln!(text, "{line}");
    }
    Ok(text)
}

/// The lines that [`json_lines`] wrote; `None` if one is none.
pub(crate) fn read_lines(text: &str) -> Option<Vec<JournalEntry>> {
    let entry = |line: &str| {
        let line: Line = serde_json::from_str(line).ok()?;
        Some(JournalEntry {
            seq: line.seq,
            at: Time(line.at_ns),
            actor: line.actor,
            action: line.action,
            subject: line.subject,
            detail: line.detail,
            previous: line.previous,
            hash: line.hash,
        })
    };
    text.lines().map(entry).collect()
}
