//! IEEE 802.2 logical link control and its subnetwork access protocol (IEEE 802, clause 10).

use super::ethernet;
use crate::walk::{Next, Step, Top, Walk};

/// Service access point of SNAP.
const SNAP: u8 = 0xaa;
/// Unnumbered information: the control field of SNAP.
const UNNUMBERED_INFORMATION: u8 = 0x03;
/// Organisations whose protocol numbers stand for what the same number would as an EtherType, and that send several
/// protocols to one group address, so that these are told apart by number: Cisco (CDP 0x2000, PVST+ 0x010b), Foundry
/// (FDP 0x2000), Extreme (EDP 0x00bb).
const NUMBERED: [[u8; 3]; 3] = [[0x00, 0x00, 0x0c], [0x00, 0xe0, 0x52], [0x00, 0xe0, 0x2b]];
/// In the place of an LLC header: the checksum field of IPX, which then has no LLC header ("raw 802.3").
const RAW_IPX: u8 = 0xff;

/// An 802.3 frame: `length` octets of LLC from `at` on; what follows is padding.
pub(super) fn llc(walk: &mut Walk<'_, '_>, length: u16, at: usize) -> Step {
    walk.limit(at, length.into());
    header(walk, at)
}

/// An LLC header at `at`, which reaches to the end of the octets.
pub(super) fn header(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    walk.state.top = Top::Ethernet(0);
    walk.state.at = at;
    let &[destination, source, control] = walk.header::<3>(at, "llc", "header")?;
    if let (SNAP, SNAP, UNNUMBERED_INFORMATION) = (destination, source, control) {
        return snap(walk, at.saturating_add(3));
    }
    // The control field has one octet in unnumbered frames, two in the others (IEEE 802.2 clause 5.2).
    let header = match (destination, source, control & 0x03) {
        (RAW_IPX, RAW_IPX, _) => 0,
        (_, _, 0x03) => 3,
        _ => walk.header::<4>(at, "llc", "header")?.len(),
    };
    walk.state.top = Top::Ethernet(destination.into());
    walk.state.at = at.saturating_add(header);
    Ok(Next::Done)
}

/// Organisation code and protocol. Only code 0 says that the protocol is an EtherType.
fn snap(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let &[o0, o1, o2, t0, t1] = walk.header::<5>(at, "llc", "snap header")?;
    let ethertype = u16::from_be_bytes([t0, t1]);
    if [o0, o1, o2] == [0, 0, 0] && ethertype >= ethernet::ETHERTYPE_MIN {
        return Ok(Next::EtherType(ethertype, at.saturating_add(5)));
    }
    walk.state.top = Top::Ethernet(if NUMBERED.contains(&[o0, o1, o2]) { ethertype } else { SNAP.into() });
    walk.state.at = at;
    Ok(Next::Done)
}
