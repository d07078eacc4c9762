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
    /// The step says where a device that is alone at its address sits.
    pub(crate) tells_position: bool,
    /// Nobody numbers the address itself that way: one that is alone is a device of its own, too.
    pub(crate) is_apart: bool,
}

/// By kind of the first step; the last is for all others.
const NESTINGS: [Nesting; 5] = [
    Nesting {
        kind: "unit",
        needs_gateway: true,
        alike_is_one: true,
        silent_is_address: false,
        tells_position: false,
        is_apart: false,
    },
    Nesting {
        kind: "rack",
        needs_gateway: false,
        alike_is_one: true,
        silent_is_address: true,
        tells_position: true,
        is_apart: false,
    },
    Nesting {
        kind: "outstation",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: true,
        tells_position: true,
        is_apart: false,
    },
    // Beyond a BACnet router.
    Nesting {
        kind: "network",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: false,
        tells_position: true,
        is_apart: true,
    },
    Nesting {
        kind: "",
        needs_gateway: false,
        alike_is_one: false,
        silent_is_address: false,
        tells_position: true,
        is_apart: false,
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
];

/// Attributes that say of an address that it is a gateway.
pub(crate) const GATEWAY_ATTRIBUTES: &[&str] = &["modbus.gateway"];

/// The kind of position by which the stations of a protocol are numbered.
pub(crate) const STATION_NUMBERS: &[(&str, &str)] =
    &[("modbus", "unit"), ("umas", "unit"), ("dnp3", "outstation"), ("iec104", "asdu")];

/// In a chassis, port 1 is the backplane and the link address is the slot (CIP Networks Library volume 1, C-1.4.1).
pub(crate) const BACKPLANE: (&str, &str, &str) = ("port", "1", "link");
