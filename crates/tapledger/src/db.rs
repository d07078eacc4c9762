//! `db`: looking after the register's file.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use observation::{CaptureKind, CaptureStatus, CaptureSummary, number_of};
use register::{Check, JournalCheck, Policy, Register, SCHEMA_VERSION};

use crate::arguments::{Db, octets};
use crate::failure::{CHECK_FAILED, Failure};
use crate::session::{actor, now, person};
use crate::summary::talking;
use crate::terminal;

/// Protocol of what the ends of a tunnel or mirror session say to each other.
const TUNNEL: &str = "tunnel";

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Brings a register of an older schema up to date; a copy of it is kept. (Every command does it when it meets one.)
    Migrate(Db),
    /// Checks every page, reference, total and line of the journal; exit code 6 if something is wrong.
    Check(Db),
    /// Copies the register to a file while others write, and writes its SHA-256 beside it.
    Backup(BackUp),
    /// Puts a backup in the register's place; the register before is kept aside.
    Restore(Restore),
    /// Folds old days and drops proof beyond a limit. No asset is ever dropped.
    Prune(Prune),
}

#[derive(Debug, Args)]
pub(crate) struct BackUp {
    /// Where to.
    #[arg(value_name = "PATH")]
    path: PathBuf,
    #[command(flatten)]
    db: Db,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup. Its SHA-256 is compared with the one in PATH.sha256, where that is.
    #[arg(value_name = "PATH")]
    path: PathBuf,
    #[command(flatten)]
    db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Prune {
    #[command(flatten)]
    db: Db,
    /// Days kept apart of stations, facts, mentions and malformed messages, before the latest one.
    #[arg(long, value_name = "DAYS", default_value_t = Policy::default().detail_days)]
    detail_days: u32,
    /// Days kept apart of conversations and what was asked in them, before the latest one.
    #[arg(long, value_name = "DAYS", default_value_t = Policy::default().conversation_days)]
    conversation_days: u32,
    /// Most frames kept as proof, over all captures.
    #[arg(long, value_name = "NUMBER", default_value_t = Policy::default().evidence_frames_max)]
    evidence_frames: u64,
    /// Most octets of such frames, as in 256M or 1G.
    #[arg(long, value_name = "OCTETS", default_value = "256M", value_parser = octets)]
    evidence_octets: u64,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(command: &DbCommand) -> Result<ExitCode, Failure> {
    match command {
        DbCommand::Migrate(db) => migrate(db),
        DbCommand::Check(db) => check(db),
        DbCommand::Backup(arguments) => back_up(arguments),
        DbCommand::Restore(arguments) => restore(arguments),
        DbCommand::Prune(arguments) => prune(arguments),
    }
}

fn migrate(Db { db }: &Db) -> Result<ExitCode, Failure> {
    let schema = Register::schema_of(db)?;
    Register::open_existing(db)?;
    let mut text = format!("register    {}, schema {SCHEMA_VERSION}", db.display());
    if schema == SCHEMA_VERSION {
        text.push_str(", as it was\n");
    } else {
        let copy = Register::migration_backup(db, schema);
        let _ = write!(text, "\nmigrated    from schema {schema}; a copy of it is {}\n", copy.display());
    }
    print(&text)
}

fn check(Db { db }: &Db) -> Result<ExitCode, Failure> {
    let register = Register::open_existing(db)?;
    let (stats, check) = (register.stats()?, register.check()?);
    let captures = register.captures()?;
    let mut text = format!("register    {}, schema {}\n", db.display(), stats.schema);
    if let Some(day) = stats.folded_before {
        let _ = writeln!(text, "retention   days before {day} are folded");
    }
    text.push_str(&soundness_text(&check));
    let totals = totals_text(&captures, &check);
    let sound = check.is_sound() && totals.is_empty();
    text.push_str(&totals);
    text.push_str(if sound { "the register is sound\n" } else { "the register is NOT sound\n" });
    print(&text)?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(CHECK_FAILED) })
}

/// What the check of the file found.
pub(crate) fn soundness_text(check: &Check) -> String {
    let mut text = String::new();
    for damage in &check.soundness.damages {
        let _ = writeln!(text, "DAMAGE      {damage}");
    }
    if check.soundness.dangling > 0 {
        let _ =
            writeln!(text, "DAMAGE      references to rows that are not there: {}", check.soundness.dangling);
    }
    if check.unread > 0 {
        let _ = writeln!(text, "DAMAGE      rows without a day, which nobody reads: {}", check.unread);
    }
    match &check.soundness.journal {
        JournalCheck::Intact { lines, last_hash } => {
            let _ =
                writeln!(text, "journal     {}, chain whole, head {last_hash}", number_of(*lines, "line"));
        }
        JournalCheck::Broken { seq, problem } => {
            let _ = writeln!(text, "DAMAGE      the custody journal is broken at line {seq}: {problem}");
        }
    }
    text
}

/// Captures whose frames are not those of their conversations; nothing if all add up. Sessions that have not ended, or
/// died, have no totals to compare.
pub(crate) fn totals_text(captures: &[CaptureSummary], check: &Check) -> String {
    let mut text = String::new();
    for capture in captures {
        let has_totals = capture.kind == CaptureKind::File || capture.status == CaptureStatus::Complete;
        let talked = check.talked.get(&capture.uid).into_iter().flatten();
        // The ends of a tunnel talk beside what is in it: such a frame is in two conversations.
        let frames: u64 = talked.filter(|(protocol, _)| *protocol != TUNNEL).map(|(_, frames)| *frames).sum();
        let expected = talking(capture);
        if has_totals && expected != frames {
            let _ = writeln!(
                text,
                "DAMAGE      {}: {expected} frames were counted, and conversations have {frames}",
                capture.name
            );
        }
    }
    text
}

fn back_up(arguments: &BackUp) -> Result<ExitCode, Failure> {
    let person = person();
    let mut register = Register::open_existing(&arguments.db.db)?;
    let backup = register.back_up(&arguments.path, arguments.force, &actor(&person))?;
    print(&format!(
        "backup      {}, {}\nsha256      {}\n",
        backup.path.display(),
        number_of(backup.octets, "octet"),
        backup.sha256
    ))
}

fn restore(arguments: &Restore) -> Result<ExitCode, Failure> {
    let person = person();
    let db = &arguments.db.db;
    let restored = Register::restore(db, &arguments.path, &actor(&person))?;
    let compared = if restored.checksum_compared {
        "as it stands beside the backup"
    } else {
        "none stands beside the backup"
    };
    let mut text = format!("sha256      {}, {compared}\nregister    {}\n", restored.sha256, db.display());
    if restored.schema != SCHEMA_VERSION {
        let _ = writeln!(text, "migrated    from schema {}", restored.schema);
    }
    match restored.replaced {
        Some(aside) => {
            let _ = writeln!(text, "replaced    kept as {}", aside.display());
        }
        None => text.push_str("replaced    nothing: there was no register\n"),
    }
    print(&text)
}

fn prune(arguments: &Prune) -> Result<ExitCode, Failure> {
    let policy = Policy {
        detail_days: arguments.detail_days,
        conversation_days: arguments.conversation_days,
        evidence_frames_max: arguments.evidence_frames,
        evidence_octets_max: arguments.evidence_octets,
    };
    let person = person();
    let mut register = Register::open_existing(&arguments.db.db)?;
    let pruned = if arguments.dry_run {
        register.would_prune(&policy, now())?
    } else {
        register.prune(&policy, &actor(&person))?
    };
    let folded = pruned.folded;
    let mut text = String::new();
    let _ = writeln!(text, "detail      days before {} folded", pruned.before);
    for (name, rows) in [
        ("presences", folded.presences),
        ("bindings", folded.bindings),
        ("facts", folded.facts),
        ("mentions", folded.mentions),
    ] {
        let _ = writeln!(text, "            {name}: {rows} rows");
    }
    let _ = writeln!(text, "talk        days before {} folded", pruned.conversations_before);
    for (name, rows) in [("conversations", folded.conversations), ("operations", folded.operations)] {
        let _ = writeln!(text, "            {name}: {rows} rows");
    }
    let _ = writeln!(
        text,
        "dropped     {}, {} of {}",
        number_of(pruned.malformed, "malformed message"),
        number_of(pruned.frames, "evidence frame"),
        number_of(pruned.frame_octets, "octet")
    );
    text.push_str(if arguments.dry_run { "nothing was changed\n" } else { "no asset was dropped\n" });
    print(&text)
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    terminal::print(&terminal::safe_lines(text))?;
    Ok(ExitCode::SUCCESS)
}
