//! Type identifications (IEC 60870-5-101:2003 section 7.2.1, IEC 60870-5-104:2006 section 6, IEC TS 60870-5-7): which way
//! they go, how long their information elements are, and what they ask for.

use observation::OperationKind;
use observation::OperationKind::{Control, Diagnostic, Program, Read, Write};

/// Type of a data unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeId(pub(super) u8);

impl TypeId {
    /// End of initialisation.
    pub(super) const M_EI_NA_1: Self = Self(70);
    /// Call of a directory or file.
    pub(super) const F_SC_NA_1: Self = Self(122);

    /// True for information in monitor direction, which only controlled stations send.
    pub(super) fn is_monitor(self) -> bool {
        matches!(self.0, 1..=40 | 70)
    }

    /// True for commands, system commands and parameters, which controlling stations send and controlled ones mirror.
    pub(super) fn is_control(self) -> bool {
        matches!(self.0, 45..=51 | 58..=64 | 100..=107 | 110..=113)
    }

    /// True for authentication, whose contents prove who speaks and carry keys.
    pub(super) fn is_authentication(self) -> bool {
        matches!(self.0, 81..=95)
    }

    /// True for commands whose first element says in its highest bit whether they select or execute.
    fn selects(self) -> bool {
        matches!(self.0, 45..=50 | 58..=63)
    }

    /// Octets of the information elements of one object, where the standard fixes them.
    pub(super) fn element_octets(self) -> Option<usize> {
        Some(match self.0 {
            102 => 0,
            1 | 3 | 45..=47 | 70 | 100 | 101 | 105 | 113 => 1,
            5 | 21 | 104 | 106 => 2,
            9 | 11 | 48 | 49 | 110 | 111 => 3,
            2 | 4 | 51 | 122 | 124 => 4,
            6 | 7 | 13 | 15 | 20 | 50 | 112 | 123 => 5,
            10 | 12 | 17 | 120 => 6,
            18 | 19 | 103 | 121 => 7,
            8 | 14 | 16 | 30 | 31 | 58..=60 => 8,
            32 | 107 => 9,
            34 | 35 | 38 | 61 | 62 => 10,
            39 | 40 | 64 => 11,
            33 | 36 | 37 | 63 => 12,
            126 => 13,
            127 => 16,
            _ => return None,
        })
    }

    /// What a data unit of a controlling station asks for. `qualifier` is the last octet of the first information
    /// element, which tells select from execute and one call of a file from another.
    pub(super) fn operation(self, qualifier: u8) -> (OperationKind, &'static str) {
        if self.selects() && qualifier & 0x80 != 0 {
            return match self.0 {
                45 | 58 => (Write, "select single command"),
                46 | 59 => (Write, "select double command"),
                47 | 60 => (Write, "select regulating step command"),
                _ => (Write, "select set-point command"),
            };
        }
        match self.0 {
            45 | 58 => (Write, "single command"),
            46 | 59 => (Write, "double command"),
            47 | 60 => (Write, "regulating step command"),
            48..=50 | 61..=63 => (Write, "set-point command"),
            51 | 64 => (Write, "bitstring command"),
            81..=95 => (Diagnostic, "authentication"),
            100 => (Read, "interrogation command"),
            101 => (Read, "counter interrogation command"),
            102 => (Read, "read command"),
            103 => (Control, "clock synchronization command"),
            104 | 107 => (Diagnostic, "test command"),
            105 => (Control, "reset process command"),
            106 => (Diagnostic, "delay acquisition command"),
            110..=112 => (Write, "parameter of measured value"),
            113 => (Control, "parameter activation"),
            // Files that the controlling station sends; those it fetches begin with a call.
            120 => (Program, "file ready"),
            121 => (Program, "section ready"),
            123 => (Program, "last section"),
            125 => (Program, "segment"),
            122 => match qualifier & 0x0f {
                4 => (Program, "delete file"),
                0 => (Read, "call directory"),
                _ => (Read, "call file"),
            },
            124 => (Read, "acknowledge file"),
            126 => (Read, "directory"),
            127 => (Read, "query log"),
            _ => (Diagnostic, "other type"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_standard_has_a_length_and_one_direction() {
        for number in 1..=127 {
            let kind = TypeId(number);
            let known = kind.is_monitor() || kind.is_control() || matches!(number, 120..=124 | 126 | 127);
            // Types 22 to 29 are reserved, and 104, 106 are of IEC 60870-5-101.
            let reserved = matches!(number, 22..=29);
            assert_eq!(kind.element_octets().is_some(), known && !reserved, "{number}");
            assert!(!(kind.is_monitor() && kind.is_control()));
        }
    }

    #[test]
    fn select_and_execute_are_told_apart() {
        assert_eq!(TypeId(45).operation(0x81), (Write, "select single command"));
        assert_eq!(TypeId(45).operation(0x01), (Write, "single command"));
        assert_eq!(TypeId(50).operation(0x80), (Write, "select set-point command"));
        assert_eq!(TypeId(105).operation(0x81), (Control, "reset process command"));
        assert_eq!(TypeId::F_SC_NA_1.operation(4), (Program, "delete file"));
        assert_eq!(TypeId::F_SC_NA_1.operation(2), (Read, "call file"));
    }
}
