//! What the pipeline works on: a frame peeled down to the payload of its transport.

use std::net::IpAddr;

use observation::{Mac, Piece};

use crate::Unreadable;

/// A frame peeled down to the innermost payload that is understood.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Source and destination MAC of the innermost Ethernet header; `None` on links without (raw IP, loopback) and for
    /// IP inside IP or GRE, which has no Ethernet header of its own (that of the tunnel is in `outer`). Linux cooked
    /// captures have a source only: their destination is all zeros.
    pub macs: Option<[Mac; 2]>,
    /// VLAN identifier of the outermost 802.1Q or 802.1ad tag of the innermost Ethernet header whose VID is not 0, or of
    /// the tag that an ERSPAN mirror says it took off; `None` if untagged.
    pub vlan: Option<u16>,
    /// Network layer.
    pub network: Network,
    /// Transport layer and payload.
    pub layer: Layer,
    /// Octets of the payload.
    pub payload: Payload<'a>,
    /// Octets of payload that the packet had but the capture lacks (cut by the snaplen).
    pub payload_missing: u32,
    /// True if a mirror or tunnel header (ERSPAN, GRE, VXLAN, MPLS, PPPoE, IP in IP) was taken off.
    pub unwrapped: bool,
    /// The headers around this packet that have senders of their own, outermost first: ends of tunnels and mirrors.
    /// Empty for nearly every packet.
    pub outer: &'a [Outer],
    /// Why nothing above `layer` could be read, though something should be there: already counted by the dissector.
    pub problem: Option<&'a Unreadable>,
}

/// Addresses of a header that was taken off because it wraps another packet: the ends of a tunnel or mirror session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// Source and destination MAC, as in [`Packet::macs`].
    pub macs: Option<[Mac; 2]>,
    /// VLAN, as in [`Packet::vlan`].
    pub vlan: Option<u16>,
    /// Network layer; none for an Ethernet pseudowire over MPLS or a provider backbone bridge.
    pub network: Network,
}

/// Network layer of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// None: the protocol sits on Ethernet.
    None,
    /// IPv4 or IPv6.
    Ip {
        /// Source.
        source: IpAddr,
        /// Destination.
        destination: IpAddr,
        /// TTL or hop limit.
        hop_limit: u8,
        /// IPv4 identification, 0 for IPv6: one input of the mark that tells mirror duplicates.
        identification: u16,
    },
}

/// What stands above the network layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// TCP.
    Tcp(Tcp),
    /// UDP.
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Checksum as sent, 0 if not used.
        checksum: u16,
    },
    /// Another protocol on IP.
    Ip {
        /// IP protocol number.
        protocol: u8,
    },
    /// A fragment of an IP packet that is not whole yet; the one that completes it comes as what the whole holds. The
    /// payload is that of the fragment.
    Fragment {
        /// IP protocol number; of IPv6 the header after the fragment header.
        protocol: u8,
    },
    /// No IP: the EtherType, or below 0x0600 the destination service access point of an LLC header (SNAP is resolved
    /// to its EtherType where its organisation code is 0; other SNAP is given with the payload from the organisation
    /// code on, as the organisation's protocol number for makers of switches whose discovery and spanning tree protocols
    /// are read, else as 0x00AA; the payload of other LLC frames starts behind the control field). 0 if an LLC header is not
    /// readable.
    Ethernet {
        /// EtherType or service access point.
        ethertype: u16,
    },
}

/// Fields of a TCP header that reassembly needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Sequence number of the first payload octet (of SYN: the initial sequence number).
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledgment: u32,
    /// SYN flag.
    pub syn: bool,
    /// ACK flag.
    pub ack: bool,
    /// FIN flag.
    pub fin: bool,
    /// RST flag.
    pub rst: bool,
    /// Checksum as sent.
    pub checksum: u16,
    /// True if the capture cut the header itself: only the ports are meaningful, everything else is 0.
    pub header_cut: bool,
}

/// Payload and where it stands.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// In the frame at hand.
    Frame {
        /// Octets from the start of the frame.
        offset: u32,
        /// The octets.
        octets: &'a [u8],
    },
    /// Put together from IP fragments; the frames of the earlier ones are in `frames`.
    Reassembled {
        /// The octets.
        octets: &'a [u8],
        /// Where they stood, in terms of `octets`.
        pieces: &'a [Piece],
        /// The frames that held the fragments, without the one at hand, as captured.
        frames: &'a [Segment],
    },
}

impl<'a> Payload<'a> {
    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &'a [u8] {
        match self {
            Self::Frame { octets, .. } | Self::Reassembled { octets, .. } => octets,
        }
    }
}

/// A copy of an earlier frame, kept because a later one completes what it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Number of the frame.
    pub frame: u64,
    /// When.
    pub time: observation::Time,
    /// Link type.
    pub link_type: crate::LinkType,
    /// Octets on the wire.
    pub original_length: u32,
    /// As captured.
    pub octets: bytes::Bytes,
}
