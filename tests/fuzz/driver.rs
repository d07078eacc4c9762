//! A seeded mutational fuzzer for tests: no nightly compiler, no tool to install, the same inputs on every machine.
//!
//! `FUZZ_SECONDS` says how long each target runs (10 if not set), `FUZZ_SEED` where it starts, `FUZZ_SEEDS_TO` a folder
//! that the seeds are written to for coverage-guided fuzzing (`crates/protocols/fuzz`). Include this file by path and call [`run`]:
//!
//! ```ignore
//! #[path = "../../../tests/fuzz/driver.rs"]
//! mod driver;
//!
//! driver::run("frames", &seeds, 4096, |octets| read_frames(octets));
//! ```

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a target runs unless `FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 10;
/// Where the sequence starts unless `FUZZ_SEED` says otherwise.
const SEED: u64 = 0x7461_706c_6564_6765;
/// One input may take this long; more is a hang.
const INPUT_TIME_MAX: Duration = Duration::from_secs(2);
/// Changes made to a seed at most.
const CHANGES_MAX: usize = 8;
/// Numbers that length and count fields are afraid of.
const EDGES: [u8; 10] = [0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0xf0, 0xfe, 0xff, 0x3f];

/// Small, seeded and the same everywhere (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % limit.max(1)
    }

    fn octet(&mut self) -> u8 {
        if self.below(2) == 0 { EDGES[self.below(EDGES.len())] } else { self.next().to_le_bytes()[7] }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Feeds `target` with the seeds, then with changed and joined ones until the time is up; returns how many inputs.
///
/// # Panics
///
/// Panics if the target panics or hangs, after printing the input in hexadecimal and writing it to
/// `target/tmp/fuzz-NAME.bin`.
pub fn run(name: &str, seeds: &[Vec<u8>], octets_max: usize, target: impl Fn(&[u8])) -> u64 {
    assert!(!seeds.is_empty(), "{name}: no seeds");
    let (start, time) = (Instant::now(), Duration::from_secs(number("FUZZ_SECONDS", SECONDS)));
    let seed = number("FUZZ_SEED", SEED);
    let mut random = Random(seed | 1);
    let mut count = 0;
    let kept = std::env::var_os("FUZZ_SEEDS_TO").map(PathBuf::from);
    for (number, seed) in seeds.iter().enumerate() {
        if let Some(folder) = &kept {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(format!("{name}-{number}")), seed).unwrap();
        }
        feed(name, seed, &target);
        count += 1;
    }
    // The time is that of changed inputs: on a slow machine the seeds alone may take as long.
    let changing = Instant::now();
    while changing.elapsed() < time {
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(CHANGES_MAX) {
            change(&mut input, seeds, &mut random);
        }
        input.truncate(octets_max);
        feed(name, &input, &target);
        count += 1;
    }
    println!(
        "fuzz {name}: {count} inputs from {} seeds in {:.1} s, FUZZ_SEED={seed}",
        seeds.len(),
        start.elapsed().as_secs_f32()
    );
    count
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let length = 1 + random.below(16);
    match random.below(8) {
        0 => input.truncate(at),
        1 => {
            let octet = random.octet();
            input.splice(at..at, std::iter::repeat_n(octet, length));
        }
        2 => {
            input.drain(at..(at + length).min(input.len()));
        }
        3 => {
            let copy = input[at..(at + length).min(input.len())].to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, copy);
        }
        4 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend(&other[from..]);
        }
        5 => {
            if let Some(octet) = input.get_mut(at) {
                *octet ^= 1 << random.below(8);
            }
        }
        6 => {
            if let Some(octet) = input.get_mut(at) {
                *octet = octet.wrapping_add(if random.below(2) == 0 { 1 } else { 0xff });
            }
        }
        _ => {
            let octet = random.octet();
            if let Some(place) = input.get_mut(at) {
                *place = octet;
            }
        }
    }
}

fn feed(name: &str, input: &[u8], target: &impl Fn(&[u8])) {
    let start = Instant::now();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| target(input)));
    let slow = start.elapsed() > INPUT_TIME_MAX;
    if outcome.is_err() || slow {
        let hex: String = input.iter().map(|octet| format!("{octet:02x}")).collect();
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}.bin"));
        fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).ok();
        fs::write(&path, input).ok();
        let what = if slow { "hangs" } else { "panics" };
        panic!("{name} {what} on {} octets, kept in {}:\n{hex}", input.len(), path.display());
    }
}
