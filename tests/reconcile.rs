//! A company's list against the wire: a list made by hand, with traps, and the verdicts that a person gave.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::support::{Register, capture, list, root, text};

fn company_list() -> String {
    root().join("tests/reconcile/plant.csv").to_str().unwrap().to_owned()
}

/// `row 5` or an address, and the verdict: what a person says.
fn truth() -> BTreeMap<String, String> {
    let mut reader = csv::Reader::from_path(root().join("tests/reconcile/plant.truth.csv")).unwrap();
    reader.records().map(Result::unwrap).map(|record| (record[0].to_owned(), record[1].to_owned())).collect()
}

/// The same of the program: rows have their verdict, addresses on the wire are listed or not.
fn verdicts(register: &Value, found: &Value) -> BTreeMap<String, String> {
    let mut verdicts = BTreeMap::new();
    let mut not_listed = BTreeSet::new();
    for line in list(found, "lines") {
        match line["row"].as_u64() {
            Some(row) => drop(verdicts.insert(format!("row {row}"), text(line, "verdict").to_owned())),
            None => drop(not_listed.insert(text(line, "asset").to_owned())),
        }
    }
    for asset in list(register, "assets").iter().filter(|asset| asset["parent"].is_null()) {
        let verdict = if not_listed.contains(text(asset, "id")) { "not_listed" } else { "listed" };
        for station in list(asset, "stations") {
            for ip in list(station, "ips") {
                verdicts.insert(ip.as_str().unwrap().to_owned(), verdict.to_owned());
            }
        }
    }
    verdicts
}

#[test]
fn the_verdicts_on_a_labelled_list_are_those_of_a_person() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let output = register.stdout(&["reconcile", &company_list(), "--format", "json"]);
    let found: Value = serde_json::from_str(&output).unwrap();
    let (truth, said) = (truth(), verdicts(&register.json(), &found));
    let mut wrong = Vec::new();
    println!("verdict       right  false  missed  precision  recall");
    for verdict in ["matched", "conflicting", "silent", "ambiguous", "not_listed", "listed"] {
        let is = |of: &BTreeMap<String, String>, key: &str| of.get(key).is_some_and(|one| one == verdict);
        // Addresses that nobody has judged count for nothing.
        let right = truth.keys().filter(|key| is(&truth, key) && is(&said, key)).count();
        let false_ones: Vec<_> = truth.keys().filter(|key| !is(&truth, key) && is(&said, key)).collect();
        let missed: Vec<_> = truth.keys().filter(|key| is(&truth, key) && !is(&said, key)).collect();
        let share = |others: usize| match right + others {
            0 => "–".to_owned(),
            all => format!("{:.1} %", 100.0 * right as f64 / all as f64),
        };
        println!(
            "{verdict:12} {right:6} {:6} {:7} {:>10} {:>7}",
            false_ones.len(),
            missed.len(),
            share(false_ones.len()),
            share(missed.len())
        );
        wrong.extend(missed.into_iter().map(|key| format!("{key}: {verdict}, not {:?}", said.get(key))));
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{output}");
    for line in list(&found, "lines") {
        assert!(!text(line, "reason").is_empty());
        assert_eq!(line["verdict"] == "conflicting", !list(line, "conflicts").is_empty(), "{line}");
    }
    let moved = list(&found, "lines").iter().find(|line| line["row"] == 3).unwrap();
    assert_eq!((text(moved, "key"), text(&list(moved, "conflicts")[0], "field")), ("serial_number", "ip"));
}

#[test]
fn a_reconciliation_is_written_in_every_format_and_remembers_the_baseline() {
    let register = Register::of(&[capture("plant.pcapng")]);
    register.stdout(&["baseline", "create", "b1", "--reason", "start"]);
    let output = register.run(&["reconcile", &company_list(), "--exit-code", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(6));
    let csv = String::from_utf8(output.stdout).unwrap();
    assert!(
        csv.contains("in baseline b1 as well") && csv.contains("it was not in baseline b1 either"),
        "{csv}"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("not read: Standort"));
    let book = register.folder.path().join("out.xlsx");
    let path = book.to_str().unwrap();
    register.stdout(&["reconcile", &company_list(), "--format", "xlsx", "-o", path]);
    assert!(fs::read(&book).unwrap().starts_with(b"PK"));
    let table = register.stdout(&["reconcile", &company_list()]);
    assert!(table.contains("20 rows against") && table.contains("a slip of the pen?"), "{table}");
    assert!(register.stdout(&["journal", "list"]).contains("reconcile"));
}

#[test]
fn lists_of_other_programs_are_known_and_others_are_mapped() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let file = |name: &str, text: &str| {
        let path = register.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let id = {
        let json = register.json();
        let plc = list(&json, "assets")
            .iter()
            .find(|asset| text(asset, "name").starts_with("LINE1-PRESS1"))
            .unwrap();
        text(plc, "id").to_owned()
    };
    let netbox = "name,status,tenant,site,role,manufacturer,device_type,serial,asset_tag,primary_ip4\n\
                  LINE1-PRESS1,active,,north,plc,Siemens,6ES7 315-2EH14-0AB0,S C-F1LAB0000011,A-1,10.10.10.11/24\n";
    let defender = "Name,Type,IPv4 address,MAC address,Serial number,Vendor,Firmware version\n\
                    LINE1-PRESS1,PLC,10.10.10.11,28:63:36:10:00:11,S C-F1LAB0000011,Siemens AG,V3.2.6\n";
    let servicenow = format!(
        "Correlation id,Name,Manufacturer,Model number,IP Address 1,IP Address 2,MAC Address 1,Serial number\n\
         {id},PLC 1,Siemens,6ES7 315-2EH14-0AB0,10.10.10.11,,,\n"
    );
    for (name, list_text) in
        [("netbox.csv", netbox), ("defender.csv", defender), ("servicenow.csv", servicenow.as_str())]
    {
        let output = register.stdout(&["reconcile", &file(name, list_text), "--format", "json"]);
        let found: Value = serde_json::from_str(&output).unwrap();
        let line = &list(&found, "lines")[0];
        let expected =
            if name == "servicenow.csv" { ("matched", "asset_id") } else { ("matched", "serial_number") };
        assert_eq!((text(line, "verdict"), text(line, "key")), expected, "{name}: {line}");
    }
    let odd = file("odd.csv", "Fabrik-Nr.,Ort\nS C-F1LAB0000011,hall\n");
    assert_eq!(register.run(&["reconcile", &odd]).status.code(), Some(2), "no column is known");
    let mapping = file("mapping.toml", "serial_number = \"Fabrik-Nr.\"\n");
    let output = register.stdout(&["reconcile", &odd, "--mapping", &mapping, "--format", "csv"]);
    assert!(output.contains("matched,2,"), "{output}");
    let wrong = file("wrong.toml", "colour = \"x\"\n");
    assert_eq!(register.run(&["reconcile", &odd, "--mapping", &wrong]).status.code(), Some(2));
}

#[test]
fn our_own_exports_agree_with_the_wire() {
    let register = Register::of(&[capture("plant.pcapng")]);
    for (format, name) in [("csv", "own.csv"), ("xlsx", "own.xlsx")] {
        register.stdout(&["export", "--format", format, "-o", name]);
        let told = register.stdout(&["reconcile", name, "--format", "csv"]);
        let wrong: Vec<&str> = told.lines().skip(1).filter(|line| !line.starts_with("matched,")).collect();
        assert!(told.lines().count() > 20 && wrong.is_empty(), "{format}: {wrong:#?}");
    }
}
