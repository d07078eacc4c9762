//! Functions of UMAS: what they do, and their names.
//!
//! The published names of 0x30 to 0x35 contradict one another about the direction; here "download" is towards the
//! controller and "upload" from it, as recordings show (0x34 returns blocks of the program) and as everywhere else.

use observation::OperationKind;

/// A function code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function(pub(super) u8);

impl Function {
    pub(super) const INIT_COMM: Self = Self(0x01);
    pub(super) const READ_ID: Self = Self(0x02);
    pub(super) const PROJECT_INFO: Self = Self(0x03);
    pub(super) const CARD_INFO: Self = Self(0x06);
    pub(super) const TAKE_RESERVATION: Self = Self(0x10);
    pub(super) const READ_MEMORY_BLOCK: Self = Self(0x20);

    /// What a request asks for.
    pub(super) fn operation(self) -> (OperationKind, &'static str) {
        use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
        match self.0 {
            0x01 => (Diagnostic, "init comm"),
            0x02 => (Identify, "read id"),
            0x03 => (Identify, "read project info"),
            0x04 => (Diagnostic, "read plc info"),
            0x06 => (Identify, "read card info"),
            0x0a => (Diagnostic, "repeat"),
            0x10 => (Program, "take plc reservation"),
            0x11 => (Program, "release plc reservation"),
            0x12 => (Diagnostic, "keep alive"),
            0x20 => (Read, "read memory block"),
            0x21 => (Write, "write memory block"),
            0x22 => (Read, "read variables"),
            0x23 => (Write, "write variables"),
            0x24 => (Read, "read coils and registers"),
            0x25 => (Write, "write coils and registers"),
            0x26 => (Read, "read data dictionary"),
            0x30 => (Program, "begin download"),
            0x31 => (Program, "download block"),
            0x32 => (Program, "end download"),
            0x33 => (Program, "begin upload"),
            0x34 => (Program, "upload block"),
            0x35 => (Program, "end upload"),
            0x36 => (Program, "backup of the project"),
            0x39 => (Diagnostic, "read ethernet master data"),
            0x40 => (Control, "start plc"),
            0x41 => (Control, "stop plc"),
            0x50 => (Read, "monitor plc"),
            0x58 => (Diagnostic, "check plc"),
            0x70 => (Read, "read i/o object"),
            0x71 => (Write, "write i/o object"),
            0x73 => (Diagnostic, "get status of module"),
            code => (Diagnostic, crate::numbered::function(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_program_is_engineering_and_the_unknown_keeps_its_number() {
        for code in 0x30..=0x36 {
            assert_eq!(Function(code).operation().0, OperationKind::Program);
        }
        assert_eq!(Function(0x41).operation(), (OperationKind::Control, "stop plc"));
        assert_eq!(Function(0x6d).operation(), (OperationKind::Diagnostic, "function 109"));
    }
}
