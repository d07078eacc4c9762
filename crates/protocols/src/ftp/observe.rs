//! What commands ask and replies say.

use observation::{Basis, End, Octets, OperationKind, Rule, Rules};

use crate::{Context, Malformed, Output, Session};

static REPLY: Rule = Rule { name: "ftp-reply", read: reply };

pub(super) const RULES: &[&Rule] = &[&REPLY];

/// The text of a reply behind its code and a blank or dash (RFC 959 section 4.2).
fn reply(octets: &[u8]) -> Option<String> {
    let text = octets.get(4..)?;
    Rules::text(text).filter(|text| text.bytes().any(|octet| octet.is_ascii_alphanumeric()))
}

/// Commands (RFC 959 section 4.1) and what they do.
const COMMANDS: [(&str, OperationKind, &str); 10] = [
    ("RETR", OperationKind::Read, "retrieve"),
    ("LIST", OperationKind::Read, "list"),
    ("NLST", OperationKind::Read, "name list"),
    ("SYST", OperationKind::Identify, "system"),
    ("STOR", OperationKind::Write, "store"),
    ("STOU", OperationKind::Write, "store unique"),
    ("APPE", OperationKind::Write, "append"),
    ("DELE", OperationKind::Write, "delete"),
    ("RNTO", OperationKind::Write, "rename"),
    ("SITE", OperationKind::Write, "site"),
];

/// Greetings said of one connection: a greeting of many lines says the rest in vain.
const GREETINGS_MAX: u8 = 4;

/// Counts the lines of the greeting.
#[derive(Debug, Default)]
pub(super) struct Ftp {
    greetings: u8,
}

impl Session for Ftp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let bytes = message.bytes;
        let is_code = matches!(bytes, [b'1'..=b'6', b'0'..=b'5', b'0'..=b'9', b' ' | b'-', ..]);
        if is_code && (context.from == End::Server || bytes.starts_with(b"220")) {
            output.server_is = Some(context.from);
            let attribute = match bytes.get(..3) {
                Some(b"220") if self.greetings < GREETINGS_MAX => "ftp.greeting",
                Some(b"215") => "ftp.system",
                // Encrypted from here on (RFC 4217 section 4).
                Some(b"234") => {
                    output.finished = true;
                    return Ok(());
                }
                _ => return Ok(()),
            };
            self.greetings = self.greetings.saturating_add(1);
            output.fact(&context.source(), attribute, Basis::Stated, &REPLY, message);
            return Ok(());
        }
        let command = bytes.get(..4).unwrap_or_default();
        if command.eq_ignore_ascii_case(b"PASS") || command.eq_ignore_ascii_case(b"ACCT") {
            output.secret(message.tail(4));
        }
        let known = COMMANDS.iter().find(|(name, ..)| command.eq_ignore_ascii_case(name.as_bytes()));
        if let (Some((_, kind, name)), End::Client) = (known, context.from) {
            output.operation(*kind, name, message);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Time, Transport};

    use super::*;
    use crate::Frame;

    fn said(mut octets: &[u8], from: End) -> (Vec<String>, Vec<&'static str>, usize) {
        let (source, destination) =
            if from == End::Client { ("10.0.0.1", "10.0.0.2") } else { ("10.0.0.2", "10.0.0.1") };
        let context = Context {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 21,
            destination_port: 21,
            from,
            time: Time(0),
        };
        let (mut session, mut facts, mut operations, mut secrets) =
            (Ftp::default(), Vec::new(), Vec::new(), 0);
        while let Frame::Message(length) = super::super::frame(octets, Transport::Tcp) {
            let mut output = Output::default();
            session.message(&context, Octets::unplaced(&octets[..length]), &mut output).unwrap();
            facts.extend(
                output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)),
            );
            operations.extend(output.operations.iter().map(|operation| operation.name));
            secrets += output.secrets.len();
            octets = &octets[length..];
        }
        (facts, operations, secrets)
    }

    #[test]
    fn a_server_greets_and_names_its_system() {
        let (facts, ..) = said(include_bytes!("messages/server.bin"), End::Server);
        assert_eq!(
            facts,
            [
                "10.0.0.2 ftp.greeting=EX-7 FTP server (VxWorks 5.5) ready.",
                "10.0.0.2 ftp.system=VxWorks VxWorks 5.5"
            ]
        );
    }

    #[test]
    fn passwords_are_secret_and_transfers_operations() {
        let (facts, operations, secrets) = said(include_bytes!("messages/client.bin"), End::Client);
        assert_eq!((facts.len(), operations, secrets), (0, vec!["system", "store"], 1));
    }
}
