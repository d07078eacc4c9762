//! Devices with several addresses: joined by what they say they are, never against what they say.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use observation::{Address, Mac};

use crate::gather::{Gathered, Known};
use crate::identity::{Identity, first_contradiction};
use crate::links::{Lane, Links};
use crate::model::Join;
use crate::nest::Nested;
use crate::rules::addresses::RETURNED;
use crate::rules::identity::SHARED_MAX;
use crate::sets::Sets;
use crate::span::Span;

/// Why stations were joined or not: the station that the reason belongs to, and the reason.
pub(crate) type Reasons = Vec<(usize, Join)>;

/// Joins MAC and IP addresses that are one interface.
pub(crate) fn join_interfaces(gathered: &Gathered<'_>, links: &Links<'_>, sets: &mut Sets) -> Reasons {
    let mut reasons = Vec::new();
    let mut by_mac: BTreeMap<Mac, Vec<(usize, String)>> = BTreeMap::new();
    for (index, known) in gathered.stations.iter().enumerate().filter(|(_, known)| known.is_root()) {
        let Address::Ip(ip) = known.address else { continue };
        let pair = links.pair(ip, known.lane);
        let own = pair.as_ref().map(|pair| pair.mac);
        if let Some(pair) = pair {
            by_mac.entry(pair.mac).or_default().push((index, pair.reason));
        }
        for mac in links.carriers(ip).filter(|mac| Some(*mac) != own) {
            let reason = match links.routers.get(&mac) {
                Some(_) => "the MAC is a router's".to_owned(),
                None if own.is_some() => "another MAC is the address's own".to_owned(),
                None => "a source MAC may be a router's: this one carries several addresses, or several carry this address".to_owned(),
            };
            reasons.push((index, Join { left: mac.to_string(), right: known.key(), joined: false, reason }));
        }
        for claim in links.claims(ip, known.lane).iter().filter(|claim| Some(claim.mac) != own) {
            let reason = "claims an address that another MAC claims with better right".to_owned();
            let mac = gathered.root(claim.mac.into(), Lane::default()).unwrap_or(index);
            reasons
                .push((mac, Join { left: claim.mac.to_string(), right: known.key(), joined: false, reason }));
        }
    }
    for (mac, ips) in by_mac {
        let Some(station) = gathered.root(mac.into(), Lane::default()) else { continue };
        let identities: Vec<_> =
            ips.iter().filter_map(|(index, _)| gathered.station(*index)).map(Known::identity).collect();
        let veto = first_contradiction(&identities);
        for (index, reason) in ips {
            let Some(known) = gathered.station(index) else { continue };
            let reason = veto
                .map_or(reason, |attribute| format!("the addresses of this MAC state different {attribute}"));
            reasons.push((
                index,
                Join { left: mac.to_string(), right: known.key(), joined: veto.is_none(), reason },
            ));
            if veto.is_none() {
                sets.join(station, index);
            }
        }
    }
    reasons
}

/// Joins a MAC with the one that its own frames come back with.
pub(crate) fn join_returned(gathered: &Gathered<'_>, sets: &mut Sets) -> Reasons {
    let mut reasons = Vec::new();
    for (protocol, bit) in RETURNED {
        let spoken = gathered.talks.iter().filter(|talk| talk.conversation.key.protocol == *protocol);
        let senders: BTreeSet<_> = spoken
            .flat_map(|talk| {
                let [asked, answered] = talk.conversation.frames;
                [(talk.client, asked), (talk.server, answered)]
            })
            .filter(|(_, frames)| *frames > 0)
            .map(|(index, _)| index)
            .collect();
        for returned in &senders {
            let Some(known) = gathered.station(*returned) else { continue };
            let Some(Mac([first, rest @ ..])) = known.address.mac().filter(|mac| mac.0[0] & bit != 0) else {
                continue;
            };
            let [b, c, d, e, f] = rest;
            let own = Address::Mac(Mac([first & !bit, b, c, d, e, f]));
            let own = gathered.root(own, known.lane).filter(|own| senders.contains(own));
            if let Some(own) = own
                && let Some(sender) = gathered.station(own)
            {
                let reason =
                    format!("frames of {protocol} come back to their sender with this bit of its MAC set");
                reasons
                    .push((*returned, Join { left: sender.key(), right: known.key(), joined: true, reason }));
                sets.join(own, *returned);
            }
        }
    }
    reasons
}

/// A serial number that devices state that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    /// Letters and digits of it.
    pub(crate) serial: String,
    /// A station of each device.
    pub(crate) stations: Vec<usize>,
    /// What tells them apart.
    pub(crate) attribute: String,
}

/// The identity of every device that states one, by the first of its stations.
pub(crate) fn identities<'g, 'a>(gathered: &'g Gathered<'a>, sets: &Sets) -> Identities<'g, 'a> {
    let mut members: BTreeMap<usize, Vec<&'g Known<'a>>> = BTreeMap::new();
    for (index, known) in gathered.stations.iter().enumerate().filter(|(_, known)| !known.facts.is_empty()) {
        members.entry(sets.find(index)).or_default().push(known);
    }
    let identity = |members: Vec<&'g Known<'a>>| match members[..] {
        [only] => Cow::Borrowed(only.identity()),
        _ => Cow::Owned(Identity::of(members.iter().flat_map(|known| known.facts.iter().copied()))),
    };
    members.into_iter().map(|(device, members)| (device, identity(members))).collect()
}

/// What devices say they are, by the first of their stations.
pub(crate) type Identities<'g, 'a> = BTreeMap<usize, Cow<'g, Identity<'a>>>;

/// Two devices that state the same serial number.
struct Candidate {
    left: usize,
    right: usize,
    serial: String,
    verdict: Result<(), String>,
}

/// Joins devices that state the same serial number and are the same product of the same maker.
pub(crate) fn join_serials(
    gathered: &Gathered<'_>,
    links: &Links<'_>,
    sets: &mut Sets,
) -> (Reasons, Vec<Shared>) {
    let identities = identities(gathered, sets);
    let sides = sides(gathered, links, sets, &identities);
    let (mut candidates, shared) = candidates(&identities);
    veto_chains(gathered.stations.len(), &identities, &mut candidates);
    let mut reasons = Vec::new();
    for Candidate { left, right, serial, verdict } in candidates {
        let joined = verdict.is_ok();
        let why = match verdict {
            Err(why) => format!("but {why}"),
            Ok(()) => match is_translated(sides.get(&left), sides.get(&right)) {
                true => "and the same maker and product; one address is behind a router, the other is not, and both were \
                         heard at the same time: translated (NAT)"
                    .to_owned(),
                false => "and the same maker and product".to_owned(),
            },
        };
        if let (Some(one), Some(other)) = (gathered.station(left), gathered.station(right)) {
            let reason = format!("both state serial number {serial}, {why}");
            reasons.push((right, Join { left: one.key(), right: other.key(), joined, reason }));
        }
        if joined {
            sets.join(left, right);
        }
    }
    (reasons, shared)
}

/// From which side of a router the addresses of a device were heard, and when.
struct Side {
    is_behind_router: bool,
    heard: Span,
}

/// The sides of devices that state a serial number, as far as all their IP addresses were heard from one.
fn sides(
    gathered: &Gathered<'_>,
    links: &Links<'_>,
    sets: &Sets,
    identities: &Identities<'_, '_>,
) -> BTreeMap<usize, Side> {
    let mut sides: BTreeMap<usize, Option<Side>> = BTreeMap::new();
    for (index, known) in gathered.stations.iter().enumerate().filter(|(_, known)| known.is_root()) {
        let device = sets.find(index);
        let numbered = identities.get(&device).is_some_and(|identity| identity.keys().next().is_some());
        let (Some(ip), Some(heard), true) = (known.address.ip(), known.sent, numbered) else { continue };
        let is_behind_router = links.is_behind_router(ip);
        sides
            .entry(device)
            .and_modify(|side| {
                *side =
                    side.take().filter(|side| side.is_behind_router == is_behind_router).map(|mut side| {
                        side.heard.add(heard);
                        side
                    });
            })
            .or_insert(Some(Side { is_behind_router, heard }));
    }
    sides.into_iter().filter_map(|(device, side)| Some((device, side?))).collect()
}

/// True for one device with an address on either side of a router at the same time: the router, or what stands beside it,
/// translates. One after the other, the device has moved.
fn is_translated(left: Option<&Side>, right: Option<&Side>) -> bool {
    left.zip(right).is_some_and(|(left, right)| {
        left.is_behind_router != right.is_behind_router
            && !left.heard.is_after(&right.heard)
            && !right.heard.is_after(&left.heard)
    })
}

/// All pairs of devices that share a serial number, judged each for itself.
fn candidates(identities: &Identities<'_, '_>) -> (Vec<Candidate>, Vec<Shared>) {
    let mut by_serial: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (device, identity) in identities {
        for key in identity.keys() {
            by_serial.entry(key).or_default().insert(*device);
        }
    }
    let (mut candidates, mut shared) = (Vec::new(), Vec::new());
    for (serial, devices) in by_serial {
        let devices: Vec<_> =
            devices.into_iter().filter_map(|device| Some((device, identities.get(&device)?))).collect();
        let stations = || devices.iter().map(|(device, _)| *device).collect();
        if devices.len() > SHARED_MAX {
            shared.push(Shared {
                serial: serial.to_owned(),
                stations: stations(),
                attribute: format!("so many devices ({})", devices.len()),
            });
            continue;
        }
        let pairs = || {
            devices.iter().enumerate().flat_map(|(at, left)| {
                devices.iter().skip(at.saturating_add(1)).map(move |right| (left, right))
            })
        };
        let contradiction =
            pairs().find_map(
                |((_, left), (_, right))| {
                    if left.shares_maker(right) { left.contradiction(right) } else { None }
                },
            );
        if let Some(attribute) = contradiction {
            shared.push(Shared {
                serial: serial.to_owned(),
                stations: stations(),
                attribute: attribute.to_owned(),
            });
        }
        candidates.extend(pairs().map(|((left, own), (right, other))| Candidate {
            left: *left,
            right: *right,
            serial: serial.to_owned(),
            verdict: verdict(own, other, contradiction),
        }));
    }
    (candidates, shared)
}

/// Takes joins back whose chain would make one device of two that contradict each other.
fn veto_chains(stations: usize, identities: &Identities<'_, '_>, candidates: &mut [Candidate]) {
    let mut chains = Sets::new(stations);
    for candidate in candidates.iter().filter(|candidate| candidate.verdict.is_ok()) {
        chains.join(candidate.left, candidate.right);
    }
    let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.verdict.is_ok()) {
        members.entry(chains.find(candidate.left)).or_default().extend([candidate.left, candidate.right]);
    }
    for (chain, members) in members {
        let members: Vec<_> =
            members.iter().filter_map(|device| identities.get(device)).map(Cow::as_ref).collect();
        if let Some(attribute) = first_contradiction(&members) {
            for candidate in candidates
                .iter_mut()
                .filter(|candidate| candidate.verdict.is_ok() && chains.find(candidate.left) == chain)
            {
                candidate.verdict = Err(format!("others that would join with them differ in {attribute}"));
            }
        }
    }
}

fn verdict(own: &Identity<'_>, other: &Identity<'_>, contradiction: Option<&str>) -> Result<(), String> {
    if let Some(program) = own.simulator.or(other.simulator) {
        return Err(format!("it is the default of {program}"));
    }
    if own.is_ambiguous() || other.is_ambiguous() {
        return Err("one of them states several".to_owned());
    }
    if !own.shares_maker(other) {
        return Err("not the same maker".to_owned());
    }
    if let Some(attribute) = contradiction {
        return Err(format!("devices that state it differ in {attribute}"));
    }
    own.shares_product(other)
        .then_some(())
        .ok_or_else(|| "not the same product, as far as is known".to_owned())
}

/// Stations with the same path below addresses of one device are one, unless what they say contradicts.
pub(crate) fn join_paths(gathered: &Gathered<'_>, nested: &Nested, sets: &mut Sets) {
    let mut same: BTreeMap<(usize, &observation::Path), Vec<usize>> = BTreeMap::new();
    for index in &nested.children {
        let Some(known) = gathered.station(*index) else { continue };
        if let Some(root) = gathered.root(known.address, known.lane) {
            same.entry((sets.find(root), known.path)).or_default().push(*index);
        }
    }
    same.retain(|_, stations| stations.len() > 1);
    if same.is_empty() {
        return;
    }
    let identities = identities(gathered, sets);
    let blank = Identity::default();
    for stations in same.into_values() {
        let devices: BTreeSet<_> = stations.iter().map(|index| sets.find(*index)).collect();
        let of = |device: &usize| identities.get(device).map_or(&blank, Cow::as_ref);
        let differ = devices
            .iter()
            .any(|left| devices.iter().any(|right| of(left).contradiction(of(right)).is_some()));
        if !differ {
            stations.iter().skip(1).for_each(|station| {
                sets.join(*station, stations.first().copied().unwrap_or(*station));
            });
        }
    }
}
