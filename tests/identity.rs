//! Which stations are one device, on captures: made-up frames of EtherNet/IP, PROFINET and ARP, imported as a user does.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::generator::enip::{self, Identity};
use crate::generator::file::{ETHERNET, Order, Unit, pcap};
use crate::generator::frame::{BROADCAST, PROFINET, Station, arp, ethernet, pad, udp_frame};
use crate::support::canonical::canonical;
use crate::support::{Register, list, text, winner};

const DAY: i64 = 86_400_000_000_000;
const START: i64 = 20_000 * DAY + DAY / 2;
const ROCKWELL: [u8; 3] = [0x00, 0x00, 0xbc];

fn reader() -> Station {
    Station::new([0x00, 0x50, 0x56], [10, 10, 10, 9])
}

/// A controller says by ARP and List Identity who it is, every second for ten seconds from `start`.
fn controller(start: i64, station: Station, serial: u32) -> Vec<(i64, Vec<u8>)> {
    let identity = Identity {
        vendor: 1,
        device_type: 14,
        product_code: 166,
        revision: (32, 11),
        status: 0x3060,
        serial,
        name: b"1756-L83E/B",
    };
    let answer = enip::list_identity(station.ip, &identity, 3);
    let asked = enip::encapsulated(enip::LIST_IDENTITY, 0, &[]);
    let mut frames = Vec::new();
    for second in 0..10 {
        let time = start + i64::from(second) * 1_000_000_000;
        frames.push((time, arp(2, station, reader())));
        for (from, to, ports, payload) in
            [(reader(), station, (50_000, 44_818), &asked), (station, reader(), (44_818, 50_000), &answer)]
        {
            let mut octets = Vec::new();
            udp_frame(&mut octets, from, to, ports, second, payload);
            frames.push((time + i64::from(ports.0), octets));
        }
    }
    frames
}

/// An answer to PROFINET DCP Identify with the name of the station (IEC 61158-6-10, chapter 4.3).
fn named(mac: [u8; 6], name: &[u8]) -> Vec<u8> {
    let mut block = vec![2, 2, 0, (name.len() + 2) as u8, 0, 0];
    block.extend(name);
    if block.len() % 2 == 1 {
        block.push(0);
    }
    let mut out = Vec::new();
    ethernet(&mut out, BROADCAST, mac, &[], PROFINET);
    out.extend([0xfe, 0xff, 5, 1, 0, 0, 0, 1, 0, 0, 0, block.len() as u8]);
    out.extend(block);
    pad(&mut out);
    out
}

/// A folder with the files, and a register for them.
struct Plant {
    register: Register,
}

impl Plant {
    fn new() -> Self {
        Self { register: Register::new() }
    }

    fn file(&self, name: &str, frames: &[(i64, Vec<u8>)]) -> PathBuf {
        let path = self.register.folder.path().join(name);
        fs::write(&path, pcap(Order::Little, Unit::Nanos, ETHERNET, 65_535, frames)).unwrap();
        path
    }
}

fn by_serial<'r>(register: &'r Value, serial: &str) -> Vec<&'r Value> {
    list(register, "assets").iter().filter(|asset| winner(asset, "serial_number") == Some(serial)).collect()
}

fn kinds(register: &Value) -> Vec<&str> {
    list(register, "findings").iter().map(|finding| text(finding, "kind")).collect()
}

#[test]
fn a_controller_that_was_replaced_is_a_new_asset_in_whatever_order_the_days_are_read() {
    let old = Station::new(ROCKWELL, [10, 10, 10, 12]);
    let new = Station { mac: [0, 0, 0xbc, 9, 9, 9], ..old };
    let (first, last) = (controller(START, old, 0x00c0_ffee), controller(START + 2 * DAY, new, 0x00c0_ffff));
    let registers = [false, true].map(|backwards| {
        let plant = Plant::new();
        let mut files = [plant.file("monday.pcap", &first), plant.file("wednesday.pcap", &last)];
        if backwards {
            files.reverse();
        }
        plant.register.import(&files[..1]);
        let before = plant.register.json();
        plant.register.import(&files[1..]);
        let after = plant.register.json();
        // Whoever was known first keeps its id.
        let serial = if backwards { "00c0ffff" } else { "00c0ffee" };
        let id = |register: &Value| text(by_serial(register, serial)[0], "id").to_owned();
        assert_eq!(id(&before), id(&after));
        after
    });
    let [one, other] = &registers;
    assert_eq!(canonical(one), canonical(other));
    for (serial, station) in [("00c0ffee", old), ("00c0ffff", new)] {
        let [asset] = by_serial(one, serial)[..] else { panic!("{serial}: {}", one["assets"]) };
        let mac: Vec<_> = station.mac.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(text(&list(asset, "stations")[0], "mac"), mac.join(":"));
        assert_eq!(list(&asset["attributes"], "serial_number").len(), 1, "{asset}");
    }
    let replaced = list(one, "findings").iter().find(|finding| text(finding, "kind") == "device_replaced");
    assert_eq!(list(replaced.unwrap(), "assets").len(), 2);
    // All in one file is the same.
    let plant = Plant::new();
    let whole = plant.file("week.pcap", &[first, last].concat());
    plant.register.import(&[whole]);
    let known = |register: &Value| {
        let mut assets = list(register, "assets").to_vec();
        assets.sort_by_key(|asset| (text(asset, "name").to_owned(), text(asset, "first").to_owned()));
        assets
            .iter()
            .map(|asset| {
                (
                    asset["name"].clone(),
                    asset["stations"].clone(),
                    asset["first"].clone(),
                    asset["last"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(known(&plant.register.json()), known(one));
}

#[test]
fn a_controller_with_another_address_is_the_same_asset() {
    let (before, after) =
        (Station::new(ROCKWELL, [10, 10, 10, 12]), Station::new(ROCKWELL, [10, 10, 10, 77]));
    let after = Station { mac: before.mac, ..after };
    let plant = Plant::new();
    let file = plant.file(
        "moved.pcap",
        &[controller(START, before, 0x00c0_ffee), controller(START + DAY, after, 0x00c0_ffee)].concat(),
    );
    let json = {
        plant.register.import(&[file]);
        plant.register.json()
    };
    let [asset] = by_serial(&json, "00c0ffee")[..] else { panic!("{}", json["assets"]) };
    assert_eq!(list(&list(asset, "stations")[0], "ips").len(), 2);
    assert!(!kinds(&json).contains(&"device_replaced"));
}

#[test]
fn two_at_one_address_at_the_same_time_are_a_conflict_and_no_merge() {
    let (one, other) = (Station::new(ROCKWELL, [10, 10, 10, 12]), Station::new(ROCKWELL, [10, 10, 10, 12]));
    let other = Station { mac: [0, 0x0c, 0x29, 1, 2, 3], ..other };
    let plant = Plant::new();
    let mut frames =
        [controller(START, one, 0x00c0_ffee), controller(START + 500_000_000, other, 0x00c0_ffff)].concat();
    frames.sort_by_key(|(time, _)| *time);
    let file = plant.file("spoofed.pcap", &frames);
    let json = {
        plant.register.import(&[file]);
        plant.register.json()
    };
    let kinds = kinds(&json);
    assert!(kinds.contains(&"duplicate_ip") && kinds.contains(&"identity_conflict"), "{kinds:?}");
    let of = |mac: &str| {
        let holds =
            |asset: &&Value| list(asset, "stations").iter().any(|station| text(station, "mac") == mac);
        text(list(&json, "assets").iter().find(holds).unwrap(), "id").to_owned()
    };
    assert_ne!(of("00:00:bc:0a:0a:0c"), of("00:0c:29:01:02:03"));
}

#[test]
fn the_same_plant_at_two_sites_is_two_plants() {
    let station = Station::new(ROCKWELL, [10, 10, 10, 12]);
    let plant = Plant::new();
    for (site, start) in [("north", START), ("south", START + DAY)] {
        let file = plant.file(&format!("{site}.pcap"), &controller(start, station, 0x00c0_ffee));
        plant.register.stdout(&["import", file.to_str().unwrap(), "--site", site]);
    }
    assert_eq!(by_serial(&plant.register.json(), "00c0ffee").len(), 2);
}

#[test]
fn a_station_name_that_a_foreign_card_takes_is_a_finding() {
    let (own, foreign) = ([0x28, 0x63, 0x36, 0, 0, 0x10], [0x00, 0x0c, 0x29, 0, 0, 0x11]);
    let frames: Vec<_> = [own, foreign, own, foreign]
        .into_iter()
        .enumerate()
        .map(|(second, mac)| (START + second as i64 * 1_000_000_000, named(mac, b"et200sp")))
        .collect();
    let plant = Plant::new();
    let file = plant.file("names.pcap", &frames);
    plant.register.import(&[file]);
    let json = plant.register.json();
    assert_eq!(list(&json, "assets").len(), 2);
    assert!(kinds(&json).contains(&"duplicate_name"), "{:?}", kinds(&json));
    let why = plant.register.stdout(&["assets", "show", "00:0c:29:00:00:11", "--why"]);
    assert!(why.contains("why these stations are one asset"), "{why}");
    let footer = plant.register.stdout(&["assets", "list"]);
    assert!(footer.contains("2 assets (2 observed, 0 referenced)"), "{footer}");
}
