//! `coverage`: what the ports that were listened at cannot see.

use std::fmt::Write;
use std::process::ExitCode;

use ::export::json::Part;
use ::export::safe_text;
use ::export::time::rfc3339;
use clap::{Args, ValueEnum};
use inventory::{Coverage as Seen, Snapshot};
use observation::number_of;

use crate::arguments::Db;
use crate::export::stdout;
use crate::failure::Failure;
use crate::session::snapshot;
use crate::terminal;

/// Most addresses and captures that are named one by one.
const NAMED_MAX: usize = 12;

#[derive(Debug, Args)]
pub(crate) struct Coverage {
    #[command(flatten)]
    db: Db,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    format: CoverageFormat,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CoverageFormat {
    /// For people.
    Table,
    /// For programs: the list as it stands in the export.
    Json,
}

pub(crate) fn run(arguments: &Coverage) -> Result<ExitCode, Failure> {
    let (_, snapshot) = snapshot(&arguments.db.db, None)?;
    if arguments.format == CoverageFormat::Json {
        return stdout(|out| ::export::json::write_part(&snapshot, Part::Coverage, None, out));
    }
    let texts = snapshot.inventory.coverage.iter().map(|seen| text(&snapshot, seen));
    let text = texts.collect::<Vec<_>>().join("\n");
    let text = if text.is_empty() { "nothing was listened to yet\n".to_owned() } else { text };
    terminal::print(&terminal::safe_lines(&text))?;
    Ok(ExitCode::SUCCESS)
}

fn text(snapshot: &Snapshot, seen: &Seen) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<18}{value}");
    };
    line("site", seen.site.clone());
    line("sensor", if seen.sensor.is_empty() { "files without one".to_owned() } else { seen.sensor.clone() });
    let span = seen.span.map(|(first, last)| format!(", {} to {}", rfc3339(first), rfc3339(last)));
    let (captures, days) = (number_of(seen.captures.len(), "capture"), number_of(seen.days, "day"));
    line("listened", format!("{captures} on {days}{}", span.unwrap_or_default()));
    line("duty", duty(seen));
    line("heard", format!("{} with an address of their own", number_of(seen.heard, "asset")));
    line("only named", format!("{} that others name or turn to", number_of(seen.referenced, "asset")));
    line("silent targets", some(&seen.silent_targets));
    line(
        "behind routers",
        format!("{} whose own link does not pass here", number_of(seen.behind_router, "address")),
    );
    line("VLANs carried", vlans(&seen.vlans_carried, "no tag"));
    line("VLANs missing", vlans(&seen.vlans_missing, "none that switches announce"));
    let sum = |of: fn(&inventory::CaptureCoverage) -> u64| {
        seen.captures.iter().map(of).fold(0, u64::saturating_add)
    };
    let (one_way, tcp) = (sum(|capture| capture.one_way), sum(|capture| capture.tcp));
    line("one way only", format!("{one_way} of {}", number_of(tcp, "TCP conversation")));
    line("frames lost", sum(|capture| capture.kernel_drops).to_string());
    let lossy = seen
        .captures
        .iter()
        .filter(|capture| capture.one_way > 0 || capture.kernel_drops > 0 || !capture.losses.is_empty());
    for capture in lossy.clone().take(NAMED_MAX) {
        let name = snapshot.captures.iter().find(|summary| summary.uid == capture.capture);
        let mut parts = vec![format!("one way {} of {}", capture.one_way, capture.tcp)];
        if capture.kernel_drops > 0 {
            parts.push(format!("frames lost {}", capture.kernel_drops));
        }
        parts.extend(capture.losses.iter().map(|(name, count)| format!("{name} {count}")));
        let name = safe_text(name.map_or(capture.capture.as_str(), |summary| summary.name.as_str()));
        line("  capture", format!("{name}: {}", parts.join(", ")));
    }
    let more = lossy.count().saturating_sub(NAMED_MAX);
    if more > 0 {
        line("  capture", format!("and {more} more (--format json has all)"));
    }
    line("how many", estimate(seen));
    text
}

/// How much of the time from first to last the captures cover: a device that speaks between them is not heard.
fn duty(seen: &Seen) -> String {
    const HOUR: i64 = 3_600_000_000_000;
    let whole = seen.span.map_or(0, |(first, last)| last.0.saturating_sub(first.0)).max(seen.captured);
    let hours = |nanos: i64| {
        let tenths = nanos.div_euclid(HOUR / 10);
        format!("{}.{} h", tenths.div_euclid(10), tenths.rem_euclid(10))
    };
    match i128::from(seen.captured).saturating_mul(100).checked_div(whole.into()) {
        Some(percent) => format!("captured {} of {} ({percent} %)", hours(seen.captured), hours(whole)),
        None => "a single moment".to_owned(),
    }
}

/// The estimate in words. They follow from what `tests/coverage.rs` measures.
fn estimate(seen: &Seen) -> String {
    match &seen.estimate {
        Err(reason) => format!("no estimate: {}", reason.as_str()),
        Ok(estimate) => {
            let (low, high) = estimate.interval;
            let occasions = if seen.days > 1 { "day" } else { "capture" };
            format!(
                "{:.0} or more (Chao2, 95 % interval of that bound {low:.0} to {high:.0}), as {} of {} were heard on one of {} only. {}",
                estimate.at_least,
                estimate.once,
                estimate.heard,
                number_of(estimate.occasions, occasions),
                inventory::Estimate::CAVEAT
            )
        }
    }
}

fn vlans(vlans: &[u16], none: &str) -> String {
    match vlans {
        [] => none.to_owned(),
        vlans => vlans.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

fn some(addresses: &[std::net::IpAddr]) -> String {
    let names: Vec<_> = addresses.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = addresses.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    match names.len() {
        0 => "none".to_owned(),
        _ => {
            let number = number_of(addresses.len(), "address");
            format!("{number} that ARP asked for and that never spoke: {}{more}", names.join(" "))
        }
    }
}
