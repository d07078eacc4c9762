//! One conversation: chunks into messages, requests to their answers, who is client and who server.

use observation::{End, Octets};

use super::chunk::{self, Chunk, Kind, OpenHeader, Part};
use super::nameplate::Nameplates;
use super::reads::Reads;
use super::service::{self, Way};
use super::{message, observe, rules};
use crate::{Assembly, Context, Malformed, Output, Problem, Reader, Session};

/// Longest message that is put together from chunks. Endpoints with certificates take some tens of kilobytes.
const MESSAGE_OCTETS_MAX: usize = 64 << 10;

/// Chunks of one message: each has its place in memory besides its octets. Senders fill chunks of 8 KiB or more.
const CHUNKS_MAX: u8 = 64;

/// Octets of the symmetric security header behind the header of the chunk: secure channel and token.
const SECURITY_HEADER: usize = 8;

/// Octets of a request up to its type, which prove that it was asked: nothing that follows is needed.
const REQUEST_HEAD: usize = 28;

/// A message that is put together from chunks.
#[derive(Debug)]
struct Gathered {
    request: u32,
    kind: u16,
    chunks: u8,
    whole: Assembly,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    gathered: Option<Box<Gathered>>,
    /// Request of a message in chunks that is of no interest or can not be read.
    skipped: Option<u32>,
}

/// Reads one OPC UA conversation.
#[derive(Debug, Default)]
pub(super) struct OpcUa {
    lower: Lane,
    upper: Lane,
    reads: Reads,
    plates: Nameplates,
    /// Octets of the signature at the end of each chunk.
    signature: u8,
    /// True once a message proved which end is the server.
    oriented: bool,
}

impl Session for OpcUa {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let chunk = Chunk::parse(octets)?;
        let mut reader = chunk.reader();
        match chunk.kind {
            Kind::Hello => {
                self.orient(context, Way::Request, output);
                observe::hello(context, &mut reader, output)?;
            }
            Kind::ReverseHello => {
                self.orient(context, Way::Response, output);
                observe::reverse_hello(context, &mut reader, output)?;
            }
            Kind::Acknowledge => self.orient(context, Way::Response, output),
            Kind::Error => {}
            Kind::Open => self.open(context, octets, &mut reader, output)?,
            Kind::Message | Kind::Close => self.chunk(context, octets, &chunk, output)?,
        }
        match chunk.missing {
            0 => Ok(()),
            missing => Err(Malformed {
                what: "message",
                offset: octets.len(),
                problem: Problem::Truncated { missing },
            }),
        }
    }

    fn gap(&mut self, _from: End) {
        // Which lane it was is not said; what is lost is a message in chunks, which are rare.
        self.lower = Lane::default();
        self.upper = Lane::default();
    }
}

impl OpcUa {
    fn open<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        reader: &mut Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let header = OpenHeader::read(reader)?;
        self.signature = chunk::signature_octets(header.policy.bytes);
        let basis = observation::Basis::Stated;
        output.fact(&context.server(), "opcua.channel_policy", basis, &rules::CHANNEL_POLICY, header.policy);
        if let Some(certificate) = header.certificate {
            observe::certificate(certificate, header.certificate_at, &context.source(), output);
        }
        if self.signature == 0 {
            reader.skip(SECURITY_HEADER, "sequence header")?;
            if let Some((kind, way)) = message::kind(reader) {
                self.orient(context, way, output);
                let head = octets.len().saturating_sub(reader.remaining());
                operation(kind, octets.head(head), output);
            }
        }
        Ok(())
    }

    fn chunk<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        chunk: &Chunk<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = chunk.reader();
        reader.skip(SECURITY_HEADER, "security header")?;
        reader.skip(4, "sequence number")?;
        let request = reader.u32_le("request id")?;
        let signature = if chunk.missing == 0 { self.signature.into() } else { 0 };
        let length = reader.remaining().saturating_sub(signature);
        let mut reader = reader.sub(length, "message body")?;
        let lane = self.lane(context);
        if lane.skipped == Some(request) {
            lane.skipped = lane.skipped.filter(|_| chunk.part == Part::Intermediate);
            return Ok(());
        }
        if let Some(gathered) = lane.gathered.take() {
            if gathered.request == request {
                return self.gathered(context, chunk.part, gathered, reader.rest(), output);
            }
            output.dropped = output.dropped.saturating_add(1);
        }
        if chunk.part == Part::Abort {
            return Ok(());
        }
        let first = reader.clone();
        let known = message::kind(&mut reader);
        if let Some((kind, way)) = known {
            self.orient(context, way, output);
            operation(kind, octets.head(REQUEST_HEAD), output);
        }
        if chunk.part == Part::Final {
            return known.map_or(Ok(()), |(kind, _)| self.whole(context, kind, request, &mut reader, output));
        }
        let mut whole = Assembly::new();
        match known.filter(|(kind, _)| self.is_of_interest(*kind, request)) {
            Some((kind, _)) if whole.push(first.peek(), MESSAGE_OCTETS_MAX) => {
                output.hold = true;
                self.lane(context).gathered = Some(Box::new(Gathered { request, kind, chunks: 1, whole }));
            }
            _ => self.lane(context).skipped = Some(request),
        }
        Ok(())
    }

    /// A further chunk of a message that is put together.
    fn gathered(
        &mut self,
        context: &Context,
        part: Part,
        mut gathered: Box<Gathered>,
        octets: Octets<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let lane = self.lane(context);
        if part == Part::Abort {
            return Ok(());
        }
        gathered.chunks = gathered.chunks.saturating_add(1);
        if gathered.chunks > CHUNKS_MAX || !gathered.whole.push(octets, MESSAGE_OCTETS_MAX) {
            output.dropped = output.dropped.saturating_add(1);
            lane.skipped = Some(gathered.request).filter(|_| part == Part::Intermediate);
            return Ok(());
        }
        if part == Part::Intermediate {
            output.hold = true;
            lane.gathered = Some(gathered);
            return Ok(());
        }
        let mut reader = Reader::new(gathered.whole.octets());
        match message::kind(&mut reader) {
            Some(_) => self.whole(context, gathered.kind, gathered.request, &mut reader, output),
            None => Ok(()),
        }
    }

    /// True if a message of this type is worth putting together.
    fn is_of_interest(&self, kind: u16, request: u32) -> bool {
        match kind {
            service::READ_RESPONSE => self.reads.waits_for(request) || self.plates.waits_for(request),
            service::BROWSE_RESPONSE | service::TRANSLATE_PATHS_RESPONSE => self.plates.waits_for(request),
            service::FIND_SERVERS_RESPONSE
            | service::GET_ENDPOINTS_RESPONSE
            | service::FIND_SERVERS_ON_NETWORK_RESPONSE
            | service::REGISTER_SERVER_REQUEST
            | service::REGISTER_SERVER_2_REQUEST
            | service::CREATE_SESSION_REQUEST
            | service::CREATE_SESSION_RESPONSE
            | service::ACTIVATE_SESSION_REQUEST => true,
            _ => false,
        }
    }

    /// A whole message; `reader` stands behind its type.
    fn whole(
        &mut self,
        context: &Context,
        kind: u16,
        request: u32,
        reader: &mut Reader<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        match kind {
            service::READ_REQUEST => self.reads.asked(request, reader, &mut self.plates, output),
            service::READ_RESPONSE => {
                let server = context.source();
                if self.plates.waits_for(request) {
                    self.plates.answered(request, &mut reader.clone(), &server, output)?;
                }
                self.reads.answered(request, reader, &server, output)
            }
            service::BROWSE_REQUEST => self.plates.browse_asked(request, reader, output),
            service::TRANSLATE_PATHS_REQUEST => self.plates.paths_asked(request, reader, output),
            service::BROWSE_RESPONSE | service::TRANSLATE_PATHS_RESPONSE => {
                self.plates.answered(request, reader, &context.source(), output)
            }
            service::FIND_SERVERS_RESPONSE => observe::find_servers_response(context, reader, output),
            service::GET_ENDPOINTS_RESPONSE => observe::get_endpoints_response(context, reader, output),
            service::FIND_SERVERS_ON_NETWORK_RESPONSE => {
                observe::find_servers_on_network_response(context, reader, output)
            }
            service::REGISTER_SERVER_REQUEST | service::REGISTER_SERVER_2_REQUEST => {
                observe::register_server(context, reader, output)
            }
            service::CREATE_SESSION_REQUEST => observe::create_session_request(context, reader, output),
            service::CREATE_SESSION_RESPONSE => observe::create_session_response(context, reader, output),
            service::ACTIVATE_SESSION_REQUEST => observe::activate_session(reader, output),
            _ => Ok(()),
        }
    }

    /// Tells the ends apart by the first message that proves them.
    fn orient(&mut self, context: &Context, way: Way, output: &mut Output<'_>) {
        if !std::mem::replace(&mut self.oriented, true) {
            output.server_is = Some(if way == Way::Response { context.from } else { context.from.other() });
        }
    }

    fn lane(&mut self, context: &Context) -> &mut Lane {
        let source = (context.source, context.source_port);
        if source < (context.destination, context.destination_port) {
            &mut self.lower
        } else {
            &mut self.upper
        }
    }
}

fn operation<'m>(kind: u16, head: Octets<'m>, output: &mut Output<'m>) {
    if let Some((kind, name)) = service::operation(kind) {
        output.operation(kind, name, head);
    }
}
