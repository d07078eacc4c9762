//! What the services do (FF-588 section 6.5; numbers of the message specification as in IEC 61158-6-5).

use observation::OperationKind::{self, Control, Identify, Program, Read, Write};

use super::wire::part;

/// What a confirmed request asks for; `None` for what only keeps a session up, and for numbers that are not known.
pub(super) fn asked(of: u8, service: u8) -> Option<(OperationKind, &'static str)> {
    match of {
        part::MANAGEMENT => management(service),
        part::FMS => message(service),
        _ => None,
    }
}

/// Numbers of services that are read.
pub(super) mod service {
    /// System management.
    pub(in super::super) const FIND_TAG_REPLY: u8 = 2;
    pub(in super::super) const IDENTIFY: u8 = 3;
    pub(in super::super) const ANNUNCIATION: u8 = 16;
    /// Message specification.
    pub(in super::super) const FMS_IDENTIFY: u8 = 1;
}

fn management(service: u8) -> Option<(OperationKind, &'static str)> {
    Some(match service {
        service::IDENTIFY => (Identify, "sm identify"),
        12 => (Program, "clear address"),
        14 => (Program, "set assignment info"),
        15 => (Program, "clear assignment info"),
        _ => return None,
    })
}

fn message(service: u8) -> Option<(OperationKind, &'static str)> {
    Some(match service {
        0 => (OperationKind::Diagnostic, "status"),
        service::FMS_IDENTIFY => (Identify, "identify"),
        2 | 82 => (Read, "read"),
        3 | 83 => (Write, "write"),
        4 => (Read, "get object dictionary"),
        7 => (Program, "define variable list"),
        8 => (Program, "delete variable list"),
        9 | 31 => (Program, "initiate download"),
        10 | 32 => (Program, "download segment"),
        11 | 33 => (Program, "terminate download"),
        12..=14 => (Program, "upload"),
        15 => (Program, "request domain download"),
        16 => (Program, "request domain upload"),
        17 => (Program, "create program invocation"),
        18 => (Program, "delete program invocation"),
        19 => (Control, "start"),
        20 => (Control, "stop"),
        21 => (Control, "resume"),
        22 => (Control, "reset"),
        23 => (Control, "kill"),
        24 => (Write, "alter event condition monitoring"),
        25 => (Control, "acknowledge event notification"),
        28..=30 => (Program, "put object dictionary"),
        _ => return None,
    })
}
