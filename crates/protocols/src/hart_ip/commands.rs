//! Command numbers: what a request asks (FCG TS20127, universal; FCG TS20151, common practice).

use observation::OperationKind;

/// A command number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pub u16);

impl Command {
    /// Reads the identity of one that is addressed, or that has a tag, a long tag, or was armed to be found.
    pub const IDENTITIES: [Self; 4] = [Self(0), Self(11), Self(21), Self(73)];
    /// Reads the identity of a device on a channel of an I/O system.
    pub const POLL_SUB_DEVICE: Self = Self(75);
    /// Sends a command on.
    pub const SEND_TO_SUB_DEVICE: Self = Self(77);
    /// Reads one entry of the list of devices that an I/O system has.
    pub const SUB_DEVICE_IDENTITY: Self = Self(84);

    /// What it asks.
    #[must_use]
    pub fn operation(self) -> (OperationKind, &'static str) {
        use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
        match self.0 {
            0 => (Identify, "read unique identifier"),
            1 => (Read, "read primary variable"),
            2 => (Read, "read loop current and percent of range"),
            3 => (Read, "read dynamic variables and loop current"),
            6 => (Program, "write polling address"),
            7 => (Read, "read loop configuration"),
            8 => (Read, "read dynamic variable classifications"),
            9 => (Read, "read device variables with status"),
            11 => (Identify, "read unique identifier associated with tag"),
            12 => (Identify, "read message"),
            13 => (Identify, "read tag, descriptor, date"),
            14 => (Identify, "read primary variable transducer information"),
            15 => (Identify, "read device information"),
            16 => (Identify, "read final assembly number"),
            17 => (Program, "write message"),
            18 => (Program, "write tag, descriptor, date"),
            19 => (Program, "write final assembly number"),
            20 => (Identify, "read long tag"),
            21 => (Identify, "read unique identifier associated with long tag"),
            22 => (Program, "write long tag"),
            33 => (Read, "read device variables"),
            34 => (Program, "write primary variable damping value"),
            35 => (Program, "write primary variable range values"),
            36 => (Program, "set primary variable upper range value"),
            37 => (Program, "set primary variable lower range value"),
            38 => (Diagnostic, "reset configuration changed flag"),
            39 => (Program, "eeprom control"),
            40 => (Control, "enter/exit fixed current mode"),
            41 => (Control, "perform self test"),
            42 => (Control, "perform device reset"),
            43 => (Program, "set primary variable zero"),
            44 => (Program, "write primary variable units"),
            45 => (Program, "trim loop current zero"),
            46 => (Program, "trim loop current gain"),
            47 => (Program, "write primary variable transfer function"),
            48 => (Diagnostic, "read additional device status"),
            49 => (Program, "write primary variable transducer serial number"),
            50 => (Read, "read dynamic variable assignments"),
            51 => (Program, "write dynamic variable assignments"),
            52 => (Program, "set device variable zero"),
            53 => (Program, "write device variable units"),
            54 => (Read, "read device variable information"),
            55 => (Program, "write device variable damping value"),
            56 => (Program, "write device variable transducer serial number"),
            57 => (Identify, "read unit tag, descriptor, date"),
            58 => (Program, "write unit tag, descriptor, date"),
            59 => (Program, "write number of response preambles"),
            60..=63 | 70 => (Read, "read analog channel"),
            64 | 65 | 69 => (Program, "write analog channel"),
            66 => (Control, "enter/exit fixed analog channel mode"),
            67 | 68 => (Program, "trim analog channel"),
            71 => (Control, "lock device"),
            72 => (Identify, "squawk"),
            73 => (Identify, "find device"),
            74 => (Identify, "read i/o system capabilities"),
            75 => (Identify, "poll sub-device"),
            76 => (Diagnostic, "read lock device state"),
            77 => (Diagnostic, "send command to sub-device"),
            78 => (Read, "read aggregated commands"),
            79 => (Write, "write device variable"),
            80 => (Read, "read device variable trim points"),
            81 => (Read, "read device variable trim guidelines"),
            82 => (Program, "write device variable trim point"),
            83 => (Program, "reset device variable trim"),
            84 => (Identify, "read sub-device identity summary"),
            85 => (Diagnostic, "read i/o channel statistics"),
            86 => (Diagnostic, "read sub-device statistics"),
            87 => (Program, "write i/o system master mode"),
            88 => (Program, "write i/o system retry count"),
            89 => (Control, "set real-time clock"),
            90 => (Diagnostic, "read real-time clock"),
            91 | 93 => (Read, "read trend"),
            92 => (Program, "write trend configuration"),
            94 | 95 => (Diagnostic, "read communication statistics"),
            96 | 98 => (Read, "read action"),
            97 | 99 => (Program, "configure action"),
            100 => (Program, "write primary variable alarm code"),
            101 | 105 => (Read, "read burst mode configuration"),
            102..=104 | 107..=109 => (Program, "write burst mode configuration"),
            106 => (Diagnostic, "flush delayed responses"),
            110 => (Read, "read all dynamic variables"),
            111 => (Diagnostic, "transfer service control"),
            112 => (Program, "transfer service"),
            113 => (Program, "catch device variable"),
            114 => (Read, "read caught device variable"),
            115 => (Read, "read event notification summary"),
            116..=118 => (Program, "write event notification"),
            119 => (Diagnostic, "acknowledge event notification"),
            512..=519 => (Diagnostic, "additional common practice command"),
            520 => (Identify, "read process unit tag"),
            521 => (Program, "write process unit tag"),
            532 => (Read, "read client subscription summary"),
            533 => (Diagnostic, "write client subscription flags"),
            538 => (Diagnostic, "read hart-ip server ports"),
            539 | 540 => (Program, "write hart-ip server port"),
            541 => (Program, "write client password"),
            542 => (Program, "write client pre-shared key"),
            543 => (Diagnostic, "read syslog server"),
            544 | 545 => (Program, "write syslog server"),
            546 => (Program, "write syslog pre-shared key"),
            547 => (Program, "write syslog password"),
            4 | 5 | 10 | 23..=30 => (Diagnostic, "reserved universal command"),
            32 | 120 | 121 => (Diagnostic, "common practice command"),
            522..=767 => (Diagnostic, "additional common practice command"),
            768..=1023 => (Diagnostic, "wireless command"),
            122..=126 => (Diagnostic, "non-public command"),
            1024..=33_791 => (Diagnostic, "device family command"),
            _ => (Diagnostic, "device-specific command"),
        }
    }

    /// True for commands that carry a password or key.
    #[must_use]
    pub fn carries_secrets(self) -> bool {
        matches!(self.0, 541 | 542 | 546 | 547)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_named_and_kinds_tell_reading_from_changing() {
        assert_eq!(Command(0).operation().0, OperationKind::Identify);
        assert_eq!(Command(1).operation().0, OperationKind::Read);
        assert_eq!(Command(22).operation(), (OperationKind::Program, "write long tag"));
        assert_eq!(Command(42).operation(), (OperationKind::Control, "perform device reset"));
        assert_eq!(Command(79).operation().0, OperationKind::Write);
        assert_eq!(Command(200).operation().1, "device-specific command");
        assert_eq!(Command(1000).operation().1, "wireless command");
        assert_eq!(Command(u16::MAX).operation().0, OperationKind::Diagnostic);
        assert!(Command(542).carries_secrets() && !Command(22).carries_secrets());
    }
}
