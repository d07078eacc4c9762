//! How octets become values.

use observation::{Rule, Rules};

pub(super) static TEXT: Rule = Rule { name: "knxnet-ip-text", read: text };
pub(super) static MAC: Rule = Rule { name: "knxnet-ip-mac", read: Rules::mac };
pub(super) static IPV4: Rule = Rule { name: "knxnet-ip-ipv4", read: Rules::ipv4 };
/// Serial number of six octets; all zeros or ones are none.
pub(super) static SERIAL: Rule = Rule { name: "knxnet-ip-serial", read: serial };
/// The first two octets of a serial number are the maker's number.
pub(super) static VENDOR: Rule = Rule { name: "knxnet-ip-vendor", read: vendor };
/// Individual address of two octets.
pub(super) static ADDRESS: Rule = Rule { name: "knxnet-ip-address", read: address };
pub(super) static MEDIUM: Rule = Rule { name: "knxnet-ip-medium", read: medium };
/// Project and installation number of two octets; 0 is none.
pub(super) static PROJECT: Rule = Rule { name: "knxnet-ip-project", read: project };
/// Families of services and their versions, two octets each.
pub(super) static SERVICES: Rule = Rule { name: "knxnet-ip-services", read: services };
/// A number of two octets; 0 is none.
pub(super) static NUMBER: Rule = Rule { name: "knxnet-ip-number", read: number };

pub(super) const ALL: &[&Rule] =
    &[&TEXT, &MAC, &IPV4, &SERIAL, &VENDOR, &ADDRESS, &MEDIUM, &PROJECT, &SERVICES, &NUMBER];

/// Makers by their number in the KNX Association, as their devices and product data give it (gathered by hand on
/// 2026-11-22; not the association's list).
const VENDORS: &[(u16, &str)] = &[
    (0x0001, "Siemens"),
    (0x0002, "ABB"),
    (0x0004, "Albrecht Jung"),
    (0x0008, "GIRA"),
    (0x0009, "Hager"),
    (0x0083, "MDT technologies"),
    (0x00c5, "Weinzierl Engineering"),
];

/// ISO 8859-1, which UTF-8 decoding would read otherwise.
fn text(octets: &[u8]) -> Option<String> {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let text: String = octets.get(..end)?.iter().map(|octet| char::from(*octet)).collect();
    Rules::text(text.as_bytes())
}

fn serial(octets: &[u8]) -> Option<String> {
    if octets.iter().all(|octet| *octet == 0) || octets.iter().all(|octet| *octet == 0xff) {
        return None;
    }
    Rules::hexadecimal(octets)
}

fn vendor(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    VENDORS.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned())
}

/// `1.1.7`: area, line, device. 15.15.255 is that of a device which was never given one.
pub(super) fn address(octets: &[u8]) -> Option<String> {
    let [high, device] = *octets else { return None };
    (!matches!((high, device), (0, 0) | (0xff, 0xff)))
        .then(|| format!("{}.{}.{device}", high >> 4, high & 0x0f))
}

fn medium(octets: &[u8]) -> Option<String> {
    Some(
        match octets {
            [0x02] => "twisted pair",
            [0x04] => "power line",
            [0x10] => "radio",
            [0x20] => "ip",
            _ => return None,
        }
        .to_owned(),
    )
}

fn project(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    (number != 0).then(|| format!("project {} installation {}", number >> 4, number & 0x0f))
}

fn services(octets: &[u8]) -> Option<String> {
    let name = |family: u8| match family {
        0x02 => "core",
        0x03 => "device management",
        0x04 => "tunnelling",
        0x05 => "routing",
        0x06 => "remote logging",
        0x07 => "remote configuration",
        0x08 => "object server",
        0x09 => "security",
        _ => "other",
    };
    let shown: Vec<_> = octets
        .chunks_exact(2)
        .take(16)
        .filter_map(|pair| Some(format!("{} {}", name(*pair.first()?), pair.last()?)))
        .collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn number(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    (number != 0).then(|| format!("{number:#06x}"))
}
