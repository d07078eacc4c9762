//! Which side of the plant's boundary a role is on, what gives access from afar, and what is not secure.

use observation::Basis;

use crate::model::{Asset, AssetEnd, Conversation, Role};

/// The level of the Purdue model (ISA-95, IEC 62443-1-1) at which a device of a role usually stands: 0 and 1 process and
/// control, 2 supervision, 3 operations, 4 business. `None` where the role tells none: networks reach everywhere.
pub(crate) fn usual_level(role: Role) -> Option<u8> {
    match role {
        Role::Sensor | Role::Actuator => Some(0),
        Role::SafetyController
        | Role::DcsController
        | Role::Plc
        | Role::Rtu
        | Role::Ied
        | Role::IoModule
        | Role::Drive
        | Role::Robot
        | Role::Cnc
        | Role::Meter
        | Role::BuildingController => Some(1),
        Role::Hmi | Role::EngineeringWorkstation | Role::ScadaServer => Some(2),
        Role::Historian | Role::OpcServer | Role::Mes => Some(3),
        // Access from afar stands between plant and business at best: what it reaches, it reaches across the boundary.
        Role::RemoteAccess | Role::Server | Role::Workstation | Role::Printer | Role::Telephone => Some(4),
        _ => None,
    }
}

/// The lowest level that is no longer the plant's.
pub(crate) const BUSINESS: u8 = 4;

/// Protocols by which somebody works on another machine, with how it is called.
const REMOTE: &[(&str, &str)] = &[
    ("ike", "VPN (IKE)"),
    ("openvpn", "VPN (OpenVPN)"),
    ("rdp", "remote desktop"),
    ("ssh", "SSH"),
    ("telnet", "Telnet"),
    ("vnc", "VNC"),
    ("wireguard", "VPN (WireGuard)"),
];

/// How access by a protocol is called, if somebody works on another machine by it.
#[must_use]
pub fn remote_access(protocol: &str) -> Option<&'static str> {
    REMOTE.iter().find(|(name, _)| *name == protocol).map(|(_, called)| *called)
}

/// Nanoseconds after a session of remote access in which what its target does is named with it: a shift.
pub(crate) const AFTER_SESSION: i64 = 8 * 3_600_000_000_000;

/// A protocol that gives away what it carries, or lets anybody in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Insecure {
    /// Name for the key of the finding.
    pub(crate) name: &'static str,
    pub(crate) protocol: &'static str,
    /// If given, it counts only for servers that state one of the values of this attribute; no value is any value.
    pub(crate) stated: Option<(&'static str, &'static [&'static str])>,
    /// Why.
    pub(crate) why: &'static str,
    /// Who says so.
    pub(crate) source: &'static str,
}

/// What should not be used any more, or only where nobody else can reach it. Read 2025-11.
pub(crate) const INSECURE: &[Insecure] = &[
    Insecure {
        name: "telnet",
        protocol: "telnet",
        stated: None,
        why: "passwords and everything else pass in clear text",
        source: "NIST SP 800-82r3 section 6.2.7; IEC 62443-3-3 SR 4.1",
    },
    Insecure {
        name: "ftp",
        protocol: "ftp",
        stated: None,
        why: "passwords and files pass in clear text",
        source: "RFC 2577 section 5; NIST SP 800-82r3",
    },
    Insecure {
        name: "tftp",
        protocol: "tftp",
        stated: None,
        why: "it has no login at all",
        source: "RFC 1350 section 7",
    },
    Insecure {
        name: "http_login",
        protocol: "http",
        stated: Some(("http.realm", &[])),
        why: "it asks for a login that passes without encryption",
        source: "RFC 7617 section 4",
    },
    Insecure {
        name: "snmp_community",
        protocol: "snmp",
        stated: Some(("snmp.version", &["1", "2c", "2u"])),
        why: "the community is a password in clear text",
        source: "RFC 3414 section 1.2; CISA TA17-156A",
    },
    Insecure {
        name: "vnc_none",
        protocol: "vnc",
        stated: Some(("vnc.security", &["none"])),
        why: "it lets anybody in",
        source: "RFC 6143 section 7.2.1",
    },
    Insecure {
        name: "smb1",
        protocol: "smb",
        stated: Some(("smb.dialect", &["NT LM 0.12"])),
        why: "version 1 has no protection against those who listen or change it",
        source: "Microsoft, Stop using SMB1 (2016); CISA TA17-132A",
    },
    Insecure {
        name: "rdp_plain",
        protocol: "rdp",
        stated: Some(("rdp.security", &["RDP"])),
        why: "its own encryption does not prove who the server is",
        source: "[MS-RDPBCGR] section 5.3; CVE-2005-1794",
    },
    Insecure {
        name: "s7comm_open",
        protocol: "s7comm",
        stated: None,
        why: "nobody has to log in who reads, writes, programs or stops, unless a protection level is set",
        source: "CISA ICSA-11-223-01A; Siemens SSA-568427",
    },
];

/// Which of them a conversation is, if it is one: spoken with a server that states what makes it one, or by an asset with
/// a server that is none.
pub(crate) fn insecure(conversation: &Conversation, assets: &[Asset]) -> Option<&'static Insecure> {
    INSECURE.iter().find(|insecure| insecure.holds(conversation, assets))
}

impl Insecure {
    /// True if a conversation is by this protocol, in the way that is not secure.
    pub(crate) fn holds(&self, conversation: &Conversation, assets: &[Asset]) -> bool {
        let is_stated = |asset: &Asset| {
            self.stated.is_none_or(|(attribute, values)| {
                asset.attributes.get(attribute).into_iter().flatten().any(|candidate| {
                    candidate.basis == Basis::Stated
                        && (values.is_empty() || values.contains(&candidate.value.as_str()))
                })
            })
        };
        conversation.protocol == self.protocol
            && match &conversation.server {
                AssetEnd::Asset(index) => assets.get(*index).is_some_and(is_stated),
                _ => self.stated.is_none() && matches!(conversation.client, AssetEnd::Asset(_)),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_of_control_is_below_the_business() {
        for role in Role::ALL {
            let level = usual_level(*role);
            let is_it = matches!(
                role,
                Role::RemoteAccess | Role::Server | Role::Workstation | Role::Printer | Role::Telephone
            );
            assert_eq!(level.is_some_and(|level| level >= BUSINESS), is_it, "{role:?}");
        }
        assert_eq!(usual_level(Role::Unknown), None);
    }

    #[test]
    fn names_of_insecure_protocols_are_unique_and_have_a_source() {
        let names: std::collections::BTreeSet<_> = INSECURE.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), INSECURE.len());
        assert!(INSECURE.iter().all(|one| !one.source.is_empty() && !one.why.is_empty()));
        assert_eq!(remote_access("rdp"), Some("remote desktop"));
        assert_eq!(remote_access("modbus"), None);
    }
}
