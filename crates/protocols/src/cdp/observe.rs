//! What a message says about its sender.

use observation::{Basis, Octets, Rule, Station, attribute};

use super::rules;
use super::wire::{self, Message, Tlv};
use crate::{Context, Malformed, Output, Session};

/// Stateless: every message says everything again.
#[derive(Debug)]
pub(super) struct Cdp;

impl Session for Cdp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let sender = context.source();
        for tlv in Message::parse(message)?.tlvs {
            observe(&sender, tlv?, output);
        }
        Ok(())
    }
}

fn observe<'m>(sender: &Station, tlv: Tlv<'m>, output: &mut Output<'m>) {
    let value = tlv.value;
    let mut says = |attribute: &'static str, rule: &'static Rule| {
        output.fact(sender, attribute, Basis::Stated, rule, value);
    };
    match tlv.kind {
        wire::DEVICE_ID => {
            says("cdp.device_id", &rules::TEXT);
            says(attribute::HOSTNAME, &rules::HOST_NAME);
            says(attribute::SERIAL_NUMBER, &rules::SERIAL_NUMBER);
        }
        wire::SYSTEM_NAME => says(attribute::HOSTNAME, &rules::TEXT),
        wire::PORT_ID => says("cdp.port_id", &rules::TEXT),
        wire::SOFTWARE_VERSION => {
            says(attribute::DESCRIPTION, &rules::DESCRIPTION);
            says(attribute::SOFTWARE_VERSION, &rules::SOFTWARE_VERSION);
            says(attribute::OS, &rules::SYSTEM);
            says(attribute::OS_VERSION, &rules::SYSTEM_VERSION);
        }
        wire::PLATFORM => {
            says(attribute::MODEL, &rules::TEXT);
            says(attribute::VENDOR, &rules::MAKER);
        }
        wire::CAPABILITIES => rules::CAPABILITIES.iter().for_each(|rule| says("cdp.capability", rule)),
        wire::VTP_DOMAIN => says("cdp.vtp_domain", &rules::TEXT),
        wire::NATIVE_VLAN => says("cdp.native_vlan", &rules::VLAN),
        // A number of the appliance before the VLAN (Cisco: "VoIP VLAN reply").
        wire::VOICE_VLAN => output.fact(sender, "cdp.voice_vlan", Basis::Stated, &rules::VLAN, value.tail(1)),
        wire::DUPLEX => says("cdp.duplex", &rules::DUPLEX),
        wire::LOCATION => says(attribute::LOCATION, &rules::LOCATION),
        wire::ADDRESSES | wire::MANAGEMENT_ADDRESSES => {
            for address in wire::addresses(value) {
                match address {
                    Ok(address) => {
                        output.fact(
                            sender,
                            attribute::IP_ADDRESS,
                            Basis::Stated,
                            &rules::IP_ADDRESS,
                            address,
                        );
                    }
                    Err(malformed) => output.malformed(malformed),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use observation::{Address, End, Mac, Time, Transport};

    use super::*;

    fn seen(octets: &[u8]) -> (Vec<String>, Option<String>) {
        let context = Context {
            source: Address::Mac(Mac([0x00, 0x18, 0xba, 0x10, 0x00, 0x0d])),
            destination: Address::Mac(Mac([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc])),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x2000,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let error = Cdp.message(&context, Octets::unplaced(octets), &mut output).err();
        assert!(output.facts.iter().all(|fact| fact.station == context.source()));
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        (facts, error.map(|error| error.to_string()))
    }

    #[test]
    fn a_switch_says_who_and_what_it_is() {
        assert_eq!(
            seen(include_bytes!("messages/switch_v2.bin")),
            (
                [
                    "cdp.device_id=FOC0000A0B1(cell4)",
                    "hostname=cell4",
                    "serial_number=FOC0000A0B1",
                    "ip_address=10.10.10.4",
                    "cdp.port_id=FastEthernet0/7",
                    "cdp.capability=switch",
                    "cdp.capability=igmp capable",
                    "description=Cisco IOS Software, C2960 Software (C2960-M), Version 12.2(25)SEG4, RELEASE SOFTWARE Copyright",
                    "software_version=12.2(25)SEG4",
                    "os=Cisco IOS",
                    "os_version=12.2(25)SEG4",
                    "model=cisco WS-C2960-24TT-L",
                    "vendor=Cisco",
                    "cdp.vtp_domain=PLANT",
                    "cdp.native_vlan=10",
                    "cdp.duplex=full",
                    "cdp.voice_vlan=20",
                    "hostname=cell4.plant",
                    "ip_address=10.10.10.4",
                    "ip_address=fe80::1",
                    "location=Hall 3",
                ]
                .map(str::to_owned)
                .to_vec(),
                None
            )
        );
    }

    #[test]
    fn another_makers_host_is_not_ciscos() {
        let (facts, error) = seen(include_bytes!("messages/lldpd_router.bin"));
        assert_eq!(error, None);
        for expected in [
            "hostname=fw1",
            "software_version=FortiGate-60F v7.2.5",
            "model=Linux",
            "cdp.capability=router",
            "ip_address=10.10.10.1",
        ] {
            assert!(facts.contains(&expected.to_owned()), "{expected} in {facts:?}");
        }
        assert!(!facts.iter().any(|fact| fact.starts_with("vendor")));
    }

    #[test]
    fn of_a_cut_message_what_is_whole_is_read() {
        let octets = include_bytes!("messages/switch_v2.bin");
        let (facts, error) = seen(&octets[..60]);
        assert!(facts.contains(&"hostname=cell4".to_owned()));
        assert!(error.is_some());
        assert_eq!(seen(&[7; 40]).0, Vec::<String>::new());
    }
}
