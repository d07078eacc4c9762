//! What a user may type about people's side of the register.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::arguments::Db;

/// On whose behalf, and why.
#[derive(Debug, Args)]
pub(crate) struct Said {
    /// Why, for the history and the custody journal.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) who: Who,
}

/// On whose behalf, and why, where nothing is done without a reason.
#[derive(Debug, Args)]
pub(crate) struct Justified {
    /// Why, for the history and the custody journal.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) who: Who,
}

/// On whose behalf.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// Who does it, as it stands in the history; the user of the operating system if left out.
    #[arg(id = "who", long = "as", value_name = "NAME", env = "TAPLEDGER_ACTOR")]
    pub(crate) name: Option<String>,
}

/// What people do to assets.
#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    /// Sets people's fields of one asset, or of all that meet conditions: `assets set 10.0.0.1 owner=Ada criticality=high`.
    Set(Set),
    /// Reads people's fields of many assets from a CSV file or a workbook (the same as `register import`).
    Import(ImportFields),
    /// Lists the fields that people fill in, and what each may hold.
    Fields,
    /// Shows who changed which field of an asset, when and why.
    History(History),
    /// Approves observed assets: they belong in the plant.
    Confirm(Confirm),
    /// Lists an asset that the wire has not shown; it becomes the observed one when a key fits.
    #[command(visible_alias = "add")]
    Declare(Declare),
    /// Says that an asset is no longer used.
    Retire(Named),
    /// Takes an asset off the list that people listed and the wire has not shown.
    Delete(Named),
    /// Makes one asset of two, over what the rules say.
    Merge(Merge),
    /// Parts stations from an asset, over what the rules say.
    Split(Split),
    /// Takes a merge or split back.
    Undo(Undo),
    /// Lists every merge and split, those that were taken back too.
    Decisions {
        #[command(flatten)]
        db: Db,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The asset (id or its beginning, name, IP or MAC address), unless --where is given; then FIELD=VALUE, where an
    /// empty value clears the field.
    #[arg(required = true, value_name = "ASSET|FIELD=VALUE")]
    pub(crate) words: Vec<String>,
    /// Every asset of which this is true: a role, state, site, zone, an attribute, a person's field or an IP prefix. All
    /// conditions must be met; an empty value stands for none.
    #[arg(long = "where", value_name = "KEY=VALUE")]
    pub(crate) conditions: Vec<String>,
    /// Only tell what would change.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) said: Said,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct ImportFields {
    /// A workbook that `export --format xlsx` wrote, or any CSV file or workbook (XLSX) of which one column names the asset
    /// (`id`, or `asset` with a name or address); columns named like a field, or `people.` and a field, are read.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only tell what would change.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// An empty cell clears the field; without this it leaves it as it is. In an exported workbook an emptied cell always
    /// clears.
    #[arg(long)]
    pub(crate) clear_empty: bool,
    /// Where the register changed since the workbook was exported, take the file's value; without this both are told and
    /// the register's stays.
    #[arg(long)]
    pub(crate) theirs: bool,
    /// The site of rows without an asset ID that say none.
    #[arg(long)]
    pub(crate) site: Option<String>,
    #[command(flatten)]
    pub(crate) said: Said,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// Id (or its beginning), name, IP or MAC address.
    #[arg(value_name = "ASSET")]
    pub(crate) asset: String,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// Ids (or their beginnings), names, IP or MAC addresses.
    #[arg(value_name = "ASSET", required_unless_present = "conditions")]
    pub(crate) assets: Vec<String>,
    /// Every asset of which this is true, as in `assets set`.
    #[arg(long = "where", value_name = "KEY=VALUE")]
    pub(crate) conditions: Vec<String>,
    /// Take the approval back instead; this needs a reason.
    #[arg(long)]
    pub(crate) take_back: bool,
    #[command(flatten)]
    pub(crate) said: Said,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Declare {
    /// What is known of it: `mac=`, `ip=`, `role=`, an attribute (`serial_number=`, `vendor=`, `model=` …) or a person's
    /// field (`name=`, `asset_number=`, `owner=` …).
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,
    /// The site that it belongs to.
    #[arg(long, default_value = "default", env = "TAPLEDGER_SITE")]
    pub(crate) site: String,
    #[command(flatten)]
    pub(crate) said: Said,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Id (or its beginning), name, IP or MAC address.
    #[arg(value_name = "ASSET")]
    pub(crate) asset: String,
    #[command(flatten)]
    pub(crate) said: Justified,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The asset that stays.
    #[arg(value_name = "ASSET")]
    pub(crate) asset: String,
    /// The asset that is the same device.
    #[arg(value_name = "OTHER")]
    pub(crate) other: String,
    #[command(flatten)]
    pub(crate) said: Justified,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Split {
    /// The asset that is more than one device.
    #[arg(value_name = "ASSET")]
    pub(crate) asset: String,
    /// Stations that are another device: IP or MAC addresses, or an address with a path ("10.0.0.1 unit=5"). A MAC takes
    /// the IP addresses of its interface with it.
    #[arg(required = true, value_name = "STATION")]
    pub(crate) stations: Vec<String>,
    #[command(flatten)]
    pub(crate) said: Justified,
    #[command(flatten)]
    pub(crate) db: Db,
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The number of the decision, as `assets decisions` lists it.
    #[arg(value_name = "NUMBER")]
    pub(crate) number: i64,
    #[command(flatten)]
    pub(crate) said: Justified,
    #[command(flatten)]
    pub(crate) db: Db,
}
