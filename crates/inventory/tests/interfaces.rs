//! MAC and IP addresses: what is one interface, what a router only forwards, who is outside.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod common;

use std::fmt::Write;

use common::{check, check_conversations, check_findings, check_joins, inventory};
use inventory::{AssetEnd, Options, resolve};

#[test]
fn one_mac_and_one_address_alone_with_each_other_are_one_asset() {
    check(
        "bind 00:1b:1b:00:00:01 10.0.0.1 64",
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01 10.0.0.1]",
    );
    // A hop limit that no system starts with: a router is between.
    check(
        "bind 00:1b:1b:00:00:01 10.0.0.1 61",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed router: router @ 00:1b:1b:00:00:01 [00:1b:1b:00:00:01! ]",
    );
    // Either may be a router's.
    check(
        "bind 00:1b:1b:00:00:01 10.0.0.1 64
         bind 00:1b:1b:00:00:02 10.0.0.1 64",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: unknown @ 00:1b:1b:00:00:01 [00:1b:1b:00:00:01! ]
         observed unknown: unknown @ 00:1b:1b:00:00:02 [00:1b:1b:00:00:02! ]",
    );
}

#[test]
fn a_stated_pair_is_first_hand_whatever_else_the_mac_carries() {
    check(
        "arp 00:09:0f:00:00:01 10.0.0.1
         bind 00:09:0f:00:00:01 10.0.0.1 64
         bind 00:09:0f:00:00:01 10.0.1.5 127
         bind 00:1b:1b:00:00:05 10.0.1.5 128 vlan=20",
        "observed router: router @ 10.0.0.1 [00:09:0f:00:00:01! 10.0.0.1]
         observed unknown: unknown @ 10.0.1.5 [00:1b:1b:00:00:05 10.0.1.5 vlans [20]]",
    );
    check_joins(
        "arp 00:09:0f:00:00:01 10.0.0.1
         bind 00:09:0f:00:00:01 10.0.1.5 127",
        "+ 00:09:0f:00:00:01 = 10.0.0.1: the device states the pair itself (arp)
         - 00:09:0f:00:00:01 = 10.0.1.5: the MAC is a router's",
    );
}

#[test]
fn a_mac_that_carries_many_addresses_is_a_router_and_nobodys_interface() {
    let many: String = (1..=5).map(|n| format!("bind 00:09:0f:00:00:01 10.0.1.{n} 64\n")).collect();
    check(
        &many,
        "observed unknown: unknown @ 10.0.1.1 [ 10.0.1.1]
         observed unknown: unknown @ 10.0.1.2 [ 10.0.1.2]
         observed unknown: unknown @ 10.0.1.3 [ 10.0.1.3]
         observed unknown: unknown @ 10.0.1.4 [ 10.0.1.4]
         observed unknown: unknown @ 10.0.1.5 [ 10.0.1.5]
         observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01! ]",
    );
    let proxy: String = (1..=9).map(|n| format!("arp 00:09:0f:00:00:01 10.0.1.{n}\n")).collect();
    check(&proxy, "observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01! ]");
}

#[test]
fn two_networks_on_one_card_and_made_up_hop_limits_make_no_router() {
    check(
        "bind 10:4b:46:00:00:01 192.168.3.250 64
         bind 10:4b:46:00:00:01 192.168.0.250 64",
        "observed unknown: unknown @ 192.168.0.250 [ 192.168.0.250]
         observed unknown: unknown @ 192.168.3.250 [ 192.168.3.250]
         observed unknown: unknown @ 10:4b:46:00:00:01 [10:4b:46:00:00:01! ]",
    );
    check(
        "bind 78:ca:39:00:00:01 10.0.0.45 37
         bind 78:ca:39:00:00:01 10.0.0.45 59",
        "observed unknown: unknown @ 10.0.0.45 [78:ca:39:00:00:01 10.0.0.45]",
    );
}

#[test]
fn several_stated_addresses_of_one_mac_are_one_device() {
    check(
        "arp 00:1b:1b:00:00:01 10.0.0.1
         arp 00:1b:1b:00:00:01 10.0.0.2
         bind 00:1b:1b:00:00:01 fe80::1 255",
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01! 10.0.0.1 10.0.0.2 fe80::1]",
    );
    // … unless they say themselves that they are several.
    check(
        "arp 00:1b:1b:00:00:01 10.0.0.1
         arp 00:1b:1b:00:00:01 10.0.0.2
         bind 00:1b:1b:00:00:01 10.0.0.1 64
         bind 00:1b:1b:00:00:01 10.0.0.2 64
         fact 10.0.0.1 | serial_number=AAAA1111
         fact 10.0.0.2 | serial_number=BBBB2222",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: unknown @ 10.0.0.2 [ 10.0.0.2]
         observed unknown: unknown @ 00:1b:1b:00:00:01 [00:1b:1b:00:00:01! ]",
    );
}

#[test]
fn an_address_is_one_device_in_all_vlans_unless_two_prove_themselves() {
    check(
        "bind 00:1b:1b:00:00:01 10.0.0.1 64
         bind 00:1b:1b:00:00:01 10.0.0.1 64 vlan=20
         bind 00:09:0f:00:00:01 10.0.0.1 63 vlan=30",
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01 10.0.0.1 vlans [20]]
         observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01!  vlans [30]]",
    );
    check(
        "arp 00:1b:1b:00:00:01 10.0.0.1 vlan=10
         arp 00:1b:1b:00:00:02 10.0.0.1 vlan=20
         bind 00:1b:1b:00:00:01 10.0.0.1 64 vlan=10
         bind 00:1b:1b:00:00:02 10.0.0.1 64 vlan=20
         fact 10.0.0.1 vlan=20 | model=B",
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01! 10.0.0.1 vlans [10]]
         observed unknown: B @ 10.0.0.1 [00:1b:1b:00:00:02! 10.0.0.1 vlans [20]]",
    );
    // The same MAC on both sides of a switch that tags one direction.
    check(
        "arp 00:1b:1b:00:00:01 10.0.0.1 vlan=10
         arp 00:1b:1b:00:00:01 10.0.0.1",
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01! 10.0.0.1 vlans [10]]",
    );
}

#[test]
fn two_macs_that_claim_one_address_are_a_finding() {
    let both = "arp 00:1b:1b:00:00:01 10.0.0.1
         at 5
         arp 00:1b:1b:00:00:02 10.0.0.1
         bind 00:1b:1b:00:00:02 10.0.0.1 64
         at 9
         arp 00:1b:1b:00:00:01 10.0.0.1";
    check_findings(
        both,
        "warning duplicate_ip: 10.0.0.1 is claimed by several MACs at the same time: 00:1b:1b:00:00:01, 00:1b:1b:00:00:02",
    );
    // The frames bear out the second.
    check(
        both,
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:02! 10.0.0.1]
         observed unknown: unknown @ 00:1b:1b:00:00:01 [00:1b:1b:00:00:01! ]",
    );
    check_findings(
        "arp 00:1b:1b:00:00:01 10.0.0.1
         at 5
         arp 00:1b:1b:00:00:02 10.0.0.1",
        "notice ip_moved: 10.0.0.1 moved from one MAC to another: 00:1b:1b:00:00:01, 00:1b:1b:00:00:02",
    );
}

#[test]
fn an_address_that_is_asked_for_and_never_answers_is_referenced() {
    check(
        "arp 00:1b:1b:00:00:01 10.0.0.1
         asked 10.0.0.2 by 00:1b:1b:00:00:01
         asked 10.0.0.3 by 00:1b:1b:00:00:01
         sent 10.0.0.3
         asked 127.0.0.1 by 00:1b:1b:00:00:01
         asked 203.0.113.7 by 00:1b:1b:00:00:01
         asked 10.0.0.255 by 00:1b:1b:00:00:01",
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01! 10.0.0.1]
         referenced unknown: unknown @ 10.0.0.2 [ 10.0.0.2]
         observed unknown: unknown @ 10.0.0.3 [ 10.0.0.3]",
    );
}

#[test]
fn group_unset_and_virtual_addresses_are_no_assets() {
    check(
        "sent 0.0.0.0
         sent 224.0.0.5
         sent 00:00:5e:00:01:01
         arp 00:00:5e:00:01:01 10.0.0.254
         bind 00:1b:1b:00:00:07 0.0.0.0 64
         sent 127.0.0.1",
        "observed unknown: unknown @ 127.0.0.1 [ 127.0.0.1]
         observed unknown: unknown @ 00:1b:1b:00:00:07 [00:1b:1b:00:00:07! ]",
    );
}

#[test]
fn public_addresses_behind_a_router_are_outside_unless_they_answer_as_plant() {
    let peers = "bind 00:09:0f:00:00:01 203.0.113.7 54
         bind 00:1b:1b:00:00:01 10.0.0.1 64
         talk 10.0.0.1 203.0.113.7 https:443 9/9
         talk 203.0.113.7 10.0.0.1 modbus:502 3/3 read*3";
    check(
        peers,
        "observed unknown: unknown @ 10.0.0.1 [00:1b:1b:00:00:01 10.0.0.1]
         observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01! ]",
    );
    check_conversations(
        peers,
        "10.0.0.1 > external 203.0.113.7: https 443 [9, 9]
         external 203.0.113.7 > 10.0.0.1: modbus 502 [3, 3]",
    );
    check_findings(
        peers,
        "warning external_peer: unknown @ 10.0.0.1 talks with the outside: 203.0.113.7 (outside) by https, 203.0.113.7 (outside) by modbus",
    );
    check(
        "bind 00:09:0f:00:00:01 203.0.113.7 54
         sent 10.0.0.1
         talk 10.0.0.1 203.0.113.7 modbus:502 3/3 read*3",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: unknown @ 203.0.113.7 [ 203.0.113.7]
         observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01! ]",
    );
    // The end of a tunnel: what is inside talks, it does not.
    check(
        "bind 00:09:0f:00:00:01 203.0.113.7 54",
        "observed unknown: unknown @ 203.0.113.7 [ 203.0.113.7]
         observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01! ]",
    );
    // Straight from its owner, or on a link without MACs.
    check(
        "bind 00:1b:1b:00:00:01 203.0.113.7 64",
        "observed unknown: unknown @ 203.0.113.7 [00:1b:1b:00:00:01 203.0.113.7]",
    );
    check("sent 203.0.113.7", "observed unknown: unknown @ 203.0.113.7 [ 203.0.113.7]");
    let options = Options { plant_prefixes: vec!["203.0.113.0/24".parse().unwrap()], ..Options::default() };
    assert_eq!(resolve(&common::observed(peers), &options).assets.len(), 3);
}

#[test]
fn who_is_addressed_and_never_answers_is_referenced_and_never_outside() {
    let text = "sent 10.0.0.1
         talk 10.0.0.1 10.0.0.2 modbus:502 5/0 read*5
         at 3
         talk 10.0.0.1 10.0.0.3 modbus:502 5/0
         talk 10.0.0.1 fd00::7 udp/udp:53 2/0
         talk 10.0.0.1 169.254.1.9 tcp:80 1/0
         talk 10.0.0.1 203.0.113.9 udp/udp:53 2/0
         talk 10.0.0.1 10.0.0.255 enip/udp:44818 1/0 identify*1
         talk 10.0.0.1 224.0.0.251 mdns/udp:5353 1/0";
    check_conversations(
        text,
        "10.0.0.1 > 10.0.0.2: modbus 502 [5, 0]
         10.0.0.1 > 10.0.0.3: modbus 502 [5, 0]
         10.0.0.1 > 169.254.1.9: tcp 80 [1, 0]
         10.0.0.1 > fd00::7: udp 53 [2, 0]
         10.0.0.1 > external 203.0.113.9: udp 53 [2, 0]
         10.0.0.1 > group 10.0.0.255: enip 44818 [1, 0]
         10.0.0.1 > group 224.0.0.251: mdns 5353 [1, 0]",
    );
    check(
        text,
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         referenced unknown: unknown @ 10.0.0.2 [ 10.0.0.2]
         referenced unknown: unknown @ 10.0.0.3 [ 10.0.0.3]
         referenced unknown: unknown @ 169.254.1.9 [ 169.254.1.9]
         referenced unknown: unknown @ fd00::7 [ fd00::7]",
    );
    let assets = inventory(text).assets;
    let silent = assets.iter().find(|asset| asset.anchors[0] == "10.0.0.3").unwrap();
    assert_eq!(silent.state_reasons, ["addressed by 10.0.0.1: modbus on tcp port 502"]);
    assert_eq!((silent.first, silent.last), (Some(observation::Time(3_000_000_000)), silent.first));
    assert!(assets[0].state_reasons.is_empty());
}

#[test]
fn who_tries_many_addresses_names_none_of_them() {
    // 10.0.0.1 polls one silent device, 10.0.0.8 looks for one; 10.0.0.9 tries 65,534 over 16 and 200 by ARP.
    let mut text = String::from(
        "sent 10.0.0.1
         sent 10.0.0.8
         bind 00:1b:1b:00:00:09 10.0.0.9
         talk 10.0.0.9 10.1.0.200 bacnet/udp:47808 99/0 read*99
         talk 10.0.0.8 10.1.0.77 tcp:502 1/0
         talk 10.0.0.1 10.1.0.100 dnp3/udp:20000 9/0 read*9\n",
    );
    for number in 0..=u16::MAX {
        let [high, low] = number.to_be_bytes();
        writeln!(text, "talk 10.0.0.9 10.1.{high}.{low} tcp:502 1/0").unwrap();
    }
    for number in 1..=200 {
        writeln!(text, "asked 10.0.0.{number} by 00:1b:1b:00:00:09").unwrap();
    }
    let inventory = inventory(&text);
    let named: Vec<_> = inventory
        .assets
        .iter()
        .map(|asset| format!("{} {}", asset.state.as_str(), asset.anchors[asset.anchors.len() - 1]))
        .collect();
    assert_eq!(
        named,
        [
            "observed 10.0.0.1",
            "observed 10.0.0.8",
            "observed 00:1b:1b:00:00:09",
            "referenced 10.1.0.77",
            "referenced 10.1.0.100",
            "referenced 10.1.0.200"
        ]
    );
    assert_eq!(inventory.findings.iter().filter(|finding| finding.kind == "address_sweep").count(), 1);
    let finding = inventory.findings.iter().find(|finding| finding.kind == "address_sweep").unwrap();
    // Without the first and last address of each subnet, those that somebody means, and those that spoke.
    let tried = 256 * 254 - 3 + 200 - 3;
    assert_eq!((finding.count, finding.assets.as_slice()), (tried, [2].as_slice()));
    assert_eq!(
        finding.text,
        format!(
            "unknown @ 10.0.0.9 tried {tried} addresses that never answered: 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5 \
             and {} more; it scans, or the mirror shows one direction only",
            tried - 4
        )
    );
    let ends = inventory.conversations.iter().map(|conversation| &conversation.server);
    assert_eq!(ends.clone().filter(|end| matches!(end, AssetEnd::Silent(_))).count(), 256 * 254 - 3);
    assert_eq!(ends.filter(|end| matches!(end, AssetEnd::External(_))).count(), 0);
}

#[test]
fn sites_never_mix() {
    let text = "capture a site=north
         arp 00:1b:1b:00:00:01 10.0.0.1
         fact 10.0.0.1 | serial_number=AAAA1111
         capture b site=south
         arp 00:1b:1b:00:00:01 10.0.0.1
         fact 10.0.0.1 | serial_number=AAAA1111
         talk 10.0.0.1 10.0.0.1 modbus:502 1/1";
    let inventory = inventory(text);
    assert_eq!(
        inventory.assets.iter().map(|asset| asset.site.as_str()).collect::<Vec<_>>(),
        ["north", "south"]
    );
    assert_eq!(inventory.conversations[0].client, AssetEnd::Asset(1));
}

#[test]
fn the_maker_of_the_card_is_not_the_maker_of_the_device() {
    let text = "bind 28:63:36:00:00:01 10.0.0.1 64
         bind 00:09:0f:00:00:01 10.0.1.1 63
         bind 02:00:00:00:00:01 10.0.0.3 64";
    let inventory = inventory(text);
    let makers: Vec<_> = inventory
        .assets
        .iter()
        .map(|asset| (common::winner(asset, "mac_vendor"), common::winner(asset, "vendor")))
        .collect();
    assert_eq!(makers, [("Siemens AG", ""), ("", ""), ("", ""), ("Fortinet, Inc.", "")]);
    assert!(inventory.assets[0].attributes["mac_vendor"][0].proof.is_none());
}

#[test]
fn ports_that_state_one_chassis_are_one_device_whatever_mac_carries_its_address() {
    check(
        "arp 00:1b:1b:10:00:50 10.0.0.2
         bind 00:1b:1b:10:00:50 10.0.0.2 64
         sent 00:1b:1b:10:00:51
         sent 00:1b:1b:10:00:52
         fact 00:1b:1b:10:00:51 | lldp: mac_address=00:1b:1b:10:00:50
         fact 00:1b:1b:10:00:51 | lldp: ip_address=10.0.0.2
         fact 00:1b:1b:10:00:52 | stp: mac_address=00:1b:1b:10:00:50
         fact 10.0.0.2 | serial_number=SVPL600001",
        "observed unknown: unknown @ 10.0.0.2 [00:1b:1b:10:00:50! 10.0.0.2] [00:1b:1b:10:00:51! ] [00:1b:1b:10:00:52! ]",
    );
    // The chassis MAC itself need not be heard.
    check(
        "sent 00:1b:1b:10:00:51
         sent 00:1b:1b:10:00:52
         fact 00:1b:1b:10:00:51 | lldp: mac_address=00:1b:1b:10:00:50
         fact 00:1b:1b:10:00:52 | lldp: mac_address=00:1b:1b:10:00:50",
        "observed unknown: unknown @ 00:1b:1b:10:00:50 [00:1b:1b:10:00:50! ] [00:1b:1b:10:00:51! ] [00:1b:1b:10:00:52! ]",
    );
    check_joins(
        "sent 00:1b:1b:10:00:51
         fact 00:1b:1b:10:00:51 | lldp: mac_address=00:1b:1b:10:00:50
         fact 00:1b:1b:10:00:51 | stp: mac_address=00:1b:1b:10:00:50",
        "+ 00:1b:1b:10:00:50 = 00:1b:1b:10:00:51: the port states the MAC of its chassis (lldp, stp)",
    );
}

#[test]
fn ports_that_state_one_chassis_and_different_serial_numbers_stay_apart() {
    let two = "sent 00:1b:1b:10:00:51
         sent 00:1b:1b:10:00:61
         fact 00:1b:1b:10:00:51 | lldp: mac_address=00:1b:1b:10:00:50
         fact 00:1b:1b:10:00:51 | lldp: serial_number=SVPL600001
         fact 00:1b:1b:10:00:61 | lldp: mac_address=00:1b:1b:10:00:50
         fact 00:1b:1b:10:00:61 | lldp: serial_number=SVPL600002";
    assert_eq!(inventory(two).assets.len(), 2);
    check_joins(
        two,
        "- 00:1b:1b:10:00:50 = 00:1b:1b:10:00:51: ports that state this MAC as their chassis differ in serial_number
         - 00:1b:1b:10:00:50 = 00:1b:1b:10:00:61: ports that state this MAC as their chassis differ in serial_number",
    );
    // A virtual router's MAC is nobody's chassis.
    check(
        "sent 00:1b:1b:10:00:51
         fact 00:1b:1b:10:00:51 | lldp: mac_address=00:00:5e:00:01:01",
        "observed unknown: unknown @ 00:1b:1b:10:00:51 [00:1b:1b:10:00:51! ]",
    );
}

#[test]
fn a_managed_address_belongs_to_the_device_and_is_no_second_claim() {
    // The interface that is managed has a MAC of its own, of the same maker.
    let switch = "arp 00:1b:1b:10:00:50 10.0.0.2
         sent 00:1b:1b:20:00:07
         fact 00:1b:1b:20:00:07 | cdp: ip_address=10.0.0.2";
    check(switch, "observed unknown: unknown @ 10.0.0.2 [00:1b:1b:10:00:50! 10.0.0.2] [00:1b:1b:20:00:07! ]");
    check_findings(switch, "");
    // Of another maker: a default address that somebody else has.
    check(
        "arp 00:09:0f:00:00:01 192.168.0.1
         sent 00:1b:1b:20:00:07
         fact 00:1b:1b:20:00:07 | lldp: ip_address=192.168.0.1",
        "observed unknown: unknown @ 192.168.0.1 [00:09:0f:00:00:01! 192.168.0.1]
         observed unknown: unknown @ 00:1b:1b:20:00:07 [00:1b:1b:20:00:07! ]",
    );
    // Two of one default address, and two ports of one device without a chassis MAC.
    let two = "sent 00:1b:1b:20:00:07
         sent 00:1b:1b:20:00:08
         fact 00:1b:1b:20:00:07 | lldp: ip_address=192.168.0.1
         fact 00:1b:1b:20:00:08 | lldp: ip_address=192.168.0.1";
    assert_eq!(inventory(two).assets.len(), 2);
    check(
        &format!(
            "{two}
         fact 00:1b:1b:20:00:07 | lldp: lldp.chassis_id=press 4
         fact 00:1b:1b:20:00:08 | lldp: lldp.chassis_id=press 4"
        ),
        "observed unknown: unknown @ 192.168.0.1 [ 192.168.0.1] [00:1b:1b:20:00:07! ] [00:1b:1b:20:00:08! ]",
    );
}

#[test]
fn an_address_that_a_server_gave_to_a_mac_is_that_macs_even_behind_a_router() {
    let leased = "bind 00:09:0f:00:00:01 10.0.1.5 63
         fact 00:1b:1b:00:00:05 | dhcp: hostname=press
         reported 00:1b:1b:00:00:05 | dhcp: ip_address=10.0.1.5";
    check(
        leased,
        "observed unknown: press @ 10.0.1.5 [00:1b:1b:00:00:05 10.0.1.5]
         observed router: router @ 00:09:0f:00:00:01 [00:09:0f:00:00:01! ]",
    );
    check_joins(
        leased,
        "- 00:09:0f:00:00:01 = 10.0.1.5: the MAC is a router's
         + 00:1b:1b:00:00:05 = 10.0.1.5: a server gave this address to this MAC",
    );
    // Somebody else uses it.
    check(
        "bind 00:1b:1b:00:00:06 10.0.1.5 64
         fact 00:1b:1b:00:00:05 | dhcp: hostname=press
         reported 00:1b:1b:00:00:05 | dhcp: ip_address=10.0.1.5",
        "observed unknown: unknown @ 10.0.1.5 [00:1b:1b:00:00:06 10.0.1.5]
         referenced unknown: press @ 00:1b:1b:00:00:05 [00:1b:1b:00:00:05! ]",
    );
}

#[test]
fn the_address_of_a_group_of_routers_is_no_asset_and_its_owner_is_one() {
    let group = "arp 00:1b:1b:00:00:01 10.0.0.2
         arp 00:1b:1b:00:00:01 10.0.0.1
         arp 00:00:5e:00:01:07 10.0.0.1
         bind 00:00:5e:00:01:07 10.0.0.1 64
         fact 10.0.0.2 | vrrp: vrrp.virtual_ip=10.0.0.1
         sent 10.0.0.9
         talk 10.0.0.9 10.0.0.1 ntp/udp:123 3/3";
    check(
        group,
        "observed router: router @ 10.0.0.2 [00:1b:1b:00:00:01! 10.0.0.2]
         observed unknown: unknown @ 10.0.0.9 [ 10.0.0.9]",
    );
    check_conversations(group, "10.0.0.9 > group 10.0.0.1: ntp 123 [3, 3]");
    // Whose own address it is says so itself.
    check(
        "sent 10.0.0.1
         fact 10.0.0.1 | vrrp: vrrp.virtual_ip=10.0.0.1
         fact 10.0.0.2 | vrrp: vrrp.virtual_ip=10.0.0.1
         sent 10.0.0.2",
        "observed router: router @ 10.0.0.1 [ 10.0.0.1]
         observed router: router @ 10.0.0.2 [ 10.0.0.2]",
    );
}
