//! What an advertisement says about its sender and its group.

use observation::{Address, Basis, Octets, Rule, Rules, attribute};

use super::wire::{Advertisement, Packet};
use crate::ip_address::unicast;
use crate::{Context, Malformed, Output, Session};

static NUMBER: Rule = Rule { name: "vrrp-number", read: Rules::decimal_be };
static VERSION: Rule = Rule { name: "vrrp-version", read: version };
static ADDRESS: Rule = Rule { name: "vrrp-address", read: unicast };

pub(super) const RULES: &[&Rule] = &[&NUMBER, &VERSION, &ADDRESS];

/// Priority of the router whose own addresses the group has.
const OWNER: u8 = 255;

/// Stateless: every advertisement says everything again.
#[derive(Debug)]
pub(super) struct Vrrp;

impl Session for Vrrp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let is_v6 = context.source.ip().is_some_and(|ip| ip.is_ipv6());
        match Packet::parse(message, is_v6)? {
            Packet::Advertisement(advertisement) => observe(context, &advertisement, output),
            Packet::Carp(carp) => {
                output.carries = Some("carp");
                output.fact(&context.source(), "vrrp.carp_group", Basis::Stated, &NUMBER, carp.group);
                output.secret(carp.digest);
            }
        }
        Ok(())
    }
}

fn observe<'m>(context: &Context, advertisement: &Advertisement<'m>, output: &mut Output<'m>) {
    if let Some(password) = advertisement.password {
        output.secret(password);
    }
    let sender = context.source();
    output.fact(&sender, "vrrp.version", Basis::Stated, &VERSION, advertisement.version);
    output.fact(&sender, "vrrp.group", Basis::Stated, &NUMBER, advertisement.group);
    output.fact(&sender, "vrrp.priority", Basis::Stated, &NUMBER, advertisement.priority);
    let is_owner = advertisement.priority.bytes == [OWNER];
    let mut at = 0_usize;
    while let Some(address) = advertisement.addresses.slice(at, advertisement.address_length) {
        at = at.saturating_add(advertisement.address_length);
        // The owner's are real. It sends from one of them, and says so by the same attribute of that one.
        let is_source = crate::ip_address::address(address.bytes).map(Address::Ip) == Some(context.source);
        if is_owner && !is_source {
            output.fact(&sender, attribute::IP_ADDRESS, Basis::Stated, &ADDRESS, address);
        } else {
            output.fact(&sender, "vrrp.virtual_ip", Basis::Stated, &ADDRESS, address);
        }
    }
}

fn version(octets: &[u8]) -> Option<String> {
    match octets {
        [number] => Some((number >> 4).to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Piece, Time, Transport};

    use super::*;

    fn seen(octets: &[u8]) -> (Vec<String>, Vec<(u32, u32)>, Option<&'static str>) {
        let context = Context {
            source: "10.0.0.2".parse().unwrap(),
            destination: "224.0.0.18".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ip,
            source_port: 0,
            destination_port: 112,
            from: End::Client,
            time: Time(0),
        };
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let mut output = Output::default();
        let _ = Vrrp.message(&context, Octets::new(octets, &pieces), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        let secrets =
            output.secrets.iter().flat_map(|secret| &secret.ranges).map(|range| (range.offset, range.length));
        (facts, secrets.collect(), output.carries)
    }

    #[test]
    fn a_router_states_its_group_and_the_password_is_masked() {
        assert_eq!(
            seen(include_bytes!("messages/version2_password.bin")),
            (
                ["vrrp.version=2", "vrrp.group=7", "vrrp.priority=100", "vrrp.virtual_ip=10.0.0.1"]
                    .map(str::to_owned)
                    .to_vec(),
                vec![(12, 8)],
                None
            )
        );
        assert_eq!(
            seen(include_bytes!("messages/carp.bin")),
            (vec!["vrrp.carp_group=3".to_owned()], vec![(8, 28)], Some("carp"))
        );
    }

    #[test]
    fn the_owner_states_its_own_addresses() {
        let (facts, ..) = seen(include_bytes!("messages/version3.bin"));
        assert_eq!(
            facts,
            [
                "vrrp.version=3",
                "vrrp.group=7",
                "vrrp.priority=255",
                "vrrp.virtual_ip=10.0.0.2",
                "ip_address=10.0.1.1"
            ]
        );
    }
}
