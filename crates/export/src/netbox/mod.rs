//! Tables for the bulk import of NetBox 4.2 and later, in the order in which they have to be imported.
//!
//! Columns: `dcim/forms/bulk_import.py` and `ipam/forms/bulk_import.py` of netbox-community/netbox; those that are needed,
//! and those that hold what was observed. Every object bears the tag `tapledger:observed`: NetBox holds what is intended,
//! this is what was heard, and whoever imports it should be able to tell.

mod names;
mod tables;

use inventory::Snapshot;

use crate::about;
use crate::archive::NamedFile;
use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;
use crate::order::Sorted;
use tables::Plan;

/// Name and major version of what this writes.
pub const SCHEMA: &str = "tapledger.netbox/1";

/// The tables as files, numbered in the order of import, and `about.json`.
///
/// NetBox knows one address once: what several assets share is given to the first by id, and `left-out.csv` names what
/// is not in the tables.
///
/// # Errors
///
/// Fails if the snapshot refers to assets that it does not hold.
pub fn files(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter) -> Result<Vec<NamedFile>> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let mut files = Plan::new(&sorted).files()?;
    let mut octets = Vec::new();
    about::write(SCHEMA, snapshot, tool, filter, &mut octets)?;
    files.push(NamedFile { name: "about.json".to_owned(), octets });
    Ok(files)
}
