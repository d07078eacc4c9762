//! CISA's catalogue of known exploited vulnerabilities, as JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::DOCUMENT_OCTETS_MAX;
use crate::json::{DocumentError, Node};

/// Most entries of a catalogue.
const ENTRIES_MAX: usize = 100_000;

/// Vulnerabilities that are known to be exploited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kev {
    entries: BTreeMap<String, KevEntry>,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KevEntry {
    /// When it was added.
    pub added: String,
    /// Until when it is to be remedied.
    pub due: String,
}

impl Kev {
    /// Reads a catalogue.
    ///
    /// # Errors
    ///
    /// Fails if it is too large, no JSON, or has no list of vulnerabilities with CVEs.
    pub fn read(octets: &[u8]) -> Result<Self, DocumentError> {
        if octets.len() > DOCUMENT_OCTETS_MAX {
            return Err(DocumentError::TooLarge { octets: octets.len(), max: DOCUMENT_OCTETS_MAX });
        }
        let value: Value =
            serde_json::from_slice(octets).map_err(|error| DocumentError::Json(error.to_string()))?;
        let root = Node::root(&value);
        root.need("vulnerabilities")?;
        let mut entries = BTreeMap::new();
        for node in root.list("vulnerabilities", ENTRIES_MAX)? {
            let entry = KevEntry {
                added: node.text_of("dateAdded")?.unwrap_or_default(),
                due: node.text_of("dueDate")?.unwrap_or_default(),
            };
            entries.insert(node.need("cveID")?.text()?, entry);
        }
        Ok(Self { entries })
    }

    /// The entry of a CVE.
    #[must_use]
    pub fn get(&self, cve: &str) -> Option<&KevEntry> {
        self.entries.get(cve)
    }
}
