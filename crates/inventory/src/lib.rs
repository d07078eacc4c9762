//! The inventory: merges facts into assets, roles, nesting and findings.
//!
//! Pure: no file, socket, clock, thread or environment, and no protocol by name except as data in rule tables. The
//! same observations give the same assets in whatever order they came (laws 1 and 2 of `ARCHITECTURE.md`).

mod addressing;
mod asked;
mod assets;
mod attributes;
mod changes;
pub mod civil;
mod classes;
mod coverage;
mod decisions;
mod declared;
mod destinations;
mod devices;
pub mod fields;
mod findings;
mod gather;
mod greetings;
mod groups;
mod guesses;
mod hosts;
mod identity;
pub mod incident;
mod joins;
pub mod kpi;
mod links;
mod model;
mod names;
mod nest;
mod options;
mod oui;
mod pairs;
pub mod policy;
mod ports;
pub mod readiness;
pub mod reconcile;
mod resolve;
mod roles;
mod rules;
mod sets;
mod silent;
mod snapshot;
mod span;
mod standing;
mod talks;
mod tenures;
mod ties;

pub use changes::{Change, ChangeKind, moment};
pub use coverage::{CaptureCoverage, Coverage, Estimate, NoEstimate, estimate};
pub use decisions::{Decision, DecisionKind};
pub use declared::Declared;
pub use findings::{FindingKind, about_words, look_at_people};
pub use guesses::{guess_by_port, guessed_names};
pub use model::{
    Asset, AssetEnd, AssetState, AssetStation, Candidate, Captured, Conversation, Finding, FindingEvidence,
    Group, GroupKind, Inventory, Join, Observed, Operations, Proof, Role, RoleClaim, Service, Severity,
};
pub use options::{LEARNING, Options, ParsePrefixError, Prefix};
pub use resolve::{resolve, resolve_part, resolve_standing};
pub use rules::exposure::remote_access;
pub use rules::operations::is_industrial;
pub use snapshot::{Approval, Identified, Snapshot};
pub use standing::{FindingState, Standing};
pub use ties::{Part, Talking, Ties, Touched};
