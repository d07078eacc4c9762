//! Conversations: all traffic of one protocol between two stations.

use std::borrow::Cow;

use crate::{Evidence, Sighting, Station};

/// What carries a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP; the port is the server's.
    Tcp,
    /// UDP; the port is the server's.
    Udp,
    /// Ethernet without IP; the port is the EtherType, or the LLC service access point below 0x0600.
    Ethernet,
    /// IP without TCP or UDP; the port is the IP protocol number.
    Ip,
}

impl Transport {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Ethernet => "ethernet",
            Self::Ip => "ip",
        }
    }

    /// The transport that [`as_str`](Self::as_str) prints.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        [Self::Tcp, Self::Udp, Self::Ethernet, Self::Ip]
            .into_iter()
            .find(|transport| transport.as_str() == text)
    }
}

/// An end of a conversation: who asks and who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Opened the conversation, asks. Masters, scanners, HMIs.
    Client,
    /// Answers. Outstations, adapters, controllers.
    Server,
}

impl End {
    /// The other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// 0 for the client, 1 for the server: the order of counters per direction.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// Kind of an operation: what it does to the one asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperationKind {
    /// Reads process values or files.
    Read,
    /// Writes process values, sets outputs.
    Write,
    /// Engineering: changes or reads program, configuration or firmware (upload, download, delete, erase).
    Program,
    /// Changes the mode or state of the device: stop, start, restart, reset, key switch, clock.
    Control,
    /// Asks who the device is.
    Identify,
    /// Diagnostics: counters, echo, communication events.
    Diagnostic,
}

impl OperationKind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Write, Self::Program, Self::Control, Self::Identify, Self::Diagnostic];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Program => "program",
            Self::Control => "control",
            Self::Identify => "identify",
            Self::Diagnostic => "diagnostic",
        }
    }

    /// The kind that [`as_str`](Self::as_str) prints.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What tells one conversation from another. The capture, and by it the site, belongs to the key too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationKey {
    /// Who asks.
    pub client: Station,
    /// Who answers, or the group address that is spoken to.
    pub server: Station,
    /// Name of the protocol; the transport's name where none is recognised.
    pub protocol: Cow<'static, str>,
    /// What carries it.
    pub transport: Transport,
    /// Server port, EtherType or IP protocol number.
    pub port: u16,
    /// VLAN of the client's frames, or of the server's where the client's carry none.
    pub vlan: Option<u16>,
}

/// One operation by name, as counted in one conversation on one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationSeen {
    /// What it does.
    pub kind: OperationKind,
    /// In the standard's words: `read holding registers`, `request download`, `plc stop`.
    pub name: Cow<'static, str>,
    /// When and how often.
    pub sighting: Sighting,
    /// The octets of the first one in this capture.
    pub evidence: Evidence,
}

/// The counters of one conversation on one day of one capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which conversation.
    pub key: ConversationKey,
    /// Day, first and last frame; the count is that of transport conversations opened (TCP connections, UDP port pairs).
    pub sighting: Sighting,
    /// Frames from the client, from the server.
    pub frames: [u64; 2],
    /// Octets on the wire from the client, from the server.
    pub octets: [u64; 2],
    /// True if the ends are known by who opened or who asked, false if by port number alone.
    pub oriented: bool,
    /// What was asked, by name.
    pub operations: Vec<OperationSeen>,
}
