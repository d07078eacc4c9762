//! Conversations between assets, and what assets offer and ask in them.

use std::collections::{BTreeMap, BTreeSet};

use observation::{OperationKind, OperationSeen, Transport};

use crate::devices::Devices;
use crate::gather::{Gathered, Talk};
use crate::model::{AssetEnd, Conversation, Service};
use crate::rules::nesting::STATION_NUMBERS;
use crate::rules::operations::UNRECOGNISED;
use crate::span::Span;

/// All conversations of a site, summed over captures and days, in order.
pub(crate) fn conversations(gathered: &Gathered<'_>, devices: &Devices) -> Vec<Conversation> {
    type Key<'a> = (AssetEnd, AssetEnd, &'a str, Transport, u16, Option<u16>);
    let mut sums: BTreeMap<Key<'_>, Sum<'_>> = BTreeMap::new();
    for talk in &gathered.talks {
        let key = &talk.conversation.key;
        let (client, server) = (devices.end(gathered, talk.client), devices.end(gathered, talk.server));
        let sum = sums.entry((client, server, &key.protocol, key.transport, key.port, key.vlan));
        sum.or_insert_with(|| Sum::new(talk)).add(talk);
    }
    let finished = sums.into_iter().map(|((client, server, protocol, transport, port, vlan), sum)| {
        let mut operations: BTreeMap<_, _> =
            OperationKind::ALL.into_iter().map(|kind| (kind.as_str(), 0_u64)).collect();
        for ((kind, _), (_, seen)) in &sum.named {
            let count = operations.entry(kind.as_str()).or_default();
            *count = count.saturating_add(seen.sighting.count);
        }
        Conversation {
            site: gathered.site.to_owned(),
            client,
            server,
            protocol: protocol.to_owned(),
            transport,
            port,
            vlan,
            frames: sum.frames,
            octets: sum.octets,
            first: sum.span.first,
            last: sum.span.last,
            operations,
            named: sum.named.into_values().map(|(capture, seen)| (capture.to_owned(), seen)).collect(),
        }
    });
    finished.collect()
}

/// What one conversation adds up to.
struct Sum<'a> {
    span: Span,
    frames: [u64; 2],
    octets: [u64; 2],
    named: BTreeMap<(OperationKind, &'a str), (&'a str, OperationSeen)>,
}

impl<'a> Sum<'a> {
    fn new(talk: &Talk<'a>) -> Self {
        Self {
            span: Span { count: 0, ..Span::of(&talk.conversation.sighting) },
            frames: [0; 2],
            octets: [0; 2],
            named: BTreeMap::new(),
        }
    }

    fn add(&mut self, talk: &Talk<'a>) {
        let conversation = talk.conversation;
        self.span.add(Span::of(&conversation.sighting));
        let add = |sums: &mut [u64; 2], counts: [u64; 2]| {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count))
        };
        add(&mut self.frames, conversation.frames);
        add(&mut self.octets, conversation.octets);
        for seen in &conversation.operations {
            match self.named.entry((seen.kind, seen.name.as_ref())) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert((talk.capture, seen.clone()));
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    let (capture, known) = entry.get_mut();
                    // The evidence is that of the earliest; ties go by what does not depend on order of reading.
                    if (seen.sighting.first, talk.capture, &seen.evidence)
                        < (known.sighting.first, *capture, &known.evidence)
                    {
                        *capture = talk.capture;
                        known.evidence = seen.evidence.clone();
                    }
                    let mut span = Span::of(&known.sighting);
                    span.add(Span::of(&seen.sighting));
                    known.sighting.first = span.first;
                    known.sighting.last = span.last;
                    known.sighting.count = span.count;
                    known.sighting.day = known.sighting.day.min(seen.sighting.day);
                }
            }
        }
    }
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
