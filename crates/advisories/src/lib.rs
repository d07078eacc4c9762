//! CSAF advisories (2.0 and 2.1): which devices of a register they are about, and whether those are affected.
//!
//! Pure: octets of documents and plain descriptions of devices in, verdicts out. No file, network, clock.
//!
//! # What it guarantees
//!
//! - **Unknown is never safe.** `not affected` is said only of a device that certainly is a product of the advisory, with
//!   a firmware that is known, proven lately enough, and outside of every range that the advisory calls affected (or
//!   inside of one that it calls fixed or not affected). A range that is not understood, a model that may be the product
//!   and may be not, a firmware that is unknown or was last proven too long ago: `cannot tell`, with the reason.
//! - A certain match is by order number, by a name that is the same in whole, by a table of families, or by CPE. An order
//!   number that is another one is no match, whatever the names say.
//! - Documents are hostile: sizes, depths and numbers are bounded, cycles end, wrong types and doubled product ids are
//!   errors that say where. Nothing panics.
//! - The same documents and devices give the same verdicts in the same order.

mod document;
mod families;
mod json;
mod kev;
mod matching;
mod names;
mod patterns;
mod range;
mod verdict;
mod version;

pub use document::{Advisory, Product, Remediation, Status, Vulnerability};
pub use json::DocumentError;
pub use kev::{Kev, KevEntry};
pub use matching::{Certainty, Match};
pub use range::{Held, Range};
pub use verdict::{Device, Firmware, Options, Outcome, Verdict, judge};
pub use version::Version;

/// Largest document that is read, in octets. The largest advisories of makers have a few megabytes.
pub const DOCUMENT_OCTETS_MAX: usize = 32 << 20;
