//! Objects that say who the device is: names by RFC 3418, RFC 6933 (ENTITY-MIB), RFC 3805 (Printer-MIB), RFC 1628 (UPS-MIB);
//! its network cards and addresses by RFC 2863 (IF-MIB) and RFC 4293 (IP-MIB).

use observation::{Rule, attribute};

use super::rules;

/// 1.3.6.1.2.1.1, the system group.
const SYSTEM: &[u8] = &[0x2b, 6, 1, 2, 1, 1];
/// 1.3.6.1.2.1.47.1.1.1.1, columns of entPhysicalTable.
const ENTITY: &[u8] = &[0x2b, 6, 1, 2, 1, 47, 1, 1, 1, 1];
/// 1.3.6.1.2.1.43.5.1.1, columns of prtGeneralTable.
const PRINTER: &[u8] = &[0x2b, 6, 1, 2, 1, 43, 5, 1, 1];
/// 1.3.6.1.2.1.33.1.1, upsIdent.
const POWER_SUPPLY: &[u8] = &[0x2b, 6, 1, 2, 1, 33, 1, 1];
/// 1.3.6.1.2.1.2.2.1.6, ifPhysAddress: the card of each interface.
const CARD: &[u8] = &[0x2b, 6, 1, 2, 1, 2, 2, 1, 6];
/// 1.3.6.1.2.1.4.20.1.1, ipAdEntAddr: each IPv4 address of the device.
const OWN_ADDRESS: &[u8] = &[0x2b, 6, 1, 2, 1, 4, 20, 1, 1];
/// 1.3.6.1.6.3.1.1.4, snmpTrap.
const TRAP: &[u8] = &[0x2b, 6, 1, 6, 3, 1, 1, 4];

/// What is said of the sender by an object.
pub(super) type Saying = (&'static str, &'static Rule);

/// The sayings of objects of one group, by the number below it.
type Group = &'static [(u8, &'static [Saying])];

const SYSTEM_OBJECTS: Group = &[
    (1, rules::DESCRIPTION_SAYS),
    (2, rules::OBJECT_ID_SAYS),
    (5, &[(attribute::HOSTNAME, &rules::NAME)]),
    (6, &[(attribute::LOCATION, &rules::TEXT)]),
];

const ENTITY_OBJECTS: Group = &[
    (8, &[(attribute::HARDWARE_REVISION, &rules::ITEM)]),
    (9, &[(attribute::FIRMWARE_VERSION, &rules::ITEM)]),
    (10, &[(attribute::SOFTWARE_VERSION, &rules::ITEM)]),
    (11, &[(attribute::SERIAL_NUMBER, &rules::ITEM)]),
    (12, &[(attribute::VENDOR, &rules::ITEM)]),
    (13, &[(attribute::MODEL, &rules::ITEM)]),
    (15, &[("snmp.asset_id", &rules::ITEM)]),
];

const PRINTER_OBJECTS: Group =
    &[(16, &[(attribute::NAME, &rules::ITEM)]), (17, &[(attribute::SERIAL_NUMBER, &rules::ITEM)])];

const POWER_SUPPLY_OBJECTS: Group = &[
    (1, &[(attribute::VENDOR, &rules::ITEM)]),
    (2, &[(attribute::MODEL, &rules::ITEM)]),
    (3, &[(attribute::FIRMWARE_VERSION, &rules::ITEM)]),
    (4, &[(attribute::SOFTWARE_VERSION, &rules::ITEM)]),
    (5, &[(attribute::NAME, &rules::ITEM)]),
];

const TRAP_OBJECTS: Group =
    &[(1, &[("snmp.trap", &rules::OBJECT_ID)]), (3, &[("snmp.trap_enterprise", &rules::ENTERPRISE)])];

const CARD_SAYS: &[Saying] = &[("snmp.port_mac", &rules::CARD)];

const OWN_ADDRESS_SAYS: &[Saying] = &[(attribute::IP_ADDRESS, &rules::OWN_ADDRESS)];

/// Column of entPhysicalClass, and its values for a chassis and a module.
const CLASS: u8 = 5;
const CHASSIS: &[u8] = &[3];
const MODULE: &[u8] = &[9];

/// Modules of one device that are told apart; what those beyond say is passed over.
const MODULES_MAX: usize = 32;

/// The rows of entPhysicalTable that are told apart. The whole device is the first one whose class is chassis, as far as
/// that was said; row 1 until then, as the tables of nearly all devices begin with it. Modules are those of that class.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    chassis: Row,
    is_known: bool,
    modules: Vec<Row>,
}

/// What an object is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The device.
    Whole,
    /// A module in it, by its row.
    Module(u32),
}

/// An index of a table as encoded; as a rule one or two octets, five at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row([u8; ROW_OCTETS_MAX]);

const ROW_OCTETS_MAX: usize = 5;

impl Default for Row {
    fn default() -> Self {
        Self::of(&[1]).unwrap_or(Self([0; ROW_OCTETS_MAX]))
    }
}

impl Row {
    fn of(octets: &[u8]) -> Option<Self> {
        let mut row = [0; ROW_OCTETS_MAX];
        // Ending alike keeps rows apart: no encoded number ends with the mark of a further octet.
        row.get_mut(..octets.len())?.copy_from_slice(octets);
        (!octets.is_empty()).then_some(Self(row))
    }

    /// The number: seven bits of each octet, up to the one without the mark of a further one.
    fn number(self) -> u32 {
        let last = self.0.iter().position(|octet| octet & 0x80 == 0).unwrap_or(0);
        let octets = self.0.iter().take(last.saturating_add(1));
        octets.fold(0, |number, octet| number << 7 | u32::from(octet & 0x7f))
    }
}

impl Parts {
    /// What an object of this name and value says, and of what; remembers which row is which.
    pub(super) fn says(&mut self, name: &[u8], value: &[u8]) -> (Part, &'static [Saying]) {
        if let Some([column, row @ ..]) = name.strip_prefix(ENTITY) {
            let Some(row) = Row::of(row) else { return (Part::Whole, &[]) };
            if *column == CLASS {
                self.classify(row, value);
            }
            return if row == self.chassis {
                (Part::Whole, of(ENTITY_OBJECTS, *column))
            } else if self.modules.contains(&row) {
                (Part::Module(row.number()), of(ENTITY_OBJECTS, *column))
            } else {
                (Part::Whole, &[])
            };
        }
        (Part::Whole, single(name))
    }

    fn classify(&mut self, row: Row, class: &[u8]) {
        if class == CHASSIS && !self.is_known {
            (self.chassis, self.is_known) = (row, true);
        } else if class == MODULE && self.modules.len() < MODULES_MAX && !self.modules.contains(&row) {
            self.modules.push(row);
        }
    }
}

/// What objects say that are not rows of a table of parts.
fn single(name: &[u8]) -> &'static [Saying] {
    for (prefix, objects) in
        [(SYSTEM, SYSTEM_OBJECTS), (POWER_SUPPLY, POWER_SUPPLY_OBJECTS), (TRAP, TRAP_OBJECTS)]
    {
        // Single objects have the instance 0.
        if let Some([object, 0]) = name.strip_prefix(prefix) {
            return of(objects, *object);
        }
    }
    // Rows of tables: their index is the number of the interface, or the address itself.
    for (column, sayings) in [(CARD, CARD_SAYS), (OWN_ADDRESS, OWN_ADDRESS_SAYS)] {
        if let Some([_, ..]) = name.strip_prefix(column) {
            return sayings;
        }
    }
    match name.strip_prefix(PRINTER) {
        Some([column, 1]) => of(PRINTER_OBJECTS, *column),
        _ => &[],
    }
}

fn of(objects: Group, number: u8) -> &'static [Saying] {
    objects.iter().find(|(object, _)| *object == number).map_or(&[], |(_, sayings)| sayings)
}

/// True if asking for an object of this name is asking who the device is.
pub(super) fn is_identity(name: &[u8]) -> bool {
    [SYSTEM, ENTITY, PRINTER, POWER_SUPPLY].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes((_, sayings): (Part, &[Saying])) -> Vec<&'static str> {
        sayings.iter().map(|(attribute, _)| *attribute).collect()
    }

    #[test]
    fn objects_are_known_by_their_whole_names() {
        let mut chassis = Parts::default();
        assert_eq!(attributes(chassis.says(&[0x2b, 6, 1, 2, 1, 1, 5, 0], b"SW1")), ["hostname"]);
        assert!(chassis.says(&[0x2b, 6, 1, 2, 1, 1, 5], b"SW1").1.is_empty());
        assert!(chassis.says(&[0x2b, 6, 1, 2, 1, 1, 4, 0], b"a person").1.is_empty());
        assert_eq!(
            attributes(chassis.says(&[0x2b, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1], b"S")),
            ["serial_number"]
        );
        assert!(is_identity(SYSTEM) && !is_identity(&[0x2b, 6, 1, 2, 1, 2]));
    }

    #[test]
    fn the_chassis_is_row_one_or_the_first_row_of_that_class() {
        let serial = |row: &[u8]| [ENTITY, &[11], row].concat();
        let class = |row: &[u8]| [ENTITY, &[CLASS], row].concat();
        let mut chassis = Parts::default();
        assert_eq!(attributes(chassis.says(&serial(&[1]), b"S1")), ["serial_number"]);
        assert!(chassis.says(&serial(&[0x87, 0x69]), b"S2").1.is_empty());
        let _ = chassis.says(&class(&[1]), &[11]);
        let _ = chassis.says(&class(&[0x87, 0x69]), CHASSIS);
        let _ = chassis.says(&class(&[0x8f, 0x51]), CHASSIS);
        assert_eq!(attributes(chassis.says(&serial(&[0x87, 0x69]), b"S2")), ["serial_number"]);
        assert!(chassis.says(&serial(&[1]), b"S1").1.is_empty());
        assert!(
            chassis.says(&serial(&[]), b"S1").1.is_empty()
                && chassis.says(&serial(&[1; 6]), b"S1").1.is_empty()
        );
    }

    #[test]
    fn modules_are_known_once_their_class_was_said() {
        let mut parts = Parts::default();
        let serial = [ENTITY, &[11, 0x87, 0x6b]].concat();
        assert!(parts.says(&serial, b"M1").1.is_empty());
        let _ = parts.says(&[ENTITY, &[CLASS, 0x87, 0x6b]].concat(), MODULE);
        let said = parts.says(&serial, b"M1");
        assert_eq!((said.0, attributes(said)), (Part::Module(1003), vec!["serial_number"]));
    }
}
