//! Devices with several network cards, and devices that stand in for each other.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{check, check_findings, check_joins, inventory};

#[test]
fn a_host_that_states_its_further_address_is_one_asset_with_both() {
    let host = "arp 00:0c:29:00:00:01 10.0.0.1
         arp 00:0c:29:00:00:02 10.0.1.1
         fact 10.0.0.1 | dcerpc: ip_address=10.0.1.1";
    check(
        host,
        "observed unknown: unknown @ 10.0.0.1 [00:0c:29:00:00:01! 10.0.0.1] [00:0c:29:00:00:02! 10.0.1.1]",
    );
    check_joins(
        host,
        "+ 00:0c:29:00:00:01 = 10.0.0.1: the device states the pair itself (arp)
         + 00:0c:29:00:00:02 = 10.0.1.1: the device states the pair itself (arp)
         + 10.0.0.1 = 10.0.1.1: the host states it as one of its own",
    );
    // An address that only its own software knows, one that two hosts state, one of another name, one never heard.
    for (address, more) in [
        ("172.17.0.1", ""),
        ("10.0.1.1", "sent 10.0.0.2\nfact 10.0.0.2 | smb: ip_address=10.0.1.1"),
        ("10.0.1.1", "fact 10.0.0.1 | ntlm: hostname=A\nfact 10.0.1.1 | ntlm: hostname=B"),
        (
            "10.0.1.1",
            "fact 10.0.0.1 | cip: serial_number=00aa0001\nfact 10.0.1.1 | cip: serial_number=00bb0002",
        ),
    ] {
        let text =
            format!("sent 10.0.0.1\nsent {address}\nfact 10.0.0.1 | dcerpc: ip_address={address}\n{more}");
        let inventory = inventory(&text);
        assert!(inventory.assets.iter().all(|asset| asset.stations.len() == 1), "{text}");
        assert!(inventory.assets.iter().flat_map(|asset| &asset.joins).any(|join| !join.joined), "{text}");
    }
    // NAT: a controller behind one states its inner address, which others have elsewhere.
    let nat = "sent 10.0.0.1\nsent 192.168.1.10\nfact 10.0.0.1 | cip: ip_address=192.168.1.10";
    assert_eq!(inventory(nat).assets.len(), 2);
}

#[test]
fn a_host_that_states_its_cards_is_one_asset_with_those_that_were_heard() {
    let switch = "arp 00:1b:1b:00:00:01 10.0.0.1
         arp 00:1b:1b:00:00:02 10.0.1.1
         sent 00:1b:1b:00:00:03
         fact 10.0.0.1 | snmp: snmp.port_mac=00:1b:1b:00:00:01
         fact 10.0.0.1 | snmp: snmp.port_mac=00:1b:1b:00:00:02
         fact 10.0.0.1 | snmp: snmp.port_mac=00:1b:1b:00:00:03
         fact 10.0.0.1 | snmp: snmp.port_mac=00:1b:1b:00:00:04";
    check(
        switch,
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01! 10.0.0.1] [00:1b:1b:00:00:02! 10.0.1.1] [00:1b:1b:00:00:03! ]",
    );
    check_joins(
        switch,
        "+ 00:1b:1b:00:00:01 = 10.0.0.1: the device states the pair itself (arp)
         + 00:1b:1b:00:00:02 = 10.0.0.1: the host states it as one of its cards
         + 00:1b:1b:00:00:02 = 10.0.1.1: the device states the pair itself (arp)
         + 00:1b:1b:00:00:03 = 10.0.0.1: the host states it as one of its cards",
    );
    // A bridge that software makes on every host, and a card that says that it is another product.
    let bridge = format!("{switch}\nsent 10.0.0.9\nfact 10.0.0.9 | snmp: snmp.port_mac=00:1b:1b:00:00:03");
    assert_eq!(inventory(&bridge).assets.len(), 3);
    let other = format!("{switch}\nfact 10.0.0.1 | cip: model=A\nfact 10.0.1.1 | cip: model=B");
    assert_eq!(inventory(&other).assets.len(), 2);
    // The table of addresses joins those that were heard, too.
    let addresses = "sent 10.0.0.1\nsent 10.0.1.1\nfact 10.0.0.1 | snmp: ip_address=10.0.1.1";
    assert_eq!(inventory(addresses).assets.len(), 1);
}

#[test]
fn a_key_that_only_one_device_has_joins_its_cards() {
    let two = "sent 10.0.0.1
         sent 10.0.1.1
         fact 10.0.0.1 | ads: ads.net_id=5.16.3.252.1.1
         fact 10.0.1.1 | ads: ads.net_id=5.16.3.252.1.1";
    check(two, "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1] [ 10.0.1.1]");
    let contradicting = format!("{two}\nfact 10.0.0.1 | ads: model=A\nfact 10.0.1.1 | ads: model=B");
    assert_eq!(inventory(&contradicting).assets.len(), 2);
    check_joins(
        &contradicting,
        "- 10.0.0.1 = 10.0.1.1: devices that state ads.net_id 5.16.3.252.1.1 differ in model",
    );
}

#[test]
fn what_images_share_joins_only_with_what_they_do_not_hold() {
    let clones = "sent 10.0.0.1
         sent 10.0.0.2
         fact 10.0.0.1 | smb: smb.server_guid=04030201-0605
         fact 10.0.0.2 | smb: smb.server_guid=04030201-0605
         fact 10.0.0.1 | ntlm: hostname=IMAGE
         fact 10.0.0.2 | ntlm: hostname=IMAGE";
    assert_eq!(inventory(clones).assets.len(), 2);
    check_joins(
        clones,
        "- 10.0.0.1 = 10.0.0.2: both state the same hostname and smb.server_guid, which images and defaults share",
    );
    let one = format!(
        "{clones}
         fact 10.0.0.1 | smb: smb.boot_time=2026-01-02T03:04:05Z
         fact 10.0.0.2 | smb: smb.boot_time=2026-01-02T03:04:05Z"
    );
    check(&one, "observed unknown: IMAGE @ 10.0.0.1 [ 10.0.0.1] [ 10.0.0.2]");
}

#[test]
fn a_port_next_to_the_station_that_it_names_as_its_chassis_is_that_station() {
    let text = "sent 28:63:36:00:00:10
         fact 28:63:36:00:00:10 | profinet_dcp: station_name=et200sp-line1
         sent 28:63:36:00:00:11
         fact 28:63:36:00:00:11 | lldp: lldp.chassis_id=et200sp-line1";
    check(
        text,
        "observed unknown: et200sp-line1 @ 28:63:36:00:00:10 [28:63:36:00:00:10! ] [28:63:36:00:00:11! ]",
    );
    // The name alone joins nothing: who pretends to be the station has a MAC of its own.
    let foreign = text.replace("28:63:36:00:00:11", "00:0c:29:00:00:11");
    assert_eq!(inventory(&foreign).assets.len(), 2);
}

#[test]
fn a_station_name_that_two_devices_have_at_once_is_a_finding_and_joins_nothing() {
    let spoofed = "sent 28:63:36:00:00:10
         fact 28:63:36:00:00:10 | profinet_dcp: station_name=et200sp
         at 60
         sent 00:0c:29:00:00:11
         fact 00:0c:29:00:00:11 | profinet_dcp: station_name=ET200SP
         at 120
         fact 28:63:36:00:00:10 | profinet_dcp: station_name=et200sp";
    assert_eq!(inventory(spoofed).assets.len(), 2);
    check_findings(
        spoofed,
        "warning duplicate_name: station_name et200sp is stated by several devices at the same time (profinet_dcp): ET200SP @ 00:0c:29:00:00:11, et200sp @ 28:63:36:00:00:10; one was copied or pretends to be the other",
    );
    // The device that took its place was given its name.
    let replaced = spoofed.split("         at 120").next().unwrap();
    check_findings(replaced, "");
}

#[test]
fn routers_of_one_virtual_address_are_a_group_of_two_assets() {
    let text = "arp 00:1b:1b:00:00:01 10.0.0.2
         arp 00:1b:1b:00:00:02 10.0.0.3
         fact 10.0.0.2 | vrrp: vrrp.virtual_ip=10.0.0.1
         fact 10.0.0.3 | vrrp: vrrp.virtual_ip=10.0.0.1
         bind 00:00:5e:00:01:07 10.0.0.1 64";
    let inventory = inventory(text);
    let groups: Vec<_> = inventory.assets.iter().map(|asset| asset.groups[0].clone()).collect();
    assert_eq!(groups.len(), 2);
    assert!(
        groups
            .iter()
            .all(|group| (group.kind.as_str(), group.name.as_str()) == ("virtual_router", "10.0.0.1"))
    );
}

#[test]
fn redundant_controllers_are_two_assets_in_a_group_and_never_one() {
    // Both processors of an S7-400H run the same program under the same name.
    let siemens = "sent 10.0.0.1
         fact 10.0.0.1 | s7comm: order_number=6ES7 414-4HM14-0AB0
         fact 10.0.0.1 | s7comm: station_name=BOILER
         fact 10.0.0.1 | s7comm: serial_number=S C-AAAA1111
         sent 10.0.0.2
         fact 10.0.0.2 | s7comm: order_number=6ES7 414-4HM14-0AB0
         fact 10.0.0.2 | s7comm: station_name=BOILER
         fact 10.0.0.2 | s7comm: serial_number=S C-BBBB2222";
    let found = inventory(siemens);
    assert_eq!(found.assets.len(), 2);
    assert!(found.assets.iter().all(|asset| asset.groups[0].name == "BOILER"));
    assert_eq!(found.assets[0].groups[0].kind.as_str(), "redundant_controllers");
    // One alone is no pair, and controllers that are not made for it are none.
    assert!(inventory(siemens.split("\n         sent 10.0.0.2").next().unwrap()).assets[0].groups.is_empty());
    let others = siemens.replace("414-4HM14", "416-3XR05");
    assert!(inventory(&others).assets.iter().all(|asset| asset.groups.is_empty()));
    // ControlLogix: a redundancy module stands beside the processor of both.
    let mut rockwell = String::new();
    for (chassis, number) in [("10.0.0.1", 1), ("10.0.0.2", 2)] {
        rockwell += &format!(
            "sent {chassis}
             fact {chassis} | cip: serial_number=00aa000{number}
             fact {chassis} port=1/link=0 | cip: serial_number=00bb000{number}
             fact {chassis} port=1/link=0 | cip: model=1756-L73/B LOGIX5573
             fact {chassis} port=1/link=0 | cip: name=KILN
             fact {chassis} port=1/link=5 | cip: serial_number=00cc000{number}
             fact {chassis} port=1/link=5 | cip: model=1756-RM2/A\n"
        );
    }
    let pair = inventory(&rockwell);
    let grouped: Vec<_> = pair.assets.iter().filter(|asset| !asset.groups.is_empty()).collect();
    assert_eq!(grouped.len(), 2);
    assert!(
        grouped.iter().all(|asset| asset.roles[0].role.as_str() == "plc" && asset.groups[0].name == "KILN")
    );
}

/// The kind and name of the groups, by the first address of their members.
fn groups(text: &str) -> Vec<String> {
    let found = inventory(text);
    let of = |asset: &inventory::Asset| {
        let address = asset.anchors[0].clone();
        asset
            .groups
            .iter()
            .map(|group| format!("{address}: {} {}", group.kind.as_str(), group.name))
            .collect()
    };
    found.assets.iter().flat_map(|asset| -> Vec<_> { of(asset) }).collect()
}

#[test]
fn controllers_of_experion_with_an_odd_index_and_the_next_are_a_pair() {
    let cda = |last: u8| format!("sent 10.1.0.{last}\ntalk 10.1.0.200 10.1.0.{last} tcp:55553 5/5\n");
    let text = format!("sent 10.1.0.200\n{}{}", cda(3), cda(4));
    let pair = "redundant_controllers 10.1.0.3, 10.1.0.4";
    assert_eq!(groups(&text), [format!("10.1.0.3: {pair}"), format!("10.1.0.4: {pair}")]);
    let reason =
        &inventory(&text).assets.into_iter().find(|asset| !asset.groups.is_empty()).unwrap().groups[0].reason;
    assert!(reason.contains("customary for") && reason.contains("odd device index"), "{reason}");
    // An even index and the next, a row of three, and a neighbour that speaks something else are none.
    assert!(groups(&format!("{}{}", cda(4), cda(5))).is_empty());
    assert!(groups(&format!("{}{}{}", cda(3), cda(4), cda(5))).is_empty());
    assert!(
        groups(&format!("{}sent 10.1.0.4\ntalk 10.1.0.200 10.1.0.4 modbus:502 5/5 read*5", cda(3)))
            .is_empty()
    );
    // Nor are two computers, which say their names.
    let name = |last: u8, name: &str| format!("fact 10.1.0.{last} | nbns: hostname={name}\n");
    let consoles = format!("{}{}{}{}", cda(3), cda(4), name(3, "FLEX1"), name(4, "FLEX2"));
    assert!(groups(&consoles).is_empty());
    // Redundant servers have one name with an A and a B behind it, wherever their addresses are.
    let servers = format!("{}{}{}{}", cda(3), cda(8), name(3, "HSCSVRA"), name(8, "hscsvrb"));
    assert_eq!(
        groups(&servers),
        ["10.1.0.3: redundant_servers HSCSVR", "10.1.0.8: redundant_servers HSCSVR"]
    );
    // The same names elsewhere are names.
    assert!(groups(&servers.replace("tcp:55553", "tcp:445")).is_empty());
}

#[test]
fn one_host_on_both_buses_of_vnet_is_a_group_and_never_one() {
    let text = "sent 192.168.1.3
         sent 192.168.129.3
         sent 192.168.1.4
         sent 192.168.129.5
         sent 192.168.1.140
         sent 192.168.129.140
         talk 192.168.1.3 192.168.1.4 udp/udp:5313 5/5
         talk 192.168.129.3 192.168.129.5 udp/udp:5313 5/5
         talk 192.168.1.140 192.168.1.3 udp/udp:5313 5/5
         talk 192.168.129.140 192.168.129.3 udp/udp:5313 5/5";
    let pair = "redundant_networks 192.168.1.3, 192.168.129.3";
    assert_eq!(groups(text), [format!("192.168.1.3: {pair}"), format!("192.168.129.3: {pair}")]);
    assert_eq!(inventory(text).assets.len(), 6);
    // On a port of anything else the addresses tell nothing.
    assert!(groups(&text.replace(":5313", ":5413")).is_empty());
}

#[test]
fn the_two_networks_of_a_prp_node_are_one_device() {
    let text = "sent 00:80:63:00:00:01 vlan=1
         sent 00:80:63:00:00:01 vlan=2
         fact 00:80:63:00:00:02 | prp: mac_address=00:80:63:00:00:01
         fact 00:80:63:00:00:02 | prp: prp.kind=PRP, duplicate discard
         sent 00:80:63:00:00:02";
    let inventory = inventory(text);
    assert_eq!(inventory.assets.len(), 1);
    assert_eq!(inventory.assets[0].stations.len(), 2);
}

#[test]
fn both_sides_of_an_address_translation_are_one_device_by_what_it_states() {
    let plate = |address: &str| {
        format!(
            "sent {address}\nfact {address} | cip: vendor=Rockwell\nfact {address} | cip: model=1769-L33ER\nfact {address} | cip: serial_number=00aa0001\n"
        )
    };
    let both = format!(
        "arp 00:00:bc:00:00:01 192.168.1.10\nbind 00:09:0f:00:00:01 10.0.0.5 63\n{}{}",
        plate("192.168.1.10"),
        plate("10.0.0.5")
    );
    check(
        &both,
        "observed plc: Rockwell 1769-L33ER @ 10.0.0.5 [ 10.0.0.5] [00:00:bc:00:00:01! 192.168.1.10]
         observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01! ]",
    );
    let reasons = |text: &str| {
        let asset = inventory(text).assets.swap_remove(0);
        asset
            .joins
            .into_iter()
            .map(|join| join.reason)
            .filter(|reason| reason.contains("serial"))
            .collect::<Vec<_>>()
    };
    let heard = |second: u32| {
        format!("at {second}\nbind 00:09:0f:00:00:01 10.0.0.5 63\nbind 00:00:bc:00:00:01 192.168.1.10 64\n")
    };
    let translated = reasons(&format!("{both}{}", heard(60)));
    assert!(translated.len() == 1 && translated[0].ends_with("translated (NAT)"), "{translated:?}");
    // The same device that has moved behind the router is none that is translated.
    let moved = format!(
        "arp 00:00:bc:00:00:01 192.168.1.10\n{}at 9000\nbind 00:09:0f:00:00:01 10.0.0.5 63\n{}",
        plate("192.168.1.10"),
        plate("10.0.0.5")
    );
    let moved = reasons(&moved);
    assert!(moved.len() == 1 && !moved[0].contains("NAT"), "{moved:?}");
    // Two that say nothing that only one can are two.
    let plate = "cip: model=1769-L33ER";
    let two = format!(
        "arp 00:00:bc:00:00:01 192.168.1.10\n{}fact 10.0.0.5 | {plate}\nfact 192.168.1.10 | {plate}",
        heard(60)
    );
    let of = |address: &str| {
        let inventory = inventory(&two);
        inventory
            .assets
            .iter()
            .position(|asset| asset.anchors.iter().any(|anchor| anchor == address))
            .unwrap()
    };
    assert_ne!(of("10.0.0.5"), of("192.168.1.10"));
}

#[test]
fn class_and_level_are_proposed_with_their_reason_and_never_stated() {
    let inventory = inventory("sent 10.0.0.1\nfact 10.0.0.1 | cip: cip.device_type=14");
    let level = &inventory.assets[0].attributes["purdue_level"][0];
    assert_eq!((level.value.as_str(), level.basis.as_str()), ("1", "inferred"));
    assert_eq!(level.reasons, ["customary for a plc; a proposal, not what the plant has decided"]);
    assert_eq!(inventory.assets[0].attributes["device_class"][0].value, "controller");
}

#[test]
fn who_looks_for_others_is_a_scanner() {
    let mut text = String::from("sent 10.0.0.9\n");
    for number in 1..=8 {
        text += &format!("sent 10.0.0.{number}0\ntalk 10.0.0.9 10.0.0.{number}0 enip:44818 2/2 identify*1\n");
    }
    let scanner = |text: &str| {
        let inventory = inventory(text);
        let asset = inventory.assets.iter().find(|asset| asset.anchors[0] == "10.0.0.9").unwrap();
        asset.attributes.get("behaviour").map(|said| said[0].reasons[0].clone())
    };
    assert_eq!(scanner(&text).as_deref(), Some("asks 8 devices who they are, and nothing else"));
    // Who also reads them knows them.
    assert_eq!(scanner(&text.replace("identify*1", "identify*1 read*9")), None);
}
