//! The classic capture format (draft-ietf-opsawg-pcap): one header, then records of one link type.

use observation::Time;

use super::SourceError;
use super::record::{Order, Record, words};
use super::stream::{Stop, Stream};
use crate::LinkType;

/// Octets of the file header.
const HEADER: usize = 24;

/// The only major version there is.
const MAJOR: u16 = 2;

/// Up to this minor version writers disagreed which of the two lengths of a record comes first.
const MINOR_LENGTHS_EITHER_WAY: u16 = 3;

/// Longest frame taken to be one where the file states no greater snaplen; the greatest snaplen of libpcap.
const FRAME_MAX: u32 = 262_144;

/// Longest frame taken to be one if the file states a snaplen that large, as captures of USB do. A length beyond is
/// damage, not a wish for memory.
const FRAME_MAX_STATED: u32 = 16 * 1024 * 1024;

/// What the magic says.
#[derive(Clone, Copy)]
struct Layout {
    order: Order,
    nanos_per_unit: u32,
    record_header: usize,
}

impl Layout {
    fn of(magic: [u8; 4]) -> Option<Self> {
        let either = |number: u32| match magic {
            _ if magic == number.to_be_bytes() => Some(Order::Big),
            _ if magic == number.to_le_bytes() => Some(Order::Little),
            _ => None,
        };
        let micros = either(0xA1B2_C3D4).map(|order| (order, 1000, 16));
        let nanos = || either(0xA1B2_3C4D).map(|order| (order, 1, 16));
        // Linux distributions of about 2000 shipped libpcap with a patch by A. Kuznetzov: interface index, protocol and
        // packet type follow the lengths.
        let patched = || either(0xA1B2_CD34).map(|order| (order, 1000, 24));
        let (order, nanos_per_unit, record_header) = micros.or_else(nanos).or_else(patched)?;
        Some(Self { order, nanos_per_unit, record_header })
    }
}

/// Reads records. The stream stands at the first record, or still at a file header that is cut off.
pub(super) struct Reader {
    layout: Layout,
    link_type: LinkType,
    frame_max: u32,
    lengths_either_way: bool,
    header_read: bool,
    frames: u64,
}

impl Reader {
    /// True for the first four octets of such a file.
    pub(super) fn recognises(magic: [u8; 4]) -> bool {
        Layout::of(magic).is_some()
    }

    /// Reads the file header. One that is cut off opens as a capture without frames.
    pub(super) fn open(stream: &mut Stream) -> Result<Self, SourceError> {
        let whole = stream.ensure(HEADER);
        let layout = words(stream.ahead()).and_then(|&[magic]| Layout::of(magic));
        let layout = layout.ok_or_else(|| SourceError::NotACapture("no pcap magic".into()))?;
        let mut reader = Self {
            layout,
            link_type: LinkType::NULL,
            frame_max: FRAME_MAX,
            lengths_either_way: false,
            header_read: false,
            frames: 0,
        };
        let Some(&[_, version, _, _, snaplen, network]) = words(stream.ahead()).filter(|_| whole) else {
            return Ok(reader);
        };
        let order = layout.order;
        let [a, b, c, d] = version;
        let (major, minor) = (order.u16([a, b]), order.u16([c, d]));
        if major != MAJOR {
            return Err(SourceError::NotACapture(format!("pcap version {major}.{minor} is unknown")));
        }
        reader.lengths_either_way = minor <= MINOR_LENGTHS_EITHER_WAY;
        // The upper half holds the length of the frame check sequence.
        let [_, _, high, low] = order.u32(network).to_be_bytes();
        reader.link_type = LinkType(u16::from_be_bytes([high, low]));
        let snaplen = order.u32(snaplen);
        if (FRAME_MAX..=FRAME_MAX_STATED).contains(&snaplen) {
            reader.frame_max = snaplen;
        }
        reader.header_read = true;
        stream.advance(HEADER);
        Ok(reader)
    }

    /// The next record; none at a clean end.
    #[inline]
    pub(super) fn next(&mut self, stream: &mut Stream) -> Result<Option<Record>, Stop> {
        if !self.header_read {
            return stream.too_short("file header", HEADER).map(|()| None);
        }
        let Layout { order, nanos_per_unit, record_header } = self.layout;
        if !stream.ensure(record_header) {
            return stream.too_short("record header", record_header).map(|()| None);
        }
        let Some(&[seconds, fraction, captured, original]) = words(stream.ahead()) else { return Ok(None) };
        let (mut captured, mut original) = (order.u32(captured), order.u32(original));
        if self.lengths_either_way && captured > original {
            (captured, original) = (original, captured);
        }
        if captured > self.frame_max {
            let max = self.frame_max;
            return Err(
                stream.damaged(&format!("record of {captured} octets, more than the {max} of a frame"))
            );
        }
        let captured = captured as usize;
        let length = record_header.saturating_add(captured);
        if !stream.ensure(length) {
            return stream.too_short("record", length).map(|()| None);
        }
        self.frames = self.frames.saturating_add(1);
        // Two u32 reach neither end of an i64 of nanoseconds.
        let nanos = i64::from(order.u32(seconds))
            .saturating_mul(1_000_000_000)
            .saturating_add(i64::from(order.u32(fraction)).saturating_mul(nanos_per_unit.into()));
        Ok(Some(Record {
            number: self.frames,
            time: Time(nanos),
            link_type: self.link_type,
            original_length: original,
            offset: record_header,
            captured,
            length,
        }))
    }

    /// Octets of the record that begins here, as far as its header tells.
    #[inline]
    pub(super) fn length_of(&self, octets: &[u8]) -> Option<usize> {
        let Layout { order, record_header, .. } = self.layout;
        let &[_, _, captured, _] = words(octets)?;
        usize::try_from(order.u32(captured)).ok()?.checked_add(record_header)
    }

    /// The link type and how many frames it had.
    pub(super) fn link_types(&self) -> Option<(LinkType, u64)> {
        self.header_read.then_some((self.link_type, self.frames))
    }
}
