//! Attributes, roles, names, conversations and findings.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{check, check_findings, inventory, observed, winner};
use inventory::{Options, Role, resolve};
use observation::{Basis, CaptureStatus, MalformedMessage, Time};

/// The winner of `attribute` at 10.0.0.1, after lines that say things of it.
fn check_winner(said: &str, attribute: &str, expected: &str) {
    let inventory = inventory(&format!("sent 10.0.0.1\n{said}"));
    assert_eq!(winner(&inventory.assets[0], attribute), expected, "{said}");
}

#[test]
fn what_the_device_says_wins_over_what_others_say() {
    check_winner("fact 10.0.0.1 | model=A\nat 9\nreported 10.0.0.1 | model=B", "model", "A");
    let inventory =
        inventory("sent 10.0.0.1\nreported 10.0.0.1 | cip: model=A\nat 5\nfact 10.0.0.1 | model=A");
    let candidate = &inventory.assets[0].attributes["model"][0];
    assert_eq!((candidate.basis, candidate.protocol.as_str(), candidate.count), (Basis::Stated, "modbus", 2));
    assert_eq!((candidate.first, candidate.last), (Time(0), Time(5_000_000_000)));
    assert_eq!(candidate.proof.as_ref().unwrap().evidence.ranges[0].frame, 4);
}

#[test]
fn the_latest_word_wins_where_a_value_changed() {
    check_winner(
        "fact 10.0.0.1 | firmware_version=1.0\nat 9\nfact 10.0.0.1 | firmware_version=1.1",
        "firmware_version",
        "1.1",
    );
    // Back again: the first value was said last.
    check_winner(
        "fact 10.0.0.1 | firmware_version=1.0\nat 5\nfact 10.0.0.1 | firmware_version=1.1\nat 9\nfact 10.0.0.1 | firmware_version=1.0",
        "firmware_version",
        "1.0",
    );
    // Two protocols agree, and one of them said the other value before.
    check_winner(
        "fact 10.0.0.1 | model=old\nat 3\nfact 10.0.0.1 | model=new\nat 4\nfact 10.0.0.1 | cip: model=other",
        "model",
        "other",
    );
    check_winner(
        "fact 10.0.0.1 | model=new\nat 2\nfact 10.0.0.1 | dnp3: model=new\nat 4\nfact 10.0.0.1 | cip: model=other",
        "model",
        "new",
    );
}

#[test]
fn the_more_exact_version_wins_and_is_not_replaced_by_the_coarser() {
    // As a PLC says it: each session says V4.3, its identification block V4.3.1.
    let coarse = "fact 10.0.0.1 | firmware_version=V4.3";
    let exact = "fact 10.0.0.1 | firmware_version=V4.3.1";
    for said in [
        format!("{coarse}\nat 2\n{exact}\nat 9\n{coarse}"),
        format!("{exact}\nat 9\n{coarse}"),
        exact.to_owned(),
    ] {
        check_winner(&said, "firmware_version", "V4.3.1");
    }
    // Another version is another version.
    let other = "fact 10.0.0.1 | firmware_version=V4.4";
    check_winner(&format!("{coarse}\n{exact}\nat 9\n{other}"), "firmware_version", "V4.4");
    // Who only reports does not make a statement more exact.
    let reported = "reported 10.0.0.1 | firmware_version=V4.3.1";
    check_winner(&format!("{coarse}\n{reported}"), "firmware_version", "V4.3");
    // A maker's initials say less than its name.
    check_winner(
        "fact 10.0.0.1 | vendor=Schweitzer Engineering Laboratories\nat 9\nfact 10.0.0.1 | vendor=SEL",
        "vendor",
        "Schweitzer Engineering Laboratories",
    );
    // Names are no versions.
    check_winner("fact 10.0.0.1 | model=100.1\nat 9\nfact 10.0.0.1 | model=100", "model", "100");
}

/// Roles of 10.0.0.9 after lines of talk.
fn check_roles(text: &str, expected: &[Role]) {
    let servers: String = (1..=9).map(|n| format!("sent 10.0.0.{n}\n")).collect();
    let inventory = inventory(&format!("{servers}{text}"));
    let asset = inventory.assets.iter().find(|asset| asset.anchors[0] == "10.0.0.9").unwrap();
    assert_eq!(
        asset.roles.iter().map(|claim| claim.role).collect::<Vec<_>>(),
        expected,
        "{text}: {:?}",
        asset.roles
    );
    assert!(asset.roles.iter().all(|claim| !claim.reasons.is_empty()));
}

#[test]
fn clients_are_told_by_what_they_ask() {
    use Role::{EngineeringWorkstation, Historian, Hmi, ScadaServer, Unknown};
    check_roles("talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9 write*2", &[Hmi]);
    check_roles("talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9", &[Unknown]);
    check_roles(
        "talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9\ntalk 10.0.0.9 10.0.0.2 s7comm:102 9/9 read*9",
        &[Historian],
    );
    check_roles(
        "talk 10.0.0.9 10.0.0.1 modbus:502 1/1 read*1\ntalk 10.0.0.9 10.0.0.2 modbus:502 1/1 read*1",
        &[Unknown],
    );
    check_roles(
        "talk 10.0.0.9 10.0.0.1 s7comm:102 9/9 program*1:request_download control*1:plc_stop",
        &[EngineeringWorkstation],
    );
    check_roles("talk 10.0.0.9 10.0.0.1 s7comm:102 9/9 read*9 write*9 control*1:set_clock", &[Hmi]);
    check_roles("talk 10.0.0.9 10.0.0.1 dnp3:20000 9/9 read*9 control*1:cold_restart", &[ScadaServer]);
    let many: String = (1..=9)
        .map(|n| format!("sent 10.0.1.{n}\ntalk 10.0.0.9 10.0.1.{n} modbus:502 9/9 read*9 write*2\n"))
        .collect();
    check_roles(&many, &[ScadaServer]);
    check_roles(
        "talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9\ntalk 10.0.0.2 10.0.0.9 tcp:5432 4/4",
        &[Historian],
    );
    check_roles("talk 10.0.0.2 10.0.0.9 tcp:5432 4/4", &[Unknown]);
    check_roles("talk 10.0.0.2 10.0.0.9 tcp:5450 4/4", &[Historian]);
    check_roles("talk 10.0.0.9 10.0.0.1 https:443 9/9", &[Unknown]);
}

#[test]
fn who_gives_out_orders_is_told_from_who_watches() {
    use Role::{Historian, Hmi, Mes};
    let over = |seconds: i64, asks: &str| {
        format!(
            "talk 10.0.0.9 10.0.0.1 modbus:502 5/5 {asks}\nat {seconds}\ntalk 10.0.0.9 10.0.0.1 modbus:502 5/5 {asks}"
        )
    };
    let slow = over(3_600, "read*4 write*1");
    let orders = "talk 10.0.0.9 10.0.0.2 tcp:1433 9/9";
    check_roles(&format!("{slow}\n{orders}"), &[Mes]);
    check_roles(&format!("{slow}\ntalk 10.0.0.9 10.0.0.2 tcp:3305 9/9"), &[Mes]);
    // Every few seconds, without orders, without a write, or with a database that never answers.
    check_roles(&format!("{}\n{orders}", over(20, "read*4 write*1")), &[Hmi]);
    check_roles(&slow, &[Hmi]);
    check_roles(
        &format!("{}\ntalk 10.0.0.9 10.0.0.2 s7comm:102 9/9 read*9\n{orders}", over(3_600, "read*4")),
        &[Historian],
    );
    check_roles(&format!("{slow}\ntalk 10.0.0.9 10.0.0.2 tcp:1433 9/0"), &[Hmi]);
}

#[test]
fn who_hands_on_what_controllers_say_is_told_by_whom_it_calls() {
    use Role::{AiSystem, DataGateway, RemoteAccess, Unknown};
    let reads = "talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9";
    let calls = |name: &str| format!("fact 10.0.0.9 | tls: tls.server_name={name}");
    check_roles(&format!("{}\n{reads}", calls("plant.openai.azure.com")), &[AiSystem]);
    check_roles(&format!("{}\n{reads}", calls("hub.azure-devices.net")), &[DataGateway]);
    check_roles(&format!("{reads}\ntalk 10.0.0.9 10.0.0.2 mqtt:1883 9/9"), &[DataGateway]);
    // Whoever reads no controller may call whom it likes.
    check_roles(&calls("hub.azure-devices.net"), &[Unknown]);
    check_roles(&calls("device.talk2m.com"), &[RemoteAccess]);
    check_roles(&calls("talk2m.com.example"), &[Unknown]);
}

#[test]
fn the_port_tells_only_where_nothing_else_does() {
    use Role::{Plc, Robot, ScadaServer, Unknown};
    check_roles("talk 10.0.0.1 10.0.0.9 tcp:29999 4/4", &[Robot]);
    check_roles("talk 10.0.0.1 10.0.0.9 tcp:29999 4/0", &[Unknown]);
    check_roles("talk 10.0.0.1 10.0.0.9 tcp:29999 4/4\ntalk 10.0.0.1 10.0.0.9 s7comm:102 9/9", &[Plc]);
    check_roles("talk 10.0.0.1 10.0.0.9 tcp:20222 4/4", &[ScadaServer]);
    check_roles("talk 10.0.0.1 10.0.0.9 smb:445 4/4\ntalk 10.0.0.9 10.0.0.1 smb:445 4/4", &[Role::Server]);
    check_roles("talk 10.0.0.9 10.0.0.1 smb:445 4/4", &[Role::Workstation]);
    // A port of two users of different kinds.
    check_roles("talk 10.0.0.1 10.0.0.9 tcp:5050 4/4", &[Unknown]);
}

#[test]
fn a_programming_device_by_word_is_one_only_if_it_does_as_one() {
    use Role::{DataGateway, EngineeringWorkstation, Historian, Hmi, Plc, Workstation};
    let check = |asks: &str, expected: &[Role]| {
        let says = "fact 10.0.0.9 | s7comm: s7comm.connection_type=PG";
        check_roles(&format!("{says}\ntalk 10.0.0.9 10.0.0.1 s7comm:102 9/9 {asks}"), expected);
    };
    check_roles("fact 10.0.0.9 | s7comm: s7comm.connection_type=PG", &[EngineeringWorkstation]);
    check("diagnostic*1:setup_communication", &[EngineeringWorkstation]);
    check("read*9 control*1:plc_stop", &[EngineeringWorkstation]);
    check("program*1:start_upload", &[EngineeringWorkstation]);
    check("identify*1 read*1:list_blocks", &[EngineeringWorkstation]);
    check("diagnostic*1:read_diagnostic_buffer_szl", &[EngineeringWorkstation]);
    // What libraries do that connect as one by default.
    check("diagnostic*1:setup_communication read*9:read_variables", &[DataGateway]);
    check("diagnostic*1:setup_communication identify*1:read_identification_szl", &[Workstation]);
    check("read*9 write*1", &[Hmi]);
    check("read*9\ntalk 10.0.0.9 10.0.0.2 s7comm:102 9/9 read*9", &[Historian]);
    // Nobody says this by default.
    let says = "fact 10.0.0.9 | s7comm_plus: s7comm.tsap=SIMATIC-ROOT-ES";
    let reads = "talk 10.0.0.9 10.0.0.1 s7comm_plus:102 9/9 read*9";
    check_roles(&format!("{says}\n{reads}"), &[EngineeringWorkstation]);
    check_roles("fact 10.0.0.9 | s7comm: s7comm.connection_type=OP", &[Hmi]);
    check_roles(
        "fact 10.0.0.9 | s7comm: s7comm.connection_type=PG\ntalk 10.0.0.1 10.0.0.9 s7comm:102 9/9",
        &[Plc],
    );
}

#[test]
fn the_word_of_a_client_that_does_otherwise_is_a_reason_of_what_it_does() {
    let inventory = inventory(
        "sent 10.0.0.1\nfact 10.0.0.9 | s7comm: s7comm.connection_type=PG\ntalk 10.0.0.9 10.0.0.1 s7comm:102 9/9 read*9",
    );
    let asset = inventory.assets.iter().find(|asset| asset.anchors[0] == "10.0.0.9").unwrap();
    assert_eq!((asset.roles.len(), asset.roles[0].basis), (1, Basis::Inferred));
    assert_eq!(
        asset.roles[0].reasons,
        [
            "connects as PG (s7comm.connection_type), as libraries do by default, and does nothing that only such a client does",
            "reads 10.0.0.1 again and again, no write"
        ]
    );
}

#[test]
fn servers_are_told_by_what_they_say_and_answer() {
    use Role::{Drive, IoModule, Meter, Plc, Rtu, Unknown};
    check_roles("talk 10.0.0.1 10.0.0.9 s7comm:102 9/9 read*9", &[Plc]);
    check_roles("talk 10.0.0.1 10.0.0.9 s7comm:102 9/0 read*9", &[Unknown]);
    check_roles("talk 10.0.0.1 10.0.0.9 dnp3:20000 9/9 read*9", &[Rtu]);
    check_roles("talk 10.0.0.1 10.0.0.9 modbus:502 9/9 read*9", &[Unknown]);
    check_roles("talk 10.0.0.1 10.0.0.9 modbus:502 9/9 read*9\nfact 10.0.0.9 | model=PM5560", &[Meter]);
    check_roles("fact 10.0.0.9 | cip: cip.device_type=2", &[Drive]);
    check_roles(
        "talk 10.0.0.1 10.0.0.9 enip:44818 9/9 diagnostic*1:forward_open_i/o_connection",
        &[IoModule],
    );
    check_roles(
        "talk 10.0.0.1 10.0.0.9 enip:44818 9/9 diagnostic*1:forward_open_i/o_connection\nfact 10.0.0.9 | cip: cip.device_type=14",
        &[Plc],
    );
    // A controller that reads others stays a controller.
    check_roles(
        "talk 10.0.0.1 10.0.0.9 s7comm:102 9/9\ntalk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9 write*9",
        &[Plc],
    );
}

fn check_name(said: &str, expected: &str) {
    assert_eq!(inventory(&format!("sent 10.0.0.1\n{said}")).assets[0].name, expected);
}

#[test]
fn a_name_is_what_the_plant_calls_it_else_what_it_is() {
    check_name("", "unknown @ 10.0.0.1");
    check_name("fact 10.0.0.1 | cip: cip.device_type=14", "plc @ 10.0.0.1");
    check_name(
        "fact 10.0.0.1 | vendor=Siemens\nfact 10.0.0.1 | model=Siemens S7-1500",
        "Siemens S7-1500 @ 10.0.0.1",
    );
    check_name("fact 10.0.0.1 | vendor=Moxa\nfact 10.0.0.1 | hostname=gw1", "gw1 @ 10.0.0.1");
    check_name("fact 10.0.0.1 | hostname=gw1\nfact 10.0.0.1 | station_name=LINE1", "LINE1 @ 10.0.0.1");
}

#[test]
fn conversations_add_up_over_captures_and_vlans_stay_apart() {
    let text = "capture b
         sent 10.0.0.1
         sent 10.0.0.2
         at 5
         talk 10.0.0.1 10.0.0.2 modbus:502 2/2 read*2:read_coils
         capture a
         at 9
         talk 10.0.0.1 10.0.0.2 modbus:502 3/4 read*3:read_coils write*1
         talk 10.0.0.1 10.0.0.2 modbus:502 1/1 vlan=20";
    let inventory = inventory(text);
    let [untagged, tagged] = inventory.conversations.as_slice() else {
        panic!("{:?}", inventory.conversations)
    };
    assert_eq!((untagged.frames, untagged.octets, tagged.vlan), ([5, 6], [300, 360], Some(20)));
    assert_eq!((untagged.first, untagged.last), (Time(5_000_000_000), Time(9_000_000_000)));
    assert_eq!(
        (untagged.operations["read"], untagged.operations["write"], untagged.operations["program"]),
        (5, 1, 0)
    );
    assert_eq!(
        untagged
            .named
            .iter()
            .map(|(capture, seen)| (capture.as_str(), seen.name.as_ref()))
            .collect::<Vec<_>>(),
        [("b", "read coils"), ("a", "write")]
    );
}

#[test]
fn who_programs_whom_is_a_finding_with_its_octets() {
    let text = "sent 10.0.0.1
         sent 10.0.0.2
         talk 10.0.0.1 10.0.0.2 s7comm:102 9/9 program*2:request_download program*5:upload control*1:plc_stop
         talk 10.0.0.1 10.0.0.2 dnp3:20000 9/9 control*1:write_time";
    check_findings(
        text,
        "notice control_operation: scada server @ 10.0.0.1 controls plc @ 10.0.0.2 by dnp3: write time (1)
         warning control_operation: scada server @ 10.0.0.1 controls plc @ 10.0.0.2 by s7comm: plc stop (1)
         warning program_operation: scada server @ 10.0.0.1 programs plc @ 10.0.0.2 by s7comm: request download (2), upload (5)"
            .replace("scada server", "engineering workstation")
            .as_str(),
    );
    let mut findings = inventory(text).findings;
    findings.retain(|finding| finding.kind.ends_with("_operation"));
    assert_eq!(
        (findings[2].count, findings[2].evidence[0].capture.as_str(), findings[2].assets.as_slice()),
        (7, "a", [0, 1].as_slice())
    );
}

#[test]
fn half_a_conversation_is_a_finding() {
    check_findings(
        "sent 10.0.0.1\nsent 10.0.0.2\ntalk 10.0.0.1 10.0.0.2 modbus:502 9/0 read*9
         talk 10.0.0.255 10.0.0.2 enip/udp:44818 0/3",
        "information one_sided_conversation: only one direction of 1 modbus conversation was seen: unknown @ 10.0.0.1 to unknown @ 10.0.0.2",
    );
}

#[test]
fn captures_that_are_cut_lossy_or_hold_secrets_are_findings() {
    let mut observed = observed("sent 10.0.0.1");
    let capture = &mut observed.captures[0];
    capture.summary.status = CaptureStatus::Truncated;
    capture.summary.stopped = Some("octet 5120: record of 70000 octets, 12 left".to_owned());
    capture.summary.kernel_drops = 7;
    capture.summary.counters.insert("secrets masked".to_owned(), 2);
    capture.summary.counters.insert("malformed modbus".to_owned(), 3);
    let station = observation::Station::root("10.0.0.1".parse().unwrap(), None);
    let message = MalformedMessage {
        protocol: "modbus".into(),
        frame: 9,
        time: Time(4),
        station: Some(station),
        problem: "length at octet 4: 11 octets missing".to_owned(),
    };
    capture.observed.malformed.push(message);
    let findings = resolve(&observed, &Options::default()).findings;
    let texts: Vec<_> = findings
        .iter()
        .filter(|finding| finding.kind != "unknown_device")
        .map(|finding| (finding.kind, finding.text.as_str(), finding.count))
        .collect();
    assert_eq!(
        texts,
        [
            ("cut_capture", "a.pcap is truncated: octet 5120: record of 70000 octets, 12 left", 1),
            ("frames_lost", "7 frames were lost while a.pcap was captured", 7),
            ("malformed_messages", "3 malformed modbus messages: length at octet 4: 11 octets missing", 3),
            (
                "secret_in_clear",
                "a.pcap carries 2 passwords or other secrets that anybody on the network can read; they are masked here",
                2
            ),
        ]
    );
    assert_eq!(
        (findings[2].assets.as_slice(), findings[2].evidence[0].evidence.ranges[0].frame),
        ([0].as_slice(), 9)
    );
}

#[test]
fn what_a_device_does_in_the_network_is_its_role_only_where_it_is_nothing_else() {
    check(
        "sent 00:1b:1b:00:00:01
         fact 00:1b:1b:00:00:01 | lldp: lldp.enabled_capability=bridge",
        "observed switch: switch @ 00:1b:1b:00:00:01 [00:1b:1b:00:00:01! ]",
    );
    check(
        "sent 00:1b:1b:00:00:02
         fact 00:1b:1b:00:00:02 | lldp: lldp.enabled_capability=bridge
         fact 00:1b:1b:00:00:02 | lldp: lldp.enabled_capability=telephone",
        "observed telephone: telephone @ 00:1b:1b:00:00:02 [00:1b:1b:00:00:02! ]",
    );
    // A controller with a switch of two ports.
    check(
        "sent 00:1b:1b:00:00:03
         fact 00:1b:1b:00:00:03 | lldp: order_number=6ES7 211-1BE40-0XB0
         fact 00:1b:1b:00:00:03 | lldp: lldp.enabled_capability=bridge",
        "observed plc: 6ES7 211-1BE40-0XB0 @ 00:1b:1b:00:00:03 [00:1b:1b:00:00:03! ]",
    );
    check(
        "sent 10.0.0.1
         fact 10.0.0.1 | cdp: cdp.capability=router
         fact 10.0.0.1 | cdp: cdp.capability=switch
         fact 10.0.0.1 | cdp: cdp.capability=igmp capable",
        "observed switch: switch @ 10.0.0.1 [ 10.0.0.1]",
    );
}

#[test]
fn the_rhythm_of_reading_and_the_time_without_a_write_are_part_of_the_reason() {
    let text = "talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*61
         talk 10.0.0.9 10.0.0.2 modbus:502 9/9 read*61
         sent 10.0.0.9
         at 120
         talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*60";
    let inventory = inventory(text);
    let asset = inventory.assets.iter().find(|asset| asset.anchors[0] == "10.0.0.9").unwrap();
    assert_eq!(
        asset.roles[0].reasons,
        ["reads 2 servers again and again, about every 1 s, no write in 2 min: 10.0.0.1, 10.0.0.2"]
    );
}

#[test]
fn the_program_that_runs_on_a_computer_tells_what_it_is_for() {
    let role = |said: &str| {
        inventory(&format!("sent 10.0.0.1\nfact 10.0.0.1 | {said}")).assets[0].roles[0].role.as_str()
    };
    assert_eq!(role("tds: tds.application=SIMATIC IT Production Suite"), "mes");
    assert_eq!(role("tds: tds.program=WinCC OLEDB"), "scada_server");
    assert_eq!(role("opcua: opcua.application_name=Telegraf OPC UA client"), "data_gateway");
    assert_eq!(role("tds: tds.application=Microsoft Office"), "unknown");
}

#[test]
fn a_family_that_a_description_names_is_the_role_of_what_says_no_more() {
    let role = |said: &str| {
        inventory(&format!("sent 00:0e:8c:00:00:01\nfact 00:0e:8c:00:00:01 | {said}")).assets[0].roles[0]
            .role
            .as_str()
    };
    assert_eq!(role("lldp: description=Siemens AG SIMATIC S7 MULTIPORT SCALANCE X 200 FAM"), "switch");
    assert_eq!(role("lldp: description=Dell Inc. Vostro 3800"), "workstation");
    assert_eq!(role("lldp: description=a device"), "unknown");
}

#[test]
fn who_works_on_others_from_afar_and_does_nothing_else_is_an_end_of_remote_access() {
    let text = "sent 10.9.9.9
         sent 10.0.0.1
         talk 10.9.9.9 10.0.0.1 rdp:3389 9/9
         talk 10.9.9.9 10.0.0.1 vnc:5900 9/9";
    let roles = |text: &str| common::assets(&inventory(text));
    assert!(roles(text).contains("remote_access: remote access @ 10.9.9.9"), "{}", roles(text));
    assert!(!roles(&text.replace("vnc:5900", "rdp:3390")).contains("remote_access"));
    // Who programs controllers is an engineer's machine, whatever else it is used for.
    let engineer = format!("{text}\ntalk 10.9.9.9 10.0.0.2 s7comm:102 5/5 program*1:download_block");
    assert!(!roles(&engineer).contains("remote_access"));
}
