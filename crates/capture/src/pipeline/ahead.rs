//! A look at a frame to come: whose flow it probably is, so that memory is fetched while there is other work.
//!
//! Only the plainest shapes are looked at, and as little of them as tells flows apart. A wrong guess costs a little time
//! and nothing else: the dissector reads every frame itself, and a flow that was guessed must have the key of the packet.

use crate::LinkType;

/// What tells the flow of a frame that has not been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glimpse {
    /// The same for both directions.
    pub(crate) print: u64,
    /// The side that sends, as in [`Ends::key`](super::key::Ends::key).
    pub(crate) side: usize,
}

/// A glimpse of a frame in Ethernet, with up to two VLAN tags, of IPv4 with ports or of no network protocol; octets may
/// follow it.
#[inline]
pub(crate) fn glimpse(link_type: LinkType, octets: &[u8]) -> Option<Glimpse> {
    if link_type != LinkType::ETHERNET {
        return None;
    }
    let (&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1], mut rest) =
        octets.split_first_chunk::<14>()?;
    let mut ethertype = u16::from_be_bytes([t0, t1]);
    for _ in 0..2 {
        if !matches!(ethertype, 0x8100 | 0x88a8) {
            break;
        }
        let (&[_, _, t0, t1], behind) = rest.split_first_chunk::<4>()?;
        (ethertype, rest) = (u16::from_be_bytes([t0, t1]), behind);
    }
    if ethertype != 0x0800 {
        let source = u64::from_be_bytes([s0, s1, s2, s3, s4, s5, 0, 0]);
        let destination = u64::from_be_bytes([d0, d1, d2, d3, d4, d5, 0, 0]);
        let is_all = ethertype >= 0x0600 && ethertype != 0x86dd;
        return is_all.then(|| of(source, destination, ethertype.into()));
    }
    // Options are rare, and what has them is found without a guess.
    let &[0x45, _, _, _, _, _, _, _, _, protocol @ (6 | 17), _, _, a, b, c, d, e, f, g, h, i, j, k, l] =
        rest.first_chunk::<24>()?
    else {
        return None;
    };
    let source = u64::from_be_bytes([0, 0, a, b, c, d, i, j]);
    let destination = u64::from_be_bytes([0, 0, e, f, g, h, k, l]);
    Some(of(source, destination, protocol.into()))
}

/// Mixes address and port of both sides and what carries the flow.
#[inline]
fn of(source: u64, destination: u64, kind: u64) -> Glimpse {
    let sum = u128::from(source.wrapping_add(destination) ^ kind << 48 ^ 0x9e37_79b9_7f4a_7c15);
    let product = sum.wrapping_mul(u128::from(source ^ destination ^ 0xc2b2_ae3d_27d4_eb4f));
    #[expect(clippy::cast_possible_truncation, reason = "the halves are folded")]
    let print = (product as u64) ^ (product >> 64) as u64;
    Glimpse { print, side: usize::from(source > destination) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::key::Ends;
    use crate::pipeline::reader::Ports;
    use crate::{Dissector, RawFrame};

    /// The side that sends, as the key of the frame's packet has it.
    fn side(octets: &[u8]) -> usize {
        let frame = RawFrame {
            number: 1,
            time: observation::Time(0),
            link_type: LinkType::ETHERNET,
            original_length: u32::try_from(octets.len()).unwrap(),
            octets,
        };
        let mut dissector = Dissector::default();
        Ends::of(&dissector.packet(&frame).unwrap(), &Ports::new()).unwrap().key().1
    }

    #[test]
    fn both_directions_look_alike_and_a_cut_frame_tells_nothing() {
        let frame = |source: [u8; 4], source_port: u8, destination: [u8; 4], destination_port: u8| {
            let mut octets = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 10, 0x08, 0];
            octets.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
            octets.extend([source, destination].concat());
            octets.extend([0, source_port, 0, destination_port]);
            octets.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 0, 0, 0, 0, 0, 0]);
            octets
        };
        let (plc, hmi) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let (ask, answer) = (frame(hmi, 99, plc, 102), frame(plc, 102, hmi, 99));
        let look = |octets: &[u8]| glimpse(LinkType::ETHERNET, octets).unwrap();
        assert_eq!(look(&ask).print, look(&answer).print);
        assert_ne!(look(&ask).print, look(&frame(hmi, 98, plc, 102)).print);
        for octets in [&ask, &answer, &frame(plc, 1, plc, 2), &frame(plc, 2, plc, 1)] {
            assert_eq!(look(octets).side, side(octets));
        }
        for length in 0..18 + 24 {
            assert!(glimpse(LinkType::ETHERNET, &ask[..length]).is_none());
        }
        assert!(glimpse(LinkType::RAW, &ask).is_none());
    }

    #[test]
    fn frames_without_a_network_protocol_are_told_apart_by_mac_and_type() {
        let frame =
            |last: u8, ethertype: u8| [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, last, 0x88, ethertype, 0x80, 1];
        let look = |octets: &[u8]| glimpse(LinkType::ETHERNET, octets).unwrap();
        for last in [1, 10] {
            assert_eq!(look(&frame(last, 0x92)).side, side(&frame(last, 0x92)));
        }
        assert_ne!(look(&frame(1, 0x92)).print, look(&frame(2, 0x92)).print);
        assert_ne!(look(&frame(1, 0x92)).print, look(&frame(1, 0xb8)).print);
        assert!(glimpse(LinkType::ETHERNET, &[0; 60]).is_none());
    }
}
