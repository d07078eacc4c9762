//! Pairs that state nothing of each other: their makers give the two of a pair addresses and names by a plan.
//!
//! Which product speaks is a guess by the port, and that the plan of its maker was kept is another one: such a pair is a
//! group with its reason in words, and nothing is joined by it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use observation::attribute;

use crate::guesses::candidates;
use crate::model::{Asset, AssetEnd, Conversation, GroupKind};

/// Controllers and servers of Experion, by the name of their ports in the table.
const EXPERION: &str = "Honeywell Experion CDA";

/// Stations on the control bus of CENTUM and `ProSafe`, by the name of their ports in the table.
const VNET: &str = "Yokogawa Vnet/IP";

/// Hosts of a network of Vnet/IP that are stations of the control bus (Yokogawa TI 30A10A05-01E, "Host address").
const VNET_HOSTS: std::ops::RangeInclusive<u8> = 2..=129;

/// Two assets that a plan makes a pair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) kind: GroupKind,
    pub(crate) name: String,
    pub(crate) members: [usize; 2],
    pub(crate) reason: String,
}

/// The pairs of one site.
pub(crate) fn pairs(assets: &[Asset], conversations: &[Conversation]) -> Vec<Pair> {
    let mut found = experion_servers(assets);
    found.extend(experion_controllers(assets));
    found.extend(vnet_buses(assets, conversations));
    found
}

/// Servers of Experion: the names of both are one name with an A and with a B behind it (Honeywell, Experion LX planning
/// guide, "Servers": the last character of the name is reserved for the suffix of redundant servers).
fn experion_servers(assets: &[Asset]) -> Vec<Pair> {
    let mut named: BTreeMap<(String, char), Vec<usize>> = BTreeMap::new();
    for (index, asset) in assets.iter().enumerate().filter(|(_, asset)| serves(asset, EXPERION)) {
        let Some(name) = winner(asset, attribute::HOSTNAME) else { continue };
        let mut name = name.to_uppercase();
        if let Some(suffix @ ('A' | 'B')) = name.pop() {
            named.entry((name, suffix)).or_default().push(index);
        }
    }
    let one = |name: &str, suffix| match named.get(&(name.to_owned(), suffix)).map(Vec::as_slice) {
        Some([index]) => Some(*index),
        _ => None,
    };
    let names: BTreeSet<&String> = named.keys().map(|(name, _)| name).collect();
    let pair = |name: &String| {
        let members = [one(name, 'A')?, one(name, 'B')?];
        let reason = format!(
            "answers on ports customary for {EXPERION}, and the names {name}A and {name}B are those of redundant servers there"
        );
        Some(Pair { kind: GroupKind::RedundantServers, name: name.clone(), members, reason })
    };
    names.into_iter().filter_map(pair).collect()
}

/// C300 controllers of Experion: the address of each is that of its network plus the index of the device, and of a pair
/// one index is odd and the other the next one (Honeywell, Series 8 C300 Controller User's Guide, "Device Index rules").
/// Computers of Experion serve the same ports and say their names.
fn experion_controllers(assets: &[Asset]) -> Vec<Pair> {
    let is_controller = |asset: &Asset| {
        serves(asset, EXPERION)
            && [attribute::HOSTNAME, attribute::OS].iter().all(|name| winner(asset, name).is_none())
    };
    let at = by_address(assets.iter().enumerate().filter(|(_, asset)| is_controller(asset)));
    let mut found = Vec::new();
    let mut run: Vec<(Ipv4Addr, usize)> = Vec::new();
    let mut end_of = |run: &mut Vec<(Ipv4Addr, usize)>| {
        // In a longer row the pairs are clear only where all of it are pairs.
        let is_clear =
            run.first().is_some_and(|(ip, _)| ip.to_bits() % 2 == 1) && run.len().is_multiple_of(2);
        for two in run.chunks_exact(2).filter(|_| is_clear) {
            if let [(first, one), (second, other)] = *two {
                let reason = format!(
                    "{first} and {second} answer on ports customary for {EXPERION}, and the two controllers of a pair have an odd device index and the next"
                );
                let (kind, name) = (GroupKind::RedundantControllers, format!("{first}, {second}"));
                found.push(Pair { kind, name, members: [one, other], reason });
            }
        }
        run.clear();
    };
    for (ip, index) in at {
        let is_next = run.last().is_none_or(|(last, of)| {
            last.to_bits().checked_add(1) == Some(ip.to_bits())
                && last.octets()[..3] == ip.octets()[..3]
                && *of != index
        });
        if !is_next {
            end_of(&mut run);
        }
        run.push((ip, index));
    }
    end_of(&mut run);
    found
}

/// The buses of Vnet/IP: domain d has the networks 192.168.d.0 and 192.168.(128 + d).0, and a station has the same host
/// address in both. (Hosts: TI 30A10A05-01E; the networks are written down from memory of that document's defaults.)
/// Whether the two are the cards of one processor or of its stand-in, the wire does not say: they stay two.
fn vnet_buses(assets: &[Asset], conversations: &[Conversation]) -> Vec<Pair> {
    let mut speakers = BTreeSet::new();
    for conversation in conversations {
        let names = candidates(&conversation.protocol, conversation.transport, conversation.port);
        if !names.iter().any(|guess| guess.name == VNET) {
            continue;
        }
        for (end, frames) in [&conversation.client, &conversation.server].into_iter().zip(conversation.frames)
        {
            if let AssetEnd::Asset(index) = end
                && frames > 0
            {
                speakers.insert(*index);
            }
        }
    }
    let at = by_address(speakers.into_iter().filter_map(|index| Some((index, assets.get(index)?))));
    let mut found = Vec::new();
    for (ip, one) in &at {
        let [192, 168, domain @ 0..128, host] = ip.octets() else { continue };
        let partner = Ipv4Addr::new(192, 168, domain.saturating_add(128), host);
        if let Some(other) = at.get(&partner).filter(|other| *other != one && VNET_HOSTS.contains(&host)) {
            let reason = format!(
                "{ip} and {partner} speak on ports customary for {VNET}, and are one host of domain {domain} on bus 1 and bus 2"
            );
            let (kind, name) = (GroupKind::RedundantNetworks, format!("{ip}, {partner}"));
            found.push(Pair { kind, name, members: [*one, *other], reason });
        }
    }
    found
}

/// True if it answered on a port that is customary for the product.
fn serves(asset: &Asset, product: &str) -> bool {
    asset.services.iter().any(|service| {
        let names = candidates(&service.protocol, service.transport, service.port);
        names.iter().any(|guess| guess.name == product)
    })
}

/// Assets by their IPv4 addresses, without those that several have.
fn by_address<'a>(assets: impl Iterator<Item = (usize, &'a Asset)>) -> BTreeMap<Ipv4Addr, usize> {
    let mut all: BTreeMap<Ipv4Addr, BTreeSet<usize>> = BTreeMap::new();
    for (index, asset) in assets {
        for ip in asset.stations.iter().flat_map(|station| &station.ips) {
            if let IpAddr::V4(ip) = ip {
                all.entry(*ip).or_default().insert(index);
            }
        }
    }
    let only = |(ip, indices): (Ipv4Addr, BTreeSet<usize>)| {
        let first = indices.first().copied().filter(|_| indices.len() == 1)?;
        Some((ip, first))
    };
    all.into_iter().filter_map(only).collect()
}

fn winner<'a>(asset: &'a Asset, name: &str) -> Option<&'a str> {
    asset.attributes.get(name)?.first().map(|candidate| candidate.value.as_str())
}
