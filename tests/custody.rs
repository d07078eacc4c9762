//! What is handed over: exports with filters, the frames that prove, signed bundles of which no bit can be turned, and the
//! custody journal.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Register, capture, command, list, text};

/// A register of two captures with a key beside it.
fn keyed() -> Register {
    let register = Register::of(&[capture("modbus-gateway.pcap"), capture("s7-download.pcap")]);
    register.stdout(&["keys", "generate"]);
    register
}

fn code(register: &Register, arguments: &[&str]) -> (Option<i32>, String) {
    let output = register.run(arguments);
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said.into_owned())
}

/// Verifies a bundle without a register.
fn verify(bundle: &Path) -> (Option<i32>, String) {
    let output =
        command(bundle.parent().unwrap(), ["evidence", "verify", bundle.to_str().unwrap()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said.into_owned())
}

fn create(register: &Register, name: &str) -> std::path::PathBuf {
    let path = register.folder.path().join(name);
    register.stdout(&[
        "evidence",
        "create",
        "-o",
        path.to_str().unwrap(),
        "--reason",
        "audit",
        "--operator",
        "Ada",
    ]);
    path
}

/// True if a program is installed; says so if not.
fn has(program: &str) -> bool {
    let is_here = Command::new(program).arg("--version").output().is_ok();
    if !is_here {
        println!("\nSKIPPED: {program} is not here");
    }
    is_here
}

#[test]
fn exports_go_to_files_with_what_they_cover_beside_them_and_into_the_journal() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let folder = register.folder.path();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for format in ["json", "jsonl", "csv", "servicenow", "defender", "cyclonedx", "graphml", "dot"] {
        let (file, stdout) = (path(format), register.stdout(&["export", "--format", format]));
        register.stdout(&["export", "--format", format, "-o", &file]);
        assert_eq!(fs::read_to_string(&file).unwrap(), stdout, "{format}");
    }
    let about: Value =
        serde_json::from_str(&fs::read_to_string(path("servicenow.about.json")).unwrap()).unwrap();
    assert_eq!(about["schema"], "tapledger.servicenow/1");
    register.stdout(&["export", "--format", "netbox", "-o", &path("netbox")]);
    register.stdout(&["export", "--format", "netbox", "-o", &path("netbox.zip")]);
    assert!(fs::read_to_string(path("netbox/06-devices.csv")).unwrap().contains("protocol gateway"));
    assert_eq!(&fs::read(path("netbox.zip")).unwrap()[..2], b"PK");
    let log = register.stdout(&["evidence", "log", "--json"]);
    let exports = log.lines().filter(|line| line.contains("\"action\":\"export\"")).count();
    assert_eq!(exports, 18, "to standard output too: {log}");
}

#[test]
fn a_filter_that_no_asset_meets_is_said_and_wrong_words_are_refused() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let (exit, said) = code(&register, &["export", "--format", "csv", "--site", "nowhere"]);
    assert_eq!(exit, Some(2));
    assert!(said.contains("no asset has the site \"nowhere\""), "{said}");
    let (_, said) = code(&register, &["export", "--format", "csv", "--site", "defualt"]);
    assert!(said.contains("did you mean \"default\"?"), "{said}");
    let (exit, said) = code(&register, &["export", "--format", "csv", "--role", "camera"]);
    assert_eq!(exit, Some(0));
    assert!(said.contains("no asset of the register meets the filter: role camera"), "{said}");
    let (exit, said) = code(&register, &["export", "--role", "plcs"]);
    assert_eq!(exit, Some(2));
    assert!(said.contains("plc, rtu"), "{said}");
    let meters: Value = serde_json::from_str(&register.stdout(&["export", "--role", "meter"])).unwrap();
    assert!(!list(&meters, "assets").is_empty());
    assert!(list(&meters, "assets").iter().all(|asset| asset["role"] == "meter"));
}

#[test]
fn what_an_option_cannot_do_is_refused_and_a_day_is_meant_to_its_end() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    for option in [["--baseline", "last"], ["--since", "2026-01-01"], ["--csaf", "nowhere"]] {
        let (exit, said) = code(&register, &[&["export", "--format", "json"][..], &option].concat());
        assert_eq!(exit, Some(2));
        assert!(said.contains("is for --format html and pdf, and not for json"), "{said}");
    }
    let (exit, said) = code(&register, &["export", "--format", "html", "--since", "2199-01-01"]);
    assert_eq!(exit, Some(2));
    assert!(said.contains("--since is after everything"), "{said}");
    // All frames of the capture are of one day.
    let json = register.json();
    let day = &text(&list(&json, "captures")[0], "last")[..10];
    let frames = |more: &[&str]| {
        let file = register.folder.path().join("proof.pcapng");
        register.stdout(&[&["evidence", "export", "-o", file.to_str().unwrap()][..], more].concat());
        let other = Register::of(&[file]);
        other.json()["captures"][0]["frames"].as_u64().unwrap()
    };
    assert!(frames(&[]) > 0);
    assert_eq!(frames(&["--from", day, "--to", day]), frames(&[]));
}

#[test]
fn proving_frames_are_a_capture_that_reads_back_and_each_says_what_it_proves() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let file = register.folder.path().join("proof.pcapng");
    let file = file.to_str().unwrap();
    register.stdout(&["evidence", "export", "-o", file, "--attribute", "model"]);
    // Our own reader.
    let again = Register::of(&[file]);
    let models = |register: &Register| -> BTreeSet<String> {
        let json = register.json();
        let assets = list(&json, "assets").iter();
        assets.filter_map(|asset| crate::support::winner(asset, "model").map(str::to_owned)).collect()
    };
    assert!(models(&register).contains("ACS580"));
    assert!(models(&again).is_subset(&models(&register)));
    let raw = fs::read(file).unwrap();
    let raw = String::from_utf8_lossy(&raw);
    for part in ["proves model \"ACS580\" of", "octets ", "of frame ", "modbus-gateway.pcap", "rule "] {
        assert!(raw.contains(part), "{part}");
    }
    if has("tshark") {
        let arguments = ["-r", file, "-T", "fields", "-e", "frame.comment"];
        let output = Command::new("tshark").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("proves model"), "{said}");
        assert!(said.lines().all(|line| line.contains("proves model")), "every frame proves it: {said}");
    }
}

#[test]
fn masked_octets_stay_masked_and_the_comment_says_so() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let file = register.folder.path().join("proof.pcapng");
    register.stdout(&["evidence", "export", "-o", file.to_str().unwrap()]);
    let raw = fs::read(&file).unwrap();
    let raw = String::from_utf8_lossy(&raw);
    assert!(
        raw.contains("are secrets, were never kept and stand here as *"),
        "the plant's SNMP community at least"
    );
    assert!(raw.contains("frames with secrets masked") || raw.contains("frame with secrets masked"));
}

#[test]
fn one_asset_has_a_timeline_and_peers() {
    let register = Register::of(&[capture("s7-download.pcap")]);
    let json = register.json();
    let plc = list(&json, "assets").iter().find(|asset| asset["role"] == "plc").unwrap();
    let file = register.folder.path().join("incident.pcapng");
    register.stdout(&[
        "evidence",
        "export",
        "--asset",
        text(plc, "id"),
        "--bundle",
        "-o",
        file.to_str().unwrap(),
    ]);
    let timeline = fs::read_to_string(file.with_extension("timeline.txt")).unwrap();
    for part in ["timeline", "peers", "answers", "program", "first: "] {
        assert!(timeline.contains(part), "{part}: {timeline}");
    }
    let json: Value =
        serde_json::from_str(&fs::read_to_string(file.with_extension("timeline.json")).unwrap()).unwrap();
    let times: Vec<&str> = list(&json, "timeline").iter().map(|event| text(event, "at")).collect();
    assert!(!times.is_empty());
    let kinds: BTreeSet<&str> = list(&json, "timeline").iter().map(|event| text(event, "kind")).collect();
    for kind in ["value", "conversation", "operation", "change"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    let rows = |ending: &str| -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_path(file.with_extension(ending)).unwrap();
        reader.records().map(Result::unwrap).collect()
    };
    let events = rows("timeline.csv");
    assert_eq!(events.iter().map(|row| row[0].to_owned()).collect::<Vec<_>>(), times);
    assert_eq!(rows("peers.csv").len(), list(&json, "peers").len());
    let (exit, said) =
        code(&register, &["evidence", "export", "--asset", text(plc, "id"), "--bundle", "-o", "-"]);
    assert_eq!(exit, Some(2), "{said}");
    // Nothing before the first asked for, nothing after the last.
    let late = ["--from", "2100-01-01T00:00:00Z"];
    let later = [&["evidence", "export", "--asset", text(plc, "id"), "-o", "-"], &late[..]].concat();
    let output = register.run(&later);
    assert!(String::from_utf8_lossy(&output.stderr).contains("0 frames written"));
}

#[test]
fn keys_are_for_their_owner_alone_and_never_overwritten() {
    let register = keyed();
    let key = register.folder.path().join("sensor.key.pem");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&key).unwrap();
    let (exit, said) = code(&register, &["keys", "generate"]);
    assert_eq!(exit, Some(2), "{said}");
    assert_eq!(fs::read(&key).unwrap(), before);
    let shown = register.stdout(&["keys", "show"]);
    assert!(shown.starts_with("SHA256:") && shown.contains("BEGIN PUBLIC KEY"), "{shown}");
    let other = register.folder.path().join("other");
    register.stdout(&["keys", "generate", "--keys", other.to_str().unwrap()]);
    assert!(other.join("sensor.key.pem").exists());
}

#[test]
fn a_bundle_without_a_key_or_onto_something_is_refused() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let path = register.folder.path().join("bundle");
    let create = ["evidence", "create", "-o", path.to_str().unwrap(), "--reason", "audit"];
    let (exit, said) = code(&register, &create);
    assert_eq!(exit, Some(2));
    assert!(said.contains("keys generate") && !path.exists(), "{said}");
    register.stdout(&["keys", "generate"]);
    register.stdout(&create);
    let (exit, said) = code(&register, &create);
    assert_eq!(exit, Some(2), "{said}");
}

#[test]
fn stock_openssl_and_sha256sum_accept_a_bundle_and_openssl_reads_the_key() {
    let register = keyed();
    let bundle = create(&register, "bundle");
    let version = Command::new("openssl").arg("version").output();
    let is_three = version.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.split_whitespace()
            .nth(1)
            .and_then(|number| number.split('.').next()?.parse().ok())
            .is_some_and(|major: u32| major >= 3)
    });
    if is_three {
        let arguments = "pkeyutl -verify -pubin -inkey sensor.pub.pem -rawin -in manifest.json -sigfile manifest.json.sig";
        let verified =
            Command::new("openssl").current_dir(&bundle).args(arguments.split(' ')).output().unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let how = fs::read_to_string(bundle.join("VERIFY.txt")).unwrap();
        assert!(how.contains(&format!("openssl {arguments}")), "{how}");
        let key = register.folder.path().join("sensor.key.pem");
        let read =
            Command::new("openssl").args(["pkey", "-noout", "-in", key.to_str().unwrap()]).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    } else {
        println!("\nSKIPPED: OpenSSL 3 is not here");
    }
    if has("sha256sum") {
        let checked =
            Command::new("sha256sum").current_dir(&bundle).args(["-c", "SHA256SUMS"]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
}

#[test]
fn bundles_verify_follow_each_other_and_the_register_knows_them() {
    let register = keyed();
    let (first, second) = (create(&register, "first"), create(&register, "second.zip"));
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(first.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["operator"], "Ada");
    assert_eq!(list(&manifest, "captures").len(), 2);
    assert_eq!(text(&manifest["tool"], "binary_sha256").len(), 64);
    assert!(manifest["previous_manifest_sha256"].is_null());
    let fingerprint = text(&manifest, "key");
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let db = register.database();
    let db = db.to_str().unwrap();
    for arguments in [
        vec!["evidence", "verify", first],
        vec![
            "evidence",
            "verify",
            second,
            "--previous",
            first,
            "--register",
            db,
            "--fingerprint",
            fingerprint,
        ],
    ] {
        let output = command(register.folder.path(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    for arguments in [
        vec!["evidence", "verify", first, "--previous", second],
        vec!["evidence", "verify", first, "--fingerprint", "SHA256:00"],
        vec![
            "evidence",
            "verify",
            first,
            "--register",
            Register::of(&[capture("s7-download.pcap")]).database().to_str().unwrap(),
        ]
        .into_iter()
        .map(|argument| Box::leak(argument.to_owned().into_boxed_str()) as &str)
        .collect(),
    ] {
        let output = command(register.folder.path(), &arguments).output().unwrap();
        assert_ne!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn any_turned_bit_is_found_and_the_file_is_named() {
    let register = keyed();
    let bundle = create(&register, "bundle");
    assert_eq!(verify(&bundle).0, Some(0));
    let mut tried = 0;
    for entry in fs::read_dir(&bundle).unwrap().map(|entry| entry.unwrap()) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let whole = fs::read(&path).unwrap();
        // Beginning, end, and places between; of small files (key, signature) every seventh octet.
        let step = (whole.len() / 9).clamp(1, whole.len()).max(if whole.len() < 200 { 7 } else { 1 });
        let places: BTreeSet<usize> = (0..whole.len()).step_by(step).chain([whole.len() - 1]).collect();
        for place in places {
            let mut turned = whole.clone();
            turned[place] ^= 1 << (place % 8);
            fs::write(&path, &turned).unwrap();
            let (exit, said) = verify(&bundle);
            assert_eq!(exit, Some(6), "{name} octet {place}: {said}");
            assert!(said.contains(&format!("SIGNED: {name}: ")), "{name} octet {place}: {said}");
            tried += 1;
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(tried > 90, "{tried}");
    println!("{tried} bits turned, {tried} found");

    let moved = bundle.join("assets.csv");
    let whole = fs::read(&moved).unwrap();
    fs::remove_file(&moved).unwrap();
    assert!(verify(&bundle).1.contains("assets.csv: it is missing"));
    fs::write(&moved, whole).unwrap();
    fs::write(bundle.join("more.txt"), "x").unwrap();
    assert!(verify(&bundle).1.contains("more.txt: it was added"));
}

#[test]
fn the_log_shows_every_line_and_its_head() {
    let register = keyed();
    create(&register, "bundle");
    let table = register.stdout(&["evidence", "log"]);
    for part in ["import", "keys generate", "evidence create"] {
        assert!(table.contains(part), "{table}");
    }
    let head = register.stdout(&["evidence", "log", "--head"]);
    let lines = register.stdout(&["evidence", "log", "--json"]);
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["hash"], head.trim());
}
