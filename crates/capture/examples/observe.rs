//! Prints what one capture says, row by row: for looking at a decoder without a register.
//!
//! `cargo run -p capture --example observe -- FILE`
#![allow(clippy::print_stdout, reason = "an example for people")]

use std::path::PathBuf;

use capture::{FileSource, Input, Pipeline, SourceError};

fn main() -> Result<(), SourceError> {
    for argument in std::env::args_os().skip(1) {
        let mut source = FileSource::open(&Input::File(PathBuf::from(&argument)))?;
        let mut pipeline = Pipeline::default();
        while let Some(frame) = source.next() {
            pipeline.frame(&frame);
        }
        let (batch, totals) = pipeline.finish();
        let finished = source.finish()?;
        for row in &batch.presences {
            println!("presence {} {} frames", row.station, row.sighting.count);
        }
        for row in &batch.bindings {
            println!(
                "binding  {} {} hops {:?} {} frames",
                row.mac, row.station, row.hop_limit, row.sighting.count
            );
        }
        for row in &batch.conversations {
            let operations: Vec<_> =
                row.operations.iter().map(|one| format!("{} {}", one.sighting.count, one.name)).collect();
            let key = &row.key;
            println!(
                "talk     {} > {} {} {}/{} {:?} {}",
                key.client,
                key.server,
                key.protocol,
                key.port,
                key.transport.as_str(),
                row.frames,
                operations.join(", ")
            );
        }
        for row in &batch.mentions {
            println!("mention  {} by {}: {}", row.station, row.by, row.reason);
        }
        for row in &batch.facts {
            let frame = row.evidence.ranges.first().map_or(0, |range| range.frame);
            let (attribute, value, rule, basis) = (&row.attribute, &row.value, &row.rule, row.basis.as_str());
            println!("fact     {} {attribute} = {value} ({basis}, {rule}, frame {frame})", row.station);
        }
        for row in &batch.malformed {
            println!("malformed frame {} {}: {}", row.frame, row.protocol, row.problem);
        }
        println!("{} {:?} {totals:#?}", finished.status.as_str(), finished.stopped);
    }
    Ok(())
}
