//! Findings about access from afar, and what was engineered in it: sessions with machines of the plant, and portals that
//! machines of the plant call.

use std::collections::{BTreeMap, BTreeSet};

use observation::{Evidence, Service, ServiceKind, Time};

use super::{FindingKind, Writer, assets_of, places};
use crate::changes::words::moment;
use crate::destinations::CALLED;
use crate::model::{AssetEnd, Finding, Severity};
use crate::roles::list;
use crate::rules::exposure::{AFTER_SESSION, remote_access};
use crate::rules::operations::is_engineering;
use crate::span::{Span, extend};

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// A session of remote access on one day of one capture.
#[derive(Clone, Copy)]
struct Session {
    first: Time,
    last: Time,
}

/// What somebody engineered on one day: by whom, what, when, and where to see it.
struct Engineered<'a> {
    first: Time,
    last: Time,
    server: usize,
    name: &'a str,
    protocol: &'a str,
    capture: &'a str,
    evidence: &'a Evidence,
}

/// What was engineered in sessions: in words, and where to see it.
struct Done<'a> {
    operations: Vec<String>,
    evidence: BTreeSet<(&'a str, &'a Evidence)>,
}

/// By who asked for it.
type ByClient<'a> = BTreeMap<AssetEnd, Vec<Engineered<'a>>>;

/// How a portal was called.
#[derive(Default)]
struct Portal<'a> {
    sessions: Vec<Session>,
    /// The hosts that were called.
    hosts: BTreeSet<&'a str>,
    /// Days of captures on which any was.
    days: BTreeSet<(&'a str, i64)>,
}

/// When conversations with the outside end, by the station that asks: for each beginning, the latest end of all that had
/// begun by then.
type Open = BTreeMap<usize, Vec<(Time, Time)>>;

/// Portals by the asset that calls them and the name of the service.
type Portals<'a> = BTreeMap<(usize, &'static str), Portal<'a>>;

impl<'a> Writer<'_, '_, 'a> {
    /// Sessions of remote access, one finding per pair and protocol, with what the machine that was reached engineered
    /// in them or within a shift after.
    pub(super) fn remote_access(&self) -> Vec<Finding> {
        let talks = &self.context.gathered.talks;
        let mut sessions: BTreeMap<(AssetEnd, AssetEnd, &'a str), Vec<Session>> = BTreeMap::new();
        for talk in talks {
            let (protocol, frames) = (talk.conversation.key.protocol.as_ref(), talk.conversation.frames);
            if remote_access(protocol).is_some() && frames.iter().all(|frames| *frames > 0) {
                let key = (self.end_of(talk.client), self.end_of(talk.server), protocol);
                let sighting = talk.conversation.sighting;
                let session = Session { first: sighting.first, last: sighting.last };
                sessions.entry(key).or_default().push(session);
            }
        }
        if sessions.is_empty() {
            return Vec::new();
        }
        let engineered = self.engineered();
        let finding = |((client, server, protocol), sessions): ((AssetEnd, AssetEnd, &str), Vec<Session>)| {
            let is_ends = |end: &AssetEnd| matches!(end, AssetEnd::Asset(_) | AssetEnd::External(_));
            if !is_ends(&client) || !is_ends(&server) || assets_of([&client, &server]).is_empty() {
                return None;
            }
            // Through a tunnel either end may be the one that is worked on.
            let targets = [&server, &client].into_iter().filter(|end| matches!(end, AssetEnd::Asset(_)));
            let is_tunnel = remote_access(protocol).is_some_and(|called| called.starts_with("VPN"));
            let targets = targets.take(if is_tunnel { 2 } else { 1 });
            let Done { operations, evidence } = self.done(&sessions, targets, &engineered);
            let outside = [&client, &server].into_iter().any(|end| matches!(end, AssetEnd::External(_)));
            let severity = match (outside, operations.is_empty()) {
                (_, false) | (true, _) => Severity::Warning,
                (false, true) => Severity::Notice,
            };
            let mut span = None;
            for session in &sessions {
                extend(&mut span, Span { first: session.first, last: session.last, count: 1 });
            }
            let during = during(operations);
            let called = remote_access(protocol).unwrap_or(protocol);
            let text = format!("{} reaches {} by {called}; {during}", self.end(&client), self.end(&server));
            let mut finding = self.finding(FindingKind::RemoteAccess, severity, text, span);
            finding.evidence = places(evidence);
            Some(self.keyed(finding, protocol.to_owned(), [&client, &server]))
        };
        sessions.into_iter().filter_map(finding).collect()
    }

    /// Portals for access from afar that machines of the plant call, one finding per machine and service: whoever is
    /// behind the portal works on that machine, and through it.
    pub(super) fn portals(&self) -> Vec<Finding> {
        let mut portals: Portals<'a> = BTreeMap::new();
        let mut open = None;
        for (index, known) in self.context.gathered.stations.iter().enumerate() {
            let Some(asset) = self.context.devices.asset_of(index) else { continue };
            for said in known.facts.iter().filter(|said| CALLED.contains(&said.fact.attribute.as_ref())) {
                let service = Service::of_host(&said.fact.value);
                let Some(service) = service.filter(|service| service.kind == ServiceKind::RemoteAccess)
                else {
                    continue;
                };
                let sighting = said.fact.sighting;
                let portal: &mut Portal<'a> = portals.entry((asset, service.name)).or_default();
                let open = open.get_or_insert_with(|| self.open());
                portal.sessions.push(Session {
                    first: sighting.first,
                    last: open_until(open, index, sighting.first).max(sighting.last),
                });
                portal.hosts.insert(&said.fact.value);
                portal.days.insert((said.capture, sighting.first.0.div_euclid(NANOS_PER_DAY)));
            }
        }
        if portals.is_empty() {
            return Vec::new();
        }
        let engineered = self.engineered();
        let finding = |((asset, service), portal): ((usize, &str), Portal<'_>)| {
            let Portal { sessions, hosts, days } = portal;
            let end = AssetEnd::Asset(asset);
            let Done { operations, evidence } = self.done(&sessions, std::iter::once(&end), &engineered);
            let mut span = None;
            for session in &sessions {
                extend(&mut span, Span { first: session.first, last: session.last, count: 1 });
            }
            // What is called by many names on a day is one session, as it is by one.
            if let Some(span) = &mut span {
                span.count = u64::try_from(days.len()).unwrap_or(u64::MAX);
            }
            let text = format!(
                "{} calls {service} ({}), a portal through which it is reached from outside; {}",
                self.end(&end),
                list(hosts.into_iter().map(str::to_owned)),
                during(operations)
            );
            let mut finding = self.finding(FindingKind::RemoteAccess, Severity::Warning, text, span);
            finding.evidence = places(evidence);
            self.keyed(finding, format!("portal {service}"), [&end])
        };
        portals.into_iter().map(finding).collect()
    }

    /// The conversations with the outside.
    fn open(&self) -> Open {
        let mut open: Open = BTreeMap::new();
        for talk in &self.context.gathered.talks {
            if matches!(self.end_of(talk.server), AssetEnd::External(_)) {
                let sighting = talk.conversation.sighting;
                open.entry(talk.client).or_default().push((sighting.first, sighting.last));
            }
        }
        for talks in open.values_mut() {
            talks.sort_unstable();
            let mut latest = Time(i64::MIN);
            for (_, last) in talks {
                latest = latest.max(*last);
                *last = latest;
            }
        }
        open
    }

    /// Everything that was engineered, by who asked for it.
    fn engineered(&self) -> ByClient<'a> {
        let mut engineered: ByClient<'a> = BTreeMap::new();
        for talk in &self.context.gathered.talks {
            for seen in &talk.conversation.operations {
                let protocol = talk.conversation.key.protocol.as_ref();
                if is_engineering(protocol, seen.kind, &seen.name) {
                    engineered.entry(self.end_of(talk.client)).or_default().push(Engineered {
                        first: seen.sighting.first,
                        last: seen.sighting.last,
                        server: talk.server,
                        name: &seen.name,
                        protocol,
                        capture: talk.capture,
                        evidence: &seen.evidence,
                    });
                }
            }
        }
        engineered
    }

    /// What these machines engineered in the sessions, or within a shift after.
    fn done<'e>(
        &self,
        sessions: &[Session],
        targets: impl Iterator<Item = &'e AssetEnd>,
        engineered: &ByClient<'a>,
    ) -> Done<'a> {
        let sessions = united(sessions);
        let mut first: BTreeMap<(AssetEnd, &str, &str), Time> = BTreeMap::new();
        let mut evidence = BTreeSet::new();
        for one in targets.filter_map(|target| engineered.get(target)).flatten() {
            let within = sessions.iter().any(|session| {
                one.first.0 <= session.last.0.saturating_add(AFTER_SESSION) && one.last >= session.first
            });
            if within {
                let known =
                    first.entry((self.end_of(one.server), one.protocol, one.name)).or_insert(one.first);
                *known = (*known).min(one.first);
                evidence.insert((one.capture, one.evidence));
            }
        }
        let operation = |((end, protocol, name), time): (&(AssetEnd, &str, &str), &Time)| {
            format!("{name} on {} by {protocol} at {}", self.end(end), moment(*time))
        };
        Done { operations: first.iter().map(operation).collect(), evidence }
    }
}

/// The last moment of the conversations with the outside that a station had open at a moment: a name is called once, at
/// the beginning, and the session goes on.
fn open_until(open: &Open, station: usize, time: Time) -> Time {
    let talks = open.get(&station).map_or(&[][..], Vec::as_slice);
    let begun = talks.partition_point(|(first, _)| *first <= time);
    let last = begun.checked_sub(1).and_then(|at| talks.get(at));
    last.map_or(time, |(_, last)| (*last).max(time))
}

/// Sessions in the order of time, those that begin within a shift after another as one with it.
fn united(sessions: &[Session]) -> Vec<Session> {
    let mut sorted: Vec<Session> = sessions.to_vec();
    sorted.sort_by_key(|session| (session.first, session.last));
    let mut united: Vec<Session> = Vec::new();
    for session in sorted {
        match united.last_mut() {
            Some(before) if session.first.0 <= before.last.0.saturating_add(AFTER_SESSION) => {
                before.last = before.last.max(session.last);
            }
            _ => united.push(session),
        }
    }
    united
}

/// What was engineered, in words.
fn during(operations: Vec<String>) -> String {
    match operations.len() {
        0 => "no engineering was seen in or after it".to_owned(),
        _ => format!("in it or within a shift after: {}", list(operations.into_iter())),
    }
}
