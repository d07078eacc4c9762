//! Makes capture files, the same octets on every machine:
//!
//! ```text
//! cargo run --release --locked --example generate -- mix FRAMES FILE [SEED]
//! cargo run --release --locked --example generate -- captures FOLDER
//! ```
//!
//! `mix` writes the plant mix of `mix.rs` as a pcap file of any length, frame by frame. `captures` writes every small
//! capture of `samples` into a folder.
#![allow(unreachable_pub, reason = "modules that tests and the benchmark include too")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a command of the development tree")]

#[path = "mod.rs"]
mod generator;

use std::error::Error;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use generator::file::{ETHERNET, Order, Pcap, Unit};
use generator::mix::Mix;
use generator::samples;

/// Octets gathered before each write.
const BUFFER: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["mix", frames, path] => mix(frames.parse()?, Path::new(path), 1),
        ["mix", frames, path, seed] => mix(frames.parse()?, Path::new(path), seed.parse()?),
        ["captures", folder] => captures(Path::new(folder)),
        _ => Err("usage: generate mix FRAMES FILE [SEED] | generate captures FOLDER".into()),
    }
}

fn mix(frames: u64, path: &Path, seed: u64) -> Result<(), Box<dyn Error>> {
    let out = BufWriter::with_capacity(BUFFER, File::create(path)?);
    let mut file = Pcap::new(out, Order::Little, Unit::Nanos, ETHERNET, 0x4_0000)?;
    let mut mix = Mix::new(seed);
    let mut frame = Vec::new();
    let mut octets = 0_u64;
    for _ in 0..frames {
        let time = mix.next(&mut frame);
        octets = octets.saturating_add(frame.len() as u64);
        file.frame(time, &frame)?;
    }
    file.finish()?;
    println!("{}: {frames} frames, {octets} octets of frames", path.display());
    Ok(())
}

fn captures(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder.join("hard"))?;
    for sample in samples::all() {
        fs::write(folder.join(sample.name), &sample.octets)?;
        println!("{}: {} octets", sample.name, sample.octets.len());
    }
    Ok(())
}
