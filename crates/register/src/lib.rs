//! The asset register on disk: one SQLite file with what was observed, the frames that prove it, the ids of assets,
//! people's fields and the custody journal.
//!
//! # What it guarantees
//!
//! - **Sums, not events.** A capture arrives as [`Batch`](observation::Batch)es of deltas. Counts are added, the
//!   earliest first and the latest last time stay, and so does the evidence of the lowest frame. Neither the size nor
//!   the order of batches shows in what [`observed`](Register::observed) returns.
//! - **All or nothing.** The rows of a running import hang on a provisional capture that no reader sees.
//!   [`finish_capture`](Register::finish_capture) makes it real in one transaction, or throws it away if that capture
//!   is known already. A process killed in between leaves rows that the next import throws away. A live session is
//!   real from its first batch on: what it wrote survives it.
//! - **One writer of captures.** `<register>.lock` is held while captures are written; it tells an import that runs
//!   from one that died. Readers are never blocked (write-ahead log), and people's edits need no lock.
//! - **Ids for life.** An asset id follows the anchor it was issued for. Every id ever issued resolves, by
//!   [`Identified::aliases`](inventory::Identified).
//! - **Chained journal.** Who imported and edited what, and when; each line holds the hash of the one before.
//!
//! - **Key figures and incidents are added, never changed.** Each row hashes its text and the hash before it, and the journal
//!   holds every hash.
//! - **Bounded for years.** [`prune`](Register::prune) folds days and drops proof beyond a limit, counts what it drops
//!   and leaves sums, first and last times as they were; no asset is ever dropped.
//! - **Copies that hold.** [`back_up`](Register::back_up) copies while others write;
//!   [`restore`](Register::restore) verifies first and keeps what it replaces.
//!
//! # What it does not do
//!
//! It knows no protocol and merges nothing: the caller passes the function that turns
//! [`Observed`](inventory::Observed) into an [`Inventory`](inventory::Inventory). It reads no clock: wall-clock times
//! come in with an [`Actor`]. It serialises nothing but its own rows.

mod assets;
mod backup;
mod baseline;
mod bulk;
mod check;
mod columns;
mod conversations;
mod decide;
mod error;
mod evidence;
mod findings;
mod finish;
mod fold;
mod frames;
mod growth;
mod identify;
mod incidents;
mod journal;
mod kpi;
mod lock;
mod looks;
mod many;
mod marks;
mod migrate;
mod open;
mod part;
mod people;
mod proofs;
mod read;
mod reading;
mod restore;
mod retention;
mod rows;
mod schema;
mod words;
mod write;

pub use assets::Identification;
pub use backup::Backup;
pub use baseline::{BASELINE_OCTETS_MAX, BaselineEntry};
pub use check::{Check, Soundness, Stats};
pub use decide::{Decided, PolicyEntry};
pub use error::{Error, Result};
pub use evidence::{FRAME_OCTETS_MAX, FRAMES_MAX};
pub use findings::{Decision, FindingRule, FindingStep};
pub use finish::{COUNTER_FRAMES_NOT_KEPT, COUNTER_MALFORMED_NOT_KEPT, Finished};
pub use fold::Folded;
pub use growth::Growth;
pub use incidents::{IncidentCheck, NewEntry};
pub use journal::{Actor, JournalCheck, JournalEntry, check_journal};
pub use kpi::{KpiCheck, KpiSnapshot};
pub use looks::{Looked, Looks};
pub use open::Register;
pub use people::{Edit, FieldChange, Listing, Mode, PEOPLE_VALUE_CHARS_MAX, Taken};
pub use reading::Stamp;
pub use restore::Restored;
pub use retention::{COUNTER_FRAMES_PRUNED, COUNTER_MALFORMED_PRUNED, Policy, Pruned};
pub use schema::{APPLICATION_ID, SCHEMA_VERSION};
pub use write::{CaptureStart, CaptureWriter, MALFORMED_MAX, session_uid};
