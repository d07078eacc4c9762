//! Any tables as an Excel workbook: a sheet each, with a head that stays, a filter and widths that fit.

use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use crate::cells::cell_text;
use crate::error::{Error, Result};

/// Widest column, in characters.
const WIDTH_MAX: usize = 60;

/// Narrowest column, in characters.
const WIDTH_MIN: usize = 8;

/// A sheet of a workbook.
#[derive(Clone, Copy, Debug)]
pub struct Table<'t> {
    /// Name of the sheet, 31 characters at most.
    pub name: &'t str,
    /// Heads of the columns.
    pub heads: &'t [&'t str],
    /// Rows; every cell is text.
    pub rows: &'t [Vec<String>],
}

/// Writes a workbook. The same tables give the same octets: no clock is read, cells are text and never formulas.
///
/// # Errors
///
/// Fails if `writer` does, or if the tables are more than a workbook holds.
pub fn write(tables: &[Table<'_>], mut writer: impl Write) -> Result<()> {
    let octets = build(tables).map_err(|error| Error::Workbook(error.to_string()))?;
    writer.write_all(&octets)?;
    writer.flush()?;
    Ok(())
}

fn build(tables: &[Table<'_>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The moment of writing would make every file another one.
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    let head = Format::new().set_bold();
    for table in tables {
        let sheet = book.add_worksheet();
        sheet.set_name(table.name)?;
        let mut widths: Vec<usize> = table.heads.iter().map(|head| head.chars().count()).collect();
        for (column, text) in (0_u16..).zip(table.heads) {
            sheet.write_string_with_format(0, column, *text, &head)?;
        }
        for (line, row) in (1_u32..).zip(table.rows) {
            for ((column, text), width) in (0_u16..).zip(row).zip(&mut widths) {
                sheet.write_string(line, column, cell_text(text))?;
                *width = (*width).max(text.chars().count());
            }
        }
        for (column, width) in (0_u16..).zip(widths) {
            let width = u16::try_from(width.clamp(WIDTH_MIN, WIDTH_MAX)).unwrap_or(u16::MAX);
            sheet.set_column_width(column, f64::from(width))?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let (rows, columns) = (table.rows.len(), table.heads.len());
        if let (Ok(rows), Some(Ok(last))) = (u32::try_from(rows), columns.checked_sub(1).map(u16::try_from)) {
            sheet.autofilter(0, 0, rows, last)?;
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook_holds_text_alone_and_is_the_same_every_time() {
        let rows =
            vec![vec!["=1+1".to_owned(), "0042".to_owned()], vec!["a\u{1b}b".to_owned(), String::new()]];
        let tables = [Table { name: "Reconciliation", heads: &["one", "two"], rows: &rows }];
        let [mut one, mut other] = [Vec::new(), Vec::new()];
        write(&tables, &mut one).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        write(&tables, &mut other).unwrap();
        assert!(one == other);
        let sheet = crate::sheet::read(one.as_slice()).unwrap();
        assert_eq!(sheet.header, ["one", "two"]);
        assert_eq!(sheet.rows[0].cells, ["=1+1", "0042"]);
        assert_eq!(sheet.rows[1].cell(0), "a\\x1bb");
    }
}
