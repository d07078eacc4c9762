//! FOUNDATION Fieldbus High Speed Ethernet: field device access, FF-588 (IEC 61158-5-5 and -6-5, type 5), as far as
//! public dissectors show its layout. Most significant octet first.
//!
//! Devices announce themselves again and again by multicast: with what they are, their tag, and the H1 segments that a
//! linking device joins. Devices on these segments are named by link and node within the address of a message.

mod observe;
mod services;
#[cfg(test)]
mod tests;
mod wire;

use crate::{Depth, Protocol};

/// FF HSE.
pub const PROTOCOL: Protocol = Protocol {
    name: "ff_hse",
    title: "FOUNDATION Fieldbus HSE",
    specification: "FF-588 chapter 6 (IEC 61158-6-5), layout as public dissectors show it; ports by IANA",
    tcp: &[1089, 1090, 1091, 3622],
    udp: &[1089, 1090, 1091, 3622],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::FfHse::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "device annunciation and SM Identify (device id with maker, type and serial number, tag, device type, IP \
                   address, index, H1 links), FMS Identify (vendor, model, revision), Find Tag replies",
        operations: "system management (set and clear assignment and address), FMS reads and writes, downloads, start, stop, \
                     reset",
        nesting: "devices on H1 links, by link and node",
        not_read: "object dictionaries, values, live lists by node, LAN redundancy, sessions",
        tried_on: "messages made up by the published layout only (tshark reads them the same)",
    },
};
