//! PROFINET Discovery and basic Configuration Protocol: EtherType 0x8892, FrameIDs 0xFEFC to 0xFEFF.
//!
//! IEC 61158-6-10, chapter 4.3 (DCP) and 4.2 (FrameID). A device answers an Identify request with its name, type,
//! vendor and device number, role and IP parameters; an engineering tool, or the IO controller at start-up, sets name
//! and address. The device is known by its MAC, whatever its IP address is, 0.0.0.0 included.

mod observe;
mod operations;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

use observation::Transport;

use crate::{Depth, Probe, Protocol};

/// PROFINET DCP.
pub const PROTOCOL: Protocol = Protocol {
    name: "profinet_dcp",
    title: "PROFINET DCP",
    specification: "IEC 61158-6-10:2019 chapters 4.2 and 4.3",
    tcp: &[],
    udp: &[],
    ethertypes: &[0x8892],
    ip_protocols: &[],
    frame: |octets, transport| wire::frame(octets, transport),
    probe: |octets, transport| match wire::Pdu::parse(observation::Octets::unplaced(octets)) {
        Ok(_) if transport == Transport::Ethernet => Probe::Certain,
        _ => Probe::Foreign,
    },
    session: || Box::new(observe::Dcp),
    rules: rules::ALL,
    depth: Depth {
        identity: "Identify, Get and Hello: station name, type of station, vendor and device number, OEM number, role, \
                   instance, alias, IP suite (address, mask, gateway, DNS) and how it was set, options, DHCP \
                   parameters, device initiative, RSI properties",
        operations: "identify (by name, alias or all), get, set (name, IP parameters for good or until restart, DHCP, \
                     signal, factory reset, reset to factory, device initiative); the name that a controller looks for",
        nesting: "",
        not_read: "blocks of manufacturers and of network management (NME, TSN), values that are set",
        tried_on: "corpus (SCALANCE X208, S7-300, VersaMax), lab (pnio-dcp and own responder); Hello, full IP suite, \
                   DHCP, OEM, alias and RSI blocks made up by the layout of IEC 61158-6-10 only",
    },
};
