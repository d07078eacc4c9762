//! What applications say of themselves and of each other.

use std::net::IpAddr;

use observation::{Address, Basis, Octets, Station, attribute};

use super::application::{self, Application, Endpoint};
use super::{binary, message, rules, service};
use crate::x509::{AlternativeName, Certificate};
use crate::{Context, Malformed, Output, Reader};

/// Endpoints and servers of one answer that are looked at; real servers offer up to some twenty.
const ENTRIES_MAX: u32 = 64;

/// Parts of a URN behind its host name: maker and product. With fewer, the first part is rarely a host.
const PARTS_MIN: usize = 2;

/// Which end of the conversation an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// What a client that opens the transport says: the server's URL.
pub(super) fn hello(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    reader.skip(20, "hello")?;
    if let Some(url) = binary::string(reader, "endpoint url")? {
        let server = context.destination();
        output.fact(&server, "opcua.endpoint_url", Basis::Reported, &rules::ENDPOINT_URL, url);
        if let Some(host) = application::host(url) {
            output.fact(&server, attribute::HOSTNAME, Basis::Reported, &rules::HOST_NAME, host);
        }
    }
    Ok(())
}

/// What a server that opened the connection says (OPC 10000-6 section 7.1.2.6).
pub(super) fn reverse_hello(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let server = context.source();
    let uri = binary::string(reader, "server uri")?;
    let url = binary::string(reader, "endpoint url")?;
    let own = Application { uri, urls: url.into_iter().collect(), ..Application::default() };
    application(&own, &server, Side::Server, output);
    url.into_iter().for_each(|url| {
        output.fact(&server, "opcua.endpoint_url", Basis::Stated, &rules::ENDPOINT_URL, url);
    });
    Ok(())
}

/// Says of `station` what the description of an application on it says.
fn application(application: &Application<'_>, station: &Station, side: Side, output: &mut Output<'_>) {
    let mut say = |attribute, basis, rule, octets: Option<Octets<'_>>| {
        if let Some(octets) = octets {
            output.fact(station, attribute, basis, rule, octets);
        }
    };
    let name = if side == Side::Server { attribute::NAME } else { "opcua.application_name" };
    say("opcua.application_uri", Basis::Stated, &rules::APPLICATION_URI, application.uri);
    say("opcua.product_uri", Basis::Stated, &rules::PRODUCT_URI, application.product_uri);
    say(name, Basis::Stated, &rules::APPLICATION_NAME, application.name);
    say("opcua.application_type", Basis::Stated, &rules::APPLICATION_TYPE, application.kind);
    let Some((host, parts)) = application.uri.and_then(application::urn_host) else { return };
    let mut hosts = application.urls.iter().filter_map(|url| application::host(*url));
    if hosts.any(|other| other.bytes.eq_ignore_ascii_case(host.bytes)) {
        say(attribute::HOSTNAME, Basis::Stated, &rules::HOST_NAME, Some(host));
    } else if parts >= PARTS_MIN {
        say(attribute::HOSTNAME, Basis::Inferred, &rules::URN_HOST, Some(host));
    }
}

/// Says of `station` what the certificate of its application says: host names in it are those of the machine
/// (OPC 10000-6 section 6.2.2). `base` is where it starts in the message.
pub(super) fn certificate(octets: Octets<'_>, base: usize, station: &Station, output: &mut Output<'_>) {
    match Certificate::parse(&mut Reader::nested(octets, base)) {
        Ok(certificate) if certificate.personal => {}
        Ok(certificate) => {
            certificate.say(station, &rules::certificate::FACTS, output);
            for name in certificate.names() {
                if let AlternativeName::Dns(name) = *name {
                    output.fact(station, attribute::HOSTNAME, Basis::Stated, &rules::HOST_NAME, name);
                }
            }
        }
        Err(malformed) => output.malformed(malformed),
    }
}

/// A client's description (OPC 10000-4 section 5.7.2).
pub(super) fn create_session_request(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    message::skip_request_header(reader)?;
    let client = context.source();
    application(&Application::read(reader)?, &client, Side::Client, output);
    binary::string(reader, "server uri")?;
    binary::string(reader, "endpoint url")?;
    if let Some(name) = binary::string(reader, "session name")? {
        output.fact(&client, "opcua.session_name", Basis::Stated, &rules::SESSION_NAME, name);
    }
    binary::string(reader, "client nonce")?;
    if let Some(octets) = binary::string(reader, "client certificate")?.filter(|octets| !octets.is_empty()) {
        certificate(octets, reader.offset().saturating_sub(octets.len()), &client, output);
    }
    Ok(())
}

/// The endpoints that a server offers in the answer to CreateSession (section 5.7.2).
pub(super) fn create_session_response(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    message::skip_response_header(reader)?;
    binary::node_id(reader, "session id")?;
    binary::node_id(reader, "authentication token")?;
    reader.skip(8, "revised session timeout")?;
    binary::string(reader, "server nonce")?;
    let own = binary::string(reader, "server certificate")?.filter(|octets| !octets.is_empty());
    if let Some(octets) = own {
        certificate(octets, reader.offset().saturating_sub(octets.len()), &context.source(), output);
    }
    endpoints(context, reader, own, output)
}

/// The endpoints that a server offers (section 5.5.4).
pub(super) fn get_endpoints_response(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    message::skip_response_header(reader)?;
    endpoints(context, reader, None, output)
}

/// Says each endpoint, and description and certificate once: they repeat in every endpoint.
fn endpoints(
    context: &Context,
    reader: &mut Reader<'_>,
    said: Option<Octets<'_>>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let server = context.source();
    let mut said_certificate = said.map(|octets| octets.bytes);
    let mut said_uri = None;
    for _ in 0..binary::count(reader, "endpoints")?.min(ENTRIES_MAX) {
        let before = reader.clone();
        let mut endpoint = Endpoint::read(reader)?;
        if let Some(url) = endpoint.url {
            output.fact(&server, "opcua.endpoint_url", Basis::Stated, &rules::ENDPOINT_URL, url);
            endpoint.server.urls.push(url);
        }
        let uri = Some(endpoint.server.uri.map(|octets| octets.bytes));
        if said_uri != uri {
            said_uri = uri;
            application(&endpoint.server, &server, Side::Server, output);
        }
        let own = endpoint.certificate.filter(|octets| !octets.is_empty());
        if let Some(octets) = own.filter(|octets| said_certificate != Some(octets.bytes)) {
            said_certificate = Some(octets.bytes);
            certificate(octets, before.offset(), &server, output);
        }
        let places = [Some(endpoint.mode), endpoint.policy];
        let places: Vec<_> = places.into_iter().flatten().collect();
        output.fact_of(&server, "opcua.security", Basis::Stated, &rules::SECURITY, &places);
        for token in endpoint.tokens {
            output.fact(&server, "opcua.user_token", Basis::Stated, &rules::USER_TOKEN, token);
        }
    }
    Ok(())
}

/// The servers that a server knows (section 5.5.2): itself, and where it is a discovery server those registered.
pub(super) fn find_servers_response(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    message::skip_response_header(reader)?;
    let count = binary::count(reader, "servers")?;
    let mut own_hosts: Vec<&[u8]> = Vec::new();
    for _ in 0..count.min(ENTRIES_MAX) {
        let listed = Application::read(reader)?;
        let hosts = || listed.urls.iter().filter_map(|url| application::host(*url));
        let is_own = count == 1
            || listed.is_discovery_server()
            || hosts().any(|host| {
                is_address_of(host.bytes, context.source)
                    || own_hosts.iter().any(|own| own.eq_ignore_ascii_case(host.bytes))
            });
        if is_own {
            own_hosts.extend(hosts().map(|host| host.bytes));
            application(&listed, &context.source(), Side::Server, output);
        } else {
            for url in &listed.urls {
                other_server(context, *url, listed.name, output);
            }
        }
    }
    Ok(())
}

/// The servers that a discovery server heard of by multicast (section 5.5.3).
pub(super) fn find_servers_on_network_response(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    message::skip_response_header(reader)?;
    reader.skip(8, "last counter reset time")?;
    for _ in 0..binary::count(reader, "servers")?.min(ENTRIES_MAX) {
        reader.skip(4, "record id")?;
        let name = binary::string(reader, "server name")?;
        if let Some(url) = binary::string(reader, "discovery url")? {
            let own = application::host(url).is_some_and(|host| is_address_of(host.bytes, context.source));
            if !own {
                other_server(context, url, name, output);
            }
        }
        binary::skip_strings(reader, "server capabilities")?;
    }
    Ok(())
}

/// A server that another one lists: a station where its URL holds an address.
fn other_server(context: &Context, url: Octets<'_>, name: Option<Octets<'_>>, output: &mut Output<'_>) {
    let lists = context.source();
    output.fact(&lists, "opcua.listed_server", Basis::Stated, &rules::ENDPOINT_URL, url);
    let Some(host) = application::host(url) else { return };
    let Some(address) = address(host.bytes).map(Address::Ip).filter(|address| address.is_unicast()) else {
        return;
    };
    let station = Station::root(address, context.vlan);
    if let Some(name) = name {
        output.fact(&station, attribute::NAME, Basis::Reported, &rules::APPLICATION_NAME, name);
    }
    output.fact(&station, "opcua.endpoint_url", Basis::Reported, &rules::ENDPOINT_URL, url);
    output.mentioned(station, lists, "opc ua discovery server", url);
}

/// A server registers itself with a discovery server (section 5.5.5).
pub(super) fn register_server(
    context: &Context,
    reader: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    message::skip_request_header(reader)?;
    let own = Application::read_registered(reader)?;
    application(&own, &context.source(), Side::Server, output);
    for url in own.urls {
        output.fact(&context.source(), "opcua.endpoint_url", Basis::Stated, &rules::ENDPOINT_URL, url);
    }
    Ok(())
}

/// Masks a password or token that stands in clear (section 5.7.3). Names of users are not read.
pub(super) fn activate_session(reader: &mut Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    message::skip_request_header(reader)?;
    for what in ["signature algorithm", "signature"] {
        binary::string(reader, what)?;
    }
    for _ in 0..binary::count(reader, "software certificates")? {
        binary::string(reader, "software certificate")?;
        binary::string(reader, "software certificate signature")?;
    }
    binary::skip_strings(reader, "locale ids")?;
    let kinds = reader.clone();
    let object = binary::extension_object(reader, "user identity token");
    let (kind, body) = match object {
        Ok(object) => object,
        Err(malformed) => {
            // Cut within the token: whatever is left of it may be the password.
            output.secret(kinds.peek());
            return Err(malformed);
        }
    };
    let (Some(kind), Some(mut token)) = (kind.and_then(|kind| u16::try_from(kind).ok()), body) else {
        return Ok(());
    };
    if !matches!(kind, service::USER_NAME_IDENTITY_TOKEN | service::ISSUED_IDENTITY_TOKEN) {
        return Ok(());
    }
    binary::string(&mut token, "policy id")?;
    if kind == service::USER_NAME_IDENTITY_TOKEN {
        binary::string(&mut token, "user name")?;
    }
    if let Some(secret) = binary::string(&mut token, "password")? {
        let algorithm = binary::string(&mut token, "encryption algorithm");
        let is_clear = !algorithm.is_ok_and(|algorithm| algorithm.is_some_and(|name| !name.is_empty()));
        if is_clear && !secret.is_empty() {
            output.secret(secret);
        }
    }
    Ok(())
}

fn address(host: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(host).ok()?.parse().ok()
}

/// True if a host means the machine at this address: by number, or as the machine itself.
fn is_address_of(host: &[u8], address_of: Address) -> bool {
    let Some(host) = address(host) else { return host.eq_ignore_ascii_case(b"localhost") };
    host.is_loopback() || Address::Ip(host) == address_of
}
