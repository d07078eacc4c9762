//! How octets of blocks become values.

use observation::{Rule, Rules};

use crate::pi_vendors;

pub(super) static TEXT: Rule = Rule { name: "profinet-dcp-text", read: Rules::text };
pub(super) static IPV4: Rule = Rule { name: "profinet-dcp-ipv4", read: Rules::ipv4 };
pub(super) static MAC: Rule = Rule { name: "profinet-dcp-mac", read: Rules::mac };
pub(super) static VENDOR: Rule = Rule { name: "profinet-dcp-vendor", read: pi_vendors::read };
/// A vendor or device number; 0 is none.
pub(super) static NUMBER: Rule = Rule { name: "profinet-dcp-number", read: number };
pub(super) static ROLE: Rule = Rule { name: "profinet-dcp-role", read: role };
pub(super) static IP_INFO: Rule = Rule { name: "profinet-dcp-ip-info", read: ip_info };
pub(super) static INSTANCE: Rule = Rule { name: "profinet-dcp-instance", read: instance };
pub(super) static OPTIONS: Rule = Rule { name: "profinet-dcp-options", read: options };
pub(super) static INITIATIVE: Rule = Rule { name: "profinet-dcp-initiative", read: initiative };
pub(super) static OCTETS: Rule = Rule { name: "profinet-dcp-octets", read: Rules::hexadecimal };

pub(super) const ALL: &[&Rule] =
    &[&TEXT, &IPV4, &MAC, &VENDOR, &NUMBER, &ROLE, &IP_INFO, &INSTANCE, &OPTIONS, &INITIATIVE, &OCTETS];

/// Roles by bit of DeviceRoleDetails (IEC 61158-6-10, chapter 4.3.1.4.4).
const ROLES: [(u8, &str); 4] =
    [(1, "IO-Device"), (2, "IO-Controller"), (4, "IO-Multidevice"), (8, "IO-Supervisor")];

/// Longest list of options shown; each takes four to seven characters.
const OPTIONS_MAX: usize = 64;

fn number(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    (number != 0).then(|| format!("{number:#06x}"))
}

fn role(octets: &[u8]) -> Option<String> {
    let bits = *octets.first()?;
    let roles: Vec<_> = ROLES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    (!roles.is_empty()).then(|| roles.join(", "))
}

/// BlockInfo of the IP block: bits 0 and 1 how the address came, bit 7 whether another station has it, too.
fn ip_info(octets: &[u8]) -> Option<String> {
    let [_, info] = *octets else { return None };
    let how = match info & 0x03 {
        0 => "not set",
        1 => "set",
        2 => "set by DHCP",
        _ => return None,
    };
    Some(if info & 0x80 == 0 { how.to_owned() } else { format!("{how}, address conflict") })
}

/// High and low octet, as the standard names them; 0.0 tells nothing.
fn instance(octets: &[u8]) -> Option<String> {
    let [high, low] = *octets else { return None };
    (high != 0 || low != 0).then(|| format!("{high}.{low}"))
}

fn options(octets: &[u8]) -> Option<String> {
    let pairs = octets.chunks_exact(2).take(OPTIONS_MAX);
    let shown: Vec<_> =
        pairs.filter_map(|pair| Some(format!("{}/{}", pair.first()?, pair.last()?))).collect();
    (!shown.is_empty()).then(|| shown.join(" "))
}

fn initiative(octets: &[u8]) -> Option<String> {
    match *octets {
        [0, 0] => Some("no Hello after power-on".to_owned()),
        [0, 1] => Some("Hello after power-on".to_owned()),
        _ => None,
    }
}
