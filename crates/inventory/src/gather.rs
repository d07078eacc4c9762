//! Everything said of each station of one site, whatever capture, day or VLAN it came from.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};
use observation::{
    Address, Basis, Binding, CaptureSummary, Conversation, Fact, Mac, MalformedMessage, Mention, Path,
    Sighting, Station, Transport, attribute,
};

use crate::addressing::Addressing;
use crate::identity::Identity;
use crate::links::{Lane, Links};
use crate::model::Captured;
use crate::rules::identity::IDENTIFYING;
use crate::rules::operations::is_industrial;
use crate::span::{Span, extend};
use crate::tenures::Statement;

static ROOT: Path = Path::ROOT;

/// A fact with the capture it was read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) capture: &'a str,
    pub(crate) fact: &'a Fact,
}

/// What is known of one station.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) address: Address,
    pub(crate) lane: Lane,
    pub(crate) path: &'a Path,
    /// What tells it from others that had its place before or after.
    pub(crate) tenure: Option<String>,
    /// VLANs of its frames, untagged ones left out.
    pub(crate) vlans: BTreeSet<u16>,
    /// Frames or messages that it sent.
    pub(crate) sent: Option<Span>,
    /// Frames that others sent to it, as far as they prove that it is there.
    pub(crate) asked: Option<Span>,
    pub(crate) facts: Vec<Said<'a>>,
    /// With the capture they were read from.
    pub(crate) mentions: Vec<(&'a str, &'a Mention)>,
    /// What it sent, by capture and day, with the capture it was counted in.
    pub(crate) sightings: Vec<(&'a str, &'a Sighting)>,
    /// Read from the facts when first asked for.
    identity: OnceCell<Identity<'a>>,
}

impl<'a> Known<'a> {
    /// What it says it is, alone.
    pub(crate) fn identity(&self) -> &Identity<'a> {
        self.identity.get_or_init(|| Identity::of(self.facts.iter().copied()))
    }

    /// True for an address without a path.
    pub(crate) fn is_root(&self) -> bool {
        self.path.is_root()
    }

    /// True if it sent something, or if something it said of itself was seen.
    pub(crate) fn is_active(&self) -> bool {
        self.sent.is_some() || self.facts.iter().any(|said| said.fact.basis == Basis::Stated)
    }

    /// True if others say what it is.
    pub(crate) fn is_described(&self) -> bool {
        self.facts.iter().any(|said| IDENTIFYING.contains(&said.fact.attribute.as_ref()))
    }

    /// How its place is written: `10.0.0.1`, `10.0.0.1 vlan 20`, `10.0.0.1 unit=5`.
    pub(crate) fn place(&self) -> String {
        let mut place = self.address.to_string();
        if self.lane.vlan != 0 {
            place = format!("{place} vlan {}", self.lane.vlan);
        }
        if !self.is_root() {
            place = format!("{place} {}", self.path);
        }
        place
    }

    /// How it is written: its place, and where several had it, what tells them apart: `10.0.0.1 serial 00aa0001`.
    pub(crate) fn key(&self) -> String {
        match &self.tenure {
            Some(tenure) => format!("{} {tenure}", self.place()),
            None => self.place(),
        }
    }
}

/// A conversation with the capture it was counted in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk<'a> {
    pub(crate) capture: &'a str,
    pub(crate) conversation: &'a Conversation,
    /// Index of the client among the stations.
    pub(crate) client: usize,
    /// Index of the server.
    pub(crate) server: usize,
}

/// All of one site.
#[derive(Debug)]
pub(crate) struct Gathered<'a> {
    pub(crate) site: &'a str,
    pub(crate) captures: Vec<&'a CaptureSummary>,
    /// Sorted by address, lane and path, so every station follows the one it lies below. A station's index is its name
    /// in this crate.
    pub(crate) stations: Vec<Known<'a>>,
    pub(crate) talks: Vec<Talk<'a>>,
    pub(crate) malformed: Vec<(&'a str, &'a MalformedMessage)>,
    indices: HashMap<Key<'a>, usize>,
}

type Key<'a> = (Address, Lane, &'a Path);

impl<'a> Gathered<'a> {
    /// Reads all captures of a site.
    pub(crate) fn new(
        site: &'a str,
        captures: &[&'a Captured],
        addressing: &[Addressing<'a>],
        links: &Links<'_>,
    ) -> Self {
        let key = |station: &'a Station, statement: Statement<'a>, sighting: &Sighting| {
            (station.address, links.lane_of(station, statement, sighting.day), &station.path)
        };
        let mut keys: HashSet<Key<'a>> = HashSet::default();
        // Rows about one station stand together, and where one device has the address, one of them is enough.
        let mut last: Option<&'a Station> = None;
        let mut add = |station: &'a Station, statement: Statement<'a>, sighting: &Sighting| {
            if last == Some(station) && links.is_settled(station.address) {
                return;
            }
            last = Some(station);
            let key = key(station, statement, sighting);
            if keys.insert(key) && !key.2.is_root() {
                keys.insert((key.0, links.root_lane(key.0, key.1), &ROOT));
            }
        };
        for observed in captures.iter().map(|capture| &capture.observed) {
            observed
                .presences
                .iter()
                .for_each(|row| add(&row.station, Statement::Sent(&row.station), &row.sighting));
            observed.bindings.iter().for_each(|row| add(&row.station, bound(row), &row.sighting));
            observed.facts.iter().for_each(|row| add(&row.station, Statement::of(row), &row.sighting));
            observed.mentions.iter().for_each(|row| add(&row.station, named(row), &row.sighting));
            let talks = || observed.conversations.iter().map(|row| (&row.key, &row.sighting));
            talks().for_each(|(key, sighting)| add(&key.client, Statement::Talk(key), sighting));
            talks().for_each(|(key, sighting)| add(&key.server, Statement::Talk(key), sighting));
        }
        for one in addressing {
            keys.extend(one.capture.observed.bindings.iter().map(|binding| of_mac(binding.mac)));
            for fact in one.named(attribute::MAC_ADDRESS) {
                // A MAC that a device states as its own may never have been seen …
                if let Some(ip) = fact.station.address.ip().filter(|_| fact.station.path.is_root()) {
                    let lane = links.lane(fact.station.address, fact.station.vlan);
                    keys.extend(links.all_claims(ip, lane.vlan).into_iter().map(|claim| of_mac(claim.mac)));
                }
                // … nor the MAC of the chassis that a port states …
                keys.extend(device_mac(fact).map(of_mac));
            }
            // … nor an address that a MAC states as its own.
            for fact in one.named(attribute::IP_ADDRESS).filter(|fact| fact.station.address.mac().is_some()) {
                if let Ok(ip) = fact.value.parse().map(Address::Ip)
                    && ip.is_unicast()
                {
                    keys.insert((ip, links.lane(ip, fact.station.vlan), &ROOT));
                }
            }
        }
        let mut sorted: Vec<_> = keys.into_iter().collect();
        sorted.sort_unstable();
        let indices: HashMap<_, _> = sorted.iter().enumerate().map(|(index, key)| (*key, index)).collect();
        let known = |(address, lane, path): Key<'a>| Known {
            address,
            lane,
            path,
            tenure: address.ip().and_then(|ip| {
                let tenures = links.tenures.at(ip, lane.vlan, path)?;
                tenures.get(usize::from(lane.tenure)).map(|tenure| tenure.label.clone())
            }),
            vlans: BTreeSet::new(),
            sent: None,
            asked: None,
            facts: Vec::new(),
            mentions: Vec::new(),
            sightings: Vec::new(),
            identity: OnceCell::new(),
        };
        let stations = sorted.into_iter().map(known).collect();
        let mut gathered = Self {
            site,
            captures: captures.iter().map(|capture| &capture.summary).collect(),
            stations,
            talks: Vec::new(),
            malformed: Vec::new(),
            indices,
        };
        gathered.captures.sort_by(|left, right| left.uid.cmp(&right.uid));
        for capture in captures {
            gathered.read(capture, links, &key);
        }
        gathered
    }

    fn read(
        &mut self,
        capture: &'a Captured,
        links: &Links<'_>,
        key: &impl Fn(&'a Station, Statement<'a>, &Sighting) -> Key<'a>,
    ) {
        let uid = capture.summary.uid.as_str();
        let observed = &capture.observed;
        for presence in &observed.presences {
            if let Some(known) =
                self.known(key(&presence.station, Statement::Sent(&presence.station), &presence.sighting))
            {
                extend(&mut known.sent, Span::of(&presence.sighting));
                known.sightings.push((uid, &presence.sighting));
                known.vlans.extend(presence.station.vlan);
            }
        }
        for binding in &observed.bindings {
            // The frames are counted as presence; here only that there were some.
            let seen = Span { count: 0, ..Span::of(&binding.sighting) };
            for key in [key(&binding.station, bound(binding), &binding.sighting), of_mac(binding.mac)] {
                if let Some(known) = self.known(key) {
                    extend(&mut known.sent, seen);
                    known.vlans.extend(binding.station.vlan);
                }
            }
        }
        // The station of the row before, which is that of the next one, too, where one device has the address.
        let mut last = None;
        let next = |gathered: &Self,
                    last: &mut Option<(&'a Station, usize)>,
                    station: &'a Station,
                    statement,
                    at| {
            if let Some((_, index)) = last.filter(|(known, _)| *known == station) {
                return Some(index);
            }
            let index = gathered.index(key(station, statement, at))?;
            *last = links.is_settled(station.address).then_some((station, index));
            Some(index)
        };
        for fact in &observed.facts {
            let index = next(self, &mut last, &fact.station, Statement::of(fact), &fact.sighting);
            if let Some(known) = index.and_then(|index| self.stations.get_mut(index)) {
                known.facts.push(Said { capture: uid, fact });
            }
        }
        for mention in &observed.mentions {
            let index = next(self, &mut last, &mention.station, named(mention), &mention.sighting);
            if let Some(known) = index.and_then(|index| self.stations.get_mut(index)) {
                known.mentions.push((uid, mention));
            }
        }
        let mut last_server = None;
        self.talks.reserve(observed.conversations.len());
        for conversation in &observed.conversations {
            let Conversation { key, sighting, .. } = conversation;
            let statement = Statement::Talk(key);
            let (client, server) = (
                next(self, &mut last, &key.client, statement, sighting),
                next(self, &mut last_server, &key.server, statement, sighting),
            );
            let (Some(client), Some(server)) = (client, server) else { continue };
            self.talks.push(Talk { capture: uid, conversation, client, server });
            for (silent, frames) in [(server, conversation.frames[0]), (client, conversation.frames[1])] {
                if let Some(known) = self.stations.get_mut(silent)
                    && frames > 0
                    && proves_the_other_end(conversation, known.address)
                {
                    extend(&mut known.asked, Span { count: frames, ..Span::of(&conversation.sighting) });
                }
            }
        }
        self.malformed.extend(observed.malformed.iter().map(|message| (uid, message)));
    }

    fn index(&self, key: Key<'a>) -> Option<usize> {
        self.indices.get(&key).copied()
    }

    fn known(&mut self, key: Key<'a>) -> Option<&mut Known<'a>> {
        let index = self.index(key)?;
        self.stations.get_mut(index)
    }

    /// The station with this address and no path.
    pub(crate) fn root(&self, address: Address, lane: Lane) -> Option<usize> {
        self.find(address, lane, &ROOT)
    }

    /// The station with this path below this address; where only something below it passed from one to the other, the
    /// one that all of them sit in.
    pub(crate) fn find(&self, address: Address, lane: Lane, path: &Path) -> Option<usize> {
        let at = |lane: Lane| self.indices.get(&(address, lane, path)).copied();
        at(lane).or_else(|| at(Lane { tenure: 0, ..lane }))
    }

    /// What is known of a station.
    pub(crate) fn station(&self, index: usize) -> Option<&Known<'a>> {
        self.stations.get(index)
    }
}

fn of_mac<'a>(mac: Mac) -> Key<'a> {
    (Address::Mac(mac), Lane::default(), &ROOT)
}

fn bound(binding: &Binding) -> Statement<'_> {
    Statement::Bound(&binding.station, binding.mac)
}

fn named(mention: &Mention) -> Statement<'_> {
    Statement::Named(&mention.station, &mention.by, &mention.reason)
}

/// The MAC that a MAC states as one of the same device, as the port of a switch states that of its chassis.
pub(crate) fn device_mac(fact: &Fact) -> Option<Mac> {
    let own = fact.station.address.mac().filter(|_| fact.station.path.is_root())?;
    let is_stated = fact.basis == Basis::Stated && fact.attribute == attribute::MAC_ADDRESS;
    let mac: Mac = fact.value.parse().ok().filter(|_| is_stated)?;
    let is_one = |mac: Mac| Address::Mac(mac).is_unicast() && !mac.is_virtual_router();
    (mac != own && is_one(mac) && is_one(own)).then_some(mac)
}

/// True if one end of a conversation proves that there is another, although that one was not heard.
///
/// TCP carries messages only after both ends have spoken; a datagram may go to nobody, and scanners send many. A frame
/// to a MAC needs somebody to have told that MAC.
fn proves_the_other_end(conversation: &Conversation, other: Address) -> bool {
    match other {
        Address::Mac(mac) => other.is_unicast() && !mac.is_virtual_router(),
        Address::Ip(_) => {
            let key = &conversation.key;
            let messages = !conversation.operations.is_empty() || conversation.frames[1] > 0;
            other.is_unicast() && key.transport == Transport::Tcp && is_industrial(&key.protocol) && messages
        }
    }
}
