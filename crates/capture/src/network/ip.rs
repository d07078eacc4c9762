//! IP headers of both versions and the extension headers of IPv6.

use etherparse::err::ipv4::{HeaderError as Ipv4Error, HeaderSliceError as Ipv4SliceError};
use etherparse::err::ipv6::{HeaderError as Ipv6Error, HeaderSliceError as Ipv6SliceError};
use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice,
    ip_number,
};
use protocols::Problem;

use super::datagram::Fragment;
use super::{transport, tunnel};
use crate::Unreadable;
use crate::counters::bump;
use crate::walk::{Next, Step, Top, Walk};

const IPV6_HEADER: usize = 40;

const HOP_BY_HOP: u8 = ip_number::IPV6_HEADER_HOP_BY_HOP.0;
const ROUTING: u8 = ip_number::IPV6_ROUTE_HEADER.0;
const FRAGMENT: u8 = ip_number::IPV6_FRAGMENTATION_HEADER.0;
const AUTHENTICATION: u8 = ip_number::AUTHENTICATION_HEADER.0;
const NO_NEXT_HEADER: u8 = ip_number::IPV6_NO_NEXT_HEADER.0;
const DESTINATION_OPTIONS: u8 = ip_number::IPV6_DESTINATION_OPTIONS.0;
const IPV4_IN_IP: u8 = ip_number::IPV4.0;
const TCP: u8 = ip_number::TCP.0;
const UDP: u8 = ip_number::UDP.0;
const IPV6_IN_IP: u8 = ip_number::IPV6.0;
const GRE: u8 = ip_number::GRE.0;
const ETHERNET_IN_IP: u8 = ip_number::ETHER_IP.0;
const MPLS_IN_IP: u8 = ip_number::MPLS_IN_IP.0;

/// Option type of the jumbo payload length (RFC 2675 section 2).
const JUMBO_PAYLOAD: u8 = 0xc2;

/// IP of the version that its first four bits name.
pub(crate) fn ip(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[first] = walk.header::<1>(at, "ip", "version")?;
    match first >> 4 {
        4 => Ok(Next::Ipv4(at)),
        6 => Ok(Next::Ipv6(at)),
        version => Err(walk.malformed("ip", "version", at, Problem::Value { value: version.into() })),
    }
}

/// An IPv4 header.
#[inline]
pub(crate) fn ipv4(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let header = match Ipv4HeaderSlice::from_slice(walk.tail(at)) {
        Ok(header) => header,
        Err(error) => return Err(ipv4_error(walk, at, &error)),
    };
    let length = header.slice().len();
    let total = usize::from(header.total_len());
    if total < length && total != 0 {
        let value = u64::from(header.total_len());
        return Err(walk.malformed("ipv4", "total length", at.saturating_add(2), Problem::Value { value }));
    }
    walk.enter_ip("ipv4", at)?;
    if total == 0 {
        // The network card will cut this packet into many and fill the lengths in: all of the frame is its payload.
        bump(&mut walk.counters.offloaded);
    } else {
        walk.limit(at, total);
    }
    let at = at.saturating_add(length);
    let number = header.protocol().0;
    let start = header.fragments_offset();
    if start.value() == 0 && !header.more_fragments() {
        return protocol(walk, number, at);
    }
    Ok(fragment(
        walk,
        Fragment {
            protocol: number,
            identification: header.identification().into(),
            start: usize::from(start.value()).saturating_mul(8),
            more: header.more_fragments(),
            at,
        },
    ))
}

#[cold]
fn ipv4_error(walk: &Walk<'_, '_>, at: usize, error: &Ipv4SliceError) -> Unreadable {
    match error {
        Ipv4SliceError::Len(error) => walk.short("ipv4", "header", at, error.required_len),
        Ipv4SliceError::Content(Ipv4Error::UnexpectedVersion { version_number }) => {
            walk.malformed("ipv4", "version", at, Problem::Value { value: (*version_number).into() })
        }
        Ipv4SliceError::Content(Ipv4Error::HeaderLengthSmallerThanHeader { ihl }) => {
            walk.malformed("ipv4", "header length", at, Problem::Value { value: (*ihl).into() })
        }
    }
}

/// An IPv6 header.
pub(crate) fn ipv6(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let header = match Ipv6HeaderSlice::from_slice(walk.tail(at)) {
        Ok(header) => header,
        Err(Ipv6SliceError::Len(error)) => return Err(walk.short("ipv6", "header", at, error.required_len)),
        Err(Ipv6SliceError::Content(Ipv6Error::UnexpectedVersion { version_number })) => {
            return Err(walk.malformed(
                "ipv6",
                "version",
                at,
                Problem::Value { value: version_number.into() },
            ));
        }
    };
    walk.enter_ip("ipv6", at)?;
    let (at, number) = (at.saturating_add(IPV6_HEADER), header.next_header().0);
    match usize::from(header.payload_length()) {
        0 if number != NO_NEXT_HEADER => {
            bump(&mut walk.counters.offloaded);
            if let Some(length) = jumbo_length(number, walk.tail(at)) {
                walk.limit(at, length);
            }
        }
        length => walk.limit(at, length),
    }
    extension(walk, number, at)
}

/// The payload length of a jumbogram: the first option of a hop-by-hop header (RFC 2675 section 3).
fn jumbo_length(number: u8, octets: &[u8]) -> Option<usize> {
    match octets {
        &[_, _, JUMBO_PAYLOAD, 4, a, b, c, d, ..] if number == HOP_BY_HOP => {
            usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()
        }
        _ => None,
    }
}

/// An extension header of IPv6, or the protocol that follows them. ESP stays opaque.
pub(crate) fn extension(walk: &mut Walk<'_, '_>, number: u8, at: usize) -> Step {
    walk.state.top = Top::Ip(number);
    walk.state.at = at.min(walk.octets.len());
    let octets = walk.tail(at);
    match number {
        HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => match Ipv6RawExtHeaderSlice::from_slice(octets) {
            Ok(header) => {
                Ok(Next::Extension(header.next_header().0, at.saturating_add(header.slice().len())))
            }
            Err(error) => Err(walk.short("ipv6", "extension header", at, error.required_len)),
        },
        FRAGMENT => match Ipv6FragmentHeaderSlice::from_slice(octets) {
            Ok(header) => {
                let at = at.saturating_add(header.slice().len());
                // A packet in one fragment (RFC 6946) waits for nothing.
                if !header.is_fragmenting_payload() {
                    return Ok(Next::Extension(header.next_header().0, at));
                }
                Ok(fragment(
                    walk,
                    Fragment {
                        protocol: header.next_header().0,
                        identification: header.identification(),
                        start: usize::from(header.fragment_offset().value()).saturating_mul(8),
                        more: header.more_fragments(),
                        at,
                    },
                ))
            }
            Err(error) => Err(walk.short("ipv6", "fragment header", at, error.required_len)),
        },
        _ => protocol(walk, number, at),
    }
}

fn fragment(walk: &mut Walk<'_, '_>, fragment: Fragment) -> Next {
    walk.state.top = Top::Fragment(fragment.protocol);
    walk.state.at = fragment.at.min(walk.octets.len());
    bump(&mut walk.counters.fragments);
    Next::Fragment(fragment)
}

/// What a protocol number says of the octets at `at`.
#[inline]
pub(crate) fn protocol(walk: &mut Walk<'_, '_>, number: u8, at: usize) -> Step {
    walk.state.top = Top::Ip(number);
    walk.state.at = at.min(walk.octets.len());
    match number {
        TCP => transport::tcp(walk, at),
        UDP => transport::udp(walk, at),
        GRE => tunnel::gre(walk, at),
        IPV4_IN_IP => Ok(tunnel::wrapped(walk, Next::Ipv4(at))),
        IPV6_IN_IP => Ok(tunnel::wrapped(walk, Next::Ipv6(at))),
        MPLS_IN_IP => Ok(Next::Mpls(at)),
        ETHERNET_IN_IP => tunnel::ethernet_in_ip(walk, at),
        AUTHENTICATION => match IpAuthHeaderSlice::from_slice(walk.tail(at)) {
            Ok(header) => {
                Ok(Next::Extension(header.next_header().0, at.saturating_add(header.slice().len())))
            }
            Err(etherparse::err::ip_auth::HeaderSliceError::Len(error)) => {
                Err(walk.short("ip", "authentication header", at, error.required_len))
            }
            Err(etherparse::err::ip_auth::HeaderSliceError::Content(_)) => {
                Err(walk.malformed("ip", "authentication header", at, Problem::Value { value: 0 }))
            }
        },
        _ => Ok(Next::Done),
    }
}

/// True if the octets begin with an IPv4 header whose checksum holds.
pub(crate) fn plausible_ipv4(octets: &[u8]) -> bool {
    Ipv4HeaderSlice::from_slice(octets)
        .is_ok_and(|header| header.header_checksum() == header.to_header().calc_header_checksum())
}

/// True if the octets, of which `on_wire` were sent, begin with an IPv6 header whose length is theirs, but for the
/// padding of a short frame.
pub(crate) fn plausible_ipv6(octets: &[u8], on_wire: usize) -> bool {
    /// Octets behind the Ethernet header that padding fills up to (IEEE 802.3 clause 4.2.3.3).
    const PADDED: usize = 46;
    Ipv6HeaderSlice::from_slice(octets).is_ok_and(|header| {
        let stated = IPV6_HEADER.saturating_add(header.payload_length().into());
        stated == on_wire || (stated <= on_wire && on_wire <= PADDED)
    })
}
