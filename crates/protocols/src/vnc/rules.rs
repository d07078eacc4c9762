//! From octets to values.

use observation::{Rule, Rules};

pub(super) static VERSION: Rule = Rule { name: "vnc-version", read: version };
pub(super) static SECURITY: Rule = Rule { name: "vnc-security", read: security };
pub(super) static DESKTOP_NAME: Rule = Rule { name: "vnc-desktop-name", read: desktop_name };

pub(super) const RULES: &[&Rule] = &[&VERSION, &SECURITY, &DESKTOP_NAME];

/// `003.008` as `3.8`.
fn version(octets: &[u8]) -> Option<String> {
    let (major, minor) = std::str::from_utf8(octets).ok()?.split_once('.')?;
    Some(format!("{}.{}", major.parse::<u16>().ok()?, minor.parse::<u16>().ok()?))
}

/// A way to log on (IANA "Remote Framebuffer Security Types"), one octet or a number of four.
fn security(octets: &[u8]) -> Option<String> {
    let number = match *octets {
        [number] => number.into(),
        [a, b, c, d] => u32::from_be_bytes([a, b, c, d]),
        _ => return None,
    };
    let name = match number {
        0 => return None,
        1 => "none",
        2 => "VNC authentication",
        5 | 6 | 13 | 129 | 130 => "RSA-AES",
        16 => "Tight",
        17 => "Ultra",
        18 => "TLS",
        19 => "VeNCrypt",
        20 => "SASL",
        21 => "MD5",
        22 => "xvp",
        30..=35 => "Apple",
        other => return Some(format!("type {other}")),
    };
    Some(name.to_owned())
}

/// The name of a desktop without the user: TigerVNC adds `(user)`, others say `user's desktop` or `user@computer`.
fn desktop_name(octets: &[u8]) -> Option<String> {
    let name = Rules::text(octets)?;
    let name = name.split_once(" (").map_or(name.as_str(), |(name, _)| name);
    let personal = name.contains('@') || name.contains("'s ") || name.contains("\u{2019}s ");
    Rules::text(name.as_bytes()).filter(|_| !personal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desktops_are_named_and_users_are_not() {
        assert_eq!(desktop_name(b"hmi1:1 (erika)").as_deref(), Some("hmi1:1"));
        assert_eq!(desktop_name(b"PANEL7 ( 10.0.0.7 )").as_deref(), Some("PANEL7"));
        assert_eq!(desktop_name(b"erika's X desktop (hmi1:0)"), None);
        assert_eq!(desktop_name(b"erika@hmi1"), None);
    }

    #[test]
    fn versions_and_ways_to_log_on_are_read() {
        assert_eq!(version(b"003.008").as_deref(), Some("3.8"));
        assert_eq!(security(&[1]).as_deref(), Some("none"));
        assert_eq!(security(&[0, 0, 0, 2]).as_deref(), Some("VNC authentication"));
        assert_eq!(security(&[99]).as_deref(), Some("type 99"));
        assert_eq!(security(&[0]), None);
    }
}
