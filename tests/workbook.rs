//! The register's workbook as a user works with it: exported, edited, taken back; through LibreOffice too, where it is
//! installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Register, capture};

const PLC: &str = "10.10.10.11";

fn plant() -> Register {
    Register::of(&[capture("plant.pcapng")])
}

fn export(register: &Register, name: &str) -> String {
    let path = register.folder.path().join(name).to_str().unwrap().to_owned();
    register.stdout(&["export", "--format", "xlsx", "-o", &path]);
    path
}

/// Saves a workbook anew by LibreOffice, in a form of its own; `None` where there is none.
fn resaved(folder: &Path, file: &str, form: &str, ending: &str) -> Option<String> {
    let out = folder.join("resaved");
    fs::create_dir_all(&out).unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let run = Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", form, "--outdir", out.to_str().unwrap(), file])
        .output();
    if !run.is_ok_and(|run| run.status.success()) {
        println!("\nSKIPPED: no LibreOffice here (soffice)");
        return None;
    }
    let name = Path::new(file).file_stem().unwrap().to_str().unwrap();
    let path = out.join(format!("{name}.{ending}"));
    assert!(path.exists(), "{}", path.display());
    Some(path.to_str().unwrap().to_owned())
}

#[test]
fn a_workbook_goes_out_and_comes_back_without_a_change() {
    let register = plant();
    register.stdout(&["assets", "set", PLC, "owner==cmd|'x'!A0", "backup_last=2026-01-31", "rto=4.5"]);
    let file = export(&register, "register.xlsx");
    let again = export(&register, "again.xlsx");
    assert!(fs::read(&file).unwrap() == fs::read(&again).unwrap(), "two exports differ");
    let assets = crate::support::list(&register.json(), "assets").len();
    let told = register.stdout(&["register", "import", &file]);
    assert_eq!(told, format!("0 changes to {assets} assets\n"));
    let folder = register.folder.path();
    if let Some(other) = resaved(folder, &file, "xlsx:Calc MS Excel 2007 XML", "xlsx") {
        let told = register.stdout(&["register", "import", &other]);
        assert_eq!(told, format!("0 changes to {assets} assets\n"), "saved by LibreOffice");
    }
    let journal = register.stdout(&["evidence", "log"]);
    assert!(journal.contains("import fields") && journal.contains("xlsx"), "{journal}");
}

#[test]
fn edits_in_a_list_that_a_spreadsheet_saved_are_taken_over_with_who_and_why() {
    let register = plant();
    register.stdout(&["assets", "set", PLC, "owner=Ada"]);
    let file = export(&register, "register.xlsx");
    // The sheet as CSV, as spreadsheets save it: bands above the head, hidden columns among the others.
    let sheet = export::sheet::read(fs::read(&file).unwrap().as_slice()).unwrap();
    let column = |title: &str| sheet.header.iter().position(|head| head == title).unwrap();
    let csv = register.folder.path().join("saved.csv");
    let save = |edit: &dyn Fn(&mut Vec<String>)| {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_path(&csv).unwrap();
        writer.write_record(["OBSERVED ON THE WIRE", "", "", "ASSIGNED BY PEOPLE"]).unwrap();
        writer.write_record(&sheet.header).unwrap();
        for row in &sheet.rows {
            let mut cells = row.cells.clone();
            if cells[column("IPv4")].split("; ").any(|ip| ip == PLC) && cells[column("Parent asset")] == "–"
            {
                edit(&mut cells);
            }
            writer.write_record(&cells).unwrap();
        }
        writer.flush().unwrap();
    };
    let csv = csv.to_str().unwrap();
    let import = |more: &[&str]| {
        let mut arguments = vec!["register", "import", csv, "--as", "grace", "--reason", "survey"];
        arguments.extend(more);
        let output = register.run(&arguments);
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), text)
    };
    save(&|cells| {
        cells[column("Owner")] = "Line 1".into();
        cells[column("Criticality")] = "High".into();
        cells[column("Vendor")] = "ACME".into();
    });
    let (code, told) = import(&["--dry-run"]);
    assert_eq!(code, 0, "{told}");
    for expected in [
        "owner: \"Line 1\" instead of \"Ada\"",
        "criticality: \"high\" instead of not assessed",
        "ignored: ",
        "\"ACME\": Vendor is observed",
        "2 changes to",
        "1 ignored edit (nothing was written: dry run)",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let owner = |register: &Register| {
        let shown = register.stdout(&["assets", "history", PLC]);
        shown.contains("Line 1")
    };
    assert!(!owner(&register), "a dry run writes nothing");
    // Somebody was quicker: what the register says stays, and both are told.
    register.stdout(&["assets", "set", PLC, "owner=Bob"]);
    let (code, told) = import(&[]);
    assert_eq!(code, 4, "{told}");
    assert!(
        told.contains(
            "owner: exported \"Ada\", in the file \"Line 1\", in the register \"Bob\"; the register's is kept"
        ),
        "{told}"
    );
    assert!(!owner(&register));
    let (code, told) = import(&["--theirs"]);
    assert_eq!(code, 0, "{told}");
    let history = register.stdout(&["assets", "history", PLC]);
    assert!(
        history.contains("Line 1") && history.contains("grace") && history.contains("survey"),
        "{history}"
    );
    assert!(register.stdout(&["evidence", "log"]).contains("saved.csv"));

    save(&|cells| cells[column("Criticality")] = "enormous".into());
    let (code, told) = import(&[]);
    assert_eq!(code, 1);
    let letters = export::sheet::column_letters(column("Criticality"));
    assert!(
        told.contains(&letters) && told.contains("enormous") && told.contains("nothing was written"),
        "{told}"
    );
}

#[test]
fn a_line_without_an_id_lists_an_asset_once() {
    let register = plant();
    let file = export(&register, "register.xlsx");
    let sheet = export::sheet::read(fs::read(&file).unwrap().as_slice()).unwrap();
    let csv = register.folder.path().join("more.csv");
    let mut writer = csv::Writer::from_path(&csv).unwrap();
    writer.write_record(&sheet.header).unwrap();
    let mut cells = vec![String::new(); sheet.header.len()];
    for (title, text) in [
        ("Asset name", "Spare pump"),
        ("Asset type", "Drive"),
        ("MAC", "02:aa:00:00:00:01"),
        ("Owner", "Ada"),
    ] {
        cells[sheet.header.iter().position(|head| head == title).unwrap()] = text.into();
    }
    writer.write_record(&cells).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let csv = csv.to_str().unwrap();
    let told = register.stdout(&["register", "import", csv]);
    assert!(told.contains("new: ") && told.contains("1 new asset"), "{told}");
    let shown = register.stdout(&["assets", "show", "Spare pump"]);
    assert!(shown.contains("declared") && shown.contains("drive") && shown.contains("Ada"), "{shown}");
    let told = register.stdout(&["register", "import", csv]);
    assert_eq!(told, "0 changes to 1 asset\n", "twice is once");
}
