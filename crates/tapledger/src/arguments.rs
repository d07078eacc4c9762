//! What a user may type.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Exit codes, for `--help`.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failure, 2 wrong arguments, 3 wrong configuration, 4 input partly read (what could be read is kept), \
5 missing permission, 6 a check failed.

Data goes to standard output, everything else to standard error.";

/// Listens at a mirror port or reads packet captures, and keeps the register of the industrial assets it hears. It never sends a frame.
#[derive(Debug, Parser)]
#[command(name = "tapledger", version, after_help = EXIT_CODES, max_term_width = 110)]
pub(crate) struct Arguments {
    /// Say more: -v decisions, -vv details.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing but data and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reads capture files (pcap, pcapng, also .gz and .zst) into the register.
    Import(Import),
    /// Listens on an interface for a while, in the foreground.
    Capture(Capture),
    /// Lists assets and shows one.
    #[command(subcommand)]
    Assets(AssetsCommand),
    /// Lists who talks to whom, by which protocol, and what is asked.
    Conversations(List),
    /// Lists what an auditor or engineer should see.
    Findings(crate::findings::Findings),
    /// Lists what changed, in observed-time order.
    Changes(crate::changes::Changes),
    /// Says what the ports that were listened at cannot see.
    Coverage(crate::coverage::Coverage),
    /// Writes the register as JSON or CSV (the same as `register export`).
    Export(Export),
    /// Exports the register.
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Shows the octets that prove a value.
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Checks the register: is it whole, what was lost, do the totals add up.
    Doctor(Doctor),
    /// Prints the JSON Schema of an export.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Prints the table of protocols: what is read of each, and what is not.
    Protocols,
    /// Prints a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Where the register is.
#[derive(Debug, Args)]
pub(crate) struct Db {
    /// The register.
    #[arg(long, value_name = "FILE", default_value = "register.db", env = "TAPLEDGER_DB")]
    pub(crate) db: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files, folders (searched through), globs, or `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) db: Db,
    /// The site that the stations belong to. Two plants, or two cells with the same addresses, are two sites.
    #[arg(long, default_value = "default", env = "TAPLEDGER_SITE")]
    pub(crate) site: String,
}

#[derive(Debug, Args)]
pub(crate) struct Capture {
    /// The interface, usually one that a mirror port feeds.
    #[arg(short, long, value_name = "IFACE")]
    pub(crate) interface: String,
    /// How long, as in 90s, 15m, 8h; until interrupted if left out.
    #[arg(short, long, value_parser = duration)]
    pub(crate) duration: Option<std::time::Duration>,
    /// A capture filter in libpcap's language.
    #[arg(short, long, value_name = "BPF")]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) db: Db,
    /// The site that the stations belong to.
    #[arg(long, default_value = "default", env = "TAPLEDGER_SITE")]
    pub(crate) site: String,
    /// Name of this sensor, as it stands in the register.
    #[arg(long, default_value = "", env = "TAPLEDGER_SENSOR")]
    pub(crate) sensor: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AssetsCommand {
    /// Lists assets.
    List(List),
    /// Shows one asset with everything known of it.
    Show(ShowAsset),
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people.
    Table,
    /// For spreadsheets, with all columns of the export.
    Csv,
    /// For programs: the list as it stands in the export.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) db: Db,
    /// Only rows that contain this text, in any case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) find: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: ListFormat,
    /// All columns of the table, however wide, and nothing cut.
    #[arg(long)]
    pub(crate) wide: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowAsset {
    /// Id (or its beginning), name, IP or MAC address.
    #[arg(value_name = "ASSET")]
    pub(crate) asset: String,
    #[command(flatten)]
    pub(crate) db: Db,
    /// Also say which stations were joined and by what, rejected joins too.
    #[arg(long)]
    pub(crate) why: bool,
}

/// What an export is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// The whole register; its schema is printed by `tapledger schema register`.
    Json,
    /// The assets, a row each.
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) db: Db,
    /// As what.
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: ExportFormat,
    /// Where to; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    /// CSV with a byte order mark, so that Excel reads it as UTF-8.
    #[arg(long)]
    pub(crate) excel: bool,
    /// What separates the columns of a CSV.
    #[arg(long, value_name = "CHARACTER", default_value = ",")]
    pub(crate) delimiter: char,
    /// The moment the register speaks of, as RFC 3339; the latest observed time if left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<observation::Time>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegisterCommand {
    /// Writes the register as JSON or CSV.
    Export(Export),
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Shows capture, frame, offset, octets and rule behind each value of an attribute.
    Show(ShowEvidence),
}

#[derive(Debug, Args)]
pub(crate) struct ShowEvidence {
    /// Id (or its beginning), name, IP or MAC address of the asset.
    #[arg(value_name = "ASSET")]
    pub(crate) asset: String,
    /// Name of the attribute, as `tapledger assets show` lists it.
    #[arg(value_name = "ATTRIBUTE")]
    pub(crate) attribute: String,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// The document that `export --format json` prints.
    Register,
}

pub(crate) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let number: u64 = digits.parse().map_err(|_| format!("\"{text}\" is no duration; try 90s, 15m or 8h"))?;
    let seconds = match unit {
        "" | "s" => Some(number),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        "d" => number.checked_mul(86_400),
        _ => return Err(format!("\"{unit}\" is no unit of time; use s, m, h or d")),
    };
    seconds.map(std::time::Duration::from_secs).ok_or_else(|| format!("\"{text}\" is too long"))
}

pub(crate) fn moment(text: &str) -> Result<observation::Time, String> {
    let timestamp: jiff::Timestamp =
        text.parse().map_err(|error| format!("\"{text}\" is no RFC 3339 time: {error}"))?;
    i64::try_from(timestamp.as_nanosecond())
        .map(observation::Time)
        .map_err(|_| format!("\"{text}\" is too far away"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("90s").unwrap().as_secs(), 90);
        assert_eq!(duration("15m").unwrap().as_secs(), 900);
        assert_eq!(duration("7").unwrap().as_secs(), 7);
        assert!(duration("7 weeks").is_err());
        assert!(duration("999999999999999999d").is_err());
    }
}
