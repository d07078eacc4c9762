//! MQTT: TCP port 1883, and 8883 with TLS.
//!
//! OASIS MQTT Version 3.1.1 and Version 5.0 (chapters 2 and 3), and the protocol of IBM and Eurotech, MQTT V3.1.
//! Clients name themselves to the broker; what they publish is told apart by topics only. Payloads are not looked at but
//! for those of Sparkplug (folder `sparkplug`) and for the version that brokers publish under `$SYS`.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// MQTT.
pub const PROTOCOL: Protocol = Protocol {
    name: "mqtt",
    title: "MQTT",
    specification: "OASIS MQTT 5.0 and 3.1.1 chapters 2 and 3; MQTT V3.1 (IBM, Eurotech)",
    tcp: &[1883],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<observe::Mqtt>::default(),
    rules: observe::RULES,
    depth: Depth {
        identity: "connect (client identifier, version, will topic), identifier assigned by the broker, version of the \
                   broker under $SYS",
        operations: "publish and subscribe; passwords and authentication data are masked",
        nesting: "devices of Sparkplug",
        not_read: "payloads, names of users, topics other than those of Sparkplug, MQTT in WebSocket",
        tried_on: "lab (Mosquitto 2.0, Eclipse Paho); versions 3.1 and 5.0 made up by the layout of the standards",
    },
};
