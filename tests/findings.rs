//! What people decide about findings, as they type it.

use serde_json::Value;

use crate::support::{Register, capture, list, text};

fn of_kind(register: &Register, kind: &str) -> Value {
    let document = register.json();
    list(&document, "findings").iter().find(|finding| text(finding, "kind") == kind).cloned().unwrap()
}

#[test]
fn a_finding_goes_from_open_to_closed_and_importing_again_loses_nothing() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let finding = of_kind(&register, "program_operation");
    assert_eq!((text(&finding, "state"), &finding["owner"]), ("open", &Value::Null));
    let id = text(&finding, "id").to_owned();
    register.stdout(&["findings", "ack", &id[..8]]);
    register.stdout(&["findings", "assign", &id, "--owner", "grace", "--due", "2030-01-01"]);
    assert_eq!(text(&of_kind(&register, "program_operation"), "state"), "acknowledged");

    // Until a day after the latest observed time, and until one before it.
    register.stdout(&["findings", "accept", &id, "--reason", "commissioning", "--until", "2100-12-31"]);
    let accepted = of_kind(&register, "program_operation");
    assert_eq!((text(&accepted, "state"), text(&accepted, "reason")), ("accepted", "commissioning"));
    assert_eq!(
        (text(&accepted, "owner"), text(&accepted, "expires")),
        ("grace", "2100-12-31T23:59:59.999999999Z")
    );
    let late = register.stdout(&["findings", "list", "--as-of", "2101-06-01T00:00:00Z", "--format", "json"]);
    let late: Vec<Value> = serde_json::from_str(&late).unwrap();
    let late = late.iter().find(|finding| text(finding, "id") == id).unwrap();
    assert_eq!(text(late, "state"), "open");
    assert_eq!(text(late, "reason"), "the acceptance has expired (was accepted: commissioning)");

    register.stdout(&["findings", "close", &id, "--reason", "done"]);
    register.import(&[capture("plant.pcapng"), capture("cuts/modbus-identity.pcapng")]);
    assert_eq!(text(&of_kind(&register, "program_operation"), "state"), "closed");
    let shown = register.stdout(&["findings", "show", &id]);
    for word in ["finding acknowledged", "finding assigned", "finding accepted", "finding closed", "evidence"]
    {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    register.stdout(&["findings", "reopen", &id]);
    assert_eq!(text(&of_kind(&register, "program_operation"), "state"), "open");
    let open = register.stdout(&["findings", "list", "--state", "closed", "--format", "json"]);
    assert_eq!(open.trim(), "[]");
    let doctor = register.stdout(&["doctor"]);
    assert!(doctor.contains("the register is sound"), "{doctor}");
}

#[test]
fn findings_are_listed_by_kind_and_severity() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let asked = ["findings", "--kind", "program_operation", "--severity", "warning", "--format", "json"];
    let found: Vec<Value> = serde_json::from_str(&register.stdout(&asked)).unwrap();
    let fits = |finding: &Value| {
        text(finding, "kind") == "program_operation" && text(finding, "severity") == "warning"
    };
    assert!(!found.is_empty() && found.iter().all(fits), "{found:?}");
    assert_eq!(
        list(&register.json(), "findings").iter().filter(|finding| fits(finding)).count(),
        found.len()
    );
}

#[test]
fn a_kind_is_switched_off_for_good_and_on_again() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let all = list(&register.json(), "findings").len();
    register.stdout(&["findings", "--off", "program_operation"]);
    let without = register.json();
    assert!(list(&without, "findings").iter().all(|finding| finding["kind"] != "program_operation"));
    assert!(register.stdout(&["findings"]).contains("switched off: program_operation ("));
    register.import(&[capture("cuts/modbus-identity.pcapng")]);
    assert!(list(&register.json(), "findings").iter().all(|finding| finding["kind"] != "program_operation"));
    let kinds = register.stdout(&["findings", "kinds"]);
    let row = kinds.lines().find(|line| line.trim_start().starts_with("program_operation")).unwrap();
    assert!(row.contains(" off ") && !row.contains(" 0 "), "{row}");
    register.stdout(&["findings", "--on", "program_operation"]);
    assert!(list(&register.json(), "findings").len() >= all);
}

#[test]
fn the_list_says_by_which_measure_inside_and_outside_are_told() {
    let register = Register::of(&[capture("plant.pcapng")]);
    assert!(register.stdout(&["findings"]).contains("no policy of zones: private addresses are the plant"));
    std::fs::write(
        register.folder.path().join("plant.toml"),
        "[[zone]]\nid = \"cell\"\nlevel = 1\nsubnets = [\"10.10.10.0/24\"]\n",
    )
    .unwrap();
    register.stdout(&["policy", "set", "plant.toml"]);
    assert!(!register.stdout(&["findings"]).contains("no policy of zones"), "a policy is in force");
    let wrong = register.run(&["findings", "--off", "unknown_devices"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean unknown_device?"), "{wrong:?}");
    let name = text(&list(&register.json(), "findings")[0], "id").to_owned();
    let past = ["findings", "accept", &name, "--reason", "known", "--until", "2020-01-01"];
    assert_eq!(register.run(&past).status.code(), Some(2), "an acceptance that is over is none");
    let wrong = register.run(&["findings", "ack", "ffffffffffffffff"]);
    assert_eq!(wrong.status.code(), Some(2));
    let wrong = register.run(&["findings", "accept", "ffffffff", "--reason", " ", "--until", "2030-01-01"]);
    assert_eq!(wrong.status.code(), Some(2));
}
