//! Data frames of IEEE 802.11 (clause 9.3.2.1), as access points tunnel them to their controller.

use observation::Mac;

use super::llc;
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
        if service & AGGREGATED != 0 {
            return Ok(Next::Done);
        }
        behind = behind.saturating_add(2);
    }
    walk.enter_link(Link::Known(macs.map(Mac)), at)?;
    llc::header(walk, behind)
}
