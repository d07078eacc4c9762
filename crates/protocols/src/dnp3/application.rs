//! Function codes and internal indications of the application layer (IEEE 1815-2012, clauses 4.2.2.5 and 4.2.2.6).

use observation::OperationKind;

use crate::numbered;

/// A function code of the application layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function(pub u8);

impl Function {
    /// Confirms a response that asked for it.
    pub const CONFIRM: Self = Self(0);
    /// Reads objects.
    pub const READ: Self = Self(1);
    /// Writes objects.
    pub const WRITE: Self = Self(2);
    /// Carries user name and password.
    pub const AUTHENTICATE_FILE: Self = Self(29);

    /// True for responses: solicited, unsolicited and of authentication. Only outstations send them.
    #[must_use]
    pub fn is_response(self) -> bool {
        (129..=131).contains(&self.0)
    }

    /// True if the object headers of a request are followed by objects; others only name objects (clause 4.4).
    #[must_use]
    pub fn carries_objects(self) -> bool {
        !matches!(self.0, 0 | 1 | 7..=10 | 20..=22)
    }

    /// True if its objects hold passwords or keys: file and secure authentication.
    #[must_use]
    pub fn carries_secrets(self) -> bool {
        self == Self::AUTHENTICATE_FILE || matches!(self.0, 32 | 33 | 131)
    }

    /// What a request asks for, by its code and the group of its first object; `None` for confirmations and responses.
    #[must_use]
    pub fn operation(self, group: Option<u8>) -> Option<(OperationKind, &'static str)> {
        use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
        Some(match (self.0, group) {
            (0 | 128.., _) => return None,
            (1, Some(0)) => (Identify, "read device attributes"),
            (1, Some(70)) => (Read, "read file"),
            (1, _) => (Read, "read"),
            (2, Some(50)) => (Control, "write time"),
            (2, Some(70)) => (Program, "write file"),
            (2, Some(80)) => (Control, "write internal indications"),
            (2, _) => (Write, "write"),
            (3, _) => (Write, "select"),
            (4, _) => (Write, "operate"),
            (5, _) => (Write, "direct operate"),
            (6, _) => (Write, "direct operate, no response"),
            (7, _) => (Control, "immediate freeze"),
            (8, _) => (Control, "immediate freeze, no response"),
            (9, _) => (Control, "freeze and clear"),
            (10, _) => (Control, "freeze and clear, no response"),
            (11, _) => (Control, "freeze at time"),
            (12, _) => (Control, "freeze at time, no response"),
            (13, _) => (Control, "cold restart"),
            (14, _) => (Control, "warm restart"),
            (15, _) => (Control, "initialize data"),
            (16, _) => (Control, "initialize application"),
            (17, _) => (Control, "start application"),
            (18, _) => (Control, "stop application"),
            (19, _) => (Program, "save configuration"),
            (20, _) => (Control, "enable unsolicited responses"),
            (21, _) => (Control, "disable unsolicited responses"),
            (22, _) => (Control, "assign class"),
            (23, _) => (Diagnostic, "delay measurement"),
            (24, _) => (Control, "record current time"),
            (25, _) => (Program, "open file"),
            (26, _) => (Program, "close file"),
            (27, _) => (Program, "delete file"),
            (28, _) => (Program, "get file information"),
            (29, _) => (Program, "authenticate file"),
            (30, _) => (Program, "abort file transfer"),
            (31, _) => (Program, "activate configuration"),
            (32, _) => (Diagnostic, "authentication request"),
            (33, _) => (Diagnostic, "authentication request, no acknowledgement"),
            (code, _) => (Diagnostic, numbered::function(code)),
        })
    }
}

/// What a primary link frame of a master asks of the link layer (clause 9.2.4.3.7, table 9-1); `None` where it carries
/// the layers above.
pub(super) fn link_operation(function: u8) -> Option<(OperationKind, &'static str)> {
    match function {
        0 => Some((OperationKind::Diagnostic, "reset link states")),
        1 => Some((OperationKind::Control, "reset user process")),
        2 => Some((OperationKind::Diagnostic, "test link states")),
        9 => Some((OperationKind::Diagnostic, "request link status")),
        _ => None,
    }
}

/// The internal indications that tell something of the device, least significant bit of the first octet first.
const INDICATIONS: [(u16, &str); 5] = [
    (0x0010, "need time"),
    (0x0020, "local control"),
    (0x0040, "device trouble"),
    (0x0080, "device restart"),
    (0x2000, "configuration corrupt"),
];

/// The indications of both octets that tell something of the device; class events, errors of requests and the like are
/// left out.
pub(super) fn noteworthy(octets: &[u8]) -> u16 {
    let all = octets.first_chunk::<2>().map_or(0, |octets| u16::from_le_bytes(*octets));
    INDICATIONS.iter().fold(0, |kept, (bit, _)| kept | all & bit)
}

/// `device restart, need time` of the two octets of internal indications; `None` if there is nothing of note.
pub(super) fn indications(octets: &[u8]) -> Option<String> {
    let set = noteworthy(octets);
    let words: Vec<&str> =
        INDICATIONS.iter().filter(|(bit, _)| set & bit != 0).map(|(_, word)| *word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_decide_what_reading_and_writing_means() {
        assert_eq!(Function::READ.operation(Some(60)), Some((OperationKind::Read, "read")));
        assert_eq!(
            Function::READ.operation(Some(0)),
            Some((OperationKind::Identify, "read device attributes"))
        );
        assert_eq!(Function::WRITE.operation(Some(50)), Some((OperationKind::Control, "write time")));
        assert_eq!(Function::WRITE.operation(None), Some((OperationKind::Write, "write")));
        assert_eq!(Function::CONFIRM.operation(None), None);
        assert_eq!(Function(129).operation(None), None);
        assert_eq!(Function(99).operation(None), Some((OperationKind::Diagnostic, "function 99")));
    }

    #[test]
    fn only_indications_of_note_are_worded() {
        assert_eq!(indications(&[0x82, 0x00]).as_deref(), Some("device restart"));
        assert_eq!(
            indications(&[0x90, 0x20]).as_deref(),
            Some("need time, device restart, configuration corrupt")
        );
        assert_eq!(indications(&[0x0f, 0x01]), None);
    }
}
