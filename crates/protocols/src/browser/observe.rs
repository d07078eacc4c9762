//! What an announcement says about its sender.

use observation::{Basis, Octets, Rule, Rules, Station, attribute};

use crate::netbios::{self, Name, Suffix};
use crate::strings::zero_terminated;
use crate::windows::{self, Edition};
use crate::{Context, Malformed, Output, Reader, Session};

static HOST_NAME: Rule = Rule { name: "browser-server-name", read: netbios::plain };
static DOMAIN: Rule = Rule { name: "browser-machine-group", read: netbios::plain };
static GROUP: Rule = Rule { name: "browser-destination-name", read: netbios::text };
static OS_VERSION: Rule = Rule { name: "browser-os-version", read: os_version };
static OS: Rule = Rule { name: "browser-os", read: os };
static SERVER_TYPE: Rule = Rule { name: "browser-server-type", read: server_type };
static CLASS: Rule = Rule { name: "browser-class", read: |octets| class(kinds(octets)?).map(str::to_owned) };
static COMMENT: Rule = Rule { name: "browser-comment", read: Rules::text };

pub(super) const RULES: &[&Rule] =
    &[&HOST_NAME, &DOMAIN, &GROUP, &OS_VERSION, &OS, &SERVER_TYPE, &CLASS, &COMMENT];

/// Frames by command (section 2.2.1).
const HOST_ANNOUNCEMENT: u8 = 0x01;
const ANNOUNCEMENT_REQUEST: u8 = 0x02;
const ELECTION: u8 = 0x08;
const DOMAIN_ANNOUNCEMENT: u8 = 0x0c;
const MASTER_ANNOUNCEMENT: u8 = 0x0d;
const LOCAL_MASTER_ANNOUNCEMENT: u8 = 0x0f;

/// True for a command of the specification.
pub(super) fn is_known(command: u8) -> bool {
    matches!(command, 0x01 | 0x02 | 0x08..=0x0f)
}

/// Server types (section 2.2.2 with [MS-SRVS] 2.2.2.7) in the order of their bits; those left out say nothing.
const TYPES: &[(u32, &str)] = &[
    (0x1, "workstation"),
    (0x2, "server"),
    (0x4, "SQL server"),
    (CONTROLLER, "primary domain controller"),
    (BACKUP_CONTROLLER, "backup domain controller"),
    (0x20, "time source"),
    (0x40, "AFP server"),
    (0x80, "NetWare server"),
    (0x100, "domain member"),
    (0x200, "print server"),
    (0x400, "dial-in server"),
    (UNIX, "Unix server"),
    (NT_WORKSTATION, "NT workstation"),
    (WORKGROUPS, "Windows for Workgroups"),
    (0x4000, "file and print for NetWare"),
    (NT_SERVER, "NT server"),
    (0x1_0000, "potential browser"),
    (0x2_0000, "backup browser"),
    (0x4_0000, "master browser"),
    (0x8_0000, "domain master browser"),
    (0x20_0000, "VMS"),
    (WINDOWS_95, "Windows 95"),
    (0x80_0000, "DFS root"),
    (0x100_0000, "cluster"),
    (0x200_0000, "terminal server"),
    (0x400_0000, "cluster virtual server"),
];
const CONTROLLER: u32 = 0x8;
const BACKUP_CONTROLLER: u32 = 0x10;
const UNIX: u32 = 0x800;
const NT_WORKSTATION: u32 = 0x1000;
const WORKGROUPS: u32 = 0x2000;
const NT_SERVER: u32 = 0x8000;
const WINDOWS_95: u32 = 0x40_0000;

/// Major and minor version.
fn version(octets: &[u8]) -> Option<(u8, u8)> {
    // Only the lower four bits of the major version are its number: the upper ones tell the kind of NT (section 2.2.2).
    let (major, minor) = (octets.first()? & 0x0f, *octets.get(1)?);
    (major > 0).then_some((major, minor))
}

/// The version of version and server type; `None` for Samba, which gives itself that of some Windows.
fn os_version(octets: &[u8]) -> Option<String> {
    version(octets)
        .filter(|_| kinds(octets).is_some_and(|kinds| kinds & UNIX == 0))
        .map(|(major, minor)| format!("{major}.{minor}"))
}

/// The server type of version and server type.
fn kinds(octets: &[u8]) -> Option<u32> {
    octets.get(2..6)?.try_into().ok().map(u32::from_le_bytes)
}

/// The name of the operating system by version and server type.
fn os(octets: &[u8]) -> Option<String> {
    let (version, kinds) = (version(octets)?, kinds(octets)?);
    // Samba gives itself the version of a Windows, but says that it runs on Unix.
    if kinds & UNIX != 0 {
        return Some("Unix".to_owned());
    }
    match version {
        (4, 0) if kinds & WINDOWS_95 != 0 => Some("Windows 95".to_owned()),
        (4, 10) => Some("Windows 98".to_owned()),
        (4, 90) => Some("Windows Me".to_owned()),
        _ if kinds & (NT_SERVER | CONTROLLER | BACKUP_CONTROLLER) != 0 => {
            windows::by_version(version, Edition::Server)
        }
        _ if kinds & NT_WORKSTATION != 0 => windows::by_version(version, Edition::Client),
        _ => None,
    }
}

fn server_type(octets: &[u8]) -> Option<String> {
    let kinds = kinds(octets)?;
    let words: Vec<_> = TYPES.iter().filter(|(bit, _)| kinds & bit != 0).map(|(_, word)| *word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What the server type makes of the sender; nothing of Unix, where printers and storage run Samba as well.
fn class(kinds: u32) -> Option<&'static str> {
    match kinds {
        kinds if kinds & (CONTROLLER | BACKUP_CONTROLLER) != 0 => Some("domain controller"),
        kinds if kinds & UNIX != 0 => None,
        kinds if kinds & NT_SERVER != 0 => Some("server"),
        kinds if kinds & (NT_WORKSTATION | WORKGROUPS | WINDOWS_95) != 0 => Some("workstation"),
        _ => None,
    }
}

/// Reads bare frames, without the datagram that names the group they go to.
#[derive(Debug)]
pub(super) struct Browser;

impl Session for Browser {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        read(&context.source(), None, Reader::new(message), output)
    }
}

/// Reads a frame that `source` sent to the name `to`.
///
/// # Errors
///
/// Fails if the frame is cut short.
pub(crate) fn read(
    source: &Station,
    to: Option<Name<'_>>,
    mut frame: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let command = frame.u8("command")?;
    match command {
        HOST_ANNOUNCEMENT | LOCAL_MASTER_ANNOUNCEMENT => {
            // Hosts announce themselves to the master browser of their group, a master browser to its group.
            if let Some(to) = to.filter(|to| matches!(to.suffix, Suffix::MASTER | Suffix::ELECTION)) {
                output.fact(source, "browser.domain", Basis::Stated, &GROUP, to.encoded);
            }
            announcement(source, frame, output)
        }
        DOMAIN_ANNOUNCEMENT => domain_announcement(source, frame, output),
        ANNOUNCEMENT_REQUEST => {
            frame.skip(1, "reserved")?;
            name(source, frame, output);
            Ok(())
        }
        ELECTION => {
            frame.skip(13, "version, criteria and uptime")?;
            name(source, frame, output);
            Ok(())
        }
        MASTER_ANNOUNCEMENT => {
            name(source, frame, output);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn name(source: &Station, mut frame: Reader<'_>, output: &mut Output<'_>) {
    output.fact(source, attribute::HOSTNAME, Basis::Stated, &HOST_NAME, zero_terminated(&mut frame));
}

/// A host or local master announcement (sections 2.2.2 and 2.2.10).
fn announcement(source: &Station, mut frame: Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    frame.skip(5, "update count and periodicity")?;
    let name = frame.take(16, "server name")?;
    output.fact(source, attribute::HOSTNAME, Basis::Stated, &HOST_NAME, name);
    let version_and_type = frame.take(6, "version and server type")?;
    // It lacks the build: others say it better.
    output.fact(source, attribute::OS_VERSION, Basis::Inferred, &OS_VERSION, version_and_type);
    output.fact(source, attribute::OS, Basis::Inferred, &OS, version_and_type);
    output.fact(source, "browser.server_type", Basis::Stated, &SERVER_TYPE, version_and_type);
    output.fact(source, "browser.class", Basis::Stated, &CLASS, version_and_type);
    frame.skip(4, "browser version and signature")?;
    output.fact(source, attribute::DESCRIPTION, Basis::Stated, &COMMENT, zero_terminated(&mut frame));
    Ok(())
}

/// A domain announcement (section 2.2.7), which the local master browser sends for its group.
fn domain_announcement(
    source: &Station,
    mut frame: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    frame.skip(5, "update count and periodicity")?;
    output.fact(source, "browser.domain", Basis::Stated, &DOMAIN, frame.take(16, "machine group")?);
    frame.skip(10, "versions, server type and signature")?;
    name(source, frame, output);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(octets: &[u8]) -> (Vec<String>, Result<(), Malformed>) {
        said_of(Octets::unplaced(octets))
    }

    fn said_of(octets: Octets<'_>) -> (Vec<String>, Result<(), Malformed>) {
        let mut output = Output::default();
        let source = Station::root("10.10.20.50".parse().unwrap(), None);
        let result = read(&source, None, Reader::new(octets), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value));
        (facts.collect(), result)
    }

    #[test]
    fn a_host_announcement_says_who_and_what_the_sender_is() {
        let octets = include_bytes!("messages/host-announcement.bin");
        let (facts, result) = said(octets);
        assert_eq!(
            facts,
            [
                "hostname=SCADA1",
                "os_version=5.2",
                "os=Windows Server 2003",
                "browser.server_type=workstation, server, SQL server, NT workstation, NT server, potential browser",
                "browser.class=server",
                "description=Line 3 supervision",
            ]
        );
        assert_eq!(result, Ok(()));
        let (facts, result) = said_of(Octets::unplaced(&octets[..24]).cut());
        assert_eq!(facts, ["hostname=SCADA1"]);
        assert_eq!(result.unwrap_err().to_string(), "version and server type at octet 22: 4 octets missing");
    }

    #[test]
    fn a_domain_announcement_names_the_group_and_the_sender() {
        let (facts, _) = said(include_bytes!("messages/domain-announcement.bin"));
        assert_eq!(facts, ["browser.domain=PLANT", "hostname=SCADA1"]);
    }

    #[test]
    fn whoever_stands_for_election_or_asks_names_itself() {
        assert_eq!(said(include_bytes!("messages/election.bin")).0, ["hostname=SCADA1"]);
        assert_eq!(said(include_bytes!("messages/announcement-request.bin")).0, ["hostname=SCADA1"]);
    }

    #[test]
    fn samba_is_no_windows_and_a_controller_no_mere_server() {
        let announced = |version: [u8; 2], kinds: u32| {
            let octets = [version.as_slice(), &kinds.to_le_bytes()].concat();
            (os(&octets), class(kinds), os_version(&octets).is_some())
        };
        assert_eq!(announced([6, 1], 0x9a03), (Some("Unix".to_owned()), None, false));
        assert_eq!(
            announced([6, 3], 0x902b),
            (Some("Windows Server 2012 R2".to_owned()), Some("domain controller"), true)
        );
        assert_eq!(
            announced([10, 0], 0x1003),
            (Some("Windows 10 or 11".to_owned()), Some("workstation"), true)
        );
        assert_eq!(announced([4, 0], 0x41_0003), (Some("Windows 95".to_owned()), Some("workstation"), true));
    }
}
