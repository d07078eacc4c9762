//! The inventory: merges facts into assets, roles, nesting and findings.
//!
//! Pure: no file, socket, clock, thread or environment, and no protocol by name except as data in rule tables. The
//! same observations give the same assets in whatever order they came (laws 1 and 2 of `ARCHITECTURE.md`).

mod model;
mod snapshot;

pub use model::{
    Asset, AssetEnd, AssetState, AssetStation, Candidate, Captured, Conversation, Finding, FindingEvidence,
    Inventory, Join, Observed, Operations, Proof, Role, RoleClaim, Service, Severity,
};
pub use snapshot::{Identified, Snapshot};
