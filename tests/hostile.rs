//! Strings from the wire are hostile everywhere they are shown: spreadsheets, terminals, logs (law 9).

use serde_json::Value;

use crate::support::{Register, capture, list, text, winner};

/// True for characters that act on a terminal or change the order of what stands around them.
fn acts(character: char) -> bool {
    let direction = matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    direction || character.is_control()
}

fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                found.push(key);
                strings(value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_strings_arrive_so_that_the_other_tests_mean_something() {
    let register = Register::of(&[capture("hard/hostile-strings.pcap")]).json();
    let models: Vec<&str> =
        list(&register, "assets").iter().filter_map(|asset| winner(asset, "model")).collect();
    for wanted in [
        "=HYPERLINK(\"http://198.51.100.1/\",\"PLC\")",
        "<script>alert(1)</script>",
        "%n%n%n%s",
        "../../../etc/passwd",
        "@SUM(1,1)",
    ] {
        assert!(models.contains(&wanted), "{wanted} is not in {models:?}");
    }
}

#[test]
fn no_export_and_no_list_prints_a_character_that_acts() {
    let register = Register::of(&[capture("hard/hostile-strings.pcap")]);
    let json = register.json();
    let mut found = Vec::new();
    strings(&json, &mut found);
    for string in found {
        assert!(!string.chars().any(acts), "{string:?}");
    }
    let mut commands: Vec<Vec<String>> =
        ["assets list", "conversations", "findings", "changes --learned", "coverage", "doctor"]
            .into_iter()
            .map(|command| command.split(' ').map(str::to_owned).collect())
            .collect();
    for asset in list(&json, "assets") {
        commands.push(vec!["assets".to_owned(), "show".to_owned(), text(asset, "id").to_owned()]);
        for attribute in ["model", "vendor"] {
            if winner(asset, attribute).is_some() {
                let command = ["evidence", "show", text(asset, "id"), attribute];
                commands.push(command.map(str::to_owned).to_vec());
            }
        }
    }
    for command in commands {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let output = register.run(&arguments);
        for stream in [output.stdout, output.stderr] {
            let shown = String::from_utf8(stream).unwrap();
            let bad = shown.chars().find(|character| *character != '\n' && acts(*character));
            assert_eq!(bad, None, "{command:?} printed {bad:?}");
        }
    }
}

#[test]
fn no_cell_of_the_csv_is_a_formula() {
    let register = Register::of(&[capture("hard/hostile-strings.pcap")]);
    let text = register.stdout(&["export", "--format", "csv"]);
    let mut cells = 0;
    for row in
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes()).records()
    {
        for cell in &row.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell:?}");
            cells += 1;
        }
    }
    assert!(cells > 100, "only {cells} cells");
    assert!(text.contains("'=HYPERLINK"), "the formula is kept, with an apostrophe before it");
}

#[test]
fn no_value_is_longer_than_the_bound() {
    let register = Register::of(&[capture("hard/hostile-strings.pcap")]).json();
    let mut found = Vec::new();
    strings(&register["assets"], &mut found);
    assert!(found.iter().all(|string| string.chars().count() <= observation::VALUE_CHARS_MAX));
}
