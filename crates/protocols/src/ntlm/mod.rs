//! NT LAN Manager authentication: [MS-NLMP] section 2.2.
//!
//! It has no transport of its own: SMB, DCE/RPC, LDAP, TDS, RDP and HTTP carry its three messages, bare or in SPNEGO.
//! Whoever finds one hands it over by `ntlm::read`, in base64 by `ntlm::read_base64`; `ntlm::find` finds one in a token.
//!
//! Client and server name themselves before anybody is authenticated, with the exact build of their Windows. Names of
//! users are passed over, responses and session keys are secret.

mod encoded;
mod observe;
mod wire;

use crate::{Depth, Frame, Probe, Protocol};

pub(crate) use encoded::read_base64;
pub(crate) use observe::read;
pub(crate) use wire::find;

/// NTLM.
pub const PROTOCOL: Protocol = Protocol {
    name: "ntlm",
    title: "NTLM (NTLMSSP)",
    specification: "[MS-NLMP] section 2.2; Windows release information (names of builds)",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| {
        if wire::SIGNATURE.iter().zip(octets).any(|(expected, octet)| expected != octet) {
            Frame::Foreign
        } else if octets.len() < wire::HEADER {
            Frame::Partial(wire::HEADER)
        } else {
            Frame::Message(octets.len())
        }
    },
    probe: |octets, _| if octets.starts_with(wire::SIGNATURE) { Probe::Certain } else { Probe::Foreign },
    session: || Box::new(observe::Ntlm),
    rules: encoded::RULES,
    depth: Depth {
        identity: "negotiate (workstation, version), challenge (NetBIOS and DNS names of computer, domain and forest, \
                   Windows build), authenticate (workstation, version)",
        operations: "",
        nesting: "",
        not_read: "names of users and their domains, flags, time; responses and session keys are masked",
        tried_on: "corpus (Windows 2000, XP, Server 2003, macOS), lab (Samba); builds of Windows 10 made up by the layout of \
                   [MS-NLMP]",
    },
};
