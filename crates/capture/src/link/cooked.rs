//! Link headers that the capturing system makes: Linux cooked captures (tcpdump.org, LINKTYPE_LINUX_SLL and
//! LINKTYPE_LINUX_SLL2) and BSD loopback (LINKTYPE_NULL, LINKTYPE_LOOP).

use observation::Mac;
use protocols::Problem;

use super::{ethernet, llc};
use crate::walk::{Link, Next, Step, Top, Walk};

/// Below [`ethernet::ETHERTYPE_MIN`] the protocol field of a cooked header is a number of Linux: an LLC frame.
const LINUX_LLC: u16 = 4;

/// Cooked header, version 1: packet type, ARPHRD type, address length, address, protocol.
pub(crate) fn sll(walk: &mut Walk<'_, '_>) -> Step {
    let &[_, _, _, _, l0, l1, a0, a1, a2, a3, a4, a5, _, _, p0, p1] =
        walk.header::<16>(0, "sll", "header")?;
    let length = u16::from_be_bytes([l0, l1]);
    cooked(walk, length, [a0, a1, a2, a3, a4, a5], u16::from_be_bytes([p0, p1]), 16)
}

/// Cooked header, version 2: protocol, interface, ARPHRD type, packet type, address length, address.
pub(crate) fn sll2(walk: &mut Walk<'_, '_>) -> Step {
    let &[p0, p1, _, _, _, _, _, _, _, _, _, l, a0, a1, a2, a3, a4, a5, _, _] =
        walk.header::<20>(0, "sll2", "header")?;
    cooked(walk, l.into(), [a0, a1, a2, a3, a4, a5], u16::from_be_bytes([p0, p1]), 20)
}

fn cooked(walk: &mut Walk<'_, '_>, address_length: u16, address: [u8; 6], protocol: u16, at: usize) -> Step {
    if address_length == 6 {
        walk.enter_link(Link::Known([Mac(address), Mac([0; 6])]), 0)?;
    }
    walk.state.at = at;
    match protocol {
        ethernet::ETHERTYPE_MIN.. => Ok(Next::EtherType(protocol, at)),
        LINUX_LLC => llc::header(walk, at),
        _ => {
            // Not an EtherType, and not an LLC service access point either.
            walk.state.top = Top::Ethernet(0);
            Ok(Next::Done)
        }
    }
}

/// An address family in the byte order of the capturing system (NULL) or most significant octet first (LOOP). The
/// families in use are below 256, so the place of the zeros tells the order. IPv4 is 2 everywhere; IPv6 is 10 on Linux,
/// 23 on Windows, 24, 28 or 30 on the BSDs and macOS.
pub(crate) fn loopback(walk: &mut Walk<'_, '_>) -> Step {
    let family = *walk.header::<4>(0, "loopback", "address family")?;
    match family {
        [family, 0, 0, 0] | [0, 0, 0, family] if matches!(family, 2 | 10 | 23 | 24 | 28 | 30) => {
            Ok(Next::Ip(4))
        }
        _ => {
            let value = u32::from_be_bytes(family).into();
            Err(walk.malformed("loopback", "address family", 0, Problem::Value { value }))
        }
    }
}
