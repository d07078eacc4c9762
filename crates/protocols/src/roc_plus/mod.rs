//! ROC Plus, the protocol of Emerson's flow computers and remote operations controllers (ROC800, DL8000, FloBoss).
//!
//! Emerson Remote Automation Solutions D301180X012, "ROC Plus Protocol Specifications Manual": section 1.2 (message),
//! chapter 2 (opcodes), section 3.4 (point types 91 and 15). Numbers are least significant octet first.
//!
//! A message does not say whether it asks or answers; ports do, and lengths where an opcode has but one for either.

mod opcode;
mod parameters;
mod rules;
mod session;
mod wire;

use crate::{Depth, Protocol};

/// ROC Plus.
pub const PROTOCOL: Protocol = Protocol {
    name: "roc_plus",
    title: "ROC Plus (Emerson)",
    specification: "Emerson D301180X012 (ROC Plus Protocol Specifications Manual)",
    tcp: &[4000],
    udp: &[4000],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<session::RocPlus>::default(),
    rules: rules::RULES,
    depth: Depth {
        identity: "opcode 6 (type of ROC, mode); opcodes 167 and 180 on the system variables (station name, part number \
                   and version, maker, product, serial number, ROC address and group); addresses of both ends",
        operations: "all opcodes by name, file transfer by command; logins are masked",
        nesting: "",
        not_read: "values, history, alarms, events; stations behind store and forward",
        tried_on: "corpus (generated messages, no identity in them), messages made up by the manual's layout",
    },
};
