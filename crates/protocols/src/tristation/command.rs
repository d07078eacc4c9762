//! Commands, by the names that the TRITON framework gives them.

use observation::OperationKind;

/// What a command asks for.
pub(super) fn operation(command: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
    match command {
        0 => (Program, "start download all"),
        1 => (Program, "start download change"),
        2 => (Program, "update configuration"),
        3 => (Program, "upload configuration"),
        4 => (Program, "set i/o addresses"),
        5 => (Program, "allocate network"),
        6 => (Program, "load vector table"),
        7 => (Control, "set calendar"),
        8 => (Diagnostic, "get calendar"),
        9 => (Program, "set scan time"),
        10 => (Program, "end download all"),
        11 => (Program, "end download change"),
        12 => (Program, "cancel download change"),
        13 => (Diagnostic, "attach tricon"),
        14 => (Program, "set i/o address limits"),
        15 => (Program, "configure module"),
        16 => (Write, "set multiple point values"),
        17 => (Control, "enable all points"),
        18 => (Program, "upload vector table"),
        19 => (Identify, "get cp status"),
        20 => (Control, "run program"),
        21 => (Control, "halt program"),
        22 => (Control, "pause program"),
        23 => (Control, "do single scan"),
        24 => (Identify, "get chassis status"),
        25 => (Diagnostic, "get minimum scan time"),
        26 => (Program, "set node number"),
        27 => (Write, "set i/o point values"),
        28 => (Read, "get i/o point values"),
        29 => (Diagnostic, "get mp status"),
        30 => (Write, "set retentive values"),
        31 => (Control, "adjust clock calendar"),
        32 => (Control, "clear module alarms"),
        33 => (Diagnostic, "get event log"),
        34 => (Program, "set soe block"),
        35 => (Diagnostic, "record event log"),
        36 => (Read, "get soe data"),
        37 => (Control, "enable ovd"),
        38 => (Control, "disable ovd"),
        39 => (Control, "enable all ovds"),
        40 => (Control, "disable all ovds"),
        41 => (Diagnostic, "process modbus"),
        42 => (Program, "upload network"),
        43 => (Program, "set label"),
        44 => (Program, "configure system variables"),
        45 => (Program, "deconfigure module"),
        46 => (Read, "get system variables"),
        47 => (Identify, "get module types"),
        48 => (Program, "begin conversion table download"),
        49 => (Program, "continue conversion table download"),
        50 => (Program, "end conversion table download"),
        51 => (Diagnostic, "get conversion table"),
        52 => (Program, "set icm status"),
        53 => (Diagnostic, "broadcast soe data available"),
        54 => (Identify, "get module versions"),
        55 => (Program, "allocate program"),
        56 => (Program, "allocate function"),
        57 => (Control, "clear retentives"),
        58 => (Program, "set initial values"),
        59 => (Program, "start ts2 program download"),
        60 => (Program, "set ts2 data area"),
        61 => (Read, "get ts2 data"),
        62 => (Write, "set ts2 data"),
        63 => (Program, "set program information"),
        64 => (Identify, "get program information"),
        65 => (Program, "upload program"),
        66 => (Program, "upload function"),
        67 => (Diagnostic, "get point groups"),
        68 => (Program, "allocate symbol table"),
        69 => (Diagnostic, "get i/o address"),
        70 => (Diagnostic, "resend i/o address"),
        71 => (Diagnostic, "get program timing"),
        72 => (Program, "allocate multiple functions"),
        73 => (Identify, "get node number"),
        74 => (Program, "get symbol table"),
        80 => (Control, "go to download mode"),
        code => (Diagnostic, crate::numbered::function(code)),
    }
}

/// Models of modules by their type, those that connect a chassis to networks or compute (Nozomi Networks' list).
pub(super) fn module(kind: u16) -> Option<&'static str> {
    Some(match kind {
        1 => "3501 Discrete Input, 115 V",
        2 => "3502 Discrete Input, 48 V",
        3 => "3503 Discrete Input, 24 V",
        7 => "3505 Discrete Input, 24 V, Low Threshold",
        17 => "3601 Discrete Output, 115 VAC",
        19 => "3603 Discrete Output, 120 VDC",
        20 => "3604 Discrete Output, 24 VDC",
        24 => "3607 Discrete Output, 48 VDC",
        32 => "3701 Analog Input, 10 V",
        33 => "3700 Analog Input, 5 V",
        48 => "4119 EICM",
        49 => "420x Remote Extender Module",
        51 => "4509 Honeywell Data Highway Interface Module",
        52 => "4409 Safety Manager Module",
        55 => "4329 NCM",
        56 => "4609 ACM",
        57 => "4351B TCM",
        58 => "4352B TCM",
        59 => "4353 TCM/OPC",
        60 => "4354 TCM/OPC",
        84 => "4351 TCM",
        85 => "4352 TCM",
        86 => "4351A TCM",
        87 => "4352A TCM",
        94 => "3720 Analog Input, 5 V",
        95 => "3721 Differential Analog Input",
        104 => "3805 Analog Output",
        158 => "3625 Supervised Discrete Output, 24 V",
        255 => "3008 Main Processor",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_the_program_or_stops_it_is_told_from_looking() {
        assert_eq!(operation(21), (OperationKind::Control, "halt program"));
        assert_eq!(operation(55).0, OperationKind::Program);
        assert_eq!(operation(19).0, OperationKind::Identify);
        assert_eq!(operation(77), (OperationKind::Diagnostic, "function 77"));
        assert_eq!((module(255), module(9)), (Some("3008 Main Processor"), None));
    }
}
