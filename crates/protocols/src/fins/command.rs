//! Command codes (W342 section 5; W227 section 2 for those of older series).

use observation::OperationKind;

/// A command code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command(pub(super) u16);

impl Command {
    pub(super) const CONTROLLER_DATA_READ: Self = Self(0x0501);
    pub(super) const CONNECTION_DATA_READ: Self = Self(0x0502);
    pub(super) const CONTROLLER_STATUS_READ: Self = Self(0x0601);
    pub(super) const NAME_READ: Self = Self(0x2603);
    pub(super) const PROGRAM_AREA_PROTECT: Self = Self(0x0304);
    pub(super) const PROGRAM_AREA_PROTECT_CLEAR: Self = Self(0x0305);

    /// What it asks for; `None` if the code is not in the manuals.
    pub(super) fn known(self) -> Option<(OperationKind, &'static str)> {
        use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
        Some(match self.0 {
            0x0101 => (Read, "memory area read"),
            0x0102 => (Write, "memory area write"),
            0x0103 => (Write, "memory area fill"),
            0x0104 => (Read, "multiple memory area read"),
            0x0105 => (Write, "memory area transfer"),
            0x0201 => (Program, "parameter area read"),
            0x0202 => (Program, "parameter area write"),
            0x0203 => (Program, "parameter area clear"),
            0x0220 => (Diagnostic, "data link table read"),
            0x0221 => (Program, "data link table write"),
            0x0304 => (Program, "program area protect"),
            0x0305 => (Program, "program area protect clear"),
            0x0306 => (Program, "program area read"),
            0x0307 => (Program, "program area write"),
            0x0308 => (Program, "program area clear"),
            0x0401 => (Control, "start (run)"),
            0x0402 => (Control, "stop"),
            0x0403 => (Control, "reset"),
            0x0501 => (Identify, "controller data read"),
            0x0502 => (Identify, "connection data read"),
            0x0601 => (Diagnostic, "controller status read"),
            0x0602 => (Diagnostic, "network status read"),
            0x0603 => (Diagnostic, "data link status read"),
            0x0620 => (Diagnostic, "cycle time read"),
            0x0701 => (Diagnostic, "clock read"),
            0x0702 => (Control, "clock write"),
            0x0801 => (Diagnostic, "loop-back test"),
            0x0802 => (Diagnostic, "broadcast test results read"),
            0x0803 => (Diagnostic, "broadcast test data send"),
            0x0920 => (Diagnostic, "message read or clear"),
            0x0c01 => (Program, "access right acquire"),
            0x0c02 => (Program, "access right forced acquire"),
            0x0c03 => (Program, "access right release"),
            0x2101 => (Control, "error clear"),
            0x2102 => (Diagnostic, "error log read"),
            0x2103 => (Control, "error log clear"),
            0x2140 => (Diagnostic, "access log read"),
            0x2141 => (Control, "access log clear"),
            0x2201 => (Read, "file name read"),
            0x2202 => (Read, "single file read"),
            0x2203 => (Program, "single file write"),
            0x2204 => (Program, "file memory format"),
            0x2205 => (Program, "file delete"),
            0x2206 => (Program, "volume label create or delete"),
            0x2207 => (Program, "file copy"),
            0x2208 => (Program, "file name change"),
            0x2209 => (Diagnostic, "file data check"),
            0x220a => (Program, "memory area-file transfer"),
            0x220b => (Program, "parameter area-file transfer"),
            0x220c => (Program, "program area-file transfer"),
            0x2210 => (Read, "file memory index read"),
            0x2211 => (Read, "file memory read"),
            0x2212 => (Program, "file memory write"),
            0x2215 => (Program, "create or delete directory"),
            0x2220 => (Program, "memory cassette transfer"),
            0x2301 => (Control, "forced set/reset"),
            0x2302 => (Control, "forced set/reset cancel"),
            0x230a => (Diagnostic, "multiple forced status read"),
            0x2601 => (Program, "name set"),
            0x2602 => (Program, "name delete"),
            0x2603 => (Identify, "name read"),
            0x2801 => (Program, "convert to compoway/f command"),
            0x2803 => (Read, "convert to modbus-rtu command"),
            0x2804 => (Read, "convert to modbus-ascii command"),
            _ => return None,
        })
    }

    /// What it asks for; the unknown under the number of its main request code.
    pub(super) fn operation(self) -> (OperationKind, &'static str) {
        let [main, _] = self.0.to_be_bytes();
        self.known().unwrap_or((OperationKind::Diagnostic, crate::numbered::function(main)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_stop_and_program_are_told_from_reading() {
        assert_eq!(Command(0x0402).operation(), (OperationKind::Control, "stop"));
        assert_eq!(Command(0x0307).operation().0, OperationKind::Program);
        assert_eq!(Command(0x0101).operation().0, OperationKind::Read);
        assert_eq!(Command(0x3f07).operation(), (OperationKind::Diagnostic, "function 63"));
    }
}
