//! Golden registers, and that the list of captures is true.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::generator::mix::Mix;
use crate::generator::samples;
use crate::support::{self, Register, canonical};

fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// `captures/cuts/enip-logix.pcapng` is compared with the folder `tests/golden/cuts-enip-logix`.
fn golden_folder(capture: &str) -> PathBuf {
    let name = capture.split_once(".pcap").unwrap().0.replace('/', "-");
    support::root().join("tests/golden").join(name)
}

#[test]
fn every_capture_gives_its_golden_register() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let schema =
        serde_json::from_str(&Register::new().stdout_without_register(&["schema", "register"])).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut wrong = Vec::new();
    for (name, path) in support::captures() {
        let register = Register::of(&[path]).json();
        for error in schema.iter_errors(&register).take(3) {
            wrong.push(format!(
                "{name}: the export breaks the published schema: {error} at {}",
                error.instance_path()
            ));
        }
        for (file, text) in canonical::golden(&register) {
            let path = golden_folder(&name).join(file);
            if update {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            } else {
                let expected = fs::read_to_string(&path).unwrap_or_default();
                wrong.extend(first_difference(&expected, &text).map(|line| format!("{name} {file}: {line}")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nIf that is better than before: UPDATE_GOLDEN=1, and read the difference.",
        wrong.join("\n")
    );
}

fn first_difference(expected: &str, got: &str) -> Option<String> {
    let mut lines = (expected.lines().map(Some).chain(std::iter::repeat(None)))
        .zip(got.lines().map(Some).chain(std::iter::repeat(None)))
        .take(expected.lines().count().max(got.lines().count()))
        .enumerate();
    let (number, (expected, got)) = lines.find(|(_, (expected, got))| expected != got)?;
    Some(format!(
        "line {}\n  expected {}\n  got      {}",
        number + 1,
        expected.unwrap_or("nothing"),
        got.unwrap_or("nothing")
    ))
}

#[test]
fn every_golden_folder_has_its_capture() {
    let wanted: BTreeSet<PathBuf> = support::captures().iter().map(|(name, _)| golden_folder(name)).collect();
    let folders = fs::read_dir(support::root().join("tests/golden")).unwrap();
    let found: BTreeSet<PathBuf> = folders.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_capture_is_listed_with_its_hash_and_its_maker() {
    let readme = fs::read_to_string(support::root().join("captures/README.md")).unwrap();
    let mut listed = BTreeSet::new();
    for row in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        let [file, hash, shows, maker] = cells[..] else { panic!("four columns: {row}") };
        let octets = fs::read(support::capture(file.trim_matches('`'))).unwrap();
        assert_eq!(hash.trim_matches('`'), sha256(&octets), "{file}");
        assert!(!shows.is_empty() && maker.contains('`'), "{row}");
        listed.insert(file.trim_matches('`').to_owned());
    }
    assert_eq!(listed, support::captures().into_iter().map(|(name, _)| name).collect());
}

#[test]
fn the_generator_makes_the_same_octets_again() {
    let readme = fs::read_to_string(support::root().join("captures/README.md")).unwrap();
    let samples = samples::all();
    assert_eq!(readme.matches("`generate captures captures`").count(), samples.len());
    for sample in samples {
        let kept = fs::read(support::capture(sample.name)).unwrap();
        assert!(kept == sample.octets, "{} is not what the generator makes", sample.name);
    }
}

#[test]
fn the_mix_is_the_same_everywhere_and_has_the_shares_it_names() {
    const FRAMES: usize = 100_000;
    let (mut mix, mut frame, mut hash) = (Mix::new(1), Vec::new(), Sha256::new());
    let (mut octets, mut profinet, mut last) = (0, 0, 0);
    for _ in 0..FRAMES {
        let time = mix.next(&mut frame);
        assert!(time > last);
        last = time;
        octets += frame.len();
        profinet += usize::from(frame[12..18] == [0x81, 0x00, 0xc0, 0x64, 0x88, 0x92]);
        hash.update(time.to_le_bytes());
        hash.update(&frame);
    }
    assert!((105..=120).contains(&(octets / FRAMES)), "mean length {}", octets / FRAMES);
    assert!((25_000..=27_000).contains(&profinet), "{profinet} frames of PROFINET RT");
    let hash: String = hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(
        hash, "7fb4860ff71666216da407fe0b1db80cb8a640a42a2138fbe557cfdf2b9b9c05",
        "figures measured on another mix are not comparable: say so in benches/README.md"
    );
}
