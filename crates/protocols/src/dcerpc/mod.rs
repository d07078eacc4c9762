//! Remote procedure calls over TCP: DCE 1.1 (C706) chapter 12 with [MS-RPCE]; object exporter: [MS-DCOM] section 3.1.2.5.
//!
//! Port 135 is that of the endpoint mapper and of the object exporter, which tells whoever asks all addresses of its
//! host. The ports that calls then go to are dynamic and recognised by content. OPC classic (DA, HDA, A&E) is such
//! calls: a conversation whose interfaces are those of OPC is named `opc_da`.

mod endpoints;
mod interfaces;
mod oxid;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// DCE/RPC over TCP.
pub const PROTOCOL: Protocol = Protocol {
    name: "dcerpc",
    title: "DCE/RPC, DCOM, OPC classic",
    specification: "C706 chapter 12 and appendices I, L, O; [MS-RPCE]; [MS-DCOM] sections 2.2.19 and 3.1.2.5; OPC Data Access 3.00",
    tcp: &[135],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(session::Rpc::default()),
    rules: session::RULES,
    depth: Depth {
        identity: "object exporter (ServerAlive2, ResolveOxid: host name and all addresses), interfaces that a server \
                   accepts by name, endpoint mapper (interfaces by name with their ports, annotations, addresses), NTLM in authentication",
        operations: "endpoint mapper, activation, service control, task scheduler, registry, WMI, OPC DA reads and writes",
        nesting: "",
        not_read: "big-endian and encrypted bodies, answers in several fragments, activation properties (class \
                   identifiers), calls in named pipes, other interfaces",
        tried_on: "messages made up by the layouts of C706 and [MS-DCOM] only",
    },
};
