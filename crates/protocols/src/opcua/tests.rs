//! Whole messages: what is said of whom, and what is not.
#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use std::collections::BTreeSet;

use observation::{Address, Basis, End, Octets, Piece, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Output, Session};

/// What a file says, with `client` as the sender of all its messages or with the server.
#[derive(Debug, Default)]
struct Said {
    /// `address attribute=value`, with a mark behind those that the station does not state itself.
    facts: BTreeSet<String>,
    operations: Vec<&'static str>,
    mentioned: Vec<String>,
    secrets: Vec<Vec<u8>>,
    server_is: Vec<End>,
    problems: Vec<String>,
}

fn context(from: End) -> Context {
    let client: Address = "10.0.0.1".parse().unwrap();
    let server: Address = "10.0.0.2".parse().unwrap();
    let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
    let (source_port, destination_port) = if from == End::Client { (50_000, 4840) } else { (4840, 50_000) };
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
    while let Frame::Message(length) = (PROTOCOL.frame)(&octets[at..], Transport::Tcp) {
        let pieces = [Piece { at: 0, frame: 1, offset: at as u32 }];
        let mut output = Output::default();
        let message = Octets::new(&octets[at..at + length], &pieces);
        if let Err(malformed) = session.message(&context(from), message, &mut output) {
            said.problems.push(malformed.to_string());
        }
        said.problems.extend(output.malformed.iter().map(ToString::to_string));
        for fact in std::mem::take(&mut output.facts) {
            let mark = match fact.basis {
                Basis::Stated => "",
                Basis::Reported => " (reported)",
                _ => " (inferred)",
            };
            said.facts.insert(format!("{} {}={}{mark}", fact.station, fact.attribute, fact.value));
        }
        said.operations.extend(output.operations.iter().map(|operation| operation.name));
        said.mentioned.extend(output.mentioned.iter().map(|mentioned| mentioned.station.to_string()));
        for secret in std::mem::take(&mut output.secrets) {
            let ranges = secret.ranges.iter();
            let octets = ranges.flat_map(|range| &octets[range.offset as usize..][..range.length as usize]);
            said.secrets.push(octets.copied().collect());
        }
        said.server_is.extend(output.server_is);
        at += length;
        if at == octets.len() {
            break;
        }
    }
}

fn said(octets: &[u8], from: End) -> Said {
    let mut said = Said::default();
    read_by(&mut *(PROTOCOL.session)(), octets, from, &mut said);
    said
}

#[track_caller]
fn has(said: &Said, facts: &[&str]) {
    for fact in facts {
        assert!(said.facts.contains(*fact), "{fact} is not in {:#?}", said.facts);
    }
}

#[test]
fn a_hello_names_the_server_and_proves_who_is_client() {
    let said = said(include_bytes!("messages/hello.bin"), End::Client);
    has(&said, &["10.0.0.2 opcua.endpoint_url=opc.tcp://10.10.30.11:4840/kepserver (reported)"]);
    assert_eq!(said.facts.len(), 1);
    assert_eq!(said.server_is, [End::Server]);
}

#[test]
fn a_hello_against_the_ports_turns_the_ends_round() {
    assert_eq!(said(include_bytes!("messages/hello.bin"), End::Server).server_is, [End::Client]);
}

#[test]
fn a_server_offers_its_endpoints() {
    let said = said(include_bytes!("messages/get-endpoints-response.bin"), End::Server);
    has(
        &said,
        &[
            "10.0.0.2 opcua.application_uri=urn:opcsrv1:Kepware.KEPServerEX.V6:UA Server",
            "10.0.0.2 opcua.product_uri=urn:freeopcua.github.io:python:server",
            "10.0.0.2 name=KEPServerEX/UA Server",
            "10.0.0.2 opcua.application_type=client and server",
            "10.0.0.2 opcua.endpoint_url=opc.tcp://10.10.30.11:4840/kepserver",
            "10.0.0.2 opcua.security=None",
            "10.0.0.2 opcua.channel_policy=None",
            "10.0.0.2 opcua.user_token=anonymous",
            "10.0.0.2 opcua.user_token=user name",
            // Nothing but the application's own word for it names the host.
            "10.0.0.2 hostname=opcsrv1 (inferred)",
        ],
    );
    assert!(said.problems.is_empty(), "{:?}", said.problems);
    assert_eq!(said.server_is, [End::Server]);
}

#[test]
fn a_client_describes_itself() {
    let said = said(include_bytes!("messages/create-session-request.bin"), End::Client);
    has(
        &said,
        &[
            "10.0.0.1 opcua.application_uri=urn:hist1:AVEVA:PIConnector",
            "10.0.0.1 opcua.product_uri=urn:AVEVA:PIConnector",
            "10.0.0.1 opcua.application_name=PI Connector for OPC UA",
            "10.0.0.1 opcua.application_type=client",
            "10.0.0.1 opcua.session_name=Pure Python Async Client Session1",
            "10.0.0.1 hostname=hist1 (inferred)",
        ],
    );
    assert_eq!(said.operations, ["create session"]);
}

#[test]
fn an_answer_is_read_by_what_was_asked() {
    let said = said(include_bytes!("messages/reads.bin"), End::Server);
    has(
        &said,
        &[
            "10.0.0.2 model=KEPServerEX",
            "10.0.0.2 software_version=6.14.263.0",
            "10.0.0.2 opcua.application_uri=urn:opcsrv1:Kepware.KEPServerEX.V6:UA Server",
            "10.0.0.2 vendor=Kepware",
            "10.0.0.2 opcua.namespace=urn:plant",
        ],
    );
    assert!(said.problems.is_empty(), "{:?}", said.problems);
    assert_eq!(said.operations, ["read"; 9]);
}

#[test]
fn a_device_that_is_browsed_has_a_nameplate() {
    let said = said(include_bytes!("messages/nameplates.bin"), End::Server);
    has(
        &said,
        &[
            "10.0.0.2 device=3:5001 vendor=Exemplum Werke",
            "10.0.0.2 device=3:5001 model=EX-Mix 5",
            "10.0.0.2 device=3:5001 serial_number=MX-000451",
            "10.0.0.2 device=3:5001 hardware_revision=B2",
            "10.0.0.2 device=3:5001 firmware_version=4.1.7",
            "10.0.0.2 device=3:5001 order_number=6EX1 100-0MX05",
            "10.0.0.2 device=3:5001 device_type=Mixer",
            "10.0.0.2 device=3:5001 opcua.device_revision=3",
        ],
    );
    assert!(said.problems.is_empty(), "{:?}", said.problems);
}

#[test]
fn a_nameplate_is_known_by_its_paths_or_by_identifiers_that_spell_it() {
    let by_path = said(include_bytes!("messages/nameplate-by-path.bin"), End::Server);
    has(&by_path, &["10.0.0.2 device=3:5001 serial_number=MX-000451"]);
    let spelt = said(include_bytes!("messages/nameplate-spelt.bin"), End::Server);
    has(
        &spelt,
        &["10.0.0.2 device=3:Pump7 vendor=Exemplum Werke", "10.0.0.2 device=3:Pump7 serial_number=PU-7"],
    );
    // One name alone could be a process value.
    let octets = include_bytes!("messages/nameplates.bin");
    let (mut requests, mut at) = (Vec::new(), 0);
    while let Some(Frame::Message(length)) =
        octets.get(at..).map(|rest| (PROTOCOL.frame)(rest, Transport::Tcp))
    {
        requests.push(&octets[at..at + length]);
        at += length;
    }
    let read = said(&requests[2..].concat(), End::Server);
    assert!(!read.facts.iter().any(|fact| fact.contains("device=")), "{:?}", read.facts);
}

#[test]
fn an_answer_without_its_request_says_nothing() {
    let octets = include_bytes!("messages/server-status.bin");
    let Frame::Message(request) = (PROTOCOL.frame)(octets, Transport::Tcp) else { unreachable!() };
    let Frame::Message(answer) = (PROTOCOL.frame)(&octets[request..], Transport::Tcp) else { unreachable!() };
    let said = said(&octets[request..request + answer], End::Server);
    assert!(said.facts.is_empty() && said.problems.is_empty());
    assert_eq!(said.server_is, [End::Server]);
}

#[test]
fn the_status_of_a_server_holds_its_build() {
    let said = said(include_bytes!("messages/server-status.bin"), End::Server);
    let expected = [
        "10.0.0.2 model=Beispiel UA Server",
        "10.0.0.2 opcua.build_date=2024-02-29T00:00:00Z",
        "10.0.0.2 opcua.build_number=20240229",
        "10.0.0.2 opcua.product_uri=urn:beispiel:uaserver",
        "10.0.0.2 software_version=4.2.1",
        "10.0.0.2 vendor=Beispiel GmbH",
    ];
    assert_eq!(said.facts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn a_build_that_is_read_again_and_again_is_said_once() {
    let octets = include_bytes!("messages/server-status.bin");
    let mut session = (PROTOCOL.session)();
    let (mut first, mut second) = (Said::default(), Said::default());
    read_by(&mut *session, octets, End::Server, &mut first);
    read_by(&mut *session, octets, End::Server, &mut second);
    assert!(!first.facts.is_empty() && second.facts.is_empty());
}

const LINE_4: &[&str] = &[
    "10.0.0.2 opcua.application_uri=urn:LINE4-PC:Beispiel:UaServer",
    "10.0.0.2 name=Line 4",
    // The URL names the same host: no mere custom.
    "10.0.0.2 hostname=LINE4-PC",
    "10.0.0.2 opcua.security=None",
    "10.0.0.2 opcua.security=Sign Basic256Sha256",
    "10.0.0.2 opcua.security=SignAndEncrypt Aes256_Sha256_RsaPss",
    "10.0.0.2 opcua.user_token=certificate",
    "10.0.0.2 opcua.user_token=issued token",
    "10.0.0.2 opcua.certificate_subject=Line 4 OPC UA Server",
];

#[test]
fn messages_in_chunks_are_put_together_also_where_each_is_signed() {
    for octets in [
        &include_bytes!("messages/endpoints-in-chunks.bin")[..],
        include_bytes!("messages/endpoints-signed-in-chunks.bin"),
    ] {
        let said = said(octets, End::Server);
        has(&said, LINE_4);
        assert!(said.problems.is_empty(), "{:?}", said.problems);
    }
}

#[test]
fn a_gap_leaves_nothing_half_put_together() {
    let octets = include_bytes!("messages/endpoints-in-chunks.bin");
    let Frame::Message(first) = (PROTOCOL.frame)(octets, Transport::Tcp) else { unreachable!() };
    let mut session = (PROTOCOL.session)();
    let mut said = Said::default();
    read_by(&mut *session, &octets[..first], End::Server, &mut said);
    session.gap(End::Server);
    read_by(&mut *session, &octets[first..], End::Server, &mut said);
    assert!(said.facts.is_empty() && said.problems.is_empty(), "{said:?}");
}

#[test]
fn a_message_in_endless_small_chunks_is_given_up_and_counted() {
    let chunk = |body: &[u8]| {
        let size = u32::try_from(24 + body.len()).unwrap();
        [b"MSGC", &size.to_le_bytes()[..], &[0; 12], &7_u32.to_le_bytes(), body].concat()
    };
    let mut octets = chunk(&[0x01, 0, 0xaf, 0x01, 0, 0]);
    octets.extend(chunk(&[0]).repeat(200));
    let mut session = (PROTOCOL.session)();
    let mut dropped = 0;
    let mut at = 0;
    while at < octets.len() {
        let Frame::Message(length) = (PROTOCOL.frame)(&octets[at..], Transport::Tcp) else { unreachable!() };
        let mut output = Output::default();
        let message = Octets::unplaced(&octets[at..at + length]);
        session.message(&context(End::Server), message, &mut output).unwrap();
        dropped += output.dropped;
        at += length;
    }
    assert_eq!(dropped, 1);
}

#[test]
fn the_certificate_that_opens_a_channel_names_its_holder() {
    let said = said(include_bytes!("messages/open-encrypted.bin"), End::Server);
    let expected = [
        "10.0.0.2 hostname=LINE4-PC",
        "10.0.0.2 opcua.certificate_address=10.20.30.40",
        "10.0.0.2 opcua.certificate_dns=LINE4-PC",
        "10.0.0.2 opcua.certificate_issuer=Line 4 OPC UA Server",
        "10.0.0.2 opcua.certificate_not_after=2036-11-19T09:16:40Z",
        "10.0.0.2 opcua.certificate_organization=Werk Beispiel GmbH",
        "10.0.0.2 opcua.certificate_self_signed=yes",
        "10.0.0.2 opcua.certificate_serial=c0ffee0102",
        "10.0.0.2 opcua.certificate_sha256=1df6c3f20cbdc72a2dfafbe2b8a70974b5322a72c3cd6c88e6cee25cfb6b0502",
        "10.0.0.2 opcua.certificate_subject=Line 4 OPC UA Server",
        "10.0.0.2 opcua.certificate_uri=urn:LINE4-PC:Beispiel:UaServer",
        "10.0.0.2 opcua.channel_policy=Basic256Sha256",
    ];
    assert_eq!(said.facts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(said.operations.is_empty());
}

#[test]
fn what_a_channel_encrypts_is_left() {
    let said = said(include_bytes!("messages/encrypted.bin"), End::Client);
    assert!(said.operations.is_empty() && said.problems.is_empty(), "{said:?}");
}

#[test]
fn passwords_in_clear_are_masked_and_users_are_not_named() {
    let clear = said(include_bytes!("messages/activate-session-user-name.bin"), End::Client);
    assert_eq!(clear.secrets, [b"Geheim-123"]);
    assert_eq!(clear.operations, ["activate session"]);
    assert!(clear.facts.is_empty());
    let token = said(include_bytes!("messages/activate-session-issued-token.bin"), End::Client);
    assert_eq!(token.secrets, [b"eyJhbGciOiJIUzI1NiJ9"]);
    let encrypted = said(include_bytes!("messages/activate-session-encrypted-password.bin"), End::Client);
    assert!(encrypted.secrets.is_empty() && encrypted.problems.is_empty());
    assert!(said(include_bytes!("messages/activate-session.bin"), End::Client).secrets.is_empty());
}

#[test]
fn a_password_is_masked_however_the_capture_cuts_it() {
    let octets = include_bytes!("messages/activate-session-user-name.bin");
    let password = octets.windows(10).position(|window| window == b"Geheim-123").unwrap();
    for length in password + 1..octets.len() {
        let mut session = (PROTOCOL.session)();
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let mut output = Output::default();
        let _ = session.message(&context(End::Client), Octets::new(&octets[..length], &pieces), &mut output);
        let end = length.min(password + 10);
        for at in password..end {
            let masked =
                output.secrets.iter().flat_map(|secret| &secret.ranges).any(|range| {
                    (range.offset as usize..(range.offset + range.length) as usize).contains(&at)
                });
            assert!(masked, "octet {at} of {length}");
        }
    }
}

#[test]
fn a_server_that_connects_by_itself_says_who_it_is() {
    let said = said(include_bytes!("messages/reverse-hello.bin"), End::Client);
    has(
        &said,
        &["10.0.0.1 opcua.application_uri=urn:LINE4-PC:Beispiel:UaServer", "10.0.0.1 hostname=LINE4-PC"],
    );
    assert_eq!(said.server_is, [End::Client]);
}

#[test]
fn a_server_registers_itself() {
    for octets in [
        &include_bytes!("messages/register-server.bin")[..],
        include_bytes!("messages/register-server-2.bin"),
    ] {
        let said = said(octets, End::Client);
        has(
            &said,
            &[
                "10.0.0.1 name=Line 4",
                "10.0.0.1 opcua.application_uri=urn:LINE4-PC:Beispiel:UaServer",
                "10.0.0.1 opcua.endpoint_url=opc.tcp://LINE4-PC:4841",
            ],
        );
        assert!(said.problems.is_empty(), "{:?}", said.problems);
    }
}

#[test]
fn a_discovery_server_speaks_for_itself_and_of_others() {
    let said = said(include_bytes!("messages/find-servers-of-several.bin"), End::Server);
    has(
        &said,
        &[
            "10.0.0.2 opcua.application_uri=urn:LDS-PC:Beispiel:Discovery",
            "10.0.0.2 opcua.application_type=discovery server",
            // On the same host.
            "10.0.0.2 opcua.application_uri=urn:LDS-PC:Beispiel:Historian",
            "10.0.0.2 opcua.listed_server=opc.tcp://10.20.30.40:4841",
            "10.0.0.2 opcua.listed_server=opc.tcp://LINE5-PC:4841",
            "10.20.30.40 name=Line 4 (reported)",
        ],
    );
    assert!(!said.facts.iter().any(|fact| fact.contains("urn:LINE")));
    assert_eq!(said.mentioned, ["10.20.30.40"]);
}

#[test]
fn servers_heard_of_by_multicast_are_named() {
    let said = said(include_bytes!("messages/find-servers-on-network.bin"), End::Server);
    has(
        &said,
        &["10.20.30.60 name=Line 6 (reported)", "10.0.0.2 opcua.listed_server=opc.tcp://LINE7-PC:4840"],
    );
    assert_eq!(said.mentioned, ["10.20.30.60"]);
}

#[test]
fn what_is_asked_is_counted_by_name() {
    let said = said(include_bytes!("messages/write.bin"), End::Client);
    assert_eq!(said.operations, ["write"]);
    let said = self::said(include_bytes!("messages/call.bin"), End::Client);
    assert_eq!(said.operations, ["call"]);
}
