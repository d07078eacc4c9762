//! MySQL and MariaDB: client/server protocol, version 10 of the handshake (MySQL Internals Manual, "Connection Phase";
//! MariaDB documentation, "Connecting").
//!
//! The opening is read: the server's greeting and the client's answer. When the client is let in, refused or begins to
//! encrypt, nothing more is read, and the connection costs nothing.

mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// MySQL.
pub const PROTOCOL: Protocol = Protocol {
    name: "mysql",
    title: "MySQL, MariaDB",
    specification: "MySQL Internals Manual, \"Connection Phase\"; MariaDB documentation, \"Connecting\"",
    tcp: &[3306],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(session::Mysql::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "greeting (product, version), answer in clear (program, library, its version and system, database)",
        operations: "who opens a session on which server; passwords and answers to challenges are masked",
        nesting: "",
        not_read: "names of users, statements and results, connections that are encrypted, X protocol, compression",
        tried_on: "messages made up by the layout of the documents only",
    },
};
