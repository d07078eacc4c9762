//! HTTP/1 over TCP: RFC 9110, RFC 9112. Heads are read; of bodies only the title of a page.

mod observe;
mod rules;
mod wire;

use crate::{Depth, Protocol};

/// HTTP.
pub const PROTOCOL: Protocol = Protocol {
    name: "http",
    title: "HTTP",
    specification: "RFC 9110, RFC 9112, RFC 7617; RFC 4559 and [MS-NTHT] (NTLM)",
    tcp: &[80, 8080],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Http::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "server line, realm, title of pages, frameworks; user agent of the client; NTLM of both ends, bare and in SPNEGO",
        operations: "methods; credentials, cookies and forms with passwords are masked",
        nesting: "",
        not_read: "bodies, pages of devices by maker, Kerberos within HTTP, HTTP/2, compressed pages",
        tried_on: "lab (nginx 1.22, curl), corpus (requests and answers of servers, also in tunnels); realms, titles, forms and NTLM made up by the layout of the RFCs",
    },
};
