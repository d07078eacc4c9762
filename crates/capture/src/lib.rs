//! Frames in, observations out: sources, link to transport layers, reassembly, choosing the protocol.
//!
//! A source (file, standard input, interface) gives [`RawFrame`]s. `link` and `network` peel them down to a
//! [`Packet`], unwrapping mirror and tunnel headers. The pipeline looks the packet's conversation up once, reassembles
//! where a decoder wants the stream, hands whole messages to the protocol that recognises them and gathers what they
//! say into batches. Nothing is ever sent: no function here opens an interface for writing.

mod counters;
mod dissector;
mod fields;
mod frame;
pub mod limits;
mod link;
mod network;
mod packet;
mod pipeline;
mod plain;
pub mod ring;
mod source;
mod unreadable;
mod walk;

pub use dissector::{Dissector, DissectorLimits};
pub use frame::{LinkType, RawFrame};
pub use link::link_name;
pub use packet::{Layer, Network, Outer, Packet, Payload, Segment, Tcp};
pub use pipeline::{Pipeline, Totals};
pub use source::{
    Expanded, FileSource, Finished, Input, LiveOptions, LiveSource, SourceError, addresses, check_filter,
    expand,
};
pub use unreadable::Unreadable;
