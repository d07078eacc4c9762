//! Every rule that LDAP's facts are made by.

use observation::{Rule, Rules};

pub(super) static HOST_NAME: Rule = Rule { name: "ldap-host-name", read: host };
pub(super) static DNS_HOST_NAME: Rule = Rule { name: "ldap-dns-host-name", read: Rules::text };
pub(super) static DOMAIN: Rule = Rule { name: "ldap-domain", read: domain };
pub(super) static FOREST: Rule = Rule { name: "ldap-forest", read: domain };
pub(super) static SITE: Rule = Rule { name: "ldap-site", read: site };
pub(super) static DIRECTORY: Rule = Rule { name: "ldap-directory", read: directory };
pub(super) static LEVEL: Rule = Rule { name: "ldap-controller-level", read: level };
pub(super) static PRODUCT: Rule = Rule { name: "ldap-vendor-name", read: Rules::text };
pub(super) static VERSION: Rule = Rule { name: "ldap-vendor-version", read: Rules::text };
pub(super) static CLIENT_NAME: Rule = Rule { name: "ldap-ping-host", read: host };

pub(super) const ALL: &[&Rule] = &[
    &HOST_NAME,
    &DNS_HOST_NAME,
    &DOMAIN,
    &FOREST,
    &SITE,
    &DIRECTORY,
    &LEVEL,
    &PRODUCT,
    &VERSION,
    &CLIENT_NAME,
];

/// The host of a DNS name.
fn host(octets: &[u8]) -> Option<String> {
    Rules::text(octets)?.split('.').next().filter(|host| !host.is_empty()).map(str::to_owned)
}

/// The value of the first part of a distinguished name where that is of this type.
fn value<'a>(part: &'a str, kind: &str) -> Option<&'a str> {
    let (found, value) = part.split_once('=')?;
    found.trim().eq_ignore_ascii_case(kind).then(|| value.trim())
}

/// The DNS name of a naming context `DC=plant,DC=example`.
fn domain(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let labels: Option<Vec<_>> = text.split(',').map(|part| value(part, "DC")).collect();
    labels.filter(|labels| !labels.is_empty()).map(|labels| labels.join("."))
}

/// The site in the name of a server's object: `CN=DC1,CN=Servers,CN=Works,CN=Sites,…` ([MS-ADTS] section 6.1.1.2.2.1).
fn site(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let mut parts = text.split(',').map(|part| value(part, "CN"));
    let [_, servers, site, sites] = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    (servers == "Servers" && sites == "Sites").then(|| site.to_owned())
}

/// The kind of directory by a capability ([MS-ADTS] section 3.1.1.3.4.3).
fn directory(octets: &[u8]) -> Option<String> {
    match octets {
        b"1.2.840.113556.1.4.800" => Some("Active Directory".to_owned()),
        b"1.2.840.113556.1.4.1851" => Some("Active Directory Lightweight Directory Services".to_owned()),
        _ => None,
    }
}

/// The operating system of a controller by its functional level ([MS-ADTS] section 6.1.4.2); later ones than 2016 keep
/// its level up to 2025.
fn level(octets: &[u8]) -> Option<String> {
    let name = match octets {
        b"0" => "Windows 2000 Server",
        b"2" => "Windows Server 2003",
        b"3" => "Windows Server 2008",
        b"4" => "Windows Server 2008 R2",
        b"5" => "Windows Server 2012",
        b"6" => "Windows Server 2012 R2",
        b"7" => "Windows Server 2016, 2019 or 2022",
        b"10" => "Windows Server 2025",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_directory_are_taken_apart() {
        assert_eq!(domain(b"DC=plant, dc=example").as_deref(), Some("plant.example"));
        assert_eq!(domain(b"CN=Configuration,DC=plant"), None);
        assert_eq!(site(b"CN=DC1,CN=Servers,CN=Works,CN=Sites,CN=Configuration").as_deref(), Some("Works"));
        assert_eq!(site(b"CN=DC1,OU=Domain Controllers,DC=plant"), None);
        assert_eq!(host(b"dc1.plant.example").as_deref(), Some("dc1"));
    }
}
