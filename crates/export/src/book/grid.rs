//! The sheet of the asset register: three bands, locked and free cells, what people may choose from, pages.

use inventory::fields::{Field, FieldKind};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, ProtectionOptions, XlsxError,
};

use super::assets::Row;
use super::columns::{OBSERVED, heads, people};
use super::page::{Head, Page};
use super::words::choices;

/// Empty lines below the table in which people list assets that the wire has not shown.
const FREE_ROWS: u32 = 200;

/// Columns on every page, at the left.
const REPEATED: usize = 2;

/// Scale on paper, in percent: 10 points become 6.
const SCALE: u16 = 60;

/// Characters that a page of A4, landscape, takes at that scale.
const PAGE_CHARS: f64 = 225.0;

/// Longest text that people may write, in characters: what the register keeps.
const TEXT_CHARS_MAX: u32 = 4096;

/// Writes the sheet; the line above the heads names the bands, so the heads are in the second line.
pub(super) fn write(
    page: &mut Page<'_>,
    state: &str,
    rows: impl IntoIterator<Item = Row>,
) -> Result<(), XlsxError> {
    let heads = heads(state);
    let top = 1;
    let breaks = breaks(&heads);
    page.shown = u16::try_from(heads.len()).unwrap_or(u16::MAX).saturating_sub(2);
    let mut previous = None;
    for (column, head) in (0_u16..).zip(&heads) {
        let begins_page = breaks.contains(&column.into());
        let text = if previous == Some(head.band) && !begins_page { "" } else { head.band.title() };
        if let Some(format) = page.styles.band(head.band) {
            page.sheet.write_string_with_format(0, column, text, format)?;
        }
        previous = Some(head.band);
    }
    page.row = top;
    page.heads(&heads)?;
    for row in rows {
        page.cells(&heads, &row.cells())?;
    }
    let end = page.row;
    if end == top.saturating_add(1) {
        page.row = page.row.saturating_add(1);
    }
    page.make_table("AssetRegister", &heads, top)?;
    let last = page.row.saturating_add(FREE_ROWS).saturating_sub(1);
    for row in end..=last {
        page.sheet.set_row_format(row, page.styles.free())?;
    }
    validate(page, top.saturating_add(1), last)?;
    let hidden = u16::try_from(heads.len()).unwrap_or(u16::MAX).saturating_sub(2);
    page.sheet.set_column_hidden(hidden)?;
    page.sheet.set_column_hidden(hidden.saturating_add(1))?;
    page.sheet.set_print_fit_to_pages(0, 0).set_print_scale(SCALE).set_page_order(true);
    page.sheet.set_repeat_rows(0, 1)?;
    page.sheet.set_repeat_columns(0, u16::try_from(REPEATED.saturating_sub(1)).unwrap_or(0))?;
    page.sheet.set_vertical_page_breaks(&breaks)?;
    page.sheet.set_freeze_panes(top.saturating_add(1), u16::try_from(REPEATED).unwrap_or(1))?;
    // No password: it keeps hands from slipping, not from changing. An import never takes locked cells over.
    page.sheet.protect_with_options(&ProtectionOptions {
        format_cells: true,
        format_columns: true,
        format_rows: true,
        sort: true,
        use_autofilter: true,
        ..ProtectionOptions::new()
    });
    Ok(())
}

fn validate(page: &mut Page<'_>, first: u32, last: u32) -> Result<(), XlsxError> {
    let start = u16::try_from(OBSERVED.len()).unwrap_or(u16::MAX);
    for (column, (field, _)) in (start..).zip(people()) {
        let rule = rule(field)?.set_error_style(DataValidationErrorStyle::Stop);
        page.sheet.add_data_validation(first, column, last, column, &rule)?;
    }
    Ok(())
}

/// What a field may hold, as a spreadsheet checks it.
fn rule(field: &'static Field) -> Result<DataValidation, XlsxError> {
    let rule = DataValidation::new().set_error_title(field.title)?;
    match field.kind {
        FieldKind::Text => rule
            .allow_text_length(DataValidationRule::LessThanOrEqualTo(TEXT_CHARS_MAX))
            .set_error_message("Text of at most 4096 characters."),
        FieldKind::Date => rule
            .allow_date(DataValidationRule::Between(
                ExcelDateTime::from_ymd(1900, 3, 1)?,
                ExcelDateTime::from_ymd(2999, 12, 31)?,
            ))
            .set_error_message("A day, such as 2026-01-31. Clear the cell for \"Not assessed\"."),
        FieldKind::Number => rule
            .allow_decimal_number(DataValidationRule::GreaterThanOrEqualTo(0.0))
            .set_error_message("A number from 0 on. Clear the cell for \"Not assessed\"."),
        FieldKind::YesNo | FieldKind::List(_) => rule
            .allow_list_strings(&choices(field).unwrap_or_default())?
            .set_error_message("Choose one of the list. Clear the cell for \"Not assessed\"."),
    }
}

/// The columns that begin a page: pages lie one beside the other, each with id and name at its left, none with half a
/// column.
fn breaks(heads: &[Head]) -> Vec<u32> {
    let repeated: f64 = heads.iter().take(REPEATED).map(|head| head.width).sum();
    let shown = heads.len().saturating_sub(2);
    let (mut breaks, mut used, mut band) = (Vec::new(), repeated, None);
    for (column, head) in (0_u32..).zip(heads).take(shown).skip(REPEATED) {
        let is_new_band = band.is_some_and(|band| band != head.band);
        if used + head.width > PAGE_CHARS || is_new_band {
            breaks.push(column);
            used = repeated;
        }
        used += head.width;
        band = Some(head.band);
    }
    breaks
}
