//! EtherNet/IP on whole captures, read where they lie: our lab's and those of the corpus. A capture that is missing is
//! skipped aloud.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use observation::{Basis, End, Octets, OperationKind, Piece, Time, Transport};
use protocols::enip::PROTOCOL;
use protocols::{Context, Frame, Output, Session};

/// Frames of a pcap or pcapng file in the little-endian form that all captures here have.
fn frames(file: &[u8]) -> Vec<&[u8]> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let mut frames = Vec::new();
    let mut at = 0;
    if word(0) == 0x0a0d_0d0a {
        while at + 12 <= file.len() {
            if word(at) == 6 {
                frames.push(&file[at + 28..at + 28 + word(at + 20)]);
            }
            at += word(at + 4);
        }
        return frames;
    }
    at = 24;
    while at + 16 <= file.len() && at + 16 + word(at + 8) <= file.len() {
        frames.push(&file[at + 16..at + 16 + word(at + 8)]);
        at += 16 + word(at + 8);
    }
    frames
}

struct Segment<'f> {
    ends: [(IpAddr, u16); 2],
    transport: Transport,
    sequence: u32,
    payload: &'f [u8],
}

/// TCP and UDP over IPv4 over Ethernet, with or without VLAN tags.
fn segment(frame: &[u8]) -> Option<Segment<'_>> {
    let mut at = 12;
    while frame.get(at..at + 2)? == [0x81, 0x00] {
        at += 4;
    }
    let ip = (frame[at..at + 2] == [0x08, 0x00]).then(|| &frame[at + 2..])?;
    let header = usize::from(ip.first()? & 0x0f) * 4;
    let length = usize::from(u16::from_be_bytes([ip[2], ip[3]])).min(ip.len());
    let address = |at: usize| IpAddr::V4(Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]));
    let body = ip.get(header..length)?;
    let port = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    let ends = [(address(12), port(0)?), (address(16), port(2)?)];
    match ip[9] {
        17 => Some(Segment { ends, transport: Transport::Udp, sequence: 0, payload: body.get(8..)? }),
        6 => {
            let sequence = u32::from_be_bytes(body.get(4..8)?.try_into().unwrap());
            let payload = body.get(usize::from(body.get(12)? >> 4) * 4..)?;
            Some(Segment { ends, transport: Transport::Tcp, sequence, payload })
        }
        _ => None,
    }
}

/// One direction of a stream: what is not yet read, and where it goes on.
#[derive(Default)]
struct Direction {
    waiting: Vec<u8>,
    next: Option<u32>,
}

type Stations = BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>>;

/// Everything a capture says.
#[derive(Default)]
struct Said {
    stated: Stations,
    reported: Stations,
    operations: BTreeMap<(OperationKind, &'static str), u32>,
    mentioned: BTreeSet<(String, &'static str)>,
    spoke: BTreeSet<String>,
    malformed: Vec<String>,
    messages: u32,
}

impl Said {
    fn values(&self, station: &str, attribute: &str) -> Vec<&str> {
        let values = self.stated.get(station).and_then(|said| said.get(attribute));
        values.into_iter().flatten().map(String::as_str).collect()
    }
}

type Conversation = (Box<dyn Session>, [Direction; 2]);

fn read(path: &str) -> Option<Said> {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    let Ok(file) = fs::read(&whole) else {
        println!("skipped: {} is missing", whole.display());
        return None;
    };
    let mut said = Said::default();
    let mut conversations: BTreeMap<_, Conversation> = BTreeMap::new();
    for (number, frame) in frames(&file).into_iter().enumerate() {
        let Some(segment) = segment(frame) else { continue };
        let ports = if segment.transport == Transport::Tcp { PROTOCOL.tcp } else { PROTOCOL.udp };
        let [source, destination] = segment.ends;
        let from = match segment.ends.map(|end| ports.contains(&end.1)) {
            [_, true] => End::Client,
            [true, false] => End::Server,
            _ => continue,
        };
        let (client, server) =
            if from == End::Client { (source, destination) } else { (destination, source) };
        let new = || ((PROTOCOL.session)(), Default::default());
        let (session, directions) = conversations.entry((client, server)).or_insert_with(new);
        let direction = &mut directions[from.index()];
        if segment.transport == Transport::Tcp {
            let ahead = direction.next.map_or(0, |next| segment.sequence.wrapping_sub(next));
            if ahead > u32::MAX / 2 || segment.payload.is_empty() {
                continue; // sent again
            }
            if ahead > 0 {
                direction.waiting.clear();
                session.gap(from);
            }
            direction.next = Some(segment.sequence.wrapping_add(segment.payload.len() as u32));
        }
        direction.waiting.extend_from_slice(segment.payload);
        while !direction.waiting.is_empty() {
            let length = match (PROTOCOL.frame)(&direction.waiting, segment.transport) {
                Frame::Message(length) => length,
                Frame::Partial(_) if segment.transport == Transport::Tcp => break,
                _ => {
                    direction.waiting.clear();
                    break;
                }
            };
            let context = Context {
                source: source.0.into(),
                destination: destination.0.into(),
                vlan: None,
                destination_vlan: None,
                transport: segment.transport,
                source_port: source.1,
                destination_port: destination.1,
                from,
                time: Time(0),
            };
            let pieces = [Piece { at: 0, frame: number as u64 + 1, offset: 0 }];
            let mut output = Output::default();
            let message = Octets::new(&direction.waiting[..length], &pieces);
            said.malformed
                .extend(session.message(&context, message, &mut output).err().map(|error| error.to_string()));
            said.messages += 1;
            for fact in std::mem::take(&mut output.facts) {
                let stations =
                    if fact.basis == Basis::Stated { &mut said.stated } else { &mut said.reported };
                let station = stations.entry(fact.station.to_string()).or_default();
                station.entry(fact.attribute).or_default().insert(fact.value);
            }
            for operation in &output.operations {
                *said.operations.entry((operation.kind, operation.name)).or_default() += 1;
            }
            said.spoke.extend(output.spoke.iter().map(|spoke| spoke.station.to_string()));
            said.mentioned
                .extend(output.mentioned.iter().map(|named| (named.station.to_string(), named.reason)));
            said.malformed
                .extend(output.malformed.iter().map(|error| format!("frame {}: {error}", number + 1)));
            direction.waiting.drain(..length);
        }
    }
    if std::env::var_os("ENIP_PRINT").is_some() {
        println!("{path}: {} messages\n{:#?}\n{:#?}", said.messages, said.stated, said.reported);
        println!("{:#?}\n{:#?}\n{:#?}\n{:#?}", said.operations, said.mentioned, said.spoke, said.malformed);
    }
    Some(said)
}

/// The model, revision and serial number that a station states, and nothing else of the kind.
fn identity(said: &Said, station: &str, model: &str, revision: &str, serial: &str) {
    assert_eq!(said.values(station, "model"), [model], "{station}");
    assert_eq!(said.values(station, "firmware_version"), [revision], "{station}");
    assert_eq!(said.values(station, "serial_number"), [serial], "{station}");
}

const OPENICS: &str = "corpus/captures/ITI__ICS-Security-Tools/pcaps/openics";

#[test]
fn the_lab_controller_answers_directly_and_by_its_slot() {
    let Some(said) = read("lab/captures/enip-logix.pcapng") else { return };
    for station in ["10.10.10.12", "10.10.10.12 port=1/link=0"] {
        identity(&said, station, "1756-L83E/B", "32.11", "00c0ffee");
        assert_eq!(said.values(station, "mode"), ["run"]);
    }
    assert!(said.operations.contains_key(&(OperationKind::Write, "write tag")));
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn the_lab_adapter_and_its_cyclic_io_are_read() {
    for path in ["lab/captures/enip-io-class1.pcapng", "lab/captures/plant.pcapng"] {
        let Some(said) = read(path) else { continue };
        identity(&said, "10.10.10.19", "1734-AENTR/C", "6.12", "60a1b2c3");
        assert!(said.operations[&(OperationKind::Read, "class 1 i/o")] > 200);
        assert!(said.malformed.is_empty(), "{:?}", said.malformed);
    }
}

#[test]
fn one_address_answers_for_a_whole_chassis() {
    let Some(said) = read(&format!("{OPENICS}/EIP-IPAddressChangeAttempt.pcap")) else { return };
    for address in ["192.168.10.120", "192.168.10.125"] {
        for (link, model, revision, serial) in [
            (0, "1756-L61/B LOGIX5561", "16.20", "0051823f"),
            (1, "1756-ENBT/A", "4.7", "0051aec3"),
            (2, "MVI56 ProSoft Technology, Inc.", "1.2", "0000ad77"),
            (3, "MVI56 ProSoft Technology, Inc.", "1.2", "0000ad5e"),
        ] {
            identity(&said, &format!("{address} port=1/link={link}"), model, revision, serial);
        }
        identity(&said, address, "1756-ENBT/A", "4.7", "0051aec3");
    }
    assert!(said.malformed.is_empty(), "{:?}", said.malformed);
}

#[test]
fn identities_of_the_corpus_are_those_of_their_slots() {
    let controller = ("192.168.10.120 port=1/link=0", "1756-L61/B LOGIX5561", "16.20", "0051823f");
    for (file, (station, model, revision, serial)) in [
        ("EIP-RebootorRestart.pcap", controller),
        ("EIP-SoftwareUpload.pcap", controller),
        ("EIP-ControlProtocolChangeAttempt.pcap", controller),
        ("EIP-FirmwareChange.pcap", ("192.168.10.120", "1756-ENBT/A", "4.3", "0051aec3")),
        ("EIP-ChangePortConfigurationAttempt.pcap", ("192.168.10.121", "1756-ENBT/A", "4.3", "0046a36c")),
    ] {
        let Some(said) = read(&format!("{OPENICS}/{file}")) else { continue };
        identity(&said, station, model, revision, serial);
        assert!(said.malformed.is_empty(), "{file}: {:?}", said.malformed);
    }
}

#[test]
fn engineering_shows_in_the_operations() {
    for (file, kind) in [
        ("EIP-SoftwareUpload.pcap", OperationKind::Program),
        ("EIP-FirmwareChange.pcap", OperationKind::Program),
        ("EIP-RemoteModeChangeAttempt.pcap", OperationKind::Control),
        ("EIP-ChangePortConfigurationAttempt.pcap", OperationKind::Program),
    ] {
        let Some(said) = read(&format!("{OPENICS}/{file}")) else { continue };
        assert!(said.operations.keys().any(|operation| operation.0 == kind), "{file}: {:?}", said.operations);
    }
    let Some(said) = read(&format!("{OPENICS}/EIP-SoftwareUpload.pcap")) else { return };
    assert_eq!(said.values("192.168.10.105", "cip.originator_vendor_id"), ["77"]);
    assert_eq!(said.values("192.168.10.105", "cip.originator_serial"), ["32952bf3"]);
}
