//! The block-structured capture format (draft-ietf-opsawg-pcapng): sections of either byte order, each with its own
//! interfaces, each of those with its own link type and clock.
//!
//! Whole blocks are taken into memory one at a time, never more than [`BLOCK_MAX`]. Blocks that hold no frames and no
//! statistics (name resolution, decryption secrets, custom, unknown) are passed over and counted; nothing of them is
//! kept.

use std::collections::BTreeMap;

use observation::Time;

use super::SourceError;
use super::record::{Clock, Order, Record, words};
use super::stream::{Stop, Stream};
use crate::LinkType;

/// Longest block taken to be one; a length beyond is damage, not a wish for memory. Wireshark has the same limit.
const BLOCK_MAX: u32 = 16 * 1024 * 1024;

/// Interfaces kept of one section: as many as the 16-bit field of the Packet Block can name.
const INTERFACES_MAX: usize = 65_536;

/// The only major version there is.
const MAJOR: u16 = 1;

/// Type and length, and once more the length at the end.
const HEADER: usize = 8;
const TRAILER: usize = 4;
const BLOCK_MIN: u32 = 12;

/// Octets of a block's body before the frame: interface, time, lengths; or only the original length.
const PACKET_FIELDS: usize = 20;
const SIMPLE_FIELDS: usize = 4;

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

/// What if_tsresol is where it is not given.
const MICROSECONDS: u8 = 6;

const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;
const EPB_DROPCOUNT: u16 = 4;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;
/// "Not known" in the drops count of a Packet Block.
const DROPS_UNKNOWN: u16 = 0xFFFF;

/// An interface of the section at hand.
struct Interface {
    link_type: LinkType,
    snaplen: u32,
    clock: Clock,
    frames: u64,
    // As the statistics say, since the capture began; a later block replaces an earlier one.
    drops_stated: u64,
    // As the packets say, each since the packet before.
    drops_between: u64,
}

/// A block in one piece.
#[derive(Clone, Copy)]
struct Block<'a> {
    kind: u32,
    order: Order,
    octets: &'a [u8],
}

impl<'a> Block<'a> {
    /// The first words behind type and length.
    #[inline]
    fn fields<const N: usize>(&self) -> Option<[u32; N]> {
        let order = self.order;
        words(self.body()).map(|words| words.map(|word| order.u32(word)))
    }

    /// Everything between the two lengths.
    #[inline]
    fn body(&self) -> &'a [u8] {
        self.octets.get(HEADER..self.octets.len().saturating_sub(TRAILER)).unwrap_or_default()
    }

    /// The options behind `fixed` octets of the body, as code and value. Ends where they stop making sense.
    fn options(&self, fixed: usize) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let order = self.order;
        let mut rest = self.body().get(fixed..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (&[a, b, c, d], behind) = rest.split_first_chunk()?;
            let (code, length) = (order.u16([a, b]), usize::from(order.u16([c, d])));
            let value = behind.get(..length)?;
            rest = behind.get(length.next_multiple_of(4)..).unwrap_or_default();
            (code != 0).then_some((code, value))
        })
    }

    /// The sum of the 64-bit options with these codes.
    fn sum(&self, fixed: usize, codes: &[u16]) -> Option<u64> {
        self.options(fixed)
            .filter(|(code, _)| codes.contains(code))
            .filter_map(|(_, value)| Some(self.order.u64(value.try_into().ok()?)))
            .reduce(u64::saturating_add)
    }
}

/// Reads blocks.
pub(super) struct Reader {
    order: Order,
    // False in a section of a version whose blocks cannot be read.
    version_known: bool,
    interfaces: Vec<Interface>,
    frames: u64,
    last: Time,
    // Of the sections that are over.
    link_types: BTreeMap<LinkType, u64>,
    kernel_drops: u64,
    counters: BTreeMap<&'static str, u64>,
}

impl Reader {
    /// True for the first four octets of such a file.
    pub(super) fn recognises(magic: [u8; 4]) -> bool {
        magic == SECTION_HEADER.to_be_bytes()
    }

    /// Looks at the first section header, which must be of a known version.
    pub(super) fn open(stream: &mut Stream) -> Result<Self, SourceError> {
        if stream.ensure(16)
            && let Some(&[_, _, magic, version]) = words(stream.ahead())
            && let Some((major, minor)) = order_of(magic).map(|order| version_of(order, version))
            && major != MAJOR
        {
            return Err(SourceError::NotACapture(format!("pcapng version {major}.{minor} is unknown")));
        }
        Ok(Self {
            order: Order::Little,
            version_known: false,
            interfaces: Vec::new(),
            frames: 0,
            last: Time(0),
            link_types: BTreeMap::new(),
            kernel_drops: 0,
            counters: BTreeMap::new(),
        })
    }

    /// The next record that holds a frame; none at a clean end.
    #[inline]
    pub(super) fn next(&mut self, stream: &mut Stream) -> Result<Option<Record>, Stop> {
        loop {
            let Some(block) = self.block(stream)? else { return Ok(None) };
            let length = block.octets.len();
            // Nearly every block holds a frame this way. Apart from the others, and all of it inlined, its record travels
            // in registers: measured, a third of the time of the walk.
            if block.kind == ENHANCED_PACKET && self.version_known {
                match self.enhanced_packet(block) {
                    Ok(None) => stream.advance(length),
                    Ok(record) => return Ok(record),
                    Err(reason) => return Err(stream.damaged(&reason)),
                }
            } else {
                match self.other_block(block) {
                    Ok(None) => stream.advance(length),
                    Ok(record) => return Ok(record),
                    Err(reason) => return Err(stream.damaged(&reason)),
                }
            }
        }
    }

    #[cold]
    fn other_block(&mut self, block: Block<'_>) -> Result<Option<Record>, String> {
        match block.kind {
            SECTION_HEADER => self.section(block),
            _ if !self.version_known => self.skip("source.blocks_of_unknown_version"),
            PACKET => self.packet(block),
            SIMPLE_PACKET => self.simple_packet(block),
            INTERFACE_DESCRIPTION => self.interface(block),
            INTERFACE_STATISTICS => self.statistics(block),
            DECRYPTION_SECRETS => self.skip("source.secrets_skipped"),
            _ => self.skip("source.blocks_skipped"),
        }
    }

    /// The block that comes next, in one piece.
    #[inline]
    fn block<'a>(&mut self, stream: &'a mut Stream) -> Result<Option<Block<'a>>, Stop> {
        if !stream.ensure(BLOCK_MIN as usize) {
            return stream.too_short("block", BLOCK_MIN as usize).map(|()| None);
        }
        let Some(&[kind, length, third]) = words(stream.ahead()) else { return Ok(None) };
        // The type of a section header reads the same in both orders; its third word tells the order.
        if kind == SECTION_HEADER.to_be_bytes() {
            let Some(order) = order_of(third) else {
                return Err(stream.damaged("section header without byte-order magic"));
            };
            self.order = order;
        }
        let order = self.order;
        let (kind, length) = (order.u32(kind), order.u32(length));
        if !(BLOCK_MIN..=BLOCK_MAX).contains(&length) {
            return Err(stream.damaged(&format!("block of {length} octets")));
        }
        // Some writers leave the padding out of the length.
        let whole = (length as usize).next_multiple_of(4);
        if !stream.ensure(whole) {
            return stream.too_short("block", whole).map(|()| None);
        }
        let octets = stream.ahead().get(..whole).unwrap_or_default();
        let last = octets.last_chunk().map(|&last| order.u32(last));
        if last != Some(length) {
            let last = last.unwrap_or_default();
            return Err(stream.damaged(&format!("block of {length} octets ends with the length {last}")));
        }
        Ok(Some(Block { kind, order, octets }))
    }

    /// Octets of the block that begins here, as far as its header tells.
    #[inline]
    pub(super) fn length_of(&self, octets: &[u8]) -> Option<usize> {
        let &[_, length] = words(octets)?;
        usize::try_from(self.order.u32(length)).ok()?.checked_next_multiple_of(4)
    }

    fn section(&mut self, block: Block<'_>) -> Result<Option<Record>, String> {
        self.end_section();
        let version = words(block.body()).map(|&[_, version]| version_of(block.order, version));
        let (major, _) = version.ok_or("section header without version")?;
        self.version_known = major == MAJOR;
        self.skip("source.sections")
    }

    fn end_section(&mut self) {
        for interface in self.interfaces.drain(..) {
            let frames = self.link_types.entry(interface.link_type).or_default();
            *frames = frames.saturating_add(interface.frames);
            // Both describe the same loss.
            let drops = interface.drops_stated.max(interface.drops_between);
            self.kernel_drops = self.kernel_drops.saturating_add(drops);
        }
    }

    fn interface(&mut self, block: Block<'_>) -> Result<Option<Record>, String> {
        let Some((&[a, b, _, _, ref snaplen @ ..], _)) = block.body().split_first_chunk::<8>() else {
            return Err("interface description without its fields".into());
        };
        if self.interfaces.len() >= INTERFACES_MAX {
            return self.skip("source.interfaces_over_limit");
        }
        let (mut resolution, mut offset) = (MICROSECONDS, 0);
        for (code, value) in block.options(8) {
            match (code, value) {
                (IF_TSRESOL, &[value, ..]) => resolution = value,
                (IF_TSOFFSET, value) => {
                    offset = value.try_into().map_or(offset, |value| block.order.u64(value).cast_signed());
                }
                _ => {}
            }
        }
        self.interfaces.push(Interface {
            link_type: LinkType(block.order.u16([a, b])),
            snaplen: block.order.u32(*snaplen),
            clock: Clock::new(resolution, offset),
            frames: 0,
            drops_stated: 0,
            drops_between: 0,
        });
        self.skip("source.interfaces")
    }

    fn statistics(&mut self, block: Block<'_>) -> Result<Option<Record>, String> {
        let [interface, _, _] = block.fields().ok_or("interface statistics without their fields")?;
        if let Some(interface) = self.interfaces.get_mut(interface as usize)
            && let Some(drops) = block.sum(12, &[ISB_IFDROP, ISB_OSDROP])
        {
            interface.drops_stated = interface.drops_stated.max(drops);
        }
        Ok(None)
    }

    #[inline(always)]
    fn enhanced_packet(&mut self, block: Block<'_>) -> Result<Option<Record>, String> {
        let [interface, high, low, captured, original] = block.fields().ok_or("packet without its fields")?;
        let record = self.frame(block, interface, Some((high, low)), captured, original)?;
        let options = PACKET_FIELDS.saturating_add((captured as usize).next_multiple_of(4));
        if block.body().len() > options
            && let Some(interface) = self.interfaces.get_mut(interface as usize)
            && let Some(drops) = block.sum(options, &[EPB_DROPCOUNT])
        {
            interface.drops_between = interface.drops_between.saturating_add(drops);
        }
        Ok(record)
    }

    fn packet(&mut self, block: Block<'_>) -> Result<Option<Record>, String> {
        let [_, high, low, captured, original] = block.fields().ok_or("packet without its fields")?;
        let Some(&[a, b, c, d]) = block.body().first_chunk() else { return Ok(None) };
        let (interface, drops) = (block.order.u16([a, b]), block.order.u16([c, d]));
        let record = self.frame(block, interface.into(), Some((high, low)), captured, original)?;
        if drops != DROPS_UNKNOWN
            && let Some(interface) = self.interfaces.get_mut(usize::from(interface))
        {
            interface.drops_between = interface.drops_between.saturating_add(drops.into());
        }
        Ok(record)
    }

    /// A packet of interface 0 without a time stamp: it is given the time of the frame before.
    fn simple_packet(&mut self, block: Block<'_>) -> Result<Option<Record>, String> {
        let [original] = block.fields().ok_or("packet without its fields")?;
        let snaplen = self.interfaces.first().map_or(0, |interface| interface.snaplen);
        let captured = if snaplen == 0 { original } else { original.min(snaplen) };
        // Where the snaplen is not stated either, the block's own length is what tells.
        let room = block.body().len().saturating_sub(SIMPLE_FIELDS);
        let captured = captured.min(u32::try_from(room).unwrap_or(BLOCK_MAX));
        self.count("source.frames_without_time");
        self.frame(block, 0, None, captured, original)
    }

    #[inline(always)]
    fn frame(
        &mut self,
        block: Block<'_>,
        interface: u32,
        time: Option<(u32, u32)>,
        captured: u32,
        original: u32,
    ) -> Result<Option<Record>, String> {
        let captured = captured as usize;
        let fixed = if time.is_some() { PACKET_FIELDS } else { SIMPLE_FIELDS };
        let room = block.body().len().saturating_sub(fixed);
        if captured > room {
            let length = block.octets.len();
            return Err(format!("frame of {captured} octets in a block of {length}"));
        }
        // Numbers go on over frames that cannot be read, as other tools number them.
        self.frames = self.frames.saturating_add(1);
        let Some(interface) = self.interfaces.get_mut(interface as usize) else {
            return self.skip("source.frames_of_unknown_interface");
        };
        interface.frames = interface.frames.saturating_add(1);
        if let Some((high, low)) = time {
            self.last = interface.clock.time((u64::from(high) << 32) | u64::from(low));
        }
        Ok(Some(Record {
            number: self.frames,
            time: self.last,
            link_type: interface.link_type,
            original_length: original,
            offset: HEADER.saturating_add(fixed),
            captured,
            length: block.octets.len(),
        }))
    }

    #[cold]
    fn skip(&mut self, counter: &'static str) -> Result<Option<Record>, String> {
        self.count(counter);
        Ok(None)
    }

    fn count(&mut self, counter: &'static str) {
        let count = self.counters.entry(counter).or_default();
        *count = count.saturating_add(1);
    }

    /// Frames by link type, kernel drops, counters.
    pub(super) fn finish(mut self) -> (BTreeMap<LinkType, u64>, u64, BTreeMap<&'static str, u64>) {
        self.end_section();
        (self.link_types, self.kernel_drops, self.counters)
    }
}

fn order_of(magic: [u8; 4]) -> Option<Order> {
    match magic {
        _ if magic == BYTE_ORDER.to_be_bytes() => Some(Order::Big),
        _ if magic == BYTE_ORDER.to_le_bytes() => Some(Order::Little),
        _ => None,
    }
}

fn version_of(order: Order, [a, b, c, d]: [u8; 4]) -> (u16, u16) {
    (order.u16([a, b]), order.u16([c, d]))
}
