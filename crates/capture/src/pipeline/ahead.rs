//! A look at the frame after this one: whose flow it probably is, so that memory is fetched while there is other work.
//!
//! Only the plainest shapes are looked at. A wrong guess costs a little time and nothing else: the dissector reads every
//! frame itself.

use std::net::{IpAddr, Ipv4Addr};

use observation::{Address, Mac, Transport};

use super::key::Ends;
use super::reader::Ports;
use crate::LinkType;

/// The ends of a frame in Ethernet, with up to two VLAN tags, of IPv4 or of no network protocol.
pub(crate) fn ends(ports: &Ports, link_type: LinkType, octets: &[u8]) -> Option<Ends> {
    if link_type != LinkType::ETHERNET {
        return None;
    }
    let (destination, rest) = octets.split_first_chunk::<6>()?;
    let (source, mut rest) = rest.split_first_chunk::<6>()?;
    let mut ethertype;
    let mut tags = 0_u8;
    loop {
        let (word, behind) = rest.split_first_chunk::<2>()?;
        ethertype = u16::from_be_bytes(*word);
        if !matches!(ethertype, 0x8100 | 0x88a8) || tags == 2 {
            rest = behind;
            break;
        }
        tags = tags.saturating_add(1);
        rest = behind.get(2..)?;
    }
    if ethertype != 0x0800 {
        return (ethertype >= 0x0600).then_some(Ends {
            source: Address::Mac(Mac(*source)),
            destination: Address::Mac(Mac(*destination)),
            source_port: 0,
            destination_port: 0,
            transport: Transport::Ethernet,
            number: ethertype,
            share: ports.share(ethertype, rest),
        });
    }
    let (header, _) = rest.split_first_chunk::<20>()?;
    let &[version, _, _, _, _, _, _, _, _, protocol, _, _, a, b, c, d, e, f, g, h] = header;
    let transport = match protocol {
        6 => Transport::Tcp,
        17 => Transport::Udp,
        _ => return None,
    };
    let ports = rest.get(usize::from(version & 0x0f).saturating_mul(4)..)?.first_chunk::<4>()?;
    let &[i, j, k, l] = ports;
    Some(Ends {
        source: Address::Ip(IpAddr::V4(Ipv4Addr::new(a, b, c, d))),
        destination: Address::Ip(IpAddr::V4(Ipv4Addr::new(e, f, g, h))),
        source_port: u16::from_be_bytes([i, j]),
        destination_port: u16::from_be_bytes([k, l]),
        transport,
        number: 0,
        share: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_segment_and_a_bare_frame_are_foreseen_and_a_cut_one_is_not() {
        let mut octets = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 10, 0x08, 0];
        octets.extend([
            0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0xc3, 0x50, 0x01, 0xf6,
        ]);
        let ports = Ports::new();
        let found = ends(&ports, LinkType::ETHERNET, &octets).unwrap();
        assert_eq!((found.source_port, found.destination_port), (50_000, 502));
        assert_eq!(found.source, "10.0.0.1".parse().unwrap());
        assert_eq!(found.transport, Transport::Tcp);
        for length in 0..octets.len() {
            assert!(ends(&ports, LinkType::ETHERNET, &octets[..length]).is_none());
        }
        assert!(ends(&ports, LinkType::RAW, &octets).is_none());
        let bare = ends(&ports, LinkType::ETHERNET, &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0x92, 0x80])
            .unwrap();
        assert_eq!((bare.transport, bare.number), (Transport::Ethernet, 0x8892));
        assert_eq!(bare.source, Address::Mac(Mac([2, 0, 0, 0, 0, 2])));
    }
}
