//! What `export --format html` and `--format pdf` are told beside the register.

use std::path::{Path, PathBuf};

use ::export::baseline::Frozen;
use ::export::report::{Advisories, Details, Earlier, Options, Series};
use clap::{Args, ValueEnum};
use inventory::Snapshot;
use observation::Time;
use register::Register;

use crate::arguments::moment;
use crate::failure::Failure;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Reports (html, pdf)")]
pub(crate) struct ReportArguments {
    /// Whose register it is.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        env = "TAPLEDGER_ORGANISATION"
    )]
    organisation: String,
    /// What of the plant is in the scope of the management system, in a sentence.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, env = "TAPLEDGER_SCOPE")]
    scope: String,
    /// Compare the figures with this baseline.
    #[arg(long, value_name = "NAME", conflicts_with = "since")]
    baseline: Option<String>,
    /// Compare the figures with this earlier moment, as RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Time>,
    /// Which assets have a part of their own.
    #[arg(long, value_enum, default_value = "auto")]
    details: DetailsWord,
    /// Match the advisories (CSAF) in this folder or file, and name those that concern an asset.
    #[arg(long, value_name = "PATH")]
    csaf: Option<PathBuf>,
    /// Show values that may be names of persons, as devices and their users state them.
    #[arg(long)]
    with_users: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum DetailsWord {
    /// Every asset of up to 250; of more, 250 with the gravest open findings.
    #[default]
    Auto,
    /// Every asset.
    All,
    /// Assets with open findings.
    Findings,
    /// None.
    None,
}

/// What the options borrow from.
pub(crate) struct Told {
    baseline: Option<(String, Frozen)>,
    key: Option<String>,
    kept_frames: Option<u64>,
    series: Vec<Series>,
    advisories: Option<Advisories>,
}

impl Told {
    /// True if something that was to be read was not.
    pub(crate) fn is_partial(&self) -> bool {
        self.advisories.as_ref().is_some_and(|advisories| advisories.unread > 0)
    }
}

impl ReportArguments {
    /// Reads what a report needs beside the snapshot.
    pub(crate) fn told(&self, register: &Register, snapshot: &Snapshot, db: &Path) -> Result<Told, Failure> {
        let frozen = |name: &String| -> Result<(String, Frozen), Failure> {
            let text = register.baseline(name)?;
            let frozen = Frozen::parse(&text).map_err(|error| Failure::Other(error.into()))?;
            Ok((name.clone(), frozen))
        };
        if self.since.is_some_and(|since| snapshot.as_of.is_some_and(|as_of| since > as_of)) {
            return Err(Failure::Usage("--since is after everything that the register holds".to_owned()));
        }
        Ok(Told {
            baseline: self.baseline.as_ref().map(frozen).transpose()?,
            // A report without a key says so.
            key: crate::keys::load(db, None).ok().and_then(|key| key.fingerprint().ok()),
            kept_frames: Some(register.stats()?.frames),
            series: crate::kpi::trends(register)?,
            advisories: self.csaf.as_ref().map(|csaf| crate::vulns::by_asset(csaf, snapshot)).transpose()?,
        })
    }

    /// Refuses what only a report takes: whoever gives it for another format would believe it was looked at.
    pub(crate) fn refuse_for(&self, format: &str) -> Result<(), Failure> {
        let given = [
            ("--baseline", self.baseline.is_some()),
            ("--since", self.since.is_some()),
            ("--csaf", self.csaf.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => {
                Err(Failure::Usage(format!("{option} is for --format html and pdf, and not for {format}")))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn options<'a>(&'a self, told: &'a Told) -> Options<'a> {
        let baseline = told.baseline.as_ref().map(|(name, frozen)| Earlier::Baseline(name, frozen));
        Options {
            organisation: &self.organisation,
            scope: &self.scope,
            earlier: baseline.or(self.since.map(Earlier::Moment)),
            key_fingerprint: told.key.as_deref(),
            kept_frames: told.kept_frames,
            with_users: self.with_users,
            details: match self.details {
                DetailsWord::Auto => Details::Auto,
                DetailsWord::All => Details::All,
                DetailsWord::Findings => Details::Findings,
                DetailsWord::None => Details::None,
            },
            series: &told.series,
            advisories: told.advisories.as_ref(),
        }
    }
}
