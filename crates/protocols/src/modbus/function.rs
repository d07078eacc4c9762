//! Function codes: names and what they do (Application Protocol V1.1b3, chapters 5 and 6, annex A).

use observation::OperationKind;

use super::pdu::MEI_IDENTIFICATION;
use crate::numbered;

/// A function code; 128 and above are exceptions to the code without the highest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function(pub u8);

impl Function {
    /// Diagnostics, with sub-functions.
    pub const DIAGNOSTICS: Self = Self(8);
    /// Report server ID.
    pub const REPORT_SERVER_ID: Self = Self(17);
    /// Read and write registers in one transaction.
    pub const READ_WRITE_REGISTERS: Self = Self(23);
    /// Encapsulated interface transport: identification of devices and CANopen.
    pub const ENCAPSULATED: Self = Self(43);

    /// True for the code of an exception.
    #[must_use]
    pub fn is_exception(self) -> bool {
        self.0 >= 0x80
    }

    /// What a request asks for, by its protocol data unit: the code, and the sub-function of codes that have one.
    ///
    /// Codes without public specification count as diagnostic under their number: what they do is not known.
    #[must_use]
    pub fn operation(self, pdu: &[u8]) -> (OperationKind, &'static str) {
        use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
        match self.0 {
            1 => (Read, "read coils"),
            2 => (Read, "read discrete inputs"),
            3 => (Read, "read holding registers"),
            4 => (Read, "read input registers"),
            5 => (Write, "write single coil"),
            6 => (Write, "write single register"),
            7 => (Diagnostic, "read exception status"),
            8 => diagnostic(pdu),
            9 => (Program, "program (484)"),
            10 => (Program, "poll program complete (484)"),
            11 => (Diagnostic, "get comm event counter"),
            12 => (Diagnostic, "get comm event log"),
            13 => (Program, "program controller"),
            14 => (Program, "poll program complete"),
            15 => (Write, "write multiple coils"),
            16 => (Write, "write multiple registers"),
            17 => (Identify, "report server id"),
            18 => (Program, "program (884, micro 84)"),
            19 => (Control, "reset comm link"),
            20 => (Read, "read file record"),
            21 => (Write, "write file record"),
            22 => (Write, "mask write register"),
            23 => (Read, "read/write multiple registers"),
            24 => (Read, "read fifo queue"),
            43 => match pdu.get(1) {
                Some(&MEI_IDENTIFICATION) => (Identify, "read device identification"),
                Some(0x0d) => (Read, "canopen general reference"),
                _ => (Diagnostic, "encapsulated interface transport"),
            },
            code => (Diagnostic, numbered::function(code)),
        }
    }
}

/// Sub-functions of code 8 (section 6.8); 21 as in PI-MBUS-300.
fn diagnostic(pdu: &[u8]) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic};
    let Some(&[high, low]) = pdu.get(1..3) else { return (Diagnostic, "diagnostics") };
    match u16::from_be_bytes([high, low]) {
        0 => (Diagnostic, "return query data"),
        1 => (Control, "restart communications option"),
        2 => (Diagnostic, "return diagnostic register"),
        3 => (Control, "change ascii input delimiter"),
        4 => (Control, "force listen only mode"),
        10 => (Diagnostic, "clear counters and diagnostic register"),
        11 => (Diagnostic, "return bus message count"),
        12 => (Diagnostic, "return bus communication error count"),
        13 => (Diagnostic, "return bus exception error count"),
        14 => (Diagnostic, "return server message count"),
        15 => (Diagnostic, "return server no response count"),
        16 => (Diagnostic, "return server nak count"),
        17 => (Diagnostic, "return server busy count"),
        18 => (Diagnostic, "return bus character overrun count"),
        20 => (Diagnostic, "clear overrun counter and flag"),
        21 => (Diagnostic, "get/clear modbus plus statistics"),
        _ => (Diagnostic, "diagnostics"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_survive_as_their_number() {
        for code in [0, 25, 66, 90, 126, 127] {
            assert_eq!(Function(code).operation(&[code]).1, format!("function {code}"));
        }
    }

    #[test]
    fn sub_functions_that_change_the_server_are_control() {
        assert_eq!(
            Function(8).operation(&[8, 0, 1]),
            (OperationKind::Control, "restart communications option")
        );
        assert_eq!(Function(8).operation(&[8, 0, 4]), (OperationKind::Control, "force listen only mode"));
        assert_eq!(
            Function(8).operation(&[8, 0, 11]),
            (OperationKind::Diagnostic, "return bus message count")
        );
        assert_eq!(Function(8).operation(&[8, 0x12, 0x34]), (OperationKind::Diagnostic, "diagnostics"));
        assert_eq!(
            Function(43).operation(&[43, 14, 1, 0]),
            (OperationKind::Identify, "read device identification")
        );
    }
}
