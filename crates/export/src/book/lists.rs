//! The sheets of modules, interfaces, changes, and of what is not known well.

use std::net::IpAddr;

use inventory::{Asset, AssetState, AssetStation, Role, Snapshot};
use observation::{Basis, attribute};
use rust_xlsxwriter::XlsxError;

use super::assets::{IDENTITY, parts};
use super::columns::{ID, NO, NOT_OBSERVED};
use super::page::{Cell, Kind, Page, head};
use super::traffic::end;
use super::words::shown;
use crate::csv::place;
use crate::order::Sorted;
use crate::reading::{first_value, position_words, role, value, winner};

/// Sheet 3.
pub(super) fn modules(page: &mut Page<'_>, sorted: &Sorted<'_>) -> Result<(), XlsxError> {
    page.title("Modules and slots")?;
    page.note(
        "Everything that sits in or behind another asset: modules in a rack, devices behind a gateway.",
    )?;
    let heads = [
        head("Sits in or behind", Kind::Text, 30),
        head("Position", Kind::Text, 18),
        head("Module", Kind::Text, 30),
        head("Type", Kind::Text, 18),
        head("Vendor", Kind::Text, 18),
        head("Order no.", Kind::Text, 22),
        head("Serial no.", Kind::Text, 18),
        head("Hardware rev", Kind::Text, 10),
        head("Firmware version", Kind::Text, 14),
        head("First seen (UTC)", Kind::Moment, 19),
        head("Last seen (UTC)", Kind::Moment, 19),
        head("Module's asset ID", Kind::Text, 38),
    ];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (asset, identified) in &sorted.assets {
        let Some(parent) = asset.parent else { continue };
        let parent = sorted.id(parent);
        let seen = |name: &str| Cell::text(value(asset, name), NOT_OBSERVED);
        let kind = value(asset, attribute::DEVICE_TYPE);
        let kind = if kind.is_empty() { shown(role(asset).as_str()) } else { kind };
        rows.push(vec![
            Cell::Text(sorted.asset(parent).map_or_else(|| parent.to_owned(), |parent| parent.name.clone())),
            Cell::text(position_words(asset), NO),
            Cell::Text(asset.name.clone()),
            Cell::Text(kind),
            seen(attribute::VENDOR),
            seen(attribute::ORDER_NUMBER),
            seen(attribute::SERIAL_NUMBER),
            seen(attribute::HARDWARE_REVISION),
            seen(attribute::FIRMWARE_VERSION),
            Cell::moment(asset.first, NOT_OBSERVED),
            Cell::moment(asset.last, NOT_OBSERVED),
            Cell::Text(identified.id.clone()),
        ]);
    }
    let key = |row: &[Cell]| row.iter().take(3).map(|cell| cell.read_back().into_owned()).collect::<Vec<_>>();
    rows.sort_by_cached_key(|row| key(row));
    page.only_table("Modules", &heads, rows, "No asset sits in or behind another.")
}

/// Sheet 4: every asset is in it at least once, which tells an import whether rows of the register were deleted.
pub(super) fn interfaces(page: &mut Page<'_>, sorted: &Sorted<'_>) -> Result<(), XlsxError> {
    page.title("Interfaces and addresses")?;
    page.note("A line for each address. A MAC is confirmed where a frame that no router can have passed on pairs it with the address.")?;
    let heads = [
        head("Asset", Kind::Text, 34),
        head("IP address", Kind::Text, 30),
        head("MAC", Kind::Text, 20),
        head("MAC confirmed", Kind::Text, 12),
        head("VLANs", Kind::Text, 14),
        head("Maker of the network card", Kind::Text, 28),
        head("Zone in force", Kind::Text, 16),
        head("Site of stations", Kind::Text, 16),
        head(ID, Kind::Text, 38),
    ];
    let rows: Vec<_> =
        sorted.assets.iter().flat_map(|both| addresses(both.0).map(move |at| (both, at))).collect();
    let rows = rows.into_iter().map(|((asset, identified), (station, ip))| {
        let no_ip = if station.is_some() { NOT_OBSERVED } else { "No address of its own" };
        let mac = station.and_then(|station| station.mac);
        let place = sorted.place(&identified.id);
        vec![
            Cell::Text(asset.name.clone()),
            ip.map_or(Cell::Blank(no_ip), |ip| Cell::Text(ip.to_string())),
            match (station, mac) {
                (None, _) => Cell::Blank(NO),
                (Some(_), None) => Cell::Blank(NOT_OBSERVED),
                (Some(_), Some(mac)) => Cell::Text(mac.to_string()),
            },
            match (station, mac) {
                (Some(station), Some(_)) => {
                    Cell::Text(if station.mac_confirmed { "Yes" } else { "No" }.to_owned())
                }
                _ => Cell::Blank(NO),
            },
            station.map_or(Cell::Blank(NO), |station| Cell::text(parts(&station.vlans), "Untagged")),
            Cell::text(value(asset, attribute::MAC_VENDOR), NOT_OBSERVED),
            Cell::text(place.and_then(inventory::policy::Place::zone).unwrap_or_default(), NO),
            Cell::text(asset.site.clone(), NO),
            Cell::Text(identified.id.clone()),
        ]
    });
    page.only_table("Interfaces", &heads, rows, "No asset is in the register.")
}

/// Each station of an asset with each of its addresses; a line for an asset without any.
fn addresses(asset: &Asset) -> impl Iterator<Item = (Option<&AssetStation>, Option<IpAddr>)> {
    let of_station = |station: &AssetStation| {
        let ips = station.ips.iter().copied().map(Some);
        let none = station.ips.is_empty().then_some(None);
        ips.chain(none).collect::<Vec<_>>()
    };
    let with = asset
        .stations
        .iter()
        .flat_map(move |station| of_station(station).into_iter().map(move |ip| (Some(station), ip)));
    with.chain(asset.stations.is_empty().then_some((None, None)))
}

/// Sheet 7.
pub(super) fn changes(
    page: &mut Page<'_>,
    sorted: &Sorted<'_>,
    snapshot: &Snapshot,
) -> Result<(), XlsxError> {
    page.title("New, changed, gone")?;
    let learned = sorted.changes.iter().filter(|change| change.learned).count();
    page.note("What changed after the learning period, in observed-time order. `tapledger baseline diff` compares with a frozen register.")?;
    page.note(&format!(
        "Left out: {} of the learning period, in which a sensor first hears what is there (`tapledger changes` lists them).",
        observation::number_of(learned, "change")
    ))?;
    let heads = [
        head("When (UTC)", Kind::Moment, 19),
        head("Kind", Kind::Text, 20),
        head("Asset", Kind::Text, 30),
        head("What", Kind::Text, 60),
        head("Before", Kind::Text, 24),
        head("After", Kind::Text, 24),
        head("Peer", Kind::Text, 28),
        head("Evidence ref", Kind::Text, 26),
        head("Site", Kind::Text, 12),
    ];
    let shown_changes: Vec<_> = sorted.changes.iter().filter(|change| !change.learned).collect();
    let rows = shown_changes.into_iter().map(|change| {
        let evidence: Vec<String> =
            change.evidence.iter().map(|at| place(&at.capture, &at.evidence)).collect();
        let asset = change.asset.map(|index| end(sorted, &inventory::AssetEnd::Asset(index)));
        vec![
            Cell::Moment(change.time),
            Cell::Text(shown(change.kind.as_str())),
            Cell::text(asset.unwrap_or_default(), NO),
            Cell::Text(change.text(&snapshot.inventory.assets)),
            Cell::text(change.before.clone().unwrap_or_default(), NO),
            Cell::text(change.after.clone().unwrap_or_default(), NO),
            Cell::text(change.peer.as_ref().map(|peer| end(sorted, peer)).unwrap_or_default(), NO),
            Cell::text(parts(&evidence), NO),
            Cell::text(change.site.clone(), NO),
        ]
    });
    page.only_table("Changes", &heads, rows, "Nothing changed after the learning period.")
}

/// Sheet 8.
pub(super) fn unidentified(page: &mut Page<'_>, sorted: &Sorted<'_>) -> Result<(), XlsxError> {
    page.title("Unidentified and low confidence")?;
    page.note("Assets of which the wire does not say what they are, or does not say it itself: the list of what somebody has to go and look at.")?;
    let heads = [
        head("Asset", Kind::Text, 34),
        head("Type", Kind::Text, 20),
        head("State", Kind::Text, 12),
        head("Why it is here", Kind::Text, 60),
        head("Known so far", Kind::Text, 46),
        head("Last seen (UTC)", Kind::Moment, 19),
        head("Owner", Kind::Text, 20),
        head(ID, Kind::Text, 38),
    ];
    let stays = |people| !inventory::fields::is_retired(people);
    let doubted: Vec<_> =
        sorted.assets.iter().filter(|(asset, own)| stays(&own.people) && !doubts(asset).is_empty()).collect();
    let rows = doubted.into_iter().map(|(asset, identified)| {
        let why = doubts(asset);
        let known: Vec<String> = IDENTITY
            .iter()
            .filter_map(|name| {
                let candidate = winner(asset, name)?;
                Some(format!("{} {} ({})", name.replace('_', " "), candidate.value, candidate.basis.as_str()))
            })
            .collect();
        vec![
            Cell::Text(asset.name.clone()),
            Cell::Text(shown(role(asset).as_str())),
            Cell::Text(shown(asset.state.as_str())),
            Cell::Text(why.join("; ")),
            Cell::text(parts(&known), "Nothing"),
            Cell::moment(asset.last, NOT_OBSERVED),
            Cell::text(crate::reading::people(identified, "owner"), inventory::fields::NOT_ASSESSED),
            Cell::Text(identified.id.clone()),
        ]
    });
    page.only_table("Unidentified", &heads, rows, "Every asset is identified by what it states itself.")
}

/// In words, what is not known of an asset, or not from itself.
pub(super) fn doubts(asset: &Asset) -> Vec<&'static str> {
    let basis = |name: &str| winner(asset, name).map(|candidate| candidate.basis);
    let mut doubts = Vec::new();
    if role(asset) == Role::Unknown {
        doubts.push("type unknown");
    } else if asset.roles.first().is_some_and(|claim| claim.basis == Basis::Inferred) && !is_identified(asset)
    {
        doubts.push("type inferred from traffic only");
    }
    match basis(attribute::VENDOR) {
        None => doubts.push("vendor unknown"),
        Some(Basis::Inferred) => doubts.push("vendor inferred"),
        Some(_) => {}
    }
    if first_value(asset, &[attribute::MODEL, attribute::ORDER_NUMBER]).is_empty() {
        doubts.push("model unknown");
    }
    match asset.state {
        AssetState::Referenced => doubts.push("others name it, it never spoke"),
        AssetState::Declared => doubts.push("people listed it, the wire has not shown it"),
        AssetState::Observed => {}
    }
    doubts
}

/// True if vendor and model (or order number) and firmware (or software) are known.
pub(super) fn is_identified(asset: &Asset) -> bool {
    let is_known = |names: &[&str]| !first_value(asset, names).is_empty();
    is_known(&[attribute::VENDOR])
        && is_known(&[attribute::MODEL, attribute::ORDER_NUMBER])
        && is_known(&[attribute::FIRMWARE_VERSION, attribute::SOFTWARE_VERSION])
}
