//! From octets to values.

use observation::{Rule, Rules};

pub(super) static REQUESTED: Rule = Rule { name: "rdp-requested-security", read: protocols };
pub(super) static SELECTED: Rule = Rule { name: "rdp-security", read: protocols };
pub(super) static REFUSED: Rule = Rule { name: "rdp-refused", read: failure };
pub(super) static CLIENT_NAME: Rule = Rule { name: "rdp-client-name", read: Rules::text_utf16_le };
pub(super) static CLIENT_BUILD: Rule = Rule { name: "rdp-client-build", read: build };

pub(super) const RULES: &[&Rule] = &[&REQUESTED, &SELECTED, &REFUSED, &CLIENT_NAME, &CLIENT_BUILD];

/// Security protocols (MS-RDPBCGR section 2.2.1.1.1), four octets of flags.
fn protocols(octets: &[u8]) -> Option<String> {
    const NAMES: [(u32, &str); 5] = [
        (0x01, "TLS"),
        (0x02, "CredSSP"),
        (0x04, "RDSTLS"),
        (0x08, "CredSSP with early authorization"),
        (0x10, "RDSAAD"),
    ];
    let flags = u32::from_le_bytes(octets.try_into().ok()?);
    if flags == 0 {
        return Some("RDP".to_owned());
    }
    let names: Vec<&str> =
        NAMES.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| *name).collect();
    Rules::text(names.join(", ").as_bytes())
}

/// Why a server refuses (section 2.2.1.2.2).
fn failure(octets: &[u8]) -> Option<String> {
    let name = match u32::from_le_bytes(octets.try_into().ok()?) {
        1 => "TLS required",
        2 => "TLS not allowed",
        3 => "no certificate on the server",
        4 => "inconsistent flags",
        5 => "CredSSP required",
        6 => "TLS with a certificate of the client required",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Build number of the client's system; 0 says nothing.
fn build(octets: &[u8]) -> Option<String> {
    Rules::decimal_le(octets).filter(|number| number != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_is_named() {
        assert_eq!(protocols(&[0, 0, 0, 0]).as_deref(), Some("RDP"));
        assert_eq!(protocols(&[3, 0, 0, 0]).as_deref(), Some("TLS, CredSSP"));
        assert_eq!(protocols(&[0, 0, 0, 0x80]), None);
        assert_eq!(failure(&[5, 0, 0, 0]).as_deref(), Some("CredSSP required"));
        assert_eq!(build(&[0, 0, 0, 0]), None);
    }
}
