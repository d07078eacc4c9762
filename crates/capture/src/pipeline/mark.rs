//! Marks: short fingerprints that recognise a frame mirrored twice.
//!
//! A mirror port often shows a frame when it enters the switch and again when it leaves, and a router's two legs both
//! show a routed packet. Both times the packet is the same from the transport header on; the first has the same hop
//! limit, the second a smaller one.

use crate::limits::DUPLICATE_NANOS_MAX;
use crate::packet::{Layer, Network, Packet};

/// How a packet relates to those before it in its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copy {
    /// Not seen before.
    No,
    /// The same frame again.
    Mirrored,
    /// The same packet on the other side of a router.
    Routed,
}

/// The last few marks of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    prints: [u32; RECENT],
    /// Times in units of 1,024 ns, modulo 2^32 (73 minutes).
    ticks: [u32; RECENT],
    hop_limits: [u8; RECENT],
    /// How many there are, up to all.
    count: u8,
    /// Where the next goes, below 4.
    next: u8,
}

/// Packets of one direction that may lie between a frame and its copy.
const RECENT: usize = 4;

impl Marks {
    /// Tells whether `packet` is a copy of a recent one.
    pub(crate) fn look_up(&self, print: u32, hop_limit: u8, nanos: i64) -> Copy {
        // Nearly no packet is a copy.
        if !self.prints.contains(&print) {
            return Copy::No;
        }
        let now = ticks(nanos);
        let recent = self.prints.iter().zip(&self.ticks).zip(&self.hop_limits).take(self.count.into());
        for ((known, ticks), hops) in recent {
            // Mirrored copies may be stamped a little out of order.
            let apart = now.wrapping_sub(*ticks).min(ticks.wrapping_sub(now));
            if *known == print && i64::from(apart) <= DUPLICATE_NANOS_MAX / 1024 {
                return if *hops == hop_limit { Copy::Mirrored } else { Copy::Routed };
            }
        }
        Copy::No
    }

    /// True while fewer packets were remembered than there is room for.
    pub(crate) fn are_few(&self) -> bool {
        usize::from(self.count) < RECENT
    }

    /// Remembers a packet that was no copy.
    pub(crate) fn remember(&mut self, print: u32, hop_limit: u8, nanos: i64) {
        let at = usize::from(self.next);
        if let (Some(known), Some(time), Some(hops)) =
            (self.prints.get_mut(at), self.ticks.get_mut(at), self.hop_limits.get_mut(at))
        {
            (*known, *time, *hops) = (print, ticks(nanos), hop_limit);
        }
        self.count = self.count.max(self.next.saturating_add(1));
        self.next = self.next.wrapping_add(1) & 3;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "taken modulo 2^32 on purpose")]
fn ticks(nanos: i64) -> u32 {
    (nanos >> 10) as u32
}

/// The fingerprint of everything that does not change on the way: transport header fields, IPv4 identification,
/// length, first and last octets of the payload.
pub(crate) fn print(packet: &Packet<'_>) -> u32 {
    let octets = packet.payload.octets();
    let head = word(octets.get(..8).unwrap_or(octets));
    let tail = word(octets.get(octets.len().saturating_sub(8)..).unwrap_or_default());
    let identification = match packet.network {
        Network::Ip { identification, .. } => identification,
        Network::None => 0,
    };
    let (one, two) = match packet.layer {
        Layer::Tcp(tcp) => {
            let flags = u64::from(tcp.syn) | u64::from(tcp.fin) << 1 | u64::from(tcp.rst) << 2;
            (
                u64::from(tcp.sequence) << 32 | u64::from(tcp.acknowledgment),
                u64::from(tcp.checksum) << 16 | flags,
            )
        }
        Layer::Udp { checksum, .. } => (u64::from(checksum), 0),
        Layer::Ip { protocol } | Layer::Fragment { protocol } => (u64::from(protocol), 0),
        Layer::Ethernet { ethertype } => (u64::from(ethertype), 0),
    };
    let mut mixed = fold(head ^ 0x9e37_79b9_7f4a_7c15, tail ^ 0xc2b2_ae3d_27d4_eb4f);
    mixed = fold(mixed ^ one, two ^ 0x1656_67b1_9e37_79f9);
    mixed = fold(mixed ^ u64::from(identification), (octets.len() as u64) ^ 0x27d4_eb2f_1656_67c5);
    #[expect(clippy::cast_possible_truncation, reason = "half of the mix is enough")]
    {
        mixed as u32
    }
}

fn word(octets: &[u8]) -> u64 {
    if let Ok(eight) = <[u8; 8]>::try_from(octets) {
        return u64::from_le_bytes(eight);
    }
    octets.iter().fold(1, |word, octet| word << 8 | u64::from(*octet))
}

/// Multiplies and folds the halves: spreads every bit over the result.
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left).wrapping_mul(u128::from(right));
    #[expect(clippy::cast_possible_truncation, reason = "the halves are folded")]
    {
        (product as u64) ^ (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirrored_and_a_routed_copy_are_told_apart_and_forgotten_in_time() {
        let mut marks = Marks::default();
        assert_eq!(marks.look_up(7, 64, 0), Copy::No);
        marks.remember(7, 64, 1_000_000);
        assert_eq!(marks.look_up(7, 64, 1_500_000), Copy::Mirrored);
        assert_eq!(marks.look_up(7, 64, 900_000), Copy::Mirrored);
        assert_eq!(marks.look_up(7, 63, 1_500_000), Copy::Routed);
        assert_eq!(marks.look_up(8, 64, 1_500_000), Copy::No);
        assert_eq!(marks.look_up(7, 64, 1_000_000 + 2 * DUPLICATE_NANOS_MAX), Copy::No);
    }
}
