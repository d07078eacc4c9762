//! Capture file formats: pcap (both byte orders, microseconds and nanoseconds), pcapng, and gzip and zstd around them.
//!
//! Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, RFC 1952, RFC 1951 section 3.2.4, RFC 8878.

use std::io::{self, Write};

pub const ETHERNET: u16 = 1;
pub const NULL: u16 = 0;
pub const RAW: u16 = 101;
pub const LINUX_SLL: u16 = 113;
pub const LINUX_SLL2: u16 = 276;

/// Byte order of the numbers in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

/// Unit of the time stamps of a pcap file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Micros,
    Nanos,
}

/// Writes a pcap file as its frames come.
pub struct Pcap<W: Write> {
    out: W,
    order: Order,
    unit: Unit,
    snaplen: u32,
}

impl<W: Write> Pcap<W> {
    /// Writes the file header.
    pub fn new(mut out: W, order: Order, unit: Unit, link_type: u16, snaplen: u32) -> io::Result<Self> {
        let magic = if unit == Unit::Micros { 0xa1b2_c3d4 } else { 0xa1b2_3c4d };
        out.write_all(&order.u32(magic))?;
        out.write_all(&order.u16(2))?;
        out.write_all(&order.u16(4))?;
        out.write_all(&[0; 8])?;
        out.write_all(&order.u32(snaplen))?;
        out.write_all(&order.u32(u32::from(link_type)))?;
        Ok(Self { out, order, unit, snaplen })
    }

    /// Writes one frame, cut at the snaplen. `time` is nanoseconds since 1970.
    pub fn frame(&mut self, time: i64, octets: &[u8]) -> io::Result<()> {
        let captured = octets.len().min(self.snaplen as usize);
        let divisor = if self.unit == Unit::Micros { 1000 } else { 1 };
        let mut header = [0; 16];
        header[..4].copy_from_slice(&self.order.u32((time / 1_000_000_000) as u32));
        header[4..8].copy_from_slice(&self.order.u32((time % 1_000_000_000 / divisor) as u32));
        header[8..12].copy_from_slice(&self.order.u32(captured as u32));
        header[12..].copy_from_slice(&self.order.u32(octets.len() as u32));
        self.out.write_all(&header)?;
        self.out.write_all(&octets[..captured])
    }

    /// The output, everything written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A whole pcap file in memory.
pub fn pcap(order: Order, unit: Unit, link_type: u16, snaplen: u32, frames: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let mut file = Pcap::new(Vec::new(), order, unit, link_type, snaplen).unwrap();
    for (time, octets) in frames {
        file.frame(*time, octets).unwrap();
    }
    file.finish().unwrap()
}

/// A pcapng file, put together block by block.
pub struct Pcapng {
    out: Vec<u8>,
    order: Order,
}

impl Pcapng {
    /// An empty file.
    pub fn new() -> Self {
        Self { out: Vec::new(), order: Order::Little }
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = self.order.u32((body.len() + padding + 12) as u32);
        self.out.extend(self.order.u32(kind));
        self.out.extend(length);
        self.out.extend(body);
        self.out.extend(&[0; 3][..padding]);
        self.out.extend(length);
    }

    fn option(&self, body: &mut Vec<u8>, code: u16, value: &[u8]) {
        body.extend(self.order.u16(code));
        body.extend(self.order.u16(value.len() as u16));
        body.extend(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }

    /// Section header block.
    pub fn section(&mut self, order: Order) {
        self.order = order;
        let mut body = Vec::new();
        body.extend(order.u32(0x1a2b_3c4d));
        body.extend(order.u16(1));
        body.extend(order.u16(0));
        body.extend([0xff; 8]);
        self.block(0x0a0d_0d0a, &body);
    }

    /// Interface description block. `resolution` as in `if_tsresol`, `offset` seconds as in `if_tsoffset`.
    pub fn interface(&mut self, link_type: u16, snaplen: u32, resolution: u8, offset: i64) {
        let mut body = Vec::new();
        body.extend(self.order.u16(link_type));
        body.extend(self.order.u16(0));
        body.extend(self.order.u32(snaplen));
        self.option(&mut body, 9, &[resolution]);
        if offset != 0 {
            let offset =
                if self.order == Order::Little { offset.to_le_bytes() } else { offset.to_be_bytes() };
            self.option(&mut body, 14, &offset);
        }
        self.option(&mut body, 0, &[]);
        self.block(1, &body);
    }

    /// Enhanced packet block; `ticks` in the interface's resolution, offset taken off.
    pub fn enhanced(&mut self, interface: u32, ticks: u64, octets: &[u8]) {
        let mut body = Vec::new();
        body.extend(self.order.u32(interface));
        body.extend(self.order.u32((ticks >> 32) as u32));
        body.extend(self.order.u32(ticks as u32));
        body.extend(self.order.u32(octets.len() as u32));
        body.extend(self.order.u32(octets.len() as u32));
        body.extend(octets);
        self.block(6, &body);
    }

    /// Obsolete packet block with a count of frames dropped before it.
    pub fn obsolete(&mut self, interface: u16, drops: u16, ticks: u64, octets: &[u8]) {
        let mut body = Vec::new();
        body.extend(self.order.u16(interface));
        body.extend(self.order.u16(drops));
        body.extend(self.order.u32((ticks >> 32) as u32));
        body.extend(self.order.u32(ticks as u32));
        body.extend(self.order.u32(octets.len() as u32));
        body.extend(self.order.u32(octets.len() as u32));
        body.extend(octets);
        self.block(2, &body);
    }

    /// Simple packet block, cut at the snaplen of the section's first interface. It carries no time.
    pub fn simple(&mut self, snaplen: usize, octets: &[u8]) {
        let mut body = self.order.u32(octets.len() as u32).to_vec();
        body.extend(&octets[..octets.len().min(snaplen)]);
        self.block(3, &body);
    }

    /// A block that no reader knows (a local one, with the top bit set).
    pub fn unknown(&mut self) {
        self.block(0x8000_7461, b"a block of a kind that readers must pass over");
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// gzip around octets, in stored blocks: no compressor's version can change the result.
pub fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = octets.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        out.extend((block.len() as u16).to_le_bytes());
        out.extend((!(block.len() as u16)).to_le_bytes());
        out.extend(block);
    }
    out.extend(crc32(octets).to_le_bytes());
    out.extend((octets.len() as u32).to_le_bytes());
    out
}

/// A Zstandard frame around octets, in raw blocks, without checksum.
pub fn zstd(octets: &[u8]) -> Vec<u8> {
    // Frame header descriptor: single segment, content size in four octets.
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    out.extend((octets.len() as u32).to_le_bytes());
    let mut blocks = octets.chunks(0x1_0000).peekable();
    while let Some(block) = blocks.next() {
        let header = (block.len() as u32) << 3 | u32::from(blocks.peek().is_none());
        out.extend(&header.to_le_bytes()[..3]);
        out.extend(block);
    }
    out
}

fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0, |mut crc: u32, octet| {
        crc ^= u32::from(*octet);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
        crc
    })
}
