//! ANSI C12.22, by which meters are read over networks: ACSE around EPSEM services, C12.19 tables in them.
//!
//! ANSI C12.22-2012 / IEEE Std 1703-2012: section 5.3 (EPSEM, services), annex on the ACSE envelope; ANSI C12.19-2012
//! (IEEE Std 1377), tables 1 and 5; RFC 6142 (transport over IP). Tags and lengths are those of the basic encoding rules;
//! numbers are most significant octet first.
//!
//! Every node has an AP title. A relay answers at its address for the meters behind it, so that what a title says is said
//! of the station of that title below the address.

mod acse;
mod epsem;
mod rules;
mod session;

use crate::{Depth, Protocol};

/// ANSI C12.22.
pub const PROTOCOL: Protocol = Protocol {
    name: "c1222",
    title: "ANSI C12.22 (meters)",
    specification: "ANSI C12.22-2012 / IEEE Std 1703; ANSI C12.19-2012; RFC 6142",
    tcp: &[1153],
    udp: &[1153],
    ethertypes: &[],
    ip_protocols: &[],
    frame: acse::frame,
    probe: acse::probe,
    session: || Box::<session::C1222>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "AP titles of both ends; identification service (standard, version); table 1 (maker, model, hardware and \
                   firmware version, serial number) and table 5 (identification) in full reads",
        operations: "all services by name, tables read and written, procedures; logons and passwords are masked",
        nesting: "meters behind a relay, by AP title",
        not_read: "encrypted services, partial reads, other tables, fragments, registration data",
        tried_on: "corpus (generated), tables on messages made up by the standards' layout only",
    },
};
