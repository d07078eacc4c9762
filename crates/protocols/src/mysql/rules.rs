//! Every rule that MySQL's facts are made by.

use observation::{Rule, Rules};

pub(super) static VERSION: Rule = Rule { name: "mysql-version", read: version };
pub(super) static PRODUCT: Rule = Rule { name: "mysql-product", read: product };
pub(super) static PROGRAM: Rule = Rule { name: "mysql-client-program", read: Rules::text };
pub(super) static LIBRARY: Rule = Rule { name: "mysql-client-library", read: Rules::text };
pub(super) static LIBRARY_VERSION: Rule = Rule { name: "mysql-client-library-version", read: Rules::text };
pub(super) static SYSTEM: Rule = Rule { name: "mysql-client-os", read: Rules::text };
pub(super) static DATABASE: Rule = Rule { name: "mysql-database", read: Rules::text };

pub(super) const ALL: &[&Rule] =
    &[&VERSION, &PRODUCT, &PROGRAM, &LIBRARY, &LIBRARY_VERSION, &SYSTEM, &DATABASE];

/// The version without what MariaDB puts before it for old replicas, which know no version above 5.
fn version(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let real = text.strip_prefix("5.5.5-").filter(|_| text.contains("MariaDB"));
    Some(real.unwrap_or(&text).to_owned())
}

/// Products that say in their version that they are not MySQL.
fn product(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let other =
        ["MariaDB", "TiDB", "Percona", "Vitess", "Doris"].into_iter().find(|name| text.contains(name));
    Some(other.unwrap_or("MySQL").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_name_their_product() {
        let mariadb = b"5.5.5-10.6.12-MariaDB-0ubuntu0.22.04.1";
        assert_eq!(version(mariadb).as_deref(), Some("10.6.12-MariaDB-0ubuntu0.22.04.1"));
        assert_eq!(product(mariadb).as_deref(), Some("MariaDB"));
        assert_eq!(
            (version(b"5.5.5-log").as_deref(), product(b"8.0.36").as_deref()),
            (Some("5.5.5-log"), Some("MySQL"))
        );
        assert_eq!(product(b""), None);
    }
}
