//! One connection: handshake messages out of records, until nothing is in clear any more.

use observation::{Basis, End, Octets, OperationKind};

use super::handshake::{self, Hello, extension, message};
use super::record::{FRAGMENT_AT, Kind, Record};
use super::rules;
use crate::x509::Certificate;
use crate::{Assembly, Context, Malformed, Output, Problem, Reader, Session};

/// Longest handshake message that is put together: chains of certificates take some kilobytes.
const MESSAGE_OCTETS_MAX: usize = 32 << 10;

/// Records that one message may take: each has its place in memory besides its octets.
const RECORDS_MAX: u8 = 64;

/// Octets of the head of a message: type and length.
const HEAD: usize = 4;

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    /// The beginning of a message that goes on in the next record.
    begun: Assembly,
    /// Records that it took so far.
    records: u8,
    /// Octets of a message of no interest that are still to come.
    skip: usize,
    /// True once this direction is encrypted, or can not be followed.
    closed: bool,
}

/// Reads one TLS connection.
#[derive(Debug, Default)]
pub(super) struct Tls {
    client: Lane,
    server: Lane,
    /// True once a hello proved which end is the server; it holds the end that the caller took for it then.
    oriented: bool,
    /// Whether the lower address and port is the client; only if oriented.
    client_is_lower: bool,
    /// True once the server said its hello.
    answered: bool,
    /// Version chosen, to tell whether certificates are in clear.
    is_1_3: bool,
}

impl Session for Tls {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let record = Record::parse(octets)?;
        match record.kind {
            Kind::Handshake => self.handshake(context, &record, output)?,
            Kind::ChangeCipherSpec => self.lane(context).closed = true,
            // Early data of the client comes before the server's hello (RFC 8446 section 2.3).
            Kind::ApplicationData => {
                output.finished = self.answered || !self.oriented || self.sender(context) == End::Server;
            }
            Kind::Alert | Kind::Heartbeat => {}
        }
        match record.missing {
            0 => Ok(()),
            missing => Err(Malformed {
                what: "record",
                offset: octets.len(),
                problem: Problem::Truncated { missing },
            }),
        }
    }

    fn gap(&mut self, _from: End) {
        // A message is lost, and where the next begins is not known within a record: later records begin anew.
        for lane in [&mut self.client, &mut self.server] {
            lane.begun.clear();
            lane.skip = 0;
        }
    }
}

fn is_lower(context: &Context) -> bool {
    (context.source, context.source_port) < (context.destination, context.destination_port)
}

/// True if the first message of these octets is all there.
fn is_whole(octets: &[u8]) -> bool {
    let &[_, high, middle, low, ..] = octets else { return false };
    let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    octets.len() >= HEAD.saturating_add(length)
}

impl Tls {
    /// Which end sent this, as far as known.
    fn sender(&self, context: &Context) -> End {
        match self.oriented {
            true if is_lower(context) == self.client_is_lower => End::Client,
            true => End::Server,
            false => context.from,
        }
    }

    fn lane(&mut self, context: &Context) -> &mut Lane {
        match self.sender(context) {
            End::Client => &mut self.client,
            End::Server => &mut self.server,
        }
    }

    fn handshake<'m>(
        &mut self,
        context: &Context,
        record: &Record<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let lane = self.lane(context);
        if lane.closed {
            return Ok(());
        }
        if lane.begun.is_empty() {
            return self.messages(context, record.fragment, record.fragment, FRAGMENT_AT, output);
        }
        let mut begun = std::mem::take(&mut lane.begun);
        lane.records = lane.records.saturating_add(1);
        if lane.records > RECORDS_MAX || !begun.push(record.fragment, MESSAGE_OCTETS_MAX.saturating_mul(2)) {
            lane.closed = true;
            output.dropped = output.dropped.saturating_add(1);
            return Ok(());
        }
        if !is_whole(begun.octets().bytes) {
            lane.begun = begun;
            output.hold = true;
            return Ok(());
        }
        self.messages(context, begun.octets(), record.fragment, 0, output)
    }

    /// Reads every whole message of the octets, which stand `base` octets into what errors refer to, and keeps the rest.
    /// `carried` are the octets of this record.
    fn messages<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'_>,
        carried: Octets<'m>,
        base: usize,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::nested(octets, base);
        while !reader.is_empty() {
            let start = reader.clone();
            let lane = self.lane(context);
            if lane.skip > 0 {
                let length = lane.skip.min(reader.remaining());
                lane.skip = lane.skip.saturating_sub(length);
                reader.skip(length, "handshake message")?;
                continue;
            }
            let kind = start.peek().get(0).unwrap_or(0);
            let wanted = matches!(kind, message::CLIENT_HELLO | message::SERVER_HELLO | message::CERTIFICATE);
            if !wanted && !message::OTHERS.contains(&kind) {
                // The Finished message of a connection whose beginning was not seen: encrypted.
                lane.closed = true;
                return Ok(());
            }
            let head = reader
                .skip(1, "message type")
                .and_then(|()| handshake::length_24(&mut reader, "message length"));
            let whole = head.as_ref().ok().filter(|length| **length <= reader.remaining());
            match (head.as_ref().ok(), whole) {
                (Some(_), Some(length)) => {
                    let body = reader.sub(*length, "handshake message")?;
                    let all = start.peek().head(HEAD.saturating_add(*length));
                    self.one(context, kind, all, body, carried, output)?;
                }
                (Some(length), None) if !wanted => {
                    lane.skip = length.saturating_sub(reader.remaining());
                    return Ok(());
                }
                (Some(length), None) if *length > MESSAGE_OCTETS_MAX => {
                    lane.closed = true;
                    output.dropped = output.dropped.saturating_add(1);
                    return Ok(());
                }
                _ => {
                    let mut begun = Assembly::new();
                    begun.push(start.peek(), MESSAGE_OCTETS_MAX);
                    (lane.begun, lane.records) = (begun, 1);
                    output.hold = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Reads one message: `all` of it, and its body.
    fn one<'m>(
        &mut self,
        context: &Context,
        kind: u8,
        all: Octets<'_>,
        mut body: Reader<'_>,
        carried: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match kind {
            message::CLIENT_HELLO => {
                let hello = Hello::client(&mut body)?;
                self.orient(context, End::Client, output);
                output.operation(OperationKind::Diagnostic, "client hello", carried.head(HEAD));
                client_hello(context, &hello, all, output);
            }
            message::SERVER_HELLO => {
                let hello = Hello::server(&mut body)?;
                self.orient(context, End::Server, output);
                if !hello.retry {
                    self.answered = true;
                    self.is_1_3 = server_hello(context, &hello, output);
                }
            }
            message::CERTIFICATE if !self.is_1_3 => {
                let Some(mut der) = handshake::first_certificate(&mut body)? else { return Ok(()) };
                match Certificate::parse(&mut der) {
                    Ok(certificate) if certificate.personal => {}
                    Ok(certificate) => certificate.say(&context.source(), &rules::certificate::FACTS, output),
                    Err(malformed) => output.malformed(malformed),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells the ends apart by the first hello.
    fn orient(&mut self, context: &Context, sender: End, output: &mut Output<'_>) {
        if self.oriented {
            return;
        }
        if context.from != sender {
            // What was gathered so far was gathered for the wrong ends.
            std::mem::swap(&mut self.client, &mut self.server);
        }
        self.oriented = true;
        self.client_is_lower = is_lower(context) == (sender == End::Client);
        output.server_is = Some(if sender == End::Server { context.from } else { context.from.other() });
    }
}

fn client_hello(context: &Context, hello: &Hello<'_>, all: Octets<'_>, output: &mut Output<'_>) {
    let client = context.source();
    if let Some(name) = hello.extension(extension::SERVER_NAME).and_then(handshake::server_name) {
        output.fact(&client, "tls.server_name", Basis::Stated, &rules::SERVER_NAME, name);
    }
    if let Some(names) = hello.extension(extension::ALPN).and_then(handshake::protocol_names) {
        output.fact(&client, "tls.alpn", Basis::Stated, &rules::ALPN, names);
    }
    output.fact(&client, "tls.ja4", Basis::Stated, &rules::JA4, all);
}

/// Says what the server chose. True if it is version 1.3, in which certificates are encrypted.
fn server_hello(context: &Context, hello: &Hello<'_>, output: &mut Output<'_>) -> bool {
    let server = context.source();
    let chosen = hello.extension(extension::SUPPORTED_VERSIONS).unwrap_or(hello.version);
    output.fact(&server, "tls.version", Basis::Stated, &rules::VERSION, chosen);
    output.fact(&server, "tls.cipher_suite", Basis::Stated, &rules::CIPHER_SUITE, hello.ciphers);
    chosen.bytes == [3, 4]
}
