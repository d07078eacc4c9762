//! The capturing process seen from the decoding one: it is told what to listen on, and what it hears is sorted.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::listener::Ways;
use super::wire::{self, Listen};

/// The program that runs, whatever has become of its file.
const PROGRAM: &str = "/proc/self/exe";

/// Subcommand of the capturing process.
pub(crate) const CAPTURING: &str = "sensor-capture";

/// Where records of each interface go.
pub(crate) type Routes = Arc<Mutex<HashMap<u32, Ways>>>;

/// The capturing process, started.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    frames: ChildStdout,
}

impl Process {
    /// Starts it. It ends when this process does, however that ends.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(PROGRAM)
            .arg0("tapledger")
            .arg(CAPTURING)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Signals of a terminal are for this process.
            .process_group(0)
            .spawn()
            .map_err(|error| anyhow::anyhow!("the capturing process does not start: {error}"))?;
        let (Some(orders), Some(frames)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(anyhow::anyhow!("the capturing process has no pipes"));
        };
        Ok(Self { child, orders, frames })
    }

    /// Starts to sort what it says.
    pub(crate) fn sort(self) -> std::io::Result<Supply> {
        let routes = Routes::default();
        let own = Arc::clone(&routes);
        let frames = self.frames;
        let thread =
            std::thread::Builder::new().name("supply".to_owned()).spawn(move || sort(frames, &own))?;
        Ok(Supply { child: self.child, orders: Some(self.orders), routes, thread })
    }
}

/// The capturing process at work.
#[derive(Debug)]
pub(crate) struct Supply {
    child: Child,
    /// None once it was told to end.
    orders: Option<ChildStdin>,
    pub(crate) routes: Routes,
    thread: JoinHandle<()>,
}

impl Supply {
    /// Says on which interfaces to listen from now on.
    pub(crate) fn listen(&mut self, wanted: &[&Listen]) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(wanted)?;
        line.push(b'\n');
        match &mut self.orders {
            Some(orders) => orders.write_all(&line),
            None => Ok(()),
        }
    }

    /// Asks it to hand over what it has heard, and to end.
    pub(crate) fn stop(&mut self) {
        self.orders = None;
    }

    /// True once nothing comes any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Closes all queues, whether or not more would come.
    pub(crate) fn close(&self) {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.values().for_each(|ways| ways.queue.close());
    }

    /// How it ended, if it has.
    pub(crate) fn status(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// Puts records into the queues of their interfaces, until the pipe ends.
fn sort(mut pipe: ChildStdout, routes: &Routes) {
    loop {
        let (id, record) = match wire::read(&mut pipe) {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                tracing::error!(event = "capture_pipe", error = %error, "the capturing process is not understood");
                break;
            }
        };
        let ways = routes.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        // Of an interface that was let go of there may be a rest.
        if let Some(ways) = ways {
            ways.state.heard.add(1);
            ways.queue.push(record);
        }
    }
    let routes = routes.lock().unwrap_or_else(PoisonError::into_inner);
    routes.values().for_each(|ways| ways.queue.close());
}
