//! Apache Kafka: the protocol guide of Kafka 3 (kafka.apache.org/protocol), requests and their headers. Each message has
//! its length in front.

mod observe;
mod wire;

use crate::{Depth, Protocol};

/// Kafka.
pub const PROTOCOL: Protocol = Protocol {
    name: "kafka",
    title: "Apache Kafka",
    specification: "Apache Kafka protocol guide (3.x), request headers 1 and 2, ApiVersions",
    tcp: &[9092],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::new(observe::Kafka::default()),
    rules: observe::RULES,
    depth: Depth {
        identity: "clients (identifier, library and its version)",
        operations: "produce, fetch, topics, configurations and access lists; what authenticates is masked",
        nesting: "",
        not_read: "answers (brokers, topics), records, messages beyond 1 MiB, TLS",
        tried_on: "requests of kafka-python; others made up by the layout of the guide",
    },
};
