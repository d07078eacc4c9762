//! Lists that people keep: read from CSV files and Excel workbooks, for what they fill in and for their own registers.
//!
//! # What it guarantees
//!
//! - Every cell is text: days of a workbook as `2026-01-31`, whole numbers without a point, truth as `true` and `false`.
//! - The apostrophe that exports put before what would begin a formula is taken off again.
//! - A file is read up to [`OCTETS_MAX`], [`ROWS_MAX`] and [`COLUMNS_MAX`]; more is refused, not cut.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};
use csv::{ReaderBuilder, StringRecord};

use crate::book::{ID, INTERFACES_SHEET, STATE_PREFIX as OWN};
use crate::cells::FORMULA;
use crate::error::{Error, Result};

/// Most octets of a file.
pub const OCTETS_MAX: u64 = 64 << 20;

/// Most rows of a list.
pub const ROWS_MAX: usize = 200_000;

/// Most columns of a list.
pub const COLUMNS_MAX: usize = 512;

/// How a workbook begins: it is a ZIP archive.
const ZIP: &[u8] = b"PK\x03\x04";

/// The sheet of a workbook that is meant where there are several.
const REGISTER: &str = "asset register";

/// What spreadsheets write into a CSV file for an error.
const ERRORS: [&str; 8] =
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA"];

/// Rows among which the head of an exported workbook is looked for.
const HEAD_ROWS_MAX: usize = 20;

/// A list with a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The heads of the columns.
    pub header: Vec<String>,
    /// The rows below, without empty ones.
    pub rows: Vec<SheetRow>,
    /// The name of the sheet in a workbook; empty for a CSV file.
    pub name: String,
    /// Ids of the assets that the other sheets of an exported workbook name; empty for any other list.
    pub listed: Vec<String>,
    /// Cells that hold no value although something stands there: an error of a formula, or a formula whose result the file
    /// does not hold; by the number of the row and the column from 0, and what is wrong in words.
    pub broken: BTreeMap<(usize, usize), String>,
}

impl Sheet {
    /// What is wrong with a cell, if it holds no value although something stands there.
    #[must_use]
    pub fn wrong(&self, row: &SheetRow, column: usize) -> Option<&str> {
        self.broken.get(&(row.number, column)).map(String::as_str)
    }
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// Its number in the file, the first line being 1.
    pub number: usize,
    /// Its cells; there may be fewer than heads.
    pub cells: Vec<String>,
}

impl SheetRow {
    /// A cell; empty where the row is shorter.
    #[must_use]
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// The letters of a column, as spreadsheets name it: `A`, `Z`, `AA`.
#[must_use]
pub fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column.saturating_add(1);
    while rest > 0 {
        rest = rest.saturating_sub(1);
        letters.push(u8::try_from(rest % 26).map_or('?', |letter| char::from(letter.saturating_add(b'A'))));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// Reads a CSV file or a workbook (XLSX), told apart by how they begin. The head of a CSV is its first line; of a
/// workbook the first row of two cells or more, on the sheet "Asset register" or else on the first.
///
/// # Errors
///
/// Fails if the reader does, if the file is neither, or larger than what is read.
pub fn read(reader: impl Read) -> Result<Sheet> {
    let mut octets = Vec::new();
    reader.take(OCTETS_MAX.saturating_add(1)).read_to_end(&mut octets)?;
    if octets.len() as u64 > OCTETS_MAX {
        return Err(Error::Sheet(format!("more than {} MiB", OCTETS_MAX >> 20)));
    }
    let mut sheet = Sheet::default();
    let rows = if octets.starts_with(ZIP) {
        workbook(octets, &mut sheet)?
    } else {
        errors_of(comma_separated(&octets)?, &mut sheet)
    };
    let rows = rows.into_iter().map(|(number, cells)| SheetRow {
        number,
        cells: cells.iter().map(|cell| plain(cell).to_owned()).collect(),
    });
    let mut rows: Vec<SheetRow> = rows.collect();
    // What people fill in has its bands above the head.
    let is_own = |row: &SheetRow| row.cells.iter().any(|cell| cell.starts_with(OWN));
    if let Some(head) = rows.iter().take(HEAD_ROWS_MAX).position(is_own) {
        rows.drain(..head);
    }
    let mut rows = rows.into_iter();
    let header = rows.next().map(|row| row.cells).unwrap_or_default();
    if header.iter().all(String::is_empty) {
        return Err(Error::Sheet("no head of columns".to_owned()));
    }
    let is_broken = |row: &SheetRow| {
        sheet.broken.range((row.number, 0)..).next().is_some_and(|(at, _)| at.0 == row.number)
    };
    sheet.rows = rows.filter(|row| row.cells.iter().any(|cell| !cell.is_empty()) || is_broken(row)).collect();
    sheet.header = header;
    Ok(sheet)
}

type Rows = Vec<(usize, Vec<String>)>;

fn workbook(octets: Vec<u8>, sheet: &mut Sheet) -> Result<Rows> {
    let wrong = |error: calamine::XlsxError| Error::Sheet(format!("no workbook: {error}"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(octets)).map_err(wrong)?;
    let names = book.sheet_names();
    let named = names.iter().find(|name| name.to_lowercase() == REGISTER);
    let Some(name) = named.or_else(|| names.first()).cloned() else {
        return Err(Error::Sheet("a workbook without a sheet".to_owned()));
    };
    let range = book.worksheet_range(&name).map_err(wrong)?;
    let (rows, columns) = range.get_size();
    within(rows, columns)?;
    let first = range.start().map_or(0, |(row, _)| row as usize);
    let mut all: Rows = Vec::new();
    for (offset, row) in range.rows().enumerate() {
        let cells: Vec<String> = row.iter().map(text).collect();
        let number = first.saturating_add(offset).saturating_add(1);
        let errors = row.iter().enumerate().filter_map(|(column, cell)| match cell {
            Data::Error(error) => Some(((number, column), format!("the error {error} is no value"))),
            _ => None,
        });
        sheet.broken.extend(errors);
        let is_head = || cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1;
        // A title above the head is no head.
        if !all.is_empty() || is_head() {
            all.push((number, cells));
        }
    }
    let formulas = book.worksheet_formula(&name).map_err(wrong)?;
    let corner = formulas.start().unwrap_or_default();
    for (row, column, _) in formulas.used_cells() {
        let at = (corner.0 as usize).saturating_add(row);
        let place = (u32::try_from(at).ok(), u32::try_from(column).ok());
        let (Some(line), Some(column)) = place else { continue };
        let at_column = corner.1.saturating_add(column);
        let is_empty = matches!(range.get_value((line, at_column)), None | Some(Data::Empty));
        let left = range.start().map_or(0, |(_, column)| column);
        if let Some(column) = at_column.checked_sub(left).filter(|_| is_empty) {
            let why =
                "the file does not hold the result of the formula; open it in a spreadsheet and save it";
            sheet.broken.insert((at.saturating_add(1), column as usize), why.to_owned());
        }
    }
    if let Some(other) = names.iter().find(|other| other.eq_ignore_ascii_case(INTERFACES_SHEET))
        && other != &name
    {
        let range = book.worksheet_range(other).map_err(wrong)?;
        within(range.get_size().0, range.get_size().1)?;
        sheet.listed = column_of(&range, ID);
    }
    sheet.name = name;
    Ok(all)
}

/// Takes the errors of formulas out of the rows of a CSV file: they are no values there either.
fn errors_of(mut rows: Rows, sheet: &mut Sheet) -> Rows {
    for (number, cells) in &mut rows {
        for (column, cell) in cells.iter_mut().enumerate() {
            if ERRORS.contains(&cell.trim()) {
                sheet.broken.insert((*number, column), format!("the error {} is no value", cell.trim()));
                cell.clear();
            }
        }
    }
    rows
}

/// What stands below a head, each text once, sorted; nothing where there is no such head.
fn column_of(range: &calamine::Range<Data>, head: &str) -> Vec<String> {
    let mut rows = range.rows();
    let Some(column) = rows.by_ref().find_map(|row| row.iter().position(|cell| text(cell) == head)) else {
        return Vec::new();
    };
    let below: BTreeSet<String> =
        rows.filter_map(|row| row.get(column)).map(|cell| plain(&text(cell)).to_owned()).collect();
    below.into_iter().filter(|text| !text.is_empty()).collect()
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(truth) => truth.to_string(),
        Data::Int(number) => number.to_string(),
        // Prints whole numbers without a point.
        Data::Float(number) => number.to_string(),
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) {
                date
            } else {
                format!("{date}T{hour:02}:{minute:02}:{second:02}Z")
            }
        }
    }
}

fn comma_separated(octets: &[u8]) -> Result<Rows> {
    let octets = octets.strip_prefix("\u{feff}".as_bytes()).unwrap_or(octets);
    // Older spreadsheets write the code page of their country; Western ones are Latin-1 where it matters.
    let text = std::str::from_utf8(octets)
        .map_or_else(|_| octets.iter().map(|octet| char::from(*octet)).collect(), str::to_owned);
    if text.contains('\0') {
        return Err(Error::Sheet("neither a CSV file nor a workbook".to_owned()));
    }
    let head = text.lines().next().unwrap_or_default();
    let count = |separator: char| head.matches(separator).count();
    let separator =
        [',', ';', '\t'].into_iter().max_by_key(|separator| (count(*separator), *separator == ','));
    let mut reader = ReaderBuilder::new()
        .delimiter(separator.and_then(|separator| u8::try_from(separator).ok()).unwrap_or(b','))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut all: Rows = Vec::new();
    let mut record = StringRecord::new();
    let octets = text.as_bytes();
    let (mut line, mut counted) = (1_usize, 0_usize);
    while reader.read_record(&mut record)? {
        // A record's place is where the one before ended: line ends and empty lines come before it.
        let place = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(counted);
        let rest = octets.get(place..).unwrap_or_default();
        let skipped = rest.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        let start = place.saturating_add(skipped);
        let passed = octets.get(counted..start).unwrap_or_default();
        line = line.saturating_add(passed.iter().filter(|octet| **octet == b'\n').count());
        counted = start;
        all.push((line, record.iter().map(str::to_owned).collect()));
        within(all.len(), record.len())?;
    }
    Ok(all)
}

fn within(rows: usize, columns: usize) -> Result<()> {
    if rows > ROWS_MAX || columns > COLUMNS_MAX {
        return Err(Error::Sheet(format!(
            "{rows} rows and {columns} columns; at most {ROWS_MAX} and {COLUMNS_MAX} are read"
        )));
    }
    Ok(())
}

/// The cell without blanks around it, and without the apostrophe that an export put before a formula.
pub(crate) fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    let bare = cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA));
    bare.unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

    use super::*;

    fn rows(sheet: &Sheet) -> Vec<(usize, Vec<&str>)> {
        let rows = sheet.rows.iter();
        rows.map(|row| (row.number, row.cells.iter().map(String::as_str).collect())).collect()
    }

    #[test]
    fn a_csv_is_read_whatever_spreadsheet_wrote_it() {
        for (octets, owner) in [
            ("id,Owner\r\n1,\"a, b\"\r\n\r\n2,'=x\r\n".as_bytes().to_vec(), "a, b"),
            ("\u{feff}id;Owner\n1;a, b\n\n2;'=x\n".as_bytes().to_vec(), "a, b"),
            (b"id\tOwner\n1\tK\xe4the\n\n2\t'=x\n".to_vec(), "Käthe"),
        ] {
            let sheet = read(octets.as_slice()).unwrap();
            assert_eq!(sheet.header, ["id", "Owner"]);
            assert_eq!(rows(&sheet), [(2, vec!["1", owner]), (4, vec!["2", "=x"])]);
        }
    }

    #[test]
    fn a_workbook_gives_days_and_numbers_as_people_write_them() {
        let mut book = Workbook::new();
        book.add_worksheet().set_name("Notes").unwrap();
        let sheet = book.add_worksheet().set_name("Asset Register").unwrap();
        let day = ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
        sheet.write(1, 1, "Plant North").unwrap();
        for (column, head) in [(1_u16, "id"), (2, "support_end"), (3, "rto"), (4, "safety_relevant")] {
            sheet.write(3, column, head).unwrap();
        }
        sheet.write(5, 1, "x").unwrap();
        sheet.write_with_format(5, 2, &day, &Format::new().set_num_format("yyyy-mm-dd")).unwrap();
        sheet.write(5, 3, 4.0).unwrap();
        sheet.write(5, 4, true).unwrap();
        let octets = book.save_to_buffer().unwrap();
        let sheet = read(octets.as_slice()).unwrap();
        assert_eq!(sheet.header, ["id", "support_end", "rto", "safety_relevant"]);
        assert_eq!(rows(&sheet), [(6, vec!["x", "2026-01-31", "4", "true"])]);
    }

    #[test]
    fn an_error_and_a_formula_without_a_result_are_no_empty_cells() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let formula = |result: &str| Formula::new("VLOOKUP(A2,Z:Z,1,0)").set_result(result);
        for (column, head) in [(0_u16, "id"), (1, "owner"), (2, "notes"), (3, "rto")] {
            sheet.write(0, column, head).unwrap();
        }
        sheet.write(1, 0, "x").unwrap();
        sheet.write_formula(1, 1, formula("#N/A")).unwrap();
        sheet.write_formula(1, 2, formula("Ada")).unwrap();
        sheet.write_formula(2, 3, formula("777")).unwrap();
        sheet.write_formula(2, 1, formula("")).unwrap();
        let octets = book.save_to_buffer().unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(octets)).unwrap();
        let mut without = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..archive.len() {
            let mut part = archive.by_index(at).unwrap();
            let name = part.name().unwrap().into_owned();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            without.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            without.write_all(text.replace("<v>777</v>", "").as_bytes()).unwrap();
        }
        let sheet = read(without.finish().unwrap().into_inner().as_slice()).unwrap();
        assert_eq!(rows(&sheet), [(2, vec!["x", "", "Ada", ""]), (3, vec!["", "0", "", ""])]);
        assert_eq!(sheet.wrong(&sheet.rows[0], 1), Some("the error #N/A is no value"));
        assert!(sheet.wrong(&sheet.rows[1], 3).unwrap().contains("does not hold the result"));
        assert_eq!(sheet.broken.len(), 2, "{:?}", sheet.broken);

        let sheet = read(&b"id,owner\nx,#REF!\ny,a #REF! in a text\n"[..]).unwrap();
        assert_eq!(sheet.broken.keys().collect::<Vec<_>>(), [&(2, 1)]);
        assert_eq!(rows(&sheet), [(2, vec!["x", ""]), (3, vec!["y", "a #REF! in a text"])]);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for octets in [&b""[..], b"\n\n", b"\x7fELF\0\0", b"PK\x03\x04 broken", &[b','; COLUMNS_MAX + 1]] {
            assert!(matches!(read(octets), Err(Error::Sheet(_))), "{octets:?}");
        }
    }

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        let names: Vec<_> = [0, 25, 26, 51, 52, 701, 702].map(column_letters).into();
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
