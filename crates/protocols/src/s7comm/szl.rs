//! System status lists: what a CPU tells of itself when a programming device, an HMI or a scanner asks.
//!
//! Siemens, "System Software for S7-300/400, System and Standard Functions", volume 2 (A5E00739858-01), chapter 33.
//! An answer may be a part only: header without records (0Fxx), one record (01xx), or all.

use observation::{Basis, Octets, Position, Rule, Station, attribute};

use super::{racks, rules};
use crate::{Malformed, Output, Problem, Reader};

/// Records of one answer that are read, further ones are dropped; the longest list of a real CPU, module states, has a
/// few hundred.
const RECORDS_MAX: usize = 512;

/// The CPU that answers.
#[derive(Clone, Debug)]
pub(super) struct Cpu {
    /// Its address.
    pub(super) root: Station,
    /// Rack and slot that the connection request named, where it was seen.
    pub(super) position: Option<(u8, u8)>,
}

impl Cpu {
    /// The station of the CPU: at its rack and slot where they are known, else the address.
    pub(super) fn station(&self) -> Station {
        match self.position {
            Some((rack, slot)) => self.root.below([Position::new("rack", rack), Position::new("slot", slot)]),
            None => self.root.clone(),
        }
    }

    /// The station that a record with this index is about: the records of a redundant (H) system name the rack of
    /// their CPU in the upper octet of the index, below four set bits.
    fn of_record(&self, index: u16) -> Option<Station> {
        match index.to_be_bytes() {
            [0, _] => Some(self.station()),
            [rack @ 0xf0..=0xff, _] => {
                let rack = rack & 0x07;
                let own = self.position.is_some_and(|(own, _)| own == rack);
                Some(if own { self.station() } else { self.root.below([Position::new("rack", rack)]) })
            }
            _ => None,
        }
    }
}

/// A system status list, or part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    /// Module class (4 bits), number of the extract (4 bits), number of the list (8 bits).
    pub(super) id: u16,
    /// Which record or which part, depending on the list.
    pub(super) index: u16,
    /// Octets of a record.
    pub(super) length: usize,
    /// Number of records.
    count: usize,
    /// The records.
    records: Octets<'a>,
}

impl<'a> List<'a> {
    /// Reads the header of an answer (33.2).
    ///
    /// # Errors
    ///
    /// Fails if the answer ends within the header.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        Ok(Self {
            id: reader.u16_be("SZL-ID")?,
            index: reader.u16_be("SZL index")?,
            length: reader.u16_be("length of a data record")?.into(),
            count: reader.u16_be("number of data records")?.into(),
            records: reader.rest(),
        })
    }

    /// Number of the list, without class and extract.
    pub(super) fn number(&self) -> u8 {
        self.id.to_be_bytes()[1]
    }

    /// Number of the extract: 15 is the header alone.
    pub(super) fn extract(&self) -> u8 {
        self.id.to_be_bytes()[0] & 0x0f
    }

    /// True if the records are exactly as long as the header says.
    pub(super) fn is_whole(&self) -> bool {
        self.length.checked_mul(self.count) == Some(self.records.len())
    }

    /// The records that are there in full, and what there is of one that the capture cut.
    pub(super) fn records(&self) -> impl Iterator<Item = Octets<'a>> {
        let (records, length) = (self.records, self.length);
        let count = if self.extract() == 0xf || length == 0 { 0 } else { self.count.min(RECORDS_MAX) };
        let record = move |number| {
            let rest = records.tail(length.checked_mul(number)?);
            let there = rest.len() >= length || (rest.is_cut() && !rest.is_empty());
            there.then(|| rest.head(length))
        };
        (0..count).map_while(record)
    }

    /// Records that are there and are not read.
    fn beyond(&self) -> u32 {
        let there = self.records.len().checked_div(self.length).unwrap_or(0).min(self.count);
        u32::try_from(there.saturating_sub(RECORDS_MAX)).unwrap_or(u32::MAX)
    }

    /// What is wrong with the lengths, if anything. Offsets count from the SZL-ID.
    fn problem(&self) -> Option<Malformed> {
        let expected = self.length.saturating_mul(if self.extract() == 0xf { 0 } else { self.count });
        let problem = match self.records.len().checked_sub(expected) {
            Some(0) => return None,
            Some(octets) => Problem::Trailing { octets },
            None => Problem::Truncated { missing: expected.saturating_sub(self.records.len()) },
        };
        Some(Malformed { what: "SZL data records", offset: 8, problem })
    }
}

/// Says what the list tells.
///
/// # Errors
///
/// Fails if it ends within its header.
pub(super) fn observe(octets: Octets<'_>, cpu: &Cpu, output: &mut Output<'_>) -> Result<(), Malformed> {
    let list = List::parse(octets)?;
    output.malformed.extend(list.problem());
    output.dropped = output.dropped.saturating_add(list.beyond());
    match (list.number(), list.extract()) {
        (0x11, _) => module_identification(&list, cpu, output),
        (0x1c, _) => component_identification(&list, cpu, output),
        (0x24, 1 | 4) => mode(&list, cpu, output),
        (0x31, 1) if list.index == 1 => communication(&list, cpu, output),
        (0x32, 1 | 2) if list.index & 0xff == 4 => protection(&list, cpu, output),
        (0x91, _) => racks::modules(&list, cpu, output),
        (0x92, _) => racks::stations(&list, cpu, output),
        (0x94, _) => racks::stations_and_devices(&list, cpu, output),
        _ => {}
    }
    Ok(())
}

/// Octets `from` to `from + length` of a record as a fact. Nothing is said where the record is shorter.
fn say(
    output: &mut Output<'_>,
    station: &Station,
    attribute: &'static str,
    rule: &'static Rule,
    record: Octets<'_>,
    from: usize,
    length: usize,
) {
    if let Some(octets) = record.slice(from, length) {
        output.fact(station, attribute, Basis::Stated, rule, octets);
    }
}

fn index(record: Octets<'_>) -> u16 {
    u16::from_be_bytes([record.get(0).unwrap_or(0), record.get(1).unwrap_or(0)])
}

/// List 11: index, order number (20), module type (2), two words of version (33.5).
fn module_identification(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    let station = cpu.station();
    let order_number =
        list.records().find(|record| index(*record) == 1).and_then(|record| record.slice(2, 20));
    for record in list.records() {
        match index(record) {
            0x0001 => {
                say(output, &station, attribute::ORDER_NUMBER, &rules::ORDER_NUMBER, record, 2, 20);
                say(output, &station, attribute::HARDWARE_REVISION, &rules::HARDWARE_REVISION, record, 24, 4);
                if let Some(octets) = record.slice(2, 20) {
                    output.fact(
                        &station,
                        attribute::VENDOR,
                        Basis::Inferred,
                        &rules::VENDOR_OF_ORDER_NUMBER,
                        octets,
                    );
                }
            }
            0x0006 => {
                if record
                    .slice(2, 20)
                    .is_some_and(|own| order_number.is_some_and(|module| own.bytes != module.bytes))
                {
                    say(
                        output,
                        &station,
                        "s7comm.hardware_order_number",
                        &rules::HARDWARE_ORDER_NUMBER,
                        record,
                        2,
                        20,
                    );
                }
                say(output, &station, attribute::HARDWARE_REVISION, &rules::HARDWARE_REVISION, record, 24, 4);
            }
            0x0007 => {
                say(output, &station, attribute::FIRMWARE_VERSION, &rules::FIRMWARE_VERSION, record, 24, 4)
            }
            0x0081 => say(
                output,
                &station,
                "s7comm.boot_loader_version",
                &rules::BOOT_LOADER_VERSION,
                record,
                24,
                4,
            ),
            _ => {}
        }
    }
}

/// List 1C: index, 32 octets that depend on it (33.11).
fn component_identification(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    let numbered = list.records().map(|record| (index(record), record));
    for (index, record) in numbered.chain(unnumbered_components(list)) {
        let Some(station) = cpu.of_record(index) else { continue };
        let (attribute, rule, length) = match index & 0xff {
            0x01 => (attribute::STATION_NAME, &rules::STATION_NAME, 24),
            0x02 => (attribute::NAME, &rules::MODULE_NAME, 24),
            0x03 => (attribute::PLANT_ID, &rules::PLANT_ID, 32),
            0x04 => ("s7comm.copyright", &rules::COPYRIGHT, 26),
            0x05 => (attribute::SERIAL_NUMBER, &rules::SERIAL_NUMBER, 24),
            0x07 => (attribute::MODEL, &rules::MODULE_TYPE, 32),
            0x08 => ("s7comm.memory_card_serial", &rules::MEMORY_CARD, 32),
            0x09 => (attribute::VENDOR, &rules::MANUFACTURER, 2),
            0x0a => ("s7comm.oem_id", &rules::OEM_ID, 26),
            0x0b => (attribute::LOCATION, &rules::LOCATION, 32),
            _ => continue,
        };
        say(output, &station, attribute, rule, record, 2, length);
    }
}

/// The components of a server that leaves lengths, counts and indices 0.
///
/// Widespread clients read list 001C by position, so such servers pass for CPUs (python-snap7's is one). Their records
/// have the order and the size of the manual, without those for which there is no name.
fn unnumbered_components<'a>(list: &List<'a>) -> impl Iterator<Item = (u16, Octets<'a>)> {
    const INDICES: [u16; 6] = [1, 2, 3, 4, 5, 7];
    const RECORD: usize = 34;
    let (records, is_bare) = (list.records, list.id == 0x001c && list.length == 0 && list.count == 0);
    let record = move |number: usize| {
        records.slice(number.checked_mul(RECORD)?, RECORD).filter(|record| index(*record) == 0)
    };
    let fits = is_bare && (0..INDICES.len()).all(|number| record(number).is_some());
    INDICES
        .into_iter()
        .enumerate()
        .filter_map(move |(number, index)| Some((index, record(number).filter(|_| fits)?)))
}

/// List 24, the present mode and the last transition: event (2), priority class, modes before and after …
fn mode(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    if let Some(record) = list.records().next() {
        say(output, &cpu.station(), attribute::MODE, &rules::MODE, record, 3, 1);
    }
}

/// List 31, index 1: what the CPU can do in communication.
fn communication(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    let station = cpu.station();
    for record in list.records() {
        say(output, &station, "s7comm.pdu_size_max", &rules::PDU_SIZE, record, 2, 2);
        say(output, &station, "s7comm.connections_max", &rules::CONNECTIONS, record, 4, 2);
    }
}

/// List 32, index 4: protection level, mode selector, checksums (33.19).
fn protection(list: &List<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    for record in list.records() {
        let Some(station) = cpu.of_record(index(record)) else { continue };
        say(output, &station, attribute::PROTECTION, &rules::PROTECTION, record, 4, 4);
        say(output, &station, attribute::KEY_SWITCH, &rules::KEY_SWITCH, record, 8, 2);
        // A reserved word stands before the one that says whether the checksums are valid.
        if record.slice(14, 2).is_some_and(|valid| valid.bytes != [0, 0]) {
            say(output, &station, "s7comm.hardware_checksum", &rules::HARDWARE_CHECKSUM, record, 16, 4);
            say(output, &station, "s7comm.program_checksum", &rules::PROGRAM_CHECKSUM, record, 20, 4);
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    fn cpu() -> Cpu {
        Cpu { root: Station::root("10.0.0.2".parse().unwrap(), None), position: Some((0, 2)) }
    }

    fn seen(octets: &[u8]) -> Vec<(String, &'static str, String)> {
        let mut output = Output::default();
        observe(Octets::unplaced(octets), &cpu(), &mut output).unwrap();
        assert!(output.malformed.is_empty(), "{:?}", output.malformed);
        output
            .into_said()
            .facts
            .into_iter()
            .map(|fact| (fact.station.path.to_string(), fact.attribute, fact.value))
            .collect()
    }

    fn values(octets: &[u8]) -> Vec<(&'static str, String)> {
        seen(octets)
            .into_iter()
            .map(|(path, attribute, value)| {
                assert_eq!(path, "rack=0/slot=2");
                (attribute, value)
            })
            .collect()
    }

    /// The list in a recorded answer: behind TPKT, COTP, S7 header, parameters and data header.
    fn list(message: &[u8]) -> &[u8] {
        &message[33..]
    }

    #[test]
    fn module_identification_gives_order_number_versions_and_maker() {
        let expected = [
            ("order_number", "6ES7 315-2EH14-0AB0"),
            ("hardware_revision", "4"),
            ("vendor", "Siemens AG"),
            ("hardware_revision", "4"),
            ("firmware_version", "V3.2.6"),
            ("s7comm.boot_loader_version", "A9.9"),
        ];
        let expected: Vec<_> = expected.map(|(name, value)| (name, value.to_owned())).into();
        assert_eq!(values(list(include_bytes!("messages/szl-0011.bin"))), expected);
    }

    #[test]
    fn component_identification_gives_names_and_serial_numbers() {
        let expected = [
            ("station_name", "LINE1-PRESS1"),
            ("name", "CPU 315-2 PN/DP"),
            ("s7comm.copyright", "Original Siemens Equipment"),
            ("serial_number", "S C-F1LAB0000011"),
            ("model", "CPU 315-2 PN/DP"),
            ("s7comm.memory_card_serial", "MMC 267FF11F"),
            ("vendor", "Siemens AG"),
        ];
        let expected: Vec<_> = expected.map(|(name, value)| (name, value.to_owned())).into();
        assert_eq!(values(list(include_bytes!("messages/szl-001c.bin"))), expected);
    }

    #[test]
    fn mode_protection_and_capability_are_read() {
        assert_eq!(values(list(include_bytes!("messages/szl-0424.bin"))), [("mode", "RUN".to_owned())]);
        let protection = values(list(include_bytes!("messages/szl-0232.bin")));
        assert_eq!(protection[0], ("protection", "level 1 (full access, no password)".to_owned()));
        assert_eq!(protection[1], ("key_switch", "RUN-P".to_owned()));
        assert_eq!(protection[2], ("s7comm.hardware_checksum", "1001337b".to_owned()));
        assert_eq!(protection[3], ("s7comm.program_checksum", "020075f4".to_owned()));
        let capability = values(list(include_bytes!("messages/szl-0131.bin")));
        assert_eq!(
            capability,
            [("s7comm.pdu_size_max", "2048".to_owned()), ("s7comm.connections_max", "1024".to_owned())]
        );
    }

    #[test]
    fn each_cpu_of_a_redundant_system_is_named_by_its_rack() {
        // 33.11: upper octet of the index is 1111, master, rack.
        let mut octets = vec![0x02, 0x1c, 0, 0, 0, 34, 0, 2];
        for (upper, serial) in [(0xf8, b"SVP1"), (0xf1, b"SVP2")] {
            octets.extend([upper, 0x05]);
            octets.extend(serial);
            octets.extend([0; 28]);
        }
        let seen = seen(&octets);
        assert_eq!(seen[0], ("rack=0/slot=2".to_owned(), "serial_number", "SVP1".to_owned()));
        assert_eq!(seen[1], ("rack=1".to_owned(), "serial_number", "SVP2".to_owned()));
    }

    #[test]
    fn records_beyond_the_bound_are_counted() {
        let mut octets = vec![0x00, 0x11, 0, 0, 0, 2, 2, 88];
        octets.extend([0; 1200]);
        let mut output = Output::default();
        observe(Octets::unplaced(&octets), &cpu(), &mut output).unwrap();
        assert_eq!((output.dropped, output.malformed.len()), (600 - RECORDS_MAX as u32, 0));
    }

    #[test]
    fn a_header_alone_says_nothing_and_lengths_that_lie_are_named() {
        assert!(seen(&[0x0f, 0x11, 0, 0, 0, 28, 0, 4]).is_empty());
        let mut output = Output::default();
        observe(Octets::unplaced(&[0, 0x11, 0, 0, 0, 28, 0, 2, 0, 1, b'6']), &cpu(), &mut output).unwrap();
        assert_eq!(output.malformed[0].to_string(), "SZL data records at octet 8: 53 octets missing");
        assert!(output.facts.is_empty());
        let error = observe(Octets::unplaced(&[0, 0x11, 0]), &cpu(), &mut output).unwrap_err();
        assert_eq!(error.to_string(), "SZL index at octet 2: 1 octet missing");
    }
}
