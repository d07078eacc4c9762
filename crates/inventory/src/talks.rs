//! Conversations between assets, and what assets offer and ask in them.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use observation::{OperationKind, OperationSeen, Sighting, Transport};

use crate::devices::Devices;
use crate::gather::{Gathered, Talk};
use crate::model::{AssetEnd, Conversation, Operations, Service};
use crate::rules::nesting::STATION_NUMBERS;
use crate::rules::operations::UNRECOGNISED;
use crate::span::Span;

/// What tells conversations from each other, in their order, with ranks for what takes long to compare: those of the
/// client, the server and the protocol among all.
type Key = (usize, usize, usize, Transport, u16, Option<u16>);

/// All conversations of a site, summed over captures and days, in order.
pub(crate) fn conversations(gathered: &Gathered<'_>, devices: &Devices) -> Vec<Conversation> {
    let ends: Vec<AssetEnd> =
        (0..gathered.stations.len()).map(|station| devices.end(gathered, station)).collect();
    let ranks = ranks(&ends);
    let rank = |station: usize| ranks.get(station).copied().unwrap_or(usize::MAX);
    let mut protocols: Vec<&str> = Vec::new();
    let mut names: HashMap<&str, usize> = HashMap::default();
    for talk in &gathered.talks {
        names.entry(&talk.conversation.key.protocol).or_insert_with_key(|protocol| {
            protocols.push(protocol);
            0
        });
    }
    protocols.sort_unstable();
    names.extend(protocols.into_iter().zip(0..));
    let key = |talk: &Talk<'_>| {
        let key = &talk.conversation.key;
        let protocol = names.get(key.protocol.as_ref()).copied().unwrap_or(usize::MAX);
        (rank(talk.client), rank(talk.server), protocol, key.transport, key.port, key.vlan)
    };
    let mut keyed: Vec<(Key, &Talk<'_>)> = gathered.talks.iter().map(|talk| (key(talk), talk)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    let none: Operations = OperationKind::ALL.into_iter().map(|kind| (kind.as_str(), 0)).collect();
    let sum = |same: &[(Key, &Talk<'_>)]| {
        let talks = || same.iter().map(|(_, talk)| *talk);
        let first = talks().next()?;
        let (client, server) = (ends.get(first.client)?.clone(), ends.get(first.server)?.clone());
        let key = &first.conversation.key;
        let mut span = Span { count: 0, ..Span::of(&first.conversation.sighting) };
        let (mut frames, mut octets) = ([0; 2], [0; 2]);
        for conversation in talks().map(|talk| talk.conversation) {
            span.add(Span::of(&conversation.sighting));
            add(&mut frames, conversation.frames);
            add(&mut octets, conversation.octets);
        }
        let named = named(talks());
        let mut operations = none.clone();
        for (_, seen) in &named {
            let count = operations.entry(seen.kind.as_str()).or_default();
            *count = count.saturating_add(seen.sighting.count);
        }
        Some(Conversation {
            site: gathered.site.to_owned(),
            client,
            server,
            protocol: key.protocol.to_string(),
            transport: key.transport,
            port: key.port,
            vlan: key.vlan,
            frames,
            octets,
            first: span.first,
            last: span.last,
            operations,
            named,
        })
    };
    keyed.chunk_by(|(left, _), (right, _)| left == right).filter_map(sum).collect()
}

/// How often a kind of operation was asked for in a conversation of [`conversations`], as its `operations` say: what was
/// asked is little, and going through it is quicker than looking up a word.
pub(crate) fn count(conversation: &Conversation, kind: OperationKind) -> u64 {
    let of_kind = conversation.named.iter().filter(|(_, seen)| seen.kind == kind);
    of_kind.fold(0, |sum, (_, seen)| sum.saturating_add(seen.sighting.count))
}

/// The place of the end of each station among all ends; the same ends have the same place.
fn ranks(ends: &[AssetEnd]) -> Vec<usize> {
    let mut sorted: Vec<(&AssetEnd, usize)> = ends.iter().zip(0..).collect();
    sorted.sort_unstable();
    let mut ranks = vec![0; ends.len()];
    for (rank, same) in sorted.chunk_by(|(left, _), (right, _)| left == right).enumerate() {
        for (_, station) in same {
            ranks.get_mut(*station).into_iter().for_each(|of_station| *of_station = rank);
        }
    }
    ranks
}

fn add(sums: &mut [u64; 2], counts: [u64; 2]) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
}

/// What was asked in talks that are one conversation, by kind and name. The evidence is that of the earliest; ties go by
/// what does not depend on the order of reading.
fn named<'t, 'a: 't>(talks: impl Iterator<Item = &'t Talk<'a>>) -> Vec<(String, OperationSeen)> {
    fn name(seen: &OperationSeen) -> (OperationKind, &str) {
        (seen.kind, &seen.name)
    }
    let mut all: Vec<(&str, &OperationSeen)> =
        talks.flat_map(|talk| talk.conversation.operations.iter().map(|seen| (talk.capture, seen))).collect();
    // Each talk has them sorted like this.
    all.sort_by(|(_, left), (_, right)| name(left).cmp(&name(right)));
    let sum = |same: &[(&str, &OperationSeen)]| {
        let earliest =
            same.iter().min_by_key(|(capture, seen)| (seen.sighting.first, *capture, &seen.evidence));
        let (capture, seen) = earliest?;
        let mut sighting = Sighting { count: 0, ..seen.sighting };
        for (_, other) in same {
            sighting.day = sighting.day.min(other.sighting.day);
            sighting.first = sighting.first.min(other.sighting.first);
            sighting.last = sighting.last.max(other.sighting.last);
            sighting.count = sighting.count.saturating_add(other.sighting.count);
        }
        let seen = OperationSeen { sighting, ..OperationSeen::clone(seen) };
        Some(((*capture).to_owned(), seen))
    };
    all.chunk_by(|(_, left), (_, right)| name(left) == name(right)).filter_map(sum).collect()
}

/// What assets offer: ports that answered, by asset.
pub(crate) fn services(gathered: &Gathered<'_>, devices: &Devices) -> BTreeMap<usize, Vec<Service>> {
    type Ports<'a> = BTreeMap<(&'a str, Transport, u16), BTreeSet<usize>>;
    let mut answered: BTreeMap<usize, Ports<'_>> = BTreeMap::new();
    for talk in &gathered.talks {
        let conversation = talk.conversation;
        let key = &conversation.key;
        let is_service = match key.transport {
            // Where only the port says who serves, an unknown protocol is as well the other way round.
            Transport::Tcp | Transport::Udp => {
                conversation.oriented || !UNRECOGNISED.contains(&key.protocol.as_ref())
            }
            Transport::Ethernet | Transport::Ip => false,
        };
        if let Some(asset) = devices.asset_of(talk.server)
            && is_service
            && conversation.frames[1] > 0
        {
            answered
                .entry(asset)
                .or_default()
                .entry((&key.protocol, key.transport, key.port))
                .or_default()
                .insert(talk.server);
        }
    }
    let mut numbers: BTreeMap<(usize, &str), BTreeSet<u16>> = BTreeMap::new();
    for known in gathered.stations.iter().filter(|known| known.is_active()) {
        if let (Some(step), Some(root)) = (known.path.0.first(), gathered.root(known.address, known.lane))
            && let Ok(number) = step.value.parse()
        {
            numbers.entry((root, step.kind)).or_default().insert(number);
        }
    }
    let service = |(protocol, transport, port): (&str, Transport, u16), roots: BTreeSet<usize>| {
        let kind = STATION_NUMBERS.iter().find(|(of, _)| *of == protocol).map(|(_, kind)| *kind);
        let units: BTreeSet<u16> = kind
            .into_iter()
            .flat_map(|kind| {
                roots
                    .iter()
                    .filter_map(|root| numbers.get(&(*root, kind)))
                    .flatten()
                    .copied()
                    .collect::<Vec<_>>()
            })
            .collect();
        Service { protocol: protocol.to_owned(), transport, port, units: units.into_iter().collect() }
    };
    answered
        .into_iter()
        .map(|(asset, ports)| (asset, ports.into_iter().map(|(key, roots)| service(key, roots)).collect()))
        .collect()
}
