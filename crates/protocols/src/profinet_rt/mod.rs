//! PROFINET real-time frames: EtherType 0x8892 with every FrameID that is not DCP's.
//!
//! IEC 61158-6-10, chapters 4.2 (FrameID), 4.7 (RTC, cyclic data with its status) and 4.8 (RTA, alarms). A provider
//! says in every cyclic frame whether its application runs; that is all that is kept of it. A cyclic frame that says
//! nothing new costs a comparison.

mod alarm;
mod cyclic;
mod session;
#[cfg(test)]
mod tests;

use crate::{Depth, Frame, Probe, Protocol};

/// PROFINET RT.
pub const PROTOCOL: Protocol = Protocol {
    name: "profinet_rt",
    title: "PROFINET RT",
    specification: "IEC 61158-6-10:2019 chapters 4.2, 4.7 and 4.8",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x8892],
    ip_protocols: &[],
    frame: |octets, _| frame(octets),
    // Only its EtherType tells it: cyclic frames are any data.
    probe: |_, _| Probe::Foreign,
    session: || Box::new(session::Rt::default()),
    rules: session::RULES,
    depth: Depth {
        identity: "provider state (mode RUN or STOP), primary or backup, station problem; alarms with slot, subslot and \
                   module numbers",
        operations: "which end is the IO device, by its alarms",
        nesting: "",
        not_read: "process data, PTCP (time), fragments, remote service interface, isochronous detail; frames are not \
                   assigned to what Connect agreed",
        tried_on: "corpus (Phoenix Contact and VersaMax); alarm notifications made up by the layout of IEC 61158-6-10 only",
    },
};

/// FrameIDs of DCP (`profinet_dcp`).
const DCP: std::ops::RangeInclusive<u16> = 0xfefc..=0xfeff;

/// A frame has no length of its own: it is the whole payload.
fn frame(octets: &[u8]) -> Frame {
    match octets.first_chunk::<2>() {
        Some(id) if DCP.contains(&u16::from_be_bytes(*id)) => Frame::Foreign,
        Some(_) => Frame::Message(octets.len()),
        None => Frame::Partial(2),
    }
}
