//! What a user may type of evidence, bundles, keys and the custody journal.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use observation::Time;

use crate::arguments::{Db, moment};
use crate::findings::end_of_day;

#[derive(Debug, Args)]
pub(crate) struct ExportEvidence {
    #[command(flatten)]
    pub(crate) db: Db,
    /// Only frames that prove something of this asset: id (or its beginning), name, IP or MAC address.
    #[arg(long, value_name = "ASSET")]
    pub(crate) asset: Option<String>,
    /// Only frames that prove this attribute.
    #[arg(long, value_name = "NAME")]
    pub(crate) attribute: Option<String>,
    /// Only frames from this time on: a day, or as RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<Time>,
    /// Only frames up to this time, as RFC 3339, or to the end of this day.
    #[arg(long, value_name = "TIME", value_parser = end_of_day)]
    pub(crate) to: Option<Time>,
    /// The pcapng file to write; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Also write the timeline (values, conversations, operations, findings, changes) and the peers of the asset beside the
    /// file, as text, CSV and JSON.
    #[arg(long, requires = "asset")]
    pub(crate) bundle: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateBundle {
    #[command(flatten)]
    pub(crate) db: Db,
    /// A new folder, or with a name that ends in .zip an archive.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// What the bundle is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who makes it; the user's name if left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: Option<String>,
    #[command(flatten)]
    pub(crate) keys: Keys,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyBundle {
    /// The folder or archive.
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The fingerprint that the key must have, as `tapledger keys show` prints it.
    #[arg(long, value_name = "SHA256:…")]
    pub(crate) fingerprint: Option<String>,
    /// The bundle before this one: its manifest must be the one that this manifest follows.
    #[arg(long, value_name = "DIR")]
    pub(crate) previous: Option<PathBuf>,
    /// The register: its custody journal must go on from the bundle's, and name the bundle.
    #[arg(long, value_name = "FILE")]
    pub(crate) register: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    #[command(flatten)]
    pub(crate) db: Db,
    /// Only the hash of the last line: noted elsewhere, it tells if lines were rewritten or cut off.
    #[arg(long, conflicts_with = "json")]
    pub(crate) head: bool,
    /// A JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes a key, once: nothing is overwritten.
    Generate(KeysOf),
    /// Prints the fingerprint and the public key.
    Show(KeysOf),
}

#[derive(Debug, Args)]
pub(crate) struct KeysOf {
    #[command(flatten)]
    pub(crate) db: Db,
    #[command(flatten)]
    pub(crate) keys: Keys,
}

/// Where the keys are.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// The folder of the keys; that of the register if left out.
    #[arg(long, value_name = "DIR", env = "TAPLEDGER_KEYS")]
    pub(crate) keys: Option<PathBuf>,
}
