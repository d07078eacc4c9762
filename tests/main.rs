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
/// Readiness, key figures, incidents.
mod audit;
/// Golden registers, and that the list of captures is true.
mod captures;
/// What changed, as the command prints it.
mod changes;
/// Exit codes, help, refusals, pipes.
mod cli;
/// What a port cannot see.
mod coverage;
/// Exports, proving frames, bundles and the journal.
mod custody;
/// Looking after the register's file: migrate, check, backup, restore, prune.
mod db;
/// A disk that fills up under a live capture.
mod disk_full;
/// What people decide about findings.
mod findings;
/// Strings from the wire that attack whoever shows them.
mod hostile;
/// Which stations are one device: replaced, moved, spoofed, of two sites.
mod identity;
/// The other rules of identity, each on a capture of its own.
mod identity_rules;
/// The laws of the register: order, repetition, totals, evidence, kill.
mod laws;
/// Licences of everything that is linked in.
mod licences;
/// What the second unit tells, and whom.
mod notify;
/// People's side: fields, approvals, merges, zones, the journal.
mod people;
/// The generated table of the README.
mod readme;
/// A company's list against the wire.
mod reconcile;
/// The report for the auditor.
mod report;
/// Labelled roles, and how the register compares with them.
mod roles;
/// The appliance in network namespaces.
mod sensor;
/// Vulnerabilities: real advisories on registers of captures.
mod vulns;
/// Captures that are put into a folder.
mod watch;
/// The workbook: out, edited, back.
mod workbook;
