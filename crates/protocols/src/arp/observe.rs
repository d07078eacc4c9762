//! What a packet says about stations.

use std::net::{IpAddr, Ipv4Addr};

use observation::{Address, Basis, Mac, Octets, OperationKind, Rule, Rules, Station, attribute};

use super::wire::{Operation, Packet};
use crate::{Context, Malformed, Output, Session};

static IP_ADDRESS: Rule = Rule { name: "arp-ip-address", read: Rules::ipv4 };

pub(super) const RULES: &[&Rule] = &[&IP_ADDRESS];

/// Stateless.
#[derive(Debug)]
pub(super) struct Arp;

impl Session for Arp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        observe(context, &Packet::parse(message)?, output);
        Ok(())
    }
}

fn observe<'m>(context: &Context, packet: &Packet<'m>, output: &mut Output<'m>) {
    let Some(mac) =
        Mac::from_slice(packet.sender_hardware.bytes).filter(|mac| Address::Mac(*mac).is_unicast())
    else {
        return;
    };
    let sender = Station::root(mac.into(), context.vlan);
    output.fact(&sender, attribute::IP_ADDRESS, Basis::Stated, &IP_ADDRESS, packet.sender_protocol);
    let (own, target) = (ipv4(packet.sender_protocol.bytes), ipv4(packet.target_protocol.bytes));
    // A gratuitous packet asks for its own address, a probe (RFC 5227 section 2.1.1) says none of its own.
    if packet.operation == Operation::REQUEST
        && own != target
        && target.is_some_and(|ip| Address::Ip(ip).is_unicast())
    {
        output.operation(OperationKind::Identify, "who has", packet.target_protocol);
        if let Some(target) = target {
            output.mentioned(
                Station::root(target.into(), context.vlan),
                sender,
                "arp request",
                packet.target_protocol,
            );
        }
    }
}

fn ipv4(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into())
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(octets: &[u8]) -> Vec<(String, &'static str, String)> {
        let context = Context {
            source: Address::Mac(Mac([0x00, 0x1b, 0x1b, 0x10, 0x00, 0x50])),
            destination: Address::Mac(Mac([0xff; 6])),
            vlan: Some(10),
            destination_vlan: Some(10),
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x0806,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        observe(&context, &Packet::parse(Octets::unplaced(octets)).unwrap(), &mut output);
        std::mem::take(&mut output.facts)
            .into_iter()
            .map(|fact| (fact.station.to_string(), fact.attribute, fact.value))
            .collect()
    }

    #[test]
    fn the_sender_states_its_own_pair() {
        let facts = seen(include_bytes!("messages/request.bin"));
        assert_eq!(facts, [("00:1b:1b:10:00:50 vlan 10".to_owned(), "ip_address", "10.10.10.50".to_owned())]);
    }

    #[test]
    fn a_probe_states_no_address() {
        let mut probe = include_bytes!("messages/request.bin").to_vec();
        probe[14..18].fill(0);
        assert!(seen(&probe).is_empty());
    }
}
