//! FDDI: ISO 9314-2 clause 7, as LINKTYPE_FDDI holds it (tcpdump.org): frame control, destination, source, then LLC.

use observation::Mac;

use super::llc;
use crate::walk::{Link, Next, Step, Top, Walk};

/// Class, format and length of addresses of an asynchronous frame of LLC; the bits left out are its priority.
const LLC: u8 = 0x50;
const FORMAT: u8 = 0x70;

const HEADER: usize = 13;

/// A FDDI header.
pub(crate) fn fddi(walk: &mut Walk<'_, '_>) -> Step {
    let &[control, d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5] =
        walk.header::<HEADER>(0, "fddi", "header")?;
    let macs = [Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5])];
    walk.enter_link(Link::Known(macs), 0)?;
    walk.state.at = HEADER;
    if control & FORMAT == LLC {
        return llc::header(walk, HEADER);
    }
    // Tokens, beacons and station management.
    walk.state.top = Top::Ethernet(0);
    Ok(Next::Done)
}
