//! Devices behind and inside devices, and what engineers do to them.

use super::super::enip::{self, Identity};
use super::super::file::{self, ETHERNET, Order, Unit};
use super::super::frame::Station;
use super::super::tcp::{Connection, From};
use super::super::{dnp3, modbus, s7comm};
use super::{DELL, MOXA, ROCKWELL, SEL, SIEMENS, Tape, basic_identification, connection};

/// A Modbus gateway: three units with identities of their own, one that is silent, one that has no path.
pub fn gateway() -> Vec<u8> {
    let mut tape = Tape::new(10);
    let client = Station::new(DELL, [10, 40, 10, 200]);
    let mut talk = connection(client, Station::new(MOXA, [10, 40, 10, 11]), 50_000, 502);
    tape.all(talk.open());
    let mut transaction = 0;
    let mut exchange = |tape: &mut Tape, unit: u8, ask: &[u8], answer: &[u8]| {
        transaction += 1;
        tape.exchange(
            &mut talk,
            &modbus::adu(transaction, unit, ask),
            &modbus::adu(transaction, unit, answer),
        );
    };
    let identification = modbus::identification_request(1, 0);
    exchange(
        &mut tape,
        1,
        &identification,
        &basic_identification("Schneider Electric", "METSEPM5560", "002.005.000"),
    );
    exchange(&mut tape, 2, &identification, &basic_identification("ABB", "ACS580", "v2.14"));
    // A long identification comes in two answers: "more follows" and the object to go on with.
    let first: [(u8, &[u8]); 3] = [(0, b"Eurotherm"), (1, b"3216"), (2, b"3.10")];
    let rest: [(u8, &[u8]); 4] = [
        (3, b"https://www.example.com/3216"),
        (4, b"3200 series"),
        (5, b"Process controller"),
        (6, b"Furnace 3"),
    ];
    exchange(
        &mut tape,
        5,
        &modbus::identification_request(2, 0),
        &modbus::identification(2, 0x02, Some(3), &first),
    );
    exchange(
        &mut tape,
        5,
        &modbus::identification_request(2, 3),
        &modbus::identification(2, 0x02, None, &rest),
    );
    // Private objects, asked for one at a time (conformity level 0x83).
    exchange(
        &mut tape,
        2,
        &modbus::identification_request(4, 0x80),
        &modbus::identification(4, 0x83, None, &[(0x80, b"SN 4120 3A")]),
    );
    exchange(&mut tape, 1, &[0x11], &modbus::server_id(b"PM5560", true));
    exchange(&mut tape, 9, &identification, &modbus::exception(0x2b, 0x0b));
    exchange(&mut tape, 30, &modbus::read_registers(0, 1), &modbus::exception(0x03, 0x0a));
    // Diagnostics: return query data, restart communications option.
    exchange(&mut tape, 2, &[0x08, 0, 0, 0xa5, 0x37], &[0x08, 0, 0, 0xa5, 0x37]);
    exchange(&mut tape, 2, &[0x08, 0, 1, 0, 0], &[0x08, 0, 1, 0, 0]);
    // Read and write file record.
    exchange(&mut tape, 1, &[0x14, 7, 6, 0, 4, 0, 1, 0, 2], &[0x14, 6, 5, 6, 0x0d, 0xfe, 0x00, 0x20]);
    let write_file = [0x15, 9, 6, 0, 4, 0, 7, 0, 1, 0x06, 0xaf];
    exchange(&mut tape, 1, &write_file, &write_file);
    exchange(&mut tape, 1, &modbus::read_registers(3000, 4), &modbus::registers(&[0, 1, 0, 2, 0, 3, 0, 4]));
    tape.all(talk.close());
    file::pcap(Order::Little, Unit::Micros, ETHERNET, 0xffff, &tape.frames)
}

fn module(device_type: u16, product_code: u16, serial: u32, name: &'static [u8]) -> Identity<'static> {
    Identity { vendor: 1, device_type, product_code, revision: (11, 2), status: 0x60, serial, name }
}

/// A chassis asked slot by slot through its bridge, a connection with an electronic key, and its cyclic data; gzip.
pub fn chassis() -> Vec<u8> {
    let mut tape = Tape::new(11);
    let client = Station::new(DELL, [10, 40, 11, 200]);
    let bridge = Station::new(ROCKWELL, [10, 40, 11, 11]);
    let adapter = Station::new(ROCKWELL, [10, 40, 11, 12]);
    let session = 0x0b0b_0001;
    let own = module(12, 166, 0x0011_0000, b"1756-EN2T/D");

    tape.udp(
        client,
        Station { mac: [0xff; 6], ip: [10, 40, 11, 255].into() },
        (50_001, 44_818),
        &enip::encapsulated(enip::LIST_IDENTITY, 0, &[]),
    );
    tape.udp(bridge, client, (44_818, 50_001), &enip::list_identity(bridge.ip, &own, 3));

    let mut talk = connection(client, bridge, 50_002, 44_818);
    tape.all(talk.open());
    tape.exchange(&mut talk, &enip::register_session(0), &enip::register_session(session));
    let slots = [
        (0, module(14, 166, 0x0011_0001, b"1756-L83E/B")),
        (1, own.clone()),
        (3, module(7, 11, 0x0011_0003, b"1756-OB16E/A DCOUT EFUSE")),
        (4, module(7, 10, 0x0011_0004, b"1756-IB16/A DCIN")),
    ];
    let ask = enip::request(enip::GET_ATTRIBUTES_ALL, &enip::IDENTITY, &[]);
    for (slot, identity) in &slots {
        let answer = enip::response(enip::GET_ATTRIBUTES_ALL, &identity.attributes());
        let routed = enip::unconnected_send(&[1, *slot], &ask);
        tape.exchange(&mut talk, &enip::unconnected(session, &routed), &enip::unconnected(session, &answer));
    }
    // An empty slot: the bridge answers for the path, with path destination unknown and a routing error.
    let routed = enip::unconnected_send(&[1, 5], &ask);
    tape.exchange(
        &mut talk,
        &enip::unconnected(session, &routed),
        &enip::unconnected(session, &enip::error(0x52, 0x01)),
    );
    // The name alone, by Get_Attribute_Single of attribute 7 from the controller in slot 0.
    let single = enip::request(enip::GET_ATTRIBUTE_SINGLE, &[0x20, 0x01, 0x24, 0x01, 0x30, 0x07], &[]);
    let name = enip::response(enip::GET_ATTRIBUTE_SINGLE, b"\x0b1756-L83E/B");
    tape.exchange(
        &mut talk,
        &enip::unconnected(session, &enip::unconnected_send(&[1, 0], &single)),
        &enip::unconnected(session, &name),
    );
    tape.all(talk.close());

    // The controller opens a class 1 connection to an adapter of which it says what it expects; the adapter is silent
    // about itself, so the key is all that is known of it.
    let key = Identity { revision: (6, 1), ..module(12, 108, 0, b"") };
    let originator = (1, 0x0011_0001);
    let mut open = connection(bridge, adapter, 50_003, 44_818);
    tape.all(open.open());
    tape.exchange(&mut open, &enip::register_session(0), &enip::register_session(7));
    tape.exchange(
        &mut open,
        &enip::unconnected(7, &enip::forward_open(1, originator, Some(&key), &[])),
        &enip::unconnected(7, &enip::forward_opened(1, originator, 0x2200_0001)),
    );
    for count in 1..=6 {
        tape.udp(bridge, adapter, (2222, 2222), &enip::io(0x2200_0001, count, true, &[0, 1, 2, 3]));
        tape.udp(adapter, bridge, (2222, 2222), &enip::io(0x5400_0001, count, false, &[4, 5, 6, 7, 8, 9]));
    }
    file::gzip(&file::pcap(Order::Little, Unit::Micros, ETHERNET, 0xffff, &tape.frames))
}

/// Sends a DNP3 fragment, one TCP segment for each link frame.
fn send(tape: &mut Tape, talk: &mut Connection, from: From, frames: Vec<Vec<u8>>) {
    for frame in frames {
        tape.add(talk.data(from, &frame));
    }
}

/// Two outstations behind one address, attributes over several link frames, unsolicited data, a restart, and UDP; zstd.
pub fn outstations() -> Vec<u8> {
    let mut tape = Tape::new(12);
    let client = Station::new(DELL, [10, 40, 12, 200]);
    let server = Station::new(SEL, [10, 40, 12, 11]);
    let (master, first, second) = (100, 10, 11);
    let mut talk = connection(client, server, 50_000, 20_000);
    tape.all(talk.open());

    // Long enough for two link frames and two transport segments.
    let long = [b'x'; 200];
    let values: [(u8, &[u8]); 7] = [
        (252, b"Schweitzer Engineering Laboratories"),
        (250, b"SEL-3530 RTAC"),
        (248, b"1112070042"),
        (243, b"A1"),
        (242, b"R148-V0"),
        (245, b"Substation 12, bay 3"),
        (246, &long),
    ];
    send(
        &mut tape,
        &mut talk,
        From::Client,
        dnp3::fragment(true, first, master, &dnp3::request(0, 1, &dnp3::ATTRIBUTES)),
    );
    let answer = dnp3::response(0, [0x80, 0], &dnp3::attributes(&values));
    send(&mut tape, &mut talk, From::Server, dnp3::fragment(false, master, first, &answer));

    let values: [(u8, &[u8]); 3] = [(252, b"Example Relays"), (250, b"ER-7"), (242, b"4.02")];
    send(
        &mut tape,
        &mut talk,
        From::Client,
        dnp3::fragment(true, second, master, &dnp3::request(1, 1, &dnp3::ATTRIBUTES)),
    );
    let answer = dnp3::response(1, [0, 0], &dnp3::attributes(&values));
    send(&mut tape, &mut talk, From::Server, dnp3::fragment(false, master, second, &answer));

    send(
        &mut tape,
        &mut talk,
        From::Client,
        dnp3::fragment(true, first, master, &dnp3::request(2, 1, &dnp3::INTEGRITY_POLL)),
    );
    let answer = dnp3::response(2, [0, 0], &dnp3::analogs(&[1, 2, 3, 4]));
    send(&mut tape, &mut talk, From::Server, dnp3::fragment(false, master, first, &answer));
    let event = dnp3::unsolicited(0, [0x02, 0], &dnp3::analogs(&[9]));
    send(&mut tape, &mut talk, From::Server, dnp3::fragment(false, master, first, &event));
    // Confirmation of the unsolicited response, function 0.
    send(&mut tape, &mut talk, From::Client, dnp3::fragment(true, first, master, &[0xd0, 0x00]));
    // Cold restart, function 13; the answer says in how many milliseconds (group 52, variation 2).
    send(&mut tape, &mut talk, From::Client, dnp3::fragment(true, first, master, &dnp3::request(3, 13, &[])));
    let answer = dnp3::response(3, [0, 0], &[52, 2, 0x07, 1, 0x88, 0x13]);
    send(&mut tape, &mut talk, From::Server, dnp3::fragment(false, master, first, &answer));
    tape.all(talk.close());

    let other = Station::new(SEL, [10, 40, 12, 12]);
    tape.udp(
        client,
        other,
        (20_000, 20_000),
        &dnp3::fragment(true, 20, master, &dnp3::request(0, 1, &dnp3::ATTRIBUTES)).concat(),
    );
    let values: [(u8, &[u8]); 3] = [(252, b"Example Relays"), (250, b"ER-9 over UDP"), (248, b"0900042")];
    let answer = dnp3::response(0, [0, 0], &dnp3::attributes(&values));
    tape.udp(other, client, (20_000, 20_000), &dnp3::fragment(false, master, 20, &answer).concat());
    file::zstd(&file::pcap(Order::Little, Unit::Nanos, ETHERNET, 0xffff, &tape.frames))
}

/// An engineering station asks an S7 CPU who it is, in lists of several parts, loads a block, stops and starts it.
pub fn s7_download() -> Vec<u8> {
    let mut tape = Tape::new(13);
    let client = Station::new(DELL, [10, 40, 13, 200]);
    let server = Station::new(SIEMENS, [10, 40, 13, 11]);
    let mut talk = connection(client, server, 50_000, 102);
    tape.all(talk.open());
    // Programming device, rack 1, slot 3.
    tape.exchange(
        &mut talk,
        &s7comm::connect(false, 1, [1, 0], [1, 0x23]),
        &s7comm::connect(true, 1, [1, 0], [1, 0x23]),
    );
    tape.exchange(&mut talk, &s7comm::setup(1, 0x100), &s7comm::setup(3, 0x100));

    let order = b"6ES7 414-3EM07-0AB0 ";
    let modules = [
        s7comm::module_record(1, order, [0, 1, 0, 0]),
        s7comm::module_record(6, order, [0, 2, 0, 0]),
        s7comm::module_record(7, b" ", [b'V', 7, 0, 3]),
        s7comm::module_record(0x81, b"Boot Loader         ", [b'B', 7, 0, 0]),
    ];
    let components = [
        s7comm::component_record(1, b"Mixing line 4"),
        s7comm::component_record(2, b"CPU 414-3 PN/DP"),
        s7comm::component_record(3, b"Plant North"),
        s7comm::component_record(4, b"Original Siemens Equipment"),
        s7comm::component_record(5, b"S VPB1111222333"),
        s7comm::component_record(7, b"CPU 414-3 PN/DP"),
        s7comm::component_record(8, b"MC 0A1B2C3D"),
    ];
    for (number, (list, records)) in
        [(0x0011, &modules[..]), (0x001c, &components[..])].into_iter().enumerate()
    {
        let reference = 0x200 + (number as u16) * 0x100;
        // The sequence number and the data unit reference stay the same over all parts of one answer.
        let (sequence, unit) = (number as u8 + 1, number as u8 + 5);
        let content = s7comm::szl_content(list, 0, records);
        let parts: Vec<&[u8]> = content.chunks(90).collect();
        for (index, part) in parts.iter().enumerate() {
            let ask = if index == 0 {
                s7comm::szl_request(reference, list, 0)
            } else {
                s7comm::szl_next(reference, sequence)
            };
            let answer = s7comm::szl_part(reference, sequence, unit, index + 1 == parts.len(), part);
            tape.exchange(&mut talk, &ask, &answer);
        }
    }

    // Request download, then the CPU fetches the block itself: download block, download ended.
    tape.exchange(
        &mut talk,
        &s7comm::request_download(0x500, b"_0800001P"),
        &s7comm::message(3, 0x500, &[0x1a], &[]),
    );
    let fetch = [&[0x1b, 0, 0, 0, 0, 0, 0, 1, 9][..], b"_0800001P"].concat();
    tape.add(talk.data(From::Server, &s7comm::message(1, 0x501, &fetch, &[])));
    let mut block = vec![0x00, 0x26, 0x00, 0xfb];
    block.extend(b"pp\x01\x01\x01\x08\x00\x01");
    block.resize(4 + 38, 0);
    tape.add(talk.data(From::Client, &s7comm::message(3, 0x501, &[0x1b, 0x00], &block)));
    let ended = [&[0x1c, 0, 0, 0, 0, 0, 0, 1, 9][..], b"_0800001P"].concat();
    tape.add(talk.data(From::Server, &s7comm::message(1, 0x502, &ended, &[])));
    tape.add(talk.data(From::Client, &s7comm::message(3, 0x502, &[0x1c], &[])));

    tape.exchange(&mut talk, &s7comm::stop(0x600), &s7comm::message(3, 0x600, &[0x29], &[]));
    tape.exchange(&mut talk, &s7comm::start(0x700), &s7comm::message(3, 0x700, &[0x28], &[]));
    tape.all(talk.close());

    // An HMI reads and writes the same CPU: two stations talk to one device in different ways.
    let panel = Station::new(SIEMENS, [10, 40, 13, 50]);
    let mut operate = connection(panel, server, 50_001, 102);
    tape.all(operate.open());
    tape.exchange(
        &mut operate,
        &s7comm::connect(false, 2, [2, 0], [2, 0x23]),
        &s7comm::connect(true, 2, [2, 0], [2, 0x23]),
    );
    tape.exchange(&mut operate, &s7comm::setup(1, 0x100), &s7comm::setup(3, 0x100));
    for round in 0..8 {
        let reference = 0x200 + round;
        tape.exchange(
            &mut operate,
            &s7comm::read_request(reference, 10, 4),
            &s7comm::read_answer(reference, &[0, 0, 0, round as u8]),
        );
    }
    tape.exchange(&mut operate, &s7comm::write_request(0x300, 10, &[0, 1]), &s7comm::write_answer(0x300));
    file::pcap(Order::Little, Unit::Micros, ETHERNET, 0xffff, &tape.frames)
}
