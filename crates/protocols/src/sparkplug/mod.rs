//! Sparkplug B, carried by MQTT.
//!
//! Eclipse Sparkplug 3.0.0: chapter 4 (topics), chapter 6 (payloads, in Protocol Buffers); the names of properties follow
//! its examples of birth messages and those of Cirrus Link and of mqtt_spb_wrapper. An edge node publishes its birth and
//! that of each device behind it.
//!
//! Only what nodes publish themselves is read. What the broker passes on to hosts says the same of the same nodes, whose
//! addresses it hides: read twice, it would make two devices of each.
//!
//! `mqtt` hands over topic and payload of a PUBLISH; a bare message here is those two as they stand in it, the topic with
//! its length in two octets before it.

mod observe;
mod payload;
mod topic;

use observation::Octets;

use crate::{Context, Depth, Frame, Malformed, Output, Probe, Protocol, Reader, Session};

pub(crate) use observe::Sparkplug;
pub(crate) use topic::is_topic;

/// Sparkplug B.
pub const PROTOCOL: Protocol = Protocol {
    name: "sparkplug",
    title: "Sparkplug B (in MQTT)",
    specification: "Eclipse Sparkplug 3.0.0 chapters 4 and 6",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| match octets.split_first_chunk() {
        None => Frame::Partial(2),
        Some((length, rest)) => {
            let topic = rest.get(..u16::from_be_bytes(*length).into());
            match topic {
                Some(topic) if is_topic(topic) => Frame::Message(octets.len()),
                Some(_) => Frame::Foreign,
                None => Frame::Partial(usize::from(u16::from_be_bytes(*length)).saturating_add(2)),
            }
        }
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::<Bare>::default(),
    rules: observe::RULES,
    depth: Depth {
        identity: "birth messages of nodes and devices (vendor, model, firmware, hardware, serial number, operating \
                   system by the names of properties), group, node and device, host applications",
        operations: "commands to nodes and devices as writing, births, data and deaths as diagnostics",
        nesting: "devices behind an edge node",
        not_read: "what the broker passes on, values of metrics, aliases, compressed payloads, Sparkplug A",
        tried_on: "lab (mqtt_spb_wrapper 2.1); devices made up by the layout of Sparkplug 3.0.0",
    },
};

/// Bare messages of one conversation, as samples and fuzzing feed them.
#[derive(Debug, Default)]
struct Bare(Sparkplug);

impl Session for Bare {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let length = reader.u16_be("topic name")?;
        let topic = reader.take(length.into(), "topic name")?;
        self.0.publish(context, message, topic, reader.rest(), output);
        Ok(())
    }
}
