//! Controllers on real captures, read where they lie: the corpus beside the project. Skipped, aloud, without it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test"
)]

#[path = "common/streams.rs"]
mod streams;

use std::collections::BTreeSet;
use std::path::PathBuf;

/// What one capture says: `address attribute value`, `kind operation`, problems.
#[derive(Debug, Default)]
struct Said {
    facts: BTreeSet<String>,
    operations: BTreeSet<String>,
    problems: Vec<String>,
}

/// Reads the TCP conversations of one port of a capture of the corpus; `None`, with a word about it, if it is missing.
fn said(capture: &str, protocol: &str, port: u16) -> Option<Said> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/captures")).join(capture);
    if !path.is_file() {
        println!("skipped: {} is missing", path.display());
        return None;
    }
    let (mut said, protocol) = (Said::default(), protocols::by_name(protocol).unwrap());
    streams::decode(&path, protocol, port, |message| {
        said.problems.extend(message.malformed.clone());
        said.problems.extend(message.output.malformed.iter().map(ToString::to_string));
        for (fact, proof) in message.output.facts.iter().zip(&message.proofs) {
            let read_back = (protocols::rule(fact.rule).unwrap().read)(proof);
            assert_eq!(read_back.as_ref(), Some(&fact.value), "{capture}: {}", fact.rule);
            said.facts.insert(format!("{} {} {}", fact.station, fact.attribute, fact.value));
        }
        let operations = message.output.operations.iter();
        said.operations.extend(operations.map(|asked| format!("{} {}", asked.kind.as_str(), asked.name)));
    });
    Some(said)
}

fn check(capture: &str, protocol: &str, port: u16, facts: &[&str], operations: &[&str]) {
    let Some(said) = said(capture, protocol, port) else { return };
    for fact in facts {
        assert!(said.facts.contains(*fact), "{capture}: {fact} is not in {:#?}", said.facts);
    }
    for operation in operations {
        assert!(
            said.operations.contains(*operation),
            "{capture}: {operation} is not in {:#?}",
            said.operations
        );
    }
    assert!(said.problems.is_empty(), "{capture}: {:#?}", said.problems);
}

#[test]
fn a_quantum_cpu_and_its_programming_pc_are_read_from_umas() {
    check(
        "digitalbond__Quickdraw-Snort/modicon_test.pcap",
        "modbus",
        502,
        &[
            "192.168.63.253 model 140 CPU 311 10",
            "192.168.63.253 firmware_version 2.70",
            "192.168.63.253 project Project",
            "192.168.63.253 umas.project_modified 2014-01-14 12:59:12",
            "192.168.63.253 umas.project_information Project, GIKY, V4.1",
            "192.168.63.253 umas.engineering_host GIKY",
            "192.168.63.100 hostname USER-714E74F21B",
        ],
        &["program take plc reservation", "program upload block", "identify read id"],
    );
}

#[test]
fn a_micrologix_is_read_from_pccc_in_cip() {
    check(
        "gopacket__gopacket/layers/testdata/cip.pcap",
        "enip",
        44818,
        &["10.50.1.54 model 1763-LEC", "10.50.1.54 mode run", "10.50.1.54 key_switch remote"],
        &["identify diagnostic status"],
    );
}

#[test]
fn a_cp1l_is_read_from_fins() {
    check(
        "digitalbond__Quickdraw-Snort/omron_test.pcap",
        "fins",
        9600,
        &[
            "10.1.1.164 model CP1L-EL20DR-D",
            "10.1.1.164 firmware_version 01.00",
            "10.1.1.164 fins.internal_version 01.06",
            "10.1.1.164 fins.node 200",
        ],
        &["identify controller data read"],
    );
}

#[test]
fn a_cx1020_is_read_from_its_target_description() {
    check(
        "ITI__ICS-Security-Tools/pcaps/beckoff/beckofflink.pcapng",
        "ads",
        48898,
        &[
            "192.168.1.8 model CX1020-CE",
            "192.168.1.8 serial_number 63667",
            "192.168.1.8 software_version 2.11.2228",
            "192.168.1.8 os Windows CE",
            "192.168.1.8 ads.net_id 5.13.117.96.1.1",
            "192.168.1.99 ads.net_id 192.168.1.99.1.1",
        ],
        &["identify read target description"],
    );
}

#[test]
fn melsoft_and_c12_22_are_read_without_a_wrong_word() {
    check(
        "ITI__ICS-Security-Tools/pcaps/MELSEC/melsoft_129_clean.pcap",
        "melsec",
        5562,
        &[],
        &["read melsoft device read"],
    );
    check(
        "cisagov__icsnpp-c1222/testing/Traces/c1222_ident_service_tcp.pcap",
        "c1222",
        1153,
        &["192.168.1.101 unit=1.3.6.1.4.1.33507.1919.12345678.0 c1222.standard ANSI C12.22 version 1.0"],
        &["identify identification"],
    );
}
