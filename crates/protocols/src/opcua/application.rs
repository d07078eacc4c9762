//! Descriptions of applications and their endpoints: OPC 10000-4 sections 7.2 and 7.14, encoded in field order.

use observation::Octets;

use super::binary;
use crate::{Malformed, Reader};

/// URLs of one application that are looked at.
const URLS_MAX: usize = 8;

/// What an application says of itself (ApplicationDescription).
#[derive(Clone, Debug, Default)]
pub(super) struct Application<'a> {
    pub(super) uri: Option<Octets<'a>>,
    pub(super) product_uri: Option<Octets<'a>>,
    pub(super) name: Option<Octets<'a>>,
    /// Enumeration, four octets: server, client, both, discovery server.
    pub(super) kind: Option<Octets<'a>>,
    /// Where it can be asked for its endpoints.
    pub(super) urls: Vec<Octets<'a>>,
}

/// A discovery server (ApplicationType).
const DISCOVERY_SERVER: [u8; 4] = [3, 0, 0, 0];

impl<'a> Application<'a> {
    /// Reads an ApplicationDescription.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let uri = binary::string(reader, "application uri")?;
        let product_uri = binary::string(reader, "product uri")?;
        let name = binary::localized_text(reader, "application name")?;
        let kind = reader.take(4, "application type")?;
        binary::string(reader, "gateway server uri")?;
        binary::string(reader, "discovery profile uri")?;
        let urls = urls(reader)?;
        Ok(Self { uri, product_uri, name, kind: Some(kind), urls })
    }

    /// Reads a RegisteredServer (section 7.32).
    pub(super) fn read_registered(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let uri = binary::string(reader, "server uri")?;
        let product_uri = binary::string(reader, "product uri")?;
        let mut name = None;
        for _ in 0..binary::count(reader, "server names")? {
            let text = binary::localized_text(reader, "server name")?;
            name = name.or(text);
        }
        let kind = reader.take(4, "server type")?;
        binary::string(reader, "gateway server uri")?;
        let urls = urls(reader)?;
        Ok(Self { uri, product_uri, name, kind: Some(kind), urls })
    }

    /// True for a discovery server.
    pub(super) fn is_discovery_server(&self) -> bool {
        self.kind.is_some_and(|kind| kind.bytes == DISCOVERY_SERVER)
    }
}

fn urls<'a>(reader: &mut Reader<'a>) -> Result<Vec<Octets<'a>>, Malformed> {
    let mut urls = Vec::new();
    for _ in 0..binary::count(reader, "discovery urls")? {
        if let Some(url) = binary::string(reader, "discovery url")?
            && urls.len() < URLS_MAX
        {
            urls.push(url);
        }
    }
    Ok(urls)
}

/// A way to reach a server (EndpointDescription).
#[derive(Clone, Debug)]
pub(super) struct Endpoint<'a> {
    pub(super) url: Option<Octets<'a>>,
    pub(super) server: Application<'a>,
    pub(super) certificate: Option<Octets<'a>>,
    /// MessageSecurityMode, four octets.
    pub(super) mode: Octets<'a>,
    pub(super) policy: Option<Octets<'a>>,
    /// Ways to log on (UserTokenType), four octets each.
    pub(super) tokens: Vec<Octets<'a>>,
}

impl<'a> Endpoint<'a> {
    /// Reads an EndpointDescription.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let url = binary::string(reader, "endpoint url")?;
        let server = Application::read(reader)?;
        let certificate = binary::string(reader, "server certificate")?;
        let mode = reader.take(4, "security mode")?;
        let policy = binary::string(reader, "security policy uri")?;
        let mut tokens = Vec::new();
        for _ in 0..binary::count(reader, "user identity tokens")? {
            binary::string(reader, "policy id")?;
            let kind = reader.take(4, "user token type")?;
            for what in ["issued token type", "issuer endpoint url", "user token security policy uri"] {
                binary::string(reader, what)?;
            }
            if tokens.len() < URLS_MAX {
                tokens.push(kind);
            }
        }
        binary::string(reader, "transport profile uri")?;
        reader.skip(1, "security level")?;
        Ok(Self { url, server, certificate, mode, policy, tokens })
    }
}

/// The host that a URL names: what stands between `//` and the port or path.
pub(super) fn host(url: Octets<'_>) -> Option<Octets<'_>> {
    let start = url.bytes.windows(2).position(|pair| pair == b"//")?.saturating_add(2);
    let rest = url.tail(start);
    let (skip, end): (usize, &[u8]) = match rest.get(0) {
        Some(b'[') => (1, b"]"),
        _ => (0, b":/?"),
    };
    let rest = rest.tail(skip);
    let length = rest.bytes.iter().position(|octet| end.contains(octet)).unwrap_or(rest.len());
    rest.slice(0, length).filter(|host| !host.is_empty())
}

/// The second part of a `urn:`, where a host name stands by custom (OPC 10000-6 section 6.2.2 has it so in its example),
/// with the number of parts behind it.
pub(super) fn urn_host(uri: Octets<'_>) -> Option<(Octets<'_>, usize)> {
    const URN: usize = 4;
    let scheme = uri.slice(0, URN)?;
    if !scheme.bytes.eq_ignore_ascii_case(b"urn:") {
        return None;
    }
    let rest = uri.tail(URN);
    let length = rest.bytes.iter().position(|octet| *octet == b':')?;
    let parts = rest.bytes.iter().filter(|octet| **octet == b':').count();
    rest.slice(0, length).map(|host| (host, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_urls_and_urns() {
        let of = |url: &'static [u8]| host(Octets::unplaced(url)).map(|host| host.bytes);
        assert_eq!(of(b"opc.tcp://plc-1:4840/ua"), Some(&b"plc-1"[..]));
        assert_eq!(of(b"opc.tcp://10.0.0.1"), Some(&b"10.0.0.1"[..]));
        assert_eq!(of(b"opc.tcp://[fe80::1]:4840"), Some(&b"fe80::1"[..]));
        assert_eq!(of(b"opc.tcp://:4840"), None);
        assert_eq!(of(b"plc"), None);
        let of =
            |uri: &'static [u8]| urn_host(Octets::unplaced(uri)).map(|(host, parts)| (host.bytes, parts));
        assert_eq!(of(b"urn:PC7:Vendor:App"), Some((&b"PC7"[..], 2)));
        assert_eq!(of(b"urn:open62541.server.application"), None);
        assert_eq!(of(b"http://pc"), None);
    }
}
