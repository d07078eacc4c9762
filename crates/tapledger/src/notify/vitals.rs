//! What the process knows of itself, in numbers.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use ::export::events::metrics::{Process, Receiver};
use observation::Time;
use register::Stamp;

use super::board::{Reading, Status, lock};
use crate::session;

/// Who is asked.
#[derive(Debug)]
pub(crate) struct Vitals {
    began: Time,
    register: PathBuf,
    /// Known when all have started.
    statuses: OnceLock<Vec<Arc<Status>>>,
}

impl Vitals {
    pub(crate) fn new(register: PathBuf) -> Arc<Self> {
        Arc::new(Self { began: session::now(), register, statuses: OnceLock::new() })
    }

    pub(crate) fn know(&self, statuses: Vec<Arc<Status>>) {
        // It is said once.
        let _ = self.statuses.set(statuses);
    }

    /// Everything in numbers.
    pub(crate) fn process(&self, reading: Option<&Reading>, problem: Option<&str>) -> Process {
        let statuses = self.statuses.get().map(Vec::as_slice).unwrap_or_default();
        let took = reading.map(|reading| u64::try_from(reading.took.as_nanos()).unwrap_or(u64::MAX));
        Process {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            now: session::now(),
            began: self.began,
            read: reading.map(|reading| reading.at).zip(took),
            problem: problem.map(|text| export::safe_text(text).into_owned()),
            octets: Stamp::of(&self.register).octets,
            journal_line: reading.map_or(0, |reading| reading.head.line),
            receivers: statuses.iter().map(|status| receiver(status)).collect(),
        }
    }
}

fn receiver(status: &Status) -> Receiver {
    Receiver {
        name: status.name.to_owned(),
        up: status.up.is_set(),
        waiting: status.waiting.get(),
        told: status.told.get(),
        failures: status.failures.get(),
        unconfirmed: status.unconfirmed.get(),
        oldest: *lock(&status.oldest),
        problem: status.problem().map(|problem| export::safe_text(&problem).into_owned()),
    }
}
