//! Frames in, slaves out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

use observation::{Address, End, Mac, Octets, Piece, Time, Transport};

use super::PROTOCOL;
use crate::{Context, Frame, Output, Session};

/// Frames that come back from the first slave of 00:01:05:10:00:01.
fn context(first: u8) -> Context {
    Context {
        source: Address::Mac(Mac([first, 0x01, 0x05, 0x10, 0x00, 0x01])),
        destination: Address::Mac(Mac([0xff; 6])),
        vlan: None,
        destination_vlan: None,
        transport: Transport::Ethernet,
        source_port: 0,
        destination_port: 0x88a4,
        from: End::Client,
        time: Time(0),
    }
}

fn said(session: &mut dyn Session, first: u8, octets: &[u8]) -> Vec<String> {
    let pieces = [Piece { at: 0, frame: 1, offset: 14 }];
    let mut output = Output::default();
    session.message(&context(first), Octets::new(octets, &pieces), &mut output).unwrap();
    output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)).collect()
}

fn read(octets: &[u8]) -> Vec<String> {
    said(&mut *(PROTOCOL.session)(), 0x02, octets)
}

#[test]
fn slaves_are_placed_by_the_address_that_the_master_gives() {
    let octets = include_bytes!("messages/addresses.bin");
    assert_eq!(
        read(octets),
        [
            "00:01:05:10:00:01 node=1001 ethercat.position=0",
            "00:01:05:10:00:01 node=1002 ethercat.position=1",
            "00:01:05:10:00:01 node=1003 ethercat.position=2",
        ]
    );
    // Said once, and mentioned by the master.
    let mut session = (PROTOCOL.session)();
    let mut output = Output::default();
    session.message(&context(0x02), Octets::unplaced(octets), &mut output).unwrap();
    assert_eq!(output.mentioned.len(), 3);
    assert!(said(&mut *session, 0x02, octets).is_empty());
}

#[test]
fn slave_information_and_registers_say_what_a_slave_is() {
    assert_eq!(
        read(include_bytes!("messages/information.bin")),
        [
            "00:01:05:10:00:01 node=1001 vendor=Beckhoff Automation",
            "00:01:05:10:00:01 node=1001 ethercat.vendor_id=0x00000002",
            "00:01:05:10:00:01 node=1001 ethercat.product_code=0x044c2c52",
            "00:01:05:10:00:01 node=1001 ethercat.revision=0x00110000",
            "00:01:05:10:00:01 node=1001 serial_number=4711",
            "00:01:05:10:00:01 node=1001 ethercat.controller=type 0x11 revision 0 build 3",
            "00:01:05:10:00:01 node=1001 ethercat.alias=7",
            "00:01:05:10:00:01 node=1001 mode=SAFEOP",
        ]
    );
}

#[test]
fn objects_say_it_too() {
    assert_eq!(
        read(include_bytes!("messages/identity-objects.bin")),
        [
            "00:01:05:10:00:01 node=1003 vendor=YASKAWA",
            "00:01:05:10:00:01 node=1003 ethercat.vendor_id=0x00000539",
            "00:01:05:10:00:01 node=1003 ethercat.product_code=0x02200001",
            "00:01:05:10:00:01 node=1003 ethercat.revision=0x00030001",
            "00:01:05:10:00:01 node=1003 serial_number=990017",
            "00:01:05:10:00:01 node=1003 ethercat.profile=402",
        ]
    );
    assert_eq!(
        read(include_bytes!("messages/identity-names.bin")),
        [
            "00:01:05:10:00:01 node=1003 model=SGD7S servo",
            "00:01:05:10:00:01 node=1003 hardware_revision=A1.0",
            "00:01:05:10:00:01 node=1003 firmware_version=0041.2",
        ]
    );
    assert_eq!(
        read(include_bytes!("messages/identity-complete.bin")),
        [
            "00:01:05:10:00:01 node=1004 vendor=OMRON",
            "00:01:05:10:00:01 node=1004 ethercat.vendor_id=0x00000083",
            "00:01:05:10:00:01 node=1004 ethercat.product_code=0x0000001b",
            "00:01:05:10:00:01 node=1004 ethercat.revision=0x00000002",
            "00:01:05:10:00:01 node=1004 serial_number=77",
        ]
    );
}

/// One datagram that comes back from slave 1001: command, register, data.
fn back(command: u8, register: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut octets = (0x1000 | (length + 12)).to_le_bytes().to_vec();
    octets.extend([command, 0]);
    octets.extend(1001_u16.to_le_bytes());
    octets.extend(register.to_le_bytes());
    octets.extend(length.to_le_bytes());
    octets.extend([0, 0]);
    octets.extend(data);
    octets.extend([1, 0]);
    octets
}

/// Strings with an order number and a name, and general information that points at them.
fn categories() -> Vec<u8> {
    let mut strings = vec![3, 6];
    strings.extend(b"EL1014");
    strings.push(3);
    strings.extend(b"Dig");
    strings.push(17);
    strings.extend(b"EL1014 4K. inputs");
    strings.resize(strings.len().next_multiple_of(2), 0);
    let words = |octets: &[u8]| u16::try_from(octets.len() / 2).unwrap().to_le_bytes();
    let general = [2, 0, 1, 3, 0, 0];
    let parts: [&[u8]; 6] = [&[10, 0], &words(&strings), &strings, &[30, 0], &words(&general), &general];
    let mut octets = parts.concat();
    octets.extend([0xff; 8]);
    octets
}

#[test]
fn names_are_put_together_from_words_read_one_after_another() {
    for by_data_register in [false, true] {
        let mut session = (PROTOCOL.session)();
        let mut all = Vec::new();
        for (index, chunk) in categories().chunks_exact(4).enumerate() {
            let at = 0x40 + 2 * u32::try_from(index).unwrap();
            let at = at.to_le_bytes();
            if by_data_register {
                let ask = [&[0, 1][..], &at].concat();
                assert!(said(&mut *session, 0x02, &back(5, 0x502, &ask)).is_empty());
                all.extend(said(&mut *session, 0x02, &back(4, 0x508, chunk)));
            } else {
                let answer = [&[0, 0][..], &at, chunk].concat();
                all.extend(said(&mut *session, 0x02, &back(4, 0x502, &answer)));
            }
        }
        let node = "00:01:05:10:00:01 node=1001";
        let expected = [format!("{node} order_number=EL1014"), format!("{node} model=EL1014 4K. inputs")];
        assert_eq!(all, expected);
    }
}

#[test]
fn words_read_again_are_passed_over_and_missing_ones_are_not_made_up() {
    let octets = categories();
    let read_words = |session: &mut dyn Session, at: usize| {
        let words = octets.get(at * 2..(at * 2 + 4).min(octets.len())).unwrap();
        let address = u32::try_from(0x40 + at).unwrap().to_le_bytes();
        said(session, 0x02, &back(4, 0x502, &[&[0, 0][..], &address, words].concat()))
    };
    let mut session = (PROTOCOL.session)();
    let said: Vec<_> = (0..octets.len() / 2 - 1).flat_map(|at| read_words(&mut *session, at)).collect();
    assert_eq!(said.len(), 2);
    let mut session = (PROTOCOL.session)();
    let said: Vec<_> =
        (0..octets.len() / 2 - 1).step_by(3).flat_map(|at| read_words(&mut *session, at)).collect();
    assert!(said.is_empty());
}

#[test]
fn what_a_master_asks_is_read_from_frames_that_go_out() {
    let octets = include_bytes!("messages/asked.bin");
    let mut session = (PROTOCOL.session)();
    let mut output = Output::default();
    session.message(&context(0x00), Octets::unplaced(octets), &mut output).unwrap();
    let names: Vec<_> = output.operations.iter().map(|operation| operation.name).collect();
    assert_eq!(
        names,
        ["sdo upload", "sdo download", "foe write", "request bootstrap state", "write slave information"]
    );
    assert!(output.facts.is_empty());
}

#[test]
fn a_master_with_a_local_address_keeps_it() {
    let mut session = (PROTOCOL.session)();
    assert!(said(&mut *session, 0x02, include_bytes!("messages/process-data.bin")).is_empty());
    let facts = said(&mut *session, 0x02, include_bytes!("messages/addresses.bin"));
    assert_eq!(facts[0], "02:01:05:10:00:01 node=1001 ethercat.position=0");
}

#[test]
fn process_data_and_other_types_say_nothing() {
    for octets in [
        &include_bytes!("messages/process-data.bin")[..],
        include_bytes!("messages/process-data-back.bin"),
        include_bytes!("messages/network-variables.bin"),
    ] {
        assert!(read(octets).is_empty());
        assert_eq!((PROTOCOL.frame)(octets, Transport::Ethernet), Frame::Message(octets.len()));
    }
    assert_eq!((PROTOCOL.frame)(&[0, 0x30], Transport::Ethernet), Frame::Foreign);
    assert_eq!((PROTOCOL.frame)(&[20, 0x10, 4], Transport::Udp), Frame::Partial(22));
}

#[test]
fn a_cut_frame_says_what_stood_before_the_cut() {
    let octets = include_bytes!("messages/information.bin");
    let mut output = Output::default();
    let result = (PROTOCOL.session)().message(&context(0x02), Octets::unplaced(&octets[..40]), &mut output);
    assert!(result.unwrap_err().to_string().contains("missing"));
    assert_eq!(output.facts.len(), 3);
}
