//! What is told as a change, and what is not.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

mod common;

use std::fmt::Write;
use std::time::Duration;

use inventory::{Change, ChangeKind, Inventory, Options, resolve};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

fn learning(days: u64) -> Options {
    Options { learning: Some(Duration::from_secs(days * 86_400)), ..Options::default() }
}

fn resolved(observations: &str, options: &Options) -> Inventory {
    resolve(&common::observed(observations), options)
}

/// Changes of some kinds as lines: `DAY HOUR kind anchor subject: before > after`.
fn lines(inventory: &Inventory, kinds: &[ChangeKind]) -> String {
    let mut text = String::new();
    for change in inventory.changes.iter().filter(|change| kinds.contains(&change.kind)) {
        let seconds = change.time.0 / 1_000_000_000;
        let asset = change.asset.map_or("-", |asset| inventory.assets[asset].anchors[0].as_str());
        let peer = change.peer.as_ref().map(|peer| format!(" {}", common::end(inventory, peer)));
        let learned = if change.learned { " (learned)" } else { "" };
        writeln!(
            text,
            "{} {} {} {asset}{} {}: {} > {}{learned}",
            seconds / DAY,
            seconds % DAY / HOUR,
            change.kind.as_str(),
            peer.unwrap_or_default(),
            change.subject,
            change.before.as_deref().unwrap_or("-"),
            change.after.as_deref().unwrap_or("-"),
        )
        .unwrap();
    }
    text
}

#[track_caller]
fn check(observations: &str, options: &Options, kinds: &[ChangeKind], expected: &str) {
    let told = lines(&resolved(observations, options), kinds);
    let trimmed = |text: &str| {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(trimmed(&told), trimmed(expected), "got:\n{told}");
}

/// Frames of an address at the 6th and at the 18th hour of each of these days, ten at a time.
fn heard(address: &str, days: impl IntoIterator<Item = i64>) -> String {
    let mut text = String::new();
    for day in days {
        for hour in [6, 18] {
            writeln!(text, "at {}", day * DAY + hour * HOUR).unwrap();
            (0..10).for_each(|_| writeln!(text, "sent {address}").unwrap());
        }
    }
    text
}

const SILENCES: [ChangeKind; 4] =
    [ChangeKind::GoneQuiet, ChangeKind::BackAgain, ChangeKind::SiteQuiet, ChangeKind::SiteBack];

#[test]
fn the_policy_says_how_long_a_sensor_learns_and_which_silences_are_long() {
    let text = heard("10.0.0.1", 0..16) + &heard("10.0.0.2", (0..6).chain(11..16));
    let told = |policy: &str, learning: Option<Duration>| {
        let policy = inventory::policy::Policy::parse(policy).unwrap();
        let inventory = resolved(&text, &Options { policy, learning, ..Options::default() });
        let of = |kind| inventory.changes.iter().filter(move |change| change.kind == kind);
        (of(ChangeKind::NewAsset).filter(|change| change.learned).count(), of(ChangeKind::GoneQuiet).count())
    };
    assert_eq!(told("", None), (2, 1));
    let here = "[[watch]]\nsite = \"default\"\nlearning = \"0s\"\nquiet_after = \"3d\"";
    assert_eq!(told(here, None), (0, 0));
    assert_eq!(told(&here.replace("default", "elsewhere"), None), (2, 1));
    // What the command says counts over the policy.
    assert_eq!(told(here, Some(Duration::from_secs(86_400))).0, 2);
}

#[test]
fn an_asset_is_new_once_and_learned_within_the_period() {
    let text = heard("10.0.0.1", 0..12) + &heard("10.0.0.2", 9..12);
    check(
        &text,
        &learning(7),
        &[ChangeKind::NewAsset],
        "0 6 new_asset 10.0.0.1 : - > observed, unknown (learned)
         9 6 new_asset 10.0.0.2 : - > observed, unknown",
    );
    // Without a period nothing is learned.
    let all = resolved(&text, &learning(0));
    assert!(all.changes.iter().all(|change| !change.learned));
}

#[test]
fn each_sensor_learns_for_itself() {
    let mut observed = common::observed(&format!(
        "capture a\n{}capture b\n{}",
        heard("10.0.0.1", 0..12),
        heard("10.0.0.2", 10..12)
    ));
    observed.captures[1].summary.sensor = "second".to_owned();
    let inventory = resolve(&observed, &learning(7));
    assert!(inventory.changes.iter().all(|change| change.learned), "{:?}", inventory.changes);
    observed.captures[1].summary.sensor.clear();
    let inventory = resolve(&observed, &learning(7));
    assert_eq!(inventory.changes.iter().filter(|change| !change.learned).count(), 1);
}

#[test]
fn a_silence_counts_against_the_assets_own_rhythm() {
    // Listening is from hour 6 to 18 of each day. The second speaks every third day: two days without it are nothing.
    let text = heard("10.0.0.1", (0..4).chain(9..20))
        + &heard("10.0.0.2", (0..20).step_by(3))
        + &heard("10.0.0.9", 0..20);
    check(
        &text,
        &learning(2),
        &SILENCES,
        "6 12 gone_quiet 10.0.0.1 : last heard 1970-01-04T18:00:00Z > not heard in 1 d 6 h of listening, which is more than its rhythm
         9 6 back_again 10.0.0.1 : silent since 1970-01-04T18:00:00Z > speaks again after 5 d 12 h",
    );
}

#[test]
fn nobody_is_quiet_while_nobody_listens() {
    let gap = heard("10.0.0.1", (0..4).chain(9..12)) + &heard("10.0.0.2", (0..4).chain(9..12));
    check(&gap, &learning(0), &SILENCES, "");
    // A capture that says it lasted through the gap heard the silence.
    let mut observed = common::observed(&gap);
    observed.captures[0].summary.first = Some(observation::Time(0));
    observed.captures[0].summary.last = Some(observation::Time(12 * DAY * 1_000_000_000));
    let inventory = resolve(&observed, &learning(0));
    assert_eq!(lines(&inventory, &SILENCES).lines().count(), 4, "{}", lines(&inventory, &SILENCES));
}

#[test]
fn a_plant_that_stops_for_the_weekend_is_one_event_and_who_stays_away_another() {
    let mut text = heard("10.0.0.250", 0..20);
    for machine in 1..=9 {
        // The ninth does not come back.
        let after = if machine == 9 { 12..12 } else { 12..20 };
        text += &heard(&format!("10.0.0.{machine}"), (0..9).chain(after));
    }
    check(
        &text,
        &learning(7),
        &SILENCES,
        "11 12 site_quiet - : last heard between 1970-01-09T18:00:00Z and 1970-01-09T18:00:00Z > 9 of 10 assets fell silent together: the plant stopped, or what this port sees changed
         12 6 site_back - : silent since 1970-01-09T18:00:00Z > 8 of 9 assets speak again
         14 12 gone_quiet 10.0.0.9 : last heard 1970-01-09T18:00:00Z > not heard in 1 d 6 h of listening, which is more than its rhythm",
    );
}

#[test]
fn firmware_that_is_changed_and_changed_back_is_two_changes() {
    let mut text = heard("10.0.0.1", 0..12);
    for (day, version) in [(1, "V4.2"), (8, "V4.4"), (9, "V4.4"), (10, "V4.2")] {
        write!(text, "at {}\nfact 10.0.0.1 | s7comm: firmware_version={version}\n", day * DAY).unwrap();
        // Another protocol words it in its own way, and tells the same step.
        write!(text, "at {}\nfact 10.0.0.1 | snmp: firmware_version={version}\n", day * DAY + HOUR).unwrap();
        writeln!(text, "fact 10.0.0.1 | http: firmware_version={version}.0").unwrap();
    }
    check(
        &text,
        &learning(7),
        &[ChangeKind::FirmwareChanged],
        "8 0 firmware_changed 10.0.0.1 firmware_version (s7comm): V4.2 > V4.4
         8 1 firmware_changed 10.0.0.1 firmware_version (http): V4.2.0 > V4.4.0
         10 0 firmware_changed 10.0.0.1 firmware_version (s7comm): V4.4 > V4.2
         10 1 firmware_changed 10.0.0.1 firmware_version (http): V4.4.0 > V4.2.0",
    );
    let inventory = resolved(&text, &learning(7));
    let changed: Vec<&Change> =
        inventory.changes.iter().filter(|change| change.kind == ChangeKind::FirmwareChanged).collect();
    assert!(
        changed
            .iter()
            .all(|change| change.evidence.len() == 2 && !change.evidence[0].evidence.ranges.is_empty())
    );
}

#[test]
fn a_stop_within_a_day_is_told_there_and_back() {
    let at =
        |hour: i64, mode: &str| format!("at {}\nfact 10.0.0.1 | cip: mode={mode}\n", 8 * DAY + hour * HOUR);
    let text = heard("10.0.0.1", 0..9) + &at(7, "run") + &at(9, "stop") + &at(10, "stop") + &at(12, "run");
    check(
        &text,
        &learning(7),
        &[ChangeKind::ModeChanged],
        "8 9 mode_changed 10.0.0.1 mode (cip): run > stop
         8 12 mode_changed 10.0.0.1 mode (cip): stop > run",
    );
}

#[test]
fn an_address_that_moves_is_a_change_of_the_same_asset() {
    let mut text = String::new();
    for (day, ip) in [(0, 1), (1, 1), (8, 2), (9, 2), (10, 1)] {
        write!(
            text,
            "at {}\nbind 00:1b:1b:00:00:01 10.0.0.{ip}\narp 00:1b:1b:00:00:01 10.0.0.{ip}\n",
            day * DAY
        )
        .unwrap();
    }
    check(
        &text,
        &learning(7),
        &[ChangeKind::IpChanged, ChangeKind::ConflictBegan],
        "8 0 ip_changed 00:1b:1b:00:00:01 ip_address: 10.0.0.1 > 10.0.0.2
         10 0 ip_changed 00:1b:1b:00:00:01 ip_address: 10.0.0.2 > 10.0.0.1",
    );
}

#[test]
fn contacts_services_and_first_operations_are_told_once() {
    let mut text = String::new();
    for day in 0..12 {
        writeln!(text, "at {}\ntalk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9", day * DAY).unwrap();
    }
    for day in 8..10 {
        writeln!(
            text,
            "at {}\ntalk 10.0.0.9 10.0.0.1 modbus:502 9/9 write*2:write_single_coil",
            day * DAY + HOUR
        )
        .unwrap();
        writeln!(text, "talk 10.0.0.9 10.0.0.1 http:80 9/9").unwrap();
        writeln!(
            text,
            "at {}\ntalk 10.0.0.8 10.0.0.1 s7comm:102 9/9 program*1:request_download control*1:plc_stop",
            day * DAY + 2 * HOUR
        )
        .unwrap();
        writeln!(text, "talk 10.0.0.1 203.0.113.7 tls:443 9/9").unwrap();
    }
    let kinds = [
        ChangeKind::NewPeer,
        ChangeKind::NewConversation,
        ChangeKind::NewService,
        ChangeKind::FirstWrite,
        ChangeKind::FirstProgram,
        ChangeKind::FirstControl,
    ];
    check(
        &(text + "sent 10.0.0.1\nsent 10.0.0.8\nsent 10.0.0.9"),
        &learning(7),
        &kinds,
        "0 0 new_peer 10.0.0.9 10.0.0.1 : - > modbus on tcp port 502 (learned)
         0 0 new_service 10.0.0.1 : - > modbus on tcp port 502 (learned)
         8 1 new_conversation 10.0.0.9 10.0.0.1 : - > http on tcp port 80
         8 1 new_service 10.0.0.1 : - > http on tcp port 80
         8 1 first_write 10.0.0.9 10.0.0.1 : - > write single coil (modbus)
         8 2 new_peer 10.0.0.1 external 203.0.113.7 : - > tls on tcp port 443
         8 2 new_peer 10.0.0.8 10.0.0.1 : - > s7comm on tcp port 102
         8 2 new_service 10.0.0.1 : - > s7comm on tcp port 102
         8 2 first_program 10.0.0.8 10.0.0.1 : - > request download (s7comm)
         8 2 first_control 10.0.0.8 10.0.0.1 : - > plc stop (s7comm)",
    );
}

#[test]
fn a_client_that_turns_to_many_on_one_day_is_one_change() {
    let mut text = heard("10.0.0.9", 0..9);
    for server in 10..40 {
        writeln!(text, "sent 10.0.0.{server}\ntalk 10.0.0.9 10.0.0.{server} modbus:502 9/9 read*9").unwrap();
    }
    check(
        &text,
        &learning(7),
        &[ChangeKind::NewPeer],
        "8 18 new_peer 10.0.0.9 : - > 30 peers on one day, by modbus on tcp port 502",
    );
}

#[test]
fn modules_come_and_go_when_the_rack_was_read_before_and_after() {
    let read = |day: i64, slots: &[u8]| {
        let mut text = format!("at {}\n", day * DAY);
        for slot in slots {
            writeln!(text, "fact 10.0.0.1 port=1/link={slot} | cip: serial_number=00aa00{slot:02}").unwrap();
            writeln!(text, "fact 10.0.0.1 port=1/link={slot} | cip: model=M{slot}").unwrap();
        }
        text
    };
    let text = heard("10.0.0.1", 0..16)
        + &read(1, &[1, 2, 3])
        + &read(9, &[1, 2, 3, 4])
        + &read(11, &[1, 2, 4])
        + &read(13, &[1, 2, 3, 4]);
    let inventory = resolved(&text, &learning(7));
    let kinds = [ChangeKind::ModuleAppeared, ChangeKind::ModuleGone, ChangeKind::ModuleBack];
    let told: Vec<_> = inventory
        .changes
        .iter()
        .filter(|change| kinds.contains(&change.kind))
        .map(|change| {
            format!("{} {} {}", change.time.0 / 1_000_000_000 / DAY, change.kind.as_str(), change.subject)
        })
        .collect();
    assert_eq!(
        told,
        ["9 module_appeared port 1 link 4", "11 module_gone port 1 link 3", "13 module_back port 1 link 3"],
        "{}",
        common::assets(&inventory)
    );
    // A rack that is read for the first time, late, has no new modules: it has modules.
    let late = resolved(&(heard("10.0.0.1", 0..16) + &read(9, &[1, 2, 3])), &learning(7));
    assert!(late.changes.iter().all(|change| !kinds.contains(&change.kind)));
}

#[test]
fn a_second_device_at_an_address_is_the_beginning_of_a_conflict() {
    let mut text = String::new();
    for day in 0..12 {
        writeln!(text, "at {}\narp 00:1b:1b:00:00:01 10.0.0.1", day * DAY).unwrap();
        if day > 8 {
            writeln!(text, "arp 00:1b:1b:00:00:02 10.0.0.1").unwrap();
        }
    }
    let inventory = resolved(&text, &learning(7));
    let told = lines(&inventory, &[ChangeKind::ConflictBegan]);
    assert!(
        told.contains("9 0 conflict_began") && told.contains("00:1b:1b:00:00:01 > 00:1b:1b:00:00:02"),
        "{told}"
    );
}
