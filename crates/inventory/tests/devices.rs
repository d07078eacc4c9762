//! What lies below an address, and devices with several addresses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{check, check_findings, check_joins, inventory, winner};

#[test]
fn units_are_the_server_itself_without_evidence_of_a_gateway() {
    let text = "sent 10.0.0.1
         sent 10.0.0.1 unit=1
         sent 10.0.0.1 unit=2
         fact 10.0.0.1 unit=1 | model=BMX P34 2020
         fact 10.0.0.1 unit=2 | model=BMX P34 2020
         named 10.0.0.1 unit=7 | modbus request
         talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9
         sent 10.0.0.9";
    check(
        text,
        "observed plc: BMX P34 2020 @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: unknown @ 10.0.0.9 [ 10.0.0.9]",
    );
    assert_eq!(inventory(text).assets[0].services[0].units, [1, 2]);
}

#[test]
fn units_that_answer_differently_are_devices_behind_a_gateway() {
    let text = "sent 10.0.0.1
         sent 10.0.0.1 unit=1
         sent 10.0.0.1 unit=2
         sent 10.0.0.1 unit=10
         fact 10.0.0.1 unit=1 | model=METSEPM5560
         fact 10.0.0.1 unit=2 | model=ACS580";
    check(
        text,
        "observed protocol_gateway: protocol gateway @ 10.0.0.1 [ 10.0.0.1]
           observed meter: METSEPM5560 unit 1 @ 10.0.0.1
           observed drive: ACS580 unit 2 @ 10.0.0.1
           observed unknown: unknown unit 10 @ 10.0.0.1",
    );
    assert_eq!(inventory(text).assets[0].roles[0].reasons, ["units behind it answer with another model"]);
}

#[test]
fn a_unit_that_a_gateway_calls_silent_is_referenced() {
    let text = "sent 10.0.0.1
         sent 10.0.0.1 unit=1
         fact 10.0.0.1 | modbus.gateway=0x0B
         named 10.0.0.1 unit=9 | gateway target device failed to respond
         named 10.0.0.1 unit=10 | modbus request";
    check(
        text,
        "observed protocol_gateway: protocol gateway @ 10.0.0.1 [ 10.0.0.1]
           observed unknown: unknown unit 1 @ 10.0.0.1
           referenced unknown: unknown unit 9 @ 10.0.0.1",
    );
    check_findings(
        text,
        "information silent_station: 10.0.0.1 unit=9: gateway target device failed to respond",
    );
}

#[test]
fn a_unit_whose_identity_contradicts_the_address_is_behind_it() {
    check(
        "sent 10.0.0.1
         fact 10.0.0.1 | cip: serial_number=00c0ffee
         sent 10.0.0.1 unit=5
         fact 10.0.0.1 unit=5 | serial_number=TT1234567",
        "observed protocol_gateway: protocol gateway @ 10.0.0.1 [ 10.0.0.1]
           observed unknown: unknown unit 5 @ 10.0.0.1",
    );
}

#[test]
fn a_cpu_alone_in_its_rack_is_the_address() {
    let text = "sent 10.0.0.1
         sent 10.0.0.1 rack=0/slot=2
         fact 10.0.0.1 rack=0/slot=2 | s7comm: serial_number=S C-F1LAB0000011
         fact 10.0.0.1 rack=0/slot=2 | s7comm: station_name=LINE1
         named 10.0.0.1 rack=0/slot=3 | connection request";
    check(text, "observed unknown: LINE1 @ 10.0.0.1 [ 10.0.0.1]");
    let asset = &inventory(text).assets[0];
    assert_eq!(asset.position.iter().map(|step| step.value.as_str()).collect::<Vec<_>>(), ["0", "2"]);
    assert_eq!(asset.anchors, ["10.0.0.1", "10.0.0.1 serial scf1lab0000011"]);
    check(
        "sent 10.0.0.1
         named 10.0.0.1 rack=0/slot=2 | connection request",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]",
    );
}

#[test]
fn modules_of_a_rack_are_devices_below_the_address() {
    check(
        "sent 10.0.0.1
         sent 10.0.0.1 rack=0/slot=2
         sent 10.0.0.1 rack=0/slot=3
         fact 10.0.0.1 rack=0/slot=2 | s7comm: serial_number=S C-AAAA1111
         fact 10.0.0.1 rack=0/slot=3 | s7comm: serial_number=S C-BBBB2222
         named 10.0.0.1 rack=0/slot=10 | module status SZL 91",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
           observed unknown: unknown rack 0 slot 2 @ 10.0.0.1
           observed unknown: unknown rack 0 slot 3 @ 10.0.0.1
           referenced unknown: unknown rack 0 slot 10 @ 10.0.0.1",
    );
}

#[test]
fn a_chassis_holds_what_answers_as_another_device() {
    let chassis = "sent 10.0.0.1
         fact 10.0.0.1 | cip: serial_number=00aa0001
         fact 10.0.0.1 | cip: model=1756-ENBT/A
         fact 10.0.0.1 | cip: cip.device_type=12
         sent 10.0.0.1 port=1/link=0
         fact 10.0.0.1 port=1/link=0 | cip: serial_number=00bb0002
         fact 10.0.0.1 port=1/link=0 | cip: model=1756-L61/B LOGIX5561
         fact 10.0.0.1 port=1/link=0 | cip: cip.device_type=14
         reported 10.0.0.1 port=1/link=3/port=2/link=10.0.5.9 | cip: cip.product_code=11";
    check(
        chassis,
        "observed io_module: 1756-ENBT/A @ 10.0.0.1 [ 10.0.0.1]
           observed plc: 1756-L61/B LOGIX5561 slot 0 @ 10.0.0.1
           referenced unknown: unknown slot 3 port 2 link 10.0.5.9 @ 10.0.0.1",
    );
    // The same plate at the address and in the slot: the controller has its own port.
    check(
        "sent 10.0.0.1
         fact 10.0.0.1 | cip: serial_number=00bb0002
         sent 10.0.0.1 port=1/link=0
         sent 10.0.0.1 port=1/link=4
         fact 10.0.0.1 port=1/link=0 | cip: serial_number=00bb0002",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
           observed unknown: unknown slot 4 @ 10.0.0.1",
    );
}

#[test]
fn outstations_are_devices_where_several_answer() {
    check(
        "sent 10.0.0.1
         sent 10.0.0.1 outstation=10
         sent 10.0.0.2
         sent 10.0.0.2 outstation=1
         sent 10.0.0.2 outstation=2",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: unknown @ 10.0.0.2 [ 10.0.0.2]
           observed unknown: unknown outstation 1 @ 10.0.0.2
           observed unknown: unknown outstation 2 @ 10.0.0.2",
    );
}

const PLATE: &str = "cip: vendor=Rockwell";

fn enbt(address: &str, serial: &str, model: &str) -> String {
    format!(
        "sent {address}\nfact {address} | {PLATE}\nfact {address} | cip: model={model}\nfact {address} | cip: serial_number={serial}\n"
    )
}

#[test]
fn the_same_plate_at_another_address_is_the_same_device() {
    let moved = format!(
        "{}at 60\n{}",
        enbt("10.0.0.125", "00aa0001", "1756-ENBT"),
        enbt("10.0.0.120", "00aa0001", "1756-ENBT")
    );
    check(&moved, "observed unknown: Rockwell 1756-ENBT @ 10.0.0.120 [ 10.0.0.120] [ 10.0.0.125]");
    // Behind the same MAC, which states only one of the two.
    let bound = format!("arp 00:00:bc:00:00:01 10.0.0.120\nbind 00:00:bc:00:00:01 10.0.0.125 64\n{moved}");
    check(
        &bound,
        "observed unknown: Rockwell 1756-ENBT @ 10.0.0.120 [00:00:bc:00:00:01! 10.0.0.120 10.0.0.125]",
    );
    check_joins(
        &moved,
        "+ 10.0.0.120 = 10.0.0.125: both state serial number 00aa0001, and the same maker and product",
    );
}

#[test]
fn a_serial_number_joins_nothing_against_maker_product_or_what_else_is_said() {
    let both = |one: &str, other: &str| {
        format!("{}{}", enbt("10.0.0.1", "00aa0001", one), enbt("10.0.0.2", "00aa0001", other))
    };
    assert_eq!(inventory(&both("1756-ENBT", "1756-EN2T")).assets.len(), 2);
    check_findings(
        &both("1756-ENBT", "1756-EN2T"),
        "notice shared_serial: serial number 00aa0001 is stated by Rockwell 1756-ENBT @ 10.0.0.1, Rockwell 1756-EN2T @ 10.0.0.2, which cannot be one device: model",
    );
    let other_maker = "sent 10.0.0.1
         sent 10.0.0.2
         fact 10.0.0.1 | vendor=A
         fact 10.0.0.2 | dnp3: vendor=B
         fact 10.0.0.1 | model=X
         fact 10.0.0.2 | model=X
         fact 10.0.0.1 | serial_number=00aa0001
         fact 10.0.0.2 | serial_number=00aa0001";
    check_joins(
        other_maker,
        "- 10.0.0.1 = 10.0.0.2: both state serial number 00aa0001, but not the same maker",
    );
    let placeholder = format!("{}{}", enbt("10.0.0.1", "00000000", "X"), enbt("10.0.0.2", "00000000", "X"));
    assert_eq!(inventory(&placeholder).assets.len(), 2);
}

#[test]
fn the_default_plate_of_a_simulator_joins_nothing_and_is_a_finding() {
    let both = format!(
        "{}{}",
        enbt("10.0.0.1", "S C-C2UR28922012", "CPU 315-2 PN/DP"),
        enbt("10.0.0.2", "S C-C2UR28922012", "CPU 315-2 PN/DP")
    );
    check_findings(
        &both,
        "notice default_identity: Rockwell CPU 315-2 PN/DP @ 10.0.0.1 has the identity that comes with the server of Snap7: it is no such device, or the default was never changed
         notice default_identity: Rockwell CPU 315-2 PN/DP @ 10.0.0.2 has the identity that comes with the server of Snap7: it is no such device, or the default was never changed",
    );
    check_joins(
        &both,
        "- 10.0.0.1 = 10.0.0.2: both state serial number scc2ur28922012, but it is the default of the server of Snap7",
    );
}

#[test]
fn an_address_that_states_two_serial_numbers_in_turns_is_a_finding_and_joins_nothing() {
    let in_turns = format!(
        "{}at 60\n{}{}at 120\n{}",
        enbt("10.0.0.1", "00aa0001", "X"),
        enbt("10.0.0.1", "00bb0002", "X"),
        enbt("10.0.0.2", "00bb0002", "X"),
        enbt("10.0.0.1", "00aa0001", "X")
    );
    check_findings(
        &in_turns,
        "warning identity_conflict: 10.0.0.1 stated several serial numbers in turns: 00aa0001 (cip), 00bb0002 (cip): it answers for others, or several devices have the address",
    );
    let inventory = inventory(&in_turns);
    assert_eq!(inventory.assets.len(), 2);
    assert_eq!(winner(&inventory.assets[0], "serial_number"), "00aa0001");
}

#[test]
fn a_module_with_an_address_of_its_own_is_one_asset() {
    let text = format!(
        "{}sent 10.0.0.9\n{}",
        enbt("10.0.0.9", "00aa0001", "1756-EN2T"),
        enbt("10.0.0.1 port=1/link=3", "00aa0001", "1756-EN2T")
    );
    check(
        &format!("sent 10.0.0.1\nfact 10.0.0.1 | cip: serial_number=00cc0003\n{text}"),
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: Rockwell 1756-EN2T @ 10.0.0.9 [ 10.0.0.9]",
    );
}

#[test]
fn common_addresses_of_iec_104_are_devices_where_several_answer() {
    check(
        "sent 10.0.0.1
         sent 10.0.0.1 asdu=1
         sent 10.0.0.2
         sent 10.0.0.2 asdu=1
         sent 10.0.0.2 asdu=2
         named 10.0.0.2 asdu=3 | interrogation",
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
         observed unknown: unknown @ 10.0.0.2 [ 10.0.0.2]
           observed unknown: unknown asdu 1 @ 10.0.0.2
           observed unknown: unknown asdu 2 @ 10.0.0.2",
    );
}

#[test]
fn devices_beyond_a_bacnet_router_are_behind_it_with_their_network() {
    let text = "sent 10.0.0.1
         fact 10.0.0.1 | bacnet: bacnet.instance=1000
         sent 10.0.0.1 network=2001/device=04
         fact 10.0.0.1 network=2001/device=04 | bacnet: bacnet.instance=4";
    check(
        text,
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
           observed unknown: unknown network 2001 device 04 @ 10.0.0.1",
    );
    // One alone is behind its router, too.
    let one = "sent 10.0.0.1\nfact 10.0.0.1 network=2001/device=04 | bacnet: bacnet.instance=4";
    assert_eq!(inventory(one).assets.len(), 2);
}

#[test]
fn instruments_behind_a_hart_gateway_are_its_children() {
    check(
        "sent 10.0.0.1
         fact 10.0.0.1 | hart_ip: serial_number=00112233
         fact 10.0.0.1 | hart_ip: device_type=HART-IP I/O system
         fact 10.0.0.1 module=0/channel=1 | hart_ip: serial_number=00112299
         fact 10.0.0.1 module=0/channel=1 | hart_ip: model=3051S",
        "observed protocol_gateway: protocol gateway @ 10.0.0.1 [ 10.0.0.1]
           observed sensor: 3051S module 0 channel 1 @ 10.0.0.1",
    );
}

#[test]
fn modules_of_a_profinet_device_are_in_its_slots_whoever_names_them() {
    check(
        "sent 10.0.0.1
         fact 10.0.0.1 | profinet_cm: order_number=6ES7 155-6AU01-0BN0
         fact 10.0.0.1 slot=1/subslot=1 | profinet_cm: order_number=6ES7 131-6BH01-0BA0
         named 10.0.0.1 slot=2/subslot=1 | expected submodule",
        "observed io_module: 6ES7 155-6AU01-0BN0 @ 10.0.0.1 [ 10.0.0.1]
           observed io_module: 6ES7 131-6BH01-0BA0 slot 1 subslot 1 @ 10.0.0.1
           referenced unknown: unknown slot 2 subslot 1 @ 10.0.0.1",
    );
}

#[test]
fn devices_that_a_sparkplug_node_announces_are_its_children() {
    check(
        "sent 10.0.0.1
         fact 10.0.0.1 | sparkplug: model=UC-8112A
         named 10.0.0.1 device=press1 | device birth
         fact 10.0.0.1 device=press2 | sparkplug: model=ACS580",
        "observed unknown: UC-8112A @ 10.0.0.1 [ 10.0.0.1]
           referenced unknown: unknown device press1 @ 10.0.0.1
           observed drive: ACS580 device press2 @ 10.0.0.1",
    );
}

#[test]
fn what_others_say_of_a_module_that_never_spoke_is_referenced() {
    let text = "sent 10.0.0.1
         fact 10.0.0.1 | cip: serial_number=00aa0001
         reported 10.0.0.1 port=1/link=4 | cip: model=1756-IB16";
    check(
        text,
        "observed unknown: unknown @ 10.0.0.1 [ 10.0.0.1]
           referenced io_module: 1756-IB16 slot 4 @ 10.0.0.1",
    );
    let states: Vec<_> = inventory(text).assets.iter().map(|asset| asset.state.as_str()).collect();
    assert_eq!(states, ["observed", "referenced"]);
}
