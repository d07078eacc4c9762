//! `notify`: the second unit. It reads the register, without a right to write there and without a raw socket, and tells
//! those who watch the plant: syslog and CEF receivers, an MQTT broker, whoever asks for metrics, a data diode.
//!
//! One thread reads (`reader`) and puts up what it read (`board`); one for each receiver tells (`target`) what that
//! receiver was not told, by a `carrier`, and notes it (`store`). The main thread minds signals and the service manager.

mod board;
mod carrier;
mod files;
mod http;
mod mqtt;
mod reader;
pub(crate) mod store;
mod target;
mod tls;
mod vitals;

use std::fmt::Write;
use std::fs::File;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver as Channel, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::export::events::syslog::Sender;

use crate::arguments::ConfigArguments;
use crate::config::Config;
use crate::config::notify::{Files, Receiver, Transport};
use crate::configuration;
use crate::failure::Failure;
use crate::sensor::notify::Notify;
use crate::sensor::signals::{self, Ask};
use board::{Board, Status};
use carrier::{Form, Syslog};
use mqtt::Broker;
use target::{Carrier, Target};
use vitals::Vitals;

/// Time between two looks of the main thread.
const TICK: Duration = Duration::from_secs(1);

/// How long the threads may take to end: a connection that hangs is left.
const FAREWELL: Duration = Duration::from_secs(20);

/// The monotonic clock.
#[expect(clippy::disallowed_methods, reason = "the binary reads the clock")]
fn instant() -> Instant {
    Instant::now()
}

/// Tells until it is told to stop.
pub(crate) fn run(arguments: &ConfigArguments) -> Result<ExitCode, Failure> {
    let config = configuration::load(arguments)?.config;
    crate::sensor::log::start(&config.log);
    let notify = Notify::new()?;
    let asks = signals::watch()?;
    let _lock = lock_state(&config)?;
    let board = Arc::new(Board::default());
    let mut crew = Crew { statuses: Vec::new(), threads: Vec::new() };
    for (name, form, receiver) in
        [("syslog", Form::Rfc5424, &config.notify.syslog), ("cef", Form::Cef, &config.notify.cef)]
    {
        if let Some(receiver) = receiver {
            check(name, receiver)?;
            let sender = sender(&config, receiver);
            let carrier = Syslog { receiver: receiver.clone(), form, sender, sequence: 0 };
            crew.add(name, Box::new(carrier), &board, &config)?;
        }
    }
    let vitals = Vitals::new(config.register.clone());
    if let Some(settings) = &config.notify.mqtt {
        if let Some(tls) = &settings.tls {
            tls::check(tls).map_err(|problem| Failure::Config(format!("[mqtt]: {problem}")))?;
        }
        let mut settings = settings.clone();
        if settings.client_id.is_empty() {
            settings.client_id = format!("tapledger-{}", name_of(&config));
        }
        let broker = Broker::new(settings, config.site.clone(), Arc::clone(&vitals));
        crew.add("mqtt", Box::new(broker), &board, &config)?;
    }
    if let Some(settings) = &config.notify.files {
        crew.write_files(settings, &board, &config)?;
    }
    if let Some(listen) = &config.notify.metrics {
        let thread = http::start(listen, Arc::clone(&board), Arc::clone(&vitals));
        crew.threads.push(thread.map_err(|error| anyhow::anyhow!("metrics.listen: {error}"))?);
    }
    if crew.threads.is_empty() {
        return Err(Failure::Config(format!(
            "{}: nobody is to be told anything: set syslog.address, cef.address, mqtt.address, metrics.listen or export.directory",
            arguments.config.display()
        )));
    }
    vitals.know(crew.statuses.clone());
    let reading = std::thread::Builder::new().name("register".to_owned()).spawn({
        let (config, board) = (config.clone(), Arc::clone(&board));
        move || reader::run(&config, &board)
    })?;
    crew.threads.push(reading);
    watch(&notify, &asks, &board, &crew);
    notify.stopping();
    board.stop();
    crew.leave();
    Ok(ExitCode::SUCCESS)
}

/// Those who tell.
struct Crew {
    statuses: Vec<Arc<Status>>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    fn add(
        &mut self,
        name: &'static str,
        carrier: Box<dyn Carrier>,
        board: &Arc<Board>,
        config: &Config,
    ) -> Result<(), Failure> {
        let status = Status::of(name);
        let (selection, journal) = (config.notify.selection, config.notify.journal);
        let state = &config.notify.state;
        let target = Target::new(carrier, Arc::clone(&status), Arc::clone(board), state, selection, journal);
        let target = target.map_err(|error| anyhow::anyhow!("{}: {error}", state.display()))?;
        self.statuses.push(status);
        self.threads.push(target.start()?);
        Ok(())
    }

    fn write_files(&mut self, settings: &Files, board: &Arc<Board>, config: &Config) -> Result<(), Failure> {
        let status = Status::of("export");
        let writer = files::Writer::new(
            settings.clone(),
            name_of(config),
            config.site.clone(),
            config.notify.selection,
            &config.notify.state,
            Arc::clone(&status),
        );
        let writer = writer.map_err(|error| anyhow::anyhow!("{}: {error}", settings.directory.display()))?;
        self.statuses.push(status);
        self.threads.push(writer.start(Arc::clone(board))?);
        Ok(())
    }

    /// Waits for the threads, but not for ever.
    fn leave(self) {
        let until = instant().checked_add(FAREWELL);
        while until.is_some_and(|until| instant() < until)
            && !self.threads.iter().all(JoinHandle::is_finished)
        {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The folder of what was told, made if need be, and its lock: two that tell the same receiver would tell it twice.
fn lock_state(config: &Config) -> Result<File, Failure> {
    let state = &config.notify.state;
    let named = |error: std::io::Error| anyhow::anyhow!("{}: {error}", state.display());
    std::fs::create_dir_all(state).map_err(named)?;
    let file =
        File::options().create(true).write(true).truncate(false).open(state.join("lock")).map_err(named)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(anyhow::anyhow!("{}: another `tapledger notify` works with it", state.display()).into())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(named(error).into()),
    }
}

/// Files that cannot be used are told at the start and not at the first event.
fn check(name: &str, receiver: &Receiver) -> Result<(), Failure> {
    match &receiver.transport {
        Transport::Tls(tls) => {
            tls::check(tls).map_err(|problem| Failure::Config(format!("[{name}]: {problem}")))
        }
        _ => Ok(()),
    }
}

/// How messages name us: by the sensor's name, else by the machine's.
fn sender(config: &Config, receiver: &Receiver) -> Sender {
    Sender {
        facility: receiver.facility,
        hostname: name_of(config),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        enterprise: receiver.enterprise,
    }
}

/// The sensor's name, else the machine's.
fn name_of(config: &Config) -> String {
    if !config.sensor.is_empty() {
        return config.sensor.clone();
    }
    let uname = rustix::system::uname();
    uname.nodename().to_string_lossy().into_owned()
}

/// Minds signals and the service manager until the end.
fn watch(notify: &Notify, asks: &Channel<Ask>, board: &Board, crew: &Crew) {
    let mut ready = false;
    let mut said = String::new();
    loop {
        match asks.recv_timeout(TICK) {
            Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Ask::Reload) => board.look(),
            Ok(Ask::Stats) => tracing::info!(event = "stats", "{}", status(board, &crew.statuses)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let status = status(board, &crew.statuses);
        // A register that is not there yet is no reason not to be ready: it is waited for.
        if !ready && board.idle().is_some() {
            notify.ready(&status);
            ready = true;
        } else if status != said {
            notify.status(&status);
        }
        said = status;
        // A thread that ended by itself, or a reader that hangs, is not well. One that rests is.
        let longest = Duration::from_secs(300);
        let hangs = board.idle().is_some_and(|idle| {
            let took = board.reading().map(|reading| reading.took.saturating_mul(20)).unwrap_or_default();
            idle > longest.max(took)
        });
        let is_whole = !crew.threads.iter().any(JoinHandle::is_finished);
        if !hangs && is_whole {
            notify.alive();
        }
    }
}

/// One line for people.
fn status(board: &Board, statuses: &[Arc<Status>]) -> String {
    let mut text = match (board.problem(), board.reading()) {
        (Some(problem), _) => format!("register: {problem}"),
        (None, Some(reading)) => format!("{} assets", reading.snapshot.inventory.assets.len()),
        (None, None) => "the register was not read yet".to_owned(),
    };
    for status in statuses {
        let _ = write!(text, "; {}: {} waiting", status.name, status.waiting.get());
        if let Some(problem) = status.problem() {
            let _ = write!(text, " ({problem})");
        }
    }
    export::safe_text(&text).into_owned()
}
