//! What a message says of its sender's clock.

use observation::{Basis, Octets, OperationKind, Rule, Rules};

use super::HEADER;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Problem, Session};

static STRATUM: Rule = Rule { name: "ntp-stratum", read: stratum };
static REFERENCE: Rule = Rule { name: "ntp-reference", read: reference };

pub(super) const RULES: &[&Rule] = &[&STRATUM, &REFERENCE];

/// Lowest stratum that means "not synchronised".
const UNSYNCHRONISED: u8 = 16;

/// The distance from a clock; `None` where it is not synchronised.
fn stratum(octets: &[u8]) -> Option<String> {
    let [stratum] = octets else { return None };
    (1..UNSYNCHRONISED).contains(stratum).then(|| stratum.to_string())
}

/// Stratum and reference id: four letters of a clock at stratum 1, else the address of the server above.
fn reference(octets: &[u8]) -> Option<String> {
    let (stratum, id) = octets.split_first()?;
    match *stratum {
        1 => Rules::text(id).filter(|text| text.bytes().all(|octet| octet.is_ascii_graphic())),
        2..UNSYNCHRONISED => Rules::ipv4(id),
        _ => None,
    }
}

/// Modes of messages.
const SYMMETRIC: [u8; 2] = [1, 2];
const CLIENT: u8 = 3;
const SERVER: u8 = 4;
const BROADCAST: u8 = 5;

/// Sayings that are not repeated.
const REMEMBERED: usize = 4;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Ntp {
    told: Told<REMEMBERED>,
}

impl Session for Ntp {
    fn stands_alone(&self) -> bool {
        true
    }

    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mode = message.get(0).unwrap_or_default() & 7;
        match mode {
            CLIENT => {
                output.server_is = Some(context.from.other());
                output.operation(OperationKind::Read, "time request", message);
            }
            SERVER => output.server_is = Some(context.from),
            _ => {}
        }
        // A client has no clock to give away; it may leave old values in its fields.
        if (matches!(mode, SERVER | BROADCAST) || SYMMETRIC.contains(&mode))
            && let (Some(stratum), Some(id)) = (message.slice(1, 1), message.slice(12, 4))
            && self
                .told
                .is_new(Print::new().with(&[context.from.index() as u8]).with(stratum.bytes).with(id.bytes))
        {
            let source = context.source();
            output.fact(&source, "ntp.stratum", Basis::Stated, &STRATUM, stratum);
            output.fact_of(&source, "ntp.reference", Basis::Stated, &REFERENCE, &[stratum, id]);
        }
        let missing = HEADER.saturating_sub(message.len());
        if missing > 0 && ((1..=BROADCAST).contains(&mode) || message.is_empty()) {
            let problem = Problem::Truncated { missing };
            return Err(Malformed { what: "header", offset: message.len(), problem });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: &[u8]) -> (Vec<String>, Option<End>, Result<(), Malformed>) {
        let context = Context {
            source: "10.10.10.5".parse().unwrap(),
            destination: "10.10.10.2".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 123,
            destination_port: 123,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = Ntp::default().message(&context, Octets::unplaced(octets), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value));
        (facts.collect(), output.server_is, result)
    }

    #[test]
    fn servers_say_where_their_time_comes_from() {
        let octets = include_bytes!("messages/server-gps.bin");
        let (facts, server, result) = said(octets);
        assert_eq!(facts, ["ntp.stratum=1", "ntp.reference=GPS"]);
        assert_eq!((server, result), (Some(End::Client), Ok(())));
        let (facts, ..) = said(include_bytes!("messages/server-second.bin"));
        assert_eq!(facts, ["ntp.stratum=2", "ntp.reference=10.10.10.5"]);
        let (facts, _, result) = said(&octets[..20]);
        assert_eq!(
            (facts.len(), result.unwrap_err().to_string()),
            (2, "header at octet 20: 28 octets missing".into())
        );
    }

    #[test]
    fn clients_ask_and_say_nothing() {
        let (facts, server, _) = said(include_bytes!("messages/client.bin"));
        assert_eq!((facts.len(), server), (0, Some(End::Server)));
    }
}
