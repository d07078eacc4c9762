//! What reads a flow once its protocol is recognised, and how it is recognised.

use std::fmt;

use foldhash::{HashMap, HashMapExt};
use observation::{Day, End, OperationKind, Piece, Range, Sighting, Time, Transport};
use protocols::{ALL, Frame, Operation, Probe, Protocol, Repeat, Session};
use smallvec::SmallVec;

use super::stream::Direction;
use crate::limits::{HAND_OVERS_MAX, OPERATION_NAMES_MAX, RECOGNITION_TRIES, UNSURE_MESSAGES_MIN};

/// In place of a protocol: octets of none of those that share their EtherType.
const SHARE_NONE: u8 = 63;

/// What is known of a flow's protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recognition {
    /// No payload was tried yet.
    New,
    /// So many payloads were tried; those of `fits` in a row fit one protocol that chance could fit too.
    Trying { tries: u8, fits: Option<Fits> },
    /// A protocol, which its reader has.
    Known,
    /// None of ours.
    GivenUp,
}

/// Payloads in a row that fit a protocol, though chance could do it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fits {
    /// Its place in the list of all.
    protocol: u16,
    count: u8,
    /// Which sides sent them: bit 0 the low, bit 1 the high.
    sides: u8,
}

/// The state of reading one flow. What every message touches stands first and in one piece.
#[repr(C)]
pub(crate) struct Reader {
    pub(crate) protocol: &'static Protocol,
    pub(crate) session: Box<dyn Session>,
    /// Payloads in a row that were no message.
    pub(crate) foreign: u16,
    /// How often another protocol took over.
    pub(crate) hand_overs: u8,
    /// True if a message was read.
    pub(crate) is_heard: bool,
    /// True if the rest of the connection is of no interest.
    pub(crate) finished: bool,
    /// Another protocol that is really carried.
    pub(crate) carries: Option<&'static str>,
    pub(crate) operations: Operations,
    /// Streams of the low and the high side.
    pub(crate) directions: [Direction; 2],
}

/// Operations that stand in the reader of a flow.
const IN_PLACE: usize = 2;

/// Operations of a flow, and what proves each. Most flows have one or two, which stand here.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    counts: SmallVec<[OperationCount; IN_PLACE]>,
    /// Of each, where the octets stand that ask for it the first time: nearly always in one frame.
    proofs: SmallVec<[SmallVec<[Range; 1]>; 1]>,
}

/// How often an operation was seen since the last fold.
#[derive(Clone, Debug)]
pub(crate) struct OperationCount {
    pub(crate) name: &'static str,
    pub(crate) kind: OperationKind,
    // The fields of a sighting, which take less room here than in one piece.
    day: Day,
    first: Time,
    last: Time,
    /// Count 0: nothing since the last fold.
    count: u64,
}

impl OperationCount {
    fn once(kind: OperationKind, name: &'static str, time: Time) -> Self {
        let Sighting { day, first, last, count } = Sighting::once(time);
        Self { name, kind, day, first, last, count }
    }

    /// When and how often, if at all since the last fold.
    pub(crate) fn sighting(&self) -> Option<Sighting> {
        let Self { day, first, last, count, .. } = *self;
        (count > 0).then_some(Sighting { day, first, last, count })
    }

    /// It was folded.
    pub(crate) fn reset(&mut self) {
        self.count = 0;
    }

    fn add(&mut self, time: Time) {
        if self.count == 0 {
            *self = Self::once(self.kind, self.name, time);
        } else {
            self.first = self.first.min(time);
            self.last = self.last.max(time);
            self.count = self.count.saturating_add(1);
        }
    }
}

impl Operations {
    /// Counts an operation that was counted before. False if it was not.
    pub(crate) fn again(&mut self, kind: OperationKind, name: &'static str, time: Time) -> bool {
        let known = self
            .counts
            .iter_mut()
            .find(|known| known.kind == kind && (std::ptr::eq(known.name, name) || known.name == name));
        let Some(known) = known else { return false };
        known.add(time);
        true
    }

    /// Counts an operation. True if it is the first of its name; `None` if there is no room for another name.
    fn count(&mut self, operation: &Operation<'_>, time: Time) -> Option<bool> {
        if self.again(operation.kind, operation.name, time) {
            Some(false)
        } else {
            self.begin(operation, time)
        }
    }

    /// Counts the first operation of a name.
    #[cold]
    fn begin(&mut self, operation: &Operation<'_>, time: Time) -> Option<bool> {
        if self.counts.len() >= OPERATION_NAMES_MAX {
            return None;
        }
        let (kind, name) = (operation.kind, operation.name);
        self.counts.push(OperationCount::once(kind, name, time));
        self.proofs.push(operation.octets.ranges().collect());
        Some(true)
    }

    /// Where they stand if they are too many to stand here.
    pub(crate) fn elsewhere(&self) -> Option<usize> {
        self.counts.spilled().then(|| self.counts.as_ptr().addr())
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &OperationCount> {
        self.counts.iter()
    }

    /// All of them with where the octets stand that prove them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&mut OperationCount, &[Range])> {
        self.counts.iter_mut().zip(self.proofs.iter().map(SmallVec::as_slice))
    }
}

impl Reader {
    pub(crate) fn new(protocol: &'static Protocol) -> Box<Self> {
        Box::new(Self {
            protocol,
            session: (protocol.session)(),
            foreign: 0,
            hand_overs: 0,
            is_heard: false,
            finished: false,
            carries: None,
            operations: Operations::default(),
            directions: [Direction::default(), Direction::default()],
        })
    }

    /// Has the protocol whose probe is certain of this message read from here on. False if there is none.
    pub(crate) fn hand_over(&mut self, message: &[u8], transport: Transport) -> bool {
        if self.hand_overs >= HAND_OVERS_MAX {
            return false;
        }
        let relative = ALL.iter().find(|protocol| {
            protocol.name != self.protocol.name && (protocol.probe)(message, transport) == Probe::Certain
        });
        let Some(relative) = relative else { return false };
        self.hand_overs = self.hand_overs.saturating_add(1);
        self.protocol = relative;
        self.session = (relative.session)();
        self.carries = None;
        true
    }

    /// True if a whole message amounts to no more than a count, which is taken then.
    pub(crate) fn is_repeated(
        &mut self,
        from: End,
        transport: Transport,
        message: &[u8],
        time: Time,
    ) -> bool {
        match self.session.repeat(from, transport, message) {
            Repeat::No => false,
            Repeat::Silent => true,
            Repeat::Asks(kind, name) => self.operations.again(kind, name, time),
        }
    }

    /// Counts an operation. True if it is the first of its name; `None` if there is no room for another name.
    pub(crate) fn count(&mut self, operation: &Operation<'_>, time: Time) -> Option<bool> {
        self.operations.count(operation, time)
    }

    /// Where the messages stand that are not whole yet.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &Piece> {
        self.directions.iter().filter_map(|direction| direction.held.as_ref()).flat_map(|held| &held.pieces)
    }

    /// Octets of both streams that wait to be read.
    pub(crate) fn unread_octets(&self) -> usize {
        self.directions.iter().map(Direction::unread).fold(0, usize::saturating_add)
    }

    /// Octets of memory that what waits in both directions takes.
    pub(crate) fn octets(&self) -> usize {
        let [low, high] = &self.directions;
        low.octets().saturating_add(high.octets())
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("protocol", &self.protocol.name)
            .field("is_heard", &self.is_heard)
            .finish_non_exhaustive()
    }
}

/// Who listens where.
#[derive(Debug)]
pub(crate) struct Ports {
    tcp: HashMap<u16, Vec<&'static Protocol>>,
    udp: HashMap<u16, Vec<&'static Protocol>>,
    ethernet: HashMap<u16, Vec<&'static Protocol>>,
    /// EtherTypes that several protocols share: few, and looked at for every frame without IP.
    shared: Vec<(u16, Vec<&'static Protocol>)>,
    ip: HashMap<u16, Vec<&'static Protocol>>,
}

impl Ports {
    pub(crate) fn new() -> Self {
        let table = |ports: fn(&Protocol) -> &'static [u16]| {
            let mut table: HashMap<u16, Vec<&'static Protocol>> = HashMap::new();
            for protocol in ALL {
                for port in ports(protocol) {
                    table.entry(*port).or_default().push(protocol);
                }
            }
            table
        };
        let mut ip: HashMap<u16, Vec<&'static Protocol>> = HashMap::new();
        for protocol in ALL {
            for number in protocol.ip_protocols {
                ip.entry((*number).into()).or_default().push(protocol);
            }
        }
        let ethernet = table(|protocol| protocol.ethertypes);
        let several = ethernet.iter().filter(|(_, protocols)| protocols.len() > 1);
        let shared = several.map(|(number, protocols)| (*number, protocols.clone())).collect();
        Self {
            tcp: table(|protocol| protocol.tcp),
            udp: table(|protocol| protocol.udp),
            ethernet,
            shared,
            ip,
        }
    }

    /// Which of the protocols that share an EtherType these octets are of, by its place among them. Two stations talk
    /// in each of them as in a flow of its own; without ports nothing else keeps them apart. 0 for all other frames.
    pub(crate) fn share(&self, ethertype: u16, octets: &[u8]) -> u8 {
        let Some((_, protocols)) = self.shared.iter().find(|(number, _)| *number == ethertype) else {
            return 0;
        };
        let fits =
            |protocol: &&'static Protocol| (protocol.frame)(octets, Transport::Ethernet) != Frame::Foreign;
        protocols.iter().position(fits).and_then(|place| u8::try_from(place).ok()).unwrap_or(SHARE_NONE)
    }

    /// The protocols that are registered at a port.
    pub(crate) fn at(&self, transport: Transport, port: u16) -> &[&'static Protocol] {
        let table = match transport {
            Transport::Tcp => &self.tcp,
            Transport::Udp => &self.udp,
            Transport::Ethernet => &self.ethernet,
            Transport::Ip => &self.ip,
        };
        table.get(&port).map_or(&[], Vec::as_slice)
    }

    /// Recognises a payload that `side` sent between two ports: by port and content, else by content alone. Among
    /// protocols that fit, one that is certain goes before one that is not, then the order of the list decides. One
    /// that chance could fit must fit several times in a row, and in both directions.
    pub(crate) fn recognise(
        &self,
        before: Recognition,
        transport: Transport,
        ports: [u16; 2],
        side: usize,
        octets: &[u8],
    ) -> Result<&'static Protocol, Recognition> {
        let (tries, fits) = match before {
            Recognition::GivenUp => return Err(before),
            Recognition::New | Recognition::Known => (0, None),
            Recognition::Trying { tries, fits } => (tries, fits),
        };
        for port in ports {
            let at = self.at(transport, port);
            let mut fitting =
                at.iter().filter(|protocol| (protocol.frame)(octets, transport) != Frame::Foreign);
            let Some(first) = fitting.next() else { continue };
            // Where several share a port, one that is certain of the octets goes before the first in the list.
            let certain =
                |protocol: &&&'static Protocol| (protocol.probe)(octets, transport) == Probe::Certain;
            return Ok(match fitting.next() {
                Some(second) if !certain(&first) => {
                    std::iter::once(second).chain(fitting).find(certain).unwrap_or(first)
                }
                _ => first,
            });
        }
        let tries: u8 = tries.saturating_add(1);
        if transport == Transport::Ethernet || transport == Transport::Ip {
            return Err(Recognition::GivenUp);
        }
        let mut unsure = None;
        for (place, protocol) in (0_u16..).zip(ALL) {
            match (protocol.probe)(octets, transport) {
                Probe::Certain => return Ok(protocol),
                Probe::Unsure if unsure.is_none() => unsure = Some((place, *protocol)),
                Probe::Unsure | Probe::Foreign => {}
            }
        }
        let before = fits.filter(|fits| unsure.is_some_and(|(place, _)| place == fits.protocol));
        let (count, sides) = before.map_or((0, 0), |fits| (fits.count, fits.sides));
        let (count, sides) = (count.saturating_add(1), sides | if side == 0 { 1 } else { 2 });
        match unsure {
            Some((_, protocol)) if count >= UNSURE_MESSAGES_MIN && sides == 3 => Ok(protocol),
            _ if tries >= RECOGNITION_TRIES => Err(Recognition::GivenUp),
            _ => {
                let fits = unsure.map(|(protocol, _)| Fits { protocol, count, sides });
                Err(Recognition::Trying { tries, fits })
            }
        }
    }
}

/// In place of an IP protocol number: the outer header of a tunnel or mirror session (0 itself is never a payload).
pub(crate) const TUNNEL: u16 = 0;

/// Name of what an IP protocol number stands for, where it is no TCP or UDP but for fragments (IANA "Protocol Numbers").
pub(crate) fn ip_protocol_name(number: u16) -> &'static str {
    match number {
        TUNNEL => "tunnel",
        1 => "icmp",
        2 => "igmp",
        6 => "tcp",
        17 => "udp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmpv6",
        89 => "ospf",
        103 => "pim",
        112 => "vrrp",
        132 => "sctp",
        _ => "ip",
    }
}

/// Name of what an EtherType or LLC service access point stands for (IEEE "EtherType" registry; IEEE 802.1D for 0x42).
pub(crate) fn ethertype_name(number: u16) -> &'static str {
    match number {
        0x0042 => "stp",
        0x0806 => "arp",
        0x2000 => "cdp",
        0x8035 => "rarp",
        0x8809 => "slow_protocols",
        0x8892 => "profinet_rt",
        0x88a4 => "ethercat",
        0x88ab => "powerlink",
        0x88b8 => "goose",
        0x88ba => "sv",
        0x88cc => "lldp",
        0x88e3 => "mrp",
        0x88f7 => "ptp",
        0x88fb => "prp",
        0x888e => "eapol",
        0x9000 => "loopback",
        _ => "ethernet",
    }
}
