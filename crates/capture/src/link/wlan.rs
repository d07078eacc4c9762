//! Data frames of IEEE 802.11 (clause 9.3.2.1), as access points tunnel them to their controller.

use observation::Mac;

use super::llc;
use crate::counters::bump;
use crate::walk::{Link, Next, Step, Walk};

/// Version and type of a data frame; the bits left out are its subtype.
const DATA: u8 = 0x08;
const VERSION_AND_TYPE: u8 = 0x0f;
/// Subtypes: without data, with quality of service.
const NO_DATA: u8 = 0x40;
const QUALITY_OF_SERVICE: u8 = 0x80;
/// Flags: to and from the distribution system, protected, ordered.
const TO: u8 = 0x01;
const FROM: u8 = 0x02;
const PROTECTED: u8 = 0x40;
const ORDERED: u8 = 0x80;
/// In the quality of service: several frames in one.
const AGGREGATED: u8 = 0x80;

const HEADER: usize = 24;
/// Before each frame of an aggregate: destination, source, length.
const SUBFRAME: usize = 14;

/// A frame of 802.11; what is no data in clear is not read.
pub(crate) fn wlan(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[control, flags, _, _, ref addresses @ .., _, _] = walk.header::<HEADER>(at, "802.11", "header")?;
    let is_readable = control & VERSION_AND_TYPE == DATA
        && control & NO_DATA == 0
        && flags & (PROTECTED | ORDERED) == 0
        // Between access points there is a fourth address, and nothing of a station.
        && flags & (TO | FROM) != TO | FROM;
    let &[first, second, third] = addresses.as_chunks::<6>().0 else { return Ok(Next::Done) };
    if !is_readable {
        return Ok(Next::Done);
    }
    let macs = match flags & (TO | FROM) {
        TO => [second, third],
        FROM => [third, first],
        _ => [second, first],
    };
    let mut behind = at.saturating_add(HEADER);
    if control & QUALITY_OF_SERVICE != 0 {
        let &[service, _] = walk.header::<2>(behind, "802.11", "quality of service")?;
        behind = behind.saturating_add(2);
        if service & AGGREGATED != 0 {
            return aggregate(walk, behind);
        }
    }
    walk.enter_link(Link::Known(macs.map(Mac)), at)?;
    llc::header(walk, behind)
}

/// The first of the frames in an aggregate (clause 9.3.2.2.2): each has destination, source and length of its own, and is
/// padded to a multiple of four octets. The others are counted.
fn aggregate(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[ref addresses @ .., high, low] = walk.header::<SUBFRAME>(at, "802.11", "subframe header")?;
    let &[destination, source] = addresses.as_chunks::<6>().0 else { return Ok(Next::Done) };
    let length = u16::from_be_bytes([high, low]);
    let mut next = behind(at, length);
    while let Some(&[.., high, low]) = walk.tail(next).first_chunk::<SUBFRAME>() {
        bump(&mut walk.counters.aggregated);
        next = behind(next, u16::from_be_bytes([high, low]));
    }
    walk.enter_link(Link::Known([source, destination].map(Mac)), at)?;
    llc::llc(walk, length, at.saturating_add(SUBFRAME))
}

/// Where the frame behind one of this length starts, both with their headers.
fn behind(at: usize, length: u16) -> usize {
    at.saturating_add(SUBFRAME.saturating_add(length.into()).next_multiple_of(4))
}
