//! Who began to talk with whom, who began to answer, and who began to write, program and control.

use std::collections::{BTreeMap, BTreeSet};

use observation::{Day, Evidence, OperationKind, Time, Transport, number_of};

use super::model::{Change, ChangeKind};
use super::{Writer, place};
use crate::gather::Talk;
use crate::model::AssetEnd;
use crate::roles::list;
use crate::rules::changes::PEERS_A_DAY_MAX;
use crate::rules::operations::{UNRECOGNISED, is_industrial};

/// The first time of something: when, in which capture, and where. The smallest is the first.
type First<'a> = (Time, &'a str, Option<&'a Evidence>);

/// What a conversation is spoken in.
type Service<'a> = (&'a str, Transport, u16);

/// Operations that are worth telling the first time of.
const KINDS: [(OperationKind, ChangeKind); 3] = [
    (OperationKind::Write, ChangeKind::FirstWrite),
    (OperationKind::Program, ChangeKind::FirstProgram),
    (OperationKind::Control, ChangeKind::FirstControl),
];

/// First times by who and what.
#[derive(Default)]
struct Firsts<'a> {
    /// By station of the client and of the server.
    contacts: BTreeMap<(usize, usize), BTreeMap<Service<'a>, First<'a>>>,
    /// By station of the server.
    services: BTreeMap<usize, BTreeMap<Service<'a>, First<'a>>>,
    /// By stations and kind, with protocol and name.
    operations: BTreeMap<(usize, usize, OperationKind), (First<'a>, &'a str, &'a str)>,
}

impl<'a> Firsts<'a> {
    fn add(&mut self, talk: &Talk<'a>) {
        let conversation = talk.conversation;
        let key = &conversation.key;
        let service: Service<'a> = (&key.protocol, key.transport, key.port);
        let evidence = conversation
            .operations
            .iter()
            .min_by_key(|seen| (seen.sighting.first, &seen.evidence))
            .filter(|seen| seen.sighting.first.day() == conversation.sighting.first.day())
            .map(|seen| &seen.evidence);
        let first = (conversation.sighting.first, talk.capture, evidence);
        let ends = self.contacts.entry((talk.client, talk.server)).or_default();
        ends.entry(service).and_modify(|known| *known = (*known).min(first)).or_insert(first);
        // As in the list of services: where only the port says who serves, it may be the other way round.
        let answers = conversation.frames[1] > 0
            && matches!(key.transport, Transport::Tcp | Transport::Udp)
            && (conversation.oriented || !UNRECOGNISED.contains(&key.protocol.as_ref()));
        if answers {
            let services = self.services.entry(talk.server).or_default();
            services.entry(service).and_modify(|known| *known = (*known).min(first)).or_insert(first);
        }
        for seen in &conversation.operations {
            if KINDS.iter().any(|(kind, _)| *kind == seen.kind) {
                let one = (
                    (seen.sighting.first, talk.capture, Some(&seen.evidence)),
                    key.protocol.as_ref(),
                    seen.name.as_ref(),
                );
                let known = self.operations.entry((talk.client, talk.server, seen.kind)).or_insert(one);
                *known = (*known).min(one);
            }
        }
    }
}

/// A first contact of two ends, before it is known how many there are on one day.
struct Contact<'a> {
    first: First<'a>,
    client: AssetEnd,
    server: AssetEnd,
    kind: ChangeKind,
    services: Vec<Service<'a>>,
}

impl<'a> Writer<'_, '_, 'a> {
    pub(super) fn contacts(&self) -> Vec<Change> {
        let mut firsts = Firsts::default();
        self.context.gathered.talks.iter().for_each(|talk| firsts.add(talk));
        let mut changes = self.peers(&firsts);
        changes.extend(self.services(&firsts));
        changes.extend(self.operations(&firsts));
        changes
    }

    fn end(&self, station: usize) -> AssetEnd {
        self.context.devices.end(self.context.gathered, station)
    }

    fn peers(&self, firsts: &Firsts<'a>) -> Vec<Change> {
        let mut pairs: BTreeMap<(AssetEnd, AssetEnd), BTreeMap<Service<'a>, First<'a>>> = BTreeMap::new();
        for ((client, server), services) in &firsts.contacts {
            let pair = pairs.entry((self.end(*client), self.end(*server))).or_default();
            for (service, first) in services {
                pair.entry(*service).and_modify(|known| *known = (*known).min(*first)).or_insert(*first);
            }
        }
        // Who asked first does not matter for who knows whom.
        let mut met: BTreeMap<(&AssetEnd, &AssetEnd), First<'a>> = BTreeMap::new();
        for ((client, server), services) in &pairs {
            let Some(first) = services.values().min() else { continue };
            let both = (client.min(server), client.max(server));
            met.entry(both).and_modify(|known| *known = (*known).min(*first)).or_insert(*first);
        }
        let mut contacts: Vec<Contact<'a>> = Vec::new();
        for ((client, server), services) in &pairs {
            let is_told = |service: &Service<'_>| match server {
                AssetEnd::Asset(_) | AssetEnd::External(_) => true,
                AssetEnd::Group(_) => is_industrial(service.0),
                AssetEnd::Silent(_) => false,
            };
            if matches!(client, AssetEnd::Group(_) | AssetEnd::Silent(_)) || client == server {
                continue;
            }
            let known = met.get(&(client.min(server), client.max(server))).copied();
            // Services that began at the same moment are one contact.
            let mut by_time: BTreeMap<Time, (First<'a>, Vec<Service<'a>>)> = BTreeMap::new();
            for (service, first) in services.iter().filter(|(service, _)| is_told(service)) {
                let (earliest, services) = by_time.entry(first.0).or_insert((*first, Vec::new()));
                *earliest = (*earliest).min(*first);
                services.push(*service);
            }
            for (first, services) in by_time.into_values() {
                let is_new = known.is_none_or(|known| first.0 <= known.0);
                let kind = if is_new { ChangeKind::NewPeer } else { ChangeKind::NewConversation };
                contacts.push(Contact {
                    first,
                    client: client.clone(),
                    server: server.clone(),
                    kind,
                    services,
                });
            }
        }
        let mut days: BTreeMap<(AssetEnd, ChangeKind, Day), Vec<Contact<'a>>> = BTreeMap::new();
        for contact in contacts {
            let key = (contact.client.clone(), contact.kind, contact.first.0.day());
            days.entry(key).or_default().push(contact);
        }
        let mut changes = Vec::new();
        for ((client, kind, _), contacts) in days {
            if contacts.len() > PEERS_A_DAY_MAX {
                changes.extend(self.many(&client, kind, &contacts));
            } else {
                changes.extend(contacts.into_iter().map(|contact| self.contact(contact)));
            }
        }
        changes
    }

    fn contact(&self, contact: Contact<'a>) -> Change {
        let (time, capture, evidence) = contact.first;
        // The asset is the one of the plant; the peer the other.
        let (asset, peer) = match (&contact.client, &contact.server) {
            (AssetEnd::Asset(client), _) => (Some(*client), contact.server),
            (_, AssetEnd::Asset(server)) => (Some(*server), contact.client),
            _ => (None, contact.server),
        };
        Change {
            asset,
            peer: Some(peer),
            after: Some(contact.services.iter().map(in_words).collect::<Vec<_>>().join(", ")),
            evidence: vec![place(capture, evidence)],
            ..self.change(contact.kind, time, capture)
        }
    }

    /// A client that turns to many on one day is one change.
    fn many(&self, client: &AssetEnd, kind: ChangeKind, contacts: &[Contact<'a>]) -> Option<Change> {
        let (time, capture, evidence) = contacts.iter().map(|contact| contact.first).min()?;
        let services: BTreeSet<String> =
            contacts.iter().flat_map(|contact| &contact.services).map(in_words).collect();
        let peers: BTreeSet<&AssetEnd> = contacts.iter().map(|contact| &contact.server).collect();
        let number = number_of(peers.len(), "peer");
        let after = format!("{number} on one day, by {}", list(services.into_iter()));
        let (asset, peer) = match client {
            AssetEnd::Asset(asset) => (Some(*asset), None),
            other => (None, Some(other.clone())),
        };
        Some(Change {
            asset,
            peer,
            after: Some(after),
            evidence: vec![place(capture, evidence)],
            ..self.change(kind, time, capture)
        })
    }

    fn services(&self, firsts: &Firsts<'a>) -> Vec<Change> {
        let mut assets: BTreeMap<(usize, Service<'a>), First<'a>> = BTreeMap::new();
        for (station, services) in &firsts.services {
            let Some(asset) = self.context.devices.asset_of(*station) else { continue };
            for (service, first) in services {
                assets
                    .entry((asset, *service))
                    .and_modify(|known| *known = (*known).min(*first))
                    .or_insert(*first);
            }
        }
        let change =
            |((asset, service), (time, capture, evidence)): ((usize, Service<'a>), First<'a>)| Change {
                asset: Some(asset),
                after: Some(in_words(&service)),
                evidence: vec![place(capture, evidence)],
                ..self.change(ChangeKind::NewService, time, capture)
            };
        assets.into_iter().map(change).collect()
    }

    fn operations(&self, firsts: &Firsts<'a>) -> Vec<Change> {
        type Seen<'a> = (First<'a>, &'a str, &'a str);
        let mut pairs: BTreeMap<(AssetEnd, AssetEnd, OperationKind), Seen<'a>> = BTreeMap::new();
        for ((client, server, kind), seen) in &firsts.operations {
            let key = (self.end(*client), self.end(*server), *kind);
            pairs.entry(key).and_modify(|known| *known = (*known).min(*seen)).or_insert(*seen);
        }
        let change = |((client, server, kind), (first, protocol, name)): (_, Seen<'a>)| {
            let (time, capture, evidence) = first;
            let kind =
                KINDS.iter().find(|(of, _)| *of == kind).map_or(ChangeKind::FirstWrite, |(_, kind)| *kind);
            let (asset, peer) = match (&client, &server) {
                (AssetEnd::Asset(asset), _) => (Some(*asset), server),
                _ => (None, server),
            };
            let subject = if asset.is_none() { format!("by {}", outside(&client)) } else { String::new() };
            Change {
                asset,
                peer: Some(peer),
                subject,
                after: Some(format!("{name} ({protocol})")),
                evidence: vec![place(capture, evidence)],
                ..self.change(kind, time, capture)
            }
        };
        pairs.into_iter().map(change).collect()
    }
}

/// An end that is no asset.
fn outside(end: &AssetEnd) -> String {
    match end {
        AssetEnd::Asset(index) => index.to_string(),
        AssetEnd::External(ip) => format!("{ip} (outside)"),
        AssetEnd::Silent(ip) => format!("{ip} (silent)"),
        AssetEnd::Group(address) => format!("group {address}"),
    }
}

/// `modbus on tcp port 502`.
fn in_words((protocol, transport, port): &Service<'_>) -> String {
    match transport {
        Transport::Tcp | Transport::Udp => format!("{protocol} on {} port {port}", transport.as_str()),
        Transport::Ethernet | Transport::Ip => (*protocol).to_owned(),
    }
}
