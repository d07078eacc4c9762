//! What a message says about its sender.

use observation::{Basis, Octets, Rule, Rules, Station, attribute};

use super::wire::{Authenticate, Challenge, Message, Negotiate, pair};
use crate::windows::{self, Edition};
use crate::{Context, Malformed, Output, Reader, Session};

pub(super) static WORKSTATION: Rule = Rule { name: "ntlm-workstation", read: Rules::text_utf16_le };
pub(super) static WORKSTATION_OEM: Rule = Rule { name: "ntlm-workstation-oem", read: Rules::text };
pub(super) static NETBIOS_COMPUTER: Rule = Rule { name: "ntlm-netbios-computer", read: Rules::text_utf16_le };
pub(super) static NETBIOS_DOMAIN: Rule = Rule { name: "ntlm-netbios-domain", read: Rules::text_utf16_le };
pub(super) static DNS_COMPUTER: Rule = Rule { name: "ntlm-dns-computer", read: Rules::text_utf16_le };
pub(super) static DNS_DOMAIN: Rule = Rule { name: "ntlm-dns-domain", read: Rules::text_utf16_le };
pub(super) static DNS_FOREST: Rule = Rule { name: "ntlm-dns-forest", read: Rules::text_utf16_le };
pub(super) static OS_VERSION: Rule = Rule { name: "ntlm-version", read: os_version };
pub(super) static OS: Rule = Rule { name: "ntlm-os", read: os };

/// Attribute pairs of one message; Windows sends seven.
const PAIRS_MAX: usize = 32;

/// Major, minor and build. Others than Windows leave the build zero: their version says nothing.
fn version(octets: &[u8]) -> Option<((u8, u8), u16)> {
    let [major, minor, low, high, ..] = octets else { return None };
    let build = u16::from_le_bytes([*low, *high]);
    (*major > 0 && build > 0).then_some(((*major, *minor), build))
}

fn os_version(octets: &[u8]) -> Option<String> {
    version(octets).map(|((major, minor), build)| format!("{major}.{minor}.{build}"))
}

fn os(octets: &[u8]) -> Option<String> {
    version(octets).and_then(|(version, build)| windows::by_build(version, build, Edition::Either))
}

/// Reads bare messages.
#[derive(Debug)]
pub(super) struct Ntlm;

impl Session for Ntlm {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        read(&context.source(), message, output)
    }
}

/// Reads a message that `source` sent.
///
/// # Errors
///
/// Fails if the message is cut short.
pub(crate) fn read(source: &Station, message: Octets<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let (version, basis, result) = match Message::parse(message)? {
        Message::Negotiate(Negotiate { workstation, version }) => {
            if let Some(workstation) = workstation {
                output.fact(source, attribute::HOSTNAME, Basis::Stated, &WORKSTATION_OEM, workstation);
            }
            (version, Basis::Inferred, Ok(()))
        }
        Message::Challenge(Challenge { target_info, version }) => {
            (version, Basis::Stated, target_info.map_or(Ok(()), |pairs| target(source, pairs, output)))
        }
        Message::Authenticate(Authenticate { secrets, workstation, unicode, version }) => {
            for secret in secrets.into_iter().flatten() {
                output.secret(secret);
            }
            if let Some(workstation) = workstation {
                let rule = if unicode { &WORKSTATION } else { &WORKSTATION_OEM };
                output.fact(source, attribute::HOSTNAME, Basis::Stated, rule, workstation);
            }
            (version, Basis::Inferred, Ok(()))
        }
    };
    if let Some(version) = version {
        // Clients other than Windows send the version of one, as a rule 6.1.7600: theirs is for debugging only.
        output.fact(source, attribute::OS_VERSION, basis, &OS_VERSION, version);
        // Client and server editions share builds.
        output.fact(source, attribute::OS, Basis::Inferred, &OS, version);
    }
    result
}

/// The names of the server.
fn target(source: &Station, pairs: Octets<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut reader = Reader::new(pairs);
    for _ in 0..PAIRS_MAX {
        let id = reader.u16_le("attribute id")?;
        let length = reader.u16_le("attribute length")?;
        let value = reader.take(length.into(), "attribute")?;
        let (name, rule) = match id {
            pair::END => break,
            pair::NETBIOS_COMPUTER => (attribute::HOSTNAME, &NETBIOS_COMPUTER),
            pair::NETBIOS_DOMAIN => ("ntlm.netbios_domain", &NETBIOS_DOMAIN),
            pair::DNS_COMPUTER => ("ntlm.dns_host_name", &DNS_COMPUTER),
            pair::DNS_DOMAIN => ("ntlm.domain", &DNS_DOMAIN),
            pair::DNS_TREE => ("ntlm.forest", &DNS_FOREST),
            _ => continue,
        };
        output.fact(source, name, Basis::Stated, rule, value);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::super::wire::find;
    use super::*;

    fn said(octets: &[u8]) -> (Vec<String>, Vec<usize>, Result<(), Malformed>) {
        said_of(Octets::unplaced(octets))
    }

    fn said_of(octets: Octets<'_>) -> (Vec<String>, Vec<usize>, Result<(), Malformed>) {
        let mut output = Output::default();
        let source = Station::root("10.10.20.50".parse().unwrap(), None);
        let result = read(&source, octets, &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value));
        (facts.collect(), output.secrets.iter().map(|secret| secret.ranges.len()).collect(), result)
    }

    #[test]
    fn a_challenge_tells_names_and_build_of_the_server() {
        let octets = include_bytes!("messages/challenge-server-2019.bin");
        let (facts, _, result) = said(octets);
        assert_eq!(
            facts,
            [
                "ntlm.netbios_domain=PLANT",
                "hostname=HIST1",
                "ntlm.domain=plant.example",
                "ntlm.dns_host_name=hist1.plant.example",
                "ntlm.forest=plant.example",
                "os_version=10.0.17763",
                "os=Windows 10 1809 or Windows Server 2019",
            ]
        );
        assert_eq!(result, Ok(()));
        let (facts, _, result) = said_of(Octets::unplaced(&octets[..octets.len() - 40]).cut());
        assert!(facts.len() < 7 && facts.contains(&"hostname=HIST1".to_owned()), "{facts:?}");
        assert!(result.is_err());
    }

    #[test]
    fn the_version_of_samba_is_none() {
        let (facts, ..) = said(include_bytes!("messages/challenge-samba.bin"));
        assert!(facts.contains(&"hostname=SRV1".to_owned()), "{facts:?}");
        assert!(!facts.iter().any(|fact| fact.starts_with("os")), "{facts:?}");
    }

    #[test]
    fn a_client_names_its_workstation_and_never_its_user() {
        let octets = include_bytes!("messages/authenticate-xp.bin");
        let (facts, secrets, result) = said(octets);
        assert_eq!(facts, ["hostname=ENG1", "os_version=5.1.2600", "os=Windows XP"]);
        assert_eq!(secrets.len(), 3);
        assert_eq!(result, Ok(()));
        let (facts, ..) = said(include_bytes!("messages/negotiate-windows-10.bin"));
        assert_eq!(facts, ["hostname=ENG1", "os_version=10.0.19045", "os=Windows 10 22H2"]);
    }

    #[test]
    fn responses_are_secret_even_where_they_are_cut() {
        let octets = include_bytes!("messages/authenticate-xp.bin");
        let mut output = Output::default();
        let source = Station::root("10.10.20.50".parse().unwrap(), None);
        let pieces = [observation::Piece { at: 0, frame: 1, offset: 0 }];
        let cut = Octets::new(&octets[..octets.len() - 20], &pieces).cut();
        read(&source, cut, &mut output).unwrap();
        let secret: u32 =
            output.secrets.iter().flat_map(|secret| &secret.ranges).map(|range| range.length).sum();
        assert_eq!(secret, 24 + 24 + 16 - 20);
    }

    #[test]
    fn a_message_is_found_in_spnego() {
        let octets = [b"\x60\x40\x06\x06+\x06\x01\x05\x05\x02".as_slice(), b"NTLMSSP\0\x01\0\0\0"].concat();
        assert_eq!(find(Octets::unplaced(&octets)).unwrap().len(), 12);
        assert!(find(Octets::unplaced(b"NTLMSSP")).is_none());
    }
}
