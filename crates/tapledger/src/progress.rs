//! A progress bar for people who wait.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error if that is a terminal; silent otherwise.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// For reading `octets`, or as many as there are.
    pub(crate) fn new(octets: Option<u64>, quiet: bool) -> Self {
        let bar = octets.map_or_else(ProgressBar::no_length, ProgressBar::new);
        if quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = if octets.is_some() {
            "{msg:30!} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}"
        } else {
            "{msg:30!} {spinner} {bytes} {bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Names what is being read.
    pub(crate) fn name(&self, name: &str) {
        self.0.set_message(export::safe_text(name).into_owned());
    }

    /// So many octets are read in all.
    pub(crate) fn at(&self, octets: u64) {
        self.0.set_position(octets);
    }

    /// Takes the bar away.
    pub(crate) fn done(&self) {
        self.0.finish_and_clear();
    }
}
