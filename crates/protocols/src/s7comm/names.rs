//! What functions are called and what kind of operation they are.
//!
//! The tables were written on 2026-11-22 from the names that STEP 7, the SINUMERIK documentation of program
//! invocation services and public analyses of the protocol use. What is not in them is counted as "other …".

use observation::OperationKind;
use observation::OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};

use super::wire::Function;

/// An operation: its kind and its name.
pub(super) type Named = (OperationKind, &'static str);

/// The operation that a job asks for; program invocations are named by [`pi_service`].
pub(super) fn job(function: Function) -> Named {
    match function.0 {
        0x00 => (Diagnostic, "cpu services"),
        0x04 => (Read, "read variables"),
        0x05 => (Write, "write variables"),
        0x1a => (Program, "request download"),
        0x1b => (Program, "download block"),
        0x1c => (Program, "download ended"),
        0x1d => (Program, "start upload"),
        0x1e => (Program, "upload"),
        0x1f => (Program, "end upload"),
        0x28 => (Control, "other pi service"),
        0x29 => (Control, "plc stop"),
        0xf0 => (Diagnostic, "setup communication"),
        _ => (Diagnostic, "other job"),
    }
}

/// The operation of a program invocation service with its argument.
pub(super) fn pi_service(name: &[u8], argument: &[u8]) -> Named {
    match (name, argument) {
        (b"P_PROGRAM", b"C ") => (Control, "plc cold start"),
        (b"P_PROGRAM", _) => (Control, "plc start"),
        (b"_INSE" | b"_INS2", _) => (Program, "insert block"),
        (b"_DELE", _) => (Program, "delete block"),
        (b"_MODU", _) => (Program, "copy ram to rom"),
        (b"_GARB", _) => (Program, "compress memory"),
        (b"_N_LOGIN_", _) => (Control, "nc login"),
        (b"_N_LOGOUT", _) => (Control, "nc logout"),
        (b"_N_SELECT" | b"_N_EXTERN", _) => (Control, "nc select program"),
        (b"_N_CONFIG", _) => (Program, "nc activate machine data"),
        (b"_N_F_DELE" | b"_N_F_DELR", _) => (Program, "nc delete file"),
        (b"_N_F_OPEN" | b"_N_F_OPER" | b"_N_F_CLOS" | b"_N_F_SEEK" | b"_N_F_XFER" | b"_N_EXTMOD", _) => {
            (Program, "nc file access")
        }
        (b"_N_SETUFR", _) => (Control, "nc activate user frames"),
        (name, _) if name.starts_with(b"_N_") => (Control, "other nc service"),
        _ => job(Function::PI_SERVICE),
    }
}

/// The operation that userdata asks for. A system status list is named by [`szl`].
pub(super) fn userdata(group: u8, subfunction: u8) -> Named {
    match (group, subfunction) {
        (1, 0x01 | 0x13) => (Read, "block status"),
        (1, 0x02) => (Read, "monitor variables"),
        (1, 0x03..=0x05) => (Diagnostic, "read stacks"),
        (1, 0x06) => (Diagnostic, "measure times"),
        (1, 0x07) => (Read, "read forces"),
        (1, 0x08) => (Write, "modify variables"),
        (1, 0x09) => (Write, "force variables"),
        (1, 0x0a) => (Control, "breakpoint"),
        (1, 0x0b) => (Control, "exit hold"),
        (1, 0x0c) => (Control, "memory reset"),
        (1, 0x0d) => (Diagnostic, "disable test job"),
        (1, 0x0e) => (Diagnostic, "enable test job"),
        (1, 0x0f) => (Diagnostic, "delete test job"),
        (1, 0x10) => (Diagnostic, "read test job list"),
        (1, 0x11) => (Diagnostic, "read test job"),
        (1, 0x12) => (Diagnostic, "replace test job"),
        (1, 0x16) => (Diagnostic, "flash led"),
        (1, _) => (Diagnostic, "other programmer command"),
        (2, 0x01 | 0x05) => (Read, "request cyclic data"),
        (2, 0x07) => (Read, "modify cyclic data"),
        (2, 0x04) => (Diagnostic, "unsubscribe cyclic data"),
        (2, _) => (Read, "other cyclic data"),
        (3, 1) => (Read, "list blocks"),
        (3, 2) => (Read, "list blocks of type"),
        (3, 3) => (Read, "block info"),
        (3, _) => (Read, "other block function"),
        (4, 0x02) => (Diagnostic, "message service"),
        (4, 0x07) => (Diagnostic, "lock alarms"),
        (4, 0x08) => (Diagnostic, "unlock alarms"),
        (4, 0x0b) => (Diagnostic, "acknowledge alarm"),
        (4, 0x13) => (Diagnostic, "query alarms"),
        (4, _) => (Diagnostic, "other cpu function"),
        (5, 1) => (Control, "plc password"),
        (5, 2) => (Control, "clear plc password"),
        (5, _) => (Control, "other security function"),
        (6, _) => (Write, "block send"),
        (7, 1 | 3) => (Diagnostic, "read clock"),
        (7, 2 | 4) => (Control, "set clock"),
        (7, _) => (Diagnostic, "other time function"),
        (15, 1..=4) => (Program, "nc download"),
        (15, 6..=8) => (Program, "nc upload"),
        _ => (Diagnostic, "other userdata"),
    }
}

/// The operation of reading a system status list: lists 00, 11 and 1C tell who the CPU is, lists 91 to 96 what is
/// plugged and connected and how it is, list A0 what happened.
pub(super) fn szl(id: u16) -> Named {
    match id & 0x00ff {
        0x00 | 0x11 | 0x1c => (Identify, "read identification szl"),
        0x91..=0x96 => (Diagnostic, "read module states szl"),
        0xa0 => (Diagnostic, "read diagnostic buffer szl"),
        _ => (Diagnostic, "read szl"),
    }
}

/// Name of a block type, as blocks carry it (`0x08`) and as file names spell it (`08`).
pub(super) fn block_type(code: u8) -> Option<&'static str> {
    Some(match code {
        0x08 => "OB",
        0x0a => "DB",
        0x0b => "SDB",
        0x0c => "FC",
        0x0d => "SFC",
        0x0e => "FB",
        0x0f => "SFB",
        _ => return None,
    })
}

/// Language a block is written in.
pub(super) fn language(code: u8) -> Option<&'static str> {
    Some(match code {
        0x01 => "STL",
        0x02 => "LAD",
        0x03 => "FBD",
        0x04 => "SCL",
        0x05 => "DB",
        0x06 => "GRAPH",
        0x07 => "SDB",
        0x29 => "encrypted",
        _ => return None,
    })
}

/// Operating mode after a transition, by the low half of the transition octet of list 24.
pub(crate) fn mode(code: u8) -> Option<&'static str> {
    Some(match code {
        0x1..=0x4 => "STOP",
        0x5..=0x7 => "STARTUP",
        0x8 => "RUN",
        0x9 => "RUN-R",
        0xa => "HOLD",
        0xb => "LINK-UP",
        0xc => "UPDATE",
        0xd => "DEFECT",
        0xe => "SELF-TEST",
        0xf => "NO POWER",
        _ => return None,
    })
}

/// Operating mode that a mode transition reports unasked.
pub(super) fn pushed_mode(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "STOP",
        1 | 3 | 6 => "STARTUP",
        2 => "RUN",
        4 => "HOLD",
        9 => "RUN-R",
        11 => "LINK-UP",
        12 => "UPDATE",
        _ => return None,
    })
}

/// Who makes modules of such an order number: the families of Siemens, and makers of compatible CPUs who put their
/// name in front.
pub(crate) fn vendor(order_number: &[u8]) -> Option<&'static str> {
    const SIEMENS: [&[u8]; 14] = [
        b"6ES", b"6AG", b"6GK", b"6AV", b"6FC", b"6SL", b"6SE", b"6DD", b"6NH", b"6ED", b"6EP", b"6DL",
        b"7MH", b"3RK",
    ];
    match order_number {
        _ if SIEMENS.iter().any(|family| order_number.starts_with(family)) => Some("Siemens AG"),
        _ if order_number.starts_with(b"VIPA") => Some("VIPA"),
        _ => None,
    }
}

/// Name of an I&M manufacturer id, as PROFIBUS & PROFINET International assigns them.
pub(crate) fn manufacturer(id: u16) -> Option<&'static str> {
    match id {
        42 => Some("Siemens AG"),
        _ => None,
    }
}
