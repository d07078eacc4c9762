//! Identities that attack whoever shows them: spreadsheets, pages, terminals, logs, file names.

use super::super::enip::{Identity, list_identity};
use super::super::file::{self, ETHERNET, Order, Unit};
use super::super::frame::Station;
use super::super::{dnp3, modbus, s7comm};
use super::{DELL, ROCKWELL, SCHNEIDER, SEL, SIEMENS, Tape, connection};

/// What the devices claim to be.
pub const STRINGS: [&[u8]; 18] = [
    b"=HYPERLINK(\"http://198.51.100.1/\",\"PLC\")",
    b"=cmd|'/C calc'!A0",
    b"+1+1",
    b"-2+3",
    b"@SUM(1,1)",
    b"\t=1+1",
    b"\r=1+1",
    b"<script>alert(1)</script>",
    b"\"><img src=x onerror=alert(1)>",
    b"\x1b[2J\x1b]0;owned\x07",
    b"a\nb\r\nc",
    "PLC\u{202e}gpj.exe".as_bytes(),
    "zero\u{200b}width\u{feff}".as_bytes(),
    b"%n%n%n%s",
    b"../../../etc/passwd",
    b"'; DROP TABLE asset; --",
    b"quote\" comma, semicolon; 'apostrophe'",
    b"\xff\xfe\xc3\x28 not UTF-8",
];

/// Devices of all four protocols with such strings, and one with strings as long as its protocol allows.
pub fn strings() -> Vec<u8> {
    let mut tape = Tape::new(14);
    let client = Station::new(DELL, [10, 40, 14, 200]);
    for (number, text) in STRINGS.into_iter().enumerate() {
        modbus_device(&mut tape, client, number as u8, text);
    }
    modbus_device(&mut tape, client, 18, &[b'A'; 70]);
    for (number, text) in [STRINGS[0], STRINGS[7], STRINGS[9]].into_iter().enumerate() {
        let device = Station::new(ROCKWELL, [10, 40, 14, 101 + number as u8]);
        let identity = Identity {
            vendor: 1,
            device_type: 14,
            product_code: 9,
            revision: (1, 1),
            status: 0,
            serial: 0xe000 + number as u32,
            name: text,
        };
        tape.udp(device, client, (44_818, 50_001), &list_identity(device.ip, &identity, 3));
    }

    let server = Station::new(SIEMENS, [10, 40, 14, 111]);
    let mut talk = connection(client, server, 50_111, 102);
    tape.all(talk.open());
    tape.exchange(
        &mut talk,
        &s7comm::connect(false, 1, [1, 0], [1, 2]),
        &s7comm::connect(true, 1, [1, 0], [1, 2]),
    );
    tape.exchange(&mut talk, &s7comm::setup(1, 0x100), &s7comm::setup(3, 0x100));
    let records = [
        s7comm::component_record(1, b"=1+1"),
        s7comm::component_record(2, b"<b>CPU</b>"),
        s7comm::component_record(5, b"\x1b[31mred\x1b[0m"),
    ];
    let answer = s7comm::szl_part(0x200, 1, 0, true, &s7comm::szl_content(0x001c, 0, &records));
    tape.exchange(&mut talk, &s7comm::szl_request(0x200, 0x001c, 0), &answer);

    let server = Station::new(SEL, [10, 40, 14, 112]);
    let mut talk = connection(client, server, 50_112, 20_000);
    tape.all(talk.open());
    let values: [(u8, &[u8]); 3] =
        [(252, b"@SUM(A1)"), (250, b"<i>RTU</i>"), (247, b"\x1b]8;;http://x/\x07name")];
    tape.exchange(
        &mut talk,
        &dnp3::fragment(true, 1, 2, &dnp3::request(0, 1, &dnp3::ATTRIBUTES)).concat(),
        &dnp3::fragment(false, 2, 1, &dnp3::response(0, [0, 0], &dnp3::attributes(&values))).concat(),
    );
    file::pcap(Order::Little, Unit::Micros, ETHERNET, 0xffff, &tape.frames)
}

fn modbus_device(tape: &mut Tape, client: Station, number: u8, text: &[u8]) {
    let server = Station::new(SCHNEIDER, [10, 40, 14, 11 + number]);
    let mut talk = connection(client, server, 50_000 + u16::from(number), 502);
    tape.all(talk.open());
    let objects = [(0, text), (1, text), (2, text)];
    let answer = modbus::identification(1, 0x01, None, &objects);
    tape.exchange(
        &mut talk,
        &modbus::adu(1, 1, &modbus::identification_request(1, 0)),
        &modbus::adu(1, 1, &answer),
    );
}
