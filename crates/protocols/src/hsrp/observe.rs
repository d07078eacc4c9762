//! What a message says about its sender and its group.

use observation::{Basis, Octets, Rule, Rules, attribute};

use super::wire::{Group, Item, read};
use crate::ip_address::{unicast, unicast_mac};
use crate::{Context, Malformed, Output, Session};

static NUMBER: Rule = Rule { name: "hsrp-number", read: Rules::decimal_be };
static STATE_1: Rule = Rule { name: "hsrp-state-version-1", read: state_1 };
static STATE_2: Rule = Rule { name: "hsrp-state-version-2", read: state_2 };
static ADDRESS: Rule = Rule { name: "hsrp-address", read: unicast };
static MAC: Rule = Rule { name: "hsrp-identifier", read: unicast_mac };

pub(super) const RULES: &[&Rule] = &[&NUMBER, &STATE_1, &STATE_2, &ADDRESS, &MAC];

/// Stateless: every message says everything again.
#[derive(Debug)]
pub(super) struct Hsrp;

impl Session for Hsrp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        read(message, |item| match item {
            Item::Group(group) => observe(context, &group, output),
            Item::Secret(secret) => output.secret(secret),
        })
    }
}

fn observe<'m>(context: &Context, group: &Group<'m>, output: &mut Output<'m>) {
    let sender = context.source();
    let mut says = |attribute: &'static str, rule: &'static Rule, octets: Octets<'m>| {
        output.fact(&sender, attribute, Basis::Stated, rule, octets);
    };
    says("hsrp.state", if group.is_version_2 { &STATE_2 } else { &STATE_1 }, group.state);
    says("hsrp.group", &NUMBER, group.group);
    says("hsrp.priority", &NUMBER, group.priority);
    says("hsrp.virtual_ip", &ADDRESS, group.virtual_address);
    if let Some(identifier) = group.identifier {
        says(attribute::MAC_ADDRESS, &MAC, identifier);
    }
}

/// RFC 2281 section 5.1.
fn state_1(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [0] => "initial",
        [1] => "learn",
        [2] => "listen",
        [4] => "speak",
        [8] => "standby",
        [16] => "active",
        _ => return None,
    };
    Some(name.to_owned())
}

fn state_2(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [1] => "initial",
        [2] => "learn",
        [3] => "listen",
        [4] => "speak",
        [5] => "standby",
        [6] => "active",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use observation::{End, Piece, Time, Transport};

    use super::*;

    fn seen(octets: &[u8]) -> (Vec<String>, Vec<(u32, u32)>) {
        let context = Context {
            source: "10.0.0.2".parse().unwrap(),
            destination: "224.0.0.2".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 1985,
            destination_port: 1985,
            from: End::Client,
            time: Time(0),
        };
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let mut output = Output::default();
        let _ = Hsrp.message(&context, Octets::new(octets, &pieces), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        let secrets =
            output.secrets.iter().flat_map(|secret| &secret.ranges).map(|range| (range.offset, range.length));
        (facts, secrets.collect())
    }

    #[test]
    fn both_versions_state_group_and_virtual_address_and_mask_the_password() {
        assert_eq!(
            seen(include_bytes!("messages/version1.bin")),
            (
                ["hsrp.state=active", "hsrp.group=1", "hsrp.priority=110", "hsrp.virtual_ip=10.0.0.1"]
                    .map(str::to_owned)
                    .to_vec(),
                vec![(8, 8)]
            )
        );
        assert_eq!(
            seen(include_bytes!("messages/version2.bin")),
            (
                [
                    "hsrp.state=standby",
                    "hsrp.group=300",
                    "hsrp.priority=100",
                    "hsrp.virtual_ip=10.0.0.1",
                    "mac_address=00:18:ba:10:00:00"
                ]
                .map(str::to_owned)
                .to_vec(),
                vec![(44, 8)]
            )
        );
    }
}
