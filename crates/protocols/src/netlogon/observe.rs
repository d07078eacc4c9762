//! What requests say about clients, and answers about domain controllers.

use observation::{Basis, Octets, Rule, Rules, Station, attribute};

use super::wire::{self, name};
use crate::netbios;
use crate::strings::{zero_terminated, zero_terminated_utf16};
use crate::{Context, Malformed, Output, Reader, Session};

static CLIENT_NAME: Rule = Rule { name: "netlogon-computer-name", read: netbios::plain };
static CLIENT_NAME_UTF16: Rule = Rule { name: "netlogon-computer-name-utf16", read: Rules::text_utf16_le };
static SERVER_NAME: Rule = Rule { name: "netlogon-logon-server", read: server_name };
static DOMAIN_UTF16: Rule = Rule { name: "netlogon-domain-name-utf16", read: Rules::text_utf16_le };
static HOST: Rule = Rule { name: "netlogon-netbios-host", read: |octets| name(octets, wire::NETBIOS_HOST) };
static DNS_HOST: Rule = Rule { name: "netlogon-dns-host", read: |octets| name(octets, wire::HOST) };
static DOMAIN: Rule = Rule { name: "netlogon-dns-domain", read: |octets| name(octets, wire::DOMAIN) };
static FOREST: Rule = Rule { name: "netlogon-dns-forest", read: |octets| name(octets, wire::FOREST) };
static SITE: Rule = Rule { name: "netlogon-dc-site", read: |octets| name(octets, wire::SITE) };
static NETBIOS_DOMAIN: Rule =
    Rule { name: "netlogon-netbios-domain", read: |octets| name(octets, wire::NETBIOS_DOMAIN) };
static ROLE: Rule = Rule { name: "netlogon-role", read: role };
static FLAGS: Rule = Rule { name: "netlogon-flags", read: flags };

pub(super) const RULES: &[&Rule] = &[
    &CLIENT_NAME,
    &CLIENT_NAME_UTF16,
    &SERVER_NAME,
    &DOMAIN_UTF16,
    &HOST,
    &DNS_HOST,
    &DOMAIN,
    &FOREST,
    &SITE,
    &NETBIOS_DOMAIN,
    &ROLE,
    &FLAGS,
];

/// Messages by opcode (section 6.3.1.3).
const PRIMARY_QUERY: u16 = 7;
const PRIMARY_RESPONSE: u16 = 12;
const SAM_LOGON_REQUEST: u16 = 18;
const SAM_LOGON_RESPONSE: u16 = 19;
const SAM_USER_UNKNOWN: u16 = 21;
const SAM_LOGON_RESPONSE_EX: u16 = 23;
const SAM_USER_UNKNOWN_EX: u16 = 25;

/// True for the lower octet of an opcode that is read or belongs to those.
pub(super) fn is_known(opcode: u8) -> bool {
    matches!(opcode, 7 | 12 | 17..=25)
}

/// A server name with the backslashes that it is written with.
fn server_name(octets: &[u8]) -> Option<String> {
    Rules::text_utf16_le(octets)
        .map(|text| text.trim_start_matches('\\').to_owned())
        .filter(|text| !text.is_empty())
}

/// What whoever sends an answer of this opcode is.
fn role(opcode: &[u8]) -> Option<String> {
    match u16::from_le_bytes(opcode.try_into().ok()?) {
        PRIMARY_RESPONSE => Some("primary domain controller".to_owned()),
        SAM_LOGON_RESPONSE | SAM_USER_UNKNOWN | SAM_LOGON_RESPONSE_EX | SAM_USER_UNKNOWN_EX => {
            Some("domain controller".to_owned())
        }
        _ => None,
    }
}

/// What a controller offers (section 6.3.1.2).
fn flags(octets: &[u8]) -> Option<String> {
    const FLAGS: &[(u32, &str)] = &[
        (0x1, "primary domain controller"),
        (0x4, "global catalog"),
        (0x8, "LDAP"),
        (0x10, "directory service"),
        (0x20, "Kerberos"),
        (0x40, "time service"),
        (0x100, "writable"),
        (0x200, "reliable time service"),
        (0x800, "read-only"),
    ];
    let flags = u32::from_le_bytes(octets.try_into().ok()?);
    let words: Vec<_> = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| *word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Reads bare messages.
#[derive(Debug)]
pub(super) struct Netlogon;

impl Session for Netlogon {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        read(&context.source(), Reader::new(message), output)
    }
}

/// Reads a message that `source` sent.
///
/// # Errors
///
/// Fails if the message is cut short.
pub(crate) fn read(
    source: &Station,
    mut message: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let whole = message.peek();
    let opcode = message.take(2, "opcode")?;
    output.fact(source, "netlogon.role", Basis::Stated, &ROLE, opcode);
    match u16::from_le_bytes([opcode.get(0).unwrap_or(0), opcode.get(1).unwrap_or(0)]) {
        PRIMARY_QUERY | PRIMARY_RESPONSE => {
            let name = zero_terminated(&mut message);
            output.fact(source, attribute::HOSTNAME, Basis::Stated, &CLIENT_NAME, name);
        }
        SAM_LOGON_REQUEST => {
            message.skip(2, "request count")?;
            let name = zero_terminated_utf16(&mut message);
            output.fact(source, attribute::HOSTNAME, Basis::Stated, &CLIENT_NAME_UTF16, name);
        }
        SAM_LOGON_RESPONSE | SAM_USER_UNKNOWN => {
            let server = zero_terminated_utf16(&mut message);
            output.fact(source, attribute::HOSTNAME, Basis::Stated, &SERVER_NAME, server);
            // The user that was asked for is passed over.
            zero_terminated_utf16(&mut message);
            let domain = zero_terminated_utf16(&mut message);
            output.fact(source, "netlogon.netbios_domain", Basis::Stated, &DOMAIN_UTF16, domain);
        }
        SAM_LOGON_RESPONSE_EX | SAM_USER_UNKNOWN_EX => {
            message.skip(2, "reserved")?;
            output.fact(source, "netlogon.offers", Basis::Stated, &FLAGS, message.take(4, "flags")?);
            output.fact(source, attribute::HOSTNAME, Basis::Stated, &HOST, whole);
            output.fact(source, "netlogon.dns_host_name", Basis::Stated, &DNS_HOST, whole);
            output.fact(source, "netlogon.netbios_domain", Basis::Stated, &NETBIOS_DOMAIN, whole);
            output.fact(source, "netlogon.domain", Basis::Stated, &DOMAIN, whole);
            output.fact(source, "netlogon.forest", Basis::Stated, &FOREST, whole);
            output.fact(source, "netlogon.site", Basis::Stated, &SITE, whole);
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(octets: &[u8]) -> Vec<String> {
        said_of(Octets::unplaced(octets))
    }

    fn said_of(octets: Octets<'_>) -> Vec<String> {
        let mut output = Output::default();
        let source = Station::root("10.10.20.5".parse().unwrap(), None);
        let _ = read(&source, Reader::new(octets), &mut output);
        output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect()
    }

    #[test]
    fn requests_name_the_client_and_never_the_user() {
        assert_eq!(said(include_bytes!("messages/logon-request.bin")), ["hostname=SCADA1"]);
        assert_eq!(said(include_bytes!("messages/primary-query.bin")), ["hostname=SCADA1"]);
    }

    #[test]
    fn an_answer_with_dns_names_says_all_of_the_controller() {
        let octets = include_bytes!("messages/logon-response-ex.bin");
        assert_eq!(
            said(octets),
            [
                "netlogon.role=domain controller",
                "netlogon.offers=primary domain controller, global catalog, LDAP, directory service, Kerberos, \
                 time service, writable",
                "hostname=DC1",
                "netlogon.dns_host_name=dc1.plant.example",
                "netlogon.netbios_domain=PLANT",
                "netlogon.domain=plant.example",
                "netlogon.forest=plant.example",
                "netlogon.site=Works",
            ]
        );
        assert_eq!(said_of(Octets::unplaced(&octets[..20]).cut()).len(), 2, "a name that is cut is not said");
    }

    #[test]
    fn an_old_answer_names_server_and_domain() {
        assert_eq!(
            said(include_bytes!("messages/logon-response.bin")),
            ["netlogon.role=domain controller", "hostname=DC1", "netlogon.netbios_domain=PLANT"]
        );
    }

    #[test]
    fn pointers_that_go_round_end() {
        let mut octets = include_bytes!("messages/logon-response-ex.bin")[..24].to_vec();
        octets.extend_from_slice(&[0xc0, 24, 0xc0, 24]);
        assert_eq!(name(&octets, wire::FOREST), None);
        octets.truncate(24);
        octets.extend_from_slice(&[0xc0, 26, 0xc0, 24]);
        assert_eq!(name(&octets, wire::FOREST), None);
    }
}
