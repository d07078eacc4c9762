//! What the auditor asks for: readiness, key figures, incidents, the journal's head.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Register, capture, list, text};

const PLC: &str = "10.10.10.11";

/// One field for each kind of source that SQL can look up by itself.
const PROFILE: &str = r#"
    id = "own"
    title = "Own"
    source = "house rule 7"
    edition = "3"
    [[field]]
    name = "vendor"
    title = "Vendor"
    clause = "1"
    any = ["stated:vendor"]
    [[field]]
    name = "model"
    title = "Model"
    clause = "2"
    any = ["stated:model", "stated:order_number"]
    [[field]]
    name = "serial"
    title = "Serial number"
    clause = "3"
    any = ["stated:serial_number"]
    [[field]]
    name = "owner"
    title = "Owner"
    clause = "4"
    group = "people"
    any = ["people:owner"]
    [[field]]
    name = "location"
    title = "Location"
    clause = "5"
    group = "people"
    any = ["people:physical_location", "people:area"]
    [[field]]
    name = "approved"
    title = "Approved"
    clause = "6"
    group = "people"
    any = ["asset:approved"]
"#;

fn plant() -> Register {
    Register::of(&[capture("plant.pcapng")])
}

fn json(register: &Register, arguments: &[&str]) -> Value {
    serde_json::from_str(&register.stdout(arguments)).unwrap()
}

fn refused(register: &Register, arguments: &[&str], code: i32) -> String {
    let output = register.run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// What SQL alone makes of the register: how many assets state one of these attributes. What a station below an address
/// says belongs to the asset with the longest anchor that it lies in.
fn stated(database: &Connection, attributes: &str) -> i64 {
    let sql = format!(
        "SELECT count(DISTINCT (
            SELECT own.asset FROM asset_anchor own
            JOIN asset ON asset.id = own.asset AND asset.alias_of IS NULL
            WHERE own.anchor = station.address OR own.anchor = station.address || ' ' || station.path
               OR station.address || ' ' || station.path GLOB own.anchor || '/*'
            ORDER BY length(own.anchor) DESC LIMIT 1))
         FROM station JOIN fact ON fact.station = station.id
         WHERE fact.attribute IN ({attributes}) AND fact.basis IN ('stated', 'reported')
           AND lower(trim(fact.value)) NOT IN ('', 'unknown')"
    );
    database.query_row(&sql, [], |row| row.get(0)).unwrap()
}

fn filled(database: &Connection, fields: &str) -> i64 {
    let sql = format!(
        "SELECT count(DISTINCT coalesce(asset.alias_of, asset.id)) FROM asset
         JOIN asset_field ON asset_field.asset = asset.id
         WHERE asset_field.field IN ({fields}) AND asset_field.value <> 'unknown'"
    );
    database.query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn an_independent_query_gives_the_numbers_of_readiness() {
    let register = plant();
    register.stdout(&["assets", "set", PLC, "owner=Ada", "physical_location=Hall 3", "--as", "grace"]);
    register.stdout(&["assets", "set", "--where", "role=hmi", "owner=Grace", "area=North"]);
    register.stdout(&["assets", "confirm", "--where", "role=plc"]);
    let file = register.folder.path().join("own.toml");
    fs::write(&file, PROFILE).unwrap();
    let found = json(&register, &["readiness", "--profile-file", file.to_str().unwrap(), "--format", "json"]);
    assert_eq!(text(&found, "schema"), "tapledger.readiness/1");
    assert!(text(&found, "formula").starts_with("readiness/1: completeness = present / applicable"));
    let profile = &list(&found, "profiles")[0];

    let database = Connection::open(register.database()).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let assets = number("SELECT count(*) FROM asset WHERE alias_of IS NULL");
    let expected = [
        ("vendor", stated(&database, "'vendor'")),
        ("model", stated(&database, "'model', 'order_number'")),
        ("serial", stated(&database, "'serial_number'")),
        ("owner", filled(&database, "'owner'")),
        ("location", filled(&database, "'physical_location', 'area'")),
        ("approved", number("SELECT count(*) FROM approval")),
    ];
    for (name, count) in expected {
        let field = list(profile, "fields").iter().find(|field| text(field, "field") == name).unwrap();
        assert_eq!(field["applicable"], assets, "{name}");
        assert_eq!(field["present"], count, "{name}");
        assert!(count > 0 && count < assets, "{name}: {count} of {assets} shows nothing");
    }
    let present: i64 = expected.iter().map(|(_, count)| count).sum();
    let total = &profile["total"];
    assert_eq!((&total["present"], &total["applicable"]), (&present.into(), &(assets * 6).into()));
    assert_eq!(total["percent"], present * 100 / (assets * 6));
    let people = list(profile, "groups").iter().find(|group| text(group, "group") == "people").unwrap();
    let of_people: i64 = expected[3..].iter().map(|(_, count)| count).sum();
    assert_eq!(people["present"], of_people);

    // Whose work is left, by the same database.
    let lacking = number(
        "SELECT count(DISTINCT asset) FROM asset_field WHERE field = 'owner' AND value = 'Grace'
         AND asset NOT IN (SELECT asset FROM approval)",
    );
    let task = list(profile, "worklist")
        .iter()
        .find(|task| task["owner"] == "Grace" && task["field"] == "approved")
        .unwrap();
    assert_eq!(list(task, "missing").len() as i64, lacking);
    let plc = list(profile, "assets").iter().find(|asset| asset["owner"] == "Ada").unwrap();
    let owner = list(plc, "answers").iter().find(|answer| text(answer, "field") == "owner").unwrap();
    assert_eq!((text(&owner["people"], "by"), &owner["wire"]), ("grace", &Value::Null));
    let vendor = list(plc, "answers").iter().find(|answer| text(answer, "field") == "vendor").unwrap();
    assert!(["stated", "reported"].contains(&text(&vendor["wire"], "by")) && vendor["age_days"].is_i64());

    // The rows say the same as the document.
    let rows = register.stdout(&["readiness", "--profile-file", file.to_str().unwrap(), "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    let states = reader.records().map(|row| row.unwrap()[9].to_owned());
    assert_eq!(states.filter(|state| state == "present").count() as i64, present);
}

#[test]
fn readiness_prints_its_formula_and_answers_slips_with_what_was_meant() {
    let register = plant();
    let all = register.stdout(&["readiness"]);
    for word in ["iso27001", "cisa", "iec62443", "nerc-cip-010", "cis", "nis2", "readiness/1: completeness"] {
        assert!(all.contains(word), "{word}: {all}");
    }
    let one = register.stdout(&["readiness", "--profile", "iso27001"]);
    assert!(
        one.contains("nobody: ") && one.contains("assets lack owner (A.5.9)") && one.contains("source: ISO"),
        "{one}"
    );
    for by in ["field", "asset", "zone", "owner"] {
        assert!(
            register.stdout(&["readiness", "--profile", "cisa", "--by", by]).contains("readiness/1"),
            "{by}"
        );
    }
    assert!(register.stdout(&["readiness", "--list"]).contains("not kept: names of users are personal data"));
    assert!(refused(&register, &["readiness", "--profile", "iso2701"], 2).contains("did you mean iso27001?"));
    assert!(refused(&register, &["readiness", "--site", "defualt"], 2).contains("did you mean \"default\"?"));
    let file = register.folder.path().join("own.toml");
    fs::write(&file, PROFILE.replace("people:owner", "people:ownr")).unwrap();
    let said = refused(&register, &["readiness", "--profile-file", file.to_str().unwrap()], 2);
    assert!(
        said.contains("field owner: \"ownr\" is no field") && said.contains("did you mean owner?"),
        "{said}"
    );
    // The same register gives the same octets.
    let again = |register: &Register| register.stdout(&["readiness", "--format", "json"]);
    assert_eq!(again(&register), again(&register));
}

/// The figure of the whole register in the last point of its series.
fn figure(document: &Value, kpi: &str) -> (i64, Option<i64>) {
    let of = |series: &&Value| series["kpi"] == kpi && series["site"].is_null() && series["class"].is_null();
    let series = list(document, "series").iter().find(of).unwrap_or_else(|| panic!("{kpi}"));
    let point = list(series, "points").last().unwrap();
    (point["value"].as_i64().unwrap(), point["of"].as_i64())
}

#[test]
fn key_figures_are_kept_compared_and_locked() {
    let register = plant();
    let first = register.stdout(&["kpi", "snapshot", "--label", "before", "--as", "ada"]);
    assert!(first.starts_with("snapshot 1: "), "{first}");
    register.stdout(&["assets", "set", "--where", "role=plc", "owner=Ada", "criticality=high"]);
    let open = json(&register, &["findings", "--format", "json"]);
    let id = text(&open[0], "id").to_owned();
    register.stdout(&["findings", "close", &id, "--reason", "done"]);
    register.stdout(&["baseline", "create", "after", "--reason", "handover"]);

    let now = json(&register, &["kpi", "--format", "json"]);
    assert_eq!(text(&now, "schema"), "tapledger.kpi/1");
    let database = Connection::open(register.database()).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let assets = number("SELECT count(*) FROM asset WHERE alias_of IS NULL");
    let owned = number("SELECT count(*) FROM asset_field WHERE field = 'owner'");
    assert_eq!(figure(&now, "assets"), (assets, None));
    assert_eq!(figure(&now, "owned"), (owned, Some(assets)));
    assert_eq!(figure(&now, "critical_assets"), (owned, None));
    assert_eq!(figure(&now, "critical_controls").1, Some(owned * 7));
    assert_eq!(figure(&now, "findings_closed"), (1, None));
    let findings = list(&register.json(), "findings").len() as i64;
    assert_eq!(figure(&now, "findings_open").0, findings - 1);
    let series = list(&now, "series").iter().find(|series| series["kpi"] == "owned").unwrap();
    assert_eq!(list(series, "points").len(), 3, "two snapshots and now");
    assert!(text(series, "definition").contains("people's field owner"));

    let table = register.stdout(&["kpi", "--wide"]);
    assert!(table.contains("before: snapshot 1 (before)") && table.contains(" points, better"), "{table}");
    let both = register.stdout(&["kpi", "--baseline", "after", "--baseline", "now"]);
    assert!(both.contains("before: snapshot 2 (baseline after)") && both.contains("after:  now"), "{both}");
    let of_class = register.stdout(&["kpi", "--class", "controller", "--kpi", "owned", "--format", "csv"]);
    assert!(of_class.lines().count() == 4 && of_class.contains(",default,controller,"), "{of_class}");
    assert!(
        register.stdout(&["kpi", "--kpi", "assets", "--to", "2100-01-01", "--format", "csv"]).lines().count()
            == 3
    );
    assert!(register.stdout(&["kpi", "list"]).contains("2 snapshots"));
    assert!(register.stdout_without_register(&["kpi", "definitions"]).contains("critical_controls"));

    assert!(refused(&register, &["kpi", "--kpi", "ownd"], 2).contains("did you mean owned?"));
    assert!(refused(&register, &["kpi", "--class", "controler"], 2).contains("did you mean \"controller\"?"));
    assert!(refused(&register, &["kpi", "--baseline", "aftr"], 2).contains("did you mean \"after\"?"));
    assert!(
        refused(&register, &["kpi", "--to", "2000-01-01"], 2).contains("no snapshot was taken in that time")
    );

    assert!(register.stdout(&["kpi", "verify"]).starts_with("2 snapshots as taken"));
    assert!(
        database.execute("UPDATE kpi_figure SET value = value + 1", []).is_err(),
        "the register refuses it"
    );
    database
        .execute_batch("DROP TRIGGER kpi_figure_stays; UPDATE kpi_figure SET value = value + 1 WHERE snapshot = 2 AND kpi = 'owned' AND site = ''")
        .unwrap();
    let output = register.run(&["kpi", "verify"]);
    assert_eq!(output.status.code(), Some(6));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("snapshot 2: "));
    // Nothing of it belongs to what was observed.
    assert!(register.stdout(&["doctor"]).contains("the register is sound"));
}

#[test]
fn the_gap_of_the_last_comparison_is_a_figure() {
    let register = plant();
    let document = json(&register, &["kpi", "--format", "json"]);
    assert!(list(&document, "series").iter().all(|series| series["kpi"] != "reconcile_gap"));
    let file = register.folder.path().join("list.csv");
    fs::write(&file, format!("name,ip\nPLC,{PLC}\nnowhere,10.99.99.99\n")).unwrap();
    let lines: Value = json(&register, &["reconcile", file.to_str().unwrap(), "--format", "json"]);
    let verdicts: Vec<&str> = list(&lines, "lines").iter().map(|line| text(line, "verdict")).collect();
    let gap = verdicts.iter().filter(|verdict| **verdict != "matched").count() as i64;
    let document = json(&register, &["kpi", "--format", "json"]);
    let (value, of) = figure(&document, "reconcile_gap");
    assert_eq!((value, of), (gap, Some(verdicts.len() as i64)));
    assert!(gap > 0);
}

#[test]
fn an_incident_goes_from_detection_to_its_end() {
    let register = plant();
    let finding = text(&json(&register, &["findings", "--format", "json"])[0], "id").to_owned();
    let opened = register.stdout(&[
        "incident",
        "open",
        "line 1 stopped",
        "--detected",
        "2025-03-29T22:30:00Z",
        "--aware",
        "2025-03-30T00:30:00+01:00",
        "--finding",
        &finding,
        "--site",
        "default",
        "--class",
        "availability",
        "--severity",
        "high",
        "--significant",
        "yes",
        "--asset",
        PLC,
        "--as",
        "ada",
    ]);
    // Clocks count in UTC: the night in which the clocks of Europe go forward is as long as any other.
    assert!(opened.contains("incident 1 is open") && opened.contains("due 2025-03-30T23:30:00Z"), "{opened}");
    assert!(
        opened.contains("due 2025-04-01T23:30:00Z") && opened.contains("due 2025-05-01T23:30:00Z"),
        "{opened}"
    );
    register.stdout(&[
        "incident",
        "note",
        "1",
        "--reported",
        "early-warning",
        "--at",
        "2025-03-30T12:00:00Z",
        "--to",
        "CSIRT 17",
    ]);
    register.stdout(&["incident", "note", "1", "--reported", "notification", "--at", "2025-04-02T00:00:00Z"]);
    let file = register.folder.path().join("=log.txt");
    fs::write(&file, "abc").unwrap();
    register.stdout(&[
        "incident",
        "attach",
        "1",
        "--file",
        file.to_str().unwrap(),
        "--evidence",
        PLC,
        "vendor",
    ]);
    let said = refused(&register, &["incident", "close", "1", "--reason", "over"], 2);
    assert!(said.contains("incident 1 has no cause, no action, no lesson"), "{said}");
    register.stdout(&[
        "incident",
        "note",
        "1",
        "=HYPERLINK is a text",
        "--cause",
        "a cable",
        "--action",
        "replaced",
        "--lesson",
        "label cables",
    ]);
    register.stdout(&["incident", "close", "1", "--reason", "runs again"]);
    refused(&register, &["incident", "close", "1", "--reason", "twice"], 2);

    let document =
        json(&register, &["incident", "show", "1", "--format", "json", "--as-of", "2025-07-01T00:00:00Z"]);
    assert_eq!(text(&document, "schema"), "tapledger.incidents/1");
    let one = &list(&document, "incidents")[0];
    let clocks: Vec<(&str, &str, &str)> = list(one, "clocks")
        .iter()
        .map(|clock| (text(clock, "report"), text(clock, "deadline"), text(clock, "state")))
        .collect();
    assert_eq!(
        clocks,
        [
            ("early_warning", "2025-03-30T23:30:00Z", "done"),
            ("notification", "2025-04-01T23:30:00Z", "done_late"),
            ("final", "2025-05-02T00:00:00Z", "overdue")
        ]
    );
    let kinds: Vec<&str> = list(one, "attached").iter().map(|attached| text(attached, "kind")).collect();
    assert_eq!(kinds, ["finding", "asset", "evidence", "file"]);
    let attached = &list(one, "attached")[3];
    // SHA-256 of "abc" (FIPS 180-2, appendix B.1).
    let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(text(attached, "reference"), abc);
    assert_eq!((text(one, "state"), &one["drill"]), ("closed", &Value::Bool(false)));

    register.stdout(&["incident", "reopen", "1", "--reason", "it stopped again"]);
    assert!(register.stdout(&["incident", "list", "--open"]).contains("OVERDUE"));
    let shown = register.stdout(&["incident", "show", "1"]);
    for word in ["CSIRT 17", "label cables", "history", "reopened", "Directive (EU) 2022/2555"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    // What was written is in the journal, and changed behind our back it shows.
    assert!(register.stdout(&["journal", "list", "--find", "incident 1"]).contains("incident cause"));
    assert!(register.stdout(&["incident", "verify"]).contains("as written"));
    let database = Connection::open(register.database()).unwrap();
    database
        .execute_batch("DROP TRIGGER incident_entry_stays; UPDATE incident_entry SET text = 'sabotage' WHERE kind = 'cause'")
        .unwrap();
    assert_eq!(register.run(&["incident", "verify"]).status.code(), Some(6));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let register = plant();
    for (arguments, said) in [
        (vec!["incident", "open", "a\u{1b}[2J"], "control or direction characters"),
        (vec!["incident", "open", "x", "--class", "intrusion"], "did you mean intrusions?"),
        (vec!["incident", "open", "x", "--detected", "2999-01-01T00:00:00Z"], "no RFC 3339 time"),
        (vec!["incident", "open", "x", "--detected", "2200-01-01T00:00:00Z"], "still to come"),
        (
            vec![
                "incident",
                "open",
                "x",
                "--detected",
                "2025-01-02T00:00:00Z",
                "--aware",
                "2025-01-01T00:00:00Z",
            ],
            "before it was detected",
        ),
        (vec!["incident", "open", "x", "--asset", "10.99.99.99"], "no asset is known"),
        (vec!["incident", "note", "7", "text"], "there is no incident 7"),
        (vec!["incident", "show", "7"], "there is no incident 7"),
    ] {
        let refusal = refused(&register, &arguments, 2);
        // The first of these is too far for a time of 64 bits; either word will do.
        assert!(
            refusal.contains(said) || said.contains("RFC 3339") && refusal.contains("too far away"),
            "{arguments:?}: {refusal}"
        );
    }
    assert!(register.stdout(&["incident", "list"]).contains("0 entries"), "nothing was written");
    register.stdout(&["incident", "open", "exercise", "--drill"]);
    assert!(refused(&register, &["incident", "note", "1"], 2).contains("nothing to note"));
    assert!(refused(&register, &["incident", "note", "1", "--reported", "final"], 2).contains("is a drill"));
    assert!(refused(&register, &["incident", "attach", "1"], 2).contains("nothing to attach"));
    let said = refused(&register, &["incident", "attach", "1", "--evidence", PLC, "vendr"], 2);
    assert!(said.contains("did you mean vendor?"), "{said}");
    register.stdout(&["incident", "close", "1", "--reason", "done", "--incomplete"]);
    let log = json(&register, &["incident", "log", "--format", "json"]);
    assert!(text(&log["incidents"][0]["closed"], "text").contains("closed without cause, action, lesson"));
    assert_eq!(list(&log["incidents"][0], "clocks").len(), 0, "of a drill nothing is reported");
}

#[test]
fn the_log_says_what_was_listened_to_also_where_nothing_happened() {
    let register = plant();
    let last = text(&register.json(), "as_of").to_owned();
    let none = json(&register, &["incident", "log", "--as-of", &last, "--format", "json"]);
    let period = &none["period"];
    assert_eq!((&period["incidents"], &period["drills"]), (&0.into(), &0.into()));
    assert!(text(period, "words").contains("no incident, no drill; 1 sensor listened"), "{period}");
    assert!(list(period, "listened")[0]["seconds"].as_i64().unwrap() > 0);
    let csv = register.stdout(&["incident", "log", "--as-of", &last, "--format", "csv"]);
    assert!(csv.lines().count() == 2 && csv.contains("no incident, no drill"), "{csv}");
    let early = register.stdout(&["incident", "log", "--as-of", "2001-01-01T00:00:00Z"]);
    assert!(early.contains("the absence of incidents is no observation"), "{early}");
    register.stdout(&["incident", "open", "stop", "--detected", "2024-06-10T00:00:00Z"]);
    let table = register.stdout(&["incident", "log", "--as-of", "2024-07-01T00:00:00Z", "--months", "1"]);
    assert!(table.contains("1 incident, no drill; no sensor listened") && table.contains("stop"), "{table}");
    let before = json(&register, &["incident", "log", "--as-of", "2001-01-01T00:00:00Z", "--format", "json"]);
    assert!(list(&before, "incidents").is_empty());
}

#[test]
fn the_head_of_the_journal_is_printed_and_a_broken_journal_has_none() {
    let register = plant();
    let head = json(&register, &["journal", "head", "--json"]);
    let hash = register.stdout(&["evidence", "log", "--head"]);
    assert_eq!((text(&head, "schema"), text(&head, "hash")), ("tapledger.journal.head/1", hash.trim()));
    let words = register.stdout(&["journal", "head"]);
    assert!(
        words.contains(hash.trim()) && words.starts_with(&format!("line {}, written 2", head["seq"])),
        "{words}"
    );
    register.stdout(&["assets", "set", PLC, "owner=Ada"]);
    let after = json(&register, &["journal", "head", "--json"]);
    assert_eq!(after["seq"].as_i64(), head["seq"].as_i64().map(|seq| seq + 1));
    let database = Connection::open(register.database()).unwrap();
    database
        .execute_batch("DROP TRIGGER journal_keeps_its_lines; UPDATE journal SET actor = 'eve' WHERE seq = 1")
        .unwrap();
    assert!(refused(&register, &["journal", "head"], 6).contains("line 1"));
}
