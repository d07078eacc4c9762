//! What a device is for, by what it says of itself, answers and asks.

use crate::Role;

/// CIP device types (ODVA profile numbers; names as in the table of the decoder).
const CIP_DEVICE_TYPES: &[(&str, Role)] = &[
    ("2", Role::Drive),
    ("3", Role::Actuator),
    ("4", Role::Sensor),
    ("5", Role::Sensor),
    ("6", Role::Sensor),
    ("7", Role::IoModule),
    ("8", Role::Sensor),
    ("9", Role::Sensor),
    ("10", Role::IoModule),
    ("12", Role::IoModule),
    ("13", Role::Sensor),
    ("14", Role::Plc),
    ("16", Role::Drive),
    ("17", Role::Sensor),
    ("18", Role::Hmi),
    ("19", Role::Drive),
    ("20", Role::Drive),
    ("21", Role::Actuator),
    ("22", Role::Actuator),
    ("23", Role::Drive),
    ("24", Role::Hmi),
    ("25", Role::Actuator),
    ("27", Role::Actuator),
    ("28", Role::Sensor),
    ("34", Role::Sensor),
    ("35", Role::IoModule),
    ("37", Role::Drive),
    ("40", Role::ProtocolGateway),
    ("41", Role::ProtocolGateway),
    ("42", Role::IoModule),
    ("44", Role::Switch),
    ("45", Role::Drive),
    ("46", Role::Drive),
    ("47", Role::Sensor),
    ("49", Role::IoModule),
    ("100", Role::Sensor),
    ("150", Role::Drive),
    ("773", Role::Sensor),
];

/// Device profiles of HART (FCG TS20183, common table 57) that tell more than that it is an instrument.
const HART_PROFILES: &[(&str, Role)] = &[
    ("I/O system", Role::ProtocolGateway),
    ("HART-IP I/O system", Role::ProtocolGateway),
    ("WirelessHART gateway", Role::ProtocolGateway),
    ("WirelessHART access point", Role::ProtocolGateway),
];

/// What joins segments of FOUNDATION Fieldbus to Ethernet.
const FF_TYPES: &[(&str, Role)] =
    &[("linking device", Role::ProtocolGateway), ("I/O gateway", Role::ProtocolGateway)];

/// DeviceRoleDetails of PROFINET DCP that name a controller (IEC 61158-6-10, chapter 4.3.1.4.4).
const DCP_ROLES: &[(&str, Role)] = &[
    ("IO-Controller", Role::Plc),
    ("IO-Device, IO-Controller", Role::Plc),
    ("IO-Controller, IO-Multidevice", Role::Plc),
    ("IO-Device, IO-Controller, IO-Multidevice", Role::Plc),
    ("IO-Supervisor", Role::EngineeringWorkstation),
];

/// Values with the role that each stands for.
type Types = &'static [(&'static str, Role)];

/// Numbers of families in the station descriptions (GSDML) of Siemens: SCALANCE X.
const SIEMENS_DEVICES: &[(&str, Role)] = &[("0x0a01", Role::Switch)];

/// Kinds of the relations that the one who connects to a PROFINET device asks for.
const CM_RELATIONS: &[(&str, Role)] =
    &[("IO controller", Role::Plc), ("IO supervisor", Role::EngineeringWorkstation)];

/// Device profiles of CANopen and EtherCAT (CiA 401, 402, 406; ETG.5001 modular devices).
const CANOPEN_PROFILES: &[(&str, Role)] =
    &[("401", Role::IoModule), ("402", Role::Drive), ("406", Role::Sensor), ("5001", Role::IoModule)];

/// What Windows says that it is for its domain.
const WINDOWS_ROLES: &[(&str, Role)] =
    &[("primary domain controller", Role::DomainController), ("domain controller", Role::DomainController)];

/// A number or word that a device states, and the role it stands for.
pub(crate) const TYPES: &[(&str, &[(&str, Role)])] = &[
    ("cip.device_type", CIP_DEVICE_TYPES),
    ("ff_hse.device_type", FF_TYPES),
    // Control centres talk to each other by TASE.2 (IEC 60870-6).
    ("mms.application", &[("TASE.2", Role::ScadaServer)]),
    ("profinet_dcp.role", DCP_ROLES),
    ("profinet_cm.relation", CM_RELATIONS),
    ("device_type", HART_PROFILES),
    ("ethercat.profile", CANOPEN_PROFILES),
    ("powerlink.profile", CANOPEN_PROFILES),
    ("powerlink.node", &[("managing node", Role::Plc)]),
    ("nbns.domain_role", WINDOWS_ROLES),
    ("netlogon.role", WINDOWS_ROLES),
    ("browser.class", WINDOWS_ROLES),
    ("ldap.directory", &[("Active Directory", Role::DomainController)]),
];

/// Words that many kinds of devices say of themselves: they tell the role only of those whose product does not. A
/// switch or drive of an IO system is an IO device, too.
pub(crate) const TYPES_OF_LAST_RESORT: &[(&str, &[(&str, Role)])] = &[
    ("profinet_dcp.role", &[("IO-Device", Role::IoModule), ("IO-Multidevice", Role::IoModule)]),
    ("powerlink.node", &[("controlled node", Role::IoModule)]),
    ("browser.class", &[("server", Role::Server), ("workstation", Role::Workstation)]),
    ("ws_discovery.type", &[("Computer", Role::Workstation)]),
];

/// Attributes that name a product, whose family tells the role.
pub(crate) const PRODUCT_NAMES: &[&str] =
    &["order_number", "model", "modbus.model_name", "modbus.product_name"];

/// Attributes in whose words a family may be named.
pub(crate) const PRODUCT_WORDS: &[&str] = &["description", "model"];

/// Attributes that name a program which runs on the asset itself.
pub(crate) const PROGRAM_NAMES: &[&str] = &[
    "mysql.client_program",
    "opcua.application_name",
    "postgresql.application",
    "s7comm_plus.client_application",
    "tds.application",
    "tds.program",
];

/// The maker whose numbers of devices a table is for: attribute and value of the maker, attribute of the device.
pub(crate) const DEVICES_OF_MAKERS: &[(&str, &str, &str, Types)] =
    &[("profinet_dcp.vendor_id", "0x002a", "profinet_dcp.device_id", SIEMENS_DEVICES)];

/// Whoever answers this protocol is this. Protocols that all kinds of devices answer are left out on purpose
/// (Modbus, EtherNet/IP, HART-IP …): there only what they say of themselves tells.
pub(crate) const SERVERS: &[(&str, Role)] = &[
    ("tristation", Role::SafetyController),
    ("s7comm", Role::Plc),
    ("s7comm_plus", Role::Plc),
    ("umas", Role::Plc),
    ("pccc", Role::Plc),
    ("fins", Role::Plc),
    ("melsec", Role::Plc),
    ("ge_srtp", Role::Plc),
    ("ads", Role::Plc),
    ("codesys", Role::Plc),
    ("dnp3", Role::Rtu),
    ("iec104", Role::Rtu),
    ("roc_plus", Role::Rtu),
    ("bsap", Role::Rtu),
    ("genisys", Role::Rtu),
    ("c1222", Role::Meter),
    ("mms", Role::Ied),
    ("c37118", Role::Ied),
    ("profinet_cm", Role::IoModule),
    ("cip_io", Role::IoModule),
    ("bacnet", Role::BuildingController),
    ("knxnet_ip", Role::BuildingController),
    ("fox", Role::BuildingController),
    ("gvcp", Role::Camera),
    ("pcworx", Role::Plc),
    ("proconos", Role::Plc),
    ("crimson", Role::Hmi),
    ("focas", Role::Cnc),
    ("moxa_dsci", Role::SerialServer),
    // Brokers: what devices publish passes through them.
    ("mqtt", Role::Server),
    ("sparkplug", Role::Server),
    ("kafka", Role::Server),
    ("opcua", Role::OpcServer),
    ("opc_da", Role::OpcServer),
    ("ntp", Role::TimeServer),
    ("kerberos", Role::DomainController),
    ("openvpn", Role::RemoteAccess),
    ("ike", Role::RemoteAccess),
    ("wireguard", Role::RemoteAccess),
    ("radius", Role::Server),
];

/// Protocols by which computers of offices serve each other: they tell the role of what has no other. Devices of the
/// plant speak HTTP, DHCP and DNS as clients, too, so these are not among them.
pub(crate) const OFFICE: &[&str] = &["kerberos", "ldap", "mysql", "postgresql", "smb", "ssrp", "tds"];

/// Protocols by which somebody works on another machine from afar. Who opens sessions of several of them, and does nothing
/// else that tells what it is for, is an end of remote access.
pub(crate) const REMOTE_SESSIONS: &[&str] = &["rdp", "ssh", "telnet", "vnc"];

/// So many of these protocols.
pub(crate) const REMOTE_SESSIONS_MIN: usize = 2;

/// Whoever sends this protocol without being asked is this.
pub(crate) const SENDERS: &[(&str, Role)] =
    &[("goose", Role::Ied), ("sv", Role::Ied), ("stp", Role::Switch), ("ethercat", Role::Plc)];

/// Part of the name of an operation, and what it makes of the one that is asked unless that is something else by its own
/// word: controllers exchange I/O with each other, too.
/// Tasks, programs and tags are objects of Logix controllers (Rockwell publication 1756-PM020).
pub(crate) const SERVER_OPERATIONS: &[(&str, Role)] = &[
    ("forward open i/o connection", Role::IoModule),
    ("get attribute list task", Role::Plc),
    ("get attribute list program", Role::Plc),
    ("get attribute list controller", Role::Plc),
    ("read tag", Role::Plc),
    ("write tag", Role::Plc),
];

/// A word by which the client of a connection says what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientFact {
    /// Where it says so.
    pub(crate) attribute: &'static str,
    /// The word, whatever the case of its letters.
    pub(crate) word: &'static str,
    /// What it stands for.
    pub(crate) role: Role,
    /// True if libraries that anybody uses for anything say it unless they are told otherwise.
    pub(crate) by_default: bool,
}

/// Programming device, operator panel. Snap7 and its bindings connect as programming devices by default.
pub(crate) const CLIENT_FACTS: &[ClientFact] = &[
    client_fact("s7comm.connection_type", "pg", Role::EngineeringWorkstation, true),
    client_fact("s7comm.connection_type", "op", Role::Hmi, false),
    client_fact("s7comm.tsap", "SIMATIC-ROOT-ES", Role::EngineeringWorkstation, false),
    client_fact("s7comm.tsap", "SIMATIC-ROOT-HMI", Role::Hmi, false),
];

const fn client_fact(
    attribute: &'static str,
    word: &'static str,
    role: Role,
    by_default: bool,
) -> ClientFact {
    ClientFact { attribute, word, role, by_default }
}

/// Values by which a device states what it does in the network, and the role that stands for. They tell what it is for
/// only where nothing says that it is something else: controllers, panels and computers have switches built in.
pub(crate) const CAPABILITIES: &[(&str, &str, Role)] = &[
    ("lldp.enabled_capability", "bridge", Role::Switch),
    ("lldp.enabled_capability", "wlan access point", Role::AccessPoint),
    ("lldp.enabled_capability", "router", Role::Router),
    ("lldp.enabled_capability", "telephone", Role::Telephone),
    ("cdp.capability", "router", Role::Router),
    ("cdp.capability", "transparent bridge", Role::Switch),
    ("cdp.capability", "switch", Role::Switch),
    ("cdp.capability", "telephone", Role::Telephone),
    ("ndp.advertises", "default router", Role::Router),
    ("ndp.advertises", "router", Role::Router),
    ("ptp.announces", "grandmaster", Role::TimeServer),
    ("vrrp.state", "router", Role::Router),
    ("hsrp.state", "router", Role::Router),
    ("ssdp.device_type", "InternetGatewayDevice", Role::Router),
    ("ssdp.device_type", "WLANAccessPointDevice", Role::AccessPoint),
    ("ssdp.device_type", "Printer", Role::Printer),
    ("ssdp.device_type", "DigitalSecurityCamera", Role::Camera),
    ("ws_discovery.type", "NetworkVideoTransmitter", Role::Camera),
    ("ws_discovery.type", "PrintDeviceType", Role::Printer),
];

/// Roles of equipment that only carries traffic.
pub(crate) const NETWORK: &[Role] = &[Role::Router, Role::Switch, Role::AccessPoint, Role::Firewall];

/// Roles that control or measure: a device with one of them that reads others is not a panel or historian for that.
pub(crate) const FIELD: &[Role] = &[
    Role::SafetyController,
    Role::DcsController,
    Role::Plc,
    Role::Rtu,
    Role::Ied,
    Role::IoModule,
    Role::Drive,
    Role::Robot,
    Role::Cnc,
    Role::Sensor,
    Role::Actuator,
    Role::Meter,
    Role::BuildingController,
    Role::ProtocolGateway,
];

/// TCP ports of databases (IANA service names; InfluxData's documentation for 8086). Who collects from controllers
/// and keeps a database is a historian.
pub(crate) const DATABASES: &[(u16, &str)] = &[
    (1433, "Microsoft SQL Server"),
    (1521, "Oracle"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (8086, "InfluxDB"),
];

/// TCP ports of historian products (from the makers' lists of ports: AVEVA PI Data Archive and Historian, GE Proficy
/// Historian, AspenTech InfoPlus.21).
pub(crate) const HISTORIANS: &[(u16, &str)] = &[
    (5450, "PI Data Archive"),
    (10014, "InfoPlus.21"),
    (14000, "Proficy Historian"),
    (32565, "AVEVA Historian"),
];

/// TCP ports of systems of enterprise resource planning: first, last, name (SAP, "TCP/IP Ports of All SAP Products":
/// dispatcher 32NN and gateway 33NN by the number of the instance).
pub(crate) const PLANNING: &[(u16, u16, &str)] =
    &[(3200, 3299, "SAP dispatcher"), (3300, 3399, "SAP gateway")];

/// Manufacturing execution gives out orders and collects what was made, in minutes to shifts (IEC 62264-1, level 3);
/// whoever supervises reads every few seconds (level 2). Nanoseconds between two reads that are more than that.
pub(crate) const EXECUTION_READS_APART_MIN: i64 = 60_000_000_000;

/// A panel looks at few controllers; who writes to more is a SCADA server.
pub(crate) const HMI_SERVERS_MAX: usize = 8;

/// A historian collects from several.
pub(crate) const HISTORIAN_SERVERS_MIN: usize = 2;

/// Reads of one server that are more than looking around.
pub(crate) const POLLS_MIN: u64 = 3;
