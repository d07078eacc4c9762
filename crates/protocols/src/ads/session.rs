//! One conversation: what its messages say, and which reads of the system service are answered.

use observation::{Basis, End, Octets, Transport, attribute};

use super::command::{self, group, id, port};
use super::wire::Message;
use super::{description, discovery, rules};
use crate::pending::Pending;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

/// Reads of the system service whose answers are read, waiting; engineering tools ask them one by one. The oldest
/// goes first.
const ASKED_MAX: usize = 4;

/// NetIds that one conversation remembers; those beyond are said again.
const NET_IDS_MAX: usize = 8;

/// Last two numbers of the NetId of a device itself; those of its masters and remote units differ.
const OWN_NET_ID: &[u8] = &[1, 1];

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Ads {
    /// Index groups by invoke id.
    asked: Pending<u32, u32, ASKED_MAX>,
    /// NetIds that were said, by end.
    net_ids: Told<NET_IDS_MAX>,
}

impl Session for Ads {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if context.transport != Transport::Tcp {
            return discovery::observe(context, message, output);
        }
        let message = Message::parse(message)?;
        // Notifications are sent without being asked for each.
        let is_notification = message.command == id::NOTIFICATION;
        let answers = message.is_response || is_notification;
        output.server_is = Some(if answers { context.from } else { context.from.other() });
        self.net_id(context, &message, if answers { End::Server } else { End::Client }, output);
        match (message.is_response, is_notification) {
            (_, true) => Ok(()),
            (false, _) => self.request(&message, output),
            (true, _) => self.response(context, &message, output),
        }
    }

    fn gap(&mut self, _: End) {
        self.asked.clear();
    }
}

impl Ads {
    /// Says the NetId of the sender, if it is a device's own.
    fn net_id<'m>(&mut self, context: &Context, message: &Message<'m>, end: End, output: &mut Output<'m>) {
        let net_id = message.source.bytes;
        let print = Print::of_day(context.time.day()).with(&[u8::from(end == End::Server)]).with(net_id);
        if net_id.ends_with(OWN_NET_ID) && self.net_ids.is_new(print) {
            output.fact(&context.source(), "ads.net_id", Basis::Stated, &rules::NET_ID, message.source);
        }
    }

    fn request<'m>(&mut self, message: &Message<'m>, output: &mut Output<'m>) -> Result<(), Malformed> {
        let mut data = message.data.clone();
        let (mut group, mut state) = (0, 0);
        match message.command {
            id::READ | id::WRITE | id::READ_WRITE => group = data.u32_le("index group")?,
            id::WRITE_CONTROL => state = data.u16_le("ads state")?,
            _ => (),
        }
        let (kind, name) = command::operation(message.command, message.target_port, group, state);
        output.operation(kind, name, message.head);
        let is_wanted = matches!(group, group::TARGET | group::HOST_NAME)
            && message.target_port == port::SYSTEM_SERVICE
            && message.command == id::READ;
        if is_wanted {
            self.asked.ask(message.invoke, group, output);
        }
        Ok(())
    }

    fn response<'m>(
        &mut self,
        context: &Context,
        message: &Message<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut data = message.data.clone();
        if message.error != 0 || (!data.is_empty() && data.u32_le("result")? != 0) {
            self.asked.take(&message.invoke);
            return Ok(());
        }
        let (server, port) = (context.source(), message.source_port);
        match message.command {
            id::READ_DEVICE_INFO if !data.is_empty() => {
                // Version and sixteen octets of name; some servers end it where the name does.
                let info = data.peek().head(20);
                let version = data.take(4, "version")?;
                let port_and_info = [message.source_port_octets, info];
                output.fact_of(&server, "ads.device", Basis::Stated, &rules::DEVICE, &port_and_info);
                // Of the services of TwinCAT only the system stands for the whole; a server that names itself otherwise
                // is no TwinCAT, and its name is the best guess at the product.
                let name = info.tail(4);
                if port == port::SYSTEM_SERVICE {
                    output.fact(
                        &server,
                        attribute::SOFTWARE_VERSION,
                        Basis::Stated,
                        &rules::VERSION,
                        version,
                    );
                } else if rules::is_foreign(name.bytes) {
                    output.fact(&server, attribute::MODEL, Basis::Inferred, &rules::DEVICE_NAME, name);
                    output.fact(
                        &server,
                        attribute::SOFTWARE_VERSION,
                        Basis::Stated,
                        &rules::VERSION,
                        version,
                    );
                }
            }
            id::READ_STATE if !data.is_empty() => {
                let state = data.take(2, "ads state")?;
                // The state of the PLC is the mode; that of the system says it where nobody asks the PLC.
                if port::FIRST_RUNTIMES.contains(&port) {
                    output.fact(&server, attribute::MODE, Basis::Stated, &rules::STATE, state);
                } else if port == port::SYSTEM_SERVICE {
                    output.fact(&server, attribute::MODE, Basis::Inferred, &rules::STATE, state);
                    output.fact(&server, "ads.system_state", Basis::Stated, &rules::STATE, state);
                }
            }
            id::READ => {
                let asked = self.asked.take(&message.invoke);
                if let Some(group) = asked {
                    let length = data.u32_le("length")?;
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    let value = data.take(length, "data")?;
                    match group {
                        group::TARGET => description::observe(&server, value, output),
                        _ => {
                            output.fact(&server, attribute::HOSTNAME, Basis::Stated, &rules::HOSTNAME, value)
                        }
                    }
                }
            }
            _ => (),
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::OperationKind;

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::{self, Heard};

    fn hear(messages: &[(End, &[u8])], transport: Transport) -> Heard {
        let heard = trial::hear(&PROTOCOL, transport, messages);
        assert!(heard.malformed.is_empty(), "{:?}", heard.malformed);
        heard
    }

    #[test]
    fn a_search_is_answered_with_names_and_versions() {
        let heard = hear(
            &[
                (End::Client, include_bytes!("messages/search-udp.bin")),
                (End::Server, include_bytes!("messages/search-answer-udp.bin")),
            ],
            Transport::Udp,
        );
        for (attribute, value) in [
            ("ads.net_id", "5.20.30.40.1.1"),
            ("hostname", "CX-141E28"),
            ("os", "Windows NT"),
            ("os_version", "10.0.19044"),
            ("software_version", "3.1.4024"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        assert!(heard.facts.iter().any(|fact| fact.1 == "ads.fingerprint" && fact.2.len() == 64));
        assert!(heard.has("10.0.0.1", "ads.net_id", "10.0.0.1.1.1"));
        assert_eq!(heard.operations, [(OperationKind::Identify, "search")]);
        assert_eq!(heard.servers, [End::Server; 2]);
    }

    #[test]
    fn a_new_route_names_the_client_and_hides_its_credentials() {
        let octets = include_bytes!("messages/add-route-udp.bin");
        let heard = hear(&[(End::Client, octets)], Transport::Udp);
        assert!(
            heard.has("10.0.0.1", "hostname", "ENG-7") && heard.has("10.0.0.1", "ads.route_name", "ENG-7")
        );
        assert_eq!((heard.operations, heard.secrets.len()), (vec![(OperationKind::Program, "add route")], 2));
        assert!(!heard.facts.iter().any(|fact| fact.2.contains("Operator") || fact.2.contains("hunter2")));
    }

    #[test]
    fn device_info_is_told_with_its_port() {
        let heard = hear(
            &[
                (End::Client, include_bytes!("messages/read-device-info.bin")),
                (End::Server, include_bytes!("messages/read-device-info-response.bin")),
            ],
            Transport::Tcp,
        );
        assert!(heard.has("10.0.0.5", "ads.device", "TestServer 1.2.3 (port 851)"), "{heard:?}");
        assert!(heard.has("10.0.0.5", "ads.net_id", "10.10.10.16.1.1"));
        // No service of TwinCAT is called so.
        assert!(
            heard.has("10.0.0.5", "model", "TestServer")
                && heard.has("10.0.0.5", "software_version", "1.2.3")
        );
        let mut own = include_bytes!("messages/read-device-info-response.bin").to_vec();
        let at = own.windows(10).position(|octets| octets == b"TestServer").unwrap();
        own[at..at + 10].copy_from_slice(b"Plc30 App\0");
        let request = include_bytes!("messages/read-device-info.bin");
        let heard = hear(&[(End::Client, request), (End::Server, &own)], Transport::Tcp);
        assert!(
            !heard.facts.iter().any(|fact| fact.1 == "model" || fact.1 == "software_version"),
            "{heard:?}"
        );
    }

    #[test]
    fn the_target_description_tells_model_and_serial_number() {
        let heard = hear(
            &[
                (End::Client, include_bytes!("messages/read-target-description.bin")),
                (End::Server, include_bytes!("messages/read-target-description-response.bin")),
            ],
            Transport::Tcp,
        );
        for (attribute, value) in [
            ("vendor", "Beckhoff Automation"),
            ("model", "CX5130-0155"),
            ("serial_number", "4711"),
            ("firmware_version", "7.12"),
            ("hardware_revision", "4.1"),
            ("software_version", "3.1.4024"),
            ("os", "Windows 10"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        let response: &[u8] = include_bytes!("messages/read-target-description-response.bin");
        assert!(
            hear(&[(End::Server, response)], Transport::Tcp).facts.iter().all(|fact| fact.1 == "ads.net_id")
        );
    }

    #[test]
    fn the_state_of_the_plc_is_its_mode_and_that_of_the_system_hints_at_it() {
        let mut octets = include_bytes!("messages/read-state-response.bin").to_vec();
        let heard = hear(&[(End::Server, &octets)], Transport::Tcp);
        assert!(
            heard
                .facts
                .iter()
                .any(|fact| (fact.1, fact.2.as_str(), fact.3) == ("mode", "run", Basis::Stated))
        );
        octets[20..22].copy_from_slice(&10_000_u16.to_le_bytes());
        octets[42] = 15;
        let heard = hear(&[(End::Server, &octets)], Transport::Tcp);
        assert!(
            heard
                .facts
                .iter()
                .any(|fact| (fact.1, fact.2.as_str(), fact.3) == ("mode", "config", Basis::Inferred))
        );
    }

    #[test]
    fn stopping_is_control_and_cyclic_messages_say_nothing_again() {
        let stop = include_bytes!("messages/write-control-stop.bin");
        let heard = hear(&[(End::Client, stop), (End::Client, stop)], Transport::Tcp);
        assert_eq!(heard.operations, [(OperationKind::Control, "write control stop"); 2]);
        assert_eq!(heard.facts.len(), 1);
    }

    #[test]
    fn a_failed_read_says_nothing() {
        let request: &[u8] = include_bytes!("messages/read-target-description.bin");
        let mut response = include_bytes!("messages/read-target-description-response.bin").to_vec();
        response[38] = 7;
        let heard = hear(&[(End::Client, request), (End::Server, &response)], Transport::Tcp);
        assert!(heard.facts.iter().all(|fact| fact.1 == "ads.net_id"));
    }
}
