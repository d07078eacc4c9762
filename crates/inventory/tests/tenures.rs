//! Addresses that pass from one device to another, and devices that keep what they are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{assets, check, check_findings, inventory, winner};

const OLD: &str = "at 0
    arp 00:00:bc:00:00:01 10.0.0.1
    bind 00:00:bc:00:00:01 10.0.0.1 64
    fact 10.0.0.1 | cip: vendor=Rockwell
    fact 10.0.0.1 | cip: model=1756-EN2T
    fact 10.0.0.1 | cip: station_name=PRESS1
    fact 10.0.0.1 | cip: serial_number=00aa0001
    talk 10.0.0.9 10.0.0.1 enip:44818 9/9 read*9
    at 90000
    fact 10.0.0.1 | cip: serial_number=00aa0001
    talk 10.0.0.9 10.0.0.1 enip:44818 3/3 read*3\n";
const NEW: &str = "at 200000
    arp 00:00:bc:00:00:02 10.0.0.1
    bind 00:00:bc:00:00:02 10.0.0.1 64
    at 200001
    fact 10.0.0.1 | cip: vendor=Rockwell
    fact 10.0.0.1 | cip: model=1756-EN2TR
    fact 10.0.0.1 | cip: station_name=PRESS1
    fact 10.0.0.1 | cip: serial_number=00bb0002
    talk 10.0.0.9 10.0.0.1 enip:44818 5/5 read*5\n";

#[test]
fn a_new_serial_number_and_card_at_the_same_address_are_a_new_device() {
    let both = format!("{OLD}{NEW}");
    check(
        &both,
        "observed unknown: PRESS1 @ 10.0.0.1 [00:00:bc:00:00:01! 10.0.0.1]
         observed unknown: PRESS1 @ 10.0.0.1 [00:00:bc:00:00:02! 10.0.0.1]
         referenced unknown: unknown @ 10.0.0.9 [ 10.0.0.9]",
    );
    check_findings(
        &both,
        "warning device_replaced: 10.0.0.1 is another device: serial number 00aa0001 (00:00:bc:00:00:01), then serial number 00bb0002 (00:00:bc:00:00:02): it was replaced",
    );
    let inventory = inventory(&both);
    let models: Vec<_> = inventory.assets[..2].iter().map(|asset| winner(asset, "model")).collect();
    assert_eq!(models, ["1756-EN2T", "1756-EN2TR"]);
    assert!(inventory.assets[..2].iter().all(|asset| asset.attributes["model"].len() == 1));
    assert_eq!(inventory.findings[0].assets, [0, 1]);
    assert_eq!(inventory.findings[0].evidence.len(), 5, "numbers and cards of both");
    // Each has its own share of the conversations, and none is lost.
    let frames: Vec<_> = inventory.conversations.iter().map(|talk| talk.frames[1]).collect();
    assert_eq!(frames, [12, 5]);
    assert_eq!(inventory.assets[0].last, Some(observation::Time(90_000_000_000_000)));
    assert_eq!(inventory.assets[1].first, Some(observation::Time(200_000_000_000_000)));
}

#[test]
fn who_was_there_before_and_who_comes_after_are_told_apart_by_what_each_was_called() {
    let anchors =
        |text: &str| inventory(text).assets.into_iter().map(|asset| asset.anchors).collect::<Vec<_>>();
    let (old, new) = (anchors(OLD), anchors(NEW));
    let both = anchors(&format!("{OLD}{NEW}"));
    assert_eq!(old[0], ["00:00:bc:00:00:01", "10.0.0.1", "10.0.0.1 serial 00aa0001"]);
    assert_eq!(both[0], ["00:00:bc:00:00:01", "10.0.0.1 serial 00aa0001"]);
    assert_eq!(both[1], ["00:00:bc:00:00:02", "10.0.0.1 serial 00bb0002"]);
    assert!(new[0].contains(&both[1][1]));
}

#[test]
fn on_the_day_of_the_change_what_only_the_old_one_said_stays_its_own() {
    let same_day = "arp 00:00:bc:00:00:01 10.0.0.1
        fact 10.0.0.1 | cip: model=1756-EN2T
        fact 10.0.0.1 | cip: serial_number=00aa0001
        sent 10.0.0.1
        at 60
        arp 00:00:bc:00:00:02 10.0.0.1
        fact 10.0.0.1 | cip: model=1756-EN2TR
        fact 10.0.0.1 | cip: serial_number=00bb0002
        sent 10.0.0.1";
    let inventory = inventory(same_day);
    let known: Vec<_> = inventory
        .assets
        .iter()
        .map(|asset| (winner(asset, "model"), asset.attributes["model"].len()))
        .collect();
    assert_eq!(known, [("1756-EN2T", 1), ("1756-EN2TR", 1)]);
}

#[test]
fn the_same_card_with_another_number_is_one_device_with_a_conflict() {
    let text = format!("{OLD}{}", NEW.replace("00:00:bc:00:00:02", "00:00:bc:00:00:01"));
    assert_eq!(inventory(&text).assets.iter().filter(|asset| asset.name.starts_with("PRESS1")).count(), 1);
    check_findings(
        &text,
        "warning identity_conflict: 10.0.0.1 stated several serial numbers one after another, from the same network card: 00aa0001 (cip), 00bb0002 (cip): a module was replaced, or it answers for others",
    );
}

#[test]
fn the_same_number_on_a_new_card_is_one_device() {
    let text = format!("{OLD}{}", NEW.replace("00bb0002", "00aa0001"));
    let inventory = inventory(&text);
    let holders: Vec<_> = inventory.assets.iter().filter(|asset| asset.name.starts_with("PRESS1")).collect();
    assert_eq!(holders.len(), 1, "{}", assets(&inventory));
}

#[test]
fn a_number_that_comes_back_is_a_conflict_and_no_replacement() {
    let text = format!("{OLD}{NEW}at 300000\nfact 10.0.0.1 | cip: serial_number=00aa0001\n");
    let inventory = inventory(&text);
    let kinds: Vec<_> = inventory.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, ["identity_conflict", "ip_moved"]);
}

#[test]
fn without_cards_the_change_is_told_with_its_doubt() {
    let text = "fact 10.0.0.1 rack=0/slot=2 | s7comm: serial_number=S C-AAAA1111
        at 90000
        fact 10.0.0.1 rack=0/slot=2 | s7comm: serial_number=S C-BBBB2222
        sent 10.0.0.1";
    check(
        text,
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]",
    );
    check_findings(
        text,
        "warning device_replaced: 10.0.0.1 is another device: serial number S C-AAAA1111, then serial number S C-BBBB2222: it was replaced, or the address answers for several",
    );
}

#[test]
fn a_module_that_was_replaced_is_another_child_of_the_same_rack() {
    let text = "sent 10.0.0.1
        fact 10.0.0.1 | cip: serial_number=00aa0001
        fact 10.0.0.1 port=1/link=3 | cip: serial_number=00bb0002
        at 90000
        fact 10.0.0.1 | cip: serial_number=00aa0001
        fact 10.0.0.1 port=1/link=3 | cip: serial_number=00cc0003";
    check(
        text,
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
           observed unknown: unknown slot 3 @ 10.0.0.1
           observed unknown: unknown slot 3 @ 10.0.0.1",
    );
    check_findings(
        text,
        "warning device_replaced: 10.0.0.1 port=1/link=3 is another device: serial number 00bb0002, then serial number 00cc0003: it was replaced",
    );
}

#[test]
fn an_address_that_a_server_gave_to_one_after_another_is_several_devices_and_no_finding() {
    let leases = "reported 00:1b:1b:00:00:01 | dhcp: ip_address=10.0.0.7
        sent 00:1b:1b:00:00:01
        fact 10.0.0.7 | nbns: hostname=PRESS-PC
        sent 10.0.0.7
        at 200000
        reported 00:1b:1b:00:00:02 | dhcp: ip_address=10.0.0.7
        sent 00:1b:1b:00:00:02
        fact 10.0.0.7 | nbns: hostname=LASER-PC
        sent 10.0.0.7";
    check(
        leases,
        "observed unknown: PRESS-PC @ 10.0.0.7 [00:1b:1b:00:00:01 10.0.0.7]
         observed unknown: LASER-PC @ 10.0.0.7 [00:1b:1b:00:00:02 10.0.0.7]",
    );
    check_findings(leases, "");
}

/// An address that a server gives to one computer, then to another, then to the first again.
const LEASED_BACK: &str = "reported 00:1b:1b:00:00:01 | dhcp: ip_address=10.0.0.7
    sent 00:1b:1b:00:00:01
    fact 10.0.0.7 | nbns: hostname=PRESS-PC
    sent 10.0.0.7
    talk 10.0.0.7 10.0.0.1 modbus:502 4/4 read*4
    at 200000
    reported 00:1b:1b:00:00:02 | dhcp: ip_address=10.0.0.7
    sent 00:1b:1b:00:00:02
    fact 10.0.0.7 | nbns: hostname=LASER-PC
    sent 10.0.0.7
    talk 10.0.0.7 10.0.0.1 modbus:502 2/2 read*2
    at 400000
    reported 00:1b:1b:00:00:01 | dhcp: ip_address=10.0.0.7
    fact 10.0.0.7 | nbns: hostname=PRESS-PC
    sent 10.0.0.7
    talk 10.0.0.7 10.0.0.1 modbus:502 1/1 read*1";

#[test]
fn a_lease_that_comes_back_is_two_devices_and_the_first_has_it_twice() {
    let inventory = inventory(LEASED_BACK);
    let mut told = assets(&inventory);
    told.retain(|character| character != '\n');
    assert!(told.contains("PRESS-PC @ 10.0.0.7 [00:1b:1b:00:00:01 10.0.0.7]"), "{told}");
    assert!(told.contains("LASER-PC @ 10.0.0.7 [00:1b:1b:00:00:02 10.0.0.7]"), "{told}");
    let second = |asset: usize| {
        let asset = &inventory.assets[asset];
        [asset.first, asset.last].map(|time| time.unwrap().0 / 1_000_000_000)
    };
    let press = inventory.assets.iter().position(|asset| winner(asset, "hostname") == "PRESS-PC").unwrap();
    let laser = inventory.assets.iter().position(|asset| winner(asset, "hostname") == "LASER-PC").unwrap();
    assert_eq!((second(press), second(laser)), ([0, 400_000], [200_000, 200_000]));
    let frames: std::collections::BTreeMap<_, _> =
        inventory.conversations.iter().map(|talk| (talk.client.clone(), talk.frames[0])).collect();
    let of = |asset| frames[&inventory::AssetEnd::Asset(asset)];
    assert_eq!(
        (of(press), of(laser), frames.len()),
        (5, 2, 2),
        "each has its own share, and nothing is lost"
    );
    check_findings(LEASED_BACK, "");
}

#[test]
fn leases_that_nothing_keeps_apart_divide_nothing() {
    // Both at the same time: one pretends to be the other, or a server gives addresses twice.
    let at_once = LEASED_BACK.replace("at 400000", "at 200001");
    let at_once = format!("{at_once}\nat 200002\nreported 00:1b:1b:00:00:02 | dhcp: ip_address=10.0.0.7");
    let names = |text: &str| {
        inventory(text).assets.iter().filter(|asset| !winner(asset, "hostname").is_empty()).count()
    };
    assert_eq!((names(LEASED_BACK), names(&at_once)), (2, 1));
    // The same serial number behind both cards: one computer with two of them.
    let numbered = |number: &str| {
        LEASED_BACK
            .replace("nbns: hostname=PRESS-PC", &format!("wmi: serial_number={number}"))
            .replace("nbns: hostname=LASER-PC", "wmi: serial_number=00aa0001")
    };
    let numbers = |text: &str| {
        inventory(text).assets.iter().filter(|asset| !winner(asset, "serial_number").is_empty()).count()
    };
    assert_eq!((numbers(&numbered("00aa0001")), numbers(&numbered("00bb0002"))), (1, 2));
    // A card that frames alone show may be anybody's.
    let doubtful = LEASED_BACK.replacen(
        "reported 00:1b:1b:00:00:02 | dhcp: ip_address=10.0.0.7",
        "arp 00:1b:1b:00:00:02 10.0.0.7",
        1,
    );
    assert_eq!(names(&doubtful), 1);
}

#[test]
fn a_card_that_moved_alone_divides_nothing() {
    let text = "arp 00:1b:1b:00:00:01 10.0.0.1
        fact 10.0.0.1 | cip: model=X
        at 90000
        arp 00:1b:1b:00:00:02 10.0.0.1
        sent 10.0.0.1";
    let inventory = inventory(text);
    assert_eq!(winner(&inventory.assets[0], "model"), "X");
    // What they state contradicts: then the one before was another.
    let other = format!("{text}\nfact 10.0.0.1 | cip: model=Y");
    check(
        &other,
        "observed unknown: X @ 10.0.0.1 [00:1b:1b:00:00:01! 10.0.0.1]
         observed unknown: Y @ 10.0.0.1 [00:1b:1b:00:00:02! 10.0.0.1]",
    );
    check_findings(
        &other,
        "notice ip_moved: 10.0.0.1 moved from one device to another: 00:1b:1b:00:00:01, then 00:1b:1b:00:00:02",
    );
}

#[test]
fn the_number_of_a_simulator_replaces_nothing() {
    let text = "fact 10.0.0.1 | cip: serial_number=00aa0001
        at 90000
        fact 10.0.0.1 | cip: serial_number=006c061a
        sent 10.0.0.1";
    assert_eq!(inventory(text).assets.len(), 1);
}
