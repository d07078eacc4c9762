//! What a user may type of vulnerabilities.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::{Db, ListFormat};
use crate::filters::Filters;

#[derive(Debug, Subcommand)]
pub(crate) enum VulnsCommand {
    /// Matches assets with CSAF advisories of a folder: affected, not affected, or cannot tell, with the reason.
    Match(MatchVulns),
}

#[derive(Debug, Args)]
pub(crate) struct MatchVulns {
    #[command(flatten)]
    pub(crate) db: Db,
    /// Folder (searched through) or file with CSAF documents, 2.0 or 2.1.
    #[arg(long, value_name = "DIR")]
    pub(crate) csaf: PathBuf,
    /// CISA's catalogue of known exploited vulnerabilities, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) kev: Option<PathBuf>,
    /// After how many days without proof a firmware counts as not known. Days before the register's last moment.
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    pub(crate) max_age: u64,
    /// Only these verdicts; may be given several times.
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub(crate) verdict: Vec<VerdictWord>,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: ListFormat,
    /// All columns of the table, however wide, and nothing cut.
    #[arg(long)]
    pub(crate) wide: bool,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictWord {
    /// The asset is affected.
    Affected,
    /// It may be or not.
    CannotTell,
    /// It is not.
    NotAffected,
}
