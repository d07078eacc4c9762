//! Rules of identity on captures, each beside its test on facts: proxy ARP, nodes of PRP and HSR, ports of a chassis,
//! translated addresses, equal addresses in two networks, redundant controllers, default identities, several identities
//! behind one address.

use serde_json::Value;

use crate::generator::enip::{self, Identity};
use crate::generator::frame::{BROADCAST, IPV4, Station, UDP, arp, ethernet, ipv4, pad, tagged, udp};
use crate::generator::modbus;
use crate::generator::tcp::{Connection, From};
use crate::identity::{Plant, ROCKWELL, START, by_serial, kinds, named, reader, with_mac};
use crate::support::{Register, capture, list, text};

const SECOND: i64 = 1_000_000_000;

/// A plate of a controller.
fn plate(serial: u32) -> Identity<'static> {
    Identity {
        vendor: 1,
        device_type: 14,
        product_code: 166,
        revision: (32, 11),
        status: 0x3060,
        serial,
        name: b"1756-L83E/B",
    }
}

/// A datagram with a hop limit.
fn datagram(from: Station, to: Station, ports: (u16, u16), ttl: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    let (mut out, content) = (Vec::new(), udp(from.ip, to.ip, ports, payload));
    ethernet(&mut out, to.mac, from.mac, &[], IPV4);
    ipv4(&mut out, from.ip, to.ip, UDP, ttl, id, content.len());
    out.extend(content);
    pad(&mut out);
    out
}

/// Asked by the reader every second for ten seconds, a device states its plate; `inner` is the address in it.
fn stated(from: Station, inner: Station, ttl: u8, serial: u32) -> Vec<(i64, Vec<u8>)> {
    let answer = enip::list_identity(inner.ip, &plate(serial), 3);
    let asked = enip::encapsulated(enip::LIST_IDENTITY, 0, &[]);
    let mut frames = Vec::new();
    for second in 0..10_u16 {
        let time = START + i64::from(second) * SECOND;
        frames.push((time, datagram(reader(), from, (50_000, 44_818), 64, second, &asked)));
        frames.push((time + 1_000, datagram(from, reader(), (44_818, 50_000), ttl, second, &answer)));
    }
    frames
}

/// The register of one file.
fn register(name: &str, mut frames: Vec<(i64, Vec<u8>)>) -> (Plant, Value) {
    frames.sort_by_key(|(time, _)| *time);
    let plant = Plant::new();
    let file = plant.file(name, &frames);
    plant.register.import(&[file]);
    let json = plant.register.json();
    (plant, json)
}

/// Assets that have an IP address.
fn at<'r>(register: &'r Value, ip: &str) -> Vec<&'r Value> {
    let holds = |asset: &&Value| {
        list(asset, "stations").iter().any(|station| list(station, "ips").iter().any(|one| one == ip))
    };
    list(register, "assets").iter().filter(holds).collect()
}

#[test]
fn a_router_that_answers_for_everybody_gets_nobodys_address() {
    let router = Station::new([0, 9, 0x0f], [10, 10, 10, 1]);
    let others: Vec<Station> = (0..12).map(|last| Station::new(ROCKWELL, [10, 20, 0, 10 + last])).collect();
    let mut frames = Vec::new();
    for (number, other) in (0_u16..).zip(&others) {
        let proxied = other.behind(router);
        let time = START + i64::from(number) * SECOND;
        frames.push((time, arp(2, proxied, reader())));
        frames.push((time + 1_000, datagram(proxied, reader(), (44_818, 50_000), 63, number, b"")));
    }
    let (_plant, json) = register("proxy.pcap", frames);
    let asset = with_mac(&json, "00:09:0f:0a:0a:01");
    let own: Vec<_> = list(asset, "stations").iter().flat_map(|station| list(station, "ips")).collect();
    assert_eq!(own, Vec::<&Value>::new(), "{asset}");
    assert_eq!(text(asset, "role"), "router");
    for other in others {
        let [asset] = at(&json, &other.ip.to_string())[..] else { panic!("{}", other.ip) };
        assert!(list(asset, "stations").iter().all(|station| station["mac"].is_null()), "{asset}");
    }
}

#[test]
fn both_cards_of_a_prp_node_are_one_asset() {
    // Supervision of one node (IEC 62439-3 chapter 4.1.10): its card of the one network names that of the other.
    let supervision = include_bytes!("../crates/protocols/src/prp/messages/node.bin");
    let (first, second) = ([0, 0x1b, 0x1b, 0x10, 0, 0x50], [0, 0x1b, 0x1b, 0x10, 0, 0x51]);
    let mut frames = vec![(START, arp(2, Station { mac: first, ip: [10, 10, 10, 80].into() }, reader()))];
    for number in 0..3_i64 {
        let mut frame = Vec::new();
        ethernet(&mut frame, [0x01, 0x15, 0x4e, 0, 1, 0], second, &[], 0x88fb);
        frame.extend(supervision);
        pad(&mut frame);
        frames.push((START + number * 2 * SECOND, frame));
    }
    let (plant, json) = register("prp.pcap", frames);
    let (one, other) = (with_mac(&json, "00:1b:1b:10:00:50"), with_mac(&json, "00:1b:1b:10:00:51"));
    assert_eq!(one["id"], other["id"]);
    assert_eq!(at(&json, "10.10.10.80").len(), 1);
    let why = plant.register.stdout(&["assets", "show", "10.10.10.80", "--why"]);
    assert!(why.contains("states the MAC of its chassis"), "{why}");
}

/// The frame of a node of HSR as one side of the ring brings it (IEC 62439-3 chapter 5.6: path, size, sequence number).
fn around_the_ring(frame: &[u8], path: u8, number: u8) -> Vec<u8> {
    let size = (frame.len() - 14 + 6) as u16;
    let tag = [0x89, 0x2f, path << 4 | (size >> 8) as u8, size as u8, 0, number];
    [&frame[..12], &tag, &frame[12..]].concat()
}

#[test]
fn a_node_of_hsr_is_one_asset_and_what_comes_round_both_sides_counts_once() {
    // Both ports of a node have one MAC; its supervision says that it is of HSR (type 23) and comes with the tag itself.
    let node = Station { mac: [0, 0x1b, 0x1b, 0x10, 0, 0x60], ip: [10, 10, 10, 81].into() };
    let mut supervision = Vec::new();
    ethernet(&mut supervision, [0x01, 0x15, 0x4e, 0, 1, 0], node.mac, &[], 0x88fb);
    supervision.extend([0x10, 1, 0, 7, 23, 6]);
    supervision.extend(node.mac);
    pad(&mut supervision);
    let mut frames = Vec::new();
    for (number, frame) in (0..).zip([supervision, arp(2, node, reader())]) {
        for path in [0, 1] {
            let time = START + i64::from(number) * SECOND + i64::from(path) * 40_000;
            frames.push((time, around_the_ring(&frame, path, number)));
        }
    }
    let (_plant, json) = register("hsr.pcap", frames);
    let asset = with_mac(&json, "00:1b:1b:10:00:60");
    assert_eq!(at(&json, "10.10.10.81").len(), 1);
    assert_eq!(at(&json, "10.10.10.81")[0]["id"], asset["id"]);
    assert_eq!(asset["attributes"]["prp.kind"][0]["value"], "HSR", "{}", asset["attributes"]);
    assert_eq!(asset["attributes"]["prp.kind"][0]["count"], 1, "the second side is a copy");
}

/// What a port says of its neighbour (IEEE 802.1AB: chassis by a local name, port, time to live), as PROFINET devices do.
fn neighbour(mac: [u8; 6], chassis: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ethernet(&mut out, [0x01, 0x80, 0xc2, 0, 0, 0x0e], mac, &[], 0x88cc);
    out.extend([2, chassis.len() as u8 + 1, 7]);
    out.extend(chassis);
    out.extend([4, 9, 7]);
    out.extend(b"port-002");
    out.extend([6, 2, 0, 20, 0, 0]);
    pad(&mut out);
    out
}

#[test]
fn the_ports_of_a_device_are_the_device_and_a_foreign_card_of_its_name_is_not() {
    let (base, port, foreign) = (
        [0x28, 0x63, 0x36, 0x10, 0, 0x10],
        [0x28, 0x63, 0x36, 0x10, 0, 0x11],
        [0, 0x0c, 0x29, 0x10, 0, 0x11],
    );
    let frames = vec![
        (START, named(base, b"et200sp-line1")),
        (START + SECOND, neighbour(port, b"et200sp-line1")),
        (START + 2 * SECOND, neighbour(foreign, b"et200sp-line1")),
    ];
    let (plant, json) = register("ports.pcap", frames);
    let one = with_mac(&json, "28:63:36:10:00:10");
    assert_eq!(one["id"], with_mac(&json, "28:63:36:10:00:11")["id"]);
    assert_ne!(one["id"], with_mac(&json, "00:0c:29:10:00:11")["id"]);
    let why = plant.register.stdout(&["assets", "show", "et200sp-line1 @ 28:63:36:10:00:10", "--why"]);
    assert!(why.contains("28:63:36:10:00:11"), "{why}");
}

/// Asked three times by the reader on a port that no decoder claims, a server answers.
fn answers(server: Station, port: u16) -> Vec<Vec<u8>> {
    let mut connection = Connection::new(reader(), server, (50_002, port), 9);
    let mut frames = connection.open();
    for number in 0..3 {
        frames.push(connection.data(From::Client, &[0xf0, 0x0d, number, 1]));
        frames.push(connection.data(From::Server, &[0xf0, 0x0d, number, 2]));
    }
    frames
}

#[test]
fn controllers_of_experion_with_neighbouring_indices_are_two_assets_in_a_group() {
    // 00:40:84 is Honeywell's. Port 55553 is that of Experion's controllers, `crates/inventory/data/ports.tsv`.
    let stations = [53, 54, 57].map(|last| Station::new([0, 0x40, 0x84], [10, 10, 10, last]));
    let frames = stations.iter().flat_map(|server| answers(*server, 55_553));
    let frames = (0..).zip(frames).map(|(number, frame)| (START + number * 1_000, frame)).collect();
    let (_plant, json) = register("experion.pcap", frames);
    let groups = stations.map(|station| {
        let [asset] = at(&json, &station.ip.to_string())[..] else { panic!("{}", json["assets"]) };
        list(asset, "groups").iter().map(|group| text(group, "name").to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(groups, [vec!["10.10.10.53, 10.10.10.54"], vec!["10.10.10.53, 10.10.10.54"], vec![]]);
}

#[test]
fn a_station_on_both_buses_of_vnet_is_two_assets_in_a_group() {
    let on = |net: u8, host: u8| Station::new([0, 0, 0x64], [192, 168, net, host]);
    let mut frames = Vec::new();
    for (number, net) in (0..).zip([1, 129]) {
        for (from, to) in [(on(net, 3), on(net, 4)), (on(net, 4), on(net, 3))] {
            let frame = datagram(from, to, (5_313, 5_313), 64, number, &[0xf0, 0x0d, 1, 2]);
            frames.push((START + i64::from(number) * SECOND, frame));
        }
    }
    let (_plant, json) = register("vnet.pcap", frames);
    for host in [3, 4] {
        for net in [1, 129] {
            let [asset] = at(&json, &format!("192.168.{net}.{host}"))[..] else { panic!("{json}") };
            let [group] = list(asset, "groups") else { panic!("{asset}") };
            assert_eq!(text(group, "kind"), "redundant_networks");
            assert_eq!(text(group, "name"), format!("192.168.1.{host}, 192.168.129.{host}"));
        }
    }
    assert_eq!(list(&json, "assets").len(), 4);
}

#[test]
fn one_controller_on_both_sides_of_a_translation_is_one_asset_with_the_reason() {
    let inner = Station::new(ROCKWELL, [192, 168, 1, 10]);
    let router = Station::new([0, 9, 0x0f], [10, 10, 10, 1]);
    let outer = Station { ip: [10, 10, 10, 50].into(), ..router };
    let serial = 0x00c0_ffee;
    let mut frames = stated(inner, inner, 64, serial);
    frames.extend(stated(outer, inner, 63, serial));
    frames.push((START, arp(2, inner, reader())));
    let (plant, json) = register("nat.pcap", frames);
    let [asset] = by_serial(&json, "00c0ffee")[..] else { panic!("{}", json["assets"]) };
    let ips: Vec<_> = list(asset, "stations").iter().flat_map(|station| list(station, "ips")).collect();
    assert_eq!(ips.len(), 2, "{asset}");
    let why = plant.register.stdout(&["assets", "show", "192.168.1.10", "--why"]);
    assert!(why.contains("translated (NAT)"), "{why}");
    assert_ne!(with_mac(&json, "00:09:0f:0a:0a:01")["id"], asset["id"], "the router is another");
    // Another serial number behind the router is another controller.
    let mut frames = stated(inner, inner, 64, serial);
    frames.extend(stated(outer, inner, 63, 0x00c0_ffff));
    let (_plant, json) = register("two.pcap", frames);
    assert_eq!((by_serial(&json, "00c0ffee").len(), by_serial(&json, "00c0ffff").len()), (1, 1));
    assert_ne!(by_serial(&json, "00c0ffee")[0]["id"], by_serial(&json, "00c0ffff")[0]["id"]);
}

#[test]
fn one_address_in_two_networks_is_two_assets() {
    let (one, other) =
        (Station::new(ROCKWELL, [10, 10, 10, 12]), Station::new([0, 0x0c, 0x29], [10, 10, 10, 12]));
    let mut frames = Vec::new();
    for (vlan, station) in [(10_u16, one), (20, other)] {
        for second in 0..3_i64 {
            let says = tagged(
                &arp(1, station, Station { mac: BROADCAST, ip: [10, 10, 10, 9].into() }),
                &[(0x8100, vlan)],
            );
            frames.push((START + second * SECOND + i64::from(vlan), says));
        }
    }
    let (_plant, json) = register("vlans.pcap", frames);
    let both = at(&json, "10.10.10.12");
    assert_eq!(both.len(), 2, "{}", json["assets"]);
    let vlans: Vec<_> =
        both.iter().map(|asset| list(&list(asset, "stations")[0], "vlans").to_vec()).collect();
    assert_ne!(vlans[0], vlans[1]);
    assert!(!kinds(&json).contains(&"duplicate_ip"), "{:?}", kinds(&json));
}

/// A hot-standby controller says by Modbus what it is and what it runs.
fn identified(server: Station, model: &[u8], project: &[u8]) -> Vec<Vec<u8>> {
    let mut connection = Connection::new(reader(), server, (50_001, 502), 7);
    let mut frames = connection.open();
    let objects: [(u8, &[u8]); 4] = [(0, b"Schneider Electric"), (1, model), (2, b"03.10"), (6, project)];
    let answer = modbus::identification(3, 0x83, None, &objects);
    frames.push(connection.data(From::Client, &modbus::adu(1, 255, &modbus::identification_request(3, 0))));
    frames.push(connection.data(From::Server, &modbus::adu(1, 255, &answer)));
    frames
}

#[test]
fn redundant_controllers_are_two_assets_in_a_group() {
    let pair = [[10, 10, 10, 31], [10, 10, 10, 32]].map(|ip| Station::new([0, 0, 0x54], ip));
    let groups = |model: &[u8]| {
        let frames = pair.iter().flat_map(|server| identified(*server, model, b"KILN"));
        let frames = (0..).zip(frames).map(|(number, frame)| (START + number * 1_000, frame)).collect();
        let (_plant, json) = register("standby.pcap", frames);
        let assets = ["00:00:54:0a:0a:1f", "00:00:54:0a:0a:20"].map(|mac| with_mac(&json, mac).clone());
        assert_ne!(assets[0]["id"], assets[1]["id"]);
        assets.map(|asset| {
            list(&asset, "groups").iter().map(|group| text(group, "name").to_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(groups(b"BMEH582040"), [["KILN"], ["KILN"]]);
    assert_eq!(groups(b"BMEP582040"), [Vec::<String>::new(), Vec::new()], "not made for pairs");
}

#[test]
fn the_plate_that_a_simulator_comes_with_joins_nothing_and_is_a_finding() {
    // The serial number of cpppo's simulator of EtherNet/IP, `crates/inventory/data/default_identities.tsv`.
    let pair = [[10, 10, 10, 41], [10, 10, 10, 42]].map(|ip| Station::new(ROCKWELL, ip));
    let frames = pair.iter().flat_map(|station| stated(*station, *station, 64, 0x006c_061a)).collect();
    let (_plant, json) = register("simulators.pcap", frames);
    let found = by_serial(&json, "006c061a");
    assert_eq!(found.len(), 2, "{}", json["assets"]);
    assert_ne!(found[0]["id"], found[1]["id"]);
    assert!(kinds(&json).contains(&"default_identity"), "{:?}", kinds(&json));
}

#[test]
fn identities_behind_one_address_are_assets_in_their_slots() {
    let register = Register::of(&[capture("enip-chassis.pcap.gz")]);
    let json = register.json();
    let [chassis] = at(&json, "10.40.11.11")[..] else { panic!("{}", json["assets"]) };
    let below: Vec<_> =
        list(&json, "assets").iter().filter(|asset| asset["parent"] == chassis["id"]).collect();
    assert!(below.len() >= 3, "{below:?}");
    let serials: std::collections::BTreeSet<_> =
        below.iter().map(|asset| asset["attributes"]["serial_number"].to_string()).collect();
    assert_eq!(serials.len(), below.len(), "each has a number of its own");
    assert!(
        below.iter().all(|asset| !list(asset, "position").is_empty() && list(asset, "stations").is_empty())
    );
}
