//! The table of protocols, made from the list: what is read of each, and what is not.

use std::fmt::Write;

use crate::{ALL, Protocol};

/// The table as Markdown. The README holds the same, and a test compares them.
#[must_use]
pub fn markdown_table() -> String {
    let header = [
        "Protocol",
        "Ports",
        "Identity read",
        "Operations and roles",
        "Below the address",
        "Not read",
        "Tried on",
    ];
    let mut table = format!("| {} |\n|{}\n", header.join(" | "), "---|".repeat(header.len()));
    for protocol in ALL {
        let depth = &protocol.depth;
        let cells = [
            format!("**{}** (`{}`)<br>{}", protocol.title, protocol.name, protocol.specification),
            ports(protocol),
            depth.identity.to_owned(),
            depth.operations.to_owned(),
            depth.nesting.to_owned(),
            depth.not_read.to_owned(),
            depth.tried_on.to_owned(),
        ];
        let cells = cells.map(|cell| if cell.is_empty() { "–".to_owned() } else { cell.replace('|', "\\|") });
        let _ = writeln!(table, "| {} |", cells.join(" | "));
    }
    table
}

fn ports(protocol: &Protocol) -> String {
    let tcp = protocol.tcp.iter().map(|port| format!("TCP {port}"));
    let udp = protocol.udp.iter().map(|port| format!("UDP {port}"));
    let ethernet = protocol.ethertypes.iter().map(|ethertype| format!("EtherType 0x{ethertype:04x}"));
    let ip = protocol.ip_protocols.iter().map(|number| format!("IP protocol {number}"));
    tcp.chain(udp).chain(ethernet).chain(ip).collect::<Vec<_>>().join(", ")
}
