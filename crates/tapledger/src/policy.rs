//! `policy`: zones, levels and conduits, checked and put in force.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::export::time::rfc3339;
use clap::Subcommand;
use inventory::policy::{Crossing, DEFAULT_TEXT, Policy};
use observation::number_of;
use register::Register;

use crate::arguments::Db;
use crate::failure::{CHECK_FAILED, Failure};
use crate::people::arguments::{Justified, Said};
use crate::people::name;
use crate::session::{actor, snapshot};
use crate::terminal;

/// Most octets of a policy file that are read.
const OCTETS_MAX: u64 = 2 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Checks a policy file (TOML) and tells what is probably not meant; exit 6 if it cannot be used.
    Check {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Puts a policy file in force: the register keeps its text.
    Set {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        db: Db,
    },
    /// Shows what is in force, and what it makes of the register.
    Show {
        /// Print the text of the policy instead.
        #[arg(long)]
        text: bool,
        #[command(flatten)]
        db: Db,
    },
    /// Takes the policy back: the private prefixes are the plant again.
    Clear {
        #[command(flatten)]
        said: Justified,
        #[command(flatten)]
        db: Db,
    },
}

pub(crate) fn run(command: &PolicyCommand) -> Result<ExitCode, Failure> {
    match command {
        PolicyCommand::Check { file } => check(file),
        PolicyCommand::Set { file, said, db } => {
            let text = read(file)?;
            let mut register = Register::open_existing(&db.db)?;
            let who = name(&said.who);
            let hash = register.set_policy(Some(&text), said.reason.trim(), &actor(&who))?;
            terminal::print(&format!("policy in force, SHA-256 {hash}\n"))?;
            tell(&db.db)
        }
        PolicyCommand::Show { text: true, db } => {
            let register = Register::open_existing(&db.db)?;
            let text = register.policy()?.and_then(|entry| entry.text);
            terminal::print(&terminal::safe_lines(&text.unwrap_or_else(|| format!("# {DEFAULT_TEXT}"))))?;
            Ok(ExitCode::SUCCESS)
        }
        PolicyCommand::Show { text: false, db } => tell(&db.db),
        PolicyCommand::Clear { said, db } => {
            let mut register = Register::open_existing(&db.db)?;
            let who = name(&said.who);
            register.set_policy(None, &said.reason, &actor(&who))?;
            tell(&db.db)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary opens files")]
fn read(path: &Path) -> Result<String, Failure> {
    let naming = |error: std::io::Error| Failure::Other(anyhow::anyhow!("{}: {error}", path.display()));
    let mut text = String::new();
    File::open(path).map_err(naming)?.take(OCTETS_MAX).read_to_string(&mut text).map_err(naming)?;
    Ok(text)
}

fn check(path: &Path) -> Result<ExitCode, Failure> {
    match Policy::parse(&read(path)?) {
        Ok(policy) => {
            let mut text = format!("{}: {}\n", path.display(), policy.text());
            for remark in policy.remarks() {
                text.push_str(&format!("  {remark}\n"));
            }
            terminal::print(&terminal::safe_lines(&text))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let text = format!("{}: {error}", path.display());
            terminal::say(terminal::safe_lines(&text).trim_end());
            Ok(ExitCode::from(CHECK_FAILED))
        }
    }
}

/// What is in force, how many assets each zone holds, and which conversations cross.
fn tell(db: &Path) -> Result<ExitCode, Failure> {
    let (register, snapshot) = snapshot(db, None)?;
    let mut text = format!("{}\n", snapshot.policy.text());
    if let Some(entry) = register.policy()?.filter(|entry| entry.text.is_some()) {
        text.push_str(&format!(
            "SHA-256 {}, set by {} on {}\n",
            entry.sha256,
            entry.actor,
            rfc3339(entry.at)
        ));
    }
    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    for zone in snapshot.places.iter().flat_map(|place| &place.zones) {
        let count = held.entry(zone).or_default();
        *count = count.saturating_add(1);
    }
    let several = snapshot.places.iter().filter(|place| place.zones.len() > 1).count();
    let nowhere = snapshot.places.iter().filter(|place| place.zones.is_empty()).count();
    let given = snapshot.policy.zones.iter().map(|zone| zone.id.as_str());
    let mut zones: Vec<&str> = given.collect();
    zones.extend(held.keys().filter(|zone| snapshot.policy.zone(zone).is_none()));
    let rows = zones.iter().map(|id| {
        let zone = snapshot.policy.zone(id);
        let level = zone.and_then(|zone| zone.level).map_or("", |level| level.as_str());
        let target = zone.and_then(|zone| zone.security_level).map(|level| level.to_string());
        let count = held.get(id).copied().unwrap_or(0);
        let name = zone.map_or("", |zone| zone.name.as_str()).to_owned();
        vec![(*id).to_owned(), name, level.to_owned(), target.unwrap_or_default(), count.to_string()]
    });
    let heads = ["zone", "name", "level", "SL-T", "assets"];
    let table = terminal::table(&heads, rows);
    let (mut allowed, mut refused, mut unjudged) = (0_usize, 0_usize, 0_usize);
    for conversation in &snapshot.inventory.conversations {
        let counter = match snapshot.policy.crossing(conversation, &snapshot.places) {
            Crossing::Within => continue,
            Crossing::Allowed { .. } => &mut allowed,
            Crossing::NotAllowed { .. } => &mut refused,
            Crossing::Unjudged { .. } => &mut unjudged,
        };
        *counter = counter.saturating_add(1);
    }
    let shared = match several {
        0 => String::new(),
        several => format!(", {} counted in each of its zones", number_of(several, "asset")),
    };
    terminal::print(&terminal::safe_lines(&text))?;
    terminal::print(&table)?;
    terminal::print(&format!(
        "{} in no zone{shared}; conversations between zones: {allowed} allowed, {refused} not allowed, {unjudged} not judged\n",
        number_of(nowhere, "asset")
    ))?;
    Ok(ExitCode::SUCCESS)
}
