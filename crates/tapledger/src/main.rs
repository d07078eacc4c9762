//! tapledger: listens at a mirror port of a plant network or reads packet captures, and keeps the register of the
//! assets it hears. It never sends a frame.
//!
//! This crate is arguments and glue: `capture` reads, `inventory` concludes, `register` keeps, `export` writes.

mod arguments;
mod assets;
mod backlog;
mod baseline;
mod bundle;
mod capture;
mod changes;
mod config;
mod configuration;
mod coverage;
mod custody;
mod custody_arguments;
mod db;
mod doctor;
mod evidence;
mod export;
mod failure;
mod filters;
mod findings;
mod frames;
mod health;
mod import;
mod incident;
mod interface;
mod journal;
mod keys;
mod kpi;
mod lists;
mod lockdown;
mod manual;
mod notify;
mod people;
mod policy;
mod progress;
mod readiness;
mod reconcile;
mod report;
mod sensor;
mod session;
mod setup;
mod show;
mod summary;
mod table;
mod terminal;
mod vulns;
mod vulns_arguments;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{
    Arguments, AssetsCommand, Command, ConfigCommand, EvidenceCommand, RegisterCommand, SchemaCommand,
};
use failure::Failure;
use vulns_arguments::VulnsCommand;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The sensor logs as its configuration says.
    if !matches!(arguments.command, Command::Sensor(_) | Command::SensorCapture | Command::Notify(_)) {
        terminal::start_log(arguments.verbose, arguments.quiet);
    }
    match run(arguments) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let quiet = arguments.quiet;
    match arguments.command {
        Command::Import(import) => import::run(&import, quiet),
        Command::Capture(capture) => capture::run(&capture),
        Command::Assets(AssetsCommand::List(list)) => assets::list(&list),
        Command::Assets(AssetsCommand::Show(asset)) => show::run(&asset),
        Command::Assets(AssetsCommand::People(command)) => people::run(&command),
        Command::Register(RegisterCommand::Import(import)) => people::import(&import),
        Command::Conversations(list) => lists::conversations(&list),
        Command::Findings(findings) => findings::run(&findings),
        Command::Changes(changes) => changes::run(&changes),
        Command::Coverage(coverage) => coverage::run(&coverage),
        Command::Export(export) | Command::Register(RegisterCommand::Export(export)) => export::run(&export),
        Command::Baseline(command) => baseline::run(&command),
        Command::Reconcile(list) => reconcile::run(&list),
        Command::Policy(command) => policy::run(&command),
        Command::Journal(command) => journal::run(&command),
        Command::Evidence(EvidenceCommand::Show(show)) => evidence::show(&show),
        Command::Evidence(EvidenceCommand::Export(export)) => frames::run(&export),
        Command::Evidence(EvidenceCommand::Create(create)) => bundle::create(&create),
        Command::Evidence(EvidenceCommand::Verify(verify)) => bundle::verify(&verify),
        Command::Evidence(EvidenceCommand::Log(log)) => custody::log(&log),
        Command::Keys(keys) => keys::run(&keys),
        Command::Vulns(VulnsCommand::Match(arguments)) => vulns::run(&arguments),
        Command::Readiness(arguments) => readiness::run(&arguments),
        Command::Kpi(arguments) => kpi::run(&arguments),
        Command::Incident(command) => incident::run(&command),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Db(db) => db::run(&db),
        Command::Setup(setup) => setup::run(&setup),
        Command::Sensor(arguments) => sensor::run(&arguments),
        Command::SensorCapture => sensor::capture(),
        Command::Notify(arguments) => notify::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Config(ConfigCommand::Check(arguments)) => configuration::check(&arguments),
        Command::Config(ConfigCommand::Show(arguments)) => configuration::show(&arguments),
        Command::Schema(SchemaCommand::Register) => {
            terminal::print(&format!("{}\n", ::export::schema::register()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Protocols => {
            terminal::print(&terminal::protocol_table())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Manual { folder } => manual::write(&folder),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "tapledger", &mut script);
            terminal::print(&String::from_utf8_lossy(&script))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
