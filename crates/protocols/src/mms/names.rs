//! What services and writes are called and what kind of operation they are.
//!
//! Services and their numbers: ISO 9506-2 chapter 7.3; names of IEC 61850 data: IEC 61850-8-1 chapter 7.3.2; names of
//! TASE.2: IEC 60870-6-802 chapter 5. Written down on 2026-11-22.

use observation::OperationKind;
use observation::OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};

/// An operation: its kind and its name.
pub(super) type Named = (OperationKind, &'static str);

/// The operation of a confirmed service.
pub(super) fn service(number: u32) -> Named {
    match number {
        0 => (Diagnostic, "status"),
        1 => (Read, "get name list"),
        2 => (Identify, "identify"),
        3 => (Program, "rename"),
        4 => (Read, "read"),
        5 => (Write, "write"),
        6 => (Read, "get variable access attributes"),
        7 => (Program, "define named variable"),
        8 => (Program, "define scattered access"),
        9 => (Read, "get scattered access attributes"),
        10 => (Program, "delete variable access"),
        // Data sets: clients make and drop them for their reports.
        11 => (Write, "define named variable list"),
        12 => (Read, "get named variable list attributes"),
        13 => (Write, "delete named variable list"),
        14 => (Program, "define named type"),
        15 => (Read, "get named type attributes"),
        16 => (Program, "delete named type"),
        17 => (Read, "input"),
        18 => (Write, "output"),
        19 => (Control, "take control"),
        20 => (Control, "relinquish control"),
        21 => (Write, "define semaphore"),
        22 => (Write, "delete semaphore"),
        23 => (Read, "report semaphore status"),
        24 => (Read, "report pool semaphore status"),
        25 => (Read, "report semaphore entry status"),
        26 => (Program, "initiate download sequence"),
        27 => (Program, "download segment"),
        28 => (Program, "terminate download sequence"),
        29 => (Program, "initiate upload sequence"),
        30 => (Program, "upload segment"),
        31 => (Program, "terminate upload sequence"),
        32 => (Program, "request domain download"),
        33 => (Program, "request domain upload"),
        34 => (Program, "load domain content"),
        35 => (Program, "store domain content"),
        36 => (Program, "delete domain"),
        37 => (Read, "get domain attributes"),
        38 => (Program, "create program invocation"),
        39 => (Program, "delete program invocation"),
        40 => (Control, "start"),
        41 => (Control, "stop"),
        42 => (Control, "resume"),
        43 => (Control, "reset"),
        44 => (Control, "kill"),
        45 => (Read, "get program invocation attributes"),
        46 => (Program, "obtain file"),
        47 | 53 | 57 => (Write, "define event"),
        48 | 54 | 58 => (Write, "delete event"),
        49 | 50 | 55 | 56 | 60 | 61 => (Read, "get event attributes"),
        51 | 59 => (Write, "alter event"),
        52 => (Write, "trigger event"),
        62 => (Write, "acknowledge event notification"),
        63 => (Read, "get alarm summary"),
        64 => (Read, "get alarm enrollment summary"),
        65 => (Read, "read journal"),
        66 => (Write, "write journal"),
        67 => (Write, "initialize journal"),
        68 => (Read, "report journal status"),
        69 => (Write, "create journal"),
        70 => (Write, "delete journal"),
        71 => (Identify, "get capability list"),
        72 => (Read, "file open"),
        73 => (Read, "file read"),
        74 => (Read, "file close"),
        75 => (Program, "file rename"),
        76 => (Program, "file delete"),
        77 => (Read, "file directory"),
        _ => (Diagnostic, "other service"),
    }
}

/// The operation of a write, by the name of what is written.
pub(super) fn written(item: &[u8]) -> Named {
    let plain = service(5);
    let mut parts = item.split(|octet| *octet == b'$').skip(1);
    let Some(constraint) = parts.next() else { return tase2_written(item).unwrap_or(plain) };
    let has = |part: &[u8]| parts.clone().any(|other| other == part);
    match constraint {
        b"CO" if has(b"Cancel") => (Control, "cancel"),
        b"CO" if has(b"SBOw") => (Control, "select with value"),
        b"CO" => (Control, "operate"),
        b"SP" if has(b"ActSG") => (Control, "select active setting group"),
        b"SP" if has(b"EditSG") || has(b"CnfEdit") => (Write, "edit setting group"),
        b"SP" | b"SG" | b"SE" | b"CF" => (Write, "write setting"),
        // How clients subscribe to reports and logs.
        b"RP" | b"BR" | b"LG" => (Read, "set report control block"),
        b"GO" | b"GS" => (Write, "set goose control block"),
        b"MS" | b"US" => (Write, "set sampled value control block"),
        b"SV" => (Write, "substitute value"),
        _ => plain,
    }
}

/// The operation of a read, by the name of what is read.
pub(super) fn read(item: &[u8]) -> Named {
    let mut parts = item.split(|octet| *octet == b'$').skip(1);
    if parts.next() == Some(b"CO") && parts.any(|part| part == b"SBO") {
        return (Control, "select");
    }
    service(4)
}

fn tase2_written(item: &[u8]) -> Option<Named> {
    // Devices and their control are named by users; what the standard names are the transfer sets.
    is_tase2(item).then_some((Read, "set transfer set"))
}

/// True for the names that TASE.2 itself gives to objects.
pub(super) fn is_tase2(item: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"TASE2_Version",
        b"Supported_Features",
        b"Bilateral_Table_ID",
        b"Next_DSTransfer_Set",
        b"Next_TSTransfer_Set",
        b"Transfer_Set_Name",
        b"Transfer_Set_Time_Stamp",
        b"DSConditions_Detected",
        b"Event_Code_Detected",
        b"Transfer_Report_ACK",
    ];
    NAMES.contains(&item)
}

/// True for names of IEC 61850: logical node, `$`, functional constraint.
pub(super) fn is_iec61850(item: &[u8]) -> bool {
    const CONSTRAINTS: [&[u8]; 17] = [
        b"ST", b"MX", b"SP", b"SV", b"CF", b"DC", b"SG", b"SE", b"SR", b"OR", b"BL", b"EX", b"CO", b"RP",
        b"BR", b"GO", b"LG",
    ];
    item.split(|octet| *octet == b'$').nth(1).is_some_and(|constraint| CONSTRAINTS.contains(&constraint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_decides_what_a_write_is() {
        for (item, expected) in [
            ("CSWI1$CO$Pos$Oper", (Control, "operate")),
            ("CSWI1$CO$Pos$Oper$ctlVal", (Control, "operate")),
            ("CSWI1$CO$Pos$SBOw", (Control, "select with value")),
            ("CSWI1$CO$Pos$Cancel", (Control, "cancel")),
            ("LLN0$SP$SGCB$ActSG", (Control, "select active setting group")),
            ("LLN0$BR$brcbA01$RptEna", (Read, "set report control block")),
            ("LLN0$GO$gcb01$GoEna", (Write, "set goose control block")),
            ("PTOC1$SE$StrVal$setMag$f", (Write, "write setting")),
            ("mu", (Write, "write")),
            ("Next_DSTransfer_Set", (Read, "set transfer set")),
        ] {
            assert_eq!(written(item.as_bytes()), expected, "{item}");
        }
        assert_eq!(read(b"CSWI1$CO$Pos$SBO"), (Control, "select"));
        assert_eq!(read(b"CSWI1$ST$Pos$stVal"), (Read, "read"));
    }

    #[test]
    fn the_two_users_of_mms_are_told_apart_by_their_names() {
        assert!(is_tase2(b"TASE2_Version") && !is_tase2(b"LLN0$ST$Mod"));
        assert!(is_iec61850(b"LLN0$ST$Mod") && !is_iec61850(b"LLN0") && !is_iec61850(b"A$B$C"));
    }
}
