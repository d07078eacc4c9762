//! Names of what is asked for.

use observation::OperationKind;

use super::blocks::Target;

/// Reading a record (indices: IEC 61158-6-10, chapter 5.2.3.5).
pub(super) fn read(target: Target) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Identify, Read};
    match target.index {
        0xaff0 => (Identify, "read i&m0"),
        0xaff1 => (Identify, "read i&m1"),
        0xaff2 => (Identify, "read i&m2"),
        0xaff3 => (Identify, "read i&m3"),
        0xaff4 => (Identify, "read i&m4"),
        0xaff5..=0xafff => (Identify, "read i&m record"),
        0xf840 => (Identify, "read i&m0 filter data"),
        0x8001 | 0xc001 | 0xe001 | 0xf000 | 0xf821 => (Identify, "read real identification"),
        0x8000 | 0xc000 | 0xe000 => (Identify, "read expected identification"),
        0xe002 => (Identify, "read module differences"),
        0xf841 | 0x802a | 0x8080 => (Diagnostic, "read real data of interface and ports"),
        0x800a..=0x8013 | 0xc00a..=0xc013 | 0xe00a..=0xe013 | 0xf00a..=0xf013 => {
            (Diagnostic, "read diagnosis")
        }
        0xf830 => (Diagnostic, "read log book"),
        _ => (Read, "read record"),
    }
}

/// Writing a record: parameters at start-up; identification by engineering tools.
pub(super) fn write(target: Target) -> (OperationKind, &'static str) {
    match target.index {
        0xaff1..=0xaff4 => (OperationKind::Program, "write i&m record"),
        0xe040 => (OperationKind::Write, "write multiple records"),
        _ => (OperationKind::Write, "write record"),
    }
}

/// Command of a control block (IEC 61158-6-10, chapter 5.2.4.43): they accompany every start of a relation.
pub(super) fn control(command: u16) -> &'static str {
    match command {
        0x0001 => "parameter end",
        0x0002 => "application ready",
        0x0004 => "release",
        0x0010 => "ready for companion",
        0x0020 => "ready for rt class 3",
        0x0040 => "parameter begin",
        _ => "control",
    }
}
