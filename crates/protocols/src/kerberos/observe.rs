//! What messages say of clients, key distribution centers and servers.

use std::net::Ipv4Addr;

use observation::{Address, Basis, Octets, Station, attribute};

use super::rules;
use super::wire::{
    AP_REQUEST, AS_REPLY, AS_REQUEST, ERROR, LENGTH, TGS_REPLY, TGS_REQUEST, TICKET, pick, principal,
    sequence, string,
};
use crate::ber::{Element, SEQUENCE};
use crate::{Context, Malformed, Output, Problem, Reader, Session};

/// Addresses of one request; Windows sends one.
const ADDRESSES_MAX: usize = 16;

/// Stateless: each message names whom it is about.
#[derive(Debug)]
pub(super) struct Kerberos;

impl Session for Kerberos {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        if context.transport == observation::Transport::Tcp {
            reader.skip(LENGTH, "length")?;
        }
        let (element, missing) = Element::read_cut(&mut reader)?;
        let body = sequence(&element);
        match (element.tag.octet, &body) {
            (AS_REQUEST | TGS_REQUEST, Some(body)) => {
                output.server_is = Some(context.from.other());
                request(context, body, output);
            }
            (AS_REPLY | TGS_REPLY, Some(body)) => {
                output.server_is = Some(context.from);
                reply(context, body, output);
            }
            (ERROR, Some(body)) => {
                output.server_is = Some(context.from);
                if let Some(realm) = string(body, 0xa9) {
                    output.fact(&context.source(), "kerberos.realm", Basis::Stated, &rules::REALM, realm);
                }
            }
            (AP_REQUEST, Some(body)) => ticket(&context.destination(), body, output),
            (_, None) => {
                let problem = Problem::Truncated { missing: missing.max(1) };
                return Err(Malformed { what: "message", offset: reader.offset(), problem });
            }
            _ => {}
        }
        if missing > 0 {
            let problem = Problem::Truncated { missing };
            return Err(Malformed { what: "message", offset: reader.offset(), problem });
        }
        Ok(())
    }
}

/// A request to the key distribution center (section 5.4.1).
fn request(context: &Context, body: &Element<'_>, output: &mut Output<'_>) {
    // Preauthentication: what a password can be guessed from.
    if let Some(preauthentication) = pick(body, 0xa3) {
        output.secret(preauthentication.contents);
    }
    let Some(body) = pick(body, 0xa4).and_then(|body| sequence(&body)) else { return };
    let client = context.source();
    let is_machine = principal(&body, 0xa1).is_some_and(|name| machine(&client, Basis::Stated, name, output));
    if let Some(realm) = string(&body, 0xa2).filter(|_| is_machine) {
        output.fact(&client, "kerberos.realm", Basis::Stated, &rules::REALM, realm);
    }
    if let Some(addresses) = pick(&body, 0xa9).and_then(|addresses| sequence(&addresses)) {
        let mut addresses = addresses.elements();
        for _ in 0..ADDRESSES_MAX {
            let Ok(address) = Element::expect(&mut addresses, SEQUENCE, "address") else { break };
            own_address(context, &client, &address, output);
        }
    }
}

/// An address of the client: its NetBIOS name, or an IPv4 address (section 7.5.3).
fn own_address(context: &Context, client: &Station, address: &Element<'_>, output: &mut Output<'_>) {
    const IPV4: u32 = 2;
    const NETBIOS: u32 = 20;
    let kind =
        address.find(0xa0).and_then(|kind| kind.find(crate::ber::INTEGER)).and_then(|kind| kind.number());
    let Some(octets) = address.find(0xa1).and_then(|octets| octets.find(0x04)) else { return };
    match kind {
        Some(NETBIOS) if octets.contents.len() == 16 => {
            output.fact(client, attribute::HOSTNAME, Basis::Stated, &rules::NETBIOS_ADDRESS, octets.contents);
        }
        Some(IPV4) => {
            let ip = <[u8; 4]>::try_from(octets.contents.bytes).ok().map(Ipv4Addr::from);
            if ip.map(|ip| Address::Ip(ip.into())).is_some_and(|ip| ip.is_unicast() && ip != context.source) {
                output.fact(client, attribute::IP_ADDRESS, Basis::Stated, &rules::ADDRESS, octets.contents);
            }
        }
        _ => {}
    }
}

/// A reply of the key distribution center (section 5.4.2).
fn reply(context: &Context, body: &Element<'_>, output: &mut Output<'_>) {
    for secret in [0xa2, 0xa6].into_iter().filter_map(|tag| pick(body, tag)) {
        output.secret(secret.contents);
    }
    if let Some(name) = principal(body, 0xa4) {
        machine(&context.destination(), Basis::Reported, name, output);
    }
    let Some(ticket) =
        pick(body, 0xa5).and_then(|field| pick(&field, TICKET)).and_then(|found| sequence(&found))
    else {
        return;
    };
    if let Some(realm) = string(&ticket, 0xa1) {
        output.fact(&context.source(), "kerberos.realm", Basis::Stated, &rules::REALM, realm);
    }
    secret_part(&ticket, output);
}

/// Names a machine by its account, and says whether it is one.
fn machine(
    station: &Station,
    basis: Basis,
    (first, second): (Octets<'_>, Option<Octets<'_>>),
    output: &mut Output<'_>,
) -> bool {
    match second {
        None if first.bytes.ends_with(b"$") => {
            output.fact(station, attribute::HOSTNAME, basis, &rules::MACHINE, first);
            true
        }
        Some(host) if first.bytes == b"host" => {
            output.fact(station, attribute::HOSTNAME, basis, &rules::SERVICE_HOST, host);
            true
        }
        _ => false,
    }
}

/// The encrypted part of a ticket: what the password of the service can be guessed from.
fn secret_part(ticket: &Element<'_>, output: &mut Output<'_>) {
    if let Some(part) = pick(ticket, 0xa3) {
        output.secret(part.contents);
    }
}

/// Reads a request with a ticket, as it is sent to `server` (section 5.5.1).
///
/// # Errors
///
/// Fails if the request is cut short within its first element.
pub(crate) fn read_ticket(
    server: &Station,
    request: Octets<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let (element, _) = Element::read_cut(&mut Reader::new(request))?;
    if let Some(body) = sequence(&element) {
        ticket(server, &body, output);
    }
    Ok(())
}

/// The host that a ticket is for: the client got it for this server by name.
fn ticket(server: &Station, body: &Element<'_>, output: &mut Output<'_>) {
    /// Services that run on the host that they are named by ([MS-ADTS], sPNMappings, and those of SQL Server).
    const SERVICES: [&[u8]; 9] =
        [b"cifs", b"host", b"HOST", b"ldap", b"LDAP", b"RPCSS", b"TERMSRV", b"HTTP", b"MSSQLSvc"];
    if let Some(authenticator) = pick(body, 0xa4) {
        output.secret(authenticator.contents);
    }
    let Some(ticket) =
        pick(body, 0xa3).and_then(|field| pick(&field, TICKET)).and_then(|found| sequence(&found))
    else {
        return;
    };
    secret_part(&ticket, output);
    if let Some(realm) = string(&ticket, 0xa1) {
        output.fact(server, "kerberos.realm", Basis::Reported, &rules::REALM, realm);
    }
    if let Some((service, Some(host))) = principal(&ticket, 0xa2)
        && SERVICES.contains(&service.bytes)
    {
        output.fact(server, attribute::HOSTNAME, Basis::Reported, &rules::SERVICE_HOST, host);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Piece, Time, Transport};

    use super::super::wire;
    use super::*;
    use crate::{Frame, Probe};

    fn said(octets: &[u8], from: End, transport: Transport) -> (Vec<String>, u32) {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport,
            source_port: 50_000,
            destination_port: 88,
            from,
            time: Time(0),
        };
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let mut output = Output::default();
        let _ = Kerberos.message(&context, Octets::new(octets, &pieces), &mut output);
        let facts = output.facts.iter().map(|fact| {
            format!("{} {} {}={}", fact.basis.as_str(), fact.station, fact.attribute, fact.value)
        });
        let secret = output.secrets.iter().flat_map(|secret| &secret.ranges).map(|range| range.length).sum();
        (facts.collect(), secret)
    }

    #[test]
    fn a_machine_names_itself_and_its_preauthentication_is_secret() {
        let (facts, secret) =
            said(include_bytes!("messages/as-request-machine.bin"), End::Client, Transport::Tcp);
        assert_eq!(
            facts,
            [
                "stated 10.0.0.1 hostname=HMI1",
                "stated 10.0.0.1 kerberos.realm=PLANT.EXAMPLE",
                "stated 10.0.0.1 hostname=HMI1",
            ]
        );
        assert!(secret > 40);
    }

    #[test]
    fn a_user_is_passed_over_but_the_computer_is_not() {
        let (facts, _) =
            said(include_bytes!("messages/as-request-user-udp.bin"), End::Client, Transport::Udp);
        assert_eq!(facts, ["stated 10.0.0.1 hostname=HMI1"]);
    }

    #[test]
    fn a_reply_names_realm_and_machine_and_its_parts_are_secret() {
        let (facts, secret) = said(include_bytes!("messages/tgs-reply.bin"), End::Server, Transport::Tcp);
        assert_eq!(
            facts,
            ["reported 10.0.0.1 hostname=HMI1", "stated 10.0.0.2 kerberos.realm=PLANT.EXAMPLE"]
        );
        assert!(secret > 2 * 32);
        let (facts, _) = said(include_bytes!("messages/error-udp.bin"), End::Server, Transport::Udp);
        assert_eq!(facts, ["stated 10.0.0.2 kerberos.realm=PLANT.EXAMPLE"]);
    }

    #[test]
    fn what_a_cut_reply_holds_of_a_ticket_is_secret() {
        let octets = include_bytes!("messages/tgs-reply.bin");
        let whole = said(octets, End::Server, Transport::Tcp).1;
        let cut = said(&octets[..octets.len() - 60], End::Server, Transport::Tcp).1;
        assert!(cut > 0 && cut < whole, "{cut} of {whole}");
    }

    #[test]
    fn a_ticket_names_the_server_it_is_sent_to() {
        let token = include_bytes!("messages/ap-request.bin");
        let spnego =
            [b"\x60\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00", &token[4..]].concat();
        let mut output = Output::default();
        let server = Station::root("10.0.0.2".parse().unwrap(), None);
        let found = wire::find(Octets::unplaced(&spnego)).unwrap();
        read_ticket(&server, found, &mut output).unwrap();
        let facts: Vec<_> = output.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(facts, ["PLANT.EXAMPLE", "hist1"]);
        assert_eq!(output.secrets.len(), 2);
    }

    #[test]
    fn messages_are_delimited_and_recognised() {
        let octets = include_bytes!("messages/as-request-machine.bin");
        assert_eq!(wire::frame(octets, Transport::Tcp), Frame::Message(octets.len()));
        assert_eq!(wire::frame(&octets[..20], Transport::Tcp), Frame::Partial(octets.len()));
        assert_eq!(wire::probe(octets, Transport::Tcp), Probe::Certain);
        let datagram = include_bytes!("messages/as-request-user-udp.bin");
        assert_eq!(wire::probe(datagram, Transport::Udp), Probe::Certain);
        assert_eq!(wire::frame(&datagram[..30], Transport::Udp), Frame::Partial(datagram.len()));
        assert_eq!(wire::frame(&[0x6a, 3, 1, 2, 3, 4], Transport::Udp), Frame::Foreign);
    }
}
