//! What other systems call our roles: a table, many roles to one class.

use inventory::Role;

/// Role, ServiceNow type, ServiceNow class, ATT&CK for ICS asset, Defender type; tab-separated. The first line names
/// the sources.
static TABLE: &str = include_str!("../data/role_classes.tsv");

/// What other systems call a role; empty where they have no word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    /// The worksheet's `Type`.
    pub(crate) servicenow_type: &'static str,
    /// The class of the CMDB.
    pub(crate) servicenow_class: &'static str,
    /// As `A0003`.
    pub(crate) attack: &'static str,
    /// The inventory's `Type`.
    pub(crate) defender: &'static str,
}

/// What other systems call a role.
pub(crate) fn classes(role: Role) -> Classes {
    let line = TABLE.lines().find(|line| line.split('\t').next() == Some(role.as_str()));
    let mut columns = line.unwrap_or_default().split('\t').skip(1);
    let mut column = || columns.next().unwrap_or_default();
    Classes { servicenow_type: column(), servicenow_class: column(), attack: column(), defender: column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_line_and_no_line_is_of_a_role_that_is_not() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let listed: Vec<&str> = lines.map(|line| line.split('\t').next().unwrap()).collect();
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        assert_eq!(listed, roles);
        for role in Role::ALL {
            let classes = classes(*role);
            assert!(classes.servicenow_class.starts_with("cmdb_ci"), "{role:?}");
            assert!(!classes.servicenow_type.is_empty() && !classes.defender.is_empty(), "{role:?}");
            let attack = classes.attack;
            assert!(attack.is_empty() || attack.len() == 5 && attack.starts_with("A00"), "{role:?}");
        }
    }
}
