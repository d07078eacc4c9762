//! The sheets of what was listened to: coverage with its limits, and the captures with their hashes.

use std::collections::BTreeMap;

use inventory::{Coverage, Snapshot};
use rust_xlsxwriter::XlsxError;

use super::assets::parts;
use super::columns::{NO, NONE};
use super::page::{Cell, Kind, Page, head};
use crate::cells::list;
use crate::order::Sorted;

/// What listening cannot do, whoever listens.
const LIMITS: [(&str, &str); 6] = [
    (
        "Silence",
        "A device that sends nothing where the sensor listens is not seen; that it is not in this list does not prove that it is not there.",
    ),
    (
        "Mirror port",
        "Only frames that the mirror port carries are heard: traffic within a switch, a cell or a backplane that is not mirrored is not.",
    ),
    (
        "Encryption",
        "What is encrypted is counted, and ends, times and amounts are known; what was asked is not.",
    ),
    (
        "Statements",
        "Vendor, model, serial number and firmware are what a device or its peers state. A device can state what is not true.",
    ),
    (
        "Age",
        "A value is as old as its last sighting. Firmware that was read a year ago may have changed without being read again.",
    ),
    (
        "People",
        "Owner, criticality, classification and all other columns of the second band cannot be heard. \"Not assessed\" means that nobody has said.",
    ),
];

/// Sheet 9.
pub(super) fn coverage(
    page: &mut Page<'_>,
    sorted: &Sorted<'_>,
    snapshot: &Snapshot,
) -> Result<(), XlsxError> {
    page.title("Coverage and limits")?;
    page.note("What each sensor of each site heard, for how long, and what it cannot have seen. Files that name no sensor are one.")?;
    let heads = [
        head("What", Kind::Text, 34),
        head("Finding", Kind::Text, 40),
        head("Number", Kind::Number, 12),
        head("In words", Kind::Text, 90),
    ];
    let mut rows = Vec::new();
    for one in &sorted.coverage {
        rows.extend(of_sensor(one));
    }
    page.table("Coverage", &heads, rows, "Nothing was listened to.")?;

    page.section("Protocols that were heard")?;
    let mut protocols: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for conversation in &sorted.conversations {
        let (count, frames) = protocols.entry(&conversation.protocol).or_default();
        *count = count.saturating_add(1);
        *frames = conversation.frames.iter().fold(*frames, |sum, count| sum.saturating_add(*count));
    }
    let heads = [
        head("Protocol", Kind::Text, 34),
        head("Conversations", Kind::Port, 40),
        head("Frames", Kind::Number, 12),
        head("What can be said of it", Kind::Text, 90),
    ];
    let rows = protocols.into_iter().map(|(protocol, (count, frames))| {
        let unread = ["tcp", "udp", "unknown"].contains(&protocol);
        let says = if unread {
            "not recognised: ends, ports, times and amounts are known, what was said is not"
        } else {
            "recognised; `tapledger protocols` says what is read of it and what is not"
        };
        vec![
            Cell::Text(protocol.to_owned()),
            Cell::count(count),
            Cell::count(frames),
            Cell::Text(says.to_owned()),
        ]
    });
    page.table("Protocols", &heads, rows, "No conversation was observed.")?;

    page.section("Limits of listening")?;
    let heads = [
        head("Limit", Kind::Text, 34),
        head("Applies to", Kind::Text, 40),
        head("Number of findings off", Kind::Number, 12),
        head("What it means", Kind::Text, 90),
    ];
    let limits = LIMITS.iter().map(|(name, says)| {
        vec![
            Cell::Text((*name).to_owned()),
            Cell::Text("Every sensor".to_owned()),
            Cell::Blank(NO),
            Cell::Text((*says).to_owned()),
        ]
    });
    let off = snapshot.findings_off.iter().map(|(kind, count)| {
        vec![
            Cell::Text("Switched off".to_owned()),
            Cell::Text(format!("Findings of kind {kind}")),
            Cell::count(*count),
            Cell::Text(
                "People switched findings of this kind off; they are left out of the register's lists."
                    .to_owned(),
            ),
        ]
    });
    page.table("Limits", &heads, limits.chain(off).collect::<Vec<_>>(), "")
}

fn of_sensor(one: &Coverage) -> Vec<Vec<Cell>> {
    let sensor = if one.sensor.is_empty() { "files".to_owned() } else { format!("sensor {}", one.sensor) };
    let what = format!("Site {}, {sensor}", one.site);
    let mut rows = Vec::new();
    let mut row = |finding: &str, number: Cell, words: String| {
        rows.push(vec![
            Cell::Text(what.clone()),
            Cell::Text(finding.to_owned()),
            number,
            Cell::text(words, NO),
        ]);
    };
    let sum = |count: fn(&inventory::CaptureCoverage) -> u64| {
        one.captures.iter().fold(0_u64, |sum, capture| sum.saturating_add(count(capture)))
    };
    let number = |count: usize| Cell::count(count as u64);
    let minute = |time| crate::time::printed(time, "%Y-%m-%d %H:%M");
    let span = one.span.map(|(first, last)| format!("{} to {} (UTC)", minute(first), minute(last)));
    row("Days on which something was heard", number(one.days), span.unwrap_or_default());
    row(
        "Captures",
        number(one.captures.len()),
        "sheet \"Evidence manifest\" lists them with their hashes".to_owned(),
    );
    row(
        "Assets that spoke",
        number(one.heard),
        "by addresses of their own; what sits in or behind others is not counted here".to_owned(),
    );
    row(
        "Assets that others name",
        number(one.referenced),
        "others name them or turn to them, and they never spoke here".to_owned(),
    );
    row(
        "Addresses behind a router",
        number(one.behind_router),
        "seen through a router only: what they say on their own link never passes here".to_owned(),
    );
    row("Addresses asked for that never spoke", number(one.silent_targets.len()), parts(&one.silent_targets));
    row("VLANs carried", number(one.vlans_carried.len()), parts(&one.vlans_carried));
    let missing = if one.vlans_missing.is_empty() {
        String::new()
    } else {
        format!("switches announce them and no tag carried them: {}", parts(&one.vlans_missing))
    };
    row("VLANs announced and not heard", number(one.vlans_missing.len()), missing);
    let one_way = sum(|capture| capture.one_way);
    row(
        "TCP conversations heard one way only",
        Cell::count(one_way),
        format!(
            "of {}; many of them mean that the mirror port carries one direction",
            sum(|capture| capture.tcp)
        ),
    );
    row(
        "Frames lost by the operating system",
        Cell::count(sum(|capture| capture.kernel_drops)),
        "as the capture or the file itself counts them".to_owned(),
    );
    let mut losses: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in one.captures.iter().flat_map(|capture| &capture.losses) {
        let sum = losses.entry(name).or_default();
        *sum = sum.saturating_add(*count);
    }
    for (name, count) in losses {
        row("Other losses", Cell::count(count), name.to_owned());
    }
    match &one.estimate {
        Ok(estimate) => {
            let (low, high) = estimate.interval;
            row(
                "How many there are at least",
                Cell::Number(estimate.at_least.round()),
                format!(
                    "Chao2, 95 % interval {} to {}; {}",
                    low.round(),
                    high.round(),
                    inventory::Estimate::CAVEAT
                ),
            );
        }
        Err(why) => row("How many there are at least", Cell::Blank("No estimate"), why.as_str().to_owned()),
    }
    rows
}

/// Sheet 10.
pub(super) fn evidence(page: &mut Page<'_>, sorted: &Sorted<'_>) -> Result<(), XlsxError> {
    page.title("Evidence manifest")?;
    page.note("The captures that the register was made from. The id of a file is the SHA-256 of its octets: `sha256sum FILE` must print the same. Evidence refs elsewhere begin with its first twelve digits.")?;
    page.note("`tapledger evidence create` makes a signed bundle of the proving frames, exports and the custody journal.")?;
    let heads = [
        head("Capture", Kind::Text, 30),
        head("SHA-256 (file) or session id (live)", Kind::Text, 36),
        head("Kind", Kind::Text, 8),
        head("Sensor, interface", Kind::Text, 20),
        head("First (UTC)", Kind::Moment, 19),
        head("Last (UTC)", Kind::Moment, 19),
        head("Frames", Kind::Number, 11),
        head("Octets", Kind::Number, 13),
        head("Lost frames", Kind::Number, 9),
        head("Read", Kind::Text, 26),
        head("Site", Kind::Text, 12),
    ];
    let rows = sorted.captures.iter().map(|summary| {
        let sensor = [summary.sensor.as_str(), summary.interface.as_str()];
        let sensor = list(sensor.into_iter().filter(|name| !name.is_empty()));
        let read = match &summary.stopped {
            Some(why) => format!("{}: {why}", summary.status.as_str()),
            None => summary.status.as_str().to_owned(),
        };
        vec![
            Cell::text(summary.name.clone(), NO),
            Cell::Text(summary.uid.clone()),
            Cell::Text(summary.kind.as_str().to_owned()),
            Cell::text(sensor, NONE),
            Cell::moment(summary.first, NO),
            Cell::moment(summary.last, NO),
            Cell::count(summary.frames),
            Cell::count(summary.octets),
            Cell::count(summary.kernel_drops),
            Cell::Text(read),
            Cell::text(summary.site.clone(), NO),
        ]
    });
    page.only_table("Evidence", &heads, rows, "No capture is in the register.")
}
