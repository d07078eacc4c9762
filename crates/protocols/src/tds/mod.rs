//! Tabular data stream, the protocol of Microsoft SQL Server: [MS-TDS] section 2.2.
//!
//! Client and server tell their versions before they encrypt; where they do not encrypt, the login names the computer,
//! the application and its library. Passwords are masked, names of users and statements are passed over.

mod login;
mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// TDS.
pub const PROTOCOL: Protocol = Protocol {
    name: "tds",
    title: "TDS (Microsoft SQL Server)",
    specification: "[MS-TDS] section 2.2; SQL Server build versions (learn.microsoft.com)",
    tcp: &[1433],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(session::Tds::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "pre-login (version and product of the server, version of the client), login in clear (host name, \
                   application, library, database, client id), login acknowledgement and messages (server and instance \
                   name, program), NTLM inside",
        operations: "batches, procedure calls, bulk loads",
        nesting: "",
        not_read: "statements and results, names of users, logins that are encrypted, TDS before 7.0",
        tried_on: "messages made up by the layout of [MS-TDS] only",
    },
};
