//! The nouns of the inventory: what goes in and what comes out.

use std::collections::BTreeMap;
use std::net::IpAddr;

use observation::{Basis, Batch, CaptureSummary, Evidence, Mac, OperationSeen, Position, Time, Transport};

use crate::changes::Change;
use crate::coverage::Coverage;
use crate::standing::Standing;

/// One capture with everything observed in it: all its batches added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The capture.
    pub summary: CaptureSummary,
    /// What was observed, every day of it.
    pub observed: Batch,
}

/// Everything observed, of every capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The captures, in any order.
    pub captures: Vec<Captured>,
}

/// What the observations amount to. Everything is sorted; indices point into `assets`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// The assets, by site and first station.
    pub assets: Vec<Asset>,
    /// Conversations between assets and external peers, summed over captures and days.
    pub conversations: Vec<Conversation>,
    /// What an auditor or engineer should see.
    pub findings: Vec<Finding>,
    /// What changed, in observed-time order.
    pub changes: Vec<Change>,
    /// What the sensors cannot see, by site and sensor.
    pub coverage: Vec<Coverage>,
}

/// Whether an asset was heard itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetState {
    /// It spoke.
    Observed,
    /// Others name it; it has not spoken.
    #[default]
    Referenced,
    /// People listed it; the wire has not shown it.
    Declared,
}

impl AssetState {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Referenced => "referenced",
            Self::Declared => "declared",
        }
    }
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What an asset is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive] // further protocols tell further roles
        pub enum Role { $($(#[$doc])* $name),* }

        impl Role {
            /// Every role, most specific to the plant first: the order that makes a role primary.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word of the contract.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

roles! {
    /// Safety controller.
    SafetyController = "safety_controller";
    /// Controller of a distributed control system.
    DcsController = "dcs_controller";
    /// Programmable logic controller.
    Plc = "plc";
    /// Remote terminal unit.
    Rtu = "rtu";
    /// Intelligent electronic device: protection and bay control.
    Ied = "ied";
    /// Input/output module or coupler.
    IoModule = "io_module";
    /// Drive.
    Drive = "drive";
    /// Robot.
    Robot = "robot";
    /// Numerical control.
    Cnc = "cnc";
    /// Sensor.
    Sensor = "sensor";
    /// Actuator.
    Actuator = "actuator";
    /// Meter.
    Meter = "meter";
    /// Building controller.
    BuildingController = "building_controller";
    /// Engineering workstation.
    EngineeringWorkstation = "engineering_workstation";
    /// Operator panel or station.
    Hmi = "hmi";
    /// Historian.
    Historian = "historian";
    /// SCADA server.
    ScadaServer = "scada_server";
    /// OPC server.
    OpcServer = "opc_server";
    /// Manufacturing execution system.
    Mes = "mes";
    /// AI system that reads or writes controllers.
    AiSystem = "ai_system";
    /// Gateway of data to other systems.
    DataGateway = "data_gateway";
    /// Gateway between protocols.
    ProtocolGateway = "protocol_gateway";
    /// Serial device server.
    SerialServer = "serial_server";
    /// Remote access appliance or end.
    RemoteAccess = "remote_access";
    /// Firewall.
    Firewall = "firewall";
    /// Router.
    Router = "router";
    /// Switch.
    Switch = "switch";
    /// Wireless access point.
    AccessPoint = "access_point";
    /// Time server.
    TimeServer = "time_server";
    /// Domain controller.
    DomainController = "domain_controller";
    /// Server of IT.
    Server = "server";
    /// Workstation of IT.
    Workstation = "workstation";
    /// Printer.
    Printer = "printer";
    /// Telephone.
    Telephone = "telephone";
    /// Camera.
    Camera = "camera";
    /// Not known.
    Unknown = "unknown";
}

/// A role with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleClaim {
    /// The role.
    pub role: Role,
    /// The strongest basis of its reasons.
    pub basis: Basis,
    /// In words: "answers S7comm as a server", "reads 6 controllers, no write".
    pub reasons: Vec<String>,
}

/// The octets of one capture that prove something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    /// Id of the capture.
    pub capture: String,
    /// Where in it.
    pub evidence: Evidence,
    /// The rule that reads it, or the rule of the inventory that concluded it.
    pub rule: String,
}

/// One candidate value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The value.
    pub value: String,
    /// How it is known.
    pub basis: Basis,
    /// Who carried it.
    pub protocol: String,
    /// First time.
    pub first: Time,
    /// Last time.
    pub last: Time,
    /// How often.
    pub count: u64,
    /// Octets; `None` for what is inferred without octets (a table of MAC prefixes).
    pub proof: Option<Proof>,
    /// In words, for what is concluded and not read; empty for what octets prove.
    pub reasons: Vec<String>,
}

/// An interface of an asset: a MAC with its IP addresses, or IP addresses whose MAC is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssetStation {
    /// MAC, where it is the asset's own and not a router's.
    pub mac: Option<Mac>,
    /// IP addresses, sorted.
    pub ips: Vec<IpAddr>,
    /// VLANs its frames carried, sorted; empty for untagged only.
    pub vlans: Vec<u16>,
    /// True if the pair of MAC and IP is first-hand (ARP, or a frame with no router between).
    pub mac_confirmed: bool,
}

/// A service that an asset offers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// Protocol.
    pub protocol: String,
    /// Transport.
    pub transport: Transport,
    /// Port.
    pub port: u16,
    /// Modbus units or other station numbers that answered there.
    pub units: Vec<u16>,
}

/// Why two stations are one asset, or why they are not although something speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Join {
    /// The one, as printed.
    pub left: String,
    /// The other.
    pub right: String,
    /// True if joined, false if rejected.
    pub joined: bool,
    /// In words.
    pub reason: String,
}

/// What the members of a group do for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    /// One of them has the address of the group (VRRP, HSRP, CARP).
    VirtualRouter,
    /// One of them controls.
    RedundantControllers,
    /// One of them serves.
    RedundantServers,
    /// The ends of one station in two networks, of which one is there for the other.
    RedundantNetworks,
}

impl GroupKind {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VirtualRouter => "virtual_router",
            Self::RedundantControllers => "redundant_controllers",
            Self::RedundantServers => "redundant_servers",
            Self::RedundantNetworks => "redundant_networks",
        }
    }
}

/// A group that an asset is one of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// What for.
    pub kind: GroupKind,
    /// What all members state: the address of the routers, the name of the station or program; of pairs by address both.
    pub name: String,
    /// In words, why this asset is one of them.
    pub reason: String,
}

/// A device: one or more stations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asset {
    /// The site.
    pub site: String,
    /// Keys of its stations (`address`, or `address path`; several sites or VLAN groups never share one), strongest
    /// first. The first names the asset in the register for life.
    pub anchors: Vec<String>,
    /// Name for people.
    pub name: String,
    /// Whether it spoke.
    pub state: AssetState,
    /// In words, why there is a row for it although it did not speak: who names it, who turns to it.
    pub state_reasons: Vec<String>,
    /// Roles, primary first; never empty (`unknown`).
    pub roles: Vec<RoleClaim>,
    /// The asset it sits in or behind.
    pub parent: Option<usize>,
    /// Where in or behind its parent; for a device that is alone at its address, where it said it sits.
    pub position: Vec<Position>,
    /// Interfaces; of a child asset empty unless it has addresses of its own.
    pub stations: Vec<AssetStation>,
    /// Attributes by name, winner first.
    pub attributes: BTreeMap<String, Vec<Candidate>>,
    /// Services offered.
    pub services: Vec<Service>,
    /// Earliest sighting.
    pub first: Option<Time>,
    /// Latest sighting.
    pub last: Option<Time>,
    /// Why its stations are one.
    pub joins: Vec<Join>,
    /// Devices that stand in for each other: each is an asset of its own.
    pub groups: Vec<Group>,
}

/// One end of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetEnd {
    /// An asset, by index.
    Asset(usize),
    /// An address outside the plant.
    External(IpAddr),
    /// A multicast or broadcast address.
    Group(observation::Address),
    /// An address of the plant that never spoke, and of which nothing proves that anybody has it.
    Silent(IpAddr),
}

/// Counts of operations by kind.
pub type Operations = BTreeMap<&'static str, u64>;

/// A conversation between assets, summed over captures and days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The site.
    pub site: String,
    /// Who asks.
    pub client: AssetEnd,
    /// Who answers.
    pub server: AssetEnd,
    /// Protocol.
    pub protocol: String,
    /// Transport.
    pub transport: Transport,
    /// Port.
    pub port: u16,
    /// VLAN.
    pub vlan: Option<u16>,
    /// Frames from client, from server.
    pub frames: [u64; 2],
    /// Octets from client, from server.
    pub octets: [u64; 2],
    /// Earliest frame.
    pub first: Time,
    /// Latest frame.
    pub last: Time,
    /// Counts by kind of operation; every kind is present.
    pub operations: Operations,
    /// Operations by name, with the id of the capture of their evidence, sorted by kind and name.
    pub named: Vec<(String, OperationSeen)>,
}

/// How much a finding matters, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// To know.
    Information,
    /// To look at.
    Notice,
    /// To act on.
    Warning,
}

impl Severity {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Notice => "notice",
            Self::Warning => "warning",
        }
    }
}

/// Where a finding can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingEvidence {
    /// Id of the capture.
    pub capture: String,
    /// Where in it.
    pub evidence: Evidence,
}

/// What an auditor or engineer should see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Kind, for machines: `program_operation`, `malformed_messages`, `default_identity`.
    pub kind: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// In words, wire strings escaped.
    pub text: String,
    /// The site.
    pub site: String,
    /// What else than kind, site and assets tells it from others of its kind: a protocol, an address, a capture.
    pub about: String,
    /// Anchors of the assets that tell it from others of its kind, strongest first, in a fixed order of the assets.
    pub anchors: Vec<Vec<String>>,
    /// The assets it is about.
    pub assets: Vec<usize>,
    /// First time.
    pub first: Option<Time>,
    /// Last time.
    pub last: Option<Time>,
    /// How often.
    pub count: u64,
    /// Where to look.
    pub evidence: Vec<FindingEvidence>,
    /// How people stand to it; observations alone leave it open.
    pub standing: Standing,
}

impl Finding {
    /// Sixteen hexadecimal digits that name the finding: of kind, site, what it is about and the strongest anchors
    /// (FNV-1a of 64 bits; draft-eastlake-fnv). They change when an asset gets a stronger anchor; what people said of the
    /// finding is found by any of the anchors.
    #[must_use]
    pub fn id(&self) -> String {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let anchors = self.anchors.iter().map(|anchors| anchors.first().map_or("", String::as_str));
        let parts = [self.kind, self.site.as_str(), self.about.as_str()].into_iter().chain(anchors);
        let octets = parts.flat_map(|part| part.bytes().chain([0xff]));
        let hash = octets.fold(OFFSET, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(PRIME));
        format!("{hash:016x}")
    }
}
