//! Laws that hold for every protocol, the next one included, without editing this file.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use observation::{Address, End, Octets, Piece, Time, Transport};
use protocols::{ALL, Context, Frame, Output, Protocol, Repeat};

/// Largest number of octets that the facts of one message may hold, as a multiple of the message.
const GROWTH_MAX: usize = 64;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(source()).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// The messages of a protocol. A name with `udp` in it is a datagram, `ethernet` a frame's payload, others a stream.
/// A protocol that only others carry has neither port nor EtherType; its messages are what they carry.
fn messages(protocol: &Protocol) -> Vec<(String, Transport, Vec<u8>)> {
    let folder = source().join(protocol.name).join("messages");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if !name.ends_with(".bin") {
            continue;
        }
        let octets = fs::read(entry.path()).unwrap();
        found.push((name.clone(), transport(protocol, &name), octets));
    }
    found.sort();
    found
}

fn transport(protocol: &Protocol, name: &str) -> Transport {
    match (protocol.tcp, protocol.udp) {
        ([], []) if protocol.ethertypes.is_empty() && !protocol.ip_protocols.is_empty() => Transport::Ip,
        ([], []) => Transport::Ethernet,
        (_, [_, ..]) if name.contains("udp") => Transport::Udp,
        _ if name.contains("ethernet") && !protocol.ethertypes.is_empty() => Transport::Ethernet,
        ([], _) => Transport::Udp,
        _ => Transport::Tcp,
    }
}

fn context(protocol: &Protocol, transport: Transport, from: End) -> Context {
    let port = match transport {
        Transport::Tcp => protocol.tcp.first().copied(),
        Transport::Udp => protocol.udp.first().copied(),
        Transport::Ethernet => protocol.ethertypes.first().copied(),
        Transport::Ip => protocol.ip_protocols.first().copied().map(u16::from),
    };
    let port = port.unwrap_or(0);
    let (ours, theirs): (Address, Address) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
    let (source, destination) = if from == End::Client { (ours, theirs) } else { (theirs, ours) };
    let (source_port, destination_port) = if from == End::Client { (50_000, port) } else { (port, 50_000) };
    Context {
        source,
        destination,
        vlan: None,
        destination_vlan: None,
        transport,
        source_port,
        destination_port,
        from,
        time: Time(0),
    }
}

/// Feeds octets as the pipeline would and returns how many octets the facts hold.
fn feed(protocol: &Protocol, transport: Transport, octets: &[u8]) -> usize {
    let mut grown = 0;
    for from in [End::Client, End::Server] {
        let mut session = (protocol.session)();
        let mut at = 0;
        while at < octets.len() {
            let Frame::Message(length) = (protocol.frame)(&octets[at..], transport) else { break };
            assert!(
                length > 0 && length <= octets.len() - at,
                "{}: a frame of {length} octets of {}",
                protocol.name,
                octets.len() - at
            );
            let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
            let mut output = Output::default();
            let _ = session.message(
                &context(protocol, transport, from),
                Octets::new(&octets[at..at + length], &pieces),
                &mut output,
            );
            for fact in &output.facts {
                // What a protocol carried inside says is said by that one's rules.
                let says = fact.protocol.map_or(protocol, |name| protocols::by_name(name).unwrap());
                let listed = says.rules.iter().any(|rule| rule.name == fact.rule);
                assert!(listed, "{}: the rule {} is not listed", protocol.name, fact.rule);
                assert!(
                    fact.value.chars().count() <= observation::VALUE_CHARS_MAX,
                    "{}: a value too long",
                    protocol.name
                );
                grown += fact.value.len();
            }
            at += length;
        }
        session.gap(from);
    }
    grown
}

/// Small, seeded and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

#[test]
fn every_folder_is_in_the_list_and_has_messages_with_a_readme() {
    let listed: BTreeSet<String> = ALL.iter().map(|protocol| protocol.name.to_owned()).collect();
    assert_eq!(folders(), listed);
    for protocol in ALL {
        let found = messages(protocol);
        assert!(!found.is_empty(), "{} has no messages", protocol.name);
        let readme = fs::read_to_string(source().join(protocol.name).join("messages/README.md")).unwrap();
        for (name, ..) in found {
            assert!(
                readme.contains(&format!("`{name}`")),
                "{}: {name} is not in messages/README.md",
                protocol.name
            );
        }
    }
}

#[test]
fn names_of_protocols_and_rules_are_unique() {
    let mut names = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for protocol in ALL {
        assert!(names.insert(protocol.name));
        for rule in protocol.rules {
            assert!(rules.insert(rule.name), "two rules are called {}", rule.name);
            assert_eq!(protocols::rule(rule.name), Some(*rule));
        }
    }
}

#[test]
fn a_message_frames_to_its_own_length_and_says_something() {
    for protocol in ALL {
        for (name, transport, octets) in messages(protocol) {
            let mut at = 0;
            while at < octets.len() {
                let Frame::Message(length) = (protocol.frame)(&octets[at..], transport) else {
                    panic!("{}/{name}: no message at octet {at}", protocol.name);
                };
                at += length;
            }
            assert_eq!(at, octets.len(), "{}/{name}", protocol.name);
        }
    }
}

#[test]
fn a_message_cut_anywhere_never_panics_and_frames_within_itself() {
    for protocol in ALL {
        for (_, transport, octets) in messages(protocol) {
            for length in 0..octets.len() {
                let cut = &octets[..length];
                if let Frame::Message(framed) = (protocol.frame)(cut, transport) {
                    assert!(framed > 0 && framed <= length, "{}: {framed} of {length}", protocol.name);
                }
                feed(protocol, transport, cut);
                // A decoder must also stand a message cut by the snaplen, which no framing has seen.
                let mut session = (protocol.session)();
                for from in [End::Client, End::Server] {
                    let mut output = Output::default();
                    let _ = session.message(
                        &context(protocol, transport, from),
                        Octets::unplaced(cut),
                        &mut output,
                    );
                }
            }
        }
    }
}

/// Feeds messages to a new session, the first from `from`, the others in turn or all from the same end, and returns
/// the facts of those from number `first` on.
fn facts(
    protocol: &Protocol,
    transport: Transport,
    (mut from, in_turn): (End, bool),
    messages: &[Octets<'_>],
    first: usize,
) -> BTreeSet<String> {
    let mut session = (protocol.session)();
    let mut facts = BTreeSet::new();
    for (number, message) in messages.iter().enumerate() {
        let mut output = Output::default();
        let _ = session.message(&context(protocol, transport, from), *message, &mut output);
        if number >= first {
            facts.extend(output.facts.iter().map(|fact| format!("{fact:?}")));
        }
        if in_turn {
            from = from.other();
        }
    }
    facts
}

#[test]
fn a_message_cut_by_the_capture_says_nothing_that_the_whole_one_does_not() {
    let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
    let mut made_up = Vec::new();
    for protocol in ALL {
        for (name, transport, octets) in messages(protocol) {
            let (mut all, mut at) = (Vec::new(), 0);
            while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
                let Frame::Message(length) = (protocol.frame)(rest, transport) else { break };
                all.push(Octets::new(&rest[..length], &pieces));
                at += length;
            }
            for (number, message) in all.iter().enumerate() {
                let ways = [(End::Client, true), (End::Client, false), (End::Server, false)];
                // What is put together of several messages is said with a later one, if they come from the same end.
                let whole: BTreeSet<_> =
                    ways.iter().flat_map(|way| facts(protocol, transport, *way, &all, number)).collect();
                for way in ways {
                    // Every length of short messages, a hundred or two of long ones.
                    for kept in (0..message.len()).step_by(message.len() / 100 + 1) {
                        let mut cut = all[..number].to_vec();
                        cut.push(message.head(kept).cut());
                        let cut = facts(protocol, transport, way, &cut, number);
                        made_up.extend(cut.difference(&whole).map(|fact| {
                            format!(
                                "{}/{name}, message {number}: {kept} of {}: {fact}",
                                protocol.name,
                                message.len()
                            )
                        }));
                    }
                }
            }
        }
    }
    assert!(made_up.is_empty(), "{}", made_up.join("\n"));
}

#[test]
fn changed_and_random_octets_never_panic_nor_grow_without_bound() {
    let mut random = Random(0x7461_706c_6564_6765);
    for protocol in ALL {
        for (name, transport, octets) in messages(protocol) {
            for _ in 0..400 {
                let mut changed = octets.clone();
                for _ in 0..=random.below(3) {
                    let at = random.below(changed.len());
                    changed[at] = random.next() as u8;
                }
                let grown = feed(protocol, transport, &changed);
                assert!(grown <= GROWTH_MAX * changed.len().max(64), "{}/{name}: {grown}", protocol.name);
            }
        }
        for _ in 0..400 {
            let length = random.below(300);
            let octets: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
            for transport in [Transport::Tcp, Transport::Udp, Transport::Ethernet] {
                feed(protocol, transport, &octets);
                let _ = (protocol.probe)(&octets, transport);
                let mut session = (protocol.session)();
                let mut output = Output::default();
                let _ = session.message(
                    &context(protocol, transport, End::Client),
                    Octets::unplaced(&octets),
                    &mut output,
                );
            }
        }
    }
}

#[test]
fn reading_the_evidence_by_the_named_rule_gives_the_value() {
    for protocol in ALL {
        for (name, transport, octets) in messages(protocol) {
            for from in [End::Client, End::Server] {
                let mut session = (protocol.session)();
                let mut at = 0;
                while let Frame::Message(length) = (protocol.frame)(&octets[at..], transport) {
                    // Each octet of the file is an octet of frame 1, so that evidence points into the file.
                    let pieces = [Piece { at: 0, frame: 1, offset: at as u32 }];
                    let message = Octets::new(&octets[at..at + length], &pieces);
                    let mut output = Output::default();
                    let _ = session.message(&context(protocol, transport, from), message, &mut output);
                    for fact in std::mem::take(&mut output.facts) {
                        let mut proof = Vec::new();
                        for range in &fact.evidence.ranges {
                            proof
                                .extend_from_slice(&octets[range.offset as usize..][..range.length as usize]);
                        }
                        assert!(
                            !proof.is_empty(),
                            "{}/{name}: {} has no evidence",
                            protocol.name,
                            fact.attribute
                        );
                        let rule = protocols::rule(fact.rule).unwrap();
                        assert_eq!(
                            (rule.read)(&proof).as_ref(),
                            Some(&fact.value),
                            "{}/{name}: {}",
                            protocol.name,
                            fact.rule
                        );
                    }
                    at += length;
                    if at == octets.len() {
                        break;
                    }
                }
            }
        }
    }
}

/// What a message says, in words.
fn said(output: &Output<'_>) -> String {
    let operations: Vec<_> = output.operations.iter().map(|asked| (asked.kind, asked.name)).collect();
    let rest = format!("{:?}", &**output);
    format!("{operations:?} {rest}")
}

/// Sessions that are asked whether a message repeats what was said, and ones that read every message, say the same. The
/// messages come again and again with octets changed here and there, so that a session hears what it knows and what it
/// does not.
#[test]
fn a_first_look_tells_what_reading_tells() {
    let nothing = said(&Output::default());
    let mut repeats = BTreeSet::new();
    for protocol in ALL {
        let mut random = Random(0x1234_5678_9abc_def1);
        let messages: Vec<_> = messages(protocol)
            .into_iter()
            .filter_map(|(_, transport, octets)| match (protocol.frame)(&octets, transport) {
                Frame::Message(length) => Some((transport, octets[..length].to_vec())),
                _ => None,
            })
            .collect();
        let (mut looking, mut reading) = ((protocol.session)(), (protocol.session)());
        for round in 0..400 {
            let Some((transport, octets)) = messages.get(random.next() as usize % messages.len().max(1))
            else {
                break;
            };
            let (mut octets, from) =
                (octets.clone(), if random.next().is_multiple_of(4) { End::Server } else { End::Client });
            if *transport == Transport::Ethernet && octets.len() > 4 {
                // The counter of cyclic data goes on, mostly.
                let at = octets.len() - 4;
                octets[at..at + 2].copy_from_slice(&(round as u16 * 32).to_be_bytes());
            }
            if random.next().is_multiple_of(8) {
                let at = octets.len() - 1 - random.next() as usize % octets.len().min(6);
                octets[at] ^= 1 << (random.next() % 8);
            }
            if !matches!((protocol.frame)(&octets, *transport), Frame::Message(length) if length == octets.len())
            {
                continue;
            }
            let context = context(protocol, *transport, from);
            let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
            let message = Octets::new(&octets, &pieces);
            let mut read = Output::default();
            let result = reading.message(&context, message, &mut read);
            match looking.repeat(from, *transport, &octets) {
                Repeat::No => {
                    let mut output = Output::default();
                    assert_eq!(looking.message(&context, message, &mut output), result, "{}", protocol.name);
                    assert_eq!(said(&output), said(&read), "{}", protocol.name);
                }
                Repeat::Silent => {
                    assert_eq!((said(&read), result), (nothing.clone(), Ok(())), "{}", protocol.name);
                    repeats.insert(protocol.name);
                }
                Repeat::Asks(kind, name) => {
                    let mut asked = Output::default();
                    asked.operation(kind, name, message);
                    assert_eq!((said(&read), result), (said(&asked), Ok(())), "{}", protocol.name);
                    repeats.insert(protocol.name);
                }
            }
        }
    }
    assert!(repeats.contains("enip") && repeats.contains("profinet_rt"), "{repeats:?}");
}
