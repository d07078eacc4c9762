//! Words to the service manager, sd_notify(3): a datagram to the socket that `NOTIFY_SOCKET` names.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Where words go; nowhere without a service manager.
#[derive(Debug)]
pub(crate) struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that all is well, if it does.
    pub(crate) watchdog: Option<Duration>,
}

impl Notify {
    /// As the environment says.
    #[expect(clippy::disallowed_methods, reason = "the service manager speaks through the environment")]
    pub(crate) fn new() -> io::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let socket = match variable("NOTIFY_SOCKET") {
            None => None,
            Some(name) => {
                let address = match name.strip_prefix('@') {
                    Some(name) => SocketAddr::from_abstract_name(name)?,
                    None => SocketAddr::from_pathname(&name)?,
                };
                let socket = UnixDatagram::unbound()?;
                // A manager that does not read must not hold the sensor up.
                socket.set_nonblocking(true)?;
                Some((socket, address))
            }
        };
        let own = std::process::id().to_string();
        let is_meant = variable("WATCHDOG_PID").is_none_or(|process| process == own);
        let micros = variable("WATCHDOG_USEC").filter(|_| is_meant).and_then(|text| text.parse().ok());
        Ok(Self { socket, watchdog: micros.map(Duration::from_micros) })
    }

    fn say(&self, words: &str) {
        if let Some((socket, address)) = &self.socket {
            // Nobody can be told that the manager does not listen.
            let _ = socket.send_to_addr(words.as_bytes(), address);
        }
    }

    /// Everything is open.
    pub(crate) fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={status}"));
    }

    /// The configuration is being read again.
    pub(crate) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let micros = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000);
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// All is well.
    pub(crate) fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    /// A line for people.
    pub(crate) fn status(&self, status: &str) {
        self.say(&format!("STATUS={status}"));
    }

    /// It ends.
    pub(crate) fn stopping(&self) {
        self.say("STOPPING=1\nSTATUS=writing what was heard");
    }
}
