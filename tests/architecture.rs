//! Who may know what (law 5) and that nothing can be sent (law 6), read from the manifests and the sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{self, list, text};

/// What each crate may use: other crates of the workspace, and what no other crate may name.
const ARROWS: [(&str, &[&str], &[&str]); 8] = [
    ("advisories", &[], &[]),
    ("observation", &[], &[]),
    ("protocols", &["observation"], &[]),
    ("capture", &["observation", "protocols"], &["pcap", "etherparse", "bytes"]),
    ("inventory", &["observation"], &[]),
    ("register", &["observation", "inventory"], &["rusqlite"]),
    (
        "export",
        &["observation", "inventory"],
        &["csv", "zip", "ed25519-dalek", "calamine", "rust_xlsxwriter", "maud", "krilla", "ttf-parser"],
    ),
    (
        "tapledger",
        &["advisories", "observation", "protocols", "capture", "inventory", "register", "export"],
        &["tokio", "clap", "anyhow", "tracing-subscriber"],
    ),
];

/// `cargo metadata` with more arguments.
pub fn metadata(arguments: &[&str]) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(support::root()).args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn crates_use_only_what_the_arrows_allow() {
    let metadata = metadata(&["--no-deps"]);
    let packages = list(&metadata, "packages");
    let names: Vec<&str> = packages.iter().map(|package| text(package, "name")).collect();
    assert_eq!(
        names.len(),
        ARROWS.len(),
        "{names:?}: a new crate needs its row above and in ARCHITECTURE.md"
    );
    let internal: Vec<&str> = ARROWS.iter().map(|(name, ..)| *name).collect();
    for package in packages {
        let name = text(package, "name");
        let (_, may_use, _) =
            ARROWS.iter().find(|(known, ..)| *known == name).unwrap_or_else(|| panic!("{name} has no row"));
        // What only tests use is no arrow.
        for dependency in
            list(package, "dependencies").iter().filter(|dependency| dependency["kind"].is_null())
        {
            let dependency = text(dependency, "name");
            if internal.contains(&dependency) {
                assert!(may_use.contains(&dependency), "{name} must not use {dependency}");
            }
            let owner =
                ARROWS.iter().find(|(.., owned)| owned.contains(&dependency)).map(|(owner, ..)| *owner);
            assert!(
                owner.is_none_or(|owner| owner == name),
                "{name} must not name {dependency}: {owner:?} owns it"
            );
        }
    }
}

/// Every Rust file under a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// The code of a file: no comments, nothing from the first test module on.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    let code = lines.map(|(number, line)| (number + 1, line.split("//").next().unwrap_or("").to_owned()));
    code.filter(|(_, line)| !line.trim().is_empty()).collect()
}

#[test]
fn the_pure_crates_touch_no_file_socket_clock_thread_or_environment() {
    const FORBIDDEN: [&str; 16] = [
        "std::fs",
        "std::io",
        "std::env",
        "std::thread",
        "std::process",
        "std::os",
        "std::sync::mpsc",
        "SystemTime",
        "Instant",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "println!",
        "eprintln!",
        "static mut",
    ];
    for name in ["observation", "protocols", "inventory", "advisories"] {
        let files = sources(&support::root().join("crates").join(name).join("src"));
        assert!(!files.is_empty());
        for file in files {
            for (number, line) in code(&file) {
                let found = FORBIDDEN.iter().find(|word| line.contains(*word));
                assert_eq!(found, None, "{}:{number}: {line}", file.display());
            }
        }
    }
}

#[test]
fn no_function_that_sends_frames_is_named_anywhere() {
    // Of libpcap, of the crates that wrap it, and of raw sockets.
    const SENDING: [&str; 9] = [
        "sendpacket",
        "sendqueue",
        "SendQueue",
        "pcap_inject",
        ".inject(",
        "sendto(",
        "sendmsg(",
        "sendmmsg(",
        "SOCK_RAW",
    ];
    let root = support::root();
    for file in sources(&root.join("crates")).into_iter().chain(sources(&root.join("benches"))) {
        for (number, line) in code(&file) {
            let found = SENDING.iter().find(|word| line.contains(*word));
            assert_eq!(found, None, "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn no_file_has_more_lines_of_code_than_a_reader_holds_in_mind() {
    const LINES_MAX: usize = 600;
    for file in sources(&support::root().join("crates")) {
        let lines = code(&file).len();
        assert!(lines <= LINES_MAX, "{}: {lines} lines of code", file.display());
    }
}

#[test]
fn the_visible_top_level_is_as_drawn() {
    const TOP: [&str; 13] = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "captures",
        "crates",
        "docs",
        "systemd",
        "tests",
    ];
    // What git keeps; a folder without git (an unpacked archive) has nothing else to look at.
    let listed =
        Command::new("git").current_dir(support::root()).args(["ls-tree", "--name-only", "HEAD"]).output();
    let Ok(listed) = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()) else {
        println!("SKIPPED: git is not here");
        return;
    };
    for name in listed.lines().filter(|name| !name.starts_with('.')) {
        assert!(TOP.contains(&name), "{name} is not part of the top level");
    }
}
