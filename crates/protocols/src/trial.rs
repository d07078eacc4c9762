//! Messages in, what they tell in words out: for the tests of protocol folders.

use observation::{Basis, End, Octets, OperationKind, Piece, Transport};

use crate::{Context, Frame, Output, Protocol};

/// What a conversation told.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Station, attribute, value, basis.
    pub(crate) facts: Vec<(String, &'static str, String, Basis)>,
    pub(crate) operations: Vec<(OperationKind, &'static str)>,
    pub(crate) servers: Vec<End>,
    /// The octets of each secret, as offset and length in its message.
    pub(crate) secrets: Vec<(u32, u32)>,
    pub(crate) mentioned: Vec<(String, &'static str)>,
    pub(crate) carries: Option<&'static str>,
    pub(crate) malformed: Vec<String>,
}

impl Heard {
    /// True if somebody said this of the station.
    pub(crate) fn has(&self, station: &str, attribute: &str, value: &str) -> bool {
        self.facts.iter().any(|fact| fact.0 == station && fact.1 == attribute && fact.2 == value)
    }

    /// The value that the station has of the attribute, if any.
    pub(crate) fn value(&self, station: &str, attribute: &str) -> Option<&str> {
        let fact = self.facts.iter().find(|fact| fact.0 == station && fact.1 == attribute)?;
        Some(fact.2.as_str())
    }
}

/// What messages between 10.0.0.1, the client, and 10.0.0.5, the server, tell one session. What is not a whole message
/// is read as one that the capture cut.
pub(crate) fn hear(protocol: &Protocol, transport: Transport, messages: &[(End, &[u8])]) -> Heard {
    let mut session = (protocol.session)();
    let mut heard = Heard::default();
    let port = protocol.tcp.first().or(protocol.udp.first()).copied().unwrap_or(0);
    let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
    for (from, octets) in messages {
        let context = Context::of_test(*from, ("10.0.0.1", 50_000), ("10.0.0.5", port), transport);
        let mut output = Output::default();
        let whole = Octets::new(octets, &pieces);
        let is_whole = matches!((protocol.frame)(octets, transport), Frame::Message(_));
        let message = if is_whole { whole } else { whole.cut() };
        if let Err(malformed) = session.message(&context, message, &mut output) {
            heard.malformed.push(malformed.to_string());
        }
        heard.facts.extend(
            std::mem::take(&mut output.facts)
                .into_iter()
                .map(|fact| (fact.station.to_string(), fact.attribute, fact.value, fact.basis)),
        );
        heard.operations.extend(output.operations.iter().map(|operation| (operation.kind, operation.name)));
        heard.servers.extend(output.server_is);
        let ranges = output.secrets.iter().flat_map(|secret| &secret.ranges);
        heard.secrets.extend(ranges.map(|range| (range.offset, range.length)));
        heard
            .mentioned
            .extend(output.mentioned.iter().map(|named| (named.station.to_string(), named.reason)));
        heard.carries = output.carries.or(heard.carries);
        heard.malformed.extend(output.malformed.iter().map(ToString::to_string));
    }
    heard
}
