//! PostgreSQL: frontend/backend protocol 3.0 (PostgreSQL documentation, part VII, chapter "Frontend/Backend Protocol").
//!
//! The opening is read: the client's start-up message, which has no type, and what the server says until it is ready.
//! Then nothing more is read, and the connection costs nothing.

mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// PostgreSQL.
pub const PROTOCOL: Protocol = Protocol {
    name: "postgresql",
    title: "PostgreSQL",
    specification: "PostgreSQL documentation, chapter \"Frontend/Backend Protocol\" (protocol 3.0)",
    tcp: &[5432],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(session::Postgresql::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "start-up of the client (application, database), version of the server",
        operations: "who opens a session on which server; passwords, answers to challenges and keys are masked",
        nesting: "",
        not_read: "names of users, statements and results, connections that are encrypted, protocol 2.0",
        tried_on: "lab (PostgreSQL 15 with psql); passwords, encryption made up by the layout of the documentation",
    },
};
