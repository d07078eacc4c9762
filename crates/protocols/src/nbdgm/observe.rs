//! What a datagram says about its sender.

use std::net::Ipv4Addr;

use observation::{Address, Basis, Octets, Rule, Rules, attribute};

use super::mailslot::Write;
use super::wire::Datagram;
use crate::{Context, Malformed, Output, Session, browser, netbios, netlogon};

static HOST_NAME: Rule = Rule { name: "nbdgm-source-name", read: netbios::text };
static ADDRESS: Rule = Rule { name: "nbdgm-source-address", read: Rules::ipv4 };

pub(super) const RULES: &[&Rule] = &[&HOST_NAME, &ADDRESS];

/// Stateless.
#[derive(Debug)]
pub(super) struct Nbdgm;

impl Session for Nbdgm {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(datagram) = Datagram::parse(message)? else { return Ok(()) };
        let own = own_address(datagram.source);
        let differs = own.is_some_and(|address| address != context.source);
        // What was passed on names another than the sender of the frame.
        if datagram.may_be_distributed && differs {
            return Ok(());
        }
        let source = context.source();
        if datagram.from.suffix.is_host() {
            output.fact(&source, attribute::HOSTNAME, Basis::Stated, &HOST_NAME, datagram.from.encoded);
        }
        if differs {
            output.fact(&source, attribute::IP_ADDRESS, Basis::Stated, &ADDRESS, datagram.source);
        }
        let Some(write) = Write::parse(&datagram.data)? else { return Ok(()) };
        if is(write.mailslot, b"\\MAILSLOT\\BROWSE") || is(write.mailslot, b"\\MAILSLOT\\LANMAN") {
            output.inside("browser", |output| browser::read(&source, Some(datagram.to), write.data, output))
        } else if is(write.mailslot, b"\\MAILSLOT\\NET\\NETLOGON")
            || is(write.mailslot, b"\\MAILSLOT\\NET\\NTLOGON")
            // Answers come in a mailslot of the client's choice, for which Windows uses names like this.
            || write.mailslot.get(..18).is_some_and(|name| is(name, b"\\MAILSLOT\\NET\\GETD"))
        {
            output.inside("netlogon", |output| netlogon::read(&source, write.data, output))
        } else {
            Ok(())
        }
    }
}

fn is(mailslot: &[u8], name: &[u8]) -> bool {
    mailslot.eq_ignore_ascii_case(name)
}

fn own_address(octets: Octets<'_>) -> Option<Address> {
    let octets = <[u8; 4]>::try_from(octets.bytes).ok()?;
    Some(Address::Ip(Ipv4Addr::from(octets).into())).filter(|address| address.is_unicast())
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: &[u8]) -> Vec<String> {
        said_of(Octets::unplaced(octets))
    }

    fn said_of(octets: Octets<'_>) -> Vec<String> {
        let context = Context {
            source: "10.10.20.50".parse().unwrap(),
            destination: "10.10.20.255".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 138,
            destination_port: 138,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let _ = Nbdgm.message(&context, octets, &mut output);
        let facts = output
            .facts
            .iter()
            .map(|fact| format!("{} {}={}", fact.protocol.unwrap_or("nbdgm"), fact.attribute, fact.value));
        facts.collect()
    }

    #[test]
    fn an_announcement_names_the_sender_twice_and_its_group() {
        let octets = include_bytes!("messages/host-announcement.bin");
        let facts = said(octets);
        assert_eq!(
            facts[..4],
            [
                "nbdgm hostname=SCADA1",
                "browser browser.domain=PLANT",
                "browser hostname=SCADA1",
                "browser os_version=5.2"
            ]
        );
        assert_eq!(facts.last().unwrap(), "browser description=Line 3 supervision");
        assert_eq!(
            said_of(Octets::unplaced(&octets[..octets.len() - 60]).cut()),
            facts[..1],
            "what is cut is not said"
        );
    }

    #[test]
    fn a_request_for_a_controller_names_the_client() {
        let facts = said(include_bytes!("messages/logon-request.bin"));
        assert_eq!(facts, ["nbdgm hostname=SCADA1", "netlogon hostname=SCADA1"]);
    }

    #[test]
    fn an_address_that_differs_is_told_and_one_passed_on_is_not() {
        let mut octets = include_bytes!("messages/other-address.bin").to_vec();
        let facts = said(&octets);
        assert_eq!(
            facts,
            ["nbdgm hostname=SCADA1", "nbdgm ip_address=192.168.7.50", "browser hostname=SCADA1"]
        );
        octets[1] |= 0x0c;
        assert!(said(&octets).is_empty());
    }
}
