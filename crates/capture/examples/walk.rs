//! Walks over captures as an import does and prints frames, octets and how each ended: `cargo run --release -p capture
//! --example walk -- FILE…`.
#![allow(clippy::print_stdout, reason = "it prints what it found")]

use std::path::PathBuf;

use capture::{FileSource, SourceError, expand};

fn main() -> Result<(), SourceError> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    for input in expand(&arguments).inputs {
        let mut source = FileSource::open(&input)?;
        let (mut frames, mut octets) = (0_u64, 0_u64);
        while let Some(frame) = source.next() {
            frames = frames.saturating_add(1);
            octets =
                octets.saturating_add(frame.octets.iter().step_by(64).map(|&octet| u64::from(octet)).sum());
        }
        let finished = source.finish()?;
        println!("{frames} frames, sum {octets}: {finished:?}");
    }
    Ok(())
}
