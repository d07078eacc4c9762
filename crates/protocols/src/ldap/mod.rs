//! Lightweight directory access protocol: RFC 4511; of Active Directory also over UDP: [MS-ADTS] section 6.3.3.
//!
//! A server describes itself to whoever asks (root DSE); domain controllers answer pings of Windows by UDP with what the
//! folder `netlogon` reads.

mod observe;
mod rules;
mod wire;

use crate::{Depth, Protocol};

/// LDAP.
pub const PROTOCOL: Protocol = Protocol {
    name: "ldap",
    title: "LDAP, CLDAP",
    specification: "RFC 4511; RFC 4512 section 5.1; [MS-ADTS] sections 3.1.1.3.2, 5.1.1 and 6.3.3",
    tcp: &[389, 3268],
    udp: &[389],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Ldap),
    rules: rules::ALL,
    depth: Depth {
        identity: "root DSE (host name, domain, forest, site, level of the controller, product and version), host name of \
                   clients in pings of Active Directory, their answers, NTLM and Kerberos in binds",
        operations: "search, compare, modify, add, delete, rename; domain controllers by what they support",
        nesting: "",
        not_read: "names and contents of entries, names of users, signed, sealed and TLS messages",
        tried_on: "corpus (searches, binds, modifications, root DSE of Active Directory); pings over UDP made up by the \
                   layouts of RFC 4511 and [MS-ADTS]",
    },
};
