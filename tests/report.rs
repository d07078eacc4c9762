//! The report as the program writes it, and that its figures are those of independent queries of the register.

use std::fs;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::support::{self, Register};

/// What a query answers; `None` where there is no `sqlite3` on this machine.
fn query(register: &Register, sql: &str) -> Option<String> {
    let output = Command::new("sqlite3").arg("-readonly").arg(register.database()).arg(sql).output().ok()?;
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// A register of the plant, with an owner and a supplier for some of it.
fn register() -> Register {
    let register = Register::of(&[support::capture("plant.pcapng")]);
    let json = register.json();
    let assets = support::list(&json, "assets");
    assert!(assets.len() > 3);
    for asset in assets.iter().take(3) {
        let id = support::text(asset, "id");
        register.stdout(&["assets", "set", id, "owner=Käthe <script>", "supplier=Example & Sons"]);
    }
    register
}

/// The figure in front of a label on the first page.
fn figure(html: &str, label: &str) -> String {
    let (before, _) = html.split_once(&format!("<span class=\"label\">{label}</span>")).unwrap();
    let (_, value) = before.rsplit_once("<span class=\"value\">").unwrap();
    value.split_once("</span>").unwrap().0.to_owned()
}

#[test]
fn figures_of_the_report_are_those_of_queries() {
    let register = register();
    let html = register.stdout(&["export", "--format", "html"]);
    let json = register.text();
    let hash: String = Sha256::digest(json.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect();
    assert!(html.contains(&hash), "the hash is that of the JSON document");
    for (label, sql) in [
        ("assets in total", "SELECT count(*) FROM asset WHERE alias_of IS NULL"),
        (
            "with an owner",
            "SELECT count(DISTINCT coalesce(asset.alias_of, asset.id)) FROM asset_field JOIN asset ON asset.id = asset_field.asset
             WHERE field = 'owner' AND value <> ''",
        ),
    ] {
        match query(&register, sql) {
            Some(expected) => assert_eq!(figure(&html, label), expected, "{label}"),
            None => println!("skipped: there is no sqlite3 to ask for {label}"),
        }
    }
    assert_eq!(figure(&html, "with an owner"), "3");
    if let Some(frames) = query(&register, "SELECT count(*) FROM frame") {
        assert!(html.contains(&format!("{frames} frames kept as proof")), "{frames}");
    }
    if let Some(frames) = query(&register, "SELECT sum(frames) FROM capture") {
        assert!(html.contains(&format!("1 capture, {frames} frames")), "{frames}");
    }
    assert!(html.contains("Käthe &lt;script&gt;") && !html.contains("<script"));
    assert!(html.contains("Suppliers: 1") && html.contains("Example &amp; Sons"));
}

#[test]
fn a_report_compares_with_a_baseline_and_names_the_scope() {
    let register = Register::of(&[support::capture("modbus-gateway.pcap")]);
    register.stdout(&["baseline", "create", "before", "--reason", "as found"]);
    let before = figure(&register.stdout(&["export", "--format", "html"]), "assets in total");
    register.import(&[support::capture("plant.pcapng")]);
    let options = [
        "export",
        "--format",
        "html",
        "--baseline",
        "before",
        "--organisation",
        "Example AG",
        "--scope",
        "hall 3 only",
    ];
    let html = register.stdout(&options);
    let now: usize = figure(&html, "assets in total").parse().unwrap();
    let more = now - before.parse::<usize>().unwrap();
    assert!(more > 0 && html.contains(&format!("+{more} since baseline before of ")), "{more}");
    assert_eq!(figure(&html, "not in the earlier register"), more.to_string());
    assert!(
        html.contains("Register of industrial assets of Example AG")
            && html.contains("hall 3 only. This report holds")
    );
    let missing = register.run(&["export", "--format", "html", "--baseline", "never"]);
    assert_ne!(missing.status.code(), Some(0));
}

#[test]
fn pdf_and_map_are_written_to_files_and_every_time_the_same() {
    let register = register();
    let folder = register.folder.path();
    for format in ["pdf", "svg", "html"] {
        let write = |name: &str| {
            let path = folder.join(name);
            register.stdout(&["export", "--format", format, "-o", path.to_str().unwrap()]);
            fs::read(path).unwrap()
        };
        let (one, other) = (write("one"), write("other"));
        assert!(one == other, "{format} is the same every time");
        let begins: &[u8] = match format {
            "pdf" => b"%PDF-1.7",
            "svg" => b"<?xml version=\"1.0\"",
            _ => b"<!DOCTYPE html>",
        };
        assert!(one.starts_with(begins), "{format}");
    }
}
