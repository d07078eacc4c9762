//! The small captures of `captures/`: each shows one thing that real mirror ports and devices do.
//!
//! Every sample has addresses of its own, 10.40.N.x, so that all of them fit in one register.

mod devices;
mod hostile;
mod links;
mod network;
mod streams;

use super::frame::{Station, udp_frame};
use super::mix::START;
use super::modbus;
use super::tcp::{Connection, From};

/// A capture file.
pub struct Sample {
    /// Its path in `captures/`.
    pub name: &'static str,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// Every sample, by name.
pub fn all() -> Vec<Sample> {
    let mut samples: Vec<Sample> = [
        ("dnp3-outstations.pcap.zst", devices::outstations as fn() -> Vec<u8>),
        ("enip-chassis.pcap.gz", devices::chassis),
        ("hard/fragments.pcap", network::fragments),
        ("hard/hostile-strings.pcap", hostile::strings),
        ("hard/link-types.pcapng", links::link_types),
        ("hard/mirror-duplicates.pcap", network::mirror_duplicates),
        ("modbus-gateway.pcap", devices::gateway),
        ("hard/rtu-over-tcp.pcap", streams::rtu_over_tcp),
        ("s7-download.pcap", devices::s7_download),
        ("hard/snaplen.pcap", network::snaplen),
        ("hard/tags.pcap", links::tags),
        ("hard/tcp-disorder.pcap", streams::disorder),
        ("hard/tunnels.pcap", links::tunnels),
    ]
    .into_iter()
    .map(|(name, make)| Sample { name, octets: make() })
    .collect();
    samples.sort_by_key(|sample| sample.name);
    samples
}

const SCHNEIDER: [u8; 3] = [0x00, 0x80, 0xf4];
const SIEMENS: [u8; 3] = [0x28, 0x63, 0x36];
const ROCKWELL: [u8; 3] = [0x00, 0x00, 0xbc];
const SEL: [u8; 3] = [0x00, 0x30, 0xa7];
const MOXA: [u8; 3] = [0x00, 0x90, 0xe8];
const DELL: [u8; 3] = [0x18, 0x66, 0xda];
const CISCO: [u8; 3] = [0x00, 0x1b, 0x0d];

/// Frames with their times, one every millisecond.
pub struct Tape {
    pub frames: Vec<(i64, Vec<u8>)>,
    time: i64,
}

impl Tape {
    /// A tape that starts on the hour of the mix plus some minutes.
    fn new(minutes: i64) -> Self {
        Self { frames: Vec::new(), time: START + minutes * 60_000_000_000 }
    }

    fn add(&mut self, frame: Vec<u8>) {
        self.after(1_000_000, frame);
    }

    /// Adds a frame so many nanoseconds after the one before.
    fn after(&mut self, nanos: i64, frame: Vec<u8>) {
        self.time += nanos;
        self.frames.push((self.time, frame));
    }

    fn all(&mut self, frames: Vec<Vec<u8>>) {
        for frame in frames {
            self.add(frame);
        }
    }

    fn udp(&mut self, from: Station, to: Station, ports: (u16, u16), payload: &[u8]) {
        let mut frame = Vec::new();
        udp_frame(&mut frame, from, to, ports, self.frames.len() as u16, payload);
        self.add(frame);
    }

    /// A request and its answer.
    fn exchange(&mut self, connection: &mut Connection, request: &[u8], answer: &[u8]) {
        self.add(connection.data(From::Client, request));
        self.add(connection.data(From::Server, answer));
    }
}

/// A connection between two stations with sequence numbers that follow from its ports.
fn connection(client: Station, server: Station, client_port: u16, port: u16) -> Connection {
    Connection::new(client, server, (client_port, port), u64::from(client_port) << 40 | u64::from(port) << 8)
}

/// The answer of function 43/14 with vendor name, product code and revision.
fn basic_identification(vendor: &str, product: &str, revision: &str) -> Vec<u8> {
    let objects: [(u8, &[u8]); 3] =
        [(0, vendor.as_bytes()), (1, product.as_bytes()), (2, revision.as_bytes())];
    modbus::identification(1, 0x01, None, &objects)
}
