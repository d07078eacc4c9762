//! Exit codes, help, refusals, pipes: what scripts and people rely on.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::generator::file::{gzip, zstd};
use crate::support::canonical::canonical;
use crate::support::{Register, capture, command, list, text};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn log(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// All that a command said: the summary of an import is its data, the rest its log.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &log(output)
}

#[test]
fn help_lists_every_command_and_version_names_the_tool() {
    let folder = tempfile::TempDir::new().unwrap();
    let help = run(folder.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8(help.stdout).unwrap();
    for word in [
        "import",
        "capture",
        "assets",
        "conversations",
        "findings",
        "changes",
        "export",
        "evidence",
        "doctor",
        "schema",
        "policy",
        "baseline",
        "reconcile",
        "journal",
    ] {
        assert!(help.contains(word), "{word} is not in --help");
        let page = run(folder.path(), &[word, "--help"]);
        assert_eq!(page.status.code(), Some(0), "{word} --help");
        assert!(String::from_utf8_lossy(&page.stdout).contains("Usage:"), "{word} --help");
    }
    let version = run(folder.path(), &["--version"]);
    assert!(String::from_utf8_lossy(&version.stdout).starts_with("tapledger "));
}

#[test]
fn wrong_usage_is_exit_2_and_prints_nothing_to_stdout() {
    let folder = tempfile::TempDir::new().unwrap();
    let wrong: [&[&str]; 4] = [
        &["no-such-command"],
        &["import"],
        &["export", "--format", "no-such-format"],
        &["import", "--no-such-flag", "x"],
    ];
    for arguments in wrong {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", log(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_missing_file_is_exit_1_and_named() {
    let register = Register::new();
    let output = register.run(&["import", "no-such-file.pcap"]);
    assert_eq!(output.status.code(), Some(1), "{}", log(&output));
    assert!(log(&output).contains("no-such-file.pcap"), "{}", log(&output));
}

#[test]
fn a_register_that_does_not_exist_is_refused_and_not_made() {
    let register = Register::new();
    for arguments in [&["export", "--format", "json"][..], &["assets", "list"], &["findings"]] {
        let output = register.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", log(&output));
        assert!(log(&output).contains("register.db"), "{arguments:?}: {}", log(&output));
    }
    assert!(!register.database().exists());
}

#[test]
fn a_file_that_is_no_capture_is_refused_with_the_reason() {
    let register = Register::new();
    for (name, octets) in [
        ("notes.txt", &b"not a capture at all, only text"[..]),
        ("empty.pcap", b""),
        ("page.html", b"<html></html>"),
    ] {
        let path = register.folder.path().join(name);
        fs::write(&path, octets).unwrap();
        let output = register.run(&["import", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", log(&output));
        assert!(
            log(&output).contains(name) && !log(&output).contains("panicked"),
            "{name}: {}",
            log(&output)
        );
    }
}

#[test]
fn a_file_cut_off_keeps_what_was_read_says_where_and_is_exit_4() {
    let whole = fs::read(capture("modbus-gateway.pcap")).unwrap();
    for cut in [whole.len() - 1, whole.len() - 40, 24 + 16 + 60 + 5] {
        let register = Register::new();
        let path = register.folder.path().join("cut.pcap");
        fs::write(&path, &whole[..cut]).unwrap();
        let output = register.run(&["import", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(4), "cut at {cut}: {}", log(&output));
        assert!(
            said(&output).contains("cut.pcap") && said(&output).contains("octet"),
            "cut at {cut}: {}",
            said(&output)
        );
        let json = register.json();
        let capture = &list(&json, "captures")[0];
        assert_eq!(text(capture, "status"), "truncated", "cut at {cut}");
        assert!(capture["frames"].as_u64().unwrap() > 0, "cut at {cut}");
    }
}

#[test]
fn a_damaged_file_keeps_what_was_read_and_is_exit_4() {
    let mut octets = fs::read(capture("modbus-gateway.pcap")).unwrap();
    // The captured length of a record in the middle: 4 GB.
    let mut at = 24;
    for _ in 0..10 {
        at += 16 + u32::from_le_bytes(octets[at + 8..at + 12].try_into().unwrap()) as usize;
    }
    octets[at + 8..at + 12].fill(0xff);
    let register = Register::new();
    let path = register.folder.path().join("damaged.pcap");
    fs::write(&path, octets).unwrap();
    let output = register.run(&["import", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(4), "{}", log(&output));
    let json = register.json();
    let capture = &list(&json, "captures")[0];
    assert_eq!((text(capture, "status"), capture["frames"].as_u64()), ("damaged", Some(10)));
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let register = Register::new();
    let bad = register.folder.path().join("bad.pcap");
    fs::write(&bad, b"nothing").unwrap();
    let good = capture("modbus-gateway.pcap");
    let output = register.run(&["import", bad.to_str().unwrap(), good.to_str().unwrap()]);
    assert_ne!(output.status.code(), Some(0), "{}", log(&output));
    assert_eq!(list(&register.json(), "captures").len(), 1, "{}", log(&output));
}

#[test]
fn compressed_files_and_standard_input_give_the_same_assets() {
    let octets = fs::read(capture("modbus-gateway.pcap")).unwrap();
    let assets = |register: &Register| {
        let mut register = canonical(&register.json());
        // The capture is another one: its id differs, all else is equal.
        let id = register["captures"][0]["id"].as_str().unwrap().to_owned();
        register["captures"].take();
        serde_json::to_string(&register["assets"]).unwrap().replace(&id, "capture")
    };
    let plain = assets(&Register::of(&[capture("modbus-gateway.pcap")]));
    for (name, octets) in
        [("m.pcap.gz", gzip(&octets)), ("m.pcap.zst", zstd(&octets)), ("no-extension", gzip(&octets))]
    {
        let register = Register::new();
        let path = register.folder.path().join(name);
        fs::write(&path, octets).unwrap();
        register.import(&[path]);
        assert_eq!(assets(&register), plain, "{name}");
    }
    let register = Register::new();
    let mut import = command(register.folder.path(), ["import", "-", "--db"]);
    let mut import =
        import.arg(register.database()).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&octets).unwrap();
    assert_eq!(import.wait().unwrap().code(), Some(0));
    assert_eq!(assets(&register), plain, "standard input");
}

#[test]
fn folders_and_globs_are_searched() {
    let register = Register::new();
    let folder = register.folder.path().join("in");
    fs::create_dir(&folder).unwrap();
    for name in ["modbus-gateway.pcap", "enip-chassis.pcap.gz"] {
        fs::copy(capture(name), folder.join(name)).unwrap();
    }
    fs::write(folder.join("README.md"), "not a capture").unwrap();
    register.import(&[&folder]);
    assert_eq!(list(&register.json(), "captures").len(), 2);
    let register = Register::new();
    register.import(&[folder.join("*.pcap*")]);
    assert_eq!(list(&register.json(), "captures").len(), 2);
}

#[test]
fn sites_keep_equal_addresses_apart() {
    let register = Register::new();
    let path = capture("modbus-gateway.pcap");
    for (site, copy) in [("north", "a.pcap"), ("south", "b.pcap")] {
        // Another capture with the same devices: one octet of a time stamp differs.
        let mut octets = fs::read(&path).unwrap();
        octets[28] ^= u8::from(site == "south");
        let path = register.folder.path().join(copy);
        fs::write(&path, octets).unwrap();
        let output = register.run(&["import", path.to_str().unwrap(), "--site", site]);
        assert_eq!(output.status.code(), Some(0), "{}", log(&output));
    }
    let json = register.json();
    for site in ["north", "south"] {
        let of_site = list(&json, "assets").iter().filter(|asset| text(asset, "site") == site).count();
        assert!(of_site >= 2, "{of_site} assets in {site}");
    }
}

#[test]
fn lists_fit_a_line_and_wide_csv_and_json_hold_everything() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let document = register.json();
    for (command, part) in [
        (&["assets", "list"][..], "assets"),
        (&["conversations"], "conversations"),
        (&["findings"], "findings"),
    ] {
        let with = |more: &[&str]| register.stdout(&[command, more].concat());
        let (table, wide) = (with(&[]), with(&["--wide"]));
        assert!(table.lines().all(|line| line.chars().count() <= 200), "{part}: {table}");
        assert!(table.contains("(--wide shows all)"), "{part}: {table}");
        assert!(!wide.contains('…') && !wide.contains("--wide"), "{part}: {wide}");
        assert_eq!(table.lines().count(), wide.lines().count(), "{part}: nothing wraps");

        let json: serde_json::Value = serde_json::from_str(&with(&["--format", "json"])).unwrap();
        assert_eq!(json, document[part], "{part}");
        let rows = json.as_array().unwrap().len();
        assert_eq!(with(&["--format", "csv"]).lines().count(), rows + 1, "{part}");
        assert!(wide.lines().last().unwrap().starts_with(&format!("{rows} ")), "{part}");

        // The same rows whatever the format, also where the table has no room for the text.
        let found = |format: &[&str]| with(&[&["--find", "10.10.10.60"], format].concat());
        let json: serde_json::Value = serde_json::from_str(&found(&["--format", "json"])).unwrap();
        let number = json.as_array().unwrap().len();
        assert!(number > 0 && number < rows, "{part}: {number} of {rows}");
        assert_eq!(found(&["--format", "csv"]).lines().count(), number + 1, "{part}");
        let table = found(&[]);
        assert!(
            table.lines().last().unwrap().starts_with(&format!("{number} of {rows} ")),
            "{part}: {table}"
        );
    }
}

/// Somebody who may read the register and write nothing: another user where the test has a right to become one.
#[test]
fn a_register_is_read_where_it_cannot_be_written() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let (folder, db) = (register.folder.path(), register.database());
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let reader = |arguments: &[&str]| {
        let mut reader = command(folder, arguments);
        reader.arg("--db").arg(&db);
        if is_root {
            reader.uid(65_534).gid(65_534);
        }
        reader.output()
    };
    set(&db, 0o444);
    set(folder, 0o555);
    let tried = ["assets list", "export --format json", "journal verify", "doctor", "coverage", "db check"]
        .map(|words| (words, reader(&words.split(' ').collect::<Vec<_>>())));
    let writing = reader(&["assets", "set", "10.10.10.11", "owner=Ada"]);
    set(folder, 0o755);
    for (words, output) in tried {
        // The program itself may lie where another user cannot reach it.
        let Ok(output) = output else {
            println!("skipped: {words}: the program cannot be started as another user");
            continue;
        };
        assert_eq!(output.status.code(), Some(0), "{words}: {}", log(&output));
    }
    if let Ok(writing) = writing {
        assert_eq!(writing.status.code(), Some(5), "{}", log(&writing));
        assert!(log(&writing).contains("for reading only"), "{}", log(&writing));
    }
}

#[test]
fn a_damaged_register_fails_its_check() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let octets = fs::read(register.database()).unwrap();
    fs::write(register.folder.path().join("cut.db"), &octets[..octets.len() / 2]).unwrap();
    for words in [["db", "check"].as_slice(), &["doctor"]] {
        let output = run(register.folder.path(), &[words, &["--db", "cut.db"]].concat());
        assert_eq!(output.status.code(), Some(6), "{words:?}: {}", said(&output));
    }
}

#[test]
fn the_name_of_a_capture_forges_no_line() {
    let register = Register::new();
    let name = "a\nthe register is sound\nDAMAGE      all is lost.pcapng";
    let octets = fs::read(capture("plant.pcapng")).unwrap();
    let path = register.folder.path().join(name);
    fs::write(&path, &octets[..octets.len() - 7]).unwrap();
    let import = register.run(&["import", path.to_str().unwrap()]);
    assert_eq!(import.status.code(), Some(4));
    let doctor = String::from_utf8(register.run(&["doctor"]).stdout).unwrap();
    let coverage = register.stdout(&["coverage"]);
    let json = register.json();
    let cut = list(&json, "findings").iter().find(|finding| finding["kind"] == "cut_capture").unwrap();
    let shown = register.stdout(&["findings", "show", text(cut, "id")]);
    assert!(shown.contains("all is lost"), "{shown}");
    let settled = register.run(&["findings", "ack", text(cut, "id"), "--reason", "known"]);
    for text in [said(&import), doctor, coverage, shown, said(&settled)] {
        let is_forged = |line: &str| line.starts_with("DAMAGE") || line.starts_with("the register is NOT");
        assert!(!text.lines().any(is_forged), "{text}");
        assert!(text.lines().filter(|line| *line == "the register is sound").count() <= 1, "{text}");
    }
}

#[test]
fn errors_of_several_lines_are_lines_and_say_their_cause_once() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let several = register.run(&["assets", "show", "10.10"]);
    assert_eq!(several.status.code(), Some(2));
    let log = log(&several);
    assert!(log.lines().count() > 2 && !log.contains("\\x0a"), "{log}");
    assert!(log.lines().skip(1).all(|line| line.starts_with("  ")), "{log}");
    let folder = register.folder.path();
    fs::create_dir(folder.join("folder.db")).unwrap();
    let output = run(folder, &["assets", "list", "--db", "folder.db"]);
    let log = self::log(&output);
    let causes = ["unable to open", "I/O error"].map(|cause| log.matches(cause).count());
    assert_eq!(causes.iter().sum::<usize>(), 1, "{log}");
}

#[test]
fn a_moment_may_be_a_day_and_an_export_leaves_out_nothing_it_knows() {
    let register = Register::of(&[capture("plant.pcapng")]);
    register.stdout(&["changes", "--since", "2026-01-01"]);
    register.stdout(&["export", "--format", "json", "--as-of", "2199-12-31"]);
    let early = register.run(&["export", "--format", "json", "--as-of", "1999-12-31"]);
    assert_eq!(early.status.code(), Some(2));
    assert!(early.stdout.is_empty() && log(&early).contains("--as-of is before 20"), "{}", log(&early));
    let wrong = register.run(&["changes", "--since", "soon"]);
    assert!(log(&wrong).contains("neither a day"), "{}", log(&wrong));
    let turned = register.run(&["evidence", "export", "--from", "2027-01-01", "--to", "2026-01-01"]);
    assert_eq!(turned.status.code(), Some(2), "{}", log(&turned));
}

#[test]
fn a_reader_that_goes_away_is_no_error_worth_a_message() {
    let register = Register::of(&[capture("plant.pcapng")]);
    for arguments in [
        &["export", "--format", "json"][..],
        &["export", "--format", "csv"],
        &["assets", "list"],
        &["conversations"],
    ] {
        let mut child = command(register.folder.path(), arguments)
            .arg("--db")
            .arg(register.database())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", log(&output));
    }
}

#[test]
fn the_summary_totals_and_a_file_takes_the_export() {
    let register = Register::new();
    let output = register.run(&["import", capture("modbus-gateway.pcap").to_str().unwrap()]);
    assert!(said(&output).contains("32 read = 32 counted"), "the summary totals frames: {}", said(&output));
    assert!(output.stderr.is_empty(), "no progress bar without a terminal: {}", log(&output));

    let file = register.folder.path().join("out.json");
    let output = register.run(&["export", "--format", "json", "-o", file.to_str().unwrap()]);
    assert!(output.stdout.is_empty());
    assert_eq!(fs::read_to_string(file).unwrap(), register.text());
}

#[test]
fn evidence_names_the_capture_the_frame_the_octets_and_the_filter() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let json = register.json();
    let asset = list(&json, "assets")
        .iter()
        .find(|asset| crate::support::winner(asset, "model") == Some("ACS580"))
        .unwrap();
    let evidence = &asset["attributes"]["model"][0]["evidence"];
    let shown = register.stdout(&["evidence", "show", text(asset, "id"), "model"]);
    for part in ["modbus-gateway.pcap", text(evidence, "rule"), "ACS580", "frame.number"] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    let frame = evidence["ranges"][0]["frame"].to_string();
    assert!(shown.contains(&format!("frame.number == {frame}")), "{shown}");
    // The octets in hexadecimal, in whatever grouping.
    let squeezed: String = shown.to_lowercase().chars().filter(char::is_ascii_hexdigit).collect();
    assert!(squeezed.contains("414353353830"), "{shown}");

    let output = register.run(&["evidence", "show", "no-such-asset", "model"]);
    assert_eq!(output.status.code(), Some(2), "{}", log(&output));
}

#[test]
fn capturing_from_an_interface_that_is_not_there_fails_with_a_word_of_why() {
    let register = Register::new();
    let output = register.run(&["capture", "-i", "no-such-interface", "--duration", "1s"]);
    // Without the privilege to open any interface that is said instead, as exit 5.
    assert!(matches!(output.status.code(), Some(1 | 5)), "{:?}: {}", output.status, log(&output));
    assert!(!output.stderr.is_empty() && !log(&output).contains("panicked"), "{}", log(&output));
}
