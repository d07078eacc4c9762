//! Commands: names and what they do (SH-080008 chapters 8 to 12; BAP-C2006ENG chapter 5).

use observation::OperationKind;

/// A command of 3E and 4E frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command(pub(super) u16);

impl Command {
    pub(super) const READ_TYPE_NAME: Self = Self(0x0101);
    /// Read type name of the MELSOFT connection.
    pub(super) const MELSOFT_TYPE_NAME: Self = Self(0x0121);
    pub(super) const NODE_SEARCH: Self = Self(0x0e30);
    pub(super) const UNLOCK_PASSWORD: Self = Self(0x1630);
    pub(super) const LOCK_PASSWORD: Self = Self(0x1631);

    /// What it asks for; `None` if the code is not in the manuals.
    pub(super) fn known(self) -> Option<(OperationKind, &'static str)> {
        use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
        Some(match self.0 {
            0x0101 => (Identify, "read type name"),
            0x0401 => (Read, "batch read"),
            0x0403 => (Read, "random read"),
            0x0406 => (Read, "batch read of multiple blocks"),
            0x0601 => (Read, "intelligent function module read"),
            0x0613 => (Read, "buffer memory read"),
            0x0619 => (Diagnostic, "self test"),
            0x0801 => (Read, "entry monitor device"),
            0x0802 => (Read, "execute monitor"),
            0x0e30 => (Identify, "node search"),
            0x0e31 => (Program, "ip address set"),
            0x0e70 => (Read, "cc-link ie field network basic cyclic"),
            0x1001 => (Control, "remote run"),
            0x1002 => (Control, "remote stop"),
            0x1003 => (Control, "remote pause"),
            0x1005 => (Control, "remote latch clear"),
            0x1006 => (Control, "remote reset"),
            0x1401 => (Write, "batch write"),
            0x1402 => (Write, "random write"),
            0x1406 => (Write, "batch write of multiple blocks"),
            0x1601 => (Write, "intelligent function module write"),
            0x1613 => (Write, "buffer memory write"),
            0x1617 => (Control, "clear error"),
            0x1630 => (Control, "remote password unlock"),
            0x1631 => (Control, "remote password lock"),
            0x1810 => (Diagnostic, "read directory/file information"),
            0x1811 => (Diagnostic, "search directory/file information"),
            0x1820 => (Program, "create new file"),
            0x1822 => (Program, "delete file"),
            0x1824 => (Program, "copy file"),
            0x1825 => (Program, "modify file attribute"),
            0x1826 => (Program, "modify file creation date"),
            0x1827 => (Program, "open file"),
            0x1828 => (Program, "read file"),
            0x1829 => (Program, "write file"),
            0x182a => (Program, "close file"),
            0x2101 => (Diagnostic, "on-demand"),
            _ => return None,
        })
    }

    /// What it asks for; the unknown is called so.
    pub(super) fn operation(self) -> (OperationKind, &'static str) {
        self.known().unwrap_or((OperationKind::Diagnostic, "unknown command"))
    }

    /// What a command of the MELSOFT connection asks for: the families are those of MC protocol.
    pub(super) fn melsoft_operation(self) -> (OperationKind, &'static str) {
        use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
        match self.0 {
            0x0101 | 0x0121 => (Identify, "melsoft read type name"),
            0x1001..=0x1006 => self.operation(),
            0x0400..=0x04ff => (Read, "melsoft device read"),
            0x1400..=0x14ff => (Write, "melsoft device write or entry"),
            0x1000..=0x10ff => (Control, "melsoft remote control"),
            0x1800..=0x18ff => (Program, "melsoft file access"),
            _ => (Diagnostic, "melsoft command"),
        }
    }

    /// True for commands on files, which may carry a password.
    pub(super) fn is_of_files(self) -> bool {
        matches!(self.0, 0x1810..=0x182a)
    }
}

/// What a command of a 1E frame asks for (SH-080008, chapter 18); `None` if there is none of this code.
pub(super) fn e1_operation(code: u8) -> Option<(OperationKind, &'static str)> {
    use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
    Some(match code {
        0x00 => (Read, "batch read in bits"),
        0x01 => (Read, "batch read in words"),
        0x02 => (Write, "batch write in bits"),
        0x03 => (Write, "batch write in words"),
        0x04 => (Write, "test in bits"),
        0x05 => (Write, "test in words"),
        0x06 => (Read, "monitor data registration in bits"),
        0x07 => (Read, "monitor data registration in words"),
        0x08 => (Read, "monitor in bits"),
        0x09 => (Read, "monitor in words"),
        0x0e => (Read, "special function module read"),
        0x0f => (Write, "special function module write"),
        0x13 => (Control, "remote run"),
        0x14 => (Control, "remote stop"),
        0x15 => (Identify, "plc type read"),
        0x16 => (Diagnostic, "loopback test"),
        0x0a..=0x0d => (Program, "program read or write"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_files_are_told_from_devices() {
        assert_eq!(Command(0x1002).operation(), (OperationKind::Control, "remote stop"));
        assert_eq!(Command(0x0401).operation().0, OperationKind::Read);
        assert_eq!(Command(0x1829).operation().0, OperationKind::Program);
        assert_eq!(Command(0x7777).operation(), (OperationKind::Diagnostic, "unknown command"));
        assert_eq!(Command(0x1002).melsoft_operation(), (OperationKind::Control, "remote stop"));
        assert_eq!(Command(0x1867).melsoft_operation().0, OperationKind::Program);
        assert_eq!(e1_operation(0x14), Some((OperationKind::Control, "remote stop")));
        assert_eq!(e1_operation(0x99), None);
    }
}
