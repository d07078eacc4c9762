//! What lies below an address: when a path is a device of its own, and when it is the address itself.

/// How the steps of one kind below an address become devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nesting {
    /// Kind of the first step.
    pub(crate) kind: &'static str,
    /// Devices only where something proves that the address is a gateway: many servers answer every number.
    pub(crate) needs_gateway: bool,
    /// Several that answer are one device as long as nothing they say tells them apart.
    pub(crate) alike_is_one: bool,
    /// One that is asked for and says nothing is the address itself, if it is the only one.
    pub(crate) silent_is_address: bool,
    /// One that answers alone below the address is the device at the address, if nothing contradicts.
    pub(crate) alone_is_address: bool,
    /// The step says where a device that is alone at its address sits.
    pub(crate) tells_position: bool,
}

/// By kind of the first step; the last is for all others.
const NESTINGS: [Nesting; 9] = [
    Nesting {
        kind: "unit",
        needs_gateway: true,
        alike_is_one: true,
        silent_is_address: false,
        alone_is_address: true,
        tells_position: false,
    },
    Nesting {
        kind: "rack",
        needs_gateway: false,
        alike_is_one: true,
        silent_is_address: true,
        alone_is_address: true,
        tells_position: true,
    },
    Nesting {
        kind: "outstation",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: true,
        alone_is_address: true,
        tells_position: true,
    },
    Nesting {
        kind: "asdu",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: true,
        alone_is_address: true,
        tells_position: true,
    },
    // Slot 0 of PROFINET is the device at the address; all others are modules in it, however few of them are heard of.
    Nesting {
        kind: "slot",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: false,
        alone_is_address: false,
        tells_position: true,
    },
    // A device on a KNX line is never the router that leads to it.
    Nesting {
        kind: "device",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: false,
        alone_is_address: false,
        tells_position: true,
    },
    // A node of a fieldbus is never its master.
    Nesting {
        kind: "node",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: false,
        alone_is_address: false,
        tells_position: true,
    },
    // Beyond a BACnet router.
    Nesting {
        kind: "network",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: false,
        alone_is_address: false,
        tells_position: true,
    },
    Nesting {
        kind: "",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: false,
        alone_is_address: true,
        tells_position: true,
    },
];

/// The nesting of paths that begin with a step of this kind.
pub(crate) fn nesting(kind: &str) -> Nesting {
    let [.., other] = NESTINGS;
    NESTINGS.into_iter().find(|nesting| nesting.kind == kind).unwrap_or(other)
}

/// Parts of the reasons of mentions by which a gateway says that something behind it is silent.
pub(crate) const SILENT: &[&str] = &["gateway"];

/// Parts of the reasons of mentions by which a peer says that there is, or should be, a device: worth a row even if it
/// never speaks. All other mentions are mere requests, as any scanner sends them.
pub(crate) const NAMED: &[&str] = &[
    "electronic key",
    "gateway",
    "module",
    "expected",
    "configured",
    "activated station",
    "present rack",
    "faulty rack",
    "device birth",
    "device data",
];

/// Reasons of mentions by which somebody only asks who has an address.
pub(crate) const REQUESTS: &[&str] = &["arp request", "neighbor solicitation"];

/// Attributes that say of an address that it is a gateway.
pub(crate) const GATEWAY_ATTRIBUTES: &[&str] = &["modbus.gateway"];

/// The kind of position by which the stations of a protocol are numbered.
pub(crate) const STATION_NUMBERS: &[(&str, &str)] = &[
    ("modbus", "unit"),
    ("umas", "unit"),
    ("bsap", "unit"),
    ("genisys", "unit"),
    ("dnp3", "outstation"),
    ("iec104", "asdu"),
];

/// In a chassis, port 1 is the backplane and the link address is the slot (CIP Networks Library volume 1, C-1.4.1).
pub(crate) const BACKPLANE: (&str, &str, &str) = ("port", "1", "link");
