//! What a message says about its sender.

use observation::{Address, Basis, Octets, OperationKind, Rule, Rules, Station, attribute};

use super::wire::{self, Kind, Message};
use crate::ip_address::{address, ipv6_list, unicast_mac};
use crate::{Context, Malformed, Output, Session};

static MAC: Rule = Rule { name: "ndp-link-layer-address", read: unicast_mac };
static LIFETIME: Rule = Rule { name: "ndp-router-lifetime", read: default_router };
static ROUTER_FLAG: Rule = Rule { name: "ndp-router-flag", read: router_flag };
static PREFIX: Rule = Rule { name: "ndp-prefix", read: prefix };
static NAME_SERVERS: Rule = Rule { name: "ndp-name-servers", read: name_servers };

pub(super) const RULES: &[&Rule] = &[&MAC, &LIFETIME, &ROUTER_FLAG, &PREFIX, &NAME_SERVERS];

/// Knows only what the conversation is to be called.
#[derive(Debug, Default)]
pub(super) struct Ndp {
    /// True once a message of neighbour discovery was seen.
    is_discovery: bool,
    /// True once the conversation was named.
    is_named: bool,
}

impl Session for Ndp {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(message) = Message::parse(octets)? else {
            if !self.is_discovery && !self.is_named {
                self.is_named = true;
                output.carries = Some("icmpv6");
            }
            return Ok(());
        };
        if !self.is_discovery {
            self.is_discovery = true;
            output.carries = Some("ndp");
        }
        observe(context, message, octets, output)
    }
}

fn observe<'m>(
    context: &Context,
    message: Message<'m>,
    octets: Octets<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let sender = context.source();
    let is_own = sender.address.is_unicast();
    let target =
        message.target.and_then(|target| address(target.bytes)).map(Address::Ip).filter(|ip| ip.is_unicast());
    match message.kind {
        Kind::NeighbourSolicitation => {
            output.operation(OperationKind::Identify, "neighbor solicitation", octets.head(1));
            // Without a source it asks whether somebody has its own address already (RFC 4862 section 5.4).
            if let (true, Some(target), Some(octets)) = (is_own, target, message.target) {
                output.mentioned(
                    Station::root(target, context.vlan),
                    sender.clone(),
                    "neighbor solicitation",
                    octets,
                );
            }
        }
        Kind::RouterSolicitation => {
            output.operation(OperationKind::Identify, "router solicitation", octets.head(1))
        }
        Kind::NeighbourAdvertisement if is_own => {
            output.fact(&sender, "ndp.advertises", Basis::Stated, &ROUTER_FLAG, message.flags);
        }
        Kind::RouterAdvertisement if is_own => {
            if let Some(lifetime) = message.router_lifetime {
                output.fact(&sender, "ndp.advertises", Basis::Stated, &LIFETIME, lifetime);
            }
        }
        Kind::NeighbourAdvertisement | Kind::RouterAdvertisement | Kind::Redirect => {}
    }
    for option in message.options {
        let (kind, value) = option?;
        match (message.kind, kind) {
            (
                Kind::NeighbourSolicitation | Kind::RouterSolicitation | Kind::RouterAdvertisement,
                wire::SOURCE_ADDRESS,
            ) if is_own => output.fact(&sender, attribute::MAC_ADDRESS, Basis::Stated, &MAC, value),
            // What is advertised is the sender's own, whichever of its addresses it sends from.
            (Kind::NeighbourAdvertisement, wire::TARGET_ADDRESS) => {
                if let Some(target) = target {
                    let target = Station::root(target, context.vlan);
                    output.fact(&target, attribute::MAC_ADDRESS, Basis::Stated, &MAC, value);
                }
            }
            (Kind::RouterAdvertisement, wire::PREFIX) if is_own => {
                output.fact(&sender, "ndp.prefix", Basis::Stated, &PREFIX, value);
            }
            (Kind::RouterAdvertisement, wire::NAME_SERVERS) if is_own => {
                output.fact(&sender, "ndp.name_servers", Basis::Stated, &NAME_SERVERS, value);
            }
            _ => {}
        }
    }
    Ok(())
}

/// A lifetime of 0 says that the sender is no default router.
fn default_router(octets: &[u8]) -> Option<String> {
    Rules::decimal_be(octets).filter(|lifetime| lifetime != "0").map(|_| "default router".to_owned())
}

fn router_flag(octets: &[u8]) -> Option<String> {
    octets.first().filter(|flags| **flags & 0x80 != 0).map(|_| "router".to_owned())
}

/// Prefix length, flags, three numbers of four octets, the prefix.
fn prefix(octets: &[u8]) -> Option<String> {
    let (length, prefix) = (octets.first().filter(|length| **length <= 128)?, octets.get(14..)?);
    Some(format!("{}/{length}", address(prefix)?))
}

/// Two reserved octets, lifetime, addresses (RFC 8106 section 5.1).
fn name_servers(octets: &[u8]) -> Option<String> {
    ipv6_list(octets.get(6..)?)
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(
        session: &mut Ndp,
        octets: &[u8],
        source: &str,
    ) -> (Vec<String>, Vec<String>, Option<&'static str>) {
        let context = Context {
            source: source.parse().unwrap(),
            destination: "ff02::1".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ip,
            source_port: 0,
            destination_port: 58,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let _ = session.message(&context, Octets::unplaced(octets), &mut output);
        let facts =
            output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value));
        (
            facts.collect(),
            output.mentioned.iter().map(|named| named.station.to_string()).collect(),
            output.carries,
        )
    }

    #[test]
    fn neighbours_state_their_own_pair_and_name_whom_they_ask_for() {
        let mut session = Ndp::default();
        let asks = include_bytes!("messages/neighbour_solicitation.bin");
        assert_eq!(
            seen(&mut session, asks, "fe80::50"),
            (
                vec!["fe80::50 mac_address=00:1b:1b:10:00:50".to_owned()],
                vec!["fd00::1".to_owned()],
                Some("ndp")
            )
        );
        // Detecting a duplicate, it has no address yet.
        assert_eq!(seen(&mut session, asks, "::"), (vec![], vec![], None));
        let (facts, ..) =
            seen(&mut session, include_bytes!("messages/neighbour_advertisement.bin"), "fe80::1");
        assert_eq!(facts, ["fe80::1 ndp.advertises=router", "fd00::1 mac_address=00:09:0f:0a:00:01"]);
    }

    #[test]
    fn a_router_states_its_prefix_and_name_servers() {
        let (facts, ..) =
            seen(&mut Ndp::default(), include_bytes!("messages/router_advertisement.bin"), "fe80::1");
        assert_eq!(
            facts,
            [
                "fe80::1 ndp.advertises=default router",
                "fe80::1 mac_address=00:09:0f:0a:00:01",
                "fe80::1 ndp.prefix=fd00::/64",
                "fe80::1 ndp.name_servers=fd00::5"
            ]
        );
        assert_eq!((default_router(&[0, 0]), prefix(&[129; 30])), (None, None));
    }

    #[test]
    fn a_conversation_without_discovery_is_named_icmpv6_once() {
        let mut session = Ndp::default();
        assert_eq!(seen(&mut session, &[128, 0, 0, 0, 0, 1], "fd00::2").2, Some("icmpv6"));
        assert_eq!(seen(&mut session, &[128, 0, 0, 0, 0, 1], "fd00::2").2, None);
    }
}
