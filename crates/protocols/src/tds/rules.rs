//! Every rule that TDS's facts are made by.

use observation::{Rule, Rules};

pub(super) static SERVER_VERSION: Rule = Rule { name: "tds-server-version", read: version };
pub(super) static PRODUCT: Rule = Rule { name: "tds-product", read: product };
pub(super) static CLIENT_VERSION: Rule = Rule { name: "tds-client-version", read: version };
pub(super) static HOST_NAME: Rule = Rule { name: "tds-host-name", read: Rules::text_utf16_le };
pub(super) static APPLICATION: Rule = Rule { name: "tds-application", read: Rules::text_utf16_le };
pub(super) static LIBRARY: Rule = Rule { name: "tds-library", read: Rules::text_utf16_le };
pub(super) static DATABASE: Rule = Rule { name: "tds-database", read: Rules::text_utf16_le };
pub(super) static CLIENT_ID: Rule = Rule { name: "tds-client-id", read: Rules::mac };
pub(super) static PROGRAM: Rule = Rule { name: "tds-program", read: Rules::text_utf16_le };
pub(super) static SERVER_HOST: Rule = Rule { name: "tds-server-host", read: |name| part(name, 0) };
pub(super) static INSTANCE: Rule = Rule { name: "tds-instance", read: |name| part(name, 1) };

pub(super) const ALL: &[&Rule] = &[
    &SERVER_VERSION,
    &PRODUCT,
    &CLIENT_VERSION,
    &HOST_NAME,
    &APPLICATION,
    &LIBRARY,
    &DATABASE,
    &CLIENT_ID,
    &PROGRAM,
    &SERVER_HOST,
    &INSTANCE,
];

/// Major, minor and build, the build most significant octet first ([MS-TDS] sections 2.2.6.5 and 2.2.7.14).
fn version(octets: &[u8]) -> Option<String> {
    let [major, minor, high, low, ..] = octets else { return None };
    (*major > 0).then(|| format!("{major}.{minor}.{}", u16::from_be_bytes([*high, *low])))
}

/// The product of a version.
///
/// Source: Microsoft, "Determine which version and edition of SQL Server Database Engine is running", 2025-11.
fn product(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [7, ..] => "7.0",
        [8, ..] => "2000",
        [9, ..] => "2005",
        [10, 50..=u8::MAX, ..] => "2008 R2",
        [10, ..] => "2008",
        [11, ..] => "2012",
        [12, ..] => "2014",
        [13, ..] => "2016",
        [14, ..] => "2017",
        [15, ..] => "2019",
        [16, ..] => "2022",
        [17, ..] => "2025",
        _ => return None,
    };
    Some(format!("Microsoft SQL Server {name}"))
}

/// Host or instance of `HOST\INSTANCE`.
fn part(octets: &[u8], place: usize) -> Option<String> {
    let text = Rules::text_utf16_le(octets)?;
    text.split('\\').nth(place).filter(|part| !part.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_name_their_product() {
        assert_eq!(version(&[15, 0, 0x07, 0xd0]).as_deref(), Some("15.0.2000"));
        assert_eq!(product(&[15, 0, 0x07, 0xd0]).as_deref(), Some("Microsoft SQL Server 2019"));
        assert_eq!(product(&[10, 50, 0, 0]).as_deref(), Some("Microsoft SQL Server 2008 R2"));
        assert_eq!(product(&[10, 0, 0, 0]).as_deref(), Some("Microsoft SQL Server 2008"));
        assert_eq!((product(&[99, 0]), version(&[0; 6])), (None, None));
    }

    #[test]
    fn a_server_name_is_host_and_instance() {
        let utf16: Vec<u8> = "HIST1\\RUNTIME".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(part(&utf16, 0).as_deref(), Some("HIST1"));
        assert_eq!(part(&utf16, 1).as_deref(), Some("RUNTIME"));
        assert_eq!(part(&utf16[..10], 1), None);
    }
}
