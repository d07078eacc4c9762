//! The first sheet: what the workbook is, how it is filled in, and what is missing.

use inventory::fields::{FIELDS, NOT_ASSESSED, is_retired};
use inventory::{Asset, AssetState, Identified};
use observation::attribute;
use rust_xlsxwriter::XlsxError;

use super::assets::Register;
use super::columns::NO;
use super::lists::{doubts, is_identified};
use super::page::{Cell, Kind, Page, head};
use super::peers::REMOTE_ACCESS;
use crate::reading::{first_value, people, value};

/// How the workbook is used.
const HOW: [&str; 6] = [
    "Sheet \"Asset register\" has three bands: blue heads, observed on the wire (locked); brown heads on yellow cells, assigned by people (fill in); green heads, evidence (locked).",
    "\"Not assessed\" means that nobody has said; choose or type a value over it, or clear the cell to take a value back. \"Not observed\" means that the wire has not shown it.",
    "To list an asset that the wire has not shown, use the free lines below the last row: leave the asset ID empty; give name, MAC, IP or serial number, and what people know.",
    "Filters work as it is. Sorting needs Review > Unprotect Sheet (no password). Columns may be moved or hidden, rows sorted; keep the heads and the column of asset IDs.",
    "Take it back with: tapledger register import FILE.xlsx --dry-run, then without --dry-run. Only the second band is read; edits of locked cells are reported and ignored.",
    "If the register changed since this export, both values are told and nothing is overwritten unless you say --theirs. Deleted rows change nothing.",
];

/// Sheet 1.
pub(super) fn summary(
    page: &mut Page<'_>,
    register: &Register<'_>,
    about: &[(&'static str, String)],
) -> Result<(), XlsxError> {
    page.sheet.set_print_fit_to_pages(1, 2);
    page.title("Register of information and other associated assets (ISO/IEC 27001:2022 A.5.9)")?;
    for (name, text) in about {
        page.pair(name, text)?;
    }
    page.section("How to use this workbook")?;
    for line in HOW {
        page.note(line)?;
    }
    numbers(page, register)?;
    gaps(page, register)
}

/// The assets that count.
fn counted<'s>(register: &Register<'s>) -> impl Iterator<Item = (&'s Asset, &'s Identified)> {
    register.sorted.assets.iter().copied().filter(|(_, identified)| !is_retired(&identified.people))
}

fn numbers(page: &mut Page<'_>, register: &Register<'_>) -> Result<(), XlsxError> {
    let sorted = register.sorted;
    let assets: Vec<_> = counted(register).collect();
    let all = assets.len() as u64;
    let retired = (sorted.assets.len() as u64).saturating_sub(all);
    let count = |holds: &dyn Fn(&Asset, &Identified) -> bool| {
        assets.iter().filter(|(asset, identified)| holds(asset, identified)).count() as u64
    };
    let assessed = |field: &'static str| count(&move |_, identified| !people(identified, field).is_empty());
    let state = |wanted: AssetState| count(&move |asset, _| asset.state == wanted);
    let changed = sorted.changes.iter().filter(|change| !change.learned).count() as u64;
    let open = |severity: inventory::Severity| {
        let findings = sorted.findings.iter();
        findings
            .filter(|finding| {
                finding.severity == severity && finding.standing.state == inventory::FindingState::Open
            })
            .count() as u64
    };
    let peers = |holds: fn(&super::peers::Peers<'_>) -> bool| {
        count(&|_, identified| register.peers.get(identified.id.as_str()).is_some_and(holds))
    };
    let remote = sorted.findings.iter().filter(|finding| finding.kind == REMOTE_ACCESS).count() as u64;
    let rows = [
        ("Assets", all, false, "rows of the asset register, without the retired"),
        ("Retired", retired, false, "column Status says retired; in no other number of assets"),
        ("Observed", state(AssetState::Observed), true, "it spoke itself"),
        ("Referenced", state(AssetState::Referenced), true, "others name it or turn to it; it never spoke"),
        ("Declared", state(AssetState::Declared), true, "people listed it; the wire has not shown it"),
        (
            "Vendor, model and version known",
            count(&|asset, _| is_identified(asset)),
            true,
            "vendor, and model or order number, and firmware or software version are known, inferred ones too",
        ),
        (
            "On the sheet of unidentified",
            count(&|asset, _| !doubts(asset).is_empty()),
            true,
            "type, vendor or model unknown, vendor or type only inferred, or it never spoke",
        ),
        (
            "No version known",
            count(&|asset, _| {
                first_value(asset, &[attribute::FIRMWARE_VERSION, attribute::SOFTWARE_VERSION]).is_empty()
            }),
            true,
            "neither firmware nor software version was told; that of the operating system aside",
        ),
        (
            "Serial number known",
            count(&|asset, _| !value(asset, attribute::SERIAL_NUMBER).is_empty()),
            true,
            "the wire told one",
        ),
        ("With an owner", assessed("owner"), true, "column Owner is filled in"),
        ("With criticality", assessed("criticality"), true, "column Criticality is filled in"),
        ("With classification", assessed("classification"), true, "column Classification is filled in"),
        (
            "With a physical location",
            assessed("physical_location"),
            true,
            "column Physical location is filled in",
        ),
        ("Review noted", assessed("reviewed_on"), true, "column Reviewed on is filled in"),
        (
            "Not approved",
            count(&|asset, identified| identified.approval.is_none() && asset.state != AssetState::Declared),
            true,
            "nobody has confirmed that it belongs in the plant (`tapledger assets confirm`)",
        ),
        (
            "Crossing a zone boundary",
            peers(|peers| peers.is_crossing),
            true,
            "a conversation of it left its zone, or a finding says that it crossed between IT and OT",
        ),
        (
            "With peers outside",
            peers(|peers| !peers.external.is_empty()),
            true,
            "it talked with an address outside the plant",
        ),
        ("Findings of remote access", remote, false, "findings of kind remote_access"),
        ("Changes after the learning period", changed, false, "rows of sheet \"Changes\""),
        (
            "Open warnings",
            open(inventory::Severity::Warning),
            false,
            "findings to act on that nobody has closed, accepted or acknowledged",
        ),
        ("Open notices", open(inventory::Severity::Notice), false, "findings to look at, likewise"),
    ];
    page.section("Numbers")?;
    let heads = [
        head("Number of", Kind::Text, 34),
        head("Count", Kind::Number, 12),
        head("Of", Kind::Number, 12),
        head("Percent", Kind::Number, 12),
        head("How it is counted", Kind::Text, 90),
    ];
    let rows = rows.into_iter().map(|(what, number, is_share, how)| {
        vec![
            Cell::Text(what.to_owned()),
            Cell::count(number),
            if is_share { Cell::count(all) } else { Cell::Blank(NO) },
            if is_share { percent(number, all) } else { Cell::Blank(NO) },
            Cell::Text(how.to_owned()),
        ]
    });
    page.table("Numbers", &heads, rows, "")
}

/// Each of people's fields: how many rows say something, how many nobody has assessed.
fn gaps(page: &mut Page<'_>, register: &Register<'_>) -> Result<(), XlsxError> {
    let assets: Vec<_> = counted(register).collect();
    let all = assets.len() as u64;
    page.section("What people have not assessed yet")?;
    let heads = [
        head("Column", Kind::Text, 34),
        head("Assessed", Kind::Number, 12),
        head(NOT_ASSESSED, Kind::Number, 12),
        head("Percent assessed", Kind::Number, 12),
        head("Asked for by", Kind::Text, 90),
    ];
    let rows = FIELDS.iter().map(|field| {
        let known =
            assets.iter().filter(|(_, identified)| !people(identified, field.name).is_empty()).count() as u64;
        vec![
            Cell::Text(field.title.to_owned()),
            Cell::count(known),
            Cell::count(all.saturating_sub(known)),
            percent(known, all),
            Cell::Text(field.control.to_owned()),
        ]
    });
    page.table("Gaps", &heads, rows, "")
}

/// A share in percent with one digit, rounded down; of nothing there is none.
#[expect(clippy::cast_precision_loss, reason = "counts of assets")]
fn percent(part: u64, all: u64) -> Cell {
    let tenths = part.saturating_mul(1000).checked_div(all);
    tenths.map_or(Cell::Blank(NO), |tenths| Cell::Number(tenths as f64 / 10.0))
}
