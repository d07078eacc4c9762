//! Protocols of control systems, and what their operations mean.

use std::sync::LazyLock;

use foldhash::HashSet;
use observation::OperationKind;

/// Protocols that only control equipment and those who look after it speak. An address that answers one of them is
/// part of the plant wherever it is.
const INDUSTRIAL: &[&str] = &[
    "ads",
    "bacnet",
    "bsap",
    "c1222",
    "c37118",
    "cip",
    "codesys",
    "crimson",
    "dnp3",
    "enip",
    "ethercat",
    "ff_hse",
    "fins",
    "focas",
    "fox",
    "ge_srtp",
    "genisys",
    "goose",
    "gvcp",
    "hart_ip",
    "hsms",
    "iec104",
    "knxnet_ip",
    "melsec",
    "mms",
    "modbus",
    "moxa_dsci",
    "mtconnect",
    "opc_da",
    "opcua",
    "pccc",
    "pcworx",
    "powerlink",
    "proconos",
    "profinet_cm",
    "profinet_dcp",
    "profinet_rt",
    "roc_plus",
    "s7comm",
    "s7comm_plus",
    "sparkplug",
    "sv",
    "tristation",
    "umas",
];

/// The same to look up in: it is asked of every conversation many times.
static LISTED: LazyLock<HashSet<&str>> = LazyLock::new(|| INDUSTRIAL.iter().copied().collect());

/// True for a protocol of control systems, and for the parts of one that are named after it (`cip_io`).
#[must_use]
pub fn is_industrial(protocol: &str) -> bool {
    let listed = &*LISTED;
    listed.contains(protocol) || protocol.split_once('_').is_some_and(|(family, _)| listed.contains(family))
}

/// Names of transports, which stand where no protocol was recognised.
pub(crate) const UNRECOGNISED: &[&str] = &["tcp", "udp", "ip", "ethernet", "icmp", "icmpv6", "igmp"];

/// Protocols in which a master polls outstations and also controls them: their control operations are operation, not
/// engineering.
pub(crate) const MASTERED: &[&str] = &["dnp3", "iec104", "roc_plus", "bsap", "genisys", "c1222"];

/// Kinds of operations that engineers and their tools use and operators do not, by protocol; the last entry is for all
/// other protocols of control systems. Modbus resets and restarts are sent by SCADA systems, too, MMS operates
/// switchgear by control operations, and methods of OPC UA servers are called by whatever runs the plant.
const ENGINEERING: &[(&str, &[OperationKind])] = &[
    ("modbus", &[OperationKind::Program]),
    ("mms", &[OperationKind::Program]),
    ("opcua", &[OperationKind::Program]),
    ("", &[OperationKind::Program, OperationKind::Control]),
];

/// Words in the names of operations of those kinds that operators' systems use as well: setting the clock, logging in;
/// and that controllers use at every start: giving their devices addresses until these are switched off.
const OPERATED: &[&str] = &["clock", "time", "password", "temporary"];

/// True if whoever does this is engineering.
pub(crate) fn is_engineering(protocol: &str, kind: OperationKind, name: &str) -> bool {
    let kinds = ENGINEERING.iter().find(|(of, _)| *of == protocol || of.is_empty());
    // The words are looked for last: that takes longest, and most operations are of no such kind.
    let is_operation = || MASTERED.contains(&protocol) || OPERATED.iter().any(|word| name.contains(word));
    kinds.is_some_and(|(_, kinds)| kinds.contains(&kind)) && is_industrial(protocol) && !is_operation()
}

/// Operations that only open a connection.
pub(crate) const OPENINGS: &[&str] = &["setup communication"];

/// Operations that change nothing and that hardly anything but the tools of engineers asks for: what programs there
/// are, how the modules are, what the test functions show. They bear out who says that it is such a tool; alone they
/// prove none, as scanners ask for them too.
const INSPECTING: &[(&str, &[&str])] = &[(
    "s7comm",
    &[
        "block info",
        "block status",
        "list blocks",
        "list blocks of type",
        "measure times",
        "monitor variables",
        "other block function",
        "other programmer command",
        "read diagnostic buffer szl",
        "read forces",
        "read module states szl",
        "read stacks",
        "read test job",
        "read test job list",
    ],
)];

/// True if it is the tools of engineers that ask for this.
pub(crate) fn is_inspecting(protocol: &str, name: &str) -> bool {
    INSPECTING.iter().any(|(of, names)| *of == protocol && names.contains(&name))
}

/// Words in the names of operations that change what a device does: they are findings to act on. Others of the same
/// kinds (uploads, setting a clock) are findings to look at.
const DISRUPTIVE: &[&str] = &[
    "activate",
    "apply",
    "clear",
    "copy",
    "create",
    "delete",
    "download",
    "erase",
    "factory",
    "firmware",
    "force",
    "initialize",
    "insert",
    "program",
    "remove",
    "reset",
    "restart",
    "restore",
    "start",
    "stop",
    "storage",
    "write",
];

/// Words that make an operation harmless although it has one of the words above.
const HARMLESS: &[&str] = &["clock", "get", "poll", "read", "time", "upload"];

/// True if an operation of this name changes what the device does.
pub(crate) fn is_disruptive(name: &str) -> bool {
    let has = |words: &[&str]| {
        name.split(|character: char| !character.is_alphanumeric()).any(|word| words.contains(&word))
    };
    let renames = ["set attribute", "set name", "set ip", "set full ip", "set host name"];
    (has(DISRUPTIVE) || renames.iter().any(|start| name.starts_with(start))) && !has(HARMLESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_names_families() {
        assert!(INDUSTRIAL.is_sorted());
        assert!(is_industrial("modbus") && is_industrial("cip_io") && is_industrial("s7comm_plus"));
        assert!(!is_industrial("http") && !is_industrial("tcp") && !is_industrial("smb_x"));
    }

    #[test]
    fn operating_is_told_from_engineering() {
        use OperationKind::{Control, Program, Write};
        assert!(
            is_engineering("s7comm", Control, "plc stop")
                && is_engineering("modbus", Program, "program controller")
        );
        assert!(is_engineering("cip", Program, "initiate download file"));
        assert!(
            !is_engineering("dnp3", Control, "cold restart")
                && !is_engineering("modbus", Control, "reset comm link")
        );
        assert!(
            !is_engineering("s7comm", Write, "write variables")
                && !is_engineering("s7comm", Control, "set clock")
        );
        assert!(is_engineering("profinet_dcp", Program, "set ip parameter"));
        assert!(!is_engineering("profinet_dcp", Control, "set temporary ip parameter"));
        assert!(!is_engineering("mms", Control, "operate") && is_engineering("mms", Program, "obtain file"));
        assert!(!is_engineering("ssh", Control, "restart"));
        assert!(!is_engineering("opcua", Control, "call") && is_engineering("opcua", Program, "add nodes"));
    }

    #[test]
    fn only_what_changes_the_device_is_disruptive() {
        for name in [
            "plc stop",
            "request download",
            "download block",
            "cold restart",
            "insert block",
            "set attribute single ethernet link",
            "specific service non-volatile storage",
            "set name of station",
            "reset to factory",
        ] {
            assert!(is_disruptive(name), "{name}");
        }
        for name in [
            "start upload",
            "upload",
            "end upload",
            "set clock",
            "write time",
            "poll program complete",
            "forward open",
        ] {
            assert!(!is_disruptive(name), "{name}");
        }
    }
}
