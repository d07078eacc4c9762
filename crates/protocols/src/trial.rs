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
    /// Stations below the sender that spoke.
    pub(crate) spoke: Vec<String>,
    /// What bounds made the session drop.
    pub(crate) dropped: u32,
    pub(crate) carries: Option<&'static str>,
    pub(crate) malformed: Vec<String>,
}

impl Heard {
    /// True if somebody said this of the station.
    pub(crate) fn has(&self, station: &str, attribute: &str, value: &str) -> bool {
        self.facts.iter().any(|fact| fact.0 == station && fact.1 == attribute && fact.2 == value)
    }

    fn add(&mut self, mut output: Output<'_>) {
        let facts = std::mem::take(&mut output.facts).into_iter();
        self.facts
            .extend(facts.map(|fact| (fact.station.to_string(), fact.attribute, fact.value, fact.basis)));
        self.operations.extend(output.operations.iter().map(|operation| (operation.kind, operation.name)));
        self.servers.extend(output.server_is);
        let ranges = output.secrets.iter().flat_map(|secret| &secret.ranges);
        self.secrets.extend(ranges.map(|range| (range.offset, range.length)));
        self.mentioned.extend(output.mentioned.iter().map(|named| (named.station.to_string(), named.reason)));
        self.spoke.extend(output.spoke.iter().map(|spoke| spoke.station.to_string()));
        self.dropped = self.dropped.saturating_add(output.dropped);
        self.carries = output.carries.or(self.carries);
        self.malformed.extend(output.malformed.iter().map(ToString::to_string));
    }

    /// The value that the station has of the attribute, if any.
    pub(crate) fn value(&self, station: &str, attribute: &str) -> Option<&str> {
        let fact = self.facts.iter().find(|fact| fact.0 == station && fact.1 == attribute)?;
        Some(fact.2.as_str())
    }
}

/// What messages between 10.0.0.1, the client, and 10.0.0.5, the server, tell one session. Octets of several messages are
/// several; what is not a whole message is read as one that the capture cut.
pub(crate) fn hear(protocol: &Protocol, transport: Transport, messages: &[(End, &[u8])]) -> Heard {
    let mut session = (protocol.session)();
    let mut heard = Heard::default();
    let port = protocol.tcp.first().or(protocol.udp.first()).copied().unwrap_or(0);
    let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
    for (from, octets) in messages {
        let context = Context::of_test(*from, ("10.0.0.1", 50_000), ("10.0.0.5", port), transport);
        let mut rest = *octets;
        loop {
            let message = match (protocol.frame)(rest, transport) {
                Frame::Message(length) => {
                    let (message, behind) = rest.split_at(length.min(rest.len()));
                    rest = behind;
                    Octets::new(message, &pieces)
                }
                _ => Octets::new(std::mem::take(&mut rest), &pieces).cut(),
            };
            let mut output = Output::default();
            if let Err(malformed) = session.message(&context, message, &mut output) {
                heard.malformed.push(malformed.to_string());
            }
            heard.add(output);
            if rest.is_empty() {
                break;
            }
        }
    }
    heard
}
