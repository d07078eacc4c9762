//! Who reaches the plant and how, as findings; and what names a finding for good.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod common;

use std::collections::BTreeSet;

use common::inventory;
use inventory::policy::Policy;
use inventory::{Finding, Identified, Inventory, Options, look_at_people, resolve};

fn of<'i>(inventory: &'i Inventory, kind: &str) -> Vec<&'i Finding> {
    inventory.findings.iter().filter(|finding| finding.kind == kind).collect()
}

#[track_caller]
fn check(observations: &str, kind: &str, expected: &[&str]) {
    let inventory = inventory(observations);
    let told: Vec<_> = of(&inventory, kind)
        .iter()
        .map(|finding| format!("{}: {}", finding.severity.as_str(), finding.text))
        .collect();
    assert_eq!(told, expected);
}

const PLC: &str = "sent 10.0.0.1\nsent 10.0.0.9\nfact 10.0.0.1 | s7comm: device_type=CPU\ntalk 10.0.0.9 10.0.0.1 s7comm:102 90/90 read*90\n";

#[test]
fn remote_access_is_linked_with_what_was_engineered_in_it() {
    let text = "at 100\ntalk 10.0.5.5 10.0.0.9 rdp:3389 50/50\nat 200\n".to_owned()
        + PLC
        + "talk 10.0.0.9 10.0.0.1 s7comm:102 9/9 program*1:request_download\nsent 10.0.5.5\n";
    check(
        &text,
        "remote_access",
        &[
            "warning: unknown @ 10.0.5.5 reaches engineering workstation @ 10.0.0.9 by remote desktop; in it or within a shift after: request download on plc @ 10.0.0.1 by s7comm at 1970-01-01T00:03:20Z",
        ],
    );
    // The day after is another matter, and so is what was done before.
    let late = text.replace("at 200\n", "at 90000\n");
    let before = text.replace("at 200\n", "at 50\n");
    for text in [late, before] {
        let inventory = inventory(&text);
        let findings = of(&inventory, "remote_access");
        assert!(findings[0].text.ends_with("no engineering was seen in or after it"), "{}", findings[0].text);
        assert!(findings[0].evidence.is_empty());
    }
}

#[test]
fn a_portal_that_a_machine_calls_is_linked_with_what_it_engineers() {
    let portal = "at 100
        fact 10.0.0.9 | tls: tls.server_name=router1.teamviewer.com
        talk 10.0.0.9 203.0.113.7 tls:443 50/50
        at 200\n";
    let text = portal.to_owned() + PLC + "talk 10.0.0.9 10.0.0.1 s7comm:102 9/9 program*1:request_download";
    let told = |text: &str| {
        let inventory = inventory(text);
        let findings = of(&inventory, "remote_access");
        findings
            .iter()
            .map(|finding| (finding.text.clone(), finding.about.clone(), finding.evidence.len()))
            .collect::<Vec<_>>()
    };
    let [(said, about, evidence)] = &told(&text)[..] else { panic!("{:?}", told(&text)) };
    assert!(said.contains("calls TeamViewer (router1.teamviewer.com), a portal"), "{said}");
    assert!(said.ends_with("in it or within a shift after: request download on plc @ 10.0.0.1 by s7comm at 1970-01-01T00:03:20Z"), "{said}");
    assert_eq!((about.as_str(), *evidence), ("portal TeamViewer", 1));
    // A day later it is another matter; a cloud for data is no portal.
    let late = text.replace("at 200", "at 90000");
    assert!(told(&late)[0].0.ends_with("no engineering was seen in or after it"), "{late}");
    assert!(told(&text.replace("router1.teamviewer.com", "hub.azure-devices.net")).is_empty());
}

#[test]
fn a_portal_of_many_names_is_one_session_a_day() {
    let calls = |at: u64, names: std::ops::Range<u64>| {
        let fact = |name| format!("fact 10.0.0.9 | tls: tls.server_name=router{name}.teamviewer.com\n");
        format!("at {at}\n") + &names.map(fact).collect::<String>()
    };
    let count = |text: &str| of(&inventory(&(PLC.to_owned() + text)), "remote_access")[0].count;
    assert_eq!(count(&calls(100, 1..17)), 1);
    assert_eq!(count(&(calls(100, 1..17) + &calls(90_000, 1..17))), 2);
    assert_eq!(count(&(calls(100, 1..9) + &calls(90_000, 9..17))), 2);
}

#[test]
fn a_tunnel_from_outside_is_linked_with_either_end() {
    let text = PLC.to_owned()
        + "talk 10.0.0.9 203.0.113.7 wireguard/udp:51820 50/50\ntalk 10.0.0.9 10.0.0.1 s7comm:102 9/9 control*1:plc_stop\n";
    let inventory = inventory(&text);
    let findings = of(&inventory, "remote_access");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].text.contains("plc stop on plc @ 10.0.0.1 by s7comm"), "{}", findings[0].text);
    assert_eq!(findings[0].about, "wireguard 203.0.113.7");
}

#[test]
fn crossings_of_the_boundary_are_told_by_pair() {
    // A server of IT that reads a controller.
    let text = PLC.to_owned()
        + "sent 10.0.7.7\nsent 10.0.7.8\ntalk 10.0.7.8 10.0.7.7 smb:445 9/9\nfact 10.0.7.7 | smb: os=Windows Server 2019\ntalk 10.0.0.1 10.0.7.7 http:80 9/9\n";
    let inventory = inventory(&text);
    let findings = of(&inventory, "boundary_crossing");
    assert_eq!(findings.len(), 1, "{}", common::assets(&inventory));
    assert!(
        findings[0].text.contains("talk across the boundary of the plant, by http"),
        "{}",
        findings[0].text
    );
    assert!(findings[0].text.contains("this port does not see"));
    assert_eq!(findings[0].anchors, [vec!["10.0.0.1".to_owned()], vec!["10.0.7.7".to_owned()]]);
}

#[test]
fn with_a_policy_the_zones_judge_what_crosses_and_not_the_roles() {
    let text = PLC.to_owned()
        + "sent 10.0.7.7\ntalk 10.0.7.7 10.0.0.1 http:80 9/9\ntalk 10.0.7.7 10.0.0.9 rdp:3389 9/9\n";
    let policy = Policy::parse(
        "[[zone]]\nid = \"cell\"\nlevel = 1\nsubnets = [\"10.0.0.0/24\"]\n\n[[zone]]\nid = \"office\"\nlevel = 4\nsubnets = [\"10.0.7.0/24\"]\n\n[[conduit]]\nname = \"web\"\nfrom = \"office\"\nto = \"cell\"\nprotocols = [\"http\"]\n",
    )
    .unwrap();
    let options = Options { policy, ..Options::default() };
    let inventory = resolve(&common::observed(&text), &options);
    let told: Vec<_> = of(&inventory, "zone_crossing")
        .iter()
        .map(|finding| (finding.about.as_str(), finding.text.as_str()))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "office > cell");
    assert!(told[0].1.contains("by rdp, which the policy does not allow"), "{told:?}");
    assert!(of(&inventory, "boundary_crossing").is_empty());
    // Without one, who gets at a controller from afar or from the office crosses the boundary.
    assert!(of(&common::inventory(&text), "zone_crossing").is_empty());
}

#[test]
fn protocols_that_protect_nothing_are_told_with_why_and_who_says_so() {
    let with = |more: &str| PLC.to_owned() + more;
    let text = with(
        "talk 10.0.0.9 10.0.0.1 telnet:23 9/9\ntalk 10.0.0.9 10.0.0.1 snmp/udp:161 9/9\nfact 10.0.0.1 | snmp: snmp.version=2c\n",
    );
    let inventory = inventory(&text);
    let about: Vec<_> =
        of(&inventory, "insecure_protocol").iter().map(|finding| finding.about.as_str()).collect();
    assert_eq!(about, ["s7comm_open", "snmp_community", "telnet"]);
    // Version 3, a web page without a login, and a server that never answered are none.
    let text = with(
        "talk 10.0.0.9 10.0.0.1 telnet:23 9/0\ntalk 10.0.0.9 10.0.0.1 snmp/udp:161 9/9\nfact 10.0.0.1 | snmp: snmp.version=3\ntalk 10.0.0.9 10.0.0.1 http:80 9/9\n",
    );
    let inventory = common::inventory(&text);
    assert_eq!(of(&inventory, "insecure_protocol").len(), 1);
}

#[test]
fn writes_name_who_and_what_and_unknown_devices_say_nothing() {
    let text =
        PLC.to_owned() + "talk 10.0.0.9 10.0.0.1 s7comm:102 9/9 write*3:write_variables\nsent 10.0.0.77\n";
    check(
        &text,
        "write_operation",
        &["information: hmi @ 10.0.0.9 writes to plc @ 10.0.0.1 by s7comm: write variables (3)"],
    );
    check(
        &text,
        "unknown_device",
        &["information: unknown @ 10.0.0.77 said nothing of itself, and nobody says what it is"],
    );
}

#[test]
fn a_finding_keeps_its_name_while_more_is_seen() {
    let program = PLC.to_owned() + "talk 10.0.0.9 10.0.0.1 s7comm:102 9/9 program*1:request_download\n";
    let more = program.clone()
        + "at 9000\ntalk 10.0.0.9 10.0.0.1 s7comm:102 9/9 program*7:download_block\nsent 10.0.0.50\n";
    let (few, many) = (inventory(&program), inventory(&more));
    let (few, many) = (of(&few, "program_operation"), of(&many, "program_operation"));
    assert_ne!(few[0].text, many[0].text);
    assert_eq!(few[0].id(), many[0].id());
    // All names differ.
    let all = inventory(&more);
    let ids: BTreeSet<String> = all.findings.iter().map(Finding::id).collect();
    assert_eq!(ids.len(), all.findings.len());
}

#[test]
fn a_system_that_learns_from_controllers_is_a_finding_until_people_say_what_it_is() {
    let observations = PLC.to_owned()
        + "sent 10.0.0.8\nfact 10.0.0.8 | tls: tls.server_name=plant.openai.azure.com\ntalk 10.0.0.8 10.0.0.1 s7comm:102 9/9 read*9\n";
    let inventory = inventory(&observations);
    let index = inventory.assets.iter().position(|asset| asset.anchors[0] == "10.0.0.8").unwrap();
    let left = |people: &[(&str, &str)]| {
        let mut identified = vec![Identified::default(); inventory.assets.len()];
        identified[index].people =
            people.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut findings = inventory.findings.clone();
        look_at_people(&mut findings, &inventory.assets, &identified);
        assert!(findings.len() + 1 >= inventory.findings.len(), "nothing else goes");
        findings.into_iter().find(|finding| finding.kind == "edge_system_reads").map(|finding| finding.text)
    };
    let nobody = left(&[]).unwrap();
    assert!(
        nobody.ends_with("nobody says of it: Owner, AI model, AI training data, Cloud service"),
        "{nobody}"
    );
    let some = left(&[("owner", "Ada"), ("ai_model", "gpt-4o"), ("ai_training_data", " ")]).unwrap();
    assert!(some.ends_with("nobody says of it: AI training data, Cloud service"), "{some}");
    let all = [
        ("owner", "Ada"),
        ("ai_model", "gpt-4o"),
        ("ai_training_data", "none of ours"),
        ("cloud_service", "Azure"),
    ];
    assert_eq!(left(&all), None);
}
