//! The frames that nearly all are, read at one go: IPv4 with TCP or UDP, or a cyclic protocol of plants, in Ethernet with
//! at most two tags.
//!
//! The walk reads these just the same, header by header, and everything else: what is cut, wrapped, in fragments or in
//! any way odd is left to it.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{ether_type, ip_number};
use observation::Mac;

use crate::link::PRP_SUFFIX;
use crate::network::may_be_tunnel;
use crate::{Layer, Network, Packet, Payload, Tcp, fields};

const ETHERNET_HEADER: usize = 14;
const TAG: u16 = ether_type::VLAN_TAGGED_FRAME.0;
const SERVICE_TAG: u16 = ether_type::PROVIDER_BRIDGING.0;
const TAG_OCTETS: usize = 4;
const TAGS_MAX: usize = 2;

const IPV4: u16 = ether_type::IPV4.0;
const PROFINET: u16 = 0x8892;
const ETHERCAT: u16 = 0x88a4;
const GOOSE: u16 = 0x88b8;
const SAMPLED_VALUES: u16 = 0x88ba;

/// Version 4, header without options.
const IPV4_PLAIN: u8 = 0x45;
const IPV4_HEADER: usize = 20;
/// More fragments, and where this one starts.
const FRAGMENTED: u16 = 0x3fff;
const TCP: u8 = ip_number::TCP.0;
const UDP: u8 = ip_number::UDP.0;
const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;

/// The packet in an Ethernet frame of `original_length` octets, if it is as plain as most; else nothing.
#[inline]
pub(crate) fn packet(octets: &[u8], original_length: u32) -> Option<Packet<'_>> {
    // Addresses as they stand, not octet by octet: taken apart and put together again they are waited for.
    let (destination, rest) = octets.split_first_chunk::<6>()?;
    let (source, rest) = rest.split_first_chunk::<6>()?;
    let &[t0, t1] = rest.first_chunk::<2>()?;
    let (mut ethertype, mut at, mut vlan) = (u16::from_be_bytes([t0, t1]), ETHERNET_HEADER, 0);
    for _ in 0..TAGS_MAX {
        if !matches!(ethertype, TAG | SERVICE_TAG) {
            break;
        }
        let &[c0, c1, t0, t1] = octets.get(at..)?.first_chunk::<TAG_OCTETS>()?;
        // VID 0 carries a priority only.
        if vlan == 0 {
            vlan = u16::from_be_bytes([c0, c1]) & 0x0fff;
        }
        (ethertype, at) = (u16::from_be_bytes([t0, t1]), at.saturating_add(TAG_OCTETS));
    }
    let (network, layer, payload, payload_missing) = match ethertype {
        IPV4 => {
            let (network, layer, payload) = ipv4(octets, at)?;
            (network, layer, payload, 0)
        }
        PROFINET | ETHERCAT | GOOSE | SAMPLED_VALUES => {
            let payload = Payload::Frame { offset: u32::try_from(at).ok()?, octets: octets.get(at..)? };
            let captured = u32::try_from(octets.len()).ok()?;
            let missing = original_length.saturating_sub(captured);
            // A trailer of PRP may have to be taken off.
            let is_plain = !octets.ends_with(&PRP_SUFFIX);
            is_plain.then_some((Network::None, Layer::Ethernet { ethertype }, payload, missing))?
        }
        _ => return None,
    };
    Some(Packet {
        macs: Some([Mac(*source), Mac(*destination)]),
        vlan: (vlan != 0).then_some(vlan),
        network,
        layer,
        payload,
        payload_missing,
        unwrapped: false,
        outer: &[],
        problem: None,
    })
}

/// A whole packet of IPv4 with TCP or UDP.
#[inline]
fn ipv4(octets: &[u8], at: usize) -> Option<(Network, Layer, Payload<'_>)> {
    let &[IPV4_PLAIN, _, l0, l1, i0, i1, f0, f1, hop_limit, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
        octets.get(at..)?.first_chunk::<IPV4_HEADER>()?
    else {
        return None;
    };
    if u16::from_be_bytes([f0, f1]) & FRAGMENTED != 0 {
        return None;
    }
    // What stands behind the packet is padding.
    let octets = octets.get(..at.saturating_add(u16::from_be_bytes([l0, l1]).into()))?;
    let at = at.saturating_add(IPV4_HEADER);
    let (layer, octets, at) = match protocol {
        TCP => {
            let header = octets.get(at..)?;
            let tcp: Tcp = fields::tcp(header)?;
            let length = usize::from(header.get(12)? >> 4).saturating_mul(4);
            (length >= TCP_HEADER).then_some((Layer::Tcp(tcp), octets, at.saturating_add(length)))?
        }
        UDP => {
            let &[s0, s1, d0, d1, l0, l1, c0, c1] = octets.get(at..)?.first_chunk::<UDP_HEADER>()?;
            let length = usize::from(u16::from_be_bytes([l0, l1]));
            let (source, destination) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
            if length < UDP_HEADER || may_be_tunnel(destination) {
                return None;
            }
            let octets = octets.get(..at.saturating_add(length))?;
            let checksum = u16::from_be_bytes([c0, c1]);
            (Layer::Udp { source, destination, checksum }, octets, at.saturating_add(UDP_HEADER))
        }
        _ => return None,
    };
    let network = Network::Ip {
        source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
        destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
        hop_limit,
        identification: u16::from_be_bytes([i0, i1]),
    };
    let payload = Payload::Frame { offset: u32::try_from(at).ok()?, octets: octets.get(at..)? };
    Some((network, layer, payload))
}
