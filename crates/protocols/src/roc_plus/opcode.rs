//! Opcodes (chapter 2, table 2-1): names, and the lengths by which a request is told from an answer.

use observation::OperationKind;

/// An opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opcode(pub(super) u8);

impl Opcode {
    pub(super) const SYSTEM_CONFIGURATION: Self = Self(6);
    pub(super) const LOGIN: Self = Self(17);
    pub(super) const READ_SINGLE_POINT: Self = Self(167);
    pub(super) const READ_PARAMETERS: Self = Self(180);
    pub(super) const FILE_TRANSFER: Self = Self(203);

    /// True if the manual has it.
    pub(super) fn is_known(self) -> bool {
        self.name().is_some()
    }

    /// What a request asks for; `data` are its arguments.
    pub(super) fn operation(self, data: &[u8]) -> (OperationKind, &'static str) {
        if self == Self::FILE_TRANSFER {
            return file(data.first().copied());
        }
        self.name().unwrap_or((OperationKind::Diagnostic, "unknown opcode"))
    }

    fn name(self) -> Option<(OperationKind, &'static str)> {
        use OperationKind::{Control, Diagnostic, Identify, Read, Write};
        Some(match self.0 {
            6 => (Identify, "system configuration"),
            7 => (Diagnostic, "read real-time clock"),
            8 => (Control, "set real-time clock"),
            10 => (Read, "read configurable opcode point data"),
            11 => (Write, "write configurable opcode point data"),
            17 => (Diagnostic, "login request"),
            24 => (Diagnostic, "store and forward"),
            50 => (Diagnostic, "request i/o point position"),
            100 => (Diagnostic, "access user-defined information"),
            105 => (Read, "request today's and yesterday's min/max values"),
            108 => (Read, "request history tag and periodic index"),
            118 => (Read, "request alarm data"),
            119 => (Read, "request event data"),
            135 => (Read, "request single history point data"),
            136 => (Read, "request multiple history point data"),
            137 => (Read, "request history index for a day"),
            138 => (Read, "request daily and periodic history for a day"),
            139 => (Read, "history information data"),
            166 => (Write, "set single point parameters"),
            167 => (Read, "request single point parameters"),
            180 => (Read, "request parameters"),
            181 => (Write, "write parameters"),
            203 => (Read, "general file transfer"),
            205 => (Diagnostic, "peer-to-peer network message"),
            206 => (Read, "read transaction history data"),
            224 => (Diagnostic, "spontaneous report by exception"),
            225 => (Diagnostic, "acknowledge report by exception"),
            255 => (Diagnostic, "error indicator"),
            _ => return None,
        })
    }

    /// Whether a message of this length asks, where that is certain.
    pub(super) fn asks(self, length: u8) -> Option<bool> {
        match (self.0, length) {
            (6 | 7, 0) | (167, 4) | (10 | 118 | 119 | 137, 3) | (50, 1) => Some(true),
            (6 | 7 | 10 | 50 | 118 | 119, _) => Some(false),
            (167, 5..) => Some(false),
            (8 | 11 | 166, 0) | (17, 0 | 24) | (255, _) => Some(false),
            (8 | 11 | 166, 1..) | (17, 6 | 11 | 13 | 71 | 76) => Some(true),
            _ => None,
        }
    }
}

/// Commands of the file transfer (table 2-27).
fn file(command: Option<u8>) -> (OperationKind, &'static str) {
    use OperationKind::{Program, Read};
    match command {
        Some(1) => (Read, "file transfer open"),
        Some(2) => (Read, "file transfer read"),
        Some(3) => (Program, "file transfer write"),
        Some(4) => (Read, "file transfer close"),
        Some(5) => (Program, "file transfer delete"),
        Some(6 | 64) => (Read, "file transfer directory or delete"),
        _ => (Read, "general file transfer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_by_their_length_where_it_is_their_own() {
        assert_eq!(Opcode(6).asks(0), Some(true));
        assert_eq!(Opcode(6).asks(97), Some(false));
        assert_eq!(Opcode(167).asks(4), Some(true));
        assert_eq!(Opcode(205).asks(5), None);
        assert_eq!(Opcode(180).asks(4), None);
    }

    #[test]
    fn every_opcode_has_a_name() {
        assert_eq!(Opcode(8).operation(&[]), (OperationKind::Control, "set real-time clock"));
        assert_eq!(Opcode(203).operation(&[3]).0, OperationKind::Program);
        assert_eq!(Opcode(99).operation(&[]), (OperationKind::Diagnostic, "unknown opcode"));
        assert!(!Opcode(99).is_known() && Opcode(255).is_known());
    }
}
