//! The register as CSV (RFC 4180): UTF-8, lines end in CR LF, one header line, columns in a fixed order.
//!
//! The columns of the asset list are the observed and the evidence band of an ISO/IEC 27001:2022 A.5.9 register, then
//! one column for each field that people filled in somewhere.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::IpAddr;

use ::csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use inventory::{
    Asset, AssetEnd, Candidate, Conversation, Finding, FindingEvidence, Identified, Proof, Snapshot,
};
use observation::{Address, OperationKind, Time, attribute};

use crate::cells::{cell, list};
use crate::error::{Error, Result};
use crate::order::Sorted;
use crate::time::rfc3339;

/// Octets that tell Excel a file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Characters of a capture's id in a reference to evidence: enough to find it, short enough to read.
const SHORT_ID_CHARS: usize = 12;

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// Begin with a byte order mark, so that Excel reads UTF-8.
    pub excel: bool,
    /// Between cells: `b','`, or `b';'` where Excel expects that.
    pub delimiter: u8,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { excel: false, delimiter: b',' }
    }
}

/// Identity attributes: the value and its basis, each a column.
const IDENTITY: [&str; 6] = [
    attribute::VENDOR,
    attribute::MODEL,
    attribute::ORDER_NUMBER,
    attribute::SERIAL_NUMBER,
    attribute::FIRMWARE_VERSION,
    attribute::HARDWARE_REVISION,
];

/// Further attributes: attribute and column. `name` is the asset's own column.
const FURTHER: [(&str, &str); 15] = [
    (attribute::SOFTWARE_VERSION, "software_version"),
    (attribute::DEVICE_TYPE, "device_type"),
    (attribute::OS, "os"),
    (attribute::OS_VERSION, "os_version"),
    (attribute::MODE, "mode"),
    (attribute::KEY_SWITCH, "key_switch"),
    (attribute::PROTECTION, "protection"),
    (attribute::HOSTNAME, "hostname"),
    (attribute::STATION_NAME, "station_name"),
    (attribute::NAME, "device_name"),
    (attribute::LOCATION, "location"),
    (attribute::DESCRIPTION, "description"),
    (attribute::PLANT_ID, "plant_id"),
    (attribute::PROJECT, "project"),
    (attribute::MAC_VENDOR, "mac_vendor"),
];

/// Writes the assets, one line each, sorted by id.
///
/// # Errors
///
/// Fails if `writer` does, if the delimiter is a quote or line end, or if the snapshot refers to assets that it does
/// not hold.
pub fn write_assets(snapshot: &Snapshot, writer: impl Write, options: &CsvOptions) -> Result<()> {
    let sorted = Sorted::new(snapshot)?;
    let fields: BTreeSet<&str> = sorted
        .assets
        .iter()
        .flat_map(|(_, identified)| identified.people.keys())
        .map(String::as_str)
        .collect();
    let peers = peers(&sorted);
    let mut table = Table::new(writer, options)?;

    let mut header: Vec<Cow<'_, str>> =
        ["id", "name", "state", "role", "roles", "role_basis", "role_reasons"].map(Cow::from).into();
    header.extend(IDENTITY.iter().flat_map(|name| [Cow::from(*name), format!("{name}_basis").into()]));
    header.extend(FURTHER.iter().map(|(_, column)| Cow::from(*column)));
    header.extend(["ipv4", "ipv6", "macs", "vlans", "parent", "parent_name", "position"].map(Cow::from));
    header.extend(["protocols", "services", "talks_to", "external_peers"].map(Cow::from));
    header.extend(["site", "aliases", "first", "last", "captures", "evidence"].map(Cow::from));
    header.extend(fields.iter().map(|field| Cow::from(format!("people.{field}"))));
    table.line(header)?;

    for (asset, identified) in &sorted.assets {
        let mut line = observed_band(&sorted, asset, identified, peers.get(identified.id.as_str()));
        line.extend(evidence_band(&sorted, asset, identified));
        line.extend(fields.iter().map(|field| identified.people.get(*field).cloned().unwrap_or_default()));
        table.line(line)?;
    }
    table.end()
}

/// Writes the conversations, one line each.
///
/// # Errors
///
/// As [`write_assets`].
pub fn write_conversations(snapshot: &Snapshot, writer: impl Write, options: &CsvOptions) -> Result<()> {
    let sorted = Sorted::new(snapshot)?;
    let mut table = Table::new(writer, options)?;
    let mut header = vec![
        "site",
        "client",
        "client_name",
        "server",
        "server_name",
        "protocol",
        "transport",
        "port",
        "vlan",
    ];
    header.extend([
        "frames_from_client",
        "frames_from_server",
        "octets_from_client",
        "octets_from_server",
        "first",
        "last",
    ]);
    header.extend(OperationKind::ALL.map(OperationKind::as_str));
    header.push("operations");
    table.line(header)?;
    for conversation in &sorted.conversations {
        let Conversation { client, server, frames, octets, .. } = conversation;
        let ((client, client_name), (server, server_name)) = (end(&sorted, client), end(&sorted, server));
        let mut line = vec![conversation.site.clone(), client, client_name, server, server_name];
        line.extend([
            conversation.protocol.clone(),
            conversation.transport.as_str().into(),
            conversation.port.to_string(),
        ]);
        line.push(conversation.vlan.map(|vlan| vlan.to_string()).unwrap_or_default());
        line.extend([*frames, *octets].into_iter().flatten().map(|count| count.to_string()));
        line.extend([rfc3339(conversation.first), rfc3339(conversation.last)]);
        line.extend(
            OperationKind::ALL
                .map(|kind| conversation.operations.get(kind.as_str()).copied().unwrap_or(0).to_string()),
        );
        line.push(named_operations(conversation));
        table.line(line)?;
    }
    table.end()
}

/// Writes the findings, one line each.
///
/// # Errors
///
/// As [`write_assets`].
pub fn write_findings(snapshot: &Snapshot, writer: impl Write, options: &CsvOptions) -> Result<()> {
    let sorted = Sorted::new(snapshot)?;
    let mut table = Table::new(writer, options)?;
    table.line([
        "site",
        "kind",
        "severity",
        "text",
        "assets",
        "asset_names",
        "first",
        "last",
        "count",
        "evidence",
    ])?;
    for finding in &sorted.findings {
        let Finding { kind, severity, text, site, assets, first, last, count, evidence } = *finding;
        let ids: Vec<&str> = assets.iter().map(|index| sorted.id(*index)).collect();
        let names = ids.iter().filter_map(|id| sorted.asset(id)).map(|asset| asset.name.as_str());
        let evidence = evidence.iter().map(|FindingEvidence { capture, evidence }| place(capture, evidence));
        table.line([
            site.clone(),
            (*kind).into(),
            severity.as_str().into(),
            text.clone(),
            list(&ids),
            list(names),
            moment(*first),
            moment(*last),
            count.to_string(),
            list(evidence),
        ])?;
    }
    table.end()
}

/// A CSV file; every cell goes through [`cell`].
struct Table<W: Write>(Writer<W>);

impl<W: Write> Table<W> {
    fn new(mut writer: W, options: &CsvOptions) -> Result<Self> {
        // An apostrophe or a letter would separate in the middle of values; a blank, quote or line end never can.
        if !matches!(options.delimiter, b',' | b';' | b'\t' | b'|' | b':') {
            return Err(Error::Delimiter(options.delimiter));
        }
        if options.excel {
            writer.write_all(BYTE_ORDER_MARK)?;
        }
        let mut builder = WriterBuilder::new();
        builder.delimiter(options.delimiter).terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary);
        Ok(Self(builder.from_writer(writer)))
    }

    fn line<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> Result<()> {
        for text in cells {
            self.0.write_field(cell(text.as_ref()).as_bytes())?;
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    fn end(mut self) -> Result<()> {
        Ok(self.0.flush()?)
    }
}

/// Whom an asset talks to, and how.
#[derive(Default)]
struct Peers<'s> {
    assets: BTreeSet<&'s str>,
    external: BTreeSet<IpAddr>,
    protocols: BTreeSet<&'s str>,
}

fn peers<'s>(sorted: &Sorted<'s>) -> BTreeMap<&'s str, Peers<'s>> {
    let mut all: BTreeMap<&str, Peers<'_>> = BTreeMap::new();
    for conversation in &sorted.conversations {
        let ends =
            [(&conversation.client, &conversation.server), (&conversation.server, &conversation.client)];
        for (own, other) in ends {
            let AssetEnd::Asset(own) = own else { continue };
            let peers = all.entry(sorted.id(*own)).or_default();
            peers.protocols.insert(&conversation.protocol);
            match other {
                AssetEnd::Asset(other) => drop(peers.assets.insert(sorted.id(*other))),
                AssetEnd::External(ip) => drop(peers.external.insert(*ip)),
                AssetEnd::Group(_) => {}
            }
        }
    }
    all
}

fn winner<'a>(asset: &'a Asset, attribute: &str) -> Option<&'a Candidate> {
    asset.attributes.get(attribute).and_then(|candidates| candidates.first())
}

fn value(asset: &Asset, attribute: &str) -> String {
    winner(asset, attribute).map(|candidate| candidate.value.clone()).unwrap_or_default()
}

fn observed_band(
    sorted: &Sorted<'_>,
    asset: &Asset,
    identified: &Identified,
    peers: Option<&Peers<'_>>,
) -> Vec<String> {
    let primary = asset.roles.first();
    let mut line = vec![identified.id.clone(), asset.name.clone(), asset.state.as_str().into()];
    line.push(primary.map_or("unknown", |claim| claim.role.as_str()).into());
    line.push(list(asset.roles.iter().map(|claim| claim.role.as_str())));
    line.push(primary.map_or("", |claim| claim.basis.as_str()).into());
    line.push(list(primary.map(|claim| claim.reasons.as_slice()).unwrap_or_default()));
    for attribute in IDENTITY {
        let basis = winner(asset, attribute).map_or("", |candidate| candidate.basis.as_str());
        line.extend([value(asset, attribute), basis.into()]);
    }
    line.extend(FURTHER.iter().map(|(attribute, _)| value(asset, attribute)));

    let ips: BTreeSet<&IpAddr> = asset.stations.iter().flat_map(|station| &station.ips).collect();
    line.push(list(ips.iter().filter(|ip| ip.is_ipv4())));
    line.push(list(ips.iter().filter(|ip| ip.is_ipv6())));
    line.push(list(asset.stations.iter().filter_map(|station| station.mac).collect::<BTreeSet<_>>()));
    line.push(list(asset.stations.iter().flat_map(|station| &station.vlans).collect::<BTreeSet<_>>()));
    let parent = asset.parent.map(|index| sorted.id(index)).unwrap_or_default();
    line.extend([
        parent.to_owned(),
        sorted.asset(parent).map(|parent| parent.name.clone()).unwrap_or_default(),
    ]);
    line.push(list(asset.position.iter().map(|step| format!("{}={}", step.kind, step.value))));

    let mut protocols: BTreeSet<&str> =
        asset.services.iter().map(|service| service.protocol.as_str()).collect();
    protocols.extend(peers.into_iter().flat_map(|peers| &peers.protocols));
    line.push(list(protocols));
    line.push(list(
        asset
            .services
            .iter()
            .map(|service| format!("{} {}/{}", service.protocol, service.transport.as_str(), service.port)),
    ));
    line.push(peers.map_or(0, |peers| peers.assets.len()).to_string());
    line.push(list(peers.into_iter().flat_map(|peers| &peers.external)));
    line
}

fn evidence_band(sorted: &Sorted<'_>, asset: &Asset, identified: &Identified) -> [String; 6] {
    let proofs = asset.attributes.values().flatten().filter_map(|candidate| candidate.proof.as_ref());
    let captures: BTreeSet<&str> =
        proofs.map(|proof| sorted.capture_name(&proof.capture).unwrap_or(&proof.capture)).collect();
    let proven = IDENTITY.iter().filter_map(|name| {
        let Proof { capture, evidence, .. } = winner(asset, name)?.proof.as_ref()?;
        Some(format!("{name} {}", place(capture, evidence)))
    });
    [
        asset.site.clone(),
        list(&identified.aliases),
        moment(asset.first),
        moment(asset.last),
        list(captures),
        list(proven),
    ]
}

/// `3f2a…:23`: the beginning of a capture's id, and the frame.
fn place(capture: &str, evidence: &observation::Evidence) -> String {
    let short: String = capture.chars().take(SHORT_ID_CHARS).collect();
    match evidence.ranges.first() {
        Some(range) => format!("{short}:{}", range.frame),
        None => short,
    }
}

/// An end of a conversation: id or address, and name.
fn end(sorted: &Sorted<'_>, end: &AssetEnd) -> (String, String) {
    match end {
        AssetEnd::Asset(index) => {
            let id = sorted.id(*index);
            (id.into(), sorted.asset(id).map(|asset| asset.name.clone()).unwrap_or_default())
        }
        AssetEnd::External(ip) => (format!("external {}", Address::Ip(*ip)), String::new()),
        AssetEnd::Group(address) => (format!("group {address}"), String::new()),
    }
}

/// `read holding registers 9`, by name.
fn named_operations(conversation: &Conversation) -> String {
    let mut counts: BTreeMap<(OperationKind, &str), u64> = BTreeMap::new();
    for (_, operation) in &conversation.named {
        let count = counts.entry((operation.kind, &operation.name)).or_default();
        *count = count.saturating_add(operation.sighting.count);
    }
    list(counts.iter().map(|((_, name), count)| format!("{name} {count}")))
}

fn moment(time: Option<Time>) -> String {
    time.map(rfc3339).unwrap_or_default()
}
