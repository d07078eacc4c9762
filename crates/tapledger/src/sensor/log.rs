//! Log lines of the sensor: one for each event, with a stable `event` field, and never a flood of them.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::config::{Log, LogFormat};

/// Lines of one event in the time they are counted over; further ones are counted.
const LINES_MAX: u32 = 12;

/// Time that lines of the log are counted over.
const MINUTE: Duration = Duration::from_secs(60);

/// Time that lines of the custody journal are counted over: they stay for ever.
const HOUR: Duration = Duration::from_secs(3600);

/// Starts the log on standard error. `TAPLEDGER_LOG` wins over the configured level.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::try_from_env("TAPLEDGER_LOG").unwrap_or_else(|_| EnvFilter::new(&log.level));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    match log.format {
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init()
        }
        LogFormat::Text => lines.with_ansi(false).init(),
        LogFormat::Journald => lines.with_ansi(false).event_format(Journald).init(),
    }
}

/// Lines as journald reads them from a service: the priority of syslog in angle brackets, then the text.
struct Journald;

impl<S, N> FormatEvent<S, N> for Journald
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        write!(writer, "<{priority}>")?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// Lets a few lines of each event through in a minute, or an hour.
#[derive(Debug)]
pub(crate) struct Limiter {
    events: HashMap<&'static str, Lines>,
    window: Duration,
}

#[derive(Debug)]
struct Lines {
    since: Instant,
    let_through: u32,
    held_back: u64,
}

impl Limiter {
    /// For lines of the log.
    pub(crate) fn of_the_log() -> Self {
        Self { events: HashMap::new(), window: MINUTE }
    }

    /// For lines of the custody journal.
    pub(crate) fn of_the_journal() -> Self {
        Self { events: HashMap::new(), window: HOUR }
    }

    /// How many lines of this event were held back since the last one, if this one may be printed.
    pub(crate) fn pass(&mut self, event: &'static str, now: Instant) -> Option<u64> {
        let lines = self.events.entry(event).or_insert(Lines { since: now, let_through: 0, held_back: 0 });
        if now.saturating_duration_since(lines.since) >= self.window {
            *lines = Lines { since: now, let_through: 0, held_back: lines.held_back };
        }
        if lines.let_through >= LINES_MAX {
            lines.held_back = lines.held_back.saturating_add(1);
            return None;
        }
        lines.let_through = lines.let_through.saturating_add(1);
        Some(std::mem::take(&mut lines.held_back))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test of time")]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_event_is_cut_and_counted_and_another_event_is_not() {
        let (mut limiter, now) = (Limiter::of_the_log(), Instant::now());
        let passed = (0..100).filter(|_| limiter.pass("link", now) == Some(0)).count();
        assert_eq!(passed, 12);
        assert_eq!(limiter.pass("other", now), Some(0));
        assert_eq!(limiter.pass("link", now + MINUTE), Some(88));
        assert_eq!(limiter.pass("link", now + MINUTE), Some(0));
    }
}
