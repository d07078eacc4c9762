//! A TCP connection seen from a mirror port: right sequence and acknowledgment numbers, checksums and flags.

use super::frame::{IPV4, Station, TCP, ethernet, fold, ipv4, pad, sum};

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

/// Which end sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Client,
    Server,
}

impl From {
    fn index(self) -> usize {
        self as usize
    }
}

/// A connection and what each end sends next.
#[derive(Clone, Debug)]
pub struct Connection {
    pub stations: [Station; 2],
    pub ports: [u16; 2],
    /// Next sequence number of each end.
    pub sequence: [u32; 2],
    /// Tags of its frames.
    pub tags: Vec<(u16, u16)>,
    pub ttl: u8,
    id: u16,
}

impl Connection {
    /// A connection not yet opened.
    pub fn new(client: Station, server: Station, ports: (u16, u16), sequence: u64) -> Self {
        let sequence = [sequence as u32, (sequence >> 32) as u32];
        Self {
            stations: [client, server],
            ports: [ports.0, ports.1],
            sequence,
            tags: Vec::new(),
            ttl: 64,
            id: sequence[0] as u16,
        }
    }

    /// Appends one segment to `out` and moves the sender's sequence number on.
    pub fn segment(&mut self, out: &mut Vec<u8>, from: From, flags: u8, payload: &[u8]) {
        let sequence = self.sequence[from.index()];
        self.segment_at(out, from, flags, sequence, payload);
        let length = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.sequence[from.index()] = sequence.wrapping_add(length);
    }

    /// Appends a segment with a sequence number as given: retransmissions, gaps, disorder.
    pub fn segment_at(&mut self, out: &mut Vec<u8>, from: From, flags: u8, sequence: u32, payload: &[u8]) {
        let (me, other) = (from.index(), 1 - from.index());
        let (source, destination) = (self.stations[me], self.stations[other]);
        ethernet(out, destination.mac, source.mac, &self.tags, IPV4);
        self.id = self.id.wrapping_add(1);
        ipv4(out, source.ip, destination.ip, TCP, self.ttl, self.id, payload.len() + 20);
        let start = out.len();
        out.extend(self.ports[me].to_be_bytes());
        out.extend(self.ports[other].to_be_bytes());
        out.extend(sequence.to_be_bytes());
        let acknowledgment = if flags & ACK == 0 { 0 } else { self.sequence[other] };
        out.extend(acknowledgment.to_be_bytes());
        out.extend([0x50, flags, 0x20, 0x00, 0, 0, 0, 0]);
        out.extend(payload);
        let length = (out.len() - start) as u32;
        let pseudo = sum(&source.ip.octets()) + sum(&destination.ip.octets()) + u32::from(TCP) + length;
        let checksum = fold(pseudo + sum(&out[start..]));
        out[start + 16..start + 18].copy_from_slice(&checksum.to_be_bytes());
        pad(out);
    }

    /// A frame of its own with one segment.
    pub fn frame(&mut self, from: From, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.segment(&mut out, from, flags, payload);
        out
    }

    /// The three segments that open it.
    pub fn open(&mut self) -> Vec<Vec<u8>> {
        vec![
            self.frame(From::Client, SYN, &[]),
            self.frame(From::Server, SYN | ACK, &[]),
            self.frame(From::Client, ACK, &[]),
        ]
    }

    /// One segment with data.
    pub fn data(&mut self, from: From, payload: &[u8]) -> Vec<u8> {
        self.frame(from, PSH | ACK, payload)
    }

    /// The segments that close it.
    pub fn close(&mut self) -> Vec<Vec<u8>> {
        vec![
            self.frame(From::Client, FIN | ACK, &[]),
            self.frame(From::Server, FIN | ACK, &[]),
            self.frame(From::Client, ACK, &[]),
        ]
    }
}
