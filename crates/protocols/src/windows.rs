//! Versions of Windows by number, and the names they were sold by.
//!
//! Source: Microsoft, "Windows release information", "Windows Server release information", "Operating System Version"
//! (learn.microsoft.com, 2025-10). Client and server editions share version and build: the name gives both where
//! nothing tells them apart.

/// A released build.
#[derive(Clone, Copy, Debug)]
struct Release {
    version: (u8, u8),
    build: u16,
    client: &'static str,
    server: &'static str,
}

const fn release(version: (u8, u8), build: u16, client: &'static str, server: &'static str) -> Release {
    Release { version, build, client, server }
}

/// Every released build, in order. An empty name: no such edition.
const RELEASES: &[Release] = &[
    release((3, 51), 1057, "Windows NT Workstation 3.51", "Windows NT Server 3.51"),
    release((4, 0), 1381, "Windows NT Workstation 4.0", "Windows NT Server 4.0"),
    release((5, 0), 2195, "Windows 2000 Professional", "Windows 2000 Server"),
    release((5, 1), 2600, "Windows XP", ""),
    release((5, 2), 3790, "Windows XP x64", "Windows Server 2003"),
    release((6, 0), 6000, "Windows Vista", ""),
    release((6, 0), 6001, "Windows Vista SP1", "Windows Server 2008"),
    release((6, 0), 6002, "Windows Vista SP2", "Windows Server 2008 SP2"),
    release((6, 0), 6003, "", "Windows Server 2008 SP2"),
    release((6, 1), 7600, "Windows 7", "Windows Server 2008 R2"),
    release((6, 1), 7601, "Windows 7 SP1", "Windows Server 2008 R2 SP1"),
    release((6, 2), 9200, "Windows 8", "Windows Server 2012"),
    release((6, 3), 9600, "Windows 8.1", "Windows Server 2012 R2"),
    release((10, 0), 10240, "Windows 10 1507", ""),
    release((10, 0), 10586, "Windows 10 1511", ""),
    release((10, 0), 14393, "Windows 10 1607", "Windows Server 2016"),
    release((10, 0), 15063, "Windows 10 1703", ""),
    release((10, 0), 16299, "Windows 10 1709", "Windows Server 1709"),
    release((10, 0), 17134, "Windows 10 1803", "Windows Server 1803"),
    release((10, 0), 17763, "Windows 10 1809", "Windows Server 2019"),
    release((10, 0), 18362, "Windows 10 1903", "Windows Server 1903"),
    release((10, 0), 18363, "Windows 10 1909", "Windows Server 1909"),
    release((10, 0), 19041, "Windows 10 2004", "Windows Server 2004"),
    release((10, 0), 19042, "Windows 10 20H2", "Windows Server 20H2"),
    release((10, 0), 19043, "Windows 10 21H1", ""),
    release((10, 0), 19044, "Windows 10 21H2", ""),
    release((10, 0), 19045, "Windows 10 22H2", ""),
    release((10, 0), 20348, "", "Windows Server 2022"),
    release((10, 0), 22000, "Windows 11 21H2", ""),
    release((10, 0), 22621, "Windows 11 22H2", ""),
    release((10, 0), 22631, "Windows 11 23H2", ""),
    release((10, 0), 25398, "", "Windows Server 23H2"),
    release((10, 0), 26100, "Windows 11 24H2", "Windows Server 2025"),
    release((10, 0), 26200, "Windows 11 25H2", ""),
];

/// Names by version alone, where the build is not told.
const VERSIONS: &[Release] = &[
    release((3, 51), 0, "Windows NT Workstation 3.51", "Windows NT Server 3.51"),
    release((4, 0), 0, "Windows NT Workstation 4.0", "Windows NT Server 4.0"),
    release((5, 0), 0, "Windows 2000 Professional", "Windows 2000 Server"),
    release((5, 1), 0, "Windows XP", ""),
    release((5, 2), 0, "Windows XP x64", "Windows Server 2003"),
    release((6, 0), 0, "Windows Vista", "Windows Server 2008"),
    release((6, 1), 0, "Windows 7", "Windows Server 2008 R2"),
    release((6, 2), 0, "Windows 8", "Windows Server 2012"),
    release((6, 3), 0, "Windows 8.1", "Windows Server 2012 R2"),
    release((10, 0), 0, "Windows 10 or 11", "Windows Server 2016 or later"),
];

/// Client or server edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    /// Client.
    Client,
    /// Server.
    Server,
    /// Not known.
    Either,
}

impl Release {
    fn name(self, edition: Edition) -> Option<String> {
        let name = match (edition, self.client, self.server) {
            (Edition::Client, name, _) | (Edition::Server, _, name) | (Edition::Either, name, "") => {
                name.to_owned()
            }
            (Edition::Either, "", name) => name.to_owned(),
            (Edition::Either, client, server) => format!("{client} or {server}"),
        };
        Some(name).filter(|name| !name.is_empty())
    }
}

/// The name of a build; `None` if it was never released.
pub(crate) fn by_build(version: (u8, u8), build: u16, edition: Edition) -> Option<String> {
    RELEASES.iter().find(|release| (release.version, release.build) == (version, build))?.name(edition)
}

/// The name of a version.
pub(crate) fn by_version(version: (u8, u8), edition: Edition) -> Option<String> {
    VERSIONS.iter().find(|release| release.version == version)?.name(edition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_in_order_and_each_has_a_name() {
        assert!(RELEASES.is_sorted_by_key(|release| (release.version, release.build)));
        assert!(RELEASES.iter().chain(VERSIONS).all(|release| release.name(Edition::Either).is_some()));
    }

    #[test]
    fn what_is_not_known_is_left_open() {
        let name = |edition| by_build((10, 0), 17763, edition);
        assert_eq!(name(Edition::Either).as_deref(), Some("Windows 10 1809 or Windows Server 2019"));
        assert_eq!(name(Edition::Server).as_deref(), Some("Windows Server 2019"));
        assert_eq!(by_build((6, 1), 0, Edition::Either), None);
        assert_eq!(by_version((5, 1), Edition::Server), None);
        assert_eq!(by_version((5, 2), Edition::Server).as_deref(), Some("Windows Server 2003"));
    }
}
