//! The sheets of communications, and of what comes from outside and from afar.

use std::collections::BTreeMap;
use std::net::IpAddr;

use inventory::policy::Crossing;
use inventory::{AssetEnd, Conversation, Finding};
use observation::{OperationKind, Transport};
use rust_xlsxwriter::XlsxError;

use super::assets::{Register, parts};
use super::columns::NO;
use super::page::{Cell, Head, Kind, Page, head};
use super::peers::REMOTE_ACCESS;
use super::words::shown;
use crate::order::Sorted;
use crate::reading::people;

fn heads() -> [Head; 16] {
    [
        head("Client", Kind::Text, 26),
        head("Server", Kind::Text, 26),
        head("Protocol", Kind::Text, 12),
        head("Transport", Kind::Text, 10),
        head("Port", Kind::Port, 8),
        head("VLAN", Kind::Port, 8),
        head("Functions", Kind::Text, 34),
        head("Writes", Kind::Number, 9),
        head("Programs", Kind::Number, 10),
        head("Controls", Kind::Number, 10),
        head("First (UTC)", Kind::Moment, 19),
        head("Last (UTC)", Kind::Moment, 19),
        head("Frames", Kind::Number, 10),
        head("Octets", Kind::Number, 12),
        head("Crosses zones", Kind::Text, 20),
        head("Site", Kind::Text, 12),
    ]
}

/// Sheet 5.
pub(super) fn communications(page: &mut Page<'_>, sorted: &Sorted<'_>) -> Result<(), XlsxError> {
    page.title("Communications")?;
    page.note("Who asked whom, by which protocol, and what was asked. The client is the end that asks. Counts are frames and octets of both directions; writes, programs and controls are operations.")?;
    let rows = sorted.conversations.iter().map(|conversation| row(sorted, conversation));
    page.only_table("Communications", &heads(), rows, "No conversation was observed.")
}

fn row(sorted: &Sorted<'_>, conversation: &Conversation) -> Vec<Cell> {
    let Conversation { client, server, frames, octets, operations, .. } = conversation;
    let number = |kind: OperationKind| Cell::count(operations.get(kind.as_str()).copied().unwrap_or(0));
    let sum = |both: &[u64; 2]| Cell::count(both[0].saturating_add(both[1]));
    let crossing = match sorted.crossing(conversation) {
        Crossing::Within => Cell::Blank("No"),
        crossing => Cell::Text(crossing.to_string()),
    };
    vec![
        Cell::Text(end(sorted, client)),
        Cell::Text(end(sorted, server)),
        Cell::Text(protocol(conversation)),
        Cell::Text(conversation.transport.as_str().to_owned()),
        port(conversation),
        conversation.vlan.map_or(Cell::Blank("Untagged"), |vlan| Cell::count(vlan.into())),
        Cell::text(functions(conversation), NO),
        number(OperationKind::Write),
        number(OperationKind::Program),
        number(OperationKind::Control),
        Cell::Moment(conversation.first),
        Cell::Moment(conversation.last),
        sum(frames),
        sum(octets),
        crossing,
        Cell::text(conversation.site.clone(), NO),
    ]
}

/// The protocol, and for one that was not recognised what its port is usually for.
fn protocol(conversation: &Conversation) -> String {
    let guess = inventory::guess_by_port(&conversation.protocol, conversation.transport, conversation.port);
    match guess {
        Some(guess) => format!("{} ({guess}?)", conversation.protocol),
        None => conversation.protocol.clone(),
    }
}

/// The port; of frames without IP the EtherType.
fn port(conversation: &Conversation) -> Cell {
    match (conversation.transport, conversation.port) {
        (_, 0) => Cell::Blank(NO),
        (Transport::Ethernet, number) => Cell::Text(format!("0x{number:04x}")),
        (_, number) => Cell::count(number.into()),
    }
}

/// `read holding registers 9`, by name.
fn functions(conversation: &Conversation) -> String {
    let mut counts: BTreeMap<(OperationKind, &str), u64> = BTreeMap::new();
    for (_, operation) in &conversation.named {
        let count = counts.entry((operation.kind, &operation.name)).or_default();
        *count = count.saturating_add(operation.sighting.count);
    }
    let told: Vec<String> = counts.iter().map(|((_, name), count)| format!("{name} {count}")).collect();
    parts(&told)
}

/// An end of a conversation, for people.
pub(super) fn end(sorted: &Sorted<'_>, end: &AssetEnd) -> String {
    match end {
        AssetEnd::Asset(index) => {
            let id = sorted.id(*index);
            sorted.asset(id).map(|asset| asset.name.clone()).unwrap_or_else(|| id.to_owned())
        }
        AssetEnd::External(ip) => format!("{ip} (outside)"),
        AssetEnd::Silent(ip) => format!("{ip} (never spoke)"),
        AssetEnd::Group(observation::Address::Ip(ip)) if ip.is_unspecified() => {
            format!("{ip} (no address yet)")
        }
        AssetEnd::Group(address) => format!("{address} (group)"),
    }
}

/// Sheet 6.
pub(super) fn outside(page: &mut Page<'_>, register: &Register<'_>) -> Result<(), XlsxError> {
    let sorted = register.sorted;
    page.title("External and remote access")?;
    page.note("Conversations with addresses outside the plant, and sessions by which somebody works from afar. \"Allowed\" is people's word from the asset register.")?;
    let heads = [
        head("Kind", Kind::Text, 16),
        head("Asset", Kind::Text, 28),
        head("Peer", Kind::Text, 30),
        head("Protocol", Kind::Text, 14),
        head("Port", Kind::Port, 8),
        head("Asset is", Kind::Text, 9),
        head("First (UTC)", Kind::Moment, 19),
        head("Last (UTC)", Kind::Moment, 19),
        head("Octets", Kind::Number, 12),
        head("Remote access allowed", Kind::Text, 14),
        head("By what way", Kind::Text, 22),
        head("What was seen", Kind::Text, 44),
        head("Site", Kind::Text, 12),
    ];
    let allowed = |index: usize| {
        let identified = sorted.identified(sorted.id(index));
        let field = |name: &str| {
            let value = identified.map(|identified| people(identified, name)).unwrap_or_default();
            Cell::text(shown(&value), inventory::fields::NOT_ASSESSED)
        };
        [field("remote_access_allowed"), field("remote_access_how")]
    };
    let mut rows = Vec::new();
    for conversation in &sorted.conversations {
        let (own, peer, is) = match (&conversation.client, &conversation.server) {
            (AssetEnd::Asset(own), AssetEnd::External(_)) => (*own, &conversation.server, "client"),
            (AssetEnd::External(_), AssetEnd::Asset(own)) => (*own, &conversation.client, "server"),
            _ => continue,
        };
        let [is_allowed, how] = allowed(own);
        let octets = conversation.octets[0].saturating_add(conversation.octets[1]);
        rows.push(vec![
            Cell::Text("Outside".to_owned()),
            Cell::Text(end(sorted, &AssetEnd::Asset(own))),
            Cell::Text(end(sorted, peer)),
            Cell::Text(protocol(conversation)),
            port(conversation),
            Cell::Text(is.to_owned()),
            Cell::Moment(conversation.first),
            Cell::Moment(conversation.last),
            Cell::count(octets),
            is_allowed,
            how,
            Cell::text(functions(conversation), NO),
            Cell::text(conversation.site.clone(), NO),
        ]);
    }
    for finding in sorted.findings.iter().filter(|finding| finding.kind == REMOTE_ACCESS) {
        let Some((own, client)) = ends_of(sorted, finding) else { continue };
        let (protocol, addresses) = words_of(&finding.about);
        let others = client.into_iter().map(|index| end(sorted, &AssetEnd::Asset(index)));
        let others: Vec<String> =
            others.chain(addresses.into_iter().map(|ip| end(sorted, &AssetEnd::External(ip)))).collect();
        // As the report does: the word about the one that is reached, else about the one that reaches it.
        let is_said = |index: usize| {
            sorted
                .identified(sorted.id(index))
                .is_some_and(|own| !people(own, "remote_access_allowed").is_empty())
        };
        let [is_allowed, how] =
            allowed(client.filter(|client| !is_said(own) && is_said(*client)).unwrap_or(own));
        rows.push(vec![
            Cell::Text("Remote access".to_owned()),
            Cell::Text(end(sorted, &AssetEnd::Asset(own))),
            Cell::text(parts(&others), NO),
            Cell::text(protocol, NO),
            Cell::Blank(NO),
            client.map_or(Cell::Blank(NO), |_| Cell::Text("server".to_owned())),
            Cell::moment(finding.first, NO),
            Cell::moment(finding.last, NO),
            Cell::Blank(NO),
            is_allowed,
            how,
            Cell::Text(finding.text.clone()),
            Cell::text(finding.site.clone(), NO),
        ]);
    }
    page.only_table(
        "Outside",
        &heads,
        rows,
        "Nothing outside the plant was talked with, and no remote access was seen.",
    )
}

/// The asset that a finding of remote access is about, and the asset that reaches it; a peer outside is no asset.
fn ends_of(sorted: &Sorted<'_>, finding: &Finding) -> Option<(usize, Option<usize>)> {
    let first = *finding.assets.first()?;
    let Some(second) = finding.assets.get(1).copied() else { return Some((first, None)) };
    // Anchors stand in the order of who asks and who is asked; assets in the order of the register.
    let anchors = |index: usize| sorted.asset(sorted.id(index)).map(|asset| &asset.anchors);
    let is_first_asked = finding.anchors.last().is_some_and(|asked| anchors(first) == Some(asked));
    Some(if is_first_asked { (first, Some(second)) } else { (second, Some(first)) })
}

/// What a finding is about: the protocol or portal, and addresses of ends that are no assets, which stand last.
fn words_of(about: &str) -> (String, Vec<IpAddr>) {
    let is_address = |word: &&str| word.parse::<IpAddr>().is_ok();
    let words: Vec<&str> = about.split(' ').collect();
    let count = words.iter().rev().take_while(|word| is_address(word)).count();
    let (protocol, addresses) = words.split_at(words.len().saturating_sub(count));
    (protocol.join(" "), addresses.iter().filter_map(|word| word.parse().ok()).collect())
}
