//! Writes captures of every kind, for the tests of the sources.

#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

use std::io::Write;
use std::path::Path;

use capture::{FileSource, Finished, Input, LinkType, SourceError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Big,
    Little,
}

pub use Order::{Big, Little};

impl Order {
    pub fn u16(self, number: u16) -> [u8; 2] {
        if self == Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub fn u32(self, number: u32) -> [u8; 4] {
        if self == Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub fn u64(self, number: u64) -> [u8; 8] {
        if self == Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

pub const MICROS: u32 = 0xA1B2_C3D4;
pub const NANOS: u32 = 0xA1B2_3C4D;
pub const PATCHED: u32 = 0xA1B2_CD34;

/// A classic pcap file.
pub struct Pcap {
    pub octets: Vec<u8>,
    order: Order,
    patched: bool,
}

impl Pcap {
    pub fn new(order: Order, magic: u32) -> Self {
        Self::with(order, magic, (2, 4), 262_144, 1)
    }

    pub fn with(order: Order, magic: u32, version: (u16, u16), snaplen: u32, network: u32) -> Self {
        let mut octets = Vec::new();
        octets.extend(order.u32(magic));
        octets.extend(order.u16(version.0));
        octets.extend(order.u16(version.1));
        octets.extend([0; 8]);
        octets.extend(order.u32(snaplen));
        octets.extend(order.u32(network));
        Self { octets, order, patched: magic == PATCHED }
    }

    pub fn record(
        &mut self,
        seconds: u32,
        fraction: u32,
        captured: u32,
        original: u32,
        octets: &[u8],
    ) -> &mut Self {
        for number in [seconds, fraction, captured, original] {
            self.octets.extend(self.order.u32(number));
        }
        if self.patched {
            self.octets.extend([9; 8]);
        }
        self.octets.extend(octets);
        self
    }

    pub fn frame(&mut self, seconds: u32, fraction: u32, octets: &[u8]) -> &mut Self {
        let length = u32::try_from(octets.len()).unwrap();
        self.record(seconds, fraction, length, length, octets)
    }
}

/// A pcapng file.
pub struct Pcapng {
    pub octets: Vec<u8>,
    order: Order,
}

pub type Options<'a> = &'a [(u16, Vec<u8>)];

impl Pcapng {
    /// Starts with a section header.
    pub fn new(order: Order) -> Self {
        let mut file = Self { octets: Vec::new(), order };
        file.section(order);
        file
    }

    pub fn section(&mut self, order: Order) -> &mut Self {
        self.section_of_version(order, 1)
    }

    pub fn section_of_version(&mut self, order: Order, major: u16) -> &mut Self {
        self.order = order;
        let mut body = order.u32(0x1A2B_3C4D).to_vec();
        body.extend(order.u16(major));
        body.extend(order.u16(0));
        body.extend([0xFF; 8]);
        body.extend(self.options(&[(4, b"tests".to_vec())]));
        self.block(0x0A0D_0D0A, &body)
    }

    fn options(&self, options: Options<'_>) -> Vec<u8> {
        let mut octets = Vec::new();
        for (code, value) in options {
            octets.extend(self.order.u16(*code));
            octets.extend(self.order.u16(u16::try_from(value.len()).unwrap()));
            octets.extend(value);
            octets.resize(octets.len().next_multiple_of(4), 0);
        }
        if !options.is_empty() {
            octets.extend([0; 4]);
        }
        octets
    }

    pub fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        let length = self.order.u32(u32::try_from(body.len().next_multiple_of(4) + 12).unwrap());
        self.octets.extend(self.order.u32(kind));
        self.octets.extend(length);
        self.octets.extend(body);
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
        self.octets.extend(length);
        self
    }

    pub fn interface(&mut self, link_type: u16, snaplen: u32, options: Options<'_>) -> &mut Self {
        let mut body = self.order.u16(link_type).to_vec();
        body.extend([0; 2]);
        body.extend(self.order.u32(snaplen));
        body.extend(self.options(options));
        self.block(1, &body)
    }

    pub fn enhanced(&mut self, interface: u32, units: u64, octets: &[u8]) -> &mut Self {
        let length = u32::try_from(octets.len()).unwrap();
        self.enhanced_with(interface, units, length, length, octets, &[])
    }

    pub fn enhanced_with(
        &mut self,
        interface: u32,
        units: u64,
        captured: u32,
        original: u32,
        octets: &[u8],
        options: Options<'_>,
    ) -> &mut Self {
        let mut body = self.order.u32(interface).to_vec();
        body.extend(self.units(units));
        body.extend(self.order.u32(captured));
        body.extend(self.order.u32(original));
        body.extend(octets);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.options(options));
        self.block(6, &body)
    }

    pub fn packet(&mut self, interface: u16, drops: u16, units: u64, octets: &[u8]) -> &mut Self {
        let mut body = self.order.u16(interface).to_vec();
        body.extend(self.order.u16(drops));
        body.extend(self.units(units));
        let length = self.order.u32(u32::try_from(octets.len()).unwrap());
        body.extend(length);
        body.extend(length);
        body.extend(octets);
        self.block(2, &body)
    }

    pub fn simple(&mut self, original: u32, octets: &[u8]) -> &mut Self {
        let mut body = self.order.u32(original).to_vec();
        body.extend(octets);
        self.block(3, &body)
    }

    pub fn statistics(&mut self, interface: u32, options: &[(u16, u64)]) -> &mut Self {
        let order = self.order;
        let options: Vec<_> =
            options.iter().map(|&(code, value)| (code, order.u64(value).to_vec())).collect();
        let mut body = order.u32(interface).to_vec();
        body.extend([0; 8]);
        body.extend(self.options(&options));
        self.block(5, &body)
    }

    fn units(&self, units: u64) -> Vec<u8> {
        let high = self.order.u32(u32::try_from(units >> 32).unwrap());
        let low = self.order.u32(u32::try_from(units & 0xFFFF_FFFF).unwrap());
        [high, low].concat()
    }
}

pub fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(octets: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// A frame with its octets, to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub number: u64,
    pub nanos: i64,
    pub link_type: LinkType,
    pub original_length: u32,
    pub octets: Vec<u8>,
}

pub fn frames(source: &mut FileSource) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some(frame) = source.next() {
        frames.push(Frame {
            number: frame.number,
            nanos: frame.time.0,
            link_type: frame.link_type,
            original_length: frame.original_length,
            octets: frame.octets.to_vec(),
        });
    }
    assert!(source.next().is_none(), "a source that ended gives no more");
    frames
}

pub fn read_path(path: &Path) -> Result<(Vec<Frame>, Finished), SourceError> {
    let mut source = FileSource::open(&Input::File(path.to_owned()))?;
    let frames = frames(&mut source);
    Ok((frames, source.finish()?))
}

/// Reads a file of these octets.
pub fn read(octets: &[u8]) -> Result<(Vec<Frame>, Finished), SourceError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(octets).unwrap();
    let result = read_path(file.path());
    if let Ok((_, finished)) = &result {
        assert_eq!(finished.sha256, sha256(octets));
        assert_eq!(finished.octets, octets.len() as u64);
    }
    result
}

pub fn sha256(octets: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Numbers that look random and are the same each time (xorshift64*, Vigna 2016).
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound
    }
}
