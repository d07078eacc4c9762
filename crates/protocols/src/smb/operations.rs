//! Named pipes that mean something, and commands that read and write.

use observation::OperationKind;

/// Pipes by name ([MS-SCMR], [MS-TSCH], [MS-RRP], [MS-SRVS], [MS-WKST], [MS-SAMR], [MS-LSAD], [MS-NRPC], [MS-RPRN],
/// [MS-EVEN], [MS-BRWSA], each section 2.1; [MS-RPCE] section 2.1.1.2), with the operation that opening one is.
const PIPES: &[(&str, OperationKind, &str)] = &[
    ("atsvc", OperationKind::Control, "open task scheduler pipe"),
    ("browser", OperationKind::Identify, "open browser pipe"),
    ("epmapper", OperationKind::Identify, "open endpoint mapper pipe"),
    ("eventlog", OperationKind::Read, "open event log pipe"),
    ("lsarpc", OperationKind::Identify, "open local security authority pipe"),
    ("netlogon", OperationKind::Identify, "open netlogon pipe"),
    ("samr", OperationKind::Read, "open account manager pipe"),
    ("spoolss", OperationKind::Write, "open print spooler pipe"),
    ("srvsvc", OperationKind::Identify, "open server service pipe"),
    ("svcctl", OperationKind::Control, "open service control pipe"),
    ("winreg", OperationKind::Read, "open registry pipe"),
    ("wkssvc", OperationKind::Identify, "open workstation service pipe"),
];

/// What opening a file of this name is, where the name is that of a pipe. `name` may begin with backslashes.
pub(super) fn pipe(name: impl Iterator<Item = u16> + Clone) -> Option<(OperationKind, &'static str)> {
    let name = name.skip_while(|unit| *unit == u16::from(b'\\'));
    let lower = |unit: u16| u8::try_from(unit).ok().map(|octet| octet.to_ascii_lowercase());
    PIPES
        .iter()
        .find(|(pipe, ..)| name.clone().map(lower).eq(pipe.bytes().map(Some)))
        .map(|(_, kind, operation)| (*kind, *operation))
}

/// The units of UTF-16 text.
pub(super) fn units(octets: &[u8]) -> impl Iterator<Item = u16> + Clone + '_ {
    octets
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes))
        .take_while(|unit| *unit != 0)
}

/// Commands of SMB 1 that are operations ([MS-CIFS] section 2.2.2.1).
pub(super) fn smb1(command: u8) -> Option<(OperationKind, &'static str)> {
    match command {
        0x06 => Some((OperationKind::Write, "delete")),
        0x07 => Some((OperationKind::Write, "rename")),
        0x0a | 0x2e => Some((OperationKind::Read, "read")),
        0x0b | 0x2f => Some((OperationKind::Write, "write")),
        _ => None,
    }
}

/// Commands of SMB 2 that are operations ([MS-SMB2] section 2.2.1.2).
pub(super) fn smb2(command: u16) -> Option<(OperationKind, &'static str)> {
    match command {
        0x08 => Some((OperationKind::Read, "read")),
        0x09 => Some((OperationKind::Write, "write")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_are_known_by_name_however_it_is_written() {
        assert_eq!(pipe(units(b"s\0v\0c\0c\0t\0l\0")).unwrap().1, "open service control pipe");
        assert_eq!(pipe("\\SRVSVC".encode_utf16()).unwrap().0, OperationKind::Identify);
        assert_eq!(pipe("svcctl2".encode_utf16()), None);
        assert_eq!(pipe("".encode_utf16()), None);
    }
}
