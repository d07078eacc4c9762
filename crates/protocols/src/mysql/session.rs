//! One connection up to the point where the client is let in.

use observation::{Basis, End, Octets, OperationKind, attribute};

use super::rules;
use super::wire::{self, Answer};
use crate::{Context, Malformed, Output, Session};

/// Packets of an opening at most: the longest way to log on takes eight.
const PACKETS_MAX: u8 = 16;

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Greeting,
    /// The client's answer.
    Answer,
    /// Further questions and answers, until the server lets the client in or not.
    Verdict,
}

/// Follows the opening of one connection.
#[derive(Debug, Default)]
pub(super) struct Mysql {
    step: Step,
    packets: u8,
}

/// First octets of what the server says to an answer.
const OK: u8 = 0x00;
const ERROR: u8 = 0xff;

impl Session for Mysql {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        self.packets = self.packets.saturating_add(1);
        if self.packets > PACKETS_MAX {
            output.finished = true;
            return Ok(());
        }
        if let Some(version) = wire::version(message).filter(|_| self.step == Step::Greeting) {
            let source = context.source();
            output.server_is = Some(context.from);
            output.fact(&source, attribute::SOFTWARE_VERSION, Basis::Stated, &rules::VERSION, version);
            output.fact(&source, "mysql.product", Basis::Stated, &rules::PRODUCT, version);
            self.step = Step::Answer;
            return Ok(());
        }
        match (self.step, context.from) {
            // A refusal instead of a greeting, an opening that was missed, or another protocol.
            (Step::Greeting, _) => (output.hand_over, output.finished) = (true, true),
            (Step::Answer, End::Client) => {
                self.step = Step::Verdict;
                return answer(context, message, output);
            }
            (Step::Verdict, End::Client) => {
                // A password, or the answer to another challenge.
                let secret = message.tail(wire::HEADER);
                if !secret.is_empty() {
                    output.secret(secret);
                }
            }
            (_, End::Server) => {
                output.finished = matches!(message.get(wire::HEADER), Some(OK | ERROR));
            }
        }
        Ok(())
    }

    fn gap(&mut self, _: End) {
        // What follows may be anything.
        self.packets = PACKETS_MAX;
    }
}

fn answer<'m>(context: &Context, message: Octets<'m>, output: &mut Output<'m>) -> Result<(), Malformed> {
    output.operation(OperationKind::Diagnostic, "start session", message.head(wire::HEADER));
    let Answer::Login { secret, mut rest } = Answer::parse(message)? else {
        output.finished = true;
        return Ok(());
    };
    if !secret.is_empty() {
        output.secret(secret);
    }
    let (client, server) = (context.source(), context.destination());
    if let Some(database) = rest.database() {
        output.fact(&server, "mysql.database", Basis::Reported, &rules::DATABASE, database);
    }
    rest.attributes(|name, value| {
        let (attribute, rule) = match name.bytes {
            b"program_name" => ("mysql.client_program", &rules::PROGRAM),
            b"_client_name" => ("mysql.client_library", &rules::LIBRARY),
            b"_client_version" => ("mysql.client_library_version", &rules::LIBRARY_VERSION),
            b"_os" => ("mysql.client_os", &rules::SYSTEM),
            _ => return,
        };
        output.fact(&client, attribute, Basis::Stated, rule, value);
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Piece, Transport};

    use super::*;

    #[derive(Debug, Default)]
    struct Said {
        facts: Vec<String>,
        secret: u32,
        finished: bool,
        hand_over: bool,
    }

    fn said(packets: &[(End, &[u8])]) -> Said {
        let (mut session, mut said) = (Mysql::default(), Said::default());
        for (from, octets) in packets {
            let context = Context::of_test(*from, ("10.0.0.1", 50_000), ("10.0.0.2", 3306), Transport::Tcp);
            let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
            let mut output = Output::default();
            assert_eq!(session.message(&context, Octets::new(octets, &pieces), &mut output), Ok(()));
            let facts = output.facts.iter();
            said.facts
                .extend(facts.map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)));
            said.secret += output
                .secrets
                .iter()
                .flat_map(|secret| &secret.ranges)
                .map(|range| range.length)
                .sum::<u32>();
            said.finished |= output.finished;
            said.hand_over |= output.hand_over;
        }
        said
    }

    const GREETING: &[u8] = include_bytes!("messages/greeting.bin");
    const LOGIN: &[u8] = include_bytes!("messages/login.bin");

    #[test]
    fn an_opening_names_both_programs_and_masks_every_answer() {
        let said = said(&[
            (End::Server, GREETING),
            (End::Client, LOGIN),
            (End::Server, b"\x02\0\0\x02\x01\x04"),
            (End::Client, b"\x05\0\0\x03pass\0"),
        ]);
        assert_eq!(
            said.facts,
            [
                "10.0.0.2 software_version=8.0.36",
                "10.0.0.2 mysql.product=MySQL",
                "10.0.0.2 mysql.database=trends",
                "10.0.0.1 mysql.client_library=libmysql",
                "10.0.0.1 mysql.client_library_version=8.0.35",
                "10.0.0.1 mysql.client_os=Win64",
                "10.0.0.1 mysql.client_program=line3trends",
            ]
        );
        assert_eq!((said.secret, said.finished), (20 + 5, false));
    }

    #[test]
    fn the_reading_ends_when_the_client_is_in_or_encrypts() {
        assert!(
            said(&[
                (End::Server, GREETING),
                (End::Client, LOGIN),
                (End::Server, b"\x07\0\0\x02\0\0\0\x02\0\0\0")
            ])
            .finished
        );
        let said =
            said(&[(End::Server, GREETING), (End::Client, include_bytes!("messages/tls-request.bin"))]);
        assert!(said.finished && said.secret == 0);
    }

    #[test]
    fn mariadb_is_told_apart() {
        let said = said(&[(End::Server, include_bytes!("messages/greeting-mariadb.bin"))]);
        assert_eq!(
            said.facts,
            ["10.0.0.2 software_version=10.6.12-MariaDB", "10.0.0.2 mysql.product=MariaDB"]
        );
    }

    #[test]
    fn an_opening_that_was_missed_says_nothing() {
        let said = said(&[(End::Client, b"\x09\0\0\0\x03select 1")]);
        assert!(said.finished && said.hand_over && said.facts.is_empty());
    }

    #[test]
    fn a_login_that_is_cut_has_its_secret_masked() {
        let context = Context::of_test(End::Client, ("10.0.0.1", 50_000), ("10.0.0.2", 3306), Transport::Tcp);
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let mut session = Mysql { step: Step::Answer, packets: 1 };
        let mut output = Output::default();
        let _ = session.message(&context, Octets::new(&LOGIN[..60], &pieces).cut(), &mut output);
        assert_eq!((output.secrets.len(), output.facts.len()), (1, 0));
    }
}
