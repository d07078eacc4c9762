//! What a data unit says about its sender and its partner.

use observation::{Address, Basis, Mac, Octets, Rule, Rules, Station};

use super::wire::Message;
use crate::{Context, Malformed, Output, Session};

static SYSTEM: Rule = Rule { name: "lacp-system", read: system };
static PORT: Rule = Rule { name: "lacp-port", read: Rules::decimal_be };

pub(super) const RULES: &[&Rule] = &[&SYSTEM, &PORT];

/// Stateless: every data unit says everything again.
#[derive(Debug)]
pub(super) struct Lacp;

impl Session for Lacp {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Message::Lacp { actor, partner } = Message::parse(octets)? else {
            output.carries = Some("slow_protocols");
            return Ok(());
        };
        let sender = context.source();
        output.fact(&sender, "lacp.system_id", Basis::Stated, &SYSTEM, actor.identifier);
        output.fact(&sender, "lacp.port", Basis::Stated, &PORT, actor.port);
        output.fact(&sender, "lacp.partner_system_id", Basis::Stated, &SYSTEM, partner.identifier);
        let mac = partner.identifier.tail(2);
        let named = Mac::from_slice(mac.bytes).map(Address::Mac).filter(|mac| mac.is_unicast());
        if let Some(named) = named {
            output.mentioned(Station::root(named, context.vlan), sender, "partner of link aggregation", mac);
        }
        Ok(())
    }
}

fn system(octets: &[u8]) -> Option<String> {
    let (priority, mac) = octets.split_first_chunk::<2>()?;
    Some(format!("{} {}", u16::from_be_bytes(*priority), Rules::mac(mac)?))
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    #[test]
    fn the_sender_states_its_system_and_names_its_partner() {
        let context = Context {
            source: "00:1b:1b:10:00:57".parse().unwrap(),
            destination: "01:80:c2:00:00:02".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x8809,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let octets = include_bytes!("messages/lacp.bin");
        assert!(Lacp.message(&context, Octets::unplaced(octets), &mut output).is_ok());
        let facts: Vec<_> =
            output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        assert_eq!(
            facts,
            [
                "lacp.system_id=32768 00:1b:1b:10:00:50",
                "lacp.port=7",
                "lacp.partner_system_id=32768 00:80:63:10:00:02"
            ]
        );
        assert_eq!(output.mentioned.len(), 1);
        let mut other = Output::default();
        assert!(Lacp.message(&context, Octets::unplaced(&[10, 0, 0x19]), &mut other).is_ok());
        assert_eq!(other.carries, Some("slow_protocols"));
    }
}
