//! What a frame says about its sender and the ring.

use observation::{Basis, Octets, Rule, attribute};

use super::wire::Message;
use crate::ip_address::unicast_mac;
use crate::wire_text::uuid;
use crate::{Context, Malformed, Output, Session};

static MAC: Rule = Rule { name: "mrp-address", read: unicast_mac };
static ROLE: Rule = Rule { name: "mrp-role", read: role };
static RING: Rule = Rule { name: "mrp-ring-state", read: ring_state };
static DOMAIN: Rule = Rule { name: "mrp-domain", read: uuid };

pub(super) const RULES: &[&Rule] = &[&MAC, &ROLE, &RING, &DOMAIN];

/// Test frames come many times in a second: what a sender said last is not said again.
#[derive(Debug, Default)]
pub(super) struct Mrp {
    said: Option<Said>,
}

/// What tells one statement from another: the first octets of each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    kind: u8,
    address: [u8; 6],
    ring_state: u8,
    domain: [u8; 16],
}

impl Said {
    fn of(message: &Message<'_>) -> Self {
        let first =
            |octets: Option<Octets<'_>>| octets.and_then(|octets| octets.bytes.last().copied()).unwrap_or(0);
        Self {
            kind: first(message.subject.map(|(_, kind)| kind)),
            address: message.address.and_then(|mac| mac.bytes.try_into().ok()).unwrap_or_default(),
            ring_state: first(message.ring_state),
            domain: message.domain.and_then(|domain| domain.bytes.try_into().ok()).unwrap_or_default(),
        }
    }
}

impl Session for Mrp {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(octets)?;
        let said = Said::of(&message);
        if self.said == Some(said) {
            return Ok(());
        }
        self.said = Some(said);
        let sender = context.source();
        let mut says = |attribute: &'static str, rule: &'static Rule, octets: Option<Octets<'m>>| {
            if let Some(octets) = octets {
                output.fact(&sender, attribute, Basis::Stated, rule, octets);
            }
        };
        says(attribute::MAC_ADDRESS, &MAC, message.address);
        says("mrp.role", &ROLE, message.subject.map(|(_, kind)| kind));
        says("mrp.ring_state", &RING, message.ring_state);
        says("mrp.domain", &DOMAIN, message.domain);
        Ok(())
    }
}

/// Only managers test and tell changes, only clients tell their links (IEC 62439-2 clause 5).
fn role(octets: &[u8]) -> Option<String> {
    let role = match octets {
        [2 | 3] => "manager",
        [4 | 5] => "client",
        _ => return None,
    };
    Some(role.to_owned())
}

fn ring_state(octets: &[u8]) -> Option<String> {
    let state = match octets {
        [0, 0] => "open",
        [0, 1] => "closed",
        _ => return None,
    };
    Some(state.to_owned())
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(session: &mut Mrp, octets: &[u8]) -> Vec<String> {
        let context = Context {
            source: "00:1b:1b:10:00:51".parse().unwrap(),
            destination: "01:15:4e:00:00:01".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x88e3,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let _ = session.message(&context, Octets::unplaced(octets), &mut output);
        output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect()
    }

    #[test]
    fn a_manager_states_itself_once_until_the_ring_opens() {
        let mut session = Mrp::default();
        let test = include_bytes!("messages/test.bin");
        assert_eq!(
            seen(&mut session, test),
            [
                "mac_address=00:1b:1b:10:00:50",
                "mrp.role=manager",
                "mrp.ring_state=closed",
                "mrp.domain=ffffffff-ffff-ffff-ffff-ffffffffffff"
            ]
        );
        assert!(seen(&mut session, test).is_empty());
        let mut open = test.to_vec();
        open[15] = 0;
        assert!(seen(&mut session, &open).contains(&"mrp.ring_state=open".to_owned()));
        assert!(
            seen(&mut session, include_bytes!("messages/link_down.bin"))
                .contains(&"mrp.role=client".to_owned())
        );
    }
}
