//! The command set (1770-6.5.16, chapter 7, "Communication commands").

use observation::OperationKind;

/// Command code without the bits of replies and priority, and function code where the command has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Bits 0 to 3 of CMD.
    pub(super) code: u8,
    /// FNC; `None` where the message ends before it, or the command has none.
    pub(super) function: Option<u8>,
}

impl Command {
    /// Diagnostic status: the identity of the processor.
    pub(super) const DIAGNOSTIC_STATUS: Self = Self { code: 0x06, function: Some(0x03) };

    /// True for the codes that a function follows.
    pub(super) fn has_function(code: u8) -> bool {
        matches!(code, 0x06 | 0x07 | 0x0f)
    }

    /// What it asks for.
    pub(super) fn operation(self) -> (OperationKind, &'static str) {
        use OperationKind::{Diagnostic, Read, Write};
        match (self.code, self.function) {
            (0x00, _) => (Write, "protected write"),
            (0x01, _) => (Read, "unprotected read"),
            (0x02, _) => (Write, "protected bit write"),
            (0x04, _) => (Read, "physical read"),
            (0x05, _) => (Write, "unprotected bit write"),
            (0x06, Some(function)) => diagnostics(function),
            (0x07, Some(function)) => modes(function),
            (0x08, _) => (Write, "unprotected write"),
            (0x0f, Some(function)) => extended(function),
            _ => (Diagnostic, "unknown pccc command"),
        }
    }
}

/// Command 06: the link and the processor.
fn diagnostics(function: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Identify};
    match function {
        0x00 => (Diagnostic, "echo"),
        0x01 => (Diagnostic, "read diagnostic counters"),
        0x02 => (Control, "set variables"),
        0x03 => (Identify, "diagnostic status"),
        0x04 => (Control, "set timeout"),
        0x05 => (Control, "set naks"),
        0x06 => (Control, "set enqs"),
        0x07 => (Diagnostic, "reset diagnostic counters"),
        0x08 => (Control, "set data table size"),
        0x09 => (Diagnostic, "read link parameters"),
        0x0a => (Control, "set link parameters"),
        code => (Diagnostic, crate::numbered::function(code)),
    }
}

/// Command 07: outputs and scan of older processors.
fn modes(function: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Program};
    match function {
        0x00 => (Control, "disable outputs"),
        0x01 => (Control, "enable program"),
        0x03 => (Control, "enable scan"),
        0x04 => (Program, "enter download mode"),
        0x05 => (Program, "exit download/upload mode"),
        0x06 => (Program, "enter upload mode"),
        code => (Diagnostic, crate::numbered::function(code)),
    }
}

/// Command 0F: PLC-3, PLC-5, SLC 500 and MicroLogix.
fn extended(function: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Program, Read, Write};
    match function {
        0x00 => (Write, "word range write"),
        0x01 => (Read, "word range read"),
        0x02 => (Write, "bit write"),
        0x03 => (Write, "file write"),
        0x04 => (Read, "file read"),
        0x05 => (Program, "download request"),
        0x06 => (Program, "upload request"),
        0x07 => (Control, "shutdown"),
        0x08 => (Program, "physical write"),
        0x09 => (Program, "physical read"),
        0x0a => (Control, "restart request"),
        0x11 => (Program, "get edit resource"),
        0x12 => (Program, "return edit resource"),
        0x17 => (Program, "read bytes physical"),
        0x18 => (Program, "write bytes physical"),
        0x26 => (Write, "read-modify-write"),
        0x29 => (Diagnostic, "read section size"),
        0x3a => (Control, "set cpu mode"),
        0x41 => (Control, "disable forces"),
        0x50 => (Program, "download all request"),
        0x52 => (Program, "download completed"),
        0x53 => (Program, "upload all request"),
        0x55 => (Program, "upload completed"),
        0x57 => (Program, "initialize memory"),
        0x5e => (Program, "modify plc-2 compatibility file"),
        0x67 => (Write, "typed write"),
        0x68 => (Read, "typed read"),
        0x79 => (Write, "read-modify-write n"),
        0x80 => (Control, "change mode"),
        0x81 => (Program, "open file"),
        0x82 => (Program, "close file"),
        0x8f => (Program, "apply port configuration"),
        0xa1 => (Read, "protected typed logical read with two address fields"),
        0xa2 => (Read, "protected typed logical read with three address fields"),
        0xa7 => (Read, "protected typed file read"),
        0xa9 => (Write, "protected typed logical write with two address fields"),
        0xaa => (Write, "protected typed logical write with three address fields"),
        0xab => (Write, "protected typed logical write with mask"),
        0xaf => (Write, "protected typed file write"),
        code => (Diagnostic, crate::numbered::function(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_writing_control_and_engineering_are_told_apart() {
        let of = |code, function| Command { code, function }.operation();
        assert_eq!(of(0x0f, Some(0xa2)).0, OperationKind::Read);
        assert_eq!(of(0x0f, Some(0xaa)).0, OperationKind::Write);
        assert_eq!(of(0x0f, Some(0x80)), (OperationKind::Control, "change mode"));
        assert_eq!(of(0x0f, Some(0x11)), (OperationKind::Program, "get edit resource"));
        assert_eq!(of(0x06, Some(0x03)), (OperationKind::Identify, "diagnostic status"));
        assert_eq!(of(0x0f, Some(0x77)), (OperationKind::Diagnostic, "function 119"));
        assert_eq!(of(0x08, None), (OperationKind::Write, "unprotected write"));
        assert_eq!(of(0x0f, None), (OperationKind::Diagnostic, "unknown pccc command"));
    }
}
