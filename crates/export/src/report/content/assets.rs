//! The table of assets.

use observation::attribute;

use crate::reading::{ips, macs, value};
use crate::report::page::{Block, Cell, Kind, Section, Table, Tone, column, note, number_column};
use crate::report::view::{day, some, words};
use crate::report::{Details, Source};

/// Most rows: this table is the register, so it may be longer than others.
const ASSETS_MAX: usize = 10_000;

/// Addresses that a row shows; the asset's own page has all.
const ADDRESSES_MAX: usize = 3;

/// Address for people: IP addresses, else MACs.
pub(crate) fn addresses(asset: &inventory::Asset, most: usize) -> String {
    let ips: Vec<String> = ips(asset).iter().map(ToString::to_string).collect();
    if ips.is_empty() {
        return some(macs(asset).iter().map(ToString::to_string), most);
    }
    some(ips, most)
}

pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let assets = view.assets();
    let rows = assets.iter().map(|(index, asset, _)| {
        let product = [value(asset, attribute::VENDOR), value(asset, attribute::MODEL)];
        let product = product.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        let order = value(asset, attribute::ORDER_NUMBER);
        let product = if order.is_empty() || product.contains(&order) {
            product
        } else {
            format!("{product} ({order})")
        };
        let level = view.level(*index).map_or("\u{2013}", |level| level.as_str());
        let seen = asset.last.map_or_else(|| "\u{2013}".to_owned(), day);
        let open = view.findings_of(*index).iter().filter(|finding| super::is_open(finding)).count();
        vec![
            view.cell(*index),
            Cell::new(words(view.role(*index).as_str())),
            Cell::new(addresses(asset, ADDRESSES_MAX)),
            Cell::new(product.trim()),
            Cell::new(value(asset, attribute::FIRMWARE_VERSION)),
            Cell::new(value(asset, attribute::SERIAL_NUMBER)),
            Cell::new(format!("{} / {level}", view.zone(*index))),
            Cell::said(view.people(*index, "owner")),
            Cell::new(seen),
            Cell::count(open).toned(if open > 0 { Tone::Notice } else { Tone::Plain }),
        ]
    });
    let columns = vec![
        column("Asset", 18),
        column("Role", 10),
        column("Addresses", 11),
        column("Product", 17),
        column("Firmware", 8),
        column("Serial number", 10),
        column("Zone / level", 8),
        column("Owner", 8),
        column("Last seen", 8),
        number_column("Open", 5),
    ];
    let retired = assets.len().saturating_sub(view.counted().count());
    let caption = match retired {
        0 => format!("Assets: {}", assets.len()),
        retired => format!("Assets: {}, {retired} of them retired", assets.len()),
    };
    let paged = view.paged.len();
    let behind = match source.options.details {
        Details::All => "Each has its own part below.".to_owned(),
        Details::Auto if paged == assets.len() => "Each has its own part below.".to_owned(),
        Details::Auto => format!(
            "{paged} of {} have their own part below: those with the gravest open findings (--details all gives each one).",
            assets.len()
        ),
        Details::Findings => format!(
            "{paged} with open findings have their own part below; those of the other {} were left out (--details findings).",
            assets.len().saturating_sub(paged)
        ),
        Details::None => format!("The own parts of all {} were left out (--details none).", assets.len()),
    };
    let blocks = vec![
        note(format!(
            "{behind} An empty cell was not seen; Not assessed is people's to say. Open counts findings that are open or acknowledged."
        )),
        Block::Table(Table::up_to(ASSETS_MAX, caption, columns, rows)),
    ];
    Section::new("assets", "Assets", Kind::Wide, blocks)
}
