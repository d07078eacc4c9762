//! One asset for the responder: what was seen of it when, and whom it talked to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use inventory::{AssetEnd, Snapshot};
use observation::{OperationKind, Time};
use serde::Serialize;

use super::{Wanted, end_name};
use crate::csv::{CsvOptions, write_table};
use crate::error::Result;
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

/// Name and major version of the document.
const SCHEMA: &str = "tapledger.timeline/1";

/// A timeline of one asset and its peers; every text is safe to show.
#[derive(Debug, Serialize)]
pub struct Summary {
    schema: &'static str,
    asset: String,
    name: String,
    site: String,
    from: Option<String>,
    to: Option<String>,
    timeline: Vec<Event>,
    peers: Vec<Peer>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Event {
    at: String,
    kind: &'static str,
    what: String,
}

#[derive(Debug, Serialize)]
struct Peer {
    peer: String,
    direction: &'static str,
    protocol: String,
    transport: &'static str,
    port: u16,
    frames: [u64; 2],
    octets: [u64; 2],
    operations: BTreeMap<&'static str, u64>,
    first: String,
    last: String,
}

impl Summary {
    /// Writes the timeline as CSV, a line for each event.
    ///
    /// # Errors
    ///
    /// Fails if `writer` does.
    pub fn write_timeline(&self, writer: impl Write) -> Result<()> {
        let rows = self
            .timeline
            .iter()
            .map(|event| vec![event.at.clone(), event.kind.to_owned(), event.what.clone()]);
        write_table(&["time", "kind", "what"], rows, writer, &CsvOptions::default())
    }

    /// Writes the peers as CSV, a line for each conversation.
    ///
    /// # Errors
    ///
    /// Fails if `writer` does.
    pub fn write_peers(&self, writer: impl Write) -> Result<()> {
        let mut heads = vec!["peer", "direction", "protocol", "transport", "port", "first", "last"];
        heads.extend([
            "frames_from_client",
            "frames_from_server",
            "octets_from_client",
            "octets_from_server",
        ]);
        heads.extend(OperationKind::ALL.map(OperationKind::as_str));
        let rows = self.peers.iter().map(|peer| {
            let own = [peer.peer.as_str(), peer.direction, peer.protocol.as_str(), peer.transport]
                .map(str::to_owned);
            let times = [peer.port.to_string(), peer.first.clone(), peer.last.clone()];
            let counts = peer.frames.into_iter().chain(peer.octets);
            let operations =
                OperationKind::ALL.map(|kind| peer.operations.get(kind.as_str()).copied().unwrap_or(0));
            let counts = counts.chain(operations).map(|count| count.to_string());
            own.into_iter().chain(times).chain(counts).collect()
        });
        write_table(&heads, rows, writer, &CsvOptions::default())
    }

    /// As plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{} (asset {}), site {}\n\ntimeline\n", self.name, self.asset, self.site);
        for event in &self.timeline {
            let _ = writeln!(text, "  {:32} {}", event.at, event.what);
        }
        text.push_str("\npeers\n");
        for peer in &self.peers {
            let operations: Vec<String> = peer
                .operations
                .iter()
                .filter(|(_, count)| **count > 0)
                .map(|(kind, count)| format!("{kind} {count}"))
                .collect();
            let _ = writeln!(
                text,
                "  {} {} by {} ({}/{}), {} to {}: frames {} / {}, octets {} / {}{}{}",
                peer.direction,
                peer.peer,
                peer.protocol,
                peer.port,
                peer.transport,
                peer.first,
                peer.last,
                peer.frames[0],
                peer.frames[1],
                peer.octets[0],
                peer.octets[1],
                if operations.is_empty() { "" } else { "; " },
                operations.join(", "),
            );
        }
        text
    }
}

/// What was seen of an asset in the time that is asked for: values first and last, conversations, operations that
/// change something, findings, changes; and its peers whose conversations reach into that time. Counters are of the whole
/// conversation. Nothing if there is no such asset.
///
/// # Errors
///
/// Fails if the snapshot refers to assets that it does not hold.
pub fn summary(snapshot: &Snapshot, id: &str, wanted: &Wanted) -> Result<Option<Summary>> {
    let sorted = Sorted::new(snapshot)?;
    let Some(asset) = sorted.asset(id) else { return Ok(None) };
    let mut events = Events { wanted, list: Vec::new() };
    for (name, candidates) in &asset.attributes {
        for candidate in candidates {
            let value = format!(
                "{name} \"{}\", {} by {}",
                candidate.value,
                candidate.basis.as_str(),
                candidate.protocol
            );
            events.span("value", candidate.first, candidate.last, &value);
        }
    }
    let mut peers = Vec::new();
    for conversation in &sorted.conversations {
        let is = |end: &AssetEnd| matches!(end, AssetEnd::Asset(index) if sorted.id(*index) == id);
        let (direction, peer) = match (is(&conversation.client), is(&conversation.server)) {
            (true, _) => ("asks", &conversation.server),
            (_, true) => ("answers", &conversation.client),
            _ => continue,
        };
        if wanted.from.is_some_and(|from| conversation.last < from)
            || wanted.to.is_some_and(|to| conversation.first > to)
        {
            continue;
        }
        let peer = end_name(&sorted, peer);
        events.span(
            "conversation",
            conversation.first,
            conversation.last,
            &format!("{direction} {peer} by {}", conversation.protocol),
        );
        for (_, operation) in &conversation.named {
            let changes = matches!(
                operation.kind,
                OperationKind::Write | OperationKind::Program | OperationKind::Control
            );
            if changes {
                let what = format!(
                    "{direction} {peer}: {} \"{}\", {} times",
                    operation.kind.as_str(),
                    operation.name,
                    operation.sighting.count
                );
                events.span("operation", operation.sighting.first, operation.sighting.last, &what);
            }
        }
        peers.push(Peer {
            peer: safe_text(&peer).into_owned(),
            direction,
            protocol: safe_text(&conversation.protocol).into_owned(),
            transport: conversation.transport.as_str(),
            port: conversation.port,
            frames: conversation.frames,
            octets: conversation.octets,
            operations: conversation.operations.clone(),
            first: rfc3339(conversation.first),
            last: rfc3339(conversation.last),
        });
    }
    for finding in &sorted.findings {
        if let Some(at) = finding.first.filter(|_| finding.assets.iter().any(|index| sorted.id(*index) == id))
        {
            let what = format!("finding ({}): {}", finding.severity.as_str(), finding.text);
            events.span("finding", at, finding.last.unwrap_or(at), &what);
        }
    }
    for change in &sorted.changes {
        let peer = match &change.peer {
            Some(AssetEnd::Asset(index)) => Some(*index),
            _ => None,
        };
        if [change.asset, peer].into_iter().flatten().any(|index| sorted.id(index) == id) {
            let learned = if change.learned { " (within the learning period)" } else { "" };
            let what = format!("{}{learned}", change.text(&snapshot.inventory.assets));
            events.at("change", change.time, safe_text(&what).into_owned());
        }
    }
    events.list.sort();
    events.list.dedup();
    Ok(Some(Summary {
        schema: SCHEMA,
        asset: id.to_owned(),
        name: safe_text(&asset.name).into_owned(),
        site: safe_text(&asset.site).into_owned(),
        from: wanted.from.map(rfc3339),
        to: wanted.to.map(rfc3339),
        timeline: events.list.into_iter().map(|(_, event)| event).collect(),
        peers,
    }))
}

struct Events<'w> {
    wanted: &'w Wanted,
    list: Vec<(Time, Event)>,
}

impl Events<'_> {
    /// The first and the last time of something, as far as they are asked for.
    fn span(&mut self, kind: &'static str, first: Time, last: Time, what: &str) {
        let what = safe_text(what);
        self.at(kind, first, format!("first: {what}"));
        if last != first {
            self.at(kind, last, format!("last: {what}"));
        }
    }

    fn at(&mut self, kind: &'static str, at: Time, what: String) {
        if self.wanted.holds_time(at) {
            self.list.push((at, Event { at: rfc3339(at), kind, what }));
        }
    }
}
