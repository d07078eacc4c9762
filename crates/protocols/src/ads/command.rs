//! What a request asks for, by command, port and index group.

use observation::OperationKind;

/// ADS commands.
pub(super) mod id {
    pub(crate) const READ_DEVICE_INFO: u16 = 1;
    pub(crate) const READ: u16 = 2;
    pub(crate) const WRITE: u16 = 3;
    pub(crate) const READ_STATE: u16 = 4;
    pub(crate) const WRITE_CONTROL: u16 = 5;
    pub(crate) const ADD_NOTIFICATION: u16 = 6;
    pub(crate) const DELETE_NOTIFICATION: u16 = 7;
    pub(crate) const NOTIFICATION: u16 = 8;
    pub(crate) const READ_WRITE: u16 = 9;
}

/// Ports of TwinCAT.
pub(super) mod port {
    pub(crate) const IO_SERVER: u16 = 300;
    pub(crate) const SYSTEM_SERVICE: u16 = 10_000;
    /// The first PLC runtime of TwinCAT 2, of TwinCAT 3.
    pub(crate) const FIRST_RUNTIMES: [u16; 2] = [801, 851];
}

/// Index groups of the system service.
pub(super) mod group {
    pub(crate) const FILES_FIRST: u32 = 100;
    pub(crate) const FILES_LAST: u32 = 139;
    pub(crate) const REGISTRY: u32 = 200;
    pub(crate) const TIME: u32 = 400;
    pub(crate) const START_PROCESS: u32 = 500;
    pub(crate) const CHANGE_NET_ID: u32 = 600;
    /// The description of the target in XML, at offset 1.
    pub(crate) const TARGET: u32 = 700;
    pub(crate) const ADAPTERS: u32 = 701;
    pub(crate) const HOST_NAME: u32 = 702;
}

/// Kind and name of a request; `group` is that of a read or write, `state` the one that a write control asks for.
pub(super) fn operation(command: u16, port: u16, group: u32, state: u16) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Identify, Read};
    match command {
        id::READ_DEVICE_INFO => (Identify, "read device info"),
        id::READ_STATE => (Diagnostic, "read state"),
        id::WRITE_CONTROL => control(state),
        id::ADD_NOTIFICATION => (Read, "add device notification"),
        id::DELETE_NOTIFICATION => (Diagnostic, "delete device notification"),
        id::READ | id::READ_WRITE if port == port::SYSTEM_SERVICE => system_read(group),
        id::WRITE if port == port::SYSTEM_SERVICE => system_write(group),
        id::READ | id::WRITE | id::READ_WRITE => access(command, port, group),
        _ => (Diagnostic, "unknown ads command"),
    }
}

/// States that a device is asked to take ("ADS status").
fn control(state: u16) -> (OperationKind, &'static str) {
    use OperationKind::Control;
    match state {
        2 => (Control, "write control reset"),
        3 => (Control, "write control init"),
        4 => (Control, "write control start"),
        5 => (Control, "write control run"),
        6 => (Control, "write control stop"),
        12 => (Control, "write control shutdown"),
        15 => (Control, "write control config"),
        16 => (Control, "write control reconfig"),
        _ => (Control, "write control"),
    }
}

fn system_read(group: u32) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Identify, Program};
    match group {
        group::FILES_FIRST..=group::FILES_LAST => (Program, "system service file access"),
        group::REGISTRY => (Diagnostic, "system service registry read"),
        group::TARGET => (Identify, "read target description"),
        group::ADAPTERS => (Identify, "read network adapters"),
        group::HOST_NAME => (Identify, "read host name"),
        _ => (Diagnostic, "system service read"),
    }
}

fn system_write(group: u32) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Program};
    match group {
        group::FILES_FIRST..=group::FILES_LAST => (Program, "system service file write"),
        group::REGISTRY => (Program, "system service registry write"),
        group::TIME => (Control, "system service time set"),
        group::START_PROCESS => (Program, "system service start process"),
        group::CHANGE_NET_ID => (Program, "system service change net id"),
        _ => (Program, "system service write"),
    }
}

/// Reserved index groups (`ADSIGRP_…`), which every device has, and process images.
fn access(command: u16, port: u16, group: u32) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Program, Read, Write};
    let writes = command == id::WRITE;
    match (group, writes) {
        (0xf003, _) => (Read, "get symbol handle by name"),
        (0xf004, false) => (Read, "read symbol by name"),
        (0xf004, true) => (Write, "write symbol by name"),
        (0xf005, false) => (Read, "read symbol by handle"),
        (0xf005, true) => (Write, "write symbol by handle"),
        (0xf006, _) => (Diagnostic, "release symbol handle"),
        (0xf007..=0xf00a, _) => (Read, "symbol info"),
        (0xf00b..=0xf00f | 0xf011, _) => (Read, "symbol upload"),
        (0xf080, _) => (Read, "sum read"),
        (0xf081, _) => (Write, "sum write"),
        (0xf082, _) => (Read, "sum read write"),
        (_, true) if port == port::IO_SERVER => (Program, "i/o server write"),
        (_, false) if port == port::IO_SERVER => (Diagnostic, "i/o server read"),
        (_, true) => (Write, "write"),
        (_, false) if command == id::READ => (Read, "read"),
        (_, false) => (Read, "read write"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_command_means_another_thing_to_another_port() {
        assert_eq!(operation(id::WRITE, 851, 0xf005, 0), (OperationKind::Write, "write symbol by handle"));
        assert_eq!(operation(id::WRITE, 851, 0x4020, 0), (OperationKind::Write, "write"));
        assert_eq!(
            operation(id::WRITE, 10_000, 500, 0),
            (OperationKind::Program, "system service start process")
        );
        assert_eq!(operation(id::READ, 10_000, 700, 0), (OperationKind::Identify, "read target description"));
        assert_eq!(operation(id::READ_WRITE, 10_000, 120, 0).0, OperationKind::Program);
        assert_eq!(
            operation(id::WRITE_CONTROL, 10_000, 0, 15),
            (OperationKind::Control, "write control config")
        );
        assert_eq!(operation(99, 1, 0, 0), (OperationKind::Diagnostic, "unknown ads command"));
    }
}
