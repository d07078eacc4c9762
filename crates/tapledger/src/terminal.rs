//! Standard output and error: data here, everything else there, and nothing from the wire that could act.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use console::Term;
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
    // What libraries have to say is of no use but to those who look for it.
    let own =
        format!("error,tapledger={level},capture={level},register={level},export={level},advisories={level}");
    let filter = EnvFilter::try_from_env("TAPLEDGER_LOG").unwrap_or_else(|_| EnvFilter::new(own));
    tracing_subscriber::fmt()
        .with_ansi(io::stderr().is_terminal())
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

/// Characters of a line that nobody says how long it may be: of a pipe or a file.
const PIPE_CHARS: usize = 200;

/// Characters of a line: those of the terminal where there is one.
pub(crate) fn room() -> usize {
    let size = Term::stdout().size_checked().filter(|_| is_watched());
    size.map_or(PIPE_CHARS, |(_, columns)| usize::from(columns))
}

/// A table with everything: wrapped to the width of the terminal where there is one, else as wide as its content.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let arrangement = if is_watched() { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    arranged(header, rows, arrangement)
}

/// A table with one line for each row.
pub(crate) fn lines(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    arranged(header, rows, ContentArrangement::Disabled)
}

fn arranged(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    arrangement: ContentArrangement,
) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    table.set_content_arrangement(arrangement);
    table.set_width(u16::try_from(room()).unwrap_or(u16::MAX));
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
