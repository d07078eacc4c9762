//! Tunnels and mirror sessions over IP: GRE (RFC 2784, RFC 2890, source routes of RFC 1701, PPTP's version of RFC
//! 2637), ERSPAN (draft-foschiano-erspan), WCCP redirection, Ethernet in IP (RFC 3378), VXLAN (RFC 7348), Geneve (RFC
//! 8926), GTP-U (3GPP TS 29.281), and what access points of Aruba send to their controller (IEEE 802.11 in GRE, as
//! captures show it). What does not fit a tunnel's shape stays the payload of what carries it.

use etherparse::ether_type;
use protocols::Problem;

use crate::link::{plausible_ethernet, sure_ethernet};
use crate::walk::{Next, Step, Walk};

const IPV4: u16 = ether_type::IPV4.0;
const IPV6: u16 = ether_type::IPV6.0;
const TRANSPARENT_ETHERNET: u16 = 0x6558;
const ERSPAN: u16 = 0x88be;
const ERSPAN_III: u16 = 0x22eb;
const PPP: u16 = 0x880b;
const WCCP: u16 = 0x883e;
const CISCO_METADATA: u16 = 0x8909;
/// Of Aruba: frames of 802.11, one number for each radio; those that are encrypted have others.
const ARUBA_FIRST: u16 = 0x8200;
const ARUBA_LAST: u16 = 0x8210;
/// Of Aruba: frames of 802.11 that are aggregates.
const ARUBA_AGGREGATE: u16 = 0x8240;
const MPLS: u16 = 0x8847;
const MPLS_UPSTREAM: u16 = 0x8848;

const VXLAN_PORT: u16 = 4789;
/// Of Linux before IANA assigned a port, still its default.
const VXLAN_PORT_LINUX: u16 = 8472;
const GENEVE_PORT: u16 = 6081;
const GTP_U_PORT: u16 = 2152;

/// Extension headers of GTP-U at most.
const EXTENSIONS_MAX: usize = 8;

/// Entries of a GRE source route at most.
const ROUTES_MAX: usize = 16;

/// Marks what is read next as wrapped in a tunnel.
pub(super) fn wrapped(walk: &mut Walk<'_, '_>, next: Next) -> Next {
    walk.state.wrapped = true;
    next
}

/// A GRE header.
pub(super) fn gre(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[flags, version, p0, p1] = walk.header::<4>(at, "gre", "header")?;
    let (protocol, start) = (u16::from_be_bytes([p0, p1]), at);
    let mut at = at.saturating_add(4);
    let mut skip = |present: bool| at = at.saturating_add(if present { 4 } else { 0 });
    let sequence = flags & 0x10 != 0;
    match version & 0x07 {
        0 => {
            skip(flags & 0xc0 != 0); // checksum and offset: there if either checksum or routing is
            skip(flags & 0x20 != 0); // key
            skip(sequence);
            if flags & 0x40 != 0 {
                at = source_routes(walk, at, start)?;
            }
        }
        1 if protocol == PPP => {
            skip(flags & 0x20 != 0); // payload length and call
            skip(sequence);
            skip(version & 0x80 != 0); // acknowledgment
        }
        _ => return Ok(Next::Done),
    }
    let next = match protocol {
        IPV4 => Next::Ipv4(at),
        IPV6 => Next::Ipv6(at),
        TRANSPARENT_ETHERNET => Next::Ethernet(at),
        MPLS | MPLS_UPSTREAM => Next::Mpls(at),
        PPP if walk.tail(at).is_empty() => Next::Done, // an acknowledgment alone
        PPP => Next::Ppp(at),
        ERSPAN => erspan(walk, sequence, at)?,
        ERSPAN_III => erspan_iii(walk, at)?,
        // Version 2 puts a redirect header of four octets in front of the packet.
        WCCP if matches!(walk.tail(at), [0x45..=0x4f, ..]) => Next::Ipv4(at),
        WCCP => Next::Ipv4(at.saturating_add(4)),
        CISCO_METADATA => metadata(walk, at),
        ARUBA_FIRST..=ARUBA_LAST | ARUBA_AGGREGATE => Next::Wlan(at),
        _ => return Ok(Next::Done),
    };
    Ok(wrapped(walk, next))
}

/// Source route entries: address family, offset, length; the last has family and length 0.
fn source_routes(walk: &Walk<'_, '_>, mut at: usize, start: usize) -> Result<usize, crate::Unreadable> {
    for _ in 0..ROUTES_MAX {
        let &[f0, f1, _, length] = walk.header::<4>(at, "gre", "source route")?;
        at = at.saturating_add(4).saturating_add(length.into());
        if [f0, f1, length] == [0, 0, 0] {
            return Ok(at);
        }
    }
    Err(walk.malformed("gre", "source routes", start, Problem::Value { value: ROUTES_MAX as u64 }))
}

/// ERSPAN type I has neither a GRE sequence number nor a header of its own; type II has both.
fn erspan(walk: &mut Walk<'_, '_>, sequence: bool, at: usize) -> Step {
    if !sequence {
        return Ok(Next::Ethernet(at));
    }
    let &[version_and_vlan, vlan, encapsulation, ..] = walk.header::<8>(at, "erspan", "header")?;
    if version_and_vlan >> 4 != 1 {
        return Ok(Next::Done);
    }
    // The frame came with a tag, which the mirror took off.
    if encapsulation & 0x18 == 0x10 {
        walk.state.mirrored_vlan = u16::from_be_bytes([version_and_vlan, vlan]) & 0x0fff;
    }
    Ok(Next::Ethernet(at.saturating_add(8)))
}

/// ERSPAN type III: twelve octets, eight more of the switch's platform if the last bit says so. The frame type says
/// what is mirrored: 0 Ethernet, 2 IP.
fn erspan_iii(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[version, _, _, _, _, _, _, _, _, _, frame_type, last] =
        walk.header::<12>(at, "erspan", "header")?;
    let at = at.saturating_add(if last & 0x01 != 0 { 20 } else { 12 });
    Ok(match (version >> 4, frame_type >> 2 & 0x1f) {
        (2, 0) => Next::Ethernet(at),
        (2, 2) => Next::Ip(at),
        _ => Next::Done,
    })
}

/// Cisco metadata between GRE and IP: here the EtherType comes first, then version 1, length 1 and an option.
fn metadata(walk: &Walk<'_, '_>, at: usize) -> Next {
    let &[p0, p1, 1, 1, _, _, _, _, ..] = walk.tail(at) else { return Next::Done };
    let at = at.saturating_add(8);
    match u16::from_be_bytes([p0, p1]) {
        IPV4 => Next::Ipv4(at),
        IPV6 => Next::Ipv6(at),
        _ => Next::Done,
    }
}

/// Two octets that say version 3, then a frame.
pub(super) fn ethernet_in_ip(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[version, _] = walk.header::<2>(at, "ethernet in ip", "header")?;
    Ok(if version >> 4 == 3 { wrapped(walk, Next::Ethernet(at.saturating_add(2))) } else { Next::Done })
}

/// A tunnel on a UDP port of its own. The port alone proves nothing, so the header must fit as well.
#[inline]
pub(super) fn over_udp(walk: &mut Walk<'_, '_>, port: u16, at: usize) -> Next {
    let next = match port {
        VXLAN_PORT | VXLAN_PORT_LINUX => vxlan(walk, at),
        GENEVE_PORT => geneve(walk, at),
        GTP_U_PORT => gtp_u(walk, at),
        _ => None,
    };
    next.map_or(Next::Done, |next| wrapped(walk, next))
}

/// Flags (8: the network identifier is valid), three octets of 0, identifier, an octet of 0. Extensions use what should
/// be 0 (a group policy, a next protocol); then the frame must be beyond doubt.
fn vxlan(walk: &Walk<'_, '_>, at: usize) -> Option<Next> {
    let inner = at.saturating_add(8);
    let fits = match walk.tail(at) {
        [0x08, 0, 0, 0, _, _, _, 0, ..] => plausible_ethernet(walk.octets, inner),
        [flags, ..] if flags & 0x08 != 0 => sure_ethernet(walk.octets, inner),
        _ => false,
    };
    fits.then_some(Next::Ethernet(inner))
}

/// True for ports to which [`over_udp`] looks for a tunnel.
#[inline]
pub(crate) fn may_be_tunnel(port: u16) -> bool {
    matches!(port, VXLAN_PORT | VXLAN_PORT_LINUX | GENEVE_PORT | GTP_U_PORT)
}

/// Version 0 and length of the options in units of four octets, flags, protocol, identifier, an octet of 0, options.
fn geneve(walk: &Walk<'_, '_>, at: usize) -> Option<Next> {
    let &[options @ 0..=0x3f, _, p0, p1, _, _, _, 0, ..] = walk.tail(at) else { return None };
    let inner = at.saturating_add(8).saturating_add(usize::from(options).saturating_mul(4));
    match u16::from_be_bytes([p0, p1]) {
        TRANSPARENT_ETHERNET if plausible_ethernet(walk.octets, inner) => Some(Next::Ethernet(inner)),
        IPV4 => Some(Next::Ipv4(inner)),
        IPV6 => Some(Next::Ipv6(inner)),
        _ => None,
    }
}

/// Version 1 with a packet of a user (TS 29.281 section 5.1): flags, type, length, tunnel; if any of the last three flags
/// is set, sequence number, N-PDU number and extension headers, each with its length in units of four octets first and
/// the type of the next last. The length must be that of the datagram, and an IP header must follow.
fn gtp_u(walk: &Walk<'_, '_>, at: usize) -> Option<Next> {
    const HEADER: usize = 8;
    const PACKET: u8 = 0xff;
    let &[flags, PACKET, high, low, _, _, _, _, ..] = walk.tail(at) else { return None };
    let missing = usize::try_from(walk.state.missing).unwrap_or(usize::MAX);
    let there = walk.tail(at).len().saturating_add(missing);
    if flags & 0xf0 != 0x30 || usize::from(u16::from_be_bytes([high, low])).saturating_add(HEADER) != there {
        return None;
    }
    let mut inner = at.saturating_add(HEADER);
    if flags & 0x07 != 0 {
        let &[_, _, _, mut extension, ..] = walk.tail(inner) else { return None };
        inner = inner.saturating_add(4);
        for _ in 0..EXTENSIONS_MAX {
            if extension == 0 || flags & 0x04 == 0 {
                break;
            }
            let length = usize::from(*walk.tail(inner).first()?).saturating_mul(4);
            inner = inner.saturating_add(length);
            extension = *walk.tail(inner.checked_sub(1)?).first().filter(|_| length > 0)?;
        }
    }
    match walk.tail(inner).first()? {
        0x45..=0x4f => Some(Next::Ipv4(inner)),
        0x60..=0x6f => Some(Next::Ipv6(inner)),
        _ => None,
    }
}
