//! The opening of a connection, step by step: RFC 6143 section 7.1 to 7.3.

use observation::{Basis, End, Octets, OperationKind};

use super::{VERSION, is_version, rules};
use crate::{Assembly, Context, Malformed, Output, Session};

/// Octets of one direction that wait for the rest of a step; the longest step is the name of the desktop.
const WAITING_OCTETS_MAX: usize = 1 << 10;

/// Messages of an opening: it takes ten in all.
const MESSAGES_MAX: u8 = 32;

/// Ways to log on that can be followed: none, and a challenge that is answered.
mod security {
    pub(super) const NONE: u8 = 1;
    pub(super) const CHALLENGE: u8 = 2;
}

/// Octets of a challenge, and of its answer (section 7.2.2).
const CHALLENGE: usize = 16;

/// Octets of the server's description before its name (section 7.3.2).
const DESKTOP: usize = 24;

/// What an end sends next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Version,
    /// Server: the ways to log on. Client: the one it chose.
    Security,
    /// Server: the challenge. Client: the answer.
    Challenge,
    /// Server: whether the answer was right.
    Result,
    /// Server: the desktop. Client: whether others may share it.
    Desktop,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    step: Step,
    waiting: Assembly,
}

/// Reads the opening of one VNC connection.
#[derive(Debug, Default)]
pub(super) struct Vnc {
    server: Lane,
    client: Lane,
    /// True if the lower address and port is the server; `None` before the first version.
    server_is_lower: Option<bool>,
    /// The lower of both minor versions.
    minor: u16,
    /// The way to log on, once it is settled.
    chosen: Option<u8>,
    messages: u8,
}

/// What became of a step.
enum Taken {
    /// So many octets were read.
    Octets(usize),
    /// More octets are needed, or the other end is first.
    Wait,
    /// Nothing more can be read.
    End,
}

impl Session for Vnc {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let is_lower =
            (context.source, context.source_port) < (context.destination, context.destination_port);
        self.messages = self.messages.saturating_add(1);
        let Some(server_is_lower) = self.server_is_lower else {
            if is_version(octets.bytes) {
                // The server speaks first.
                self.server_is_lower = Some(is_lower);
                output.server_is = Some(context.from);
                self.minor = minor(octets.bytes);
                version(context, octets, output);
                self.server.step = Step::Security;
            } else {
                // The opening was missed, or the port is used for something else.
                (output.hand_over, output.finished) = (true, true);
            }
            return Ok(());
        };
        let end = if server_is_lower == is_lower { End::Server } else { End::Client };
        let lane = self.lane(end);
        let mut waiting = std::mem::take(&mut lane.waiting);
        if !waiting.push(octets, WAITING_OCTETS_MAX) || self.messages > MESSAGES_MAX {
            output.finished = true;
            return Ok(());
        }
        let mut at = 0_usize;
        loop {
            let rest = waiting.octets().tail(at);
            let taken = match end {
                End::Server => self.server(context, rest, output),
                End::Client => self.client(context, rest, output),
            };
            match taken {
                Taken::Octets(length) => {
                    if at == 0
                        && end == End::Client
                        && self.client.step != Step::Desktop
                        && is_version(rest.bytes)
                    {
                        output.operation(OperationKind::Diagnostic, "open desktop", octets.head(VERSION));
                    }
                    at = at.saturating_add(length);
                }
                Taken::Wait => {
                    let mut left = Assembly::new();
                    if !rest.is_empty() {
                        left.push(rest, WAITING_OCTETS_MAX);
                        output.hold = true;
                    }
                    self.lane(end).waiting = left;
                    return Ok(());
                }
                Taken::End => {
                    output.finished = true;
                    return Ok(());
                }
            }
        }
    }

    fn gap(&mut self, _from: End) {
        // The steps can not be counted any more.
        self.messages = MESSAGES_MAX;
    }
}

impl Vnc {
    fn lane(&mut self, end: End) -> &mut Lane {
        match end {
            End::Server => &mut self.server,
            End::Client => &mut self.client,
        }
    }

    fn server(&mut self, context: &Context, rest: Octets<'_>, output: &mut Output<'_>) -> Taken {
        let server = context.source();
        match self.server.step {
            // The client's version comes before it.
            Step::Version | Step::Security if self.client.step == Step::Version => Taken::Wait,
            Step::Version => Taken::End,
            Step::Security if self.minor < 7 => {
                let Some(kind) = rest.slice(0, 4) else { return Taken::Wait };
                output.fact(&server, "vnc.security", Basis::Stated, &rules::SECURITY, kind);
                self.settle(kind.get(3).unwrap_or(0));
                if self.chosen.is_some() { Taken::Octets(4) } else { Taken::End }
            }
            Step::Security => {
                let Some(count) = rest.get(0) else { return Taken::Wait };
                let Some(kinds) = rest.slice(1, count.into()) else { return Taken::Wait };
                for at in 0..kinds.len() {
                    let Some(kind) = kinds.slice(at, 1) else { break };
                    output.fact(&server, "vnc.security", Basis::Stated, &rules::SECURITY, kind);
                }
                self.server.step = Step::Challenge;
                // None at all: a refusal, with its reason.
                if count == 0 { Taken::End } else { Taken::Octets(usize::from(count).saturating_add(1)) }
            }
            // Since 3.7 the client chooses first; the choice sets the next step.
            Step::Challenge if self.chosen.is_none() => Taken::Wait,
            Step::Challenge if rest.len() < CHALLENGE => Taken::Wait,
            Step::Challenge => {
                self.server.step = Step::Result;
                Taken::Octets(CHALLENGE)
            }
            Step::Result => match rest.slice(0, 4).map(|result| result.bytes == [0; 4]) {
                None => Taken::Wait,
                Some(true) => {
                    self.server.step = Step::Desktop;
                    Taken::Octets(4)
                }
                Some(false) => Taken::End,
            },
            Step::Desktop => {
                let length =
                    rest.slice(DESKTOP.saturating_sub(4), 4).and_then(|octets| octets.bytes.try_into().ok());
                let Some(length) = length.map(u32::from_be_bytes) else { return Taken::Wait };
                let Some(name) = rest.slice(DESKTOP, length as usize) else {
                    return if length as usize > WAITING_OCTETS_MAX { Taken::End } else { Taken::Wait };
                };
                output.fact(&server, "vnc.desktop_name", Basis::Stated, &rules::DESKTOP_NAME, name);
                Taken::End
            }
        }
    }

    fn client(&mut self, context: &Context, rest: Octets<'_>, output: &mut Output<'_>) -> Taken {
        match self.client.step {
            Step::Version => {
                let Some(octets) = rest.slice(0, VERSION) else { return Taken::Wait };
                if !is_version(octets.bytes) {
                    return Taken::End;
                }
                self.minor = self.minor.min(minor(octets.bytes));
                version(context, octets, output);
                self.client.step = if self.minor < 7 { Step::Challenge } else { Step::Security };
                Taken::Octets(VERSION)
            }
            Step::Security => {
                let Some(kind) = rest.get(0) else { return Taken::Wait };
                self.settle(kind);
                self.client.step = Step::Challenge;
                if self.chosen.is_some() { Taken::Octets(1) } else { Taken::End }
            }
            Step::Challenge => {
                // With the challenge, which is in clear, it gives the password away to whoever tries all of them.
                if self.chosen == Some(security::CHALLENGE) && !rest.is_empty() {
                    output.secret(rest.head(CHALLENGE));
                }
                match self.chosen {
                    Some(security::CHALLENGE) if rest.len() < CHALLENGE => Taken::Wait,
                    Some(security::CHALLENGE) => {
                        self.client.step = Step::Desktop;
                        Taken::Octets(CHALLENGE)
                    }
                    _ => Taken::Wait,
                }
            }
            Step::Result | Step::Desktop => Taken::Wait,
        }
    }

    /// The way to log on is settled; one that can not be followed settles nothing.
    fn settle(&mut self, kind: u8) {
        self.server.step = match kind {
            security::CHALLENGE => Step::Challenge,
            // Before 3.8 there is no result where nobody logs on.
            security::NONE if self.minor < 8 => Step::Desktop,
            security::NONE => Step::Result,
            _ => return,
        };
        self.chosen = Some(kind);
    }
}

/// The part behind the point; 3.3 for the odd ones that are neither 3.7 nor 3.8 (appendix A).
fn minor(octets: &[u8]) -> u16 {
    let digits = octets.get(8..11).and_then(|digits| std::str::from_utf8(digits).ok());
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(7) => 7,
        // Apple's 3.889 and the 4 and 5 of RealVNC speak 3.8 to others.
        Some(minor) if minor >= 8 || octets.get(4..7) > Some(b"003") => 8,
        _ => 3,
    }
}

fn version(context: &Context, octets: Octets<'_>, output: &mut Output<'_>) {
    if let Some(number) = octets.slice(4, 7) {
        output.fact(&context.source(), "vnc.version", Basis::Stated, &rules::VERSION, number);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use std::collections::BTreeSet;

    use observation::{Address, Piece, Time, Transport};

    use super::*;

    fn context(from: End) -> Context {
        let client: Address = "10.0.0.1".parse().unwrap();
        let server: Address = "10.0.0.2".parse().unwrap();
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let (source_port, destination_port) =
            if from == End::Client { (50_000, 5900) } else { (5900, 50_000) };
        Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port,
            destination_port,
            from,
            time: Time(0),
        }
    }

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Said {
        facts: BTreeSet<String>,
        secrets: usize,
        finished: bool,
        hand_over: bool,
    }

    fn said(messages: &[(End, &[u8])]) -> Said {
        let mut session = Vnc::default();
        let mut said = Said::default();
        for (from, octets) in messages {
            let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
            let mut output = Output::default();
            session.message(&context(*from), Octets::new(octets, &pieces), &mut output).unwrap();
            let facts = output.facts.iter();
            said.facts
                .extend(facts.map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)));
            let ranges = output.secrets.iter().flat_map(|secret| &secret.ranges);
            said.secrets += ranges.map(|range| range.length as usize).sum::<usize>();
            said.finished |= output.finished;
            said.hand_over |= output.hand_over;
        }
        said
    }

    const V38: &[u8] = b"RFB 003.008\n";
    const DESKTOP: &[u8] = include_bytes!("messages/desktop.bin");

    #[test]
    fn an_opening_with_a_password_is_followed_to_the_name_and_the_answer_is_masked() {
        let said = said(&[
            (End::Server, V38),
            (End::Client, V38),
            (End::Server, &[2, 2, 19]),
            (End::Client, &[2]),
            (End::Server, &[0xaa; 16]),
            (End::Client, &[0xbb; 16]),
            (End::Server, &[0; 4]),
            (End::Client, &[1]),
            (End::Server, DESKTOP),
        ]);
        let expected = [
            "10.0.0.1 vnc.version=3.8",
            "10.0.0.2 vnc.desktop_name=hmi1:1",
            "10.0.0.2 vnc.security=VNC authentication",
            "10.0.0.2 vnc.security=VeNCrypt",
            "10.0.0.2 vnc.version=3.8",
        ];
        assert_eq!(said.facts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_eq!(said.secrets, 16);
        assert!(said.finished);
    }

    #[test]
    fn an_opening_without_a_password_is_followed_however_it_is_cut() {
        let whole = [&[0, 0, 0, 0], DESKTOP].concat();
        for cut in 0..whole.len() {
            let said = said(&[
                (End::Server, V38),
                (End::Client, V38),
                (End::Server, &[1]),
                (End::Server, &[1]),
                (End::Client, &[1, 1]),
                (End::Server, &whole[..cut]),
                (End::Server, &whole[cut..]),
            ]);
            assert!(said.facts.contains("10.0.0.2 vnc.desktop_name=hmi1:1"), "{cut}: {said:?}");
            assert!(said.facts.contains("10.0.0.2 vnc.security=none") && said.secrets == 0);
        }
    }

    #[test]
    fn in_3_3_the_server_decides() {
        let v33: &[u8] = b"RFB 003.003\n";
        let said = said(&[
            (End::Server, V38),
            (End::Client, v33),
            (End::Server, &[0, 0, 0, 1]),
            (End::Client, &[1]),
            (End::Server, DESKTOP),
        ]);
        assert!(said.facts.contains("10.0.0.2 vnc.desktop_name=hmi1:1"), "{said:?}");
        assert!(said.facts.contains("10.0.0.1 vnc.version=3.3"));
    }

    #[test]
    fn what_is_encrypted_ends_the_reading() {
        let said =
            said(&[(End::Server, V38), (End::Client, V38), (End::Server, &[1, 19]), (End::Client, &[19])]);
        assert!(said.finished);
    }

    #[test]
    fn a_port_that_is_used_for_something_else_is_handed_over() {
        let said = said(&[(End::Client, b"GET / HTTP/1.1\r\n\r\n")]);
        assert!(said.hand_over && said.finished && said.facts.is_empty());
    }
}
