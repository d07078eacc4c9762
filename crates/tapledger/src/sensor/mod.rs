//! `sensor`: the daemon. It listens on mirror ports for years and keeps the register.
//!
//! Two processes. The *capturing* one (`capturer`) has libpcap and CAP_NET_RAW, reads no frame and can send none; it
//! hands frames through a pipe (`wire`) to the *decoding* one, which has no capability, no network and only the
//! register's folder (`lockdown`). There, one thread sorts what comes into a bounded queue for each interface (`queue`),
//! a thread for each interface decodes (`listener`), and one writes (`writer`); where frames are kept in files, too, a thread
//! for each interface does that (`recorder`). The main thread (`daemon`) minds the clock, signals and the service manager.

mod capturer;
mod clock;
mod daemon;
mod listener;
pub(crate) mod log;
pub(crate) mod notify;
mod queue;
mod recorder;
pub(crate) mod signals;
pub(crate) mod state;
mod supply;
mod wire;
mod writer;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use inventory::Options;
use landlock::RulesetStatus;
use register::{Policy, Register};

use crate::arguments::ConfigArguments;
use crate::config::Config;
use crate::configuration;
use crate::failure::Failure;
use crate::lockdown;

pub(crate) use capturer::run as capture;

/// Runs the daemon until it is told to stop.
pub(crate) fn run(arguments: &ConfigArguments) -> Result<ExitCode, Failure> {
    let config = configuration::load(arguments)?.config;
    require_interface(&config, arguments)?;
    log::start(&config.log);
    let notify = notify::Notify::new()?;
    // From here on the order matters: the other process is started while that is allowed still, and everything is
    // given up before there is a second thread and before anything foreign is read.
    let supply = supply::Process::start()?;
    if let Some(directory) = &config.pcap_ring.directory
        && let Err(error) = make_private(directory)
    {
        let directory = directory.display();
        tracing::error!(event = "ring_failing", %directory, reason = %error, "the directory cannot be made; the next start tries again");
    }
    let (readable, writable) = folders(&config, &arguments.config);
    let status = lockdown::decoding(&readable, &writable)
        .map_err(|error| anyhow::anyhow!("the decoding process cannot be confined: {error}"))?;
    match status {
        RulesetStatus::FullyEnforced => {
            tracing::info!(
                event = "confined",
                landlock = "full",
                "capabilities dropped, system calls filtered"
            );
        }
        RulesetStatus::PartiallyEnforced => {
            tracing::info!(
                event = "confined",
                landlock = "partial",
                "this kernel knows a part of Landlock only"
            );
        }
        RulesetStatus::NotEnforced => {
            tracing::warn!(
                event = "confined",
                landlock = "none",
                "this kernel has no Landlock: files are not confined"
            );
        }
    }
    let asks = signals::watch()?;
    let register = Register::create_or_open(&config.register)?;
    let writer =
        writer::start(register, options(&config), retention(&config), daemon::look_octets_max(&config))?;
    daemon::Daemon::new(config, arguments, notify, supply, writer)?.run(&asks)
}

/// What the plant says of itself.
fn options(config: &Config) -> Options {
    Options { plant_prefixes: config.prefixes.clone(), ..Options::default() }
}

/// How much the register keeps; 0 days is for ever.
fn retention(config: &Config) -> Policy {
    let days = |days: u32| if days == 0 { u32::MAX } else { days };
    Policy {
        detail_days: days(config.retention.days_detail),
        conversation_days: days(config.retention.days_conversations),
        ..Policy::default()
    }
}

fn require_interface(config: &Config, arguments: &ConfigArguments) -> Result<(), Failure> {
    if config.interfaces.is_empty() {
        let file = arguments.config.display();
        return Err(Failure::Config(format!(
            "{file}: no interface is chosen; add [[interface]] and name = \"eth1\", or use --interface"
        )));
    }
    Ok(())
}

/// Makes a folder that is not for everybody, if it is not there.
fn make_private(directory: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o750).create(directory)
}

/// Folders that the decoding process may read, and those it may write. What is not there is left out by the kernel's rules.
fn folders(config: &Config, file: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let folder = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.unwrap_or(Path::new(".")).to_path_buf()
    };
    let readable = vec![folder(file), "/proc".into(), "/dev/urandom".into()];
    // SQLite sorts in temporary files what is too much for memory.
    let mut writable = vec![folder(&config.register), std::env::temp_dir(), "/var/tmp".into()];
    writable.extend(config.pcap_ring.directory.clone());
    (readable, writable)
}
