//! Ethernet, its tags, and what shims stand between it and the network layer: IEEE 802.3 clause 3, IEEE 802.1Q
//! clause 9 (tags) and clause 9.7 (I-TAG), IEC 62439-3 (HSR tag, PRP trailer).

use etherparse::ether_type;
use observation::Mac;
use protocols::Problem;

use super::llc;
use crate::network;
use crate::walk::{Link, Next, Step, Top, Walk};

const HEADER: usize = 14;
/// Up to this a length (IEEE 802.3 clause 3.2.6), from [`ETHERTYPE_MIN`] on a type; between them neither.
const LENGTH_MAX: u16 = 1500;
pub(super) const ETHERTYPE_MIN: u16 = 0x0600;

/// Tag protocol identifiers: customer, service, and those in use before IEEE 802.1ad named one.
const TAG: u16 = ether_type::VLAN_TAGGED_FRAME.0;
const SERVICE_TAG: u16 = ether_type::PROVIDER_BRIDGING.0;
const OLD_SERVICE_TAG: u16 = ether_type::VLAN_DOUBLE_TAGGED_FRAME.0;
const OLD_SERVICE_TAG_2: u16 = 0x9200;
const OLD_SERVICE_TAG_3: u16 = 0x9300;
/// VN-Tag of Cisco adapters and fabric extenders: four octets (draft of IEEE 802.1BR).
const VN_TAG: u16 = 0x8926;
/// Cisco metadata (TrustSec): version, length, an option of four octets.
const CISCO_METADATA: u16 = 0x8909;
/// HSR tag: path and size, sequence number (IEC 62439-3 clause 5.6).
const HSR: u16 = 0x892f;
/// I-TAG of a provider backbone bridge: four octets, then the customer's frame.
const BACKBONE_SERVICE: u16 = 0x88e7;
/// Cisco FabricPath: two octets, then the frame.
const FABRIC_PATH: u16 = 0x8903;
pub(super) const MPLS: u16 = 0x8847;
pub(super) const MPLS_UPSTREAM: u16 = 0x8848;
const PPPOE_SESSION: u16 = 0x8864;
const IPV4: u16 = ether_type::IPV4.0;
const IPV6: u16 = ether_type::IPV6.0;
const ARP: u16 = ether_type::ARP.0;

/// PRP redundancy control trailer: sequence number, LAN and size, suffix (IEC 62439-3 clause 4.1.10).
const PRP_TRAILER: usize = 6;
pub(crate) const PRP_SUFFIX: [u8; 2] = [0x88, 0xfb];

/// An Ethernet header.
#[inline]
pub(crate) fn ethernet(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[.., t0, t1] = walk.header::<HEADER>(at, "ethernet", "header")?;
    walk.enter_link(Link::At(at), at)?;
    ethertype(walk, u16::from_be_bytes([t0, t1]), at.saturating_add(HEADER))
}

/// What an EtherType, or a length in its place, says of the octets at `at`. Tags are taken off, however many.
#[inline]
pub(crate) fn ethertype(walk: &mut Walk<'_, '_>, mut ethertype: u16, mut at: usize) -> Step {
    while let TAG | SERVICE_TAG | OLD_SERVICE_TAG | OLD_SERVICE_TAG_2 | OLD_SERVICE_TAG_3 = ethertype {
        found(walk, ethertype, at);
        let &[c0, c1, t0, t1] = walk.header::<4>(at, "vlan", "tag")?;
        // VID 0 carries a priority only.
        if walk.state.vlan == 0 {
            walk.state.vlan = u16::from_be_bytes([c0, c1]) & 0x0fff;
        }
        ethertype = u16::from_be_bytes([t0, t1]);
        at = at.saturating_add(4);
    }
    found(walk, ethertype, at);
    Ok(match ethertype {
        IPV4 => return network::ipv4(walk, at),
        IPV6 => return network::ipv6(walk, at),
        0..=LENGTH_MAX => return llc::llc(walk, ethertype, at),
        VN_TAG => return shim::<6>(walk, "vn-tag", at),
        HSR => return shim::<6>(walk, "hsr", at),
        CISCO_METADATA => return cisco_metadata(walk, at),
        MPLS | MPLS_UPSTREAM => Next::Mpls(at),
        PPPOE_SESSION => Next::Pppoe(at),
        BACKBONE_SERVICE => wrapped_frame(walk, at.saturating_add(4)),
        FABRIC_PATH => wrapped_frame(walk, at.saturating_add(2)),
        ETHERTYPE_MIN.. => {
            cut_prp_trailer(walk, at);
            Next::Done
        }
        _ => {
            let value = ethertype.into();
            return Err(walk.malformed("ethernet", "length", at.saturating_sub(2), Problem::Value { value }));
        }
    })
}

#[inline]
fn found(walk: &mut Walk<'_, '_>, ethertype: u16, at: usize) {
    walk.state.top = Top::Ethernet(ethertype);
    walk.state.at = at;
}

/// A tag of `N` octets that ends in the next EtherType.
fn shim<const N: usize>(walk: &mut Walk<'_, '_>, layer: &'static str, at: usize) -> Step {
    let header = walk.header::<N>(at, layer, "tag")?;
    let ethertype = header.last_chunk::<2>().map_or(0, |octets| u16::from_be_bytes(*octets));
    Ok(Next::EtherType(ethertype, at.saturating_add(N)))
}

/// Cisco metadata in its only form seen: version 1, length 1.
fn cisco_metadata(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    match walk.header::<8>(at, "cisco metadata", "header")? {
        [1, 1, ..] => shim::<8>(walk, "cisco metadata", at),
        _ => Ok(Next::Done),
    }
}

fn wrapped_frame(walk: &mut Walk<'_, '_>, at: usize) -> Next {
    walk.state.wrapped = true;
    Next::Ethernet(at)
}

/// Takes the PRP trailer off a frame whose protocol has no length to tell where it ends. The trailer's size field
/// counts the octets from behind the EtherType to the end of the frame; 0xA and 0xB are the only LANs.
fn cut_prp_trailer(walk: &mut Walk<'_, '_>, at: usize) {
    let tail = walk.tail(at);
    let Some((payload, &[_, _, lan_and_size, size, s0, s1])) = tail.split_last_chunk::<PRP_TRAILER>() else {
        return;
    };
    let lan = lan_and_size >> 4;
    let size = usize::from(u16::from_be_bytes([lan_and_size, size]) & 0x0fff);
    if [s0, s1] == PRP_SUFFIX && matches!(lan, 0xa | 0xb) && size == tail.len() && walk.state.missing == 0 {
        walk.limit(at, payload.len());
    }
}

/// True if the octets at `at` can be an Ethernet frame: for wrappings that do not say what they hold.
pub(crate) fn plausible_ethernet(octets: &[u8], at: usize) -> bool {
    sure_ethernet(octets, at)
        || header_and_rest(octets, at).is_some_and(|(ethertype, rest)| match ethertype {
            // LLC, with or without padding.
            0..=LENGTH_MAX => ethertype >= 3 && usize::from(ethertype) <= rest.len(),
            IPV4 | IPV6 => false,
            _ => ethertype >= ETHERTYPE_MIN,
        })
}

/// True if the octets at `at` are an Ethernet frame: what follows the EtherType is what the EtherType says.
pub(crate) fn sure_ethernet(octets: &[u8], at: usize) -> bool {
    header_and_rest(octets, at).is_some_and(|(ethertype, rest)| match ethertype {
        IPV4 => matches!(rest, [0x45..=0x4f, ..]),
        IPV6 => matches!(rest, [0x60..=0x6f, ..]),
        ARP => rest.starts_with(&[0, 1, 8, 0, 6, 4]),
        TAG | SERVICE_TAG => rest.len() >= 4,
        _ => false,
    })
}

/// EtherType and what follows of a frame whose source can be one.
fn header_and_rest(octets: &[u8], at: usize) -> Option<(u16, &[u8])> {
    let (header, rest) = octets.get(at..)?.split_first_chunk::<HEADER>()?;
    let &[_, _, _, _, _, _, s0, s1, s2, s3, s4, s5, t0, t1] = header;
    let source = Mac([s0, s1, s2, s3, s4, s5]);
    (!source.is_group() && !source.is_zero()).then_some((u16::from_be_bytes([t0, t1]), rest))
}
