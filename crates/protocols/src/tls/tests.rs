//! Whole connections: what is said of whom, and when reading ends.
#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use std::collections::BTreeSet;

use observation::{Address, End, Octets, Piece, Time, Transport};

use super::PROTOCOL;
use super::handshake::Hello;
use crate::{Context, Frame, Output, Reader, Session};

#[derive(Debug, Default)]
struct Said {
    facts: BTreeSet<String>,
    operations: Vec<&'static str>,
    server_is: Vec<End>,
    finished: bool,
    dropped: u32,
    problems: Vec<String>,
}

fn context(from: End) -> Context {
    let client: Address = "10.0.0.1".parse().unwrap();
    let server: Address = "10.0.0.2".parse().unwrap();
    let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
    let (source_port, destination_port) = if from == End::Client { (50_000, 443) } else { (443, 50_000) };
    Context {
        source,
        destination,
        vlan: None,
        destination_vlan: None,
        transport: Transport::Tcp,
        source_port,
        destination_port,
        from,
        time: Time(0),
    }
}

fn read_by(session: &mut dyn Session, octets: &[u8], from: End, said: &mut Said) {
    let mut at = 0;
    while at < octets.len() && !said.finished {
        let Frame::Message(length) = (PROTOCOL.frame)(&octets[at..], Transport::Tcp) else { break };
        let pieces = [Piece { at: 0, frame: 1, offset: at as u32 }];
        let mut output = Output::default();
        if let Err(malformed) =
            session.message(&context(from), Octets::new(&octets[at..at + length], &pieces), &mut output)
        {
            said.problems.push(malformed.to_string());
        }
        said.problems.extend(output.malformed.iter().map(ToString::to_string));
        let facts = output.facts.iter();
        said.facts.extend(facts.map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)));
        said.operations.extend(output.operations.iter().map(|operation| operation.name));
        said.server_is.extend(output.server_is);
        said.finished |= output.finished;
        said.dropped += output.dropped;
        at += length;
    }
}

fn said(octets: &[u8], from: End) -> Said {
    let mut said = Said::default();
    read_by(&mut *(PROTOCOL.session)(), octets, from, &mut said);
    said
}

#[track_caller]
fn facts(said: &Said, expected: &[&str]) {
    assert_eq!(said.facts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(said.problems.is_empty(), "{:?}", said.problems);
}

#[test]
fn a_client_says_whom_it_calls_and_how_it_speaks() {
    let said = said(include_bytes!("messages/client-1.3.bin"), End::Client);
    assert!(said.facts.contains("10.0.0.1 tls.server_name=hmi-7.beispiel.test"), "{said:?}");
    assert!(said.facts.contains("10.0.0.1 tls.alpn=h2,http/1.1"));
    // Computed apart, with another program.
    assert!(said.facts.contains("10.0.0.1 tls.ja4=t13d1812h2_85036bcba153_d41ae481755e"));
    assert_eq!(said.operations, ["client hello"]);
    assert_eq!(said.server_is, [End::Server]);
}

#[test]
fn a_hello_from_the_supposed_server_turns_the_ends_round() {
    assert_eq!(said(include_bytes!("messages/client-1.3.bin"), End::Server).server_is, [End::Client]);
}

#[test]
fn a_server_of_1_3_says_its_version_and_then_nothing_more_is_looked_at() {
    let said = said(include_bytes!("messages/server-1.3.bin"), End::Server);
    facts(&said, &["10.0.0.2 tls.cipher_suite=0x1302", "10.0.0.2 tls.version=TLS 1.3"]);
    assert!(said.finished);
}

const SERVER: &[&str] = &[
    "10.0.0.2 tls.certificate_address=10.20.30.7",
    "10.0.0.2 tls.certificate_dns=hmi-7",
    "10.0.0.2 tls.certificate_dns=hmi-7.beispiel.test",
    "10.0.0.2 tls.certificate_issuer=hmi-7.beispiel.test",
    "10.0.0.2 tls.certificate_not_after=2036-11-19T09:34:24Z",
    "10.0.0.2 tls.certificate_organization=Werk Beispiel GmbH",
    "10.0.0.2 tls.certificate_self_signed=yes",
    "10.0.0.2 tls.certificate_serial=0733009884bf154d919ae5fc03de10fe08a76a41",
    "10.0.0.2 tls.certificate_sha256=32e8eb9cc191f9157643278428193c6f95d94b0b88ebb5896c882694a93a0185",
    "10.0.0.2 tls.certificate_subject=hmi-7.beispiel.test",
    "10.0.0.2 tls.cipher_suite=0xc030",
    "10.0.0.2 tls.version=TLS 1.2",
];

#[test]
fn certificates_are_read_whole_and_in_fragments() {
    let whole = said(include_bytes!("messages/server-1.2-own.bin"), End::Server);
    let fragments = said(include_bytes!("messages/server-1.2-fragments.bin"), End::Server);
    facts(&whole, SERVER);
    facts(&fragments, SERVER);
    assert_eq!(fragments.dropped, 0);
}

#[test]
fn a_device_that_proves_itself_is_named_and_a_person_is_not() {
    let device = said(include_bytes!("messages/client-1.2-certificate.bin"), End::Client);
    assert!(device.facts.contains("10.0.0.1 tls.certificate_subject=gateway-12"), "{device:?}");
    let person = said(include_bytes!("messages/client-1.2-person.bin"), End::Client);
    assert!(!person.facts.iter().any(|fact| fact.contains("certificate")), "{person:?}");
    assert!(person.problems.is_empty());
}

#[test]
fn a_connection_whose_beginning_was_not_seen_ends_at_once() {
    let octets = [&[22, 3, 3, 0, 40][..], &[0x9c; 40], &[23, 3, 3, 0, 30], &[0x5a; 30]].concat();
    let said = said(&octets, End::Client);
    facts(&said, &[]);
    assert!(said.finished && said.server_is.is_empty());
}

#[test]
fn early_data_of_a_client_does_not_end_the_reading() {
    let client = include_bytes!("messages/client-1.3.bin");
    let Frame::Message(hello) = (PROTOCOL.frame)(client, Transport::Tcp) else { unreachable!() };
    let early = [&client[..hello], &[23, 3, 3, 0, 30], &[0x5a; 30]].concat();
    let mut session = (PROTOCOL.session)();
    let mut said = Said::default();
    read_by(&mut *session, &early, End::Client, &mut said);
    assert!(!said.finished);
    read_by(&mut *session, include_bytes!("messages/server-1.3.bin"), End::Server, &mut said);
    assert!(said.facts.contains("10.0.0.2 tls.version=TLS 1.3") && said.finished);
}

#[test]
fn a_message_in_endless_small_records_is_given_up_and_counted() {
    let mut octets = vec![22, 3, 3, 0, 4, 11, 0, 0x40, 0];
    octets.extend([22, 3, 3, 0, 1, 0].repeat(200));
    let said = said(&octets, End::Server);
    assert_eq!(said.dropped, 1);
    assert!(said.facts.is_empty() && said.problems.is_empty());
}

#[test]
fn hellos_of_drafts_are_shorter() {
    // draft-ietf-tls-tls13-20 section 4.1.3: version, random, cipher suite, extensions.
    let hello = [&[0x7f, 20][..], &[7; 32], &[0x13, 3], &[0, 4, 0, 51, 0, 0]].concat();
    let hello = Hello::server(&mut Reader::new(Octets::unplaced(&hello))).unwrap();
    assert_eq!(hello.ciphers.bytes, [0x13, 3]);
    assert!(hello.extension(51).is_some());
}
