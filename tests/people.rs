//! People's side of the register, as a user works with it: fields, approvals, lists, merges, splits, zones, the journal.

use std::fs;

use serde_json::Value;

use crate::support::{Register, capture, list, text};

const PLC: &str = "10.10.10.11";
const HISTORIAN: &str = "10.10.30.10";

fn plant() -> Register {
    Register::of(&[capture("plant.pcapng")])
}

/// The asset at an address.
fn at(register: &Value, ip: &str) -> Value {
    let holds = |asset: &&Value| {
        list(asset, "stations").iter().any(|station| list(station, "ips").iter().any(|one| one == ip))
    };
    let top = |asset: &&Value| asset["parent"].is_null();
    list(register, "assets")
        .iter()
        .filter(top)
        .find(holds)
        .unwrap_or_else(|| panic!("nothing at {ip}"))
        .clone()
}

fn refused(register: &Register, arguments: &[&str]) -> (i32, String) {
    let output = register.run(arguments);
    assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn fields_are_set_singly_and_in_bulk_with_their_history() {
    let register = plant();
    let said = register.stdout(&[
        "assets",
        "set",
        PLC,
        "owner=Ada",
        "criticality=High",
        "--as",
        "grace",
        "--reason",
        "survey",
    ]);
    assert!(said.contains("owner: Ada\n") && said.ends_with("2 changes to 1 asset\n"), "{said}");
    let trial = register.stdout(&[
        "assets",
        "set",
        "--where",
        "role=plc",
        "--where",
        "owner=",
        "owner=Line 1",
        "--dry-run",
    ]);
    assert!(trial.contains("dry run"), "{trial}");
    assert_eq!(
        at(&register.json(), "10.10.10.12")["people"],
        serde_json::json!({}),
        "a dry run writes nothing"
    );
    register.stdout(&["assets", "set", "--where", "role=plc", "--where", "owner=", "owner=Line 1"]);
    let json = register.json();
    assert_eq!(at(&json, "10.10.10.12")["people"]["owner"], "Line 1");
    assert_eq!(at(&json, PLC)["people"], serde_json::json!({"criticality": "high", "owner": "Ada"}));
    register.stdout(&["assets", "set", PLC, "owner="]);
    let history = register.stdout(&["assets", "history", PLC]);
    assert!(
        history.contains("grace") && history.contains("survey") && history.contains("3 changes"),
        "{history}"
    );
    // Traffic never touches what people wrote.
    register.import(&[capture("s7-download.pcap"), capture("plant.pcapng")]);
    assert_eq!(at(&register.json(), PLC)["people"], serde_json::json!({"criticality": "high"}));
    for wrong in [
        &["assets", "set", PLC, "criticality=enormous"][..],
        &["assets", "set", PLC, "backup_last=31.12.2025"],
        &["assets", "set", PLC, "colour=red"],
        &["assets", "set", PLC],
        &["assets", "set", "--where", "colour=red", "owner=x"],
        &["assets", "set", "no-such-asset", "owner=x"],
    ] {
        assert_eq!(refused(&register, wrong).0, 2, "{wrong:?}");
    }
}

#[test]
fn an_exported_list_is_filled_in_and_read_back() {
    let register = plant();
    let path = register.folder.path().join("list.csv");
    let file = path.to_str().unwrap();
    register.stdout(&["assets", "set", HISTORIAN, "notes=-keep; \"this\""]);
    register.stdout(&["export", "--format", "csv", "-o", file, "--delimiter", ";"]);
    let nothing = register.stdout(&["assets", "import", file]);
    assert!(nothing.starts_with("0 changes to "), "what was not touched does not change: {nothing}");

    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(&path).unwrap();
    let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let (owner, ends, ipv4) = (column("people.owner"), column("people.support_end"), column("ipv4"));
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(&heads).unwrap();
    let mut wanted = 0;
    for record in records {
        let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells[ipv4] == PLC || cells[ipv4] == HISTORIAN {
            cells[owner] = "Käthe, shift B".into();
            cells[ends] = "2030-12-31".into();
            wanted += 1;
        }
        writer.write_record(&cells).unwrap();
    }
    writer.flush().unwrap();
    drop(writer);
    assert_eq!(wanted, 2);
    let told = register.stdout(&["register", "import", file, "--dry-run"]);
    assert!(told.contains("4 changes") && told.contains("dry run"), "{told}");
    let done = register.stdout(&["register", "import", file]);
    assert!(done.contains("owner: Käthe, shift B") && done.contains("4 changes"), "{done}");
    let json = register.json();
    assert_eq!(at(&json, PLC)["people"]["support_end"], "2030-12-31");
    assert_eq!(at(&json, HISTORIAN)["people"]["notes"], "-keep; \"this\"");
    assert!(register.stdout(&["assets", "import", file]).starts_with("0 changes"), "twice is once");
}

#[test]
fn a_list_with_a_fault_changes_nothing_and_says_where() {
    let register = plant();
    let path = register.folder.path().join("faults.csv");
    fs::write(
        &path,
        "Asset,Owner,Status,Colour\n10.10.10.11,Ada,in use,red\n10.10.10.12,Bob,burnt,red\n10.9.9.9,Eve,spare,red\n10.10.10.11,Zoe,,\n,Max,,\nPLC,Tom,,\n",
    )
    .unwrap();
    let (code, log) = refused(&register, &["assets", "import", path.to_str().unwrap()]);
    assert_eq!(code, 1);
    for expected in [
        "row 3, column C (Status): status: \"burnt\" is none of in_use, spare",
        "row 4, column A (Asset): no asset is known by \"10.9.9.9\"",
        "row 5: the same asset as row 2",
        "row 6, column A (Asset): no asset is named",
        "row 7, column A (Asset): no asset is known by \"PLC\"",
        "5 faults; nothing was written",
    ] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert_eq!(at(&register.json(), PLC)["people"], serde_json::json!({}));
}

#[test]
fn confirming_approves_and_retiring_asks_a_reason() {
    let register = plant();
    register.stdout(&["assets", "confirm", PLC, "--as", "ada", "--reason", "as built"]);
    let plc = at(&register.json(), PLC);
    assert_eq!((&plc["approval"]["by"], &plc["approval"]["reason"]), (&"ada".into(), &"as built".into()));
    assert!(register.stdout(&["assets", "list", "--wide"]).contains("observed, approved"));
    assert!(register.stdout(&["assets", "confirm", "--where", "role=plc"]).contains("assets approved"));
    assert!(refused(&register, &["assets", "confirm", PLC, "--take-back"]).1.contains("needs a reason"));
    register.stdout(&["assets", "confirm", PLC, "--take-back", "--reason", "wrong cabinet"]);
    assert!(at(&register.json(), PLC)["approval"].is_null());
    assert_eq!(refused(&register, &["assets", "retire", PLC]).0, 2);
    register.stdout(&["assets", "retire", PLC, "--reason", "scrapped"]);
    assert_eq!(at(&register.json(), PLC)["people"]["status"], "retired");
    let (code, log) = refused(&register, &["assets", "delete", PLC, "--reason", "x"]);
    assert!(code == 2 && log.contains("can be retired"), "{log}");
}

#[test]
fn what_people_list_is_a_row_until_the_wire_shows_it() {
    let register = Register::of(&[capture("s7-download.pcap")]);
    let said = register.stdout(&[
        "assets",
        "declare",
        "ip=10.10.10.11",
        "vendor=Siemens",
        "role=plc",
        "name=Press 1",
        "asset_number=A-17",
    ]);
    assert!(said.contains("is declared"), "{said}");
    register.stdout(&["assets", "declare", "mac=00:11:22:33:44:55", "name=Spare"]);
    let json = register.json();
    let declared = at(&json, PLC);
    assert_eq!(
        (text(&declared, "state"), text(&declared, "name"), text(&declared, "role")),
        ("declared", "Press 1", "plc")
    );
    let id = text(&declared, "id").to_owned();
    register.import(&[capture("plant.pcapng")]);
    let json = register.json();
    let observed = at(&json, PLC);
    assert_eq!(
        (text(&observed, "state"), text(&observed, "name"), text(&observed, "id")),
        ("observed", "Press 1", id.as_str())
    );
    let vendors: Vec<_> =
        list(&observed["attributes"], "vendor").iter().map(|one| text(one, "basis")).collect();
    assert_eq!(vendors.last(), Some(&"declared"), "the person's word stands behind what the wire says");
    assert!(register.stdout(&["assets", "show", PLC, "--why"]).contains("same IP address 10.10.10.11"));
    assert!(refused(&register, &["assets", "delete", &id, "--reason", "x"]).1.contains("was heard"));
    register.stdout(&["assets", "delete", "Spare", "--reason", "sold"]);
    assert!(!register.text().contains("\"Spare\""));
    for wrong in ["mac=xy", "ip=10.0.0.300", "role=boss", "colour=red", "owner"] {
        assert_eq!(refused(&register, &["assets", "declare", wrong]).0, 2, "{wrong}");
    }
}

#[test]
fn merges_and_splits_stand_over_the_rules_survive_an_import_and_can_be_undone() {
    let register = plant();
    let before = register.json();
    let count = |json: &Value| list(json, "assets").len();
    let said =
        register.stdout(&["assets", "merge", PLC, "10.10.10.12", "--reason", "one cabinet", "--as", "ada"]);
    assert!(said.contains("decision 1") && said.contains("assets undo 1"), "{said}");
    let merged = register.json();
    assert_eq!(count(&merged) + 1, count(&before));
    let one = at(&merged, PLC);
    assert_eq!(one["id"], at(&merged, "10.10.10.12")["id"]);
    let ids = [&one["id"], &one["aliases"][0]];
    assert!(ids.contains(&&at(&before, PLC)["id"]) && ids.contains(&&at(&before, "10.10.10.12")["id"]));
    let why = register.stdout(&["assets", "show", PLC, "--why"]);
    assert!(
        why.contains("decision 1, merge by ada: one cabinet; the rules would not: they state different"),
        "{why}"
    );
    register.import(&[capture("s7-download.pcap")]);
    let later = register.json();
    assert_eq!(at(&later, PLC)["id"], at(&later, "10.10.10.12")["id"], "survives another import");

    let mac = text(&list(&at(&before, "10.10.10.12"), "stations")[0], "mac").to_owned();
    register.stdout(&["assets", "split", PLC, &mac, "--reason", "two after all"]);
    let split = register.json();
    assert_eq!(at(&split, PLC)["id"], at(&before, PLC)["id"]);
    assert_eq!(
        at(&split, "10.10.10.12")["id"],
        at(&before, "10.10.10.12")["id"],
        "each gets its own id back"
    );
    assert!(register.stdout(&["assets", "show", PLC, "--why"]).contains("not joined: "));
    for number in ["2", "1"] {
        register.stdout(&["assets", "undo", number, "--reason", "tried"]);
    }
    assert!(refused(&register, &["assets", "undo", "1", "--reason", "again"]).1.contains("undone already"));
    let after = register.json();
    for ip in [PLC, "10.10.10.12"] {
        assert_eq!(at(&after, ip)["id"], at(&before, ip)["id"]);
        assert_eq!(at(&after, ip)["stations"], at(&before, ip)["stations"]);
    }
    assert!(register.stdout(&["assets", "decisions"]).contains("taken back by"));
    for wrong in [
        &["assets", "merge", PLC, PLC, "--reason", "x"][..],
        &["assets", "merge", PLC, HISTORIAN],
        &["assets", "split", PLC, "10.1.1.1", "--reason", "x"],
        &["assets", "split", PLC, PLC, "28:63:36:10:00:11", "--reason", "x"],
    ] {
        assert_eq!(refused(&register, wrong).0, 2, "{wrong:?}");
    }
}

const POLICY: &str = r#"
name = "Plant"

[[zone]]
id = "cell"
level = 1
subnets = ["10.10.10.0/24"]

[[zone]]
id = "operations"
level = 3
subnets = ["10.10.30.0/24"]

[[conduit]]
name = "data"
from = "operations"
to = "cell"
protocols = ["enip", "cip"]
"#;

#[test]
fn a_policy_places_assets_and_judges_what_crosses() {
    let register = plant();
    let default = register.json();
    assert_eq!(default["policy"]["given"], false);
    assert!(text(&default["policy"], "text").starts_with("no policy file: private prefixes"));
    assert_eq!(at(&default, PLC)["zone"], "plant");

    let path = register.folder.path().join("policy.toml");
    let file = path.to_str().unwrap();
    fs::write(&path, POLICY.replace("level = 1", "level = 9")).unwrap();
    let output = crate::support::command(register.folder.path(), ["policy", "check", file]).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(refused(&register, &["policy", "set", file]).0, 1);
    fs::write(&path, POLICY).unwrap();
    let told = register.stdout(&["policy", "set", file, "--reason", "agreed", "--as", "ada"]);
    assert!(told.contains("cell") && told.contains("not allowed"), "{told}");
    let json = register.json();
    let plc = at(&json, PLC);
    assert_eq!((text(&plc, "zone"), text(&plc, "purdue_level")), ("cell", "1"));
    assert_eq!(text(&plc, "zone_reason"), "10.10.10.11 is in 10.10.10.0/24: cell");
    let crossing: Vec<_> =
        list(&json, "conversations").iter().map(|one| &one["crosses"]).filter(|one| !one.is_null()).collect();
    assert!(
        crossing.iter().any(|one| one["verdict"] == "not_allowed" && !text(one, "reason").is_empty()),
        "{crossing:?}"
    );
    assert!(
        crossing.iter().all(|one| one["from"] != one["to"] && one["verdict"] != "unjudged"),
        "{crossing:?}"
    );
    register.stdout(&["assets", "set", PLC, "zone=operations", "purdue_level=2"]);
    let json = register.json();
    assert_eq!((text(&at(&json, PLC), "zone"), text(&at(&json, PLC), "purdue_level")), ("operations", "2"));
    assert_eq!(at(&json, HISTORIAN)["zone_reason"], "10.10.30.10 is in 10.10.30.0/24: operations");
    assert_eq!(register.stdout(&["policy", "show", "--text"]).trim(), POLICY.trim());
    register.stdout(&["policy", "clear", "--reason", "trial"]);
    assert_eq!(at(&register.json(), HISTORIAN)["zone"], "plant");
}

#[test]
fn the_journal_holds_every_step_and_shows_when_it_was_touched() {
    let register = plant();
    register.stdout(&["assets", "set", PLC, "owner=Ada", "--as", "grace"]);
    register.stdout(&["assets", "confirm", PLC]);
    register.stdout(&["assets", "merge", PLC, HISTORIAN, "--reason", "test"]);
    register.stdout(&["assets", "undo", "1", "--reason", "test"]);
    register.text();
    let lines = register.stdout(&["journal", "list"]);
    for action in ["import", "set", "confirm", "merge", "undo", "export", "grace"] {
        assert!(lines.contains(action), "{action}: {lines}");
    }
    assert!(register.stdout(&["journal", "verify"]).starts_with("6 lines as written"));
    let database = fs::read(register.database()).unwrap();
    let needle = b"grace";
    let places: Vec<usize> = (0..database.len() - needle.len())
        .filter(|at| &database[*at..*at + needle.len()] == needle)
        .collect();
    assert!(!places.is_empty());
    let mut touched = database;
    for place in places {
        touched[place..place + needle.len()].copy_from_slice(b"nobod");
    }
    fs::write(register.database(), touched).unwrap();
    let output = register.run(&["journal", "verify"]);
    assert_eq!(output.status.code(), Some(6), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_baseline_is_frozen_and_tells_what_differs_since() {
    let register = Register::of(&[capture("s7-download.pcap")]);
    let made = register.stdout(&["baseline", "create", "first", "--reason", "handover", "--as", "ada"]);
    assert!(made.contains("SHA-256 "), "{made}");
    let text = register.stdout(&["baseline", "show", "first", "--format", "json"]);
    let hash: String =
        sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), &text))
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
    assert!(
        register.stdout(&["baseline", "list"]).contains(&hash),
        "the hash is of the text that is printed"
    );
    assert!(register.stdout(&["baseline", "diff", "first", "--exit-code"]).contains("0 differences"));
    register.import(&[capture("plant.pcapng")]);
    let output = register.run(&["baseline", "diff", "first", "now", "--exit-code", "--format", "json"]);
    assert_eq!(output.status.code(), Some(6));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let new =
        list(&found, "differences").iter().filter(|one| one["became"] == "new" && one["what"] == "asset");
    assert!(new.count() > 20);
    register.stdout(&["baseline", "create", "second", "--reason", "after the import"]);
    register.stdout(&["assets", "set", PLC, "owner=Ada"]);
    let csv = register.stdout(&["baseline", "diff", "second", "--format", "csv"]);
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("people owner") && csv.contains("Ada"), "{csv}");
    let cip = register.run(&["baseline", "show", "second", "--view", "cip-010"]);
    let (table, limits) = (String::from_utf8_lossy(&cip.stdout), String::from_utf8_lossy(&cip.stderr));
    assert!(table.contains("1.1.5 security patches") && table.contains("firmware_version V3.2.6"), "{table}");
    assert!(limits.contains("what listening cannot see"), "{limits}");
    assert!(refused(&register, &["baseline", "create", "second", "--reason", "x"]).1.contains("already"));
    assert_eq!(refused(&register, &["baseline", "delete", "second"]).0, 2);
    register.stdout(&["baseline", "delete", "second", "--reason", "trial"]);
    assert!(refused(&register, &["baseline", "show", "second"]).1.contains("no baseline is called"));
    assert!(register.stdout(&["journal", "list"]).contains("baseline delete"));
}

#[test]
fn who_hands_data_on_is_a_finding_until_people_say_where_to() {
    const GATEWAY: &str = "10.10.30.13";
    let register = plant();
    // The plant has an AI system too, of which people must say more.
    let found = || -> Vec<String> {
        let json = register.json();
        let findings = list(&json, "findings").iter().filter(|finding| {
            text(finding, "kind") == "edge_system_reads" && !text(finding, "text").contains(" as ai_system")
        });
        findings.map(|finding| text(finding, "text").to_owned()).collect()
    };
    let [before] = &found()[..] else { panic!("{:?}", found()) };
    assert!(before.ends_with("nobody says of it: Owner, Cloud service"), "{before}");
    let set = |value: &str| {
        register.stdout(&["assets", "set", GATEWAY, value, "--as", "grace", "--reason", "survey"])
    };
    set("owner=Ada");
    assert!(found()[0].ends_with("nobody says of it: Cloud service"));
    set("cloud_service=none: broker of the plant");
    assert_eq!(found(), Vec::<String>::new());
}
