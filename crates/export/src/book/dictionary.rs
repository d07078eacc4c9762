//! The last sheet: what each column says, and which controls the workbook helps to show.

use inventory::fields::FieldKind;
use rust_xlsxwriter::XlsxError;

use super::columns::{Column, EVIDENCE, OBSERVED, people};
use super::page::{Cell, Kind, Page, head};
use super::words::choices;

/// Standard, control, number in the edition before, what it asks, what of the workbook serves it, how far; tab-separated.
static CONTROLS: &str = include_str!("../../data/controls.tsv");

/// Sheet 11.
pub(super) fn dictionary(page: &mut Page<'_>) -> Result<(), XlsxError> {
    page.title("Control mapping and data dictionary")?;
    page.note("Which controls this workbook helps to show, and how far: supported, the workbook holds what is asked; partial, it holds a part and people add the rest; not covered, it is evidence for nothing here.")?;
    page.note("Numbers of 2013 are those that ISO/IEC 27002:2022, annex B, names for each control. The standards' own text decides; have it at hand.")?;
    let heads = [
        head("Standard", Kind::Text, 26),
        head("Control", Kind::Text, 34),
        head("ISO/IEC 27001:2013", Kind::Text, 18),
        head("What it asks", Kind::Text, 52),
        head("Where in this workbook", Kind::Text, 46),
        head("Status", Kind::Text, 26),
    ];
    let rows: Vec<Vec<Cell>> =
        controls().map(|line| line.into_iter().map(|cell| Cell::text(cell, "–")).collect()).collect();
    page.table("Controls", &heads, rows, "")?;

    page.section("Data dictionary: the columns of the asset register")?;
    let heads = [
        head("Band", Kind::Text, 26),
        head("Column", Kind::Text, 34),
        head("Field", Kind::Text, 18),
        head("What it says", Kind::Text, 52),
        head("What it may hold", Kind::Text, 46),
        head("Asked for by", Kind::Text, 26),
    ];
    let rows = of_wire("Observed", OBSERVED).chain(of_people()).chain(of_wire("Evidence", EVIDENCE));
    let rows: Vec<Vec<Cell>> = rows.collect();
    page.table("Dictionary", &heads, rows, "")
}

fn controls() -> impl Iterator<Item = Vec<&'static str>> {
    CONTROLS.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn of_wire(band: &'static str, columns: &'static [Column]) -> impl Iterator<Item = Vec<Cell>> {
    columns.iter().map(move |column| {
        let holds = match column.kind {
            Kind::Text => "text",
            Kind::Number | Kind::Port => "number",
            Kind::Day => "day",
            Kind::Moment => "moment, UTC",
        };
        vec![
            Cell::Text(band.to_owned()),
            Cell::Text(column.title.to_owned()),
            Cell::Blank("–"),
            Cell::Text(column.says.to_owned()),
            Cell::Text(holds.to_owned()),
            Cell::Text(column.control.to_owned()),
        ]
    })
}

fn of_people() -> impl Iterator<Item = Vec<Cell>> {
    people().map(|(field, _)| {
        let holds = match field.kind {
            FieldKind::Text => "text of at most 4096 characters".to_owned(),
            FieldKind::Date => "day, as 2026-01-31".to_owned(),
            FieldKind::Number => "number from 0 on".to_owned(),
            FieldKind::YesNo | FieldKind::List(_) => choices(field).unwrap_or_default().join(", "),
        };
        vec![
            Cell::Text("People".to_owned()),
            Cell::Text(field.title.to_owned()),
            Cell::Text(field.name.to_owned()),
            Cell::Text(field.description.to_owned()),
            Cell::Text(holds),
            Cell::Text(field.control.to_owned()),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_has_its_six_columns_and_an_honest_status() {
        let mut standards = Vec::new();
        for line in controls() {
            assert_eq!(line.len(), 6, "{line:?}");
            assert!(["supported", "partial", "not covered"].contains(&line[5]), "{line:?}");
            assert_eq!(line[0].contains("27001"), !line[2].is_empty(), "{line:?}");
            assert!(line.iter().enumerate().all(|(at, cell)| at == 2 || !cell.is_empty()), "{line:?}");
            standards.push(line[0]);
        }
        standards.dedup();
        for name in ["ISO/IEC 27001:2022", "IEC 62443-2-1", "IEC 62443-3-2", "IEC 62443-3-3", "CISA", "NIS2"]
        {
            assert!(standards.iter().any(|standard| standard.contains(name)), "{name}");
        }
    }
}
