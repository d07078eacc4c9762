//! The state of peeling one frame: what was read so far, and the octets still to be read.

use observation::Mac;
use protocols::{Malformed, Problem};

use crate::counters::{Counters, bump};
use crate::network::Fragment;
use crate::{Network, Outer, Unreadable, fields, link, network};

/// Headers peeled off one frame at most, each VLAN tag and MPLS label stack counting as one.
const HEADERS_MAX: usize = 64;

/// Tunnels and mirrors inside one another at most.
pub(crate) const OUTERS_MAX: usize = 8;

/// What to read next; the number is where it starts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Ethernet(usize),
    EtherType(u16, usize),
    /// SLL, SLL2, NULL, LOOP, FDDI: link headers that only stand at the start of a frame.
    Sll,
    Sll2,
    Loopback,
    Fddi,
    /// IEEE 802.11, in a tunnel of an access point.
    Wlan(usize),
    Mpls(usize),
    Pppoe(usize),
    Ppp(usize),
    /// IP of either version, told by the first four bits.
    Ip(usize),
    Ipv4(usize),
    Ipv6(usize),
    /// An IPv6 extension header if the number is that of one, else a protocol.
    Extension(u8, usize),
    /// What an IP protocol number names.
    Protocol(u8, usize),
    /// Octets of an IP packet that must wait for the others.
    Fragment(Fragment),
    Done,
}

/// How a header tells what follows it.
pub(crate) type Step = Result<Next, Unreadable>;

/// Where the innermost Ethernet header stands, or what it said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    None,
    /// Starts at this octet.
    At(usize),
    /// A header that is not in the octets at hand, or has no destination.
    Known([Mac; 2]),
}

/// Where the innermost IP header stands, or what it said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ip {
    None,
    /// Starts at this octet.
    At(usize),
    /// A header that is not in the octets at hand.
    Known(Network),
}

/// What stands above the network layer, and where; see [`Layer`](crate::Layer).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Top {
    Ethernet(u16),
    Ip(u8),
    Fragment(u8),
    Udp(usize),
    Tcp(usize),
    /// A header of TCP of which only the ports are there.
    TcpPorts(usize),
}

/// What was read so far. Always consistent: a header that cannot be read leaves the layer below it as it is.
///
/// It says where headers stand, not what they say: their fields are read once, when the packet is made, which is twice
/// as fast as carrying them along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) link: Link,
    /// VID, 0 for none.
    pub(crate) vlan: u16,
    pub(crate) ip: Ip,
    pub(crate) top: Top,
    /// Where the payload of `top` starts.
    pub(crate) at: usize,
    /// Octets that should follow those at hand, by the innermost length field or the length on the wire.
    pub(crate) missing: u32,
    /// The header read last says how long the rest is on the wire, so a longer length inside is wrong. Otherwise it is
    /// believed: mirrors cut frames, and then the length on the wire is that of what they left.
    pub(crate) exact: bool,
    /// A wrapping header was read; it counts as taken off once what it wraps is read.
    pub(crate) wrapped: bool,
    pub(crate) unwrapped: bool,
    /// VID of the tag that a mirror took off the frame it wraps, 0 for none.
    pub(crate) mirrored_vlan: u16,
}

impl State {
    pub(crate) fn new(missing: u32) -> Self {
        Self {
            link: Link::None,
            vlan: 0,
            ip: Ip::None,
            top: Top::Ethernet(0),
            at: 0,
            missing,
            exact: false,
            wrapped: false,
            unwrapped: false,
            mirrored_vlan: 0,
        }
    }

    /// VID of the innermost Ethernet header.
    #[inline]
    pub(crate) fn vlan(&self) -> Option<u16> {
        (self.vlan != 0).then_some(self.vlan)
    }

    /// True if not even the addresses of the frame are known.
    pub(crate) fn is_empty(&self) -> bool {
        matches!((self.link, self.ip), (Link::None, Ip::None))
    }
}

/// The wrapping headers of the frame at hand.
#[derive(Debug)]
pub(crate) struct Outers {
    list: [Outer; OUTERS_MAX],
    count: usize,
}

impl Outers {
    pub(crate) const fn new() -> Self {
        Self { list: [Outer { macs: None, vlan: None, network: Network::None }; OUTERS_MAX], count: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Forgets all but the first `count`.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.count = self.count.min(count);
    }

    pub(crate) fn as_slice(&self) -> &[Outer] {
        self.list.get(..self.count).unwrap_or_default()
    }
}

/// A frame, or a packet put together from fragments, while it is peeled.
pub(crate) struct Walk<'o, 's> {
    /// Ends where the innermost length field or the capture ends.
    pub(crate) octets: &'o [u8],
    pub(crate) state: &'s mut State,
    pub(crate) outers: &'s mut Outers,
    pub(crate) counters: &'s mut Counters,
}

impl<'o> Walk<'o, '_> {
    /// Reads header after header, as far as they are understood. What was read is in `state`; a fragment is returned.
    #[inline]
    pub(crate) fn run(&mut self, mut next: Next) -> Result<Option<Fragment>, Unreadable> {
        for _ in 0..HEADERS_MAX {
            let step = match next {
                Next::Ethernet(at) => link::ethernet(self, at),
                Next::EtherType(ethertype, at) => link::ethertype(self, ethertype, at),
                Next::Fddi => link::fddi(self),
                Next::Wlan(at) => link::wlan(self, at),
                Next::Sll => link::sll(self),
                Next::Sll2 => link::sll2(self),
                Next::Loopback => link::loopback(self),
                Next::Mpls(at) => link::mpls(self, at),
                Next::Pppoe(at) => link::pppoe(self, at),
                Next::Ppp(at) => link::ppp(self, at),
                Next::Ip(at) => network::ip(self, at),
                Next::Ipv4(at) => network::ipv4(self, at),
                Next::Ipv6(at) => network::ipv6(self, at),
                Next::Extension(number, at) => network::extension(self, number, at),
                Next::Protocol(number, at) => network::protocol(self, number, at),
                Next::Fragment(_) | Next::Done => Ok(next),
            };
            // Asked first, so that nothing but this one case is copied for nearly every frame.
            next = match step {
                Ok(Next::Done) => return Ok(None),
                Ok(Next::Fragment(fragment)) => return Ok(Some(fragment)),
                Ok(next) => next,
                Err(unreadable) => return Err(unreadable),
            };
        }
        Err(self.malformed("link", "headers", self.state.at, Problem::Value { value: HEADERS_MAX as u64 }))
    }

    /// The `N` octets at `at`.
    #[inline]
    pub(crate) fn header<const N: usize>(
        &self,
        at: usize,
        layer: &'static str,
        what: &'static str,
    ) -> Result<&'o [u8; N], Unreadable> {
        let octets: &'o [u8] = self.octets;
        match octets.get(at..).and_then(<[u8]>::first_chunk) {
            Some(header) => Ok(header),
            None => Err(self.short(layer, what, at, N)),
        }
    }

    /// The octets from `at` on.
    #[inline]
    pub(crate) fn tail(&self, at: usize) -> &'o [u8] {
        let octets: &'o [u8] = self.octets;
        octets.get(at..).unwrap_or_default()
    }

    /// A length field says that `length` octets follow `at`: cuts off what stands behind them (padding, trailers), or
    /// notes how much is missing.
    #[inline]
    pub(crate) fn limit(&mut self, at: usize, length: usize) {
        let end = at.saturating_add(length);
        match self.octets.get(..end) {
            Some(octets) => {
                self.octets = octets;
                self.state.missing = 0;
            }
            None => {
                let missing = u32::try_from(end.saturating_sub(self.octets.len())).unwrap_or(u32::MAX);
                if missing > self.state.missing {
                    bump(&mut self.counters.longer_than_frame);
                    if self.state.exact {
                        return;
                    }
                }
                self.state.missing = missing;
            }
        }
    }

    /// A link header was read: what was read before, if it was one or IP, wraps it.
    #[inline]
    pub(crate) fn enter_link(&mut self, link: Link, at: usize) -> Result<(), Unreadable> {
        if !self.state.is_empty() {
            self.push_outer("ethernet", at)?;
        }
        self.state.link = link;
        self.state.vlan = self.state.mirrored_vlan;
        self.state.mirrored_vlan = 0;
        self.state.unwrapped |= self.state.wrapped;
        Ok(())
    }

    /// An IP header was read: IP that was read before wraps it.
    #[inline]
    pub(crate) fn enter_ip(&mut self, layer: &'static str, at: usize) -> Result<(), Unreadable> {
        if !matches!(self.state.ip, Ip::None) {
            self.push_outer(layer, at)?;
        }
        self.state.ip = Ip::At(at);
        self.state.unwrapped |= self.state.wrapped;
        Ok(())
    }

    #[cold]
    fn push_outer(&mut self, layer: &'static str, at: usize) -> Result<(), Unreadable> {
        let Some(outer) = self.outers.list.get_mut(self.outers.count) else {
            return Err(self.malformed(layer, "nesting", at, Problem::Value { value: OUTERS_MAX as u64 }));
        };
        let (macs, network) =
            (fields::macs(self.octets, self.state), fields::network(self.octets, self.state));
        *outer = Outer { macs, vlan: self.state.vlan(), network };
        self.outers.count = self.outers.count.saturating_add(1);
        self.state.link = Link::None;
        self.state.vlan = 0;
        self.state.ip = Ip::None;
        Ok(())
    }

    /// `needed` octets are not there at `at`.
    #[cold]
    pub(crate) fn short(
        &self,
        layer: &'static str,
        what: &'static str,
        at: usize,
        needed: usize,
    ) -> Unreadable {
        let missing = needed.saturating_sub(self.octets.len().saturating_sub(at));
        let malformed = Malformed { what, offset: at, problem: Problem::Truncated { missing } };
        if missing <= usize::try_from(self.state.missing).unwrap_or(usize::MAX) {
            Unreadable::Cut { layer, malformed }
        } else {
            Unreadable::Malformed { layer, malformed }
        }
    }

    /// The field at `at` is not as prescribed.
    #[cold]
    #[expect(clippy::unused_self, reason = "reads as the counterpart of short")]
    pub(crate) fn malformed(
        &self,
        layer: &'static str,
        what: &'static str,
        at: usize,
        problem: Problem,
    ) -> Unreadable {
        Unreadable::Malformed { layer, malformed: Malformed { what, offset: at, problem } }
    }
}
