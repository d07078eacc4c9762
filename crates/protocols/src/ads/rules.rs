//! The rules by which octets become values.

use std::net::IpAddr;

use observation::{Rule, Rules};

use super::description::{element, number};

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    NET_ID = "ads-net-id", net_id;
    HOSTNAME = "ads-host-name", hostname;
    VERSION = "ads-version", version;
    DEVICE = "ads-device-info", device;
    DEVICE_NAME = "ads-device-name", Rules::text;
    STATE = "ads-state", state;
    OS = "ads-operating-system", os;
    OS_VERSION = "ads-operating-system-version", os_version;
    FINGERPRINT = "ads-fingerprint", Rules::text;
    ROUTE_NAME = "ads-route-name", Rules::text;
    // The target description.
    VENDOR = "ads-target-vendor", vendor;
    MODEL = "ads-target-model", model;
    SERIAL = "ads-target-serial-number", |octets| number(element(octets, "SerialNo")?);
    HARDWARE = "ads-target-hardware-version", |octets| Rules::text(element(octets, "CPUVersion")?);
    IMAGE = "ads-target-image-version", |octets| Rules::text(element(octets, "ImageVersion")?);
    TARGET_OS = "ads-target-operating-system", |octets| Rules::text(element(octets, "OsName")?);
    TARGET_OS_VERSION = "ads-target-operating-system-version", |octets| Rules::text(element(octets, "OsVersion")?);
    TARGET_VERSION = "ads-target-version", target_version;
}

/// Six numbers, as TwinCAT prints them; all zero is none.
fn net_id(octets: &[u8]) -> Option<String> {
    let &[a, b, c, d, e, f] = octets else { return None };
    (octets != [0; 6]).then(|| format!("{a}.{b}.{c}.{d}.{e}.{f}"))
}

/// A name; routes may be told by an address instead, which is none.
fn hostname(octets: &[u8]) -> Option<String> {
    Rules::text(octets).filter(|name| name.parse::<IpAddr>().is_err())
}

/// Major, minor and build: `2.11.2228`.
fn version(octets: &[u8]) -> Option<String> {
    let &[major, minor, low, high] = octets else { return None };
    let build = u16::from_le_bytes([low, high]);
    (octets != [0; 4]).then(|| format!("{major}.{minor}.{build}"))
}

/// Port, version and name of a device: `PLC Server 2.8.55 (port 800)`.
fn device(octets: &[u8]) -> Option<String> {
    let (&port, rest) = octets.split_first_chunk::<2>()?;
    let (&numbers, name) = rest.split_first_chunk::<4>()?;
    let name = Rules::text(name)?;
    let version = version(&numbers).map(|version| format!(" {version}")).unwrap_or_default();
    Rules::text(format!("{name}{version} (port {})", u16::from_le_bytes(port)).as_bytes())
}

/// Words with which names of the services of TwinCAT begin (Beckhoff Information System, "ADS device identification").
const SERVICES: &[&str] =
    &["plc", "tc", "twincat", "tcat", "i/o", "io", "nc", "cnc", "r0", "r3", "camshaft", "event", "scope"];

/// True for the name of a server that is none of the services of TwinCAT.
pub(super) fn is_foreign(name: &[u8]) -> bool {
    Rules::text(name).is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        !SERVICES.iter().any(|service| name.starts_with(service))
    })
}

/// "ADS status", the states that last.
fn state(octets: &[u8]) -> Option<String> {
    let state = match u16::from_le_bytes(octets.try_into().ok()?) {
        1 => "idle",
        2 => "reset",
        5 => "run",
        6 => "stop",
        10 => "error",
        11 => "shutdown",
        12 => "suspend",
        15 => "config",
        17 => "stopping",
        _ => return None,
    };
    Some(state.to_owned())
}

/// The numbers of an `OSVERSIONINFO`: its size, major, minor, build, platform.
fn os_numbers(octets: &[u8]) -> Option<[u32; 5]> {
    let mut numbers = [0; 5];
    for (number, octets) in numbers.iter_mut().zip(octets.chunks_exact(4)) {
        *number = u32::from_le_bytes(octets.try_into().ok()?);
    }
    (octets.len() >= 20).then_some(numbers)
}

fn os(octets: &[u8]) -> Option<String> {
    let [.., platform] = os_numbers(octets)?;
    let name = match platform {
        1 => "TC/RTOS",
        2 => "Windows NT",
        3 => "Windows CE",
        _ => return None,
    };
    Some(name.to_owned())
}

/// `10.0.19044`, `6.0` where there is no build.
fn os_version(octets: &[u8]) -> Option<String> {
    let [_, major, minor, build, _] = os_numbers(octets)?;
    match (major, build) {
        (0, _) => None,
        (_, 0) => Some(format!("{major}.{minor}")),
        _ => Some(format!("{major}.{minor}.{build}")),
    }
}

/// Model number of the hardware if it is a name, else the kind of target.
fn model(octets: &[u8]) -> Option<String> {
    let hardware = element(octets, "Model").and_then(Rules::text);
    let named = hardware.filter(|name| name.chars().any(char::is_alphabetic));
    named.or_else(|| element(octets, "TargetType").and_then(Rules::text))
}

/// Beckhoff's own controllers and panels are called so; TwinCAT also runs on PCs of others.
fn vendor(octets: &[u8]) -> Option<String> {
    let model = model(octets)?;
    let own = ["CX", "CP", "C6", "C5", "C9", "BX", "BC"].iter().any(|series| {
        model.strip_prefix(series).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    own.then(|| "Beckhoff Automation".to_owned())
}

fn target_version(octets: &[u8]) -> Option<String> {
    let within = element(octets, "TargetVersion")?;
    let part = |name| element(within, name).and_then(number);
    Some(format!("{}.{}.{}", part("Version")?, part("Revision")?, part("Build")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_ids_versions_and_devices_read_as_twincat_prints_them() {
        assert_eq!(net_id(&[5, 13, 117, 96, 1, 1]).as_deref(), Some("5.13.117.96.1.1"));
        assert_eq!(net_id(&[0; 6]), None);
        assert_eq!(version(&[2, 11, 0xb4, 0x08]).as_deref(), Some("2.11.2228"));
        let octets = b"\x53\x03\x01\x02\x03\x00TestServer\0\0\0\0\0\0";
        assert_eq!(device(octets).as_deref(), Some("TestServer 1.2.3 (port 851)"));
        assert_eq!((hostname(b"192.168.1.99\0"), hostname(b"ENG-7\0").as_deref()), (None, Some("ENG-7")));
    }

    #[test]
    fn an_operating_system_has_a_name_and_numbers() {
        let mut octets = vec![0x14, 1, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0x64, 0x4a, 0, 0, 2, 0, 0, 0];
        assert_eq!(os(&octets).as_deref(), Some("Windows NT"));
        assert_eq!(os_version(&octets).as_deref(), Some("10.0.19044"));
        octets.truncate(19);
        assert_eq!((os(&octets), os_version(&octets)), (None, None));
    }

    #[test]
    fn a_maker_is_told_only_of_its_own_series() {
        assert_eq!(
            vendor(b"<TargetType>CX1020-CE</TargetType><Model>1020</Model>").as_deref(),
            Some("Beckhoff Automation")
        );
        assert_eq!(vendor(b"<TargetType>PC</TargetType>"), None);
        assert_eq!(
            model(b"<TargetType>CX51</TargetType><Model>CX5130-0155</Model>").as_deref(),
            Some("CX5130-0155")
        );
    }
}
