//! TriStation, the engineering protocol of Triconex safety controllers: UDP port 1502.
//!
//! The maker publishes no specification. Layouts and names follow what others published after the TRITON attack: FireEye,
//! "A Totally Tubular Treatise on TRITON and TriStation" (2018, with `fireeye-tristation.lua`), and the dissector of Nozomi
//! Networks Labs (2018). Numbers are least significant octet first.

mod command;
mod observe;
mod wire;

use crate::{Depth, Protocol};

/// TriStation.
pub const PROTOCOL: Protocol = Protocol {
    name: "tristation",
    title: "TriStation (Triconex)",
    specification: "not published by its maker; FireEye, A Totally Tubular Treatise on TRITON and TriStation; Nozomi \
                    Networks' dissector",
    tcp: &[],
    udp: &[1502],
    ethertypes: &[],
    ip_protocols: &[],
    frame: wire::frame,
    probe: wire::probe,
    session: || Box::<observe::TriStation>::default(),
    rules: observe::RULES,
    depth: Depth {
        identity: "status of control program and chassis (node, project, key position, run state), module versions (main \
                   processor's serial number and revision, modules and their firmware)",
        operations: "all commands by name: download, run, halt, pause, points, clock",
        nesting: "modules of the main chassis (as slot)",
        not_read: "programs, points, event logs, project versions (byte order unknown), checksums",
        tried_on: "messages made up by the published layouts only",
    },
};
