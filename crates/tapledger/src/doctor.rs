//! `doctor`: is the register whole, what was lost, do the totals add up.

use std::fmt::Write;
use std::process::ExitCode;

use export::safe_text;
use observation::{CaptureStatus, CaptureSummary, number_of};
use register::Register;

use crate::arguments::Doctor;
use crate::db;
use crate::failure::{CHECK_FAILED, Failure};
use crate::health;
use crate::session::resolve;
use crate::summary::{asset_line, frame_line, is_loss};
use crate::terminal;

pub(crate) fn run(arguments: &Doctor) -> Result<ExitCode, Failure> {
    let register = Register::open_existing(&arguments.db.db)?;
    let mut text = String::new();
    let (stats, check) = (register.stats()?, register.check()?);
    let octets = stats.pages.saturating_mul(stats.page_octets);
    let _ =
        writeln!(text, "register    {}, {octets} octets, schema {}", arguments.db.db.display(), stats.schema);
    text.push_str(&db::soundness_text(&check));
    let _ = writeln!(
        text,
        "evidence    {} kept, {}",
        number_of(stats.frames, "frame"),
        number_of(stats.frame_octets, "octet")
    );
    if check.frames_missing > 0 {
        let _ = writeln!(
            text,
            "            further frames named by evidence (mostly of reads) that stand in the captures only: {}",
            check.frames_missing
        );
    }
    if stats.provisional > 0 {
        let _ = writeln!(
            text,
            "NOTE        imports that are running or died: {}; the next import clears the dead",
            stats.provisional
        );
    }
    let snapshot = register.snapshot(None, resolve)?;
    let _ = writeln!(text, "captures    {}", snapshot.captures.len());
    text.push_str(&frame_line(snapshot.captures.iter()));
    text.push_str(&asset_line(&snapshot.inventory));
    for capture in &snapshot.captures {
        text.push_str(&capture_text(capture));
    }
    text.push_str(&health::sessions(&snapshot, arguments.interface.as_deref()));
    if let Some(name) = &arguments.interface {
        text.push_str(&health::local(&snapshot, name));
    }
    let totals = db::totals_text(&snapshot.captures, &check);
    let sound = check.is_sound() && totals.is_empty();
    text.push_str(&totals);
    text.push_str(if sound { "the register is sound\n" } else { "the register is NOT sound\n" });
    terminal::print(&terminal::safe_lines(&text))?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(CHECK_FAILED) })
}

/// What is worth saying of a capture; nothing if all went well.
fn capture_text(capture: &CaptureSummary) -> String {
    let mut text = String::new();
    // A name comes from whoever made the file, and must not end its line.
    let name = safe_text(&capture.name);
    if capture.status != CaptureStatus::Complete {
        let stopped = capture.stopped.as_deref().unwrap_or("it ends early");
        let _ = writeln!(text, "NOTE        {name}: {}: {stopped}", capture.status.as_str());
    }
    if capture.frames == 0 {
        let _ = writeln!(text, "NOTE        {name}: no frame");
    }
    for (counter, count) in capture.counters.iter().filter(|(name, _)| is_loss(name)) {
        let _ = writeln!(text, "NOTE        {name}: {counter}: {count}");
    }
    text
}
