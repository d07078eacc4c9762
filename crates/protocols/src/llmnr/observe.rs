//! What a query or an answer says about its sender.

use std::net::IpAddr;

use observation::{Address, Basis, Octets, OperationKind, Rule, Rules, attribute};

use super::wire::{self, Header, TYPE_A, TYPE_AAAA, TYPE_ANY};
use crate::{Context, Malformed, Output, Reader, Session};

static HOST_NAME: Rule = Rule { name: "llmnr-host-name", read: Rules::text };
static ADDRESS: Rule =
    Rule { name: "llmnr-address", read: |octets| address(octets).map(|ip| ip.to_string()) };

pub(super) const RULES: &[&Rule] = &[&HOST_NAME, &ADDRESS];

fn address(octets: &[u8]) -> Option<IpAddr> {
    let ip = match octets.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(octets).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(octets).ok()?),
    };
    Some(ip).filter(|ip| Address::Ip(*ip).is_unicast() && !ip.is_loopback())
}

/// Stateless.
#[derive(Debug)]
pub(super) struct Llmnr;

impl Session for Llmnr {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader)?;
        let source = context.source();
        output.server_is = Some(if header.response { context.from } else { context.from.other() });
        let mut asked = None;
        if header.questions > 0 {
            let name = wire::first_label(&mut reader, message)?;
            asked = Some((name, reader.u16_be("type of the question")?));
            reader.skip(2, "class of the question")?;
        }
        if !header.response {
            output.operation(OperationKind::Identify, "name query", message);
            // A host verifies that a name is its own alone by asking for all of its records (section 4.1); resolvers
            // ask for addresses.
            if let Some((name, TYPE_ANY)) = asked {
                output.fact(&source, attribute::HOSTNAME, Basis::Inferred, &HOST_NAME, name);
            }
            return Ok(());
        }
        for _ in 0..if header.rcode == 0 { header.answers } else { 0 } {
            let name = wire::first_label(&mut reader, message)?;
            let (kind, mut data) = wire::record(&mut reader)?;
            let length = match kind {
                TYPE_A => 4,
                TYPE_AAAA => 16,
                _ => continue,
            };
            let octets = data.take(length, "address")?;
            data.finish("address")?;
            // The owner answers for itself, from whichever of its addresses (section 2.3).
            output.fact(&source, attribute::HOSTNAME, Basis::Stated, &HOST_NAME, name);
            if address(octets.bytes).is_some_and(|ip| Address::Ip(ip) != context.source) {
                output.fact(&source, attribute::IP_ADDRESS, Basis::Stated, &ADDRESS, octets);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: &[u8]) -> (Vec<String>, Result<(), Malformed>) {
        said_of(Octets::unplaced(octets))
    }

    fn said_of(octets: Octets<'_>) -> (Vec<String>, Result<(), Malformed>) {
        let context = Context {
            source: "10.10.20.50".parse().unwrap(),
            destination: "224.0.0.252".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 50_000,
            destination_port: 5355,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = Llmnr.message(&context, octets, &mut output);
        let facts = output
            .facts
            .iter()
            .map(|fact| format!("{} {}={}", fact.basis.as_str(), fact.attribute, fact.value));
        (facts.collect(), result)
    }

    #[test]
    fn whoever_answers_owns_the_name_and_the_addresses() {
        let octets = include_bytes!("messages/answer.bin");
        let (facts, result) = said(octets);
        assert_eq!(
            facts,
            [
                "stated hostname=SCADA1",
                "stated hostname=SCADA1",
                "stated ip_address=192.168.7.50",
                "stated hostname=SCADA1",
                "stated ip_address=fe80::21b:1bff:fe10:50",
            ]
        );
        assert_eq!(result, Ok(()));
        let (facts, result) = said_of(Octets::unplaced(&octets[..octets.len() - 2]).cut());
        assert_eq!(facts.len(), 3);
        assert_eq!(result.unwrap_err().to_string(), "address at octet 68: 2 octets missing");
    }

    #[test]
    fn only_the_query_for_all_records_is_for_an_own_name() {
        assert!(said(include_bytes!("messages/query.bin")).0.is_empty());
        assert_eq!(said(include_bytes!("messages/verification.bin")).0, ["inferred hostname=SCADA1"]);
    }

    #[test]
    fn a_pointer_that_leads_forward_is_refused() {
        let mut octets = include_bytes!("messages/answer.bin").to_vec();
        octets[24] = 0xc0;
        octets[25] = 24;
        assert_eq!(
            said(&octets).1.unwrap_err().to_string(),
            "pointer at octet 24: value 0x18 is not allowed"
        );
    }
}
