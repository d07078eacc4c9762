//! Why octets are not a message of the prescribed shape.

use observation::number_of;
use thiserror::Error;

/// A message that is not of the prescribed shape: what, where, and how.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} at octet {offset}: {problem}")]
pub struct Malformed {
    /// The field or item, in the standard's words.
    pub what: &'static str,
    /// Octets from the start of the message.
    pub offset: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive] // further checks find further problems
pub enum Problem {
    /// The message ends too early.
    #[error("{} missing", number_of(*missing, "octet"))]
    Truncated {
        /// How many octets are missing at least.
        missing: usize,
    },
    /// Octets that no message begins with, where one should begin.
    #[error("not recognised")]
    Unrecognised,
    /// Octets are left over.
    #[error("{} too many", number_of(*octets, "octet"))]
    Trailing {
        /// How many.
        octets: usize,
    },
    /// A value that the specification forbids.
    #[error("value {value:#x} is not allowed")]
    Value {
        /// The value.
        value: u64,
    },
    /// A checksum that does not match.
    #[error("checksum {found:#06x}, computed {computed:#06x}")]
    Checksum {
        /// As in the message.
        found: u32,
        /// As it should be.
        computed: u32,
    },
}
