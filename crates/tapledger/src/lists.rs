//! `conversations`.

use std::process::ExitCode;

use ::export::csv::CsvOptions;
use ::export::json::Part;
use ::export::time::rfc3339;
use inventory::{AssetEnd, Conversation, Snapshot};
use observation::{OperationKind, Transport, number_of};

use crate::arguments::{List, ListFormat};
use crate::export::stdout;
use crate::failure::Failure;
use crate::session::snapshot;
use crate::table::{self, Column, column};
use crate::terminal;

const CONVERSATIONS: [Column; 11] = [
    column("client", 44),
    column("server", 44),
    column("protocol", 16),
    column("port", 14),
    column("VLAN", 4).leaves(4),
    column("frames", 17),
    column("octets", 23).leaves(3),
    column("operations", 40),
    column("crosses", 32).leaves(5),
    column("first", 19).leaves(1),
    column("last", 19).leaves(2),
];

pub(crate) fn conversations(arguments: &List) -> Result<ExitCode, Failure> {
    let (_, mut snapshot) = snapshot(&arguments.db.db, None)?;
    let rows = snapshot.inventory.conversations.iter().map(|conversation| {
        vec![
            end(&snapshot, &conversation.client),
            end(&snapshot, &conversation.server),
            protocol(&conversation.protocol, conversation.transport, conversation.port),
            format!("{}/{}", conversation.port, conversation.transport.as_str()),
            conversation.vlan.map(|vlan| vlan.to_string()).unwrap_or_default(),
            format!("{} / {}", conversation.frames[0], conversation.frames[1]),
            format!("{} / {}", conversation.octets[0], conversation.octets[1]),
            operations(conversation),
            snapshot.policy.crossing(conversation, &snapshot.places).to_string(),
            short_time(conversation.first),
            short_time(conversation.last),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if arguments.format == ListFormat::Table {
        return print(arguments, "conversation", &CONVERSATIONS, rows);
    }
    let mut wanted = rows.iter().map(|row| matches(row, arguments.find.as_deref()));
    snapshot.inventory.conversations.retain(|_| wanted.next().unwrap_or(false));
    match arguments.format {
        ListFormat::Json => {
            stdout(|out| ::export::json::write_part(&snapshot, Part::Conversations, None, out))
        }
        _ => stdout(|out| ::export::csv::write_conversations(&snapshot, out, &CsvOptions::default())),
    }
}

/// A protocol by name, and where its octets told nothing what the port is customary for.
pub(crate) fn protocol(name: &str, transport: Transport, port: u16) -> String {
    match inventory::guess_by_port(name, transport, port) {
        Some(guess) => format!("{name} ({guess}?)"),
        None => name.to_owned(),
    }
}

/// Prints the rows that are asked for as a table, and below it how many there are of all.
pub(crate) fn print(
    arguments: &List,
    noun: &str,
    columns: &[Column],
    rows: Vec<Vec<String>>,
) -> Result<ExitCode, Failure> {
    print_counted(arguments, noun, "", columns, rows)
}

/// Prints rows with their number, and behind it what they add up to.
pub(crate) fn print_counted(
    arguments: &List,
    noun: &str,
    counts: &str,
    columns: &[Column],
    rows: Vec<Vec<String>>,
) -> Result<ExitCode, Failure> {
    let all = rows.len();
    let rows: Vec<_> = rows.into_iter().filter(|row| matches(row, arguments.find.as_deref())).collect();
    let shown = rows.len();
    let room = (!arguments.wide).then(terminal::room);
    let (text, note) = table::list(columns, rows, room);
    let number = number_of(all, noun);
    let number = if shown == all { number } else { format!("{shown} of {number}") };
    terminal::print(&format!("{text}{number}{counts}{note}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// True if some cell contains the text, in any case.
pub(crate) fn matches(row: &[String], find: Option<&str>) -> bool {
    find.is_none_or(|text| {
        let text = text.to_lowercase();
        row.iter().any(|cell| cell.to_lowercase().contains(&text))
    })
}

/// One end of a conversation, for people.
pub(crate) fn end(snapshot: &Snapshot, end: &AssetEnd) -> String {
    match end {
        AssetEnd::Asset(index) => {
            snapshot.inventory.assets.get(*index).map(|asset| asset.name.clone()).unwrap_or_default()
        }
        AssetEnd::External(ip) => format!("external {ip}"),
        AssetEnd::Group(address) => format!("group {address}"),
        AssetEnd::Silent(ip) => format!("silent {ip}"),
    }
}

/// Counts by kind, those that are not 0.
pub(crate) fn operations(conversation: &Conversation) -> String {
    let counts = OperationKind::ALL.iter().filter_map(|kind| {
        let count = conversation.operations.get(kind.as_str()).copied().unwrap_or(0);
        (count > 0).then(|| format!("{} {count}", kind.as_str()))
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// A time to the second.
pub(crate) fn short_time(time: observation::Time) -> String {
    rfc3339(time).chars().take(19).collect()
}
