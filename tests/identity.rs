//! Which stations are one device, on captures: made-up frames of EtherNet/IP, PROFINET and ARP, imported as a user does.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::generator::enip::{self, Identity};
use crate::generator::file::{ETHERNET, Order, Unit, pcap};
use crate::generator::frame::{
    BROADCAST, IPV4, PROFINET, Station, arp, ethernet, fold, ipv4, pad, sum, udp_frame,
};
use crate::support::canonical::canonical;
use crate::support::{Register, list, text, winner};

const DAY: i64 = 86_400_000_000_000;
pub(crate) const START: i64 = 20_000 * DAY + DAY / 2;
pub(crate) const ROCKWELL: [u8; 3] = [0x00, 0x00, 0xbc];

pub(crate) fn reader() -> Station {
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
pub(crate) fn named(mac: [u8; 6], name: &[u8]) -> Vec<u8> {
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

/// A server gives an address to a card (RFC 2131: DHCPACK).
fn lease(server: Station, client: Station) -> Vec<u8> {
    let mut reply = vec![2, 1, 6, 0, 0, 0, 0, 7, 0, 0, 0, 0];
    reply.extend([0; 4]);
    reply.extend(client.ip.octets());
    reply.extend([0; 8]);
    reply.extend(client.mac);
    reply.extend([0; 10 + 64 + 128]);
    reply.extend([0x63, 0x82, 0x53, 0x63, 53, 1, 5, 54, 4]);
    reply.extend(server.ip.octets());
    reply.extend([51, 4, 0, 1, 0x51, 0x80, 255]);
    let mut out = Vec::new();
    udp_frame(&mut out, server, client, (67, 68), 1, &reply);
    out
}

/// A router says that it has the address of its group (RFC 3768), from the MAC of the group.
fn advertisement(router: Station, group: u8, virtual_ip: [u8; 4]) -> Vec<u8> {
    let mut message = vec![0x21, group, 100, 1, 0, 1, 0, 0];
    message.extend(virtual_ip);
    message.extend([0; 8]);
    let checksum = fold(sum(&message));
    message[6..8].copy_from_slice(&checksum.to_be_bytes());
    let mut out = Vec::new();
    ethernet(&mut out, [0x01, 0, 0x5e, 0, 0, 0x12], [0, 0, 0x5e, 0, 1, group], &[], IPV4);
    ipv4(&mut out, router.ip, [224, 0, 0, 18].into(), 112, 255, 1, message.len());
    out.extend(message);
    pad(&mut out);
    out
}

/// A folder with the files, and a register for them.
pub(crate) struct Plant {
    pub(crate) register: Register,
}

impl Plant {
    pub(crate) fn new() -> Self {
        Self { register: Register::new() }
    }

    pub(crate) fn file(&self, name: &str, frames: &[(i64, Vec<u8>)]) -> PathBuf {
        let path = self.register.folder.path().join(name);
        fs::write(&path, pcap(Order::Little, Unit::Nanos, ETHERNET, 65_535, frames)).unwrap();
        path
    }
}

pub(crate) fn by_serial<'r>(register: &'r Value, serial: &str) -> Vec<&'r Value> {
    list(register, "assets").iter().filter(|asset| winner(asset, "serial_number") == Some(serial)).collect()
}

pub(crate) fn kinds(register: &Value) -> Vec<&str> {
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

/// The asset that has a MAC.
pub(crate) fn with_mac<'r>(register: &'r Value, mac: &str) -> &'r Value {
    let has = |asset: &&Value| list(asset, "stations").iter().any(|station| text(station, "mac") == mac);
    list(register, "assets").iter().find(has).unwrap_or_else(|| panic!("{mac}: {}", register["assets"]))
}

#[test]
fn a_lease_that_comes_back_is_two_computers_in_whatever_order_the_days_are_read() {
    let server = Station::new([0x00, 0x50, 0x56], [10, 10, 10, 1]);
    let press = Station::new([0x00, 0x0c, 0x29], [10, 10, 10, 50]);
    let laser = Station { mac: [0x00, 0x0c, 0x29, 7, 7, 7], ..press };
    let day = |number: i64, client: Station| {
        let time = START + number * DAY;
        let says = arp(2, client, reader());
        vec![
            (time, lease(server, client)),
            (time + 1_000_000_000, says.clone()),
            (time + 2_000_000_000, says),
        ]
    };
    let days = [day(0, press), day(2, laser), day(4, press)];
    let registers = [[0, 1, 2], [2, 0, 1]].map(|order| {
        let plant = Plant::new();
        let files = order.map(|number| plant.file(&format!("day{number}.pcap"), &days[number]));
        plant.register.import(&files);
        plant.register.json()
    });
    let [one, other] = &registers;
    assert_eq!(canonical(one), canonical(other));
    let (first, second) = (with_mac(one, "00:0c:29:0a:0a:32"), with_mac(one, "00:0c:29:07:07:07"));
    assert_ne!(first["id"], second["id"]);
    for asset in [first, second] {
        assert_eq!(list(&list(asset, "stations")[0], "ips"), ["10.10.10.50"], "{asset}");
    }
    assert!(text(first, "last") > text(second, "last") && text(first, "first") < text(second, "first"));
    let kinds = kinds(one);
    assert!(!kinds.contains(&"ip_moved") && !kinds.contains(&"duplicate_ip"), "{kinds:?}");
}

#[test]
fn the_cards_that_an_agent_states_are_one_asset() {
    let agent = Station { mac: [0, 0x1b, 0x1b, 0x20, 0x30, 0x41], ip: [10, 10, 10, 2].into() };
    let card = Station { mac: [0, 0x1b, 0x1b, 0x20, 0x30, 0x42], ip: [192, 168, 7, 2].into() };
    // The table of interfaces with both cards: `crates/protocols/src/snmp/messages/README.md`.
    let answer = include_bytes!("../crates/protocols/src/snmp/messages/response-interfaces.bin");
    let mut table = Vec::new();
    udp_frame(&mut table, agent, reader(), (161, 50_000), 1, answer);
    let heard = vec![(START, arp(2, agent, reader())), (START + 1, arp(2, card, reader()))];
    let count = |frames: &[(i64, Vec<u8>)]| {
        let plant = Plant::new();
        let file = plant.file("switch.pcap", frames);
        plant.register.import(&[file]);
        let json = plant.register.json();
        let why = plant.register.stdout(&["assets", "show", "10.10.10.2", "--why"]);
        (list(with_mac(&json, "00:1b:1b:20:30:41"), "stations").len(), why)
    };
    assert_eq!(count(&heard).0, 1);
    let (stations, why) = count(&[heard, vec![(START + 2, table)]].concat());
    assert_eq!(stations, 2);
    assert!(why.contains("states it as one of its"), "{why}");
}

#[test]
fn routers_of_one_virtual_address_are_two_assets_in_a_group_and_the_address_is_none() {
    let routers = [[10, 10, 10, 2], [10, 10, 10, 3]].map(|ip| Station::new([0x00, 0x1b, 0x1b], ip));
    let mut frames = Vec::new();
    for (number, router) in (0_i64..).zip(routers) {
        frames.push((START + number * DAY, arp(2, router, reader())));
        frames.push((START + number * DAY + 1, advertisement(router, 7, [10, 10, 10, 1])));
    }
    let plant = Plant::new();
    let file = plant.file("routers.pcap", &frames);
    plant.register.import(&[file]);
    let json = plant.register.json();
    for mac in ["00:1b:1b:0a:0a:02", "00:1b:1b:0a:0a:03"] {
        let groups = list(with_mac(&json, mac), "groups");
        assert_eq!(groups.len(), 1, "{mac}");
        assert_eq!((text(&groups[0], "kind"), text(&groups[0], "name")), ("virtual_router", "10.10.10.1"));
    }
    let addresses: Vec<_> = list(&json, "assets")
        .iter()
        .flat_map(|asset| list(asset, "stations"))
        .flat_map(|station| list(station, "ips"))
        .collect();
    assert!(addresses.iter().all(|ip| ip.as_str() != Some("10.10.10.1")), "{addresses:?}");
}
