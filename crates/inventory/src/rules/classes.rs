//! Class and customary level of each role, and small signs of the operating system.

use crate::Role;

/// Role, class of device, and the level of the Purdue model where such a device customarily is (ISA-95 / IEC 62264-1
/// figure 3; ISA/IEC 62443-1-1 clause 5.8; NIST SP 800-82r3 figure 5): 0 process, 1 basic control, 2 supervision,
/// 3 operations, 3.5 between plant and office, 4 office. Roles that say nothing of the level are left out.
pub(crate) const LEVELS: &[(Role, &str, &str)] = &[
    (Role::Sensor, "field device", "0"),
    (Role::Actuator, "field device", "0"),
    (Role::Drive, "field device", "0"),
    (Role::Meter, "field device", "0"),
    (Role::SafetyController, "controller", "1"),
    (Role::DcsController, "controller", "1"),
    (Role::Plc, "controller", "1"),
    (Role::Rtu, "controller", "1"),
    (Role::Ied, "controller", "1"),
    (Role::Robot, "controller", "1"),
    (Role::Cnc, "controller", "1"),
    (Role::BuildingController, "controller", "1"),
    (Role::IoModule, "field device", "1"),
    (Role::ProtocolGateway, "gateway", "1"),
    (Role::SerialServer, "gateway", "1"),
    (Role::Hmi, "operator station", "2"),
    (Role::EngineeringWorkstation, "workstation", "2"),
    (Role::ScadaServer, "server", "2"),
    (Role::OpcServer, "server", "2"),
    (Role::Historian, "server", "3"),
    (Role::Mes, "server", "3"),
    (Role::AiSystem, "server", "3"),
    (Role::DataGateway, "gateway", "3"),
    (Role::RemoteAccess, "remote access", "3.5"),
    (Role::Firewall, "network device", "3.5"),
    (Role::Server, "server", "4"),
    (Role::Workstation, "workstation", "4"),
    (Role::DomainController, "server", "4"),
    (Role::Printer, "office device", "4"),
    (Role::Telephone, "office device", "4"),
];

/// Attribute, part of its value, and the family of operating systems that says so. The class of a DHCP client: MSFT is
/// Windows (MS-DHCPE section 2.2.3); udhcp is BusyBox; the software of SSH names its distribution.
pub(crate) const OS_SIGNS: &[(&str, &str, &str)] = &[
    ("dhcp.vendor_class", "MSFT", "Windows"),
    ("dhcpv6.vendor_class", "MSFT", "Windows"),
    ("dhcp.vendor_class", "udhcp", "Linux"),
    ("dhcp.vendor_class", "dhcpcd", "Linux"),
    ("dhcp.vendor_class", "android-dhcp", "Android"),
    ("ssh.software", "Ubuntu", "Linux"),
    ("ssh.software", "Debian", "Linux"),
    ("ssh.software", "Raspbian", "Linux"),
    ("ssh.software", "for_Windows", "Windows"),
    ("http.server", "Microsoft-IIS", "Windows"),
    ("snmp.trap_enterprise", "1.3.6.1.4.1.8072.3.2.10", "Linux"),
];

/// Devices that one asks who they are and nothing else: fewer are looked up by people.
pub(crate) const SCANNED_MIN: usize = 8;
