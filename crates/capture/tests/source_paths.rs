//! From arguments to inputs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

mod source_writers;

use std::path::{Path, PathBuf};

use capture::{Expanded, Input, SourceError, expand};
use source_writers::*;

fn plant() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let capture = Pcap::new(Little, MICROS).octets;
    let write = |name: &str, octets: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, octets).unwrap();
    };
    write("b.pcap", &capture);
    write("a.bin", &Pcapng::new(Big).octets);
    write("line1/c.pcap.gz", &gzip(&capture));
    write("line1/deep/d.cap", &zstd(&capture));
    write("line1/.hidden.pcap", &capture);
    write(".git/e.pcap", &capture);
    write("README.md", b"# Plant\n");
    write("empty.pcap", b"");
    folder
}

fn names(folder: &Path, expanded: &Expanded) -> Vec<String> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let inputs = expanded.inputs.iter();
    inputs.map(|input| if let Input::File(path) = input { name(path) } else { "-".into() }).collect()
}

fn skipped(folder: &Path, expanded: &Expanded) -> Vec<(String, String)> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    expanded.skipped.iter().map(|(path, reason)| (name(path), reason.clone())).collect()
}

#[test]
fn a_folder_gives_its_captures_sorted_and_lists_what_is_none() {
    let folder = plant();
    let expanded = expand(&[folder.path().to_owned()]);
    assert_eq!(names(folder.path(), &expanded), ["a.bin", "b.pcap", "line1/c.pcap.gz", "line1/deep/d.cap"]);
    assert_eq!(
        skipped(folder.path(), &expanded),
        [
            ("README.md".into(), "not a capture: starts with 23 20 50 6c, text".into()),
            ("empty.pcap".to_owned(), "is empty".to_owned()),
        ]
    );
    assert!(expanded.errors.is_empty());
}

#[test]
fn a_named_file_is_taken_whatever_it_is_and_each_only_once() {
    let folder = plant();
    let at = |name: &str| folder.path().join(name);
    let expanded = expand(&[
        at("README.md"),
        PathBuf::from("-"),
        at("line1/.hidden.pcap"),
        at("b.pcap"),
        at("line1/../b.pcap"),
        PathBuf::from("-"),
        at("line1"),
    ]);
    assert_eq!(
        names(folder.path(), &expanded),
        ["README.md", "-", "line1/.hidden.pcap", "b.pcap", "line1/c.pcap.gz", "line1/deep/d.cap"]
    );
    assert_eq!(
        skipped(folder.path(), &expanded),
        [("line1/../b.pcap".to_owned(), "named before".to_owned())]
    );
}

#[test]
fn patterns_find_captures_in_order_and_not_hidden_ones() {
    let folder = plant();
    let expand = |pattern: &str| expand(&[folder.path().join(pattern)]);
    assert_eq!(names(folder.path(), &expand("*.pcap")), ["b.pcap"]);
    assert_eq!(names(folder.path(), &expand("line?/*.pcap*")), ["line1/c.pcap.gz"]);
    let everywhere = expand("**/*");
    assert_eq!(names(folder.path(), &everywhere), ["a.bin", "b.pcap", "line1/c.pcap.gz", "line1/deep/d.cap"]);
    // A folder that matches is read like one that is named.
    assert_eq!(names(folder.path(), &expand("lin[a-z]1")), ["line1/c.pcap.gz", "line1/deep/d.cap"]);
}

#[test]
fn arguments_that_mean_nothing_are_errors() {
    let expanded = expand(&["/nowhere/a.pcap", "/nowhere/*.pcap", "/nowhere/[a"].map(PathBuf::from));
    let reasons: Vec<_> = expanded.errors.iter().map(|(_, error)| error.to_string()).collect();
    assert!(
        matches!(&expanded.errors[0].1, SourceError::Io(error) if error.kind() == std::io::ErrorKind::NotFound)
    );
    assert_eq!(reasons[1], "nothing matches");
    assert!(reasons[2].contains("attern"), "{}", reasons[2]);
    assert!(expanded.inputs.is_empty() && expanded.skipped.is_empty());
}

#[cfg(unix)]
#[test]
fn links_are_followed_to_files_and_not_to_folders() {
    use std::os::unix::fs::symlink;
    let folder = plant();
    symlink(folder.path(), folder.path().join("line1/up")).unwrap();
    symlink(folder.path().join("b.pcap"), folder.path().join("line1/to-b.pcap")).unwrap();
    symlink("/nowhere", folder.path().join("line1/broken.pcap")).unwrap();
    let status = std::process::Command::new("mkfifo").arg(folder.path().join("line1/pipe")).status();
    assert!(status.unwrap().success());
    let expanded = expand(&[folder.path().join("line1")]);
    assert_eq!(names(folder.path(), &expanded), ["line1/c.pcap.gz", "line1/deep/d.cap", "line1/to-b.pcap"]);
    let mut skipped = skipped(folder.path(), &expanded);
    skipped.sort();
    assert_eq!(
        skipped,
        [
            ("line1/pipe".to_owned(), "not a file".to_owned()),
            ("line1/up".to_owned(), "a link to a folder".to_owned())
        ]
    );
    assert_eq!(expanded.errors.len(), 1);
    assert!(expanded.errors[0].0.ends_with("line1/broken.pcap"));
}
