//! Where frames come from: capture files, standard input, interfaces.

mod content;
mod decompress;
mod digest;
mod file;
mod live;
mod paths;
mod pcap;
mod pcapng;
mod raw;
mod record;
mod stream;

use std::io;

pub use file::{FileSource, Finished, Input};
pub use live::{LiveOptions, LiveSource, addresses, check_filter};
pub use paths::{Expanded, expand};

/// Why a source gives no frames, or no more.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system cannot open or read it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A folder where a file is needed.
    #[error("is a folder")]
    Folder,
    /// A file without octets.
    #[error("is empty")]
    Empty,
    /// A file of another format; says what it begins with.
    #[error("not a capture: {0}")]
    NotACapture(String),
    /// Standard input is a keyboard.
    #[error("standard input is a terminal; pipe a capture into it")]
    Terminal,
    /// A pattern for file names that is not well formed or matches nothing.
    #[error("{0}")]
    Pattern(String),
    /// The process may not listen on interfaces; says which command allows it.
    #[error("no permission to listen on {interface}; {remedy}")]
    Privilege {
        /// The interface.
        interface: String,
        /// What to do.
        remedy: String,
    },
    /// There is no interface of this name.
    #[error("no such interface {interface}; there are: {}", .existing.join(", "))]
    NoSuchInterface {
        /// The name.
        interface: String,
        /// The names there are.
        existing: Vec<String>,
    },
    /// The filter cannot be compiled.
    #[error("filter \"{filter}\": {reason}")]
    Filter {
        /// The filter.
        filter: String,
        /// What libpcap says about it.
        reason: String,
    },
    /// The interface cannot be listened on, or no longer: it went down or away.
    #[error("interface {interface}: {reason}")]
    Interface {
        /// The interface.
        interface: String,
        /// What libpcap says about it.
        reason: String,
    },
}

impl SourceError {
    /// True if another user, or this one with another capability, could.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        match self {
            Self::Privilege { .. } => true,
            Self::Io(error) => error.kind() == io::ErrorKind::PermissionDenied,
            _ => false,
        }
    }
}
