//! What the replies to ListIdentity and ListServices say: CIP Networks Library volume 2, 2-4.2 and 2-4.3.

use std::net::Ipv4Addr;

use observation::{Basis, Station, attribute};

use super::identity::Identity;
use super::objects::is_further_address;
use super::rules;
use crate::{Malformed, Output, Reader};

/// Reads an identity item (2-4.3.3) and says what it tells of the station that sent it; true if that is a Logix
/// controller.
///
/// # Errors
///
/// Fails if the item is cut short. What was read before is said.
pub(super) fn identity<'a>(
    mut item: Reader<'a>,
    station: &Station,
    output: &mut Output<'a>,
) -> Result<bool, Malformed> {
    let version = item.take(2, "protocol version")?;
    let socket = item.take(16, "socket address")?;
    output.fact(station, "enip.protocol_version", Basis::Stated, &rules::PROTOCOL_VERSION, version);
    // Devices behind address translation and with several interfaces name another address than their frames carry.
    let mut fields = Reader::new(socket);
    fields.skip(4, "address family and port")?;
    let own = fields.clone().u32_be("IP address").map(Ipv4Addr::from_bits)?;
    if is_further_address(own, station) {
        output.fact(
            station,
            attribute::IP_ADDRESS,
            Basis::Stated,
            &rules::OWN_ADDRESS,
            fields.take(4, "IP address")?,
        );
        output.fact(station, "enip.socket_address", Basis::Stated, &rules::SOCKET_ADDRESS, socket.head(8));
    }
    let mut identity = Identity::default();
    let read = identity.read(&mut item).and_then(|()| identity.read_state(&mut item));
    let logix_controller = identity.is_logix_controller();
    identity.say(station, logix_controller, output);
    read.map(|()| logix_controller)
}

/// Reads a service item (2-4.2.3): version, capabilities and name.
///
/// # Errors
///
/// Fails if the item is cut short.
pub(super) fn service<'a>(
    mut item: Reader<'a>,
    station: &Station,
    output: &mut Output<'a>,
) -> Result<(), Malformed> {
    item.skip(4, "version and capability flags")?;
    let name = item.rest().head(16);
    output.fact(station, "enip.service", Basis::Stated, &rules::SERVICE, name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::Octets;

    use super::*;

    /// Facts of a ListIdentity item from 10.10.10.12.
    fn seen(octets: &[u8]) -> Vec<(&'static str, String)> {
        let station = Station::root("10.10.10.12".parse().unwrap(), None);
        let mut output = Output::default();
        // The octets behind encapsulation header, item count, type and length.
        let _ = identity(Reader::new(Octets::unplaced(&octets[30..])), &station, &mut output);
        std::mem::take(&mut output.facts).into_iter().map(|fact| (fact.attribute, fact.value)).collect()
    }

    const MESSAGE: &[u8] = include_bytes!("messages/list-identity-udp.bin");

    #[test]
    fn an_identity_is_said_field_by_field() {
        let facts = seen(MESSAGE);
        for fact in [
            ("vendor", "Rockwell Automation/Allen-Bradley"),
            ("cip.vendor_id", "1"),
            ("device_type", "Programmable Logic Controller"),
            ("cip.device_type", "14"),
            ("firmware_version", "32.11"),
            ("serial_number", "00c0ffee"),
            ("model", "1756-L83E/B"),
        ] {
            assert!(facts.contains(&(fact.0, fact.1.to_owned())), "{fact:?} in {facts:?}");
        }
    }

    #[test]
    fn only_another_address_is_a_further_one() {
        let with = |address: [u8; 4]| {
            let mut octets = MESSAGE.to_vec();
            octets[36..40].copy_from_slice(&address);
            seen(&octets).into_iter().filter(|fact| fact.0.ends_with("address")).collect::<Vec<_>>()
        };
        assert!(with([0, 0, 0, 0]).is_empty());
        assert!(with([10, 10, 10, 12]).is_empty());
        assert!(with([127, 0, 0, 1]).is_empty());
        assert_eq!(
            with([192, 168, 1, 5]),
            [
                ("ip_address", "192.168.1.5".to_owned()),
                ("enip.socket_address", "192.168.1.5:44818".to_owned())
            ]
        );
    }

    #[test]
    fn an_item_cut_short_says_what_was_read() {
        let facts = seen(&MESSAGE[..60]);
        assert!(facts.iter().any(|fact| fact.0 == "vendor"));
        assert!(!facts.iter().any(|fact| fact.0 == "model"));
    }
}
