//! The register as CSV (RFC 4180): UTF-8, lines end in CR LF, one header line, columns in a fixed order.
//!
//! The columns of the asset list are the observed and the evidence band of an ISO/IEC 27001:2022 A.5.9 register, zone and
//! approval, then one column for each field of [`inventory::fields`], which people fill in and read back.

mod assets;

use std::collections::BTreeMap;
use std::io::Write;

use ::csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use inventory::{AssetEnd, Conversation, Finding, FindingEvidence, Snapshot};
use observation::{Address, OperationKind, Time};

use crate::cells::{cell, list};
use crate::error::{Error, Result};
use crate::order::Sorted;
use crate::time::rfc3339;

pub use assets::{write_assets, write_assets_filtered};

/// Name and major version of the columns of [`write_assets`].
pub const ASSETS_SCHEMA: &str = "tapledger.assets.csv/1";

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
    header.extend(["operations", "guess", "crosses"]);
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
        let guess =
            inventory::guess_by_port(&conversation.protocol, conversation.transport, conversation.port);
        line.push(guess.unwrap_or_default());
        line.push(sorted.crossing(conversation).to_string());
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
        "id",
        "state",
        "reason",
        "owner",
        "due",
        "expires",
    ])?;
    for finding in &sorted.findings {
        let Finding { kind, severity, text, site, assets, first, last, count, evidence, standing, .. } =
            *finding;
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
            finding.id(),
            standing.state.as_str().into(),
            standing.reason.clone(),
            standing.owner.clone().unwrap_or_default(),
            moment(standing.due),
            moment(standing.expires),
        ])?;
    }
    table.end()
}

/// Writes the changes, one line each.
///
/// # Errors
///
/// As [`write_assets`].
pub fn write_changes(snapshot: &Snapshot, writer: impl Write, options: &CsvOptions) -> Result<()> {
    let sorted = Sorted::new(snapshot)?;
    let mut table = Table::new(writer, options)?;
    table.line([
        "time",
        "kind",
        "text",
        "site",
        "asset",
        "asset_name",
        "peer",
        "peer_name",
        "subject",
        "before",
        "after",
        "learned",
        "evidence",
    ])?;
    for change in &sorted.changes {
        let id = change.asset.map(|index| sorted.id(index)).unwrap_or_default();
        let name = sorted.asset(id).map(|asset| asset.name.as_str()).unwrap_or_default();
        let (peer, peer_name) = change.peer.as_ref().map(|peer| end(&sorted, peer)).unwrap_or_default();
        let evidence =
            change.evidence.iter().map(|FindingEvidence { capture, evidence }| place(capture, evidence));
        table.line([
            rfc3339(change.time),
            change.kind.as_str().into(),
            change.text(&snapshot.inventory.assets),
            change.site.clone(),
            id.into(),
            name.into(),
            peer,
            peer_name,
            change.subject.clone(),
            change.before.clone().unwrap_or_default(),
            change.after.clone().unwrap_or_default(),
            change.learned.to_string(),
            list(evidence),
        ])?;
    }
    table.end()
}

/// Writes a table of other things than the register's own: every cell is made safe as in all tables here.
///
/// # Errors
///
/// Fails if `writer` does, or if the delimiter cannot separate.
pub fn write_table(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    writer: impl Write,
    options: &CsvOptions,
) -> Result<()> {
    let mut table = Table::new(writer, options)?;
    table.line(header)?;
    for row in rows {
        table.line(row)?;
    }
    table.end()
}

/// A CSV file; every cell goes through [`cell`].
pub(crate) struct Table<W: Write>(Writer<W>);

impl<W: Write> Table<W> {
    pub(crate) fn new(mut writer: W, options: &CsvOptions) -> Result<Self> {
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

    pub(crate) fn line<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> Result<()> {
        for text in cells {
            self.0.write_field(cell(text.as_ref()).as_bytes())?;
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    pub(crate) fn end(mut self) -> Result<()> {
        Ok(self.0.flush()?)
    }
}

/// `3f2a…:23`: the beginning of a capture's id, and the frame.
pub(crate) fn place(capture: &str, evidence: &observation::Evidence) -> String {
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
        AssetEnd::Silent(ip) => (format!("silent {}", Address::Ip(*ip)), String::new()),
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
