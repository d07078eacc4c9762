//! Standard output and error: data here, everything else there, and nothing from the wire that could act.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Sends log lines to standard error.
pub(crate) fn start_log(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("TAPLEDGER_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .without_time()
        .init();
}

/// Writes data to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Says something to the user on standard error.
pub(crate) fn say(text: &str) {
    // Nobody is left to hear that standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// True if people look at standard output.
pub(crate) fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// A table for people: as wide as the terminal where there is one, else as wide as its content.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    if is_watched() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| export::safe_text(cell).into_owned()));
    }
    let mut text = String::new();
    for line in table.to_string().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The table of protocols as Markdown: what is read of each, and what is not. The README holds the same.
pub(crate) fn protocol_table() -> String {
    protocols::markdown_table()
}

/// Text of several lines in which nothing from the wire can act.
pub(crate) fn safe_lines(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for line in text.lines() {
        safe.push_str(&export::safe_text(line));
        safe.push('\n');
    }
    safe
}
