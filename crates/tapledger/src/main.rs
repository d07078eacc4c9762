//! tapledger: listens at a mirror port of a plant network or reads packet captures, and keeps the register of the
//! assets it hears. It never sends a frame.
//!
//! This crate is arguments and glue: `capture` reads, `inventory` concludes, `register` keeps, `export` writes.

mod arguments;
mod assets;
mod capture;
mod changes;
mod coverage;
mod doctor;
mod evidence;
mod failure;
mod findings;
mod import;
mod lists;
mod progress;
mod session;
mod show;
mod summary;
mod table;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{Arguments, AssetsCommand, Command, EvidenceCommand, RegisterCommand, SchemaCommand};
use failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    terminal::start_log(arguments.verbose, arguments.quiet);
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
        Command::Conversations(list) => lists::conversations(&list),
        Command::Findings(findings) => findings::run(&findings),
        Command::Changes(changes) => changes::run(&changes),
        Command::Coverage(coverage) => coverage::run(&coverage),
        Command::Export(export) | Command::Register(RegisterCommand::Export(export)) => {
            lists::export(&export)
        }
        Command::Evidence(EvidenceCommand::Show(show)) => evidence::show(&show),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Schema(SchemaCommand::Register) => {
            terminal::print(&format!("{}\n", ::export::schema::register()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Protocols => {
            terminal::print(&terminal::protocol_table())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "tapledger", &mut script);
            terminal::print(&String::from_utf8_lossy(&script))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
