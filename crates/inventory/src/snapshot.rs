//! The register at a moment, as exports and lists show it.

use std::collections::BTreeMap;

use observation::{CaptureSummary, Time};

use crate::policy::{Place, Policy};
use crate::{Inventory, Severity};

/// What the register adds to an asset of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identified {
    /// UUID for life.
    pub id: String,
    /// Ids that were issued for what is now this asset, sorted.
    pub aliases: Vec<String>,
    /// People's fields, by name.
    pub people: BTreeMap<String, String>,
    /// Who approved it, if somebody did.
    pub approval: Option<Approval>,
}

/// A person has looked at an observed asset and says that it belongs in the plant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When, by the wall clock.
    pub on: Time,
    /// In that person's words; may be empty.
    pub reason: String,
}

/// The register at a moment. `identified` runs parallel to `inventory.assets`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Latest observed time, or what the user asked for.
    pub as_of: Option<Time>,
    /// The captures, by id, with the malformed messages of each protocol.
    pub captures: Vec<CaptureSummary>,
    /// Assets, conversations, findings.
    pub inventory: Inventory,
    /// Ids and people's fields of the assets.
    pub identified: Vec<Identified>,
    /// Zones, levels and conduits in force.
    pub policy: Policy,
    /// Where each asset belongs; runs parallel to `inventory.assets`.
    pub places: Vec<Place>,
    /// Kinds of findings that people switched off, with how many were left out.
    pub findings_off: BTreeMap<String, u64>,
}

impl Snapshot {
    /// Number of findings of a severity.
    #[must_use]
    pub fn findings_of(&self, severity: Severity) -> usize {
        self.inventory.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}
