//! What a user may type about incidents.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use inventory::incident::{CLASSES, Report, SEVERITIES};
use observation::Time;

use crate::arguments::{Db, ListFormat, moment};
use crate::config::nearest;
use crate::people::arguments::Who;

#[derive(Debug, Subcommand)]
pub(crate) enum IncidentCommand {
    /// Opens an incident, or a drill.
    Open(Open),
    /// Adds to an incident: notes, causes, actions, lessons, its classification, what was reported.
    Note(Note),
    /// Attaches assets, proofs, findings, bundles and files; of bundles and files the hash.
    Attach(Attach),
    /// Closes an incident; cause, corrective action and lessons must be there.
    Close(Close),
    /// Opens a closed incident again.
    Reopen {
        /// Its number.
        #[arg(value_name = "NUMBER")]
        incident: i64,
        /// Why.
        #[arg(long, value_name = "TEXT", value_parser = line)]
        reason: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        db: Db,
    },
    /// Lists incidents with their deadlines.
    List {
        /// Only those that are not closed.
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Shows one incident with everything said of it.
    Show {
        /// Its number.
        #[arg(value_name = "NUMBER")]
        incident: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// The incidents of the last months for an auditor, and what was listened to meanwhile, also where there were none.
    Log {
        /// How many months back.
        #[arg(long, value_name = "NUMBER", default_value = "12", value_parser = clap::value_parser!(u16).range(1..=1200))]
        months: u16,
        #[command(flatten)]
        shown: Shown,
    },
    /// Checks that no entry was changed or removed since it was written; exit 6 if one was.
    Verify {
        #[command(flatten)]
        db: Db,
    },
}

/// How incidents are shown.
#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// The moment at which deadlines are judged, as RFC 3339; now if left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<Time>,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Open {
    /// What happened, in one line.
    #[arg(value_name = "TITLE", value_parser = line)]
    pub(crate) title: String,
    /// When it was detected, as RFC 3339; now if left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) detected: Option<Time>,
    /// When those who must report it became aware of it, as RFC 3339: the clocks of NIS2 count from then. When it was
    /// detected if left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) aware: Option<Time>,
    /// By what it was noticed.
    #[arg(long, value_name = "TEXT", value_parser = line)]
    pub(crate) source: Option<String>,
    /// The finding by which it was noticed, as `findings list` names it.
    #[arg(long, value_name = "FINDING")]
    pub(crate) finding: Option<String>,
    /// The site.
    #[arg(long, value_name = "SITE", value_parser = line)]
    pub(crate) site: Option<String>,
    #[command(flatten)]
    pub(crate) classes: Classes,
    /// An affected asset: id (or its beginning), name, IP or MAC address; may be given several times.
    #[arg(long, value_name = "ASSET")]
    pub(crate) asset: Vec<String>,
    /// It is a drill: it is marked as one everywhere, and nothing is reported.
    #[arg(long)]
    pub(crate) drill: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) db: Db,
}

/// What kind of incident it is.
#[derive(Debug, Args)]
pub(crate) struct Classes {
    /// Its class in the Reference Security Incident Taxonomy of ENISA: intrusions, malicious_code, availability …
    #[arg(long, value_name = "CLASS", value_parser = class)]
    pub(crate) class: Option<String>,
    /// How bad it is: low, medium, high, critical.
    #[arg(long, value_name = "WORD", value_parser = severity)]
    pub(crate) severity: Option<String>,
    /// Whether it is significant in the sense of NIS2 (Article 23(3)).
    #[arg(long, value_enum, value_name = "WORD")]
    pub(crate) significant: Option<Significant>,
}

/// Whether an incident must be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Significant {
    /// It must be reported.
    Yes,
    /// It need not.
    No,
    /// Not assessed: the clocks run until somebody says no.
    Unknown,
}

impl Significant {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Note {
    /// Its number.
    #[arg(value_name = "NUMBER")]
    pub(crate) incident: i64,
    /// Anything worth keeping.
    #[arg(value_name = "TEXT", value_parser = line)]
    pub(crate) text: Option<String>,
    /// What caused it.
    #[arg(long, value_name = "TEXT", value_parser = line)]
    pub(crate) cause: Option<String>,
    /// What was done about the cause.
    #[arg(long, value_name = "TEXT", value_parser = line)]
    pub(crate) action: Option<String>,
    /// What was learned.
    #[arg(long, value_name = "TEXT", value_parser = line)]
    pub(crate) lesson: Option<String>,
    #[command(flatten)]
    pub(crate) classes: Classes,
    /// When those who must report it became aware of it, as RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) aware: Option<Time>,
    /// A report was made: early_warning, notification, progress or final.
    #[arg(long, value_name = "REPORT", value_parser = report)]
    pub(crate) reported: Option<Report>,
    /// When it was made, as RFC 3339; now if left out.
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "reported")]
    pub(crate) at: Option<Time>,
    /// To whom, and under what number.
    #[arg(long, value_name = "TEXT", value_parser = line, requires = "reported")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// Its number.
    #[arg(value_name = "NUMBER")]
    pub(crate) incident: i64,
    /// An affected asset: id (or its beginning), name, IP or MAC address; may be given several times.
    #[arg(long, value_name = "ASSET")]
    pub(crate) asset: Vec<String>,
    /// What proves an attribute of an asset, as in `--evidence 10.0.0.1 firmware_version`; may be given several times.
    #[arg(long, value_names = ["ASSET", "ATTRIBUTE"], num_args = 2)]
    pub(crate) evidence: Vec<String>,
    /// A finding, as `findings list` names it; may be given several times.
    #[arg(long, value_name = "FINDING")]
    pub(crate) finding: Vec<String>,
    /// A bundle of `evidence create`: it is verified, and the hash of its manifest is kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) bundle: Vec<PathBuf>,
    /// Any file: its SHA-256 is kept, not the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Close {
    /// Its number.
    #[arg(value_name = "NUMBER")]
    pub(crate) incident: i64,
    /// How it ended.
    #[arg(long, value_name = "TEXT", value_parser = line)]
    pub(crate) reason: String,
    /// Close it although cause, corrective action or lessons are missing; the log says so.
    #[arg(long)]
    pub(crate) incomplete: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) db: Db,
}

/// A text of one line in which nothing acts.
pub(crate) fn line(text: &str) -> Result<String, String> {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return Err("it is empty".to_owned());
    }
    if line.chars().any(observation::acts) {
        return Err("it has control or direction characters".to_owned());
    }
    Ok(line)
}

/// One of the words, or the one that was meant.
fn word(text: &str, words: &[&'static str], noun: &str) -> Result<&'static str, String> {
    words.iter().copied().find(|word| *word == text).ok_or_else(|| {
        let meant = nearest(words.iter().copied(), text).map(|word| format!("; did you mean {word}?"));
        format!("\"{text}\" is no {noun}{}; there are {}", meant.unwrap_or_default(), words.join(", "))
    })
}

fn class(text: &str) -> Result<String, String> {
    word(text, &CLASSES, "class").map(str::to_owned)
}

fn severity(text: &str) -> Result<String, String> {
    word(text, &SEVERITIES, "severity").map(str::to_owned)
}

fn report(text: &str) -> Result<Report, String> {
    let words: Vec<&'static str> = Report::ALL.iter().map(|report| report.as_str()).collect();
    let text = text.replace('-', "_");
    let word = word(&text, &words, "report")?;
    Report::read_back(word).ok_or_else(|| format!("\"{word}\" is no report"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_one_line_and_words_are_known() {
        assert_eq!(line(" stop of\n line 1 "), Ok("stop of line 1".to_owned()));
        assert!(line("  ").is_err() && line("a\u{1b}[2J").is_err() && line("a\u{202e}b").is_err());
        assert_eq!(report("early-warning"), Ok(Report::EarlyWarning));
        assert!(class("intrusion").unwrap_err().contains("did you mean intrusions?"));
        assert!(severity("hgh").unwrap_err().contains("did you mean high?"));
    }
}
