//! What is asserted of every decoder on any octets: shared by the seeded fuzzer (`tests/fuzz_smoke.rs`) and libFuzzer.
//!
//! The first octet of an input picks the protocol, the second the transport, the end that speaks and how the rest is cut
//! into frames; the rest is what the wire carried.

use observation::{Address, End, Octets, Piece, Time, Transport, VALUE_CHARS_MAX};
use protocols::{ALL, Context, Frame, Output, Protocol, Session};

/// Octets that all facts of one input may hold, as a multiple of its length, and for the shortest inputs at least.
const GROWTH_MAX: usize = 64;
const GROWTH_LEAST: usize = 16 * VALUE_CHARS_MAX;

/// Octets in front of what the wire carried.
pub const PREFIX: usize = 2;

/// Second octet of an input: transport.
const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Udp, Transport::Ethernet];

/// The two octets that pick a protocol and its transport.
pub fn prefix(index: usize, transport: Transport) -> [u8; PREFIX] {
    let transport = TRANSPORTS.iter().position(|known| *known == transport).unwrap_or(0);
    [index as u8, transport as u8]
}

/// Feeds one input to the protocol that it picks.
pub fn feed(input: &[u8]) {
    let [pick, mode, wire @ ..] = input else { return };
    let protocol = ALL[usize::from(*pick) % ALL.len()];
    let transport = TRANSPORTS[usize::from(mode & 0x03) % TRANSPORTS.len()];
    let first = if mode & 0x04 == 0 { End::Client } else { End::Server };
    let alternate = mode & 0x08 != 0;

    let _ = (protocol.probe)(wire, transport);
    let mut session = (protocol.session)();
    let (mut at, mut from, mut grown) = (0, first, 0);
    while at < wire.len() {
        let rest = &wire[at..];
        let length = match (protocol.frame)(rest, transport) {
            Frame::Message(length) => {
                assert!(
                    length > 0 && length <= rest.len(),
                    "{}: a message of {length} in {} octets",
                    protocol.name,
                    rest.len()
                );
                length
            }
            Frame::Partial(needed) => {
                assert!(
                    needed > rest.len(),
                    "{}: {needed} octets needed, {} are there",
                    protocol.name,
                    rest.len()
                );
                break;
            }
            Frame::Foreign => break,
        };
        grown += message(protocol, &mut *session, transport, from, wire, at, length);
        at += length;
        if alternate {
            from = from.other();
        }
    }
    // A message cut by the recorder comes to the decoder without having been delimited.
    session.gap(from);
    grown += message(protocol, &mut *session, transport, from, wire, at, wire.len() - at);
    grown += message(protocol, &mut *(protocol.session)(), transport, from, wire, 0, wire.len());
    assert!(
        grown <= GROWTH_LEAST.max(GROWTH_MAX * wire.len()),
        "{}: facts of {grown} octets from {}",
        protocol.name,
        wire.len()
    );
}

/// Reads `length` octets of the wire from `at` on as one message; returns how many octets its facts hold.
fn message(
    protocol: &Protocol,
    session: &mut dyn Session,
    transport: Transport,
    from: End,
    wire: &[u8],
    at: usize,
    length: usize,
) -> usize {
    let ports = [
        50_000,
        protocol.tcp.first().or(protocol.udp.first()).or(protocol.ethertypes.first()).copied().unwrap_or(0),
    ];
    let addresses = [Address::Ip([10, 0, 0, 1].into()), Address::Ip([10, 0, 0, 2].into())];
    let (source, destination) = (from.index(), from.other().index());
    let context = Context {
        source: addresses[source],
        destination: addresses[destination],
        vlan: None,
        destination_vlan: Some(7),
        transport,
        source_port: ports[source],
        destination_port: ports[destination],
        from,
        time: Time(0),
    };
    // The message lies in one frame whose octets are the wire, so that evidence points into it.
    let pieces = [Piece { at: 0, frame: 1, offset: at as u32 }];
    let mut output = Output::default();
    let _ = session.message(&context, Octets::new(&wire[at..at + length], &pieces), &mut output);
    let mut grown = 0;
    for fact in &output.facts {
        // What a protocol carried inside says is said by that one's rules.
        let says = fact.protocol.and_then(protocols::by_name).unwrap_or(protocol);
        let rule = says.rules.iter().find(|rule| rule.name == fact.rule);
        let rule = rule.unwrap_or_else(|| panic!("{}: the rule {} is not listed", protocol.name, fact.rule));
        assert!(fact.value.chars().count() <= VALUE_CHARS_MAX, "{}: a value too long", protocol.name);
        assert!(!fact.value.chars().any(char::is_control), "{}: {:?}", protocol.name, fact.value);
        let mut proof = Vec::new();
        for range in &fact.evidence.ranges {
            proof.extend_from_slice(&wire[range.offset as usize..][..range.length as usize]);
        }
        assert_eq!((rule.read)(&proof).as_ref(), Some(&fact.value), "{}: {}", protocol.name, fact.rule);
        grown += fact.value.len();
    }
    grown
}
