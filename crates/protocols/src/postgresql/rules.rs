//! Every rule that PostgreSQL's facts are made by.

use observation::{Rule, Rules};

pub(super) static APPLICATION: Rule = Rule { name: "postgresql-application", read: Rules::text };
pub(super) static DATABASE: Rule = Rule { name: "postgresql-database", read: Rules::text };
pub(super) static SERVER_VERSION: Rule = Rule { name: "postgresql-server-version", read: Rules::text };
pub(super) static PRODUCT: Rule = Rule { name: "postgresql-product", read: product };

pub(super) const ALL: &[&Rule] = &[&APPLICATION, &DATABASE, &SERVER_VERSION, &PRODUCT];

/// PostgreSQL, where a version is a number. Products made from it or compatible with it (Redshift, CockroachDB) say versions
/// of PostgreSQL, too.
fn product(octets: &[u8]) -> Option<String> {
    octets.first().filter(|octet| octet.is_ascii_digit()).map(|_| "PostgreSQL".to_owned())
}
