//! Interfaces by identifier, and their calls that mean something.
//!
//! Source: section 1.9 or 6 of each document named; OPC Foundation, Data Access 3.00, Historical Data Access 1.20 and
//! Alarms and Events 1.10, interface definitions.

use observation::OperationKind::{self, Control, Identify, Read, Write};

/// Calls of an interface: number, kind, name.
type Calls = &'static [(u16, OperationKind, &'static str)];

/// An interface.
#[derive(Debug)]
pub(super) struct Interface {
    /// Identifier as it is printed; the first three fields travel least significant octet first.
    id: (u32, u16, u16, [u8; 8]),
    /// Name.
    pub(super) name: &'static str,
    /// True for those by which clients read and write OPC servers.
    pub(super) opc: bool,
    /// Calls by number; COM objects have three calls of `IUnknown` first.
    calls: Calls,
}

const fn plain(id: (u32, u16, u16, [u8; 8]), name: &'static str, calls: Calls) -> Interface {
    Interface { id, name, opc: false, calls }
}

const fn opc(id: (u32, u16, u16, [u8; 8]), name: &'static str, calls: Calls) -> Interface {
    Interface { id, name, opc: true, calls }
}

/// End of the identifiers of OPC Data Access.
const DA: [u8; 8] = [0x96, 0x75, 0x00, 0x20, 0xaf, 0xd8, 0xad, 0xb3];
/// End of the identifiers of COM itself.
const COM: [u8; 8] = [0xc0, 0, 0, 0, 0, 0, 0, 0x46];
/// End of the identifiers of OPC Historical Data Access.
const HDA: [u8; 8] = [0xa5, 0xe5, 0x00, 0x00, 0x86, 0x33, 0x93, 0x99];
/// End of the identifiers of OPC Alarms and Events.
const AE: [u8; 8] = [0x84, 0xa0, 0x00, 0x60, 0x8c, 0xb8, 0xa7, 0xe9];

/// Call numbers of the object exporter whose answers are read.
pub(super) const RESOLVE_OXID: u16 = 0;
pub(super) const RESOLVE_OXID_2: u16 = 4;
pub(super) const SERVER_ALIVE_2: u16 = 5;

/// The object exporter ([MS-DCOM]).
const OBJECT_EXPORTER: &str = "object exporter";

/// The endpoint mapper (C706 appendix O).
const ENDPOINT_MAPPER: &str = "endpoint mapper";

/// The interfaces that are known by name.
pub(super) static INTERFACES: &[Interface] = &[
    plain(
        (0xe1af_8308, 0x5d1f, 0x11c9, [0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa]),
        ENDPOINT_MAPPER,
        &[(2, Identify, "endpoint lookup"), (3, Identify, "endpoint map")],
    ),
    plain(
        (0x99fc_fec4, 0x5260, 0x101b, [0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a]),
        OBJECT_EXPORTER,
        &[
            (RESOLVE_OXID, Identify, "resolve oxid"),
            (3, Identify, "server alive"),
            (RESOLVE_OXID_2, Identify, "resolve oxid 2"),
            (SERVER_ALIVE_2, Identify, "server alive 2"),
        ],
    ),
    plain(
        (0x0000_01a0, 0, 0, COM),
        "remote activation",
        &[(3, Read, "remote get class object"), (4, Read, "remote create instance")],
    ),
    plain(
        (0x4d9f_4ab8, 0x7d1c, 0x11cf, [0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57]),
        "activation",
        &[(0, Read, "remote activation")],
    ),
    plain((0x0000_0131, 0, 0, COM), "remote unknown", &[]),
    plain((0x0000_0143, 0, 0, COM), "remote unknown 2", &[]),
    plain(
        (0x367a_bb81, 0x9844, 0x35f1, [0xad, 0x32, 0x98, 0xf0, 0x38, 0x00, 0x10, 0x03]),
        "service control",
        &[
            (1, Control, "control service"),
            (2, Control, "delete service"),
            (11, Control, "change service configuration"),
            (12, Control, "create service"),
            (19, Control, "start service"),
        ],
    ),
    plain(
        (0x1ff7_0682, 0x0a51, 0x30e8, [0x07, 0x6d, 0x74, 0x0b, 0xe8, 0xce, 0xe9, 0x8b]),
        "task scheduler (at)",
        &[(0, Control, "add job"), (1, Control, "delete job")],
    ),
    plain(
        (0x86d3_5949, 0x83c9, 0x4044, [0xb4, 0x24, 0xdb, 0x36, 0x32, 0x31, 0xfd, 0x0c]),
        "task scheduler",
        &[(1, Control, "register task"), (12, Control, "run task"), (13, Control, "delete task")],
    ),
    plain(
        (0x338c_d001, 0x2244, 0x31f1, [0xaa, 0xaa, 0x90, 0x00, 0x38, 0x00, 0x10, 0x03]),
        "registry",
        &[
            (6, Write, "create registry key"),
            (17, Read, "query registry value"),
            (22, Write, "set registry value"),
        ],
    ),
    plain(
        (0x1234_5778, 0x1234, 0xabcd, [0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xac]),
        "account manager",
        &[],
    ),
    plain(
        (0x1234_5778, 0x1234, 0xabcd, [0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab]),
        "local security authority",
        &[],
    ),
    plain((0x1234_5678, 0x1234, 0xabcd, [0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb]), "netlogon", &[]),
    plain(
        (0xe351_4235, 0x4b06, 0x11d1, [0xab, 0x04, 0x00, 0xc0, 0x4f, 0xc2, 0xdc, 0xd2]),
        "directory replication",
        &[],
    ),
    plain(
        (0x4b32_4fc8, 0x1670, 0x01d3, [0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88]),
        "server service",
        &[],
    ),
    plain(
        (0x6bff_d098, 0xa112, 0x3610, [0x98, 0x33, 0x46, 0xc3, 0xf8, 0x7e, 0x34, 0x5a]),
        "workstation service",
        &[],
    ),
    plain(
        (0x9556_dc99, 0x828c, 0x11cf, [0xa3, 0x7e, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7]),
        "WMI",
        &[(24, Control, "execute method")],
    ),
    plain((0xf309_ad18, 0xd86a, 0x11d0, [0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20]), "WMI login", &[]),
    plain(
        (0x1348_6d50, 0x4821, 0x11d2, [0xa4, 0x94, 0x3c, 0xb3, 0x06, 0xc1, 0x00, 0x00]),
        "OPC server list",
        &[],
    ),
    plain(
        (0x9dd0_b56c, 0xad9e, 0x43ee, [0x83, 0x05, 0x48, 0x7f, 0x31, 0x88, 0xbf, 0x7a]),
        "OPC server list 2",
        &[],
    ),
    opc(
        (0x39c1_3a4d, 0x011e, 0x11d0, DA),
        "OPC DA server",
        &[(3, Read, "add group"), (6, Identify, "get status")],
    ),
    opc((0x39c1_3a4f, 0x011e, 0x11d0, DA), "OPC DA browse", &[(5, Read, "browse item ids")]),
    opc((0x39c1_3a50, 0x011e, 0x11d0, DA), "OPC DA group", &[]),
    opc((0x39c1_3a54, 0x011e, 0x11d0, DA), "OPC DA items", &[(3, Read, "add items")]),
    opc(
        (0x39c1_3a52, 0x011e, 0x11d0, DA),
        "OPC DA sync",
        &[(3, Read, "sync read"), (4, Write, "sync write")],
    ),
    opc(
        (0x39c1_3a71, 0x011e, 0x11d0, DA),
        "OPC DA async",
        &[(3, Read, "async read"), (4, Write, "async write")],
    ),
    opc((0x39c1_3a72, 0x011e, 0x11d0, DA), "OPC DA properties", &[(5, Read, "get item properties")]),
    // The server calls the client by this one.
    plain((0x39c1_3a70, 0x011e, 0x11d0, DA), "OPC DA callback", &[]),
    opc((0x1f12_17b0, 0xdee0, 0x11d2, HDA), "OPC HDA server", &[(5, Identify, "get historian status")]),
    opc((0x1f12_17b2, 0xdee0, 0x11d2, HDA), "OPC HDA sync read", &[(3, Read, "read raw")]),
    opc((0x6516_8851, 0x5783, 0x11d1, AE), "OPC A&E server", &[(3, Identify, "get status")]),
];

impl Interface {
    /// True for the object exporter.
    pub(super) fn is_object_exporter(&self) -> bool {
        std::ptr::eq(self.name, OBJECT_EXPORTER)
    }

    /// True for the endpoint mapper.
    pub(super) fn is_endpoint_mapper(&self) -> bool {
        std::ptr::eq(self.name, ENDPOINT_MAPPER)
    }

    /// The operation that a call is.
    pub(super) fn operation(&self, number: u16) -> Option<(OperationKind, &'static str)> {
        self.calls.iter().find(|(call, ..)| *call == number).map(|(_, kind, name)| (*kind, *name))
    }

    fn octets(&self) -> [u8; 16] {
        let (first, second, third, [a, b, c, d, e, f, g, h]) = self.id;
        let ([i, j, k, l], [m, n], [o, p]) = (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes());
        [i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h]
    }
}

/// The place in the table of an identifier as it travels, least significant octets first.
pub(super) fn place(octets: &[u8]) -> Option<usize> {
    INTERFACES.iter().position(|interface| interface.octets() == octets)
}

/// A rule: the name of an interface by its identifier.
pub(super) fn name(octets: &[u8]) -> Option<String> {
    INTERFACES.get(place(octets)?).map(|interface| interface.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_is_found_by_its_own_identifier() {
        for (at, interface) in INTERFACES.iter().enumerate() {
            assert_eq!(place(&interface.octets()), Some(at), "{}", interface.name);
        }
        // E1AF8308-5D1F-11C9-91A4-08002B14A0FA as it travels.
        let octets = [8, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 8, 0, 0x2b, 0x14, 0xa0, 0xfa];
        assert_eq!(name(&octets).as_deref(), Some("endpoint mapper"));
        assert_eq!(name(&[0; 16]), None);
        assert_eq!(INTERFACES.iter().filter(|interface| interface.is_object_exporter()).count(), 1);
    }
}
