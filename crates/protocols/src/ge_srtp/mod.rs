//! GE-SRTP, the Service Request Transport Protocol of GE Fanuc, today Emerson: TCP ports 18245 and 18246.
//!
//! The maker publishes no specification of the transport. Layouts and service codes follow G. Denton and others,
//! "Leveraging the SRTP protocol for over-the-network memory acquisition of a GE Fanuc Series 90-30" (DFRWS 2017, tables 1,
//! 2 and 4), and gesrtp-py (`PROTOCOL_DISCOVERIES.md`); the status word follows GE GFK-0582, "Serial Communications",
//! piggy-back status. Numbers are least significant octet first.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// GE-SRTP.
pub const PROTOCOL: Protocol = Protocol {
    name: "ge_srtp",
    title: "GE-SRTP (GE Fanuc, Emerson)",
    specification: "not published by its maker; DFRWS 2017, Leveraging the SRTP protocol; gesrtp-py; GE GFK-0582 (status)",
    tcp: &[18245, 18246],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<observe::Srtp>::default(),
    rules: observe::RULES,
    depth: Depth {
        identity: "vendor, state and privilege level of the status that comes with each answer",
        operations: "all known service requests by name: memory, program, run and stop, time, faults, forces; passwords \
                     are masked",
        nesting: "",
        not_read: "controller type and id (layout not published), program names, fault tables, values",
        tried_on: "messages made up by the published layouts only",
    },
};
