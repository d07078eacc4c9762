//! What messages say of servers and clients.

use observation::{Basis, Octets, OperationKind, Rule, Station, Transport, attribute};

use super::rules;
use super::wire::{self, BIND_REQUEST, BIND_RESPONSE, SEARCH_ENTRY, SEARCH_REQUEST};
use crate::ber::{Element, SEQUENCE};
use crate::{Context, Malformed, Output, Problem, Reader, Session, netlogon, security_token};

/// Universal tags: octet string, enumerated, set.
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SET: u8 = 0x31;
/// Attributes of an entry, and values of one of them, that are looked through; a root DSE has 30, with lists of 40.
const ATTRIBUTES_MAX: usize = 64;
const VALUES_MAX: usize = 64;
/// Levels and parts of a filter that are looked through.
const FILTER_DEPTH_MAX: u8 = 4;
const FILTER_PARTS_MAX: usize = 32;

/// Stateless: each message names its operation.
#[derive(Debug)]
pub(super) struct Ldap;

impl Session for Ldap {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some((operation, missing)) = wire::operation(message)? else { return Ok(()) };
        let tag = operation.tag.octet;
        if let Some(is_request) = wire::is_request(tag) {
            output.server_is = Some(if is_request { context.from.other() } else { context.from });
        }
        let named = match tag {
            0x4a => Some((OperationKind::Write, "delete")),
            0x66 => Some((OperationKind::Write, "modify")),
            0x68 => Some((OperationKind::Write, "add")),
            0x6c => Some((OperationKind::Write, "rename")),
            0x6e => Some((OperationKind::Read, "compare")),
            _ => None,
        };
        if let Some((kind, name)) = named {
            output.operation(kind, name, message);
        }
        let result = match tag {
            BIND_REQUEST => bind(context, &operation, output),
            // An answer to SASL has its token in a field of its own, one to Sicily in that of the matched name.
            BIND_RESPONSE => {
                security_token::read(context, operation.contents, output);
                Ok(())
            }
            SEARCH_REQUEST => search(context, message, &operation, output),
            SEARCH_ENTRY => entry(&context.source(), &operation, output),
            _ => Ok(()),
        };
        if missing > 0 {
            let offset = message.len();
            return Err(Malformed { what: "operation", offset, problem: Problem::Truncated { missing } });
        }
        result
    }
}

/// A bind (RFC 4511 section 4.2; Sicily: [MS-ADTS] section 5.1.1.1.3).
fn bind(context: &Context, operation: &Element<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    const SIMPLE: u8 = 0x80;
    const SASL: u8 = 0xa3;
    let mut fields = operation.elements();
    Element::expect(&mut fields, crate::ber::INTEGER, "version")?;
    Element::expect(&mut fields, OCTET_STRING, "name")?;
    let (authentication, _) = Element::read_cut(&mut fields)?;
    match authentication.tag.octet {
        SIMPLE if !authentication.contents.is_empty() => output.secret(authentication.contents),
        SASL => {
            let mut fields = authentication.elements();
            let mechanism = Element::expect(&mut fields, OCTET_STRING, "mechanism")?;
            if mechanism.contents.bytes.starts_with(b"GSS") {
                security_token::read(context, fields.peek(), output);
            } else if !fields.is_empty() {
                // PLAIN is a password, others are what a password can be guessed from.
                output.secret(fields.peek());
            }
        }
        _ => security_token::read(context, authentication.contents, output),
    }
    Ok(())
}

/// A search (RFC 4511 section 4.5.1): of the root DSE, or of anything else.
fn search<'m>(
    context: &Context,
    message: Octets<'m>,
    operation: &Element<'_>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let mut fields = operation.elements();
    let base = Element::expect(&mut fields, OCTET_STRING, "base")?;
    let scope = Element::expect(&mut fields, ENUMERATED, "scope")?;
    if !base.contents.is_empty() || scope.contents.bytes != [0] {
        output.operation(OperationKind::Read, "search", message);
        return Ok(());
    }
    output.operation(OperationKind::Identify, "root dse search", message);
    if context.transport == Transport::Udp {
        for what in ["dereferencing", "size limit", "time limit", "types only"] {
            Element::read(&mut fields).map_err(|malformed| Malformed { what, ..malformed })?;
        }
        let filter = Element::read(&mut fields)?;
        pinged(&context.source(), &filter, 0, output);
    }
    Ok(())
}

/// The client of a ping names itself in the filter ([MS-ADTS] section 6.3.3.2).
fn pinged(client: &Station, filter: &Element<'_>, depth: u8, output: &mut Output<'_>) {
    const AND: u8 = 0xa0;
    const EQUALITY: u8 = 0xa3;
    let mut parts = filter.elements();
    match filter.tag.octet {
        AND if depth < FILTER_DEPTH_MAX => {
            for _ in 0..FILTER_PARTS_MAX {
                let Ok(part) = Element::read(&mut parts) else { break };
                pinged(client, &part, depth.saturating_add(1), output);
            }
        }
        EQUALITY => {
            let mut next = || Element::expect(&mut parts, OCTET_STRING, "assertion");
            if let (Ok(name), Ok(value)) = (next(), next())
                && name.contents.bytes.eq_ignore_ascii_case(b"Host")
            {
                output.fact(client, attribute::HOSTNAME, Basis::Stated, &rules::CLIENT_NAME, value.contents);
            }
        }
        _ => {}
    }
}

/// Attributes of the root DSE that say something (RFC 4512 section 5.1; [MS-ADTS] section 3.1.1.3.2; RFC 3045).
const ATTRIBUTES: &[(&str, &str, Basis, &Rule)] = &[
    ("dnsHostName", attribute::HOSTNAME, Basis::Stated, &rules::HOST_NAME),
    ("dnsHostName", "ldap.dns_host_name", Basis::Stated, &rules::DNS_HOST_NAME),
    ("defaultNamingContext", "ldap.domain", Basis::Stated, &rules::DOMAIN),
    ("rootDomainNamingContext", "ldap.forest", Basis::Stated, &rules::FOREST),
    ("serverName", "ldap.site", Basis::Stated, &rules::SITE),
    ("supportedCapabilities", "ldap.directory", Basis::Stated, &rules::DIRECTORY),
    // The level is the highest that the operating system of the controller knows.
    ("domainControllerFunctionality", attribute::OS, Basis::Inferred, &rules::LEVEL),
    ("vendorName", "ldap.product", Basis::Stated, &rules::PRODUCT),
    ("vendorVersion", "ldap.product_version", Basis::Stated, &rules::VERSION),
];

/// An entry that a search found: only that of the root, which describes the server.
fn entry(source: &Station, operation: &Element<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut fields = operation.elements();
    let name = Element::expect(&mut fields, OCTET_STRING, "name of the entry")?;
    if !name.contents.is_empty() {
        return Ok(());
    }
    let (attributes, _) = Element::read_cut(&mut fields)?;
    let mut attributes = attributes.elements();
    for _ in 0..ATTRIBUTES_MAX {
        if attributes.is_empty() {
            break;
        }
        let attribute = Element::expect(&mut attributes, SEQUENCE, "attribute")?;
        let mut fields = attribute.elements();
        let kind = Element::expect(&mut fields, OCTET_STRING, "type of the attribute")?;
        let values = Element::expect(&mut fields, SET, "values of the attribute")?;
        say(source, kind.contents.bytes, values.elements(), output)?;
    }
    Ok(())
}

fn say(
    source: &Station,
    kind: &[u8],
    mut values: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let is_netlogon = kind.eq_ignore_ascii_case(b"netlogon");
    let known = || ATTRIBUTES.iter().filter(|(name, ..)| kind.eq_ignore_ascii_case(name.as_bytes()));
    if !is_netlogon && known().next().is_none() {
        return Ok(());
    }
    for _ in 0..VALUES_MAX {
        if values.is_empty() {
            break;
        }
        let value = Element::expect(&mut values, OCTET_STRING, "value")?;
        if is_netlogon {
            let answer = value.elements();
            output.inside("netlogon", |output| netlogon::read(source, answer, output))?;
        }
        for (_, attribute, basis, rule) in known() {
            output.fact(source, attribute, *basis, rule, value.contents);
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Piece, Time};

    use super::*;
    use crate::Frame;

    /// Facts, operations and number of secret octets of the messages of one end.
    fn said(octets: &[u8], from: End, transport: Transport) -> (Vec<String>, Vec<&'static str>, u32) {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport,
            source_port: 50_000,
            destination_port: 389,
            from,
            time: Time(0),
        };
        let (mut facts, mut operations, mut secret, mut at) = (Vec::new(), Vec::new(), 0, 0);
        while at < octets.len() {
            let Frame::Message(length) = wire::frame(&octets[at..], transport) else { panic!("no message") };
            let pieces = [Piece { at: 0, frame: 1, offset: at as u32 }];
            let mut output = Output::default();
            let message = Octets::new(&octets[at..][..length], &pieces);
            assert_eq!(Ldap.message(&context, message, &mut output), Ok(()));
            assert!(output.malformed.is_empty(), "{:?}", output.malformed);
            facts.extend(
                output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)),
            );
            operations.extend(output.operations.iter().map(|operation| operation.name));
            secret += output
                .secrets
                .iter()
                .flat_map(|secret| &secret.ranges)
                .map(|range| range.length)
                .sum::<u32>();
            at += length;
        }
        (facts, operations, secret)
    }

    #[test]
    fn a_domain_controller_describes_itself() {
        let (facts, ..) = said(include_bytes!("messages/root-dse.bin"), End::Server, Transport::Tcp);
        assert_eq!(
            facts,
            [
                "10.0.0.2 ldap.domain=plant.example",
                "10.0.0.2 ldap.forest=plant.example",
                "10.0.0.2 hostname=dc1",
                "10.0.0.2 ldap.dns_host_name=dc1.plant.example",
                "10.0.0.2 ldap.site=Works",
                "10.0.0.2 ldap.directory=Active Directory",
                "10.0.0.2 os=Windows Server 2016, 2019 or 2022",
            ]
        );
        let (facts, ..) = said(include_bytes!("messages/root-dse-openldap.bin"), End::Server, Transport::Tcp);
        assert_eq!(facts, ["10.0.0.2 ldap.product=OpenLDAP", "10.0.0.2 ldap.product_version=2.5.13"]);
    }

    #[test]
    fn a_ping_names_the_client_and_its_answer_the_controller() {
        let octets = include_bytes!("messages/netlogon-request-udp.bin");
        let (facts, operations, _) = said(octets, End::Client, Transport::Udp);
        assert_eq!((facts, operations), (vec!["10.0.0.1 hostname=HMI1".to_owned()], vec!["root dse search"]));
        let (facts, ..) =
            said(include_bytes!("messages/netlogon-response-udp.bin"), End::Server, Transport::Udp);
        assert_eq!(facts.len(), 8);
        assert!(facts.contains(&"10.0.0.2 netlogon.site=Works".to_owned()), "{facts:?}");
    }

    #[test]
    fn a_password_is_secret_and_ntlm_is_read() {
        assert_eq!(said(include_bytes!("messages/bind-simple.bin"), End::Client, Transport::Tcp).2, 7);
        let (facts, _, secret) = said(include_bytes!("messages/bind-ntlm.bin"), End::Client, Transport::Tcp);
        assert_eq!((facts[0].as_str(), secret), ("10.0.0.1 hostname=ENG1", 0));
        let (facts, ..) =
            said(include_bytes!("messages/bind-ntlm-response.bin"), End::Server, Transport::Tcp);
        assert!(facts.contains(&"10.0.0.2 hostname=HIST1".to_owned()), "{facts:?}");
    }

    #[test]
    fn searches_and_changes_are_operations() {
        assert_eq!(said(include_bytes!("messages/search.bin"), End::Client, Transport::Tcp).1, ["search"]);
        assert_eq!(said(include_bytes!("messages/modify.bin"), End::Client, Transport::Tcp).1, ["modify"]);
        assert!(said(include_bytes!("messages/sealed.bin"), End::Server, Transport::Tcp).0.is_empty());
    }
}
