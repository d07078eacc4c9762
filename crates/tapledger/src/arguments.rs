//! What a user may type.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::custody_arguments::{CreateBundle, ExportEvidence, KeysCommand, Log, VerifyBundle};
use crate::filters::Filters;
use crate::report::ReportArguments;
use crate::vulns_arguments::VulnsCommand;

/// Exit codes, for `--help`.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failure, 2 wrong arguments, 3 wrong configuration, 4 input partly read (what could be read is kept), \
5 missing permission, 6 a check failed.

Data goes to standard output, everything else to standard error.";

/// Where the sensor's configuration is unless somebody says.
pub(crate) const CONFIG: &str = "/etc/tapledger/config.toml";

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
    /// Listens on the configured interfaces for years, under a service manager.
    Sensor(ConfigArguments),
    /// The process of the sensor that captures; started by it.
    #[command(hide = true)]
    SensorCapture,
    /// Tells others what changes: syslog, CEF, MQTT, metrics, files. It reads the register and opens no raw socket.
    Notify(ConfigArguments),
    /// Imports captures that other programs put into a folder, each once, when it is whole; until it is told to end.
    Watch(crate::watch::Watch),
    /// Lists assets, shows one, and keeps what people say of them.
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
    /// Writes the register in another form: JSON, CSV, and what other systems take (the same as `register export`).
    Export(Export),
    /// Exports the register.
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Zones, levels and conduits: what the plant says about its own network.
    #[command(subcommand)]
    Policy(crate::policy::PolicyCommand),
    /// Compares the company's own list with the wire: matched, not listed, silent, conflicting.
    Reconcile(crate::reconcile::Reconcile),
    /// Frozen registers, and what is new, missing and changed since.
    #[command(subcommand)]
    Baseline(crate::baseline::BaselineCommand),
    /// The custody journal: who did what and when, each line chained to the one before.
    #[command(subcommand)]
    Journal(crate::journal::JournalCommand),
    /// Shows and hands over what proves the values of the register.
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Says which assets known vulnerabilities affect, offline.
    #[command(subcommand)]
    Vulns(VulnsCommand),
    /// Holds the register against what standards ask for: which fields are there, by whom, how old, and whose work is left.
    Readiness(crate::readiness::ReadinessArguments),
    /// Key figures of the register, each with a written definition: now, over time, before and after.
    Kpi(crate::kpi::Kpi),
    /// Incidents and drills: what happened, what was done, and until when it must be reported.
    #[command(subcommand)]
    Incident(crate::incident::arguments::IncidentCommand),
    /// Makes and shows the key that signs evidence bundles.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Checks the register: is it whole, what was lost, do the totals add up.
    Doctor(Doctor),
    /// Looks after the register's file: migrate, check, back up, restore, prune.
    #[command(subcommand)]
    Db(crate::db::DbCommand),
    /// Silences the interface of a mirror port: prints the network configuration for it, writes it, or applies it.
    Setup(Setup),
    /// Checks and shows the configuration of the sensor.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints the JSON Schema of an export.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Prints the table of protocols: what is read of each, and what is not.
    Protocols,
    /// Writes the manual pages and completion scripts into a folder, as packages ship them.
    #[command(hide = true)]
    Manual {
        /// The folder, which is made if need be.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
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
    pub(crate) ring: RingArguments,
    #[command(flatten)]
    pub(crate) db: Db,
    /// The site that the stations belong to.
    #[arg(long, default_value = "default", env = "TAPLEDGER_SITE")]
    pub(crate) site: String,
    /// Name of this sensor, as it stands in the register.
    #[arg(long, default_value = "", env = "TAPLEDGER_SENSOR")]
    pub(crate) sensor: String,
}

/// A ring of capture files beside the register.
#[derive(Debug, Args)]
pub(crate) struct RingArguments {
    /// Keeps all frames in capture files in this folder too; when they take too much, the oldest goes first. They hold
    /// passwords as they were on the wire.
    #[arg(long, value_name = "DIR")]
    pub(crate) ring: Option<PathBuf>,
    /// Most octets of all these files.
    #[arg(long, value_name = "OCTETS", default_value = "1G", value_parser = octets, requires = "ring")]
    pub(crate) ring_octets: u64,
    /// Octets of one file; a sixteenth of all if left out.
    #[arg(long, value_name = "OCTETS", default_value = "0", value_parser = octets, requires = "ring", hide_default_value = true)]
    pub(crate) ring_file_octets: u64,
    /// Octets that stay free on that file system: below it files go, and nothing is written until space returns.
    #[arg(long, value_name = "OCTETS", default_value = "1G", value_parser = octets, requires = "ring")]
    pub(crate) ring_free: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AssetsCommand {
    /// Lists assets.
    List(List),
    /// Shows one asset with everything known of it.
    Show(ShowAsset),
    #[command(flatten)]
    People(crate::people::arguments::PeopleCommand),
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
    /// The whole register, an object on each line; the first says what the export is.
    Jsonl,
    /// The assets, a row each.
    Csv,
    /// Tables for the bulk import of NetBox, in a folder or (with a name that ends in .zip) an archive.
    Netbox,
    /// The worksheet of ServiceNow's connector for operational technology, as CSV.
    Servicenow,
    /// The columns of the inventory of Microsoft Defender for IoT, as CSV.
    Defender,
    /// A CycloneDX 1.6 document: devices, firmware in them, evidence.
    Cyclonedx,
    /// The communications as GraphML, for Gephi, yEd or networkx.
    Graphml,
    /// The communications as a picture for graphviz.
    Dot,
    /// A workbook of eleven sheets for auditors; people fill it in, and `register import` takes it back.
    Xlsx,
    /// A report for the auditor and the engineer: one HTML file that needs nothing else, and prints on A4.
    Html,
    /// The same report as PDF.
    Pdf,
    /// The map of the network by level and zone, as SVG.
    Svg,
}

impl ExportFormat {
    /// As it is typed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Netbox => "netbox",
            Self::Servicenow => "servicenow",
            Self::Defender => "defender",
            Self::Cyclonedx => "cyclonedx",
            Self::Graphml => "graphml",
            Self::Dot => "dot",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Svg => "svg",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) db: Db,
    /// As what.
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: ExportFormat,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// Where to; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    /// A CSV with a byte order mark, so that Excel reads it as UTF-8.
    #[arg(long)]
    pub(crate) excel: bool,
    /// What separates the columns of a CSV.
    #[arg(long, value_name = "CHARACTER", default_value = ",")]
    pub(crate) delimiter: char,
    /// The moment, or day, by which ages and acceptances are judged; the latest observed time if left out, and not before
    /// it.
    #[arg(long, value_name = "TIME", value_parser = crate::findings::end_of_day)]
    pub(crate) as_of: Option<observation::Time>,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegisterCommand {
    /// Writes the register in another form.
    Export(Export),
    /// Takes back what people filled in, from an exported workbook or any CSV file (the same as `assets import`).
    Import(crate::people::arguments::ImportFields),
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Shows capture, frame, offset, octets and rule behind each value of an attribute.
    Show(ShowEvidence),
    /// Writes the kept frames as pcapng; comments in them say what each proves.
    Export(ExportEvidence),
    /// Makes a signed bundle of exports, proving frames and the custody journal.
    Create(CreateBundle),
    /// Verifies a bundle: signature, every file, the chain of the journal.
    Verify(VerifyBundle),
    /// Prints the custody journal: who imported, exported and edited what, and when.
    Log(Log),
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
    /// Look at this interface of this machine too: is it silent, and does the mirror port give what it should?
    #[arg(short, long, value_name = "IFACE")]
    pub(crate) interface: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The interface that the mirror port feeds.
    #[arg(value_name = "IFACE")]
    pub(crate) interface: String,
    /// Write the files of systemd-networkd into this folder, usually /etc/systemd/network.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) write: Option<PathBuf>,
    /// Silence the interface at once, until the machine starts again.
    #[arg(long)]
    pub(crate) apply: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Says everything that is wrong; exit code 3 if anything is.
    Check(ConfigArguments),
    /// Prints the merged configuration, and of each value where it was said.
    Show(ConfigArguments),
}

/// Where the sensor's configuration is, and what to put in place of what it says.
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The configuration; files of conf.d/*.toml beside it are merged in.
    #[arg(long, value_name = "FILE", default_value = CONFIG, env = "TAPLEDGER_CONFIG")]
    pub(crate) config: PathBuf,
    /// Another value of a key, as in queue.frames_max=65536; may be given again.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Listen on these interfaces only.
    #[arg(short, long, value_name = "IFACE")]
    pub(crate) interface: Vec<String>,
    /// The register.
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<String>,
    /// The site that the stations belong to.
    #[arg(long)]
    pub(crate) site: Option<String>,
    /// Name of this sensor, as it stands in the register.
    #[arg(long)]
    pub(crate) sensor: Option<String>,
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

/// A number of octets, as in 4096, 64K, 256M, 1G: powers of 1024.
pub(crate) fn octets(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let number: u64 =
        digits.parse().map_err(|_| format!("\"{text}\" is no number of octets; try 64K, 256M or 1G"))?;
    let factor: u64 = match unit {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return Err(format!("\"{unit}\" is no unit of octets; use K, M, G or T")),
    };
    number.checked_mul(factor).ok_or_else(|| format!("\"{text}\" is too much"))
}

/// The beginning of what somebody typed, for an error.
pub(crate) fn shortened(text: &str) -> String {
    /// Characters that tell which word is meant.
    const CHARACTERS_MAX: usize = 80;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| format!("\"{text}\" has no =; try queue.frames_max=65536"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// A time, or the first moment of a day of UTC.
pub(crate) fn moment(text: &str) -> Result<observation::Time, String> {
    let day = || format!("{text}T00:00:00Z").parse();
    let timestamp: jiff::Timestamp = text.parse().or_else(|_| day()).map_err(|_: jiff::Error| {
        format!(
            "\"{}\" is neither a day as in 2026-01-31 nor a time of RFC 3339 as in 2026-01-31T06:00:00Z",
            shortened(text)
        )
    })?;
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
    fn octets_have_units() {
        assert_eq!(octets("4096"), Ok(4096));
        assert_eq!(octets("64K"), Ok(64 << 10));
        assert_eq!(octets("2G"), Ok(2 << 30));
        assert!(octets("1.5G").is_err());
        assert!(octets("12 MB").is_err());
        assert!(octets("99999999T").is_err());
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
