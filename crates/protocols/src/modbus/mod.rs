//! Modbus over TCP and UDP, and serial-line frames carried by TCP.
//!
//! MODBUS Application Protocol Specification V1.1b3; MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section
//! 3.1.3 (MBAP header); MODBUS over Serial Line V1.02, section 2.5.1 (RTU frame). Names of the codes that the current
//! edition reserves: Modicon Modbus Protocol Reference Guide PI-MBUS-300, edition J.
//!
//! A unit other than 0 and 255 is a station below its address. Whether it is a device of its own or the whole server,
//! as with servers that answer every unit, is decided elsewhere.

mod direction;
mod function;
mod identity;
mod pdu;
mod session;
mod wire;

use crate::{Depth, Protocol};

pub use function::Function;
pub use wire::{Adu, Framing};

/// Modbus.
pub const PROTOCOL: Protocol = Protocol {
    name: "modbus",
    title: "Modbus/TCP",
    specification: "MODBUS Application Protocol V1.1b3; Messaging on TCP/IP V1.0b; over Serial Line V1.02",
    tcp: &[502],
    udp: &[502],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: session::probe,
    session: || Box::new(session::Modbus::new()),
    rules: identity::RULES,
    depth: Depth {
        identity: "function 43/14 (all objects, every conformity level, continued answers), function 17",
        operations: "all functions and diagnostic sub-functions by name or number; who asks, by content where ports mislead",
        nesting: "units; silent ones by gateway exceptions 0x0A and 0x0B",
        not_read: "process values, file records, CANopen (43/13), TLS (port 802), ASCII framing",
        tried_on: "corpus, lab; serial-line frames and gateway exceptions also made-up",
    },
};
