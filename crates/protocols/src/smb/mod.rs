//! Server message block over TCP, directly (port 445) or through the NetBIOS session service (port 139).
//!
//! Packets (`nbss`: RFC 1002 section 4.3, [MS-SMB2] section 2.1) carry messages of SMB 1 (`smb1`: [MS-CIFS], [MS-SMB])
//! or of SMB 2 and 3 (`smb2`: [MS-SMB2]). Before anybody is authenticated both ends tell much of themselves; most of it
//! in NTLM, which the folder `ntlm` reads.

mod nbss;
mod operations;
mod rules;
mod session;
mod smb1;
mod smb2;

use crate::{Depth, Protocol};

/// SMB.
pub const PROTOCOL: Protocol = Protocol {
    name: "smb",
    title: "SMB",
    specification: "RFC 1002 section 4.3; [MS-CIFS]; [MS-SMB]; [MS-SMB2]",
    tcp: &[445, 139],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: nbss::frame,
    probe: nbss::probe,
    session: || Box::new(session::Smb::default()),
    rules: rules::ALL,
    depth: Depth {
        identity: "SMB 1: native operating system and LAN manager of both ends, domain and server name, server GUID; SMB 2 \
                   and 3: dialect, client and server GUID, start time, addresses of all interfaces; NetBIOS session \
                   names of both ends; NTLM inside",
        operations: "reads, writes, deletions, named pipes by name (service control, task scheduler, registry …)",
        nesting: "",
        not_read: "encrypted and compressed messages, names of files and shares, Kerberos tokens, calls in named pipes, \
                   messages beyond 256 KiB",
        tried_on: "corpus (SMB 1 of Windows 2000, XP, Server 2003, macOS), lab (SMB 3.1.1 of Samba); interfaces, start time and \
                   plain passwords made up by the layouts of [MS-SMB2] and [MS-CIFS]",
    },
};
