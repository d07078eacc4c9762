//! Time and memory of resolving a large plant: 10,000 addresses with their MACs, 1,000,000 facts of ten days,
//! 20,000 conversations. Then one new fact of one of them, resolved with what it touches. Prints one line for each; memory
//! is the peak of the process without its input, on Linux.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a measurement: it reads the clock and prints"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use inventory::{Captured, Observed, Options, Talking, Ties, resolve, resolve_part};
use observation::{
    Address, Basis, Batch, Binding, CaptureKind, CaptureStatus, CaptureSummary, Conversation,
    ConversationKey, Evidence, Fact, Mac, NANOS_PER_DAY, OperationKind, OperationSeen, Position, Presence,
    Range, Sighting, Station, Time, Transport,
};

const STATIONS: u32 = 10_000;
const DAYS: i64 = 10;
const ATTRIBUTES: [&str; 10] = [
    "vendor",
    "model",
    "order_number",
    "serial_number",
    "firmware_version",
    "hardware_revision",
    "station_name",
    "mode",
    "location",
    "cip.device_type",
];

fn main() {
    let observed = Observed { captures: (0..DAYS).map(capture).collect() };
    let facts: usize = observed.captures.iter().map(|capture| capture.observed.facts.len()).sum();
    let before = peak_kib();
    let (start, busy) = (Instant::now(), busy_ticks());
    let inventory = black_box(resolve(black_box(&observed), &Options::default()));
    let seconds = start.elapsed().as_secs_f64();
    let busy = busy_ticks().saturating_sub(busy) as f64 / TICKS_PER_SECOND;
    println!(
        "{facts} facts, {STATIONS} addresses: {} assets, {} conversations, {} findings in {seconds:.2} s ({busy:.2} s of the processor), {} MiB beside the input",
        inventory.assets.len(),
        inventory.conversations.len(),
        inventory.findings.len(),
        peak_kib().saturating_sub(before) / 1024
    );
    drop(inventory);
    one_new_fact(&observed);
}

/// How long it takes to remember what is tied to what, and to resolve what one new fact touches. Looking up the rows of
/// the part is the register's work and not in it.
fn one_new_fact(observed: &Observed) {
    let (options, mut ties) = (Options::default(), Ties::new());
    let start = Instant::now();
    observed.captures.iter().for_each(|capture| ties.add(&capture.observed));
    let tied = start.elapsed().as_secs_f64();
    ties.take_touched();
    let address = Address::Ip(IpAddr::V4(Ipv4Addr::new(10, 0, 12, 34)));
    let new = Batch {
        facts: vec![fact(
            &Station::root(address, None),
            "project",
            1,
            Sighting::once(Time(DAYS * NANOS_PER_DAY)),
        )],
        ..Batch::default()
    };
    let start = Instant::now();
    ties.add(&new);
    let touched = ties.take_touched();
    let mut part = ties.part(&touched, &options);
    let closed = start.elapsed();
    let mut captures = observed.captures.clone();
    captures.push(Captured { observed: new, ..captures[0].clone() });
    for capture in &mut captures {
        let (addresses, rows) = (part.addresses().clone(), &mut capture.observed);
        rows.presences.retain(|row| addresses.contains(&row.station.address));
        rows.bindings.retain(|row| addresses.contains(&row.station.address));
        rows.facts.retain(|row| addresses.contains(&row.station.address));
        rows.conversations.retain(|row| {
            let talking = Talking { sent: [true, true], has_operations: true };
            part.wants(&row.key.client, &row.key.server, &row.key.protocol, talking)
        });
    }
    let facts: usize = captures.iter().map(|capture| capture.observed.facts.len()).sum();
    // The allocator puts the million facts that were just dropped in order when it is next asked for something larger.
    drop(black_box(vec![0_u8; 1 << 16]));
    let start = Instant::now();
    ties.complete(&part, &options, &mut captures);
    let assets = black_box(resolve_part("default", &captures, &options, &part));
    let resolved = closed + start.elapsed();
    println!(
        "one new fact: {} addresses tied, {facts} facts, {} assets in {:.2} ms; remembering what is tied took {tied:.2} s",
        part.addresses().len(),
        assets.len(),
        resolved.as_secs_f64() * 1000.0
    );
}

fn capture(day: i64) -> Captured {
    let mut observed = Batch::default();
    for number in 0..STATIONS {
        let [_, high, middle, low] = number.to_be_bytes();
        let ip = Station::root(Address::Ip(IpAddr::V4(Ipv4Addr::new(10, high, middle, low))), None);
        let mac = Mac([0x00, 0x1b, 0x1b, high, middle, low]);
        let time = Time(day * NANOS_PER_DAY + i64::from(number));
        let sighting = Sighting::once(time);
        observed.presences.push(Presence { station: ip.clone(), sighting, octets: 60 });
        observed.presences.push(Presence { station: Station::root(mac.into(), None), sighting, octets: 60 });
        observed.bindings.push(Binding { mac, station: ip.clone(), sighting, hop_limit: (64, 64) });
        // Every tenth address is a gateway of two units.
        let speakers = if number % 10 == 0 {
            vec![ip.below([Position::new("unit", 1)]), ip.below([Position::new("unit", 2)])]
        } else {
            vec![ip.clone()]
        };
        for attribute in ATTRIBUTES {
            let speaker = &speakers[observed.facts.len() % speakers.len()];
            observed.facts.push(fact(speaker, attribute, number, sighting));
        }
        let client =
            Station::root(Address::Ip(IpAddr::V4(Ipv4Addr::new(10, 0, 0, (number % 200) as u8))), None);
        observed.conversations.push(conversation(client, ip, sighting, 502 + (number % 2) as u16));
    }
    let uid = format!("{day:064}");
    let summary = CaptureSummary {
        name: format!("{day}.pcap"),
        uid,
        kind: CaptureKind::File,
        site: "default".to_owned(),
        sensor: String::new(),
        interface: String::new(),
        octets: 0,
        frames: 0,
        kernel_drops: 0,
        first: None,
        last: None,
        status: CaptureStatus::Complete,
        stopped: None,
        counters: BTreeMap::new(),
    };
    Captured { summary, observed }
}

fn fact(station: &Station, attribute: &'static str, number: u32, sighting: Sighting) -> Fact {
    let evidence = Evidence { ranges: vec![Range { frame: number.into(), offset: 54, length: 20 }] };
    // Products repeat, serial numbers do not.
    let of = if attribute == "serial_number" { number } else { number / 4 };
    let value = format!("{attribute} {of:08x}");
    Fact {
        station: station.clone(),
        attribute: attribute.into(),
        value,
        basis: Basis::Stated,
        protocol: "modbus".into(),
        rule: "modbus-object".into(),
        evidence,
        sighting,
    }
}

fn conversation(client: Station, server: Station, sighting: Sighting, port: u16) -> Conversation {
    let key = ConversationKey {
        client,
        server,
        protocol: "modbus".into(),
        transport: Transport::Tcp,
        port,
        vlan: None,
    };
    let read = OperationSeen {
        kind: OperationKind::Read,
        name: "read holding registers".into(),
        sighting,
        evidence: Evidence::default(),
    };
    Conversation { key, sighting, frames: [9, 9], octets: [600, 700], oriented: true, operations: vec![read] }
}

/// Ticks of the clock in which Linux counts the time of processes (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Time that the process has had of the processor, as other programs do not disturb; 0 where the system does not tell.
fn busy_ticks() -> u64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets, the twelfth and thirteenth field (proc(5)).
    let fields = status.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// The largest memory the process has had, in KiB; 0 where the system does not tell.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
