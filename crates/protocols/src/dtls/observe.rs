//! What the handshake says in clear.

use observation::{Basis, End, Octets, OperationKind, Rule, Rules};

use super::record::{self, Fragment, HANDSHAKE};
use crate::tls::handshake::{self, Hello, extension, message};
use crate::x509::Certificate;
use crate::{Assembly, Context, Malformed, Output, Reader, Session, tls};

crate::x509::certificate_facts!("dtls");

static SERVER_NAME: Rule = Rule { name: "dtls-server-name", read: Rules::text };
static ALPN: Rule = Rule { name: "dtls-alpn", read: tls::protocol_names };
static JA4: Rule = Rule { name: "dtls-ja4", read: ja4 };
static VERSION: Rule = Rule { name: "dtls-version", read: version };
static CIPHER_SUITE: Rule = Rule { name: "dtls-cipher-suite", read: tls::cipher_suite };

pub(super) const RULES: &[&Rule] = &[
    &SERVER_NAME,
    &ALPN,
    &JA4,
    &VERSION,
    &CIPHER_SUITE,
    &certificate::SUBJECT,
    &certificate::ORGANIZATION,
    &certificate::ISSUER,
    &certificate::SERIAL,
    &certificate::NOT_AFTER,
    &certificate::SHA256,
    &certificate::DNS,
    &certificate::URI,
    &certificate::ADDRESS,
    &certificate::SELF_SIGNED,
];

fn ja4(octets: &[u8]) -> Option<String> {
    let mut body = record::body(Octets::unplaced(octets));
    Some(tls::print(&Hello::client_with_cookie(&mut body).ok()?, 'd'))
}

/// A version, two octets.
fn version(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [0xfe, 0xff] => "DTLS 1.0",
        [0xfe, 0xfd] => "DTLS 1.2",
        [0xfe, 0xfc] => "DTLS 1.3",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Longest message that is put together.
const MESSAGE_OCTETS_MAX: usize = 32 << 10;

/// Fragments that one message may take: each has its place in memory besides its octets.
const FRAGMENTS_MAX: u16 = 64;

/// A message that is put together, in order: what comes out of order is lost.
#[derive(Debug)]
struct Gathered {
    number: u16,
    fragments: u16,
    /// Octets of it that are there.
    octets: usize,
    /// With the header of the first fragment.
    all: Assembly,
}

/// Reads one association.
#[derive(Debug, Default)]
pub(super) struct Dtls {
    /// Of the client, and of the server.
    gathered: [Option<Gathered>; 2],
    /// True once the server chose version 1.3, in which certificates are encrypted.
    is_1_3: bool,
}

impl Session for Dtls {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(octets);
        let kind = reader.u8("record type")?;
        if kind != HANDSHAKE {
            // What is encrypted, once there is any, is all that follows.
            output.finished = kind == 23 || kind & 0xe0 == 0x20;
            return Ok(());
        }
        reader.skip(2, "version")?;
        let epoch = reader.u16_be("epoch")?;
        reader.skip(6, "sequence number")?;
        let length = reader.u16_be("length")?;
        if epoch > 0 {
            return Ok(());
        }
        let mut messages = reader.part(length.into(), "fragment")?;
        while !messages.is_empty() {
            let fragment = Fragment::read(&mut messages)?;
            if fragment.octets.len() == fragment.length {
                self.handshake(context, fragment.kind, fragment.all, octets, output)?;
            } else if let Some(whole) = self.gather(context, &fragment, output) {
                self.handshake(context, fragment.kind, whole.octets(), octets, output)?;
            }
        }
        Ok(())
    }

    fn gap(&mut self, from: End) {
        if let Some(gathered) = self.gathered.get_mut(from.index()) {
            *gathered = None;
        }
    }
}

impl Dtls {
    /// Puts the next fragment to those before it; the message, once it is whole.
    fn gather(
        &mut self,
        context: &Context,
        fragment: &Fragment<'_>,
        output: &mut Output<'_>,
    ) -> Option<Assembly> {
        let place = self.gathered.get_mut(context.from.index())?;
        let is_wanted =
            matches!(fragment.kind, message::CLIENT_HELLO | message::SERVER_HELLO | message::CERTIFICATE);
        if !is_wanted || fragment.length > MESSAGE_OCTETS_MAX {
            return None;
        }
        let mut gathered = match (place.take(), fragment.offset) {
            (_, 0) => Gathered { number: fragment.number, fragments: 0, octets: 0, all: Assembly::new() },
            (Some(gathered), offset) if gathered.number == fragment.number && gathered.octets == offset => {
                gathered
            }
            _ => {
                output.dropped = output.dropped.saturating_add(1);
                return None;
            }
        };
        let octets = if fragment.offset == 0 { fragment.all } else { fragment.octets };
        gathered.fragments = gathered.fragments.saturating_add(1);
        gathered.octets = gathered.octets.saturating_add(fragment.octets.len());
        if gathered.fragments > FRAGMENTS_MAX
            || !gathered.all.push(octets, MESSAGE_OCTETS_MAX.saturating_mul(2))
        {
            output.dropped = output.dropped.saturating_add(1);
            return None;
        }
        if gathered.octets == fragment.length {
            return Some(gathered.all);
        }
        output.hold = true;
        *place = Some(gathered);
        None
    }

    /// Reads one whole message with its header, which ended in this record.
    fn handshake<'m>(
        &mut self,
        context: &Context,
        kind: u8,
        all: Octets<'_>,
        record: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let (source, mut body) = (context.source(), record::body(all));
        match kind {
            message::CLIENT_HELLO => {
                let hello = Hello::client_with_cookie(&mut body)?;
                output.server_is = Some(context.from.other());
                output.operation(OperationKind::Diagnostic, "client hello", record.head(record::HEADER));
                if let Some(name) = hello.extension(extension::SERVER_NAME).and_then(handshake::server_name) {
                    output.fact(&source, "tls.server_name", Basis::Stated, &SERVER_NAME, name);
                }
                if let Some(names) = hello.extension(extension::ALPN).and_then(handshake::protocol_names) {
                    output.fact(&source, "tls.alpn", Basis::Stated, &ALPN, names);
                }
                output.fact(&source, "tls.ja4", Basis::Stated, &JA4, all);
            }
            message::SERVER_HELLO => {
                let hello = Hello::server(&mut body)?;
                output.server_is = Some(context.from);
                let chosen = hello.extension(extension::SUPPORTED_VERSIONS).unwrap_or(hello.version);
                self.is_1_3 = chosen.bytes == [0xfe, 0xfc];
                output.fact(&source, "tls.version", Basis::Stated, &VERSION, chosen);
                output.fact(&source, "tls.cipher_suite", Basis::Stated, &CIPHER_SUITE, hello.ciphers);
            }
            message::CERTIFICATE if !self.is_1_3 => {
                let Some(mut der) = handshake::first_certificate(&mut body)? else { return Ok(()) };
                match Certificate::parse(&mut der) {
                    Ok(certificate) if certificate.personal => {}
                    Ok(certificate) => certificate.say(&source, &certificate::FACTS, output),
                    Err(malformed) => output.malformed(malformed),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::Transport;

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;
    use crate::{Frame, Probe};

    fn records(mut octets: &[u8]) -> Vec<&[u8]> {
        let mut records = Vec::new();
        while let Frame::Message(length) = (PROTOCOL.frame)(octets, Transport::Udp) {
            let (record, rest) = octets.split_at(length);
            records.push(record);
            octets = rest;
        }
        records
    }

    #[test]
    fn hellos_of_openssl_are_read() {
        let client = include_bytes!("messages/openssl-client-udp.bin");
        let server = include_bytes!("messages/openssl-server-udp.bin");
        let messages: Vec<_> = records(client)
            .into_iter()
            .map(|record| (End::Client, record))
            .chain(records(server).into_iter().map(|record| (End::Server, record)))
            .collect();
        let heard = hear(&PROTOCOL, Transport::Udp, &messages);
        assert!(heard.has("10.0.0.1", "tls.server_name", "plc7.plant.example"), "{:?}", heard.facts);
        let ja4 = heard.value("10.0.0.1", "tls.ja4").unwrap();
        assert!(ja4.starts_with("dd2d"), "{ja4}");
        assert!(heard.has("10.0.0.5", "tls.version", "DTLS 1.2"), "{:?}", heard.facts);
        assert!(heard.has("10.0.0.5", "dtls.certificate_subject", "plc7.plant.example"), "{:?}", heard.facts);
        assert!(heard.malformed.is_empty(), "{:?}", heard.malformed);
        assert!(heard.servers.iter().all(|server| *server == End::Server));
    }

    #[test]
    fn only_hellos_are_certain() {
        let client = include_bytes!("messages/openssl-client-udp.bin");
        assert_eq!((PROTOCOL.probe)(records(client)[0], Transport::Udp), Probe::Certain);
        assert_eq!(
            (PROTOCOL.probe)(&[23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 9], Transport::Udp),
            Probe::Unsure
        );
        assert_eq!((PROTOCOL.probe)(&[23, 3, 3, 0, 1, 9], Transport::Udp), Probe::Foreign);
    }
}
