//! Which MAC and which IP address are one interface, and which MAC only forwards.
//!
//! First-hand is what the owner says itself (a stated pair, as in ARP) and what no router forwards (link-local
//! addresses). The source MAC of any other frame may be a router's: it counts only where one MAC and one address are
//! alone with each other and the hop limit shows no router between.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use observation::{Address, Basis, Day, Evidence, Mac, Path, Station, attribute};

use crate::addressing::Addressing;
use crate::model::Captured;
use crate::options::{is_globally_routable, is_link_local};
use crate::rules::addresses::{
    CARRIED_MAX, DEVICE_WIDE, GROUP_ADDRESSES, INITIAL_HOP_LIMITS, OWN_MAX, PATHS_DIFFER_MAX, SUBNET_BITS,
    SUBNETS_MAX,
};
use crate::span::Span;
use crate::tenures::{Card, Statement, Tenures};

/// Which of several devices with the same address: zeros where an address is one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lane {
    /// Smallest VLAN of its frames, where two have the address at the same time in VLANs of their own.
    pub(crate) vlan: u16,
    /// Place among those that had the address one after another.
    pub(crate) tenure: u16,
}

/// A pair that one end stated itself.
#[derive(Clone, Debug)]
pub(crate) struct Stated<'a> {
    pub(crate) span: Span,
    /// VLANs of the frames that say so; 0 is untagged.
    pub(crate) vlans: BTreeSet<u16>,
    pub(crate) protocols: BTreeSet<&'a str>,
    /// The earliest octets that say so.
    pub(crate) proof: (observation::Time, &'a str, &'a Evidence),
}

/// Frames from an address behind a source MAC.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) span: Span,
    pub(crate) hop_limit: (u8, u8),
}

impl Bound {
    /// True if routers have counted the hop limit down: no system starts with such a value. 0 is not known.
    ///
    /// A sender whose smallest and largest values are not equally far from where systems start makes its own values
    /// up, as scanners do: that shows no router.
    fn is_counted_down(&self) -> bool {
        let (low, high) = self.hop_limit;
        let distance = |hops: u8| {
            INITIAL_HOP_LIMITS
                .iter()
                .find(|initial| **initial >= hops)
                .map_or(0, |initial| initial.saturating_sub(hops))
        };
        let (near, far) = (distance(low).min(distance(high)), distance(low).max(distance(high)));
        low > 0 && near > 0 && far.saturating_sub(near) <= PATHS_DIFFER_MAX
    }
}

/// What a MAC forwards, and how that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwarding {
    /// Addresses that it carries and that are not its own.
    pub(crate) carried: usize,
    /// Subnets of these.
    pub(crate) subnets: usize,
    /// Addresses whose hop limit was counted down.
    pub(crate) counted_down: usize,
    /// Addresses of others that it claims.
    pub(crate) claimed: usize,
}

/// Why a MAC and an address are one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) mac: Mac,
    pub(crate) first_hand: bool,
    pub(crate) reason: String,
}

/// An address that several MACs claim first-hand in one network.
#[derive(Clone, Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) mac: Mac,
    pub(crate) stated: Stated<'a>,
}

/// The links of one site.
#[derive(Debug, Default)]
pub(crate) struct Links<'a> {
    stated: BTreeMap<IpAddr, BTreeMap<Mac, Stated<'a>>>,
    /// Pairs that a peer reports: a server gave the address to the MAC.
    reported: BTreeMap<IpAddr, BTreeMap<Mac, Span>>,
    bound: BTreeMap<Mac, BTreeMap<IpAddr, Bound>>,
    behind: BTreeMap<IpAddr, BTreeSet<Mac>>,
    own: BTreeMap<Mac, BTreeSet<IpAddr>>,
    /// Addresses of groups of routers, which are no device.
    pub(crate) of_groups: BTreeSet<IpAddr>,
    /// MACs that forward for others.
    pub(crate) routers: BTreeMap<Mac, Forwarding>,
    /// Addresses that are several devices, with the lane of each VLAN.
    lanes: BTreeMap<IpAddr, BTreeMap<u16, u16>>,
    /// Addresses that passed from device to device.
    pub(crate) tenures: Tenures<'a>,
}

impl<'a> Links<'a> {
    /// Reads all pairs of a site.
    pub(crate) fn new(captures: &[&'a Captured], addressing: &[Addressing<'a>]) -> Self {
        let mut links = Self { of_groups: of_groups(addressing), ..Self::default() };
        for Addressing { capture, facts } in addressing {
            for binding in &capture.observed.bindings {
                if let Address::Ip(ip) = binding.station.address
                    && binding.station.address.is_unicast()
                    && Address::Mac(binding.mac).is_unicast()
                {
                    links.bind(binding.mac, ip, Span::of(&binding.sighting), binding.hop_limit);
                }
            }
            for fact in facts
                .iter()
                .filter(|fact| fact.basis == Basis::Reported && fact.attribute == attribute::IP_ADDRESS)
            {
                if let (Some(mac), Ok(ip)) = (fact.station.address.mac(), fact.value.parse::<IpAddr>())
                    && Address::Ip(ip).is_unicast()
                    && !mac.is_virtual_router()
                {
                    let span = Span::of(&fact.sighting);
                    let known = links.reported.entry(ip).or_default();
                    known.entry(mac).and_modify(|known| known.add(span)).or_insert(span);
                }
            }
            for fact in facts.iter().filter(|fact| fact.basis == Basis::Stated && fact.station.path.is_root())
            {
                let is_of_device = || DEVICE_WIDE.contains(&fact.protocol.as_ref());
                let pair = match (fact.station.address, fact.attribute.as_ref()) {
                    (Address::Mac(mac), attribute::IP_ADDRESS) if !is_of_device() => {
                        fact.value.parse().ok().map(|ip: IpAddr| (mac, ip))
                    }
                    (Address::Ip(ip), attribute::MAC_ADDRESS) => {
                        fact.value.parse().ok().map(|mac: Mac| (mac, ip))
                    }
                    _ => None,
                };
                let Some((mac, ip)) = pair else { continue };
                if links.of_groups.contains(&ip) {
                    continue;
                }
                if mac.is_virtual_router() || !Address::Mac(mac).is_unicast() || !Address::Ip(ip).is_unicast()
                {
                    continue;
                }
                let proof = (fact.sighting.first, capture.summary.uid.as_str(), &fact.evidence);
                let stated = links.stated.entry(ip).or_default().entry(mac).or_insert_with(|| Stated {
                    span: Span { count: 0, ..Span::of(&fact.sighting) },
                    vlans: BTreeSet::new(),
                    protocols: BTreeSet::new(),
                    proof,
                });
                stated.span.add(Span::of(&fact.sighting));
                stated.vlans.insert(fact.station.vlan.unwrap_or(0));
                stated.protocols.insert(&fact.protocol);
                stated.proof = stated.proof.min(proof);
            }
        }
        links.find_routers();
        links.find_lanes();
        links.tenures = Tenures::new(
            captures,
            addressing,
            &links.of_several_cards(),
            &|ip, vlan| links.vlan_lane(ip, vlan),
            &|ip, lane| links.cards(ip, lane),
        );
        links
    }

    /// Addresses that several MACs have had, as they or servers say.
    fn of_several_cards(&self) -> BTreeSet<IpAddr> {
        let stated = self.stated.iter().map(|(ip, macs)| (*ip, macs.keys().copied().collect::<Vec<_>>()));
        let reported = self.reported.iter().map(|(ip, macs)| (*ip, macs.keys().copied().collect()));
        let mut macs: BTreeMap<IpAddr, BTreeSet<Mac>> = BTreeMap::new();
        stated.chain(reported).for_each(|(ip, own)| macs.entry(ip).or_default().extend(own));
        macs.into_iter().filter(|(_, macs)| macs.len() > 1).map(|(ip, _)| ip).collect()
    }

    /// The cards of an address, none of them a router's for others, with everything that shows when they had it.
    fn cards(&self, ip: IpAddr, lane: u16) -> Vec<Card> {
        let is_router = |mac: &Mac| mac.is_virtual_router() || self.routers.contains_key(mac);
        let mut cards: BTreeMap<Mac, Card> = BTreeMap::new();
        let mut add = |mac: Mac, span: Span, is_first_hand: bool, is_leased: bool| {
            let card = cards.entry(mac).or_insert(Card { mac, span, is_first_hand, is_leased });
            card.span.add(span);
            card.is_first_hand |= is_first_hand;
            card.is_leased |= is_leased;
        };
        for claim in self.all_claims(ip, lane) {
            add(claim.mac, claim.stated.span, true, false);
        }
        if !self.lanes.contains_key(&ip) {
            for (mac, span) in self.reported.get(&ip).into_iter().flatten() {
                add(*mac, *span, true, true);
            }
            for mac in self.carriers(ip).filter(|mac| !is_router(mac)) {
                if let Some(bound) = self.bound.get(&mac).and_then(|carried| carried.get(&ip)) {
                    add(mac, bound.span, false, false);
                }
            }
        }
        cards.into_values().collect()
    }

    fn bind(&mut self, mac: Mac, ip: IpAddr, span: Span, hop_limit: (u8, u8)) {
        if self.of_groups.contains(&ip) {
            return;
        }
        self.behind.entry(ip).or_default().insert(mac);
        let bound = self
            .bound
            .entry(mac)
            .or_default()
            .entry(ip)
            .or_insert(Bound { span: Span { count: 0, ..span }, hop_limit });
        bound.span.add(span);
        bound.hop_limit = (bound.hop_limit.0.min(hop_limit.0), bound.hop_limit.1.max(hop_limit.1));
    }

    fn find_routers(&mut self) {
        for (ip, macs) in &self.stated {
            for mac in macs.keys() {
                self.own.entry(*mac).or_default().insert(*ip);
            }
        }
        let none = BTreeSet::new();
        for (mac, carried) in &self.bound {
            let own = self.own.get(mac).unwrap_or(&none);
            let foreign = || carried.iter().filter(|(ip, _)| !own.contains(ip) && !is_link_local(**ip));
            let subnets: BTreeSet<_> = foreign().map(|(ip, _)| subnet(*ip)).collect();
            let families = [true, false].map(|v4| foreign().filter(|(ip, _)| ip.is_ipv4() == v4).count());
            let counted_down = foreign().filter(|(_, bound)| bound.is_counted_down()).count();
            let public = foreign().any(|(ip, _)| is_globally_routable(*ip));
            let several_subnets = subnets.len() > SUBNETS_MAX || (subnets.len() > 1 && public);
            let is_router = mac.is_virtual_router()
                || counted_down > 0
                || families.iter().any(|count| *count > CARRIED_MAX)
                || several_subnets;
            if is_router {
                let forwarding = Forwarding {
                    carried: foreign().count(),
                    subnets: subnets.len(),
                    counted_down,
                    claimed: 0,
                };
                self.routers.insert(*mac, forwarding);
            }
        }
        for (mac, own) in &self.own {
            let claimed = own.iter().filter(|ip| !is_link_local(**ip)).count();
            if claimed > OWN_MAX {
                self.routers.entry(*mac).or_default().claimed = claimed;
            }
        }
    }

    /// Two MACs that state the same address in VLANs that have nothing in common are two devices.
    fn find_lanes(&mut self) {
        for (ip, macs) in &self.stated {
            let owners: Vec<_> = macs.iter().filter(|(mac, _)| !self.routers.contains_key(mac)).collect();
            let mut lanes = BTreeMap::new();
            for (_, stated) in &owners {
                let Some(lane) = stated.vlans.first() else { continue };
                lanes.extend(stated.vlans.iter().map(|vlan| (*vlan, *lane)));
            }
            let apart = owners.iter().map(|(_, stated)| stated.vlans.len()).sum::<usize>() == lanes.len();
            if owners.len() > 1 && apart {
                self.lanes.insert(*ip, lanes);
            }
        }
    }

    /// Which of the devices with this address speaks in this VLAN. What is said in other VLANs belongs to the first.
    fn vlan_lane(&self, ip: IpAddr, vlan: Option<u16>) -> u16 {
        self.lanes.get(&ip).map_or(0, |lanes| {
            lanes.get(&vlan.unwrap_or(0)).or_else(|| lanes.values().min()).copied().unwrap_or(0)
        })
    }

    /// True where the address passed from no device to another: then a row's station alone tells whose it is.
    pub(crate) fn is_settled(&self, address: Address) -> bool {
        address.ip().is_none_or(|ip| !self.tenures.is_passed(ip))
    }

    /// The device that has this address in this VLAN now.
    pub(crate) fn lane(&self, address: Address, vlan: Option<u16>) -> Lane {
        let Some(ip) = address.ip() else { return Lane::default() };
        let lane = self.vlan_lane(ip, vlan);
        Lane { vlan: lane, tenure: self.tenures.latest(ip, lane, &Path::ROOT) }
    }

    /// The device that an observation of a station is about.
    pub(crate) fn lane_of(&self, station: &Station, statement: Statement<'_>, day: Day) -> Lane {
        let Some(ip) = station.address.ip() else { return Lane::default() };
        let lane = self.vlan_lane(ip, station.vlan);
        Lane { vlan: lane, tenure: self.tenures.number(ip, lane, &station.path, statement, day) }
    }

    /// The lane of the address itself for something below it.
    pub(crate) fn root_lane(&self, address: Address, lane: Lane) -> Lane {
        let passed = address.ip().and_then(|ip| self.tenures.at(ip, lane.vlan, &Path::ROOT));
        if passed.is_some() { lane } else { Lane { tenure: 0, ..lane } }
    }

    /// The device that had the address when it had this card.
    fn has_card(&self, ip: IpAddr, lane: Lane, mac: Mac) -> bool {
        let tenures = self.tenures.at(ip, lane.vlan, &Path::ROOT);
        tenures.is_none_or(|tenures| {
            tenures.get(usize::from(lane.tenure)).is_some_and(|tenure| tenure.macs.contains(&mac))
        })
    }

    /// MACs that say first-hand that the address is theirs, none of them a router's for others.
    pub(crate) fn claims(&self, ip: IpAddr, lane: Lane) -> Vec<Claim<'a>> {
        let mut claims = self.all_claims(ip, lane.vlan);
        claims.retain(|claim| self.has_card(ip, lane, claim.mac));
        claims
    }

    /// The same, whoever of those that had the address one after another.
    pub(crate) fn all_claims(&self, ip: IpAddr, lane: u16) -> Vec<Claim<'a>> {
        let Some(macs) = self.stated.get(&ip) else { return Vec::new() };
        let in_lane =
            |stated: &Stated<'_>| self.lanes.get(&ip).is_none_or(|_| stated.vlans.first() == Some(&lane));
        macs.iter()
            .filter(|(mac, stated)| self.is_own(**mac) && in_lane(stated))
            .map(|(mac, stated)| Claim { mac: *mac, stated: stated.clone() })
            .collect()
    }

    /// A router's own addresses are its own, unless it claims everybody's.
    fn is_own(&self, mac: Mac) -> bool {
        self.routers.get(&mac).is_none_or(|forwarding| forwarding.claimed == 0)
    }

    /// The MAC of an address, if it is known.
    pub(crate) fn pair(&self, ip: IpAddr, lane: Lane) -> Option<Pair> {
        let claims = self.claims(ip, lane);
        if let Some(claim) = self.strongest(ip, &claims) {
            let protocols: Vec<_> = claim.stated.protocols.iter().copied().collect();
            return Some(Pair {
                mac: claim.mac,
                first_hand: true,
                reason: format!("the device states the pair itself ({})", protocols.join(", ")),
            });
        }
        if !claims.is_empty() || self.lanes.contains_key(&ip) {
            return None;
        }
        if let Some(pair) = self.given(ip, lane) {
            return Some(pair);
        }
        let link_local = is_link_local(ip);
        let mut plain = self
            .behind
            .get(&ip)?
            .iter()
            .filter(|mac| !mac.is_virtual_router() && (link_local || !self.routers.contains_key(mac)))
            .filter(|mac| self.has_card(ip, lane, **mac));
        let (mac, None) = (*plain.next()?, plain.next()) else { return None };
        if link_local {
            return Some(Pair {
                mac,
                first_hand: true,
                reason: "no router forwards a link-local address".to_owned(),
            });
        }
        let carried = self.bound.get(&mac)?;
        let alone =
            carried.keys().filter(|other| other.is_ipv4() == ip.is_ipv4() && !is_link_local(**other)).count()
                == 1;
        let own = self.own.get(&mac);
        let states_other = own.is_some_and(|own| {
            own.iter().any(|other| other.is_ipv4() == ip.is_ipv4() && !is_link_local(*other))
        });
        let reason = "the only address behind this MAC, and no other MAC carries it".to_owned();
        (alone && !states_other).then_some(Pair { mac, first_hand: false, reason })
    }

    /// The MAC that a server gave the address to last, unless frames of the address come from another MAC that is no
    /// router's.
    fn given(&self, ip: IpAddr, lane: Lane) -> Option<Pair> {
        let reported = self.reported.get(&ip)?.iter().filter(|(mac, _)| self.has_card(ip, lane, **mac));
        let (mac, _) = reported.max_by_key(|(mac, span)| (span.last, **mac))?;
        let of_others = |other: &Mac| other != mac && self.has_card(ip, lane, *other);
        let mut others = self.carriers(ip).filter(of_others);
        let borne_out = others.all(|other| self.routers.contains_key(&other));
        let reason = "a server gave this address to this MAC".to_owned();
        borne_out.then_some(Pair { mac: *mac, first_hand: false, reason })
    }

    /// Of several claims the latest, if it follows all others; else the one that most frames bear out.
    fn strongest<'c>(&self, ip: IpAddr, claims: &'c [Claim<'a>]) -> Option<&'c Claim<'a>> {
        let frames = |claim: &Claim<'_>| {
            self.bound
                .get(&claim.mac)
                .and_then(|carried| carried.get(&ip))
                .map_or(0, |bound| bound.span.count)
        };
        let latest = claims.iter().max_by_key(|claim| (claim.stated.span.last, claim.mac))?;
        if claims
            .iter()
            .all(|claim| claim.mac == latest.mac || latest.stated.span.is_after(&claim.stated.span))
        {
            return Some(latest);
        }
        claims.iter().max_by_key(|claim| (frames(claim), claim.stated.span.last, claim.mac))
    }

    /// MACs that carry the address without being its own.
    pub(crate) fn carriers(&self, ip: IpAddr) -> impl Iterator<Item = Mac> + '_ {
        self.behind.get(&ip).into_iter().flatten().copied()
    }

    /// True if frames of the address were seen, and all of them behind a router.
    pub(crate) fn is_behind_router(&self, ip: IpAddr) -> bool {
        self.behind.get(&ip).is_some_and(|macs| macs.iter().all(|mac| self.routers.contains_key(mac)))
    }
}

/// Addresses that routers state as those of their group, but for those whose owner states it itself.
fn of_groups(addressing: &[Addressing<'_>]) -> BTreeSet<IpAddr> {
    let facts = addressing.iter().flat_map(|one| &one.facts);
    let stated = facts.filter(|fact| GROUP_ADDRESSES.contains(&fact.attribute.as_ref()));
    let (mut groups, mut owned) = (BTreeSet::new(), BTreeSet::new());
    for (ip, fact) in stated.filter_map(|fact| Some((fact.value.parse::<IpAddr>().ok()?, fact))) {
        let is_owner = fact.station.address == Address::Ip(ip);
        if is_owner { &mut owned } else { &mut groups }.insert(ip);
    }
    groups.retain(|ip| !owned.contains(ip));
    groups
}

/// The subnet of an address, by the customary length of the prefix.
fn subnet(ip: IpAddr) -> (IpAddr, u8) {
    let (v4, v6) = SUBNET_BITS;
    match ip {
        IpAddr::V4(ip) => (
            std::net::Ipv4Addr::from_bits(
                ip.to_bits() >> 32_u8.saturating_sub(v4) << 32_u8.saturating_sub(v4),
            )
            .into(),
            v4,
        ),
        IpAddr::V6(ip) => (
            std::net::Ipv6Addr::from_bits(
                ip.to_bits() >> 128_u8.saturating_sub(v6) << 128_u8.saturating_sub(v6),
            )
            .into(),
            v6,
        ),
    }
}
