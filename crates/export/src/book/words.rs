//! Values as people read them in the workbook, and back.

use std::borrow::Cow;

use inventory::Role;
use inventory::fields::{Field, FieldKind, NOT_ASSESSED};

use super::dates;
use super::page::Cell;

/// Words that are abbreviations.
const UPPER: [&str; 10] = ["plc", "rtu", "ied", "cnc", "hmi", "opc", "mes", "ai", "dcs", "scada"];

/// A word of the contract as people write it: `in_use` as `In use`, `opc_server` as `OPC server`.
pub(super) fn shown(word: &str) -> String {
    let parts = word.split('_').enumerate().map(|(place, part)| match part {
        "io" => "I/O".to_owned(),
        part if UPPER.contains(&part) => part.to_uppercase(),
        part if place == 0 => {
            let mut letters = part.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
            first + letters.as_str()
        }
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// The role that a text means, by its word or as [`shown`] prints it.
pub(super) fn role(text: &str) -> Option<Role> {
    let squash = |text: &str| -> String {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = squash(text);
    Role::ALL.iter().copied().find(|role| squash(role.as_str()) == wanted)
}

/// What people may choose from in a field of words.
pub(super) fn choices(field: &Field) -> Option<Vec<String>> {
    let words: &[&str] = match field.kind {
        FieldKind::List(words) => words,
        FieldKind::YesNo => &["yes", "no"],
        FieldKind::Text | FieldKind::Date | FieldKind::Number => return None,
    };
    let shown = words.iter().map(|word| shown(word));
    Some(shown.chain([NOT_ASSESSED.to_owned()]).collect())
}

/// The cell of a person's field. What cannot be shown as its kind and read back is text.
pub(super) fn people_cell(field: &'static Field, value: Option<&str>) -> Cell {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Cell::Blank(NOT_ASSESSED) };
    let cell = match field.kind {
        FieldKind::Text => None,
        FieldKind::Date => dates::day(value).filter(|day| dates::day_serial(*day).is_some()).map(Cell::Day),
        FieldKind::Number => value.parse().ok().filter(|number: &f64| number.is_finite()).map(Cell::Number),
        FieldKind::YesNo | FieldKind::List(_) => Some(Cell::Text(shown(value))),
    };
    let comes_back =
        |cell: &Cell| field.read(&cell.read_back()).is_ok_and(|read| read.as_deref() == Some(value));
    cell.filter(comes_back).unwrap_or_else(|| Cell::Text(value.to_owned()))
}

/// The text with every run of blanks as one: spreadsheets keep line ends and blanks at the ends in ways of their own.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    // Nearly every cell is one line of ASCII already.
    let is_plain = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
    if is_plain && !text.contains("  ") && !text.starts_with(' ') && !text.ends_with(' ') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What is read of a cell, in one line.
pub(super) fn line_of(cell: &Cell) -> Cow<'_, str> {
    match cell.read_back() {
        Cow::Borrowed(text) => one_line(text),
        Cow::Owned(text) => Cow::Owned(one_line(&text).into_owned()),
    }
}

/// True if a cell that was read says what a person's field holds.
pub(super) fn says(field: &'static Field, value: Option<&str>, read: &str) -> bool {
    let value = value.filter(|value| !value.is_empty());
    line_of(&people_cell(field, value)) == one_line(read)
        || field.read(read).is_ok_and(|read| read.as_deref() == value)
}

#[cfg(test)]
mod tests {
    use inventory::fields::{FIELDS, field_named};

    use super::*;

    #[test]
    fn words_are_shown_as_people_write_them_and_read_back() {
        for role_of in Role::ALL {
            assert_eq!(role(&shown(role_of.as_str())), Some(*role_of));
        }
        assert_eq!(shown("opc_server"), "OPC server");
        assert_eq!(shown("io_module"), "I/O module");
        for field in FIELDS {
            for choice in choices(field).unwrap_or_default() {
                let read = field.read(&choice).unwrap();
                assert_eq!(read.is_none(), choice == NOT_ASSESSED, "{choice}");
                assert!(says(field, read.as_deref(), &choice));
            }
        }
    }

    #[test]
    fn every_value_comes_back_from_its_cell_whatever_it_is() {
        let values = [
            "",
            "x",
            "2026-01-31",
            "2999-12-31",
            "4",
            "4.5",
            "0.000001",
            "123456789012345.123456789012345",
            "yes",
            "in_use",
            "3.5",
            "=1+1",
            "'=1+1",
            "  a  b ",
            "a\u{1b}[2Jb",
            "_x0041_",
            "Not assessed",
            "1e5",
            "NaN",
        ];
        for field in FIELDS {
            for value in values {
                let cell = people_cell(field, Some(value));
                assert!(says(field, Some(value), &cell.read_back()), "{}: {value:?} as {cell:?}", field.name);
            }
        }
        let rto = field_named("rto").unwrap();
        assert!(!says(rto, Some("4"), "5") && !says(rto, Some("4"), "") && says(rto, None, "Not assessed"));
    }
}
