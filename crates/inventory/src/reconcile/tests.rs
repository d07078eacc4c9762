use super::*;

fn entry(label: &str, values: &[(Column, &str)]) -> Entry {
    let mut entry = Entry { label: label.into(), name: label.into(), stands_alone: true, ..Entry::default() };
    for (column, value) in values {
        entry.values.entry(*column).or_default().push((*value).to_owned());
    }
    entry
}

fn told(rows: &[Entry], assets: &[Entry]) -> Vec<String> {
    let lines = reconcile(rows, assets);
    lines
        .iter()
        .map(|line| {
            let label = |entries: &[Entry], index: Option<usize>| {
                index.map_or("-".to_owned(), |index| entries[index].label.clone())
            };
            let key = line.key.map_or("-", Column::as_str);
            format!("{} {} {} {key}", label(rows, line.row), label(assets, line.asset), line.verdict.as_str())
        })
        .collect()
}

use Column::{Ip, Mac, Model, Name, Serial, Status, Vendor};

#[test]
fn the_strongest_key_counts_and_what_is_left_is_told() {
    let rows = [
        entry("moved", &[(Serial, "SN-100200"), (Ip, "10.0.0.1")]),
        entry("mac", &[(Mac, "001B.1B00.0002")]),
        entry("gone", &[(Serial, "SN-999999"), (Ip, "10.0.0.9")]),
        entry("empty", &[(Vendor, "ABB")]),
    ];
    let assets = [
        entry("A", &[(Serial, "sn 100200"), (Ip, "10.0.0.7")]),
        entry("B", &[(Mac, "00:1b:1b:00:00:02"), (Ip, "10.0.0.1")]),
        entry("C", &[(Ip, "10.0.0.3")]),
    ];
    assert_eq!(
        told(&rows, &assets),
        [
            "moved A conflicting serial_number",
            "mac B matched mac",
            "gone - silent -",
            "empty - silent -",
            "- C not_listed -"
        ]
    );
}

#[test]
fn a_replaced_device_is_not_the_one_that_is_listed_but_a_slip_of_the_pen_is() {
    let rows = [
        entry("replaced", &[(Serial, "AAAA1111"), (Ip, "10.0.0.1"), (Name, "pump")]),
        entry("slip", &[(Serial, "SC-F1LAB0000O11"), (Ip, "10.0.0.2")]),
        entry("swapped", &[(Serial, "1203330024"), (Name, "rtac")]),
        entry("short", &[(Serial, "1235"), (Ip, "10.0.0.4")]),
    ];
    let assets = [
        entry("A", &[(Serial, "BBBB2222"), (Ip, "10.0.0.1"), (Name, "pump")]),
        entry("B", &[(Serial, "S C-F1LAB0000011"), (Ip, "10.0.0.2")]),
        entry("C", &[(Serial, "1203330042"), (Name, "RTAC")]),
        entry("D", &[(Serial, "7788"), (Ip, "10.0.0.4")]),
    ];
    assert_eq!(
        told(&rows, &assets),
        [
            "replaced - silent -",
            "slip B conflicting ip",
            "swapped C conflicting name",
            "short - silent -",
            "- A not_listed -",
            "- D not_listed -"
        ]
    );
    let lines = reconcile(&rows, &assets);
    assert!(
        lines[0].reason.contains("A has its ip 10.0.0.1, but its serial number is another one"),
        "{}",
        lines[0].reason
    );
    assert!(lines[1].reason.contains("a slip of the pen?"), "{}", lines[1].reason);
}

#[test]
fn one_name_of_several_is_ambiguous_unless_another_key_tells_them_apart() {
    let rows = [entry("one", &[(Name, "pump")]), entry("two", &[(Name, "pump"), (Ip, "10.0.0.2")])];
    let assets = [
        entry("A", &[(Name, "PUMP"), (Ip, "10.0.0.1")]),
        entry("B", &[(Name, "pump"), (Ip, "10.0.0.2")]),
        entry("C", &[(Name, "pump"), (Ip, "10.0.0.3")]),
    ];
    assert_eq!(
        told(&rows, &assets),
        ["one - ambiguous -", "two B matched ip", "- A not_listed -", "- C not_listed -"]
    );
    assert!(reconcile(&rows, &assets)[0].reason.starts_with("may be A or C"));
    assert_eq!(told(&rows, &assets[..2]), ["one A matched name", "two B matched ip"]);
}

#[test]
fn spellings_are_no_differences_and_what_is_out_of_use_should_be_silent() {
    let rows = [
        entry(
            "a",
            &[(Serial, "0x00C0FFEE"), (Vendor, "Siemens"), (Model, "CPU 315"), (Column::Firmware, "V3.2.6")],
        ),
        entry("b", &[(Ip, "10.0.0.2/24"), (Status, "Retired")]),
        entry("c", &[(Serial, "unknown"), (Ip, "10.0.0.3"), (Status, "Retired")]),
    ];
    let assets = [
        entry(
            "A",
            &[
                (Serial, "00c0ffee"),
                (Vendor, "Siemens AG"),
                (Model, "Siemens CPU 315"),
                (Column::Firmware, "3.2.6"),
            ],
        ),
        entry("B", &[(Ip, "10.0.0.2")]),
    ];
    assert_eq!(told(&rows, &assets), ["a A matched serial_number", "b B conflicting ip", "c - silent -"]);
    assert_eq!(reconcile(&rows, &assets)[2].reason, "not heard, as its status Retired says");
}

#[test]
fn a_mapping_names_heads_and_refuses_what_it_cannot_mean() {
    let heads = mapping("serial_number = \"Fabrik-Nr.\"\nip = [\"Adresse\", \"Adresse 2\"]").unwrap();
    let of = |head: &str| columns(&[head.to_owned()], &heads)[0];
    assert_eq!((of("fabrik nr"), of("ADRESSE 2"), of("MAC")), (Some(Serial), Some(Ip), Some(Mac)));
    assert_eq!(of("Serial number"), None, "mapped by hand");
    for wrong in ["colour = \"x\"", "ip = 7", "ip = "] {
        assert!(mapping(wrong).is_err(), "{wrong}");
    }
    assert_eq!(cell_values(Ip, "10.0.0.1, 10.0.0.2;10.0.0.3"), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    assert_eq!(cell_values(Column::Role, "Steuerung"), Vec::<String>::new());
    assert_eq!(cell_values(Column::Role, "PLC"), ["PLC"]);
}

#[test]
fn a_maker_written_by_its_first_letters_is_the_same_maker() {
    let rows =
        [entry("a", &[(Ip, "10.0.0.1"), (Vendor, "SEL")]), entry("b", &[(Ip, "10.0.0.2"), (Vendor, "GE")])];
    let assets = [
        entry("A", &[(Ip, "10.0.0.1"), (Vendor, "Schweitzer Engineering Laboratories, Inc.")]),
        entry("B", &[(Ip, "10.0.0.2"), (Vendor, "Schneider Electric")]),
    ];
    assert_eq!(told(&rows, &assets), ["a A matched ip", "b B conflicting ip"]);
}

#[test]
fn heads_of_known_lists_are_found() {
    for (head, column) in [
        ("Serial number", Serial),
        ("MAC Address 2", Mac),
        ("IP Address 9", Ip),
        ("primary_ip4", Ip),
        ("IPv4", Ip),
        ("asset_tag", Column::AssetNumber),
        ("Manufacturer", Vendor),
        ("device_type", Model),
        ("Correlation id", Column::AssetId),
        ("Device name", Name),
    ] {
        assert_eq!(Column::of_head(head), Some(column), "{head}");
    }
    // Our own export calls its id so, and so do many lists their numbers.
    assert_eq!(Column::of_head("id"), Some(Column::AssetId));
    let id = "4c78d08a-6950-52df-a798-4b23f1c8df0b";
    assert_eq!(cell_values(Column::AssetId, id), [id]);
    assert!(cell_values(Column::AssetId, "4711").is_empty());
    for nothing in ["Not observed", "not assessed", "\u{2013}", "N/A", " "] {
        assert!([Vendor, Ip, Mac].iter().all(|column| cell_values(*column, nothing).is_empty()), "{nothing}");
    }
    for head in ["Rack", "Comments", "Serial number type", ""] {
        assert_eq!(Column::of_head(head), None, "{head}");
    }
}

#[test]
fn what_is_retired_needs_no_row() {
    let rows = [entry("row", &[(Ip, "10.0.0.1")])];
    let assets = [
        entry("A", &[(Ip, "10.0.0.1"), (Status, "retired")]),
        entry("B", &[(Ip, "10.0.0.2"), (Status, "retired")]),
        entry("C", &[(Ip, "10.0.0.3"), (Status, "spare")]),
    ];
    let told = told(&rows, &assets);
    assert!(told[0].starts_with("row A ") && told[1..] == ["- C not_listed -"], "{told:?}");
}
