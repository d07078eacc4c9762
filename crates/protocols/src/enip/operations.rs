//! What a service does to the device that is asked, and its name.
//!
//! Common services: CIP Networks Library volume 1, appendix A-4. Objects: volume 1, chapter 5; volume 2, chapter 5;
//! the tag services of Logix controllers: Rockwell Automation 1756-PM020. Classes 0x64 to 0xc7 belong to vendors;
//! the names given here are those of Rockwell Automation's controllers.

use observation::OperationKind;

use super::cip::{Request, class, service};
use super::epath::Target;

/// Class of the symbols (tags) of a Logix controller.
const SYMBOL: u32 = 0x6b;
/// Class of the user-defined types of a Logix controller.
const TEMPLATE: u32 = 0x6c;
/// Class of files.
const FILE: u32 = 0x37;
/// Instances of the file object that hold the electronic data sheet of the device and its icon (volume 1, 5-42).
const DATA_SHEETS: [u32; 2] = [0xc8, 0xc9];

/// Kind and name of what a request asks. A request to the path of a tag or an object; packed messages are judged
/// one by one.
pub(super) fn operation(request: &Request<'_>) -> (OperationKind, &'static str) {
    let target = &request.target;
    let own = if is_tag(target) { tag(request.service) } else { None };
    own.or_else(|| specific(request.service, target)).unwrap_or_else(|| common(request.service, target))
}

fn is_tag(target: &Target) -> bool {
    target.symbolic || target.class == Some(SYMBOL)
}

/// Services of a tag, addressed by its name or as an instance of the symbol object.
fn tag(code: u8) -> Option<(OperationKind, &'static str)> {
    Some(match code {
        0x4c => (OperationKind::Read, "read tag"),
        0x4d => (OperationKind::Write, "write tag"),
        0x4e => (OperationKind::Write, "read modify write tag"),
        0x52 => (OperationKind::Read, "read tag fragmented"),
        0x53 => (OperationKind::Write, "write tag fragmented"),
        0x55 => (OperationKind::Read, "get instance attribute list symbol"),
        _ => return None,
    })
}

/// Services that are an object's own.
fn specific(code: u8, target: &Target) -> Option<(OperationKind, &'static str)> {
    use OperationKind::{Diagnostic, Identify, Program, Read};
    Some(match (target.class?, code) {
        (class::CONNECTION_MANAGER, service::FORWARD_CLOSE) => (Diagnostic, "forward close"),
        (class::CONNECTION_MANAGER, service::UNCONNECTED_SEND) => (Diagnostic, "unconnected send"),
        (class::CONNECTION_MANAGER, service::FORWARD_OPEN) => (Diagnostic, "forward open"),
        (class::CONNECTION_MANAGER, 0x56) => (Diagnostic, "get connection data"),
        (class::CONNECTION_MANAGER, 0x57) => (Diagnostic, "search connection data"),
        (class::CONNECTION_MANAGER, 0x5a) => (Diagnostic, "get connection owner"),
        (class::CONNECTION_MANAGER, service::LARGE_FORWARD_OPEN) => (Diagnostic, "large forward open"),
        (TEMPLATE, 0x4c) => (Read, "read template"),
        (class::PCCC, service::EXECUTE_PCCC) => (Read, "execute pccc"),
        // Browsers fetch the data sheet of a device they do not know: that is no engineering.
        (FILE, _) if target.instance.is_some_and(|instance| DATA_SHEETS.contains(&instance)) => {
            (Identify, "read electronic data sheet")
        }
        (FILE, 0x4b) => (Program, "initiate upload file"),
        (FILE, 0x4c) => (Program, "initiate download file"),
        (FILE, 0x4d) => (Program, "initiate partial read file"),
        (FILE, 0x4e) => (Program, "initiate partial write file"),
        (FILE, 0x4f) => (Program, "upload transfer file"),
        (FILE, 0x50) => (Program, "download transfer file"),
        (FILE, 0x51) => (Program, "clear file"),
        _ => return None,
    })
}

/// What an object is for: decides what reading and writing it means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Who the device is and how it is connected.
    Identity,
    /// Process values and parameters.
    Values,
    /// Connections and statistics.
    Diagnostics,
    /// The clock.
    Clock,
    /// Program, firmware, files.
    Engineering,
    /// Not known.
    Unknown,
}

/// Names the common services of an object.
macro_rules! common_services {
    ($code:expr, $object:literal) => {
        match $code {
            0x01 => concat!("get attributes all ", $object),
            0x02 => concat!("set attributes all ", $object),
            0x03 => concat!("get attribute list ", $object),
            0x04 => concat!("set attribute list ", $object),
            0x05 => concat!("reset ", $object),
            0x06 => concat!("start ", $object),
            0x07 => concat!("stop ", $object),
            0x08 => concat!("create ", $object),
            0x09 => concat!("delete ", $object),
            0x0a => concat!("multiple service packet ", $object),
            0x0d => concat!("apply attributes ", $object),
            0x0e => concat!("get attribute single ", $object),
            0x10 => concat!("set attribute single ", $object),
            0x11 => concat!("find next instance ", $object),
            0x15 => concat!("restore ", $object),
            0x16 => concat!("save ", $object),
            0x17 => concat!("no operation ", $object),
            0x18 => concat!("get member ", $object),
            0x19 => concat!("set member ", $object),
            0x1a => concat!("insert member ", $object),
            0x1b => concat!("remove member ", $object),
            _ => concat!("specific service ", $object),
        }
    };
}

/// Lists the objects: class, purpose, name.
macro_rules! objects {
    ($($class:pat => $purpose:ident $name:literal,)*) => {
        fn object(class: u32, code: u8) -> (Purpose, &'static str) {
            match class {
                $($class => (Purpose::$purpose, common_services!(code, $name)),)*
            }
        }
    };
}

objects! {
    0x01 => Identity "identity",
    0x02 => Diagnostics "message router",
    0x03 => Identity "devicenet",
    0x04 => Values "assembly",
    0x05 => Diagnostics "connection",
    0x06 => Diagnostics "connection manager",
    0x07 => Values "register",
    0x08 => Values "discrete input point",
    0x09 => Values "discrete output point",
    0x0a => Values "analog input point",
    0x0b => Values "analog output point",
    0x0f => Values "parameter",
    0x10 => Values "parameter group",
    0x37 => Engineering "file",
    0x43 => Clock "time sync",
    0x47 => Diagnostics "device level ring",
    0x48 => Identity "quality of service",
    0x5d => Identity "cip security",
    0x5e => Identity "ethernet/ip security",
    0x5f => Identity "certificate management",
    0x64 => Engineering "controller name",
    0x67 => Values "pccc",
    0x68 => Engineering "program",
    0x6b => Engineering "symbol",
    0x6c => Engineering "template",
    0x6d => Engineering "routine",
    0x70 => Engineering "task",
    0x65 | 0x66 | 0x69 | 0x6a | 0x6e | 0x6f => Engineering "logix object",
    0x8b => Clock "wall clock time",
    0x8e => Engineering "controller",
    0xa1 => Engineering "non-volatile storage",
    0xac => Engineering "controller changes",
    0xf0..=0xf3 => Identity "controlnet",
    0xf4 => Identity "port",
    0xf5 => Identity "tcp/ip interface",
    0xf6 => Identity "ethernet link",
    0x109 => Identity "lldp management",
    0x64..=0xc7 | 0x300..=0x4ff => Unknown "vendor-specific object",
    _ => Unknown "object",
}

/// Services with a common code, and those that are an object's own but have no name here.
fn common(code: u8, target: &Target) -> (OperationKind, &'static str) {
    let (purpose, name) = match target.class {
        Some(class) => object(class, code),
        None if target.symbolic => (Purpose::Unknown, common_services!(code, "tag")),
        None => (Purpose::Unknown, common_services!(code, "connected object")),
    };
    (kind(code, purpose), name)
}

fn kind(code: u8, purpose: Purpose) -> OperationKind {
    match (code, purpose) {
        (0x05..=0x07, _) => OperationKind::Control,
        (0x01 | 0x03 | 0x0e | 0x11 | 0x18, Purpose::Identity) => OperationKind::Identify,
        (0x01 | 0x03 | 0x0e | 0x11 | 0x18, Purpose::Values | Purpose::Clock | Purpose::Unknown) => {
            OperationKind::Read
        }
        // Programming software watches its controllers by reading these; only their own services move programs.
        (0x01 | 0x03 | 0x0e | 0x11 | 0x18, _) => OperationKind::Diagnostic,
        (0x02 | 0x04 | 0x10 | 0x19..=0x1b, Purpose::Values | Purpose::Unknown) => OperationKind::Write,
        (0x02 | 0x04 | 0x10 | 0x19..=0x1b, Purpose::Clock) => OperationKind::Control,
        (
            0x02 | 0x04 | 0x08 | 0x09 | 0x0d | 0x10 | 0x15 | 0x16 | 0x19..=0x1b,
            Purpose::Identity | Purpose::Engineering,
        ) => OperationKind::Program,
        (0x0a | 0x17, _) => OperationKind::Diagnostic,
        (_, Purpose::Engineering) => OperationKind::Program,
        _ => OperationKind::Diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use observation::Octets;

    use super::*;
    use crate::Reader;

    fn of(octets: &[u8]) -> (OperationKind, &'static str) {
        operation(&Request::parse(Reader::new(Octets::unplaced(octets))).unwrap())
    }

    #[test]
    fn tags_are_read_and_written() {
        assert_eq!(of(b"\x4c\x04\x91\x05Motor\x00\x01\x00"), (OperationKind::Read, "read tag"));
        assert_eq!(of(b"\x53\x03\x20\x6b\x25\x00\x07\x01"), (OperationKind::Write, "write tag fragmented"));
        assert_eq!(of(b"\x52\x04\x91\x05Motor\x00"), (OperationKind::Read, "read tag fragmented"));
        assert_eq!(
            of(b"\x55\x02\x20\x6b\x24\x00"),
            (OperationKind::Read, "get instance attribute list symbol")
        );
    }

    #[test]
    fn the_same_code_means_another_service_to_another_object() {
        assert_eq!(of(b"\x52\x02\x20\x06\x24\x01"), (OperationKind::Diagnostic, "unconnected send"));
        assert_eq!(of(b"\x4e\x02\x20\x06\x24\x01"), (OperationKind::Diagnostic, "forward close"));
        assert_eq!(of(b"\x4c\x02\x20\x6c\x24\x01"), (OperationKind::Read, "read template"));
        assert_eq!(of(b"\x4b\x02\x20\x67\x24\x01"), (OperationKind::Read, "execute pccc"));
        assert_eq!(of(b"\x4b\x02\x20\x37\x24\x01"), (OperationKind::Program, "initiate upload file"));
        assert_eq!(of(b"\x4b\x02\x20\x37\x24\xc8"), (OperationKind::Identify, "read electronic data sheet"));
    }

    #[test]
    fn engineering_is_told_from_watching_and_control() {
        assert_eq!(of(b"\x07\x02\x20\x8e\x24\x01"), (OperationKind::Control, "stop controller"));
        assert_eq!(of(b"\x05\x02\x20\x01\x24\x01"), (OperationKind::Control, "reset identity"));
        assert_eq!(
            of(b"\x03\x02\x20\x68\x24\x01"),
            (OperationKind::Diagnostic, "get attribute list program")
        );
        assert_eq!(of(b"\x4f\x02\x20\x68\x24\x01"), (OperationKind::Program, "specific service program"));
        assert_eq!(
            of(b"\x4d\x02\x20\xa1\x24\x01"),
            (OperationKind::Program, "specific service non-volatile storage")
        );
        assert_eq!(of(b"\x08\x02\x20\x6a\x24\x00"), (OperationKind::Program, "create logix object"));
        assert_eq!(
            of(b"\x10\x03\x20\xf6\x24\x01\x30\x06"),
            (OperationKind::Program, "set attribute single ethernet link")
        );
        assert_eq!(
            of(b"\x10\x03\x20\x04\x24\x64\x30\x03"),
            (OperationKind::Write, "set attribute single assembly")
        );
        assert_eq!(
            of(b"\x04\x02\x20\x8b\x24\x01"),
            (OperationKind::Control, "set attribute list wall clock time")
        );
    }

    #[test]
    fn identity_is_asked_for_and_the_unknown_keeps_a_name() {
        assert_eq!(of(b"\x01\x02\x20\x01\x24\x01"), (OperationKind::Identify, "get attributes all identity"));
        assert_eq!(
            of(b"\x0e\x03\x20\x04\x24\x64\x30\x03"),
            (OperationKind::Read, "get attribute single assembly")
        );
        assert_eq!(
            of(b"\x4b\x02\x20\xb2\x24\x01"),
            (OperationKind::Diagnostic, "specific service vendor-specific object")
        );
        assert_eq!(of(b"\x0e\x02\x21\x00\x00\x10"), (OperationKind::Read, "get attribute single object"));
        assert_eq!(of(b"\x4c\x00"), (OperationKind::Diagnostic, "specific service connected object"));
    }
}
