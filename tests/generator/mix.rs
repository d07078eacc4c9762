//! The plant mix: frames as a mirror port of a mid-sized plant gives them, in any number, one at a time.
//!
//! 200 controllers and RTUs, 40 I/O devices, 20 HMIs, 3 historians and 2 engineering stations. Shares of frames:
//! PROFINET RT on a VLAN 26 %, EtherNet/IP I/O 20, Modbus 19, S7comm 12, DNP3 4, EtherNet/IP explicit 3,
//! ARP, LLDP and DCP 1, office traffic 15. A million frames are 200 s of plant and about 75,000 transport conversations;
//! their mean length is about 113 octets. Office conversations are short-lived, so a longer mix has more of them.

use super::enip::Identity;
use super::frame::{self, PROFINET, Station, VLAN};
use super::random::Random;
use super::talk::{Exchange, Talk};
use super::tcp::{Connection, From};
use super::{dnp3, enip, it, modbus, s7comm};

const SCHNEIDER: [u8; 3] = [0x00, 0x80, 0xf4];
const SIEMENS: [u8; 3] = [0x28, 0x63, 0x36];
const ROCKWELL: [u8; 3] = [0x00, 0x00, 0xbc];
const SEL: [u8; 3] = [0x00, 0x30, 0xa7];
const DELL: [u8; 3] = [0x18, 0x66, 0xda];
const CISCO: [u8; 3] = [0x00, 0x1b, 0x0d];

const MODBUS_PLCS: usize = 80;
const S7_PLCS: usize = 60;
const LOGIX_PLCS: usize = 30;
const RTUS: usize = 30;
const PROFINET_IO: usize = 20;
const ENIP_IO: usize = 20;
const HMIS: usize = 20;
const HISTORIANS: usize = 3;
const ENGINEERING: usize = 2;
const OFFICE: usize = 120;
/// Octets of a page that the office fetches.
const PAGE: usize = 26_000;

/// 2026-01-05T06:00:00Z.
pub const START: i64 = 1_767_592_800_000_000_000;

/// One of the conversations of a class talks; short ones are replaced when they close.
struct Class {
    standing: Vec<Talk>,
    short: Vec<Talk>,
}

/// A datagram still to be sent.
struct Datagram {
    from: Station,
    to: Station,
    ports: (u16, u16),
    payload: Vec<u8>,
}

/// The mix. Each call of [`next`](Self::next) makes one more frame.
pub struct Mix {
    random: Random,
    time: i64,
    count: u64,
    modbus: Class,
    s7comm: Class,
    dnp3: Class,
    enip: Class,
    office: Vec<Talk>,
    /// An answer that follows the datagram sent last.
    datagram: Option<Datagram>,
    cycles: Vec<u32>,
}

fn plc(kind: usize, index: usize) -> Station {
    let oui = [SCHNEIDER, SIEMENS, ROCKWELL, SEL][kind];
    Station::new(oui, [10, 30, 1 + kind as u8, 1 + index as u8])
}

fn io_device(kind: usize, index: usize) -> Station {
    Station::new([SIEMENS, ROCKWELL][kind], [10, 30, 11 + kind as u8, 1 + index as u8])
}

fn hmi(index: usize) -> Station {
    Station::new(SIEMENS, [10, 30, 21, 1 + index as u8])
}

fn historian(index: usize) -> Station {
    Station::new(DELL, [10, 30, 31, 1 + index as u8]).behind(router())
}

fn engineering(index: usize) -> Station {
    Station::new(DELL, [10, 30, 21, 201 + index as u8])
}

fn router() -> Station {
    Station::new(CISCO, [10, 30, 0, 1])
}

fn office(index: usize) -> Station {
    Station::new(DELL, [192, 168, 99, 20 + index as u8]).behind(router())
}

fn office_server(index: usize) -> Station {
    Station::new(DELL, [192, 168, 10, 10 + index as u8])
}

impl Mix {
    /// The mix of that seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let modbus = class(&mut random, MODBUS_PLCS, 0, 502, modbus_exchange);
        let s7comm = class(&mut random, S7_PLCS, 1, 102, s7comm_exchange);
        let enip = class(&mut random, LOGIX_PLCS, 2, 44_818, enip_exchange);
        let dnp3 = class(&mut random, RTUS, 3, 20_000, dnp3_exchange);
        let office = (0..40).map(|_| office_talk(&mut random)).collect();
        Self {
            random,
            time: START,
            count: 0,
            modbus,
            s7comm,
            dnp3,
            enip,
            office,
            datagram: None,
            cycles: vec![0; 2 * (PROFINET_IO + ENIP_IO)],
        }
    }

    /// Replaces `out` by the next frame and returns its time in nanoseconds since 1970.
    pub fn next(&mut self, out: &mut Vec<u8>) -> i64 {
        out.clear();
        self.time += 100_000 + self.random.below(200_001) as i64;
        self.count += 1;
        let random = &mut self.random;
        match random.below(1000) {
            0..260 => self.profinet(out),
            260..460 => self.enip_io(out),
            460..650 => class_frame(&mut self.modbus, random, out, 10, |random| {
                short_talk(random, MODBUS_PLCS, 0, 502, modbus_exchange)
            }),
            650..770 => class_frame(&mut self.s7comm, random, out, 100, |random| {
                short_talk(random, S7_PLCS, 1, 102, s7comm_exchange)
            }),
            770..810 => class_frame(&mut self.dnp3, random, out, 100, |random| {
                short_talk(random, RTUS, 3, 20_000, dnp3_exchange)
            }),
            810..840 => class_frame(&mut self.enip, random, out, 20, |random| {
                short_talk(random, LOGIX_PLCS, 2, 44_818, enip_exchange)
            }),
            840..850 => self.neighbours(out),
            _ => self.office(out),
        }
        self.time
    }

    /// PROFINET RT, class 1 unicast (frame ids from 0x8000 on): IEC 61158-6-10.
    fn profinet(&mut self, out: &mut Vec<u8>) {
        let index = self.random.below(PROFINET_IO);
        let (device, controller) = (io_device(0, index), plc(1, index));
        let input = self.random.once_in(2);
        let (from, to) = if input { (device, controller) } else { (controller, device) };
        let cycle = &mut self.cycles[2 * index + usize::from(input)];
        *cycle = cycle.wrapping_add(32);
        frame::ethernet(out, to.mac, from.mac, &[(VLAN, 0xc000 | 100)], PROFINET);
        out.extend((0x8000 + index as u16 * 2 + u16::from(input)).to_be_bytes());
        let mut values = [0; 40];
        self.random.fill(&mut values[..12]);
        out.extend(values);
        out.extend((*cycle as u16).to_be_bytes());
        out.extend([0x35, 0x00]);
    }

    fn enip_io(&mut self, out: &mut Vec<u8>) {
        let index = self.random.below(ENIP_IO);
        let (adapter, scanner) = (io_device(1, index), plc(2, index));
        let input = self.random.once_in(2);
        let count = &mut self.cycles[2 * (PROFINET_IO + index) + usize::from(input)];
        *count = count.wrapping_add(1);
        let mut values = [0; 32];
        self.random.fill(&mut values);
        let (from, to, connection) = if input {
            (adapter, scanner, 0x5400_0000 + index as u32)
        } else {
            (scanner, adapter, 0x2200_0000 + index as u32)
        };
        let payload = enip::io(connection, *count, !input, if input { &values } else { &values[..16] });
        frame::udp_frame(out, from, to, (2222, 2222), *count as u16, &payload);
    }

    /// ARP between all stations of the plant, LLDP of the switches, DCP identify and answers.
    fn neighbours(&mut self, out: &mut Vec<u8>) {
        match self.random.below(20) {
            0 => out.extend(lldp(self.random.below(8) as u8)),
            1 => out.extend(dcp_identify(engineering(0))),
            2 => out.extend(dcp_answer(self.random.below(PROFINET_IO))),
            number => {
                let kind = self.random.below(4);
                let many = [MODBUS_PLCS, S7_PLCS, LOGIX_PLCS, RTUS][kind];
                let (asks, answers) = (hmi(self.random.below(HMIS)), plc(kind, self.random.below(many)));
                let packet = if number.is_multiple_of(2) {
                    frame::arp(1, asks, answers)
                } else {
                    frame::arp(2, answers, asks)
                };
                out.extend(packet);
            }
        }
    }

    fn office(&mut self, out: &mut Vec<u8>) {
        if let Some(Datagram { from, to, ports, payload }) = self.datagram.take() {
            return frame::udp_frame(out, from, to, ports, self.count as u16, &payload);
        }
        let port = 49_152 + self.random.below(16_384) as u16;
        let client = office(self.random.below(OFFICE));
        // A look-up fills two frames here and one place in the draw, so 37 draws are 74 frames of 148.
        match self.random.below(111) {
            0..37 => {
                let (id, server) = (self.random.next() as u16, office_server(0));
                let name = format!("line{}.plant.example.com", self.count % 1000);
                let answer = it::dns(id, &name, Some([192, 168, 10, 20]));
                self.datagram =
                    Some(Datagram { from: server, to: client, ports: (53, port), payload: answer });
                frame::udp_frame(out, client, server, (port, 53), id, &it::dns(id, &name, None));
            }
            37..70 => {
                let payload = it::syslog(self.count, "mes-client");
                frame::udp_frame(out, client, office_server(1), (port, 514), self.count as u16, &payload);
            }
            _ => {
                let index = self.random.below(self.office.len());
                while !self.office[index].next(&mut self.random, out) {
                    self.office[index] = office_talk(&mut self.random);
                }
            }
        }
    }
}

/// Standing conversations: an HMI and, for controllers, a historian poll each device.
fn class(random: &mut Random, many: usize, kind: usize, port: u16, exchange: Exchange) -> Class {
    let mut standing = Vec::new();
    for index in 0..many {
        let mut clients = vec![hmi(index % HMIS)];
        if kind < 2 {
            clients.push(historian(index % HISTORIANS));
        }
        for client in clients {
            let ports = (40_000 + standing.len() as u16, port);
            let connection = Connection::new(client, plc(kind, index), ports, random.next());
            standing.push(Talk::new(connection, index as u32, exchange, None));
        }
    }
    let short = (0..8).map(|_| short_talk(random, many, kind, port, exchange)).collect();
    Class { standing, short }
}

/// A short conversation: a client that opens for each poll, or an engineering station that asks who is there.
fn short_talk(random: &mut Random, many: usize, kind: usize, port: u16, exchange: Exchange) -> Talk {
    let index = random.below(many);
    let asks_identity = random.once_in(4);
    let client = if asks_identity { engineering(random.below(ENGINEERING)) } else { hmi(random.below(HMIS)) };
    let ports = (49_152 + random.below(16_384) as u16, port);
    let connection = Connection::new(client, plc(kind, index), ports, random.next());
    let mut talk = Talk::new(connection, index as u32, exchange, Some(if asks_identity { 4 } else { 1 }));
    talk.asks_identity = asks_identity;
    talk
}

/// One frame of a class; one in `short_once_in` belongs to a short conversation.
fn class_frame(
    class: &mut Class,
    random: &mut Random,
    out: &mut Vec<u8>,
    short_once_in: usize,
    renew: fn(&mut Random) -> Talk,
) {
    if random.once_in(short_once_in) {
        let index = random.below(class.short.len());
        while !class.short[index].next(random, out) {
            class.short[index] = renew(random);
        }
    } else {
        let index = random.below(class.standing.len());
        class.standing[index].next(random, out);
    }
}

fn modbus_exchange(talk: &mut Talk, random: &mut Random) {
    let transaction = talk.round as u16;
    let (ask, answer) = match (talk.asks_identity, talk.round) {
        (true, 0) => {
            let revision = format!("v2.{:02}", talk.device % 40);
            let objects: [(u8, &[u8]); 3] =
                [(0, b"Schneider Electric"), (1, b"BMX P34 2020"), (2, revision.as_bytes())];
            (modbus::identification_request(1, 0), modbus::identification(1, 0x81, None, &objects))
        }
        (true, 1) => (vec![0x11], modbus::server_id(b"\x01M340", true)),
        _ if random.once_in(25) => {
            let write = modbus::write_register(random.below(400) as u16, random.next() as u16);
            (write.clone(), write)
        }
        _ => {
            let count = 2 + random.below(14);
            let mut values = vec![0; count * 2];
            random.fill(&mut values);
            (modbus::read_registers(random.below(1000) as u16, count as u16), modbus::registers(&values))
        }
    };
    talk.say(From::Client, modbus::adu(transaction, 1, &ask));
    talk.say(From::Server, modbus::adu(transaction, 1, &answer));
    if random.once_in(4) {
        talk.acknowledge(From::Client);
    }
}

fn s7comm_exchange(talk: &mut Talk, random: &mut Random) {
    let reference = (talk.round as u16).wrapping_mul(0x100);
    let szl = |list, records: &[Vec<u8>]| {
        s7comm::szl_part(reference, 1, 0, true, &s7comm::szl_content(list, 0, records))
    };
    let (ask, answer) = match (talk.round, talk.asks_identity) {
        (0, _) => {
            // Connection type 1 PG, 2 OP; rack 0, slot 2.
            let called = if talk.asks_identity { [0x01, 0x02] } else { [0x02, 0x02] };
            (
                s7comm::connect(false, 0x0001, [0x01, 0x00], called),
                s7comm::connect(true, 0x0001, [0x01, 0x00], called),
            )
        }
        (1, _) => (s7comm::setup(1, reference), s7comm::setup(3, reference)),
        (2, true) => {
            let order = b"6ES7 315-2EH14-0AB0 ";
            let records = [
                s7comm::module_record(1, order, [0, 1, 0, 0]),
                s7comm::module_record(6, order, [0, 1, 0, 0]),
                s7comm::module_record(7, b" ", [b'V', 3, 2, 6]),
            ];
            (s7comm::szl_request(reference, 0x0011, 0), szl(0x0011, &records))
        }
        (3, true) => {
            let (name, serial) =
                (format!("LINE{}", talk.device), format!("S C-X4U{:09}", 421_302_000 + talk.device));
            let records = [
                s7comm::component_record(1, name.as_bytes()),
                s7comm::component_record(2, b"CPU 315-2 PN/DP"),
                s7comm::component_record(5, serial.as_bytes()),
            ];
            (s7comm::szl_request(reference, 0x001c, 0), szl(0x001c, &records))
        }
        _ if random.once_in(20) => {
            (s7comm::write_request(reference, 10, &[0, 1]), s7comm::write_answer(reference))
        }
        _ => {
            let mut values = vec![0; 8 + 2 * random.below(20)];
            random.fill(&mut values);
            (
                s7comm::read_request(reference, 10, values.len() as u16),
                s7comm::read_answer(reference, &values),
            )
        }
    };
    talk.say(From::Client, ask);
    talk.say(From::Server, answer);
    if random.once_in(6) {
        talk.acknowledge(From::Client);
    }
}

fn dnp3_exchange(talk: &mut Talk, random: &mut Random) {
    let (master, outstation, sequence) = (1, 10 + talk.device as u16, talk.round as u8);
    let (ask, answer) = if talk.asks_identity && talk.round == 0 {
        let serial = format!("11207400{:02}", talk.device);
        let values: [(u8, &[u8]); 4] = [
            (252, b"Schweitzer Engineering Laboratories"),
            (250, b"SEL-3530"),
            (248, serial.as_bytes()),
            (242, b"R148-V0"),
        ];
        (
            dnp3::request(sequence, 1, &dnp3::ATTRIBUTES),
            dnp3::response(sequence, [0, 0], &dnp3::attributes(&values)),
        )
    } else {
        let mut values = vec![0; 1 + random.below(12)];
        random.fill(&mut values);
        (
            dnp3::request(sequence, 1, &dnp3::INTEGRITY_POLL),
            dnp3::response(sequence, [0, 0], &dnp3::analogs(&values)),
        )
    };
    talk.say(From::Client, dnp3::fragment(true, outstation, master, &ask).concat());
    talk.say(From::Server, dnp3::fragment(false, master, outstation, &answer).concat());
}

fn enip_exchange(talk: &mut Talk, random: &mut Random) {
    let session = 0x1000 + talk.device;
    let name = b"1756-L83E/B";
    let identity = Identity {
        vendor: 1,
        device_type: 14,
        product_code: 166,
        revision: (32, 11),
        status: 0x3060,
        serial: 0x00c0_0000 + talk.device,
        name,
    };
    let read = [&[0x91, 0x06][..], b"Speed1"].concat();
    let (ask, answer) = match (talk.round, talk.asks_identity) {
        (0, _) => (enip::register_session(0), enip::register_session(session)),
        (1, true) => (
            enip::encapsulated(enip::LIST_IDENTITY, 0, &[]),
            enip::list_identity(plc(2, talk.device as usize).ip, &identity, 3),
        ),
        (2, true) => {
            let ask = enip::request(enip::GET_ATTRIBUTES_ALL, &enip::IDENTITY, &[]);
            let answer = enip::response(enip::GET_ATTRIBUTES_ALL, &identity.attributes());
            (
                enip::unconnected(session, &enip::unconnected_send(&[1, 0], &ask)),
                enip::unconnected(session, &answer),
            )
        }
        (1, false) if (talk.device as usize) < ENIP_IO => {
            let (serial, originator) = (talk.device as u16, (1, 0x00c0_0000 + talk.device));
            let key = Identity { device_type: 12, product_code: 108, revision: (6, 12), ..identity };
            let opened = enip::forward_opened(serial, originator, 0x2200_0000 + talk.device);
            (
                enip::unconnected(session, &enip::forward_open(serial, originator, Some(&key), &[])),
                enip::unconnected(session, &opened),
            )
        }
        _ => {
            // Logix Read Tag: one element; the answer is a DINT.
            let value = (random.next() as u32).to_le_bytes();
            let ask = enip::request(0x4c, &read, &[1, 0]);
            let answer = enip::response(0x4c, &[&[0xc4, 0x00][..], &value].concat());
            (enip::unconnected(session, &ask), enip::unconnected(session, &answer))
        }
    };
    talk.say(From::Client, ask);
    talk.say(From::Server, answer);
}

/// A client of the office fetches a page, or talks to a server on the Internet.
fn office_talk(random: &mut Random) -> Talk {
    let (client, server) = if random.once_in(8) {
        let server = Station { mac: router().mac, ip: [203, 0, 113, 1 + random.below(200) as u8].into() };
        (office_server(2 + random.below(6)), server)
    } else {
        (office(random.below(OFFICE)), office_server(2 + random.below(6)))
    };
    let ports = (49_152 + random.below(16_384) as u16, 80);
    Talk::new(Connection::new(client, server, ports, random.next()), 0, http_exchange, Some(1))
}

fn http_exchange(talk: &mut Talk, random: &mut Random) {
    talk.say(From::Client, it::http_request("mes.plant.example.com", random.next() % 100_000));
    let mut content = it::http_answer(PAGE);
    let head = content.len();
    content.resize(head + PAGE, b'7');
    for (number, part) in content.chunks(1460).enumerate() {
        talk.say(From::Server, part.to_vec());
        if number % 2 == 1 {
            talk.acknowledge(From::Client);
        }
    }
}

/// LLDP of a switch: IEEE 802.1AB.
fn lldp(number: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mac = [0x00, 0x80, 0x63, 0, 0, number];
    frame::ethernet(&mut out, [0x01, 0x80, 0xc2, 0, 0, 0x0e], mac, &[], 0x88cc);
    let name = format!("SW{number}");
    let mut tlv = |kind: u8, value: &[u8]| {
        out.extend((u16::from(kind) << 9 | value.len() as u16).to_be_bytes());
        out.extend(value);
    };
    tlv(1, &[&[4][..], &mac].concat());
    tlv(2, b"\x07port 1");
    tlv(3, &[0, 120]);
    tlv(5, name.as_bytes());
    tlv(6, b"Hirschmann Railswitch RS20");
    tlv(0, &[]);
    frame::pad(&mut out);
    out
}

/// DCP identify request to all: IEC 61158-6-10, 4.3.
fn dcp_identify(from: Station) -> Vec<u8> {
    let mut out = Vec::new();
    frame::ethernet(&mut out, [0x01, 0x0e, 0xcf, 0, 0, 0], from.mac, &[], PROFINET);
    out.extend([0xfe, 0xfe, 0x05, 0x00, 0, 0, 0, 1, 0, 0x80, 0, 4, 0xff, 0xff, 0, 0]);
    frame::pad(&mut out);
    out
}

/// A device's answer with its name of station and its vendor and device id.
fn dcp_answer(index: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let name = format!("et200sp-{index:02}");
    frame::ethernet(&mut out, engineering(0).mac, io_device(0, index).mac, &[], PROFINET);
    out.extend([0xfe, 0xff, 0x05, 0x01, 0, 0, 0, 1, 0, 0]);
    let mut blocks = vec![2, 2, 0, name.len() as u8 + 2, 0, 0];
    blocks.extend(name.as_bytes());
    blocks.resize(blocks.len().next_multiple_of(2), 0);
    blocks.extend([2, 3, 0, 6, 0, 0, 0x00, 0x2a, 0x03, 0x13]);
    out.extend((blocks.len() as u16).to_be_bytes());
    out.extend(blocks);
    frame::pad(&mut out);
    out
}
