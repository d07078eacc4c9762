//! Licences of everything that is linked into the program or runs while it is built.

use std::collections::BTreeSet;
use std::process::Command;

use crate::architecture::metadata;
use crate::support::{list, text};

/// Licences that ask for no more than to be named.
const ALLOWED: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "0BSD",
    "BSL-1.0",
    "CC0-1.0",
    "MIT-0",
];

/// True if an SPDX expression can be met by allowed licences alone. `/` is the old way to write OR.
fn allowed(expression: &str) -> bool {
    let words = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut at = 0;
    let met = either(&words, &mut at);
    met && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut met = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= both(words, at);
    }
    met
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut met = single(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= single(words, at);
    }
    met
}

fn single(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else {
        *at = usize::MAX; // something is missing at the end: no expression
        return false;
    };
    *at += 1;
    if *word == "(" {
        let met = either(words, at) && words.get(*at) == Some(&")");
        *at = at.saturating_add(1);
        return met;
    }
    let mut met = ALLOWED.contains(word);
    if words.get(*at) == Some(&"WITH") {
        // An exception only widens what is allowed.
        *at += 2;
        met |= *word == "Apache-2.0";
    }
    met
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    for good in [
        "MIT",
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "(MIT OR GPL-3.0-only) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(allowed(good), "{good}");
    }
    for bad in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "", "MIT OR", "(MIT"] {
        assert!(!allowed(bad), "{bad}");
    }
}

#[test]
fn every_dependency_may_be_linked_in() {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let machine = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = metadata(&["--filter-platform", machine]);
    let used: BTreeSet<&str> =
        list(&metadata["resolve"], "nodes").iter().map(|node| text(node, "id")).collect();
    let mut wrong = Vec::new();
    for package in list(&metadata, "packages").iter().filter(|package| used.contains(text(package, "id"))) {
        let licence = text(package, "license");
        if !allowed(licence) {
            wrong.push(format!("{} {}: {licence:?}", text(package, "name"), text(package, "version")));
        }
    }
    assert!(used.len() > 20, "only {} packages seen", used.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
