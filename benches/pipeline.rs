//! Speed and memory: the whole way from a capture file to the register, and each decoder by itself.
//!
//! ```text
//! cargo bench                                         a million frames, three rounds, and every decoder
//! cargo bench --bench pipeline -- --frames 10000000   another length; several with commas
//! cargo bench --bench pipeline -- --tshark            tshark beside it, in turns (benches/compare.sh)
//! ```
//!
//! Processor time is user and system time of the child process and all its threads, as the kernel accounts it; peak
//! memory is its largest resident set. Both come from `getrusage`. Machines drift: only ratios taken in one run mean
//! something.
#![allow(unreachable_pub, reason = "modules that the tests include too")]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a benchmark reads files and clocks, and prints what it measured"
)]

#[path = "../tests/generator/mod.rs"]
mod generator;

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use observation::{Address, End, Octets, Piece, Time, Transport};
use protocols::{ALL, Context, Frame, Output, Protocol};

use generator::file::{ETHERNET, Order, Pcap, Unit};
use generator::mix::Mix;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How long each decoder is fed.
const DECODER_TIME: Duration = Duration::from_millis(200);

/// What to measure.
struct Options {
    frames: Vec<u64>,
    rounds: usize,
    tshark: bool,
    decoders: bool,
}

/// What one process cost.
#[derive(Clone, Copy)]
struct Cost {
    processor: Duration,
    elapsed: Duration,
    peak_kib: u64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [first, program @ ..] = arguments.as_slice()
        && first == "--measure"
    {
        return measure_child(program);
    }
    let options = options(&arguments)?;
    println!("{}", machine());
    for frames in &options.frames {
        pipeline(*frames, &options)?;
    }
    if options.decoders {
        decoders()?;
    }
    Ok(())
}

fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options { frames: vec![1_000_000], rounds: 3, tshark: false, decoders: true };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--frames" => {
                options.frames = value()?.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?
            }
            "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
            "--tshark" => (options.tshark, options.decoders) = (true, false),
            _ => return Err("usage: [--frames N,N…] [--rounds N] [--tshark]".into()),
        }
    }
    Ok(options)
}

/// The processor and the day, for the table of recorded runs.
fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_matches(['\t', ':', ' ']));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {count} processors, tapledger {}", env!("CARGO_PKG_VERSION"))
}

/// Runs a program and prints what it cost, as `processor µs, elapsed µs, peak KiB`. A process of its own, because the
/// kernel adds up all children of one.
fn measure_child(program: &[String]) -> Result<()> {
    let [name, arguments @ ..] = program else { return Err("--measure PROGRAM…".into()) };
    let start = Instant::now();
    let status = Command::new(name)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let elapsed = start.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let processor = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    if !status.success() {
        return Err(format!("{name}: {status}").into());
    }
    println!("{processor} {} {}", elapsed.as_micros(), usage.max_rss());
    Ok(())
}

fn measure(program: &[&str]) -> Result<Cost> {
    let output = Command::new(env::current_exe()?).arg("--measure").args(program).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let printed = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> =
        printed.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
    let [processor, elapsed, peak_kib] = numbers[..] else {
        return Err(format!("measured {printed:?}").into());
    };
    Ok(Cost {
        processor: Duration::from_micros(processor),
        elapsed: Duration::from_micros(elapsed),
        peak_kib,
    })
}

/// The mix of that many frames; made once and kept in the target folder.
fn mix(frames: u64) -> Result<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("mix-{frames}.pcap"));
    if path.exists() {
        return Ok(path);
    }
    let unfinished = folder.join(format!("mix-{frames}.part"));
    let mut file = Pcap::new(
        BufWriter::with_capacity(1 << 20, File::create(&unfinished)?),
        Order::Little,
        Unit::Nanos,
        ETHERNET,
        0x4_0000,
    )?;
    let (mut mix, mut frame) = (Mix::new(1), Vec::new());
    for _ in 0..frames {
        let time = mix.next(&mut frame);
        file.frame(time, &frame)?;
    }
    file.finish()?;
    fs::rename(unfinished, &path)?;
    Ok(path)
}

/// Imports the mix into a fresh register, in turns with tshark if asked, and prints medians.
fn pipeline(frames: u64, options: &Options) -> Result<()> {
    let capture = mix(frames)?;
    let capture = capture.to_str().ok_or("a path that is no text")?;
    let database = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench.db");
    let binary = env::var("TAPLEDGER_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_tapledger").to_owned());
    let import =
        [binary.as_str(), "import", capture, "--db", database.to_str().ok_or("a path that is no text")?];
    let tshark = ["tshark", "-r", capture];
    // Once unmeasured, so that both find the file in memory.
    remove(&database)?;
    measure(&import)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        remove(&database)?;
        ours.push(measure(&import)?);
        if options.tshark {
            theirs.push(measure(&tshark)?);
        }
    }
    remove(&database)?;
    let us = report("tapledger import", frames, &ours);
    if options.tshark {
        let them = report("tshark -r", frames, &theirs);
        println!(
            "{frames} frames: tshark takes {:.1} times the processor time and {:.1} times the memory",
            them.0 / us.0,
            them.1 / us.1
        );
    }
    Ok(())
}

fn remove(database: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = PathBuf::from(format!("{}{suffix}", database.display()));
        if path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints nanoseconds of processor time for each frame, wall time and peak; returns the first and the last.
fn report(what: &str, frames: u64, costs: &[Cost]) -> (f64, f64) {
    let of = |value: fn(&Cost) -> f64| median(costs.iter().map(value).collect());
    let processor = of(|cost| cost.processor.as_nanos() as f64) / frames as f64;
    let (elapsed, peak) = (of(|cost| cost.elapsed.as_secs_f64()), of(|cost| cost.peak_kib as f64 / 1024.0));
    let least = costs.iter().map(|cost| cost.processor.as_nanos()).min().unwrap_or(0) as f64 / frames as f64;
    println!(
        "{frames} frames, {what}: {processor:.0} ns of processor time for each frame (least {least:.0}), {elapsed:.2} s elapsed, \
         {:.0} frames/s, peak {peak:.0} MiB, {} rounds",
        frames as f64 / elapsed,
        costs.len()
    );
    (processor, peak)
}

/// Every protocol on its own messages: delimiting, reading, saying.
fn decoders() -> Result<()> {
    println!("| decoder | messages | octets, mean | ns for each message |\n|---|---|---|---|");
    for protocol in ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../protocols/src")
            .join(protocol.name)
            .join("messages");
        let mut messages = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "bin") {
                messages.push((transport(protocol, &path.to_string_lossy()), fs::read(path)?));
            }
        }
        let octets: usize = messages.iter().map(|(_, octets)| octets.len()).sum();
        let (mut rounds, start) = (0_u32, Instant::now());
        let mut count = 0;
        while start.elapsed() < DECODER_TIME {
            count =
                messages.iter().map(|(transport, octets)| feed(protocol, *transport, octets)).sum::<usize>();
            rounds += 1;
        }
        let each = start.elapsed().as_nanos() as f64 / f64::from(rounds) / count.max(1) as f64;
        println!("| {} | {count} | {} | {each:.0} |", protocol.name, octets / count.max(1));
    }
    Ok(())
}

/// As the tests of `protocols` name their files: `udp` in the name is a datagram, otherwise what the protocol runs on.
fn transport(protocol: &Protocol, name: &str) -> Transport {
    match (protocol.tcp, protocol.udp) {
        ([], []) => Transport::Ethernet,
        (_, [_, ..]) if name.contains("udp") => Transport::Udp,
        ([], _) => Transport::Udp,
        _ => Transport::Tcp,
    }
}

/// Reads every message of a stream and returns how many there were.
fn feed(protocol: &Protocol, transport: Transport, octets: &[u8]) -> usize {
    let (ours, theirs) = (Address::Ip([10, 0, 0, 1].into()), Address::Ip([10, 0, 0, 2].into()));
    let mut session = (protocol.session)();
    let (mut at, mut count) = (0, 0);
    while let Some(Frame::Message(length)) =
        octets.get(at..).filter(|rest| !rest.is_empty()).map(|rest| (protocol.frame)(rest, transport))
    {
        let pieces = [Piece { at: 0, frame: 1, offset: 54 }];
        let context = Context {
            source: ours,
            destination: theirs,
            vlan: None,
            destination_vlan: None,
            transport,
            source_port: protocol.tcp.first().copied().unwrap_or(0),
            destination_port: 50_000,
            from: End::Server,
            time: Time(0),
        };
        let mut output = Output::default();
        let _ =
            black_box(session.message(&context, Octets::new(&octets[at..at + length], &pieces), &mut output));
        black_box(&output);
        at += length;
        count += 1;
    }
    count
}
