//! Objects that say who the device is: names by RFC 3418, RFC 6933 (ENTITY-MIB), RFC 3805 (Printer-MIB), RFC 1628 (UPS-MIB).

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

/// Column of entPhysicalClass, and its value for a chassis.
const CLASS: u8 = 5;
const CHASSIS: &[u8] = &[3];

/// The row of entPhysicalTable that is the whole device: the first one whose class is chassis, as far as that was
/// said; row 1 until then, as the tables of nearly all devices begin with it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chassis {
    row: Row,
    is_known: bool,
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
}

impl Chassis {
    /// What an object of this name and value says of the device; remembers which row is the chassis.
    pub(super) fn says(&mut self, name: &[u8], value: &[u8]) -> &'static [Saying] {
        if let Some([column, row @ ..]) = name.strip_prefix(ENTITY) {
            let Some(row) = Row::of(row) else { return &[] };
            if *column == CLASS && value == CHASSIS && !self.is_known {
                *self = Self { row, is_known: true };
            }
            return if row == self.row { of(ENTITY_OBJECTS, *column) } else { &[] };
        }
        for (prefix, objects) in
            [(SYSTEM, SYSTEM_OBJECTS), (POWER_SUPPLY, POWER_SUPPLY_OBJECTS), (TRAP, TRAP_OBJECTS)]
        {
            // Single objects have the instance 0.
            if let Some([object, 0]) = name.strip_prefix(prefix) {
                return of(objects, *object);
            }
        }
        match name.strip_prefix(PRINTER) {
            Some([column, 1]) => of(PRINTER_OBJECTS, *column),
            _ => &[],
        }
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

    fn attributes(sayings: &[Saying]) -> Vec<&'static str> {
        sayings.iter().map(|(attribute, _)| *attribute).collect()
    }

    #[test]
    fn objects_are_known_by_their_whole_names() {
        let mut chassis = Chassis::default();
        assert_eq!(attributes(chassis.says(&[0x2b, 6, 1, 2, 1, 1, 5, 0], b"SW1")), ["hostname"]);
        assert!(chassis.says(&[0x2b, 6, 1, 2, 1, 1, 5], b"SW1").is_empty());
        assert!(chassis.says(&[0x2b, 6, 1, 2, 1, 1, 4, 0], b"a person").is_empty());
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
        let mut chassis = Chassis::default();
        assert_eq!(attributes(chassis.says(&serial(&[1]), b"S1")), ["serial_number"]);
        assert!(chassis.says(&serial(&[0x87, 0x69]), b"S2").is_empty());
        let _ = chassis.says(&class(&[1]), &[11]);
        let _ = chassis.says(&class(&[0x87, 0x69]), CHASSIS);
        let _ = chassis.says(&class(&[0x8f, 0x51]), CHASSIS);
        assert_eq!(attributes(chassis.says(&serial(&[0x87, 0x69]), b"S2")), ["serial_number"]);
        assert!(chassis.says(&serial(&[1]), b"S1").is_empty());
        assert!(
            chassis.says(&serial(&[]), b"S1").is_empty() && chassis.says(&serial(&[1; 6]), b"S1").is_empty()
        );
    }
}
