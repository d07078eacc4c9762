//! Who connects to which broker, and what for.

use observation::{Basis, End, Octets, OperationKind, Rule, Rules, attribute};

use super::wire::{self, Packet};
use crate::sparkplug::Sparkplug;
use crate::{Context, Malformed, Output, Reader, Session};

static CLIENT_ID: Rule = Rule { name: "mqtt-client-id", read: Rules::text };
static WILL_TOPIC: Rule = Rule { name: "mqtt-will-topic", read: Rules::text };
static VERSION: Rule = Rule { name: "mqtt-version", read: version };
static BROKER_VERSION: Rule = Rule { name: "mqtt-broker-version", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&CLIENT_ID, &WILL_TOPIC, &VERSION, &BROKER_VERSION];

/// Protocol version 5.
const VERSION_5: u8 = 5;

/// Bit of the protocol version by which Mosquitto's bridges show that they are one.
const BRIDGE: u8 = 0x80;

/// Properties (MQTT 5.0 table 2-4).
const ASSIGNED_CLIENT_ID: u8 = 0x12;
const AUTHENTICATION_DATA: u8 = 0x16;

/// The protocol version of a CONNECT, as the standards are called.
fn version(octets: &[u8]) -> Option<String> {
    let name = match octets.first()? & !BRIDGE {
        3 => "3.1",
        4 => "3.1.1",
        VERSION_5 => "5.0",
        _ => return None,
    };
    Some(name.to_owned())
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Mqtt {
    /// Protocol version that the client named.
    version: Option<u8>,
    sparkplug: Sparkplug,
}

impl Session for Mqtt {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let packet = Packet::parse(message)?;
        let mut body = packet.body;
        match packet.kind {
            wire::CONNECT | wire::SUBSCRIBE | wire::UNSUBSCRIBE | wire::PINGREQ => {
                output.server_is = Some(context.from.other());
            }
            wire::CONNACK | wire::SUBACK | wire::UNSUBACK | wire::PINGRESP => {
                output.server_is = Some(context.from);
            }
            _ => {}
        }
        match packet.kind {
            wire::CONNECT => self.connect(context, &mut body, output),
            wire::CONNACK => self.connected(context, &mut body, output),
            wire::PUBLISH => self.publish(context, message, packet.quality, &mut body, output),
            wire::SUBSCRIBE => self.subscribe(message, &mut body, output),
            wire::UNSUBSCRIBE => {
                output.operation(OperationKind::Diagnostic, "unsubscribe", message);
                Ok(())
            }
            wire::AUTH => {
                body.u8("reason code")?;
                wire::properties(&mut body, |identifier, value| secret(identifier, value, output))
            }
            _ => Ok(()),
        }
    }
}

/// Masks what authenticates.
fn secret(identifier: u8, value: Octets<'_>, output: &mut Output<'_>) {
    if identifier == AUTHENTICATION_DATA && !value.is_empty() {
        output.secret(value);
    }
}

impl Mqtt {
    /// A CONNECT (section 3.1).
    fn connect<'m>(
        &mut self,
        context: &Context,
        body: &mut Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let client = context.source();
        wire::string(body, "protocol name")?;
        let level = body.take(1, "protocol version")?;
        let number = level.get(0).unwrap_or(0) & !BRIDGE;
        self.version = Some(number);
        output.fact(&client, "mqtt.version", Basis::Stated, &VERSION, level);
        let flags = body.u8("connect flags")?;
        body.skip(2, "keep alive")?;
        if number == VERSION_5 {
            wire::properties(body, |identifier, value| secret(identifier, value, output))?;
        }
        let name = wire::string(body, "client identifier")?;
        output.fact(&client, "mqtt.client_id", Basis::Stated, &CLIENT_ID, name);
        if flags & 0x04 != 0 {
            if number == VERSION_5 {
                wire::properties(body, |_, _| ())?;
            }
            let topic = wire::string(body, "will topic")?;
            output.fact(&client, "mqtt.will_topic", Basis::Stated, &WILL_TOPIC, topic);
            self.sparkplug.will(&client, topic, output);
            wire::string(body, "will payload")?;
        }
        // Names of users are personal.
        if flags & 0x80 != 0 {
            wire::string(body, "user name")?;
        }
        if flags & 0x40 != 0 {
            let length = usize::from(body.u16_be("password")?);
            let password = body.peek().head(length);
            if !password.is_empty() {
                output.secret(password);
            }
            body.skip(length, "password")?;
        }
        Ok(())
    }

    /// A CONNACK (section 3.2): the broker tells a client that has no name how it calls it.
    fn connected<'m>(
        &mut self,
        context: &Context,
        body: &mut Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        body.skip(2, "flags and reason code")?;
        if self.version != Some(VERSION_5) {
            return Ok(());
        }
        let client = context.destination();
        wire::properties(body, |identifier, value| {
            secret(identifier, value, output);
            if identifier == ASSIGNED_CLIENT_ID {
                output.fact(&client, "mqtt.client_id", Basis::Reported, &CLIENT_ID, value);
            }
        })
    }

    /// A PUBLISH (section 3.3).
    fn publish<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        quality: u8,
        body: &mut Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let topic = wire::string(body, "topic name")?;
        if quality > 0 {
            body.skip(2, "packet identifier")?;
        }
        // Where the connection began before the capture, an empty list of properties is told from a payload of Sparkplug
        // and from text, neither of which begins with a zero.
        let has_properties = match self.version {
            Some(version) => version == VERSION_5,
            None => body.peek().get(0) == Some(0),
        };
        if has_properties {
            wire::properties(body, |_, _| ())?;
        }
        let payload = body.rest();
        if self.sparkplug.publish(context, message, topic, payload, output) {
            output.carries = Some("sparkplug");
            return Ok(());
        }
        match context.from {
            End::Client => output.operation(OperationKind::Write, "publish", message),
            End::Server if is_version(topic.bytes) => {
                let broker = context.source();
                let attribute = attribute::SOFTWARE_VERSION;
                output.fact(&broker, attribute, Basis::Stated, &BROKER_VERSION, payload);
            }
            End::Server => {}
        }
        Ok(())
    }

    /// A SUBSCRIBE (section 3.8).
    fn subscribe<'m>(
        &mut self,
        message: Octets<'m>,
        body: &mut Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        output.operation(OperationKind::Read, "subscribe", message);
        body.skip(2, "packet identifier")?;
        if self.version == Some(VERSION_5) {
            wire::properties(body, |_, _| ())?;
        }
        while !body.is_empty() {
            let filter = wire::string(body, "topic filter")?;
            body.skip(1, "subscription options")?;
            if crate::sparkplug::is_topic(filter.bytes) {
                output.carries = Some("sparkplug");
            }
        }
        Ok(())
    }
}

/// Topics under which brokers publish their version: Mosquitto's manual page (`$SYS/broker/version`), and EMQX's
/// documentation (`$SYS/brokers/<node>/version`).
fn is_version(topic: &[u8]) -> bool {
    topic == b"$SYS/broker/version" || topic.starts_with(b"$SYS/brokers/") && topic.ends_with(b"/version")
}

#[cfg(test)]
mod tests {
    use observation::Transport;

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    const CLIENT: &str = "10.0.0.1";
    const BROKER: &str = "10.0.0.5";

    #[test]
    fn a_client_names_itself_and_its_password_is_secret() {
        let connect = include_bytes!("messages/connect-5.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, connect)]);
        assert!(heard.has(CLIENT, "mqtt.client_id", "press-7"), "{heard:?}");
        assert!(heard.has(CLIENT, "mqtt.version", "5.0"));
        assert!(heard.has(CLIENT, "mqtt.will_topic", "plant/press-7/lost"));
        assert_eq!(heard.servers, [End::Server]);
        let masked: Vec<_> = heard
            .secrets
            .iter()
            .map(|(offset, length)| &connect[*offset as usize..][..*length as usize])
            .collect();
        assert_eq!(masked, [&b"challenge"[..], b"secret"]);
        assert!(heard.facts.iter().all(|fact| !fact.2.contains("operator")), "users are not named");
    }

    #[test]
    fn a_cut_password_is_secret_as_far_as_it_is_there() {
        let connect = include_bytes!("messages/connect-5.bin");
        let cut = &connect[..connect.len().saturating_sub(2)];
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, cut)]);
        assert_eq!(heard.secrets.last().unwrap().1, 4);
        assert_eq!(heard.malformed.len(), 1);
    }

    #[test]
    fn older_versions_are_told_apart() {
        let heard =
            hear(&PROTOCOL, Transport::Tcp, &[(End::Client, include_bytes!("messages/connect-3-1.bin"))]);
        assert!(heard.has(CLIENT, "mqtt.version", "3.1") && heard.has(CLIENT, "mqtt.client_id", "old"));
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, include_bytes!("messages/connect.bin"))]);
        assert!(heard.has(CLIENT, "mqtt.version", "3.1.1"));
        assert!(heard.has(CLIENT, "name", "EdgeGW01"), "the will names the node of Sparkplug");
    }

    #[test]
    fn the_broker_names_a_client_without_a_name_and_its_own_version() {
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, include_bytes!("messages/connect-5.bin")),
                (End::Server, include_bytes!("messages/connack-5.bin")),
            ],
        );
        assert!(heard.facts.contains(&(CLIENT.into(), "mqtt.client_id", "auto-17".into(), Basis::Reported)));
        let heard =
            hear(&PROTOCOL, Transport::Tcp, &[(End::Server, include_bytes!("messages/publish-version.bin"))]);
        assert!(heard.has(BROKER, "software_version", "mosquitto version 2.0.11"));
        assert!(heard.operations.is_empty());
    }

    #[test]
    fn publishing_and_subscribing_are_operations_of_the_client() {
        let publish = include_bytes!("messages/publish.bin");
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, publish),
                (End::Server, publish),
                (End::Client, include_bytes!("messages/subscribe.bin")),
            ],
        );
        assert_eq!(heard.operations, [(OperationKind::Write, "publish"), (OperationKind::Read, "subscribe")]);
        assert_eq!((heard.facts.len(), heard.carries), (0, Some("sparkplug")));
    }
}
