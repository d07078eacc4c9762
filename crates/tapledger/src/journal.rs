//! `journal`: who did what and when.

use std::process::ExitCode;

use ::export::time::rfc3339;
use clap::Subcommand;
use observation::number_of;
use register::{JournalCheck, Register};

use crate::arguments::Db;
use crate::failure::{CHECK_FAILED, Failure};
use crate::terminal;

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Lists who imported, edited, exported and decided what, oldest first.
    List {
        /// Only lines that contain this text, in any case.
        #[arg(long, value_name = "TEXT")]
        find: Option<String>,
        #[command(flatten)]
        db: Db,
    },
    /// Prints number, time and hash of the last line: noted elsewhere, they tell if lines were rewritten or cut off.
    Head {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        db: Db,
    },
    /// Checks that every line follows from the one before; exit 6 if one was changed or is missing.
    Verify {
        #[command(flatten)]
        db: Db,
    },
}

pub(crate) fn run(command: &JournalCommand) -> Result<ExitCode, Failure> {
    match command {
        JournalCommand::List { find, db } => {
            let entries = Register::open_existing(&db.db)?.journal()?;
            let rows = entries.into_iter().map(|entry| {
                vec![
                    entry.seq.to_string(),
                    rfc3339(entry.at),
                    entry.actor,
                    entry.action,
                    entry.subject,
                    entry.detail,
                    entry.hash.chars().take(12).collect(),
                ]
            });
            let rows: Vec<_> = rows.filter(|row| crate::lists::matches(row, find.as_deref())).collect();
            let number = number_of(rows.len(), "line");
            let heads = ["line", "when", "who", "did", "to", "detail", "hash"];
            terminal::print(&format!("{}{number}\n", terminal::table(&heads, rows)))?;
            Ok(ExitCode::SUCCESS)
        }
        JournalCommand::Head { json, db } => head(&Register::open_existing(&db.db)?, *json),
        JournalCommand::Verify { db } => match Register::open_existing(&db.db)?.verify_journal()? {
            JournalCheck::Intact { lines, last_hash } => {
                terminal::print(&format!(
                    "{} as written; note the last hash elsewhere: {last_hash}\n",
                    number_of(usize::try_from(lines).unwrap_or(usize::MAX), "line")
                ))?;
                Ok(ExitCode::SUCCESS)
            }
            JournalCheck::Broken { seq, problem } => {
                terminal::print(&format!("line {seq}: {problem}\n"))?;
                Ok(ExitCode::from(CHECK_FAILED))
            }
        },
    }
}

/// The last line of a journal that is as it was written.
fn head(register: &Register, json: bool) -> Result<ExitCode, Failure> {
    if let JournalCheck::Broken { seq, problem } = register.verify_journal()? {
        return Err(Failure::Check(format!("line {seq}: {problem}; a broken journal has no head to note")));
    }
    let last = register.journal()?.pop();
    let (seq, at) = last.as_ref().map_or((0, None), |last| (last.seq, Some(rfc3339(last.at))));
    let hash = last.map_or_else(|| "0".repeat(64), |last| last.hash);
    let text = if json {
        serde_json::json!({"schema": "tapledger.journal.head/1", "seq": seq, "at": at, "hash": hash})
            .to_string()
    } else {
        format!("line {seq}, written {}, SHA-256 {hash}", at.as_deref().unwrap_or("never"))
    };
    terminal::print(&format!("{text}\n"))?;
    Ok(ExitCode::SUCCESS)
}
