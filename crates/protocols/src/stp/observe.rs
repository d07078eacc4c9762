//! What a unit says about its sender and about the root of the network.

use observation::{Address, Basis, Mac, Octets, Rule, Rules, Station, attribute};

use super::wire::{Bpdu, Unit};
use crate::ip_address::unicast_mac;
use crate::{Context, Malformed, Output, Session};

static MAC_ADDRESS: Rule = Rule { name: "stp-bridge-address", read: unicast_mac };
static BRIDGE_ID: Rule = Rule { name: "stp-bridge-identifier", read: bridge_id };
static VERSION: Rule = Rule { name: "stp-version", read: version };
static REGION: Rule = Rule { name: "stp-mst-region", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&MAC_ADDRESS, &BRIDGE_ID, &VERSION, &REGION];

/// Stateless: every unit says everything again.
#[derive(Debug)]
pub(super) struct Stp;

impl Session for Stp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match Unit::parse(message)? {
            Unit::Bpdu(bpdu) => observe(context, &bpdu, output),
            Unit::Garp => output.carries = Some("garp"),
        }
        Ok(())
    }
}

fn observe<'m>(context: &Context, bpdu: &Bpdu<'m>, output: &mut Output<'m>) {
    let sender = context.source();
    output.fact(&sender, "stp.version", Basis::Stated, &VERSION, bpdu.version);
    let Some(configuration) = bpdu.configuration else { return };
    output.fact(&sender, attribute::MAC_ADDRESS, Basis::Stated, &MAC_ADDRESS, configuration.bridge.tail(2));
    output.fact(&sender, "stp.bridge_id", Basis::Stated, &BRIDGE_ID, configuration.bridge);
    output.fact(&sender, "stp.root_id", Basis::Stated, &BRIDGE_ID, configuration.root);
    if let Some(region) = configuration.region {
        output.fact(&sender, "stp.mst_region", Basis::Stated, &REGION, region);
    }
    let root = configuration.root.tail(2);
    if configuration.root.bytes != configuration.bridge.bytes
        && let Some(mac) = Mac::from_slice(root.bytes).filter(|mac| Address::Mac(*mac).is_unicast())
    {
        output.mentioned(Station::root(mac.into(), context.vlan), sender, "root of the spanning tree", root);
    }
}

/// Priority in steps of 4096, system extension (the VLAN, in trees per VLAN) if it has one, MAC (IEEE 802.1Q clause
/// 14.2.5).
fn bridge_id(octets: &[u8]) -> Option<String> {
    let (priority, mac) = octets.split_first_chunk::<2>()?;
    let mac = Rules::mac(mac)?;
    let priority = u16::from_be_bytes(*priority);
    let (steps, extension) = (priority & 0xf000, priority & 0x0fff);
    Some(if extension == 0 { format!("{steps} {mac}") } else { format!("{steps}+{extension} {mac}") })
}

fn version(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [0] => "STP",
        [2] => "RSTP",
        [3] => "MSTP",
        [4] => "SPT",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(octets: &[u8]) -> (Vec<String>, Vec<String>, Option<&'static str>) {
        let context = Context {
            source: Address::Mac(Mac([0x00, 0x1b, 0x1b, 0x10, 0x00, 0x51])),
            destination: Address::Mac(Mac([0x01, 0x80, 0xc2, 0, 0, 0])),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x42,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let _ = Stp.message(&context, Octets::unplaced(octets), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        (facts, output.mentioned.iter().map(|named| named.station.to_string()).collect(), output.carries)
    }

    #[test]
    fn a_bridge_says_its_own_mac_and_names_the_root() {
        assert_eq!(
            seen(include_bytes!("messages/rapid.bin")),
            (
                [
                    "stp.version=RSTP",
                    "mac_address=00:1b:1b:10:00:50",
                    "stp.bridge_id=32768 00:1b:1b:10:00:50",
                    "stp.root_id=4096 00:80:63:10:00:02"
                ]
                .map(str::to_owned)
                .to_vec(),
                vec!["00:80:63:10:00:02".to_owned()],
                None
            )
        );
        let (facts, ..) = seen(include_bytes!("messages/multiple.bin"));
        assert!(facts.contains(&"stp.mst_region=plant".to_owned()));
        assert!(facts.contains(&"mac_address=00:1b:1b:10:00:60".to_owned()));
        let (facts, named, _) = seen(include_bytes!("messages/per_vlan.bin"));
        assert!(facts.contains(&"stp.bridge_id=32768+10 00:18:ba:10:00:00".to_owned()));
        assert!(named.is_empty(), "it is the root itself");
    }

    #[test]
    fn other_protocols_at_the_access_point_say_nothing() {
        assert_eq!(seen(&[0, 1, 1, 4, 2, 0, 0, 0]), (vec![], vec![], Some("garp")));
        assert_eq!(seen(&[0, 0, 0]), (vec![], vec![], None));
    }
}
