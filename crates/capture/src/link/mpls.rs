//! Multiprotocol label switching: label stacks (RFC 3032) and what stands under them: IP, or Ethernet as a pseudowire
//! (RFC 4448). The stack does not say which; the first four bits do in most cases (RFC 4928).

use crate::link::{plausible_ethernet, sure_ethernet};
use crate::network;
use crate::walk::{Next, Step, Walk};
use protocols::Problem;

/// Labels on one stack at most.
const LABELS_MAX: usize = 16;
const LABEL: usize = 4;

/// A label stack. If what it carries cannot be told, it stays the payload; a stack without an end is malformed.
pub(crate) fn mpls(walk: &mut Walk<'_, '_>, mut at: usize) -> Step {
    let start = at;
    for _ in 0..LABELS_MAX {
        let &[_, _, low, _] = walk.header::<LABEL>(at, "mpls", "label")?;
        at = at.saturating_add(LABEL);
        if low & 0x01 != 0 {
            walk.state.wrapped = true;
            return Ok(under(walk, at));
        }
    }
    Err(walk.malformed("mpls", "label stack", start, Problem::Value { value: LABELS_MAX as u64 }))
}

fn under(walk: &Walk<'_, '_>, at: usize) -> Next {
    let octets = walk.tail(at);
    let on_wire = octets.len().saturating_add(usize::try_from(walk.state.missing).unwrap_or(usize::MAX));
    match octets.first().map(|octet| octet >> 4) {
        // A frame whose destination begins with 4 or 6 is not taken for IP, nor the other way round.
        Some(4) if network::plausible_ipv4(octets) || !sure_ethernet(octets, 0) => Next::Ipv4(at),
        Some(6) if network::plausible_ipv6(octets, on_wire) || !sure_ethernet(octets, 0) => Next::Ipv6(at),
        // A pseudowire control word begins with 0 (RFC 4385 section 3).
        Some(0) if plausible_ethernet(octets, LABEL) => Next::Ethernet(at.saturating_add(LABEL)),
        _ if plausible_ethernet(octets, 0) => Next::Ethernet(at),
        _ => Next::Done,
    }
}
