//! Point-to-point protocol (RFC 1661) on serial links, over Ethernet (RFC 2516) and in PPTP's GRE (RFC 2637).

use crate::walk::{Next, Step, Walk};

const IPV4: u16 = 0x0021;
const IPV6: u16 = 0x0057;
const MPLS: u16 = 0x0281;

/// A PPPoE session header: version and type, code, session, length. The length holds even if IP states more: access
/// concentrators are seen that count the padding of short frames into the length of IP, and TCP's sequence numbers show
/// that it is none of the packet.
pub(crate) fn pppoe(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[version_and_type, code, _, _, l0, l1] = walk.header::<6>(at, "pppoe", "header")?;
    if (version_and_type, code) != (0x11, 0) {
        return Ok(Next::Done);
    }
    let at = at.saturating_add(6);
    walk.limit(at, u16::from_be_bytes([l0, l1]).into());
    walk.state.exact = true;
    ppp(walk, at)
}

/// A PPP header: address and control octets unless left out (RFC 1662 section 3.1), then the protocol, whose first
/// octet may be left out if it is 0 (section 6.5 of RFC 1661): the last octet is odd, all others are even.
pub(crate) fn ppp(walk: &mut Walk<'_, '_>, mut at: usize) -> Step {
    if walk.tail(at).starts_with(&[0xff, 0x03]) {
        at = at.saturating_add(2);
    }
    let &[first] = walk.header::<1>(at, "ppp", "protocol")?;
    let (protocol, at) = if first & 0x01 != 0 {
        (u16::from(first), at.saturating_add(1))
    } else {
        (u16::from_be_bytes(*walk.header::<2>(at, "ppp", "protocol")?), at.saturating_add(2))
    };
    walk.state.wrapped = true;
    Ok(match protocol {
        IPV4 => Next::Ipv4(at),
        IPV6 => Next::Ipv6(at),
        MPLS => Next::Mpls(at),
        _ => Next::Done,
    })
}
