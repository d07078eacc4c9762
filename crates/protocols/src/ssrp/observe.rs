//! What an answer says of the server.

use observation::{Basis, Octets, OperationKind, Rule, Rules, attribute};

use super::wire;
use crate::{Context, Malformed, Output, Reader, Session};

static HOST_NAME: Rule = Rule { name: "ssrp-server-name", read: Rules::text };
static INSTANCE: Rule = Rule { name: "ssrp-instance", read: instance };
static VERSION: Rule = Rule { name: "ssrp-version", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&HOST_NAME, &INSTANCE, &VERSION];

/// Instances told of in one answer; a server has 50 at most.
const INSTANCES_MAX: usize = 50;

/// Name, version and transports of an instance.
fn instance(octets: &[u8]) -> Option<String> {
    let instance = Octets::unplaced(octets);
    let text = |key| wire::value(instance, key).and_then(|value| Rules::text(value.bytes));
    let mut said = text("InstanceName")?;
    for (key, word) in [("Version", "version"), ("tcp", "TCP port"), ("np", "pipe")] {
        if let Some(value) = text(key) {
            said = format!("{said}, {word} {value}");
        }
    }
    Rules::text(said.as_bytes())
}

/// Stateless.
#[derive(Debug)]
pub(super) struct Ssrp;

impl Session for Ssrp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let kind = reader.u8("message type")?;
        output.server_is = Some(if kind == wire::RESPONSE { context.from } else { context.from.other() });
        let asks = match kind {
            wire::BROADCAST | wire::ALL_INSTANCES => "list instances",
            wire::INSTANCE => "instance request",
            wire::ADMINISTRATOR => "administrator port request",
            wire::RESPONSE => {
                let length = reader.u16_le("size")?;
                let text = reader.part(length.into(), "list of instances")?.peek();
                let source = context.source();
                for instance in wire::instances(text).take(INSTANCES_MAX) {
                    let mut say = |key, name, rule| {
                        if let Some(value) = wire::value(instance, key) {
                            output.fact(&source, name, Basis::Stated, rule, value);
                        }
                    };
                    say("ServerName", attribute::HOSTNAME, &HOST_NAME);
                    say("Version", "ssrp.version", &VERSION);
                    output.fact(&source, "ssrp.instance", Basis::Stated, &INSTANCE, instance);
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        output.operation(OperationKind::Identify, asks, message);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: Octets<'_>) -> (Vec<String>, Vec<&'static str>) {
        let context = Context {
            source: "10.0.0.2".parse().unwrap(),
            destination: "10.0.0.1".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 1434,
            destination_port: 50_000,
            from: End::Server,
            time: Time(0),
        };
        let mut output = Output::default();
        assert_eq!(Ssrp.message(&context, octets, &mut output), Ok(()));
        let facts = output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value));
        (facts.collect(), output.operations.iter().map(|operation| operation.name).collect())
    }

    #[test]
    fn an_answer_lists_the_instances_of_a_host() {
        let octets = include_bytes!("messages/instances.bin");
        let (facts, _) = said(Octets::unplaced(octets));
        assert_eq!(
            facts,
            [
                "hostname=HIST1",
                "ssrp.version=15.0.2000.5",
                "ssrp.instance=RUNTIME, version 15.0.2000.5, TCP port 1433",
                "hostname=HIST1",
                "ssrp.version=10.50.1600.1",
                "ssrp.instance=WINCC, version 10.50.1600.1, TCP port 49170, pipe \\\\HIST1\\pipe\\MSSQL$WINCC\\sql\\query",
            ]
        );
        let (facts, _) = said(Octets::unplaced(&octets[..octets.len() - 4]).cut());
        assert_eq!(facts.len(), 3, "an instance that is cut is left out");
    }

    #[test]
    fn requests_are_operations() {
        assert_eq!(said(Octets::unplaced(&[3])).1, ["list instances"]);
        assert_eq!(said(Octets::unplaced(b"\x04RUNTIME\0")).1, ["instance request"]);
        assert_eq!(said(Octets::unplaced(b"\x0f\x01RUNTIME\0")).1, ["administrator port request"]);
    }

    #[test]
    fn keys_are_not_mistaken_for_values() {
        let instance = Octets::unplaced(b"ServerName;Version;InstanceName;tcp;Version;9.0.0;tcp;1433");
        assert_eq!(wire::value(instance, "Version").unwrap().bytes, b"9.0.0");
        assert_eq!(wire::value(instance, "tcp").unwrap().bytes, b"1433");
        assert!(wire::value(instance, "np").is_none());
    }
}
