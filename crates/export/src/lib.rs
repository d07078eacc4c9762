//! The register in other formats: JSON (the contract), CSV, the JSON Schema of the contract, frozen baselines, workbooks,
//! and the lists that people keep, read back.
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

pub mod baseline;
mod cells;
pub mod csv;
mod error;
pub mod json;
mod order;
pub mod schema;
pub mod sheet;
mod text;
pub mod time;
pub mod workbook;

pub use error::{Error, Result};
pub use text::safe_text;
