//! EtherCAT: EtherType 0x88A4, and UDP port 34980.
//!
//! ETG.1000 parts 3 and 4 (IEC 61158-3/-4-12: datagrams, registers, slave information interface), part 6 (CoE), ETG.2010
//! (contents of the slave information). A master sends one frame through all slaves; it comes back with what they put
//! into it, the second bit of its source MAC set by the first slave. What slaves say is read from frames that come back:
//! those whose working counters were counted. What the master asks is read from those that go out.
//!
//! Slaves are stations `node=4097` below the master, by the station address that it gives them.

mod coe;
mod image;
mod rules;
mod session;
mod slaves;
#[cfg(test)]
mod tests;
mod wire;

use crate::{Depth, Probe, Protocol};

/// EtherCAT.
pub const PROTOCOL: Protocol = Protocol {
    name: "ethercat",
    title: "EtherCAT",
    specification: "ETG.1000.3, .4 and .6 (IEC 61158-12); ETG.2010",
    tcp: &[],
    udp: &[34980],
    ethertypes: &[0x88a4],
    ip_protocols: &[],
    frame: wire::frame,
    // Two octets of header and a few lengths: chance could do it.
    probe: |_, _| Probe::Foreign,
    session: || Box::new(session::EtherCat::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "slave information (vendor, product code, revision, serial number; order number and name from its \
                   strings), CoE objects 0x1018, 0x1000 and 0x1008 to 0x100A, type of slave controller, alias, state",
        operations: "SDO and file access (FoE) by name, writing of slave information, request of bootstrap state",
        nesting: "slaves by station address and position",
        not_read: "process data, topology beyond the order, segmented SDOs, EoE, SoE and AoE contents, EAP (types 4 and 5)",
        tried_on: "corpus (Beckhoff terminals behind an acontis master: slave information); CoE identity and FoE made up \
                   by the layout of ETG.1000.6 only",
    },
};
