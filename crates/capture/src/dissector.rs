//! Frames to packets: the one door of the link and network layers.

use crate::counters::{Counters, bump};
use crate::network::{Fragment, Fragments, Key, Whole, pieces_from};
use crate::walk::{Ip, Link, Next, OUTERS_MAX, Outers, State, Walk};
use crate::{LinkType, Network, Outer, Packet, Payload, RawFrame, Unreadable, fields, link, plain};

/// Datagrams waiting for fragments, unless configured otherwise.
const DATAGRAMS_MAX: usize = 1024;

/// Octets kept for them, unless configured otherwise.
const FRAGMENT_OCTETS_MAX: usize = 8 << 20;

/// Bounds of what a [`Dissector`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DissectorLimits {
    /// IP datagrams waiting for fragments.
    pub datagrams: usize,
    /// Octets kept for them.
    pub fragment_octets: usize,
}

impl Default for DissectorLimits {
    fn default() -> Self {
        Self { datagrams: DATAGRAMS_MAX, fragment_octets: FRAGMENT_OCTETS_MAX }
    }
}

/// Peels frames down to packets. One per capture: it remembers fragments, and counts.
#[derive(Debug)]
pub struct Dissector {
    fragments: Fragments,
    counters: Counters,
    outers: Outers,
    /// The packet last put together from fragments.
    whole: Whole,
    /// Why the last packet was not read further.
    problem: Option<Unreadable>,
}

impl Default for Dissector {
    fn default() -> Self {
        Self::new(DissectorLimits::default())
    }
}

impl Dissector {
    /// Remembers nothing yet.
    #[must_use]
    pub fn new(limits: DissectorLimits) -> Self {
        Self {
            fragments: Fragments::new(limits.datagrams, limits.fragment_octets),
            counters: Counters::default(),
            outers: Outers::new(),
            whole: Whole::default(),
            problem: None,
        }
    }

    /// Peels one frame down to the innermost payload that is understood. A fragment is given as one until the last of
    /// its datagram is there, which then comes as what the whole datagram holds.
    ///
    /// # Errors
    ///
    /// Fails if not even the addresses of the frame can be read. It is counted. If anything can be read, the packet says
    /// so much and names the problem in [`Packet::problem`].
    #[inline]
    pub fn packet<'a>(&'a mut self, frame: &RawFrame<'a>) -> Result<Packet<'a>, Unreadable> {
        match Self::plain(frame) {
            Some(packet) => Ok(packet),
            None => self.walked(frame),
        }
    }

    /// The packet in a frame that is as plain as most; there is nothing to count or to remember of it.
    #[inline]
    pub(crate) fn plain<'a>(frame: &RawFrame<'a>) -> Option<Packet<'a>> {
        if frame.link_type != LinkType::ETHERNET {
            return None;
        }
        plain::packet(frame.octets, frame.original_length)
    }

    /// As [`packet`](Self::packet), header by header.
    ///
    /// # Errors
    ///
    /// As [`packet`](Self::packet).
    pub(crate) fn walked<'a>(&'a mut self, frame: &RawFrame<'a>) -> Result<Packet<'a>, Unreadable> {
        let Some(first) = link::first(frame.link_type) else {
            let unreadable = Unreadable::LinkType(frame.link_type);
            self.counters.unreadable(&unreadable);
            return Err(unreadable);
        };
        self.outers.clear();
        self.problem = None;
        let captured = u32::try_from(frame.octets.len()).unwrap_or(u32::MAX);
        let mut state = State::new(frame.original_length.saturating_sub(captured));
        let (outers, counters) = (&mut self.outers, &mut self.counters);
        let mut walk = Walk { octets: frame.octets, state: &mut state, outers, counters };
        let outcome = walk.run(first);
        let octets = walk.octets;
        match outcome {
            Ok(None) => {}
            Ok(Some(fragment)) => {
                let outers = self.outers.count();
                if let Some((state, end)) = self.fragment(frame, octets, state, fragment) {
                    return Ok(self.reassembled(&state, end));
                }
                self.outers.truncate(outers);
            }
            Err(unreadable) => self.note(unreadable, &state)?,
        }
        let offset = u32::try_from(state.at).unwrap_or(u32::MAX);
        let payload = Payload::Frame { offset, octets: octets.get(state.at..).unwrap_or_default() };
        Ok(packet(octets, &state, payload, self.outers.as_slice(), self.problem.as_ref()))
    }

    /// What was counted, by name, without zeros: everything met that is unusual, could not be read or was dropped by a
    /// bound, and the datagrams still waiting for fragments.
    pub fn counters(&self) -> impl Iterator<Item = (String, u64)> {
        let waiting = u64::try_from(self.fragments.waiting()).unwrap_or(u64::MAX);
        let waiting = (waiting > 0).then(|| ("ip datagrams waiting for fragments".to_owned(), waiting));
        self.counters.iter().chain(waiting)
    }

    /// Counts what stopped the reading, and fails with it if nothing was read before.
    #[cold]
    fn note(&mut self, unreadable: Unreadable, state: &State) -> Result<(), Unreadable> {
        self.counters.unreadable(&unreadable);
        if state.is_empty() {
            return Err(unreadable);
        }
        self.problem = Some(unreadable);
        Ok(())
    }

    /// Adds a fragment. If its datagram is whole, reads on in it, and if that is a fragment again, which a tunnel
    /// carried, once more. Gives what was read and where the payload ends in `self.whole`; `None` while waiting.
    #[cold]
    fn fragment(
        &mut self,
        frame: &RawFrame<'_>,
        octets: &[u8],
        mut state: State,
        mut fragment: Fragment,
    ) -> Option<(State, usize)> {
        let mut wrapping: Option<Whole> = None;
        let mut end = octets.len();
        for _ in 0..OUTERS_MAX {
            if state.missing > 0 {
                bump(&mut self.counters.fragments_cut);
                return None;
            }
            let packet =
                wrapping.as_ref().map_or(octets, |whole| &whole.octets).get(..end).unwrap_or_default();
            let key = key(packet, &mut state, &fragment)?;
            let added =
                self.fragments.add(key, fragment, packet, wrapping.as_ref(), frame, &mut self.counters);
            let (protocol, whole) = added?;
            let next = if key.protocol.is_some() {
                Next::Protocol(protocol, 0)
            } else {
                Next::Extension(protocol, 0)
            };
            let (outers, counters) = (&mut self.outers, &mut self.counters);
            let mut walk = Walk { octets: &whole.octets, state: &mut state, outers, counters };
            let outcome = walk.run(next);
            end = walk.octets.len();
            match outcome {
                Ok(Some(inner)) => {
                    fragment = inner;
                    wrapping = Some(whole);
                    continue;
                }
                Ok(None) => {}
                Err(unreadable) => {
                    self.counters.unreadable(&unreadable);
                    self.problem = Some(unreadable);
                }
            }
            self.whole = whole;
            return Some((state, end));
        }
        None
    }

    /// The packet whose payload is in `self.whole`.
    fn reassembled(&mut self, state: &State, end: usize) -> Packet<'_> {
        self.whole.pieces = pieces_from(&self.whole.pieces, state.at, end);
        let whole = self.whole.octets.get(..end).unwrap_or_default();
        let octets = whole.get(state.at..).unwrap_or_default();
        let payload = Payload::Reassembled { octets, pieces: &self.whole.pieces, frames: &self.whole.frames };
        packet(whole, state, payload, self.outers.as_slice(), self.problem.as_ref())
    }
}

/// What the fragments of the datagram share. The headers before it are not in its octets, so what they say is read now.
fn key(octets: &[u8], state: &mut State, fragment: &Fragment) -> Option<Key> {
    let network = fields::network(octets, state);
    state.link = fields::macs(octets, state).map_or(Link::None, Link::Known);
    state.ip = Ip::Known(network);
    let Network::Ip { source, destination, .. } = network else { return None };
    let protocol = source.is_ipv4().then_some(fragment.protocol);
    Some(Key { source, destination, protocol, identification: fragment.identification, vlan: state.vlan() })
}

#[inline]
fn packet<'a>(
    octets: &[u8],
    state: &State,
    payload: Payload<'a>,
    outer: &'a [Outer],
    problem: Option<&'a Unreadable>,
) -> Packet<'a> {
    Packet {
        macs: fields::macs(octets, state),
        vlan: state.vlan(),
        network: fields::network(octets, state),
        layer: fields::layer(octets, state),
        payload,
        payload_missing: state.missing,
        unwrapped: state.unwrapped,
        outer,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use observation::Time;

    use super::*;

    /// What is made of a frame: at one go where it is plain, and by the walk. With what the walk counted.
    fn both(octets: &[u8], original_length: u32) -> (Option<String>, String) {
        let frame =
            RawFrame { number: 1, time: Time(0), link_type: LinkType::ETHERNET, original_length, octets };
        let plain = plain::packet(octets, original_length).map(|packet| format!("{packet:?} []"));
        let mut dissector = Dissector::default();
        let walked = match dissector.walked(&frame) {
            Ok(packet) => format!("{packet:?}"),
            Err(unreadable) => unreadable.to_string(),
        };
        (plain, format!("{walked} {:?}", dissector.counters().collect::<Vec<_>>()))
    }

    /// Frames of every plain shape: TCP behind two tags, UDP with padding, PROFINET, and PROFINET with a trailer of PRP.
    fn plain_frames() -> [Vec<u8>; 4] {
        let macs = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        let ip = |protocol, length| {
            [0x45, 0, 0, length, 1, 2, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
        };
        let mut tcp = macs.to_vec();
        tcp.extend([0x88, 0xa8, 0, 0, 0x81, 0, 0x20, 10, 8, 0]);
        tcp.extend(ip(6, 47));
        tcp.extend([0xc3, 0x50, 1, 0xf6, 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x18, 0, 0, 3, 4, 0, 0, 1, 1, 1, 1]);
        tcp.extend(*b"abc");
        let mut udp = macs.to_vec();
        udp.extend([8, 0]);
        udp.extend(ip(17, 31));
        udp.extend([0xc3, 0x50, 0, 53, 0, 11, 5, 6]);
        udp.extend(*b"abcpad");
        let mut profinet = macs.to_vec();
        profinet.extend([0x81, 0, 0xc0, 0, 0x88, 0x92, 0x80, 1, 9, 9, 9, 9, 9, 9, 9, 9]);
        let mut redundant = profinet.clone();
        redundant.extend([0, 1, 0xa0, 0x10, 0x88, 0xfb]);
        [tcp, udp, profinet, redundant]
    }

    #[test]
    fn a_plain_frame_is_read_as_the_walk_reads_it_whatever_octet_is_changed() {
        let mut plain = 0_u32;
        for frame in plain_frames() {
            let whole = u32::try_from(frame.len()).unwrap();
            for at in 0..frame.len() {
                for octet in 0..=u8::MAX {
                    let mut changed = frame.clone();
                    changed[at] = octet;
                    let (read, walked) = both(&changed, whole);
                    plain = plain.saturating_add(read.is_some().into());
                    assert!(read.is_none_or(|read| read == walked), "octet {at} is {octet:#04x}: {walked}");
                }
            }
        }
        assert!(plain > 20_000, "{plain}");
    }

    #[test]
    fn a_plain_frame_that_is_cut_or_padded_is_read_as_the_walk_reads_it() {
        for frame in plain_frames() {
            let (read, walked) = both(&frame, u32::try_from(frame.len()).unwrap());
            assert_eq!(read.is_some(), !frame.ends_with(&link::PRP_SUFFIX), "{walked}");
            let padded = [frame, vec![0; 9]].concat();
            for length in 0..=padded.len() {
                for missing in [0, 1, 9, 40] {
                    let on_wire = u32::try_from(length).unwrap().saturating_add(missing);
                    let (read, walked) = both(&padded[..length], on_wire);
                    assert!(
                        read.is_none_or(|read| read == walked),
                        "{length} octets, {missing} missing: {walked}"
                    );
                }
            }
        }
    }
}
