//! Signals as a channel.

use std::io;
use std::sync::mpsc::{Receiver, channel};

use tokio::signal::unix::{SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// SIGTERM, SIGINT: end in order. The second one ends the process at once.
    Stop,
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR1: print the counters.
    Stats,
}

/// Exit code of a process that was asked to stop twice.
const INTERRUPTED: i32 = 130;

/// Catches signals from now on.
pub(crate) fn watch() -> io::Result<Receiver<Ask>> {
    let (asks, receiver) = channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut caught = {
        let _inside = runtime.enter();
        [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::user_defined1()]
            .map(signal)
            .into_iter()
            .collect::<io::Result<Vec<_>>>()?
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let [terminate, interrupt, hangup, stats] = caught.as_mut_slice() else { return };
        runtime.block_on(async {
            let mut stopping = false;
            loop {
                let ask = tokio::select! {
                    _ = terminate.recv() => Ask::Stop,
                    _ = interrupt.recv() => Ask::Stop,
                    _ = hangup.recv() => Ask::Reload,
                    _ = stats.recv() => Ask::Stats,
                };
                if ask == Ask::Stop && std::mem::replace(&mut stopping, true) {
                    std::process::exit(INTERRUPTED);
                }
                if asks.send(ask).is_err() {
                    return;
                }
            }
        });
    })?;
    Ok(receiver)
}
