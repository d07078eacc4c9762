//! `assets show`: everything known of one asset.

use std::fmt::Write;
use std::process::ExitCode;

use inventory::{Asset, AssetEnd, Candidate, Snapshot, fields};

use crate::arguments::ShowAsset;
use crate::failure::Failure;
use crate::lists::{end, operations, protocol, short_time};
use crate::session::{find, snapshot};
use crate::terminal;

pub(crate) fn run(arguments: &ShowAsset) -> Result<ExitCode, Failure> {
    let (_, snapshot) = snapshot(&arguments.db.db, None)?;
    let index = find(&snapshot, &arguments.asset)?;
    let Some(asset) = snapshot.inventory.assets.get(index) else { return Ok(ExitCode::FAILURE) };
    terminal::print(&terminal::safe_lines(&text(&snapshot, index, asset, arguments.why)))?;
    Ok(ExitCode::SUCCESS)
}

fn text(snapshot: &Snapshot, index: usize, asset: &Asset, why: bool) -> String {
    let mut text = String::new();
    let identified = snapshot.identified.get(index).cloned().unwrap_or_default();
    let mut line = |label: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "{label:14} {value}");
        }
    };
    line("asset", asset.name.clone());
    line("id", identified.id.clone());
    line("formerly", identified.aliases.join(" "));
    line("site", asset.site.clone());
    line(
        "state",
        match asset.state_reasons.as_slice() {
            [] => asset.state.as_str().to_owned(),
            reasons => format!("{}: {}", asset.state.as_str(), reasons.join("; ")),
        },
    );
    for claim in &asset.roles {
        line(
            "role",
            format!("{} ({}): {}", claim.role.as_str(), claim.basis.as_str(), claim.reasons.join("; ")),
        );
    }
    if let Some(parent) = asset.parent.and_then(|parent| snapshot.inventory.assets.get(parent)) {
        line("parent", parent.name.clone());
    }
    for group in &asset.groups {
        line("group", format!("{} {}: {}", group.kind.as_str(), group.name, group.reason));
    }
    line(
        "position",
        asset
            .position
            .iter()
            .map(|step| format!("{} {}", step.kind, step.value))
            .collect::<Vec<_>>()
            .join(", "),
    );
    for station in &asset.stations {
        line("station", station_text(station));
    }
    for service in &asset.services {
        let units = service.units.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let units = if units.is_empty() { String::new() } else { format!(", units {units}") };
        line(
            "service",
            format!(
                "{} on {}/{}{units}",
                protocol(&service.protocol, service.transport, service.port),
                service.port,
                service.transport.as_str()
            ),
        );
    }
    line("first seen", asset.first.map(export::time::rfc3339).unwrap_or_default());
    line("last seen", asset.last.map(export::time::rfc3339).unwrap_or_default());
    if let Some(place) = snapshot.places.get(index) {
        let level = place.level.map_or(String::new(), |level| format!(", level {}", level.as_str()));
        let zones = if place.zones.is_empty() { "none".to_owned() } else { place.zones.join(", ") };
        line("zone", format!("{zones}{level}: {}", place.reason));
    }
    if let Some(approval) = &identified.approval {
        let reason =
            if approval.reason.is_empty() { String::new() } else { format!(": {}", approval.reason) };
        line("approved", format!("by {} on {}{reason}", approval.by, export::time::rfc3339(approval.on)));
    }
    let known = fields::FIELDS.iter().map(|field| field.name);
    let further = identified.people.keys().map(String::as_str);
    for field in known.chain(further.filter(|name| fields::field_named(name).is_none())) {
        let value = identified.people.get(field).cloned().unwrap_or_default();
        line(field, value.replace('\n', " / "));
    }
    text.push_str(&attributes(asset));
    text.push_str(&conversations(snapshot, index));
    let children = snapshot.inventory.assets.iter().filter(|child| child.parent == Some(index));
    for (number, child) in children.enumerate() {
        let heading = if number == 0 { "\ncontains\n" } else { "" };
        let _ = writeln!(text, "{heading}  {} ({})", child.name, child.state.as_str());
    }
    if why {
        text.push_str("\nwhy these stations are one asset\n");
        if asset.joins.is_empty() {
            text.push_str("  it is one station; nothing was joined\n");
        }
        for join in &asset.joins {
            let verdict = if join.joined { "joined" } else { "not joined" };
            let _ = writeln!(text, "  {verdict}: {} and {}: {}", join.left, join.right, join.reason);
        }
    }
    text
}

fn station_text(station: &inventory::AssetStation) -> String {
    let mac = station
        .mac
        .map(|mac| format!("{mac}{} ", if station.mac_confirmed { "" } else { " (not first-hand)" }));
    let ips = station.ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let vlans = station.vlans.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let vlans = if vlans.is_empty() { String::new() } else { format!(" VLAN {vlans}") };
    format!("{}{ips}{vlans}", mac.unwrap_or_default())
}

fn attributes(asset: &Asset) -> String {
    let rows = asset.attributes.iter().flat_map(|(name, candidates)| {
        candidates.iter().enumerate().map(move |(place, candidate)| {
            vec![
                if place == 0 { name.clone() } else { String::new() },
                candidate.value.clone(),
                candidate.basis.as_str().to_owned(),
                candidate.protocol.clone(),
                proof(candidate),
                candidate.count.to_string(),
                short_time(candidate.last),
            ]
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return "\nno attribute is known: no message that carries identity was seen\n".to_owned();
    }
    format!(
        "\n{}",
        terminal::table(&["attribute", "value", "basis", "protocol", "proof", "seen", "last"], rows)
    )
}

fn proof(candidate: &Candidate) -> String {
    let Some(proof) = &candidate.proof else { return candidate.reasons.join("; ") };
    let capture: String = proof.capture.chars().take(8).collect();
    let first = proof.evidence.ranges.first();
    let place = first
        .map(|range| format!(" frame {} octet {}+{}", range.frame, range.offset, range.length))
        .unwrap_or_default();
    format!("{capture}{place}")
}

fn conversations(snapshot: &Snapshot, index: usize) -> String {
    let own = AssetEnd::Asset(index);
    let rows = snapshot.inventory.conversations.iter().filter_map(|conversation| {
        let (direction, peer) = match (conversation.client == own, conversation.server == own) {
            (true, _) => ("asks", &conversation.server),
            (_, true) => ("answers", &conversation.client),
            _ => return None,
        };
        Some(vec![
            direction.to_owned(),
            end(snapshot, peer),
            protocol(&conversation.protocol, conversation.transport, conversation.port),
            format!("{}/{}", conversation.port, conversation.transport.as_str()),
            conversation.frames.iter().sum::<u64>().to_string(),
            operations(conversation),
            short_time(conversation.last),
        ])
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}", terminal::table(&["", "peer", "protocol", "port", "frames", "operations", "last"], rows))
}
