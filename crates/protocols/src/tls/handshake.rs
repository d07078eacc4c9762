//! Messages of the handshake: RFC 8446 section 4, RFC 5246 section 7.4.

use observation::Octets;

use crate::{Malformed, Reader};

/// Types of messages (IANA "TLS HandshakeType").
pub(crate) mod message {
    pub(crate) const CLIENT_HELLO: u8 = 1;
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const CERTIFICATE: u8 = 11;
    /// All that may come in clear besides; another number is the first octet of something encrypted.
    pub(crate) const OTHERS: [u8; 12] = [0, 3, 4, 12, 13, 14, 15, 16, 20, 21, 22, 23];
}

/// Extensions (IANA "TLS ExtensionType Values").
pub(crate) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(crate) const ALPN: u16 = 16;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
}

/// A server that asks for another hello sends this as its random (RFC 8446 section 4.1.3).
const RETRY: [u8; 4] = [0xcf, 0x21, 0xad, 0x74];

/// Octets of a random.
const RANDOM: usize = 32;

/// A hello of either side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hello<'a> {
    /// Two octets.
    pub(crate) version: Octets<'a>,
    /// Two octets for each: those that the client offers, or the one that the server chose.
    pub(crate) ciphers: Octets<'a>,
    /// All extensions; empty where there are none.
    pub(crate) extensions: Octets<'a>,
    /// True for a server that asks for another hello.
    pub(crate) retry: bool,
}

impl<'a> Hello<'a> {
    /// Reads the body of a ClientHello.
    pub(crate) fn client(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::of_client(reader, false)
    }

    /// Reads the body of a ClientHello of DTLS, which has a cookie (RFC 6347 section 4.2.1).
    pub(crate) fn client_with_cookie(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::of_client(reader, true)
    }

    fn of_client(reader: &mut Reader<'a>, has_cookie: bool) -> Result<Self, Malformed> {
        let version = reader.take(2, "client version")?;
        reader.skip(RANDOM, "client random")?;
        let session = reader.u8("session id")?;
        reader.skip(session.into(), "session id")?;
        if has_cookie {
            let cookie = reader.u8("cookie")?;
            reader.skip(cookie.into(), "cookie")?;
        }
        let length = reader.u16_be("cipher suites")?;
        let ciphers = reader.take(length.into(), "cipher suites")?;
        let length = reader.u8("compression methods")?;
        reader.skip(length.into(), "compression methods")?;
        Ok(Self { version, ciphers, extensions: extensions(reader)?, retry: false })
    }

    /// Reads the body of a ServerHello.
    pub(crate) fn server(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let version = reader.take(2, "server version")?;
        let random = reader.take(RANDOM, "server random")?;
        // Drafts of TLS 1.3 up to the 21st leave out what 1.3 does not need, and have a version of their own.
        let is_draft = matches!(version.bytes, [0x7f, 0..=21]);
        if !is_draft {
            let session = reader.u8("session id")?;
            reader.skip(session.into(), "session id")?;
        }
        let ciphers = reader.take(2, "cipher suite")?;
        if !is_draft {
            reader.skip(1, "compression method")?;
        }
        Ok(Self {
            version,
            ciphers,
            extensions: extensions(reader)?,
            retry: random.bytes.starts_with(&RETRY),
        })
    }

    /// The extensions with their types; what is cut off at the end is left out.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = (u16, Octets<'a>)> + use<'a> {
        let mut reader = Reader::new(self.extensions);
        std::iter::from_fn(move || {
            let kind = reader.u16_be("extension type").ok()?;
            let length = reader.u16_be("extension length").ok()?;
            reader.take(length.into(), "extension").ok().map(|octets| (kind, octets))
        })
    }

    /// One extension.
    pub(crate) fn extension(&self, wanted: u16) -> Option<Octets<'a>> {
        self.extensions().find(|(kind, _)| *kind == wanted).map(|(_, octets)| octets)
    }
}

fn extensions<'a>(reader: &mut Reader<'a>) -> Result<Octets<'a>, Malformed> {
    if reader.is_empty() {
        return Ok(reader.rest());
    }
    let length = reader.u16_be("extensions")?;
    reader.take(length.into(), "extensions")
}

/// The host name of a server_name extension (RFC 6066 section 3).
pub(crate) fn server_name(extension: Octets<'_>) -> Option<Octets<'_>> {
    let mut reader = Reader::new(extension);
    reader.u16_be("server name list").ok()?;
    (reader.u8("name type").ok()? == 0).then_some(())?;
    let length = reader.u16_be("host name").ok()?;
    reader.take(length.into(), "host name").ok()
}

/// The list of an ALPN extension (RFC 7301 section 3.1), without its length.
pub(crate) fn protocol_names(extension: Octets<'_>) -> Option<Octets<'_>> {
    let mut reader = Reader::new(extension);
    let length = reader.u16_be("protocol name list").ok()?;
    reader.take(length.into(), "protocol name list").ok()
}

/// The first certificate of a Certificate message up to 1.2: the one of the sender (RFC 5246 section 7.4.2).
pub(crate) fn first_certificate<'a>(reader: &mut Reader<'a>) -> Result<Option<Reader<'a>>, Malformed> {
    if length_24(reader, "certificate list")? == 0 {
        return Ok(None);
    }
    let length = length_24(reader, "certificate length")?;
    reader.sub(length, "certificate").map(Some)
}

/// A length of three octets.
pub(crate) fn length_24(reader: &mut Reader<'_>, what: &'static str) -> Result<usize, Malformed> {
    let high = usize::from(reader.u8(what)?);
    Ok(high << 16 | usize::from(reader.u16_be(what)?))
}

/// Values that clients mix in so that servers ignore what they do not know (RFC 8701).
pub(crate) fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}
