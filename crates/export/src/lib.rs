//! The register in other forms: JSON (the contract) and JSON Lines, CSV, what NetBox, ServiceNow and Defender for IoT import,
//! CycloneDX, graphs, and the JSON Schema of the contract; frozen baselines, workbooks, and the lists that people keep, read
//! back; the frames that prove it as pcapng, and signed bundles.
//!
//! Every format takes an [`inventory::Snapshot`] and writes to any [`std::io::Write`].
//!
//! # What it guarantees
//!
//! - The same snapshot gives the same octets, in whatever order its parts came: assets are sorted by id, everything
//!   else by what it says. Nothing here reads a clock or the environment.
//! - Text is never acted upon by what shows it: control and direction characters are written out
//!   ([`safe_text`]), and a CSV cell never begins as a formula.
//! - JSON documents fit the schema that [`schema::register`] returns. Fields may be added in later versions, none is
//!   renamed or removed within `tapledger.register/1`.

pub mod about;
pub mod archive;
pub mod baseline;
pub mod book;
pub mod bundle;
mod cells;
mod classes;
pub mod csv;
pub mod cyclonedx;
pub mod defender;
mod error;
pub mod events;
mod filter;
pub mod graph;
pub mod incident;
pub mod json;
pub mod kpi;
pub mod netbox;
mod order;
pub mod pcapng;
pub mod proofs;
pub mod readiness;
mod reading;
pub mod report;
pub mod schema;
pub mod servicenow;
pub mod sheet;
mod text;
pub mod time;
pub mod workbook;

pub use error::{Error, Result};
pub use filter::Filter;
pub use text::safe_text;
