//! Racks and stations of a CPU: module states (list 91), rack and station states (lists 92 and 94).
//!
//! Siemens, "System Software for S7-300/400, System and Standard Functions", volume 2 (A5E00739858-01), sections
//! 33.25 to 33.27. The CPU names what it was configured with, so modules and stations show that never speak on the
//! mirrored network. Stations of fieldbuses sit below `network` (DP master system 1 to 31, PROFINET IO system 100 to
//! 115) and `device` (station or device number).

use observation::{Basis, Octets, Position, Station};

use super::rules;
use super::szl::{Cpu, List};
use crate::Output;

/// Stations of one record that are named, further ones are dropped. A PROFINET IO system has 512 devices at most, a DP
/// master system 125.
const STATIONS_MAX: usize = 512;
/// Octets of a record of list 91 from the address to the area.
const MODULE_RECORD: usize = 16;
/// Types of a CPU (S7-300 and IM CPUs; S7-400): it answers itself.
const CPU_TYPES: [[u8; 2]; 3] = [[0x00, 0xc0], [0x00, 0x81], [0x00, 0x82]];

/// List 91: address (2 words), logical address, expected and actual type, reserved, I/O state, area (33.25).
pub(super) fn modules(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    // 0A91 lists the master systems themselves, which are no devices.
    if list.extract() == 0xa || list.length < MODULE_RECORD {
        return;
    }
    for record in list.records() {
        let Some(module) = module_station(record, cpu) else { continue };
        let (Some(place), Some(types), Some(state)) =
            (record.slice(0, 4), record.slice(6, 4), record.slice(12, 2))
        else {
            continue;
        };
        output.mentioned(module.clone(), cpu.station(), reason(state), place);
        for (attribute, rule, octets) in [
            ("s7comm.module_type_expected", &rules::MODULE_TYPE_EXPECTED, types.head(2)),
            ("s7comm.module_type_actual", &rules::MODULE_TYPE_ACTUAL, types.tail(2)),
            ("s7comm.module_state", &rules::MODULE_STATE, state),
        ] {
            output.fact(&module, attribute, Basis::Reported, rule, octets);
        }
    }
}

fn reason(state: Octets<'_>) -> &'static str {
    if state.get(1).unwrap_or(0) & 0x04 == 0 {
        "module status SZL 91"
    } else {
        "module status SZL 91: configured, does not exist"
    }
}

/// The station of a module, or `None` for submodules, for the rack itself and for the CPU that answers.
fn module_station(record: Octets<'_>, cpu: &Cpu) -> Option<Station> {
    /// Submodule of what has none: power supply and rack.
    const NO_SUBMODULE: u8 = 0xff;
    let [high, low, slot, submodule]: [u8; 4] = record.slice(0, 4)?.bytes.try_into().ok()?;
    let address = u16::from_be_bytes([high, low]);
    // Slot 0 is the device itself.
    let below = |device: Station, slot: u16| {
        if slot == 0 { device } else { device.below([Position::new("slot", slot)]) }
    };
    if address & 0x8000 != 0 {
        // PROFINET: bits 0 to 10 device, bits 11 to 14 the last two digits of the IO system; the second word is the slot.
        let (system, device) = (100_u16.saturating_add(address >> 11 & 0x0f), address & 0x07ff);
        return Some(below(device_station(cpu, system, device), u16::from_be_bytes([slot, submodule])));
    }
    if !matches!(submodule, 0 | NO_SUBMODULE) {
        return None;
    }
    if high != 0 {
        return Some(below(device_station(cpu, high.into(), low.into()), slot.into()));
    }
    let is_cpu = match cpu.position {
        Some(own) => own == (low, slot),
        None => record.slice(8, 2).is_some_and(|actual| CPU_TYPES.iter().any(|kind| actual.bytes == kind)),
    };
    (!is_cpu && slot != 0).then(|| below(cpu.root.below([Position::new("rack", low)]), slot.into()))
}

fn device_station(cpu: &Cpu, system: u16, device: u16) -> Station {
    cpu.root.below([Position::new("network", system), Position::new("device", device)])
}

/// List 92: one bit for each of 128 racks (index 0) or stations of a DP master system (33.26).
pub(super) fn stations(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    let Some(reason) = extract_reason(list.extract()) else { return };
    for record in list.records() {
        // Bit 0 is the central rack, where the CPU sits, or station 1.
        name_each(record, list.index, if list.index == 0 { 0 } else { 1 }, reason, cpu, output);
    }
}

/// List 94: index, then one bit for each of 2048 racks, stations or devices; bit 0 is a group bit (33.27).
pub(super) fn stations_and_devices(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    let Some(reason) = extract_reason(list.extract()) else { return };
    for record in list.records() {
        let Some(system) =
            record.slice(0, 2).and_then(|index| index.bytes.try_into().ok()).map(u16::from_be_bytes)
        else {
            continue;
        };
        name_each(record.tail(2), system, 0, reason, cpu, output);
    }
}

/// Extracts 3 to 5 are about batteries and supplies.
fn extract_reason(extract: u8) -> Option<&'static str> {
    match extract {
        0 => Some("configured rack or station, SZL 92 or 94"),
        1 => Some("activated station, SZL 92 or 94"),
        2 => Some("present rack or station, SZL 92 or 94"),
        6 => Some("faulty rack or station, SZL 92 or 94"),
        _ => None,
    }
}

/// Names the rack or station of every set bit, bit 0 having the number `first`. Number 0 is the central rack or none.
fn name_each(
    bits: Octets<'_>,
    system: u16,
    first: u16,
    reason: &'static str,
    cpu: &Cpu,
    output: &mut Output<'_>,
) {
    let is_set = |number: &u16| {
        let bit = usize::from(number.saturating_sub(first));
        bits.get(bit / 8).is_some_and(|octet| octet >> (bit % 8) & 1 != 0)
    };
    let end = u16::try_from(bits.len().saturating_mul(8)).unwrap_or(u16::MAX).saturating_add(first);
    let mut set = (first.max(1)..end).filter(is_set);
    for number in set.by_ref().take(STATIONS_MAX) {
        let station = match system {
            0 => cpu.root.below([Position::new("rack", number)]),
            _ => device_station(cpu, system, number),
        };
        let octet = usize::from(number.saturating_sub(first)) / 8;
        output.mentioned(station, cpu.station(), reason, bits.tail(octet).head(1));
    }
    output.dropped = output.dropped.saturating_add(u32::try_from(set.count()).unwrap_or(u32::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s7comm::szl;

    fn named(octets: &[u8], position: Option<(u8, u8)>) -> (Vec<String>, Vec<String>) {
        let cpu = Cpu { root: Station::root("10.0.0.2".parse().unwrap(), None), position };
        let mut output = Output::default();
        szl::observe(Octets::unplaced(octets), &cpu, &mut output).unwrap();
        assert!(output.malformed.is_empty(), "{:?}", output.malformed);
        let mentioned =
            output.mentioned.iter().map(|named| format!("{}: {}", named.station.path, named.reason));
        let facts = output
            .facts
            .iter()
            .map(|fact| format!("{} {} {}", fact.station.path, fact.attribute, fact.value));
        (mentioned.collect(), facts.collect())
    }

    #[test]
    fn modules_of_a_rack_are_named_and_the_cpu_itself_is_not() {
        let octets = &include_bytes!("messages/szl-0091.bin")[33..];
        let (mentioned, facts) = named(octets, Some((0, 2)));
        assert_eq!(
            mentioned,
            [
                "rack=0/slot=1: module status SZL 91",
                "rack=0/slot=4: module status SZL 91",
                "rack=0/slot=5: module status SZL 91: configured, does not exist",
                "network=1/device=3/slot=4: module status SZL 91",
                "network=100/device=7/slot=2: module status SZL 91",
            ]
        );
        assert!(facts.contains(&"rack=0/slot=4 s7comm.module_type_expected 0x9fc3".to_owned()), "{facts:?}");
        assert!(
            facts.contains(&"rack=0/slot=5 s7comm.module_state does not exist, fault".to_owned()),
            "{facts:?}"
        );
        assert!(!facts.iter().any(|fact| fact.starts_with("rack=0/slot=2")), "{facts:?}");
        // Joined in the middle the CPU is told by its type.
        assert_eq!(named(octets, None).0, mentioned);
    }

    #[test]
    fn stations_of_a_master_system_are_named_by_their_numbers() {
        let (mentioned, _) = named(&include_bytes!("messages/szl-0092.bin")[33..], None);
        assert_eq!(mentioned.len(), 3);
        assert_eq!(mentioned[0], "network=1/device=3: configured rack or station, SZL 92 or 94");
        assert_eq!(mentioned[2], "network=1/device=125: configured rack or station, SZL 92 or 94");
        let (mentioned, _) = named(&include_bytes!("messages/szl-0294.bin")[33..], None);
        assert_eq!(
            mentioned,
            [
                "network=100/device=1: present rack or station, SZL 92 or 94",
                "network=100/device=9: present rack or station, SZL 92 or 94"
            ]
        );
    }

    #[test]
    fn the_central_rack_is_no_station_of_its_own() {
        let mut octets = vec![0x02, 0x92, 0, 0, 0, 16, 0, 1, 0b0000_0011];
        octets.extend([0; 15]);
        assert_eq!(named(&octets, None).0, ["rack=1: present rack or station, SZL 92 or 94"]);
    }

    #[test]
    fn a_list_of_every_device_is_cut_and_counted() {
        let mut octets = vec![0x00, 0x94, 0, 100, 1, 2, 0, 1, 0, 100];
        octets.extend([0xff; 256]);
        let cpu = Cpu { root: Station::root("10.0.0.2".parse().unwrap(), None), position: None };
        let mut output = Output::default();
        szl::observe(Octets::unplaced(&octets), &cpu, &mut output).unwrap();
        assert_eq!(output.mentioned.len(), STATIONS_MAX);
        assert_eq!((output.dropped, output.malformed.len()), (2047 - STATIONS_MAX as u32, 0));
    }
}
