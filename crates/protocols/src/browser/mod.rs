//! Browser protocol of Windows networks: [MS-BRWS] section 2.2.
//!
//! Hosts announce name, version, kind and comment to the master browser of their workgroup every twelve minutes, unasked.
//! The announcements are written to a mailslot and travel in NetBIOS datagrams, which hand them over here.

mod observe;

use crate::{Depth, Frame, Probe, Protocol};

pub(crate) use observe::read;

/// Browser.
pub const PROTOCOL: Protocol = Protocol {
    name: "browser",
    title: "Windows browser",
    specification: "[MS-BRWS] section 2.2; Microsoft, Operating System Version",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| match octets {
        [] => Frame::Partial(1),
        [command, ..] if observe::is_known(*command) => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(observe::Browser),
    rules: observe::RULES,
    depth: Depth {
        identity: "host, local master and domain announcements (host name, workgroup or domain, version, comment), \
                   names in elections and requests",
        operations: "server types: domain controller, SQL, print, time, terminal server …",
        nesting: "",
        not_read: "lists of backup browsers, criteria and uptime of elections, LAN Manager announcements",
        tried_on: "corpus (hosts and master browsers: Windows XP, Server 2003, Samba); elections and requests made up by the \
                   layout of [MS-BRWS]",
    },
};
