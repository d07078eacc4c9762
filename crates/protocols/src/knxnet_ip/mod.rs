//! KNXnet/IP: UDP (and TCP) port 3671, multicast group 224.0.23.12.
//!
//! KNX Standard (ISO 22510, EN 13321-2), parts 3/8/1 to 3/8/5, and 3/6/3 (cEMI). Routers and interfaces between IP and the
//! bus tell who they are when they are searched for; devices on the bus show by the source of the telegrams that are
//! tunnelled or routed. They are stations `device=1.1.7` below the router's address.

mod cemi;
mod observe;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

/// KNXnet/IP.
pub const PROTOCOL: Protocol = Protocol {
    name: "knxnet_ip",
    title: "KNXnet/IP",
    specification: "KNX Standard 3/8/1 to 3/8/5 (ISO 22510) and 3/6/3",
    tcp: &[3671],
    udp: &[3671],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| wire::frame(octets),
    probe: |octets, _| match wire::frame(octets) {
        // Two octets of magic, two of service and two of length.
        Frame::Message(_) if wire::is_known(octets) => Probe::Certain,
        _ => Probe::Foreign,
    },
    session: || Box::new(observe::Knx::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "search and description answers: friendly name, serial number and maker, MAC, individual address, medium, \
                   project, services, IP configuration, device descriptor",
        operations: "search, description, connect, device configuration; group values read and written; programming of bus \
                     devices (memory, properties, addresses, restart)",
        nesting: "bus devices by individual address, as their telegrams pass",
        not_read: "group addresses and values, KNX IP Secure, properties of the interface itself",
        tried_on: "messages made up by the layout of the KNX Standard only",
    },
};
