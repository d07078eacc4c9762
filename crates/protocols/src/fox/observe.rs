//! What both ends say of themselves in their hello.

use observation::{Basis, End, Octets, OperationKind, Rule, Rules, attribute};

use super::wire;
use crate::{Context, Malformed, Output, Session};

static TEXT: Rule = Rule { name: "fox-text", read: Rules::text };
static ADDRESS: Rule = Rule { name: "fox-address", read: address };
static BRAND: Rule = Rule { name: "fox-brand", read: brand };
static TIME_ZONE: Rule = Rule { name: "fox-time-zone", read: time_zone };

pub(super) const RULES: &[&Rule] = &[&TEXT, &ADDRESS, &BRAND, &TIME_ZONE];

/// Brands of Niagara that name the maker of the device, as it writes itself.
const BRANDS: [(&[u8], &str); 9] = [
    (b"vykon", "Tridium (Vykon)"),
    (b"tridium", "Tridium"),
    (b"webs", "Honeywell (WEBs)"),
    (b"webeasy", "Honeywell (WEBs)"),
    (b"honeywell", "Honeywell"),
    (b"facexp", "Johnson Controls (Facility Explorer)"),
    (b"distech", "Distech Controls"),
    (b"lynxspring", "Lynxspring"),
    (b"schneider", "Schneider Electric"),
];

/// Items of a hello, and what they are.
const ITEMS: [(&[u8], &str, &Rule); 13] = [
    (b"hostAddress", "fox.host_address", &ADDRESS),
    (b"app.name", "fox.application", &TEXT),
    (b"app.version", attribute::SOFTWARE_VERSION, &TEXT),
    (b"vm.name", "fox.vm", &TEXT),
    (b"vm.version", "fox.vm_version", &TEXT),
    (b"os.name", attribute::OS, &TEXT),
    (b"os.version", attribute::OS_VERSION, &TEXT),
    (b"station.name", attribute::STATION_NAME, &TEXT),
    (b"hostId", "fox.host_id", &TEXT),
    (b"vmUuid", "fox.vm_uuid", &TEXT),
    (b"brandId", "fox.brand", &TEXT),
    (b"timeZone", "fox.time_zone", &TIME_ZONE),
    (b"fox.version", "fox.version", &TEXT),
];

/// An address, unless it is that of the loopback.
fn address(octets: &[u8]) -> Option<String> {
    let address: std::net::IpAddr = std::str::from_utf8(octets).ok()?.trim().parse().ok()?;
    (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string())
}

/// The maker that a brand stands for.
fn brand(octets: &[u8]) -> Option<String> {
    let known = BRANDS.iter().find(|(brand, _)| octets.eq_ignore_ascii_case(brand));
    known.map(|(_, maker)| (*maker).to_owned())
}

/// The name of a time zone: what stands before its rules.
fn time_zone(octets: &[u8]) -> Option<String> {
    octets.split(|octet| *octet == b';').next().and_then(Rules::text)
}

/// Items that authenticate.
const SECRETS: [&[u8]; 6] = [b"password", b"digest", b"credentials", b"response", b"authentication", b"hash"];

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Fox {
    /// The first hello came, which is the client's.
    greeted: bool,
}

impl Session for Fox {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let command = wire::command(message).unwrap_or_default();
        if command == b"fox hello" {
            return self.hello(context, message, output);
        }
        wire::items(message, |name, value| {
            let is_secret = SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret));
            if is_secret && !value.is_empty() {
                output.secret(value);
            }
        });
        if context.from == End::Client {
            let (kind, name) = match command {
                b"fox login" => (OperationKind::Diagnostic, "login"),
                b"fox keepAlive" => return Ok(()),
                _ => (OperationKind::Diagnostic, "request"),
            };
            output.operation(kind, name, message);
        }
        Ok(())
    }
}

impl Fox {
    fn hello<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let sender = context.source();
        let (mut host, mut brand) = (None, None);
        let (mut is_station, mut is_computer) = (false, false);
        wire::items(message, |name, value| {
            is_station |= name == b"station.name" || name == b"app.name" && value.bytes == b"Station";
            is_computer |= name == b"os.name" && value.bytes.starts_with(b"Windows");
            match name {
                b"hostName" => host = Some(value),
                b"brandId" => brand = Some(value),
                _ => {}
            }
            for (_, attribute, rule) in ITEMS.iter().filter(|item| item.0 == name) {
                output.fact(&sender, attribute, Basis::Stated, rule, value);
            }
        });
        // The brand is that of the software; only on a controller it is that of the device, too.
        if let Some(brand) = brand.filter(|_| is_station && !is_computer) {
            output.fact(&sender, attribute::VENDOR, Basis::Inferred, &BRAND, brand);
        }
        // Stations without a name of their own say their address.
        if let Some(host) = host.filter(|host| std::str::from_utf8(host.bytes).is_ok_and(is_name)) {
            output.fact(&sender, attribute::HOSTNAME, Basis::Stated, &TEXT, host);
        }
        // Stations connect to stations, too: the first hello is the client's. Behind one that the capture missed, whoever
        // is a station and has no partner yet is likely the one that answers.
        if is_station && !self.greeted && context.from == End::Server {
            output.server_is = Some(End::Server);
        }
        if !self.greeted && context.from == End::Client {
            output.operation(OperationKind::Identify, "hello", message);
        }
        self.greeted = true;
        Ok(())
    }
}

fn is_name(host: &str) -> bool {
    host.trim().parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use observation::Transport;

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    #[test]
    fn both_ends_say_who_they_are() {
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, include_bytes!("messages/hello-workbench.bin")),
                (End::Server, include_bytes!("messages/hello-station.bin")),
            ],
        );
        for (attribute, value) in [
            ("fox.host_address", "10.0.0.5"),
            ("fox.application", "Station"),
            ("software_version", "4.10.0.154"),
            ("fox.vm", "OpenJDK Embedded Client VM"),
            ("os", "QNX"),
            ("os_version", "6.5.0"),
            ("station_name", "AHU_North"),
            ("fox.host_id", "Qnx-TITAN-0000-1111-2222-3333"),
            ("vendor", "Tridium (Vykon)"),
            ("fox.time_zone", "Europe/Berlin"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        assert_eq!(heard.value("10.0.0.5", "hostname"), None, "an address is no name");
        assert!(heard.has("10.0.0.1", "hostname", "eng-pc-3"));
        assert!(heard.has("10.0.0.1", "fox.application", "Workbench"));
        assert_eq!(heard.value("10.0.0.1", "vendor"), None, "its brand is that of the software");
        assert_eq!(heard.operations, [(OperationKind::Identify, "hello")]);
    }

    #[test]
    fn what_authenticates_is_masked_and_says_nothing() {
        let login = include_bytes!("messages/login.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, login)]);
        let (offset, length) = heard.secrets[0];
        assert_eq!(&login[offset as usize..][..length as usize], b"YWJjZGVm");
        assert!(heard.facts.is_empty());
        assert_eq!(heard.operations, [(OperationKind::Diagnostic, "login")]);
    }

    #[test]
    fn loopback_and_unknown_brands_say_nothing() {
        assert_eq!((address(b"127.0.0.1"), address(b"host"), brand(b"acme")), (None, None, None));
        assert_eq!(address(b"10.1.2.3").as_deref(), Some("10.1.2.3"));
        assert_eq!(time_zone(b"Asia/Tokyo;32400000;0;null;null").as_deref(), Some("Asia/Tokyo"));
    }
}
