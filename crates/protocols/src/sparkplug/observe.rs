//! Which nodes and devices there are, and what they say of themselves at birth.

use observation::{Basis, End, Octets, OperationKind, Position, Rule, Rules, Station, attribute};

use super::payload;
use super::topic::{Kind, Topic};
use crate::told::{Print, Told};
use crate::{Context, Output};

static NAME: Rule = Rule { name: "sparkplug-name", read: Rules::text };
static PROPERTY: Rule = Rule { name: "sparkplug-property", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&NAME, &PROPERTY];

/// Folders in which metrics are properties of the node or device, in letters and digits only, lower case.
const FOLDERS: [&str; 5] = ["properties", "attr", "attributes", "nodeinfo", "deviceinfo"];

/// Names of such metrics, in letters and digits only, lower case, and what they are. Of several that are the same, the
/// first counts: a manufacturer may be that of the software.
const PROPERTIES: [(&str, &str); 23] = [
    ("hardwaremake", attribute::VENDOR),
    ("hwmake", attribute::VENDOR),
    ("make", attribute::VENDOR),
    ("manufacturer", attribute::VENDOR),
    ("vendor", attribute::VENDOR),
    ("hardwaremodel", attribute::MODEL),
    ("hwmodel", attribute::MODEL),
    ("model", attribute::MODEL),
    ("fw", attribute::FIRMWARE_VERSION),
    ("fwversion", attribute::FIRMWARE_VERSION),
    ("firmware", attribute::FIRMWARE_VERSION),
    ("firmwareversion", attribute::FIRMWARE_VERSION),
    ("hwversion", attribute::HARDWARE_REVISION),
    ("hardwareversion", attribute::HARDWARE_REVISION),
    ("hardwarerevision", attribute::HARDWARE_REVISION),
    ("serial", attribute::SERIAL_NUMBER),
    ("serialnumber", attribute::SERIAL_NUMBER),
    ("sw", attribute::SOFTWARE_VERSION),
    ("swversion", attribute::SOFTWARE_VERSION),
    ("softwareversion", attribute::SOFTWARE_VERSION),
    ("os", attribute::OS),
    ("osversion", attribute::OS_VERSION),
    ("location", attribute::LOCATION),
];

/// Longest name of a device that makes a station, in octets; the standard bounds none.
const DEVICE_OCTETS_MAX: usize = 128;

/// What was told of one connection.
#[derive(Debug, Default)]
pub(crate) struct Sparkplug {
    /// Topics of data, which come again and again.
    topics: Told<16>,
}

impl Sparkplug {
    /// A client's last will names its node.
    pub(crate) fn will(&mut self, client: &Station, topic: Octets<'_>, output: &mut Output<'_>) {
        if let Some(Topic::Node { group, node, .. }) = Topic::parse(topic) {
            output.inside("sparkplug", |output| name(client, group, node, output));
        }
    }

    /// Reads topic and payload of a PUBLISH; false if the topic is not of Sparkplug.
    pub(crate) fn publish<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        topic: Octets<'m>,
        payload: Octets<'m>,
        output: &mut Output<'m>,
    ) -> bool {
        let Some(parsed) = Topic::parse(topic) else { return super::is_topic(topic.bytes) };
        if context.from == End::Server {
            return true;
        }
        output.operation(operation(&parsed).0, operation(&parsed).1, message);
        let is_birth = matches!(parsed, Topic::Node { kind: Kind::Birth, .. });
        if is_birth || self.topics.is_new(Print::of_day(context.time.day()).with(topic.bytes)) {
            output.inside("sparkplug", |output| observe(context, topic, &parsed, payload, output));
        }
        true
    }
}

/// What a message asks for, by the type in its topic.
fn operation(topic: &Topic<'_>) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Write};
    match topic {
        Topic::Host(_) => (Diagnostic, "state"),
        Topic::Node { kind, device: None, .. } => match kind {
            Kind::Birth => (Diagnostic, "nbirth"),
            Kind::Data => (Diagnostic, "ndata"),
            Kind::Death => (Diagnostic, "ndeath"),
            Kind::Command => (Write, "ncmd"),
        },
        Topic::Node { kind, device: Some(_), .. } => match kind {
            Kind::Birth => (Diagnostic, "dbirth"),
            Kind::Data => (Diagnostic, "ddata"),
            Kind::Death => (Diagnostic, "ddeath"),
            Kind::Command => (Write, "dcmd"),
        },
    }
}

fn name(client: &Station, group: Octets<'_>, node: Octets<'_>, output: &mut Output<'_>) {
    output.fact(client, attribute::NAME, Basis::Stated, &NAME, node);
    output.fact(client, "sparkplug.group_id", Basis::Stated, &NAME, group);
}

fn observe(
    context: &Context,
    octets: Octets<'_>,
    topic: &Topic<'_>,
    payload: Octets<'_>,
    output: &mut Output<'_>,
) {
    let client = context.source();
    let (kind, group, node, device) = match *topic {
        Topic::Host(host) => {
            output.fact(&client, "sparkplug.host_id", Basis::Stated, &NAME, host);
            return;
        }
        Topic::Node { kind, group, node, device } => (kind, group, node, device),
    };
    if kind == Kind::Command {
        return;
    }
    name(&client, group, node, output);
    let (station, basis) = match device {
        None => (client, Basis::Stated),
        Some(device) => {
            let Some(position) = position(device.bytes) else { return };
            let below = client.below([position]);
            let reason = if kind == Kind::Birth { "device birth" } else { "device data" };
            output.mentioned(below.clone(), client, reason, octets);
            output.fact(&below, attribute::NAME, Basis::Reported, &NAME, device);
            (below, Basis::Reported)
        }
    };
    if kind == Kind::Birth {
        let mut found = [None; PROPERTIES.len()];
        let result = payload::texts(payload, |name, value| {
            if let Some(place) = property(name.bytes).and_then(|index| found.get_mut(index)) {
                place.get_or_insert(value);
            }
        });
        let is_whole = result.is_ok() && !payload.is_cut();
        let (mut of, mut is_said) = ("", false);
        for ((_, attribute), value) in PROPERTIES.iter().zip(found) {
            let is_first = of != *attribute;
            (of, is_said) = (attribute, is_said && !is_first);
            // A better one may stand behind a cut.
            if let Some(value) = value.filter(|_| !is_said && (is_first || is_whole)) {
                output.fact(&station, attribute, basis, &PROPERTY, value);
                is_said = true;
            }
        }
        if let Err(malformed) = result {
            output.malformed(malformed);
        }
    }
}

/// The step to a device; `None` if its name is none. What separates steps is written as its number.
fn position(device: &[u8]) -> Option<Position> {
    if device.len() > DEVICE_OCTETS_MAX {
        return None;
    }
    let name = Rules::text(device)?.replace('%', "%25").replace('/', "%2f").replace('=', "%3d");
    Some(Position::new("device", name))
}

/// The place in the table of the property that a metric of this name is.
fn property(name: &[u8]) -> Option<usize> {
    let name = std::str::from_utf8(name).ok()?;
    let (folder, rest) = name.split_once('/')?;
    if !FOLDERS.iter().any(|known| is_same(folder, known)) {
        return None;
    }
    let last = rest.rsplit('/').next()?;
    PROPERTIES.iter().position(|(known, _)| is_same(last, known))
}

/// True if the letters and digits of a name are those of a known one.
fn is_same(name: &str, known: &str) -> bool {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|octet| octet.to_ascii_lowercase()).eq(known.bytes())
}

#[cfg(test)]
mod tests {
    use observation::Transport;

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    const NODE: &str = "10.0.0.1";

    #[test]
    fn a_birth_tells_who_the_node_is() {
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, include_bytes!("messages/nbirth.bin"))]);
        for (attribute, value) in [
            ("name", "EdgeGW01"),
            ("sparkplug.group_id", "PlantA"),
            ("vendor", "Moxa"),
            ("model", "UC-8112A"),
            ("serial_number", "TAKHA1001234"),
            ("firmware_version", "1.4"),
        ] {
            assert!(heard.has(NODE, attribute, value), "{attribute}: {heard:?}");
        }
        assert!(!heard.has(NODE, "vendor", "Cirrus Link"), "the maker of the software");
        assert_eq!(heard.operations, [(OperationKind::Diagnostic, "nbirth")]);
    }

    #[test]
    fn a_device_is_below_its_node_and_reported_by_it() {
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, include_bytes!("messages/dbirth.bin"))]);
        let device = "10.0.0.1 device=Drive%3d1";
        assert_eq!(heard.mentioned, [(device.to_owned(), "device birth")]);
        for (attribute, value) in [
            ("name", "Drive=1"),
            ("vendor", "Lab Drives"),
            ("model", "LD-220"),
            ("firmware_version", "7.1.4"),
            ("serial_number", "LD220-00042"),
            ("os", "FreeRTOS"),
            ("os_version", "10.4"),
        ] {
            assert!(
                heard.facts.contains(&(device.into(), attribute, value.into(), Basis::Reported)),
                "{attribute}: {heard:?}"
            );
        }
        assert!(heard.has(NODE, "name", "EdgeGW01"));
        assert_eq!(heard.facts.iter().filter(|fact| fact.1 == "model").count(), 1);
    }

    #[test]
    fn data_names_the_node_once_and_commands_are_written() {
        let data = include_bytes!("messages/ndata.bin");
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[(End::Client, data), (End::Client, data), (End::Client, include_bytes!("messages/dcmd.bin"))],
        );
        assert_eq!(heard.facts.len(), 2, "{heard:?}");
        assert_eq!(heard.operations.last(), Some(&(OperationKind::Write, "dcmd")));
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, include_bytes!("messages/state.bin"))]);
        assert!(heard.has(NODE, "sparkplug.host_id", "scada-1"));
    }

    #[test]
    fn what_the_broker_passes_on_is_said_of_nobody() {
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Server, include_bytes!("messages/nbirth.bin"))]);
        assert!(heard.facts.is_empty() && heard.operations.is_empty());
    }

    #[test]
    fn a_broken_payload_is_malformed_and_the_node_is_known() {
        let birth = include_bytes!("messages/nbirth.bin");
        let cut = &birth[..birth.len() - 20];
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, cut)]);
        assert!(heard.has(NODE, "model", "UC-8112A") && heard.malformed.len() == 1);
    }
}
