//! A frame as a source gives it.

use observation::Time;

/// Link type of a capture, numbered as in the registry of pcap link types (pcapng "LinkType", pcap "network").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: four octets of address family in host byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, with or without the address and control octets of HDLC framing (RFC 1662).
    pub const PPP: Self = Self(9);
    /// FDDI.
    pub const FDDI: Self = Self(10);
    /// Raw IP, as OpenBSD numbers it in DLT values.
    pub const RAW_DLT_12: Self = Self(12);
    /// Raw IP, as OpenBSD numbers it in DLT values.
    pub const RAW_DLT_14: Self = Self(14);
    /// PPP in HDLC-like framing.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE: starts at the version and type octet of the session header.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IP.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: four octets of address family, most significant first.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);
}

/// A frame as captured.
#[derive(Clone, Copy, Debug)]
pub struct RawFrame<'a> {
    /// 1-based number in the capture.
    pub number: u64,
    /// When it was captured.
    pub time: Time,
    /// What its first octets are.
    pub link_type: LinkType,
    /// Octets on the wire; more than `octets.len()` if the capture cut it.
    pub original_length: u32,
    /// The octets captured.
    pub octets: &'a [u8],
}
