//! What a request asks for, in the standard's words.

use observation::OperationKind;

use super::wire::Block;

/// What an Identify request asks for. `None` for blocks that only narrow the request.
pub(super) fn identify(option: u8, suboption: u8) -> &'static str {
    match (option, suboption) {
        (2, 2) => "identify by name of station",
        (2, 6) => "identify by alias name",
        (0xff, 0xff) => "identify all",
        _ => "identify by filter",
    }
}

/// What a block of a Set request does; `None` for the ends of a transaction.
///
/// An IO controller gives its devices their addresses at every start, for as long as they are powered; what is set for
/// good comes from an engineering tool (bit 0 of the BlockQualifier, IEC 61158-6-10 chapter 4.3.1.4.10).
pub(super) fn set(block: &Block<'_>) -> Option<(OperationKind, &'static str)> {
    use OperationKind::{Control, Program};
    let is_permanent = block.qualified().is_none_or(|(qualifier, _)| qualifier & 1 != 0);
    Some(match (block.option, block.suboption) {
        (1, 2 | 3) if !is_permanent => (Control, "set temporary ip parameter"),
        (1, 2) => (Program, "set ip parameter"),
        (1, 3) => (Program, "set full ip suite"),
        (2, 2) => (Program, "set name of station"),
        (2, 6) => (Program, "set alias name"),
        (2, 9) => (Program, "set standard gateway"),
        (3, _) => (Program, "set dhcp parameter"),
        (5, 1 | 2 | 4) => return None,
        (5, 3) => (Control, "signal"),
        (5, 5) => (Control, "factory reset"),
        (5, 6) => (Control, "reset to factory"),
        (6, _) => (Program, "set device initiative"),
        (0x80..=0xfe, _) => (Program, "set manufacturer specific parameter"),
        _ => (Program, "set other parameter"),
    })
}
