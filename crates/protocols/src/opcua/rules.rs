//! From octets to values.

use observation::{Rule, Rules};

crate::x509::certificate_facts!("opcua");

pub(super) static APPLICATION_URI: Rule = Rule { name: "opcua-application-uri", read: Rules::text };
pub(super) static PRODUCT_URI: Rule = Rule { name: "opcua-product-uri", read: Rules::text };
pub(super) static APPLICATION_NAME: Rule = Rule { name: "opcua-application-name", read: Rules::text };
pub(super) static APPLICATION_TYPE: Rule = Rule { name: "opcua-application-type", read: application_type };
pub(super) static ENDPOINT_URL: Rule = Rule { name: "opcua-endpoint-url", read: Rules::text };
pub(super) static HOST_NAME: Rule = Rule { name: "opcua-host-name", read: host_name };
pub(super) static URN_HOST: Rule = Rule { name: "opcua-urn-host", read: urn_host };
pub(super) static SECURITY: Rule = Rule { name: "opcua-security", read: security };
pub(super) static CHANNEL_POLICY: Rule = Rule { name: "opcua-channel-policy", read: policy };
pub(super) static USER_TOKEN: Rule = Rule { name: "opcua-user-token", read: user_token };
pub(super) static SESSION_NAME: Rule = Rule { name: "opcua-session-name", read: Rules::text };
pub(super) static NAMESPACE: Rule = Rule { name: "opcua-namespace", read: Rules::text };
pub(super) static PRODUCT_NAME: Rule = Rule { name: "opcua-product-name", read: Rules::text };
pub(super) static MANUFACTURER_NAME: Rule = Rule { name: "opcua-manufacturer-name", read: Rules::text };
pub(super) static SOFTWARE_VERSION: Rule = Rule { name: "opcua-software-version", read: Rules::text };
pub(super) static BUILD_NUMBER: Rule = Rule { name: "opcua-build-number", read: Rules::text };
pub(super) static BUILD_DATE: Rule = Rule { name: "opcua-build-date", read: date_time };
/// A field of a nameplate, as it is.
pub(super) static NAMEPLATE: Rule = Rule { name: "opcua-nameplate", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[
    &APPLICATION_URI,
    &PRODUCT_URI,
    &APPLICATION_NAME,
    &APPLICATION_TYPE,
    &ENDPOINT_URL,
    &HOST_NAME,
    &URN_HOST,
    &SECURITY,
    &CHANNEL_POLICY,
    &USER_TOKEN,
    &SESSION_NAME,
    &NAMESPACE,
    &PRODUCT_NAME,
    &MANUFACTURER_NAME,
    &SOFTWARE_VERSION,
    &BUILD_NUMBER,
    &BUILD_DATE,
    &NAMEPLATE,
    &certificate::SUBJECT,
    &certificate::ORGANIZATION,
    &certificate::ISSUER,
    &certificate::SERIAL,
    &certificate::NOT_AFTER,
    &certificate::SHA256,
    &certificate::DNS,
    &certificate::URI,
    &certificate::ADDRESS,
    &certificate::SELF_SIGNED,
];

/// First parts of the application URIs that public stacks set where no one configures them (sources of freeopcua and
/// asyncua: `urn:freeopcua:…`; of open62541: `urn:unconfigured:application`; of several samples of the OPC Foundation).
const NO_HOSTS: [&str; 6] =
    ["freeopcua", "unconfigured", "localhost", "example", "opcfoundation.org", "open62541"];

/// ApplicationType (OPC 10000-4 section 7.4).
fn application_type(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [0, 0, 0, 0] => "server",
        [1, 0, 0, 0] => "client",
        [2, 0, 0, 0] => "client and server",
        [3, 0, 0, 0] => "discovery server",
        _ => return None,
    };
    Some(name.to_owned())
}

/// A host name: no address, nothing that means the machine itself, and only letters that host names have (RFC 1123
/// section 2.1, and the low line that Windows allows).
fn host_name(octets: &[u8]) -> Option<String> {
    let name = Rules::text(octets)?;
    let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    let address = name.parse::<std::net::IpAddr>().is_ok();
    let own = ["localhost", "localhost.localdomain"].iter().any(|own| name.eq_ignore_ascii_case(own));
    (allowed && !address && !own && name.len() <= 253).then_some(name)
}

/// A host name where a URN has one by custom.
fn urn_host(octets: &[u8]) -> Option<String> {
    host_name(octets).filter(|name| !NO_HOSTS.iter().any(|none| name.eq_ignore_ascii_case(none)))
}

/// The last part of the URI of a security policy.
fn policy(octets: &[u8]) -> Option<String> {
    Rules::text(octets.rsplit(|octet| *octet == b'#').next()?)
}

/// MessageSecurityMode (section 7.20), four octets, and the policy behind it: `None`, `Sign Basic256Sha256`.
fn security(octets: &[u8]) -> Option<String> {
    let (mode, uri) = octets.split_at_checked(4)?;
    let mode = match mode {
        [1, 0, 0, 0] => "None",
        [2, 0, 0, 0] => "Sign",
        [3, 0, 0, 0] => "SignAndEncrypt",
        _ => return None,
    };
    match policy(uri) {
        Some(policy) if policy != mode => Rules::text(format!("{mode} {policy}").as_bytes()),
        _ => Some(mode.to_owned()),
    }
}

/// UserTokenType (section 7.42).
fn user_token(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [0, 0, 0, 0] => "anonymous",
        [1, 0, 0, 0] => "user name",
        [2, 0, 0, 0] => "certificate",
        [3, 0, 0, 0] => "issued token",
        _ => return None,
    };
    Some(name.to_owned())
}

/// DateTime (OPC 10000-6 section 5.2.2.5): intervals of 100 ns since 1601, in the form of RFC 3339 without fractions.
/// `None` for the values that mean "no date", and for years of five digits.
fn date_time(octets: &[u8]) -> Option<String> {
    let ticks = i64::from_le_bytes(octets.try_into().ok()?);
    let seconds = ticks.checked_div(10_000_000).filter(|seconds| *seconds > 0)?;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, in eras of 400 years (Howard Hinnant, "chrono-compatible low-level date algorithms").
    let days = days.checked_add(584_694)?;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = day
        .checked_sub(day / 1_460)?
        .checked_add(day / 36_524)?
        .checked_sub(day / 146_096)?
        .checked_div(365)?;
    let day = day.checked_sub(year.checked_mul(365)?.checked_add(year / 4)?.checked_sub(year / 100)?)?;
    let month = day.checked_mul(5)?.checked_add(2)?.checked_div(153)?;
    let day = day.checked_sub(month.checked_mul(153)?.checked_add(2)?.checked_div(5)?)?.checked_add(1)?;
    let year = era.checked_mul(400)?.checked_add(year)?;
    let (year, month) = if month < 10 {
        (year, month.checked_add(3)?)
    } else {
        (year.checked_add(1)?, month.checked_sub(9)?)
    };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    (year < 10_000).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let of = |ticks: i64| date_time(&ticks.to_le_bytes());
        assert_eq!(of(116_444_736_000_000_000).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(of(125_911_584_000_000_000).as_deref(), Some("2000-01-01T00:00:00Z"));
        assert_eq!(of(133_536_383_990_000_000).as_deref(), Some("2024-02-28T23:59:59Z"));
        assert_eq!(of(133_536_384_000_000_000).as_deref(), Some("2024-02-29T00:00:00Z"));
        assert_eq!(of(864_000_000_000).as_deref(), Some("1601-01-02T00:00:00Z"));
        assert_eq!(of(0), None);
        assert_eq!(of(-1), None);
        assert_eq!(of(i64::MAX), None);
    }

    #[test]
    fn hosts_and_what_stands_in_their_place_are_told_apart() {
        assert_eq!(host_name(b"PLC_1.plant.example").as_deref(), Some("PLC_1.plant.example"));
        for none in [&b"localhost"[..], b"10.0.0.1", b"fe80::1", b"B&R Industrial", b""] {
            assert_eq!(host_name(none), None);
        }
        assert_eq!(urn_host(b"freeopcua"), None);
        assert_eq!(urn_host(b"opcsrv1").as_deref(), Some("opcsrv1"));
    }

    #[test]
    fn security_is_mode_and_policy() {
        let of = |mode: u8, policy: &str| security(&[&[mode, 0, 0, 0], policy.as_bytes()].concat());
        assert_eq!(of(1, "http://opcfoundation.org/UA/SecurityPolicy#None").as_deref(), Some("None"));
        let encrypted = of(3, "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256");
        assert_eq!(encrypted.as_deref(), Some("SignAndEncrypt Basic256Sha256"));
        assert_eq!(of(2, "").as_deref(), Some("Sign"));
        assert_eq!(of(0, "x"), None);
    }
}
