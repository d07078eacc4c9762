//! What the header of a message says of its sender.

use std::net::IpAddr;

use observation::{Basis, Octets, Rule, Rules, attribute};

use super::priority;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Problem, Session};

static HOST_NAME: Rule = Rule { name: "syslog-host-name", read: host_name };
static APPLICATION: Rule = Rule { name: "syslog-application", read: application };

pub(super) const RULES: &[&Rule] = &[&HOST_NAME, &APPLICATION];

/// A name of letters, digits, dots, dashes and underscores with a letter in it; senders without a name put their
/// address, a dash or the first word of the message there.
fn host_name(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_');
    let is_name = text.bytes().all(allowed)
        && text.bytes().any(|octet| octet.is_ascii_alphabetic())
        && text.parse::<IpAddr>().is_err();
    is_name.then_some(text)
}

/// A word up to the bracket before a process number, or the colon.
fn application(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let name = text.split(['[', ':']).next()?;
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_' | b'/');
    (name.bytes().all(allowed) && name.bytes().any(|octet| octet.is_ascii_alphabetic()))
        .then(|| name.to_owned())
}

/// Sayings that are not repeated.
const REMEMBERED: usize = 16;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Syslog {
    told: Told<REMEMBERED>,
}

impl Session for Syslog {
    fn stands_alone(&self) -> bool {
        true
    }

    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(start) = priority(message.bytes) else {
            let problem = if message.is_cut() || message.len() < 5 {
                Problem::Truncated { missing: 1 }
            } else {
                Problem::Unrecognised
            };
            return Err(Malformed { what: "priority", offset: 0, problem });
        };
        output.server_is = Some(context.from.other());
        let header = message.tail(start);
        let Some((host, tag)) = modern(header).or_else(|| traditional(header)) else { return Ok(()) };
        if !self.told.is_new(Print::new().with(host.bytes).with(b" ").with(tag.bytes)) {
            return Ok(());
        }
        let source = context.source();
        output.fact(&source, attribute::HOSTNAME, Basis::Reported, &HOST_NAME, host);
        output.fact(&source, "syslog.application", Basis::Reported, &APPLICATION, tag);
        Ok(())
    }
}

/// RFC 5424 section 6: version, time stamp, host name, application.
fn modern<'a>(header: Octets<'a>) -> Option<(Octets<'a>, Octets<'a>)> {
    let (version, rest) = word(header)?;
    let (_, rest) = word(rest).filter(|_| version.bytes == b"1")?;
    let (host, rest) = word(rest)?;
    Some((host, word(rest)?.0))
}

/// RFC 3164 section 4.1: `Oct 21 07:28:00`, host name, tag; some senders put the year between.
fn traditional<'a>(header: Octets<'a>) -> Option<(Octets<'a>, Octets<'a>)> {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let (month, rest) = word(header)?;
    let (_, rest) = word(rest).filter(|_| MONTHS.contains(&month.bytes))?;
    let (time, rest) = word(rest)?;
    let (mut host, mut rest) =
        word(rest).filter(|_| time.get(2) == Some(b':') && time.get(5) == Some(b':'))?;
    if host.len() == 4 && host.bytes.iter().all(u8::is_ascii_digit) {
        (host, rest) = word(rest)?;
    }
    // A tag ends with a colon or bracket; without one, the host may be the first word of the message.
    let (tag, _) = word(rest)?;
    tag.bytes.iter().any(|octet| matches!(octet, b':' | b'[')).then_some((host, tag))
}

/// The next word that a blank ends, and what follows it; several blanks count as one.
fn word(octets: Octets<'_>) -> Option<(Octets<'_>, Octets<'_>)> {
    let blanks = octets.bytes.iter().take_while(|octet| **octet == b' ').count();
    let octets = octets.tail(blanks);
    let end = octets.bytes.iter().position(|octet| *octet == b' ')?;
    (end > 0).then(|| (octets.head(end), octets.tail(end)))
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: &[u8]) -> Vec<String> {
        let context = Context {
            source: "10.10.10.5".parse().unwrap(),
            destination: "10.10.10.2".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 50_000,
            destination_port: 514,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let _ = Syslog::default().message(&context, Octets::unplaced(octets), &mut output);
        output
            .facts
            .iter()
            .map(|fact| format!("{} {}={}", fact.basis.as_str(), fact.attribute, fact.value))
            .collect()
    }

    #[test]
    fn headers_of_both_editions_name_the_host() {
        let named = ["reported hostname=fw1", "reported syslog.application=dropbear"];
        assert_eq!(said(include_bytes!("messages/modern.bin")), named);
        assert_eq!(said(include_bytes!("messages/traditional.bin")), named);
        assert_eq!(said(b"<13>Oct  1 07:28:00 2015 fw1 dropbear[7]: x"), named);
    }

    #[test]
    fn a_message_without_a_name_names_nobody() {
        for text in [
            "<13>Oct 11 22:14:15 link is down on port 3",
            "<13>1 2026-01-01T00:00:00Z - - - - x",
            "<13>Oct 11 22:14:15 10.0.0.1 1: x",
            "<13>hello world",
            "<13>1 2026-01-01T00:00:00Z fw1",
        ] {
            assert!(said(text.as_bytes()).is_empty(), "{text}: {:?}", said(text.as_bytes()));
        }
    }
}
