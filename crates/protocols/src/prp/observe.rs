//! What a frame says about nodes.

use observation::{Address, Basis, Mac, Octets, Rule, Station, attribute};

use super::wire::Supervision;
use crate::ip_address::unicast_mac;
use crate::{Context, Malformed, Output, Session};

static MAC: Rule = Rule { name: "prp-mac-address", read: unicast_mac };
static KIND: Rule = Rule { name: "prp-node-kind", read: kind };

pub(super) const RULES: &[&Rule] = &[&MAC, &KIND];

/// Stateless: every frame says everything again.
#[derive(Debug)]
pub(super) struct Prp;

impl Session for Prp {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let read = Supervision::parse(octets)?;
        let sender = context.source();
        let Some(node) = read.node else { return Ok(()) };
        if let Some(own) = read.redundancy_box {
            // The node is another device: the box only speaks for it.
            output.fact(&sender, attribute::MAC_ADDRESS, Basis::Stated, &MAC, own);
            let behind = Mac::from_slice(node.address.bytes).map(Address::Mac).filter(|mac| mac.is_unicast());
            if let Some(behind) = behind {
                let behind = Station::root(behind, context.vlan);
                output.mentioned(behind, sender, "node behind a redundancy box", node.address);
            }
            return Ok(());
        }
        output.fact(&sender, "prp.kind", Basis::Stated, &KIND, node.kind);
        for address in [Some(node.address), node.other].into_iter().flatten() {
            output.fact(&sender, attribute::MAC_ADDRESS, Basis::Stated, &MAC, address);
        }
        Ok(())
    }
}

fn kind(octets: &[u8]) -> Option<String> {
    let kind = match octets {
        [20] => "PRP, duplicate discard",
        [21] => "PRP, duplicate accept",
        [23] => "HSR",
        _ => return None,
    };
    Some(kind.to_owned())
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(octets: &[u8]) -> (Vec<String>, Vec<String>) {
        let context = Context {
            source: "00:1b:1b:10:00:50".parse().unwrap(),
            destination: "01:15:4e:00:01:00".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x88fb,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let _ = Prp.message(&context, Octets::unplaced(octets), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        (facts, output.mentioned.iter().map(|named| named.station.to_string()).collect())
    }

    #[test]
    fn a_node_states_its_macs_and_a_box_names_the_node_behind_it() {
        assert_eq!(
            seen(include_bytes!("messages/node.bin")),
            (
                vec![
                    "prp.kind=PRP, duplicate discard".to_owned(),
                    "mac_address=00:1b:1b:10:00:50".to_owned()
                ],
                vec![]
            )
        );
        assert_eq!(
            seen(include_bytes!("messages/redundancy_box.bin")),
            (vec!["mac_address=00:1b:1b:10:00:50".to_owned()], vec!["00:80:f4:10:00:13".to_owned()])
        );
        assert_eq!(
            seen(include_bytes!("messages/first_edition.bin")).0,
            [
                "prp.kind=PRP, duplicate discard",
                "mac_address=00:1b:1b:10:00:50",
                "mac_address=00:1b:1b:10:00:5a"
            ]
        );
    }
}
