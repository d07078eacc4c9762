//! Lists that people keep: read from CSV files and Excel workbooks, for what they fill in and for their own registers.
//!
//! # What it guarantees
//!
//! - Every cell is text: days of a workbook as `2026-01-31`, whole numbers without a point, truth as `true` and `false`.
//! - The apostrophe that exports put before what would begin a formula is taken off again.
//! - A file is read up to [`OCTETS_MAX`], [`ROWS_MAX`] and [`COLUMNS_MAX`]; more is refused, not cut.

use std::collections::BTreeSet;
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
    let rows =
        if octets.starts_with(ZIP) { workbook(octets, &mut sheet)? } else { comma_separated(&octets)? };
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
    sheet.rows = rows.filter(|row| row.cells.iter().any(|cell| !cell.is_empty())).collect();
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
        let is_head = || cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1;
        // A title above the head is no head.
        if !all.is_empty() || is_head() {
            all.push((first.saturating_add(offset).saturating_add(1), cells));
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
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

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
