//! Every rule that Kerberos' facts are made by.

use observation::{Rule, Rules};

use crate::netbios;

pub(super) static MACHINE: Rule = Rule { name: "kerberos-machine-account", read: machine };
pub(super) static SERVICE_HOST: Rule = Rule { name: "kerberos-service-host", read: host };
pub(super) static NETBIOS_ADDRESS: Rule =
    Rule { name: "kerberos-netbios-address", read: |octets| netbios::plain(octets.get(..15)?) };
pub(super) static ADDRESS: Rule = Rule { name: "kerberos-address", read: Rules::ipv4 };
pub(super) static REALM: Rule = Rule { name: "kerberos-realm", read: Rules::text };

pub(super) const ALL: &[&Rule] = &[&MACHINE, &SERVICE_HOST, &NETBIOS_ADDRESS, &ADDRESS, &REALM];

/// The host of a machine's account `NAME$`; `None` for accounts of users.
fn machine(octets: &[u8]) -> Option<String> {
    Rules::text(octets.strip_suffix(b"$")?)
}

/// The host of a service's name, without its domain; `None` for an address.
fn host(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let host = text.split('.').next()?;
    let is_name = text.parse::<std::net::IpAddr>().is_err() && !host.is_empty();
    is_name.then(|| host.to_owned())
}
