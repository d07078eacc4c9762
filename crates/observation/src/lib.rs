//! The shared nouns of tapledger: what the wire names, what it says about them, and the octets that prove it.
//!
//! Everything here is plain data with public fields. Nothing touches a file, a socket, a clock, a thread or the
//! environment; time comes in with each frame. `protocols` and `capture` make these values, `inventory` merges them,
//! `register` keeps them. The words are those of `ARCHITECTURE.md`: a *station* is an address seen on the wire, a
//! *fact* one statement about one station, its *evidence* the frame octets that prove it.

mod address;
pub mod attribute;
mod batch;
mod conversation;
mod fact;
mod octets;
mod rule;
mod service;
mod station;
mod time;
mod words;

pub use address::{Address, Mac, ParseAddressError};
pub use batch::{
    Batch, Binding, CaptureKind, CaptureStatus, CaptureSummary, KeptFrame, MalformedMessage, Mention,
    Presence,
};
pub use conversation::{Conversation, ConversationKey, End, OperationKind, OperationSeen, Transport};
pub use fact::{Basis, Evidence, Fact, Range, Sighting};
pub use octets::{Octets, Piece};
pub use rule::{Rule, Rules, VALUE_CHARS_MAX, acts};
pub use service::{Service, ServiceKind};
pub use station::{Path, Position, Station};
pub use time::{Day, NANOS_PER_DAY, Time};
pub use words::number_of;
