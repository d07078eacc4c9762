//! What a data unit says about its sender.

use observation::{Address, Basis, Mac, Octets, Rule, Station, attribute};

use super::rules::{self, CHASSIS_MAC, CHASSIS_NETWORK_ADDRESS};
use super::wire::{self, Organisation, Tlv, Tlvs};
use crate::{Context, Malformed, Output, Session};

const IEEE_802_1: [u8; 3] = [0x00, 0x80, 0xc2];
const TIA: [u8; 3] = [0x00, 0x12, 0xbb];
const PROFIBUS: [u8; 3] = [0x00, 0x0e, 0xcf];
const IANA: [u8; 3] = [0x00, 0x00, 0x5e];

/// Stateless: every data unit says everything again.
#[derive(Debug)]
pub(super) struct Lldp;

impl Session for Lldp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut unit = Unit { sender: context.source(), chassis: None, is_profinet: false, output };
        for tlv in Tlvs::new(message) {
            match tlv {
                Ok(tlv) => unit.tlv(tlv),
                Err(malformed) => {
                    unit.finish();
                    return Err(malformed);
                }
            }
        }
        unit.finish();
        Ok(())
    }
}

/// A data unit being read.
struct Unit<'u, 'm> {
    sender: Station,
    /// Value of the chassis id.
    chassis: Option<Octets<'m>>,
    /// True if it has TLVs of PROFINET.
    is_profinet: bool,
    output: &'u mut Output<'m>,
}

impl<'m> Unit<'_, 'm> {
    fn says(&mut self, attribute: &'static str, rule: &'static Rule, octets: Octets<'m>) {
        self.output.fact(&self.sender, attribute, Basis::Stated, rule, octets);
    }

    fn tlv(&mut self, tlv: Tlv<'m>) {
        let value = tlv.value;
        match tlv.kind {
            wire::CHASSIS_ID => self.chassis(value),
            wire::PORT_ID => self.says("lldp.port_id", &rules::PORT_ID, value),
            wire::PORT_DESCRIPTION => self.says("lldp.port_description", &rules::TEXT, value),
            wire::SYSTEM_NAME => self.says(attribute::HOSTNAME, &rules::TEXT, value),
            wire::SYSTEM_DESCRIPTION => self.description(value),
            wire::SYSTEM_CAPABILITIES => self.capabilities(value),
            wire::MANAGEMENT_ADDRESS => self.management_address(value),
            wire::ORGANISATION => match Organisation::parse(value) {
                Ok(organisation) => self.organisation(organisation),
                Err(malformed) => self.output.malformed(malformed),
            },
            _ => {}
        }
    }

    fn chassis(&mut self, value: Octets<'m>) {
        self.chassis = Some(value);
        match value.bytes.first() {
            Some(&CHASSIS_MAC) => {
                // Some stacks send from no address at all: then only the chassis is somebody.
                let chassis = Mac::from_slice(value.tail(1).bytes).map(Address::Mac);
                if let Some(chassis) = chassis.filter(|chassis| chassis.is_unicast())
                    && !self.sender.address.is_unicast()
                {
                    self.sender.address = chassis;
                }
                self.says(attribute::MAC_ADDRESS, &rules::MAC, value.tail(1));
            }
            Some(&CHASSIS_NETWORK_ADDRESS) => {
                self.says(attribute::IP_ADDRESS, &rules::NETWORK_ADDRESS, value.tail(1));
            }
            _ => {}
        }
        self.says("lldp.chassis_id", &rules::CHASSIS_ID, value);
    }

    fn description(&mut self, value: Octets<'m>) {
        for (attribute, rule) in [
            (attribute::DESCRIPTION, &rules::DESCRIPTION),
            (attribute::OS, &rules::DESCRIBED_SYSTEM),
            (attribute::OS_VERSION, &rules::DESCRIBED_SYSTEM_VERSION),
            (attribute::VENDOR, &rules::DESCRIBED_MAKER),
            (attribute::VENDOR, &rules::DESCRIBED_VENDOR),
            (attribute::MODEL, &rules::DESCRIBED_MODEL),
            (attribute::ORDER_NUMBER, &rules::DESCRIBED_ORDER_NUMBER),
            (attribute::HARDWARE_REVISION, &rules::DESCRIBED_HARDWARE),
            (attribute::FIRMWARE_VERSION, &rules::DESCRIBED_FIRMWARE),
            (attribute::SOFTWARE_VERSION, &rules::DESCRIBED_SOFTWARE),
            (attribute::SERIAL_NUMBER, &rules::DESCRIBED_SERIAL_NUMBER),
        ] {
            self.says(attribute, rule, value);
        }
    }

    /// What the system can do, then what of it is enabled: two octets each.
    fn capabilities(&mut self, value: Octets<'m>) {
        self.says("lldp.system_capabilities", &rules::SYSTEM_CAPABILITIES, value.head(2));
        if let Some(enabled) = value.slice(2, 2) {
            for rule in rules::CAPABILITIES {
                self.says("lldp.enabled_capability", rule, enabled);
            }
        }
    }

    /// Length of family and address, both, then the number of the interface and an object identifier (clause 8.5.9).
    fn management_address(&mut self, value: Octets<'m>) {
        let length = value.bytes.first().copied().map_or(0, usize::from);
        if let Some(address) = value.slice(1, length) {
            self.says(attribute::IP_ADDRESS, &rules::NETWORK_ADDRESS, address);
        }
    }

    fn organisation(&mut self, organisation: Organisation<'m>) {
        let value = organisation.value;
        match (organisation.oui, organisation.subtype) {
            (IEEE_802_1, 1) => self.says("lldp.port_vlan", &rules::VLAN, value),
            (IEEE_802_1, 3) => self.says("lldp.vlan_name", &rules::VLAN_NAME, value),
            (PROFIBUS, subtype) => self.profinet(subtype, value),
            (TIA, subtype) => self.med(subtype, value),
            (IANA, 1) => self.says("lldp.mud_url", &rules::TEXT, value),
            _ => {}
        }
    }

    /// IEC 61158-6-10, "LLDP_PNIO_Header" and what follows it.
    fn profinet(&mut self, subtype: u8, value: Octets<'m>) {
        self.is_profinet = true;
        match subtype {
            3 => self.says("lldp.profinet_alias", &rules::TEXT, value),
            4 => self.says("lldp.mrp_domain", &rules::UUID, value.head(16)),
            5 => self.says(attribute::MAC_ADDRESS, &rules::MAC, value),
            _ => {}
        }
    }

    /// ANSI/TIA-1057 clause 10.2: capabilities, location, then the inventory.
    fn med(&mut self, subtype: u8, value: Octets<'m>) {
        match subtype {
            1 => self.says("lldp.med_class", &rules::MED_CLASS, value.tail(2)),
            3 => match value.bytes.first() {
                Some(2) => self.says(attribute::LOCATION, &rules::CIVIC_LOCATION, value.tail(1)),
                Some(3) => self.says("lldp.med_emergency_number", &rules::TEXT, value.tail(1)),
                _ => {}
            },
            5 => self.says(attribute::HARDWARE_REVISION, &rules::ITEM, value),
            6 => self.says(attribute::FIRMWARE_VERSION, &rules::ITEM, value),
            7 => self.says(attribute::SOFTWARE_VERSION, &rules::ITEM, value),
            8 => self.says(attribute::SERIAL_NUMBER, &rules::ITEM, value),
            9 => self.says(attribute::VENDOR, &rules::ITEM, value),
            10 => self.says(attribute::MODEL, &rules::ITEM, value),
            11 => self.says("lldp.asset_id", &rules::ITEM, value),
            _ => {}
        }
    }

    /// Only PROFINET devices put their name of station into the chassis id.
    fn finish(&mut self) {
        if let (true, Some(chassis)) = (self.is_profinet, self.chassis) {
            self.says(attribute::STATION_NAME, &rules::STATION_NAME, chassis);
        }
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn seen(octets: &[u8]) -> (Vec<String>, Option<String>) {
        let context = Context {
            source: Address::Mac(Mac([0x00, 0x1b, 0x1b, 0x10, 0x00, 0x51])),
            destination: Address::Mac(Mac([0x01, 0x80, 0xc2, 0, 0, 0x0e])),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x88cc,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let error = Lldp.message(&context, Octets::unplaced(octets), &mut output).err();
        assert!(
            output.facts.iter().all(|fact| fact.station == context.source() && fact.basis == Basis::Stated)
        );
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect();
        (facts, error.map(|error| error.to_string()))
    }

    #[test]
    fn a_profinet_switch_says_its_chassis_its_name_and_what_it_is() {
        assert_eq!(
            seen(include_bytes!("messages/scalance.bin")).0,
            [
                "lldp.chassis_id=press-4.switch",
                "lldp.port_id=port-001",
                "lldp.port_description=Siemens, SIMATIC NET, Ethernet Port, X1 P1",
                "description=Siemens, SIMATIC NET, Scalance X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW: Version V3.10, SVPL6000001",
                "vendor=Siemens",
                "model=Scalance X208",
                "order_number=6GK5 208-0BA10-2AA3",
                "hardware_revision=4",
                "firmware_version=V3.10",
                "serial_number=SVPL6000001",
                "lldp.system_capabilities=bridge, station only",
                "lldp.enabled_capability=bridge",
                "ip_address=10.10.10.2",
                "lldp.profinet_alias=port-003.robot-7",
                "lldp.mrp_domain=00112233-4455-6677-8899-aabbccddeeff",
                "mac_address=00:1b:1b:10:00:50",
                "station_name=press-4.switch",
            ]
        );
    }

    #[test]
    fn a_telephone_says_its_inventory_and_its_vlan() {
        assert_eq!(
            seen(include_bytes!("messages/med_telephone.bin")).0,
            [
                "ip_address=10.10.20.77",
                "lldp.chassis_id=10.10.20.77",
                "lldp.port_id=00:04:13:00:00:77",
                "hostname=door-3",
                "lldp.system_capabilities=bridge, telephone",
                "lldp.enabled_capability=bridge",
                "lldp.enabled_capability=telephone",
                "lldp.port_vlan=20",
                "lldp.vlan_name=20 voice",
                "lldp.med_class=endpoint class 3 (communication)",
                "location=DE, Amberg, Halle",
                "hardware_revision=R2",
                "firmware_version=8.9.3",
                "software_version=8.9.3.80",
                "serial_number=0004130000AB",
                "vendor=Exemplum",
                "model=Door 300",
                "lldp.asset_id=A-4711",
                "lldp.mud_url=https://example.invalid/door.json",
            ]
        );
    }

    #[test]
    fn a_chassis_id_that_is_a_mac_is_the_devices_own() {
        let (facts, error) = seen(include_bytes!("messages/lldpd_router.bin"));
        assert_eq!(error, None);
        for expected in [
            "mac_address=00:09:0f:0a:00:01",
            "hostname=fw1",
            "description=FortiGate-60F v7.2.5",
            "ip_address=10.10.10.1",
            "lldp.enabled_capability=router",
        ] {
            assert!(facts.contains(&expected.to_owned()), "{expected} in {facts:?}");
        }
        // A host's local name is no name of station, and a group or unset address is nobody's.
        assert_eq!(seen(b"\x02\x05\x07pc-7").0, ["lldp.chassis_id=pc-7"]);
        assert_eq!(seen(&[2, 7, 4, 1, 0, 0, 0, 0, 1]).0, ["lldp.chassis_id=01:00:00:00:00:01"]);
    }

    #[test]
    fn a_sender_without_an_address_is_its_chassis() {
        let context = Context {
            source: Address::Mac(Mac([0; 6])),
            destination: Address::Mac(Mac([0x01, 0x80, 0xc2, 0, 0, 0x0e])),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Ethernet,
            source_port: 0,
            destination_port: 0x88cc,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let unit = include_bytes!("messages/lldpd_router.bin");
        assert!(Lldp.message(&context, Octets::unplaced(unit), &mut output).is_ok());
        assert!(output.facts.iter().all(|fact| fact.station.to_string() == "00:09:0f:0a:00:01"));
    }

    #[test]
    fn of_a_cut_unit_what_is_whole_is_read() {
        let unit = include_bytes!("messages/scalance.bin");
        let (facts, error) = seen(&unit[..unit.len() - 6]);
        assert!(facts.contains(&"station_name=press-4.switch".to_owned()));
        assert!(!facts.iter().any(|fact| fact.starts_with("mac_address")));
        assert!(error.is_some_and(|error| error.contains("octets missing")));
        assert_eq!(seen(&[0xfe, 0x02, 0, 0]).0, Vec::<String>::new());
    }
}
