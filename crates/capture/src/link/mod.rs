//! Link layers: from the first octet of a frame to the network layer, or to the EtherType that names something else.
//!
//! No function here panics or reads beyond the octets; each header is checked before anything of it is believed.

mod cooked;
mod ethernet;
mod fddi;
mod llc;
mod mpls;
mod ppp;
mod wlan;

pub(crate) use cooked::{loopback, sll, sll2};
pub(crate) use ethernet::{PRP_SUFFIX, ethernet, ethertype, plausible_ethernet, sure_ethernet};
pub(crate) use fddi::fddi;
pub(crate) use mpls::mpls;
pub(crate) use ppp::{ppp, pppoe};
pub(crate) use wlan::wlan;

use crate::LinkType;
use crate::walk::Next;

/// The first header of a frame, or `None` if frames of this link type are not read.
#[inline]
pub(crate) fn first(link_type: LinkType) -> Option<Next> {
    Some(match link_type {
        LinkType::ETHERNET => Next::Ethernet(0),
        LinkType::NULL | LinkType::LOOP => Next::Loopback,
        LinkType::RAW_DLT_12 | LinkType::RAW_DLT_14 | LinkType::RAW => Next::Ip(0),
        LinkType::IPV4 => Next::Ipv4(0),
        LinkType::IPV6 => Next::Ipv6(0),
        LinkType::FDDI => Next::Fddi,
        LinkType::LINUX_SLL => Next::Sll,
        LinkType::LINUX_SLL2 => Next::Sll2,
        LinkType::PPP | LinkType::PPP_HDLC => Next::Ppp(0),
        LinkType::PPP_ETHER => Next::Pppoe(0),
        _ => return None,
    })
}

/// What a link type is called, for messages. Source: the registry of link-layer header types at tcpdump.org, of which
/// the ones met in plants are named here.
#[must_use]
pub fn link_name(link_type: LinkType) -> &'static str {
    match link_type.0 {
        0 => "NULL",
        1 => "Ethernet",
        6 => "IEEE 802.5",
        7 => "ARCNET",
        8 => "SLIP",
        9 => "PPP",
        10 => "FDDI",
        12 | 14 | 101 => "raw IP",
        50 => "PPP in HDLC framing",
        51 => "PPPoE",
        104 => "Cisco HDLC",
        105 => "IEEE 802.11",
        107 => "Frame Relay",
        108 => "LOOP",
        113 => "Linux cooked",
        119 => "IEEE 802.11 with Prism header",
        127 => "IEEE 802.11 with radiotap header",
        129 => "ARCNET of Linux",
        143 => "DOCSIS",
        147..=162 => "user-defined",
        165 => "BACnet MS/TP",
        187 => "Bluetooth HCI",
        189 => "USB of Linux",
        190 => "CAN 2.0B",
        192 => "per-packet information",
        195 => "IEEE 802.15.4",
        201 => "Bluetooth HCI with direction",
        204 => "PPP with direction",
        220 => "USB of Linux, memory-mapped",
        227 => "SocketCAN",
        228 => "raw IPv4",
        229 => "raw IPv6",
        230 => "IEEE 802.15.4 without checksum",
        239 => "netfilter log",
        249 => "USBPcap",
        251 => "Bluetooth LE",
        252 => "Wireshark upper PDU",
        276 => "Linux cooked, version 2",
        283 => "IEEE 802.15.4 TAP",
        _ => "not named",
    }
}
