//! Functions: which service of a node is asked, and what remote data base access does.

use observation::OperationKind;

/// Remote data base access.
pub(super) const RDB: u8 = 0xa0;
/// Its extension.
pub(super) const RDB_EXTENSION: u8 = 0xa1;
/// The programming tool or the master's own software: what answers are for.
pub(super) const PEI_PC: u8 = 0x03;

/// What a message to a function other than remote data base access asks; `None` where it is no request.
pub(super) fn service(function: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Program, Read};
    match function {
        PEI_PC => (Diagnostic, "on-line access"),
        0x10 => (Program, "flash download"),
        0x11 => (Program, "flash configuration"),
        0x85 => (Read, "poll"),
        0x86..=0x8b => (Diagnostic, "link acknowledge"),
        0x95 => (Diagnostic, "link refusal"),
        _ => (Diagnostic, "unknown bsap function"),
    }
}

/// What a function of remote data base access does.
pub(super) fn rdb(function: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Read, Write};
    match function {
        0x00 => (Read, "read signal by address"),
        0x02 => (Read, "read logical by address"),
        0x04 => (Read, "read signal by name"),
        0x06 => (Read, "read logical by name"),
        0x0c => (Read, "read signal by list start"),
        0x0d => (Read, "read signal by list continue"),
        0x0e => (Read, "read logical by list start"),
        0x0f => (Read, "read logical by list continue"),
        0x80 => (Write, "write signal by address"),
        0x84 => (Write, "write signal by name"),
        0x8c => (Write, "write signal by list start"),
        0x8d => (Write, "write signal by list continue"),
        _ => (Diagnostic, "unknown remote data base access"),
    }
}

/// What a function of its extension does.
pub(super) fn extension(function: u16) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Program};
    match function {
        0x0101 => (Control, "reset system"),
        0x0102 => (Control, "diagnostics reset"),
        0x0201 => (Diagnostic, "read date and time"),
        0x0202 => (Diagnostic, "read date"),
        0x0203 => (Diagnostic, "read time"),
        0x0281 => (Control, "write date and time"),
        0x0400 => (Program, "change local node address"),
        _ => (Diagnostic, "unknown remote data base extension"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_writing_and_engineering_are_told_apart() {
        assert_eq!(rdb(0x04).0, OperationKind::Read);
        assert_eq!(rdb(0x84), (OperationKind::Write, "write signal by name"));
        assert_eq!(extension(0x0101), (OperationKind::Control, "reset system"));
        assert_eq!(service(0x10), (OperationKind::Program, "flash download"));
        assert_eq!(service(0x77).1, "unknown bsap function");
    }
}
