//! The state of peeling one frame: what was read so far, and the octets still to be read.

use std::net::IpAddr;

use observation::Mac;
use protocols::{Malformed, Problem};

use crate::counters::Counters;
use crate::network::Fragment;
use crate::{Layer, Network, Outer, Unreadable, link, network};

/// Headers peeled off one frame at most, each VLAN tag and MPLS label stack counting as one.
const HEADERS_MAX: usize = 64;

/// Tunnels and mirrors inside one another at most.
pub(crate) const OUTERS_MAX: usize = 8;

/// What to read next; the number is where it starts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Ethernet(usize),
    EtherType(u16, usize),
    /// SLL, SLL2, NULL, LOOP: link headers that only stand at the start of a frame.
    Sll,
    Sll2,
    Loopback,
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

/// What was read so far. Always consistent: a header that cannot be read leaves the layer below it as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) macs: Option<[Mac; 2]>,
    pub(crate) vlan: Option<u16>,
    pub(crate) network: Network,
    pub(crate) layer: Layer,
    /// Where the payload of `layer` starts.
    pub(crate) at: usize,
    /// Octets that should follow those at hand, by the innermost length field or the length on the wire.
    pub(crate) missing: u32,
    /// A wrapping header was read; it counts as taken off once what it wraps is read.
    pub(crate) wrapped: bool,
    pub(crate) unwrapped: bool,
    /// VLAN of the tag that a mirror took off the frame it wraps.
    pub(crate) mirrored_vlan: Option<u16>,
}

impl State {
    pub(crate) fn new(missing: u32) -> Self {
        Self {
            macs: None,
            vlan: None,
            network: Network::None,
            layer: Layer::Ethernet { ethertype: 0 },
            at: 0,
            missing,
            wrapped: false,
            unwrapped: false,
            mirrored_vlan: None,
        }
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
    pub(crate) state: State,
    pub(crate) outers: &'s mut Outers,
    pub(crate) counters: &'s mut Counters,
}

impl<'o> Walk<'o, '_> {
    /// Reads header after header, as far as they are understood. What was read is in `state`; a fragment is returned.
    #[inline]
    pub(crate) fn run(&mut self, mut next: Next) -> Result<Option<Fragment>, Unreadable> {
        for _ in 0..HEADERS_MAX {
            next = match next {
                Next::Ethernet(at) => link::ethernet(self, at)?,
                Next::EtherType(ethertype, at) => link::ethertype(self, ethertype, at)?,
                Next::Sll => link::sll(self)?,
                Next::Sll2 => link::sll2(self)?,
                Next::Loopback => link::loopback(self)?,
                Next::Mpls(at) => link::mpls(self, at)?,
                Next::Pppoe(at) => link::pppoe(self, at)?,
                Next::Ppp(at) => link::ppp(self, at)?,
                Next::Ip(at) => network::ip(self, at)?,
                Next::Ipv4(at) => network::ipv4(self, at)?,
                Next::Ipv6(at) => network::ipv6(self, at)?,
                Next::Extension(number, at) => network::extension(self, number, at)?,
                Next::Protocol(number, at) => network::protocol(self, number, at)?,
                Next::Fragment(fragment) => return Ok(Some(fragment)),
                Next::Done => return Ok(None),
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
                    crate::counters::bump(&mut self.counters.longer_than_frame);
                }
                self.state.missing = missing;
            }
        }
    }

    /// An Ethernet header was read: what was read before, if it was one or IP, wraps it.
    #[inline]
    pub(crate) fn enter_link(&mut self, macs: [Mac; 2], at: usize) -> Result<(), Unreadable> {
        if self.state.macs.is_some() || self.state.network != Network::None {
            self.push_outer("ethernet", at)?;
        }
        self.state.macs = Some(macs);
        self.state.vlan = self.state.mirrored_vlan.take();
        self.state.unwrapped |= self.state.wrapped;
        Ok(())
    }

    /// An IP header was read: IP that was read before wraps it.
    #[inline]
    pub(crate) fn enter_network(
        &mut self,
        (source, destination): (IpAddr, IpAddr),
        hop_limit: u8,
        identification: u16,
        at: usize,
    ) -> Result<(), Unreadable> {
        if self.state.network != Network::None {
            self.push_outer("ip", at)?;
        }
        self.state.network = Network::Ip { source, destination, hop_limit, identification };
        self.state.unwrapped |= self.state.wrapped;
        Ok(())
    }

    #[cold]
    fn push_outer(&mut self, layer: &'static str, at: usize) -> Result<(), Unreadable> {
        let Some(outer) = self.outers.list.get_mut(self.outers.count) else {
            return Err(self.malformed(layer, "nesting", at, Problem::Value { value: OUTERS_MAX as u64 }));
        };
        *outer = Outer { macs: self.state.macs, vlan: self.state.vlan, network: self.state.network };
        self.outers.count = self.outers.count.saturating_add(1);
        self.state.macs = None;
        self.state.vlan = None;
        self.state.network = Network::None;
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
