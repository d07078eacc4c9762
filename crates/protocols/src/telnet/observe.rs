//! What a server says before anybody has logged in.

use observation::{Basis, End, Octets, Rule, Rules};

use crate::{Context, Malformed, Output, Session};

static GREETING: Rule = Rule { name: "telnet-greeting", read: greeting };

pub(super) const RULES: &[&Rule] = &[&GREETING];

/// Commands begin with this; most have an option behind them, and a subnegotiation lasts up to its end (RFC 854, RFC 855).
const COMMAND: u8 = 255;
const SUBNEGOTIATION: u8 = 250;
const SUBNEGOTIATION_END: u8 = 240;
const WILL: u8 = 251;

/// Letters and digits that make a greeting: fewer are a bare prompt.
const LETTERS_MIN: usize = 4;

/// Text without commands, in one line.
fn text(octets: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match (*first, behind) {
            (COMMAND, [SUBNEGOTIATION, option @ ..]) => {
                let end = option.windows(2).position(|pair| pair == [COMMAND, SUBNEGOTIATION_END]);
                rest = end.and_then(|end| option.get(end.saturating_add(2)..)).unwrap_or_default();
            }
            (COMMAND, [WILL..=0xfe, option @ ..]) => rest = option.get(1..).unwrap_or_default(),
            (COMMAND, [_, after @ ..]) => rest = after,
            (b'\r' | b'\n' | b'\t' | 0, _) => {
                if shown.last().is_some_and(|last| *last != b' ') {
                    shown.push(b' ');
                }
            }
            (octet, _) => shown.push(octet),
        }
    }
    shown
}

fn greeting(octets: &[u8]) -> Option<String> {
    let shown = text(octets);
    let letters = shown.iter().filter(|octet| octet.is_ascii_alphanumeric()).count();
    Rules::text(&shown).filter(|_| letters >= LETTERS_MIN && !is_prompt(&shown))
}

/// A prompt alone tells nothing of the device.
fn is_prompt(shown: &[u8]) -> bool {
    const PROMPTS: [&[u8]; 4] = [b"login:", b"password:", b"username:", b"user:"];
    PROMPTS.iter().any(|prompt| shown.trim_ascii().eq_ignore_ascii_case(prompt))
}

/// True if a password is asked for.
fn asks_password(octets: &[u8]) -> bool {
    const WORDS: [&[u8]; 3] = [b"assword:", b"asscode:", b"PASSWORD:"];
    let end = octets.trim_ascii_end();
    WORDS.iter().any(|word| end.ends_with(word))
}

/// Pieces of greetings said of one connection.
const PIECES_MAX: u8 = 4;

/// Follows the login.
#[derive(Debug, Default)]
pub(super) struct Telnet {
    pieces: u8,
    /// True after the client typed something.
    typed: bool,
    /// True while a password is typed.
    password: bool,
}

impl Session for Telnet {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if context.from == End::Server {
            // While a password is typed, servers echo nothing or stars.
            self.password |= asks_password(message.bytes);
            if !self.typed && self.pieces < PIECES_MAX {
                self.pieces = self.pieces.saturating_add(1);
                output.fact(&context.source(), "telnet.greeting", Basis::Stated, &GREETING, message);
            }
            return Ok(());
        }
        if message.get(0) != Some(COMMAND) {
            self.typed = true;
            if self.password {
                output.secret(message);
                self.password = !message.bytes.iter().any(|octet| matches!(octet, b'\r' | b'\n'));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{Time, Transport};

    use super::*;

    #[test]
    fn a_server_greets_and_a_password_is_secret() {
        let context = |from| Context {
            source: "10.0.0.2".parse().unwrap(),
            destination: "10.0.0.1".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 23,
            destination_port: 50_000,
            from,
            time: Time(0),
        };
        let mut session = Telnet::default();
        let mut said = |octets: &'static [u8], from| {
            let mut output = Output::default();
            session.message(&context(from), Octets::unplaced(octets), &mut output).unwrap();
            let facts: Vec<_> = output.facts.iter().map(|fact| fact.value.clone()).collect();
            (facts, output.secrets.len())
        };
        assert_eq!(
            said(include_bytes!("messages/greeting.bin"), End::Server),
            (vec!["EX-7 relay, FID=EX-7-R101 login:".to_owned()], 0)
        );
        assert_eq!(said(b"\xff\xfd\x01", End::Client), (vec![], 0));
        assert_eq!(said(b"operator\r\n", End::Client), (vec![], 0));
        assert_eq!(said(b"operator\r\nPassword: ", End::Server), (vec![], 0));
        assert_eq!(said(b"l", End::Client), (vec![], 1));
        assert_eq!(said(b"ab\r", End::Client), (vec![], 1));
        assert_eq!(said(b"stop\r", End::Client), (vec![], 0));
    }

    #[test]
    fn a_bare_prompt_is_no_greeting() {
        assert_eq!((greeting(b"\xff\xfb\x01\r\nlogin: "), greeting(b"\xff\xfa\x18\x01")), (None, None));
        assert_eq!(greeting(b"\xff\xfa\x18\x01\xff\xf0\xff\xf1Exemplum").as_deref(), Some("Exemplum"));
    }
}
