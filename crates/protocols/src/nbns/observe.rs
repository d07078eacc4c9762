//! What a packet says about stations.

use std::net::{IpAddr, Ipv4Addr};

use observation::{Address, Basis, Octets, OperationKind, Rule, Rules, Station, attribute};

use super::wire::{Header, Opcode, Record, TYPE_NB, TYPE_NBSTAT};
use crate::netbios::{self, Name, Suffix};
use crate::{Context, Malformed, Output, Reader, Session};

static HOST_NAME: Rule = Rule { name: "nbns-host-name", read: netbios::text };
static DOMAIN: Rule = Rule { name: "nbns-domain", read: netbios::text };
static SERVICE: Rule =
    Rule { name: "nbns-service", read: |name| netbios::suffix(name).and_then(service).map(str::to_owned) };
static DOMAIN_ROLE: Rule = Rule {
    name: "nbns-domain-role",
    read: |name| netbios::suffix(name).and_then(domain_role).map(str::to_owned),
};
static ADDRESS: Rule = Rule { name: "nbns-address", read: Rules::ipv4 };
static STATUS_HOST_NAME: Rule = Rule { name: "nbns-status-host-name", read: netbios::plain };
static STATUS_DOMAIN: Rule = Rule { name: "nbns-status-domain", read: netbios::plain };
static STATUS_SERVICE: Rule =
    Rule { name: "nbns-status-service", read: |suffix| service(*suffix.first()?).map(str::to_owned) };
static STATUS_DOMAIN_ROLE: Rule =
    Rule { name: "nbns-status-domain-role", read: |suffix| domain_role(*suffix.first()?).map(str::to_owned) };
static UNIT_ID: Rule = Rule { name: "nbns-unit-id", read: Rules::mac };

pub(super) const RULES: &[&Rule] = &[
    &HOST_NAME,
    &DOMAIN,
    &SERVICE,
    &DOMAIN_ROLE,
    &ADDRESS,
    &STATUS_HOST_NAME,
    &STATUS_DOMAIN,
    &STATUS_SERVICE,
    &STATUS_DOMAIN_ROLE,
    &UNIT_ID,
];

/// Set in the flags of a name that a group has (RFC 1002 section 4.2.1.3, NB_FLAGS; section 4.2.18, NAME_FLAGS).
const GROUP: u8 = 0x80;

/// Octets of one address entry: flags and address.
const ENTRY: usize = 6;

/// What a computer with a name of this suffix does, besides having a name.
fn service(suffix: u8) -> Option<&'static str> {
    Some(match suffix {
        0x06 => "remote access server",
        0x1b => "domain master browser",
        0x1c => "domain controller",
        0x1d => "master browser",
        0x20 => "file server",
        0x21 => "remote access client",
        0x22..=0x24 => "Exchange server",
        0x30 | 0x31 => "modem sharing",
        0x42 => "McAfee anti-virus",
        0x43 => "remote control by SMS",
        0x44 => "remote administration by SMS",
        0x87 => "Exchange message transfer agent",
        0xbe => "network monitor agent",
        0xbf => "network monitor application",
        _ => return None,
    })
}

/// What a computer with a name of this suffix is for its domain.
fn domain_role(suffix: u8) -> Option<&'static str> {
    match Suffix(suffix) {
        Suffix::DOMAIN_MASTER => Some("primary domain controller"),
        Suffix::CONTROLLERS => Some("domain controller"),
        _ => None,
    }
}

/// Stateless.
#[derive(Debug)]
pub(super) struct Nbns;

impl Session for Nbns {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader)?;
        output.server_is = Some(if header.response { context.from } else { context.from.other() });
        let mut question = None;
        if header.questions > 0 {
            let name = Name::parse(&mut reader, message)?;
            let kind = reader.u16_be("type of the question")?;
            reader.skip(2, "class of the question")?;
            question = Some((name, kind));
        }
        match (header.response, header.opcode, question) {
            (false, Opcode::QUERY, Some((_, TYPE_NBSTAT))) => {
                output.operation(OperationKind::Identify, "node status request", message);
            }
            (false, Opcode::QUERY, _) => output.operation(OperationKind::Identify, "name query", message),
            // The record repeats the name of the question, as a rule by a pointer to it.
            (false, Opcode::WAIT, _) => {}
            (false, _, Some((name, TYPE_NB))) => {
                for _ in 0..header.records {
                    let record = Record::read(&mut reader, message)?;
                    own(context, name, record.data, output)?;
                }
            }
            (true, Opcode::QUERY, _) if header.rcode == 0 => {
                for _ in 0..header.records {
                    let record = Record::read(&mut reader, message)?;
                    match record.kind {
                        TYPE_NB => answer(context, record.name, record.data, output)?,
                        TYPE_NBSTAT => status(&context.source(), record.data, output)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// One address that a name belongs to.
struct Entry<'a> {
    group: bool,
    address: Octets<'a>,
}

impl<'a> Entry<'a> {
    fn read(data: &mut Reader<'a>) -> Result<Self, Malformed> {
        let group = data.u8("flags of the name")? & GROUP != 0;
        data.skip(1, "flags of the name")?;
        Ok(Self { group, address: data.take(4, "address of the name")? })
    }

    fn address(&self) -> Option<Address> {
        let octets = <[u8; 4]>::try_from(self.address.bytes).ok()?;
        Some(Address::Ip(IpAddr::V4(Ipv4Addr::from(octets)))).filter(|address| address.is_unicast())
    }
}

/// The sender registers, refreshes or gives up a name of its own.
fn own(
    context: &Context,
    name: Name<'_>,
    mut data: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let source = context.source();
    while data.remaining() >= ENTRY {
        let entry = Entry::read(&mut data)?;
        describe(&source, Basis::Stated, name, entry.group, output);
        further_address(context, &source, &entry, output);
    }
    data.finish("addresses of the name")
}

/// An address of the sender that is not the one it sends from: computers register each of their interfaces.
fn further_address(context: &Context, source: &Station, entry: &Entry<'_>, output: &mut Output<'_>) {
    if entry.address().is_some_and(|address| address != context.source) {
        output.fact(source, attribute::IP_ADDRESS, Basis::Stated, &ADDRESS, entry.address);
    }
}

/// The answer to a query: the sender's own name if its address is among those of the answer, otherwise a name server's
/// word about others.
fn answer(
    context: &Context,
    name: Name<'_>,
    data: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let source = context.source();
    let entries = |mut data: Reader<'_>, each: &mut dyn FnMut(Entry<'_>)| {
        while data.remaining() >= ENTRY {
            each(Entry::read(&mut data)?);
        }
        data.finish("addresses of the name")
    };
    let mut is_own = false;
    entries(data.clone(), &mut |entry| is_own |= entry.address() == Some(context.source))?;
    entries(data, &mut |entry| match entry.address() {
        Some(address) if address == context.source => {
            describe(&source, Basis::Stated, name, entry.group, output)
        }
        Some(_) if is_own && !entry.group => further_address(context, &source, &entry, output),
        Some(address) => {
            let station = Station::root(address, context.vlan);
            describe(&station, Basis::Reported, name, entry.group, output);
        }
        None => {}
    })
}

/// What a name says about whoever has it.
fn describe(station: &Station, basis: Basis, name: Name<'_>, group: bool, output: &mut Output<'_>) {
    match (name.suffix, group) {
        (suffix, false) if suffix.is_host() => {
            output.fact(station, attribute::HOSTNAME, basis, &HOST_NAME, name.encoded);
        }
        (Suffix::WORKSTATION | Suffix::ELECTION | Suffix::CONTROLLERS, true)
        | (Suffix::DOMAIN_MASTER | Suffix::MASTER, false) => {
            output.fact(station, "nbns.domain", basis, &DOMAIN, name.encoded);
        }
        _ => {}
    }
    if group == (name.suffix == Suffix::CONTROLLERS) && netbios::text(name.encoded.bytes).is_some() {
        output.fact(station, "nbns.service", basis, &SERVICE, name.encoded);
        output.fact(station, "nbns.domain_role", basis, &DOMAIN_ROLE, name.encoded);
    }
}

/// All names of the sender, and its MAC address (section 4.2.18).
fn status(source: &Station, mut data: Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    for _ in 0..data.u8("number of names")? {
        let name = data.take(15, "name")?;
        let suffix = data.take(1, "suffix")?;
        let group = data.u8("flags of the name")? & GROUP != 0;
        data.skip(1, "flags of the name")?;
        let kind = Suffix(suffix.get(0).unwrap_or_default());
        match (kind, group) {
            (kind, false) if kind.is_host() => {
                output.fact(source, attribute::HOSTNAME, Basis::Stated, &STATUS_HOST_NAME, name);
            }
            (Suffix::WORKSTATION, true) => {
                output.fact(source, "nbns.domain", Basis::Stated, &STATUS_DOMAIN, name);
            }
            _ => {}
        }
        if group == (kind == Suffix::CONTROLLERS) && netbios::plain(name.bytes).is_some() {
            output.fact(source, "nbns.service", Basis::Stated, &STATUS_SERVICE, suffix);
            output.fact(source, "nbns.domain_role", Basis::Stated, &STATUS_DOMAIN_ROLE, suffix);
        }
    }
    // The MAC of the interface that answers; Samba leaves it zero.
    let unit = data.take(6, "unit id")?;
    output.fact(source, attribute::MAC_ADDRESS, Basis::Stated, &UNIT_ID, unit);
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn context() -> Context {
        Context {
            source: "10.10.20.50".parse().unwrap(),
            destination: "10.10.20.255".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 137,
            destination_port: 137,
            from: End::Client,
            time: Time(0),
        }
    }

    fn said(octets: &[u8]) -> (Vec<String>, Result<(), Malformed>) {
        said_of(Octets::unplaced(octets))
    }

    fn said_of(octets: Octets<'_>) -> (Vec<String>, Result<(), Malformed>) {
        let mut output = Output::default();
        let result = Nbns.message(&context(), octets, &mut output);
        let facts = output.facts.iter().map(|fact| {
            format!("{} {} {}={}", fact.basis.as_str(), fact.station, fact.attribute, fact.value)
        });
        (facts.collect(), result)
    }

    #[test]
    fn a_registration_names_the_sender() {
        let (facts, result) = said(include_bytes!("messages/registration-server.bin"));
        assert_eq!(
            facts,
            ["stated 10.10.20.50 hostname=SCADA1", "stated 10.10.20.50 nbns.service=file server"]
        );
        assert_eq!(result, Ok(()));
        let (facts, _) = said(include_bytes!("messages/registration-group.bin"));
        assert_eq!(facts, ["stated 10.10.20.50 nbns.domain=PLANT"]);
    }

    #[test]
    fn a_name_of_a_user_is_no_fact() {
        let (facts, result) = said(include_bytes!("messages/registration-user.bin"));
        assert!(facts.is_empty() && result.is_ok());
    }

    #[test]
    fn a_registration_of_another_interface_gives_its_address() {
        let (facts, _) = said(include_bytes!("messages/refresh-second-interface.bin"));
        assert_eq!(
            facts,
            ["stated 10.10.20.50 hostname=SCADA1", "stated 10.10.20.50 ip_address=192.168.7.50"]
        );
    }

    #[test]
    fn an_own_answer_is_stated_and_a_name_servers_answer_reported() {
        let (facts, _) = said(include_bytes!("messages/answer-own.bin"));
        assert_eq!(
            facts,
            [
                "stated 10.10.20.50 hostname=SCADA1",
                "stated 10.10.20.50 nbns.service=file server",
                "stated 10.10.20.50 ip_address=192.168.7.50"
            ]
        );
        let (facts, _) = said(include_bytes!("messages/answer-controllers.bin"));
        assert_eq!(
            facts,
            [
                "reported 10.10.20.5 nbns.domain=PLANT",
                "reported 10.10.20.5 nbns.service=domain controller",
                "reported 10.10.20.5 nbns.domain_role=domain controller"
            ]
        );
    }

    #[test]
    fn a_node_status_tells_names_services_and_the_mac() {
        let octets = include_bytes!("messages/node-status.bin");
        let (facts, result) = said(octets);
        assert_eq!(
            facts,
            [
                "stated 10.10.20.50 hostname=DC1",
                "stated 10.10.20.50 nbns.domain=PLANT",
                "stated 10.10.20.50 nbns.service=domain controller",
                "stated 10.10.20.50 nbns.domain_role=domain controller",
                "stated 10.10.20.50 hostname=DC1",
                "stated 10.10.20.50 nbns.service=file server",
                "stated 10.10.20.50 nbns.service=domain master browser",
                "stated 10.10.20.50 nbns.domain_role=primary domain controller",
                "stated 10.10.20.50 mac_address=00:1b:1b:10:00:50",
            ]
        );
        assert_eq!(result, Ok(()));
        let (facts, result) = said_of(Octets::unplaced(&octets[..100]).cut());
        assert_eq!(facts.len(), 2, "what stands before the cut is said");
        assert_eq!(result.unwrap_err().to_string(), "name at octet 93: 8 octets missing");
    }

    #[test]
    fn a_query_is_an_operation_and_no_fact() {
        let mut output = Output::default();
        let octets = include_bytes!("messages/query.bin");
        Nbns.message(&context(), Octets::unplaced(octets), &mut output).unwrap();
        assert_eq!((output.facts.len(), output.operations[0].name), (0, "name query"));
        assert_eq!(output.server_is, Some(End::Server));
    }
}
