//! `config check`, `config show`: the configuration of the sensor, and where each value was said.

use std::path::Path;
use std::process::ExitCode;

use crate::arguments::{CONFIG, ConfigArguments};
use crate::config::{self, Loaded, Sources};
use crate::failure::Failure;
use crate::terminal;

/// Prefix of the environment variables that set keys.
const VARIABLES: &str = "TAPLEDGER_";

/// Everything that may say something: the file, the environment, the options.
pub(crate) fn sources(arguments: &ConfigArguments) -> Sources {
    let flag = |key: &str, value: &str, option: &str| (key.to_owned(), value.to_owned(), option.to_owned());
    let mut flags: Vec<_> =
        arguments.set.iter().map(|(key, value)| flag(key, value, &format!("--set {key}"))).collect();
    for (key, value, option) in [
        ("register", &arguments.db, "--db"),
        ("site", &arguments.site, "--site"),
        ("sensor", &arguments.sensor, "--sensor"),
    ] {
        flags.extend(value.as_ref().map(|value| flag(key, value, option)));
    }
    if !arguments.interface.is_empty() {
        flags.push(flag("interface", &arguments.interface.join(","), "--interface"));
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(VARIABLES));
    // Without the file that nobody named everything has its default.
    let is_there = arguments.config != Path::new(CONFIG) || arguments.config.exists();
    let file = is_there.then(|| arguments.config.clone());
    Sources { file, environment: environment.collect(), flags }
}

/// The configuration that the arguments name.
pub(crate) fn load(arguments: &ConfigArguments) -> Result<Loaded, Failure> {
    config::load(&sources(arguments)).map_err(Failure::Config)
}

/// `config check`.
pub(crate) fn check(arguments: &ConfigArguments) -> Result<ExitCode, Failure> {
    let loaded = load(arguments)?;
    let count = loaded.config.interfaces.len();
    terminal::print(&format!(
        "the configuration is sound; {}\n",
        observation::number_of(u64::try_from(count).unwrap_or(u64::MAX), "interface")
    ))?;
    if count == 0 {
        terminal::say("tapledger: no interface is chosen: the sensor will not start");
    }
    Ok(ExitCode::SUCCESS)
}

/// `config show`.
pub(crate) fn show(arguments: &ConfigArguments) -> Result<ExitCode, Failure> {
    let text = config::show(&load(arguments)?);
    terminal::print(&terminal::safe_lines(&text))?;
    Ok(ExitCode::SUCCESS)
}
