//! End-to-end tests: the program as a user runs it, on the captures of `captures/` and, where they are beside the
//! project, on real ones.
//!
//! `TAPLEDGER_BIN` names another binary to test. `UPDATE_GOLDEN=1` writes `tests/golden` anew, `UPDATE_README=1` the
//! table of protocols in `README.md`.
#![allow(unreachable_pub, reason = "modules that the generator's command and the benchmark include too")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "tests stop at the first surprise, print what they skip, read files and the environment"
)]

mod generator;
mod support;

/// The accuracy table over captures whose devices are known.
mod accuracy;
/// Who may know what: the arrows between crates, and what the pure ones never touch.
mod architecture;
/// Golden registers, and that the list of captures is true.
mod captures;
/// What changed, as the command prints it.
mod changes;
/// Exit codes, help, refusals, pipes.
mod cli;
/// What a port cannot see.
mod coverage;
/// What people decide about findings.
mod findings;
/// Strings from the wire that attack whoever shows them.
mod hostile;
/// The laws of the register: order, repetition, totals, evidence, kill.
mod laws;
/// Licences of everything that is linked in.
mod licences;
/// The generated table of the README.
mod readme;
